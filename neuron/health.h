/* The health of spiking layers over an epoch: which were silent, saturated, or gave no gradient. */
#ifndef SPK_NEURON_HEALTH_H
#define SPK_NEURON_HEALTH_H

#include "nn/module.h"

SPK_BEGIN_DECLS

/** A watch over the neurons of a net, owned by its context. */
typedef struct spk_health spk_health;

/**
 * From where on spk_health_report speaks of a layer. The defaults are rules of thumb: after an epoch of MNIST with two hidden layers the
 * ten surrogates, at their default sharpness, had mean slopes from 0.018 (fast_sigmoid, the narrowest) to 0.44, and gradients that grew by
 * 0.6 to 4.3 from layer to layer.
 */
typedef struct spk_health_opts {
    double saturated; /**< this share of neuron-steps fired; default 0.99 */
    double stuck;     /**< more than this share of the neurons never fired, or fired at every step; default 0.5 */
    double slope;     /**< the surrogate's mean slope is below this times its slope at the threshold; default 1e-3 */
    double vanishing; /**< the gradient at the input is below this times that of the next neurons; default 1e-3 */
    double exploding; /**< the gradient at the input is above this times that of the next neurons; default 1e3 */
    int64_t every;    /**< slopes and gradients are looked at in one of this many steps (spk_end_step), from the first on; default 8 */
} spk_health_opts;
#define SPK_HEALTH_DEFAULTS .saturated = 0.99, .stuck = 0.5, .slope = 1e-3, .vanishing = 1e-3, .exploding = 1e3, .every = 8

/**
 * Watches every neuron layer in `net` from now on, for as long as the context lives: `spk_watch_health(net)`. Counted are calls in training
 * mode through spk_call; what a step had counted before it failed stays counted. A forward costs a count of the spikes, and one of `every`
 * backwards a sum over the surrogate's slopes and one over the gradient at the layer's input; no bit of a result changes. NULL after an
 * error: a net without neurons, or one that is watched already.
 */
#define spk_watch_health(...) spk_watch_health_keywords_(__VA_ARGS__, )
#define spk_watch_health_keywords_(net, ...) spk_watch_health_with((net), SPK_KEYWORDS(spk_health_opts, SPK_HEALTH_DEFAULTS, __VA_ARGS__))
/** The function behind spk_watch_health. */
SPK_API spk_health *spk_watch_health_with(spk_module *net, spk_health_opts options);
/** The defaults of spk_watch_health. */
SPK_API spk_health_opts spk_health_options(void);

/** What was seen of one layer since spk_watch_health or spk_health_clear. */
typedef struct spk_layer_health {
    const char *name, *type;      /**< `net.2`, `lif`; as long as the watch */
    int64_t neuron_steps, spikes; /**< neurons times samples times steps, and how many of them fired */
    int64_t neurons;              /**< one sample's; this and the next two are 0 if their number changed */
    int64_t never, always;        /**< those that never fired, and those that always did */
    double rate;                  /**< spikes / neuron_steps; NaN before a call */
    /** The mean of g(H - v_threshold) / g(0) over the neuron-steps of the backwards looked at, g the surrogate's derivative; NaN without
     * any. */
    double slope;
    /**
     * The 2-norm of all gradients seen that reached the layer's input. Constant input that is stored once counts with its sum over time.
     * NaN without any, as where the input is no op's result.
     */
    double gradient;
} spk_layer_health;
/** The number of watched layers; 0 for NULL. */
SPK_API int spk_health_layers(const spk_health *health);
/** What was seen of layer i, in the order of a walk over the net; all zero when there is no such layer. */
SPK_API spk_layer_health spk_health_layer(const spk_health *health, int i);

/**
 * One line for each finding, with the layer's name and what to try; "" when all is well. Owned by the watch, until the next call. It says:
 * silent (no spike at all), saturated, neurons that never or always fire, a surrogate whose slopes vanish, and gradients that vanish or
 * explode from one layer of neurons to that before it. NULL gives "", and so does a context that has failed.
 */
SPK_API const char *spk_health_report(spk_health *health);
/** Begins anew, as for the next epoch. NULL is allowed. */
SPK_API void spk_health_clear(spk_health *health);

SPK_END_DECLS

#endif
