/* All bytes of a file. */
#include "core/file_internal.h"
#include "core/context_internal.h"
#include "core/poison_internal.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What is asked for before any data has arrived. */
#define FIRST_BLOCK ((int64_t)4096)

/* Twice the block, for what is read already and more. False, and the block is as it was, without memory. */
static bool grow(spk_ctx *ctx, spk_file_bytes *file, int64_t *room) {
    unsigned char *larger = spk_allocate_uninitialised(ctx, (size_t)(2 * *room));
    if (!larger) return false;
    if (file->size) memcpy(larger, file->bytes, (size_t)file->size);
    spk_release(ctx, file->bytes);
    file->bytes = larger;
    *room *= 2;
    return true;
}

/* Reads what there is; the last byte of the room is for the zero. */
static bool read_all(spk_ctx *ctx, FILE *in, spk_file_bytes *file) {
    int64_t room = FIRST_BLOCK / 2;
    do {
        if (!grow(ctx, file, &room)) return false;
        file->size += (int64_t)fread(file->bytes + file->size, 1, (size_t)(room - 1 - file->size), in);
        if (ferror(in)) {
            file->failed = "reading failed", file->reason = errno;
            return false;
        }
    } while (file->size == room - 1);
    file->bytes[file->size] = 0;
    spk_poison(file->bytes + file->size + 1, (size_t)(room - 1 - file->size)); /* what is past the file's end is not the file's */
    return true;
}

spk_file_bytes spk_file_read(spk_ctx *ctx, const char *path) {
    spk_file_bytes file = {0};
    FILE *in = fopen(path, "rb");
    if (!in) return (spk_file_bytes){.failed = "cannot be opened", .reason = errno};
    if (!read_all(ctx, in, &file)) {
        spk_release(ctx, file.bytes);
        file.bytes = NULL, file.size = 0;
    }
    fclose(in);
    return file;
}
