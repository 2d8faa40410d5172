/*
 * w1, SpikingJelly's lif_fc_mnist: 784-10 without bias, LIF tau 2 (decay_input, hard reset), ATan(2), Poisson T = 100, batch 64, Adam 1e-3,
 * mean squared error of the rates.
 *
 * w2, snnTorch's tutorial 5: 784-1000-10 with bias, LIF beta 0.95 (tau 20, no decay_input), soft reset, ATan, detached reset, T = 25, batch
 * 128, constant input, Adam 5e-4, loss = sum over time of the cross entropy of the output membrane after each step.
 *
 * w3-512, w3-4096, Open Neuromorphic's benchmark: Linear(n, n) + LIF tau 2 (decay_input, hard reset), ATan, batch 16, T = 500, one fixed
 * normal input, loss = sum of the spikes; forward and backward, without the input's gradient and without an optimizer.
 *
 * w4: 784-800-800-10 with bias, LIF tau 2 (decay_input, hard reset), ATan, T = 16, batch 128, constant input, Adam 1e-3, cross entropy of
 * the mean spikes. w4-triangle: the same with a triangle as surrogate.
 */
#include "works.h"
#include <string.h>

/* Neurons as all works but w2 have them. */
static spk_module *lif(spk_ctx *ctx, const work *w, bool bits) {
    return spk_lif(ctx, .tau = 2, .surrogate_function = spk_surrogate_of(w->surrogate), .parallel_optim = true, .T = w->T,
                   .spike_out = bits);
}

static spk_module *w1_net(spk_ctx *ctx, const work *w) {
    return spk_sequential(ctx, spk_linear_layer(ctx, PIXELS, CLASSES, .bias = false), lif(ctx, w, false));
}

static spk_tensor *mean_spikes(spk_module *net, spk_tensor *input, int64_t T) { return spk_mean_over_time(spk_call(net, input), T); }

static spk_tensor *w1_loss(spk_module *net, spk_tensor *input, spk_tensor *labels, int64_t T) {
    return spk_rate_mse(spk_call(net, input), labels, T);
}

static spk_module *w2_net(spk_ctx *ctx, const work *w) {
    spk_lif_opts hidden = spk_lif_options();
    hidden.tau = 20, hidden.decay_input = false, hidden.v_reset = SPK_NONE, hidden.detach_reset = true;
    hidden.parallel_optim = true, hidden.T = w->T, hidden.surrogate_function = spk_surrogate_of(w->surrogate);
    spk_lif_opts output = hidden;
    hidden.spike_out = true, output.store_v_seq = true;
    return spk_sequential(ctx, spk_linear_layer(ctx, PIXELS, 1000), spk_lif_with(ctx, hidden), spk_linear_layer(ctx, 1000, CLASSES),
                          spk_lif_with(ctx, output));
}

static spk_tensor *w2_scores(spk_module *net, spk_tensor *input, int64_t T) {
    spk_call(net, input);
    return spk_sum_over_time(spk_v_seq(spk_find_module(net, "3")), T);
}

static spk_tensor *w2_loss(spk_module *net, spk_tensor *input, spk_tensor *labels, int64_t T) {
    spk_call(net, input);
    return spk_membrane_cross_entropy(spk_v_seq(spk_find_module(net, "3")), labels, T);
}

static spk_module *w3_net(spk_ctx *ctx, const work *w) {
    return spk_sequential(ctx, spk_linear_layer(ctx, w->width, w->width), lif(ctx, w, true));
}

static spk_tensor *w3_loss(spk_module *net, spk_tensor *input, spk_tensor *labels, int64_t T) {
    (void)labels, (void)T;
    return spk_sum(spk_call(net, input));
}

static spk_module *w4_net(spk_ctx *ctx, const work *w) {
    return spk_sequential(ctx, spk_linear_layer(ctx, PIXELS, 800), lif(ctx, w, true), spk_linear_layer(ctx, 800, 800), lif(ctx, w, true),
                          spk_linear_layer(ctx, 800, CLASSES), lif(ctx, w, false));
}

static spk_tensor *w4_loss(spk_module *net, spk_tensor *input, spk_tensor *labels, int64_t T) {
    return spk_spike_cross_entropy(spk_call(net, input), labels, T, 0);
}

static const work works[] = {
    {"w1", 100, 64, PIXELS, 1e-3, w1_net, spk_poisson_encode, mean_spikes, w1_loss, "atan"},
    {"w2", 25, 128, PIXELS, 5e-4, w2_net, spk_constant_encode, w2_scores, w2_loss, "atan"},
    {"w3-512", 500, 16, 512, 0, w3_net, NULL, NULL, w3_loss, "atan"},
    {"w3-4096", 500, 16, 4096, 0, w3_net, NULL, NULL, w3_loss, "atan"},
    {"w4", 16, 128, PIXELS, 1e-3, w4_net, spk_constant_encode, mean_spikes, w4_loss, "atan"},
    {"w4-triangle", 16, 128, PIXELS, 1e-3, w4_net, spk_constant_encode, mean_spikes, w4_loss, "piecewise_quadratic"},
};

const work *work_find(const char *name) {
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        if (strcmp(name, works[i].name) == 0) return &works[i];
    return NULL;
}

const char *work_names(void) { return "w1 w2 w3-512 w3-4096 w4 w4-triangle"; }

spk_tensor *work_fixed_input(spk_ctx *ctx, const work *w) {
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(w->T * w->batch, w->width));
    spk_fill_normal(x, 0, 1);
    return x;
}
