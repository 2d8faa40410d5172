/* Arrays under names: a zip file of .npy files. */
#include "core/context_internal.h"
#include "data/element_internal.h"
#include "data/npz_internal.h"
#include "data/zip_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define ENDING ".npy"
#define ENDING_LENGTH (sizeof ENDING - 1)

struct spk_npz {
    spk_object object;
    spk_npz_array *arrays; /* in the order of names; name and data are blocks of their own */
    int64_t count, capacity;
};

static void npz_destroy(spk_object *object) {
    spk_npz *file = (spk_npz *)object;
    for (int64_t i = 0; i < file->count; i++) {
        spk_release(object->ctx, (void *)file->arrays[i].name);
        spk_release(object->ctx, (void *)file->arrays[i].data);
    }
    spk_release(object->ctx, file->arrays);
}

static const spk_object_type npz_type = {.name = "npz", .destroy = npz_destroy};

void spk_npz_destroy(spk_npz *file) { spk_object_destroy(file ? &file->object : NULL); }
int64_t spk_npz_count(const spk_npz *file) { return file ? file->count : 0; }
const spk_npz_array *spk_npz_entry(const spk_npz *file, int64_t i) { return file && i >= 0 && i < file->count ? &file->arrays[i] : NULL; }

static int by_name(const void *a, const void *b) { return strcmp(((const spk_npz_array *)a)->name, ((const spk_npz_array *)b)->name); }

const spk_npz_array *spk_npz_find(const spk_npz *file, const char *name) {
    if (!file || !name || !file->count) return NULL;
    return bsearch(&(spk_npz_array){.name = name}, file->arrays, (size_t)file->count, sizeof *file->arrays, by_name);
}

/* Room for one more array. */
static bool reserve(spk_npz *file) {
    if (file->count < file->capacity) return true;
    const int64_t capacity = 2 * file->capacity + 8;
    spk_npz_array *larger = spk_allocate_uninitialised(file->object.ctx, (size_t)capacity * sizeof *larger);
    if (!larger) return false;
    if (file->count) memcpy(larger, file->arrays, (size_t)file->count * sizeof *larger);
    spk_release(file->object.ctx, file->arrays);
    file->arrays = larger, file->capacity = capacity;
    return true;
}

/* Adds an array, whose data it takes over, even when it fails. */
static bool add(spk_npz *file, const char *name, spk_npy array) {
    spk_ctx *ctx = file->object.ctx;
    const size_t size = strlen(name) + 1;
    char *copy = reserve(file) ? spk_allocate_uninitialised(ctx, size) : NULL;
    if (!copy) {
        spk_release(ctx, array.data);
        return false;
    }
    memcpy(copy, name, size);
    file->arrays[file->count++] = (spk_npz_array){.name = copy, .shape = array.shape, .element = array.element, .data = array.data};
    return true;
}

static bool read_member(spk_npz *file, const spk_npy_source *source, spk_zip *zip, const spk_zip_member *member) {
    unsigned char *block;
    spk_npy array;
    const unsigned char *content = spk_zip_content(zip, member, &block);
    if (zip->failed) return spk_npy_refuse(source, "%s", zip->failed);
    const bool read = content && spk_npy_parse(source, content, (int64_t)member->size, &array);
    spk_release(source->ctx, block);
    return read && add(file, source->member, array);
}

/* True for x.npy, and then it is x. */
static bool is_array(char *name) {
    const size_t length = strlen(name);
    if (length < ENDING_LENGTH || strcmp(name + length - ENDING_LENGTH, ENDING) != 0) return false;
    name[length - ENDING_LENGTH] = 0;
    return true;
}

/* Of a dataset's file the two arrays that it needs are read, of others only the names. */
static bool is_wanted(const char *name, const char *const *wanted) {
    bool found = !wanted;
    for (; wanted && *wanted && !found; wanted++) found = strcmp(*wanted, name) == 0;
    return found;
}

static bool read_zip(spk_npz *file, spk_npy_source source, const spk_file_bytes *in, const char *const *wanted) {
    spk_zip zip;
    spk_zip_member member;
    bool right = spk_zip_open(&zip, source.ctx, in->bytes, in->size);
    while (right && spk_zip_next(&zip, &member)) {
        source.member = member.name;
        if (!is_array(member.name)) continue;
        right = is_wanted(member.name, wanted) ? read_member(file, &source, &zip, &member) : add(file, member.name, (spk_npy){0});
    }
    source.member = NULL;
    return zip.failed && !source.ctx->failed ? spk_npy_refuse(&source, "%s", zip.failed) : right;
}

