/* Tensors: row-major, contiguous arrays of spk_real with up to SPK_MAX_AXES axes. */
#ifndef SPK_CORE_TENSOR_H
#define SPK_CORE_TENSOR_H

#include "core/context.h"
#include "core/shape.h"

SPK_BEGIN_DECLS

/**
 * A tensor. Persistent tensors (from the constructors below, parameters, data) live as long as their context. Step tensors (every op's
 * result) live until spk_end_step; using one in the step after is an error that names it (later its place may be another tensor's: as with
 * free(), nothing can tell). No function returns NULL for a tensor: after an error it is the context's inert tensor, of shape [0].
 */
typedef struct spk_tensor spk_tensor;

/** How a tensor keeps its elements. Ops see to it by themselves; only the memory and the speed differ. */
typedef enum spk_storage {
    SPK_DENSE = 1,    /**< every element */
    SPK_REPEATED = 2, /**< [N, ...] shown T times as [T*N, ...]: N rows are stored */
    SPK_BITS = 4      /**< zeros and one value (1, or the scale of a dropout): one bit an element, rows padded to 64 bits */
} spk_storage;

/** A persistent tensor of zeros. */
SPK_API spk_tensor *spk_tensor_create(spk_ctx *ctx, spk_shape shape);
/** A persistent copy of `values`, which hold as many numbers as the shape has elements. */
SPK_API spk_tensor *spk_tensor_from(spk_ctx *ctx, spk_shape shape, const spk_real *values);
/** A persistent scalar. */
SPK_API spk_tensor *spk_scalar(spk_ctx *ctx, double value);
/** A persistent, dense copy of any tensor, outside of the graph: how a step tensor's values are kept longer. */
SPK_API spk_tensor *spk_keep(spk_tensor *x);
/**
 * Frees a persistent tensor before its context. What the unfinished step has computed from it stays right: its memory goes when the step
 * ends, and until then using it again is an error. After that nothing may use it any more, as with free(). An error for
 * what belongs to another: a module's parameters and buffers, a leaf's gradient. NULL is allowed; step tensors are left to their step.
 */
SPK_API void spk_tensor_destroy(spk_tensor *x);
/** A step tensor whose elements all are `value`: a constant inside a computation. */
SPK_API spk_tensor *spk_full(spk_ctx *ctx, spk_shape shape, double value);
/** A step tensor that copies `values`: a batch, say. */
SPK_API spk_tensor *spk_step_from(spk_ctx *ctx, spk_shape shape, const spk_real *values);

/** The context of a tensor. */
SPK_API spk_ctx *spk_tensor_ctx(const spk_tensor *x);
/** The shape of a tensor. */
SPK_API spk_shape spk_tensor_shape(const spk_tensor *x);
/** The number of elements. */
SPK_API int64_t spk_size(const spk_tensor *x);
/** The number of axes. */
SPK_API int spk_axes(const spk_tensor *x);
/** The size of one axis; negative axes count from the last. 0 when there is no such axis. */
SPK_API int64_t spk_dim(const spk_tensor *x, int axis);
/** How the elements are stored. */
SPK_API spk_storage spk_tensor_storage(const spk_tensor *x);
/** How often the stored rows of a SPK_REPEATED tensor are shown; 1 for others. */
SPK_API int64_t spk_tensor_repeat(const spk_tensor *x);

/**
 * The elements, row-major. For a bit or repeated tensor they are written out once a step, on the first call. The pointer is valid as
 * long as the tensor.
 */
SPK_API const spk_real *spk_data(spk_tensor *x);
/**
 * The elements for writing. This raises the tensor's version: if backward needs the old values it refuses and names the op. Dense tensors
 * only (an error otherwise).
 */
SPK_API spk_real *spk_data_mut(spk_tensor *x);
/** The value of a tensor of one element; NaN (with the error set) for another size. */
SPK_API double spk_item(spk_tensor *x);

/** Sets every element. As all writes it raises the version. False after an error. */
SPK_API bool spk_fill(spk_tensor *x, double value);
/** Fills from the context's stream, uniform in [low, high). */
SPK_API bool spk_fill_uniform(spk_tensor *x, double low, double high);
/** Fills from the context's stream, normally distributed. */
SPK_API bool spk_fill_normal(spk_tensor *x, double mean, double standard_deviation);
/** Copies the values of another tensor of the same shape; the graph is not followed. */
SPK_API bool spk_copy(spk_tensor *to, spk_tensor *from);

SPK_END_DECLS

#endif
