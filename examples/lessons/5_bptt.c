/*
 * Lesson 5: backpropagation through time, gradient by gradient: the adjoint of one neuron by hand, by spk_backward and by differences; and
 * what truncation cuts. Built with double, for the differences.
 *
 *     build/release/examples/lessons/5_bptt
 */
#include <math.h>
#include <spiketape.h>
#include <stdio.h>

enum { T = 6, ALL = -1 };
static const double w = 1.5, k = 0.5, theta = 1;          /* k = 1 / tau */
static const double input[T] = {1, 0.5, 1.5, 0.25, 1, 1}; /* c[t]; the current is x[t] = w c[t] */
static const double wanted[T] = {0, 1, 0, 0, 1, 0};       /* y[t] */

static double sigmoid(double u) { return 1 / (1 + exp(-4 * u)); }
static double slope(double u) { return 4 * sigmoid(u) * (1 - sigmoid(u)); }

/* What one run computes. */
typedef struct trace {
    double h[T], s[T], v[T], loss;
} trace;

/* Charge, fire, reset. A smooth neuron gives the sigmoid where a spiking one gives the step. */
static trace forward(const double *x, bool smooth) {
    trace r = {.loss = 0};
    double v = 0;
    for (int t = 0; t < T; t++) {
        r.h[t] = v + k * (x[t] - v);
        r.s[t] = smooth ? sigmoid(r.h[t] - theta) : r.h[t] >= theta;
        r.v[t] = v = (1 - r.s[t]) * r.h[t];
        r.loss += 0.5 * (r.s[t] - wanted[t]) * (r.s[t] - wanted[t]);
    }
    return r;
}

/* Gradients of the loss: for the spikes, the membranes before the reset, the currents, the weight. */
typedef struct adjoint {
    double gs[T], gh[T], gx[T], gw;
} adjoint;

/* Time walked back. d is 0 where the reset is detached, else 1; `only`: the loss of that step alone, or ALL. */
static adjoint backward(const trace *r, double d, int only) {
    adjoint a = {.gw = 0};
    double gv = 0; /* for the membrane after the step */
    for (int t = T - 1; t >= 0; t--) {
        const double g = slope(r->h[t] - theta);
        a.gs[t] = only == ALL || only == t ? r->s[t] - wanted[t] : 0;
        a.gh[t] = a.gs[t] * g + gv * ((1 - r->s[t]) - d * r->h[t] * g);
        a.gx[t] = k * a.gh[t];
        gv = (1 - k) * a.gh[t];
        a.gw += a.gx[t] * input[t];
    }
    return a;
}

/* The gradient for the weight by the same neuron in the library, added up over windows of so many steps; those for the currents go to gx.
 */
static double by_library(spk_ctx *ctx, bool detach_reset, int window, double *gx) {
    spk_module *lif = spk_lif(ctx, .tau = 2, .detach_reset = detach_reset, .surrogate_function = spk_surrogate_sigmoid(.alpha = 4));
    spk_tensor *weight = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(1, 1), &w), true), *x[T];
    for (int begin = 0, end = window; begin < T; begin = end, end += window) {
        spk_tensor *loss = spk_full(ctx, SPK_SHAPE(1, 1), 0);
        for (int t = begin; t < end; t++) {
            x[t] = spk_retain_grad(spk_scale(weight, input[t]));
            spk_tensor *error = spk_shift(spk_call(lif, x[t]), -wanted[t]);
            loss = spk_add(loss, spk_scale(spk_multiply(error, error), 0.5));
        }
        spk_backward(spk_sum(loss));
        for (int t = begin; t < end; t++) gx[t] = spk_item(spk_grad(x[t]));
        spk_detach(lif); /* the membrane goes on; its gradient ends here */
    }
    spk_end_step(ctx);
    return spk_item(spk_grad(weight));
}

static void print_adjoints(spk_ctx *ctx, const double *x, bool detach_reset) {
    const trace r = forward(x, false);
    const adjoint a = backward(&r, !detach_reset, ALL);
    double gx[T];
    const double gw = by_library(ctx, detach_reset, T, gx);
    printf("detach_reset = %s\n", detach_reset ? "true" : "false");
    printf("t   x[t]   h[t] s[t]   v[t] | gs[t]  g(u)    gh[t]    gx[t] | spk_backward\n");
    for (int t = 0; t < T; t++)
        printf("%d %6.3f %6.3f %4.0f %6.3f | %5.0f %5.3f  %7.4f  %7.4f | %12.4f\n", t, x[t], r.h[t], r.s[t], r.v[t], a.gs[t],
               slope(r.h[t] - theta), a.gh[t], a.gx[t], gx[t]);
    printf("for the weight:                               %7.4f | %12.4f\n", a.gw, gw);
}

/* The slope of the loss over one current, by a central difference. */
static double difference(const double *x, int t, bool smooth) {
    const double eps = 1e-5;
    double up[T], down[T];
    for (int i = 0; i < T; i++) up[i] = x[i] + (i == t) * eps, down[i] = x[i] - (i == t) * eps;
    return (forward(up, smooth).loss - forward(down, smooth).loss) / (2 * eps);
}

static void print_differences(const double *x) {
    const trace r = forward(x, true);
    const adjoint a = backward(&r, 1, ALL);
    printf("t  spiking, difference  smooth, difference  smooth, adjoint\n");
    for (int t = 0; t < T; t++) printf("%d  %19.6f  %18.6f  %15.6f\n", t, difference(x, t, false), difference(x, t, true), a.gx[t]);
}

/* Row s, column t: what the loss of step s gives the weight by way of the current of step t. Windows keep blocks of it. */
static void print_triangle(spk_ctx *ctx, const double *x) {
    const trace r = forward(x, false);
    double part[T][T], gx[T];
    for (int s = 0; s < T; s++) {
        const adjoint a = backward(&r, 1, s);
        printf("loss of step %d |", s);
        for (int t = 0; t <= s; t++) printf(" %7.4f", part[s][t] = a.gx[t] * input[t]);
        printf("\n");
    }
    printf("window     kept      cut | spk_backward\n");
    for (int window = T; window >= 1; window--) {
        if (T % window) continue;
        double sum[2] = {0, 0}; /* cut, kept */
        for (int s = 0; s < T; s++)
            for (int t = 0; t <= s; t++) sum[s / window == t / window] += part[s][t];
        printf("%6d  %7.4f  %7.4f | %12.4f\n", window, sum[1], sum[0], by_library(ctx, false, window, gx));
    }
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    double x[T];
    for (int t = 0; t < T; t++) x[t] = w * input[t];
    print_adjoints(ctx, x, false);
    print_adjoints(ctx, x, true);
    print_differences(x);
    print_triangle(ctx, x);
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
