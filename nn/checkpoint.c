/* Saving a run, and putting it back. */
#include "nn/checkpoint_internal.h"
#include "autograd/tape.h"
#include "core/context_internal.h"
#include "core/version.h"
#include "nn/module_internal.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

spk_checkpoint_opts spk_checkpoint_options(void) { return (spk_checkpoint_opts){SPK_CHECKPOINT_DEFAULTS}; }

bool spk_checkpoint_save_with(spk_module *module, const char *path, spk_checkpoint_opts options) {
    if (!spk_module_usable(module)) return false;
    spk_ctx *ctx = module->object.ctx;
    const char *settings = options.settings ? options.settings : "";
    if (!path) spk_fail(ctx, "spk_checkpoint_save: the path is NULL");
    const spk_activity before = spk_doing_function(ctx, "spk_checkpoint_save");
    spk_state_items items = {.ctx = ctx};
    spk_text metadata = {.ctx = ctx}, optimizer = {.ctx = ctx}, schedules = {.ctx = ctx};
    if (spk_state_text_ok(ctx, "the settings", settings) && spk_checkpoint_items(&items, module, &options)) {
        spk_checkpoint_describe(options.optimizer, &optimizer, &schedules);
        if (!ctx->failed)
            spk_text_add(&metadata,
                         "\"format\":\"" SPK_CHECKPOINT_FORMAT "\",\"writer\":\"spiketape " SPK_VERSION
                         "\",\"optimizer\":\"%s\",\"schedules\":\"%s\",\"settings\":\"%s\"",
                         optimizer.data, schedules.data, settings);
        if (!ctx->failed) spk_state_write(&items, path, metadata.data, true);
    }
    spk_text_free(&schedules);
    spk_text_free(&optimizer);
    spk_text_free(&metadata);
    spk_state_items_free(&items);
    spk_done(ctx, before);
    return !ctx->failed;
}

bool spk_checkpoint_exists(const char *path) {
    char previous[PATH_MAX + sizeof ".previous"];
    if (!path || strlen(path) > PATH_MAX) return false;
    snprintf(previous, sizeof previous, "%s.previous", path);
    return access(path, F_OK) == 0 || access(previous, F_OK) == 0;
}

/* A checkpoint that is being loaded. */
typedef struct loading {
    spk_ctx *ctx;
    const char *path; /* of the file that is read: the one asked for, or the previous */
    spk_text previous, notice;
    spk_state_file *file;
    spk_state_items items;
    spk_tensor **value; /* for each item that takes a tensor over: the tensor, or NULL */
} loading;

/* The file, or the previous one with a notice that says why. */
static void open_either(loading *l) {
    spk_ctx *ctx = l->ctx;
    char reason[SPK_ERROR_TEXT];
    bool bad;
    l->file = spk_state_file_open(ctx, l->path, true, &bad);
    if (l->file || !bad) return;
    memcpy(reason, ctx->error, sizeof reason);
    ctx->failed = false;
    spk_text_add(&l->previous, "%s.previous", l->path);
    if (ctx->failed) return;
    l->file = spk_state_file_open(ctx, l->previous.data, true, &bad);
    if (l->file) {
        l->path = l->previous.data;
        spk_text_add(&l->notice, "%s; %s is used instead", reason, l->path);
        return;
    }
    const bool missing = access(l->previous.data, F_OK) != 0;
    char other[SPK_ERROR_TEXT];
    memcpy(other, ctx->error, sizeof other);
    ctx->failed = false;
    spk_fail(ctx, missing ? "%s" : "%s; %s", reason, other);
}

static bool same_words(const loading *l, const char *member, const char *ours) {
    const char *theirs = spk_state_file_metadata(l->file, member);
    if (strcmp(theirs, ours) != 0) spk_fail(l->ctx, "%s: the %s of the checkpoint: %s; of this run: %s", l->path, member, theirs, ours);
    return !l->ctx->failed;
}

/* The settings word by word, so that the error names the one that differs. */
static bool same_settings(const loading *l, const char *ours) {
    const char *theirs = spk_state_file_metadata(l->file, "settings");
    while (*theirs || *ours) {
        const int n = (int)strcspn(theirs, " "), m = (int)strcspn(ours, " ");
        if (n != m || memcmp(theirs, ours, (size_t)n) != 0) {
            spk_fail(l->ctx, "%s: the checkpoint was made with '%.*s', this run has '%.*s'", l->path, n, theirs, m, ours);
            return false;
        }
        theirs += n + (theirs[n] == ' ');
        ours += m + (ours[m] == ' ');
    }
    return true;
}

static bool made_alike(const loading *l, const spk_checkpoint_opts *options) {
    spk_text optimizer = {.ctx = l->ctx}, schedules = {.ctx = l->ctx};
    spk_checkpoint_describe(options->optimizer, &optimizer, &schedules);
    const bool right = !l->ctx->failed && same_settings(l, options->settings ? options->settings : "") &&
                       same_words(l, "optimizer", optimizer.data) && same_words(l, "schedules", schedules.data);
    spk_text_free(&schedules);
    spk_text_free(&optimizer);
    return right;
}

/* A number on its own, within what it may be. */
static bool in_range(const spk_state_item *item, const spk_state_entry *entry) {
    if (item->install || item->tensor || spk_is_none(item->least)) return true;
    union {
        double real;
        int64_t whole;
        unsigned char flag;
    } number = {0};
    spk_state_entry_raw(entry, &number);
    const double value = item->type == SPK_STATE_F64 ? number.real : item->type == SPK_STATE_BOOL ? number.flag : (double)number.whole;
    return value >= item->least && value <= item->most;
}

