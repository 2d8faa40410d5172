/* Inner products: of a few vectors with a few others, and of one with itself. */
#ifndef SPK_CORE_DOTS_INTERNAL_H
#define SPK_CORE_DOTS_INTERNAL_H

#include "core/config.h"

/* Vectors taken at a time: the sums of their products and the numbers at hand fill the 16 registers of AVX2. */
enum { SPK_DOTS_A = 3, SPK_DOTS_B = 4 };

/* out[i][j] = sum over k < n of a[i][k] * b[j][k]. Where there are fewer vectors, pointers are repeated. */
void spk_dots(int64_t n, const spk_real *const a[SPK_DOTS_A], const spk_real *const b[SPK_DOTS_B], spk_real out[SPK_DOTS_A][SPK_DOTS_B]);

/* The sum of x[i]^2, in double; the order of additions follows from n alone. */
double spk_sum_of_squares(int64_t n, const spk_real *x);

#endif
