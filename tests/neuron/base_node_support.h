/* What the tests of the neuron as a module share. */
#ifndef SPK_TESTS_BASE_NODE_SUPPORT_H
#define SPK_TESTS_BASE_NODE_SUPPORT_H

#include "../core/support.h"

/* A tensor of values for one step. */
#define STEP(ctx, n, ...) spk_step_from((ctx), SPK_SHAPE(1, n), (const spk_real[]){__VA_ARGS__})

static inline spk_ctx *seeded(void) { return spk_ctx_create(.seed = 1); }

/* LIF as composed ops: no leak in the type. */
static inline spk_tensor *composed_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v) {
    return spk_lif_decay_input(x, v, spk_is_none(node->v_reset) ? 0 : node->v_reset, 2);
}
static const spk_neuron_type composed_type = {.module = SPK_NEURON_MODULE("composed", spk_base_node, spk_base_node_repr),
                                              .neuronal_dynamics = composed_dynamics};
static inline spk_module *composed(spk_ctx *ctx, spk_lif_opts o) {
    spk_base_node *node = spk_base_node_create(ctx, &composed_type, spk_base_node_part(o));
    return node ? &node->module : spk_inert_module();
}

#endif
