/* The neurons: IF, LIF and ParametricLIF. */
#ifndef SPK_NEURON_LIF_H
#define SPK_NEURON_LIF_H

#include "neuron/base_node.h"

SPK_BEGIN_DECLS

/** Integrate-and-fire: H = v + x. `spk_if(ctx, .parallel_optim = true, .T = 4)` */
#define spk_if(...) spk_if_keywords_(__VA_ARGS__, )
#define spk_if_keywords_(ctx, ...) spk_if_with((ctx), SPK_KEYWORDS(spk_base_node_opts, SPK_BASE_NODE_DEFAULTS, __VA_ARGS__))
SPK_API spk_module *spk_if_with(spk_ctx *ctx,
                                spk_base_node_opts options); /**< The function behind spk_if; defaults: spk_base_node_options. */

/** Options of spk_lif and spk_plif. */
typedef struct spk_lif_opts {
    double tau;       /**< membrane time constant in steps, > 1 (ParametricLIF: its first value); default 2 */
    bool decay_input; /**< the input decays as well; default true */
    SPK_BASE_NODE_FIELDS
} spk_lif_opts;
#define SPK_LIF_DEFAULTS .tau = 2, .decay_input = true, SPK_BASE_NODE_DEFAULTS
SPK_API spk_lif_opts spk_lif_options(void); /**< The defaults. */

/**
 * Leaky integrate-and-fire: H = v + (x - (v - v_rest)) / tau, or without decay_input H = v - (v - v_rest) / tau + x; v_rest is v_reset, or
 * 0 under soft reset. `spk_lif(ctx, .tau = 2.0, .T = 4, .parallel_optim = true)`
 */
#define spk_lif(...) spk_lif_keywords_(__VA_ARGS__, )
#define spk_lif_keywords_(ctx, ...) spk_lif_with((ctx), SPK_KEYWORDS(spk_lif_opts, SPK_LIF_DEFAULTS, __VA_ARGS__))
SPK_API spk_module *spk_lif_with(spk_ctx *ctx, spk_lif_opts options); /**< The function behind spk_lif. */

/** ParametricLIF (Fang et al., ICCV 2021): LIF with 1/tau = sigmoid(w), w a parameter that starts at -ln(tau - 1). */
#define spk_plif(...) spk_plif_keywords_(__VA_ARGS__, )
#define spk_plif_keywords_(ctx, ...) spk_plif_with((ctx), SPK_KEYWORDS(spk_lif_opts, SPK_LIF_DEFAULTS, __VA_ARGS__))
SPK_API spk_module *spk_plif_with(spk_ctx *ctx, spk_lif_opts options); /**< The function behind spk_plif. */

/** @name snngrow's static dynamics of LIFNode: H from the input and the membrane, as ops; tau is at least 1
 * @{ */
SPK_API spk_tensor *spk_lif_decay_input_reset0(spk_tensor *x, spk_tensor *v, double tau);             /**< v + (x - v) / tau */
SPK_API spk_tensor *spk_lif_decay_input(spk_tensor *x, spk_tensor *v, double v_reset, double tau);    /**< v + (x - (v - v_reset)) / tau */
SPK_API spk_tensor *spk_lif_no_decay_input_reset0(spk_tensor *x, spk_tensor *v, double tau);          /**< v - v / tau + x */
SPK_API spk_tensor *spk_lif_no_decay_input(spk_tensor *x, spk_tensor *v, double v_reset, double tau); /**< v - (v - v_reset) / tau + x */
/** @} */

SPK_END_DECLS

#endif
