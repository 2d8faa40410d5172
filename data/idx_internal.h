/* An array's insides, for datasets. */
#ifndef SPK_DATA_IDX_INTERNAL_H
#define SPK_DATA_IDX_INTERNAL_H

#include "data/idx.h"

struct spk_idx {
    spk_object object;
    spk_element element;
    spk_shape shape;
    int64_t size; /* elements */
    void *data;   /* of spk_allocate */
};

/* Makes an array of `data`, from spk_allocate, which it takes over even when it fails. NULL data (no memory) gives NULL. */
spk_idx *spk_idx_adopt(spk_ctx *ctx, spk_element element, spk_shape shape, void *data);
/* out = elements first .. first + n - 1, times scale; they exist. */
void spk_idx_scaled(const spk_idx *idx, int64_t first, int64_t n, double scale, spk_real *out);

#endif