/* Sorts; no name may be there twice. */
static bool sort(spk_npz *file, const spk_npy_source *source) {
    if (file->count) qsort(file->arrays, (size_t)file->count, sizeof *file->arrays, by_name);
    for (int64_t i = 1; i < file->count; i++)
        if (by_name(&file->arrays[i - 1], &file->arrays[i]) == 0)
            return spk_npy_refuse(source, "has two arrays named '%s'", file->arrays[i].name);
    return true;
}

static bool read_file(spk_npz *file, const spk_npy_source *source, const char *const *wanted) {
    const spk_file_bytes in = spk_file_read(source->ctx, source->path);
    if (in.failed) return spk_npy_refuse(source, "%s: %s", in.failed, strerror(in.reason));
    bool right = in.bytes;
    if (right && in.size >= 6 && memcmp(in.bytes, "\x93NUMPY", 6) == 0) {
        spk_npy array;
        right = spk_npy_parse(source, in.bytes, in.size, &array) && add(file, "arr_0", array);
    } else if (right) {
        right = read_zip(file, *source, &in, wanted) && sort(file, source);
    }
    spk_release(source->ctx, in.bytes);
    return right;
}

spk_npz *spk_npz_open(spk_ctx *ctx, const char *who, const char *path, const char *const *wanted) {
    const spk_npy_source source = {.ctx = ctx, .who = who, .path = path};
    if (!path) spk_fail(ctx, "%s: the path is NULL", who);
    spk_npz *file = spk_object_create(ctx, &npz_type, sizeof *file);
    if (!file || read_file(file, &source, wanted)) return file;
    spk_npz_destroy(file);
    return NULL;
}

spk_npz *spk_npz_read(spk_ctx *ctx, const char *path) {
    ctx = spk_ctx_or_failed(ctx);
    const spk_activity before = spk_doing_function(ctx, "spk_npz_read");
    spk_npz *file = ctx->failed ? NULL : spk_npz_open(ctx, "spk_npz_read", path, NULL);
    spk_done(ctx, before);
    return file;
}

