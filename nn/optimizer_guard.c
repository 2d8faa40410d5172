/* The step under spk_detect_anomaly: one that spoils a number is named and undone. */
#include "core/context_internal.h"
#include "core/scan_internal.h"
#include "nn/module_internal.h"
#include "nn/optimizer_internal.h"
#include <string.h>

/* Copies the numbers that a step changes out of the tensors or, with `back`, back into them. */
static void copy_all(spk_step_guard *guard, bool back) {
    const spk_optimizer *opt = guard->optimizer;
    spk_real *at = guard->before;
    for (int64_t i = 0; i < opt->count; i++) {
        const spk_optimized *o = &opt->optimized[i];
        if (!spk_optimized_gradient(o)) continue;
        for (int k = -1; k < opt->type->moments; k++) {
            const spk_tensor *x = k < 0 ? o->parameter : o->moment[k];
            if (x->size) memcpy(back ? spk_reals(x) : at, back ? at : spk_reals(x), spk_bytes(x->size));
            at += x->size;
        }
    }
}

bool spk_step_guard_begin(spk_step_guard *guard) {
    const spk_optimizer *opt = guard->optimizer;
    spk_ctx *ctx = opt->object.ctx;
    for (int64_t i = 0; i < opt->count; i++) {
        const spk_tensor *gradient = spk_optimized_gradient(&opt->optimized[i]), *parameter = opt->optimized[i].parameter;
        if (!gradient) continue;
        if (!spk_tensor_is_finite(gradient)) {
            spk_fail(ctx,
                     "%s: the gradient of '%s' holds %s before the step: it was changed after backward, or made before spk_detect_anomaly "
                     "was on; switch it on before the forward",
                     opt->type->name, spk_slot_path(parameter), spk_not_finite_in(gradient).text);
            return false;
        }
        guard->count += parameter->size * (1 + opt->type->moments);
    }
    guard->before = spk_step_data(ctx, spk_bytes(guard->count));
    if (!guard->before) return false;
    copy_all(guard, false);
    return true;
}

/* Sets the error if the step has spoilt this parameter or one of its moments. */
static void check(const spk_optimizer *opt, const spk_optimized *o) {
    for (int k = -1; k < opt->type->moments; k++) {
        const spk_tensor *x = k < 0 ? o->parameter : o->moment[k];
        if (spk_tensor_is_finite(x)) continue;
        spk_fail(opt->object.ctx,
                 "%s: the step with lr %g made %s in %s'%s': lower the learning rate, or clip the gradients before it "
                 "(spk_clip_grad_norm). The step was undone: no parameter is changed",
                 opt->type->name, opt->group[o->group].lr_now, spk_not_finite_in(x).text, k < 0 ? "" : "a moment of ",
                 spk_slot_path(o->parameter));
        return;
    }
}

void spk_step_guard_end(spk_step_guard *guard) {
    const spk_optimizer *opt = guard->optimizer;
    spk_ctx *ctx = opt->object.ctx;
    for (int64_t i = 0; i < opt->count && !ctx->failed; i++)
        if (spk_optimized_gradient(&opt->optimized[i])) check(opt, &opt->optimized[i]);
    if (ctx->failed) {
        copy_all(guard, true);
        for (int64_t i = 0; i < opt->count; i++) opt->optimized[i].steps -= spk_optimized_gradient(&opt->optimized[i]) != NULL;
    }
    spk_arena_give(&ctx->data, guard->before, spk_bytes(guard->count));
}
