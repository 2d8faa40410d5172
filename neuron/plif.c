/* ParametricLIF: the time constant is learned (Fang et al., ICCV 2021, arXiv 2007.05785). */
#include "autograd/ops.h"
#include "neuron/lif.h"
#include "nn/module_internal.h"
#include <math.h>

typedef struct plif_node {
    spk_base_node base;
    spk_tensor *w; /* 1/tau = sigmoid(w) */
    bool decay_input;
} plif_node;

static spk_leak plif_leak(spk_base_node *node) {
    const plif_node *plif = (const plif_node *)node;
    return (spk_leak){.by = spk_sigmoid(plif->w), .decay_input = plif->decay_input};
}

static void plif_repr(const spk_module *module, spk_text *text) {
    const plif_node *plif = (const plif_node *)module;
    spk_base_node_repr(module, text);
    spk_text_add(text, ", tau=%g, decay_input=%s", 1 + exp(-spk_item(plif->w)), plif->decay_input ? "true" : "false");
}

static const spk_neuron_type plif_type = {.module = SPK_NEURON_MODULE("plif", plif_node, plif_repr), .leak = plif_leak};

spk_module *spk_plif_with(spk_ctx *ctx, spk_lif_opts options) {
    if (!(options.tau > 1) || isinf(options.tau))
        spk_fail(ctx, "plif: .tau is %g; it must be greater than 1 step, and finite", options.tau);
    plif_node *plif = spk_base_node_create(ctx, &plif_type, spk_base_node_part(options));
    if (!plif) return spk_inert_module();
    plif->decay_input = options.decay_input;
    plif->w = spk_register_parameter(&plif->base.module, "w", SPK_SCALAR);
    spk_fill(plif->w, -log(options.tau - 1));
    return spk_module_or_inert(&plif->base.module);
}
