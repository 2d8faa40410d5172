/* Pictures: read from files, and brought into the form that a network was trained on. */
#ifndef SPK_DATA_IMAGE_H
#define SPK_DATA_IMAGE_H

#include "core/context.h"

SPK_BEGIN_DECLS

/** A picture in memory. */
typedef struct spk_image {
    int64_t width, height; /**< in pixels */
    int channels;          /**< 1: grey, 3: red, green, blue */
    uint8_t *pixels;       /**< [height, width, channels], the first row at the top; NULL after an error. Free it with spk_release */
} spk_image;
/** Options of spk_image_read. */
typedef struct spk_image_opts {
    int channels;          /**< 1: as grey, 3: as red, green, blue; default 1 */
    int64_t width, height; /**< resized to this; default 0: as in the file, or in proportion where the other one is given */
} spk_image_opts;
/** The defaults of spk_image_read. */
#define SPK_IMAGE_DEFAULTS .channels = 1, .width = 0, .height = 0
/** The longest side of a picture that is read. */
#define SPK_IMAGE_MAX_SIDE 16384
#define SPK_IMAGE_MAX_PIXELS ((int64_t)1 << 26) /**< The most pixels of a picture that is read. */
/**
 * Reads a picture, PNG, JPEG, BMP, PGM or PPM, into 8 bit a channel: `spk_image_read(ctx, "seven.png", &image, .width = 28, .height = 28)`.
 * Colours become grey as 0.30 red + 0.59 green + 0.11 blue; what is transparent lies on white; 16 bit become 8; a camera's note that the
 * picture be turned is not followed. Sizes that shrink average areas, those that grow are interpolated linearly. All memory, also that of
 * the decoder (stb_image), is the context's. False with the error set, and image->pixels NULL, when the file cannot be read, is no such
 * picture, or has too many pixels.
 */
#define spk_image_read(...) spk_image_read_keywords_(__VA_ARGS__, )
#define spk_image_read_keywords_(ctx, path, image, ...) \
    spk_image_read_with((ctx), (path), (image), SPK_KEYWORDS(spk_image_opts, SPK_IMAGE_DEFAULTS, __VA_ARGS__))
/** The function behind spk_image_read. */
SPK_API bool spk_image_read_with(spk_ctx *ctx, const char *path, spk_image *image, spk_image_opts options);
/** The defaults of spk_image_read. */
SPK_API spk_image_opts spk_image_options(void);

/** Side of a digit in MNIST's form, in pixels. */
#define SPK_DIGIT_SIDE 28
/** Pixels of a digit in MNIST's form. */
#define SPK_DIGIT_SIZE 784
/** The longest side of a picture that spk_digit_prepare takes, in pixels. */
#define SPK_DIGIT_MAX_SIDE 16384

/**
 * Brings a grey picture of one digit, dark on light or light on dark, to MNIST's form: light on dark (the border of the picture tells the
 * background), background and its noise at 0, the brightest ink at 1, the ink's bounding box resized to 20 pixels on its longer side, and
 * centred by its mass in 28x28. `grey` is row-major, height x width, 8 bit; `out` gets SPK_DIGIT_SIZE numbers in 0..1. False with the
 * error set when the picture is empty, too large or without ink.
 */
SPK_API bool spk_digit_prepare(spk_ctx *ctx, int64_t width, int64_t height, const uint8_t *grey, spk_real *out);

SPK_END_DECLS

#endif
