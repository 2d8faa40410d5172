/* spk_detect_anomaly in whole nets: who is named, what is left as it was, and that healthy nets are not disturbed. */
#include "../core/support.h"

#define BIG SPK_BY_REAL(3e38f, 1.5e308)

static spk_ctx *watched(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_detect_anomaly(ctx, true);
    return ctx;
}

/* A module that is an op. */
typedef struct op_layer {
    spk_module module;
    spk_tensor *(*op)(spk_tensor *x);
} op_layer;
static spk_tensor *op_forward(spk_module *module, spk_tensor *x) { return ((op_layer *)module)->op(x); }
static spk_module *op_module(spk_ctx *ctx, spk_tensor *(*op)(spk_tensor *x)) {
    static const spk_module_type type = {.name = "op", .size = sizeof(op_layer), .forward = op_forward};
    op_layer *layer = spk_module_create(ctx, &type);
    layer->op = op;
    return &layer->module;
}

static void set(spk_module *net, const char *name, int64_t i, spk_real value) { spk_data_mut(spk_find_tensor(net, name))[i] = value; }

/* 3 - 4 - 2, named net. */
static spk_module *small(spk_ctx *ctx, spk_module *between) {
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 3, 4), between, spk_linear_layer(ctx, 4, 2));
    spk_module_set_name(net, "net");
    return net;
}

Test(anomaly_nets, the_layer_is_named) {
    spk_ctx *ctx = watched();
    spk_module *net = small(ctx, op_module(ctx, spk_sqrt));
    spk_tensor *zeros = spk_tensor_create(ctx, SPK_SHAPE(2, 3));
    spk_fill(spk_find_tensor(net, "0.bias"), 0);
    spk_fill(spk_find_tensor(net, "2.weight"), 1);
    spk_tensor *loss = spk_sum(spk_call(net, zeros));
    assert_fine(ctx, "the root of 0");
    cr_assert(!spk_backward(loss), "backward of the root of 0");
    assert_error(ctx, "the root of 0", "sqrt (net.1): backward made inf at [0, 0] of [2, 4] (8 of 8 are not finite)", "spk_clamp");
    spk_fill(spk_find_tensor(net, "0.bias"), -1);
    assert_inert(spk_call(net, zeros), "the root of -1");
    assert_error(ctx, "the root of -1", "sqrt (net.1): forward made nan at [0, 0] of [2, 4] (8 of 8", "spk_clamp");
    spk_ctx_destroy(ctx);
}

Test(anomaly_nets, what_is_handed_in_is_named) {
    spk_ctx *ctx = watched();
    spk_module *net = small(ctx, spk_lif(ctx, .spike_out = true));
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(2, 3));
    spk_fill(spk_find_tensor(net, "0.bias"), 0);
    spk_data_mut(x)[4] = (spk_real)NAN;
    assert_inert(spk_call(net, x), "data");
    assert_error(ctx, "data", "linear (net.0): input 0, a persistent tensor, holds nan at [1, 1] of [2, 3] (1 of 6", "outside");
    spk_call(net, spk_repeat_over_time(spk_step_from(ctx, SPK_SHAPE(1, 3), (spk_real[]){0, -(spk_real)INFINITY, 0}), 2));
    assert_error(ctx, "repeated data", "repeat_over_time: input 0, the result of spk_step_from, holds -inf", "at [0, 1] of [1, 3]");
    spk_fill(x, 0);
    set(net, "0.weight", 5, (spk_real)INFINITY);
    assert_inert(spk_call(net, x), "a weight");
    assert_error(ctx, "a weight", "linear (net.0): input 1, parameter 'weight', holds inf at [1, 1] of [3, 4]", "learning rate");
    set(net, "0.weight", 5, 0);
    spk_reset(net);
    /* No neuron spikes, and a product that visits spikes never sees the weight. */
    set(net, "2.weight", 3, (spk_real)NAN);
    assert_inert(spk_call(net, x), "a weight that no spike meets");
    assert_error(ctx, "a weight that no spike meets", "linear (net.2): input 1, parameter 'weight', holds nan at [1, 1] of [4, 2]", "load");
    spk_detect_anomaly(ctx, false);
    spk_set_road(ctx, SPK_ROAD_SPARSE);
    spk_reset(net);
    cr_assert(isfinite(spk_data(spk_call(net, x))[1]), "this is why parameters are scanned");
    spk_ctx_destroy(ctx);
}

