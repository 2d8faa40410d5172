#include "core/sparse_gemm_internal.h"
#include "core/bits_internal.h"
#include "core/blas_internal.h"
#include "core/crossover_internal.h"
#include "core/row_sums_internal.h"
#include <string.h>

/* Rows that are made dense at a time: they stay in the L2 cache between being written and being multiplied. */
#define DENSE_ROWS 256
/* Rows of a tile of the transposed product: a block of 64 columns of them is 256 KB of float, which stays in the L2 cache. */
#define TILE_ROWS 1024
/* A run has a multiple of so many rows. */
#define LIST_ROWS 256
/* Rows are listed in runs of about so many entries: 512 KB of places, which the L2 cache holds between their being written and read. */
#define RUN_ENTRIES ((int64_t)1 << 17)
/* One row in so many is looked at before all of a matrix of numbers is counted. */
#define SAMPLE 16

spk_sparse_matrix spk_sparse_matrix_of(const spk_tensor *x) {
    const int64_t columns = x->shape.dim[x->shape.axes - 1];
    int64_t rows = 1; /* not size / columns, which may be 0 */
    for (int i = 0; i < x->shape.axes - 1; i++) rows *= x->shape.dim[i];
    const bool bits = x->storage == SPK_BITS;
    return (spk_sparse_matrix){.m = {rows / x->repeat, columns, bits ? NULL : x->data, bits ? x->data : NULL},
                               .scale = bits ? x->scale : 1};
}

/* True when a look at a few rows shows that a matrix of numbers is not sparse. */
static bool looks_dense(const spk_matrix *m, double limit) {
    int64_t set = 0, seen = 0;
    for (int64_t r = 0; m->numbers && r < m->rows; r += SAMPLE, seen += m->columns)
        for (int64_t c = 0; c < m->columns; c++) set += m->numbers[r * m->columns + c] != 0;
    return (double)set > 1.5 * limit * (double)seen;
}

/* Chooses the road by the density and its limit, and for the sparse one counts. */
static bool sparse(spk_ctx *ctx, const spk_matrix *m, double limit, spk_lists *counts) {
    *counts = (spk_lists){0};
    bool wanted = ctx->road != SPK_ROAD_DENSE && m->rows > 0 && m->columns > 0 && m->columns <= UINT32_MAX;
    if (wanted && ctx->road == SPK_ROAD_AUTO && looks_dense(m, limit)) wanted = false;
    if (wanted && !spk_lists_count(ctx, m, counts)) return false;
    if (wanted && ctx->road == SPK_ROAD_AUTO) wanted = (double)spk_lists_total(counts) <= limit * (double)m->rows * (double)m->columns;
    if (wanted) ctx->roads.sparse++;
    else ctx->roads.dense++;
    return wanted;
}

/* Rows of a run, in whole units. */
static int64_t run_of(const spk_lists *counts, int64_t unit) {
    const double rows = (double)RUN_ENTRIES * (double)counts->rows / (double)(1 + spk_lists_total(counts));
    return rows < (double)counts->rows ? ((int64_t)rows + unit) / unit * unit : counts->rows;
}

/* Lists run after run, each for one call. */
static void sparse_runs(spk_ctx *ctx, const spk_matrix *m, const spk_lists *counts, int64_t unit,
                        void (*product)(spk_ctx *ctx, const void *to, int64_t first, const spk_lists *lists), const void *to) {
    const int64_t run = run_of(counts, unit);
    for (int64_t first = 0; first < m->rows && !ctx->failed; first += run) {
        spk_lists lists;
        if (spk_lists_fill(ctx, m, counts, first, m->rows - first < run ? m->rows - first : run, &lists)) product(ctx, to, first, &lists);
        spk_lists_done(ctx, &lists);
    }
}

/* Rows of the matrix as numbers: its own, or bits written out to `room`. */
static const spk_real *rows_of(const spk_sparse_matrix *x, int64_t first, int64_t rows, spk_real *room) {
    const spk_matrix *m = &x->m;
    if (m->numbers) return m->numbers + first * m->columns;
    const int64_t words = spk_words_of(m->columns);
    for (int64_t r = 0; r < rows; r++) spk_bits_unpack(m->columns, m->words + (first + r) * words, x->scale, room + r * m->columns);
    return room;
}

/* Runs over the rows in runs that are written out, or all at once where they need not be. */
static void dense_runs(spk_ctx *ctx, const spk_sparse_matrix *x,
                       void (*product)(const void *to, int64_t first, int64_t rows, const spk_real *x), const void *to) {
    const spk_matrix *m = &x->m;
    const int64_t run = m->numbers || m->rows < DENSE_ROWS ? m->rows : DENSE_ROWS;
    const size_t bytes = m->numbers ? 0 : spk_bytes(run * m->columns);
    spk_real *room = spk_step_data(ctx, bytes);
    int64_t first = 0;
    do { /* at least once: an empty product is a matrix of zeros */
        const int64_t rows = m->rows - first < run ? m->rows - first : run;
        if (room) product(to, first, rows, rows_of(x, first, rows, room));
        first += run;
    } while (first < m->rows);
    spk_arena_give(&ctx->data, room, bytes);
}

