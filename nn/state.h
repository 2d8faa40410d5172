/* State files: a module's parameters and buffers in safetensors, the format that PyTorch users exchange weights in. */
#ifndef SPK_NN_STATE_H
#define SPK_NN_STATE_H

#include "nn/module.h"

SPK_BEGIN_DECLS

/**
 * Writes the state dict of a module, its parameters and buffers under their dotted names, into one safetensors file (a little-endian u64,
 * that many bytes of JSON, the numbers): F32 from the float library, F64 from the double one. Slots marked `transposed` are written [out,
 * in], as PyTorch has them. The file is written beside, as `path`.PROCESS-NUMBER.tmp, brought to the disk (fsync) and renamed, and the
 * renaming is brought to the disk where the file system can: after an error the old file is as it was. What is no regular file (a folder,
 * a device) is not replaced; of a symbolic link the link is. The new file has the old one's permissions, or what the umask leaves. False
 * after an error, and for a NULL or inert module.
 */
SPK_API bool spk_save(spk_module *module, const char *path);
/**
 * Reads a file of spk_save or of another safetensors writer into a module: exactly the module's names and shapes, F32 or F64 (rounded to
 * spk_real). False after an error, which names the entry and both shapes; the module is then as it was.
 */
SPK_API bool spk_load(spk_module *module, const char *path);

/** @name Safetensors files without a module
 * @{ */
/** A file's content, checked, in memory; owned by the context. */
typedef struct spk_state_file spk_state_file;
/** One entry of a file. */
typedef struct spk_state_entry {
    const char *name;           /**< lives as long as the file's content */
    spk_shape shape;            /**< as in the file */
    const unsigned char *bytes; /**< the numbers: row-major, little-endian, of any alignment */
    const char *dtype;          /**< "F32" or "F64" */
    int width;                  /**< bytes a number: 4 for F32, 8 for F64 */
} spk_state_entry;
/**
 * Reads and checks a whole file: entries of F32 or F64 with at most SPK_MAX_AXES axes, whose numbers cover the file without holes or
 * overlaps. NULL after an error, which says what is wrong where. It takes about the file's size of memory.
 */
SPK_API spk_state_file *spk_state_file_read(spk_ctx *ctx, const char *path);
/** Frees it before its context. NULL is allowed. */
SPK_API void spk_state_file_destroy(spk_state_file *file);
/** The number of entries; 0 for NULL. */
SPK_API int64_t spk_state_file_count(const spk_state_file *file);
/** Entry i in the order of names (bytewise); NULL when there is none. */
SPK_API const spk_state_entry *spk_state_file_entry(const spk_state_file *file, int64_t i);
/** The entry with a name; NULL when there is none (no error). */
SPK_API const spk_state_entry *spk_state_file_find(const spk_state_file *file, const char *name);
/** Copies an entry's numbers to out, which has room for spk_shape_size(entry->shape); with `transposed` a matrix is turned round. */
SPK_API void spk_state_entry_copy(const spk_state_entry *entry, bool transposed, spk_real *out);
/** @} */

SPK_END_DECLS

#endif
