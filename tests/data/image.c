#include "support.h"
#include "data/dataset.h"
#include "data/image.h"
#include <math.h>

enum { SIDE = SPK_DIGIT_SIDE, SIZE = SPK_DIGIT_SIZE };

static const uint8_t *digits(spk_ctx *ctx) { return spk_idx_data(spk_idx_read(ctx, MNIST "/t10k-images-idx3-ubyte.gz")); }

static void prepare(spk_ctx *ctx, int64_t width, int64_t height, const uint8_t *grey, spk_real *out) {
    cr_assert(spk_digit_prepare(ctx, width, height, grey, out), "%s", spk_error(ctx));
}

/* The mean absolute difference of a prepared picture and a digit of MNIST. */
static double difference(const spk_real *a, const uint8_t *digit) {
    double sum = 0;
    for (int i = 0; i < SIZE; i++) sum += fabs((double)a[i] - digit[i] / 255.0);
    return sum / SIZE;
}

/*
 * MNIST's own digits have the form already. Measured over the 10,000: mean 0.00008, median 0 to rounding, and 4 digits above 0.002: three
 * whose box is 19 pixels, which is enlarged, and one whose mass lies right between two pixels. A mistake is far from that: a shift by
 * a pixel both ways gives a mean of 0.10, a box of 19 or 21 pixels 0.05.
 */
Test(image, keeps_digits_of_mnist) {
    spk_ctx *ctx = spk_ctx_create();
    const uint8_t *digit = digits(ctx);
    spk_real out[SIZE];
    double sum = 0;
    int changed = 0;
    for (int i = 0; i < 10000; i++, digit += SIZE) {
        prepare(ctx, SIDE, SIDE, digit, out);
        const double d = difference(out, digit);
        sum += d, changed += d > 0.002;
    }
    cr_assert_lt(sum / 10000, 0.0002);
    cr_assert_leq(changed, 6);
    spk_ctx_destroy(ctx);
}

Test(image, takes_dark_on_light_as_light_on_dark) {
    spk_ctx *ctx = spk_ctx_create();
    const uint8_t *digit = digits(ctx);
    for (int i = 0; i < 200; i++, digit += SIZE) {
        spk_real light[SIZE], dark[SIZE];
        uint8_t inverse[SIZE];
        for (int k = 0; k < SIZE; k++) inverse[k] = (uint8_t)(255 - digit[k]);
        prepare(ctx, SIDE, SIDE, digit, light);
        prepare(ctx, SIDE, SIDE, inverse, dark);
        cr_assert_arr_eq(light, dark, sizeof light);
    }
    spk_ctx_destroy(ctx);
}

/* A digit drawn `zoom` times as large at (left, top) of a picture: ink and paper are grey levels, noise moves each by up to +-noise. */
static uint8_t *scene(const uint8_t *digit, int64_t zoom, int64_t width, int64_t height, int64_t left, int64_t top, int paper, int ink,
                      uint32_t noise) {
    uint8_t *grey = malloc((size_t)(width * height));
    uint32_t state = 1;
    for (int64_t y = 0; y < height; y++) {
        for (int64_t x = 0; x < width; x++) {
            const int64_t dx = x - left, dy = y - top;
            const bool inside = dx >= 0 && dy >= 0 && dx < SIDE * zoom && dy < SIDE * zoom;
            const int strength = inside ? digit[dy / zoom * SIDE + dx / zoom] : 0;
            state = state * 1664525 + 1013904223;
            grey[y * width + x] = (uint8_t)(paper + (ink - paper) * strength / 255 + (int)((state >> 16) % (2 * noise + 1)) - (int)noise);
        }
    }
    return grey;
}

/* The mean difference over the first 50 digits when each is drawn so. */
static double mean_difference(int64_t zoom, int64_t width, int64_t height, int64_t left, int64_t top, int paper, int ink, uint32_t noise) {
    spk_ctx *ctx = spk_ctx_create();
    const uint8_t *digit = digits(ctx);
    double sum = 0;
    for (int i = 0; i < 50; i++, digit += SIZE) {
        spk_real out[SIZE];
        uint8_t *grey = scene(digit, zoom, width, height, left, top, paper, ink, noise);
        prepare(ctx, width, height, grey, out);
        sum += difference(out, digit);
        free(grey);
    }
    spk_ctx_destroy(ctx);
    return sum / 50;
}

