#include "autograd/ops.h"
#include "autograd/ops_internal.h"

#define ENTRY(name) &spk_op_##name,
static const spk_op *const table[] = {SPK_AUTOGRAD_OPS(ENTRY)};

const spk_op *const *spk_autograd_ops(int *count) {
    if (count) *count = (int)(sizeof table / sizeof *table);
    return table;
}
