/* The context: memory over steps, allocation failures, the error slot, owned objects. */
#include "support.h"

/* An allocator that counts, and refuses the calls from number `from` to number `to`, counted from 1. */
typedef struct counter {
    int64_t live, bytes, calls; /* blocks held; bytes ever; calls ever */
    int64_t from, to;
    bool refused;
} counter;

static void *counting_allocate(void *user, size_t bytes) {
    counter *c = user;
    c->calls++;
    if (c->calls >= c->from && c->calls <= c->to) {
        c->refused = true;
        return NULL;
    }
    void *block = malloc(bytes);
    memset(block, 0xA5, bytes); /* nothing may count on zeros */
    c->live++, c->bytes += (int64_t)bytes;
    return block;
}
static void counting_release(void *user, void *block) {
    counter *c = user;
    c->live--;
    free(block);
}
#define COUNTED(c) \
    { counting_allocate, counting_release, (c) }

/* A small net over ops of all kinds, trained by one step of gradient descent. */
typedef struct net {
    spk_ctx *ctx;
    spk_tensor *w1, *b1, *w2, *mean, *var, *gamma;
} net;

static net net_create(spk_ctx *ctx) {
    net n = {.ctx = ctx,
             .w1 = parameter(ctx, SPK_SHAPE(20, 30)),
             .b1 = parameter(ctx, SPK_SHAPE(30)),
             .w2 = parameter(ctx, SPK_SHAPE(30, 4)),
             .mean = spk_tensor_create(ctx, SPK_SHAPE(30)),
             .var = spk_tensor_create(ctx, SPK_SHAPE(30)),
             .gamma = parameter(ctx, SPK_SHAPE(30))};
    spk_fill(n.var, 1);
    return n;
}

static spk_tensor *net_forward(const net *n, int64_t batch) {
    const int64_t T = 3;
    spk_real x[64 * 20], labels[64];
    for (int64_t i = 0; i < batch * 20; i++) x[i] = (spk_real)(i % 7) - 3;
    for (int64_t i = 0; i < batch; i++) labels[i] = (spk_real)(i % 4);
    spk_tensor *in = spk_repeat_over_time(spk_step_from(n->ctx, SPK_SHAPE(batch, 20), x), T);
    spk_tensor *h = spk_batch_norm(spk_linear(in, n->w1, n->b1), n->gamma, n->b1, .running_mean = n->mean, .running_var = n->var);
    h = spk_dropout(spk_sigmoid(spk_dense(h)), .p = 0.2, .T = T);
    h = spk_add(h, spk_relu(spk_scale(h, 2)));
    spk_tensor *spikes = spk_bits(spk_where(spk_shift(h, -1), spk_full(n->ctx, SPK_SCALAR, 1), spk_full(n->ctx, SPK_SCALAR, 0)));
    spk_tensor *y = spk_add(spk_linear(h, n->w2, NULL), spk_linear(spikes, n->w2, NULL));
    spk_tensor *steps[] = {spk_time_step(y, T, 0), spk_time_step(y, T, 1), spk_time_step(y, T, 2)};
    spk_tensor *rate = spk_add(spk_mean_over_time(y, T), spk_mean(spk_stack(steps, 3, 0), .axes = SPK_AXES(0)));
    spk_tensor *loss = spk_cross_entropy(rate, spk_step_from(n->ctx, SPK_SHAPE(batch), labels), .label_smoothing = 0.1);
    return spk_add(loss, spk_scale(spk_sum(spk_multiply(n->w2, n->w2)), 1e-3));
}

static void net_step(const net *n, int64_t batch) {
    spk_tensor *parameters[] = {n->w1, n->b1, n->w2, n->gamma};
    if (spk_backward(net_forward(n, batch)))
        for (int k = 0; k < 4; k++) {
            const spk_real *g = spk_data(spk_grad(parameters[k]));
            spk_real *p = spk_data_mut(parameters[k]);
            for (int64_t i = 0; i < spk_size(parameters[k]); i++) p[i] -= (spk_real)0.01 * g[i];
        }
    for (int k = 0; k < 4; k++) spk_clear_grad(parameters[k]);
    spk_end_step(n->ctx);
}

