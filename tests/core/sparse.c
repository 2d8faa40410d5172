/* Products with sparse matrices: sums of listed rows, scattered rows, both roads of a product, and the small products of tiles. */
#include "core/dots_internal.h"
#include "core/row_sums_internal.h"
#include "core/sparse_gemm_internal.h"
#include "sparse_support.h"

static const int64_t widths[] = {1,  2,  7,  10, 15, 16, 17,  31,  32,  33,  47,  48,  49,  63,  64,
                                 65, 79, 80, 81, 96, 97, 127, 128, 129, 144, 160, 191, 192, 193, 200};
enum { WIDTHS = sizeof widths / sizeof *widths };

/* Element (j, c) of initial + scale X B. */
static exact product_at(const pattern *p, bool bits, const spk_real *b, int64_t n, double scale, double initial, int64_t j, int64_t c) {
    exact e = {initial, fabs(initial)};
    for (int64_t i = 0; i < p->columns; i++)
        if (p->numbers[j * p->columns + i] != 0) add_term(&e, scale * element(p, bits, j * p->columns + i) * (double)b[i * n + c]);
    return e;
}

/* Element (i, c) of scale X' B. */
static exact transposed_at(const pattern *p, bool bits, const spk_real *b, int64_t n, double scale, int64_t i, int64_t c) {
    exact e = {0, 0};
    for (int64_t r = 0; r < p->rows; r++)
        if (p->numbers[r * p->columns + i] != 0) add_term(&e, scale * element(p, bits, r * p->columns + i) * (double)b[r * n + c]);
    return e;
}

static spk_lists lists_of(spk_ctx *ctx, const pattern *p, bool bits) {
    const spk_matrix m = matrix_of(p, bits);
    spk_lists counts, lists;
    cr_assert(spk_lists_count(ctx, &m, &counts) && spk_lists_fill(ctx, &m, &counts, 0, m.rows, &lists), "%s", spk_error(ctx));
    spk_lists_done(ctx, &counts);
    return lists;
}

typedef enum initial_kind { NOTHING, BIAS, ADD, INITIALS } initial_kind;

static void check_row_sums(spk_ctx *ctx, const pattern *p, bool bits, int64_t n, initial_kind initial, spk_real scale) {
    spk_real *b = random_numbers(ctx, p->columns * n), *bias = random_numbers(ctx, n), *c = random_numbers(ctx, p->rows * n);
    spk_real *before = exactly(spk_bytes(p->rows * n));
    memcpy(before, c, spk_bytes(p->rows * n));
    for (int64_t i = 0; initial != ADD && i < p->rows * n; i++) c[i] = (spk_real)NAN;
    const size_t used = ctx->data.used;
    spk_lists lists = lists_of(ctx, p, bits);
    cr_assert(spk_sum_rows(ctx, &(spk_row_sums){&lists, b, n, scale, initial == BIAS ? bias : NULL, initial == ADD, c}), "%s",
              spk_error(ctx));
    spk_lists_done(ctx, &lists);
    cr_assert_eq(ctx->data.used, used, "memory is not given back");
    char name[200];
    snprintf(name, sizeof name, "%s times %lld columns, initial %d, scale %g", text_of_pattern(p, bits), (long long)n, (int)initial,
             (double)scale);
    for (int64_t i = 0; i < p->rows * n; i++) {
        const double from = initial == BIAS ? (double)bias[i % n] : initial == ADD ? (double)before[i] : 0;
        assert_rounded((double)c[i], product_at(p, bits, b, n, (double)scale, from, i / n, i % n), name, i);
    }
    free(b), free(bias), free(c), free(before);
}

/* Few entries read B in place, many read a copy of a block of its columns. */
Test(sparse, row_sums) {
    static const int64_t dims[][2] = {{1, 1}, {3, 40}, {23, 65}, {0, 20}, {40, 3}};
    spk_ctx *ctx = spacious(1);
    for (int w = 0; w < WIDTHS; w++)
        for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
            for (int d = 0; d < DENSITIES; d++)
                for (int kind = 0; kind < 2 * INITIALS; kind++) {
                    pattern p = pattern_of(ctx, dims[i][0], dims[i][1], densities[d], false);
                    check_row_sums(ctx, &p, kind % 2, widths[w], (initial_kind)(kind / 2), (spk_real)(d % 2 ? 1 : -2.5));
                    pattern_done(&p);
                }
    assert_fine(ctx, "row sums");
    spk_ctx_destroy(ctx);
}

