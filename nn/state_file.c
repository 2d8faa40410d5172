/* Safetensors files: a little-endian u64, that many bytes of JSON that say what lies where, the numbers without holes. */
#include "core/context_internal.h"
#include "nn/state.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spk_state_file {
    spk_object object;
    unsigned char *bytes;     /* the whole file */
    int64_t size;             /* bytes in it */
    spk_state_entry *entries; /* in the order of names */
    int64_t count;
    char *names;
};

static void release(spk_object *object) {
    spk_state_file *file = (spk_state_file *)object;
    spk_release(object->ctx, file->bytes);
    spk_release(object->ctx, file->entries);
    spk_release(object->ctx, file->names);
}

static const spk_object_type file_type = {.name = "state file", .destroy = release};

void spk_state_file_destroy(spk_state_file *file) {
    if (file) spk_object_destroy(&file->object);
}

int64_t spk_state_file_count(const spk_state_file *file) { return file ? file->count : 0; }

const spk_state_entry *spk_state_file_entry(const spk_state_file *file, int64_t i) {
    return file && i >= 0 && i < file->count ? &file->entries[i] : NULL;
}

static int by_name(const void *a, const void *b) { return strcmp(((const spk_state_entry *)a)->name, ((const spk_state_entry *)b)->name); }

const spk_state_entry *spk_state_file_find(const spk_state_file *file, const char *name) {
    if (!file || !name || !file->count) return NULL;
    return bsearch(&(spk_state_entry){.name = name}, file->entries, (size_t)file->count, sizeof *file->entries, by_name);
}

/* Reads all bytes; the buffer doubles as they arrive, so that only what the file holds is asked for. */
static bool read_bytes(spk_state_file *file, FILE *in, const char *path) {
    spk_ctx *ctx = file->object.ctx;
    for (int64_t capacity = 1 << 16;; capacity *= 2) {
        unsigned char *larger = spk_allocate_uninitialised(ctx, (size_t)capacity);
        if (!larger) return false;
        if (file->size) memcpy(larger, file->bytes, (size_t)file->size);
        spk_release(ctx, file->bytes);
        file->bytes = larger;
        file->size += (int64_t)fread(file->bytes + file->size, 1, (size_t)(capacity - file->size), in);
        if (ferror(in)) spk_fail(ctx, "%s: reading failed: %s", path, strerror(errno));
        if (file->size < capacity) return !ctx->failed;
    }
}

/* A JSON number as a size; -1 when it is none. */
static int64_t size_of(const cJSON *number) {
    const double value = cJSON_IsNumber(number) ? number->valuedouble : -1;
    return value >= 0 && value <= 9007199254740992.0 && value == (double)(int64_t)value ? (int64_t)value : -1;
}

