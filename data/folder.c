#include "data/folder.h"
#include "core/context_internal.h"
#include "data/dataset_internal.h"
#include "data/image_internal.h"
#include "data/names_internal.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

static const char who[] = "spk_dataset_folder";

/* The pictures as they are found, and then as they are read. */
typedef struct folder {
    spk_ctx *ctx;
    spk_folder_opts options;
    spk_names classes; /* names of the folders */
    spk_names files;   /* paths of all pictures, class by class */
    int64_t *labels;   /* a label for each file */
    uint8_t *pixels;
    int64_t width, height; /* of all pictures, known from the first one on */
} folder;

/* directory/name, to be freed. `data` is NULL without memory. */
static spk_text path_of(spk_ctx *ctx, const char *directory, const char *name) {
    spk_text path = {.ctx = ctx};
    const size_t length = strlen(directory);
    spk_text_add(&path, length && directory[length - 1] == '/' ? "%s%s" : "%s/%s", directory, name);
    return path;
}

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The names in a directory that are not hidden, sorted. */
static bool list(spk_ctx *ctx, const char *directory, spk_names *names) {
    DIR *entries = opendir(directory);
    if (!entries) {
        spk_fail(ctx, "%s: %s: cannot be opened: %s", who, directory, strerror(errno));
        return false;
    }
    for (const struct dirent *entry; !ctx->failed && (entry = readdir(entries));)
        if (entry->d_name[0] != '.') spk_names_add(names, entry->d_name);
    closedir(entries);
    spk_names_sort(names);
    return !ctx->failed;
}

/* The classes: folders in the directory. */
static bool find_classes(folder *f, const char *directory) {
    spk_names names = {.ctx = f->ctx};
    list(f->ctx, directory, &names);
    for (int64_t i = 0; i < names.count && !f->ctx->failed; i++) {
        spk_text path = path_of(f->ctx, directory, names.name[i]);
        if (path.data && is_folder(path.data)) spk_names_add(&f->classes, names.name[i]);
        spk_text_free(&path);
    }
    spk_names_free(&names);
    if (!f->ctx->failed && !f->classes.count)
        spk_fail(f->ctx, "%s: %s: has no folders; each class has one, with its pictures in it", who, directory);
    return !f->ctx->failed;
}

/* The pictures of one class. */
static bool find_files(folder *f, const char *directory) {
    spk_names names = {.ctx = f->ctx};
    const int64_t before = f->files.count;
    list(f->ctx, directory, &names);
    for (int64_t i = 0; i < names.count && !f->ctx->failed; i++) {
        spk_text path = path_of(f->ctx, directory, names.name[i]);
        if (path.data && is_folder(path.data))
            spk_fail(f->ctx, "%s: %s: is a folder within a class's; pictures lie in their class's folder itself", who, path.data);
        else if (path.data) spk_names_add(&f->files, path.data);
        spk_text_free(&path);
    }
    spk_names_free(&names);
    if (!f->ctx->failed && f->files.count == before) spk_fail(f->ctx, "%s: %s: has no pictures; remove the folder", who, directory);
    return !f->ctx->failed;
}

/* All pictures, and how many of them belong to the classes up to each: the labels follow when all are counted. */
static bool find_all(folder *f, const char *directory) {
    int64_t *ends = find_classes(f, directory) ? spk_allocate(f->ctx, (size_t)f->classes.count * sizeof *ends) : NULL;
    for (int64_t i = 0; ends && i < f->classes.count && !f->ctx->failed; i++) {
        spk_text path = path_of(f->ctx, directory, f->classes.name[i]);
        if (path.data) find_files(f, path.data);
        spk_text_free(&path);
        ends[i] = f->files.count;
    }
    if (!f->ctx->failed) f->labels = spk_allocate(f->ctx, (size_t)f->files.count * sizeof *f->labels);
    for (int64_t i = 0, label = 0; f->labels && i < f->files.count; i++) {
        while (i == ends[label]) label++;
        f->labels[i] = label;
    }
    spk_release(f->ctx, ends);
    return f->labels;
}

