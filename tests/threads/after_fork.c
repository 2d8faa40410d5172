/*
 * A child process has the thread that forked and no other: loops in it must make threads of their own, and end. A program of its own,
 * because Criterion's processes have threads and exit handlers that are not made for a second fork.
 */
#include "core/parallel_internal.h"
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FORKS = 200, LOOPS = 20, ITEMS = 4097, SECONDS = 30 };

static atomic_int count[ITEMS];

static void visit(void *work, int64_t begin, int64_t end) {
    (void)work;
    for (int64_t i = begin; i < end; i++) atomic_fetch_add(&count[i], 1);
}

/* As many parts as there are threads, that wait for each other: with a thread less they are never all there. */
typedef struct meeting {
    atomic_int came;
    int threads;
} meeting;

static void meet(void *work, int64_t begin, int64_t end) {
    meeting *m = work;
    const time_t late = time(NULL) + SECONDS;
    atomic_fetch_add(&m->came, (int)(end - begin));
    while (atomic_load(&m->came) < m->threads && time(NULL) < late) usleep(100);
}

/* True when a loop had this many threads. */
static bool has_threads(int threads) {
    meeting m = {.threads = threads};
    const time_t began = time(NULL);
    spk_set_threads(threads);
    spk_parallel(threads, 1, meet, &m);
    return time(NULL) - began < SECONDS;
}

/* In the child: 0 when every loop did each item once, with a second thread. */
static int loops(void) {
    for (int k = 0; k < ITEMS; k++) atomic_store(&count[k], 0);
    for (int i = 0; i < LOOPS; i++) spk_parallel(ITEMS, 16, visit, NULL);
    for (int k = 0; k < ITEMS; k++)
        if (atomic_load(&count[k]) != LOOPS) return 1;
    return has_threads(2) ? 0 : 2;
}

int main(void) {
    static const char *const wrong[] = {"", "did an item never or twice", "had no second thread"};
    /* All have begun before the first fork: a thread that is just beginning may hold a lock of AddressSanitizer's allocator (GCC 12), which
     * then stays locked in the child. */
    if (!has_threads(4)) return printf("the pool has less than 4 threads\n"), 1;
    for (int i = 0; i < FORKS; i++) {
        int status = -1;
        spk_set_threads(4);
        spk_parallel(ITEMS, 16, visit, NULL); /* the pool that the child must not wait for */
        const pid_t child = fork();
        if (!child) {
            alarm(4 * SECONDS); /* ends a child that hangs */
            _exit(loops());
        }
        if (child < 0 || waitpid(child, &status, 0) != child) return perror("after_fork"), 1;
        if (WIFSIGNALED(status)) return printf("child %d was ended by signal %d\n", i, WTERMSIG(status)), 1;
        if (WEXITSTATUS(status)) return printf("child %d %s\n", i, wrong[WEXITSTATUS(status)]), 1;
    }
    printf("%d children, %d loops each\n", FORKS, LOOPS);
    return 0;
}
