/* Looks for infinities and NaN. */
#ifndef SPK_CORE_SCAN_INTERNAL_H
#define SPK_CORE_SCAN_INTERNAL_H

#include "core/tensor_internal.h"

/* The largest |x| of n numbers, 0 for none: not finite exactly when one of them is not. */
spk_real spk_largest(int64_t n, const spk_real *x);

/* `nan at [3, 5] of [784, 800] (2 of 627200 are not finite)`. */
typedef struct spk_not_finite {
    char text[2 * SPK_SHAPE_TEXT + 80];
} spk_not_finite;
/* What is wrong with n numbers of this shape, of which one is not finite. */
spk_not_finite spk_not_finite_of(spk_shape shape, int64_t n, const spk_real *x);

/* Whether all numbers of a tensor are finite, and what is wrong when one is not; of a repeated tensor its rows are looked at once. */
bool spk_tensor_is_finite(const spk_tensor *x);
spk_not_finite spk_not_finite_in(const spk_tensor *x);

#endif
