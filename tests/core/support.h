/* What the tests of core/ and autograd/ share. Only the public interface is used. */
#ifndef SPK_TESTS_SUPPORT_H
#define SPK_TESTS_SUPPORT_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <spiketape.h>
#include <stdlib.h>
#include <string.h>

/* Rounding allowed where two ways to compute the same differ in order. */
#define ROUNDING SPK_BY_REAL(2e-5, 1e-12)

/* A persistent tensor of uniform numbers in [low, high). */
static inline spk_tensor *uniform(spk_ctx *ctx, spk_shape shape, double low, double high) {
    spk_tensor *x = spk_tensor_create(ctx, shape);
    spk_fill_uniform(x, low, high);
    return x;
}

/* As uniform in [-1, 1), and a leaf that wants its gradient. */
static inline spk_tensor *parameter(spk_ctx *ctx, spk_shape shape) { return spk_set_requires_grad(uniform(ctx, shape, -1, 1), true); }

/* A persistent tensor of zeros and ones. */
static inline spk_tensor *zeros_and_ones(spk_ctx *ctx, spk_shape shape) {
    spk_tensor *x = uniform(ctx, shape, 0, 1);
    spk_real *data = spk_data_mut(x);
    for (int64_t i = 0; i < spk_size(x); i++) data[i] = data[i] < (spk_real)0.3;
    return x;
}

/* A vector leaf of given values. */
#define VECTOR(ctx, ...) \
    spk_tensor_from((ctx), SPK_SHAPE((int64_t)(sizeof((spk_real[]){__VA_ARGS__}) / sizeof(spk_real))), (spk_real[]){__VA_ARGS__})

/* The context works. */
#define assert_fine(ctx, what) cr_assert(!spk_failed(ctx), "%s: %s", (what), spk_error(ctx))

/* The context has failed, its message contains a and b, and is then cleared. */
static inline void assert_error(spk_ctx *ctx, const char *what, const char *a, const char *b) {
    cr_assert(spk_failed(ctx), "%s: no error was set", what);
    cr_assert(strstr(spk_error(ctx), a) && strstr(spk_error(ctx), b), "%s: wanted '%s' and '%s' in: %s", what, a, b, spk_error(ctx));
    spk_clear_error(ctx);
}

/* x is the inert tensor. */
static inline void assert_inert(spk_tensor *x, const char *what) {
    cr_assert(x != NULL, "%s: NULL instead of the inert tensor", what);
    cr_assert(spk_size(x) == 0, "%s: the inert tensor has %lld elements", what, (long long)spk_size(x));
}

static inline bool close_to(double a, double b, double tolerance) {
    if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
    return a == b || fabs(a - b) <= tolerance * fmax(1, fmax(fabs(a), fabs(b)));
}

/* n numbers equal to `wanted` within tolerance, relative to them or to 1. */
static inline void assert_near(int64_t n, const spk_real *got, const spk_real *wanted, double tolerance, const char *what) {
    for (int64_t i = 0; i < n; i++)
        cr_assert(close_to((double)got[i], (double)wanted[i], tolerance), "%s: element %lld is %.9g, should be %.9g", what, (long long)i,
                  (double)got[i], (double)wanted[i]);
}

/* Two tensors of the same shape and values. */
static inline void assert_same(spk_tensor *got, spk_tensor *wanted, double tolerance, const char *what) {
    cr_assert(got && wanted, "%s: a tensor is NULL", what);
    cr_assert(spk_shape_equal(spk_tensor_shape(got), spk_tensor_shape(wanted)), "%s: shape %s, should be %s", what,
              spk_shape_text(spk_tensor_shape(got)).text, spk_shape_text(spk_tensor_shape(wanted)).text);
    assert_near(spk_size(got), spk_data(got), spk_data(wanted), tolerance, what);
}

/* The values of a tensor, written out. */
#define assert_values(x, what, ...)                                                                                                   \
    do {                                                                                                                              \
        const spk_real values_[] = {__VA_ARGS__};                                                                                     \
        spk_tensor *x_ = (x);                                                                                                         \
        cr_assert(x_ != NULL, "%s: NULL", (what));                                                                                    \
        cr_assert(spk_size(x_) == (int64_t)(sizeof values_ / sizeof *values_), "%s: %lld elements", (what), (long long)spk_size(x_)); \
        assert_near(spk_size(x_), spk_data(x_), values_, ROUNDING, (what));                                                           \
    } while (0)

#endif
