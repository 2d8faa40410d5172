/* Memories: stateful variables that point into a step's graph while it lives, and keep their value when it ends. */
#include "nn/module_internal.h"
#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/context_internal.h"
#include <math.h>
#include <string.h>

static spk_slot *memory_slot(spk_module *module, const char *name) {
    if (!spk_module_usable(module)) return NULL;
    spk_slot *slot = spk_find_slot(module, name, SPK_MEMORY);
    if (!slot) spk_module_fail(module, "there is no memory '%s'; spk_register_memory adds one", name ? name : "(NULL)");
    return slot;
}

spk_tensor *spk_memory(spk_module *module, const char *name) {
    const spk_slot *slot = memory_slot(module, name);
    return slot ? slot->tensor : NULL;
}

bool spk_memory_check(spk_module *module, const char *name, spk_shape shape, spk_tensor **value) {
    const spk_slot *slot = memory_slot(module, name);
    if (value) *value = NULL;
    else if (slot) spk_module_fail(module, "memory '%s': the place for its value is NULL", name);
    if (!slot || !value) return false;
    if (slot->ended)
        spk_module_fail(module,
                        "memory '%s' belongs to the graph of a finished step; call spk_reset(net) between samples, or "
                        "spk_detach(net) between the windows of truncated BPTT",
                        name);
    else if (slot->tensor && !spk_shape_equal(slot->tensor->shape, shape))
        spk_module_fail(module, "memory '%s' has shape %s from an earlier forward, the input %s; call spk_reset(net) between samples", name,
                        spk_shape_text(slot->tensor->shape).text, spk_shape_text(shape).text);
    else *value = slot->tensor;
    return !module->object.ctx->failed;
}

spk_tensor *spk_memory_like(spk_module *module, const char *name, spk_tensor *x) {
    spk_tensor *value;
    if (spk_module_usable(module) && !spk_tensor_usable(module->object.ctx, x, "spk_memory_like")) return &spk_module_ctx(module)->inert;
    if (!spk_memory_check(module, name, spk_tensor_shape(x), &value)) return &spk_module_ctx(module)->inert;
    return value ? value : spk_full(module->object.ctx, spk_tensor_shape(x), spk_reset_value(module, name));
}

/* Room to keep n numbers when the step ends, so that the end itself needs no memory. What is kept now stays: the step may fail. */
static bool reserve(spk_ctx *ctx, spk_slot *slot, int64_t n) {
    if (slot->kept && slot->kept->capacity >= n) return true;
    if (slot->larger && slot->larger->capacity >= n) return true;
    if (slot->larger) spk_tensor_free(slot->larger);
    slot->larger = NULL;
    spk_tensor *larger = spk_tensor_create(ctx, SPK_SHAPE(n));
    if (ctx->failed) return false;
    larger->name = slot->name;
    larger->belongs = true;
    slot->larger = larger;
    return true;
}

bool spk_set_memory(spk_module *module, const char *name, spk_tensor *value) {
    spk_slot *slot = memory_slot(module, name);
    if (!slot) return false;
    spk_ctx *ctx = module->object.ctx;
    if (!spk_tensor_usable(ctx, value, "spk_set_memory")) return false;
    spk_tensor *dense = spk_dense(value);
    const spk_activity before = spk_doing_function(ctx, module->type->name);
    const bool right = !ctx->failed && reserve(ctx, slot, dense->size);
    spk_done(ctx, before);
    if (!right) return false;
    slot->tensor = dense;
    slot->ended = false;
    return true;
}

double spk_reset_value(spk_module *module, const char *name) {
    const spk_slot *slot = memory_slot(module, name);
    return slot ? slot->reset_value : (double)NAN;
}

bool spk_set_reset_value(spk_module *module, const char *name, double value) {
    spk_slot *slot = memory_slot(module, name);
    if (slot) slot->reset_value = value;
    return slot != NULL;
}

/* The slot's own storage in the shape of the value, which spk_set_memory has reserved; it grows to the largest shape seen and is kept. The
 * value may be a view of what was kept until now. */
static void keep(spk_slot *slot, const spk_tensor *value) {
    const bool fits = slot->kept && slot->kept->capacity >= value->size;
    spk_tensor *kept = fits ? slot->kept : slot->larger, *other = fits ? slot->larger : slot->kept;
    memmove(kept->data, value->data, spk_bytes(value->size));
    kept->shape = value->shape;
    kept->size = value->size;
    if (other) spk_tensor_free(other);
    slot->larger = NULL;
    slot->tensor = slot->kept = kept;
}

void spk_memories_end_step(spk_module *module) {
    for (spk_slot *slot = module->slots; slot; slot = slot->next) {
        if (slot->kind != SPK_MEMORY) continue;
        if (slot->tensor && slot->tensor != slot->kept) {
            slot->ended = slot->ended || slot->tensor->record;
            keep(slot, slot->tensor);
        }
        slot->before = slot->tensor;
        slot->before_ended = slot->ended;
    }
}

void spk_memories_drop_step(spk_module *module) {
    for (spk_slot *slot = module->slots; slot; slot = slot->next) {
        if (slot->kind != SPK_MEMORY) continue;
        slot->tensor = slot->before;
        slot->ended = slot->before_ended;
    }
}