/* Where the picture is drawn, how large and in which greys leaves the digit alone; the bounds are twice what was measured. */
Test(image, finds_the_digit_in_a_larger_picture) {
    const double same = mean_difference(1, 60, 90, 30, 2, 0, 255, 0), zoomed = mean_difference(7, 300, 250, 90, 20, 0, 255, 0);
    const double grey = mean_difference(7, 300, 250, 10, 40, 200, 60, 0), noisy = mean_difference(7, 300, 250, 10, 40, 200, 60, 6);
    const double dark = mean_difference(7, 300, 250, 10, 40, 110, 0, 0), light = mean_difference(7, 300, 250, 10, 40, 150, 255, 0);
    cr_expect_lt(dark, 0.0013, "%g", dark);
    cr_expect_lt(light, 0.0013, "%g", light);
    cr_expect_lt(same, 0.00005, "%g", same);
    cr_expect_lt(zoomed, 0.00005, "%g", zoomed);
    cr_expect_lt(grey, 0.0013, "%g", grey);
    cr_expect_lt(noisy, 0.027, "%g", noisy);
}

/* A rectangle of ink in a blank picture. */
static void rectangle(uint8_t *grey, int64_t width, int64_t height, int64_t left, int64_t top, int64_t w, int64_t h) {
    memset(grey, 255, (size_t)(width * height));
    for (int64_t y = top; y < top + h; y++) memset(grey + y * width + left, 0, (size_t)w);
}

static const struct {
    int64_t w, h, left, top, columns, rows;
} rectangles[] = {
    {100, 10, 5, 14, 20, 2},                           /* shrunk, flat */
    {10, 100, 14, 5, 2, 20},                           /* shrunk, upright */
    {20, 20, 5, 5, 20, 20},                            /* as it is */
    {5, 10, 10, 5, 10, 20},                            /* enlarged */
    {1, 1, 5, 5, 20, 20},                              /* one pixel */
    {110, 1, 5, 14, 20, 1},                            /* thinner than a pixel of the result: it stays, at full strength */
    {1, 110, 14, 5, 1, 20},  {120, 120, 5, 5, 20, 20}, /* the whole inside of the picture */
    {33, 47, 8, 5, 14, 20},
};

Test(image, keeps_the_aspect_ratio_and_centres) {
    spk_ctx *ctx = spk_ctx_create();
    static uint8_t grey[140 * 130];
    for (int k = 0; k < COUNT(rectangles); k++) {
        spk_real out[SIZE];
        rectangle(grey, 140, 130, 3, 4, rectangles[k].w, rectangles[k].h);
        prepare(ctx, 140, 130, grey, out);
        for (int64_t y = 0; y < SIDE; y++) {
            for (int64_t x = 0; x < SIDE; x++) {
                const bool inside = x >= rectangles[k].left && x < rectangles[k].left + rectangles[k].columns && y >= rectangles[k].top &&
                                    y < rectangles[k].top + rectangles[k].rows;
                cr_assert_float_eq(out[y * SIDE + x], inside ? 1 : 0, 1e-6, "rectangle %d at %d, %d is %g", k, (int)x, (int)y,
                                   (double)out[y * SIDE + x]);
            }
        }
    }
    spk_ctx_destroy(ctx);
}

/* Shrinking averages areas: 30 columns of ink with one at half strength, three by three. */
Test(image, shrinks_by_area_and_enlarges_linearly) {
    spk_ctx *ctx = spk_ctx_create();
    uint8_t stripes[3 * 62] = {0}, ramp[4 * 3] = {0, 0, 0, 0, 0, 51, 255, 0, 0, 0, 0, 0};
    spk_real out[SIZE];
    for (int x = 1; x < 61; x++) stripes[62 + x] = x % 3 ? 255 : 0; /* 60 columns become 20: two thirds each, brought back to 1 */
    stripes[62 + 1] = 51;                                           /* the first: (0.2 + 1 + 0) / 2 */
    prepare(ctx, 62, 3, stripes, out);
    int64_t first = 0;
    while (out[first] == 0) first++;
    cr_assert_eq(first, 14 * SIDE + 4); /* its mass is right of the middle, at 9.8: 14 - 9.8 rounds to 4 */
    cr_assert_float_eq(out[first], 0.6, 1e-6);
    for (int i = 1; i < 19; i++) cr_assert_float_eq(out[first + i], 1, 1e-6, "column %d", i);
    prepare(ctx, 4, 3, ramp, out); /* two columns become 20: 0.2 up to the middle of the first, then a line */
    for (first = 0; out[first] == 0;) first++;
    for (int i = 0; i < 20; i++) {
        const double at = (i + 0.5) / 10 - 0.5, part = at < 0 ? 0 : at > 1 ? 1 : at;
        cr_assert_float_eq(out[first + i], 0.2 + 0.8 * part, 1e-6, "column %d", i);
    }
    spk_ctx_destroy(ctx);
}

