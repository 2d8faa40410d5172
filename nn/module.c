/* Modules, their parts and their slots. */
#include "nn/module_internal.h"
#include "nn/optimizer_internal.h"
#include "autograd/tape.h"
#include "core/context_internal.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct spk_module_hook {
    spk_pre_hook before; /* one of the two is set */
    spk_forward_hook after;
    void *user;
    struct spk_module_hook *next;
} spk_module_hook;

static spk_tensor *inert_forward(spk_module *module, spk_tensor *x) {
    (void)module;
    return &spk_tensor_ctx(x)->inert;
}

/* Never written to: spk_module_usable is false for it. */
static const spk_module_type inert_type = {.name = "inert", .size = sizeof(spk_module), .forward = inert_forward};
static spk_module inert_module = {.type = &inert_type, .name = "inert"};

spk_module *spk_inert_module(void) { return &inert_module; }

bool spk_module_usable(const spk_module *module) { return module && module != &inert_module && !spk_failed(module->object.ctx); }

spk_ctx *spk_module_ctx(const spk_module *module) { return spk_ctx_or_failed(module ? module->object.ctx : NULL); }

static void release(spk_object *object) {
    spk_module *module = (spk_module *)object;
    for (spk_slot *slot = module->slots, *next; slot; slot = next) {
        next = slot->next;
        spk_release(object->ctx, slot);
    }
    for (spk_module_hook *hook = module->hooks, *next; hook; hook = next) {
        next = hook->next;
        spk_release(object->ctx, hook);
    }
}

static void end_step(spk_object *object) { spk_memories_end_step((spk_module *)object); }
static void drop_step(spk_object *object) { spk_memories_drop_step((spk_module *)object); }

static const spk_object_type module_object = {.name = "module", .destroy = release, .end_step = end_step, .drop_step = drop_step};

void *spk_module_create(spk_ctx *ctx, const spk_module_type *type) {
    ctx = spk_ctx_or_failed(ctx);
    if (!type || !type->name || type->size < sizeof(spk_module))
        spk_fail(ctx, "spk_module_create: %s",
                 !type         ? "the type is NULL"
                 : !type->name ? "the type has no name"
                               : "the type's size is too small: its struct must embed an spk_module first");
    if (ctx->failed) return NULL;
    const spk_activity before = spk_doing_function(ctx, type->name);
    spk_module *module = spk_object_create(ctx, &module_object, type->size);
    spk_done(ctx, before);
    if (!module) return NULL;
    module->type = type;
    module->training = true;
    snprintf(module->name, sizeof module->name, "%s", type->name);
    return module;
}

static void unlink_child(spk_module *child) {
    for (spk_module **link = &child->parent->first_child; *link; link = &(*link)->next_sibling)
        if (*link == child) {
            *link = child->next_sibling;
            return;
        }
}

void spk_module_destroy(spk_module *module) {
    if (!module || module == &inert_module) return;
    if (module->parent) unlink_child(module);
    while (module->first_child) spk_module_destroy(module->first_child);
    for (spk_slot *slot = module->slots; slot; slot = slot->next) {
        if (slot->kind == SPK_PARAMETER) spk_optimizers_forget(module->object.ctx, slot->tensor);
        if (slot->kind != SPK_MEMORY) spk_tensor_retire(slot->tensor);
        spk_tensor_retire(slot->kept);
        spk_tensor_retire(slot->larger);
    }
    spk_object_destroy(&module->object);
}

spk_module *spk_module_or_inert(spk_module *module) {
    if (spk_module_usable(module)) return module;
    spk_module_destroy(module);
    return &inert_module;
}

static bool check_name(const spk_module *module, const char *name) {
    if (name && *name && strlen(name) < SPK_NAME && !strchr(name, '.')) return true;
    spk_module_fail(module, "the name '%s' is empty, has a dot or more than %d characters; give another", name ? name : "(NULL)",
                    SPK_NAME - 1);
    return false;
}