/* Bits are zeros and one value, which may be too large. */
Test(anomaly_nets, the_value_of_bits) {
    spk_ctx *ctx = watched();
    spk_tensor *x = spk_bits(spk_full(ctx, SPK_SHAPE(2, 3), 1));
    for (int i = 0; i < 30 && !spk_failed(ctx); i++) x = spk_dropout(x, .p = 1 - 1e-15);
    assert_error(ctx, "bits", "dropout: forward made inf", "p further from 1");
    spk_ctx_destroy(ctx);
}

Test(anomaly_nets, a_membrane_is_named) {
    spk_ctx *ctx = watched();
    spk_module *net = spk_sequential(ctx, spk_if(ctx, .v_reset = SPK_NONE));
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(1, 2));
    spk_fill(x, -(double)BIG);
    spk_call(net, x);
    assert_fine(ctx, "one step");
    spk_end_step(ctx);
    spk_call(net, x); /* the membrane of the step before, and the current, are finite; their sum is not */
    assert_error(ctx, "two steps", "leaky (sequential.0): forward made -inf at [0, 0] of [1, 2] (2 of 2", "batch norm");
    spk_detect_anomaly(ctx, false);
    spk_reset(net);
    spk_call(net, x), spk_call(net, x);
    spk_end_step(ctx);
    spk_detect_anomaly(ctx, true);
    spk_call(net, x);
    assert_error(ctx, "a spoilt memory", "leaky (sequential.0): input 1, buffer or memory 'v', holds -inf", "before spk_detect_anomaly");
    spk_ctx_destroy(ctx);
}

Test(anomaly_nets, a_result_written_to) {
    spk_ctx *ctx = watched();
    spk_tensor *y = spk_exp(parameter(ctx, SPK_SHAPE(2)));
    spk_data_mut(y)[1] = (spk_real)INFINITY;
    spk_scale(y, 2);
    assert_error(ctx, "written to", "scale: input 0, the result of exp, holds inf at [1] of [2]", "before the op");
    spk_ctx_destroy(ctx);
}

/* Gradients that are not multiplied out: each is finite in g and W, and overflows in g W'. */
Test(anomaly_nets, pending_products) {
    for (int wide = 0; wide < 2; wide++) {
        spk_ctx *ctx = watched();
        const int64_t out = wide ? 40 : 2;
        const spk_surrogate rect = spk_surrogate_of("rect");
        spk_module *net = spk_sequential(ctx, spk_if(ctx, .spike_out = true, .surrogate_function = rect), spk_linear_layer(ctx, 3, out));
        spk_module_set_name(net, "net");
        spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(1, 3), (const spk_real[]){2, 0, 0}), *weight = spk_find_tensor(net, "1.weight");
        spk_set_requires_grad(x, true);
        for (int64_t i = 0; i < 3 * out; i++) spk_data_mut(weight)[i] = i / out ? BIG / 2 : 0;
        spk_tensor *y = spk_call(net, x), *g = spk_full(ctx, spk_tensor_shape(y), 2);
        assert_fine(ctx, "forward");
        cr_assert(!spk_backward(y, .gradient = g), "the product is not seen");
        assert_error(ctx, "product", "linear (net.1): backward made inf at [0, 1] of [1, 3] (2 of 3", "rows from 0");
        /* Large, but not too large: it is multiplied out, looked at, and let pass. */
        spk_reset(net);
        for (int64_t i = 0; i < 3 * out; i++) spk_data_mut(weight)[i] = i % out ? 0 : BIG / 8;
        y = spk_call(net, x);
        cr_assert(spk_backward(y, .gradient = spk_full(ctx, spk_tensor_shape(y), 2)), "%s", spk_error(ctx));
        spk_ctx_destroy(ctx);
    }
}

static void spoil(spk_tensor *x, int64_t n, spk_real *gradient, void *user) {
    (void)x, (void)n;
    gradient[0] = *(const spk_real *)user;
}

