/* What the ops compute: against naive loops and hand-computed values, in every storage, and what they refuse.
 */
#include "../core/support.h"
#include <float.h>

/* ---- Broadcasting ---- */

/* The element of x that NumPy's broadcast shows at `index` of the whole. */
static spk_real shown(spk_tensor *x, int axes, const int64_t *index) {
    int64_t at = 0;
    for (int i = 0; i < spk_axes(x); i++) {
        const int64_t size = spk_dim(x, i), j = index[axes - spk_axes(x) + i];
        at = at * size + (size == 1 ? 0 : j);
    }
    return spk_data(x)[at];
}

static double chosen(int op, double c, double a, double b) {
    return op == 0 ? a + b : op == 1 ? a - b : op == 2 ? a * b : op == 3 ? a / b : c != 0 ? a : b;
}

/* A shape that broadcasts to `whole`: some leading axes missing, some sizes 1. */
static spk_shape part_of(spk_shape whole, spk_real r, spk_real s) {
    const int missing = (int)(r * (spk_real)(whole.axes + 1));
    spk_shape part = {.axes = whole.axes - missing};
    int mask = (int)(s * 64);
    for (int i = 0; i < part.axes; i++, mask /= 2) part.dim[i] = mask % 2 ? 1 : whole.dim[missing + i];
    return part;
}

Test(values, broadcasting_as_numpy) {
    spk_ctx *ctx = spk_ctx_create(.seed = 7);
    for (int round = 0; round < 400; round++) {
        spk_real r[16];
        spk_random_uniform(ctx, 16, 0, 1, r);
        spk_shape whole = {.axes = (int)(r[0] * 7)};
        for (int i = 0; i < whole.axes; i++) whole.dim[i] = round % 40 == 0 && i == 0 ? 0 : 1 + (int64_t)(r[1 + i] * 4);
        spk_shape result = {0}, both;
        spk_tensor *c = uniform(ctx, part_of(whole, r[7], r[8]), -1, 1), *a = uniform(ctx, part_of(whole, r[9], r[10]), -1, 1),
                   *b = uniform(ctx, part_of(whole, r[11], r[12]), 1, 2);
        if (round % 2) c = zeros_and_ones(ctx, spk_tensor_shape(c));
        for (int op = 0; op < 5; op++) {
            spk_tensor *y = op == 0   ? spk_add(a, b)
                            : op == 1 ? spk_subtract(a, b)
                            : op == 2 ? spk_multiply(a, b)
                            : op == 3 ? spk_divide(a, b)
                                      : spk_where(c, a, b);
            cr_assert(spk_shape_broadcast(spk_tensor_shape(a), spk_tensor_shape(b), &both), "round %d", round);
            cr_assert(spk_shape_broadcast(spk_tensor_shape(c), both, &result), "round %d", round);
            if (op < 4) result = both;
            cr_assert(!spk_failed(ctx) && spk_shape_equal(spk_tensor_shape(y), result), "round %d op %d: %s, should be %s; %s", round, op,
                      spk_shape_text(spk_tensor_shape(y)).text, spk_shape_text(result).text, spk_error(ctx));
            int64_t index[SPK_MAX_AXES] = {0};
            for (int64_t i = 0; i < spk_size(y); i++) {
                const double wanted = chosen(op, op == 4 ? (double)shown(c, result.axes, index) : 0, (double)shown(a, result.axes, index),
                                             (double)shown(b, result.axes, index));
                cr_assert(close_to((double)spk_data(y)[i], wanted, SPK_BY_REAL(1e-6, 1e-15)),
                          "round %d op %d element %lld: %g, should be %g", round, op, (long long)i, (double)spk_data(y)[i], wanted);
                for (int k = result.axes - 1; k >= 0 && ++index[k] == result.dim[k]; k--) index[k] = 0;
            }
        }
        spk_end_step(ctx);
    }
    spk_ctx_destroy(ctx);
}

/* ---- Elementwise ---- */

typedef struct unary {
    const char *name;
    spk_tensor *(*op)(spk_tensor *x);
    double (*function)(double x);
    double low, high;
} unary;

#define OP(name, expression) \
    static spk_tensor *name(spk_tensor *x) { return expression; }
#define VALUE(name, expression) \
    static double name(double x) { return expression; }
/* The formatter takes these for declarations. */
/* clang-format off */
OP(op_scale, spk_scale(x, -2.5))
VALUE(f_scale, -2.5 * x)
OP(op_shift, spk_shift(x, 0.75))
VALUE(f_shift, x + 0.75)
OP(op_square, spk_power(x, 2))
VALUE(f_square, x * x)
OP(op_cube, spk_power(x, 3))
VALUE(f_cube, x * x * x)
OP(op_root, spk_power(x, -0.5))
VALUE(f_root, 1 / sqrt(x))
OP(op_clamp, spk_clamp(x, -0.5, 0.25))
VALUE(f_clamp, fmin(fmax(x, -0.5), 0.25))
VALUE(f_negate, -x)
VALUE(f_sigmoid, 1 / (1 + exp(-x)))
VALUE(f_relu, x > 0 ? x : 0)
/* clang-format on */

static const unary unaries[] = {
    {"negate", spk_negate, f_negate, -3, 3},
    {"scale", op_scale, f_scale, -3, 3},
    {"shift", op_shift, f_shift, -3, 3},
    {"exp", spk_exp, exp, -20, 20},
    {"log", spk_log, log, 1e-6, 20},
    {"sqrt", spk_sqrt, sqrt, 0, 20},
    {"power 2", op_square, f_square, -3, 3},
    {"power 3", op_cube, f_cube, -3, 3},
    {"power -1/2", op_root, f_root, 0.1, 3},
    {"tanh", spk_tanh, tanh, -5, 5},
    {"sigmoid", spk_sigmoid, f_sigmoid, -30, 30},
    {"relu", spk_relu, f_relu, -3, 3},
    {"clamp", op_clamp, f_clamp, -3, 3},
};

Test(values, elementwise) {
    spk_ctx *ctx = spk_ctx_create(.seed = 8);
    for (size_t k = 0; k < sizeof unaries / sizeof *unaries; k++) {
        /* 40001: more than one thread's grain, and an odd end. */
        spk_tensor *x = uniform(ctx, SPK_SHAPE(40001), unaries[k].low, unaries[k].high);
        for (int threads = 1; threads <= 2; threads++) {
            spk_set_threads(threads);
            spk_tensor *y = unaries[k].op(x);
            for (int64_t i = 0; i < spk_size(y); i++) {
                const double wanted = unaries[k].function((double)spk_data(x)[i]);
                cr_assert(fabs((double)spk_data(y)[i] - wanted) <= SPK_BY_REAL(4e-7, 1e-15) * fmax(1, fabs(wanted)),
                          "%s(%.9g) is %.9g, should be %.9g", unaries[k].name, (double)spk_data(x)[i], (double)spk_data(y)[i], wanted);
            }
            spk_end_step(ctx);
        }
        assert_fine(ctx, unaries[k].name);
        const spk_real nan[] = {(spk_real)NAN, 1};
        spk_tensor *y = unaries[k].op(spk_step_from(ctx, SPK_SHAPE(2), nan));
        cr_assert(isnan((double)spk_data(y)[0]) && !isnan((double)spk_data(y)[1]), "%s does not pass NaN through", unaries[k].name);
    }
    spk_ctx_destroy(ctx);
}

static double exp_of(spk_ctx *ctx, double x) { return spk_item(spk_exp(spk_full(ctx, SPK_SCALAR, x))); }