typedef struct product {
    int64_t n, columns;
    spk_real scale;
    const spk_real *b, *bias;
    spk_real *out;
} product;

static void forward_run(const void *to, int64_t first, int64_t rows, const spk_real *x) {
    const product *p = to;
    spk_real *y = p->out + first * p->n;
    for (int64_t r = 0; p->bias && r < rows; r++) memcpy(y + r * p->n, p->bias, spk_bytes(p->n));
    spk_gemm(false, false, rows, p->n, p->columns, x, p->b, p->bias ? 1 : 0, y);
}

static void transposed_run(const void *to, int64_t first, int64_t rows, const spk_real *x) {
    const product *p = to;
    spk_gemm(true, false, p->columns, p->n, rows, x, p->b + first * p->n, first ? 1 : 0, p->out);
}

static void sum_run(spk_ctx *ctx, const void *to, int64_t first, const spk_lists *lists) {
    const product *p = to;
    spk_sum_rows(ctx, &(spk_row_sums){lists, p->b, p->n, p->scale, p->bias, false, p->out + first * p->n});
}

/* The transposed product of a wide B: tile by tile of its rows. */
static void tile_run(spk_ctx *ctx, const void *to, int64_t first, const spk_lists *lists) {
    const product *p = to;
    const int64_t n = (lists->rows + TILE_ROWS - 1) / TILE_ROWS;
    const size_t bytes = (size_t)n * sizeof(spk_lists);
    spk_lists *tiles = spk_step_data(ctx, bytes);
    if (!tiles || !spk_lists_transposed(ctx, lists, TILE_ROWS, tiles)) return;
    for (int64_t i = 0; i < n && !ctx->failed; i++)
        spk_sum_rows(ctx, &(spk_row_sums){&tiles[i], p->b + (first + i * TILE_ROWS) * p->n, p->n, p->scale, NULL, first + i > 0, p->out});
    for (int64_t i = n - 1; i >= 0; i--) spk_lists_done(ctx, &tiles[i]);
    spk_arena_give(&ctx->data, tiles, bytes);
}

static void scatter_run(spk_ctx *ctx, const void *to, int64_t first, const spk_lists *lists) {
    (void)ctx;
    const product *p = to;
    spk_scatter_rows(lists, p->b + first * p->n, p->n, p->out);
}

/* The transposed product of a narrow B: into rows of SPK_NARROW numbers first. */
static void scatter_runs(spk_ctx *ctx, const spk_sparse_matrix *x, const spk_lists *counts, product p) {
    spk_real *to = p.out;
    const size_t bytes = spk_bytes(p.columns * SPK_NARROW);
    if (!(p.out = spk_step_data(ctx, bytes))) return;
    memset(p.out, 0, bytes);
    sparse_runs(ctx, &x->m, counts, LIST_ROWS, scatter_run, &p);
    for (int64_t i = 0; i < p.columns; i++)
        for (int64_t c = 0; c < p.n; c++) to[i * p.n + c] = p.scale * p.out[i * SPK_NARROW + c];
    spk_arena_give(&ctx->data, p.out, bytes);
}

void spk_sparse_gemm(spk_ctx *ctx, const spk_sparse_matrix *x, int64_t n, const spk_real *b, const spk_real *bias, spk_real *y) {
    spk_lists counts;
    const spk_crossover *limit = spk_crossover_here();
    const product p = {.n = n, .columns = x->m.columns, .scale = x->scale, .b = b, .bias = bias, .out = y};
    if (sparse(ctx, &x->m, n <= SPK_NARROW ? limit->narrow : limit->wide, &counts))
        sparse_runs(ctx, &x->m, &counts, LIST_ROWS, sum_run, &p);
    else if (!ctx->failed) dense_runs(ctx, x, forward_run, &p);
    spk_lists_done(ctx, &counts);
}

void spk_sparse_gemm_transposed(spk_ctx *ctx, const spk_sparse_matrix *x, int64_t n, const spk_real *b, spk_real *c) {
    spk_lists counts;
    const spk_crossover *limit = spk_crossover_here();
    const product p = {.n = n, .columns = x->m.columns, .scale = x->scale, .b = b, .out = c};
    if (!sparse(ctx, &x->m, n <= SPK_NARROW ? limit->narrow_weight : limit->wide_weight, &counts)) {
        if (!ctx->failed) dense_runs(ctx, x, transposed_run, &p);
    } else if (n <= SPK_NARROW) {
        scatter_runs(ctx, x, &counts, p);
    } else {
        sparse_runs(ctx, &x->m, &counts, TILE_ROWS, tile_run, &p);
    }
    spk_lists_done(ctx, &counts);
}
