/* reshape, slice, detach: other looks at the same storage. */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"
#include "autograd/tape.h"
#include "core/tensor_internal.h"

static bool reshape_infer(spk_record *r) {
    const spk_shape to = *(const spk_shape *)r->attributes;
    const spk_tensor *x = r->in[0];
    if (spk_shape_size(to) != x->size)
        return spk_op_fail(r, "x %s has %lld elements; the new shape %s must have as many", spk_shape_text(x->shape).text,
                           (long long)x->size, spk_shape_text(to).text);
    return spk_output_view(r, 0, to, 0, 0);
}

static void reshape_backward(spk_record *r) { spk_grad_pass(r, 0, 0); }

const spk_op spk_op_reshape = {.name = "reshape",
                               .inputs = 1,
                               .attributes = sizeof(spk_shape),
                               .storages = SPK_BITS | SPK_REPEATED,
                               .infer = reshape_infer,
                               .backward = reshape_backward};

spk_tensor *spk_reshape(spk_tensor *x, spk_shape shape) {
    /* Repeated rows stay so only while the first axis does: it is the one that counts them. */
    if (x && x->storage == SPK_REPEATED && (shape.axes < 1 || shape.dim[0] != x->shape.dim[0])) x = spk_dense(x);
    return spk_apply(&spk_op_reshape, &shape, x);
}

spk_tensor *spk_flatten(spk_tensor *x) {
    int64_t rest = 1; /* not size / first, which an empty batch does not have */
    for (int i = 1; i < spk_axes(x); i++) rest *= spk_dim(x, i);
    return spk_reshape(x, SPK_SHAPE(spk_axes(x) ? spk_dim(x, 0) : 1, rest));
}

typedef struct rows {
    int64_t begin, end;
} rows;

/* Stored rows of x that a slice from `begin` to `end` can show; false when it would need a part of a word or several repeats. */
static bool shows(const spk_tensor *x, rows s) {
    if (x->storage == SPK_DENSE || x->shape.axes < 1 || x->shape.dim[0] == 0) return true;
    if (s.begin < 0 || s.end < s.begin || s.end > x->shape.dim[0]) return true; /* the op says what is wrong */
    const int64_t row = x->size / x->shape.dim[0], n = x->shape.dim[0] / x->repeat;
    if (x->storage == SPK_BITS) return x->row && (s.begin * row) % x->row == 0 && (s.end * row) % x->row == 0;
    return s.end > s.begin && s.begin / n == (s.end - 1) / n;
}

static bool slice_infer(spk_record *r) {
    const rows s = *(const rows *)r->attributes;
    const spk_tensor *x = r->in[0];
    if (x->shape.axes < 1 || s.begin < 0 || s.end < s.begin || s.end > x->shape.dim[0])
        return spk_op_fail(r, "rows from %lld to below %lld are not all in x %s", (long long)s.begin, (long long)s.end,
                           spk_shape_text(x->shape).text);
    spk_shape shape = x->shape;
    shape.dim[0] = s.end - s.begin;
    const int64_t row = x->shape.dim[0] ? x->size / x->shape.dim[0] : 0, n = x->shape.dim[0] / x->repeat;
    if (!spk_output_view(r, 0, shape, 0, x->storage == SPK_BITS || !n ? 0 : s.begin % n * row)) return false;
    spk_tensor *out = r->out[0];
    if (out->storage == SPK_BITS) out->data = (uint64_t *)x->data + (x->row ? s.begin * row / x->row : 0) * spk_words_of(x->row);
    if (out->storage == SPK_REPEATED) out->storage = SPK_DENSE, out->repeat = 1;
    return true;
}

static void slice_backward(spk_record *r) {
    const rows s = *(const rows *)r->attributes;
    const spk_tensor *x = r->in[0];
    spk_real *to = spk_grad_add_to(r, 0);
    if (!to || !x->shape.dim[0]) return;
    to += s.begin % (x->shape.dim[0] / x->repeat) * (x->size / x->shape.dim[0]);
    for (int64_t i = 0; i < spk_size(r->out[0]); i++) to[i] += spk_grad_of(r, 0)[i];
}

const spk_op spk_op_slice = {.name = "slice",
                             .inputs = 1,
                             .attributes = sizeof(rows),
                             .storages = SPK_BITS | SPK_REPEATED,
                             .infer = slice_infer,
                             .backward = slice_backward};

spk_tensor *spk_slice(spk_tensor *x, int64_t begin, int64_t end) {
    const rows s = {begin, end};
    return spk_apply(&spk_op_slice, &s, x && !shows(x, s) ? spk_dense(x) : x);
}

static bool detach_infer(spk_record *r) { return spk_output_view(r, 0, spk_tensor_shape(r->in[0]), 0, 0); }

const spk_op spk_op_detach = {.name = "detach", .inputs = 1, .storages = SPK_BITS | SPK_REPEATED, .infer = detach_infer};

spk_tensor *spk_tensor_detach(spk_tensor *x) { return spk_apply(&spk_op_detach, NULL, x); }
