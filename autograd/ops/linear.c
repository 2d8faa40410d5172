/* linear: y = x W + b, with W [in, out] so that the weights of one input, hence of one spike, lie together. */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"
#include "core/blas_internal.h"
#include "core/columns_internal.h"
#include "core/parallel_internal.h"
#include "core/sparse_gemm_internal.h"
#include "core/tensor_internal.h"

enum { X, WEIGHT, BIAS };

static bool infer(spk_record *r) {
    for (int i = WEIGHT; i <= BIAS; i++) /* only x is read as it is stored */
        if (r->in[i]) r->in[i] = spk_dense(r->in[i]);
    spk_tensor *x = r->in[X], *weight = r->in[WEIGHT], *bias = r->in[BIAS];
    if (weight->shape.axes != 2) return spk_op_fail(r, "the weight is %s; it must be [in, out]", spk_shape_text(weight->shape).text);
    const int64_t in = weight->shape.dim[0], out = weight->shape.dim[1];
    if (in > SPK_BLAS_COLUMNS || out > SPK_BLAS_COLUMNS)
        return spk_op_fail(r, "the weight is %s; each size must be at most %lld: split the layer", spk_shape_text(weight->shape).text,
                           (long long)SPK_BLAS_COLUMNS);
    if (x->shape.axes < 1 || spk_dim(x, -1) != in)
        return spk_op_fail(r, "x is %s, the weight %s; x's last axis must have %lld elements, the weight's inputs",
                           spk_shape_text(x->shape).text, spk_shape_text(weight->shape).text, (long long)in);
    if (bias && (bias->shape.axes != 1 || bias->shape.dim[0] != out))
        return spk_op_fail(r, "the bias is %s, the weight %s; the bias must be [%lld], the weight's outputs",
                           spk_shape_text(bias->shape).text, spk_shape_text(weight->shape).text, (long long)out);
    if (x->storage == SPK_BITS && x->row != in) x = r->in[X] = spk_dense(x); /* rows of another length, as after a reshape */
    if (x->storage == SPK_REPEATED && x->shape.axes < 2) x = r->in[X] = spk_dense(x);
    spk_shape shape = x->shape;
    shape.dim[shape.axes - 1] = out;
    return spk_output_repeated(r, 0, shape, x->repeat);
}

static void forward(spk_record *r) {
    const spk_sparse_matrix x = spk_sparse_matrix_of(r->in[X]);
    const spk_real *bias = r->in[BIAS] ? spk_values(r->in[BIAS]) : NULL;
    spk_sparse_gemm(r->ctx, &x, spk_dim(r->in[WEIGHT], 1), spk_values(r->in[WEIGHT]), bias, spk_values(r->out[0]));
}

typedef struct bias_work {
    int64_t rows, columns;
    const spk_real *g;
    double *sum;
    spk_real *to;
} bias_work;

static void bias_range(void *work, int64_t begin, int64_t end) {
    const bias_work *w = work;
    spk_column_sums(w->rows, w->columns, begin, end, w->g, w->sum);
    for (int64_t c = begin; c < end; c++) w->to[c] = (spk_real)w->sum[c];
}

/* gW = x' g, gx = g W', gb = column sums of g. For a repeated x, g is summed over its repeats already, and so is gx. */
static void backward(spk_record *r) {
    const spk_sparse_matrix x = spk_sparse_matrix_of(r->in[X]);
    const int64_t in = spk_dim(r->in[WEIGHT], 0), out = spk_dim(r->in[WEIGHT], 1), rows = x.m.rows;
    const spk_real *g = spk_grad_of(r, 0);
    spk_real *gw = spk_grad_to(r, WEIGHT), *gb = spk_grad_to(r, BIAS);
    if (gw) spk_sparse_gemm_transposed(r->ctx, &x, out, g, gw);
    if (gb) {
        double *sum = spk_scratch(r, (size_t)out * sizeof *sum);
        if (!sum) return;
        spk_parallel(out, 64 * (1 + (1 << 14) / (1 + rows)), bias_range, &(bias_work){rows, out, g, sum, gb});
        spk_scratch_done(r, sum, (size_t)out * sizeof *sum);
    }
    if (spk_grad_product(r, 0, X, r->in[WEIGHT])) return; /* multiplied out where it is used, and only where it is */
    spk_real *gx = spk_grad_to(r, X);
    if (gx) spk_gemm(false, true, rows, in, out, g, spk_values(r->in[WEIGHT]), 0, gx);
}

static int64_t multiply_adds(const spk_record *r) { return spk_count(r->out[0]) * spk_dim(r->in[WEIGHT], 0); }

const spk_op spk_op_linear = {.name = "linear",
                              .inputs = 3,
                              .storages = SPK_BITS | SPK_REPEATED,
                              .optional_inputs = 1 << BIAS,
                              .saved_inputs = 1 << X | 1 << WEIGHT,
                              .infer = infer,
                              .forward = forward,
                              .backward = backward,
                              .remedy = SPK_REMEDY_OVERFLOW,
                              .multiply_adds = multiply_adds};

spk_tensor *spk_linear(spk_tensor *x, spk_tensor *weight, spk_tensor *bias) { return spk_apply(&spk_op_linear, NULL, x, weight, bias); }
