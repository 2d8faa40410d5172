/* The ops of the neuron layer. */
#ifndef SPK_NEURON_OP_TABLE_H
#define SPK_NEURON_OP_TABLE_H

#include "autograd/op.h"

SPK_BEGIN_DECLS

/** The neuron layer's ops, for tools that go over all of them; sets *count. See spk_autograd_ops for the rest. */
SPK_API const spk_op *const *spk_neuron_ops(int *count);

SPK_END_DECLS

#endif