Test(context, identical_steps_allocate_nothing) {
    static const int64_t batches[][3] = {{16, 16, 16}, {64, 64, 64}, {64, 64, 17}, {17, 64, 1}, {2, 30, 64}};
    for (size_t k = 0; k < sizeof batches / sizeof *batches; k++) {
        for (int threads = 1; threads <= 2; threads++) {
            counter c = {0};
            spk_set_threads(threads);
            spk_ctx *ctx = spk_ctx_create(.seed = 1, .allocator = COUNTED(&c));
            const net n = net_create(ctx);
            /* The largest batch once: all that comes after must find its memory there. */
            int64_t largest = 0;
            for (int i = 0; i < 3; i++) largest = batches[k][i] > largest ? batches[k][i] : largest;
            net_step(&n, largest);
            assert_fine(ctx, "training");
            const int64_t calls = c.calls;
            const spk_memory_report memory = spk_memory_use(ctx);
            for (int epoch = 0; epoch < 4; epoch++)
                for (int i = 0; i < 3; i++) {
                    net_step(&n, batches[k][i]);
                    assert_fine(ctx, "training");
                    cr_assert(c.calls == calls, "batches %d: %lld allocations in epoch %d, batch %d", (int)k, (long long)(c.calls - calls),
                              epoch, i);
                }
            cr_assert(spk_memory_use(ctx).held == memory.held, "held memory grew");
            cr_assert(spk_memory_use(ctx).step_peak == memory.step_peak, "a smaller batch has a larger peak");
            spk_ctx_destroy(ctx);
            cr_assert(c.live == 0, "%lld blocks leak", (long long)c.live);
        }
    }
}

Test(context, streaming_memory_does_not_grow) {
    counter c = {0};
    spk_ctx *ctx = spk_ctx_create(.seed = 1, .allocator = COUNTED(&c));
    spk_tensor *w = parameter(ctx, SPK_SHAPE(50, 50)), *v = spk_tensor_create(ctx, SPK_SHAPE(8, 50));
    int64_t calls = 0;
    spk_memory_report memory = {0};
    for (int t = 0; t < 1000; t++) {
        SPK_NO_GRAD(ctx) { spk_copy(v, spk_tanh(spk_add(spk_scale(v, 0.5), spk_linear(v, w, NULL)))); }
        spk_end_step(ctx);
        assert_fine(ctx, "streaming");
        if (t == 1) calls = c.calls, memory = spk_memory_use(ctx);
        if (t > 1) cr_assert(c.calls == calls && spk_memory_use(ctx).held == memory.held, "step %d allocates", t);
    }
    cr_assert(spk_memory_use(ctx).step_peak == memory.step_peak, "peak");
    spk_ctx_destroy(ctx);
    cr_assert(c.live == 0, "%lld blocks leak", (long long)c.live);
}

Test(context, memory_use) {
    counter c = {0};
    spk_ctx *ctx = spk_ctx_create(.allocator = COUNTED(&c));
    const spk_memory_report empty = spk_memory_use(ctx);
    cr_assert(empty.held > 0 && empty.step == 0 && empty.step_peak == 0, "an empty context: %zu, %zu, %zu", empty.held, empty.step,
              empty.step_peak);
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(10000));
    const spk_memory_report one = spk_memory_use(ctx);
    cr_assert(one.held >= empty.held + 10000 * sizeof(spk_real) && one.step == 0, "a persistent tensor: %zu", one.held);
    spk_tensor_destroy(x);
    cr_assert(spk_memory_use(ctx).held == empty.held, "destroyed: %zu, should be %zu", spk_memory_use(ctx).held, empty.held);
    spk_full(ctx, SPK_SHAPE(10000), 1);
    const spk_memory_report step = spk_memory_use(ctx);
    cr_assert(step.step >= 10000 * sizeof(spk_real) && step.step < 11000 * sizeof(spk_real) && step.step_peak == step.step,
              "a step tensor: %zu", step.step);
    spk_end_step(ctx);
    cr_assert(spk_memory_use(ctx).step == 0 && spk_memory_use(ctx).step_peak == step.step_peak, "after the step");
    cr_assert(spk_memory_use(ctx).held <= (size_t)c.bytes, "held %zu of %lld", spk_memory_use(ctx).held, (long long)c.bytes);
    spk_ctx_destroy(ctx);
    cr_assert(c.live == 0, "%lld blocks leak", (long long)c.live);
}

