#include "nn/loss.h"
#include "autograd/ops.h"
#include "core/context_internal.h"

spk_tensor *spk_spike_cross_entropy(spk_tensor *spikes, spk_tensor *labels, int64_t T, double label_smoothing) {
    return spk_cross_entropy(spk_mean_over_time(spikes, T), labels, .label_smoothing = label_smoothing);
}

spk_tensor *spk_membrane_cross_entropy(spk_tensor *v_seq, spk_tensor *labels, int64_t T) {
    /* The mean over all T*N rows, T times, is the sum over time of the means over the batch. */
    return spk_scale(spk_cross_entropy(v_seq, spk_repeat_over_time(labels, T)), (double)T);
}

spk_tensor *spk_rate_mse(spk_tensor *spikes, spk_tensor *labels, int64_t T) {
    return spk_mse(spk_mean_over_time(spikes, T), spk_one_hot(labels, spk_dim(spikes, -1)));
}

spk_tensor *spk_rate_penalty(spk_tensor *spikes, double lowest, double highest) {
    spk_tensor *rate = spk_mean(spikes, .axes = SPK_AXES(0));
    spk_tensor *below = spk_relu(spk_shift(spk_negate(rate), lowest)), *above = spk_relu(spk_shift(rate, -highest));
    return spk_mean(spk_add(spk_multiply(below, below), spk_multiply(above, above)));
}

spk_tensor *spk_one_hot(spk_tensor *labels, int64_t classes) {
    spk_ctx *ctx = spk_tensor_ctx(labels);
    const spk_real *label = spk_data(labels);
    if (classes < 0) spk_fail(ctx, "one_hot: %lld classes: there cannot be less than none", (long long)classes);
    if (ctx->failed) return &ctx->inert;
    for (int64_t i = 0; i < labels->size; i++)
        if (!(label[i] >= 0 && label[i] < (spk_real)classes) || label[i] != (spk_real)(int64_t)label[i]) {
            spk_fail(ctx, "one_hot: label %lld is %g: labels are whole numbers from 0 to %lld", (long long)i, (double)label[i],
                     (long long)classes - 1);
            return &ctx->inert;
        }
    spk_tensor *y = spk_full(ctx, SPK_SHAPE(labels->size, classes), 0);
    for (int64_t i = 0; i < labels->size && !ctx->failed; i++) spk_reals(y)[i * classes + (int64_t)label[i]] = 1;
    return y;
}

int64_t spk_count_correct(spk_tensor *scores, spk_tensor *labels) {
    spk_ctx *ctx = spk_tensor_ctx(scores);
    if (!spk_tensor_usable(ctx, scores, "spk_count_correct") || !spk_tensor_usable(ctx, labels, "spk_count_correct")) return -1;
    const spk_real *score = spk_data(scores), *label = spk_data(labels);
    if (ctx->failed) return -1;
    if (scores->shape.axes != 2 || labels->size != scores->shape.dim[0] || scores->shape.dim[1] < 1) {
        spk_fail(ctx, "spk_count_correct: scores %s and labels %s: needs [N, classes] and [N]", spk_shape_text(scores->shape).text,
                 spk_shape_text(labels->shape).text);
        return -1;
    }
    const int64_t n = labels->size, classes = scores->shape.dim[1];
    int64_t correct = 0;
    for (int64_t i = 0; i < n; i++) {
        int64_t best = 0;
        for (int64_t c = 1; c < classes; c++)
            if (score[i * classes + c] > score[i * classes + best]) best = c;
        correct += label[i] == (spk_real)best;
    }
    return correct;
}
