/* The op tables of this layer. */
#ifndef SPK_NEURON_OPS_INTERNAL_H
#define SPK_NEURON_OPS_INTERNAL_H

#include "autograd/op.h"

#define SPK_NEURON_OPS(op) op(heaviside) op(leaky) op(poisson) op(latency)

#define SPK_DECLARE_OP(name) extern const spk_op spk_op_##name;
SPK_NEURON_OPS(SPK_DECLARE_OP)
#undef SPK_DECLARE_OP

#endif