Test(sparse, scattered_rows) {
    static const int64_t dims[][2] = {{1, 1}, {5, 40}, {70, 65}, {30, 200}, {0, 9}};
    spk_ctx *ctx = spacious(2);
    for (int64_t n = 1; n <= SPK_NARROW; n++)
        for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
            for (int d = 0; d < DENSITIES; d++)
                for (int bits = 0; bits < 2; bits++) {
                    pattern p = pattern_of(ctx, dims[i][0], dims[i][1], densities[d], true);
                    spk_real *b = random_numbers(ctx, p.rows * n), *sums = random_numbers(ctx, p.columns * SPK_NARROW);
                    spk_real *before = exactly(spk_bytes(p.columns * SPK_NARROW));
                    memcpy(before, sums, spk_bytes(p.columns * SPK_NARROW));
                    spk_lists lists = lists_of(ctx, &p, bits);
                    spk_scatter_rows(&lists, b, n, sums);
                    spk_lists_done(ctx, &lists);
                    for (int64_t k = 0; k < p.columns * n; k++) {
                        const int64_t at = k / n * SPK_NARROW + k % n;
                        exact e = transposed_at(&p, bits, b, n, 1, k / n, k % n);
                        add_term(&e, (double)before[at]);
                        assert_rounded((double)sums[at], e, text_of_pattern(&p, bits), k);
                    }
                    free(b), free(sums), free(before);
                    pattern_done(&p);
                }
    spk_ctx_destroy(ctx);
}

/* Both products on one road, into fresh memory; the bias may be NULL. */
static void multiply(spk_ctx *ctx, const pattern *p, bool bits, int64_t n, spk_road road, const spk_real *b, const spk_real *bias,
                     const spk_real *g, spk_real *y, spk_real *c) {
    const spk_sparse_matrix x = {matrix_of(p, bits), bits ? (spk_real)1.25 : 1};
    const spk_road_counts before = spk_roads_taken(ctx);
    const size_t used = ctx->data.used;
    for (int64_t i = 0; i < p->rows * n; i++) y[i] = (spk_real)NAN;
    for (int64_t i = 0; i < p->columns * n; i++) c[i] = (spk_real)NAN;
    spk_set_road(ctx, road);
    spk_sparse_gemm(ctx, &x, n, b, bias, y);
    cr_assert_eq(ctx->data.used, used, "forward: memory is not given back");
    spk_sparse_gemm_transposed(ctx, &x, n, g, c);
    cr_assert_eq(ctx->data.used, used, "transposed: memory is not given back");
    assert_fine(ctx, text_of_pattern(p, bits));
    const spk_road_counts now = spk_roads_taken(ctx);
    cr_assert_eq(now.sparse + now.dense - before.sparse - before.dense, 2, "two products are counted");
    const bool can = p->rows && p->columns; /* an empty matrix has no lists */
    if (road == SPK_ROAD_SPARSE && can) cr_assert_eq(now.sparse - before.sparse, 2, "forced sparse");
    if (road == SPK_ROAD_DENSE) cr_assert_eq(now.dense - before.dense, 2, "forced dense");
}

static void check_roads(spk_ctx *ctx, const pattern *p, bool bits, int64_t n, bool with_bias) {
    spk_real *b = random_numbers(ctx, p->columns * n), *bias = random_numbers(ctx, n), *g = random_numbers(ctx, p->rows * n);
    spk_real *y = exactly(spk_bytes(p->rows * n)), *c = exactly(spk_bytes(p->columns * n));
    const double scale = bits ? 1.25 : 1;
    for (int road = SPK_ROAD_AUTO; road <= SPK_ROAD_DENSE; road++) {
        multiply(ctx, p, bits, n, (spk_road)road, b, with_bias ? bias : NULL, g, y, c);
        char name[200];
        snprintf(name, sizeof name, "%s, %lld columns, road %d, bias %d", text_of_pattern(p, bits), (long long)n, road, with_bias);
        const int64_t stride = p->rows * p->columns * n > 3000000 ? 61 : 1; /* a sample of the large ones */
        for (int64_t i = 0; i < p->rows * n; i += stride)
            assert_rounded((double)y[i], product_at(p, bits, b, n, scale, with_bias ? (double)bias[i % n] : 0, i / n, i % n), name, i);
        for (int64_t i = 0; i < p->columns * n; i += stride)
            assert_rounded((double)c[i], transposed_at(p, bits, g, n, scale, i / n, i % n), name, i);
    }
    free(b), free(bias), free(g), free(y), free(c);
}

