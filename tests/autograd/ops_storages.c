/* Ops on bits and on repeated tensors give what they give on the same numbers written out. */
#include "../core/support.h"

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

Test(ops_storages, bits_equal_floats) {
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

Test(ops_storages, repeated_equals_dense) {
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
