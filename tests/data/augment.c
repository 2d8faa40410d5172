#include "support.h"
#include <math.h>

enum { SIDE = 28, SIZE = SIDE * SIDE };

/* A step batch of n of MNIST's test digits, [n, 28, 28]. */
static spk_tensor *digits(spk_ctx *ctx, int64_t n) {
    spk_batch batch;
    cr_assert(spk_next_batch(spk_mnist(ctx, MNIST, false, .batch = n), &batch), "%s", spk_error(ctx));
    return batch.x;
}

/* The largest difference of two arrays. */
static double distance(const spk_real *a, const spk_real *b, int64_t n) {
    double most = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

static double mass(const spk_real *x) {
    double sum = 0;
    for (int i = 0; i < SIZE; i++) sum += (double)x[i];
    return sum;
}

/* 2 pictures of 4 rows and 6 columns, 1 to 48. */
static spk_tensor *numbered(spk_ctx *ctx) {
    spk_real x[48];
    for (int i = 0; i < 48; i++) x[i] = (spk_real)(i + 1);
    return spk_step_from(ctx, SPK_SHAPE(2, 4, 6), x);
}

/* Expects picture k, row y, column x of y to be `value`. */
static void expect_pixel(spk_tensor *y, int64_t k, int64_t row, int64_t column, double value) {
    const int64_t height = spk_dim(y, 1), width = spk_dim(y, 2);
    const double is = (double)spk_data(y)[(k * height + row) * width + column];
    cr_expect_float_eq(is, value, 1e-4, "picture %d, row %d, column %d is %g, not %g", (int)k, (int)row, (int)column, is, value);
}

Test(augment, nothing_asked_is_exactly_nothing_done) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = digits(ctx, 50), *numbers = numbered(ctx);
    cr_assert_arr_eq(spk_data(spk_affine(x)), spk_data(x), 50 * SIZE * sizeof(spk_real));
    cr_assert_arr_eq(spk_data(spk_affine(numbers)), spk_data(numbers), 48 * sizeof(spk_real));
    spk_tensor *y = spk_affine_augment(x, .rotation = 0, .min_scale = 1, .max_scale = 1, .shear = 0, .shift = 0);
    cr_assert_arr_eq(spk_data(y), spk_data(x), 50 * SIZE * sizeof(spk_real));
    cr_assert_not(spk_failed(ctx), "%s", spk_error(ctx));
    spk_ctx_destroy(ctx);
}

Test(augment, shifts_by_whole_pixels_and_lets_zeros_in) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = numbered(ctx), *y = spk_affine(x, .shift_x = 2.0 / 6, .shift_y = -1.0 / 4);
    for (int k = 0; k < 2; k++)
        for (int row = 0; row < 4; row++)
            for (int column = 0; column < 6; column++)
                expect_pixel(y, k, row, column, column < 2 || row == 3 ? 0 : k * 24 + (row + 1) * 6 + column - 2 + 1);
    spk_ctx_destroy(ctx);
}

Test(augment, interpolates_between_pixels) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *y = spk_affine(numbered(ctx), .shift_x = 0.25 / 6, .shift_y = 0.5 / 4);
    expect_pixel(y, 0, 1, 2, 0.5 * (0.25 * 2 + 0.75 * 3) + 0.5 * (0.25 * 8 + 0.75 * 9));
    expect_pixel(y, 0, 0, 0, 0.5 * 0.75 * 1); /* half of it lies above the picture, a quarter to the left */
    expect_pixel(y, 1, 0, 0, 0.5 * 0.75 * 25);
    spk_ctx_destroy(ctx);
}

/* Clockwise, about the centre: row r, column c goes to row c, column side - 1 - r. */
Test(augment, turns_by_90_degrees) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = digits(ctx, 20), *y = spk_affine(x, .rotation = 90), *back = spk_affine(y, .rotation = -90);
    for (int k = 0; k < 20; k++)
        for (int r = 0; r < SIDE; r++)
            for (int c = 0; c < SIDE; c++) expect_pixel(y, k, c, SIDE - 1 - r, (double)spk_data(x)[(k * SIDE + r) * SIDE + c]);
    cr_assert_lt(distance(spk_data(back), spk_data(x), 20 * SIZE), 1e-4);
    spk_ctx_destroy(ctx);
}

