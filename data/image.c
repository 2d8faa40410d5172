#include "data/image.h"
#include "core/context_internal.h"
#include "data/resample_internal.h"
#include <inttypes.h>
#include <math.h>

/* The longer side of a digit's bounding box in MNIST. */
#define BOX 20
/* Grey levels (of 255) between background and ink below which a picture counts as blank. */
#define LEAST_CONTRAST 25

typedef struct picture {
    int64_t width, height;
    const uint8_t *grey;
    double ink[256]; /* how much ink a grey level is; only ratios count, since resize brings the brightest pixel to 1 */
} picture;

/* A digit on its way: the ink's bounding box in the source, its size in the result, and the result. */
typedef struct digit {
    int64_t left, top, width, height;
    int64_t columns, rows;
    double pixel[BOX][BOX];
} digit;

static double ink_at(const picture *p, int64_t x, int64_t y) { return p->ink[p->grey[y * p->width + x]]; }

static void count_border(const picture *p, int64_t count[256]) {
    for (int64_t x = 0; x < p->width; x++) count[p->grey[x]]++, count[p->grey[(p->height - 1) * p->width + x]]++;
    for (int64_t y = 0; y < p->height; y++) count[p->grey[y * p->width]]++, count[p->grey[y * p->width + p->width - 1]]++;
}

/* The smallest value with at least `share` of all counts at or below it. */
static int quantile(const int64_t count[256], double share) {
    int64_t all = 0, below = 0;
    for (int i = 0; i < 256; i++) all += count[i];
    for (int i = 0; i < 256; i++)
        if ((double)(below += count[i]) >= share * (double)all) return i;
    return 255;
}

/*
 * Fills p->ink. The background is the border's median, the ink lies on the side of it where the picture's levels reach further. What the
 * border varies by is noise (paper, a camera's grain): three times its 90th percentile is far out for grain, and digits that
 * touch the border do not reach it; never more than half of the contrast, so that a shaded border leaves ink. False for a blank picture.
 */
static bool find_ink(picture *p) {
    int64_t border[256] = {0}, deviation[256] = {0};
    int low = 255, high = 0;
    count_border(p, border);
    for (int64_t i = 0; i < p->width * p->height; i++) {
        if (p->grey[i] < low) low = p->grey[i];
        if (p->grey[i] > high) high = p->grey[i];
    }
    const int background = quantile(border, 0.5);
    const bool dark_ink = background - low > high - background;
    const int contrast = dark_ink ? background - low : high - background;
    if (contrast < LEAST_CONTRAST) return false;
    for (int i = 0; i < 256; i++) deviation[i < background ? background - i : i - background] += border[i];
    double noise = 3.0 * quantile(deviation, 0.9);
    if (noise > 0.5 * contrast) noise = 0.5 * contrast;
    for (int i = 0; i < 256; i++) {
        const double above = (dark_ink ? background - i : i - background) - noise;
        p->ink[i] = above > 0 ? above : 0;
    }
    return true;
}

static void find_box(const picture *p, digit *d) {
    int64_t right = -1, bottom = -1;
    d->left = p->width, d->top = p->height;
    for (int64_t y = 0; y < p->height; y++) {
        for (int64_t x = 0; x < p->width; x++) {
            if (ink_at(p, x, y) <= 0) continue;
            if (x < d->left) d->left = x;
            if (x > right) right = x;
            if (y < d->top) d->top = y;
            bottom = y;
        }
    }
    d->width = right - d->left + 1, d->height = bottom - d->top + 1;
    const int64_t longer = d->width > d->height ? d->width : d->height;
    d->columns = (2 * (int64_t)BOX * d->width + longer) / (2 * longer); /* rounded */
    d->rows = (2 * (int64_t)BOX * d->height + longer) / (2 * longer);
    if (d->columns < 1) d->columns = 1;
    if (d->rows < 1) d->rows = 1;
}

