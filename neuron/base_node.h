/* BaseNode: the spiking neuron as a module. A neuron of one's own states its dynamics; charge, fire, reset and time are here. */
#ifndef SPK_NEURON_BASE_NODE_H
#define SPK_NEURON_BASE_NODE_H

#include "neuron/surrogate.h"
#include "nn/module.h"

SPK_BEGIN_DECLS

/** The options that every neuron has, with snngrow's names; put them into an options struct of one's own. */
#define SPK_BASE_NODE_FIELDS                                                                                                \
    double v_threshold;               /**< the neuron fires where its membrane reaches this; default 1 */                   \
    double v_reset;                   /**< hard reset to this after a spike; SPK_NONE: soft, less v_threshold; default 0 */ \
    spk_surrogate surrogate_function; /**< all zero: sigmoid with alpha 4, the default */                                   \
    bool detach_reset;                /**< no gradient through the spike in the reset; default false */                     \
    bool parallel_optim;              /**< the input holds all T steps, [T*N, ...]; default false: one step a call */       \
    int64_t T;                        /**< time steps of an input under parallel_optim; default 1 */                        \
    bool spike_out;                   /**< spikes stored as bits (snngrow: SpikeTensor); default false */                   \
    bool store_v_seq;                 /**< keep the membrane after each step for spk_v_seq; default false */

/** The defaults of SPK_BASE_NODE_FIELDS. */
#define SPK_BASE_NODE_DEFAULTS .v_threshold = 1, .v_reset = 0, .T = 1

/** Options of spk_base_node. */
typedef struct spk_base_node_opts {
    SPK_BASE_NODE_FIELDS
} spk_base_node_opts;
SPK_API spk_base_node_opts spk_base_node_options(void); /**< The defaults. */

/** The fields of an options struct that holds SPK_BASE_NODE_FIELDS, as spk_base_node_opts. */
#define spk_base_node_part(o)                                                                                                \
    ((spk_base_node_opts){(o).v_threshold, (o).v_reset, (o).surrogate_function, (o).detach_reset, (o).parallel_optim, (o).T, \
                          (o).spike_out, (o).store_v_seq})

typedef struct spk_base_node spk_base_node;

/** A charge that is linear in membrane and input: H = (v + c x) - k (v - v_rest), with c = k under decay_input, else 1. IF has k = 0. */
typedef struct spk_leak {
    double k;         /**< 1 / tau */
    spk_tensor *by;   /**< k as a tensor of one element that takes a gradient, or NULL */
    bool decay_input; /**< the input decays as well */
} spk_leak;

/** The type of a neuron: a module type and its dynamics. One of the two dynamics is needed, the rest may be NULL. */
typedef struct spk_neuron_type {
    spk_module_type module; /**< SPK_NEURON_MODULE("lif", lif_node, lif_repr) */
    /** Charge: the membrane before firing, H, from the input and the membrane before it. Built from ops; runs step by step. */
    spk_tensor *(*neuronal_dynamics)(spk_base_node *node, spk_tensor *x, spk_tensor *v);
    /** The charge's constants, for neurons that are linear in v and x: all T steps then run in one fused op. */
    spk_leak (*leak)(spk_base_node *node);
    /** Fire: the spikes from H. NULL: heaviside(H - v_threshold) with the surrogate. Not used with leak. */
    spk_tensor *(*neuronal_fire)(spk_base_node *node, spk_tensor *h);
    /** Reset: the membrane from H and the spikes. NULL: hard or soft, as v_reset says. Not used with leak. */
    spk_tensor *(*neuronal_reset)(spk_base_node *node, spk_tensor *h, spk_tensor *spikes);
} spk_neuron_type;

/** The module part of a neuron type: its name, its struct, and its extra_repr (spk_base_node_repr, or one that calls it). */
#define SPK_NEURON_MODULE(type_name, type_struct, repr) \
    { .name = (type_name), .size = sizeof(type_struct), .forward = spk_base_node_forward, .extra_repr = (repr) }