Test(anomaly_nets, sums_and_hooks) {
    spk_ctx *ctx = watched();
    spk_real nan = (spk_real)NAN, fine = 1;
    spk_tensor *x = parameter(ctx, SPK_SHAPE(3)), *big = spk_full(ctx, SPK_SCALAR, (double)BIG), *y = spk_negate(x);
    cr_assert(!spk_backward(spk_add(spk_sum(y), spk_sum(y)), .gradient = big), "a result with two uses");
    assert_error(ctx, "a result with two uses", "negate: backward: the sum over its uses made inf at [0] of [3] (3 of 3", "its result");
    big = spk_full(ctx, SPK_SCALAR, (double)BIG);
    y = spk_negate(x);
    cr_assert(!spk_backward(spk_add(spk_sum(spk_slice(y, 0, 2)), spk_sum(spk_slice(y, 1, 3))), .gradient = big), "slices of a result");
    assert_error(ctx, "slices of a result", "negate: backward: the sum over its uses", "inf at [1] of [3] (1 of 3");
    spk_tensor *loss = spk_sum(x);
    big = spk_full(ctx, SPK_SCALAR, (double)BIG);
    spk_clear_grad(x);
    cr_assert(spk_backward(loss, .gradient = big, .retain = true), "%s", spk_error(ctx));
    cr_assert(!spk_backward(loss, .gradient = big), "a leaf over two backwards");
    assert_error(ctx, "a leaf over two backwards", "the sum over all uses made inf at [0] of [3]", "a persistent tensor");
    spk_clear_grad(x);
    cr_assert(!spk_backward(spk_sum(x), .gradient = spk_full(ctx, SPK_SCALAR, NAN)), "a gradient from outside");
    assert_error(ctx, "a gradient from outside", "the given gradient made nan", "sum");
    y = spk_negate(x);
    spk_add_grad_hook(y, spoil, &nan);
    cr_assert(!spk_backward(spk_sum(y)), "a hook");
    assert_error(ctx, "a hook", "negate: backward: a hook made nan at [0] of [3]", "its result");
    spk_add_grad_hook(x, spoil, &fine);
    cr_assert(spk_backward(spk_sum(spk_negate(x))), "%s", spk_error(ctx));
    spk_clear_grad(x);
    for (int again = 0; again < 2; again++) { /* each finite, at the second their sum is not */
        fine = BIG;
        cr_assert(spk_backward(spk_sum(spk_negate(x))) == !again, "a leaf with a hook over two backwards: %s", spk_error(ctx));
    }
    assert_error(ctx, "a leaf with a hook", "the sum over backwards made inf at [0] of [3]", "a persistent tensor");
    fine = nan;
    spk_clear_grad(x);
    cr_assert(!spk_backward(spk_sum(spk_negate(x))), "a hook of a leaf");
    assert_error(ctx, "a hook of a leaf", "a hook, or the sum over all uses, made nan at [0] of [3]", "a persistent tensor");
    spk_ctx_destroy(ctx);
}

/* The first in the order of execution is named, and what follows does nothing. */
Test(anomaly_nets, the_first_is_named_and_the_step_does_nothing) {
    spk_ctx *ctx = watched();
    spk_module *net = small(ctx, op_module(ctx, spk_log)), *copy = small(ctx, op_module(ctx, spk_log));
    spk_optimizer *optimizer = spk_adam(net, .lr = 0.1);
    for (spk_walk w = spk_parameters(net); spk_walk_next(&w);) spk_copy(spk_find_tensor(copy, w.name), w.slot->tensor);
    spk_fill(spk_find_tensor(net, "0.weight"), 0), spk_fill(spk_find_tensor(copy, "0.weight"), 0);
    spk_fill(spk_find_tensor(net, "0.bias"), 0), spk_fill(spk_find_tensor(copy, "0.bias"), 0);
    spk_tensor *loss = spk_sqrt(spk_negate(spk_exp(spk_call(net, spk_full(ctx, SPK_SHAPE(5, 3), 1)))));
    assert_inert(loss, "loss");
    cr_assert(!spk_backward(loss) && !spk_optimizer_step(optimizer), "the step goes on");
    assert_error(ctx, "the first", "log (net.1): forward made -inf", "20 of 20");
    for (spk_walk w = spk_parameters(net); spk_walk_next(&w);) {
        assert_same(w.slot->tensor, spk_find_tensor(copy, w.name), 0, w.name);
        cr_assert_null(spk_grad(w.slot->tensor), "%s has a gradient", w.name);
    }
    spk_ctx_destroy(ctx);
}

static spk_optimizer *optimizer_of(spk_module *net, int kind, double lr) {
    if (kind == 0) return spk_sgd(net, .lr = lr);
    if (kind == 1) return spk_sgd(net, .lr = lr, .momentum = 0.9);
    return kind == 2 ? spk_adam(net, .lr = lr) : spk_adamw(net, .lr = lr);
}

