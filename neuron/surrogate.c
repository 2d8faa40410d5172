#include "neuron/surrogate.h"
#include "core/numeric_internal.h"

static const spk_real pi = (spk_real)3.14159265358979323846;

/* A surrogate from its derivative and primitive as expressions of x, a = |x|, alpha and leak. */
#define SURROGATE(id, GRAD, PRIMITIVE)                                                                            \
    SPK_CLONES static void id##_grad(const spk_surrogate *s, int64_t n, const spk_real *xs, spk_real *out) {      \
        const spk_real alpha = s->alpha, leak = s->leak;                                                          \
        for (int64_t i = 0; i < n; i++) {                                                                         \
            const spk_real x = xs[i], a = spk_abs_scalar(x);                                                      \
            (void)x, (void)a, (void)alpha, (void)leak;                                                            \
            out[i] = GRAD;                                                                                        \
        }                                                                                                         \
    }                                                                                                             \
    SPK_CLONES static void id##_primitive(const spk_surrogate *s, int64_t n, const spk_real *xs, spk_real *out) { \
        const spk_real alpha = s->alpha, leak = s->leak;                                                          \
        for (int64_t i = 0; i < n; i++) {                                                                         \
            const spk_real x = xs[i], a = spk_abs_scalar(x);                                                      \
            (void)x, (void)a, (void)alpha, (void)leak;                                                            \
            out[i] = PRIMITIVE;                                                                                   \
        }                                                                                                         \
    }

SPK_INLINE spk_real square(spk_real x) { return x * x; }
/* y (1 - y) of y = sigmoid(x), from e = exp(-|x|): 1 - y would lose all digits where y is near 1. */
SPK_INLINE spk_real sigmoid_slope(spk_real e) { return e / square(1 + e); }
SPK_INLINE spk_real limited(spk_real x) { return x < 0 ? 0 : (x > 1 ? 1 : x); }

/* Expressions, which the formatter takes for declarations. */
/* clang-format off */
SURROGATE(sigmoid, alpha * sigmoid_slope(spk_exp_scalar(-alpha * a)), spk_sigmoid_scalar(alpha * x))
SURROGATE(atan, alpha / 2 / (1 + square(pi / 2 * alpha * x)), spk_atan_scalar(pi / 2 * alpha * x) / pi + (spk_real)0.5)
SURROGATE(piecewise_quadratic, a * alpha < 1 ? alpha - alpha * alpha * a : 0,
          a * alpha < 1 ? alpha * x * (1 - alpha * a / 2) + (spk_real)0.5 : limited(alpha * x))
SURROGATE(rect, a * alpha < (spk_real)0.5 ? alpha : 0, limited(alpha * x + (spk_real)0.5))
SURROGATE(piecewise_exp, alpha / 2 * spk_exp_scalar(-alpha * a),
          x < 0 ? spk_exp_scalar(-alpha * a) / 2 : 1 - spk_exp_scalar(-alpha * a) / 2)
SURROGATE(soft_sign, 1 / (2 * alpha * square(1 / alpha + a)), (alpha * x / (1 + alpha * a) + 1) / 2)
SURROGATE(super_spike, alpha / square(1 + a), x < 0 ? alpha / (1 + a) : alpha * (2 - 1 / (1 + a)))
SURROGATE(fast_sigmoid, 1 / square(1 + alpha * a), (x < 0 ? 1 / (1 + alpha * a) : 2 - 1 / (1 + alpha * a)) / alpha)
SURROGATE(erf, alpha / spk_sqrt_scalar(pi) * spk_exp_scalar(-square(alpha * x)), spk_erfc_scalar(-alpha * x) / 2)
SURROGATE(leaky_k_relu, x >= 0 ? alpha : leak, x >= 0 ? alpha * x : leak * x)
/* clang-format on */

#define ENTRY(id, alpha, leak, support) \
    { #id, id##_grad, id##_primitive, alpha, leak, support, true, NULL }

/* Defaults are the field's; `support` is that of alpha 1, and shrinks as 1 / alpha. */
static const spk_surrogate table[] = {
    ENTRY(sigmoid, 4, 0, INFINITY),      ENTRY(atan, 2, 0, INFINITY),          ENTRY(piecewise_quadratic, 1, 0, 1),
    ENTRY(rect, 1, 0, (spk_real)0.5),    ENTRY(piecewise_exp, 1, 0, INFINITY), ENTRY(soft_sign, 2, 0, INFINITY),
    ENTRY(super_spike, 1, 0, INFINITY),  ENTRY(fast_sigmoid, 25, 0, INFINITY), ENTRY(erf, 2, 0, INFINITY),
    ENTRY(leaky_k_relu, 1, 0, INFINITY),
};
enum { SURROGATES = sizeof table / sizeof *table };

const char *spk_surrogate_name(int i) { return i >= 0 && i < SURROGATES ? table[i].name : NULL; }

spk_surrogate_opts spk_surrogate_options(void) { return (spk_surrogate_opts){SPK_SURROGATE_DEFAULTS}; }

spk_surrogate spk_surrogate_named(const char *name, spk_surrogate_opts options) {
    const spk_surrogate invalid = {.name = name ? name : "(NULL)"};
    for (int i = 0; name && i < SURROGATES; i++) {
        if (strcmp(table[i].name, name) != 0) continue;
        spk_surrogate s = table[i];
        if (!spk_is_none(options.alpha)) s.alpha = (spk_real)options.alpha;
        if (!spk_is_none(options.leak)) s.leak = (spk_real)options.leak;
        s.support /= s.alpha;
        s.spiking = options.spiking;
        return s.alpha > 0 && isfinite(s.alpha) && isfinite(s.leak) ? s : invalid;
    }
    return invalid;
}

spk_surrogate spk_surrogate_custom(const char *name, spk_surrogate_function grad, spk_surrogate_function primitive, void *user) {
    return (spk_surrogate){
        .name = name ? name : "custom", .grad = grad, .primitive = primitive, .support = INFINITY, .spiking = true, .user = user};
}
