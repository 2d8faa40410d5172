/* Products with a matrix that may be mostly zeros: by its non-zero elements or by BLAS, whichever is faster. */
#ifndef SPK_CORE_SPARSE_GEMM_INTERNAL_H
#define SPK_CORE_SPARSE_GEMM_INTERNAL_H

#include "core/lists_internal.h"

/* X [rows, columns] as numbers, or as bits of the value `scale`. */
typedef struct spk_sparse_matrix {
    spk_matrix m;
    spk_real scale; /* of bits; 1 for numbers */
} spk_sparse_matrix;

/* The tensor's stored rows, each of its last axis: dense, repeated or bits whose row is the last axis. */
spk_sparse_matrix spk_sparse_matrix_of(const spk_tensor *x);

/* Y [rows, n] = X B [columns, n] + bias [n], which may be NULL. Nothing happens without memory but the error. */
void spk_sparse_gemm(spk_ctx *ctx, const spk_sparse_matrix *x, int64_t n, const spk_real *b, const spk_real *bias, spk_real *y);
/* C [columns, n] = X' B [rows, n]: a weight's gradient from the outputs'. */
void spk_sparse_gemm_transposed(spk_ctx *ctx, const spk_sparse_matrix *x, int64_t n, const spk_real *b, spk_real *c);

#endif
