/* A small spiking net learns: the loss falls, the same seed gives the same bits, and steps after the first
 * take no memory. */
#include "../core/support.h"

enum { IN = 20, HIDDEN = 16, CLASSES = 4, T = 4, SAMPLES = 58, BATCH = 16 };

/* Allocator calls are counted, in both directions. */
static void *allocate(void *user, size_t bytes) { return ++*(long *)user, malloc(bytes); }
static void release(void *user, void *block) { ++*(long *)user, free(block); }

typedef struct run {
    spk_ctx *ctx;
    spk_module *net;
    spk_tensor *x, *labels;
    long calls;
} run;

/* Class c has its own 5 of the 20 features large: separable by far. */
static void start(run *r, uint64_t seed, bool bits) {
    r->calls = 0;
    spk_ctx *ctx = r->ctx = spk_ctx_create(.seed = seed, .allocator = {allocate, release, &r->calls});
    r->net = spk_sequential(ctx, spk_linear_layer(ctx, IN, HIDDEN), spk_lif(ctx, .T = T, .parallel_optim = true, .spike_out = bits),
                            spk_linear_layer(ctx, HIDDEN, CLASSES), spk_lif(ctx, .T = T, .parallel_optim = true, .spike_out = bits));
    r->x = uniform(ctx, SPK_SHAPE(SAMPLES, IN), 0, 0.5);
    r->labels = spk_tensor_create(ctx, SPK_SHAPE(SAMPLES));
    spk_real *x = spk_data_mut(r->x), *label = spk_data_mut(r->labels);
    for (int n = 0; n < SAMPLES; n++) {
        label[n] = (spk_real)(n % CLASSES);
        for (int i = 0; i < IN / CLASSES; i++) x[n * IN + n % CLASSES * (IN / CLASSES) + i] += 1;
    }
    assert_fine(ctx, "start");
}

/* One step of gradient descent on the samples begin .. end - 1; gives the loss. */
static double step(run *r, int begin, int end, double rate, int64_t *correct) {
    spk_tensor *y = spk_call(r->net, spk_repeat_over_time(spk_slice(r->x, begin, end), T)), *labels = spk_slice(r->labels, begin, end);
    spk_tensor *loss = spk_rate_mse(y, labels, T);
    *correct += spk_count_correct(spk_mean_over_time(y, T), labels);
    spk_zero_grad(r->net);
    cr_assert(spk_backward(loss), "%s", spk_error(r->ctx));
    for (spk_walk p = spk_parameters(r->net); spk_walk_next(&p);) {
        const spk_real *g = spk_data(spk_grad(p.slot->tensor));
        spk_real *w = spk_data_mut(p.slot->tensor);
        for (int64_t i = 0; i < spk_size(p.slot->tensor); i++) w[i] -= (spk_real)rate * g[i];
    }
    const double value = spk_item(loss);
    spk_reset(r->net);
    spk_end_step(r->ctx);
    return value;
}

/* The mean loss over the samples; the last batch is smaller. */
static double epoch(run *r, double rate, int64_t *correct) {
    double sum = 0;
    *correct = 0;
    for (int begin = 0; begin < SAMPLES; begin += BATCH) {
        const int end = begin + BATCH < SAMPLES ? begin + BATCH : SAMPLES;
        sum += step(r, begin, end, rate, correct) * (end - begin);
    }
    return sum / SAMPLES;
}

Test(training, the_loss_falls) {
    for (int bits = 0; bits < 2; bits++)
        for (uint64_t seed = 1; seed <= 3; seed++) {
            run r;
            int64_t correct;
            start(&r, seed, bits);
            const double first = epoch(&r, 2, &correct);
            double last = first;
            for (int i = 0; i < 60; i++) last = epoch(&r, 2, &correct);
            assert_fine(r.ctx, "training");
            if (getenv("SPK_TEST_SHOW"))
                fprintf(stderr, "spike_out %d, seed %d: %g to %g, %d of %d\n", bits, (int)seed, first, last, (int)correct, SAMPLES);
            cr_assert(last < first / 5, "spike_out %d, seed %d: the loss went from %g to %g only", bits, (int)seed, first, last);
            cr_assert(correct >= SAMPLES - 2, "spike_out %d, seed %d: %d of %d", bits, (int)seed, (int)correct, SAMPLES);
            spk_ctx_destroy(r.ctx);
        }
}

Test(training, the_same_seed_gives_the_same_bits) {
    for (int bits = 0; bits < 2; bits++)
        for (int threads = 1; threads <= 2; threads++) {
            spk_set_threads(threads);
            run a, b, c;
            int64_t correct;
            start(&a, 5, bits), start(&b, 5, bits), start(&c, 6, bits);
            for (int i = 0; i < 8; i++) {
                const double loss = epoch(&a, 2, &correct);
                cr_assert(loss == epoch(&b, 2, &correct), "spike_out %d, epoch %d: losses differ", bits, i);
                epoch(&c, 2, &correct);
            }
            for (spk_walk p = spk_parameters(a.net); spk_walk_next(&p);) {
                const size_t bytes = (size_t)spk_size(p.slot->tensor) * sizeof(spk_real);
                cr_assert(memcmp(spk_data(p.slot->tensor), spk_data(spk_find_tensor(b.net, p.name)), bytes) == 0,
                          "spike_out %d: %s differs", bits, p.name);
                cr_assert(memcmp(spk_data(p.slot->tensor), spk_data(spk_find_tensor(c.net, p.name)), bytes) != 0,
                          "spike_out %d: %s is that of another seed", bits, p.name);
            }
            spk_ctx_destroy(a.ctx), spk_ctx_destroy(b.ctx), spk_ctx_destroy(c.ctx);
        }
}

Test(training, later_steps_take_no_memory) {
    for (int bits = 0; bits < 2; bits++) {
        run r;
        int64_t correct;
        start(&r, 1, bits);
        step(&r, 0, BATCH, 0.5, &correct);
        long before = r.calls;
        for (int i = 0; i < 5; i++) {
            step(&r, 0, BATCH, 0.5, &correct);
            cr_assert_eq(r.calls, before, "spike_out %d: %ld allocator calls in step %d", bits, r.calls - before, i + 2);
        }
        for (int i = 0; i < 3; i++) epoch(&r, 0.5, &correct); /* with the smaller batch, and back */
        cr_assert_eq(r.calls, before, "spike_out %d: %ld allocator calls for batches of other sizes", bits, r.calls - before);
        spk_ctx_destroy(r.ctx);
    }
}
