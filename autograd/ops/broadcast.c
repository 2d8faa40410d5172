#include "autograd/ops/broadcast_internal.h"
#include <string.h>

/* The stride of an operand along axis i of the whole: 0 where it has size 1 or no such axis. */
static int64_t stride_of(spk_shape whole, spk_shape shape, int i) {
    const int own = i - (whole.axes - shape.axes);
    if (own < 0 || shape.dim[own] == 1) return 0;
    int64_t stride = 1;
    for (int j = own + 1; j < shape.axes; j++) stride *= shape.dim[j];
    return stride;
}

spk_broadcast spk_broadcast_of(spk_shape whole, int operands, const spk_shape *shapes) {
    spk_broadcast b = {.operands = operands};
    for (int i = 0; i < whole.axes; i++) {
        if (whole.dim[i] == 1) continue;
        int64_t stride[SPK_BROADCAST_OPERANDS];
        bool merge = b.axes > 0; /* with the axis before it, if one step there is a whole run here, for every operand */
        for (int j = 0; j < operands; j++) {
            stride[j] = stride_of(whole, shapes[j], i);
            merge = merge && b.stride[j][b.axes - 1] == stride[j] * whole.dim[i];
        }
        const int at = merge ? b.axes - 1 : b.axes++;
        b.dim[at] = merge ? b.dim[at] * whole.dim[i] : whole.dim[i];
        for (int j = 0; j < operands; j++) b.stride[j][at] = stride[j];
    }
    if (!b.axes) b.dim[b.axes++] = 1;
    return b;
}

void spk_broadcast_walk(const spk_broadcast *b, spk_broadcast_row row, void *work) {
    const int inner = b->axes - 1;
    int64_t index[SPK_MAX_AXES] = {0}, offset[SPK_BROADCAST_OPERANDS] = {0}, stride[SPK_BROADCAST_OPERANDS] = {0};
    for (int i = 0; i < b->axes; i++)
        if (b->dim[i] == 0) return;
    for (int j = 0; j < b->operands; j++) stride[j] = b->stride[j][inner];
    for (;;) {
        row(work, b->dim[inner], offset, stride);
        int i = inner - 1;
        for (; i >= 0; i--) { /* the next row: an odometer over the outer axes */
            for (int j = 0; j < b->operands; j++) offset[j] += b->stride[j][i];
            if (++index[i] < b->dim[i]) break;
            for (int j = 0; j < b->operands; j++) offset[j] -= b->stride[j][i] * b->dim[i];
            index[i] = 0;
        }
        if (i < 0) return;
    }
}
