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
 * The transposed product for narrow B, without transposed lists: sums[i] += the sum over the rows r with i in list r of value * b[r], for B
 * [lists->rows, columns] of at most SPK_NARROW columns. `sums` has lists->columns rows, each with room for SPK_NARROW numbers. As
 * independent of the number of threads.
 */
void spk_scatter_rows(const spk_lists *lists, const spk_real *b, int64_t columns, spk_real *sums);
#define SPK_NARROW 16

/* C [m, n] = A [m, k] B [k, n] for a small k, by the calling thread alone: a piece of a product for a caller who works in tiles. The rows
 * of each matrix lie its stride apart. */
void spk_gemm_narrow(int64_t m, int64_t n, int64_t k, const spk_real *a, int64_t a_stride, const spk_real *b, int64_t b_stride, spk_real *c,
                     int64_t c_stride);

#endif
