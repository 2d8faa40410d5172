/* What reading .npy and .npz files share. */
#ifndef SPK_DATA_NPY_INTERNAL_H
#define SPK_DATA_NPY_INTERNAL_H

#include "core/file_internal.h"
#include "data/npy.h"

/* Where an array comes from, for messages. */
typedef struct spk_npy_source {
    spk_ctx *ctx;
    const char *who, *path;
    const char *member; /* of a .npz file; NULL: the file is the array */
} spk_npy_source;
/* Sets the error, `who: path: member: what`. False. */
bool spk_npy_refuse(const spk_npy_source *source, const char *format, ...) SPK_PRINTF(2, 3);

/* An array as datasets and tensors take it: `data` of spk_allocate, or NULL. */
typedef struct spk_npy {
    spk_element element;
    spk_shape shape;
    void *data;
} spk_npy;
/* The array of `size` bytes, which are a whole .npy file. False after an error, and then array->data is NULL. */
bool spk_npy_parse(const spk_npy_source *source, const unsigned char *bytes, int64_t size, spk_npy *array);
/* Reads a .npy file. */
bool spk_npy_read(spk_ctx *ctx, const char *who, const char *path, spk_npy *array);

/* A .npy file's header for a tensor of this shape; its length in *length. At most SPK_NPY_HEADER bytes. */
#define SPK_NPY_HEADER 256
typedef struct spk_npy_header {
    unsigned char bytes[SPK_NPY_HEADER];
    size_t length;
} spk_npy_header;
spk_npy_header spk_npy_header_of(spk_shape shape);
/* Calls put(to, bytes, n) over the little-endian numbers of a tensor, in order; false as soon as that is. */
bool spk_npy_put(const spk_real *numbers, int64_t n, bool (*put)(void *to, const void *bytes, size_t n), void *to);

#endif
