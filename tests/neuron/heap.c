/*
 * From the second training step on nothing is taken from the heap. malloc itself is interposed, so that allocations behind the context's
 * back (the C library's, a buffer somebody forgot) count as well. What OpenBLAS and the OpenMP runtime do inside is theirs: excluded by
 * name.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "../next_allocator.h"
#include "../core/support.h"
#include <errno.h>
#include <stdatomic.h>

static atomic_bool counting;
static atomic_long taken; /* allocations while counting */

#ifdef SPK_SANITIZED /* the sanitizer has malloc already, and tells */
/* Of sanitizer/allocator_interface.h, a header that GCC's package does not bring along. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t), void (*on_free)(const volatile void *));
static void on_malloc(const volatile void *block, size_t bytes) { (void)block, (void)bytes, taken += counting; }
static void on_free(const volatile void *block) { (void)block; }
static void interpose(void) { __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free); }
#else
static void interpose(void) {}

static bool excluded(const void *caller) {
    static const char *const names[] = {"openblas", "blas", "libgomp", "libomp", "libiomp"};
    Dl_info info;
    if (!dladdr(caller, &info) || !info.dli_fname) return false;
    const char *slash = strrchr(info.dli_fname, '/'), *name = slash ? slash + 1 : info.dli_fname;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strstr(name, names[i])) return true;
    return false;
}

#    define COUNT() (void)(counting && !excluded(__builtin_return_address(0)) && ++taken)

void *malloc(size_t bytes) {
    static void *(*next)(size_t);
    NEXT(next, "malloc", bytes)
    COUNT();
    return next(bytes);
}

void *calloc(size_t n, size_t size) {
    static void *(*next)(size_t, size_t);
    NEXT(next, "calloc", n * size)
    COUNT();
    return next(n, size);
}

void *realloc(void *block, size_t bytes) {
    static void *(*next)(void *, size_t);
    NEXT(next, "realloc", bytes)
    COUNT();
    return next(block, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) {
    static void *(*next)(size_t, size_t);
    NEXT(next, "aligned_alloc", bytes)
    COUNT();
    return next(alignment, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes) {
    COUNT();
    return (*block = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment)) ? 0 : ENOMEM;
}

void free(void *block) { next_free(block); }
#endif

enum { IN = 20, HIDDEN = 24, CLASSES = 4, T = 4, SAMPLES = 58, BATCH = 16 };

typedef struct run {
    spk_ctx *ctx;
    spk_dataset *data;
    spk_module *net;
    spk_optimizer *optimizer;
    spk_schedule *schedule;
    bool poisson;
} run;

static run start(bool bits, bool poisson) {
    run r = {.ctx = spk_ctx_create(.seed = 3), .poisson = poisson};
    spk_real x[SAMPLES * IN];
    int64_t labels[SAMPLES];
    for (int n = 0; n < SAMPLES; n++) labels[n] = n % CLASSES;
    spk_random_uniform(r.ctx, SAMPLES * IN, 0, 1, x);
    r.data = spk_dataset_from(r.ctx, SPK_SHAPE(SAMPLES, IN), x, labels, .batch = BATCH, .shuffle = true);
    r.net = spk_sequential(r.ctx, spk_linear_layer(r.ctx, IN, HIDDEN), spk_batch_norm1d(r.ctx, HIDDEN),
                           spk_lif(r.ctx, .T = T, .parallel_optim = true, .spike_out = bits), spk_dropout_layer(r.ctx, .p = 0.2, .T = T),
                           spk_linear_layer(r.ctx, HIDDEN, CLASSES),
                           spk_plif(r.ctx, .T = T, .parallel_optim = true, .spike_out = bits, .store_v_seq = true));
    r.optimizer = bits ? spk_adamw(r.net, .lr = 1e-2) : spk_sgd(r.net, .lr = 1e-2, .momentum = 0.9, .nesterov = true);
    r.schedule = spk_one_cycle_lr(r.optimizer, .steps = 100, .max_lr = 1e-2);
    return r;
}

static void step(const run *r, const spk_batch *batch) {
    spk_tensor *x = r->poisson ? spk_poisson_encode(batch->x, T) : spk_constant_encode(batch->x, T);
    spk_tensor *y = spk_call(r->net, x), *v_seq = spk_v_seq(spk_find_module(r->net, "5"));
    spk_tensor *loss = spk_add(spk_spike_cross_entropy(y, batch->labels, T, 0.1), spk_membrane_cross_entropy(v_seq, batch->labels, T));
    loss = spk_add(loss, spk_rate_penalty(spk_spikes(spk_find_module(r->net, "2")), 0.05, 0.5));
    spk_zero_grad(r->net);
    spk_backward(loss);
    spk_clip_grad_norm(r->net, 1);
    spk_optimizer_step(r->optimizer);
    spk_schedule_step(r->schedule);
    spk_firing_rate(spk_find_module(r->net, "2"));
    spk_count_correct(spk_mean_over_time(y, T), batch->labels);
    spk_reset(r->net);
    spk_end_step(r->ctx);
}

static void check(bool bits, bool poisson, int threads) {
    spk_set_threads(threads);
    interpose();
    run r = start(bits, poisson);
    spk_batch batch;
    int64_t steps = 0, smallest = BATCH;
    taken = 0;
    counting = true;
    for (int epoch = 0; epoch < 3; epoch++)
        while (spk_next_batch(r.data, &batch)) {
            smallest = batch.size < smallest ? batch.size : smallest;
            step(&r, &batch);
            counting = false;
            cr_assert(!spk_failed(r.ctx), "%s", spk_error(r.ctx));
            if (steps++ == 0) cr_assert(taken > 0, "the first step's allocations were not seen: malloc is not interposed");
            else
                cr_assert(taken == 0, "bits %d, poisson %d, %d threads: %ld allocations in step %d", bits, poisson, threads, (long)taken,
                          (int)steps);
            taken = 0;
            counting = true;
        }
    counting = false;
    cr_assert(steps == 12 && smallest == SAMPLES % BATCH, "%d steps, the smallest batch has %d", (int)steps, (int)smallest);
    spk_ctx_destroy(r.ctx);
}

Test(heap, later_steps_take_nothing) {
    for (int threads = 1; threads <= 2; threads++)
        for (int kind = 0; kind < 4; kind++) check(kind & 1, kind & 2, threads);
}