Test(values, exp_over_the_whole_range) {
    spk_ctx *ctx = spk_ctx_create();
    const int64_t n = 400000;
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(n));
    const double low = SPK_BY_REAL(-104, -746), high = SPK_BY_REAL(90, 712), least = SPK_BY_REAL((double)FLT_MIN, DBL_MIN),
                 most = SPK_BY_REAL((double)FLT_MAX, DBL_MAX), tolerance = SPK_BY_REAL(2e-7, 1e-15);
    for (int64_t i = 0; i < n; i++) spk_data_mut(x)[i] = (spk_real)(low + (high - low) * (double)i / (double)(n - 1));
    spk_tensor *y = spk_exp(x);
    for (int64_t i = 0; i < n; i++) {
        const double at = (double)spk_data(x)[i], got = (double)spk_data(y)[i], wanted = exp(at);
        if (wanted >= least && wanted <= most)
            cr_assert(fabs(got - wanted) <= tolerance * wanted, "exp(%.9g) is %.9g, should be %.9g", at, got, wanted);
        else if (wanted > most) cr_assert(isinf(got) && got > 0, "exp(%.9g) is %.9g, should be infinite", at, got);
        else cr_assert(got >= 0 && got <= least, "exp(%.9g) is %.9g, a subnormal or 0 is due", at, got);
    }
    /* The ends: the largest x with a finite result, the smallest with a normal one, and their neighbours. */
    const spk_real top = SPK_BY_REAL(88.7228394f, 709.782712893384), bottom = SPK_BY_REAL(-87.3365402f, -708.3964185322641);
    cr_assert(isfinite(exp_of(ctx, SPK_BY_REAL(88.72283, 709.78))), "near the top");
    cr_assert(isinf(exp_of(ctx, (double)top * 1.0001)), "above the top");
    cr_assert(fabs(exp_of(ctx, (double)bottom) / exp((double)bottom) - 1) < tolerance, "the smallest normal result is %g",
              exp_of(ctx, (double)bottom));
    cr_assert(exp_of(ctx, (double)bottom - 0.01) <= least, "below it");
    cr_assert(exp_of(ctx, 0) == 1 && exp_of(ctx, -INFINITY) == 0 && isinf(exp_of(ctx, INFINITY)) && isnan(exp_of(ctx, NAN)),
              "0, infinities, NaN");
    spk_ctx_destroy(ctx);
}

Test(values, kinks) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_set_requires_grad(VECTOR(ctx, -1, 0, 1, 2), true);
    spk_tensor *y = spk_relu(x);
    assert_values(y, "relu", 0, 0, 1, 2);
    cr_assert(spk_backward(spk_sum(y)), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "slope of relu, 0 at 0", 0, 0, 1, 1);
    spk_clear_grad(x);
    cr_assert(spk_backward(spk_sum(spk_clamp(x, -1, 1))), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "slope of clamp, 1 on the limits", 1, 1, 1, 0);
    spk_clear_grad(x);
    cr_assert(spk_backward(spk_sum(spk_max(spk_clamp(x, -1, 1)))), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "max: the first of equal ones", 0, 0, 1, 0);
    spk_clear_grad(x);
    cr_assert(spk_backward(spk_sum(spk_power(x, 0))), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "slope of x^0", 0, 0, 0, 0);
    spk_clear_grad(x);
    cr_assert(spk_backward(spk_sum(spk_power(x, 2))), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "slope of x^2, at 0 too", -2, 0, 2, 4);
    spk_ctx_destroy(ctx);
}

/* ---- Products ---- */

Test(values, matmul_and_linear) {
    static const int64_t sizes[][3] = {{1, 1, 1}, {2, 3, 4}, {5, 1, 7}, {1, 9, 1}, {17, 13, 11}, {0, 3, 2}, {3, 0, 2}, {3, 2, 0}};
    spk_ctx *ctx = spk_ctx_create(.seed = 9);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int64_t m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
        for (int t = 0; t < 4; t++) {
            const bool ta = t & 1, tb = t & 2;
            spk_tensor *a = uniform(ctx, ta ? SPK_SHAPE(k, m) : SPK_SHAPE(m, k), -1, 1),
                       *b = uniform(ctx, tb ? SPK_SHAPE(n, k) : SPK_SHAPE(k, n), -1, 1);
            spk_tensor *bias = uniform(ctx, SPK_SHAPE(n), -1, 1), *c = spk_matmul(a, b, .transpose_a = ta, .transpose_b = tb);
            spk_tensor *y = t ? c : spk_linear(a, b, bias), *plain = t ? c : spk_linear(a, b, NULL);
            assert_fine(ctx, "product");
            cr_assert(spk_shape_equal(spk_tensor_shape(c), SPK_SHAPE(m, n)), "shape %s", spk_shape_text(spk_tensor_shape(c)).text);
            assert_same(plain, c, ROUNDING, "linear without bias is matmul");
            for (int64_t i = 0; i < m; i++)
                for (int64_t j = 0; j < n; j++) {
                    double sum = 0;
                    for (int64_t l = 0; l < k; l++)
                        sum += (double)spk_data(a)[ta ? l * m + i : i * k + l] * (double)spk_data(b)[tb ? j * k + l : l * n + j];
                    cr_assert(close_to((double)spk_data(c)[i * n + j], sum, ROUNDING),
                              "%lld x %lld x %lld, %d: [%lld, %lld] is %g, should be %g", (long long)m, (long long)n, (long long)k, t,
                              (long long)i, (long long)j, (double)spk_data(c)[i * n + j], sum);
                    if (!t)
                        cr_assert(close_to((double)spk_data(y)[i * n + j], sum + (double)spk_data(bias)[j], ROUNDING), "linear with bias");
                }
            spk_end_step(ctx);
        }
    }
    /* Sizes of zero: the gradients are zeros, not what the memory held. */
    for (int which = 0; which < 3; which++) {
        const int64_t rows = which == 0 ? 0 : 2, in = which == 1 ? 0 : 3, out = which == 2 ? 0 : 4;
        spk_tensor *x = parameter(ctx, SPK_SHAPE(rows, in)), *w = parameter(ctx, SPK_SHAPE(in, out)), *b = parameter(ctx, SPK_SHAPE(out));
        for (int round = 0; round < 2; round++) { /* the second time the arena's memory is used */
            spk_tensor *y = spk_linear(spk_shift(x, 0), spk_shift(w, 0), b), *junk = spk_full(ctx, SPK_SHAPE(64), 7);
            cr_assert(spk_size(junk) == 64 && spk_backward(spk_sum(y)), "linear of size 0: %s", spk_error(ctx));
            for (int64_t i = 0; i < rows * in; i++) cr_assert(spk_data(spk_grad(x))[i] == 0, "gradient of x, way %d", which);
            for (int64_t i = 0; i < in * out; i++) cr_assert(spk_data(spk_grad(w))[i] == 0, "gradient of w, way %d", which);
            spk_end_step(ctx);
        }
    }
    spk_ctx_destroy(ctx);
}

/* ---- Reductions ---- */

