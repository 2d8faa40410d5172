/* Walking several tensors that broadcast to one shape. */
#ifndef SPK_AUTOGRAD_OPS_BROADCAST_INTERNAL_H
#define SPK_AUTOGRAD_OPS_BROADCAST_INTERNAL_H

#include "core/shape.h"

#define SPK_BROADCAST_OPERANDS 4

/* The iteration: axes merged as far as every operand allows, so that equal shapes are one long row. A stride is in elements; 0 repeats. */
typedef struct spk_broadcast {
    int axes, operands;
    int64_t dim[SPK_MAX_AXES];
    int64_t stride[SPK_BROADCAST_OPERANDS][SPK_MAX_AXES];
} spk_broadcast;

/* The iteration over `whole` of operands whose shapes broadcast to it. */
spk_broadcast spk_broadcast_of(spk_shape whole, int operands, const spk_shape *shapes);

/* One run of n elements along the innermost axis: operand j has its first element at offset[j], the next stride[j] further (0 or 1). */
typedef void (*spk_broadcast_row)(void *work, int64_t n, const int64_t *offset, const int64_t *stride);
/* Calls row over the whole iteration, in row-major order. */
void spk_broadcast_walk(const spk_broadcast *b, spk_broadcast_row row, void *work);

#endif
