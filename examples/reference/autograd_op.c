/* Ops of one's own, each a few lines; examples/custom_op.c is a whole one. */
#include "reference.h"
#include <math.h>
#include <spiketape.h>
#include <string.h>

/* square: y = x^2, gx = 2 x gy. */

//! [spk_output]
static bool square_infer(spk_record *r) { return spk_output(r, 0, spk_tensor_shape(r->in[0])); } /* y has x's shape */
//! [spk_output]

//! [spk_values]
static void square_forward(spk_record *r) {
    const spk_real *x = spk_values(r->in[0]);
    spk_real *y = spk_values(r->out[0]);
    for (int64_t i = 0; i < spk_count(r->in[0]); i++) y[i] = x[i] * x[i];
}
//! [spk_values]

//! [spk_grad_to]
static void square_backward(spk_record *r) {
    const spk_real *x = spk_values(r->in[0]), *gy = spk_grad_of(r, 0);
    spk_real *gx = spk_grad_to(r, 0); /* NULL when nobody needs it */
    for (int64_t i = 0; gx && i < spk_count(r->in[0]); i++) gx[i] = 2 * x[i] * gy[i];
}
//! [spk_grad_to]

static const spk_op square_op = {
    .name = "square", .inputs = 1, .saved_inputs = 1, .infer = square_infer, .forward = square_forward, .backward = square_backward};

/* extremes: the smallest and the largest element, two outputs. */

//! [spk_op_fail]
static bool extremes_infer(spk_record *r) {
    const spk_shape shape = spk_tensor_shape(r->in[0]);
    if (spk_shape_size(shape) == 0) return spk_op_fail(r, "%s has no elements; give at least one", spk_shape_text(shape).text);
    return spk_output(r, 0, SPK_SCALAR) && spk_output(r, 1, SPK_SCALAR);
}
//! [spk_op_fail]

//! [spk_wanted]
static void extremes_forward(spk_record *r) {
    const spk_real *x = spk_values(r->in[0]);
    for (int k = 0; k < 2; k++) {
        if (!spk_wanted(r, k)) continue; /* output k was not asked for, and r->out[k] is NULL */
        spk_real *y = spk_values(r->out[k]);
        *y = x[0];
        for (int64_t i = 1; i < spk_count(r->in[0]); i++)
            if (k ? x[i] > *y : x[i] < *y) *y = x[i];
    }
}
//! [spk_wanted]

static const spk_op extremes_op = {.name = "extremes", .inputs = 1, .outputs = 2, .infer = extremes_infer, .forward = extremes_forward};

/* first_row: a view of row 0 of a matrix. */

//! [spk_output_view]
static bool first_row_infer(spk_record *r) {
    return spk_output_view(r, 0, SPK_SHAPE(spk_dim(r->in[0], 1)), 0, 0); /* input 0's elements from number 0 on */
}
//! [spk_output_view]

//! [spk_grad_add_to]
static void first_row_backward(spk_record *r) {
    spk_real *gx = spk_grad_add_to(r, 0); /* of the whole matrix; only the first row is touched */
    for (int64_t i = 0; gx && i < spk_count(r->out[0]); i++) gx[i] += spk_grad_of(r, 0)[i];
}
//! [spk_grad_add_to]

static const spk_op first_row_op = {.name = "first_row", .inputs = 1, .infer = first_row_infer, .backward = first_row_backward};

/* marked: x itself, whose gradient passes as it is. */

static bool marked_infer(spk_record *r) { return spk_output_view(r, 0, spk_tensor_shape(r->in[0]), 0, 0); }

//! [spk_grad_pass]
static void marked_backward(spk_record *r) { spk_grad_pass(r, 0, 0); } /* output 0's gradient is input 0's */
//! [spk_grad_pass]

static const spk_op marked_op = {.name = "marked", .inputs = 1, .infer = marked_infer, .backward = marked_backward};

/* root: y = sqrt(x), with the slope kept for backward. */

//! [spk_save_for_backward]
static void root_forward(spk_record *r) {
    const int64_t n = spk_count(r->in[0]);
    const bool keep = spk_is_recorded(r); /* no backward can come: nothing to keep */
    spk_real *slope = keep ? spk_save_for_backward(r, (size_t)n * sizeof *slope) : NULL;
    if (keep && !slope) return; /* no memory; the error is set */
    for (int64_t i = 0; i < n; i++) {
        spk_values(r->out[0])[i] = (spk_real)sqrt((double)spk_values(r->in[0])[i]);
        if (slope) slope[i] = (spk_real)0.5 / spk_values(r->out[0])[i];
    }
}
//! [spk_save_for_backward]

