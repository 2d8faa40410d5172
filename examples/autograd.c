/*
 * The smallest thing that teaches the tape: a scalar graph, its gradients by backward, and the same by hand; then with one spike in it.
 *
 *     build/release/examples/autograd
 */
#include <spiketape.h>
#include <stdio.h>

static spk_tensor *leaf(spk_ctx *ctx, double value) { return spk_set_requires_grad(spk_scalar(ctx, value), true); }

static double grad(spk_tensor *x) { return spk_item(spk_grad(x)); }

int main(void) {
    spk_ctx *ctx = spk_ctx_create();

    /* y = tanh(w x + b). By hand: with t = tanh(w x + b), dy/dw = (1 - t^2) x, dy/dx = (1 - t^2) w, dy/db = 1 - t^2. */
    spk_tensor *w = leaf(ctx, 0.5), *x = leaf(ctx, 2.0), *b = leaf(ctx, -0.25);
    spk_tensor *y = spk_tanh(spk_add(spk_multiply(w, x), b));
    spk_backward(y);
    const double t = spk_item(y), slope = 1 - t * t;
    printf("y = tanh(w x + b) = %.4f\n", t);
    printf("  backward: dy/dw %.4f  dy/dx %.4f  dy/db %.4f\n", grad(w), grad(x), grad(b));
    printf("  by hand:  dy/dw %.4f  dy/dx %.4f  dy/db %.4f\n", slope * 2.0, slope * 0.5, slope);
    spk_end_step(ctx); /* frees y and the tape; w, x, b and their gradients live on */

    /* A neuron charges to h = w x + b and fires if h >= 1: s = heaviside(h - 1). The step's true slope is 0 everywhere, so backward uses a
     * surrogate, here g(u) = 1 / (1 + (pi u)^2) (ATan with alpha 2), u = h - 1. By hand: ds/dw = g(u) x. */
    spk_clear_grad(w), spk_clear_grad(x), spk_clear_grad(b);
    spk_tensor *h = spk_add(spk_multiply(w, x), b);
    spk_tensor *s = spk_heaviside(spk_shift(h, -1.0), spk_surrogate_atan(.alpha = 2.0));
    spk_backward(s);
    const double u = spk_item(h) - 1.0, g = 1 / (1 + 9.869604401089358 * u * u);
    printf("s = heaviside(w x + b - 1) = %.0f, as h = %.2f is below the threshold\n", spk_item(s), spk_item(h));
    printf("  backward: ds/dw %.4f  ds/dx %.4f  ds/db %.4f\n", grad(w), grad(x), grad(b));
    printf("  by hand:  ds/dw %.4f  ds/dx %.4f  ds/db %.4f\n", g * 2.0, g * 0.5, g);

    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
