/* Writing safetensors: the JSON that says what lies where, then the numbers without holes. */
#include "nn/state_internal.h"
#include "core/context_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

const struct spk_state_type_info spk_state_type_info[SPK_STATE_TYPES] = {{"F32", 4}, {"F64", 8}, {"I64", 8}, {"U64", 8}, {"BOOL", 1}};

spk_state_item *spk_state_items_add(spk_state_items *items, const char *prefix, const char *name, spk_state_item item) {
    if (items->count == items->capacity) {
        const int64_t capacity = 2 * items->capacity + 16;
        spk_state_item *larger = spk_allocate_uninitialised(items->ctx, (size_t)capacity * sizeof *larger);
        if (!larger) return NULL;
        if (items->count) memcpy(larger, items->item, (size_t)items->count * sizeof *larger);
        spk_release(items->ctx, items->item);
        items->item = larger;
        items->capacity = capacity;
    }
    snprintf(item.name, sizeof item.name, "%s%s%s", prefix, *prefix && *name ? "." : "", name);
    spk_state_item *added = &items->item[items->count++];
    *added = item;
    return added;
}

void spk_state_items_free(spk_state_items *items) {
    spk_release(items->ctx, items->item);
    *items = (spk_state_items){.ctx = items->ctx};
}

bool spk_state_text_ok(spk_ctx *ctx, const char *what, const char *text) {
    for (const char *c = text; *c; c++)
        if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ') {
            spk_fail(ctx, "%s '%s' cannot be saved: it has a quote, a backslash or a control character", what, text);
            return false;
        }
    return !ctx->failed;
}

static int64_t bytes_of(const spk_state_item *item) { return spk_shape_size(item->shape) * spk_state_type_info[item->type].width; }

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

/* Names that a reader would take, each once. */
static bool check_names(const spk_state_items *items) {
    spk_ctx *ctx = items->ctx;
    const char **names = spk_allocate(ctx, (size_t)(items->count + 1) * sizeof *names);
    for (int64_t i = 0; i < items->count && !ctx->failed; i++) {
        names[i] = items->item[i].name;
        spk_state_text_ok(ctx, "the name", names[i]);
        if (strcmp(names[i], "__metadata__") == 0) spk_fail(ctx, "the name '%s' cannot be saved: it means something else", names[i]);
    }
    if (!ctx->failed) qsort(names, (size_t)items->count, sizeof *names, by_name);
    for (int64_t i = 1; i < items->count && !ctx->failed; i++)
        if (strcmp(names[i - 1], names[i]) == 0) spk_fail(ctx, "there are two '%s'; a file can hold one", names[i]);
    spk_release(ctx, names);
    return !ctx->failed;
}

/* The JSON, padded so that the numbers begin at a multiple of 8. */
static void write_header(const spk_state_items *items, const char *metadata, bool sealed, spk_text *text) {
    int64_t offset = 0;
    spk_text_add(text, "%s%s}", sealed ? SPK_SEAL_EMPTY : "{\"__metadata__\":{", metadata);
    for (int64_t i = 0; i < items->count; i++) {
        const spk_state_item *item = &items->item[i];
        if (!item->numbers) continue;
        const int64_t end = offset + bytes_of(item);
        spk_text_add(text, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", item->name, spk_state_type_info[item->type].name);
        for (int k = 0; k < item->shape.axes; k++) spk_text_add(text, k ? ",%" PRId64 : "%" PRId64, item->shape.dim[k]);
        spk_text_add(text, "],\"data_offsets\":[%" PRId64 ",%" PRId64 "]}", offset, end);
        offset = end;
    }
    spk_text_add(text, "}");
    while (text->length % 8 && !text->ctx->failed) spk_text_add(text, " ");
    if (!sealed || text->ctx->failed) return;
    char seal[SPK_SEAL_LENGTH + 1];
    snprintf(seal, sizeof seal, SPK_SEAL, 0ul, (uint64_t)(8 + text->length) + (uint64_t)offset);
    memcpy(text->data, seal, SPK_SEAL_LENGTH);
}

/* Numbers on their way to a file, little-endian whatever the machine. */
typedef struct block {
    FILE *out;
    uLong checksum;
    size_t used;
    unsigned char bytes[8192];
} block;

static void flush_block(block *b) {
    fwrite(b->bytes, 1, b->used, b->out); /* an error stays with the file: ferror */
    b->checksum = crc32(b->checksum, b->bytes, (uInt)b->used);
    b->used = 0;
}

static void put(block *b, uint64_t value, int bytes) {
    if (b->used + (size_t)bytes > sizeof b->bytes) flush_block(b);
    for (int i = 0; i < bytes; i++) b->bytes[b->used++] = (unsigned char)(value >> 8 * i);
}

static uint64_t bits_of(const unsigned char *number, int width) {
    uint64_t wide = 0;
    uint32_t narrow = 0;
    if (width == 1) return *number;
    if (width == 8) memcpy(&wide, number, sizeof wide);
    else memcpy(&narrow, number, sizeof narrow);
    return wide | narrow;
}

static void put_item(block *b, const spk_state_item *item) {
    const int width = spk_state_type_info[item->type].width;
    const unsigned char *numbers = item->numbers;
    const int64_t count = spk_shape_size(item->shape), rows = item->transposed ? item->shape.dim[0] : 1, columns = rows ? count / rows : 0;
    for (int64_t r = 0; r < rows && columns; r++) /* none of 2^40 rows without columns */
        for (int64_t c = 0; c < columns; c++) put(b, bits_of(numbers + (c * rows + r) * width, width), width);
}

/* Everything to a file that is there and empty, brought to the disk. */
static bool write_file(const spk_state_items *items, const spk_text *header, bool sealed, int file) {
    const int again = dup(file); /* closing a stream closes its file, whose lock is still needed */
    block b = {.out = again < 0 ? NULL : fdopen(again, "wb")};
    if (!b.out) {
        if (again >= 0) close(again);
        return false;
    }
    put(&b, header->length, 8);
    for (size_t i = 0; i < header->length; i++) put(&b, (unsigned char)header->data[i], 1);
    for (int64_t i = 0; i < items->count; i++)
        if (items->item[i].numbers) put_item(&b, &items->item[i]);
    flush_block(&b);
    bool right = !ferror(b.out);
    if (sealed) right = right && fseek(b.out, SPK_SEAL_DIGITS, SEEK_SET) == 0 && fprintf(b.out, "%08lx", b.checksum) == 8;
    right = right && fflush(b.out) == 0 && fsync(file) == 0;
    const int reason = errno;
    if (fclose(b.out) == 0 && right) return true;
    if (!right) errno = reason; /* the first failure says why */
    return false;
}

bool spk_state_write(const spk_state_items *items, const char *path, const char *metadata, bool checkpoint) {
    spk_ctx *ctx = items->ctx;
    spk_text header = {.ctx = ctx};
    spk_replacement replacement;
    if (!ctx->failed && check_names(items)) write_header(items, metadata, checkpoint, &header);
    if (!ctx->failed && spk_replace_begin(&replacement, ctx, path, checkpoint))
        spk_replace_end(&replacement, write_file(items, &header, checkpoint, replacement.file));
    spk_text_free(&header);
    return !ctx->failed;
}
