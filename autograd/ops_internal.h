/* The op tables of this layer, each defined beside its kernels. A new op adds its name here. */
#ifndef SPK_AUTOGRAD_OPS_INTERNAL_H
#define SPK_AUTOGRAD_OPS_INTERNAL_H

#include "autograd/op.h"

/* True when the op has an output k, else the error says so; false without a record. */
bool spk_has_output(spk_record *r, int k);

#define SPK_AUTOGRAD_OPS(op)                                                                                                           \
    op(add) op(subtract) op(multiply) op(divide) op(where) op(negate) op(scale) op(shift) op(exp) op(log) op(sqrt) op(power) op(tanh)  \
        op(sigmoid) op(relu) op(clamp) op(matmul) op(linear) op(sum) op(mean) op(max) op(reshape) op(slice) op(detach) op(transpose)   \
            op(concat) op(repeat_over_time) op(sum_over_time) op(dense) op(bits) op(softmax) op(log_softmax) op(cross_entropy) op(mse) \
                op(dropout) op(batch_norm)

/* The remedy of ops that do nothing worse than add and multiply. */
#define SPK_REMEDY_OVERFLOW \
    "finite numbers grew past the largest that a number holds: scale the inputs, lower the learning rate or clip gradients"

#define SPK_DECLARE_OP(name) extern const spk_op spk_op_##name;
SPK_AUTOGRAD_OPS(SPK_DECLARE_OP)
#undef SPK_DECLARE_OP

#endif
