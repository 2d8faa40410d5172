/* Lists of where a matrix is not zero, and of its transpose in tiles. */
#include "core/poison_internal.h"
#include "sparse_support.h"

/* Lists of the rows from `first` on. */
static void assert_lists(const pattern *p, bool bits, const spk_lists *lists, int64_t first) {
    const char *name = text_of_pattern(p, bits);
    cr_assert(lists->rows <= p->rows - first && lists->columns == p->columns, "%s: size", name);
    cr_assert(!lists->value == bits, "%s: values", name);
    int64_t at = 0;
    for (int64_t r = 0; r < lists->rows; r++) {
        cr_assert_eq(lists->start[r], at, "%s: row %lld begins at %lld", name, (long long)r, (long long)lists->start[r]);
        for (int64_t c = 0; c < p->columns; c++) {
            const spk_real x = p->numbers[(first + r) * p->columns + c];
            if (x == 0) continue;
            cr_assert_eq(lists->index[at], c, "%s: entry %lld is column %lld, should be %lld", name, (long long)at,
                         (long long)lists->index[at], (long long)c);
            cr_assert(bits || lists->value[at] == x, "%s: value %lld", name, (long long)at);
            at++;
        }
    }
    cr_assert_eq(spk_lists_total(lists), at, "%s: %lld entries, should be %lld", name, (long long)spk_lists_total(lists), (long long)at);
    if (lists->rows == p->rows) cr_assert_eq(at, p->total, "%s: entries in all", name);
}

/* The transposed lists, put together again, are the matrix; each list is ascending and stays in its tile. */
static void assert_tiles(const pattern *p, bool bits, const spk_lists *tiles, int64_t rows) {
    const char *name = text_of_pattern(p, bits);
    int64_t total = 0;
    for (int64_t first = 0, i = 0; first < p->rows; first += rows, i++) {
        const spk_lists *tile = &tiles[i];
        const int64_t height = p->rows - first < rows ? p->rows - first : rows;
        cr_assert_eq(tile->rows, p->columns, "%s: lists of a tile", name);
        cr_assert_eq(tile->columns, height, "%s: tile %lld of %lld rows says it has %lld: its reader would read what is not there", name,
                     (long long)i, (long long)height, (long long)tile->columns);
        cr_assert_eq(tile->start[0], 0, "%s: start", name);
        for (int64_t c = 0; c < p->columns; c++)
            for (int64_t k = tile->start[c]; k < tile->start[c + 1]; k++) {
                cr_assert(k == tile->start[c] || tile->index[k] > tile->index[k - 1], "%s: not ascending", name);
                cr_assert(tile->index[k] < height, "%s: beyond the tile", name);
                const spk_real x = p->numbers[(first + tile->index[k]) * p->columns + c];
                cr_assert(x != 0 && (bits || tile->value[k] == x), "%s: entry of column %lld", name, (long long)c);
                total++;
            }
    }
    cr_assert_eq(total, p->total, "%s: %lld entries in all tiles", name, (long long)total);
}

static void check_lists(spk_ctx *ctx, const pattern *p, bool bits, const int64_t *tile_rows, int n) {
    const spk_matrix m = matrix_of(p, bits);
    const size_t used = ctx->data.used;
    spk_lists counts, lists;
    cr_assert(spk_lists_count(ctx, &m, &counts) && spk_lists_fill(ctx, &m, &counts, 0, m.rows, &lists), "%s", spk_error(ctx));
    assert_lists(p, bits, &lists, 0);
    for (int t = 0; t < n; t++) {
        const int64_t tiles = (p->rows + tile_rows[t] - 1) / tile_rows[t];
        spk_lists *transposed = exactly((size_t)tiles * sizeof *transposed);
        cr_assert(spk_lists_transposed(ctx, &lists, tile_rows[t], transposed), "%s", spk_error(ctx));
        assert_tiles(p, bits, transposed, tile_rows[t]);
        for (int64_t i = tiles - 1; i >= 0; i--) spk_lists_done(ctx, &transposed[i]);
        free(transposed);
    }
    spk_lists_done(ctx, &lists);
    for (int t = 0; t < n; t++)
        for (int64_t first = 0; first < p->rows; first += tile_rows[t]) { /* run after run */
            const int64_t run = p->rows - first < tile_rows[t] ? p->rows - first : tile_rows[t];
            cr_assert(spk_lists_fill(ctx, &m, &counts, first, run, &lists), "%s", spk_error(ctx));
            assert_lists(p, bits, &lists, first);
            spk_lists_done(ctx, &lists);
        }
    spk_lists_done(ctx, &counts);
    cr_assert_eq(ctx->data.used, used, "%s: %zu bytes are not given back", text_of_pattern(p, bits), ctx->data.used - used);
}

Test(lists, of_every_shape) {
    static const int64_t rows[] = {0, 1, 2, 3, 17, 130}, columns[] = {1, 2, 63, 64, 65, 127, 128, 200}, tile_rows[] = {1, 7, 64, 1024};
    spk_ctx *ctx = spacious(1);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
            for (int d = 0; d < DENSITIES; d++)
                for (int edges = 0; edges < 2; edges++) {
                    pattern p = pattern_of(ctx, rows[r], columns[c], densities[d], edges);
                    check_lists(ctx, &p, true, tile_rows, 4);
                    check_lists(ctx, &p, false, tile_rows, 4);
                    pattern_done(&p);
                }
    assert_fine(ctx, "lists");
    spk_ctx_destroy(ctx);
}

