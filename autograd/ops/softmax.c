/* softmax, log-softmax and cross entropy over the last axis. */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"
#include "core/numeric_internal.h"

#define FAR_APART "logits are so far apart that their distance overflows: scale them down, or lower the learning rate"

SPK_CLONES static void exponentials(int64_t n, const spk_real *restrict x, spk_real *restrict to) {
    for (int64_t i = 0; i < n; i++) to[i] = spk_exp_scalar(x[i]);
}

/* to = x - the row's largest element, so that exp cannot overflow. */
static void shift_row(int64_t n, const spk_real *x, spk_real *to) {
    spk_real largest = x[0];
    for (int64_t i = 1; i < n; i++) largest = x[i] > largest || x[i] != x[i] ? x[i] : largest;
    for (int64_t i = 0; i < n; i++) to[i] = x[i] - largest;
}

/* out = log softmax of each row. The exponentials are taken of a piece of all rows at once: a row of ten fills no vectors. */
static void log_softmax_rows(int64_t rows, int64_t n, const spk_real *x, spk_real *out) {
    enum { PIECE = 512 };
    spk_real e[PIECE], sum = 0;
    for (int64_t row = 0; row < rows; row++) shift_row(n, x + row * n, out + row * n);
    int64_t column = 0;
    for (int64_t at = 0; at < rows * n; at += PIECE) {
        const int64_t piece = rows * n - at < PIECE ? rows * n - at : PIECE;
        exponentials(piece, out + at, e);
        for (int64_t i = 0; i < piece; i++) {
            sum += e[i];
            if (++column < n) continue;
            const spk_real log_sum = spk_log_scalar(sum);
            spk_real *row = out + at + i + 1 - n;
            for (int64_t c = 0; c < n; c++) row[c] -= log_sum;
            sum = 0, column = 0;
        }
    }
}

static bool infer(spk_record *r) {
    const spk_shape shape = spk_tensor_shape(r->in[0]);
    if (shape.axes < 1 || shape.dim[shape.axes - 1] < 1)
        return spk_op_fail(r, "x is %s; it must have a last axis to normalise over", spk_shape_text(shape).text);
    return spk_output(r, 0, shape);
}

static void log_softmax_forward(spk_record *r) {
    const int64_t n = spk_dim(r->in[0], -1);
    log_softmax_rows(spk_size(r->in[0]) / n, n, spk_values(r->in[0]), spk_values(r->out[0]));
}

static void softmax_forward(spk_record *r) {
    log_softmax_forward(r);
    spk_real *y = spk_values(r->out[0]);
    for (int64_t i = 0; i < spk_size(r->out[0]); i++) y[i] = spk_exp_scalar(y[i]);
}

/* y = softmax: gx = y (g - sum g y). */
static void softmax_backward(spk_record *r) {
    spk_real *to = spk_grad_to(r, 0);
    const int64_t n = spk_dim(r->in[0], -1);
    for (int64_t row = 0; to && row < spk_size(r->in[0]); row += n) {
        const spk_real *y = spk_values(r->out[0]) + row, *g = spk_grad_of(r, 0) + row;
        spk_real dot = 0;
        for (int64_t i = 0; i < n; i++) dot += g[i] * y[i];
        for (int64_t i = 0; i < n; i++) to[row + i] = y[i] * (g[i] - dot);
    }
}

/* y = log softmax: gx = g - e^y sum g. */
static void log_softmax_backward(spk_record *r) {
    spk_real *to = spk_grad_to(r, 0);
    const int64_t n = spk_dim(r->in[0], -1);
    for (int64_t row = 0; to && row < spk_size(r->in[0]); row += n) {
        const spk_real *y = spk_values(r->out[0]) + row, *g = spk_grad_of(r, 0) + row;
        spk_real sum = 0;
        for (int64_t i = 0; i < n; i++) sum += g[i];
        for (int64_t i = 0; i < n; i++) to[row + i] = g[i] - spk_exp_scalar(y[i]) * sum;
    }
}

const spk_op spk_op_softmax = {.name = "softmax",
                               .inputs = 1,
                               .saved_outputs = 1,
                               .infer = infer,
                               .forward = softmax_forward,
                               .backward = softmax_backward,
                               .remedy = FAR_APART};
const spk_op spk_op_log_softmax = {.name = "log_softmax",
                                   .inputs = 1,
                                   .saved_outputs = 1,
                                   .infer = infer,
                                   .forward = log_softmax_forward,
                                   .backward = log_softmax_backward,
                                   .remedy = FAR_APART};

