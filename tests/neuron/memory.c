/* What a training step holds: bytes kept from forward for backward a neuron and step, and the peak of backward. */
#include "../core/support.h"

typedef struct net {
    spk_ctx *ctx;
    spk_module *linear[3], *neuron[3];
    spk_tensor *x, *labels;
    int64_t layers, T, batch, width;
} net;

/* 784-width-10 or 784-width-width-10 on constant input; the last neurons give their membranes. */
static net net_of(int64_t layers, int64_t T, int64_t batch, int64_t width) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    net n = {.ctx = ctx, .layers = layers, .T = T, .batch = batch, .width = width};
    for (int64_t i = 0; i < layers; i++) {
        const bool last = i == layers - 1;
        n.linear[i] = spk_linear_layer(ctx, i ? width : 784, last ? 10 : width);
        n.neuron[i] = spk_lif(ctx, .tau = i ? 2 : 4, .decay_input = false, .surrogate_function = spk_surrogate_of("atan"), .T = T,
                              .detach_reset = true, .parallel_optim = true, .spike_out = !last, .store_v_seq = last);
    }
    n.x = uniform(ctx, SPK_SHAPE(batch, 784), 0, 1);
    n.labels = spk_tensor_create(ctx, SPK_SHAPE(batch));
    for (int64_t i = 0; i < batch; i++) spk_data_mut(n.labels)[i] = (spk_real)(i % 10);
    assert_fine(ctx, "net");
    return n;
}

/* What one step was seen to use, in bytes. */
typedef struct use {
    size_t layer[3];      /* kept by each linear and its neuron: current, spikes, last membrane */
    size_t after_forward; /* by the whole forward */
    size_t peak;          /* of all steps so far */
    double rate;          /* of the first neurons */
} use;

static void look(spk_tensor *x, int64_t n, spk_real *gradient, void *user) { (void)x, (void)n, (void)gradient, (void)user; }

/* One step; a hook on the hidden spikes has their gradient written out. */
static use run_step(const net *n, bool hook) {
    use u = {0};
    spk_tensor *x = spk_repeat_over_time(n->x, n->T);
    for (int64_t i = 0; i < n->layers; i++) {
        const size_t before = spk_memory_use(n->ctx).step;
        x = spk_call(n->neuron[i], spk_call(n->linear[i], x));
        u.layer[i] = spk_memory_use(n->ctx).step - before;
        if (hook && i < n->layers - 1) spk_add_grad_hook(x, look, NULL);
    }
    spk_tensor *loss = spk_membrane_cross_entropy(spk_v_seq(n->neuron[n->layers - 1]), n->labels, n->T);
    u.after_forward = spk_memory_use(n->ctx).step;
    cr_assert(spk_backward(loss), "%s", spk_error(n->ctx));
    u.rate = spk_firing_rate(n->neuron[0]);
    for (int64_t i = 0; i < n->layers; i++) {
        spk_zero_grad(n->linear[i]);
        spk_reset(n->neuron[i]);
    }
    spk_end_step(n->ctx);
    u.peak = spk_memory_use(n->ctx).step_peak;
    assert_fine(n->ctx, "step");
    return u;
}

/* Bytes a neuron and step that layer i keeps besides the membrane after the last step, which goes to its memory slot. */
static double kept(const net *n, const use *u, int64_t i) {
    const double slot = (double)n->batch * (double)n->width * sizeof(spk_real);
    return ((double)u->layer[i] - slot) / ((double)n->T * (double)n->batch * (double)n->width);
}

static size_t all_gradients(const net *n) { return (size_t)(n->T * n->batch * n->width) * sizeof(spk_real); }

static void show(const char *name, const net *n, const use *u) {
    if (getenv("SPK_TEST_SHOW"))
        fprintf(stderr, "%s: layers %.4f %.4f bytes a neuron-step, forward %zu, peak %zu, all gradients %zu, rate %.3f\n", name,
                kept(n, u, 0), kept(n, u, 1), u->after_forward, u->peak, all_gradients(n), u->rate);
}

/* Constant current: [N, width] numbers and one bit a neuron-step are kept; backward takes no memory for the gradient of all spikes. */
Test(memory, constant_input) {
    const net n = net_of(2, 25, 128, 1000);
    run_step(&n, false);
    const use u = run_step(&n, false);
    show("784-1000-10", &n, &u);
    cr_assert(u.rate > 0.02 && u.rate < 0.5, "a firing rate of %g", u.rate);
    cr_assert(kept(&n, &u, 0) <= SPK_BY_REAL(0.3, 0.46), "%g bytes a neuron-step", kept(&n, &u, 0));
    cr_assert(4 * u.peak < all_gradients(&n), "the peak of %zu bytes has room for a quarter of the gradients of all spikes, %zu", u.peak,
              all_gradients(&n));
    const use written = run_step(&n, true);
    cr_assert(written.peak >= all_gradients(&n), "with a hook they are written out: a peak of %zu", written.peak);
    spk_ctx_destroy(n.ctx);
}

/* Changing current: that and one bit a neuron-step. */
Test(memory, changing_input) {
    const net n = net_of(3, 16, 128, 800);
    run_step(&n, false);
    const use u = run_step(&n, false);
    show("784-800-800-10", &n, &u);
    cr_assert(kept(&n, &u, 0) <= SPK_BY_REAL(0.4, 0.65), "first layer: %g bytes a neuron-step", kept(&n, &u, 0));
    cr_assert(kept(&n, &u, 1) <= SPK_BY_REAL(4.25, 8.25), "second layer: %g bytes a neuron-step", kept(&n, &u, 1));
    spk_ctx_destroy(n.ctx);
}

/* The need of a step is known after the first one, and the report says what it does. */
Test(memory, reports) {
    const net n = net_of(3, 8, 32, 200);
    const size_t parameters = (784 * 200 + 200 * 200 + 200 * 10) * sizeof(spk_real);
    const spk_memory_report at_first = spk_memory_use(n.ctx);
    cr_assert(at_first.step == 0 && at_first.step_peak == 0, "%zu, %zu", at_first.step, at_first.step_peak);
    cr_assert(at_first.held >= parameters, "%zu bytes are held, the weights need %zu", at_first.held, parameters);
    const use first = run_step(&n, false);
    const spk_memory_report once = spk_memory_use(n.ctx);
    const use second = run_step(&n, false);
    const spk_memory_report twice = spk_memory_use(n.ctx);
    cr_assert(first.peak > first.after_forward && first.after_forward > first.layer[0] + first.layer[1], "what a step needs");
    cr_assert_eq(second.peak, first.peak, "the first step's peak is %zu, the second's %zu", first.peak, second.peak);
    cr_assert(once.step == 0 && twice.step == 0, "a step that has ended uses nothing");
    cr_assert(once.held >= parameters + once.step_peak, "%zu bytes held, less than weights and a step", once.held);
    for (int i = 0; i < 4; i++) {
        const use more = run_step(&n, false);
        cr_assert(more.after_forward == second.after_forward && more.peak == first.peak, "step %d differs", i + 3);
        cr_assert_eq(spk_memory_use(n.ctx).held, twice.held, "step %d: held memory grew", i + 3);
    }
    const spk_memory_report none = spk_memory_use(NULL);
    cr_assert(none.held == 0 && none.step == 0 && none.step_peak == 0, "no context");
    spk_ctx_destroy(n.ctx);
}
