/* Pictures from files: decoded, put on white, resized. */
#include "core/context_internal.h"
#include "core/file_internal.h"
#include "data/image_internal.h"
#include "data/resample_internal.h"
#include <inttypes.h>
#include <string.h>

/* Drops the alpha, where the picture lies on white. */
static void put_on_white(const uint8_t *from, int64_t pixels, int channels, uint8_t *to) {
    for (int64_t i = 0; i < pixels; i++, from += channels + 1, to += channels)
        for (int c = 0; c < channels; c++) to[c] = (uint8_t)((from[c] * from[channels] + 255 * (255 - from[channels]) + 127) / 255);
}

static uint8_t resampled(const spk_image *from, const spk_taps *across, const spk_taps *down, int channel) {
    double sum = 0, all = 0;
    for (int64_t y = down->first; y <= down->last; y++) {
        const uint8_t *row = from->pixels + spk_tap_place(y, from->height) * from->width * from->channels + channel;
        for (int64_t x = across->first; x <= across->last; x++) {
            const double weight = spk_tap_weight(down, y) * spk_tap_weight(across, x);
            sum += weight * row[spk_tap_place(x, from->width) * from->channels];
            all += weight;
        }
    }
    return (uint8_t)(sum / all + 0.5);
}

/* Resizes to this, in a block of its own; the old one is released. */
static bool resize(spk_ctx *ctx, spk_image *image, int64_t width, int64_t height) {
    spk_image to = {.width = width, .height = height, .channels = image->channels};
    to.pixels = spk_allocate_uninitialised(ctx, (size_t)(width * height * to.channels));
    for (int64_t y = 0; to.pixels && y < height; y++) {
        const spk_taps down = spk_taps_of(y, height, image->height);
        for (int64_t x = 0; x < width; x++) {
            const spk_taps across = spk_taps_of(x, width, image->width);
            for (int c = 0; c < to.channels; c++) to.pixels[(y * width + x) * to.channels + c] = resampled(image, &across, &down, c);
        }
    }
    spk_release(ctx, image->pixels);
    *image = to;
    return to.pixels;
}

/* The size that is asked for; where one side is not, in proportion to the other. */
static void wanted_size(const spk_image *image, spk_image_opts options, int64_t *width, int64_t *height) {
    *width = options.width, *height = options.height;
    if (!*width && !*height) *width = image->width, *height = image->height;
    if (!*width) *width = (2 * image->width * *height + image->height) / (2 * image->height);
    if (!*height) *height = (2 * image->height * *width + image->width) / (2 * image->width);
    if (*width < 1) *width = 1;
    if (*height < 1) *height = 1;
}

static bool finish(spk_ctx *ctx, const char *who, const char *path, spk_image_opts options, spk_image *image) {
    int64_t width, height;
    wanted_size(image, options, &width, &height);
    if (width == image->width && height == image->height) return true;
    const bool small = width <= SPK_IMAGE_MAX_SIDE && height <= SPK_IMAGE_MAX_SIDE && width * height <= SPK_IMAGE_MAX_PIXELS;
    if (!small) spk_fail(ctx, "%s: %s: would have %" PRId64 " x %" PRId64 " pixels, too many", who, path, width, height);
    return small && resize(ctx, image, width, height);
}

bool spk_image_load(spk_ctx *ctx, const char *who, const char *path, spk_image_opts options, spk_image *image) {
    *image = (spk_image){.channels = options.channels};
    const spk_file_bytes file = spk_file_read(ctx, path);
    if (file.failed) spk_fail(ctx, "%s: %s: %s: %s", who, path, file.failed, strerror(file.reason));
    unsigned char *decoded = file.bytes ? spk_image_decode(ctx, who, path, &file, image) : NULL;
    spk_release(ctx, file.bytes);
    const int64_t pixels = image->width * image->height;
    if (decoded) image->pixels = spk_allocate_uninitialised(ctx, (size_t)(pixels * image->channels));
    if (image->pixels) put_on_white(decoded, pixels, image->channels, image->pixels);
    spk_release(ctx, decoded);
    if (image->pixels && finish(ctx, who, path, options, image)) return true;
    spk_release(ctx, image->pixels);
    *image = (spk_image){0};
    return false;
}

bool spk_image_check(spk_ctx *ctx, const char *who, spk_image_opts options) {
    const int64_t most = SPK_IMAGE_MAX_SIDE;
    if (options.channels != 1 && options.channels != 3)
        spk_fail(ctx, "%s: channels is %d; 1 (grey) or 3 (red, green, blue) can be had", who, options.channels);
    if (options.width < 0 || options.height < 0 || options.width > most || options.height > most)
        spk_fail(ctx, "%s: the size is %" PRId64 " x %" PRId64 "; sides are 1 to %" PRId64 ", or 0 for the file's own", who, options.width,
                 options.height, most);
    else if (options.width * options.height > SPK_IMAGE_MAX_PIXELS)
        spk_fail(ctx, "%s: the size is %" PRId64 " x %" PRId64 ", more than %" PRId64 " pixels", who, options.width, options.height,
                 SPK_IMAGE_MAX_PIXELS);
    return !ctx->failed;
}

bool spk_image_read_with(spk_ctx *ctx, const char *path, spk_image *image, spk_image_opts options) {
    static const char who[] = "spk_image_read";
    ctx = spk_ctx_or_failed(ctx);
    if (image) *image = (spk_image){0};
    if (!path || !image) spk_fail(ctx, "%s: the %s is NULL", who, path ? "image" : "path");
    if (ctx->failed || !spk_image_check(ctx, who, options)) return false;
    const spk_activity before = spk_doing_function(ctx, who);
    const bool read = spk_image_load(ctx, who, path, options, image);
    spk_done(ctx, before);
    return read;
}

spk_image_opts spk_image_options(void) { return (spk_image_opts){SPK_IMAGE_DEFAULTS}; }