/* Characters of the longest dotted name of a slot below, or of a module. */
static size_t longest_name(const spk_module *module) {
    size_t most = 0;
    for (const spk_slot *slot = module->slots; slot; slot = slot->next) {
        const size_t n = strlen(slot->name);
        most = n > most ? n : most;
    }
    for (const spk_module *child = module->first_child; child; child = child->next_sibling) {
        const size_t below = longest_name(child), n = strlen(child->name) + (below ? 1 + below : 0);
        most = n > most ? n : most;
    }
    return most;
}

/* Refuses what would give some slot a dotted name that is longer than a walk has room for, and files would have cut. */
static bool check_dotted(const spk_module *module, const char *name, size_t below) {
    size_t length = strlen(name) + (below ? 1 + below : 0);
    for (const spk_module *m = module; m->parent; m = m->parent) length += strlen(m->name) + 1;
    if (length < SPK_DOTTED_NAME) return true;
    spk_module_fail(module, "with '%s' a dotted name gets more than %d characters; use shorter names, or fewer levels", name,
                    SPK_DOTTED_NAME - 1);
    return false;
}

static spk_module *child_named(spk_module *module, const char *name, size_t length) {
    for (spk_module *child = module->first_child; child; child = child->next_sibling)
        if (strlen(child->name) == length && memcmp(child->name, name, length) == 0) return child;
    return NULL;
}

bool spk_module_set_name(spk_module *module, const char *name) {
    if (!spk_module_usable(module) || !check_name(module, name)) return false;
    const spk_module *same = module->parent ? child_named(module->parent, name, strlen(name)) : NULL;
    if (same && same != module) {
        spk_module_fail(module, "there is a sibling '%s' already; give another name", name);
        return false;
    }
    if (module->parent && !check_dotted(module->parent, name, longest_name(module))) return false;
    snprintf(module->name, sizeof module->name, "%s", name);
    return true;
}

spk_module *spk_add_child(spk_module *module, const char *name, spk_module *child) {
    if (!spk_module_usable(module) || !check_name(module, name)) return &inert_module;
    const spk_module *around = module; /* a child that contains the module would close a ring */
    while (around && around != child) around = around->parent;
    if (!child || child == &inert_module || child->object.ctx != module->object.ctx || child->parent || around) {
        spk_module_fail(module, "child '%s' is %s", name,
                        !child || child == &inert_module          ? "NULL, or of a constructor that failed"
                        : child->object.ctx != module->object.ctx ? "of another context"
                        : around                                  ? "the module itself, or contains it"
                                                                  : "a part of a module already");
        return &inert_module;
    }
    if (child_named(module, name, strlen(name))) {
        spk_module_fail(module, "there is a child '%s' already; give another name", name);
        return &inert_module;
    }
    if (!check_dotted(module, name, longest_name(child))) return &inert_module;
    snprintf(child->name, sizeof child->name, "%s", name);
    child->parent = module;
    spk_module **link = &module->first_child;
    while (*link) link = &(*link)->next_sibling;
    return *link = child;
}

spk_module *spk_find_module(spk_module *module, const char *name) {
    while (module && name && *name) {
        const size_t length = strcspn(name, ".");
        module = child_named(module, name, length);
        name += length + (name[length] == '.');
    }
    return name ? module : NULL;
}

spk_slot *spk_find_slot(const spk_module *module, const char *name, unsigned kinds) {
    for (spk_slot *slot = module && name ? module->slots : NULL; slot; slot = slot->next)
        if ((slot->kind & kinds) && strcmp(slot->name, name) == 0) return slot;
    return NULL;
}

