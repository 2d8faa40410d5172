/* What docs/coming-from.md says of snnTorch: the numbers are those of snnTorch 1.0.0 with PyTorch, computed in float. */
#include "../core/support.h"

enum { STEPS = 7 };
static const spk_real input[STEPS] = {0.5, 0.75, 1.25, 0.25, 1.5, 0, (spk_real)0.8125};
#define BETA 0.75
#define TAU (1 / (1 - BETA))

/* What snn.Leaky(beta=0.75) gave: spikes, `mem`, and the gradient of the spikes' sum at the input. */
typedef struct leaky_numbers {
    double spikes[STEPS], membrane[STEPS], gradient[STEPS];
} leaky_numbers;

static const leaky_numbers zero = {{0, 1, 1, 0, 1, 0, 0},
                                   {0.5, 1.125, 1.25, 0.25, 1.6875, 0, 0.8125},
                                   {0.9381940364837646, 0.8663915395736694, 0.6184864044189453, 0.28502675890922546, 0.17652466893196106,
                                    0.6488014459609985, 0.7424024343490601}},
                           subtract = {{0, 1, 1, 0, 1, 0, 1},
                                       {0.5, 0.125, 0.34375, 0.5078125, 0.880859375, 0.66064453125, 0.3079833984375},
                                       {0.7882750034332275, 0.9366215467453003, 0.7008537650108337, 0.5924630165100098, 0.5626792907714844,
                                        0.6740968227386475, 0.5164837837219238}},
                           subtract_delayed = {{0, 1, 1, 0, 1, 0, 0},
                                               {0.5, 1.125, 1.09375, 0.0703125, 1.552734375, 0.16455078125, 0.9359130859375},
                                               {1.7799873352050781, 1.988782525062561, 1.496521234512329, 0.7684556245803833,
                                                0.8847055435180664, 0.8475454449653625, 0.9610433578491211}};

/* Runs a neuron step by step. `before` asks for the membrane before the reset, which a hard reset to 0 shows where there is no spike. */
static void assert_like(spk_ctx *ctx, spk_module *neuron, const leaky_numbers *expected, bool before) {
    spk_tensor *x = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(STEPS, 1), input), true), *sum = spk_full(ctx, SPK_SHAPE(1, 1), 0);
    for (int t = 0; t < STEPS; t++) {
        spk_tensor *spikes = spk_call(neuron, spk_slice(x, t, t + 1));
        sum = spk_add(sum, spikes);
        assert_fine(ctx, "a step");
        cr_assert_eq((double)spk_data(spikes)[0], expected->spikes[t], "spike at step %d", t);
        const double v = spk_data(spk_v(neuron))[0];
        cr_assert_float_eq(v, before && expected->spikes[t] > 0 ? 0 : expected->membrane[t], 1e-6, "membrane at step %d: %g", t, v);
    }
    spk_backward(spk_sum(sum));
    assert_fine(ctx, "backward");
    for (int t = 0; t < STEPS; t++)
        cr_assert_float_eq(spk_data(spk_grad(x))[t], expected->gradient[t], 2e-6, "gradient at step %d: %g", t,
                           (double)spk_data(spk_grad(x))[t]);
}

Test(coming_from, reset_to_zero) {
    spk_ctx *ctx = spk_ctx_create();
    assert_like(ctx, spk_lif(ctx, .tau = TAU, .decay_input = false, .detach_reset = true, .surrogate_function = spk_surrogate_atan()),
                &zero, true);
    spk_ctx_destroy(ctx);
}

Test(coming_from, reset_by_subtraction) {
    spk_ctx *ctx = spk_ctx_create();
    assert_like(ctx, spk_lif(ctx, .tau = TAU, .decay_input = false, .v_reset = SPK_NONE, .surrogate_function = spk_surrogate_atan()),
                &subtract, false);
    spk_ctx_destroy(ctx);
}

typedef struct leaky_node {
    spk_base_node base;
    double beta;
} leaky_node;

/* mem = beta mem + x - threshold where the last mem was above it. */
static spk_tensor *leaky_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v) {
    spk_tensor *reset = spk_tensor_detach(spk_neuronal_fire(node, v));
    return spk_soft_reset(spk_add(spk_scale(v, ((leaky_node *)node)->beta), x), reset, node->v_threshold);
}

static spk_tensor *no_reset(spk_base_node *node, spk_tensor *h, spk_tensor *spikes) {
    (void)node, (void)spikes;
    return h;
}

static const spk_neuron_type leaky_type = {
    .module = SPK_NEURON_MODULE("leaky", leaky_node, spk_base_node_repr), .neuronal_dynamics = leaky_dynamics, .neuronal_reset = no_reset};

static spk_module *leaky(spk_ctx *ctx, double beta, spk_base_node_opts options) {
    leaky_node *node = spk_base_node_create(ctx, &leaky_type, options);
    if (!node) return spk_inert_module();
    node->beta = beta;
    return &node->base.module;
}

Test(coming_from, delayed_reset) {
    spk_ctx *ctx = spk_ctx_create();
    spk_base_node_opts options = spk_base_node_options();
    options.surrogate_function = spk_surrogate_atan();
    assert_like(ctx, leaky(ctx, BETA, options), &subtract_delayed, false);
    spk_ctx_destroy(ctx);
}

/* decay_input divides the input by tau: the weights times tau, and all is as without. */
Test(coming_from, decay_input_scales_the_input) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(STEPS, 1), input);
    spk_tensor *a = spk_call(spk_lif(ctx, .tau = TAU, .decay_input = false, .parallel_optim = true, .T = STEPS), x);
    spk_tensor *b = spk_call(spk_lif(ctx, .tau = TAU, .parallel_optim = true, .T = STEPS), spk_scale(x, TAU));
    assert_same(a, b, 0, "spikes");
    cr_assert_gt(spk_item(spk_sum(a)), 0, "it fires");
    spk_ctx_destroy(ctx);
}

/* At the threshold itself we fire, as snngrow and SpikingJelly; snnTorch does not. */
Test(coming_from, at_the_threshold) {
    spk_ctx *ctx = spk_ctx_create();
    cr_assert_eq(spk_item(spk_sum(spk_call(spk_if(ctx), spk_full(ctx, SPK_SHAPE(1), 1)))), 1);
    spk_ctx_destroy(ctx);
}

/* Slopes of snntorch.surrogate at -0.3, 0 and 0.1. */
Test(coming_from, surrogates) {
    static const struct {
        const char *ours;
        double alpha, slope[3];
    } rows[] = {{"atan", 2, {0.5295867919921875, 1, 0.9101698994636536}},
                {"fast_sigmoid", 25, {0.013840830884873867, 1, 0.08163265138864517}},
                {"sigmoid", 25, {0.01381181925535202, 6.25, 1.752592921257019}}};
    spk_ctx *ctx = spk_ctx_create();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        spk_tensor *x =
            spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(3), (const spk_real[]){(spk_real)-0.3, 0, (spk_real)0.1}), true);
        spk_backward(spk_sum(spk_heaviside(x, spk_surrogate_of(rows[i].ours, .alpha = rows[i].alpha))));
        for (int k = 0; k < 3; k++) cr_assert_float_eq(spk_data(spk_grad(x))[k], rows[i].slope[k], 1e-6, "%s at %d", rows[i].ours, k);
    }
    assert_fine(ctx, "surrogates");
    spk_ctx_destroy(ctx);
}
