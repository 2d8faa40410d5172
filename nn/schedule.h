/* Learning-rate schedules. */
#ifndef SPK_NN_SCHEDULE_H
#define SPK_NN_SCHEDULE_H

#include "nn/optimizer.h"

SPK_BEGIN_DECLS

/**
 * A schedule of an optimizer's learning rates. It is a pure function factor(step), step counting from 0, and the rate of a group is
 *
 *     lr = base * factor_1(step_1) * factor_2(step_2) * ...
 *
 * over all schedules of the optimizer, each with a step count of its own: warm-up times cosine, say. The base rate is the group's own: of
 * the constructor, spk_optimizer_add_group or spk_optimizer_set_lr. Rates are worked out in double from the counts, never from the rate
 * before, so they do not drift. A schedule acts from its construction on and lives as long as its optimizer, which owns it. Constructors
 * return NULL after an error; every function takes NULL and then does nothing.
 */
typedef struct spk_schedule spk_schedule;

/** Goes to the next step: call it after each spk_optimizer_step, or after each epoch, as the schedule's steps are meant. False after an
 * error. */
SPK_API bool spk_schedule_step(spk_schedule *schedule);
/** Goes to any step, 0 or more: to continue a run, say. False after an error. */
SPK_API bool spk_schedule_set_step(spk_schedule *schedule, int64_t step);
/** The number of the current step; -1 for NULL. */
SPK_API int64_t spk_schedule_now(const spk_schedule *schedule);
/**
 * The rate that this schedule alone gives a group at any step, for plots; the rate in force, with all schedules, is spk_optimizer_lr. NaN
 * when there is no such group or step.
 */
SPK_API double spk_schedule_lr(const spk_schedule *schedule, int64_t group, int64_t step);

/** Options of spk_step_lr. */
typedef struct spk_step_lr_opts {
    int64_t step_size; /**< steps between two drops, at least 1; must be given */
    double gamma;      /**< what each drop multiplies by, 0 or more; default 0.1 */
} spk_step_lr_opts;
#define SPK_STEP_LR_DEFAULTS .step_size = 0, .gamma = 0.1
/** factor = gamma^floor(step / step_size) (torch StepLR). */
#define spk_step_lr(...) spk_step_lr_keywords_(__VA_ARGS__, )
#define spk_step_lr_keywords_(optimizer, ...) \
    spk_step_lr_with((optimizer), SPK_KEYWORDS(spk_step_lr_opts, SPK_STEP_LR_DEFAULTS, __VA_ARGS__))
/** The function behind spk_step_lr. */
SPK_API spk_schedule *spk_step_lr_with(spk_optimizer *optimizer, spk_step_lr_opts options);
/** The defaults of spk_step_lr. */
SPK_API spk_step_lr_opts spk_step_lr_options(void);

/** Options of spk_cosine_lr. */
typedef struct spk_cosine_lr_opts {
    int64_t steps; /**< steps from the base rate down to the lowest, at least 1; must be given */
    double lowest; /**< the last rate, absolute, 0 or more; default 0 */
} spk_cosine_lr_opts;
#define SPK_COSINE_LR_DEFAULTS .steps = 0, .lowest = 0
/**
 * lr = lowest + (base - lowest) (1 + cos(pi step / steps)) / 2 up to step `steps`, then lowest (torch CosineAnnealingLR, which would climb
 * again; SGDR, Loshchilov and Hutter, ICLR 2017). Beside other schedules the factor is that lr / base; a group of base 0 stays at 0.
 */
#define spk_cosine_lr(...) spk_cosine_lr_keywords_(__VA_ARGS__, )
#define spk_cosine_lr_keywords_(optimizer, ...) \
    spk_cosine_lr_with((optimizer), SPK_KEYWORDS(spk_cosine_lr_opts, SPK_COSINE_LR_DEFAULTS, __VA_ARGS__))
/** The function behind spk_cosine_lr. */
SPK_API spk_schedule *spk_cosine_lr_with(spk_optimizer *optimizer, spk_cosine_lr_opts options);
/** The defaults of spk_cosine_lr. */
SPK_API spk_cosine_lr_opts spk_cosine_lr_options(void);

/** Options of spk_one_cycle_lr. */
typedef struct spk_one_cycle_lr_opts {
    int64_t steps;     /**< steps of the whole cycle, at least 2; must be given */
    double max_lr;     /**< the peak, absolute; becomes the base rate of every group. Default SPK_NONE: each group peaks at its own base */
    double start;      /**< share of the steps that climb, in [0, 1]; default 0.3 */
    double div_factor; /**< peak / first rate, above 0; default 25 */
    double final_div_factor; /**< first / last rate, above 0; default 1e4 */
} spk_one_cycle_lr_opts;
#define SPK_ONE_CYCLE_LR_DEFAULTS .steps = 0, .max_lr = SPK_NONE, .start = 0.3, .div_factor = 25, .final_div_factor = 1e4
/**
 * One cycle (torch OneCycleLR with cosine annealing and no cycling of the momentum; Smith and Topin, 2017). The rate goes from
 * first = peak / div_factor at step 0 to the peak at step start * steps - 1, then to first / final_div_factor at step steps - 1, where it
 * stays; between a and b it is b + (a - b) (1 + cos(pi done)) / 2. The peak is the group's base rate.
 */
#define spk_one_cycle_lr(...) spk_one_cycle_lr_keywords_(__VA_ARGS__, )
#define spk_one_cycle_lr_keywords_(optimizer, ...) \
    spk_one_cycle_lr_with((optimizer), SPK_KEYWORDS(spk_one_cycle_lr_opts, SPK_ONE_CYCLE_LR_DEFAULTS, __VA_ARGS__))
/** The function behind spk_one_cycle_lr. */
SPK_API spk_schedule *spk_one_cycle_lr_with(spk_optimizer *optimizer, spk_one_cycle_lr_opts options);
/** The defaults of spk_one_cycle_lr. */
SPK_API spk_one_cycle_lr_opts spk_one_cycle_lr_options(void);

/** Options of spk_warmup_lr. */
typedef struct spk_warmup_lr_opts {
    int64_t steps; /**< steps until the base rate is reached, at least 1; must be given */
    double first;  /**< the factor at step 0, in [0, 1]; default 1/3, torch's */
} spk_warmup_lr_opts;
#define SPK_WARMUP_LR_DEFAULTS .steps = 0, .first = 1.0 / 3
/** factor = first + (1 - first) step / steps, then 1 (torch LinearLR). */
#define spk_warmup_lr(...) spk_warmup_lr_keywords_(__VA_ARGS__, )
#define spk_warmup_lr_keywords_(optimizer, ...) \
    spk_warmup_lr_with((optimizer), SPK_KEYWORDS(spk_warmup_lr_opts, SPK_WARMUP_LR_DEFAULTS, __VA_ARGS__))
/** The function behind spk_warmup_lr. */
SPK_API spk_schedule *spk_warmup_lr_with(spk_optimizer *optimizer, spk_warmup_lr_opts options);
/** The defaults of spk_warmup_lr. */
SPK_API spk_warmup_lr_opts spk_warmup_lr_options(void);

SPK_END_DECLS

#endif