Test(values, reductions_against_naive) {
    spk_ctx *ctx = spk_ctx_create(.seed = 10);
    for (int round = 0; round < 300; round++) {
        spk_real r[16];
        spk_random_uniform(ctx, 16, 0, 1, r);
        spk_shape shape = {.axes = (int)(r[0] * 7)};
        for (int i = 0; i < shape.axes; i++) shape.dim[i] = 1 + (int64_t)(r[1 + i] * 4);
        const int mask = (int)(r[7] * (spk_real)(1 << shape.axes));
        const bool keep = r[8] < (spk_real)0.5;
        spk_tensor *x = uniform(ctx, shape, -1, 1);
        spk_reduce_opts o = {.keep = keep};
        for (int i = shape.axes - 1; i >= 0; i--) /* named from the last, some negative */
            if (mask >> i & 1) o.axes.axis[o.axes.count++] = r[9 + i] < (spk_real)0.5 ? i : i - shape.axes;
        spk_shape kept = shape, wanted = {0};
        for (int i = 0; i < shape.axes; i++) {
            const bool reduced = !o.axes.count || mask >> i & 1;
            if (reduced) kept.dim[i] = 1;
            if (!reduced || keep) wanted.dim[wanted.axes++] = kept.dim[i];
        }
        double sum[4096] = {0}, largest[4096];
        int64_t index[SPK_MAX_AXES] = {0};
        const int64_t n = spk_shape_size(kept);
        for (int64_t i = 0; i < n; i++) largest[i] = -INFINITY;
        for (int64_t i = 0; i < spk_size(x); i++) {
            int64_t at = 0;
            for (int k = 0; k < shape.axes; k++) at = at * kept.dim[k] + (kept.dim[k] == 1 ? 0 : index[k]);
            sum[at] += (double)spk_data(x)[i];
            largest[at] = fmax(largest[at], (double)spk_data(x)[i]);
            for (int k = shape.axes - 1; k >= 0 && ++index[k] == shape.dim[k]; k--) index[k] = 0;
        }
        spk_tensor *y[] = {spk_sum_with(x, o), spk_mean_with(x, o), spk_max_with(x, o)};
        assert_fine(ctx, "reduction");
        for (int k = 0; k < 3; k++) {
            cr_assert(spk_shape_equal(spk_tensor_shape(y[k]), wanted), "round %d op %d of %s: shape %s, should be %s", round, k,
                      spk_shape_text(shape).text, spk_shape_text(spk_tensor_shape(y[k])).text, spk_shape_text(wanted).text);
            for (int64_t i = 0; i < n; i++) {
                const double value = k == 0 ? sum[i] : k == 1 ? sum[i] * (double)n / (double)spk_size(x) : largest[i];
                cr_assert(close_to((double)spk_data(y[k])[i], value, SPK_BY_REAL(1e-6, 1e-14)),
                          "round %d op %d element %lld: %g, should be %g", round, k, (long long)i, (double)spk_data(y[k])[i], value);
            }
        }
        spk_end_step(ctx);
    }
    /* Sums are kept in double: 2^24 + many ones. */
    spk_tensor *ones = spk_full(ctx, SPK_SHAPE(100001), 1);
    spk_data_mut(ones)[0] = 16777216;
    cr_assert(spk_item(spk_sum(ones)) == 16877216, "sum in double: %.9g", spk_item(spk_sum(ones)));
    spk_ctx_destroy(ctx);
}

Test(values, nan_and_infinity) {
    spk_ctx *ctx = spk_ctx_create();
    const spk_real nan = (spk_real)NAN, inf = (spk_real)INFINITY;
    cr_assert(isnan(spk_item(spk_max(VECTOR(ctx, 1, nan, 3)))), "max: NaN in the middle");
    cr_assert(isnan(spk_item(spk_max(VECTOR(ctx, nan, 3)))) && isnan(spk_item(spk_max(VECTOR(ctx, 3, nan)))), "max: NaN at an end");
    cr_assert(spk_item(spk_max(VECTOR(ctx, -inf, -inf))) == -INFINITY, "max of -infinity");
    cr_assert(spk_item(spk_max(VECTOR(ctx, -inf, inf))) == INFINITY, "max of infinity");
    spk_tensor *row = spk_softmax(spk_reshape(VECTOR(ctx, 1, nan, 2, 1, 1, 1), SPK_SHAPE(2, 3)));
    for (int i = 0; i < 6; i++)
        cr_assert(i < 3 ? isnan((double)spk_data(row)[i]) : close_to((double)spk_data(row)[i], 1.0 / 3, 1e-6), "softmax: element %d is %g",
                  i, (double)spk_data(row)[i]);

    /* Extreme logits. */
    assert_values(spk_softmax(VECTOR(ctx, 1e30f, 0, -1e30f)), "softmax of 1e30", 1, 0, 0);
    assert_values(spk_softmax(VECTOR(ctx, -1000, -1000)), "softmax of -1000", 0.5, 0.5);
    assert_values(spk_softmax(VECTOR(ctx, -inf, 0, 0)), "softmax with -infinity", 0, 0.5, 0.5);
    assert_values(spk_log_softmax(VECTOR(ctx, 1000, 0)), "log softmax of 1000", 0, -1000);
    spk_tensor *x = spk_set_requires_grad(VECTOR(ctx, 1000, -1000, 0), true);
    spk_tensor *loss = spk_cross_entropy(spk_reshape(x, SPK_SHAPE(1, 3)), VECTOR(ctx, 1));
    cr_assert(spk_item(loss) == 2000 && spk_backward(loss), "cross entropy of extreme logits: %g, %s", spk_item(loss), spk_error(ctx));
    assert_values(spk_grad(x), "its gradient", 1, -1, 0);
    assert_fine(ctx, "extremes");
    spk_ctx_destroy(ctx);
}

/* ---- Shape ---- */

Test(values, shape_ops) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(2, 3), (spk_real[]){1, 2, 3, 4, 5, 6});
    assert_values(spk_transpose(x, 0, 1), "transpose", 1, 4, 2, 5, 3, 6);
    cr_assert(spk_data(spk_reshape(x, SPK_SHAPE(3, 2))) == spk_data(x), "reshape copies");
    cr_assert(spk_data(spk_slice(x, 1, 2)) == spk_data(x) + 3, "slice copies");
    assert_values(spk_slice(spk_reshape(x, SPK_SHAPE(6)), 2, 5), "slice of a reshape", 3, 4, 5);
    assert_values(spk_concat(((spk_tensor *[]){x, x}), 2, 0), "concat 0", 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6);
    spk_tensor *wide = spk_concat(((spk_tensor *[]){x, spk_slice(spk_reshape(x, SPK_SHAPE(6, 1)), 0, 2)}), 2, -1);
    assert_same(wide, spk_tensor_from(ctx, SPK_SHAPE(2, 4), (spk_real[]){1, 2, 3, 1, 4, 5, 6, 2}), 0, "concat -1");
    assert_same(spk_stack(((spk_tensor *[]){x, x}), 2, -1),
                spk_tensor_from(ctx, SPK_SHAPE(2, 3, 2), (spk_real[]){1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}), 0, "stack -1");
    assert_same(spk_stack(((spk_tensor *[]){x, x}), 2, 1),
                spk_tensor_from(ctx, SPK_SHAPE(2, 2, 3), (spk_real[]){1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}), 0, "stack 1");
    assert_same(spk_flatten(spk_reshape(x, SPK_SHAPE(2, 1, 3))), x, 0, "flatten");
    cr_assert(spk_shape_equal(spk_tensor_shape(spk_flatten(spk_scalar(ctx, 1))), SPK_SHAPE(1, 1)), "flatten of a scalar");
    cr_assert(spk_shape_equal(spk_tensor_shape(spk_flatten(spk_tensor_create(ctx, SPK_SHAPE(0, 3, 4)))), SPK_SHAPE(0, 12)),
              "flatten of an empty batch");
    assert_same(spk_time_step(spk_reshape(x, SPK_SHAPE(6, 1)), 3, 1), spk_tensor_from(ctx, SPK_SHAPE(2, 1), (spk_real[]){3, 4}), 0,
                "time step");
    assert_values(spk_where(VECTOR(ctx, 0, 1, -2, (spk_real)NAN), VECTOR(ctx, 1, 2, 3, 4), spk_scalar(ctx, 9)), "where: any number but 0",
                  9, 2, 3, 4);

    /* Transposes of every pair of axes of a 4-axis tensor. */
    spk_tensor *big = uniform(ctx, SPK_SHAPE(2, 3, 4, 5), -1, 1);
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < 4; b++) {
            spk_tensor *y = spk_transpose(big, a, b - 4);
            for (int64_t i = 0; i < 120; i++) {
                int64_t index[] = {i / 60, i / 20 % 3, i / 5 % 4, i % 5}, at = 0;
                const int64_t swap = index[a];
                index[a] = index[b], index[b] = swap;
                for (int k = 0; k < 4; k++) at = at * spk_dim(y, k) + index[k];
                cr_assert(spk_data(y)[at] == spk_data(big)[i], "transpose %d %d: element %lld", a, b, (long long)i);
            }
        }
    assert_fine(ctx, "shape ops");
    spk_ctx_destroy(ctx);
}

