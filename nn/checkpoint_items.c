/* What a checkpoint holds: one list for saving and for loading, of where everything lies in memory. */
#include "nn/checkpoint_internal.h"
#include "core/context_internal.h"
#include "nn/module_internal.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(bool) == 1, "a bool is written as one byte");
_Static_assert(sizeof(spk_random) == 16, "a random stream is two numbers");

/* One number that is saved from where it lies and loaded to there. */
static void add_number(spk_state_items *items, const char *prefix, const char *name, spk_state_type type, double least, double most,
                       void *number) {
    spk_state_items_add(
        items, prefix, name,
        (spk_state_item){.type = type, .shape = SPK_SCALAR, .numbers = number, .place = number, .least = least, .most = most});
}

static void add_flag(spk_state_items *items, const char *prefix, const char *name, bool *flag) {
    add_number(items, prefix, name, SPK_STATE_BOOL, 0, 1, flag);
}

static void add_count(spk_state_items *items, const char *prefix, const char *name, int64_t *count) {
    add_number(items, prefix, name, SPK_STATE_I64, 0, INFINITY, count);
}

static void add_rate(spk_state_items *items, const char *prefix, const char *name, double *rate) {
    add_number(items, prefix, name, SPK_STATE_F64, 0, 1.7976931348623157e308, rate);
}

static void add_any(spk_state_items *items, const char *prefix, const char *name, spk_state_type type, void *number) {
    add_number(items, prefix, name, type, (double)NAN, (double)NAN, number);
}

/* As at the end of a step. */
static void install_memory(void *place, spk_tensor *value) {
    spk_slot *slot = place;
    if (value) {
        spk_tensor_free(slot->kept); /* the step has ended: nothing looks at it */
        slot->kept = value;
        value->name = slot->name;
        value->belongs = true;
    }
    slot->tensor = slot->before = value;
    slot->ended = slot->before_ended = false;
}

static void add_slot(spk_state_items *items, const spk_walk *w) {
    spk_slot *slot = w->slot;
    if (slot->kind == SPK_MEMORY) {
        spk_tensor *value = slot->tensor;
        add_any(items, "reset_value", w->name, SPK_STATE_F64, &slot->reset_value);
        spk_state_items_add(items, "module", w->name,
                            (spk_state_item){.type = SPK_STATE_REAL,
                                             .shape = value ? value->shape : SPK_SCALAR,
                                             .numbers = value ? value->data : NULL,
                                             .optional = true,
                                             .any_shape = true,
                                             .install = install_memory,
                                             .place = slot});
        return;
    }
    if (slot->kind == SPK_PARAMETER) add_flag(items, "requires_grad", w->name, &slot->tensor->requires_grad);
    spk_state_items_add(items, "module", w->name,
                        (spk_state_item){.type = SPK_STATE_REAL,
                                         .shape = spk_state_shape(slot),
                                         .transposed = slot->transposed,
                                         .numbers = slot->tensor->data,
                                         .tensor = slot->tensor});
}

/* The dotted name of a part, "" for the root. */
static void part_name(const spk_module *root, const spk_module *part, char *name, size_t size) {
    *name = '\0';
    if (part == root) return;
    part_name(root, part->parent, name, size);
    const size_t length = strlen(name);
    snprintf(name + length, size - length, "%s%s", length ? "." : "", part->name);
}

static void add_module(spk_state_items *items, spk_module *root) {
    for (spk_module *m = root; m; m = spk_next_module(root, m)) {
        char name[SPK_DOTTED_NAME];
        part_name(root, m, name, sizeof name);
        add_flag(items, "training", name, &m->training);
    }
    for (spk_walk w = spk_walk_slots(root, SPK_PARAMETER | SPK_BUFFER | SPK_MEMORY); spk_walk_next(&w);) add_slot(items, &w);
}

static void install_moment(void *place, spk_tensor *value) {
    spk_tensor **moment = place;
    spk_tensor_free(*moment);
    *moment = value;
}

