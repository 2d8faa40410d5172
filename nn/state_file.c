/* Safetensors files: a little-endian u64, that many bytes of JSON that say what lies where, the numbers without holes. */
#include "core/context_internal.h"
#include "core/poison_internal.h"
#include "nn/state_internal.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* The longest header that the format allows. cJSON takes up to eighty bytes for one of it. */
#define LONGEST_HEADER ((uint64_t)100000000)
/* An entry's text is longer: "":{"dtype":"F32","shape":[],"data_offsets":[0,4]} */
#define SHORTEST_ENTRY 40

struct spk_state_file {
    spk_object object;
    const char *path;         /* while it is read */
    bool checkpoint, bad;     /* what it is to be; whether it is not */
    unsigned char *bytes;     /* the whole file */
    int64_t size;             /* bytes in it */
    cJSON *header;            /* owns the names */
    spk_state_entry *entries; /* in the order of names */
    int64_t count;
};

static void release(spk_object *object) {
    spk_state_file *file = (spk_state_file *)object;
    spk_release(object->ctx, file->bytes);
    spk_release(object->ctx, file->entries);
    cJSON_Delete(file->header);
}

static const spk_object_type file_type = {.name = "state file", .destroy = release};

/* Says what is wrong with the file. False. */
static bool refuse(spk_state_file *file, const char *format, ...) SPK_PRINTF(2, 3);
static bool refuse(spk_state_file *file, const char *format, ...) {
    char message[SPK_ERROR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    spk_error_format(message, format, arguments);
    va_end(arguments);
    file->bad = file->bad || !file->object.ctx->failed;
    spk_fail(file->object.ctx, "%s: %s", file->path, message);
    return false;
}

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

static bool read_bytes(spk_state_file *file) {
    const spk_file_bytes in = spk_file_read(file->object.ctx, file->path);
    if (in.failed) return refuse(file, "%s: %s", in.failed, strerror(in.reason));
    file->bytes = in.bytes, file->size = in.size;
    if (in.bytes) spk_poison(in.bytes + in.size, 1); /* nothing here needs the zero */
    return in.bytes;
}

/* A JSON number as a size; -1 when it is none. */
static int64_t size_of(const cJSON *number) {
    const double value = cJSON_IsNumber(number) ? number->valuedouble : -1;
    return value >= 0 && value <= 9007199254740992.0 && value == (double)(int64_t)value ? (int64_t)value : -1;
}

/* The type that a file calls by this name: one of numbers that tensors hold, or any; SPK_STATE_TYPES when there is none. */
static int type_named(const char *name, bool any) {
    const int types = any ? SPK_STATE_TYPES : SPK_STATE_I64;
    for (int i = 0; i < types; i++)
        if (strcmp(name, spk_state_type_info[i].name) == 0) return i;
    return SPK_STATE_TYPES;
}

/* One entry from its JSON; what is wrong with it, or NULL. The bytes are checked against `data` bytes. */
static const char *read_entry(const cJSON *json, const unsigned char *start, int64_t data, bool any_type, spk_state_entry *entry) {
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(json, "dtype"), *shape = cJSON_GetObjectItemCaseSensitive(json, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(json, "data_offsets");
    if (!cJSON_IsString(type) || !cJSON_IsArray(shape) || !cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2)
        return "lacks a dtype, a shape or two data_offsets";
    const int known = type_named(type->valuestring, any_type);
    if (known == SPK_STATE_TYPES) return any_type ? "has a dtype that checkpoints do not have" : "has a dtype that is neither F32 nor F64";
    entry->dtype = spk_state_type_info[known].name;
    entry->width = spk_state_type_info[known].width;
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
static bool check_entries(spk_state_file *file, const unsigned char *start) {
    const spk_ctx *ctx = file->object.ctx;
    const unsigned char *at = start;
    qsort(file->entries, (size_t)file->count, sizeof *file->entries, by_place);
    for (int64_t i = 0; i < file->count && !ctx->failed; i++) {
        if (file->entries[i].bytes != at) refuse(file, "there is a hole or an overlap before the data of '%s'", file->entries[i].name);
        at += spk_shape_size(file->entries[i].shape) * file->entries[i].width;
    }
    if (at != file->bytes + file->size) refuse(file, "the file does not end where the data of its last entry does");
    qsort(file->entries, (size_t)file->count, sizeof *file->entries, by_name);
    for (int64_t i = 1; i < file->count; i++)
        if (strcmp(file->entries[i - 1].name, file->entries[i].name) == 0) refuse(file, "'%s' is there twice", file->entries[i].name);
    return !ctx->failed;
}

static bool read_entries(spk_state_file *file, const unsigned char *start) {
    spk_ctx *ctx = file->object.ctx;
    const int64_t count = cJSON_GetArraySize(file->header);
    if (count > (start - file->bytes) / SHORTEST_ENTRY + 1) /* before memory is asked for, for entries that the header has no room for */
        return refuse(file, "%" PRId64 " entries in a header of %" PRId64 " bytes: not all can have a dtype, a shape and data_offsets",
                      count, (int64_t)(start - file->bytes) - 8);
    file->entries = spk_allocate(ctx, (size_t)(count + 1) * sizeof *file->entries);
    for (const cJSON *item = file->header->child; item && !ctx->failed; item = item->next) {
        if (strcmp(item->string, "__metadata__") == 0) {
            if (!cJSON_IsObject(item)) refuse(file, "__metadata__ is no object");
            continue;
        }
        spk_state_entry *entry = &file->entries[file->count++];
        entry->name = item->string;
        const char *wrong = read_entry(item, start, file->bytes + file->size - start, file->checkpoint, entry);
        if (wrong) refuse(file, "entry '%s' %s", entry->name, wrong);
    }
    return !ctx->failed && check_entries(file, start);
}

/* The JSON of `length` bytes, which file->header then holds. */
static bool read_header(spk_state_file *file, uint64_t length) {
    const char *text = (const char *)file->bytes + 8, *end = text;
    errno = 0;
    file->header = cJSON_ParseWithLengthOpts(text, (size_t)length, &end, false);
    if (!file->header && errno == ENOMEM)
        spk_fail(file->object.ctx, "%s: no memory to read its header of %zu bytes with cJSON", file->path, (size_t)length);
    while (file->header && end < text + length && *end == ' ') end++; /* cJSON does not look at what follows the object */
    return cJSON_IsObject(file->header) && end == text + length;
}

/* Whether a checkpoint is the file that was written. Nothing else in it is looked at before. */
static bool check_seal(spk_state_file *file, uint64_t header) {
    char seal[SPK_SEAL_LENGTH + 1];
    const size_t digits = SPK_SEAL_DIGITS - 8, after = digits + 8;
    if (file->size < 8 + (int64_t)SPK_SEAL_LENGTH)
        return refuse(file, "no checkpoint, or truncated: there are %" PRId64 " bytes", file->size);
    const unsigned char *found = file->bytes + 8;
    uint64_t bytes = 0;
    for (size_t i = SPK_SEAL_LENGTH - SPK_SEAL_END; i < SPK_SEAL_LENGTH && found[i] >= '0' && found[i] <= '9'; i++)
        bytes = 10 * bytes + found[i] - '0';
    snprintf(seal, sizeof seal, SPK_SEAL, 0ul, bytes);
    if (memcmp(seal, found, digits) != 0 || memcmp(seal + after, found + after, SPK_SEAL_LENGTH - after) != 0)
        return refuse(file, header <= (uint64_t)file->size - 8 && read_header(file, header)
                                ? "a state file, but no checkpoint; spk_load reads it"
                                : "no checkpoint, or damaged at its beginning");
    if (bytes != (uint64_t)file->size)
        return refuse(file, "%s: there are %" PRId64 " bytes of %" PRIu64, bytes > (uint64_t)file->size ? "truncated" : "too long",
                      file->size, bytes);
    uLong checksum = crc32_z(crc32(0, NULL, 0), file->bytes, SPK_SEAL_DIGITS);
    checksum = crc32_z(checksum, (const unsigned char *)"00000000", 8);
    checksum = crc32_z(checksum, file->bytes + SPK_SEAL_DIGITS + 8, (size_t)file->size - SPK_SEAL_DIGITS - 8);
    snprintf(seal, sizeof seal, SPK_SEAL, checksum, bytes);
    if (memcmp(seal, found, SPK_SEAL_LENGTH) == 0) return true;
    return refuse(file, "damaged: its checksum is %.8s, its content's %.8s", (const char *)found + digits, seal + digits);
}

static bool read_file(spk_state_file *file) {
    uint64_t header = 0;
    for (int i = 7; i >= 0 && file->size >= 8; i--) header = header << 8 | file->bytes[i];
    if (file->checkpoint && !check_seal(file, header)) return false;
    if (file->size >= 8 && header > LONGEST_HEADER)
        return refuse(file, "no safetensors file: its header has %" PRIu64 " bytes, and the format allows %" PRIu64, header,
                      LONGEST_HEADER);
    if (file->size < 8 || header > (uint64_t)file->size - 8)
        return refuse(file, "no safetensors file, or a truncated one: its header would be longer than the file");
    if (!read_header(file, header)) return refuse(file, "no safetensors file: its header is no JSON object");
    const char *format = spk_state_file_metadata(file, "format");
    if (file->checkpoint && strcmp(format, SPK_CHECKPOINT_FORMAT) != 0)
        return refuse(file, "its format is '%s'; '" SPK_CHECKPOINT_FORMAT "' can be read", format);
    if (!file->checkpoint && strcmp(format, SPK_CHECKPOINT_FORMAT) == 0)
        return refuse(file, "a checkpoint, not a state file; spk_checkpoint_load reads it");
    return read_entries(file, file->bytes + 8 + header);
}

const char *spk_state_file_metadata(const spk_state_file *file, const char *name) {
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(file->header, "__metadata__");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(metadata, name);
    return cJSON_IsString(value) ? value->valuestring : "";
}

spk_state_file *spk_state_file_open(spk_ctx *ctx, const char *path, bool checkpoint, bool *bad) {
    spk_state_file *file = spk_object_create(ctx, &file_type, sizeof *file);
    *bad = false;
    if (!file) return NULL;
    file->path = path;
    file->checkpoint = checkpoint;
    if (read_bytes(file) && read_file(file)) return file;
    *bad = file->bad;
    spk_state_file_destroy(file);
    return NULL;
}

spk_state_file *spk_state_file_read(spk_ctx *ctx, const char *path) {
    bool bad;
    ctx = spk_ctx_or_failed(ctx);
    if (!path) spk_fail(ctx, "spk_state_file_read: the path is NULL");
    const spk_activity before = spk_doing_function(ctx, "spk_state_file_read");
    spk_state_file *file = ctx->failed ? NULL : spk_state_file_open(ctx, path, false, &bad);
    spk_done(ctx, before);
    return file;
}

/* One little-endian number. */
static uint64_t bits_of(const unsigned char *bytes, int width) {
    uint64_t bits = 0;
    for (int i = width - 1; i >= 0; i--) bits = bits << 8 | bytes[i];
    return bits;
}

static spk_real number(const unsigned char *bytes, int width) {
    const uint64_t bits = bits_of(bytes, width);
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
    for (int64_t r = 0; r < rows && columns; r++) /* none of 2^40 rows without columns */
        for (int64_t c = 0; c < columns; c++) out[c * rows + r] = number(entry->bytes + (r * columns + c) * entry->width, entry->width);
}

void spk_state_entry_raw(const spk_state_entry *entry, void *out) {
    const int64_t count = spk_shape_size(entry->shape);
    for (int64_t i = 0; i < count; i++) {
        const uint64_t bits = bits_of(entry->bytes + i * entry->width, entry->width);
        if (entry->width == 8) ((uint64_t *)out)[i] = bits;
        else ((unsigned char *)out)[i] = (unsigned char)bits;
    }
}