/* The order is shear, scale and turn, shift: one bright pixel of a 9 x 9 picture, counted from its centre. */
Test(augment, maps_points_as_documented) {
    static const struct {
        spk_affine_opts map;
        double x, y;
    } cases[] = {
        {{.scale = 2}, 4, 0},
        {{.scale = 1, .shear = 1}, 2, 2},   /* of (0, 2) */
        {{.scale = 1, .shear = -1}, -2, 2}, /* of (0, 2) */
        {{.scale = 2, .shear = 0.5, .rotation = 90, .shift_x = 3.0 / 9, .shift_y = 1.0 / 9}, 1, 2},
    };
    static const double from[][2] = {
        {2, 0}, {0, 2}, {0, 2}, {0, 1}}; /* (0, 1), sheared (0.5, 1), turned (-1, 0.5), twice (-2, 1), shifted (1, 2) */
    spk_ctx *ctx = spk_ctx_create();
    for (int k = 0; k < COUNT(cases); k++) {
        spk_real x[81] = {0};
        x[(4 + (int)from[k][1]) * 9 + 4 + (int)from[k][0]] = 1;
        spk_tensor *y = spk_affine_with(spk_step_from(ctx, SPK_SHAPE(1, 9, 9), x), cases[k].map);
        expect_pixel(y, 0, 4 + (int64_t)cases[k].y, 4 + (int64_t)cases[k].x, 1);
    }
    spk_ctx_destroy(ctx);
}

Test(augment, square_pictures_may_be_rows) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = digits(ctx, 10), *rows = spk_reshape(x, SPK_SHAPE(10, SIZE)), *y = spk_affine(rows, .rotation = 10);
    cr_assert(spk_shape_equal(spk_tensor_shape(y), SPK_SHAPE(10, SIZE)));
    cr_assert_arr_eq(spk_data(y), spk_data(spk_affine(x, .rotation = 10)), 10 * SIZE * sizeof(spk_real));
    spk_ctx_destroy(ctx);
}

Test(augment, keeps_the_mass_and_moves_the_picture) {
    enum { N = 500 };
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    spk_tensor *x = digits(ctx, N), *y = spk_affine_augment(x, .min_scale = 1, .max_scale = 1, .shift = 0.05);
    int moved = 0;
    for (int k = 0; k < N; k++) {
        const spk_real *before = spk_data(x) + k * SIZE, *after = spk_data(y) + k * SIZE;
        /* A digit's margin is 4 pixels, so almost nothing leaves; the interpolation's share of a stroke varies with where it falls. */
        cr_expect_float_eq(mass(after) / mass(before), 1, 0.06, "picture %d: %g of %g", k, mass(after), mass(before));
        moved += distance(before, after, SIZE) > 0.2;
    }
    cr_assert_gt(moved, N * 98 / 100, "%d", moved);
    spk_ctx_destroy(ctx);
}

/* Means and extremes of a dot's place and mass, in wide ranges, one at a time: the draws are uniform and symmetric. */
Test(augment, draws_within_the_ranges) {
    enum { N = 4000, S = 33 };
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    spk_real *dots = calloc((size_t)N * S * S, sizeof *dots);
    for (int k = 0; k < N; k++) dots[(k * S + 16) * S + 16] = 1;
    spk_tensor *y = spk_affine_augment(spk_step_from(ctx, SPK_SHAPE(N, S, S), dots), .rotation = 0, .shear = 0, .min_scale = 1,
                                       .max_scale = 1, .shift = 0.25);
    double sum[2] = {0}, most[2] = {0}, square[2] = {0}, product = 0;
    for (int k = 0; k < N; k++) {
        double at[2] = {0};
        for (int i = 0; i < S * S; i++) {
            const double v = (double)spk_data(y)[k * S * S + i];
            at[0] += v * (i % S - 16) / S, at[1] += v * (i / S - 16) / S; /* a bilinear dot's centre is exact */
        }
        for (int a = 0; a < 2; a++) sum[a] += at[a], square[a] += at[a] * at[a], most[a] = fmax(most[a], fabs(at[a]));
        product += at[0] * at[1];
    }
    for (int a = 0; a < 2; a++) {
        cr_expect_float_eq(sum[a] / N, 0, 0.01, "%g", sum[a] / N); /* 4.4 standard errors of 0.25 / sqrt(3 N) */
        cr_expect_float_eq(square[a] / N, 0.25 * 0.25 / 3, 0.0013, "%g", square[a] / N);
        cr_expect(most[a] <= 0.25 + 1e-6 && most[a] > 0.249, "%g", most[a]);
    }
    cr_expect_float_eq(product / N, 0, 0.0015, "%g", product / N); /* across and down are independent */
    free(dots);
    spk_ctx_destroy(ctx);
}

static void augmented(uint64_t seed, int threads, spk_real *out, int64_t n) {
    spk_set_threads(threads);
    spk_ctx *ctx = spk_ctx_create(.seed = seed);
    spk_tensor *x = digits(ctx, n);
    spk_affine_augment(x); /* the second draw is compared */
    memcpy(out, spk_data(spk_affine_augment(x)), (size_t)n * SIZE * sizeof *out);
    spk_ctx_destroy(ctx);
    spk_set_threads(1);
}

Test(augment, depends_on_the_seed_but_not_on_the_threads) {
    enum { N = 101 };
    static spk_real once[N * SIZE], again[N * SIZE], threads[N * SIZE], other[N * SIZE];
    augmented(1, 1, once, N);
    augmented(1, 1, again, N);
    augmented(1, 3, threads, N);
    augmented(2, 1, other, N);
    cr_assert_arr_eq(once, again, sizeof once);
    cr_assert_arr_eq(once, threads, sizeof once);
    cr_assert_gt(distance(once, other, N * SIZE), 0.5);
}

