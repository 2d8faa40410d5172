/* sum, mean and max over axes. */
#include "autograd/ops.h"
#include "autograd/ops/broadcast_internal.h"
#include "autograd/ops_internal.h"
#include "core/bits_internal.h"
#include "core/numeric_internal.h"
#include "core/tensor_internal.h"
#include <string.h>

spk_axis_set spk_axes_of(int count, const int *axis) {
    spk_axis_set set = {.count = count < 0 || count > SPK_MAX_AXES || (count && !axis) ? -1 : count};
    for (int i = 0; i < set.count; i++) set.axis[i] = axis[i];
    return set;
}

/* The result's shape with every reduced axis kept at 1, or false after an error. */
static bool kept_shape(spk_record *r, spk_shape *kept) {
    const spk_reduce_opts *o = r->attributes;
    *kept = spk_tensor_shape(r->in[0]);
    const spk_shape x = *kept;
    bool reduced[SPK_MAX_AXES] = {false};
    if (o->axes.count < 0 || o->axes.count > SPK_MAX_AXES)
        return spk_op_fail(r, "the axes are NULL, or more than %d; give SPK_AXES(...), or none for all", SPK_MAX_AXES);
    for (int i = 0; i < o->axes.count; i++) {
        const int axis = o->axes.axis[i] < 0 ? o->axes.axis[i] + x.axes : o->axes.axis[i];
        if (axis < 0 || axis >= x.axes || reduced[axis])
            return spk_op_fail(r, "axis %d is not one of the %d of %s, or is named twice; axes count from 0, or backwards from -1",
                               o->axes.axis[i], x.axes, spk_shape_text(x).text);
        reduced[axis] = true;
    }
    for (int i = 0; i < x.axes; i++)
        if (o->axes.count == 0 || reduced[i]) kept->dim[i] = 1;
    return true;
}

static bool infer(spk_record *r) {
    spk_shape kept;
    const spk_reduce_opts *o = r->attributes;
    if (!kept_shape(r, &kept)) return false;
    if (o->keep) return spk_output(r, 0, kept);
    spk_shape dropped = {0};
    for (int i = 0; i < kept.axes; i++) {
        bool reduced = o->axes.count == 0;
        for (int j = 0; j < o->axes.count; j++) reduced = reduced || (o->axes.axis[j] + kept.axes) % kept.axes == i;
        if (!reduced) dropped.dim[dropped.axes++] = kept.dim[i];
    }
    return spk_output(r, 0, dropped);
}

static bool infer_of_some(spk_record *r) {
    if (spk_size(r->in[0]) == 0)
        return spk_op_fail(r, "x %s is empty; there is nothing to take a %s of", spk_shape_text(spk_tensor_shape(r->in[0])).text,
                           r->op->name);
    return infer(r);
}

/* Operand 0 is x in row-major order, operand 1 the result, with stride 0 along reduced axes. */
static spk_broadcast reduction(spk_record *r) {
    spk_shape kept = {0};
    kept_shape(r, &kept);
    const spk_shape x = spk_tensor_shape(r->in[0]), shapes[] = {x, kept};
    return spk_broadcast_of(x, 2, shapes);
}

typedef struct sum_work {
    const spk_real *x;
    double *sum;
} sum_work;

