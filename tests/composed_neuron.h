/* A neuron as a user would write it: the library's charge as dynamics and no leak, so that it runs step by step, composed of ops. */
#ifndef SPK_TESTS_COMPOSED_NEURON_H
#define SPK_TESTS_COMPOSED_NEURON_H

#include <spiketape.h>

typedef struct composed_node {
    spk_base_node base;
    spk_leak leak;
    spk_tensor *w; /* a learned leak, sigmoid(w); else NULL */
} composed_node;

static spk_tensor *composed_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v) {
    const composed_node *composed = (const composed_node *)node;
    spk_leak leak = composed->leak;
    if (composed->w) leak.by = spk_sigmoid(composed->w);
    return spk_leaky_charge(leak, x, v, spk_is_none(node->v_reset) ? 0 : node->v_reset);
}

static const spk_neuron_type composed_type = {.module = SPK_NEURON_MODULE("composed", composed_node, spk_base_node_repr),
                                              .neuronal_dynamics = composed_dynamics};

#endif