Test(sparse, both_roads_of_every_shape) {
    static const int64_t dims[][2] = {{0, 70}, {5, 0}, {0, 0}, {1, 1}, {1, 65}, {65, 1}, {33, 63}, {17, 200}, {300, 64}};
    static const int64_t columns[] = {0, 1, 10, 16, 17, 40, 64, 65, 130};
    spk_ctx *ctx = spacious(3);
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
            for (int d = 0; d < DENSITIES; d++)
                for (int kind = 0; kind < 2; kind++) {
                    pattern p = pattern_of(ctx, dims[i][0], dims[i][1], densities[d], kind);
                    check_roads(ctx, &p, kind, columns[k], (k + (size_t)d) % 2);
                    pattern_done(&p);
                }
    spk_ctx_destroy(ctx);
}

/* More rows than a tile of the transposed product, and than are made dense at a time; the last tile is not full. */
Test(sparse, both_roads_of_many_rows) {
    static const int64_t rows[] = {255, 256, 257, 1023, 1024, 1025, 2500};
    spk_ctx *ctx = spacious(4);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (int kind = 0; kind < 4; kind++) {
            pattern p = pattern_of(ctx, rows[r], 70, kind / 2 ? 0.3 : 0.03, true);
            check_roads(ctx, &p, kind % 2, r % 2 ? 81 : 16, true);
            pattern_done(&p);
        }
    spk_ctx_destroy(ctx);
}

/* More entries than a run has: lists are made and used run after run. */
Test(sparse, both_roads_of_many_entries) {
    spk_ctx *ctx = spacious(9);
    for (int kind = 0; kind < 4; kind++) {
        pattern p = pattern_of(ctx, 4000, 260, 0.4, true);
        check_roads(ctx, &p, kind % 2, kind / 2 ? 20 : 3, true);
        pattern_done(&p);
    }
    spk_ctx_destroy(ctx);
}

/* The sparse road gives the same bits on any number of threads. */
Test(sparse, threads_give_the_same_bits) {
    static const int64_t dims[][3] = {{1500, 300, 200}, {1500, 300, 10}, {2100, 130, 16}, {700, 784, 65}, {3, 5000, 400}, {3000, 400, 10}};
    spk_ctx *ctx = spacious(5);
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        for (int kind = 0; kind < 4; kind++) {
            const int64_t n = dims[i][2];
            pattern p = pattern_of(ctx, dims[i][0], dims[i][1], kind / 2 ? 0.3 : 0.05, true);
            spk_real *b = random_numbers(ctx, p.columns * n), *bias = random_numbers(ctx, n), *g = random_numbers(ctx, p.rows * n);
            spk_real *y[2], *c[2];
            for (int t = 0; t < THREAD_COUNTS; t++) {
                const int at = t > 0;
                if (t < 2) y[at] = exactly(spk_bytes(p.rows * n)), c[at] = exactly(spk_bytes(p.columns * n));
                spk_set_threads(thread_counts[t]);
                multiply(ctx, &p, kind % 2, n, SPK_ROAD_SPARSE, b, bias, g, y[at], c[at]);
                cr_assert(memcmp(y[0], y[at], spk_bytes(p.rows * n)) == 0, "%s: %d threads, forward", text_of_pattern(&p, kind % 2),
                          thread_counts[t]);
                cr_assert(memcmp(c[0], c[at], spk_bytes(p.columns * n)) == 0, "%s: %d threads, transposed", text_of_pattern(&p, kind % 2),
                          thread_counts[t]);
            }
            for (int at = 0; at < 2; at++) free(y[at]), free(c[at]);
            free(b), free(bias), free(g);
            pattern_done(&p);
        }
    spk_ctx_destroy(ctx);
}