/* In 8 sums side by side, so that the loop vectorises; the order depends on n only. */
SPK_CLONES static double total(int64_t n, const spk_real *x) {
    double lane[8] = {0};
    const int64_t whole = n / 8 * 8;
    for (int64_t i = 0; i < whole; i += 8)
        for (int k = 0; k < 8; k++) lane[k] += (double)x[i + k];
    for (int64_t i = whole; i < n; i++) lane[i - whole] += (double)x[i];
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

SPK_CLONES static void add_each(int64_t n, const spk_real *restrict x, double *restrict sum) {
    for (int64_t i = 0; i < n; i++) sum[i] += (double)x[i];
}

/* The innermost axis of x is reduced (stride 0), or stands in the result as it does in x (stride 1). */
static void sum_row(void *work, int64_t n, const int64_t *offset, const int64_t *stride) {
    const sum_work *w = work;
    if (stride[1]) add_each(n, w->x + offset[0], w->sum + offset[1]);
    else w->sum[offset[1]] += total(n, w->x + offset[0]);
}

static double factor_of(const spk_record *r) {
    return r->op == &spk_op_mean ? (double)spk_size(r->out[0]) / (double)spk_size(r->in[0]) : 1;
}

/* Spikes that are bits are counted, when all are summed. */
static bool infer_sum(spk_record *r) {
    const spk_tensor *x = r->in[0];
    if (x->storage == SPK_BITS && ((const spk_reduce_opts *)r->attributes)->axes.count) r->in[0] = spk_dense(r->in[0]);
    return r->op == &spk_op_mean ? infer_of_some(r) : infer(r);
}

static void sum_forward(spk_record *r) {
    const int64_t n = spk_size(r->out[0]);
    const spk_tensor *x = r->in[0];
    if (x->storage == SPK_BITS) {
        const double count = (double)spk_bits_count(spk_rows(x) * spk_words_of(x->row), x->data);
        spk_values(r->out[0])[0] = (spk_real)(count * (double)x->scale * factor_of(r));
        return;
    }
    double *sum = spk_scratch(r, (size_t)n * sizeof *sum);
    if (!sum) return;
    memset(sum, 0, (size_t)n * sizeof *sum);
    const spk_broadcast b = reduction(r);
    spk_broadcast_walk(&b, sum_row, &(sum_work){spk_values(r->in[0]), sum});
    for (int64_t i = 0; i < n; i++) spk_values(r->out[0])[i] = (spk_real)(sum[i] * factor_of(r));
    spk_scratch_done(r, sum, (size_t)n * sizeof *sum);
}

typedef struct spread_work {
    const spk_real *g;
    spk_real factor, *to;
} spread_work;

SPK_CLONES static void spread_each(int64_t n, const spk_real *restrict g, spk_real factor, spk_real *restrict to) {
    for (int64_t i = 0; i < n; i++) to[i] = factor * g[i];
}

static void spread_row(void *work, int64_t n, const int64_t *offset, const int64_t *stride) {
    const spread_work *w = work;
    spk_real *to = w->to + offset[0];
    if (stride[1]) spread_each(n, w->g + offset[1], w->factor, to);
    else
        for (int64_t i = 0; i < n; i++) to[i] = w->factor * w->g[offset[1]];
}

static void sum_backward(spk_record *r) {
    if (spk_size(r->out[0]) == 1 && spk_grad_uniform(r, 0, (spk_real)factor_of(r) * spk_grad_of(r, 0)[0])) return;
    spk_real *to = spk_grad_to(r, 0);
    if (!to) return;
    const spk_broadcast b = reduction(r);
    spk_broadcast_walk(&b, spread_row, &(spread_work){spk_grad_of(r, 0), (spk_real)factor_of(r), to});
}

typedef struct max_work {
    const spk_real *x;
    spk_real *largest;
    int64_t *where; /* the element that each result was taken from, -1 before any */
} max_work;

static void max_row(void *work, int64_t n, const int64_t *offset, const int64_t *stride) {
    const max_work *w = work;
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = offset[0] + i, to = offset[1] + i * stride[1];
        const spk_real x = w->x[at];
        if (w->where[to] >= 0 && !(x > w->largest[to]) && !(x != x && w->largest[to] == w->largest[to])) continue;
        w->largest[to] = x;
        w->where[to] = at;
    }
}

static void max_forward(spk_record *r) {
    const int64_t n = spk_size(r->out[0]);
    int64_t *where = spk_save_for_backward(r, (size_t)n * sizeof *where);
    if (!where) return;
    for (int64_t i = 0; i < n; i++) where[i] = -1;
    const spk_broadcast b = reduction(r);
    spk_broadcast_walk(&b, max_row, &(max_work){spk_values(r->in[0]), spk_values(r->out[0]), where});
}

static void max_backward(spk_record *r) {
    spk_real *to = spk_grad_to(r, 0);
    if (!to) return;
    memset(to, 0, (size_t)spk_count(r->in[0]) * sizeof *to);
    const int64_t *where = r->saved;
    for (int64_t i = 0; i < spk_size(r->out[0]); i++) to[where[i]] = spk_grad_of(r, 0)[i];
}

const spk_op spk_op_sum = {.name = "sum",
                           .inputs = 1,
                           .attributes = sizeof(spk_reduce_opts),
                           .storages = SPK_BITS,
                           .infer = infer_sum,
                           .forward = sum_forward,
                           .backward = sum_backward,
                           .remedy = SPK_REMEDY_OVERFLOW};
const spk_op spk_op_mean = {.name = "mean",
                            .inputs = 1,
                            .attributes = sizeof(spk_reduce_opts),
                            .storages = SPK_BITS,
                            .infer = infer_sum,
                            .forward = sum_forward,
                            .backward = sum_backward,
                            .remedy = SPK_REMEDY_OVERFLOW};
const spk_op spk_op_max = {.name = "max",
                           .inputs = 1,
                           .attributes = sizeof(spk_reduce_opts),
                           .infer = infer_of_some,
                           .forward = max_forward,
                           .backward = max_backward};

spk_reduce_opts spk_reduce_options(void) { return (spk_reduce_opts){SPK_REDUCE_DEFAULTS}; }

spk_tensor *spk_sum_with(spk_tensor *x, spk_reduce_opts options) { return spk_apply(&spk_op_sum, &options, x); }
spk_tensor *spk_mean_with(spk_tensor *x, spk_reduce_opts options) { return spk_apply(&spk_op_mean, &options, x); }
spk_tensor *spk_max_with(spk_tensor *x, spk_reduce_opts options) { return spk_apply(&spk_op_max, &options, x); }
