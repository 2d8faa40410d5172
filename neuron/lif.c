/* Leaky integrate-and-fire. */
#include "neuron/lif.h"

typedef struct lif_node {
    spk_base_node base;
    double tau;
    bool decay_input;
} lif_node;

static spk_leak lif_leak(spk_base_node *node) {
    const lif_node *lif = (const lif_node *)node;
    return (spk_leak){.k = 1 / lif->tau, .decay_input = lif->decay_input};
}

static void lif_repr(const spk_module *module, spk_text *text) {
    const lif_node *lif = (const lif_node *)module;
    spk_base_node_repr(module, text);
    spk_text_add(text, ", tau=%g, decay_input=%s", lif->tau, lif->decay_input ? "true" : "false");
}

static const spk_neuron_type lif_type = {.module = SPK_NEURON_MODULE("lif", lif_node, lif_repr), .leak = lif_leak};

spk_module *spk_lif_with(spk_ctx *ctx, spk_lif_opts options) {
    if (!(options.tau > 1)) spk_fail(ctx, "lif: .tau is %g; it must be greater than 1 step", options.tau);
    lif_node *lif = spk_base_node_create(ctx, &lif_type, spk_base_node_part(options));
    if (!lif) return spk_inert_module();
    lif->tau = options.tau;
    lif->decay_input = options.decay_input;
    return &lif->base.module;
}

spk_lif_opts spk_lif_options(void) { return (spk_lif_opts){SPK_LIF_DEFAULTS}; }

/* 1 / tau; the error of a tau that is none goes to the tensors' context. */
static double leak_of(const spk_tensor *x, const spk_tensor *v, double tau) {
    if (!(tau >= 1)) spk_fail(spk_tensor_ctx(x ? x : v), "lif: tau is %g; it must be at least 1 step", tau);
    return 1 / tau;
}

spk_tensor *spk_lif_decay_input(spk_tensor *x, spk_tensor *v, double v_reset, double tau) {
    return spk_leaky_charge((spk_leak){.k = leak_of(x, v, tau), .decay_input = true}, x, v, v_reset);
}

spk_tensor *spk_lif_no_decay_input(spk_tensor *x, spk_tensor *v, double v_reset, double tau) {
    return spk_leaky_charge((spk_leak){.k = leak_of(x, v, tau)}, x, v, v_reset);
}

spk_tensor *spk_lif_decay_input_reset0(spk_tensor *x, spk_tensor *v, double tau) { return spk_lif_decay_input(x, v, 0, tau); }
spk_tensor *spk_lif_no_decay_input_reset0(spk_tensor *x, spk_tensor *v, double tau) { return spk_lif_no_decay_input(x, v, 0, tau); }