//! [spk_grad_of]
static void root_backward(spk_record *r) {
    const spk_real *slope = r->saved, *gy = spk_grad_of(r, 0); /* as many numbers as the output has */
    spk_real *gx = spk_grad_to(r, 0);
    for (int64_t i = 0; gx && i < spk_count(r->in[0]); i++) gx[i] = slope[i] * gy[i];
}
//! [spk_grad_of]

static const spk_op root_op = {.name = "root", .inputs = 1, .infer = square_infer, .forward = root_forward, .backward = root_backward};

/* column_sums: [N, columns] to [columns], summed in double. */

static bool column_sums_infer(spk_record *r) { return spk_output(r, 0, SPK_SHAPE(spk_dim(r->in[0], 1))); }

//! [spk_scratch]
static void column_sums_forward(spk_record *r) {
    const int64_t columns = spk_count(r->out[0]), n = spk_count(r->in[0]);
    double *sum = spk_scratch(r, (size_t)columns * sizeof *sum); /* for this call only */
    if (!sum) return;
    for (int64_t c = 0; c < columns; c++) sum[c] = 0;
    for (int64_t i = 0; i < n; i++) sum[i % columns] += (double)spk_values(r->in[0])[i];
    for (int64_t c = 0; c < columns; c++) spk_values(r->out[0])[c] = (spk_real)sum[c];
    spk_scratch_done(r, sum, (size_t)columns * sizeof *sum);
}
//! [spk_scratch]

/* spread: each row less its mean, by way of scratch memory for the means. */

static void spread_forward(spk_record *r) {
    const int64_t rows = spk_dim(r->in[0], 0), columns = spk_dim(r->in[0], 1);
    const spk_real *x = spk_values(r->in[0]);
    //! [spk_scratch_done]
    spk_real *mean = spk_scratch(r, (size_t)rows * sizeof *mean);
    if (!mean) return;
    for (int64_t i = 0; i < rows; i++) mean[i] = 0;
    for (int64_t i = 0; i < rows * columns; i++) mean[i / columns] += x[i] / (spk_real)columns;
    for (int64_t i = 0; i < rows * columns; i++) spk_values(r->out[0])[i] = x[i] - mean[i / columns];
    spk_scratch_done(r, mean, (size_t)rows * sizeof *mean); /* with the size that was asked for */
    //! [spk_scratch_done]
}

static const spk_op spread_op = {.name = "spread", .inputs = 1, .infer = square_infer, .forward = spread_forward};

static const spk_op column_sums_op = {.name = "column_sums", .inputs = 1, .infer = column_sums_infer, .forward = column_sums_forward};

/* doubled_over_time: 2 x at each of T steps, stored once. */

//! [spk_output_repeated]
static bool doubled_over_time_infer(spk_record *r) {
    const int64_t T = *(const int64_t *)r->attributes;
    spk_shape shape = spk_tensor_shape(r->in[0]);
    shape.dim[0] *= T;                          /* [T*N, ...] is shown */
    return spk_output_repeated(r, 0, shape, T); /* N rows are stored, and spk_values has room for those */
}
//! [spk_output_repeated]

//! [spk_count]
static void doubled_over_time_forward(spk_record *r) {
    const int64_t stored = spk_count(r->out[0]); /* of N rows; spk_size(r->out[0]) is T times that */
    for (int64_t i = 0; i < stored; i++) spk_values(r->out[0])[i] = 2 * spk_values(r->in[0])[i];
}
//! [spk_count]

static const spk_op doubled_over_time_op = {.name = "doubled_over_time",
                                            .inputs = 1,
                                            .attributes = sizeof(int64_t),
                                            .infer = doubled_over_time_infer,
                                            .forward = doubled_over_time_forward};

/* silence: no spikes, in x's shape, one bit an element. */

//! [spk_output_bits]
static bool silence_infer(spk_record *r) {
    return spk_output_bits(r, 0, spk_tensor_shape(r->in[0]), spk_dim(r->in[0], -1), 1); /* all bits are 0 before forward */
}
//! [spk_output_bits]