static void train_step(spk_module *net, spk_tensor *x, spk_optimizer *optimizer) {
    spk_zero_grad(net);
    spk_tensor *y = spk_call(net, x);
    spk_backward(spk_mean(spk_multiply(y, y)));
    spk_optimizer_step(optimizer);
    spk_reset(net);
    if (!spk_failed(spk_module_ctx(net))) spk_end_step(spk_module_ctx(net));
}

/* A step that spoils a parameter is named and undone: going on is as if it had not been tried. */
Test(anomaly_nets, an_optimizer_step_is_undone) {
    for (int kind = 0; kind < 4; kind++) {
        spk_ctx *ctx = watched();
        spk_module *nets[] = {small(ctx, spk_relu_layer(ctx)), small(ctx, spk_relu_layer(ctx))};
        spk_optimizer *optimizers[] = {optimizer_of(nets[0], kind, 0.01), optimizer_of(nets[1], kind, 0.01)};
        spk_tensor *x = uniform(ctx, SPK_SHAPE(6, 3), 1, 2);
        for (spk_walk w = spk_parameters(nets[0]); spk_walk_next(&w);) {
            spk_fill_uniform(w.slot->tensor, 0.1, 0.9);
            spk_copy(spk_find_tensor(nets[1], w.name), w.slot->tensor);
        }
        for (int step = 0; step < 3; step++)
            for (int i = 0; i < 2; i++) train_step(nets[i], x, optimizers[i]);
        assert_fine(ctx, "healthy steps");
        spk_optimizer_set_lr(optimizers[0], 0, (double)BIG);
        train_step(nets[0], x, optimizers[0]);
        cr_assert(strstr(spk_error(ctx), "undone"), "kind %d: %s", kind, spk_error(ctx));
        assert_error(ctx, "a step too large", "the step with lr", "'net.");
        spk_optimizer_set_lr(optimizers[0], 0, 0.01);
        for (int step = 0; step < 3; step++)
            for (int i = 0; i < 2; i++) train_step(nets[i], x, optimizers[i]);
        assert_fine(ctx, "going on");
        for (spk_walk w = spk_parameters(nets[0]); spk_walk_next(&w);)
            assert_same(w.slot->tensor, spk_find_tensor(nets[1], w.name), 0, w.name);
        spk_ctx_destroy(ctx);
    }
}

Test(anomaly_nets, an_optimizer_names_what_it_is_given_and_makes) {
    spk_ctx *ctx = watched();
    spk_module *net = small(ctx, spk_relu_layer(ctx));
    spk_optimizer *sgd = spk_sgd(net, .lr = SPK_BY_REAL(1e38, 1e307)), *adam = spk_adam(net);
    spk_tensor *before = spk_keep(spk_find_tensor(net, "2.bias"));
    spk_backward(spk_scale(spk_sum(spk_call(net, uniform(ctx, SPK_SHAPE(6, 3), 1, 2))), 100));
    cr_assert(!spk_optimizer_step(sgd), "no error");
    cr_assert(strstr(spk_error(ctx), "undone"), "%s", spk_error(ctx));
    assert_error(ctx, "a step", "spk_sgd: the step with lr 1e+", "'net.0.");
    assert_same(spk_find_tensor(net, "2.bias"), before, 0, "a parameter after the step that was undone");
    spk_data_mut(spk_grad(spk_find_tensor(net, "2.weight")))[3] = BIG; /* its square is too large for the second moment */
    cr_assert(!spk_optimizer_step(adam), "no error");
    assert_error(ctx, "a moment", "spk_adam: the step with lr 0.001 made inf at [1, 1] of [4, 2]", "in a moment of 'net.2.weight'");
    spk_data_mut(spk_grad(spk_find_tensor(net, "2.weight")))[3] = (spk_real)NAN;
    cr_assert(!spk_optimizer_step(adam), "no error");
    assert_error(ctx, "a gradient", "spk_adam: the gradient of 'net.2.weight' holds nan at [1, 1] of [4, 2]", "before the step");
    spk_ctx_destroy(ctx);
}

