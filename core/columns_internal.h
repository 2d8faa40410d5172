/* Sums down the columns of a matrix. */
#ifndef SPK_CORE_COLUMNS_INTERNAL_H
#define SPK_CORE_COLUMNS_INTERNAL_H

#include "core/config.h"

/*
 * sum[c] = sum over rows of a[r, c], for the columns begin .. end - 1 of a matrix [rows, columns]. Blocks of rows are summed in spk_real,
 * the blocks in double: rounding does not grow with the number of rows.
 */
void spk_column_sums(int64_t rows, int64_t columns, int64_t begin, int64_t end, const spk_real *a, double *sum);

#endif
