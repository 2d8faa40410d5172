/* Mean squared error. */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"

static bool infer(spk_record *r) {
    const spk_shape x = spk_tensor_shape(r->in[0]), target = spk_tensor_shape(r->in[1]);
    if (!spk_shape_equal(x, target))
        return spk_op_fail(r, "x is %s, the target %s; their shapes must be equal", spk_shape_text(x).text, spk_shape_text(target).text);
    if (spk_size(r->in[0]) == 0) return spk_op_fail(r, "x %s is empty; there is nothing to take a mean of", spk_shape_text(x).text);
    return spk_output(r, 0, SPK_SCALAR);
}

static void forward(spk_record *r) {
    const int64_t n = spk_size(r->in[0]);
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = (double)spk_values(r->in[0])[i] - (double)spk_values(r->in[1])[i];
        sum += d * d;
    }
    spk_values(r->out[0])[0] = (spk_real)(sum / (double)n);
}

static void backward(spk_record *r) {
    const int64_t n = spk_size(r->in[0]);
    const spk_real factor = 2 * spk_grad_of(r, 0)[0] / (spk_real)n, *x = spk_values(r->in[0]), *target = spk_values(r->in[1]);
    spk_real *gx = spk_grad_to(r, 0), *gt = spk_grad_to(r, 1);
    for (int64_t i = 0; gx && i < n; i++) gx[i] = factor * (x[i] - target[i]);
    for (int64_t i = 0; gt && i < n; i++) gt[i] = factor * (target[i] - x[i]);
}

const spk_op spk_op_mse = {.name = "mse",
                           .inputs = 2,
                           .saved_inputs = 3,
                           .infer = infer,
                           .forward = forward,
                           .backward = backward,
                           .remedy = "the square of a difference overflows: scale x and the target, or lower the learning rate"};

spk_tensor *spk_mse(spk_tensor *x, spk_tensor *target) { return spk_apply(&spk_op_mse, NULL, x, target); }