/* Everything that allocates, in one program; true when all went well. */
static bool program(spk_ctx *ctx) {
    const net n = net_create(ctx);
    net_step(&n, 5);
    net_step(&n, 8);
    spk_tensor *x = parameter(ctx, SPK_SHAPE(100, 40)), *y = spk_exp(x);
    spk_retain_grad(y);
    /* Larger than a first chunk, so that the arenas grow, and are made one chunk at the step's end. */
    for (int i = 0; i < 12; i++) y = spk_tanh(y);
    spk_tensor *kept = spk_keep(spk_repeat_over_time(spk_slice(y, 0, 50), 3));
    bool done = spk_backward(spk_sum(spk_max(y, .axes = SPK_AXES(1)))) && spk_grad(x) != NULL && spk_size(kept) == 6000;
    spk_tensor *spikes = spk_bits(spk_full(ctx, SPK_SHAPE(70, 70), 1));
    done = done && spk_data(spikes)[0] == 1 && spk_item(spk_sum(spikes)) == 4900;
    spk_tensor_destroy(x);
    spk_end_step(ctx);
    for (int i = 0; i < 2; i++) {
        spk_full(ctx, SPK_SHAPE(30000), 1);
        spk_end_step(ctx);
    }
    return done && !spk_failed(ctx);
}

static void no_memory_for(bool only_one) {
    int64_t k = 1;
    for (bool refused = true; refused; k++) {
        counter c = {.from = k, .to = only_one ? k : INT64_MAX};
        spk_ctx *ctx = spk_ctx_create(.seed = 1, .allocator = COUNTED(&c));
        cr_assert(ctx != NULL, "NULL context");
        const bool went_well = program(ctx);
        refused = c.refused;
        /* A refusal is no error where less memory will do: for a chunk larger than what is asked for, or one that joins two. */
        cr_assert(went_well || refused, "allocation %lld: refused %d, went well %d: %s", (long long)k, refused, went_well, spk_error(ctx));
        cr_assert(went_well == !spk_failed(ctx), "allocation %lld: went well %d: %s", (long long)k, went_well, spk_error(ctx));
        if (!went_well) {
            cr_assert(spk_failed(ctx) && strstr(spk_error(ctx), "memory"), "allocation %lld: %s", (long long)k, spk_error(ctx));
            c.to = 0;
            spk_clear_error(ctx);
            cr_assert(k == 1 || !spk_failed(ctx), "allocation %lld: the error stays: %s", (long long)k,
                      spk_error(ctx)); /* 1 is the context's */
            cr_assert(program(ctx) == (k > 1), "allocation %lld: after clearing the error: %s", (long long)k, spk_error(ctx));
        }
        spk_ctx_destroy(ctx);
        cr_assert(c.live == 0, "allocation %lld: %lld blocks leak", (long long)k, (long long)c.live);
        cr_assert(k < 1000, "the program allocates without end");
    }
    cr_assert(k > 20, "the program allocated only %lld times", (long long)k);
}

Test(context, no_memory_from_the_kth_allocation_on) { no_memory_for(false); }
Test(context, no_memory_for_the_kth_allocation) { no_memory_for(true); }

