/* What the header of a .npy file says. */
#ifndef SPK_DATA_NPY_HEADER_INTERNAL_H
#define SPK_DATA_NPY_HEADER_INTERNAL_H

#include "data/npy_internal.h"

typedef struct spk_npy_layout {
    char descr[16]; /* "<f4" */
    bool fortran;   /* the first axis is the fastest */
    spk_shape shape;
    int axes;     /* may be more than the shape can have */
    int64_t data; /* where the numbers begin */
} spk_npy_layout;
/* Reads the header of a file of `size` bytes; NULL, or what is wrong with it. */
const char *spk_npy_read_layout(const unsigned char *bytes, int64_t size, spk_npy_layout *layout);

#endif