static void check_item(const loading *l, const spk_state_item *item, const spk_state_entry *entry) {
    const char *name = item->name, *type = spk_state_type_info[item->type].name;
    if (!entry) {
        if (!item->optional) spk_fail(l->ctx, "%s: '%s' is missing; the checkpoint is of another net, optimizer or program", l->path, name);
    } else if (strcmp(entry->dtype, type) != 0)
        spk_fail(l->ctx, "%s: '%s' is of %s, here it is of %s; was the checkpoint written by the library of the other number type?",
                 l->path, name, entry->dtype, type);
    else if (!item->any_shape && !spk_shape_equal(entry->shape, item->shape))
        spk_fail(l->ctx, "%s: '%s' is %s, here it is %s; the checkpoint is of another net", l->path, name,
                 spk_shape_text(entry->shape).text, spk_shape_text(item->shape).text);
    else if (!in_range(item, entry)) spk_fail(l->ctx, "%s: '%s' has a value that it cannot have", l->path, name);
}

/* Every item that must be there is, as it must be, and there is nothing else. */
static bool fits(const loading *l) {
    int64_t found = 0;
    for (int64_t i = 0; i < l->items.count && !l->ctx->failed; i++) {
        const spk_state_entry *entry = spk_state_file_find(l->file, l->items.item[i].name);
        check_item(l, &l->items.item[i], entry);
        found += entry != NULL;
    }
    for (int64_t i = 0; found < spk_state_file_count(l->file) && !l->ctx->failed; i++) {
        const char *name = spk_state_file_entry(l->file, i)->name;
        bool known = false;
        for (int64_t k = 0; k < l->items.count && !known; k++) known = strcmp(l->items.item[k].name, name) == 0;
        if (!known)
            spk_fail(l->ctx, "%s: nothing here is called '%s'; the checkpoint is of another net, optimizer or program", l->path, name);
    }
    return !l->ctx->failed;
}

/* Makes the tensors that items take over: all memory is had before anything is changed. */
static bool make_values(loading *l) {
    l->value = spk_allocate(l->ctx, (size_t)l->items.count * sizeof *l->value);
    for (int64_t i = 0; i < l->items.count && !l->ctx->failed; i++) {
        const spk_state_item *item = &l->items.item[i];
        const spk_state_entry *entry = item->install ? spk_state_file_find(l->file, item->name) : NULL;
        if (!entry) continue;
        const spk_shape shape = item->transposed ? SPK_SHAPE(entry->shape.dim[1], entry->shape.dim[0]) : entry->shape;
        spk_tensor *value = spk_tensor_create(l->ctx, shape);
        if (l->ctx->failed) break;
        l->value[i] = value;
        spk_state_entry_copy(entry, item->transposed, spk_data_mut(value));
    }
    return !l->ctx->failed;
}

/* From here on nothing fails. */
static void take_over(loading *l, spk_module *module) {
    for (int64_t i = 0; i < l->items.count; i++) {
        const spk_state_item *item = &l->items.item[i];
        const spk_state_entry *entry = spk_state_file_find(l->file, item->name);
        if (item->install) item->install(item->place, l->value[i]);
        else if (item->tensor) spk_state_entry_copy(entry, item->transposed, spk_data_mut(item->tensor));
        else spk_state_entry_raw(entry, item->place);
        l->value[i] = NULL;
    }
    l->ctx->begun = l->ctx->random; /* where a step that fails goes back to */
    spk_zero_grad(module);
}

/* The notice as text of the step that now ends: it lives until the end of the next. */
static const char *kept_notice(const loading *l) {
    char *copy = l->notice.data ? spk_step_header(l->ctx, l->notice.length + 1) : NULL;
    return copy ? memcpy(copy, l->notice.data, l->notice.length + 1) : NULL;
}

bool spk_checkpoint_load_with(spk_module *module, const char *path, spk_checkpoint_opts options) {
    if (options.notice) *options.notice = NULL;
    if (!spk_module_usable(module)) return false;
    spk_ctx *ctx = module->object.ctx;
    loading l = {.ctx = ctx, .path = path, .previous = {.ctx = ctx}, .notice = {.ctx = ctx}, .items = {.ctx = ctx}};
    if (!path) spk_fail(ctx, "spk_checkpoint_load: the path is NULL");
    const spk_activity before = spk_doing_function(ctx, "spk_checkpoint_load");
    if (!ctx->failed && spk_checkpoint_items(&l.items, module, &options)) open_either(&l);
    if (!ctx->failed && made_alike(&l, &options) && fits(&l) && make_values(&l)) {
        const char *notice = kept_notice(&l);
        spk_end_step(ctx);
        if (!ctx->failed) {
            take_over(&l, module);
            if (options.notice) *options.notice = notice;
        }
    }
    for (int64_t i = 0; l.value && i < l.items.count; i++) spk_tensor_free(l.value[i]);
    spk_release(ctx, l.value);
    spk_state_file_destroy(l.file);
    spk_state_items_free(&l.items);
    spk_text_free(&l.notice);
    spk_text_free(&l.previous);
    spk_done(ctx, before);
    return !ctx->failed;
}