/* Rows that are dense, then empty: what a full row writes too much must not reach into another thread's rows, nor stay. */
Test(lists, by_several_threads) {
    static const int64_t dims[][2] = {{6000, 65}, {2600, 200}, {1, 300000}, {3, 200000}}, tile_rows[] = {1024, 5999};
    spk_ctx *ctx = spacious(2);
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        for (int d = 1; d < DENSITIES; d += 2) {
            pattern p = pattern_of(ctx, dims[i][0], dims[i][1], densities[d], i % 2);
            for (int64_t r = 0; r < p.rows; r++) /* every other row loses its spikes */
                for (int64_t c = 0; r % 2 && c < p.columns; c++) {
                    spk_real *x = &p.numbers[r * p.columns + c];
                    if (*x != 0) *x = 0, p.total--, p.words[r * spk_words_of(p.columns) + c / 64] &= ~((uint64_t)1 << (c % 64));
                }
            for (int t = 0; t < THREAD_COUNTS; t++) {
                spk_set_threads(thread_counts[t]);
                check_lists(ctx, &p, true, tile_rows, 2);
                check_lists(ctx, &p, false, tile_rows, 2);
            }
            pattern_done(&p);
        }
    spk_ctx_destroy(ctx);
}

/* The lists are filled into a block of the arena that is followed at once by another one, which stays as it is. */
Test(lists, write_nothing_beyond) {
    spk_ctx *ctx = spacious(3);
    for (int64_t total = 16; total <= 640; total += 16) { /* whole cache lines of entries, so that nothing lies between the blocks */
        pattern p = pattern_of(ctx, 8, 80, 0, false);
        spk_real *place = exactly(spk_bytes(640));
        spk_random_uniform(ctx, 640, 0, 1, place);
        for (int64_t i = 0; p.total < total; i = (i + 1) % 640)
            if (p.numbers[i] == 0 && (place[i] < (spk_real)0.3 || i == 639)) p.numbers[i] = 2, p.total++;
            else place[i] /= 2;
        for (int64_t r = 0; r < 8; r++) spk_bits_pack(80, p.numbers + r * 80, p.words + 2 * r);
        for (int bits = 0; bits < 2; bits++) {
            const spk_matrix m = matrix_of(&p, bits);
            const size_t size[] = {(size_t)total * sizeof(uint32_t), 128, bits ? 0 : spk_bytes(total)}; /* 128: of the starts */
            unsigned char *room[3], *guard[3];
            const int rooms = bits ? 2 : 3;
            spk_lists counts, lists;
            cr_assert(spk_lists_count(ctx, &m, &counts));
            for (int k = 0; k < rooms; k++) {
                room[k] = spk_step_data(ctx, size[k]), guard[k] = spk_step_data(ctx, 64);
                cr_assert(room[k] && guard[k] == room[k] + size[k] + SPK_GAP, "the blocks are not neighbours");
                memset(guard[k], 0xAA, 64);
            }
            for (int k = 0; k < rooms; k++) spk_arena_give(&ctx->data, room[k], size[k]);
            cr_assert(spk_lists_fill(ctx, &m, &counts, 0, 8, &lists));
            assert_lists(&p, bits, &lists, 0);
            for (int k = 0; k < rooms; k++) {
                cr_assert((void *)lists.index == room[k] || (void *)lists.value == room[k] || (void *)lists.start == room[k],
                          "the lists are elsewhere");
                for (int i = 0; i < 64; i++) cr_assert_eq(guard[k][i], 0xAA, "written beyond %lld entries", (long long)total);
            }
            spk_end_step(ctx);
        }
        free(place);
        pattern_done(&p);
    }
    spk_ctx_destroy(ctx);
}

/* -0 is no entry; NaN, infinity and the least subnormal number are. */
Test(lists, of_special_numbers) {
    spk_ctx *ctx = spk_ctx_create();
    const spk_real x[] = {(spk_real)-0.0, (spk_real)NAN, 0, (spk_real)-INFINITY, SPK_BY_REAL(1e-45f, 5e-324), 0};
    const spk_matrix m = {2, 3, x, NULL};
    spk_lists counts, lists;
    cr_assert(spk_lists_count(ctx, &m, &counts) && spk_lists_fill(ctx, &m, &counts, 0, 2, &lists));
    cr_assert(lists.start[1] == 1 && lists.start[2] == 3, "-0 is no entry: %lld, %lld", (long long)lists.start[1],
              (long long)lists.start[2]);
    cr_assert(lists.index[0] == 1 && lists.index[1] == 0 && lists.index[2] == 1, "columns");
    cr_assert(isnan((double)lists.value[0]) && isinf((double)lists.value[1]) && lists.value[2] > 0, "values");
    spk_ctx_destroy(ctx);
}
