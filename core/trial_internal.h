/* A run of which nothing stays but what its caller has measured, also in the middle of a step. */
#ifndef SPK_CORE_TRIAL_INTERNAL_H
#define SPK_CORE_TRIAL_INTERNAL_H

#include "core/context_internal.h"

/* What a trial puts back. */
typedef struct spk_trial {
    spk_arena data;
    size_t step_peak;
    uint64_t step;
    spk_random random;
    spk_undo *undo;
    struct spk_record *tape;
    spk_road_counts roads;
    bool grad_disabled, detect_anomaly;
} spk_trial;

/*
 * From here on numbers of the step come from an arena of the trial's own, whose use says what the trial took. Its tensors are of a step
 * that is never reached: they cannot be used afterwards, nor tensors of the unfinished step within it. Recording is on, anomalies are not
 * searched for.
 */
void spk_trial_begin(spk_ctx *ctx, spk_trial *trial);
/* The context is as it was, but for an error, and headers that go with the step. */
void spk_trial_end(spk_ctx *ctx, const spk_trial *trial);

#endif