/* As spk_npz_find; NULL is an error, which says what arrays there are. */
static const spk_npz_array *get(const spk_npz *file, const char *who, const char *name) {
    spk_ctx *ctx = file->object.ctx;
    const spk_npz_array *array = spk_npz_find(file, name);
    if (array) return array;
    char names[256] = "";
    size_t used = 0;
    for (int64_t i = 0; i < file->count && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s'%s'", i ? ", " : "", file->arrays[i].name);
    if (!name) spk_fail(ctx, "%s: the name is NULL", who);
    else
        spk_fail(ctx, "%s: there is no array '%s'; the file has %s%s", who, name, *names ? names : "none",
                 used < sizeof names ? "" : " ...");
    return NULL;
}

spk_npy spk_npz_take(spk_npz *file, const char *who, const char *name) {
    spk_npz_array *array = (spk_npz_array *)get(file, who, name);
    if (!array) return (spk_npy){0};
    const spk_npy taken = {.element = array->element, .shape = array->shape, .data = (void *)array->data};
    array->data = NULL;
    return taken;
}

spk_tensor *spk_npz_tensor(spk_npz *file, const char *name) {
    spk_ctx *ctx = spk_ctx_or_failed(file ? file->object.ctx : NULL);
    const spk_npz_array *array = ctx->failed ? NULL : get(file, "spk_npz_tensor", name);
    if (!array) return &ctx->inert;
    const spk_activity before = spk_doing_function(ctx, "spk_npz_tensor");
    spk_tensor *x = spk_tensor_create(ctx, array->shape);
    spk_done(ctx, before);
    if (!ctx->failed) spk_elements_scaled(array->element, array->data, 0, x->size, 1, spk_reals(x));
    return x;
}

bool spk_npz_integers(spk_npz *file, const char *name, int64_t *out) {
    static const char who[] = "spk_npz_integers";
    if (!file || file->object.ctx->failed) return false;
    const spk_npz_array *array = get(file, who, name);
    if (array && !out) spk_fail(file->object.ctx, "%s: out is NULL", who);
    const int64_t n = array && out ? spk_shape_size(array->shape) : 0;
    for (int64_t i = 0; i < n; i++) {
        spk_real shown;
        if (spk_element_whole(array->element, array->data, i, &out[i])) continue;
        spk_elements_scaled(array->element, array->data, i, 1, 1, &shown);
        spk_fail(file->object.ctx, "%s: element %" PRId64 " of '%s' is %g, which is not a whole number of 64 bits", who, i, name,
                 (double)shown);
        return false;
    }
    return array && out;
}

static bool name_ok(spk_ctx *ctx, int64_t n, const spk_npz_item *items, int64_t i) {
    const char *name = items[i].name;
    if (!name) spk_fail(ctx, "spk_npz_save: the name of item %" PRId64 " is NULL", i);
    else if (strlen(name) + ENDING_LENGTH > SPK_ZIP_NAME)
        spk_fail(ctx, "spk_npz_save: the name of item %" PRId64 " is longer than 251 bytes", i);
    for (int64_t k = i + 1; !ctx->failed && k < n; k++)
        if (items[k].name && strcmp(items[k].name, name) == 0) spk_fail(ctx, "spk_npz_save: two items are named '%s'", name);
    return !ctx->failed;
}

/* Where the numbers of a member go: to its checksum first, which stands before them in the file, then to the file. */
typedef struct sink {
    uLong checksum;
    spk_zip_writer *writer; /* NULL: only counted */
    uint64_t size;
} sink;

static bool put(void *to, const void *bytes, size_t n) {
    sink *s = to;
    s->checksum = crc32_z(s->checksum, bytes, n);
    s->size += n;
    return !s->writer || spk_zip_write(s->writer, bytes, n);
}

static bool put_array(sink *s, const spk_tensor *x, const spk_real *numbers) {
    const spk_npy_header header = spk_npy_header_of(x->shape);
    return put(s, header.bytes, header.length) && spk_npy_put(numbers, x->size, put, s);
}

static bool write_file(spk_replacement *r, int64_t n, const spk_npz_item *items, spk_zip_member *members) {
    spk_zip_writer writer = {.file = r};
    for (int64_t i = 0; i < n; i++) {
        const spk_real *numbers = spk_tensor_read(items[i].x, "spk_npz_save");
        sink checked = {0}, written = {.writer = &writer};
        put_array(&checked, items[i].x, numbers);
        snprintf(members[i].name, sizeof members[i].name, "%s" ENDING, items[i].name);
        members[i].size = checked.size, members[i].checksum = (uint32_t)checked.checksum;
        if (!spk_zip_begin_member(&writer, &members[i]) || !put_array(&written, items[i].x, numbers)) return false;
    }
    return spk_zip_finish(&writer, members, n) && fsync(r->file) == 0;
}

/* That every tensor can be read; bits are written out here, so that nothing needs memory once the file is begun. */
static bool check_items(spk_ctx *ctx, int64_t n, const spk_npz_item *items) {
    for (int64_t i = 0; i < n && name_ok(ctx, n, items, i); i++)
        if (spk_tensor_usable(ctx, items[i].x, "spk_npz_save")) spk_tensor_read(items[i].x, "spk_npz_save");
    return !ctx->failed;
}

bool spk_npz_save_of(spk_ctx *ctx, const char *path, int64_t n, const spk_npz_item *items) {
    ctx = spk_ctx_or_failed(ctx);
    if (!path) spk_fail(ctx, "spk_npz_save: the path is NULL");
    if (n < 0 || (n > 0 && !items)) spk_fail(ctx, "spk_npz_save: %s", n < 0 ? "the number of items is negative" : "the items are NULL");
    if (ctx->failed) return false;
    const spk_activity before = spk_doing_function(ctx, "spk_npz_save");
    spk_zip_member *members = check_items(ctx, n, items) ? spk_allocate(ctx, (size_t)(n + 1) * sizeof *members) : NULL;
    spk_replacement r;
    if (members && spk_replace_begin(&r, ctx, path, false)) spk_replace_end(&r, write_file(&r, n, items, members));
    spk_release(ctx, members);
    spk_done(ctx, before);
    return !ctx->failed;
}
