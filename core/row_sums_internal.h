/* Sums of a matrix's rows chosen by lists: the product of a sparse matrix with a dense one. */
#ifndef SPK_CORE_ROW_SUMS_INTERNAL_H
#define SPK_CORE_ROW_SUMS_INTERNAL_H

#include "core/lists_internal.h"

/*
 * C [lists, columns]: c[j] = initial + scale * (sum over list j of value * b[index]), where the rows of B [lists->columns, columns] are
 * summed in the order of the list. `initial` is the bias [columns], or what C holds (add), or 0. All matrices are row-major.
 */
typedef struct spk_row_sums {
    const spk_lists *lists;
    const spk_real *b;
    int64_t columns;
    spk_real scale;
    const spk_real *bias;
    bool add;
    spk_real *c;
} spk_row_sums;

/* Computes them, each element by one thread in a fixed order: the bits of C do not depend on the number of threads. False without memory.
 */
bool spk_sum_rows(spk_ctx *ctx, const spk_row_sums *sums);

/*
 * The transposed product for narrow B, without transposed lists: C [lists->columns, columns] = scale * sum over the rows r with i in list r
 * of value * b[r], for B [lists->rows, columns] of at most SPK_NARROW columns. As independent of the number of threads. False without
 * memory.
 */
bool spk_scatter_rows(spk_ctx *ctx, const spk_row_sums *sums);
#define SPK_NARROW 16

/* out[i] = sum over the rows r of factor[r] * b[r * stride + i], for n columns: a short piece of a product, for a caller who works in
 * tiles. */
void spk_sum_weighted_rows(int64_t rows, const spk_real *factor, const spk_real *b, int64_t stride, int64_t n, spk_real *out);

#endif
