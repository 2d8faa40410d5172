/* Learning-rate schedules: each is a factor as a function of the step, a type and a constructor. */
#include "nn/schedule.h"
#include "nn/optimizer_internal.h"
#include "core/context_internal.h"
#include <math.h>

static const double pi = 3.14159265358979323846;

/* A schedule at step 0, attached to its optimizer; NULL after an error. */
static void *schedule_create(spk_optimizer *opt, const spk_schedule_type *type) {
    static const spk_object_type object = {.name = "schedule"};
    const spk_activity before = spk_doing_function(opt->object.ctx, type->name);
    spk_schedule *schedule = spk_object_create(opt->object.ctx, &object, type->size);
    spk_done(opt->object.ctx, before);
    if (!schedule) return NULL;
    schedule->type = type;
    schedule->optimizer = opt;
    schedule->next = opt->schedules;
    return opt->schedules = schedule;
}

bool spk_schedule_set_step(spk_schedule *schedule, int64_t step) {
    if (!schedule || spk_failed(schedule->object.ctx)) return false;
    if (step < 0) spk_fail(schedule->object.ctx, "%s: the step is %lld; it must be 0 or more", schedule->type->name, (long long)step);
    else schedule->step = step;
    return step >= 0;
}

bool spk_schedule_step(spk_schedule *schedule) {
    const int64_t now = spk_schedule_now(schedule);
    if (now < INT64_MAX) return spk_schedule_set_step(schedule, now + 1);
    spk_fail(schedule->object.ctx, "%s: there is no step after %lld", schedule->type->name, (long long)now);
    return false;
}

int64_t spk_schedule_now(const spk_schedule *schedule) { return schedule ? schedule->step : -1; }

double spk_schedule_lr(const spk_schedule *schedule, int64_t group, int64_t step) {
    if (!schedule || group < 0 || group >= schedule->optimizer->groups || step < 0) return (double)NAN;
    const double base = schedule->optimizer->group[group].lr;
    return base * schedule->type->factor(schedule, step, base);
}

/* True for an optimizer that can get a schedule of at least `least` steps. */
static bool check_steps(spk_optimizer *opt, const char *who, const char *option, int64_t steps, int64_t least) {
    if (!opt || spk_failed(opt->object.ctx)) return false;
    if (steps >= least) return true;
    spk_fail(opt->object.ctx, "%s: .%s is %lld; it must be at least %lld", who, option, (long long)steps, (long long)least);
    return false;
}

/* From a (done = 0) to b (done = 1) along half a cosine. */
static double anneal(double a, double b, double done) { return b + (a - b) * (1 + cos(pi * done)) / 2; }

typedef struct step_lr {
    spk_schedule base;
    spk_step_lr_opts options;
} step_lr;

static double step_lr_factor(const spk_schedule *schedule, int64_t step, double base) {
    (void)base;
    const spk_step_lr_opts *o = &((const step_lr *)schedule)->options;
    const int64_t drops = step / o->step_size;
    return pow(o->gamma, (double)drops);
}

static void step_lr_describe(const spk_schedule *schedule, spk_text *text) {
    const spk_step_lr_opts *o = &((const step_lr *)schedule)->options;
    spk_add_option(text, "step_size", (double)o->step_size);
    spk_add_option(text, "gamma", o->gamma);
}

static const spk_schedule_type step_lr_type = {
    .name = "spk_step_lr", .size = sizeof(step_lr), .factor = step_lr_factor, .describe = step_lr_describe};

spk_step_lr_opts spk_step_lr_options(void) { return (spk_step_lr_opts){SPK_STEP_LR_DEFAULTS}; }

spk_schedule *spk_step_lr_with(spk_optimizer *opt, spk_step_lr_opts options) {
    if (!check_steps(opt, step_lr_type.name, "step_size", options.step_size, 1)) return NULL;
    if (!spk_check_not_negative(opt->object.ctx, step_lr_type.name, "gamma", options.gamma)) return NULL;
    step_lr *schedule = schedule_create(opt, &step_lr_type);
    if (!schedule) return NULL;
    schedule->options = options;
    return &schedule->base;
}

typedef struct cosine_lr {
    spk_schedule base;
    spk_cosine_lr_opts options;
} cosine_lr;

static double cosine_lr_factor(const spk_schedule *schedule, int64_t step, double base) {
    const spk_cosine_lr_opts *o = &((const cosine_lr *)schedule)->options;
    const double lowest = base > 0 ? o->lowest / base : 0;
    return step < o->steps ? anneal(1, lowest, (double)step / (double)o->steps) : lowest;
}

static void cosine_lr_describe(const spk_schedule *schedule, spk_text *text) {
    const spk_cosine_lr_opts *o = &((const cosine_lr *)schedule)->options;
    spk_add_option(text, "steps", (double)o->steps);
    spk_add_option(text, "lowest", o->lowest);
}

static const spk_schedule_type cosine_lr_type = {
    .name = "spk_cosine_lr", .size = sizeof(cosine_lr), .factor = cosine_lr_factor, .describe = cosine_lr_describe};

spk_cosine_lr_opts spk_cosine_lr_options(void) { return (spk_cosine_lr_opts){SPK_COSINE_LR_DEFAULTS}; }

