/*
 * Lesson 4: why a spike needs a surrogate. The loss of one weight is a staircase; five slopes that backward may use in place of the step's.
 *
 *     build/release/examples/lessons/4_surrogates
 */
#include <spiketape.h>
#include <stdio.h>

enum { T = 12, WANTED = 4, FIVE = 5, PATIENCE = 1000 };
static const char *const names[FIVE] = {"sigmoid", "atan", "piecewise_quadratic", "erf", "fast_sigmoid"};

/* A LIF neuron whose input is its one weight, the same at each of T steps. */
typedef struct neuron {
    spk_ctx *ctx;
    spk_module *lif;
    spk_tensor *w;
} neuron;

static neuron neuron_of(spk_ctx *ctx, spk_surrogate surrogate) {
    return (neuron){.ctx = ctx,
                    .lif = spk_lif(ctx, .tau = 2, .parallel_optim = true, .T = T, .surrogate_function = surrogate),
                    .w = spk_set_requires_grad(spk_tensor_create(ctx, SPK_SHAPE(1, 1)), true)};
}

/* What a weight gives: the number of spikes, the loss, and what backward takes for the slope of the loss. */
typedef struct result {
    double spikes, loss, gradient;
} result;

static result run(neuron n, double w) {
    spk_fill(n.w, w);
    spk_clear_grad(n.w);
    spk_tensor *spikes = spk_sum(spk_call(n.lif, spk_repeat_over_time(n.w, T)));
    spk_tensor *error = spk_shift(spikes, -WANTED);
    spk_tensor *loss = spk_scale(spk_multiply(error, error), 0.5);
    spk_backward(loss);
    const result r = {spk_item(spikes), spk_item(loss), spk_item(spk_grad(n.w))};
    spk_reset(n.lif);
    spk_end_step(n.ctx);
    return r;
}

static double true_slope(neuron n, double w) {
    const double d = 1e-3;
    return (run(n, w + d).loss - run(n, w - d).loss) / (2 * d);
}

static void staircase(neuron n) {
    printf("     w  spikes  loss    slope\n");
    for (double w = 0.75; w <= 1.5; w += 0.0625) {
        const result r = run(n, w);
        printf("%6.4f  %6.0f  %4.1f  %7.1f |", w, r.spikes, r.loss, true_slope(n, w));
        for (int i = 0; i < (int)(4 * r.loss); i++) printf("#");
        printf("\n");
    }
    double w = 0.5;
    for (int step = 0; step < PATIENCE; step++) w -= 0.01 * true_slope(n, w);
    printf("%d steps down the true slope from w = 0.5: w = %.1f, loss %.1f\n", PATIENCE, w, run(n, w).loss);
}

/* The slope g(u) that stands in for the step's, for u from -1.5 to 1.5. */
static void draw(spk_surrogate s) {
    enum { COLUMNS = 31, ROWS = 4 };
    spk_real u[COLUMNS], g[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) u[i] = (spk_real)(i - COLUMNS / 2) / 10;
    s.grad(&s, COLUMNS, u, g);
    printf("%s, alpha %g\n", s.name, (double)s.alpha);
    for (int row = ROWS - 1; row >= 0; row--) {
        const double level = (row + 0.5) / ROWS;
        printf("%5.2f |", level);
        for (int i = 0; i < COLUMNS; i++) printf("%c", (double)g[i] >= level ? '#' : '.');
        printf("|\n");
    }
}

static void compare_gradients(const neuron *five) {
    printf("weight              ");
    for (double w = 0.5; w < 2; w += 0.25) printf(" %6.2f", w);
    printf("\nloss                ");
    for (double w = 0.5; w < 2; w += 0.25) printf(" %6.1f", run(five[0], w).loss);
    for (int i = 0; i < FIVE; i++) {
        printf("\n%-20s", names[i]);
        for (double w = 0.5; w < 2; w += 0.25) printf(" %6.1f", run(five[i], w).gradient);
    }
    printf("\n");
}

/* The gradient added up on the way from one weight to another. For a true derivative this is the difference of the losses. */
static double sum_along(neuron n, double from, double to) {
    enum { PIECES = 3000 };
    double sum = 0;
    const double dw = (to - from) / PIECES;
    for (int i = 0; i < PIECES; i++) sum += run(n, from + (i + 0.5) * dw).gradient * dw;
    return sum;
}

/* Gradient descent from w; the number of steps until the loss is 0, PATIENCE if it never is. */
static int train(neuron n, double w, double rate) {
    for (int step = 0; step < PATIENCE; step++) {
        const result r = run(n, w);
        if (r.loss == 0) return step;
        w -= rate * r.gradient;
    }
    return PATIENCE;
}

static void print_steps(int steps) {
    if (steps < PATIENCE) printf("  %9d", steps);
    else printf("  %9s", "never");
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    neuron five[FIVE];
    for (int i = 0; i < FIVE; i++) five[i] = neuron_of(ctx, spk_surrogate_of(names[i]));

    staircase(five[0]);
    for (int i = 0; i < FIVE; i++) draw(spk_surrogate_of(names[i]));
    compare_gradients(five);

    printf("from w = 0.5 to 1.25 the loss changes by %.1f; the gradients add up to\n", run(five[0], 1.25).loss - run(five[0], 0.5).loss);
    for (int i = 0; i < FIVE; i++) printf("%-20s %6.1f\n", names[i], sum_along(five[i], 0.5, 1.25));

    printf("steps to loss 0       rate 0.002  rate 0.01  rate 0.05\n");
    for (int i = 0; i < FIVE; i++) {
        printf("%-20s", names[i]);
        for (double rate = 0.002; rate < 0.1; rate *= 5) print_steps(train(five[i], 0.5, rate));
        printf("\n");
    }

    printf("steps to loss 0         alpha 1    alpha 4   alpha 16   alpha 64\n");
    for (int i = 0; i < 3; i++) {
        printf("%-20s", names[i]);
        for (double alpha = 1; alpha < 100; alpha *= 4)
            print_steps(train(neuron_of(ctx, spk_surrogate_of(names[i], .alpha = alpha)), 0.5, 0.01));
        printf("\n");
    }

    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
