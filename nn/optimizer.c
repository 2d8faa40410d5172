/* What all optimizers share: groups, the step over all parameters, clipping. */
#include "nn/optimizer_internal.h"
#include "nn/module_internal.h"
#include "autograd/tape.h"
#include "core/context_internal.h"
#include "core/dots_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"
#include <math.h>
#include <string.h>

bool spk_check_option(spk_ctx *ctx, bool ok, const char *who, const char *option, double value, const char *rule) {
    if (!ok) spk_fail(ctx, "%s: .%s is %g; it must be %s", who, option, value, rule);
    return ok;
}

bool spk_check_not_negative(spk_ctx *ctx, const char *who, const char *option, double value) {
    return spk_check_option(ctx, isfinite(value) && value >= 0, who, option, value, "a finite number, 0 or more");
}

void spk_add_option(spk_text *text, const char *name, double value) {
    spk_text_add(text, text->length && text->data[text->length - 1] != '(' ? ", %s=" : "%s=", name);
    spk_text_add_number(text, value);
}

/* The arrays belong to the object; moments and schedules are owned by the context, which may have freed them already. */
static void release(spk_object *object) {
    spk_optimizer *opt = (spk_optimizer *)object;
    spk_release(object->ctx, opt->group);
    spk_release(object->ctx, opt->optimized);
}

static const spk_object_type optimizer_object = {.name = "optimizer", .destroy = release};

void spk_optimizer_destroy(spk_optimizer *opt) {
    if (!opt) return;
    for (int64_t i = 0; i < opt->count; i++)
        for (int k = 0; k < opt->type->moments; k++) spk_tensor_free(opt->optimized[i].moment[k]);
    for (struct spk_schedule *schedule = opt->schedules, *next; schedule; schedule = next) {
        next = schedule->next;
        spk_object_destroy(&schedule->object);
    }
    spk_object_destroy(&opt->object);
}

spk_optimized *spk_optimizer_find(const spk_optimizer *opt, const spk_tensor *parameter) {
    for (int64_t i = 0; i < opt->count; i++)
        if (opt->optimized[i].parameter == parameter) return &opt->optimized[i];
    return NULL;
}

static void forget(spk_optimizer *opt, spk_optimized *member) {
    for (int k = 0; k < opt->type->moments; k++) spk_tensor_free(member->moment[k]);
    const size_t after = (size_t)(&opt->optimized[opt->count] - member - 1);
    memmove(member, member + 1, after * sizeof *member);
    opt->count--;
}

void spk_optimizers_forget(spk_ctx *ctx, const spk_tensor *parameter) {
    for (spk_object *object = ctx->objects.next; object != &ctx->objects; object = object->next) {
        if (object->type != &optimizer_object) continue;
        spk_optimized *member = spk_optimizer_find((spk_optimizer *)object, parameter);
        if (member) forget((spk_optimizer *)object, member);
    }
}

/* Moves an array into a larger block; NULL, with the array as it was, without memory. */
static void *grown(spk_ctx *ctx, const void *array, int64_t count, int64_t more, size_t size) {
    void *larger = spk_allocate(ctx, (size_t)(count + more) * size);
    if (larger && count) memcpy(larger, array, (size_t)count * size);
    return larger;
}

/* A new group of all parameters of the module, of which `joining` are new to the optimizer. */
static bool append_group(spk_optimizer *opt, spk_module *module, int64_t joining, spk_group group) {
    spk_ctx *ctx = opt->object.ctx;
    spk_group *groups = grown(ctx, opt->group, opt->groups, 1, sizeof *groups);
    spk_optimized *optimized = grown(ctx, opt->optimized, opt->count, joining, sizeof *optimized);
    if (!groups || !optimized) {
        spk_release(ctx, groups);
        spk_release(ctx, optimized);
        return false;
    }
    spk_release(ctx, opt->group);
    spk_release(ctx, opt->optimized);
    opt->group = groups;
    opt->optimized = optimized;
    groups[opt->groups] = group;
    for (spk_walk w = spk_parameters(module); spk_walk_next(&w);) {
        spk_optimized *member = spk_optimizer_find(opt, w.slot->tensor);
        if (!member) member = &optimized[opt->count++];
        member->parameter = w.slot->tensor;
        member->group = opt->groups;
    }
    opt->groups++;
    return true;
}

