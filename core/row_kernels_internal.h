/* The inner loops of core/row_sums.c, for the registers of the machine at hand. */
#ifndef SPK_CORE_ROW_KERNELS_INTERNAL_H
#define SPK_CORE_ROW_KERNELS_INTERNAL_H

#include "core/row_sums_internal.h"

/* Columns are handled in strips of 16, up to 4 of them at a time: a block. */
enum { SPK_STRIP = 16, SPK_STRIPS = 4, SPK_BLOCK = SPK_STRIP * SPK_STRIPS };

/* A block of B, from column `first` on: `columns` of its strips' are there. Its rows begin at b, b + stride... */
typedef struct spk_row_block {
    const spk_real *b;
    int64_t stride, first, columns;
} spk_row_block;

typedef struct spk_row_kernels {
    /* C's block of columns for the lists begin .. end - 1. */
    void (*sum_lists)(int64_t strips, const spk_row_sums *s, const spk_row_block *b, int64_t begin, int64_t end);
    /* Adds a row of a strip to the rows index[0 .. n - 1] of sums, times the values if they are given. */
    void (*scatter_row)(int64_t n, const uint32_t *index, const spk_real *value, const spk_real *row, spk_real *sums);
    /* As spk_gemm_narrow. */
    void (*gemm_narrow)(int64_t m, int64_t n, int64_t k, const spk_real *a, int64_t a_stride, const spk_real *b, int64_t b_stride,
                        spk_real *c, int64_t c_stride);
} spk_row_kernels;

const spk_row_kernels *spk_row_kernels_here(void);

#endif
