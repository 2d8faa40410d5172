/* Integrate-and-fire: a membrane without a leak. */
#include "neuron/lif.h"

static spk_leak if_leak(spk_base_node *node) {
    (void)node;
    return (spk_leak){.k = 0};
}

static const spk_neuron_type if_type = {.module = SPK_NEURON_MODULE("if", spk_base_node, spk_base_node_repr), .leak = if_leak};

spk_module *spk_if_with(spk_ctx *ctx, spk_base_node_opts options) {
    spk_base_node *node = spk_base_node_create(ctx, &if_type, options);
    return node ? &node->module : spk_inert_module();
}