spk_tensor *spk_softmax(spk_tensor *x) { return spk_apply(&spk_op_softmax, NULL, x); }
spk_tensor *spk_log_softmax(spk_tensor *x) { return spk_apply(&spk_op_log_softmax, NULL, x); }

static bool cross_entropy_infer(spk_record *r) {
    const spk_shape x = spk_tensor_shape(r->in[0]), labels = spk_tensor_shape(r->in[1]);
    const double smoothing = ((const spk_cross_entropy_opts *)r->attributes)->label_smoothing;
    if (x.axes != 2 || labels.axes != 1 || labels.dim[0] != x.dim[0])
        return spk_op_fail(r, "logits are %s, labels %s; they must be [N, classes] and [N]", spk_shape_text(x).text,
                           spk_shape_text(labels).text);
    if (x.dim[0] == 0 || x.dim[1] == 0)
        return spk_op_fail(r, "logits are %s; the batch is empty, and must have a sample", spk_shape_text(x).text);
    if (!(smoothing >= 0 && smoothing <= 1)) return spk_op_fail(r, "label_smoothing is %g; it must be from 0 to 1", smoothing);
    for (int64_t i = 0; i < labels.dim[0]; i++) {
        const spk_real label = spk_values(r->in[1])[i];
        if (!(label >= 0 && label < (spk_real)x.dim[1]) || label != (spk_real)(int64_t)label)
            return spk_op_fail(r, "label %lld is %g; labels must be whole numbers from 0 to %lld, as the logits are %s", (long long)i,
                               (double)label, (long long)x.dim[1] - 1, spk_shape_text(x).text);
    }
    return spk_output(r, 0, SPK_SCALAR);
}

/* Saves log softmax, which is all that the gradient needs. */
static void cross_entropy_forward(spk_record *r) {
    const int64_t rows = spk_dim(r->in[0], 0), n = spk_dim(r->in[0], 1);
    const double s = ((const spk_cross_entropy_opts *)r->attributes)->label_smoothing;
    spk_real *log_p = spk_save_for_backward(r, (size_t)(rows * n) * sizeof *log_p);
    if (!log_p) return;
    log_softmax_rows(rows, n, spk_values(r->in[0]), log_p);
    double loss = 0;
    for (int64_t row = 0; row < rows; row++) {
        const spk_real *p = log_p + row * n;
        double sum = 0;
        for (int64_t i = 0; s > 0 && i < n; i++) sum += (double)p[i];
        loss -= (1 - s) * (double)p[(int64_t)spk_values(r->in[1])[row]] + s / (double)n * sum;
    }
    spk_values(r->out[0])[0] = (spk_real)(loss / (double)rows);
}

/* The gradient of a logit: g (softmax - target) / N. */
SPK_INLINE spk_real logit_gradient(spk_real log_p, spk_real g, spk_real target) { return g * (spk_exp_scalar(log_p) - target); }

SPK_CLONES static void logit_gradients(int64_t n, const spk_real *restrict log_p, spk_real g, spk_real target, spk_real *restrict to) {
    for (int64_t i = 0; i < n; i++) to[i] = logit_gradient(log_p[i], g, target);
}

static void cross_entropy_backward(spk_record *r) {
    const int64_t rows = spk_dim(r->in[0], 0), n = spk_dim(r->in[0], 1);
    const spk_real s = (spk_real)((const spk_cross_entropy_opts *)r->attributes)->label_smoothing;
    const spk_real g = spk_grad_of(r, 0)[0] / (spk_real)rows, *log_p = r->saved, others = s / (spk_real)n;
    spk_real *to = spk_grad_to(r, 0);
    if (!to) return;
    logit_gradients(rows * n, log_p, g, others, to);
    for (int64_t row = 0; row < rows; row++) {
        const int64_t at = row * n + (int64_t)spk_values(r->in[1])[row];
        to[at] = logit_gradient(log_p[at], g, others + (1 - s));
    }
}

const spk_op spk_op_cross_entropy = {.name = "cross_entropy",
                                     .inputs = 2,
                                     .attributes = sizeof(spk_cross_entropy_opts),
                                     .saved_inputs = 2,
                                     .infer = cross_entropy_infer,
                                     .forward = cross_entropy_forward,
                                     .backward = cross_entropy_backward,
                                     .remedy = FAR_APART};

spk_cross_entropy_opts spk_cross_entropy_options(void) { return (spk_cross_entropy_opts){SPK_CROSS_ENTROPY_DEFAULTS}; }

spk_tensor *spk_cross_entropy_with(spk_tensor *logits, spk_tensor *labels, spk_cross_entropy_opts options) {
    return spk_apply(&spk_op_cross_entropy, &options, logits, labels);
}