Test(values, time_ops) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(2, 2), (spk_real[]){1, 2, 3, 4});
    spk_tensor *r = spk_repeat_over_time(x, 3);
    cr_assert(spk_tensor_storage(r) == SPK_REPEATED && spk_tensor_repeat(r) == 3, "stored as repeated");
    assert_same(r, spk_tensor_from(ctx, SPK_SHAPE(6, 2), (spk_real[]){1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4}), 0, "repeat");
    assert_same(spk_sum_over_time(spk_tensor_from(ctx, SPK_SHAPE(6), (spk_real[]){1, 2, 3, 4, 5, 6}), 3), VECTOR(ctx, 9, 12), 0,
                "sum over time");
    assert_same(spk_mean_over_time(spk_tensor_from(ctx, SPK_SHAPE(6), (spk_real[]){1, 2, 3, 4, 5, 6}), 3), VECTOR(ctx, 3, 4), ROUNDING,
                "mean over time");
    cr_assert(spk_tensor_storage(spk_repeat_over_time(x, 1)) == SPK_DENSE, "once is dense");
    for (int T = 1; T <= 64; T++) { /* a rate is exact: k spikes in T steps are k / T */
        spk_tensor *spikes = spk_full(ctx, SPK_SHAPE(T, 1), 0);
        for (int k = 0; k < T; k += 3) spk_data_mut(spikes)[k] = 1;
        const double wanted = (double)(spk_real)((spk_real)((T + 2) / 3) * (1 / (spk_real)T));
        cr_assert(spk_item(spk_mean_over_time(spikes, T)) == wanted && spk_item(spk_mean_over_time(spk_bits(spikes), T)) == wanted,
                  "rate over %d steps", T);
    }
    assert_fine(ctx, "time ops");
    spk_ctx_destroy(ctx);
}

/* ---- Losses, normalisation, dropout ---- */

Test(values, losses) {
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(7, 5), -3, 3), *labels = spk_tensor_from(ctx, SPK_SHAPE(7), (spk_real[]){0, 4, 2, 2, 1, 3, 0});
    for (int k = 0; k <= 4; k++) {
        const double s = k * 0.25;
        double loss = 0;
        for (int row = 0; row < 7; row++) {
            double sum = 0;
            for (int i = 0; i < 5; i++) sum += exp((double)spk_data(x)[row * 5 + i]);
            for (int i = 0; i < 5; i++) {
                const double log_p = (double)spk_data(x)[row * 5 + i] - log(sum);
                loss -= (s / 5 + (i == (int)spk_data(labels)[row] ? 1 - s : 0)) * log_p / 7;
                cr_assert(close_to((double)spk_data(spk_softmax(x))[row * 5 + i], exp(log_p), ROUNDING), "softmax");
                cr_assert(close_to((double)spk_data(spk_log_softmax(x))[row * 5 + i], log_p, ROUNDING), "log softmax");
            }
        }
        const double got = spk_item(spk_cross_entropy(x, labels, .label_smoothing = s));
        cr_assert(close_to(got, loss, ROUNDING), "cross entropy, smoothing %g: %g, should be %g", s, got, loss);
    }
    cr_assert(spk_item(spk_mse(VECTOR(ctx, 1, 2, 3), VECTOR(ctx, 1, 4, 6))) == (double)(spk_real)(13.0 / 3), "mse");
    spk_ctx_destroy(ctx);
}

Test(values, batch_norm_by_hand) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(2, 2), (spk_real[]){1, 10, 3, 30});
    spk_tensor *mean = spk_tensor_create(ctx, SPK_SHAPE(2)), *var = VECTOR(ctx, 1, 1), *w = VECTOR(ctx, 2, 1), *b = VECTOR(ctx, 0.5, -1);
    spk_tensor *y = spk_batch_norm(x, w, b, .running_mean = mean, .running_var = var, .eps = 0);
    assert_values(y, "training", -1.5, -2, 2.5, 0);
    assert_values(mean, "running mean", (spk_real)0.2, 2);
    assert_values(var, "running variance, unbiased", (spk_real)1.1, (spk_real)20.9); /* 0.9 + 0.1 * 2 and 0.9 + 0.1 * 200 */
    spk_fill(mean, 1), spk_fill(var, 4);
    assert_values(spk_batch_norm(x, w, b, .training = false, .running_mean = mean, .running_var = var, .eps = 0), "evaluation", 0.5, 3.5,
                  2.5, 13.5);
    assert_values(mean, "evaluation leaves them", 1, 1);
    spk_batch_norm(x, NULL, NULL, .running_mean = mean, .running_var = var, .momentum = 1);
    assert_values(mean, "momentum 1", 2, 20);
    assert_values(var, "momentum 1", 2, 200);
    /* A large mean costs no digits. */
    spk_tensor *far = uniform(ctx, SPK_SHAPE(512, 3), 4095, 4097), *near = spk_batch_norm(far, NULL, NULL);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < 512; i++) sum += (double)spk_data(near)[3 * i], squares += pow((double)spk_data(near)[3 * i], 2);
    cr_assert(fabs(sum / 512) < 1e-3 && fabs(squares / 512 - 1) < 1e-3, "mean %g variance %g", sum / 512, squares / 512);
    assert_fine(ctx, "batch norm");
    spk_ctx_destroy(ctx);
}

/* What cannot be a running statistic of 3 channels, and what the error must say. */
static spk_tensor *no_statistic(spk_ctx *ctx, spk_ctx *other, spk_tensor *good, int kind, const char **text) {
    spk_tensor *x = kind == 0 ? spk_tensor_create(other, SPK_SHAPE(3)) : kind == 1 ? spk_slice(good, 0, 3) : spk_exp(good);
    *text = kind == 0 ? "another context" : kind == 1 ? "the result of slice" : "the result of exp";
    if (kind == 3) spk_end_step(ctx);
    if (kind == 4) x = spk_add(good, NULL), spk_clear_error(ctx), *text = "an earlier error";
    if (kind == 5) x = spk_tensor_create(ctx, SPK_SHAPE(3, 1)), *text = "[3, 1]";
    return x;
}

/* The running statistics are attributes, which the tape does not check: batch norm itself does. */
Test(values, batch_norm_running_statistics) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1), *other = spk_ctx_create(.seed = 1);
    spk_tensor *x = parameter(ctx, SPK_SHAPE(4, 3)), *good = spk_tensor_create(ctx, SPK_SHAPE(3)), *var = VECTOR(ctx, 1, 1, 1);
    for (int kind = 0; kind < 6; kind++)
        for (int training = 0; training < 2; training++) {
            const char *text;
            spk_tensor *bad = no_statistic(ctx, other, good, kind, &text);
            assert_inert(spk_batch_norm(x, NULL, NULL, .running_mean = bad, .running_var = var, .training = training), text);
            cr_assert(strstr(spk_error(ctx), "batch_norm"), "%s", spk_error(ctx));
            assert_error(ctx, text, "the running mean", text);
            bad = no_statistic(ctx, other, good, kind, &text);
            assert_inert(spk_batch_norm(x, NULL, NULL, .running_mean = good, .running_var = bad, .training = training), text);
            assert_error(ctx, text, "the running variance", text);
        }
    assert_values(good, "nothing was written", 0, 0, 0);
    assert_fine(other, "the other context");
    spk_batch_norm(x, NULL, NULL, .running_mean = good, .running_var = var);
    assert_fine(ctx, "persistent ones");
    cr_assert(spk_data(good)[0] != 0, "the running mean was not updated");
    spk_ctx_destroy(other);
    spk_ctx_destroy(ctx);
}

