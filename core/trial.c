#include "core/trial_internal.h"

void spk_trial_begin(spk_ctx *ctx, spk_trial *trial) {
    *trial = (spk_trial){.data = ctx->data,
                         .step_peak = ctx->step_peak,
                         .step = ctx->step,
                         .random = ctx->random,
                         .undo = ctx->undo,
                         .tape = ctx->tape,
                         .roads = ctx->roads,
                         .grad_disabled = ctx->grad_disabled,
                         .detect_anomaly = ctx->detect_anomaly};
    ctx->data = (spk_arena){.ctx = ctx};
    ctx->step_peak = 0;
    ctx->step = (UINT64_MAX - 1) | (ctx->step & 1); /* headers still come from where the step has its own */
    ctx->undo = NULL;
    ctx->tape = NULL;
    ctx->grad_disabled = ctx->detect_anomaly = false;
    ctx->trial = true;
    ctx->multiply_adds = 0;
}

void spk_trial_end(spk_ctx *ctx, const spk_trial *trial) {
    spk_put_back(ctx->undo);
    spk_arena_destroy(&ctx->data);
    ctx->data = trial->data;
    ctx->step_peak = trial->step_peak;
    ctx->step = trial->step;
    ctx->random = trial->random;
    ctx->undo = trial->undo;
    ctx->tape = trial->tape;
    ctx->roads = trial->roads;
    ctx->grad_disabled = trial->grad_disabled;
    ctx->detect_anomaly = trial->detect_anomaly;
    ctx->trial = false;
}
