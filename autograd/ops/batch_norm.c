/* Batch norm over the rows of [N, channels] (Ioffe and Szegedy 2015, arXiv 1502.03167). */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"
#include "core/columns_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"
#include "core/tensor_internal.h"
#include "core/context_internal.h"

enum { X, WEIGHT, BIAS };

/* Channels are dealt out in runs of this many, a few cache lines. */
#define CHANNELS 64

static bool channels_fit(spk_record *r, const spk_tensor *x, const char *name, int64_t channels) {
    if (!x || (x->shape.axes == 1 && x->shape.dim[0] == channels)) return true;
    return spk_op_fail(r, "%s is %s; for x %s it must be [%lld]", name, spk_shape_text(x->shape).text, spk_shape_text(r->in[X]->shape).text,
                       (long long)channels);
}

/* The running statistics come as attributes, so that the tape does not check them. */
static bool running_fits(spk_record *r, const spk_tensor *x, const char *name, int64_t channels) {
    if (!x) return true;
    if (x->destroyed) return spk_op_fail(r, "%s %s was destroyed", name, spk_shape_text(x->shape).text);
    if (x->object.ctx != r->ctx) return spk_op_fail(r, "%s %s belongs to another context", name, spk_shape_text(x->shape).text);
    if (x->step || x == &r->ctx->inert)
        return spk_op_fail(r, "%s is the result of %s, and ends with its step; give a persistent tensor (spk_tensor_create, spk_keep)",
                           name, x->op);
    return channels_fit(r, x, name, channels);
}

static bool infer(spk_record *r) {
    for (int i = WEIGHT; i <= BIAS; i++) /* only x is read as it is stored */
        if (r->in[i]) r->in[i] = spk_dense(r->in[i]);
    const spk_batch_norm_opts *o = r->attributes;
    const spk_shape shape = spk_tensor_shape(r->in[X]);
    if (!(o->eps >= 0) || !isfinite(o->eps)) return spk_op_fail(r, "eps is %g; it must be finite, and 0 or more", o->eps);
    if (!(o->momentum >= 0 && o->momentum <= 1)) return spk_op_fail(r, "momentum is %g; it must be from 0 to 1", o->momentum);
    if (shape.axes != 2) return spk_op_fail(r, "x is %s; it must be [N, channels]", spk_shape_text(shape).text);
    if (!channels_fit(r, r->in[WEIGHT], "the weight", shape.dim[1]) || !channels_fit(r, r->in[BIAS], "the bias", shape.dim[1]) ||
        !running_fits(r, o->running_mean, "the running mean", shape.dim[1]) ||
        !running_fits(r, o->running_var, "the running variance", shape.dim[1]))
        return false;
    if ((o->training || !o->running_mean) && shape.dim[0] < 2)
        return spk_op_fail(r,
                           "x is %s; batch statistics need at least 2 rows: give a larger batch, or evaluate (spk_eval, .training = false)",
                           spk_shape_text(shape).text);
    if (!o->running_mean != !o->running_var) return spk_op_fail(r, "one of running_mean and running_var is NULL; give both, or none");
    return spk_output_repeated(r, 0, shape, r->in[X]->repeat);
}

/* Per channel: the statistics that normalised x. */
typedef struct statistics {
    spk_real mean, inverse; /* 1 / sqrt(variance + eps) */
} statistics;

typedef struct work {
    spk_record *r;
    const spk_batch_norm_opts *o;
    bool batch; /* normalised by the batch's own statistics */
    int64_t rows, channels;
    const spk_real *x, *g;
    spk_real *y, *gx, *gw, *gb;
    double *sum, *dot;
    statistics *s;
} work;

/* Mean and variance of the batch by two passes: the second over centred values, so that a large mean costs no digits. */
static void batch_statistics(const work *w, int64_t begin, int64_t end) {
    spk_column_sums(w->rows, w->channels, begin, end, w->x, w->sum);
    for (int64_t c = begin; c < end; c++) {
        w->s[c].mean = (spk_real)(w->sum[c] / (double)w->rows);
        w->sum[c] = 0;
    }
    for (int64_t row = 0; row < w->rows; row++)
        for (int64_t c = begin; c < end; c++) {
            const spk_real centred = w->x[row * w->channels + c] - w->s[c].mean;
            w->sum[c] += (double)(centred * centred);
        }
}

static void update_running(const work *w, int64_t begin, int64_t end) {
    const double shown = (double)(w->rows * w->r->in[X]->repeat), m = w->o->momentum;
    spk_real *mean = spk_reals(w->o->running_mean), *var = spk_reals(w->o->running_var);
    for (int64_t c = begin; c < end; c++) {
        const double unbiased = w->sum[c] / (double)w->rows * shown / (shown - 1);
        mean[c] = (spk_real)((1 - m) * (double)mean[c] + m * (double)w->s[c].mean);
        var[c] = (spk_real)((1 - m) * (double)var[c] + m * unbiased);
    }
}

SPK_CLONES static void normalise(int64_t rows, int64_t channels, int64_t begin, int64_t end, const spk_real *restrict x,
                                 const statistics *restrict s, const spk_real *weight, const spk_real *bias, spk_real *restrict y) {
    for (int64_t row = 0; row < rows; row++)
        for (int64_t c = begin; c < end; c++)
            y[row * channels + c] = (x[row * channels + c] - s[c].mean) * (s[c].inverse * (weight ? weight[c] : 1)) + (bias ? bias[c] : 0);
}

