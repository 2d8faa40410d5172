/* Arrays in IDX files, the format of MNIST. */
#ifndef SPK_DATA_IDX_H
#define SPK_DATA_IDX_H

#include "core/context.h"
#include "core/shape.h"

SPK_BEGIN_DECLS

/** Type of the elements of an array in memory. IDX files know the first six, by these numbers; .npy files all of them. */
typedef enum spk_element {
    SPK_U8 = 0x08,
    SPK_I8 = 0x09,
    SPK_I16 = 0x0B,
    SPK_I32 = 0x0C,
    SPK_F32 = 0x0D,
    SPK_F64 = 0x0E,
    SPK_BOOL = 0x100, /**< uint8_t, 0 or 1 */
    SPK_U16,
    SPK_U32,
    SPK_U64,
    SPK_I64
} spk_element;

/** Bytes of one element; 0 for what is no element type. */
SPK_API int64_t spk_element_size(spk_element element);

/** An array in memory, row-major, in the element type of its file. */
typedef struct spk_idx spk_idx;

/**
 * Reads a whole IDX file, plain or gzip. The context owns the result. NULL with the error set when the file is missing, damaged, cut short,
 * longer than its header says, or has more axes than SPK_MAX_AXES. Memory grows with what the file really holds: a header that lies
 * about its size costs nothing.
 */
SPK_API spk_idx *spk_idx_read(spk_ctx *ctx, const char *path);
/** Frees an array before its context. NULL is allowed. */
SPK_API void spk_idx_destroy(spk_idx *idx);

/** The shape; [0] for NULL. */
SPK_API spk_shape spk_idx_shape(const spk_idx *idx);
/** The type of the elements; SPK_U8 for NULL. */
SPK_API spk_element spk_idx_element(const spk_idx *idx);
/** The elements in this machine's byte order, to be read as uint8_t, int8_t, int16_t, int32_t, float or double; NULL for NULL. */
SPK_API const void *spk_idx_data(const spk_idx *idx);
/** Converts the elements first .. first + n - 1, counted row-major, to spk_real. False (with the error set) outside of the array. */
SPK_API bool spk_idx_to_real(const spk_idx *idx, int64_t first, int64_t n, spk_real *out);

SPK_END_DECLS

#endif
