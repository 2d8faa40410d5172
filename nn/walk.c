/* Walks over a module and its parts, and what is done by walking. */
#include "nn/module_internal.h"
#include "autograd/tape.h"
#include "core/context_internal.h"
#include "core/text_internal.h"
#include <stdio.h>
#include <string.h>

spk_module *spk_next_module(const spk_module *root, const spk_module *module) {
    if (!root || !module) return NULL;
    if (module->first_child) return module->first_child;
    while (module && module != root) {
        if (module->next_sibling) return module->next_sibling;
        module = module->parent;
    }
    return NULL;
}

spk_walk spk_walk_slots(spk_module *module, unsigned kinds) {
    return (spk_walk){.root = module, .module = module && module != spk_inert_module() ? module : NULL, .kinds = kinds};
}

/* The dotted name of the slot visited, from the root (whose own name is left out). It has room: longer ones are not made. */
static void write_name(spk_walk *walk) {
    char *end = walk->name + sizeof walk->name;
    const char *part = walk->slot->name;
    *--end = '\0';
    for (const spk_module *m = walk->module;; part = m->name, m = m->parent) {
        const size_t n = strlen(part);
        memcpy(end -= n, part, n);
        if (m == walk->root) break;
        *--end = '.';
    }
    memmove(walk->name, end, (size_t)(walk->name + sizeof walk->name - end));
}

bool spk_walk_next(spk_walk *walk) {
    while (walk && walk->module) {
        walk->slot = walk->slot ? walk->slot->next : walk->module->slots;
        while (walk->slot && !(walk->slot->kind & walk->kinds)) walk->slot = walk->slot->next;
        if (walk->slot) {
            write_name(walk);
            return true;
        }
        walk->module = spk_next_module(walk->root, walk->module);
    }
    return false;
}

int64_t spk_parameter_count(spk_module *module, bool trainable) {
    int64_t count = 0;
    for (spk_walk w = spk_parameters(module); spk_walk_next(&w);)
        if (!trainable || spk_requires_grad(w.slot->tensor)) count += spk_size(w.slot->tensor);
    return count;
}

/* Also after an error: a program that evaluates puts the mode back whether that went well or not. */
static void set_training(spk_module *root, bool training) {
    if (!spk_ctx_is_real(spk_module_ctx(root))) return;
    for (spk_module *m = root; m; m = spk_next_module(root, m)) m->training = training;
}

void spk_train(spk_module *module) { set_training(module, true); }
void spk_eval(spk_module *module) { set_training(module, false); }

void spk_zero_grad(spk_module *module) {
    for (spk_walk w = spk_parameters(module); spk_walk_next(&w);) spk_clear_grad(w.slot->tensor);
}

void spk_freeze(spk_module *module, bool frozen) {
    for (spk_walk w = spk_parameters(module); spk_walk_next(&w);) spk_set_requires_grad(w.slot->tensor, !frozen);
}

void spk_reset(spk_module *module) {
    if (!spk_module_usable(module)) return;
    for (spk_walk w = spk_memories(module); spk_walk_next(&w);) {
        w.slot->tensor = w.slot->before = NULL; /* rebound, not overwritten: backward may still need what the memory held */
        w.slot->ended = w.slot->before_ended = false;
    }
    for (spk_module *m = module; m; m = spk_next_module(module, m))
        if (m->type->reset) m->type->reset(m);
}

void spk_detach(spk_module *module) {
    if (!spk_module_usable(module)) return;
    for (spk_walk w = spk_memories(module); spk_walk_next(&w);) {
        spk_tensor *cut = w.slot->tensor && spk_requires_grad(w.slot->tensor) ? spk_tensor_detach(w.slot->tensor) : w.slot->tensor;
        if (!spk_module_usable(module)) return;
        w.slot->tensor = cut;
    }
    for (spk_walk w = spk_memories(module); spk_walk_next(&w);) w.slot->ended = w.slot->before_ended = false;
}

static void repr(const spk_module *module, spk_text *text, int depth) {
    spk_text_add(text, "%s(", module->type->name);
    if (module->type->extra_repr) module->type->extra_repr(module, text);
    for (const spk_module *child = module->first_child; child; child = child->next_sibling) {
        spk_text_add(text, "\n%*s(%s): ", 2 * depth + 2, "", child->name);
        repr(child, text, depth + 1);
    }
    if (module->first_child) spk_text_add(text, "\n%*s", 2 * depth, "");
    spk_text_add(text, ")");
}

const char *spk_repr(spk_module *module) {
    if (!spk_module_usable(module)) return "";
    spk_ctx *ctx = module->object.ctx;
    const spk_activity before = spk_doing_function(ctx, "spk_repr");
    spk_text text = {.ctx = ctx};
    repr(module, &text, 0);
    const char *kept = spk_text_to_step(&text);
    spk_done(ctx, before);
    return kept;
}
