/* PGM and PPM files (P5, P6), whose reader in stb_image takes what is cut short or has no height for a picture. */
#include "core/context_internal.h"
#include "data/image_internal.h"
#include <string.h>

/* The header's numbers, which are separated by white space and comments. */
typedef struct header {
    const unsigned char *at, *end;
    int64_t width, height, most; /* of a value: 255, or up to 65535 */
} header;

static bool is_space(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* A number from 1 to `limit`. */
static bool take_number(header *h, int64_t limit, int64_t *number) {
    while (h->at < h->end && (is_space(*h->at) || *h->at == '#')) {
        const bool comment = *h->at++ == '#';
        while (comment && h->at < h->end && *h->at != '\n') h->at++;
    }
    for (*number = 0; h->at < h->end && *h->at >= '0' && *h->at <= '9' && *number <= limit; h->at++) *number = 10 * *number + *h->at - '0';
    return *number >= 1 && *number <= limit;
}

/* Goes past the header, and past the one white space behind it. */
static bool take_header(header *h) {
    h->at += 2;
    return take_number(h, SPK_IMAGE_MAX_SIDE, &h->width) && take_number(h, SPK_IMAGE_MAX_SIDE, &h->height) &&
           h->width * h->height <= SPK_IMAGE_MAX_PIXELS && take_number(h, 65535, &h->most) && h->at < h->end && is_space(*h->at++);
}

/* The next value, as 8 bit. */
static int take_value(header *h) {
    int64_t value = *h->at++;
    if (h->most > 255) value = value << 8 | *h->at++;
    if (value > h->most) value = h->most;
    return (int)(((int64_t)2 * 255 * value + h->most) / (2 * h->most));
}

static void convert(header *h, int found, int wanted, unsigned char *to) {
    for (int64_t i = 0; i < h->width * h->height; i++) {
        int value[3] = {0};
        for (int c = 0; c < found; c++) value[c] = take_value(h);
        for (int c = found; c < 3; c++) value[c] = value[0];
        if (wanted == 1) *to++ = (unsigned char)(found == 1 ? value[0] : (77 * value[0] + 150 * value[1] + 29 * value[2]) >> 8);
        for (int c = 0; wanted == 3 && c < 3; c++) *to++ = (unsigned char)value[c];
        *to++ = 255;
    }
}

bool spk_image_is_pnm(const spk_file_bytes *file) {
    return file->size >= 2 && file->bytes[0] == 'P' && (file->bytes[1] == '5' || file->bytes[1] == '6');
}

unsigned char *spk_image_decode_pnm(spk_ctx *ctx, const char *who, const char *path, const spk_file_bytes *file, spk_image *image) {
    header h = {.at = file->bytes, .end = file->bytes + file->size};
    const int found = file->bytes[1] == '5' ? 1 : 3;
    if (!take_header(&h)) {
        spk_fail(ctx, "%s: %s: cannot be read as a picture (its header is not of a PGM or PPM file of at most %d pixels a side)", who, path,
                 SPK_IMAGE_MAX_SIDE);
    } else if (h.end - h.at < h.width * h.height * found * (h.most > 255 ? 2 : 1)) {
        spk_fail(ctx, "%s: %s: is cut short; copy or download the file again", who, path);
    }
    if (ctx->failed) return NULL;
    image->width = h.width, image->height = h.height;
    unsigned char *pixels = spk_allocate_uninitialised(ctx, (size_t)(h.width * h.height * (image->channels + 1)));
    if (pixels) convert(&h, found, image->channels, pixels);
    return pixels;
}
