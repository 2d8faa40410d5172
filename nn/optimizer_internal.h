/* What an optimizer is made of: for the files that define one, and for schedules. */
#ifndef SPK_NN_OPTIMIZER_INTERNAL_H
#define SPK_NN_OPTIMIZER_INTERNAL_H

#include "nn/optimizer.h"
#include "core/text.h"

/* The most moments kept for a parameter. */
#define SPK_MAX_MOMENTS 2

/* One parameter's update: n numbers of the parameter, its gradient and its moments (zeros at step 1, the first). */
typedef struct spk_update {
    int64_t n, step;
    double lr, weight_decay;
    spk_real *p, *moment[SPK_MAX_MOMENTS];
    const spk_real *g;
} spk_update;

typedef struct spk_optimizer_type {
    const char *name;
    size_t size; /* of the struct that embeds spk_optimizer first */
    int moments;
    void (*update)(const spk_optimizer *optimizer, const spk_update *u);
    /* Adds the options that stay as they are made, by spk_add_option; what a run changes (rates, decays) is left out. */
    void (*describe)(const spk_optimizer *optimizer, spk_text *text);
} spk_optimizer_type;

typedef struct spk_group {
    double lr; /* the base rate, which schedules multiply */
    double weight_decay;
    double lr_now; /* in a step: with the schedules' factors */
} spk_group;

/* A parameter and what is remembered of it. */
typedef struct spk_optimized {
    spk_tensor *parameter, *moment[SPK_MAX_MOMENTS];
    int64_t group, steps;
} spk_optimized;

struct spk_optimizer {
    spk_object object;
    const spk_optimizer_type *type;
    double lr, weight_decay; /* what groups inherit */
    spk_group *group;
    spk_optimized *optimized;
    int64_t groups, count;
    struct spk_schedule *schedules;
};

/* The gradient to follow, or NULL for a parameter that stays as it is. */
spk_tensor *spk_optimized_gradient(const spk_optimized *o);

/* While anomalies are detected: what a step that spoils a number is undone with. */
typedef struct spk_step_guard {
    spk_optimizer *optimizer;
    spk_real *before; /* of every parameter that the step changes: its numbers, and those of its moments */
    int64_t count;
} spk_step_guard;
/* Checks the gradients and keeps a copy of what the step changes; false, with the error set, when the step must not be taken. */
bool spk_step_guard_begin(spk_step_guard *guard);
/* Checks what the step has made; a step that made a number that is not finite is an error and is undone. */
void spk_step_guard_end(spk_step_guard *guard);

/* An optimizer of a type with all parameters of the module in group 0, zeroed after the spk_optimizer; NULL after an error. */
void *spk_optimizer_create(spk_module *module, const spk_optimizer_type *type, double lr, double weight_decay);
/* What is remembered of a parameter; NULL for a tensor that is none of the optimizer's. */
spk_optimized *spk_optimizer_find(const spk_optimizer *optimizer, const spk_tensor *parameter);
/* Adds `name=value`, after a comma unless a parenthesis was opened just now; values that differ are written differently. */
void spk_add_option(spk_text *text, const char *name, double value);
/* Takes a parameter that is destroyed out of all optimizers of its context. */
void spk_optimizers_forget(spk_ctx *ctx, const spk_tensor *parameter);
/* Returns ok; if it is false the error says `who: .option is value; it must be rule`. */
bool spk_check_option(spk_ctx *ctx, bool ok, const char *who, const char *option, double value, const char *rule);
/* spk_check_option for what must be a finite number, 0 or more. */
bool spk_check_not_negative(spk_ctx *ctx, const char *who, const char *option, double value);

typedef struct spk_schedule_type {
    const char *name;
    size_t size; /* of the struct that embeds spk_schedule first */
    /* What a base rate is multiplied by at a step, from 0: a pure function, so that nothing drifts. */
    double (*factor)(const struct spk_schedule *schedule, int64_t step, double base);
    /* Adds all options, by spk_add_option. */
    void (*describe)(const struct spk_schedule *schedule, spk_text *text);
} spk_schedule_type;

struct spk_schedule {
    spk_object object;
    const spk_schedule_type *type;
    spk_optimizer *optimizer;
    int64_t step;
    struct spk_schedule *next;
};

#endif