spk_tensor *spk_find_tensor(spk_module *module, const char *name) {
    const char *dot = name ? strrchr(name, '.') : NULL;
    char path[SPK_DOTTED_NAME] = "";
    if (dot && (size_t)(dot - name) >= sizeof path) return NULL;
    if (dot) memcpy(path, name, (size_t)(dot - name));
    const spk_slot *slot = spk_find_slot(spk_find_module(module, path), dot ? dot + 1 : name, SPK_PARAMETER | SPK_BUFFER);
    return slot ? slot->tensor : NULL;
}

static spk_slot *slot_create(spk_module *module, const char *name, spk_slot_kind kind) {
    if (!spk_module_usable(module) || !check_name(module, name)) return NULL;
    if (spk_find_slot(module, name, ~0u)) {
        spk_module_fail(module, "there is a parameter, buffer or memory '%s' already; give another name", name);
        return NULL;
    }
    if (!check_dotted(module, name, 0)) return NULL;
    const spk_activity before = spk_doing_function(module->object.ctx, module->type->name);
    spk_slot *slot = spk_allocate(module->object.ctx, sizeof *slot);
    spk_done(module->object.ctx, before);
    if (!slot) return NULL;
    slot->kind = kind;
    snprintf(slot->name, sizeof slot->name, "%s", name);
    spk_slot **link = &module->slots;
    while (*link) link = &(*link)->next;
    return *link = slot;
}

static spk_tensor *register_tensor(spk_module *module, const char *name, spk_shape shape, spk_slot_kind kind) {
    spk_ctx *ctx = spk_module_ctx(module);
    if (spk_module_usable(module) && spk_shape_size(shape) < 0)
        spk_module_fail(module, "'%s' would have %s elements: the shape is invalid, or memory cannot hold it", name ? name : "(NULL)",
                        spk_shape_text(shape).text);
    const spk_activity before = spk_doing_function(ctx, module ? module->type->name : NULL);
    spk_tensor *tensor = spk_module_usable(module) ? spk_tensor_create(ctx, shape) : &ctx->inert;
    spk_slot *slot = ctx->failed ? NULL : slot_create(module, name, kind);
    spk_done(ctx, before);
    if (!slot) {
        spk_tensor_retire(tensor);
        return &ctx->inert;
    }
    tensor->belongs = true;
    tensor->name = slot->name;
    return slot->tensor = tensor;
}

spk_tensor *spk_register_parameter(spk_module *module, const char *name, spk_shape shape) {
    return spk_set_requires_grad(register_tensor(module, name, shape, SPK_PARAMETER), true);
}

spk_tensor *spk_register_buffer(spk_module *module, const char *name, spk_shape shape) {
    return register_tensor(module, name, shape, SPK_BUFFER);
}

bool spk_register_memory(spk_module *module, const char *name, double value) {
    spk_slot *slot = slot_create(module, name, SPK_MEMORY);
    if (!slot) return false;
    slot->reset_value = value;
    return true;
}

/* Hooks are kept in the order in which they were added. */
static bool add_hook(spk_module *module, spk_module_hook hook) {
    if (!spk_module_usable(module)) return false;
    if (!hook.before && !hook.after) {
        spk_module_fail(module, "the hook is NULL");
        return false;
    }
    const spk_activity before = spk_doing_function(module->object.ctx, module->type->name);
    spk_module_hook *copy = spk_allocate(module->object.ctx, sizeof *copy);
    spk_done(module->object.ctx, before);
    if (!copy) return false;
    *copy = hook;
    spk_module_hook **link = &module->hooks;
    while (*link) link = &(*link)->next;
    *link = copy;
    return true;
}

bool spk_add_forward_pre_hook(spk_module *module, spk_pre_hook hook, void *user) {
    return add_hook(module, (spk_module_hook){.before = hook, .user = user});
}

bool spk_add_forward_hook(spk_module *module, spk_forward_hook hook, void *user) {
    return add_hook(module, (spk_module_hook){.after = hook, .user = user});
}

bool spk_has_forward_hook(const spk_module *module, spk_forward_hook hook) {
    for (const spk_module_hook *h = module->hooks; h; h = h->next)
        if (h->after == hook) return true;
    return false;
}

