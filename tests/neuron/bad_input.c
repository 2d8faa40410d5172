/* What a whole spiking net does with an empty batch, NaN, inputs of a wrong shape, and memory that is refused at any allocation. */
#include "../core/support.h"

enum { IN = 12, HIDDEN = 67, CLASSES = 4, T = 3 };

static spk_module *net_of(spk_ctx *ctx, bool bits) {
    spk_module *net =
        spk_sequential(ctx, spk_flatten_layer(ctx), spk_linear_layer(ctx, IN, HIDDEN), spk_batch_norm1d(ctx, HIDDEN),
                       spk_lif(ctx, .T = T, .parallel_optim = true, .spike_out = bits), spk_dropout_layer(ctx, .p = 0.2, .T = T),
                       spk_linear_layer(ctx, HIDDEN, CLASSES), spk_plif(ctx, .T = T, .parallel_optim = true, .store_v_seq = true));
    spk_module_set_name(net, "net");
    return net;
}

/* Shapes that do not fit name the layer that they do not fit; a batch of another size after a forward names the first neuron. */
Test(bad_input, wrong_shapes_name_the_layer) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = net_of(ctx, false);
    const struct {
        spk_shape shape;
        const char *layer, *text;
    } bad[] = {{SPK_SHAPE(6, IN + 1), "linear (net.1)", "[6, 13]"},
               {SPK_SHAPE(7, 3, 4), "lif (net.3)", "T = 3"},
               {SPK_SHAPE(IN), "linear (net.1)", "[12, 1]"},
               {SPK_SHAPE(1, IN), "batch_norm (net.2)", "[1, 67]"},
               {SPK_SCALAR, "linear (net.1)", "[1, 1]"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_inert(spk_call(net, spk_full(ctx, bad[i].shape, 1)), bad[i].layer);
        assert_error(ctx, bad[i].layer, bad[i].layer, bad[i].text);
        spk_reset(net);
    }
    for (spk_walk w = spk_parameters(net); spk_walk_next(&w);) cr_assert(!spk_grad(w.slot->tensor), "%s has a gradient", w.name);
    spk_ctx_destroy(ctx);
}

/* In evaluation an empty batch gives empty scores; training has no statistics for it, and says so. */
Test(bad_input, an_empty_batch) {
    for (int bits = 0; bits < 2; bits++) {
        spk_ctx *ctx = spk_ctx_create(.seed = 1);
        spk_module *net = net_of(ctx, bits);
        spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(0, IN)), *labels = spk_tensor_create(ctx, SPK_SHAPE(0));
        assert_inert(spk_call(net, spk_repeat_over_time(x, T)), "training");
        assert_error(ctx, "training", "batch_norm (net.2)", "at least 2 rows");
        spk_reset(net);
        spk_eval(net);
        spk_tensor *y = spk_call(net, spk_repeat_over_time(x, T));
        assert_fine(ctx, "evaluation");
        cr_assert(spk_shape_equal(spk_tensor_shape(y), SPK_SHAPE(0, CLASSES)), "%s", spk_shape_text(spk_tensor_shape(y)).text);
        cr_assert(spk_count_correct(spk_mean_over_time(y, T), labels) == 0, "nothing is correct");
        spk_cross_entropy(spk_mean_over_time(y, T), labels);
        assert_error(ctx, "its loss", "cross_entropy", "[0, 4]");
        spk_ctx_destroy(ctx);
    }
}