/* Nets of all kinds, trained with and without the search: no false alarm, and the same bits. */
static spk_module *healthy(spk_ctx *ctx, int kind) {
    const spk_surrogate surrogate = spk_surrogate_of(kind % 2 ? "rect" : "atan");
    const double v_reset = kind == 2 ? SPK_NONE : 0;
    spk_module *hidden = kind == 1 ? spk_plif(ctx, .T = 4, .parallel_optim = true, .spike_out = true, .surrogate_function = surrogate)
                                   : spk_lif(ctx, .T = 4, .parallel_optim = true, .spike_out = kind != 3, .v_reset = v_reset,
                                             .surrogate_function = surrogate);
    return spk_sequential(ctx, spk_linear_layer(ctx, 20, 70), spk_batch_norm1d(ctx, 70), hidden, spk_dropout_layer(ctx, .p = 0.2, .T = 4),
                          spk_linear_layer(ctx, 70, 30), spk_if(ctx, .T = 4, .parallel_optim = true, .spike_out = true),
                          spk_linear_layer(ctx, 30, 5));
}

static spk_module *trained(spk_ctx *ctx, int kind, bool detect) {
    spk_detect_anomaly(ctx, detect);
    spk_module *net = healthy(ctx, kind);
    spk_optimizer *optimizer = kind % 2 ? spk_sgd(net, .lr = 0.1, .momentum = 0.9) : spk_adam(net, .lr = 0.01);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(16, 20), 0, 1), *labels = spk_tensor_create(ctx, SPK_SHAPE(16));
    for (int64_t i = 0; i < 16; i++) spk_data_mut(labels)[i] = (spk_real)(i % 5);
    for (int step = 0; step < 50; step++) {
        spk_zero_grad(net);
        spk_tensor *y = spk_mean_over_time(spk_call(net, kind == 2 ? spk_poisson_encode(x, 4) : spk_constant_encode(x, 4)), 4);
        spk_backward(spk_cross_entropy(y, labels, .label_smoothing = 0.1));
        spk_clip_grad_norm(net, 1);
        spk_optimizer_step(optimizer);
        spk_reset(net);
        if (!spk_failed(ctx)) spk_end_step(ctx);
    }
    return net;
}

Test(anomaly_nets, healthy_nets_are_not_disturbed) {
    for (int kind = 0; kind < 4; kind++) {
        spk_ctx *off = spk_ctx_create(.seed = 3), *on = spk_ctx_create(.seed = 3);
        spk_module *without = trained(off, kind, false), *with = trained(on, kind, true);
        assert_fine(on, "a healthy net");
        for (spk_walk w = spk_walk_slots(without, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&w);) {
            const spk_tensor *other = spk_find_tensor(with, w.name);
            cr_assert_arr_eq(spk_data(w.slot->tensor), spk_data(spk_find_tensor(with, w.name)), (size_t)spk_size(other) * sizeof(spk_real),
                             "kind %d: %s has other bits", kind, w.name);
        }
        spk_ctx_destroy(off);
        spk_ctx_destroy(on);
    }
}

Test(anomaly_nets, the_switch) {
    spk_ctx *ctx = spk_ctx_create();
    cr_assert(!spk_detects_anomaly(ctx), "off by default");
    cr_assert(!spk_detect_anomaly(ctx, true) && spk_detects_anomaly(ctx) && spk_detect_anomaly(ctx, false), "gives what it was");
    cr_assert(!spk_detect_anomaly(NULL, true) && !spk_detects_anomaly(NULL), "NULL");
    spk_detect_anomaly(ctx, true);
    SPK_NO_GRAD(ctx) { spk_log(spk_full(ctx, SPK_SHAPE(2), 0)); }
    assert_error(ctx, "without a tape", "log: forward made -inf at [0] of [2] (2 of 2", "eps");
    spk_ctx_destroy(ctx);
}

/* Wherever it lies, and however many threads look. */
Test(anomaly_nets, one_of_many) {
    spk_ctx *ctx = watched();
    const int64_t n = 200003, places[] = {0, 1, 65535, 65536, 131072, n - 2, n - 1};
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(n));
    for (int threads = 1; threads <= 4; threads++) {
        spk_set_threads(threads);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            char wanted[64];
            snprintf(wanted, sizeof wanted, "%s at [%lld] of [%lld] (1 of", i % 2 ? "nan" : "-inf", (long long)places[i], (long long)n);
            spk_data_mut(x)[places[i]] = i % 2 ? (spk_real)NAN : -(spk_real)INFINITY;
            spk_negate(x);
            assert_error(ctx, wanted, wanted, "input 0");
            spk_data_mut(x)[places[i]] = 0;
        }
    }
    spk_negate(x);
    assert_fine(ctx, "all finite");
    spk_ctx_destroy(ctx);
}