Test(values, dropout) {
    spk_ctx *ctx = spk_ctx_create(.seed = 11);
    const int64_t n = 30000;
    spk_tensor *x = spk_full(ctx, SPK_SHAPE(n), 1), *y = spk_dropout(x, .p = 0.3);
    int64_t zeros = 0;
    for (int64_t i = 0; i < n; i++) {
        const double v = (double)spk_data(y)[i];
        cr_assert(v == 0 || close_to(v, 1 / 0.7, 1e-6), "element %lld is %g", (long long)i, v);
        zeros += v == 0;
    }
    cr_assert(fabs((double)zeros / (double)n - 0.3) < 0.015, "%lld zeros of %lld", (long long)zeros, (long long)n);
    assert_same(spk_dropout(x, .p = 0), x, 0, "p = 0");
    assert_same(spk_dropout(x, .p = 1), spk_full(ctx, SPK_SHAPE(n), 0), 0, "p = 1");
    spk_tensor *again = spk_dropout(x, .p = 0.3);
    cr_assert(memcmp(spk_data(again), spk_data(y), (size_t)n * sizeof(spk_real)) != 0, "two calls draw one mask");

    /* The same mask for all T steps; the same whatever the number of threads, and for repeated rows. */
    spk_tensor *in = uniform(ctx, SPK_SHAPE(3, 5000), 1, 2), *first = NULL;
    for (int way = 0; way < 3; way++) {
        spk_set_threads(1 + way % 2);
        spk_seed(ctx, 5);
        spk_tensor *sequence = spk_repeat_over_time(in, 4),
                   *shared = spk_dropout(way < 2 ? spk_dense(sequence) : sequence, .p = 0.5, .T = 4);
        cr_assert(spk_tensor_storage(shared) == (way < 2 ? SPK_DENSE : SPK_REPEATED), "storage of way %d", way);
        for (int64_t i = 0; i < 60000; i++)
            cr_assert(spk_data(shared)[i] == spk_data(shared)[i % 15000], "step %lld", (long long)i / 15000);
        if (!first) first = shared;
        assert_same(shared, first, 0, "threads and storages");
    }
    spk_ctx_destroy(ctx);
}

/* ---- Storages ---- */

/* What bits say is what their dense copy says; forward and the gradients of the others. */
static void bits_equal_dense(spk_ctx *ctx, spk_tensor *bits, int64_t width) {
    char what[64];
    snprintf(what, sizeof what, "bits of width %lld", (long long)width);
    cr_assert(spk_tensor_storage(bits) == SPK_BITS, "%s: not bits", what);
    spk_tensor *copy = spk_dense(bits);
    cr_assert(spk_tensor_storage(copy) == SPK_DENSE, "%s: spk_dense", what);
    assert_same(copy, bits, 0, what);
    const int64_t rows = spk_dim(bits, 0), in = spk_dim(bits, -1);
    spk_tensor *w = parameter(ctx, SPK_SHAPE(in, 3)), *b = parameter(ctx, SPK_SHAPE(3)), *weights = uniform(ctx, SPK_SHAPE(3), -1, 1),
               *g[2][2];
    spk_tensor *y[2];
    for (int k = 0; k < 2; k++) {
        y[k] = spk_linear(k ? copy : bits, w, b);
        cr_assert(spk_backward(spk_sum(spk_multiply(y[k], weights))), "%s: %s", what, spk_error(ctx));
        g[k][0] = spk_keep(spk_grad(w)), g[k][1] = spk_keep(spk_grad(b));
        spk_clear_grad(w), spk_clear_grad(b);
    }
    assert_same(y[0], y[1], ROUNDING, what);
    assert_same(g[0][0], g[1][0], ROUNDING, what);
    assert_same(g[0][1], g[1][1], ROUNDING, what);
    for (int64_t T = 1; T <= rows; T++) {
        if (rows % T) continue;
        assert_same(spk_sum_over_time(bits, T), spk_sum_over_time(copy, T), 0, what);
        assert_same(spk_mean_over_time(bits, T), spk_mean_over_time(copy, T), 0, what);
        assert_same(spk_time_step(bits, T, T - 1), spk_time_step(copy, T, T - 1), 0, what);
    }
    for (int64_t begin = 0; begin <= rows; begin++) assert_same(spk_slice(bits, begin, rows), spk_slice(copy, begin, rows), 0, what);
    if (rows > 2) assert_same(spk_slice(spk_slice(bits, 1, rows), 1, 2), spk_slice(copy, 2, 3), 0, what);
    assert_same(spk_flatten(bits), spk_flatten(copy), 0, what);
    assert_same(spk_reshape(bits, SPK_SHAPE(spk_size(bits))), spk_reshape(copy, SPK_SHAPE(spk_size(bits))), 0, what);
    assert_same(spk_add(bits, copy), spk_scale(copy, 2), 0, what);
    assert_same(spk_transpose(bits, 0, -1), spk_transpose(copy, 0, -1), 0, what);
    assert_same(spk_keep(bits), copy, 0, what);
    spk_tensor *dropped = spk_dropout(bits, .p = 0.5, .T = rows);
    for (int64_t i = 0; i < spk_size(bits); i++) {
        const double got = (double)spk_data(dropped)[i], base = (double)spk_data(copy)[i];
        cr_assert(got == 0 || close_to(got, 2 * base, 1e-6), "%s: dropout gives %g for %g", what, got, base);
    }
    spk_clear_grad(w);
    cr_assert(spk_backward(spk_sum(spk_linear(dropped, w, b))), "%s: %s", what, spk_error(ctx));
    spk_tensor *of_dropped = spk_keep(spk_grad(w));
    spk_clear_grad(w);
    cr_assert(spk_backward(spk_sum(spk_linear(spk_dense(dropped), w, b))), "%s: %s", what, spk_error(ctx));
    assert_same(of_dropped, spk_grad(w), ROUNDING, "linear of dropped bits");
    assert_fine(ctx, what);
}