void spk_remove_hooks(spk_module *module, const void *user) {
    for (spk_module_hook **link = &module->hooks; *link;) {
        spk_module_hook *hook = *link;
        if (hook->user != user) {
            link = &hook->next;
            continue;
        }
        *link = hook->next;
        spk_release(module->object.ctx, hook);
    }
}

void spk_remove_hooks_everywhere(spk_ctx *ctx, const void *user) {
    for (spk_object *object = ctx->objects.next; object != &ctx->objects; object = object->next)
        if (object->type == &module_object) spk_remove_hooks((spk_module *)object, user);
}

static spk_tensor *forward_with_hooks(spk_module *module, spk_tensor *x) {
    for (spk_module_hook *hook = module->hooks; hook; hook = hook->next) {
        spk_tensor *instead = hook->before ? hook->before(module, x, hook->user) : NULL;
        if (instead) x = instead;
    }
    spk_tensor *y = module->type->forward(module, x);
    for (spk_module_hook *hook = module->hooks; hook; hook = hook->next) {
        spk_tensor *instead = hook->after ? hook->after(module, x, y, hook->user) : NULL;
        if (instead) y = instead;
    }
    return y;
}

spk_tensor *spk_call(spk_module *module, spk_tensor *x) {
    spk_ctx *ctx = module && module != &inert_module ? spk_module_ctx(module) : spk_tensor_ctx(x);
    if (!module || module == &inert_module) spk_fail(ctx, "spk_call: the module is NULL, or of a constructor that failed");
    if (ctx->failed) return &ctx->inert;
    const spk_scope scope = {module->name, ctx->scope};
    ctx->scope = &scope;
    spk_tensor *y = module->type->forward ? NULL : &ctx->inert;
    if (y) spk_module_fail(module, "the type has no forward");
    else if (spk_tensor_lives(ctx, x)) y = forward_with_hooks(module, x);
    else {
        char who[SPK_DOTTED_NAME];
        snprintf(who, sizeof who, "%s (%s)", module->type->name, spk_module_path(module));
        spk_tensor_usable(ctx, x, who);
    }
    if (!y) spk_module_fail(module, "forward gave NULL instead of a tensor");
    ctx->scope = scope.outer;
    return ctx->failed ? &ctx->inert : y;
}

const char *spk_module_path(const spk_module *module) {
    size_t length = 0;
    for (const spk_module *m = module; m; m = m->parent) length += strlen(m->name) + 1;
    char *path = spk_step_header(module->object.ctx, length);
    if (!path) return module->name;
    char *end = path + length;
    for (const spk_module *m = module; m; m = m->parent) { /* innermost first: filled from the back */
        *--end = m == module ? '\0' : '.';
        const size_t n = strlen(m->name);
        memcpy(end -= n, m->name, n);
    }
    return path;
}

const char *spk_slot_path(const spk_tensor *tensor) {
    spk_ctx *ctx = tensor->object.ctx;
    for (const spk_object *object = ctx->objects.next; object != &ctx->objects; object = object->next) {
        const spk_module *module = object->type == &module_object ? (const spk_module *)object : NULL;
        for (const spk_slot *slot = module ? module->slots : NULL; slot; slot = slot->next) {
            if (slot->tensor != tensor) continue;
            const char *path = spk_module_path(module);
            const size_t room = strlen(path) + sizeof slot->name + 1;
            char *text = spk_step_header(ctx, room);
            if (!text) return slot->name;
            snprintf(text, room, "%s.%s", path, slot->name);
            return text;
        }
    }
    return "a parameter";
}

void spk_module_fail(const spk_module *module, const char *format, ...) {
    char message[SPK_ERROR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    spk_error_format(message, format, arguments);
    va_end(arguments);
    if (!module->object.ctx->failed) spk_fail(module->object.ctx, "%s (%s): %s", module->type->name, spk_module_path(module), message);
}
