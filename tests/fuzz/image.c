/*
 * Pictures of digits: the input is width and height, 16 bits each, and the pixels as runs of (grey level, length), the last of which goes
 * on to the end, so that large pictures are small inputs. A fifth byte says how the sizes are to be read.
 */
#include "data/image.h"
#include "fuzz.h"
#include <math.h>
#include <string.h>

#define HEADER 5
/* Pixels of a picture of several rows; more only cost time. */
#define MOST_PIXELS ((int64_t)1 << 10)

static int64_t side(const uint8_t *bytes) { return (int16_t)(bytes[0] | bytes[1] << 8); }

static void paint(uint8_t *grey, size_t pixels, const uint8_t *runs, size_t size) {
    size_t at = 0;
    uint8_t level = 0;
    for (size_t i = 0; i + 1 < size && at < pixels; i += 2) {
        const size_t left = pixels - at, length = runs[i + 1] < left ? runs[i + 1] : left;
        memset(grey + at, level = runs[i], length);
        at += length;
    }
    memset(grey + at, level, pixels - at);
}

/* MNIST's form: numbers from 0 to 1, the brightest 1. */
static void check_digit(const spk_real *digit) {
    spk_real brightest = 0;
    for (int i = 0; i < SPK_DIGIT_SIZE; i++) {
        FUZZ_CHECK(digit[i] >= 0 && digit[i] <= 1, "pixel %d is %g", i, (double)digit[i]);
        if (digit[i] > brightest) brightest = digit[i];
    }
    FUZZ_CHECK(brightest == 1, "the brightest pixel is %g", (double)brightest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static fuzz_memory memory;
    if (size < HEADER) return 0;
    int64_t width = side(data), height = side(data + 2);
    if (data[4] % 8) width = width & 31, height = height & 31; /* most digits are small */
    if (width > 0 && height > 0 && width * height > MOST_PIXELS) height = width < MOST_PIXELS ? MOST_PIXELS / width : 1;
    const bool lawful = width > 0 && height > 0 && width <= SPK_DIGIT_MAX_SIDE && height <= SPK_DIGIT_MAX_SIDE;
    const size_t pixels = lawful ? (size_t)(width * height) : 0;
    uint8_t *grey = malloc(pixels ? pixels : 1);
    paint(grey, pixels, data + HEADER, size - HEADER);
    spk_real *out = malloc(SPK_DIGIT_SIZE * sizeof *out);
    spk_ctx *ctx = fuzz_begin(&memory);
    const bool prepared = spk_digit_prepare(ctx, width, height, grey, out);
    FUZZ_CHECK(memory.largest == 0, "%zu bytes were asked for", memory.largest);
    FUZZ_CHECK(!prepared || lawful, "a picture of %lld x %lld was taken", (long long)width, (long long)height);
    if (prepared) check_digit(out);
    FUZZ_CHECK(fuzz_end(&memory) == !prepared, "a digit and an error, or neither");
    free(out);
    free(grey);
    return 0;
}