Test(image, stays_in_range_and_inside) {
    spk_ctx *ctx = spk_ctx_create();
    uint32_t state = 7;
    for (int round = 0; round < 2000; round++) {
        uint8_t grey[40 * 40];
        spk_real out[SIZE], largest = 0;
        const int64_t width = 2 + round % 39, height = 2 + round / 39 % 39;
        for (int i = 0; i < 40 * 40; i++) grey[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
        if (!spk_digit_prepare(ctx, width, height, grey, out)) {
            HAS(spk_error(ctx), "is blank");
            spk_clear_error(ctx);
            continue;
        }
        for (int i = 0; i < SIZE; i++) {
            cr_assert(out[i] >= 0 && out[i] <= 1);
            if (out[i] > largest) largest = out[i];
        }
        cr_assert_eq(largest, 1);
    }
    spk_ctx_destroy(ctx);
}

static double mass_of(int64_t side, const uint8_t *grey) {
    spk_ctx *ctx = spk_ctx_create();
    spk_real out[SIZE];
    prepare(ctx, side, side, grey, out);
    double mass = 0;
    for (int i = 0; i < SIZE; i++) mass += (double)out[i];
    spk_ctx_destroy(ctx);
    return mass;
}

/* Ink cut off by the picture's edge, on a part of the border: the background is still the rest, dark or light. */
Test(image, ink_may_touch_the_border) {
    static uint8_t grey[100 * 100];
    rectangle(grey, 100, 100, 40, 0, 30, 60);
    cr_assert_float_eq(mass_of(100, grey), 200, 1e-3);
    for (int i = 0; i < 100 * 100; i++) grey[i] = (uint8_t)(255 - grey[i]);
    cr_assert_float_eq(mass_of(100, grey), 200, 1e-3);
}

/* Light falls from one side: the paper goes from 100 to 240. */
Test(image, the_paper_may_be_shaded) {
    static uint8_t grey[100 * 100];
    rectangle(grey, 100, 100, 40, 20, 30, 60);
    for (int i = 0; i < 100 * 100; i++)
        if (grey[i]) grey[i] = (uint8_t)(100 + i % 100 * 140 / 99);
    cr_assert_float_eq(mass_of(100, grey), 200, 1e-3);
}

Test(image, refuses_what_has_no_digit) {
    static uint8_t grey[30 * 30];
    spk_ctx *ctx = spk_ctx_create();
    spk_real out[SIZE] = {77};
    static const struct {
        int64_t width, height;
        const char *part;
    } sizes[] = {
        {0, 5, "the picture is 0 x 5 pixels"},
        {5, 0, "5 x 0"},
        {-1, 5, "-1 x 5"},
        {SPK_DIGIT_MAX_SIDE + 1, 1, "16385 x 1 pixels; both sides must be 1 to 16384"},
        {1, INT64_MAX, "1 x 9223372036854775807"},
        {1, 1, "the picture is blank"},
        {30, 30, "no pixel differs from its background by 25 grey levels"},
    };
    for (int k = 0; k < COUNT(sizes); k++) {
        cr_assert_not(spk_digit_prepare(ctx, sizes[k].width, sizes[k].height, grey, out));
        HAS(spk_error(ctx), sizes[k].part);
        spk_clear_error(ctx);
    }
    grey[400] = 24;
    cr_assert_not(spk_digit_prepare(ctx, 30, 30, grey, out));
    cr_assert_eq(out[0], 77, "a failure writes nothing");
    spk_clear_error(ctx);
    grey[400] = 25;
    cr_assert(spk_digit_prepare(ctx, 30, 30, grey, out));
    spk_ctx_destroy(ctx);
}

Test(image, null_and_failed_contexts_are_harmless) {
    static const uint8_t grey[9] = {0, 0, 0, 0, 255};
    spk_ctx *ctx = spk_ctx_create();
    spk_real out[SIZE] = {77};
    cr_assert_not(spk_digit_prepare(NULL, 3, 3, grey, out));
    cr_assert_not(spk_digit_prepare(ctx, 3, 3, NULL, out));
    HAS(spk_error(ctx), "the picture is NULL");
    spk_clear_error(ctx);
    cr_assert_not(spk_digit_prepare(ctx, 3, 3, grey, NULL));
    HAS(spk_error(ctx), "out is NULL");
    spk_clear_error(ctx);
    spk_fail(ctx, "the first error");
    cr_assert_not(spk_digit_prepare(ctx, 3, 3, grey, out));
    cr_assert_str_eq(spk_error(ctx), "the first error");
    cr_assert_eq(out[0], 77);
    spk_ctx_destroy(ctx);
}