static int64_t add_group(spk_optimizer *opt, spk_module *module, const char *who, spk_group group) {
    spk_ctx *ctx = opt->object.ctx;
    if (!spk_check_not_negative(ctx, who, "lr", group.lr)) return -1;
    if (!spk_check_not_negative(ctx, who, "weight_decay", group.weight_decay)) return -1;
    int64_t parameters = 0, joining = 0;
    for (spk_walk w = spk_parameters(module); spk_walk_next(&w); parameters++) joining += !spk_optimizer_find(opt, w.slot->tensor);
    if (!parameters) spk_fail(ctx, "%s: the module '%s' has no parameters; give one that has", who, module->name);
    const spk_activity before = spk_doing_function(ctx, who);
    const bool added = parameters && append_group(opt, module, joining, group);
    spk_done(ctx, before);
    return added ? opt->groups - 1 : -1;
}

void *spk_optimizer_create(spk_module *module, const spk_optimizer_type *type, double lr, double weight_decay) {
    if (!spk_module_usable(module)) return NULL;
    spk_ctx *ctx = spk_module_ctx(module);
    const spk_activity before = spk_doing_function(ctx, type->name);
    spk_optimizer *opt = spk_object_create(ctx, &optimizer_object, type->size);
    spk_done(ctx, before);
    if (!opt) return NULL;
    opt->type = type;
    opt->lr = lr;
    opt->weight_decay = weight_decay;
    if (add_group(opt, module, type->name, (spk_group){.lr = lr, .weight_decay = weight_decay}) == 0) return opt;
    spk_optimizer_destroy(opt);
    return NULL;
}

spk_group_opts spk_group_options(void) { return (spk_group_opts){SPK_GROUP_DEFAULTS}; }

int64_t spk_optimizer_add_group_with(spk_optimizer *opt, spk_module *module, spk_group_opts options) {
    static const char *const who = "spk_optimizer_add_group";
    if (!opt || spk_failed(opt->object.ctx)) return -1;
    if (!module || module->object.ctx != opt->object.ctx) {
        spk_fail(opt->object.ctx, "%s: the module is %s", who,
                 module && module != spk_inert_module() ? "of another context" : "NULL, or of a constructor that failed");
        return -1;
    }
    return add_group(opt, module, who,
                     (spk_group){.lr = spk_is_none(options.lr) ? opt->lr : options.lr,
                                 .weight_decay = spk_is_none(options.weight_decay) ? opt->weight_decay : options.weight_decay});
}

int64_t spk_optimizer_groups(const spk_optimizer *opt) { return opt ? opt->groups : 0; }

static bool has_group(const spk_optimizer *opt, int64_t group) { return opt && group >= 0 && group < opt->groups; }

double spk_optimizer_lr(const spk_optimizer *opt, int64_t group) {
    if (!has_group(opt, group)) return (double)NAN;
    const double base = opt->group[group].lr;
    double lr = base;
    for (const struct spk_schedule *s = opt->schedules; s; s = s->next) lr *= s->type->factor(s, s->step, base);
    return lr;
}

bool spk_optimizer_set_lr(spk_optimizer *opt, int64_t group, double lr) {
    static const char *const who = "spk_optimizer_set_lr";
    if (!opt || spk_failed(opt->object.ctx)) return false;
    if (!has_group(opt, group)) {
        spk_fail(opt->object.ctx, "%s: there is no group %lld; the optimizer has %lld, from 0", who, (long long)group,
                 (long long)opt->groups);
        return false;
    }
    if (!spk_check_not_negative(opt->object.ctx, who, "lr", lr)) return false;
    opt->group[group].lr = lr;
    return true;
}

