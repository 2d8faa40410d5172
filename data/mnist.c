/* MNIST's four files in a folder. */
#include "core/context_internal.h"
#include "data/dataset.h"
#include <stdio.h>
#include <string.h>

/* The path of directory/name or directory/name.gz, whichever can be opened; NULL with the error set. Free it with spk_release. */
static char *find(spk_ctx *ctx, const char *directory, const char *name) {
    static const char *const endings[] = {"", ".gz"};
    const size_t room = strlen(directory) + strlen(name) + sizeof "/.gz";
    char *path = spk_allocate(ctx, room);
    for (size_t i = 0; path && i < sizeof endings / sizeof *endings; i++) {
        snprintf(path, room, "%s/%s%s", directory, name, endings[i]);
        FILE *file = fopen(path, "rb");
        if (!file) continue;
        fclose(file);
        return path;
    }
    spk_fail(ctx,
             "spk_mnist: neither %s nor %s.gz can be opened in the folder %s; give the folder that holds MNIST's files (in the example "
             "programs: --data DIR)",
             name, name, directory);
    spk_release(ctx, path);
    return NULL;
}

spk_dataset *spk_mnist_with(spk_ctx *ctx, const char *directory, bool train, spk_dataset_opts options) {
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed) return NULL;
    if (!directory) {
        spk_fail(ctx, "spk_mnist: the folder is NULL");
        return NULL;
    }
    const spk_activity before = spk_doing_function(ctx, "spk_mnist");
    char *images = find(ctx, directory, train ? "train-images-idx3-ubyte" : "t10k-images-idx3-ubyte");
    char *labels = images ? find(ctx, directory, train ? "train-labels-idx1-ubyte" : "t10k-labels-idx1-ubyte") : NULL;
    spk_dataset *d = labels ? spk_dataset_idx_with(ctx, images, labels, options) : NULL;
    spk_release(ctx, images);
    spk_release(ctx, labels);
    spk_done(ctx, before);
    return d;
}
