/* The state dict of a module: its parameters and buffers, to and from a safetensors file. */
#include "nn/state_internal.h"
#include "core/context_internal.h"
#include "core/version.h"
#include "nn/module_internal.h"

#define SAVED (SPK_PARAMETER | SPK_BUFFER)

spk_shape spk_state_shape(const spk_slot *slot) {
    spk_shape shape = slot->tensor->shape;
    if (slot->transposed) shape = SPK_SHAPE(shape.dim[1], shape.dim[0]);
    return shape;
}

bool spk_save(spk_module *module, const char *path) {
    if (!spk_module_usable(module)) return false;
    spk_ctx *ctx = module->object.ctx;
    if (!path) spk_fail(ctx, "spk_save: the path is NULL");
    const spk_activity before = spk_doing_function(ctx, "spk_save");
    spk_state_items items = {.ctx = ctx};
    for (spk_walk w = spk_walk_slots(module, SAVED); !ctx->failed && spk_walk_next(&w);)
        spk_state_items_add(&items, "", w.name,
                            (spk_state_item){.type = SPK_STATE_REAL,
                                             .shape = spk_state_shape(w.slot),
                                             .transposed = w.slot->transposed,
                                             .numbers = spk_reals(w.slot->tensor)});
    spk_state_write(&items, path, "\"format\":\"pt\",\"writer\":\"spiketape " SPK_VERSION "\"", false);
    spk_state_items_free(&items);
    spk_done(ctx, before);
    return !ctx->failed;
}

/* Every slot has its entry in the right shape, and there are no others. */
static bool fits(spk_module *module, const spk_state_file *file, const char *path) {
    spk_ctx *ctx = module->object.ctx;
    int64_t found = 0;
    for (spk_walk w = spk_walk_slots(module, SAVED); !ctx->failed && spk_walk_next(&w); found++) {
        const spk_state_entry *entry = spk_state_file_find(file, w.name);
        if (!entry) spk_fail(ctx, "%s: '%s' is missing; the file is of another net", path, w.name);
        else if (!spk_shape_equal(entry->shape, spk_state_shape(w.slot)))
            spk_fail(ctx, "%s: '%s' is %s, the net's is %s; the file is of another net", path, w.name, spk_shape_text(entry->shape).text,
                     spk_shape_text(spk_state_shape(w.slot)).text);
    }
    for (int64_t i = 0; !ctx->failed && found < spk_state_file_count(file) && i < spk_state_file_count(file); i++) {
        const char *name = spk_state_file_entry(file, i)->name;
        const spk_tensor *tensor = spk_find_tensor(module, name);
        if (!tensor) spk_fail(ctx, "%s: '%s' is not in the net; the file is of another net", path, name);
    }
    return !ctx->failed;
}

bool spk_load(spk_module *module, const char *path) {
    if (!spk_module_usable(module)) return false;
    spk_state_file *file = spk_state_file_read(module->object.ctx, path);
    const bool right = file && fits(module, file, path);
    for (spk_walk w = spk_walk_slots(module, SAVED); right && spk_walk_next(&w);)
        spk_state_entry_copy(spk_state_file_find(file, w.name), w.slot->transposed, spk_data_mut(w.slot->tensor));
    spk_state_file_destroy(file);
    return right;
}