static double resampled(const picture *p, const digit *d, const spk_taps *across, const spk_taps *down) {
    double sum = 0;
    for (int64_t y = down->first; y <= down->last; y++) {
        double row = 0;
        for (int64_t x = across->first; x <= across->last; x++)
            row += spk_tap_weight(across, x) * ink_at(p, d->left + spk_tap_place(x, d->width), d->top + spk_tap_place(y, d->height));
        sum += spk_tap_weight(down, y) * row;
    }
    return sum;
}

/* The brightest pixel becomes 1: shrinking pales thin strokes. */
static void resize(const picture *p, digit *d) {
    double brightest = 0;
    for (int64_t r = 0; r < d->rows; r++) {
        const spk_taps down = spk_taps_of(r, d->rows, d->height);
        for (int64_t c = 0; c < d->columns; c++) {
            const spk_taps across = spk_taps_of(c, d->columns, d->width);
            d->pixel[r][c] = resampled(p, d, &across, &down);
            if (d->pixel[r][c] > brightest) brightest = d->pixel[r][c];
        }
    }
    for (int64_t r = 0; r < d->rows; r++)
        for (int64_t c = 0; c < d->columns; c++) d->pixel[r][c] /= brightest;
}

/*
 * Where a run of `length` pixels begins so that its centre of mass, counted from 0 at the first pixel's centre, comes nearest pixel 14
 * and it stays inside. 14, not the 13.5 of the field's middle: MNIST's own digits have their mass there (means 14.01 and 13.99). A tie,
 * which all symmetric ink of an even length is, goes right and down whatever the rounding errors of its centre are.
 */
static int64_t centred(double mass_centre, int64_t length) {
    enum { MIDDLE = SPK_DIGIT_SIDE / 2 };
    const int64_t begin = (int64_t)floor(MIDDLE - mass_centre + 0.5 + 1e-9), most = SPK_DIGIT_SIDE - length;
    return begin < 0 ? 0 : begin < most ? begin : most;
}

static void place(const digit *d, spk_real *out) {
    double mass = 0, across = 0, down = 0;
    for (int64_t r = 0; r < d->rows; r++) {
        for (int64_t c = 0; c < d->columns; c++) {
            mass += d->pixel[r][c];
            across += d->pixel[r][c] * (double)c;
            down += d->pixel[r][c] * (double)r;
        }
    }
    const int64_t left = centred(across / mass, d->columns), top = centred(down / mass, d->rows);
    for (int64_t i = 0; i < SPK_DIGIT_SIZE; i++) out[i] = 0;
    for (int64_t r = 0; r < d->rows; r++)
        for (int64_t c = 0; c < d->columns; c++) out[(top + r) * SPK_DIGIT_SIDE + left + c] = (spk_real)d->pixel[r][c];
}

bool spk_digit_prepare(spk_ctx *ctx, int64_t width, int64_t height, const uint8_t *grey, spk_real *out) {
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed) return false;
    picture p = {.width = width, .height = height, .grey = grey};
    if (!grey || !out) {
        spk_fail(ctx, "spk_digit_prepare: %s is NULL", grey ? "out" : "the picture");
    } else if (width < 1 || height < 1 || width > SPK_DIGIT_MAX_SIDE || height > SPK_DIGIT_MAX_SIDE) {
        spk_fail(ctx, "spk_digit_prepare: the picture is %" PRId64 " x %" PRId64 " pixels; both sides must be 1 to %d", width, height,
                 SPK_DIGIT_MAX_SIDE);
    } else if (!find_ink(&p)) {
        spk_fail(ctx, "spk_digit_prepare: the picture is blank: no pixel differs from its background by %d grey levels of 255",
                 LEAST_CONTRAST);
    }
    if (ctx->failed) return false;
    digit d;
    find_box(&p, &d);
    resize(&p, &d);
    place(&d, out);
    return true;
}
