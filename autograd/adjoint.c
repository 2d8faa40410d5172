/* What an op's backward reads and gives: gradients of its outputs and of its inputs. */
#include "autograd/gradient_internal.h"
#include "autograd/ops_internal.h"
#include "core/context_internal.h"
#include <string.h>

const spk_real *spk_grad_of(spk_record *r, int k) {
    spk_tensor *g = spk_has_output(r, k) && r->out[k] ? r->out[k]->grad : NULL;
    return g && spk_gradient_write_out(g) ? spk_reals(g) : NULL;
}

const spk_product *spk_grad_product_of(spk_record *r, int k) {
    const spk_tensor *g = spk_has_output(r, k) && r->out[k] ? r->out[k]->grad : NULL;
    return g && g->pending ? &g->pending->product : NULL;
}

/* An earlier input of this record that is the same tensor and has its contribution already, or -1. */
static int twin(const spk_record *r, int i) {
    for (int j = 0; j < r->inputs; j++)
        if (j != i && r->in[j] == r->in[i] && r->contributions[j]) return j;
    return -1;
}

/* True when no other input of this record is the same tensor. */
static bool alone(const spk_record *r, int i) {
    for (int j = 0; j < r->inputs; j++)
        if (j != i && r->in[j] == r->in[i]) return false;
    return true;
}

/* The input whose gradient somebody needs, or NULL. */
static spk_tensor *needs_gradient(const spk_record *r, int i) {
    spk_tensor *x = r && i >= 0 && i < r->inputs ? r->in[i] : NULL;
    return x && x->requires_grad && !r->ctx->failed ? x : NULL;
}

spk_real *spk_grad_to(spk_record *r, int i) {
    spk_tensor *x = needs_gradient(r, i);
    if (!x) return NULL;
    const bool straight = !x->record && !x->hooks && !x->grad_ready && alone(r, i);
    r->contributions[i] = straight ? spk_leaf_gradient(x) : spk_gradient_create(x);
    return r->contributions[i] ? spk_reals(r->contributions[i]) : NULL;
}

spk_real *spk_grad_add_to(spk_record *r, int i) {
    spk_tensor *x = needs_gradient(r, i);
    if (!x) return NULL;
    const int j = twin(r, i);
    if (j >= 0) return spk_reals(r->contributions[j]);
    const bool begun = x->record ? x->grad != NULL : !x->hooks && x->grad_ready;
    if (begun) x->grad->summed = true;
    if (begun) return spk_gradient_write_out(x->grad) ? spk_reals(x->grad) : NULL;
    spk_real *g = spk_grad_to(r, i);
    return g ? memset(g, 0, spk_bytes(spk_stored(x))) : NULL;
}

void spk_grad_pass(spk_record *r, int k, int i) {
    spk_tensor *x = needs_gradient(r, i), *y = spk_has_output(r, k) ? r->out[k] : NULL;
    if (!x || !y || !y->grad || !spk_gradient_write_out(y->grad)) return;
    if (y->grad->size != spk_stored(x)) {
        spk_op_fail(r, "the gradient of output %d, %s, cannot be that of input %d, %s", k, spk_shape_text(y->grad->shape).text, i,
                    spk_shape_text(x->shape).text);
        return;
    }
    if (x->record && !y->retains_grad) { /* the gradient moves: y's is complete, and nobody reads it after this record */
        r->contributions[i] = y->grad;
        y->grad->shape = spk_gradient_shape(x);
        y->grad = NULL;
    } else {
        spk_real *g = spk_grad_to(r, i);
        if (g) memcpy(g, y->grad->data, spk_bytes(y->grad->size));
    }
}

/* True when the op that made x takes its gradient as a product of `out` columns. */
static bool takes_product(const spk_tensor *x, int64_t out) {
    const spk_record *r = x->record;
    for (int k = 0; r && r->op->wants_product && k < SPK_MAX_OUTPUTS; k++)
        if (r->out[k] == x) return r->op->wants_product(r, k, out);
    return false;
}

/* Gives input i a product that is not multiplied out; `factor` owns what the product points to. */
static bool give_product(spk_record *r, int i, spk_product product, spk_tensor *factor) {
    spk_tensor *g = spk_tensor_header(r->ctx, spk_gradient_shape(r->in[i]));
    struct spk_pending *pending = spk_step_header(r->ctx, sizeof *pending);
    if (!g || !pending) return false;
    *pending = (struct spk_pending){product, factor};
    g->op = "backward", g->pending = pending;
    r->contributions[i] = g;
    return true;
}

bool spk_grad_product(spk_record *r, int k, int i, spk_tensor *weight) {
    spk_tensor *x = needs_gradient(r, i), *y = spk_has_output(r, k) ? r->out[k] : NULL;
    if (!x || !y || !y->grad || y->retains_grad) return false;
    if (!spk_tensor_usable(r->ctx, weight, "spk_grad_product")) return false;
    if (weight->shape.axes != 2 || weight->storage != SPK_DENSE ||
        spk_stored(x) * weight->shape.dim[1] != y->grad->size * weight->shape.dim[0])
        return spk_op_fail(r, "spk_grad_product: the weight %s does not fit the gradient %s and input %d, %s",
                           spk_shape_text(weight->shape).text, spk_shape_text(y->grad->shape).text, i, spk_shape_text(x->shape).text);
    if (weight->shape.dim[1] < 1 || !takes_product(x, weight->shape.dim[1])) return false;
    const int64_t in = weight->shape.dim[0], out = weight->shape.dim[1];
    if (!give_product(r, i, (spk_product){y->grad->size / out, in, out, spk_reals(y->grad), spk_reals(weight)}, y->grad)) return false;
    y->grad = NULL;
    return true;
}

/* The product of a column of values and a row of ones. */
bool spk_grad_uniform(spk_record *r, int i, spk_real value) {
    spk_tensor *x = needs_gradient(r, i);
    if (!x || x->storage != SPK_BITS || x->row < 1 || !takes_product(x, 1)) return false;
    const int64_t rows = x->size / x->row;
    spk_tensor *factor = spk_tensor_header(r->ctx, SPK_SHAPE(rows + x->row));
    if (!factor || !spk_tensor_take_dense(factor)) return false;
    spk_real *g = spk_reals(factor), *ones = g + rows;
    for (int64_t j = 0; j < rows; j++) g[j] = value;
    for (int64_t j = 0; j < x->row; j++) ones[j] = 1;
    return give_product(r, i, (spk_product){rows, x->row, 1, g, ones}, factor);
}