static const spk_op silence_op = {.name = "silence", .inputs = 1, .storages = SPK_BITS, .infer = silence_infer};

/* dense: y = x weight, which leaves the product gy weight' to whoever needs the gradient of x. */

static bool dense_infer(spk_record *r) { return spk_output(r, 0, SPK_SHAPE(spk_dim(r->in[0], 0), spk_dim(r->in[1], 1))); }

static void dense_forward(spk_record *r) {
    const int64_t rows = spk_dim(r->in[0], 0), in = spk_dim(r->in[1], 0), out = spk_dim(r->in[1], 1);
    const spk_real *x = spk_values(r->in[0]), *w = spk_values(r->in[1]);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t c = 0; c < out; c++) {
            spk_real sum = 0;
            for (int64_t j = 0; j < in; j++) sum += x[i * in + j] * w[j * out + c];
            spk_values(r->out[0])[i * out + c] = sum;
        }
}

/* to = gy weight', [rows, in]. */
static void multiply_out(spk_product p, spk_real factor, spk_real *to) {
    for (int64_t i = 0; to && i < p.rows; i++)
        for (int64_t j = 0; j < p.in; j++) {
            spk_real sum = 0;
            for (int64_t c = 0; c < p.out; c++) sum += p.g[i * p.out + c] * p.weight[j * p.out + c];
            to[i * p.in + j] = factor * sum;
        }
}

//! [spk_grad_product]
static void dense_backward(spk_record *r) {
    spk_tensor *weight = r->in[1];
    if (spk_grad_product(r, 0, 0, weight)) return; /* the op that made x multiplies it out, if it has to */
    const spk_product p = {spk_dim(r->in[0], 0), spk_dim(weight, 0), spk_dim(weight, 1), spk_grad_of(r, 0), spk_values(weight)};
    multiply_out(p, 1, spk_grad_to(r, 0));
}
//! [spk_grad_product]

static const spk_op dense_op = {
    .name = "dense", .inputs = 2, .saved_inputs = 2, .infer = dense_infer, .forward = dense_forward, .backward = dense_backward};

/* half: y = x / 2, which takes its gradient as a product. */

static void half_forward(spk_record *r) {
    for (int64_t i = 0; i < spk_count(r->in[0]); i++) spk_values(r->out[0])[i] = spk_values(r->in[0])[i] / 2;
}

static bool half_wants_product(const spk_record *r, int k, int64_t out) { return r && k == 0 && out < 4; } /* narrow ones */

static int products; /* how many came */

//! [spk_grad_product_of]
static void half_backward(spk_record *r) { /* .wants_product of this op says yes */
    spk_real *gx = spk_grad_to(r, 0);
    const spk_product *p = spk_grad_product_of(r, 0);
    if (p) products++, multiply_out(*p, 0.5, gx);
    else
        for (int64_t i = 0; gx && i < spk_count(r->in[0]); i++) gx[i] = spk_grad_of(r, 0)[i] / 2;
}
//! [spk_grad_product_of]

static const spk_op half_op = {.name = "half",
                               .inputs = 1,
                               .infer = square_infer,
                               .forward = half_forward,
                               .backward = half_backward,
                               .wants_product = half_wants_product};

/* total: the sum of all, whose gradient is the same everywhere. */

static bool total_infer(spk_record *r) { return spk_output(r, 0, SPK_SCALAR); }

//! [spk_check_finite]
static void total_forward(spk_record *r) {
    spk_real sum = 0;
    for (int64_t i = 0; i < spk_count(r->in[0]); i++) sum += spk_values(r->in[0])[i];
    if (!spk_check_finite(r, "the sum", SPK_SCALAR, &sum)) return; /* an error under spk_detect_anomaly */
    *spk_values(r->out[0]) = sum;
}
//! [spk_check_finite]

//! [spk_grad_uniform]
static void total_backward(spk_record *r) {
    const spk_real g = spk_grad_of(r, 0)[0];
    if (spk_grad_uniform(r, 0, g)) return; /* not written out: the op that made x takes it so */
    spk_real *gx = spk_grad_to(r, 0);
    for (int64_t i = 0; gx && i < spk_count(r->in[0]); i++) gx[i] = g;
}
//! [spk_grad_uniform]

static const spk_op total_op = {.name = "total", .inputs = 1, .infer = total_infer, .forward = total_forward, .backward = total_backward};

/* What they give. */

