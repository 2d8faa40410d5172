/* Datasets from NumPy's files. */
#include "core/context_internal.h"
#include "data/dataset_internal.h"
#include "data/npy_internal.h"
#include "data/npz_internal.h"
#include <string.h>

static spk_idx *adopt(spk_ctx *ctx, spk_npy array) { return spk_idx_adopt(ctx, array.element, array.shape, array.data); }

spk_dataset *spk_dataset_npy_with(spk_ctx *ctx, const char *inputs, const char *labels, spk_dataset_opts options) {
    static const char who[] = "spk_dataset_npy";
    spk_npy x = {0}, y = {0};
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed || !spk_dataset_check(ctx, who, &options)) return NULL;
    const spk_activity before = spk_doing_function(ctx, who);
    if (spk_npy_read(ctx, who, inputs, &x)) spk_npy_read(ctx, who, labels, &y);
    const spk_samples samples = {.inputs = adopt(ctx, x), .labels = adopt(ctx, y)};
    spk_dataset *d = spk_dataset_adopt(ctx, who, samples, options);
    spk_done(ctx, before);
    return d;
}

/* The array with a name, taken out of the file. */
static spk_idx *take(spk_ctx *ctx, spk_npz *file, const char *who, const char *name) {
    return file ? adopt(ctx, spk_npz_take(file, who, name)) : NULL;
}

spk_dataset *spk_dataset_npz_with(spk_ctx *ctx, const char *path, const char *inputs, const char *labels, spk_dataset_opts options) {
    static const char who[] = "spk_dataset_npz";
    ctx = spk_ctx_or_failed(ctx);
    if (!inputs || !labels) spk_fail(ctx, "%s: the name of the %s is NULL", who, inputs ? "labels" : "inputs");
    else if (strcmp(inputs, labels) == 0) spk_fail(ctx, "%s: '%s' cannot be both the inputs and the labels", who, inputs);
    if (ctx->failed || !spk_dataset_check(ctx, who, &options)) return NULL;
    const spk_activity before = spk_doing_function(ctx, who);
    spk_npz *file = spk_npz_open(ctx, who, path, (const char *const[]){inputs, labels, NULL});
    const spk_samples samples = {.inputs = take(ctx, file, who, inputs), .labels = take(ctx, file, who, labels)};
    spk_npz_destroy(file);
    spk_dataset *d = spk_dataset_adopt(ctx, who, samples, options);
    spk_done(ctx, before);
    return d;
}
