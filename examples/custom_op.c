/*
 * An op of one's own: softplus, y = ln(1 + e^x), with its adjoint gx = gy sigmoid(x). It looks exactly like the library's own ops: a table
 * beside its forward and backward.
 *
 *     build/release/examples/custom_op
 */
#include <math.h>
#include <spiketape.h>
#include <stdio.h>

static bool infer(spk_record *r) { return spk_output(r, 0, spk_tensor_shape(r->in[0])); }

static void forward(spk_record *r) {
    const spk_real *x = spk_values(r->in[0]);
    spk_real *y = spk_values(r->out[0]);
    for (int64_t i = 0; i < spk_count(r->in[0]); i++) y[i] = (spk_real)log1p(exp((double)x[i]));
}

static void backward(spk_record *r) {
    const spk_real *x = spk_values(r->in[0]), *gy = spk_grad_of(r, 0);
    spk_real *gx = spk_grad_to(r, 0); /* NULL when nobody needs it */
    for (int64_t i = 0; gx && i < spk_count(r->in[0]); i++) gx[i] = (spk_real)((double)gy[i] / (1 + exp(-(double)x[i])));
}

static const spk_op softplus_op = {.name = "softplus", .saved_inputs = 1, .infer = infer, .forward = forward, .backward = backward};

static spk_tensor *softplus(spk_tensor *x) { return spk_apply(&softplus_op, NULL, x); }

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(3), (const spk_real[]){-1, 0, 2}), true);
    spk_tensor *y = softplus(x);
    spk_backward(spk_sum(y));
    for (int64_t i = 0; i < 3; i++)
        printf("softplus(%2.0f) = %.4f, slope %.4f\n", (double)spk_data(x)[i], (double)spk_data(y)[i], (double)spk_data(spk_grad(x))[i]);
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