static spk_tensor *leaf(spk_ctx *ctx) {
    return spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(2, 2), (const spk_real[]){4, 9, 16, 25}), true);
}

/* The gradient of the sum of y at element i of x. */
static double slope(spk_tensor *y, spk_tensor *x, int i) {
    spk_clear_grad(x);
    spk_backward(spk_sum(y));
    return spk_grad(x) ? (double)spk_data(spk_grad(x))[i] : NAN;
}

static void gradients_are_right(spk_ctx *ctx) {
    spk_tensor *x = leaf(ctx);
    CHECK(slope(spk_apply(&square_op, NULL, x), x, 3) == 50);
    CHECK(slope(spk_apply(&first_row_op, NULL, x), x, 1) == 1);
    CHECK(slope(spk_apply(&first_row_op, NULL, x), x, 2) == 0);
    CHECK(slope(spk_apply(&marked_op, NULL, x), x, 0) == 1);
    CHECK(slope(spk_apply(&root_op, NULL, x), x, 0) == 0.25);
    CHECK(slope(spk_apply(&total_op, NULL, x), x, 2) == 1);
    spk_tensor *w = spk_tensor_from(ctx, SPK_SHAPE(2, 3), (const spk_real[]){1, 2, 3, 4, 5, 6});
    CHECK(slope(spk_apply(&dense_op, NULL, x, w), x, 1) == 15);
    CHECK(slope(spk_apply(&dense_op, NULL, spk_apply(&half_op, NULL, x), w), x, 2) == 3 && products == 1);
    CHECK(slope(spk_apply(&half_op, NULL, x), x, 2) == 0.5 && products == 1);
}

static void calls(spk_ctx *ctx) {
    spk_tensor *x = leaf(ctx);
    {
        //! [spk_apply]
        spk_tensor *y = spk_apply(&square_op, NULL, x); /* x = [[4, 9], [16, 25]]; square_op has no attributes */
        CHECK(spk_data(y)[3] == 625);
        //! [spk_apply]
    }
    {
        //! [spk_apply_n]
        spk_tensor *outputs[SPK_MAX_OUTPUTS]; /* x = [[4, 9], [16, 25]]; extremes_op has two outputs; bits 0 and 1 ask for both */
        spk_apply_n(&extremes_op, NULL, 1, &x, 1 << 0 | 1 << 1, outputs);
        CHECK(spk_item(outputs[0]) == 4 && spk_item(outputs[1]) == 25);
        CHECK(spk_item(spk_apply(&extremes_op, NULL, x)) == 4); /* output 0 alone */
        //! [spk_apply_n]
    }
    {
        //! [spk_is_recorded]
        /* root_forward keeps its slope only where spk_is_recorded(r): */
        spk_tensor *y = spk_apply(&root_op, NULL, x);
        CHECK(spk_requires_grad(y)); /* it did */
        SPK_NO_GRAD(ctx) y = spk_apply(&root_op, NULL, x);
        CHECK(!spk_requires_grad(y)); /* it did not */
        //! [spk_is_recorded]
    }
    CHECK(spk_data(spk_apply(&column_sums_op, NULL, x))[1] == 34);
    CHECK(spk_data(spk_apply(&spread_op, NULL, x))[0] == -2.5);
    const int64_t T = 3;
    spk_tensor *seq = spk_apply(&doubled_over_time_op, &T, x);
    CHECK(spk_dim(seq, 0) == 6 && spk_tensor_repeat(seq) == 3 && spk_data(seq)[11] == 50);
    spk_tensor *silence = spk_apply(&silence_op, NULL, x);
    CHECK(spk_tensor_storage(silence) == SPK_BITS && spk_item(spk_sum(silence)) == 0);
    CHECK(!spk_failed(ctx));
    spk_apply(&extremes_op, NULL, spk_tensor_create(ctx, SPK_SHAPE(0)));
    CHECK(strstr(spk_error(ctx), "extremes") && strstr(spk_error(ctx), "[0]"));
    spk_clear_error(ctx);
    spk_detect_anomaly(ctx, true);
    spk_apply(&total_op, NULL, spk_full(ctx, SPK_SHAPE(2), 3e38));
    CHECK(SPK_BY_REAL(strstr(spk_error(ctx), "the sum") != NULL, !spk_failed(ctx)));
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    gradients_are_right(ctx);
    calls(ctx);
    spk_ctx_destroy(ctx);
    return 0;
}
