#include "nn/loss.h"
#include "autograd/ops.h"
#include "core/context_internal.h"
#include <math.h>

/* True for two tensors of one context; where one is NULL the other's gets the error. */
static bool usable(const char *who, const spk_tensor *a, const spk_tensor *b) {
    spk_ctx *ctx = spk_tensor_ctx(a ? a : b);
    return spk_tensor_usable(ctx, a, who) && spk_tensor_usable(ctx, b, who);
}

static spk_tensor *nothing(const spk_tensor *a, const spk_tensor *b) { return &spk_tensor_ctx(a ? a : b)->inert; }

spk_tensor *spk_spike_cross_entropy(spk_tensor *spikes, spk_tensor *labels, int64_t T, double label_smoothing) {
    if (!usable("spk_spike_cross_entropy", spikes, labels)) return nothing(spikes, labels);
    return spk_cross_entropy(spk_mean_over_time(spikes, T), labels, .label_smoothing = label_smoothing);
}

spk_tensor *spk_membrane_cross_entropy(spk_tensor *v_seq, spk_tensor *labels, int64_t T) {
    if (!usable("spk_membrane_cross_entropy", v_seq, labels)) return nothing(v_seq, labels);
    /* The mean over all T*N rows, T times, is the sum over time of the means over the batch. */
    return spk_scale(spk_cross_entropy(v_seq, spk_repeat_over_time(labels, T)), (double)T);
}

spk_tensor *spk_rate_mse(spk_tensor *spikes, spk_tensor *labels, int64_t T) {
    if (!usable("spk_rate_mse", spikes, labels)) return nothing(spikes, labels);
    spk_tensor *rate = spk_mean_over_time(spikes, T);
    return spk_mse(rate, spk_one_hot(labels, spk_dim(rate, -1)));
}

spk_tensor *spk_rate_penalty(spk_tensor *spikes, double lowest, double highest) {
    if (!usable("spk_rate_penalty", spikes, spikes)) return nothing(spikes, spikes);
    if (!isfinite(lowest) || !isfinite(highest) || lowest > highest)
        spk_fail(spikes->object.ctx, "spk_rate_penalty: lowest is %g, highest is %g; both must be finite, and lowest not above highest",
                 lowest, highest);
    spk_tensor *rate = spk_mean(spikes, .axes = SPK_AXES(0));
    spk_tensor *below = spk_relu(spk_shift(spk_negate(rate), lowest)), *above = spk_relu(spk_shift(rate, -highest));
    return spk_mean(spk_add(spk_multiply(below, below), spk_multiply(above, above)));
}

static bool check_labels(spk_ctx *ctx, const char *who, int64_t n, const spk_real *label, int64_t classes) {
    for (int64_t i = 0; i < n; i++) {
        if (label[i] >= 0 && label[i] < (spk_real)classes && label[i] == (spk_real)(int64_t)label[i]) continue;
        spk_fail(ctx, "%s: label %lld is %g; labels must be whole numbers from 0 to %lld", who, (long long)i, (double)label[i],
                 (long long)classes - 1);
        return false;
    }
    return true;
}

spk_tensor *spk_one_hot(spk_tensor *labels, int64_t classes) {
    static const char who[] = "one_hot";
    if (!usable(who, labels, labels)) return nothing(labels, labels);
    spk_ctx *ctx = labels->object.ctx;
    if (classes < 1 || spk_shape_size(SPK_SHAPE(labels->size, classes)) < 0)
        spk_fail(ctx, "%s: %lld classes for labels %s; there must be at least 1, and no more than memory can hold", who, (long long)classes,
                 spk_shape_text(labels->shape).text);
    const spk_real *label = spk_data(labels);
    if (ctx->failed || !check_labels(ctx, who, labels->size, label, classes)) return &ctx->inert;
    spk_tensor *y = spk_full(ctx, SPK_SHAPE(labels->size, classes), 0);
    for (int64_t i = 0; i < labels->size && !ctx->failed; i++) spk_reals(y)[i * classes + (int64_t)label[i]] = 1;
    return y;
}

int64_t spk_count_correct(spk_tensor *scores, spk_tensor *labels) {
    static const char who[] = "spk_count_correct";
    if (!usable(who, scores, labels)) return -1;
    spk_ctx *ctx = scores->object.ctx;
    if (scores->shape.axes != 2 || labels->size != scores->shape.dim[0] || scores->shape.dim[1] < 1) {
        spk_fail(ctx, "%s: scores are %s, labels %s; they must be [N, classes] and [N]", who, spk_shape_text(scores->shape).text,
                 spk_shape_text(labels->shape).text);
        return -1;
    }
    const int64_t n = labels->size, classes = scores->shape.dim[1];
    const spk_real *score = spk_data(scores), *label = spk_data(labels);
    if (ctx->failed) return -1;
    int64_t correct = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t best = 0;
        for (int64_t c = 1; c < classes; c++)
            if (score[i * classes + c] > score[i * classes + best]) best = c;
        correct += label[i] == (spk_real)best;
    }
    return correct;
}
