/*
 * A pool of threads that helps the calling one. The caller deals the work out in parts and takes parts itself until none is left: a thread
 * that is asleep, or waits for a processor that another program has, costs nothing, where at the end of an OpenMP loop all threads must
 * have come. On a machine with nothing else to do both are equally fast; with one busy program beside it a training step of 14 ms took 72
 * with OpenMP.
 */
#include "core/parallel_internal.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* Looks at a variable this often before a thread goes to sleep: some 50 us, the usual pause between two loops of a training step. */
#define SPINS 2000

/* A loop: parts are numbered, and taken by whoever comes. */
typedef struct job {
    spk_range range;
    void *work;
    int64_t items, grain, grains, parts;
    atomic_llong next, left; /* the next part to take; parts not done yet */
} job;

static struct {
    pthread_mutex_t user; /* held by the thread whose job it is; others who come meanwhile do their work alone */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake, done;
    int workers, sleeping; /* threads of the pool, and those of them that wait for `wake` */
    int helping;           /* threads that may look at the job */
    job *job;              /* NULL: none */
    atomic_ullong jobs;    /* counts them, for those who spin */
} pool = {.user = PTHREAD_MUTEX_INITIALIZER,
          .lock = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};

static _Thread_local bool inside; /* a part is being worked on: a loop in it stays on this thread */

static atomic_int threads_wanted; /* 0: not set yet */

static int threads_at_first(void) {
    const char *text = getenv("OMP_NUM_THREADS");
    const long asked = text ? strtol(text, NULL, 10) : 0, processors = sysconf(_SC_NPROCESSORS_ONLN);
    const long threads = asked > 0 ? asked : processors;
    return threads < 1 ? 1 : threads > SPK_MOST_THREADS ? SPK_MOST_THREADS : (int)threads;
}

int spk_threads(void) {
    int threads = atomic_load_explicit(&threads_wanted, memory_order_relaxed);
    if (threads) return threads;
    threads = threads_at_first();
    atomic_store_explicit(&threads_wanted, threads, memory_order_relaxed);
    return threads;
}

void spk_set_threads(int threads) {
    threads = threads < 1 ? 1 : threads > SPK_MOST_THREADS ? SPK_MOST_THREADS : threads;
    atomic_store_explicit(&threads_wanted, threads, memory_order_relaxed);
}

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void run_part(const job *j, int64_t part) {
    const int64_t begin = j->grains * part / j->parts * j->grain, end = j->grains * (part + 1) / j->parts * j->grain;
    j->range(j->work, begin, end < j->items ? end : j->items);
}

/* Takes parts until none is left. */
static void run_parts(job *j) {
    inside = true;
    for (;;) {
        const int64_t part = atomic_fetch_add_explicit(&j->next, 1, memory_order_relaxed);
        if (part >= j->parts) break;
        run_part(j, part);
        atomic_fetch_sub_explicit(&j->left, 1, memory_order_release);
    }
    inside = false;
}

/* Waits for a job other than number `seen`: awake for a while, then asleep. Returns with the lock held. */
static void await_job(unsigned long long seen) {
    for (int i = 0; i < SPINS && atomic_load_explicit(&pool.jobs, memory_order_relaxed) == seen; i++) relax();
    pthread_mutex_lock(&pool.lock);
    pool.sleeping++;
    while (atomic_load_explicit(&pool.jobs, memory_order_relaxed) == seen) pthread_cond_wait(&pool.wake, &pool.lock);
    pool.sleeping--;
}

static void *worker(void *argument) {
    unsigned long long seen = 0;
    (void)argument;
    for (;;) {
        await_job(seen);
        seen = atomic_load_explicit(&pool.jobs, memory_order_relaxed);
        job *j = pool.job;
        if (j) pool.helping++;
        pthread_mutex_unlock(&pool.lock);
        if (!j) continue; /* it was done before this thread came */
        run_parts(j);
        pthread_mutex_lock(&pool.lock);
        if (--pool.helping == 0) pthread_cond_signal(&pool.done);
        pthread_mutex_unlock(&pool.lock);
    }
    return NULL;
}

/* A child process has the thread that forked and no other. */
static void forget_workers(void) {
    pthread_mutex_init(&pool.user, NULL);
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.wake, NULL);
    pthread_cond_init(&pool.done, NULL);
    pool.workers = pool.sleeping = pool.helping = 0;
    pool.job = NULL;
}

/* Makes the pool as large as wanted; where the system refuses a thread it stays smaller. With the lock held. */
static void hire(int workers) {
    if (!pool.workers && workers) {
        static bool registered;
        if (!registered) pthread_atfork(NULL, NULL, forget_workers);
        registered = true;
    }
    while (pool.workers < workers) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, worker, NULL) != 0) return;
        pthread_detach(thread);
        pool.workers++;
    }
}

static void share(job *j) {
    pthread_mutex_lock(&pool.lock);
    hire((int)j->parts - 1);
    pool.job = j;
    atomic_fetch_add_explicit(&pool.jobs, 1, memory_order_relaxed);
    if (pool.sleeping) pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    run_parts(j);
    for (int i = 0; i < SPINS && atomic_load_explicit(&j->left, memory_order_acquire) > 0; i++) relax();
    pthread_mutex_lock(&pool.lock);
    pool.job = NULL;
    while (pool.helping) pthread_cond_wait(&pool.done, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

void spk_parallel(int64_t items, int64_t grain, spk_range range, void *work) {
    if (items <= 0) return;
    const int64_t grains = (items + grain - 1) / grain, threads = inside ? 1 : spk_threads();
    job j = {.range = range, .work = work, .items = items, .grain = grain, .grains = grains, .parts = grains < threads ? grains : threads};
    atomic_init(&j.next, 0);
    atomic_init(&j.left, j.parts);
    if (j.parts == 1 || pthread_mutex_trylock(&pool.user) != 0) {
        for (int64_t part = 0; part < j.parts; part++) run_part(&j, part);
        return;
    }
    share(&j);
    pthread_mutex_unlock(&pool.user);
}
