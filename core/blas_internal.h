/* Matrix products. */
#ifndef SPK_CORE_BLAS_INTERNAL_H
#define SPK_CORE_BLAS_INTERNAL_H

#include "core/config.h"

/* The most columns that a stored matrix of a product may have: callers refuse more. */
#define SPK_BLAS_COLUMNS ((int64_t)INT32_MAX)

/*
 * C [m, n] = op(A) [m, k] op(B) [k, n] + beta C, row-major and contiguous; op transposes where the flag says so (A is then stored
 * [k, m], B [n, k]). beta is 0 (C need not be initialised) or 1.
 */
void spk_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const spk_real *a, const spk_real *b, spk_real beta,
              spk_real *c);

/* The processor that BLAS's kernels are made for, in its own words: "Haswell", "SkylakeX". */
const char *spk_blas_core(void);
/* "OpenBLAS 0.3.21 ...", for spk_build_info. */
const char *spk_blas_name(void);

#endif
