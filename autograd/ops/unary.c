/* Functions of one element. */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"

/* Constants of an op: a factor, an exponent, limits. */
typedef struct constants {
    spk_real p, q;
} constants;

typedef struct work {
    constants c;
    const spk_real *restrict x, *restrict y, *restrict g;
    spk_real *restrict out;
} work;

static bool infer(spk_record *r) { return spk_output(r, 0, spk_tensor_shape(r->in[0])); }

static void run(spk_record *r, const spk_real *g, spk_real *out, spk_range range) {
    work w = {*(const constants *)r->attributes, spk_values(r->in[0]), spk_values(r->out[0]), g, out};
    if (out) spk_parallel(spk_count(r->in[0]), SPK_GRAIN_ELEMENTS, range, &w);
}

/* An op from y(x; p, q) and dy/dx, which may read x, y, p and q; `x_saved` and `y_saved` say which of x and y it reads. REMEDY is the op's.
 */
#define UNARY(id, x_saved, y_saved, Y, DYDX, REMEDY)                                                            \
    SPK_CLONES static void id##_value_range(void *v, int64_t begin, int64_t end) {                              \
        const work *w = v;                                                                                      \
        const spk_real p = w->c.p, q = w->c.q;                                                                  \
        (void)p, (void)q;                                                                                       \
        for (int64_t i = begin; i < end; i++) {                                                                 \
            const spk_real x = w->x[i];                                                                         \
            w->out[i] = Y;                                                                                      \
        }                                                                                                       \
    }                                                                                                           \
    SPK_CLONES static void id##_grad_range(void *v, int64_t begin, int64_t end) {                               \
        const work *w = v;                                                                                      \
        const spk_real p = w->c.p, q = w->c.q;                                                                  \
        (void)p, (void)q;                                                                                       \
        for (int64_t i = begin; i < end; i++) {                                                                 \
            const spk_real x = w->x[i], y = w->y[i];                                                            \
            (void)x, (void)y;                                                                                   \
            w->out[i] = w->g[i] * (DYDX);                                                                       \
        }                                                                                                       \
    }                                                                                                           \
    static void id##_forward(spk_record *r) { run(r, NULL, spk_values(r->out[0]), id##_value_range); }          \
    static void id##_backward(spk_record *r) { run(r, spk_grad_of(r, 0), spk_grad_to(r, 0), id##_grad_range); } \
    const spk_op spk_op_##id = {.name = #id,                                                                    \
                                .inputs = 1,                                                                    \
                                .attributes = sizeof(constants),                                                \
                                .saved_inputs = (x_saved),                                                      \
                                .saved_outputs = (y_saved),                                                     \
                                .infer = infer,                                                                 \
                                .forward = id##_forward,                                                        \
                                .backward = id##_backward,                                                      \
                                .remedy = (REMEDY)};

#define WITHOUT_CONSTANTS(id) \
    spk_tensor *spk_##id(spk_tensor *x) { return spk_apply(&spk_op_##id, &(constants){0}, x); }
#define WITH_CONSTANT(id, constant) \
    spk_tensor *spk_##id(spk_tensor *x, double constant) { return spk_apply(&spk_op_##id, &(constants){.p = (spk_real)constant}, x); }

/* Expressions, which the formatter takes for declarations. */
/* clang-format off */
UNARY(negate, 0, 0, -x, -1, NULL)
WITHOUT_CONSTANTS(negate)
UNARY(scale, 0, 0, p * x, p, SPK_REMEDY_OVERFLOW)
WITH_CONSTANT(scale, factor)
UNARY(shift, 0, 0, x + p, 1, SPK_REMEDY_OVERFLOW)
WITH_CONSTANT(shift, offset)
UNARY(exp, 0, 1, spk_exp_scalar(x), y,
      "e^x is past the largest number from x = 88.7 in float, 709.8 in double, on: limit x before (spk_clamp), or work with its logarithm")
WITHOUT_CONSTANTS(exp)
UNARY(log, 1, 0, spk_log_scalar(x), 1 / x,
      "the logarithm is -inf at 0 and NaN below, and its slope 1 / x is infinite at 0: add a small eps before (spk_shift), or spk_clamp")
WITHOUT_CONSTANTS(log)
UNARY(sqrt, 0, 1, spk_sqrt_scalar(x), 1 / (2 * y),
      "the root is NaN below 0 and its slope infinite at 0: add a small eps before (spk_shift), or spk_clamp")
WITHOUT_CONSTANTS(sqrt)
UNARY(power, 1, 0, spk_pow_scalar(x, p), p == 0 ? 0 : p * spk_pow_scalar(x, p - 1),
      "a power is infinite at 0 for a negative exponent (its slope for one below 1), NaN below 0 for a broken one: spk_clamp before")
WITH_CONSTANT(power, exponent)
UNARY(tanh, 0, 1, spk_tanh_scalar(x), 1 - y * y, NULL)
WITHOUT_CONSTANTS(tanh)
UNARY(sigmoid, 0, 1, spk_sigmoid_scalar(x), y * (1 - y), NULL)
WITHOUT_CONSTANTS(sigmoid)
UNARY(relu, 1, 0, x > 0 || x != x ? x : 0, x > 0 ? 1 : 0, NULL)
WITHOUT_CONSTANTS(relu)
UNARY(clamp, 1, 0, x < p ? p : (x > q ? q : x), x >= p && x <= q ? 1 : 0, "a limit of spk_clamp is not finite")
/* clang-format on */

spk_tensor *spk_clamp(spk_tensor *x, double lowest, double highest) {
    if (x && !(lowest <= highest))
        spk_fail(spk_tensor_ctx(x), "clamp: lowest is %g, highest is %g; both must be numbers, and lowest not above highest", lowest, highest);
    const constants limits = {(spk_real)lowest, (spk_real)highest};
    return spk_apply(&spk_op_clamp, &limits, x);
}
