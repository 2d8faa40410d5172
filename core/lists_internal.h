/* Sparse rows as lists of where they are not zero: what the spike kernels walk over instead of a whole matrix. */
#ifndef SPK_CORE_LISTS_INTERNAL_H
#define SPK_CORE_LISTS_INTERNAL_H

#include "core/context_internal.h"

/* A matrix [rows, columns] to be listed: numbers, or rows of bits that begin at a word of their own. One of the two is set. */
typedef struct spk_matrix {
    int64_t rows, columns;
    const spk_real *numbers;
    const uint64_t *words;
} spk_matrix;

/* The non-zero elements of a matrix, row by row, in step memory. Row r has the entries start[r] .. start[r + 1] - 1. */
typedef struct spk_lists {
    int64_t rows, columns;
    int64_t *start;  /* [rows + 1] */
    uint32_t *index; /* their columns, ascending */
    spk_real *value; /* their values; NULL for bits, whose value is one for all */
} spk_lists;

/* Counts the non-zero elements, for the choice between the sparse and the dense road: of `counts` only `start` is set. False without
 * memory. */
bool spk_lists_count(spk_ctx *ctx, const spk_matrix *matrix, spk_lists *counts);
/* The lists of the rows first .. first + rows - 1, by the counts of the whole matrix. False without memory. */
bool spk_lists_fill(spk_ctx *ctx, const spk_matrix *matrix, const spk_lists *counts, int64_t first, int64_t rows, spk_lists *lists);
/* The lists of the transposed matrix, made in tiles of `rows` rows: tile i lists, for each column, the rows i * rows .. of `of` with an
 * entry there, counted from the tile's first. tiles[] has room for all, (of->rows + rows - 1) / rows. False without memory. */
bool spk_lists_transposed(spk_ctx *ctx, const spk_lists *of, int64_t rows, spk_lists *tiles);
/* Gives the memory back; in the reverse order of making, nothing is wasted. Lists that were only counted, or all zero, may be given. */
void spk_lists_done(spk_ctx *ctx, spk_lists *lists);

static inline int64_t spk_lists_total(const spk_lists *lists) { return lists->start[lists->rows]; }

#endif
