/* matmul: C = op(A) op(B). */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"
#include "core/blas_internal.h"

static bool infer(spk_record *r) {
    const spk_matmul_opts *o = r->attributes;
    const spk_shape a = spk_tensor_shape(r->in[0]), b = spk_tensor_shape(r->in[1]);
    if (a.axes != 2 || b.axes != 2 || a.dim[!o->transpose_a] != b.dim[o->transpose_b])
        return spk_op_fail(r, "a is %s%s, b is %s%s; they must be [m, k] and [k, n]", spk_shape_text(a).text,
                           o->transpose_a ? " transposed" : "", spk_shape_text(b).text, o->transpose_b ? " transposed" : "");
    if (a.dim[1] > SPK_BLAS_COLUMNS || b.dim[1] > SPK_BLAS_COLUMNS || b.dim[!o->transpose_b] > SPK_BLAS_COLUMNS)
        return spk_op_fail(r, "a is %s, b is %s; each size must be at most %lld: split the matrices", spk_shape_text(a).text,
                           spk_shape_text(b).text, (long long)SPK_BLAS_COLUMNS);
    return spk_output(r, 0, SPK_SHAPE(a.dim[o->transpose_a], b.dim[!o->transpose_b]));
}

static void forward(spk_record *r) {
    const spk_matmul_opts *o = r->attributes;
    const int64_t m = spk_dim(r->out[0], 0), n = spk_dim(r->out[0], 1), k = spk_dim(r->in[0], !o->transpose_a);
    spk_gemm(o->transpose_a, o->transpose_b, m, n, k, spk_values(r->in[0]), spk_values(r->in[1]), 0, spk_values(r->out[0]));
}

/* With P = op(A) [m, k] and Q = op(B) [k, n]: gP = g Q', gQ = P' g. Where a factor is stored transposed, so is its gradient. */
static void backward(spk_record *r) {
    const spk_matmul_opts *o = r->attributes;
    const int64_t m = spk_dim(r->out[0], 0), n = spk_dim(r->out[0], 1), k = spk_dim(r->in[0], !o->transpose_a);
    const spk_real *g = spk_grad_of(r, 0), *a = spk_values(r->in[0]), *b = spk_values(r->in[1]);
    spk_real *ga = spk_grad_to(r, 0), *gb = spk_grad_to(r, 1);
    if (ga && o->transpose_a) spk_gemm(o->transpose_b, true, k, m, n, b, g, 0, ga);
    else if (ga) spk_gemm(false, !o->transpose_b, m, k, n, g, b, 0, ga);
    if (gb && o->transpose_b) spk_gemm(true, o->transpose_a, n, k, m, g, a, 0, gb);
    else if (gb) spk_gemm(!o->transpose_a, false, k, n, m, a, g, 0, gb);
}

static int64_t multiply_adds(const spk_record *r) {
    const spk_matmul_opts *o = r->attributes;
    return spk_size(r->out[0]) * spk_dim(r->in[0], !o->transpose_a);
}

const spk_op spk_op_matmul = {.name = "matmul",
                              .inputs = 2,
                              .attributes = sizeof(spk_matmul_opts),
                              .saved_inputs = 3,
                              .infer = infer,
                              .forward = forward,
                              .backward = backward,
                              .remedy = SPK_REMEDY_OVERFLOW,
                              .multiply_adds = multiply_adds};

spk_matmul_opts spk_matmul_options(void) { return (spk_matmul_opts){SPK_MATMUL_DEFAULTS}; }

spk_tensor *spk_matmul_with(spk_tensor *a, spk_tensor *b, spk_matmul_opts options) { return spk_apply(&spk_op_matmul, &options, a, b); }
