/*
 * The picture of lesson 4: the loss over the weight, and beside it the losses whose slopes the surrogate gradients would be.
 *
 *     build/release/examples/lessons/solutions/4_landscape [landscape.svg]
 */
#include <spiketape.h>
#include <stdio.h>

enum { T = 12, WANTED = 4, POINTS = 151, CURVES = 6, FINE = 10 };
static const double from = 0.4, to = 1.9;

/* As run in 4_surrogates.c: the loss at a weight, and its surrogate gradient. */
static double loss_at(spk_ctx *ctx, spk_module *lif, spk_tensor *w, double weight, double *gradient) {
    spk_fill(w, weight);
    spk_clear_grad(w);
    spk_tensor *error = spk_shift(spk_sum(spk_call(lif, spk_repeat_over_time(w, T))), -WANTED);
    spk_tensor *loss = spk_scale(spk_multiply(error, error), 0.5);
    spk_backward(loss);
    const double value = spk_item(loss);
    *gradient = spk_item(spk_grad(w));
    spk_reset(lif);
    spk_end_step(ctx);
    return value;
}

int main(int argc, char **argv) {
    static const char *const names[CURVES] = {"the loss", "sigmoid", "atan", "piecewise_quadratic", "erf", "fast_sigmoid"};
    static spk_real x[POINTS], y[CURVES][POINTS];
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *w = spk_set_requires_grad(spk_tensor_create(ctx, SPK_SHAPE(1, 1)), true);
    spk_series series[CURVES];
    const double step = (to - from) / (POINTS - 1);
    for (int c = 0; c < CURVES; c++) {
        const spk_surrogate surrogate = spk_surrogate_of(c == 0 ? "sigmoid" : names[c]);
        spk_module *lif = spk_lif(ctx, .parallel_optim = true, .T = T, .surrogate_function = surrogate);
        double sum = 0, gradient;
        for (int i = 0; i < POINTS; i++) {
            x[i] = (spk_real)(from + i * step);
            y[c][i] = (spk_real)(c == 0 ? loss_at(ctx, lif, w, from + i * step, &gradient) : sum);
            for (int k = 0; k < FINE; k++) {
                loss_at(ctx, lif, w, from + (i + (k + 0.5) / FINE) * step, &gradient);
                sum += gradient * step / FINE;
            }
        }
        /* A sum says nothing of its height: it is drawn so that its lowest point is at 0. */
        spk_real lowest = y[c][0];
        for (int i = 0; i < POINTS; i++) lowest = y[c][i] < lowest ? y[c][i] : lowest;
        for (int i = 0; i < POINTS; i++) y[c][i] -= lowest;
        series[c] = (spk_series){.x = x, .y = y[c], .count = POINTS, .label = names[c]};
    }
    spk_text svg = {.ctx = ctx};
    spk_plot_lines(&svg, series, CURVES, .title = "The loss, and what the surrogate gradients add up to",
                   .description =
                       "Over the weight: the loss is a staircase that falls from 8 to 0 and rises to 2; the sums of the surrogate "
                       "gradients are valleys without jumps, with their bottom at the same weights.",
                   .x_label = "weight w", .y_label = "loss", .width = 640, .height = 360);
    FILE *file = argc > 1 ? fopen(argv[1], "w") : stdout;
    const bool failed = spk_failed(ctx) || !file || fputs(svg.data, file) < 0 || fclose(file) != 0;
    spk_text_free(&svg);
    if (failed) fprintf(stderr, "%s\n", spk_failed(ctx) ? spk_error(ctx) : "the picture cannot be written");
    spk_ctx_destroy(ctx);
    return failed;
}
