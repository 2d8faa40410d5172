/*
 * Sums of chosen rows. Columns are taken in blocks of up to 64, whose sums stay in registers (8 of AVX2, 4 of AVX-512) while a list is
 * walked. The block of B is copied side by side first where it is read often enough: rows that lie a whole matrix row apart would each need
 * a page of their own, and the odd columns at the end would need a loop of their own.
 */
#include "core/row_kernels_internal.h"
#include "core/parallel_internal.h"
#include <string.h>

/* A thread's share is worth at least this many additions of a row of a block. */
#define GRAIN_ADDITIONS ((int64_t)1 << 13)

/* A block is copied if its rows are read more often than this: a copy costs about two readings. */
#define COPY_READS 4

typedef struct work {
    const spk_row_sums *s;
    const spk_row_kernels *kernels;
    int64_t blocks, shares; /* blocks of columns; parts of the work, one a thread */
    bool copies;            /* whole blocks too are copied before they are read */
    spk_real *room;         /* a share's copy of a block has room_share numbers */
    int64_t room_share;
} work;

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

static int64_t strips_of(int64_t columns) { return (columns + SPK_STRIP - 1) / SPK_STRIP; }

/* Copies a block's columns of B side by side, padded with zeros to whole strips. */
static void copy_block(const spk_row_sums *s, spk_row_block *b, int64_t strips, spk_real *room) {
    const int64_t width = strips * SPK_STRIP;
    for (int64_t i = 0; i < s->lists->columns; i++) {
        memcpy(room + i * width, s->b + i * s->columns + b->first, spk_bytes(b->columns));
        memset(room + i * width + b->columns, 0, spk_bytes(width - b->columns));
    }
    b->b = room, b->stride = width;
}

/* Items are blocks times parts of the lists, blocks first: a share's items are neighbours, and a block is copied once for them. */
static void sum_items(const work *w, int64_t begin, int64_t end, spk_real *room) {
    const spk_row_sums *s = w->s;
    spk_row_block b = {.first = -1};
    int64_t strips = 0;
    for (int64_t i = begin; i < end; i++) {
        const int64_t first = i / w->shares * SPK_BLOCK, part = i % w->shares;
        if (b.first != first) {
            b = (spk_row_block){.b = s->b + first, .stride = s->columns, .first = first, .columns = at_most(s->columns - first, SPK_BLOCK)};
            strips = strips_of(b.columns);
            if (w->copies || b.columns < strips * SPK_STRIP) copy_block(s, &b, strips, room);
        }
        w->kernels->sum_lists(strips, s, &b, s->lists->rows * part / w->shares, s->lists->rows * (part + 1) / w->shares);
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
    work w = {.s = s, .kernels = spk_row_kernels_here(), .blocks = (s->columns + SPK_BLOCK - 1) / SPK_BLOCK};
    const int64_t total = spk_lists_total(s->lists);
    w.shares = shares_of(total * w.blocks);
    w.copies = total > COPY_READS * s->lists->columns;
    w.room_share = at_most(strips_of(s->columns) * SPK_STRIP, SPK_BLOCK) * s->lists->columns;
    const size_t bytes = spk_bytes(w.shares * w.room_share);
    w.room = spk_step_data(ctx, bytes);
    if (!w.room) return false;
    spk_parallel(w.shares, 1, sum_shares, &w);
    spk_arena_give(&ctx->data, w.room, bytes);
    return true;
}

/* The transposed product of a narrow B, row by row: the row of B is in registers, and is added where the list says. */

_Static_assert(SPK_NARROW == SPK_STRIP, "a row of sums is a strip");

typedef struct scatter_work {
    const spk_lists *lists;
    const spk_real *b;
    int64_t columns, shares;
    spk_real *sums;
} scatter_work;

/* A share is a range of the sums: of each list it takes the entries in its range. */
static void scatter_shares(void *v, int64_t begin, int64_t end) {
    const scatter_work *w = v;
    const spk_lists *l = w->lists;
    const spk_row_kernels *kernels = spk_row_kernels_here();
    for (int64_t share = begin; share < end; share++) {
        const int64_t first = l->columns * share / w->shares, last = l->columns * (share + 1) / w->shares;
        spk_real row[SPK_STRIP] = {0};
        for (int64_t r = 0; r < l->rows; r++) {
            const int64_t at = place_of(l, r, first), n = place_of(l, r, last) - at;
            memcpy(row, w->b + r * w->columns, spk_bytes(w->columns));
            kernels->scatter_row(n, l->index + at, l->value ? l->value + at : NULL, row, w->sums);
        }
    }
}

void spk_scatter_rows(const spk_lists *lists, const spk_real *b, int64_t columns, spk_real *sums) {
    scatter_work w = {lists, b, columns, at_most(shares_of(spk_lists_total(lists)), 1 + lists->columns / SPK_STRIP), sums};
    spk_parallel(w.shares, 1, scatter_shares, &w);
}

void spk_gemm_narrow(int64_t m, int64_t n, int64_t k, const spk_real *a, int64_t a_stride, const spk_real *b, int64_t b_stride, spk_real *c,
                     int64_t c_stride) {
    spk_row_kernels_here()->gemm_narrow(m, n, k, a, a_stride, b, b_stride, c, c_stride);
}