spk_tensor *spk_optimized_gradient(const spk_optimized *o) { return spk_requires_grad(o->parameter) ? spk_grad(o->parameter) : NULL; }

static bool make_moments(const spk_optimizer *opt, spk_optimized *o) {
    for (int k = 0; k < opt->type->moments; k++) {
        if (o->moment[k]) continue;
        spk_tensor *moment = spk_tensor_create(opt->object.ctx, spk_tensor_shape(o->parameter));
        if (opt->object.ctx->failed) return false;
        o->moment[k] = moment;
    }
    return true;
}

static void update(const spk_optimizer *opt, spk_optimized *o, spk_tensor *gradient) {
    const spk_group *group = &opt->group[o->group];
    spk_update u = {.n = o->parameter->size,
                    .step = ++o->steps,
                    .lr = group->lr_now,
                    .weight_decay = group->weight_decay,
                    .p = spk_data_mut(o->parameter),
                    .g = spk_data(gradient)};
    for (int k = 0; k < opt->type->moments; k++) u.moment[k] = spk_data_mut(o->moment[k]);
    opt->type->update(opt, &u);
}

bool spk_optimizer_step(spk_optimizer *opt) {
    if (!opt || spk_failed(opt->object.ctx)) return false;
    const spk_activity before = spk_doing_function(opt->object.ctx, "spk_optimizer_step");
    for (int64_t i = 0; i < opt->count; i++) /* all memory first, so that a step is taken whole or not at all */
        if (spk_optimized_gradient(&opt->optimized[i]) && !make_moments(opt, &opt->optimized[i])) return false;
    for (int64_t k = 0; k < opt->groups; k++) opt->group[k].lr_now = spk_optimizer_lr(opt, k);
    spk_step_guard guard = {.optimizer = opt};
    if (opt->object.ctx->detect_anomaly && !spk_step_guard_begin(&guard)) return false;
    spk_done(opt->object.ctx, before);
    for (int64_t i = 0; i < opt->count; i++) {
        spk_tensor *gradient = spk_optimized_gradient(&opt->optimized[i]);
        if (gradient) update(opt, &opt->optimized[i], gradient);
    }
    if (opt->object.ctx->detect_anomaly) spk_step_guard_end(&guard);
    return !opt->object.ctx->failed;
}

typedef struct scaling {
    spk_real *g, factor;
} scaling;

SPK_CLONES static void scale_range(void *work, int64_t begin, int64_t end) {
    const scaling *s = work;
    spk_real *g = s->g;
    const spk_real factor = s->factor;
    for (int64_t i = begin; i < end; i++) g[i] *= factor;
}

double spk_clip_grad_norm(spk_module *module, double max_norm) {
    if (!spk_module_usable(module)) return (double)NAN;
    spk_ctx *ctx = module->object.ctx;
    if (!(max_norm >= 0)) {
        spk_fail(ctx, "spk_clip_grad_norm: max_norm is %g; it must be 0 or more", max_norm);
        return (double)NAN;
    }
    double squares = 0;
    for (spk_walk w = spk_parameters(module); spk_walk_next(&w);) {
        spk_tensor *gradient = spk_grad(w.slot->tensor);
        if (gradient) squares += spk_sum_of_squares(gradient->size, spk_data(gradient));
    }
    const double norm = sqrt(squares), factor = max_norm / (norm + 1e-6);
    if (factor >= 1) return norm;
    for (spk_walk w = spk_parameters(module); spk_walk_next(&w);) {
        spk_tensor *gradient = spk_grad(w.slot->tensor);
        if (gradient) spk_parallel(gradient->size, SPK_GRAIN_ELEMENTS, scale_range, &(scaling){spk_data_mut(gradient), (spk_real)factor});
    }
    return ctx->failed ? (double)NAN : norm;
}
