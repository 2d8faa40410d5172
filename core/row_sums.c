/*
 * Sums of chosen rows. Columns are taken in blocks of up to 64, whose sums stay in registers (8 of AVX2, 4 of AVX-512) while a list is
 * walked. The block of B is copied side by side first where it is read often enough: rows that lie a whole matrix row apart would each need
 * a page of their own, and the odd columns at the end would need a loop of their own.
 */
#include "core/row_sums_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"
#include <string.h>

#define LANES 16
#define MOST_PACKS 4
#define BLOCK (LANES * MOST_PACKS)

/* A run of columns in registers: one of AVX-512 (float), two of AVX2, and so on, as the compiler sees fit. Of any alignment in memory. */
typedef spk_real pack __attribute__((vector_size(LANES * sizeof(spk_real)), aligned(sizeof(spk_real)), may_alias));

/* A thread's share is worth at least this many additions of a row of a block. */
#define GRAIN_ADDITIONS ((int64_t)1 << 13)

/* A block is copied if its rows are read more often than this: a copy costs about two readings. */
#define COPY_READS 4

typedef struct work {
    const spk_row_sums *s;
    int64_t blocks, shares; /* blocks of columns; parts of the work, one a thread */
    bool copies;            /* whole blocks too are copied before they are read */
    spk_real *room;         /* a share's copy of a block has room_share numbers; scatter: the sums, LANES a row */
    int64_t room_share;
} work;

/* A block: `columns` of its `packs` * LANES are there. Its rows begin at b, b + stride... */
typedef struct block {
    const spk_real *b;
    int64_t stride, first, columns;
} block;

static int64_t at_most(int64_t n, int64_t limit) { return n < limit ? n : limit; }

/* The first entry of list r whose index is not below `index`. */
static int64_t place_of(const spk_lists *l, int64_t r, int64_t index) {
    int64_t low = l->start[r], high = l->start[r + 1];
    if (index == 0) return low;
    if (index == l->columns) return high;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (l->index[middle] < index) low = middle + 1;
        else high = middle;
    }
    return low;
}

SPK_INLINE void add_row(int packs, pack *sum, const spk_real *a) {
    for (int k = 0; k < packs; k++) sum[k] += ((const pack *)a)[k];
}

/* Two rows at a time, so that a sum waits for one addition in two. */
SPK_INLINE void sum_list(int packs, const block *b, int64_t n, const uint32_t *index, pack *sum) {
    int64_t i = 0;
    for (; i + 1 < n; i += 2) {
        const pack *one = (const pack *)(b->b + index[i] * b->stride), *two = (const pack *)(b->b + index[i + 1] * b->stride);
        for (int k = 0; k < packs; k++) sum[k] += one[k] + two[k];
    }
    if (i < n) add_row(packs, sum, b->b + index[i] * b->stride);
}

SPK_INLINE void sum_weighted(int packs, const block *b, int64_t n, const uint32_t *index, const spk_real *value, pack *sum) {
    for (int64_t i = 0; i < n; i++) {
        const pack *row = (const pack *)(b->b + index[i] * b->stride);
        for (int k = 0; k < packs; k++) sum[k] += value[i] * row[k];
    }
}

/* c = initial + scale * sum for the columns that are there. */
SPK_INLINE void finish(int packs, const spk_row_sums *s, const block *b, const pack *sum, spk_real *c) {
    const spk_real *initial = s->add ? c : s->bias ? s->bias + b->first : NULL;
    if (b->columns == packs * LANES) {
        for (int k = 0; k < packs; k++) ((pack *)c)[k] = initial ? ((const pack *)initial)[k] + s->scale * sum[k] : s->scale * sum[k];
        return;
    }
    spk_real out[BLOCK] = {0};
    for (int k = 0; k < packs; k++) ((pack *)out)[k] = sum[k];
    for (int64_t i = 0; i < b->columns; i++) c[i] = initial ? initial[i] + s->scale * out[i] : s->scale * out[i];
}

SPK_INLINE void sum_block(int packs, const spk_row_sums *s, const block *b, int64_t begin, int64_t end) {
    const spk_lists *l = s->lists;
    for (int64_t j = begin; j < end; j++) {
        pack sum[MOST_PACKS] = {{0}};
        const int64_t at = l->start[j], n = l->start[j + 1] - at;
        if (l->value) sum_weighted(packs, b, n, l->index + at, l->value + at, sum);
        else sum_list(packs, b, n, l->index + at, sum);
        finish(packs, s, b, sum, s->c + j * s->columns + b->first);
    }
}

SPK_CLONES static void sum_lists(int64_t packs, const spk_row_sums *s, const block *b, int64_t begin, int64_t end) {
    if (packs == 4) sum_block(4, s, b, begin, end);
    else if (packs == 3) sum_block(3, s, b, begin, end);
    else if (packs == 2) sum_block(2, s, b, begin, end);
    else sum_block(1, s, b, begin, end);
}

static int64_t packs_of(int64_t columns) { return (columns + LANES - 1) / LANES; }

/* Copies a block's columns of B side by side, padded with zeros to whole packs. */
static void copy_block(const spk_row_sums *s, block *b, int64_t packs, spk_real *room) {
    const int64_t width = packs * LANES;
    for (int64_t i = 0; i < s->lists->columns; i++) {
        memcpy(room + i * width, s->b + i * s->columns + b->first, spk_bytes(b->columns));
        memset(room + i * width + b->columns, 0, spk_bytes(width - b->columns));
    }
    b->b = room, b->stride = width;
}

