/* stb_image, which is compiled here and exports nothing, with the context's memory. */
#include "core/context_internal.h"
#include "data/image_internal.h"
#include <inttypes.h>
#include <limits.h>
#include <string.h>

/* Whose memory a picture is decoded in, which stb_image's hooks are not told; and whether there was too little. */
static _Thread_local spk_ctx *decoding;
static _Thread_local bool refused;

/* Zeroed, since stb_image decodes with Huffman tables that a damaged file has not got. */
static void *taken(size_t bytes) {
    void *block = spk_allocate_if_there(decoding, bytes);
    if (block) memset(block, 0, bytes);
    refused = refused || !block;
    return block;
}

static void *moved(void *block, size_t old, size_t bytes) {
    void *larger = taken(bytes);
    if (larger && block) memcpy(larger, block, old < bytes ? old : bytes);
    if (larger) spk_release(decoding, block);
    return larger;
}

#define STBI_MALLOC(bytes) taken((bytes))
#define STBI_REALLOC_SIZED(block, old, bytes) moved((block), (old), (bytes))
#define STBI_REALLOC(block, bytes) NULL /* never called, since the one above is there */
#define STBI_FREE(block) spk_release(decoding, (block))
#define STBI_ASSERT(condition) ((void)0)
#define STBI_MAX_DIMENSIONS SPK_IMAGE_MAX_SIDE
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-function"
#include <stb_image.h>

unsigned char *spk_image_decode(spk_ctx *ctx, const char *who, const char *path, const spk_file_bytes *file, spk_image *image) {
    if (spk_image_is_pnm(file)) return spk_image_decode_pnm(ctx, who, path, file, image);
    if (file->size && file->bytes[0] == 0xff && !spk_image_jpeg_is_safe(file)) {
        spk_fail(ctx, "%s: %s: cannot be read as a picture (a JPEG file whose Huffman tables are too long)", who, path);
        return NULL;
    }
    int width = 0, height = 0, found;
    unsigned char *pixels = NULL;
    const int length = file->size < INT_MAX ? (int)file->size : INT_MAX;
    decoding = ctx, refused = false;
    const bool known = stbi_info_from_memory(file->bytes, length, &width, &height, &found) && width > 0 && height > 0;
    const bool small = !known || (int64_t)width * height <= SPK_IMAGE_MAX_PIXELS;
    if (known && small) pixels = stbi_load_from_memory(file->bytes, length, &width, &height, &found, image->channels + 1);
    decoding = NULL;
    image->width = width, image->height = height;
    if (pixels) return pixels;
    if (!small)
        spk_fail(ctx, "%s: %s: has %d x %d pixels; at most %" PRId64 " can be read", who, path, width, height, SPK_IMAGE_MAX_PIXELS);
    else if (refused) spk_fail(ctx, "%s: %s: no memory: a block was refused while the picture was decoded", who, path);
    else
        spk_fail(ctx, "%s: %s: cannot be read as a picture (%s); PNG, JPEG, BMP, PGM and PPM files can be", who, path,
                 stbi_failure_reason());
    return NULL;
}
