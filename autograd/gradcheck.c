#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/context_internal.h"
#include "core/random_internal.h"
#include <math.h>

typedef struct check {
    spk_function function;
    spk_gradcheck_opts o;
    spk_ctx *ctx;
    spk_tensor *const *inputs;
    spk_tensor *weights; /* r, of the function's shape; persistent */
    spk_gradcheck_report report;
} check;

static spk_tensor *weighted_sum(check *c) {
    spk_tensor *y = c->function(c->o.user, c->inputs);
    if (!spk_tensor_usable(c->ctx, y, "spk_gradcheck (the function's result)")) return &c->ctx->inert;
    if (!c->weights) {
        spk_tensor *weights = spk_tensor_create(c->ctx, spk_tensor_shape(y));
        if (!spk_fill_uniform(weights, -1, 1)) return weights;
        c->weights = weights;
    }
    return spk_sum(spk_multiply(y, c->weights));
}

/* Also after an error: inputs are given back as they came. */
static void set_element(spk_tensor *x, int64_t i, double value) {
    spk_reals(x)[i] = (spk_real)value;
    x->version++;
}

/* The function's value, with the random stream put back, so that a dropout draws the same mask each time. */
static double value(check *c, spk_random start) {
    c->ctx->random = start;
    double y = 0;
    SPK_NO_GRAD(c->ctx) { y = spk_item(weighted_sum(c)); }
    spk_end_step(c->ctx);
    return y;
}

static void check_input(check *c, int k, spk_random start) {
    spk_tensor *x = c->inputs[k];
    const spk_tensor *g = spk_grad(x);
    double largest = 1;
    for (int64_t i = 0; g && i < g->size; i++) largest = fmax(largest, fabs((double)spk_reals(g)[i]));
    for (int64_t i = 0; i < x->size && !c->ctx->failed; i++) {
        const spk_real before = spk_reals(x)[i];
        const double eps = c->o.eps;
        set_element(x, i, (double)before + eps);
        const double above = value(c, start);
        set_element(x, i, (double)before - eps);
        const double below = value(c, start);
        set_element(x, i, (double)before);
        if (c->ctx->failed) return;
        const double numeric = (above - below) / (2 * eps), analytic = g ? (double)spk_reals(g)[i] : 0;
        const double error = fabs(analytic - numeric) / largest;
        if (error <= c->report.error) continue; /* a NaN goes on, and is the worst */
        const bool worst = !isnan(c->report.error);
        if (worst) c->report = (spk_gradcheck_report){.error = error, .input = k, .element = i, .analytic = analytic, .numeric = numeric};
    }
}

static bool check_inputs(spk_ctx *ctx, int n, spk_tensor *const *inputs) {
    for (int i = 0; i < n; i++) {
        if (!spk_tensor_usable(ctx, inputs[i], "spk_gradcheck")) return false;
        if (inputs[i]->step)
            spk_fail(ctx, "spk_gradcheck: input %d is an op's result; inputs must be persistent tensors (spk_keep makes one)", i);
    }
    return !ctx->failed;
}

static bool check_options(spk_ctx *ctx, spk_function function, spk_gradcheck_opts o) {
    if (!function) spk_fail(ctx, "spk_gradcheck: the function is NULL");
    if (!(o.eps > 0) || !isfinite(o.eps)) spk_fail(ctx, "spk_gradcheck: eps is %g; it must be a finite number above 0", o.eps);
    if (!(o.tolerance >= 0)) spk_fail(ctx, "spk_gradcheck: the tolerance is %g; it must be 0 or more", o.tolerance);
    if (sizeof(spk_real) != sizeof(double))
        spk_fail(ctx, "spk_gradcheck: finite differences need double precision; build against libspiketape64 (-DSPK_REAL_DOUBLE)");
    return !ctx->failed;
}

/* The comparison, for arguments that are right. */
static void compare(check *c, int n) {
    spk_ctx *ctx = c->ctx;
    for (int i = 0; i < n; i++) spk_clear_grad(c->inputs[i]);
    spk_end_step(ctx);
    const spk_random start = ctx->random;
    value(c, start); /* makes the weights, outside of the comparison */
    ctx->random = start;
    if (spk_backward(weighted_sum(c))) spk_end_step(ctx);
    for (int i = 0; i < n && !ctx->failed; i++)
        if (c->inputs[i]->requires_grad) check_input(c, i, start);
    for (int i = 0; i < n; i++) c->inputs[i]->grad_ready = false; /* spk_clear_grad leaves gradients after an error */
    if (ctx->failed) ctx->begun = start;
}

spk_gradcheck_opts spk_gradcheck_options(void) { return (spk_gradcheck_opts){SPK_GRADCHECK_DEFAULTS}; }

spk_gradcheck_report spk_gradcheck_with(spk_function function, int n, spk_tensor *const *inputs, spk_gradcheck_opts options) {
    const spk_tensor *some = NULL;
    for (int i = 0; inputs && i < n && !some; i++) some = inputs[i];
    spk_ctx *ctx = spk_tensor_ctx(some);
    check c = {.function = function, .o = options, .ctx = ctx, .inputs = inputs};
    if (!check_options(ctx, function, options) || !check_inputs(ctx, n, inputs)) return c.report;
    compare(&c, n);
    spk_tensor_retire(c.weights);
    c.report.passed = !ctx->failed && c.report.error <= options.tolerance;
    return c.report;
}
