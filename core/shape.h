/* The axes of a tensor, and the arithmetic on them. */
#ifndef SPK_CORE_SHAPE_H
#define SPK_CORE_SHAPE_H

#include "core/config.h"

SPK_BEGIN_DECLS

/** The most axes a tensor may have. */
#define SPK_MAX_AXES 6

/** Sizes of the axes, outermost first (row-major). Zero axes is a scalar of one element. */
typedef struct spk_shape {
    int axes;                  /**< how many; -1 in an invalid shape */
    int64_t dim[SPK_MAX_AXES]; /**< their sizes */
} spk_shape;

/** `SPK_SHAPE(32, 784)`: a shape written in place. More than SPK_MAX_AXES sizes give an invalid shape, which constructors refuse. */
#define SPK_SHAPE(...) spk_shape_of((int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})
/** The shape of a scalar. */
#define SPK_SCALAR spk_shape_of(0, NULL)

/** The shape with these `axes` sizes; axes is set to -1 (invalid) when there are too many, a size is negative, or dim is NULL. */
SPK_API spk_shape spk_shape_of(int axes, const int64_t *dim);
/** Number of elements: the product of the sizes, or -1 when the shape is invalid or the product does not fit memory. */
SPK_API int64_t spk_shape_size(spk_shape shape);
/** True when both have the same axes; false for an invalid shape. */
SPK_API bool spk_shape_equal(spk_shape a, spk_shape b);
/** NumPy's broadcast of a and b into out; false when they do not fit each other, one is invalid, or out is NULL. */
SPK_API bool spk_shape_broadcast(spk_shape a, spk_shape b, spk_shape *out);

/** Room for any shape written as text. */
#define SPK_SHAPE_TEXT 160
/** A shape as text, `[32, 784]`; it has a lifetime of its own so that printf calls can nest it: spk_shape_text(s).text. */
typedef struct spk_shape_string {
    char text[SPK_SHAPE_TEXT]; /**< ends with 0 */
} spk_shape_string;
/** Writes a shape for messages. */
SPK_API spk_shape_string spk_shape_text(spk_shape shape);

SPK_END_DECLS

#endif
