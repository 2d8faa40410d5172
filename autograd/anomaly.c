/* Names the first op that makes a NaN or an infinity. */
#include "autograd/anomaly_internal.h"
#include "autograd/gradient_internal.h"
#include "core/blas_internal.h"
#include "core/context_internal.h"
#include "core/scan_internal.h"
#include <float.h>
#include <math.h>
#include <stdio.h>

bool spk_detect_anomaly(spk_ctx *ctx, bool detect) {
    ctx = spk_ctx_or_failed(ctx);
    const bool before = ctx->detect_anomaly;
    if (spk_ctx_is_real(ctx)) ctx->detect_anomaly = detect;
    return before;
}

bool spk_detects_anomaly(const spk_ctx *ctx) { return ctx && ctx->detect_anomaly; }

/* `parameter 'weight'`, `the result of exp (net.1)`. */
typedef struct description {
    char text[SPK_ERROR_TEXT / 3];
} description;

static description described(const spk_tensor *x) {
    description d;
    if (x->name) snprintf(d.text, sizeof d.text, "%s '%s'", x->requires_grad ? "parameter" : "buffer or memory", x->name);
    else if (!x->step) snprintf(d.text, sizeof d.text, "%s", x->op);
    else snprintf(d.text, sizeof d.text, *x->path ? "the result of %s (%s)" : "the result of %s", x->op, x->path);
    return d;
}

/* What to do about a number that an op did not make. */
static const char *remedy_of_input(const spk_tensor *x) {
    if (x->name && x->requires_grad)
        return "it was set, loaded or learned so: load a good state, or train again with a lower learning rate or spk_clip_grad_norm";
    return "it came from outside of the ops, or was made before spk_detect_anomaly was on: check it where it comes from";
}

static bool input_fails(spk_record *r, int i) {
    return spk_op_fail(r, "input %d, %s, holds %s before the op: %s", i, described(r->in[i]).text, spk_not_finite_in(r->in[i]).text,
                       remedy_of_input(r->in[i]));
}

bool spk_inputs_are_finite(spk_record *r) {
    for (int i = 0; i < r->inputs; i++)
        if (r->in[i] && !r->in[i]->record && !spk_tensor_is_finite(r->in[i])) return input_fails(r, i);
    return true;
}

/* `; remedy`, or nothing. */
#define REMEDY(r) (r)->op->remedy ? "; " : "", (r)->op->remedy ? (r)->op->remedy : ""

bool spk_outputs_are_finite(spk_record *r) {
    for (int k = 0; k < SPK_MAX_OUTPUTS; k++) {
        if (!r->out[k] || r->out[k]->owner != r->out[k] || spk_tensor_is_finite(r->out[k])) continue;
        for (int i = 0; i < r->inputs; i++) /* an op's result that was written to since */
            if (r->in[i] && !spk_tensor_is_finite(r->in[i])) return input_fails(r, i);
        return spk_op_fail(r, "forward made %s in its result%s%s", spk_not_finite_in(r->out[k]).text, REMEDY(r));
    }
    return true;
}

bool spk_check_finite(spk_record *r, const char *what, spk_shape shape, const spk_real *values) {
    if (!r) return false;
    const int64_t n = spk_shape_size(shape);
    if (!what || n < 0 || (n && !values))
        return spk_op_fail(r, "spk_check_finite: %s", n < 0 ? "the shape is invalid" : "the numbers, or their name, are NULL");
    if (!r->ctx->detect_anomaly || r->ctx->failed || isfinite(spk_largest(n, values))) return !r->ctx->failed;
    return spk_op_fail(r, "%s is %s%s%s", what, spk_not_finite_of(shape, n, values).text, REMEDY(r));
}

/* No sum of `out` products can be larger than out max|g| max|W|: only near the end of the range is there anything to multiply out. */
static bool product_is_safe(const spk_product *q) {
    const double largest = (double)spk_largest(q->rows * q->out, q->g) * (double)spk_largest(q->in * q->out, q->weight);
    return largest * (double)q->out < (double)SPK_BY_REAL(FLT_MAX, DBL_MAX) / 2;
}

/* Multiplies a pending gradient out, some rows at a time, only to look at it. */
static bool product_is_finite(spk_record *r, int i, const spk_product *q) {
    enum { ROWS = 64 };
    if (product_is_safe(q)) return true;
    const size_t bytes = spk_bytes(ROWS * q->in);
    spk_real *values = spk_scratch(r, bytes);
    if (!values) return false;
    for (int64_t row = 0; row < q->rows && !r->ctx->failed; row += ROWS) {
        const int64_t rows = q->rows - row < ROWS ? q->rows - row : ROWS;
        spk_gemm(false, true, rows, q->in, q->out, q->g + row * q->out, q->weight, 0, values);
        if (isfinite(spk_largest(rows * q->in, values))) continue;
        spk_op_fail(r, "backward made %s, rows from %lld on, in the gradient of input %d%s%s",
                    spk_not_finite_of(SPK_SHAPE(rows, q->in), rows * q->in, values).text, (long long)row, i, REMEDY(r));
    }
    spk_scratch_done(r, values, bytes);
    return !r->ctx->failed;
}

bool spk_contributions_are_finite(spk_record *r) {
    for (int i = 0; i < r->inputs; i++) {
        const spk_tensor *g = r->contributions[i];
        if (!g) continue;
        if (g->pending && !product_is_finite(r, i, &g->pending->product)) return false;
        if (g->pending || spk_tensor_is_finite(g)) continue;
        return spk_op_fail(r, "backward made %s in the gradient of input %d%s%s", spk_not_finite_in(g).text, i, REMEDY(r));
    }
    return true;
}

bool spk_gradient_is_finite(spk_record *r, const spk_tensor *g, const char *how) {
    if (spk_tensor_is_finite(g)) return true;
    return spk_op_fail(r, "backward: %s made %s in the gradient of its result", how, spk_not_finite_in(g).text);
}

bool spk_leaf_gradient_is_finite(const spk_tensor *leaf, const spk_tensor *g, const char *how) {
    if (spk_tensor_is_finite(g)) return true;
    spk_fail(leaf->object.ctx, "spk_backward: %s made %s in the gradient of %s", how, spk_not_finite_in(g).text, described(leaf).text);
    return false;
}