spk_schedule *spk_cosine_lr_with(spk_optimizer *opt, spk_cosine_lr_opts options) {
    if (!check_steps(opt, cosine_lr_type.name, "steps", options.steps, 1)) return NULL;
    if (!spk_check_not_negative(opt->object.ctx, cosine_lr_type.name, "lowest", options.lowest)) return NULL;
    cosine_lr *schedule = schedule_create(opt, &cosine_lr_type);
    if (!schedule) return NULL;
    schedule->options = options;
    return &schedule->base;
}

typedef struct one_cycle_lr {
    spk_schedule base;
    spk_one_cycle_lr_opts options;
} one_cycle_lr;

static double one_cycle_lr_factor(const spk_schedule *schedule, int64_t step, double base) {
    (void)base;
    const spk_one_cycle_lr_opts *o = &((const one_cycle_lr *)schedule)->options;
    const double last_step = (double)(o->steps - 1), at = step < o->steps ? (double)step : last_step;
    const double top = o->start * (double)o->steps - 1; /* a step number, not always whole, as torch has it */
    const double first = 1 / o->div_factor, last = first / o->final_div_factor;
    if (at <= top) return top > 0 ? anneal(first, 1, at / top) : 1;
    return anneal(1, last, (at - top) / (last_step - top));
}

static void one_cycle_lr_describe(const spk_schedule *schedule, spk_text *text) {
    const spk_one_cycle_lr_opts *o = &((const one_cycle_lr *)schedule)->options;
    spk_add_option(text, "steps", (double)o->steps);
    spk_add_option(text, "start", o->start);
    spk_add_option(text, "div_factor", o->div_factor);
    spk_add_option(text, "final_div_factor", o->final_div_factor);
}

static const spk_schedule_type one_cycle_lr_type = {
    .name = "spk_one_cycle_lr", .size = sizeof(one_cycle_lr), .factor = one_cycle_lr_factor, .describe = one_cycle_lr_describe};

spk_one_cycle_lr_opts spk_one_cycle_lr_options(void) { return (spk_one_cycle_lr_opts){SPK_ONE_CYCLE_LR_DEFAULTS}; }

static bool check_one_cycle(spk_optimizer *opt, const spk_one_cycle_lr_opts *o) {
    const char *who = one_cycle_lr_type.name;
    if (!check_steps(opt, who, "steps", o->steps, 2)) return false;
    spk_ctx *ctx = opt->object.ctx;
    return (spk_is_none(o->max_lr) || spk_check_not_negative(ctx, who, "max_lr", o->max_lr)) &&
           spk_check_option(ctx, o->start >= 0 && o->start <= 1, who, "start", o->start, "in [0, 1]") &&
           spk_check_option(ctx, o->div_factor > 0, who, "div_factor", o->div_factor, "above 0") &&
           spk_check_option(ctx, o->final_div_factor > 0, who, "final_div_factor", o->final_div_factor, "above 0");
}

spk_schedule *spk_one_cycle_lr_with(spk_optimizer *opt, spk_one_cycle_lr_opts options) {
    if (!check_one_cycle(opt, &options)) return NULL;
    one_cycle_lr *schedule = schedule_create(opt, &one_cycle_lr_type);
    if (!schedule) return NULL;
    schedule->options = options;
    for (int64_t k = 0; k < opt->groups && !spk_is_none(options.max_lr); k++) opt->group[k].lr = options.max_lr;
    return &schedule->base;
}

typedef struct warmup_lr {
    spk_schedule base;
    spk_warmup_lr_opts options;
} warmup_lr;

static double warmup_lr_factor(const spk_schedule *schedule, int64_t step, double base) {
    (void)base;
    const spk_warmup_lr_opts *o = &((const warmup_lr *)schedule)->options;
    return step < o->steps ? o->first + (1 - o->first) * (double)step / (double)o->steps : 1;
}

static void warmup_lr_describe(const spk_schedule *schedule, spk_text *text) {
    const spk_warmup_lr_opts *o = &((const warmup_lr *)schedule)->options;
    spk_add_option(text, "steps", (double)o->steps);
    spk_add_option(text, "first", o->first);
}

static const spk_schedule_type warmup_lr_type = {
    .name = "spk_warmup_lr", .size = sizeof(warmup_lr), .factor = warmup_lr_factor, .describe = warmup_lr_describe};

spk_warmup_lr_opts spk_warmup_lr_options(void) { return (spk_warmup_lr_opts){SPK_WARMUP_LR_DEFAULTS}; }

spk_schedule *spk_warmup_lr_with(spk_optimizer *opt, spk_warmup_lr_opts options) {
    if (!check_steps(opt, warmup_lr_type.name, "steps", options.steps, 1)) return NULL;
    if (!spk_check_option(opt->object.ctx, options.first >= 0 && options.first <= 1, warmup_lr_type.name, "first", options.first,
                          "in [0, 1]"))
        return NULL;
    warmup_lr *schedule = schedule_create(opt, &warmup_lr_type);
    if (!schedule) return NULL;
    schedule->options = options;
    return &schedule->base;
}