static void add_optimized(spk_state_items *items, const spk_optimizer *opt, spk_optimized *o, const spk_walk *w) {
    add_number(items, "optimizer.group", w->name, SPK_STATE_I64, 0, (double)(opt->groups - 1), &o->group);
    add_count(items, "optimizer.steps", w->name, &o->steps);
    for (int k = 0; k < opt->type->moments; k++) {
        char prefix[SPK_NAME];
        snprintf(prefix, sizeof prefix, "optimizer.moment%d", k);
        spk_state_items_add(items, prefix, w->name,
                            (spk_state_item){.type = SPK_STATE_REAL,
                                             .shape = spk_state_shape(w->slot),
                                             .transposed = w->slot->transposed,
                                             .numbers = o->moment[k] ? o->moment[k]->data : NULL,
                                             .optional = true,
                                             .install = install_moment,
                                             .place = &o->moment[k]});
    }
}

static void add_optimizer(spk_state_items *items, spk_module *module, spk_optimizer *opt) {
    int64_t found = 0, number = 0;
    char name[SPK_NAME];
    for (spk_walk w = spk_parameters(module); spk_walk_next(&w);) {
        spk_optimized *o = spk_optimizer_find(opt, w.slot->tensor);
        if (o) add_optimized(items, opt, o, &w);
        found += o != NULL;
    }
    if (found < opt->count)
        spk_module_fail(module, "%" PRId64 " parameters of the optimizer are not in this module; give the module that holds them all",
                        opt->count - found);
    for (int64_t k = 0; k < opt->groups; k++) {
        snprintf(name, sizeof name, "%" PRId64, k);
        add_rate(items, "optimizer.lr", name, &opt->group[k].lr);
        add_rate(items, "optimizer.weight_decay", name, &opt->group[k].weight_decay);
    }
    for (struct spk_schedule *s = opt->schedules; s; s = s->next) {
        snprintf(name, sizeof name, "%" PRId64, number++);
        add_count(items, "optimizer.schedule", name, &s->step);
    }
}

static void add_variable(spk_state_items *items, const spk_variable *v) {
    if (!v->name || !*v->name || strlen(v->name) >= SPK_NAME || !v->whole == !v->real)
        spk_fail(items->ctx, "spk_checkpoint: a variable needs a name of at most %d characters, and either .whole or .real", SPK_NAME - 1);
    else if (v->whole) add_any(items, "variable", v->name, SPK_STATE_I64, v->whole);
    else add_any(items, "variable", v->name, SPK_STATE_F64, v->real);
}

bool spk_checkpoint_items(spk_state_items *items, spk_module *module, const spk_checkpoint_opts *options) {
    spk_ctx *ctx = items->ctx;
    if (options->optimizer && options->optimizer->object.ctx != ctx) spk_fail(ctx, "spk_checkpoint: the optimizer is of another context");
    if (options->n_variables < 0 || (options->n_variables && !options->variables))
        spk_fail(ctx, "spk_checkpoint: .n_variables is %" PRId64 "; it must be as many as .variables has", options->n_variables);
    if (ctx->failed) return false;
    spk_state_items_add(
        items, "random", "",
        (spk_state_item){
            .type = SPK_STATE_U64, .shape = SPK_SHAPE(2), .numbers = &ctx->random, .place = &ctx->random, .least = (double)NAN});
    add_module(items, module);
    if (options->optimizer) add_optimizer(items, module, options->optimizer);
    for (int64_t i = 0; i < options->n_variables; i++) add_variable(items, &options->variables[i]);
    return !ctx->failed;
}

void spk_checkpoint_describe(const spk_optimizer *opt, spk_text *optimizer, spk_text *schedules) {
    spk_text_add(optimizer, "%s", opt ? "" : "none");
    spk_text_add(schedules, "%s", opt && opt->schedules ? "" : "none");
    if (!opt) return;
    spk_text_add(optimizer, "%s(", opt->type->name);
    opt->type->describe(opt, optimizer);
    spk_text_add(optimizer, ")");
    for (const struct spk_schedule *s = opt->schedules; s; s = s->next) {
        spk_text_add(schedules, "%s(", s->type->name);
        s->type->describe(s, schedules);
        spk_text_add(schedules, s->next ? "), " : ")");
    }
}
