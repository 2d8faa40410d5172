/* dense and bits: the same values, stored in another way. */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"
#include "core/bits_internal.h"
#include "core/context_internal.h"
#include <string.h>

static bool dense_infer(spk_record *r) { return spk_output(r, 0, spk_tensor_shape(r->in[0])); }

static void dense_forward(spk_record *r) { spk_tensor_write_out(r->in[0], spk_values(r->out[0])); }

static void dense_backward(spk_record *r) {
    const spk_tensor *x = r->in[0];
    if (x->storage != SPK_REPEATED) {
        spk_grad_pass(r, 0, 0);
        return;
    }
    const int64_t n = spk_count(x);
    const spk_real *g = spk_grad_of(r, 0);
    spk_real *to = spk_grad_to(r, 0);
    if (!to) return;
    memcpy(to, g, spk_bytes(n));
    for (int64_t t = 1; t < x->repeat; t++)
        for (int64_t i = 0; i < n; i++) to[i] += g[t * n + i];
}

const spk_op spk_op_dense = {.name = "dense",
                             .inputs = 1,
                             .storages = SPK_BITS | SPK_REPEATED,
                             .infer = dense_infer,
                             .forward = dense_forward,
                             .backward = dense_backward,
                             .remedy = SPK_REMEDY_OVERFLOW};

/* True when x is what is asked for; where it cannot be used, the op says so. */
static bool is_stored_as(const spk_tensor *x, spk_storage storage) {
    return x && x->storage == storage && !x->object.ctx->failed && spk_tensor_lives(x->object.ctx, x);
}

spk_tensor *spk_dense(spk_tensor *x) { return is_stored_as(x, SPK_DENSE) ? x : spk_apply(&spk_op_dense, NULL, x); }

static bool bits_infer(spk_record *r) {
    const spk_tensor *x = r->in[0];
    if (x->shape.axes < 1) return spk_op_fail(r, "x is a scalar; bits are stored in rows, so it must have an axis");
    for (int64_t i = 0; i < x->size; i++)
        if (spk_reals(x)[i] != 0 && spk_reals(x)[i] != 1)
            return spk_op_fail(r, "element %lld of x %s is %g; only zeros and ones can be stored as bits", (long long)i,
                               spk_shape_text(x->shape).text, (double)spk_reals(x)[i]);
    return spk_output_bits(r, 0, x->shape, spk_dim(x, -1), 1);
}

static void bits_forward(spk_record *r) {
    const spk_tensor *out = r->out[0];
    for (int64_t row = 0; row < spk_rows(out); row++)
        spk_bits_pack(out->row, spk_reals(r->in[0]) + row * out->row, (uint64_t *)out->data + row * spk_words_of(out->row));
}

static void bits_backward(spk_record *r) { spk_grad_pass(r, 0, 0); }

const spk_op spk_op_bits = {.name = "bits", .inputs = 1, .infer = bits_infer, .forward = bits_forward, .backward = bits_backward};

spk_tensor *spk_bits(spk_tensor *x) { return is_stored_as(x, SPK_BITS) ? x : spk_apply(&spk_op_bits, NULL, x); }