Test(augment, each_picture_and_each_call_draws_anew) {
    spk_ctx *ctx = spk_ctx_create();
    spk_real two[2 * SIZE];
    memcpy(two, spk_data(digits(ctx, 1)), SIZE * sizeof *two);
    memcpy(two + SIZE, two, SIZE * sizeof *two);
    spk_tensor *x = spk_step_from(ctx, SPK_SHAPE(2, SIDE, SIDE), two), *y = spk_affine_augment(x), *z = spk_affine_augment(x);
    cr_assert_gt(distance(spk_data(y), spk_data(y) + SIZE, SIZE), 0.2);
    cr_assert_gt(distance(spk_data(y), spk_data(z), SIZE), 0.2);
    spk_ctx_destroy(ctx);
}

Test(augment, takes_what_is_extreme) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = numbered(ctx), *gone = spk_affine(x, .shift_x = 1e300, .shift_y = -1e300), *tiny = spk_affine(x, .scale = 1e-3);
    for (int i = 0; i < 48; i++) cr_assert_eq(spk_data(gone)[i], 0);
    for (int i = 0; i < 48; i++) cr_assert(isfinite(spk_data(tiny)[i]));
    spk_tensor *none = spk_affine_augment(spk_step_from(ctx, SPK_SHAPE(0, 4, 6), NULL));
    cr_assert_eq(spk_size(none), 0);
    spk_tensor *wide = spk_affine(spk_full(ctx, SPK_SHAPE(1, 1, 1000), 1), .shift_x = 0.5);
    expect_pixel(wide, 0, 0, 499, 0);
    expect_pixel(wide, 0, 0, 500, 1);
    expect_pixel(wide, 0, 0, 999, 1);
    cr_assert_not(spk_failed(ctx), "%s", spk_error(ctx));
    spk_ctx_destroy(ctx);
}

#define REFUSED(call, part)                         \
    do {                                            \
        spk_tensor *refused = (call);               \
        cr_expect(spk_failed(ctx));                 \
        cr_expect_eq(spk_size(refused), 0);         \
        HAS(spk_error(ctx), part);                  \
        spk_clear_error(ctx);                       \
        x = spk_full(ctx, SPK_SHAPE(2, 28, 28), 1); \
    } while (0)

Test(augment, refuses_bad_options_and_shapes) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_full(ctx, SPK_SHAPE(2, 28, 28), 1);
    REFUSED(spk_affine(x, .rotation = INFINITY), "spk_affine: rotation is inf");
    REFUSED(spk_affine(x, .scale = 0), "scale is 0; it must be a finite number of at least 0.001");
    REFUSED(spk_affine(x, .shear = NAN), "shear is nan");
    REFUSED(spk_affine(x, .shift_x = NAN), "shift_x is nan");
    REFUSED(spk_affine(x, .shift_y = -INFINITY), "shift_y is -inf");
    REFUSED(spk_affine_augment(x, .rotation = -1), "spk_affine_augment: rotation is -1; it must be a finite number of at least 0");
    REFUSED(spk_affine_augment(x, .min_scale = 0), "min_scale is 0");
    REFUSED(spk_affine_augment(x, .max_scale = INFINITY), "max_scale is inf");
    REFUSED(spk_affine_augment(x, .min_scale = 1.2), "min_scale is 1.2, above max_scale, 1.1");
    REFUSED(spk_affine_augment(x, .shear = -0.1), "shear is -0.1");
    REFUSED(spk_affine_augment(x, .shift = NAN), "shift is nan");
    REFUSED(spk_affine(spk_full(ctx, SPK_SHAPE(2, 27), 1)), "spk_affine: x is [2, 27]; it must be pictures [N, height, width]");
    REFUSED(spk_affine(spk_full(ctx, SPK_SHAPE(784), 1)), "x is [784]");
    REFUSED(spk_affine(spk_full(ctx, SPK_SHAPE(0, 1, 40000), 1)), "with sides of 1 to 32768");
    REFUSED(spk_affine(spk_full(ctx, SPK_SHAPE(0, 40000, 1), 1)), "x is [0, 40000, 1]");
    REFUSED(spk_affine_augment(spk_full(ctx, SPK_SHAPE(1, 2, 3, 4), 1)), "x is [1, 2, 3, 4]");
    spk_end_step(ctx);
    REFUSED(spk_affine_augment(x), "spk_affine_augment: the result of");
    cr_assert_eq(spk_size(spk_affine(NULL)), 0);
    spk_ctx_destroy(ctx);
}

static bool augment_once(spk_ctx *ctx) {
    spk_tensor *y = spk_affine_augment(spk_full(ctx, SPK_SHAPE(4, 28, 28), 1));
    return spk_size(y) > 0 && !spk_failed(ctx);
}

Test(augment, survives_a_lack_of_memory) { refuse_each_allocation(augment_once); }