Test(context, a_tensor_larger_than_memory) {
    counter c = {0};
    spk_ctx *ctx = spk_ctx_create(.allocator = COUNTED(&c));
    assert_inert(spk_tensor_create(ctx, SPK_SHAPE((int64_t)1 << 40, (int64_t)1 << 40)), "2^80 elements");
    assert_error(ctx, "2^80 elements", "spk_tensor_create", "memory");
    c.from = 1, c.to = INT64_MAX;
    assert_inert(spk_full(ctx, SPK_SHAPE((int64_t)1 << 50), 0), "refused");
    assert_error(ctx, "refused", "memory", "bytes");
    c.to = 0;
    cr_assert(!spk_failed(ctx) && spk_size(spk_full(ctx, SPK_SHAPE(3), 0)) == 3, "works again");
    spk_ctx_destroy(ctx);
    cr_assert(c.live == 0, "%lld blocks leak", (long long)c.live);
}

Test(context, null_context) {
    spk_ctx_destroy(NULL);
    spk_end_step(NULL);
    cr_assert(spk_failed(NULL) && strstr(spk_error(NULL), "NULL"), "%s", spk_error(NULL));
    spk_clear_error(NULL);
    cr_assert(spk_failed(NULL), "cleared");
    char before[256];
    snprintf(before, sizeof before, "%s", spk_error(NULL));
    spk_fail(NULL, "overwritten");
    cr_assert(strcmp(before, spk_error(NULL)) == 0, "%s", spk_error(NULL));
    spk_seed(NULL, 3);
    const spk_memory_report memory = spk_memory_use(NULL);
    cr_assert(memory.held == 0 && memory.step == 0 && memory.step_peak == 0, "memory");
    static const spk_object_type type = {.name = "test"};
    cr_assert(!spk_object_create(NULL, &type, sizeof(spk_object)), "object");
    spk_object_destroy(NULL);
    cr_assert(!spk_allocate(NULL, 10), "allocate");
    spk_release(NULL, NULL);
    assert_inert(spk_tensor_create(NULL, SPK_SHAPE(2)), "tensor");
    assert_inert(spk_tensor_from(NULL, SPK_SHAPE(1), (spk_real[]){1}), "tensor from");
    assert_inert(spk_scalar(NULL, 1), "scalar");
    assert_inert(spk_full(NULL, SPK_SHAPE(2), 1), "full");
    assert_inert(spk_step_from(NULL, SPK_SHAPE(1), (spk_real[]){1}), "step from");
    spk_real value = 5;
    int64_t index = 5;
    spk_random_uniform(NULL, 1, 0, 1, &value);
    spk_random_normal(NULL, 1, 0, 1, &value);
    spk_random_permutation(NULL, 1, &index);
    cr_assert(value == 5 && index == 5, "random numbers without a context");

    /* A context for which there was no memory behaves the same, also under destroy. */
    counter c = {.from = 1, .to = INT64_MAX};
    spk_ctx *ctx = spk_ctx_create(.allocator = COUNTED(&c));
    cr_assert(ctx && spk_failed(ctx), "no memory for a context");
    spk_end_step(ctx), spk_clear_error(ctx), spk_seed(ctx, 1);
    assert_inert(spk_exp(spk_full(ctx, SPK_SHAPE(2), 1)), "op");
    cr_assert(spk_failed(ctx) && c.live == 0, "still failed");
    spk_ctx_destroy(ctx);
}

Test(context, process_wide) {
    cr_assert(spk_threads() >= 1, "threads");
    spk_set_threads(3);
    cr_assert_eq(spk_threads(), 3);
    spk_set_threads(-5);
    cr_assert(spk_threads() == 1, "below 1 means 1");
    const char *info = spk_build_info();
    cr_assert(strstr(info, SPK_VERSION) && strstr(info, SPK_BY_REAL("float", "double")) && !strchr(info, '\n'), "%s", info);
    cr_assert(spk_build_info() == info, "one text");
}