/* One entry from its JSON; what is wrong with it, or NULL. The bytes are checked against `data` bytes. */
static const char *read_entry(const cJSON *json, const unsigned char *start, int64_t data, spk_state_entry *entry) {
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(json, "dtype"), *shape = cJSON_GetObjectItemCaseSensitive(json, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(json, "data_offsets");
    if (!cJSON_IsString(type) || !cJSON_IsArray(shape) || !cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2)
        return "lacks a dtype, a shape or two data_offsets";
    entry->width = strcmp(type->valuestring, "F32") == 0 ? 4 : strcmp(type->valuestring, "F64") == 0 ? 8 : 0;
    if (!entry->width) return "has a dtype that is neither F32 nor F64";
    if (cJSON_GetArraySize(shape) > SPK_MAX_AXES) return "has too many axes";
    for (const cJSON *size = shape->child; size; size = size->next)
        if ((entry->shape.dim[entry->shape.axes++] = size_of(size)) < 0) return "has a size that is no whole number";
    const int64_t begin = size_of(offsets->child), end = size_of(offsets->child->next), count = spk_shape_size(entry->shape);
    if (begin < 0 || end < begin || end > data) return "has data_offsets outside of the file";
    if (count < 0 || end - begin != count * entry->width) return "has data_offsets that do not fit its shape";
    entry->bytes = start + begin;
    return NULL;
}

static int by_place(const void *a, const void *b) {
    const spk_state_entry *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
    const bool empty_x = spk_shape_size(x->shape) == 0, empty_y = spk_shape_size(y->shape) == 0;
    return empty_y - empty_x; /* an empty entry stands before the one that begins where it ends */
}

/* The numbers must cover the data exactly, and names be different. Leaves the entries in the order of names. */
static bool check_entries(spk_state_file *file, const unsigned char *start, const char *path) {
    spk_ctx *ctx = file->object.ctx;
    const unsigned char *at = start;
    qsort(file->entries, (size_t)file->count, sizeof *file->entries, by_place);
    for (int64_t i = 0; i < file->count && !ctx->failed; i++) {
        if (file->entries[i].bytes != at)
            spk_fail(ctx, "%s: there is a hole or an overlap before the data of '%s'", path, file->entries[i].name);
        at += spk_shape_size(file->entries[i].shape) * file->entries[i].width;
    }
    if (at != file->bytes + file->size) spk_fail(ctx, "%s: the file does not end where the data of its last entry does", path);
    qsort(file->entries, (size_t)file->count, sizeof *file->entries, by_name);
    for (int64_t i = 1; i < file->count; i++)
        if (strcmp(file->entries[i - 1].name, file->entries[i].name) == 0)
            spk_fail(ctx, "%s: '%s' is there twice", path, file->entries[i].name);
    return !ctx->failed;
}

static bool read_entries(spk_state_file *file, const cJSON *json, const unsigned char *start, int64_t header, const char *path) {
    spk_ctx *ctx = file->object.ctx;
    file->entries = spk_allocate(ctx, (size_t)(cJSON_GetArraySize(json) + 1) * sizeof *file->entries);
    file->names = spk_allocate(ctx, (size_t)header + 1); /* the names, unescaped, are shorter than the JSON that holds them */
    char *name = file->names;
    for (const cJSON *item = json->child; item && !ctx->failed; item = item->next) {
        if (strcmp(item->string, "__metadata__") == 0) {
            if (!cJSON_IsObject(item)) spk_fail(ctx, "%s: __metadata__ is no object", path);
            continue;
        }
        spk_state_entry *entry = &file->entries[file->count++];
        entry->name = strcpy(name, item->string);
        name += strlen(name) + 1;
        const char *wrong = read_entry(item, start, file->bytes + file->size - start, entry);
        if (wrong) spk_fail(ctx, "%s: entry '%s' %s", path, entry->name, wrong);
    }
    return !ctx->failed && check_entries(file, start, path);
}

static bool read_file(spk_state_file *file, const char *path) {
    spk_ctx *ctx = file->object.ctx;
    uint64_t header = 0;
    for (int i = 7; i >= 0 && file->size >= 8; i--) header = header << 8 | file->bytes[i];
    if (file->size < 8 || header > (uint64_t)file->size - 8) {
        spk_fail(ctx, "%s: no safetensors file, or a truncated one: its header would be longer than the file", path);
        return false;
    }
    const char *text = (const char *)file->bytes + 8, *end = text;
    errno = 0;
    cJSON *json = cJSON_ParseWithLengthOpts(text, (size_t)header, &end, false);
    if (!json && errno == ENOMEM) spk_fail(ctx, "%s: no memory to read its header of %zu bytes with cJSON", path, (size_t)header);
    while (json && end < text + header && *end == ' ') end++; /* cJSON does not look at what follows the object */
    if (!cJSON_IsObject(json) || end != text + header) spk_fail(ctx, "%s: no safetensors file: its header is no JSON object", path);
    else read_entries(file, json, file->bytes + 8 + header, (int64_t)header, path);
    cJSON_Delete(json);
    return !ctx->failed;
}

spk_state_file *spk_state_file_read(spk_ctx *ctx, const char *path) {
    ctx = spk_ctx_or_failed(ctx);
    if (!path) spk_fail(ctx, "spk_state_file_read: the path is NULL");
    FILE *in = ctx->failed ? NULL : fopen(path, "rb");
    if (!in && path) spk_fail(ctx, "%s: cannot be opened: %s", path, strerror(errno));
    const spk_activity before = spk_doing_function(ctx, "spk_state_file_read");
    spk_state_file *file = in ? spk_object_create(ctx, &file_type, sizeof *file) : NULL;
    const bool right = file && read_bytes(file, in, path) && read_file(file, path);
    spk_done(ctx, before);
    if (in) fclose(in);
    if (right) return file;
    spk_state_file_destroy(file);
    return NULL;
}

/* One little-endian number of 4 or 8 bytes. */
static spk_real number(const unsigned char *bytes, int width) {
    uint64_t bits = 0;
    for (int i = width - 1; i >= 0; i--) bits = bits << 8 | bytes[i];
    if (width == 8) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return (spk_real)value;
    }
    const uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof value);
    return (spk_real)value;
}

void spk_state_entry_copy(const spk_state_entry *entry, bool transposed, spk_real *out) {
    if (!entry || !out) return;
    const int64_t count = spk_shape_size(entry->shape), rows = transposed ? entry->shape.dim[0] : 1, columns = rows ? count / rows : 0;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) out[c * rows + r] = number(entry->bytes + (r * columns + c) * entry->width, entry->width);
}
