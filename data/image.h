/* Bringing pictures into the form that a network was trained on. */
#ifndef SPK_DATA_IMAGE_H
#define SPK_DATA_IMAGE_H

#include "core/context.h"

SPK_BEGIN_DECLS

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