/* Left to itself, a product takes the sparse road for few spikes and the dense one for many. */
Test(sparse, the_choice_follows_the_density) {
    static const int64_t columns[] = {10, 100};
    spk_ctx *ctx = spacious(6);
    for (int k = 0; k < 4; k++)
        for (int d = 0; d < 2; d++) {
            const int64_t n = columns[k % 2];
            pattern p = pattern_of(ctx, 200, 300, d ? 0.9 : 0.02, false);
            spk_real *b = random_numbers(ctx, 300 * n), *g = random_numbers(ctx, 200 * n), *y = random_numbers(ctx, 200 * n),
                     *c = random_numbers(ctx, 300 * n);
            const spk_road_counts before = spk_roads_taken(ctx);
            multiply(ctx, &p, k / 2, n, SPK_ROAD_AUTO, b, NULL, g, y, c);
            cr_assert_eq(spk_roads_taken(ctx).sparse - before.sparse, d ? 0 : 2, "%s", text_of_pattern(&p, k / 2));
            free(b), free(g), free(y), free(c);
            pattern_done(&p);
        }
    cr_assert(spk_roads_taken(NULL).sparse == 0 && spk_roads_taken(NULL).dense == 0, "no context");
    spk_ctx_destroy(ctx);
}

Test(sparse, dots) {
    spk_ctx *ctx = spacious(7);
    for (int64_t n = 0; n <= 140; n++)
        for (int same = 0; same < 2; same++) { /* pointers are repeated where there are fewer vectors */
            spk_real *x[SPK_DOTS_A + SPK_DOTS_B], out[SPK_DOTS_A][SPK_DOTS_B];
            for (int i = 0; i < SPK_DOTS_A + SPK_DOTS_B; i++) x[i] = random_numbers(ctx, n);
            const spk_real *a[SPK_DOTS_A], *b[SPK_DOTS_B];
            for (int i = 0; i < SPK_DOTS_A; i++) a[i] = x[same ? 0 : i];
            for (int j = 0; j < SPK_DOTS_B; j++) b[j] = x[SPK_DOTS_A + (same ? j / 2 : j)];
            spk_dots(n, a, b, out);
            for (int i = 0; i < SPK_DOTS_A; i++)
                for (int j = 0; j < SPK_DOTS_B; j++) {
                    exact e = {0, 0};
                    for (int64_t k = 0; k < n; k++) add_term(&e, (double)a[i][k] * (double)b[j][k]);
                    assert_rounded((double)out[i][j], e, "dots", n);
                }
            for (int i = 0; i < SPK_DOTS_A + SPK_DOTS_B; i++) free(x[i]);
        }
    spk_ctx_destroy(ctx);
}

Test(sparse, narrow_gemm) {
    spk_ctx *ctx = spacious(8);
    for (int64_t k = 0; k <= 17; k++)
        for (int w = 0; w < WIDTHS; w++) {
            const int64_t m = (k + w) % 5, n = widths[w], a_stride = k + w % 3, b_stride = n + k % 3, c_stride = n + w % 2;
            spk_real *a = random_numbers(ctx, m ? (m - 1) * a_stride + k : 0), *b = random_numbers(ctx, k ? (k - 1) * b_stride + n : 0);
            spk_real *c = random_numbers(ctx, m ? (m - 1) * c_stride + n : 0);
            const spk_real between = c_stride > n && m > 1 ? c[n] : 0;
            spk_gemm_narrow(m, n, k, a, a_stride, b, b_stride, c, c_stride);
            for (int64_t i = 0; i < m * n; i++) {
                exact e = {0, 0};
                for (int64_t q = 0; q < k; q++) add_term(&e, (double)a[i / n * a_stride + q] * (double)b[q * b_stride + i % n]);
                assert_rounded((double)c[i / n * c_stride + i % n], e, "narrow product", i);
            }
            if (c_stride > n && m > 1) cr_assert_eq(c[n], between, "written between the rows");
            free(a), free(b), free(c);
        }
    spk_ctx_destroy(ctx);
}