/* Room for all pictures, once the size is known. */
static bool begin(folder *f, const spk_image *first) {
    int64_t bytes;
    f->width = first->width, f->height = first->height;
    if (__builtin_mul_overflow(f->width * f->height * f->options.channels, f->files.count, &bytes))
        spk_fail(f->ctx, "%s: %" PRId64 " pictures of %" PRId64 " x %" PRId64 " are more than memory can hold", who, f->files.count,
                 f->width, f->height);
    else f->pixels = spk_allocate_uninitialised(f->ctx, (size_t)bytes);
    return f->pixels;
}

/* [height, width, channels] to [channels, height, width]. */
static void copy(const spk_image *image, uint8_t *to) {
    const int64_t pixels = image->width * image->height;
    for (int c = 0; c < image->channels; c++)
        for (int64_t i = 0; i < pixels; i++) to[c * pixels + i] = image->pixels[i * image->channels + c];
}

static bool read_picture(folder *f, int64_t i) {
    const spk_image_opts options = {.channels = f->options.channels, .width = f->options.width, .height = f->options.height};
    const char *path = f->files.name[i];
    spk_image image;
    if (!spk_image_load(f->ctx, who, path, options, &image)) return false;
    const bool same = i == 0 ? begin(f, &image) : image.width == f->width && image.height == f->height;
    if (same) copy(&image, f->pixels + i * f->width * f->height * image.channels);
    else
        spk_fail(f->ctx, "%s: %s: is %" PRId64 " x %" PRId64 ", and %s is %" PRId64 " x %" PRId64 "; give .width and .height to resize all",
                 who, path, image.width, image.height, f->files.name[0], f->width, f->height);
    spk_release(f->ctx, image.pixels);
    return same;
}

/* What has been read, as a dataset takes it over. */
static spk_samples samples_of(folder *f) {
    const int64_t n = f->files.count, channels = f->options.channels;
    const spk_shape grey = SPK_SHAPE(n, f->height, f->width), colour = SPK_SHAPE(n, channels, f->height, f->width);
    const spk_samples samples = {
        .classes = spk_names_pack(f->ctx, f->classes.count, f->classes.name),
        .count = f->classes.count,
        .inputs = spk_idx_adopt(f->ctx, SPK_U8, channels == 1 ? grey : colour, f->pixels),
        .labels = spk_idx_adopt(f->ctx, SPK_I64, SPK_SHAPE(n), f->labels),
    };
    f->pixels = NULL, f->labels = NULL;
    return samples;
}

static bool check_options(spk_ctx *ctx, spk_folder_opts options) {
    const spk_dataset_opts part = SPK_DATASET_PART(options);
    if (!options.width != !options.height) spk_fail(ctx, "%s: give .width and .height, or none of them", who);
    return spk_image_check(ctx, who, (spk_image_opts){options.channels, options.width, options.height}) &&
           spk_dataset_check(ctx, who, &part);
}

spk_dataset *spk_dataset_folder_with(spk_ctx *ctx, const char *path, spk_folder_opts options) {
    ctx = spk_ctx_or_failed(ctx);
    if (!path) spk_fail(ctx, "%s: the path is NULL", who);
    if (ctx->failed || !check_options(ctx, options)) return NULL;
    const spk_activity before = spk_doing_function(ctx, who);
    folder f = {.ctx = ctx, .options = options, .classes = {.ctx = ctx}, .files = {.ctx = ctx}};
    bool right = find_all(&f, path);
    for (int64_t i = 0; right && i < f.files.count; i++) right = read_picture(&f, i);
    spk_dataset *d = right ? spk_dataset_adopt(ctx, who, samples_of(&f), SPK_DATASET_PART(options)) : NULL;
    spk_release(ctx, f.labels);
    spk_release(ctx, f.pixels);
    spk_names_free(&f.classes);
    spk_names_free(&f.files);
    spk_done(ctx, before);
    return d;
}

spk_folder_opts spk_folder_options(void) { return (spk_folder_opts){SPK_FOLDER_DEFAULTS}; }
