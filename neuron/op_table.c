#include "neuron/op_table.h"
#include "neuron/ops_internal.h"

#define ENTRY(name) &spk_op_##name,
static const spk_op *const table[] = {SPK_NEURON_OPS(ENTRY)};

const spk_op *const *spk_neuron_ops(int *count) {
    if (count) *count = (int)(sizeof table / sizeof *table);
    return table;
}