/* A NaN pixel spoils its own sample in evaluation, and no other. In training batch norm carries it through the batch; nothing crashes. */
Test(bad_input, nan_in_one_sample) {
    enum { N = 5, BAD = 2 };
    for (int bits = 0; bits < 2; bits++) {
        spk_ctx *ctx = spk_ctx_create(.seed = 1);
        spk_module *net = net_of(ctx, bits);
        spk_tensor *x = uniform(ctx, SPK_SHAPE(N, IN), 0, 2), *v[2], *labels = VECTOR(ctx, 0, 1, 2, 3, 0);
        spk_eval(net);
        for (int nan = 0; nan < 2; nan++) {
            if (nan) spk_data_mut(x)[BAD * IN + 3] = (spk_real)NAN;
            spk_call(net, spk_repeat_over_time(x, T));
            v[nan] = spk_keep(spk_v(spk_find_module(net, "6")));
            spk_reset(net);
            spk_end_step(ctx);
        }
        for (int i = 0; i < N * CLASSES; i++)
            if (i / CLASSES != BAD) cr_assert(spk_data(v[1])[i] == spk_data(v[0])[i], "the NaN reached sample %d", i / CLASSES);
        spk_train(net);
        spk_tensor *loss = spk_spike_cross_entropy(spk_call(net, spk_repeat_over_time(x, T)), labels, T, 0);
        cr_assert(spk_backward(loss), "%s", spk_error(ctx));
        assert_fine(ctx, "training");
        cr_assert(isnan((double)spk_data(spk_find_tensor(net, "2.running_mean"))[0]), "NaN passes through batch norm");
        spk_ctx_destroy(ctx);
    }
}

/* Memory refused at the k-th request. */
typedef struct counter {
    int64_t calls, refuse, live;
} counter;

static void *allocate(void *user, size_t bytes) {
    counter *c = user;
    if (++c->calls == c->refuse) return NULL;
    c->live++;
    return malloc(bytes);
}
static void release(void *user, void *block) {
    counter *c = user;
    c->live--;
    free(block);
}

static bool train_and_test(spk_ctx *ctx) {
    spk_real x[10 * IN];
    int64_t labels[10];
    for (int i = 0; i < 10; i++) labels[i] = i % CLASSES;
    for (int i = 0; i < 10 * IN; i++) x[i] = (spk_real)(i % 7) / 3;
    spk_dataset *data = spk_dataset_from(ctx, SPK_SHAPE(10, IN), x, labels, .batch = 4, .shuffle = true);
    spk_module *net = net_of(ctx, true);
    spk_optimizer *optimizer = spk_adam(net, .lr = 1e-2);
    spk_batch batch;
    bool done = true;
    while (spk_next_batch(data, &batch)) {
        spk_tensor *y = spk_call(net, spk_poisson_encode(batch.x, T));
        spk_zero_grad(net);
        done = spk_backward(spk_membrane_cross_entropy(spk_v_seq(spk_find_module(net, "6")), batch.labels, T)) && done;
        done = spk_size(y) == batch.size * T * CLASSES && spk_optimizer_step(optimizer) && done;
        spk_reset(net);
        spk_end_step(ctx);
    }
    spk_eval(net);
    SPK_NO_GRAD(ctx) {
        for (int t = 0; t < 2; t++) {
            spk_call(net, spk_full(ctx, SPK_SHAPE(T * 2, IN), 1));
            spk_end_step(ctx);
        }
    }
    return done && !spk_failed(ctx);
}

Test(bad_input, no_memory_at_any_allocation) {
    int64_t k = 1;
    for (bool refused = true; refused; k++) {
        counter c = {.refuse = k};
        spk_ctx *ctx = spk_ctx_create(.seed = 1, .allocator = {allocate, release, &c});
        const bool done = train_and_test(ctx);
        refused = c.calls >= k;
        /* Refused and done: less memory did. */
        cr_assert(done == !spk_failed(ctx) && (done || refused), "allocation %d of %d: done %d, %s", (int)k, (int)c.calls, done,
                  spk_error(ctx));
        if (!done) cr_assert(strstr(spk_error(ctx), "memory"), "allocation %d: %s", (int)k, spk_error(ctx));
        spk_ctx_destroy(ctx);
        cr_assert(c.live == 0, "allocation %d: %d blocks leak", (int)k, (int)c.live);
    }
    cr_assert(k > 30, "the program allocated only %d times", (int)k);
}
