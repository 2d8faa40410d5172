/*
 * Lesson 4, exercise 3: two weights, and surrogate gradients added up around a square. A gradient of any function gives 0.
 *
 *     build/release/examples/lessons/solutions/4_loop
 */
#include <spiketape.h>
#include <stdio.h>

enum { T = 12, WANTED = 4, PIECES = 400 };

/* One neuron: even steps bring the first weight as input, odd steps the second. */
typedef struct neuron {
    spk_ctx *ctx;
    spk_module *lif;
    spk_tensor *w; /* [2, 1] */
} neuron;

/* The gradient of (spikes - 4)^2 / 2 for both weights; returns the loss. */
static double run(neuron n, double w0, double w1, double g[2]) {
    spk_real *w = spk_data_mut(n.w);
    w[0] = (spk_real)w0, w[1] = (spk_real)w1;
    spk_clear_grad(n.w);
    spk_tensor *inputs[T];
    for (int t = 0; t < T; t++) inputs[t] = spk_slice(n.w, t % 2, t % 2 + 1);
    spk_tensor *error = spk_shift(spk_sum(spk_call(n.lif, spk_concat(inputs, T, 0))), -WANTED);
    spk_tensor *loss = spk_scale(spk_multiply(error, error), 0.5);
    spk_backward(loss);
    const double value = spk_item(loss);
    for (int i = 0; i < 2; i++) g[i] = (double)spk_data(spk_grad(n.w))[i];
    spk_reset(n.lif);
    spk_end_step(n.ctx);
    return value;
}

int main(void) {
    static const double corner[5][2] = {{0.5, 0.5}, {1.5, 0.5}, {1.5, 1.5}, {0.5, 1.5}, {0.5, 0.5}};
    spk_ctx *ctx = spk_ctx_create();
    neuron n = {.ctx = ctx,
                .lif = spk_lif(ctx, .tau = 2, .parallel_optim = true, .T = T),
                .w = spk_set_requires_grad(spk_tensor_create(ctx, SPK_SHAPE(2, 1)), true)};
    double loop = 0, g[2];
    for (int side = 0; side < 4; side++) {
        const double *from = corner[side], *to = corner[side + 1], d0 = (to[0] - from[0]) / PIECES, d1 = (to[1] - from[1]) / PIECES;
        double sum = 0;
        for (int i = 0; i < PIECES; i++) {
            run(n, from[0] + (i + 0.5) * d0, from[1] + (i + 0.5) * d1, g);
            sum += g[0] * d0 + g[1] * d1;
        }
        const double begin = run(n, from[0], from[1], g), end = run(n, to[0], to[1], g);
        printf("(%.1f, %.1f) to (%.1f, %.1f): loss changes by %4.1f, gradients add up to %5.1f\n", from[0], from[1], to[0], to[1],
               end - begin, sum);
        loop += sum;
    }
    printf("around the square: loss changes by 0, gradients add up to %.1f\n", loop);
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
