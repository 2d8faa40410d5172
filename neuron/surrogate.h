/* Surrogates: a step forward, a smooth slope backward. */
#ifndef SPK_NEURON_SURROGATE_H
#define SPK_NEURON_SURROGATE_H

#include "core/tensor.h"

SPK_BEGIN_DECLS

typedef struct spk_surrogate spk_surrogate;

/** A function over an array: out[i] = f(x[i]) for n elements, x = H - v_threshold. Called on pieces that fit the L1 cache, by any thread.
 */
typedef void (*spk_surrogate_function)(const spk_surrogate *surrogate, int64_t n, const spk_real *x, spk_real *out);

/** A surrogate: a value, copied freely. Make one with the functions below. */
struct spk_surrogate {
    const char *name;                 /**< for messages */
    spk_surrogate_function grad;      /**< the derivative that backward uses; NULL in an invalid surrogate */
    spk_surrogate_function primitive; /**< its integral, forward's value when not spiking */
    spk_real alpha, leak;             /**< its parameters */
    spk_real support; /**< the derivative is 0 where |x| is larger, and is not asked for there; infinite for most, shrinks as 1 / alpha */
    bool spiking;     /**< forward gives the step (true) or the primitive, in training and in evaluation alike */
    void *user;       /**< of spk_surrogate_custom */
};

/** Parameters of the built-in surrogates; SPK_NONE takes the surrogate's default. */
typedef struct spk_surrogate_opts {
    union {
        double alpha; /**< sharpness */
        double slope; /**< the name of fast_sigmoid's */
        double k;     /**< the name of leaky_k_relu's */
    };
    double leak;  /**< of leaky_k_relu: the slope below the threshold */
    bool spiking; /**< default true */
} spk_surrogate_opts;

#define SPK_SURROGATE_DEFAULTS .alpha = SPK_NONE, .leak = SPK_NONE, .spiking = true

/**
 * A built-in surrogate by name: `spk_surrogate_of("atan", .alpha = 2.0)`. Derivatives g(x), with their defaults:
 *
 * | name                | default        | g(x)                                                             |
 * | ------------------- | -------------- | ---------------------------------------------------------------- |
 * | sigmoid             | alpha 4        | alpha s (1 - s), s = sigmoid(alpha x)                            |
 * | atan                | alpha 2        | (alpha / 2) / (1 + (pi alpha x / 2)^2) (Fang et al. 2021)        |
 * | piecewise_quadratic | alpha 1        | max(0, alpha - alpha^2 abs(x)): a triangle                       |
 * | rect                | alpha 1        | alpha where abs(x) < 0.5 / alpha, else 0                         |
 * | piecewise_exp       | alpha 1        | (alpha / 2) exp(-alpha abs(x))                                   |
 * | soft_sign           | alpha 2        | 1 / (2 alpha (1 / alpha + abs(x))^2)                             |
 * | super_spike         | alpha 1        | alpha / (1 + abs(x))^2 (Zenke and Ganguli 2018)                  |
 * | fast_sigmoid        | slope 25       | 1 / (1 + slope abs(x))^2 (snnTorch)                              |
 * | erf                 | alpha 2        | (alpha / sqrt(pi)) exp(-alpha^2 x^2)                             |
 * | leaky_k_relu        | leak 0, k 1    | k where x >= 0, else leak                                        |
 *
 * An unknown name or a parameter that is not positive (leak: not finite) gives an invalid surrogate, which neurons refuse with an error.
 */
#define spk_surrogate_of(...) spk_surrogate_keywords_(__VA_ARGS__, )
#define spk_surrogate_keywords_(name, ...) \
    spk_surrogate_named((name), SPK_KEYWORDS(spk_surrogate_opts, SPK_SURROGATE_DEFAULTS, __VA_ARGS__))
SPK_API spk_surrogate spk_surrogate_named(const char *name, spk_surrogate_opts options); /**< The function behind spk_surrogate_of. */
SPK_API spk_surrogate_opts spk_surrogate_options(void);                                  /**< The defaults. */
/** The name of built-in surrogate i, from 0; NULL after the last. */
SPK_API const char *spk_surrogate_name(int i);

/** @name The two that snngrow has, as it spells them
 * @{ */
/** As spk_surrogate_of("sigmoid", ...). */
#define spk_surrogate_sigmoid(...) spk_surrogate_named("sigmoid", SPK_KEYWORDS(spk_surrogate_opts, SPK_SURROGATE_DEFAULTS, __VA_ARGS__))
/** As spk_surrogate_of("atan", ...). */
#define spk_surrogate_atan(...) spk_surrogate_named("atan", SPK_KEYWORDS(spk_surrogate_opts, SPK_SURROGATE_DEFAULTS, __VA_ARGS__))
/** @} */

/** A surrogate from two functions of one's own; primitive may be NULL if it always spikes. `user` is found in surrogate->user. */
SPK_API spk_surrogate spk_surrogate_custom(const char *name, spk_surrogate_function grad, spk_surrogate_function primitive, void *user);

/** S = 1 where x >= 0, else 0 (or the primitive of x); the gradient is the surrogate's: gx = gS g(x). */
SPK_API spk_tensor *spk_heaviside(spk_tensor *x, spk_surrogate surrogate);

SPK_END_DECLS

#endif