Test(context, error_text) {
    spk_ctx *ctx = spk_ctx_create();
    cr_assert(!spk_failed(ctx) && spk_error(ctx) && !*spk_error(ctx), "a new context");
    spk_fail(ctx, "%s %d", "first", 1);
    spk_fail(ctx, "second");
    cr_assert(strcmp(spk_error(ctx), "first 1") == 0, "%s", spk_error(ctx));
    spk_clear_error(ctx);
    char endless[4000];
    memset(endless, 'x', sizeof endless - 1), endless[sizeof endless - 1] = '\0';
    spk_fail(ctx, "%s", endless);
    cr_assert(strlen(spk_error(ctx)) > 100 && strlen(spk_error(ctx)) < sizeof endless, "a long message is cut");
    spk_clear_error(ctx);
    cr_assert(!spk_allocate(ctx, SIZE_MAX), "SIZE_MAX bytes");
    assert_error(ctx, "SIZE_MAX bytes", "memory", "held");
    spk_ctx_destroy(ctx);
}

/* An owned thing with a block of its own. */
typedef struct thing {
    spk_object object;
    int *log;
    void *block;
} thing;
static void thing_destroy(spk_object *object) {
    thing *t = (thing *)object;
    t->log[0]++;
    spk_release(object->ctx, t->block);
}
static void thing_end_step(spk_object *object) { ((thing *)object)->log[1]++; }
static const spk_object_type thing_type = {.name = "thing", .destroy = thing_destroy, .end_step = thing_end_step};
static const spk_object_type plain_type = {.name = "plain"};

Test(context, owned_objects) {
    counter c = {0};
    spk_ctx *ctx = spk_ctx_create(.allocator = COUNTED(&c));
    int logs[5][2] = {{0}};
    thing *things[5];
    for (int i = 0; i < 5; i++) {
        things[i] = spk_object_create(ctx, &thing_type, sizeof(thing));
        cr_assert(things[i] && !things[i]->log && !things[i]->block && things[i]->object.ctx == ctx, "object %d is not zeroed", i);
        things[i]->log = logs[i], things[i]->block = spk_allocate(ctx, 100);
        for (int k = 0; k < 100; k++) cr_assert(((char *)things[i]->block)[k] == 0, "spk_allocate does not zero");
        cr_assert(spk_object_create(ctx, &plain_type, sizeof(spk_object)) != NULL, "plain object");
    }
    spk_end_step(ctx);
    spk_object_destroy(&things[2]->object); /* from the middle, the newest, the oldest */
    spk_object_destroy(&things[4]->object);
    spk_object_destroy(&things[0]->object);
    spk_end_step(ctx);
    for (int i = 0; i < 5; i++) {
        const bool gone = i % 2 == 0;
        cr_assert(logs[i][0] == gone && logs[i][1] == (gone ? 1 : 2), "object %d: destroyed %d times, %d steps", i, logs[i][0], logs[i][1]);
    }
    spk_fail(ctx, "an error");
    cr_assert(!spk_object_create(ctx, &thing_type, sizeof(thing)), "an object of a failed context");
    spk_object_destroy(&things[1]->object); /* works in a failed context too */
    spk_ctx_destroy(ctx);
    for (int i = 0; i < 5; i++) cr_assert(logs[i][0] == 1, "object %d: destroyed %d times", i, logs[i][0]);
    cr_assert(c.live == 0, "%lld blocks leak", (long long)c.live);
}

Test(context, two_contexts_are_apart) {
    spk_ctx *a = spk_ctx_create(.seed = 1), *b = spk_ctx_create(.seed = 1);
    spk_fail(a, "only a");
    cr_assert(!spk_failed(b), "b failed with a");
    spk_clear_error(a);
    spk_tensor *x = uniform(a, SPK_SHAPE(4), 0, 1), *y = uniform(b, SPK_SHAPE(4), 0, 1);
    assert_near(4, spk_data(x), spk_data(y), 0, "equal seeds");
    spk_tensor *step = spk_exp(y);
    spk_end_step(a);
    spk_ctx_destroy(a);
    cr_assert(spk_size(spk_exp(step)) == 4 && !spk_failed(b), "b lost its step: %s", spk_error(b));
    spk_ctx_destroy(b);
}
