/* Arrays in NumPy's files: .npy, one array, and .npz, several under names. */
#ifndef SPK_DATA_NPY_H
#define SPK_DATA_NPY_H

#include "core/tensor.h"
#include "data/idx.h"

SPK_BEGIN_DECLS

/**
 * Reads a .npy file, as numpy.save writes it, into a persistent tensor: format 1.0, 2.0 or 3.0; bool, signed and unsigned integers of 8 to
 * 64 bits, and floats of 16 to 64 bits, rounded to spk_real; little- or big-endian; in C or in Fortran order; 0 to SPK_MAX_AXES axes.
 * After an error, which says what is wrong with the file, the inert tensor. A header that lies takes no more memory than the file can fill.
 */
SPK_API spk_tensor *spk_npy_load(spk_ctx *ctx, const char *path);
/**
 * Writes a tensor as a .npy file, which numpy.load reads: '<f4' from the float library, '<f8' from the double one, in C order. Bits and
 * repeated rows are written out. As with spk_save the file is written beside, brought to the disk and renamed: after an error the old file
 * is as it was. False after an error.
 */
SPK_API bool spk_npy_save(spk_tensor *x, const char *path);

/** @name Files of several arrays
 * @{ */
/** The arrays of a .npz file, in memory; owned by the context. */
typedef struct spk_npz spk_npz;
/** One array of a file. */
typedef struct spk_npz_array {
    const char *name;    /**< without the ".npy"; lives as long as the spk_npz */
    spk_shape shape;     /**< of the array */
    spk_element element; /**< the type of its elements; 16-bit floats have become SPK_F32 */
    const void *data;    /**< row-major, in this machine's byte order, to be read as uint8_t, int64_t, float, ... */
} spk_npz_array;
/**
 * Reads all arrays of a .npz file, as numpy.savez and numpy.savez_compressed write it: a zip file of .npy members, stored or deflated.
 * Other members are left out. A .npy file is read as well, as one array with the name that NumPy gives nameless ones, "arr_0". NULL after
 * an error, which names the member and what is wrong with it.
 */
SPK_API spk_npz *spk_npz_read(spk_ctx *ctx, const char *path);
/** Frees it before its context; tensors made of it stay. NULL is allowed. */
SPK_API void spk_npz_destroy(spk_npz *file);
/** The number of arrays; 0 for NULL. */
SPK_API int64_t spk_npz_count(const spk_npz *file);
/** Array i in the order of names (bytewise); NULL when there is none. */
SPK_API const spk_npz_array *spk_npz_entry(const spk_npz *file, int64_t i);
/** The array with a name; NULL when there is none (no error). */
SPK_API const spk_npz_array *spk_npz_find(const spk_npz *file, const char *name);
/** The array with a name as a persistent tensor. The inert tensor after an error: there is none of this name (it says which there are). */
SPK_API spk_tensor *spk_npz_tensor(spk_npz *file, const char *name);
/**
 * Copies the whole numbers of the array with a name, labels say, to out, which has room for spk_shape_size of its shape: exactly, whatever
 * their type. False after an error: there is none of this name, or an element that is not whole or does not fit; out is then undefined.
 */
SPK_API bool spk_npz_integers(spk_npz *file, const char *name, int64_t *out);

/** What spk_npz_save writes: a tensor under a name. */
typedef struct spk_npz_item {
    const char *name; /**< without the ".npy"; at most 251 bytes */
    spk_tensor *x;    /**< what is written */
} spk_npz_item;
/**
 * Writes tensors into one .npz file, uncompressed, which numpy.load reads: `spk_npz_save(ctx, "out.npz", {"x", x}, {"y", y})`. Otherwise as
 * spk_npy_save.
 */
#define spk_npz_save(ctx, path, ...)                                                                        \
    spk_npz_save_of((ctx), (path), (int64_t)(sizeof((spk_npz_item[]){__VA_ARGS__}) / sizeof(spk_npz_item)), \
                    (const spk_npz_item[]){__VA_ARGS__})
/** The function behind spk_npz_save: n items. */
SPK_API bool spk_npz_save_of(spk_ctx *ctx, const char *path, int64_t n, const spk_npz_item *items);
/** @} */

SPK_END_DECLS

#endif