static void forward_range(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    for (int64_t c = begin; c < end && !w->batch; c++) w->s[c].mean = spk_reals(w->o->running_mean)[c];
    if (w->batch) batch_statistics(w, begin, end);
    for (int64_t c = begin; c < end; c++) {
        const double variance = w->batch ? w->sum[c] / (double)w->rows : (double)spk_reals(w->o->running_var)[c];
        w->s[c].inverse = (spk_real)(1 / sqrt(variance + w->o->eps));
    }
    if (w->o->training && w->o->running_mean) update_running(w, begin, end);
    const spk_tensor *weight = w->r->in[WEIGHT], *bias = w->r->in[BIAS];
    normalise(w->rows, w->channels, begin, end, w->x, w->s, weight ? spk_reals(weight) : NULL, bias ? spk_reals(bias) : NULL, w->y);
}

static work work_of(spk_record *r) {
    const spk_batch_norm_opts *o = r->attributes;
    const int64_t channels = spk_dim(r->in[X], 1);
    return (work){.r = r,
                  .o = o,
                  .batch = o->training || !o->running_mean,
                  .channels = channels,
                  .x = spk_values(r->in[X]),
                  .rows = channels ? spk_count(r->in[X]) / channels : 0,
                  .s = r->saved};
}

static void forward(spk_record *r) {
    work w = work_of(r);
    const bool updates = w.o->training && w.o->running_mean;
    if (updates && !(spk_remember(r->ctx, w.o->running_mean) && spk_remember(r->ctx, w.o->running_var))) return;
    w.y = spk_values(r->out[0]);
    w.s = spk_save_for_backward(r, (size_t)w.channels * sizeof *w.s);
    w.sum = spk_scratch(r, (size_t)w.channels * sizeof *w.sum);
    if (!w.s || !w.sum) return;
    spk_parallel(w.channels, CHANNELS, forward_range, &w);
    spk_scratch_done(r, w.sum, (size_t)w.channels * sizeof *w.sum);
    if (updates) w.o->running_mean->owner->version++, w.o->running_var->owner->version++;
    if (!w.o->running_mean) return;
    if (spk_check_finite(r, "running_mean", SPK_SHAPE(w.channels), spk_reals(w.o->running_mean)))
        spk_check_finite(r, "running_var", SPK_SHAPE(w.channels), spk_reals(w.o->running_var));
}

/* With xh = (x - mean) inverse: gb = sum g, gw = sum g xh, gx = weight inverse (g - gb / N - xh gw / N), the last two terms only where the
 * statistics are the batch's. For repeated rows g is summed over the repeats and the same holds: the repeats cancel. */
SPK_CLONES static void input_gradient(const work *w, const spk_real *weight, int64_t begin, int64_t end) {
    for (int64_t row = 0; row < w->rows; row++)
        for (int64_t c = begin; c < end; c++) {
            const int64_t i = row * w->channels + c;
            const spk_real inverse = w->s[c].inverse, n = (spk_real)w->rows;
            const spk_real xh = (w->x[i] - w->s[c].mean) * inverse;
            const spk_real through = w->batch ? (spk_real)w->sum[c] / n + xh * ((spk_real)w->dot[c] / n) : 0;
            w->gx[i] = (weight ? weight[c] : 1) * inverse * (w->g[i] - through);
        }
}

static void backward_range(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    spk_column_sums(w->rows, w->channels, begin, end, w->g, w->sum);
    for (int64_t c = begin; c < end; c++) w->dot[c] = 0;
    for (int64_t row = 0; row < w->rows; row++)
        for (int64_t c = begin; c < end; c++)
            w->dot[c] += (double)(w->g[row * w->channels + c] * (w->x[row * w->channels + c] - w->s[c].mean));
    for (int64_t c = begin; c < end; c++) {
        w->dot[c] *= (double)w->s[c].inverse;
        if (w->gw) w->gw[c] = (spk_real)w->dot[c];
        if (w->gb) w->gb[c] = (spk_real)w->sum[c];
    }
    if (w->gx) input_gradient(w, w->r->in[WEIGHT] ? spk_reals(w->r->in[WEIGHT]) : NULL, begin, end);
}

static void backward(spk_record *r) {
    work w = work_of(r);
    w.g = spk_grad_of(r, 0);
    w.gx = spk_grad_to(r, X), w.gw = spk_grad_to(r, WEIGHT), w.gb = spk_grad_to(r, BIAS);
    w.sum = spk_scratch(r, 2 * (size_t)w.channels * sizeof *w.sum);
    if (!w.sum) return;
    w.dot = w.sum + w.channels;
    spk_parallel(w.channels, CHANNELS, backward_range, &w);
    spk_scratch_done(r, w.sum, 2 * (size_t)w.channels * sizeof *w.sum);
}

const spk_op spk_op_batch_norm = {
    .name = "batch_norm",
    .inputs = 3,
    .attributes = sizeof(spk_batch_norm_opts),
    .storages = SPK_REPEATED,
    .optional_inputs = 1 << WEIGHT | 1 << BIAS,
    .saved_inputs = 1 << X | 1 << WEIGHT,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .remedy = "a variance overflows, or is below 0 in running statistics: scale x, load good statistics, or use a larger eps"};

spk_batch_norm_opts spk_batch_norm_options(void) { return (spk_batch_norm_opts){SPK_BATCH_NORM_DEFAULTS}; }

spk_tensor *spk_batch_norm_with(spk_tensor *x, spk_tensor *weight, spk_tensor *bias, spk_batch_norm_opts options) {
    return spk_apply(&spk_op_batch_norm, &options, x, weight, bias);
}