Test(values, bits_equal_floats) {
    static const int64_t widths[] = {1, 63, 64, 65, 130};
    spk_ctx *ctx = spk_ctx_create(.seed = 12);
    for (size_t k = 0; k < sizeof widths / sizeof *widths; k++) {
        const int64_t width = widths[k];
        spk_tensor *x = zeros_and_ones(ctx, SPK_SHAPE(6, width)), *bits = spk_bits(x);
        assert_same(bits, x, 0, "bits");
        bits_equal_dense(ctx, bits, width);
        bits_equal_dense(ctx, spk_slice(bits, 2, 5), width);
        /* Rows of another length than the words' rows: longer, shorter, with an axis more, and views of
         * those. */
        bits_equal_dense(ctx, spk_reshape(bits, SPK_SHAPE(3, 2 * width)), width);
        bits_equal_dense(ctx, spk_reshape(bits, SPK_SHAPE(6 * width, 1)), width);
        bits_equal_dense(ctx, spk_reshape(bits, SPK_SHAPE(2, 3, width)), width);
        bits_equal_dense(ctx, spk_slice(spk_reshape(bits, SPK_SHAPE(3, 2 * width)), 1, 3), width);
        if (width % 5 == 0) bits_equal_dense(ctx, spk_reshape(bits, SPK_SHAPE(30, width / 5)), width);
        for (int64_t begin = 0; width % 2 == 0 && begin < 12; begin++)
            for (int64_t end = begin; end <= 12; end++)
                assert_same(spk_slice(spk_reshape(bits, SPK_SHAPE(12, width / 2)), begin, end),
                            spk_slice(spk_reshape(x, SPK_SHAPE(12, width / 2)), begin, end), 0, "half rows");
        spk_end_step(ctx);
    }
    /* Other values than zeros and ones cannot be stored as bits. */
    assert_inert(spk_bits(VECTOR(ctx, 0, 1, 0.5)), "bits of 0.5");
    assert_error(ctx, "bits of 0.5", "bits", "element 2");
    assert_inert(spk_bits(spk_scalar(ctx, 1)), "bits of a scalar");
    assert_error(ctx, "bits of a scalar", "bits", "scalar");
    spk_tensor *bits = spk_bits(spk_tensor_create(ctx, SPK_SHAPE(2, 0)));
    cr_assert(spk_tensor_storage(bits) == SPK_BITS && spk_size(spk_dense(bits)) == 0, "empty rows of bits");
    cr_assert(spk_size(spk_sum_over_time(bits, 2)) == 0 && spk_size(spk_slice(bits, 0, 1)) == 0, "empty rows of bits");
    cr_assert(spk_size(spk_dropout(bits)) == 0 && spk_size(spk_linear(bits, spk_tensor_create(ctx, SPK_SHAPE(0, 2)), NULL)) == 4,
              "empty rows of bits");
    assert_fine(ctx, "empty rows of bits");
    spk_ctx_destroy(ctx);
}

/* Functions of [N, 4] whose results must not depend on how a repeated input is stored. */
typedef struct repeated_case {
    const char *name;
    spk_tensor *(*function)(spk_tensor *x, spk_tensor *w, spk_tensor *b, spk_tensor *mean, spk_tensor *var);
} repeated_case;
#define REPEATED(name, expression)                                                                            \
    static spk_tensor *name(spk_tensor *x, spk_tensor *w, spk_tensor *b, spk_tensor *mean, spk_tensor *var) { \
        (void)w, (void)b, (void)mean, (void)var;                                                              \
        return expression;                                                                                    \
    }
REPEATED(r_linear, spk_linear(x, w, b))
REPEATED(r_linear_plain, spk_linear(x, w, NULL))
REPEATED(r_norm, spk_batch_norm(x, spk_sum(w, .axes = SPK_AXES(0)), b, .running_mean = mean, .running_var = var))
REPEATED(r_norm_evaluation,
         spk_batch_norm(x, spk_sum(w, .axes = SPK_AXES(0)), b, .running_mean = mean, .running_var = var, .training = false))
REPEATED(r_norm_of_linear, spk_batch_norm(spk_linear(x, w, NULL), NULL, b, .running_mean = mean, .running_var = var))
REPEATED(r_slice, spk_slice(x, 4, 6))
REPEATED(r_slice_across, spk_slice(x, 2, 7))
REPEATED(r_time_step, spk_multiply(spk_time_step(x, 4, 2), b))
REPEATED(r_mean, spk_mean_over_time(spk_linear(x, w, b), 4))
REPEATED(r_sum, spk_sum_over_time(x, 4))
REPEATED(r_other_mean, spk_mean_over_time(x, 2))
REPEATED(r_flatten, spk_linear(spk_flatten(spk_reshape(x, SPK_SHAPE(12, 2, 2))), w, b))
REPEATED(r_reshape, spk_tanh(spk_reshape(x, SPK_SHAPE(6, 8))))
REPEATED(r_add, spk_add(x, b))
REPEATED(r_detach, spk_multiply(spk_tensor_detach(x), x))
static const repeated_case repeated_cases[] = {
    {"linear", r_linear},
    {"linear without bias", r_linear_plain},
    {"batch norm", r_norm},
    {"batch norm, evaluation", r_norm_evaluation},
    {"batch norm of linear", r_norm_of_linear},
    {"slice", r_slice},
    {"slice across repeats", r_slice_across},
    {"time step", r_time_step},
    {"mean over time", r_mean},
    {"sum over time", r_sum},
    {"mean over other steps", r_other_mean},
    {"flatten", r_flatten},
    {"reshape", r_reshape},
    {"add", r_add},
    {"detach", r_detach},
};

Test(values, repeated_equals_dense) {
    spk_ctx *ctx = spk_ctx_create(.seed = 13);
    for (size_t k = 0; k < sizeof repeated_cases / sizeof *repeated_cases; k++) {
        const char *name = repeated_cases[k].name;
        spk_tensor *x = parameter(ctx, SPK_SHAPE(3, 4)), *w = parameter(ctx, SPK_SHAPE(4, 4)), *b = parameter(ctx, SPK_SHAPE(4)),
                   *kept[2][6], *weights = NULL;
        for (int dense = 0; dense < 2; dense++) {
            spk_tensor *mean = spk_tensor_create(ctx, SPK_SHAPE(4)), *var = VECTOR(ctx, 1, 2, 3, 4), *r = spk_repeat_over_time(x, 4);
            spk_tensor *y = repeated_cases[k].function(dense ? spk_dense(r) : r, w, b, mean, var);
            if (!weights) weights = uniform(ctx, spk_tensor_shape(y), -1, 1);
            cr_assert(spk_backward(spk_sum(spk_multiply(y, weights))), "%s: %s", name, spk_error(ctx));
            spk_tensor *results[] = {y, spk_grad(x), spk_grad(w), spk_grad(b), mean, var};
            for (int i = 0; i < 6; i++) kept[dense][i] = results[i] ? spk_keep(results[i]) : NULL;
            spk_clear_grad(x), spk_clear_grad(w), spk_clear_grad(b);
            spk_end_step(ctx);
        }
        for (int i = 0; i < 6; i++) {
            cr_assert(!kept[0][i] == !kept[1][i], "%s: result %d", name, i);
            if (kept[0][i]) assert_same(kept[0][i], kept[1][i], ROUNDING, name);
        }
    }
    /* Where a storage is kept, and where not. */
    spk_tensor *r = spk_repeat_over_time(uniform(ctx, SPK_SHAPE(3, 4), -1, 1), 4);
    cr_assert(spk_tensor_storage(spk_linear(r, uniform(ctx, SPK_SHAPE(4, 2), -1, 1), NULL)) == SPK_REPEATED, "linear keeps repeated rows");
    cr_assert(spk_tensor_storage(spk_batch_norm(r, NULL, NULL)) == SPK_REPEATED, "batch norm keeps repeated rows");
    cr_assert(spk_tensor_storage(spk_reshape(r, SPK_SHAPE(12, 2, 2))) == SPK_REPEATED, "reshape of the inner axes keeps repeated rows");
    cr_assert(spk_tensor_storage(spk_reshape(r, SPK_SHAPE(6, 8))) == SPK_DENSE, "reshape of the rows does not");
    cr_assert(spk_data(spk_time_step(r, 4, 1)) == spk_data(spk_time_step(r, 4, 2)), "time steps of repeated rows show the same memory");
    spk_ctx_destroy(ctx);
}

/* ---- What is refused ---- */

/* Elementwise ops and those that only store otherwise take every shape. Of the others the test of wrong shapes must see an error. */
static const char *const any_shape[] = {"negate", "scale", "shift",   "exp",   "log",   "sqrt",  "power",
                                        "tanh",   "relu",  "sigmoid", "clamp", "dense", "detach"};
static char refused[4096]; /* the names of the ops that have refused a shape, each between bars */

