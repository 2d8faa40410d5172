#include "core/columns_internal.h"
#include "core/numeric_internal.h"

#define ROWS 32
#define COLUMNS 64

/* One block of rows for n <= COLUMNS columns. */
SPK_CLONES static void block_sums(int64_t rows, int64_t columns, int64_t n, const spk_real *restrict a, double *restrict sum) {
    spk_real part[COLUMNS] = {0};
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < n; c++) part[c] += a[r * columns + c];
    for (int64_t c = 0; c < n; c++) sum[c] += (double)part[c];
}

void spk_column_sums(int64_t rows, int64_t columns, int64_t begin, int64_t end, const spk_real *a, double *sum) {
    for (int64_t c = begin; c < end; c++) sum[c] = 0;
    for (int64_t c = begin; c < end; c += COLUMNS) {
        const int64_t n = end - c < COLUMNS ? end - c : COLUMNS;
        for (int64_t r = 0; r < rows; r += ROWS) block_sums(rows - r < ROWS ? rows - r : ROWS, columns, n, a + r * columns + c, sum + c);
    }
}