/* Items are blocks times parts of the lists, blocks first: a share's items are neighbours, and a block is copied once for them. */
static void sum_items(const work *w, int64_t begin, int64_t end, spk_real *room) {
    const spk_row_sums *s = w->s;
    block b = {.first = -1};
    int64_t packs = 0;
    for (int64_t i = begin; i < end; i++) {
        const int64_t first = i / w->shares * BLOCK, part = i % w->shares;
        if (b.first != first) {
            b = (block){.b = s->b + first, .stride = s->columns, .first = first, .columns = at_most(s->columns - first, BLOCK)};
            packs = packs_of(b.columns);
            if (w->copies || b.columns < packs * LANES) copy_block(s, &b, packs, room);
        }
        sum_lists(packs, s, &b, s->lists->rows * part / w->shares, s->lists->rows * (part + 1) / w->shares);
    }
}

static void sum_shares(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    const int64_t items = w->blocks * w->shares;
    for (int64_t i = begin; i < end; i++) sum_items(w, items * i / w->shares, items * (i + 1) / w->shares, w->room + i * w->room_share);
}

/* How many threads to use for so many additions of a row of a block. */
static int64_t shares_of(int64_t additions) {
    const int64_t most = 1 + additions / GRAIN_ADDITIONS;
    return at_most(spk_threads(), most);
}

bool spk_sum_rows(spk_ctx *ctx, const spk_row_sums *s) {
    work w = {.s = s, .blocks = (s->columns + BLOCK - 1) / BLOCK};
    const int64_t total = spk_lists_total(s->lists);
    w.shares = shares_of(total * w.blocks);
    w.copies = total > COPY_READS * s->lists->columns;
    w.room_share = at_most(packs_of(s->columns) * LANES, BLOCK) * s->lists->columns;
    const size_t bytes = spk_bytes(w.shares * w.room_share);
    w.room = spk_step_data(ctx, bytes);
    if (!w.room) return false;
    spk_parallel(w.shares, 1, sum_shares, &w);
    spk_arena_give(&ctx->data, w.room, bytes);
    return true;
}

/* The transposed product of a narrow B, row by row: the row of B is in registers, and is added where the list says. */

SPK_CLONES static void scatter_row(int64_t n, const uint32_t *index, const spk_real *value, const spk_real *b, spk_real *sums) {
    const pack row = *(const pack *)b;
    for (int64_t i = 0; i < n; i++) {
        pack *sum = (pack *)(sums + (int64_t)index[i] * LANES);
        if (value) *sum += value[i] * row;
        else *sum += row;
    }
}

/* A share is a range of B's transposed rows: of each list it takes the entries in its range. */
static void scatter_shares(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    const spk_row_sums *s = w->s;
    const spk_lists *l = s->lists;
    for (int64_t share = begin; share < end; share++) {
        const int64_t first = l->columns * share / w->shares, last = l->columns * (share + 1) / w->shares;
        spk_real *sums = w->room + first * LANES, row[LANES] = {0};
        memset(sums, 0, spk_bytes((last - first) * LANES));
        for (int64_t r = 0; r < l->rows; r++) {
            const int64_t at = place_of(l, r, first), n = place_of(l, r, last) - at;
            memcpy(row, s->b + r * s->columns, spk_bytes(s->columns));
            scatter_row(n, l->index + at, l->value ? l->value + at : NULL, row, w->room);
        }
        for (int64_t i = first; i < last; i++)
            for (int64_t c = 0; c < s->columns; c++) s->c[i * s->columns + c] = s->scale * w->room[i * LANES + c];
    }
}

bool spk_scatter_rows(spk_ctx *ctx, const spk_row_sums *s) {
    work w = {.s = s, .shares = at_most(shares_of(spk_lists_total(s->lists)), 1 + s->lists->columns / LANES)};
    const size_t bytes = spk_bytes(s->lists->columns * LANES);
    w.room = spk_step_data(ctx, bytes);
    if (!w.room) return false;
    spk_parallel(w.shares, 1, scatter_shares, &w);
    spk_arena_give(&ctx->data, w.room, bytes);
    return true;
}

/* One weighted sum over all rows. */
SPK_INLINE void sum_all(int packs, int64_t rows, const spk_real *factor, const spk_real *b, int64_t stride, spk_real *out) {
    pack sum[MOST_PACKS] = {{0}};
    for (int64_t r = 0; r < rows; r++)
        for (int k = 0; k < packs; k++) sum[k] += factor[r] * ((const pack *)(b + r * stride))[k];
    for (int k = 0; k < packs; k++) ((pack *)out)[k] = sum[k];
}

SPK_CLONES static void sum_weighted_rows(int64_t rows, const spk_real *factor, const spk_real *b, int64_t stride, int64_t n,
                                         spk_real *out) {
    int64_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK) sum_all(MOST_PACKS, rows, factor, b + i, stride, out + i);
    for (; i + LANES <= n; i += LANES) sum_all(1, rows, factor, b + i, stride, out + i);
    for (; i < n; i++) {
        spk_real sum = 0;
        for (int64_t r = 0; r < rows; r++) sum += factor[r] * b[r * stride + i];
        out[i] = sum;
    }
}

void spk_sum_weighted_rows(int64_t rows, const spk_real *factor, const spk_real *b, int64_t stride, int64_t n, spk_real *out) {
    sum_weighted_rows(rows, factor, b, stride, n, out);
}