static void note_refusal(const char *error) {
    const size_t length = strlen(refused);
    snprintf(refused + length, sizeof refused - length, "|%.*s|", (int)strcspn(error, ": "), error);
}

static void assert_all_refused(void) {
    int count;
    const spk_op *const *ops = spk_autograd_ops(&count);
    for (int k = 0; k < count; k++) {
        char name[64];
        snprintf(name, sizeof name, "|%s|", ops[k]->name);
        bool any = false;
        for (size_t i = 0; i < sizeof any_shape / sizeof *any_shape; i++) any = any || strcmp(any_shape[i], ops[k]->name) == 0;
        cr_assert(any != !!strstr(refused, name), "op %s %s", ops[k]->name, any ? "refuses a shape" : "has no case of a wrong shape");
    }
}

Test(values, wrong_shapes) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *s = spk_scalar(ctx, 1), *v3 = uniform(ctx, SPK_SHAPE(3), 0, 1), *v5 = uniform(ctx, SPK_SHAPE(5), 0, 1),
               *m = uniform(ctx, SPK_SHAPE(2, 3), 0, 1), *n = uniform(ctx, SPK_SHAPE(4, 5), 0, 1),
               *c = uniform(ctx, SPK_SHAPE(2, 3, 4), 0, 1), *empty = spk_tensor_create(ctx, SPK_SHAPE(0, 3)),
               *six = uniform(ctx, SPK_SHAPE(1, 1, 1, 1, 1, 1), 0, 1), *mean = spk_tensor_create(ctx, SPK_SHAPE(3)),
               *one_row = uniform(ctx, SPK_SHAPE(1, 3), 0, 1);
    spk_tensor *m_n[] = {m, n}, *m_c[] = {m, c}, *m_v[] = {m, v3}, *s_s[] = {s, s}, *sixes[] = {six, six};
