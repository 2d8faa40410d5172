/* Sequences of T steps, [T*N, ...] with row t*N + n: repeat, sum and mean over time. */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"
#include "core/bits_internal.h"
#include "core/context_internal.h"
#include "core/numeric_internal.h"
#include "core/tensor_internal.h"

static bool repeat_infer(spk_record *r) {
    const int64_t T = *(const int64_t *)r->attributes;
    spk_shape shape = spk_tensor_shape(r->in[0]);
    if (T < 1) return spk_op_fail(r, "T is %lld; it must be at least 1", (long long)T);
    if (shape.axes < 1) return spk_op_fail(r, "x is a scalar; it must have a batch axis, [N, ...]");
    const int64_t most = ((int64_t)1 << 56) / T; /* none for a T past that, whose steps could not be counted */
    if (most < 1 || shape.dim[0] > most)
        return spk_op_fail(r, "T is %lld; so many steps of x are more rows than memory can hold", (long long)T);
    shape.dim[0] *= T;
    if (spk_shape_size(shape) < 0) return spk_op_fail(r, "%s has more elements than memory can hold", spk_shape_text(shape).text);
    if (!spk_output_view(r, 0, spk_tensor_shape(r->in[0]), 0, 0)) return false;
    spk_tensor *out = r->out[0];
    if (T > 1) out->storage = SPK_REPEATED, out->repeat = T, out->shape = shape, out->size = spk_shape_size(shape);
    return true;
}

/* The gradient of repeated rows comes summed over the repeats: it is that of x. */
static void repeat_backward(spk_record *r) { spk_grad_pass(r, 0, 0); }

const spk_op spk_op_repeat_over_time = {
    .name = "repeat_over_time", .inputs = 1, .attributes = sizeof(int64_t), .infer = repeat_infer, .backward = repeat_backward};

spk_tensor *spk_repeat_over_time(spk_tensor *x, int64_t T) { return spk_apply(&spk_op_repeat_over_time, &T, x); }

/* y = factor sum over t of x[t]: a sum, or with 1 / T a mean. */
typedef struct total {
    int64_t T;
    spk_real factor;
} total;

static bool sum_infer(spk_record *r) {
    const total a = *(const total *)r->attributes;
    const spk_tensor *x = r->in[0];
    spk_shape shape = x->shape;
    if (a.T < 1 || shape.axes < 1 || shape.dim[0] % a.T)
        return spk_op_fail(r, "T = %lld does not divide the first axis of x %s, which is T*N", (long long)a.T, spk_shape_text(shape).text);
    shape.dim[0] /= a.T;
    const bool whole_rows = x->storage != SPK_BITS || (x->row && x->size / a.T % x->row == 0);
    if (!whole_rows || (x->storage == SPK_REPEATED && x->repeat != a.T)) r->in[0] = spk_dense(r->in[0]);
    return spk_output(r, 0, shape);
}

SPK_CLONES static void add_bits(int64_t n, const uint64_t *words, spk_real value, spk_real *restrict y) {
    for (int64_t i = 0; i < n; i++) y[i] += (words[i / 64] >> (i % 64) & 1) ? value : 0;
}

SPK_CLONES static void add_scaled(int64_t n, const spk_real *restrict x, spk_real factor, spk_real *restrict y) {
    for (int64_t i = 0; i < n; i++) y[i] += factor * x[i];
}

static void sum_forward(spk_record *r) {
    const total a = *(const total *)r->attributes;
    const spk_tensor *x = r->in[0];
    const int64_t n = spk_size(r->out[0]), steps = x->storage == SPK_REPEATED ? 1 : a.T;
    const spk_real factor = x->storage == SPK_REPEATED ? a.factor * (spk_real)a.T : a.factor;
    spk_real *y = spk_values(r->out[0]);
    for (int64_t i = 0; i < n; i++) y[i] = 0;
    for (int64_t t = 0; x->storage != SPK_BITS && t < steps; t++) add_scaled(n, spk_reals(x) + t * n, 1, y);
    for (int64_t row = 0; x->storage == SPK_BITS && row < spk_rows(x); row++)
        add_bits(x->row, (const uint64_t *)x->data + row * spk_words_of(x->row), x->scale, y + row * x->row % n);
    for (int64_t i = 0; i < n; i++) y[i] *= factor; /* after the sum: a rate of 3 spikes in 4 steps is 0.75 exactly */
}

static void sum_backward(spk_record *r) {
    const total a = *(const total *)r->attributes;
    const spk_real *g = spk_grad_of(r, 0);
    spk_real *to = spk_grad_to(r, 0);
    const int64_t n = spk_size(r->out[0]), steps = r->in[0]->storage == SPK_REPEATED ? 1 : a.T;
    const spk_real factor = steps == a.T ? a.factor : a.factor * (spk_real)a.T;
    for (int64_t t = 0; to && t < steps; t++)
        for (int64_t i = 0; i < n; i++) to[t * n + i] = factor * g[i];
}

const spk_op spk_op_sum_over_time = {.name = "sum_over_time",
                                     .inputs = 1,
                                     .attributes = sizeof(total),
                                     .storages = SPK_BITS | SPK_REPEATED,
                                     .infer = sum_infer,
                                     .forward = sum_forward,
                                     .backward = sum_backward,
                                     .remedy = SPK_REMEDY_OVERFLOW};

spk_tensor *spk_sum_over_time(spk_tensor *x, int64_t T) { return spk_apply(&spk_op_sum_over_time, &((total){T, 1}), x); }
spk_tensor *spk_mean_over_time(spk_tensor *x, int64_t T) {
    return spk_apply(&spk_op_sum_over_time, &((total){T, 1 / (spk_real)(T > 0 ? T : 1)}), x);
}

spk_tensor *spk_time_step(spk_tensor *x, int64_t T, int64_t t) {
    if (x && (T < 1 || t < 0 || t >= T || spk_axes(x) < 1 || spk_dim(x, 0) % T)) {
        spk_fail(spk_tensor_ctx(x),
                 "time_step: there is no step %lld of T = %lld in x %s; the first axis must be T*N, and steps count from 0", (long long)t,
                 (long long)T, spk_shape_text(x->shape).text);
        return &spk_tensor_ctx(x)->inert;
    }
    const int64_t rows = T > 0 ? spk_dim(x, 0) / T : 0;
    return spk_slice(x, t * rows, t * rows + rows);
}
