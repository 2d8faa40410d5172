/* A tensor's gradient, as backward.c, adjoint.c and anomaly.c see it. */
#ifndef SPK_AUTOGRAD_GRADIENT_INTERNAL_H
#define SPK_AUTOGRAD_GRADIENT_INTERNAL_H

#include "autograd/op.h"
#include "autograd/tape.h"
#include "core/tensor_internal.h"

/* A gradient that is not multiplied out yet, and whose memory its factor has. */
struct spk_pending {
    spk_product product;
    spk_tensor *factor;
};

/* A gradient has as many numbers as x stores, in x's shape where that is the same. */
spk_shape spk_gradient_shape(const spk_tensor *x);
/* A gradient for x, whose numbers are not yet set, in memory of the step; NULL without it. */
spk_tensor *spk_gradient_create(spk_tensor *x);
/* Gives its memory back. */
void spk_gradient_drop(spk_ctx *ctx, spk_tensor *g);
/* Multiplies a pending gradient out. False without memory. */
bool spk_gradient_write_out(spk_tensor *g);
/* The leaf's own gradient memory, made when the first gradient arrives. */
spk_tensor *spk_leaf_gradient(spk_tensor *leaf);
/* Calls the hooks of x, which may change its complete gradient. */
void spk_gradient_hooks(spk_tensor *x, spk_tensor *gradient);
/*
 * As spk_add_grad_hook for a result of the unfinished step, but the observer changes nothing, and a gradient that is a pending product
 * stays one: it is multiplied out for the observer alone, so that not a bit of what the adjoint computes depends on who looks on. False
 * without memory.
 */
bool spk_observe_grad(spk_tensor *x, spk_grad_hook observer, void *user);
/* Calls the observers of x. */
void spk_gradient_show(spk_tensor *x, const spk_tensor *gradient);

#endif
