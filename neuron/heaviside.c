/* heaviside: the spike, with a surrogate for its slope. */
#include "autograd/op.h"
#include "neuron/ops_internal.h"
#include "neuron/surrogate.h"

static bool infer(spk_record *r) {
    const spk_surrogate *s = r->attributes;
    if (!s->grad || (!s->spiking && !s->primitive))
        return spk_op_fail(r,
                           "the surrogate '%s' is unknown, has a parameter out of range, or lacks the primitive that .spiking = false "
                           "needs; spk_surrogate_of makes one",
                           s->name ? s->name : "(none)");
    return spk_output(r, 0, spk_tensor_shape(r->in[0]));
}

static void forward(spk_record *r) {
    const spk_surrogate *s = r->attributes;
    const spk_real *x = spk_values(r->in[0]);
    spk_real *y = spk_values(r->out[0]);
    const int64_t n = spk_count(r->in[0]);
    if (!s->spiking) s->primitive(s, n, x, y);
    for (int64_t i = 0; s->spiking && i < n; i++) y[i] = x[i] >= 0;
}

static void backward(spk_record *r) {
    const spk_surrogate *s = r->attributes;
    spk_real *to = spk_grad_to(r, 0);
    if (!to) return;
    s->grad(s, spk_count(r->in[0]), spk_values(r->in[0]), to);
    for (int64_t i = 0; i < spk_count(r->in[0]); i++) to[i] *= spk_grad_of(r, 0)[i];
}

const spk_op spk_op_heaviside = {.name = "heaviside",
                                 .inputs = 1,
                                 .attributes = sizeof(spk_surrogate),
                                 .saved_inputs = 1,
                                 .infer = infer,
                                 .forward = forward,
                                 .backward = backward,
                                 .remedy = "the surrogate's slope is not finite there: check its grad, or limit x before"};

spk_tensor *spk_heaviside(spk_tensor *x, spk_surrogate surrogate) { return spk_apply(&spk_op_heaviside, &surrogate, x); }