/** A neuron layer. Embed it first in a struct of one's own; its memory `v` is the membrane. */
struct spk_base_node {
    spk_module module; /**< the neuron as a module */
    SPK_BASE_NODE_FIELDS
    spk_tensor *spikes; /**< of the last forward */
    spk_tensor *v_seq;  /**< of the last forward, under store_v_seq */
    uint64_t step;      /**< of the last forward: with its end the two are gone */
};

/** A neuron of a type, zeroed after the spk_base_node; NULL after an error (return spk_inert_module() then). */
SPK_API void *spk_base_node_create(spk_ctx *ctx, const spk_neuron_type *type, spk_base_node_opts options);
/** BaseNode itself: it has no dynamics, and calling it is an error that says so. `spk_base_node(ctx, .v_threshold = 1.0)` */
#define spk_base_node(...) spk_base_node_keywords_(__VA_ARGS__, )
#define spk_base_node_keywords_(ctx, ...) spk_base_node_with((ctx), SPK_KEYWORDS(spk_base_node_opts, SPK_BASE_NODE_DEFAULTS, __VA_ARGS__))
SPK_API spk_module *spk_base_node_with(spk_ctx *ctx, spk_base_node_opts options); /**< The function behind spk_base_node. */
/** The forward of every neuron: spk_parallel_optim_forward or spk_simple_forward. Call the module with spk_call, which runs its hooks. */
SPK_API spk_tensor *spk_base_node_forward(spk_module *module, spk_tensor *x);
/** Prints the options of SPK_BASE_NODE_FIELDS; a neuron's own extra_repr calls it first. Nothing for another module. */
SPK_API void spk_base_node_repr(const spk_module *module, spk_text *text);
/** A module as the neuron that it is; NULL for another module. */
SPK_API spk_base_node *spk_as_node(spk_module *module);

/** One time step, x [N, ...]: charge, fire, reset; gives the spikes. The module's forward is this, or the next under parallel_optim. */
SPK_API spk_tensor *spk_simple_forward(spk_base_node *node, spk_tensor *x);
/** T time steps, x [T*N, ...]: as T calls of spk_simple_forward on the steps' rows, in one fused op where the type allows it. */
SPK_API spk_tensor *spk_parallel_optim_forward(spk_base_node *node, spk_tensor *x_seq);
/** Charge: H from the input and the membrane. */
SPK_API spk_tensor *spk_neuronal_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v);
/** Fire: the spikes, heaviside(H - v_threshold). */
SPK_API spk_tensor *spk_neuronal_fire(spk_base_node *node, spk_tensor *h);
/** Reset: the membrane after the spikes. */
SPK_API spk_tensor *spk_neuronal_reset(spk_base_node *node, spk_tensor *h, spk_tensor *spikes);
/** (1 - S) v + S v_reset. */
SPK_API spk_tensor *spk_hard_reset(spk_tensor *v, spk_tensor *spikes, double v_reset);
/** v - S v_threshold. */
SPK_API spk_tensor *spk_soft_reset(spk_tensor *v, spk_tensor *spikes, double v_threshold);
/** The membrane as a tensor of x's shape: at its reset value it is made so (snngrow: v_float_to_tensor). */
SPK_API spk_tensor *spk_v_float_to_tensor(spk_base_node *node, spk_tensor *x);
/** The charge of a leak, from ops: what the fused op computes for each step. k and v_rest are finite. */
SPK_API spk_tensor *spk_leaky_charge(spk_leak leak, spk_tensor *x, spk_tensor *v, double v_rest);

/** The membrane after the last forward, [N, ...], with its graph; NULL at the reset value (no error) or for another module. */
SPK_API spk_tensor *spk_v(spk_module *neuron);
/** The membrane after each step of the last forward, [T*N, ...], with its graph. Needs store_v_seq: an error otherwise. */
SPK_API spk_tensor *spk_v_seq(spk_module *neuron);
/** The spikes of the last forward, as the next layer gets them. An error before a forward, or after its step. */
SPK_API spk_tensor *spk_spikes(spk_module *neuron);
/** The share of neuron-steps that fired in the last forward, 0 to 1; NaN after an error. Read it before spk_end_step. */
SPK_API double spk_firing_rate(spk_module *neuron);

SPK_END_DECLS

#endif
