/* What the ops compute: against naive loops and hand-computed values. */
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