#define BAD(name, text, call)                 \
    do {                                      \
        assert_inert(call, #call);            \
        note_refusal(spk_error(ctx));         \
        assert_error(ctx, #call, name, text); \
    } while (0)
#define BAD2(name, a, b, call)                                                              \
    do {                                                                                    \
        assert_inert(call, #call);                                                          \
        note_refusal(spk_error(ctx));                                                       \
        cr_assert(strstr(spk_error(ctx), a), "%s: no %s in: %s", #call, a, spk_error(ctx)); \
        assert_error(ctx, #call, name, b);                                                  \
    } while (0)
    BAD2("add", "[2, 3]", "[4, 5]", spk_add(m, n));
    BAD2("subtract", "[2, 3]", "[5]", spk_subtract(m, v5));
    BAD2("multiply", "[3]", "[5]", spk_multiply(v3, v5));
    BAD2("divide", "[2, 3, 4]", "[2, 3]", spk_divide(c, m));
    BAD2("where", "[2, 3]", "[4, 5]", spk_where(m, n, n));
    BAD2("where", "[2, 3]", "[5]", spk_where(s, m, v5));
    BAD2("matmul", "[2, 3]", "[4, 5]", spk_matmul(m, n));
    BAD2("matmul", "[2, 3]", "[2, 3]", spk_matmul(m, m));
    BAD2("matmul", "[2, 3]", "[4, 5]", spk_matmul(m, n, .transpose_a = true));
    BAD2("matmul", "[2, 3]", "[4, 5]", spk_matmul(m, n, .transpose_b = true));
    BAD2("matmul", "[3]", "[2, 3]", spk_matmul(v3, m));
    BAD2("matmul", "[2, 3, 4]", "[4, 5]", spk_matmul(c, n));
    BAD2("linear", "[2, 3]", "takes 4 inputs", spk_linear(m, n, v5));
    BAD2("linear", "[3]", "gives 5 outputs", spk_linear(spk_full(ctx, SPK_SHAPE(2, 4), 1), n, v3));
    BAD("linear", "[2, 3, 4]", spk_linear(m, c, NULL));
    BAD("linear", "[]", spk_linear(s, n, NULL));
    BAD("sum", "[2, 3]", spk_sum(m, .axes = SPK_AXES(2)));
    BAD("sum", "[2, 3]", spk_sum(m, .axes = SPK_AXES(0, -2)));
    BAD("sum", "[2, 3]", spk_sum(m, .axes = SPK_AXES(-3)));
    BAD("sum", "axes", spk_sum(m, .axes = SPK_AXES(0, 1, 2, 3, 4, 5, 6)));
    BAD("mean", "[2, 3]", spk_mean(m, .axes = SPK_AXES(5)));
    BAD("mean", "[0, 3]", spk_mean(empty));
    BAD("max", "[2, 3]", spk_max(m, .axes = SPK_AXES(1, 1)));
    BAD("max", "[0, 3]", spk_max(empty, .axes = SPK_AXES(0)));
    BAD2("reshape", "[2, 3]", "[5]", spk_reshape(m, SPK_SHAPE(5)));
    BAD("reshape", "[2, 3]", spk_reshape(m, SPK_SHAPE(-2, -3)));
    BAD("reshape", "[2, 3]", spk_reshape(m, SPK_SHAPE(1, 1, 1, 1, 1, 2, 3)));
    BAD("slice", "[2, 3]", spk_slice(m, 0, 3));
    BAD("slice", "[2, 3]", spk_slice(m, -1, 1));
    BAD("slice", "[2, 3]", spk_slice(m, 2, 1));
    BAD("slice", "[]", spk_slice(s, 0, 0));
    BAD("bits", "scalar", spk_bits(s));
    BAD("slice", "[6, 3]", spk_slice(spk_repeat_over_time(m, 3), 1, 7));
    BAD("transpose", "[2, 3]", spk_transpose(m, 0, 2));
    BAD("transpose", "[2, 3]", spk_transpose(m, -3, 0));
    BAD("transpose", "[]", spk_transpose(s, 0, 0));
    BAD2("concat", "[2, 3]", "[4, 5]", spk_concat(m_n, 2, 0));
    BAD2("concat", "[2, 3]", "[2, 3, 4]", spk_concat(m_c, 2, 0));
    BAD2("concat", "[2, 3]", "[3]", spk_concat(m_v, 2, 1));
    BAD("concat", "[2, 3]", spk_concat(m_n, 2, 2));
    BAD("concat", "[]", spk_concat(s_s, 2, 0));
    BAD2("stack", "[2, 3]", "[4, 5]", spk_stack(m_n, 2, 0));
    BAD("stack", "[2, 3]", spk_stack(m_n, 1, 4));
    BAD("stack", "[2, 3]", spk_stack(m_n, 1, -4));
    BAD("stack", "[1, 1, 1, 1, 1, 1]", spk_stack(sixes, 2, 0));
    BAD("repeat_over_time", "0", spk_repeat_over_time(m, 0));
    BAD("repeat_over_time", "scalar", spk_repeat_over_time(s, 2));
    BAD("repeat_over_time", "memory", spk_repeat_over_time(m, INT64_MAX / 2));
    BAD("sum_over_time", "[2, 3]", spk_sum_over_time(m, 3));
    BAD("sum_over_time", "[2, 3]", spk_sum_over_time(m, 0));
    BAD("over_time", "[2, 3]", spk_mean_over_time(m, -1));
    BAD("over_time", "[]", spk_mean_over_time(s, 1));
    BAD("time_step", "[2, 3]", spk_time_step(m, 3, 0));
    BAD("time_step", "[2, 3]", spk_time_step(m, 2, 2));
    BAD("time_step", "[2, 3]", spk_time_step(m, 2, -1));
    BAD("time_step", "[2, 3]", spk_time_step(m, 0, 0));
    BAD("softmax", "[]", spk_softmax(s));
    BAD("log_softmax", "[3, 0]", spk_log_softmax(spk_tensor_create(ctx, SPK_SHAPE(3, 0))));
    BAD2("cross_entropy", "[2, 3]", "[5]", spk_cross_entropy(m, v5));
    BAD2("cross_entropy", "[3]", "[3]", spk_cross_entropy(v3, v3));
    BAD("cross_entropy", "label", spk_cross_entropy(m, VECTOR(ctx, 0, 3)));
    BAD("cross_entropy", "label", spk_cross_entropy(m, VECTOR(ctx, 0.5, 1)));
    BAD("cross_entropy", "label", spk_cross_entropy(m, VECTOR(ctx, -1, 1)));
    BAD("cross_entropy", "label", spk_cross_entropy(m, VECTOR(ctx, (spk_real)NAN, 1)));
    BAD("cross_entropy", "smoothing", spk_cross_entropy(m, VECTOR(ctx, 0, 1), .label_smoothing = 1.5));
    BAD("cross_entropy", "[0, 3]", spk_cross_entropy(empty, spk_tensor_create(ctx, SPK_SHAPE(0))));
    BAD2("mse", "[2, 3]", "[4, 5]", spk_mse(m, n));
    BAD2("mse", "[2, 3]", "[3]", spk_mse(m, v3));
    BAD("mse", "[0, 3]", spk_mse(empty, empty));
    BAD("dropout", "p is", spk_dropout(m, .p = 1.5));
    BAD("dropout", "p is", spk_dropout(m, .p = NAN));
    BAD("dropout", "[2, 3]", spk_dropout(m, .T = 3));
    BAD("dropout", "[]", spk_dropout(s));
    BAD("batch_norm", "[2, 3, 4]", spk_batch_norm(c, NULL, NULL));
    BAD("batch_norm", "[1, 3]", spk_batch_norm(one_row, NULL, NULL));
    BAD2("batch_norm", "[2, 3]", "[5]", spk_batch_norm(m, v5, NULL));
    BAD2("batch_norm", "[2, 3]", "[5]", spk_batch_norm(m, NULL, v5));
    BAD2("batch_norm", "[2, 3]", "[5]", spk_batch_norm(m, NULL, NULL, .running_mean = v5, .running_var = v5));
    BAD("batch_norm", "together", spk_batch_norm(m, NULL, NULL, .running_mean = mean));
    /* More elements than memory can hold: 2^60. */
    spk_tensor *row = uniform(ctx, SPK_SHAPE(1 << 20), 0, 1);
    BAD("where", "memory", spk_where(spk_reshape(row, SPK_SHAPE(1 << 20, 1, 1)), spk_reshape(row, SPK_SHAPE(1 << 20, 1)), row));
    spk_tensor_destroy(row);
    assert_all_refused();
    /* Nothing was changed by all this. */
    assert_values(mean, "running mean", 0, 0, 0);
    assert_values(s, "scalar", 1);
    spk_ctx_destroy(ctx);
}

Test(values, empty_tensors) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *x = parameter(ctx, SPK_SHAPE(0, 3)), *w = parameter(ctx, SPK_SHAPE(3, 2)), *b = parameter(ctx, SPK_SHAPE(2)),
               *v = parameter(ctx, SPK_SHAPE(3));
    spk_tensor *mean = spk_tensor_create(ctx, SPK_SHAPE(3)), *var = VECTOR(ctx, 1, 1, 1), *xs[] = {x, x, x};
    struct {
        const char *name;
        spk_tensor *y;
        spk_shape shape;
    } cases[] = {
        {"add", spk_add(x, v), SPK_SHAPE(0, 3)},
        {"where", spk_where(x, x, v), SPK_SHAPE(0, 3)},
        {"exp", spk_exp(x), SPK_SHAPE(0, 3)},
        {"linear", spk_linear(x, w, b), SPK_SHAPE(0, 2)},
        {"matmul", spk_matmul(x, w), SPK_SHAPE(0, 2)},
        {"matmul over nothing", spk_matmul(x, x, .transpose_a = true), SPK_SHAPE(3, 3)},
        {"sum", spk_sum(x), SPK_SCALAR},
        {"sum over nothing", spk_sum(x, .axes = SPK_AXES(0)), SPK_SHAPE(3)},
        {"sum of rows", spk_sum(x, .axes = SPK_AXES(1)), SPK_SHAPE(0)},
        {"reshape", spk_reshape(x, SPK_SHAPE(3, 0, 5)), SPK_SHAPE(3, 0, 5)},
        {"slice", spk_slice(x, 0, 0), SPK_SHAPE(0, 3)},
        {"slice to nothing", spk_slice(w, 3, 3), SPK_SHAPE(0, 2)},
        {"transpose", spk_transpose(x, 0, 1), SPK_SHAPE(3, 0)},
        {"concat", spk_concat(xs, 3, 0), SPK_SHAPE(0, 3)},
        {"concat wide", spk_concat(xs, 3, 1), SPK_SHAPE(0, 9)},
        {"stack", spk_stack(xs, 3, 0), SPK_SHAPE(3, 0, 3)},
        {"repeat", spk_repeat_over_time(x, 4), SPK_SHAPE(0, 3)},
        {"repeat, dense", spk_dense(spk_repeat_over_time(x, 4)), SPK_SHAPE(0, 3)},
        {"linear of repeat", spk_linear(spk_repeat_over_time(x, 4), w, b), SPK_SHAPE(0, 2)},
        {"slice of repeat", spk_slice(spk_repeat_over_time(x, 4), 0, 0), SPK_SHAPE(0, 3)},
        {"mean over time", spk_mean_over_time(x, 2), SPK_SHAPE(0, 3)},
        {"mean of repeat over time", spk_mean_over_time(spk_repeat_over_time(x, 4), 4), SPK_SHAPE(0, 3)},
        {"softmax", spk_softmax(x), SPK_SHAPE(0, 3)},
        {"log softmax", spk_log_softmax(x), SPK_SHAPE(0, 3)},
        {"dropout", spk_dropout(x), SPK_SHAPE(0, 3)},
        {"dropout of repeat", spk_dropout(spk_repeat_over_time(x, 4), .T = 4), SPK_SHAPE(0, 3)},
        {"batch norm", spk_batch_norm(x, v, NULL, .training = false, .running_mean = mean, .running_var = var), SPK_SHAPE(0, 3)},
        {"bits", spk_bits(x), SPK_SHAPE(0, 3)},
        {"linear of bits", spk_linear(spk_bits(x), w, b), SPK_SHAPE(0, 2)},
        {"dropout of bits", spk_dropout(spk_bits(x)), SPK_SHAPE(0, 3)},
        {"detach", spk_tensor_detach(x), SPK_SHAPE(0, 3)},
    };
    assert_fine(ctx, "empty tensors");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert(spk_shape_equal(spk_tensor_shape(cases[i].y), cases[i].shape), "%s: %s", cases[i].name,
                  spk_shape_text(spk_tensor_shape(cases[i].y)).text);
        for (int64_t k = 0; k < spk_size(cases[i].y); k++)
            cr_assert(spk_data(cases[i].y)[k] == 0, "%s: element %lld", cases[i].name, (long long)k);
        if (spk_requires_grad(cases[i].y))
            cr_assert(spk_backward(spk_sum(cases[i].y), .retain = true), "%s: %s", cases[i].name, spk_error(ctx));
    }
    cr_assert(spk_size(spk_grad(x)) == 0, "gradient of nothing");
    for (int64_t i = 0; i < 6; i++) cr_assert(spk_data(spk_grad(w))[i] == 0, "a weight's gradient of an empty batch");
    spk_ctx_destroy(ctx);
}
