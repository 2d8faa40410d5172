/* .npz files, for datasets. */
#ifndef SPK_DATA_NPZ_INTERNAL_H
#define SPK_DATA_NPZ_INTERNAL_H

#include "data/npy_internal.h"

/* Reads the arrays with the names of `wanted`, which ends with NULL, or for NULL all; of the others the names alone are there. NULL after
 * an error, which begins with `who`. */
spk_npz *spk_npz_open(spk_ctx *ctx, const char *who, const char *path, const char *const *wanted);
/* Takes an array out of the file; its data is NULL after an error, which says what arrays there are. */
spk_npy spk_npz_take(spk_npz *file, const char *who, const char *name);

#endif
