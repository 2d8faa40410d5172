/* Surrogates: values against formulas written out here, the derivative against differences of the primitive,
 * parameters, custom ones. */
#include "../core/support.h"

/* Derivative and primitive in double, as neuron semantics state them; p is alpha, slope or k. */
typedef struct formula {
    const char *name;
    double alpha; /* the default */
    double (*grad)(double x, double p), (*primitive)(double x, double p);
    double support; /* with alpha 1 */
    bool jumps;     /* the derivative does, at the threshold or at the support's end */
} formula;

#define PI 3.14159265358979323846
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double sigmoid_g(double x, double p) { return p * sigmoid(p * x) * (1 - sigmoid(p * x)); }
static double sigmoid_p(double x, double p) { return sigmoid(p * x); }
static double atan_g(double x, double p) { return p / 2 / (1 + pow(PI / 2 * p * x, 2)); }
static double atan_p(double x, double p) { return atan(PI / 2 * p * x) / PI + 0.5; }
static double quadratic_g(double x, double p) { return fmax(0, p - p * p * fabs(x)); }
static double quadratic_p(double x, double p) {
    if (p * x <= -1) return 0;
    if (p * x >= 1) return 1;
    return x < 0 ? pow(1 + p * x, 2) / 2 : 1 - pow(1 - p * x, 2) / 2; /* areas of triangles */
}
static double rect_g(double x, double p) { return fabs(x) < 0.5 / p ? p : 0; }
static double rect_p(double x, double p) { return fmin(1, fmax(0, p * x + 0.5)); }
static double exp_g(double x, double p) { return p / 2 * exp(-p * fabs(x)); }
static double exp_p(double x, double p) { return x < 0 ? exp(p * x) / 2 : 1 - exp(-p * x) / 2; }
static double sign_g(double x, double p) { return 1 / (2 * p * pow(1 / p + fabs(x), 2)); }
static double sign_p(double x, double p) { return (p * x / (1 + p * fabs(x)) + 1) / 2; }
static double super_g(double x, double p) { return p / pow(1 + fabs(x), 2); }
static double super_p(double x, double p) { return x < 0 ? p / (1 - x) : p * (2 - 1 / (1 + x)); }
static double fast_g(double x, double p) { return 1 / pow(1 + p * fabs(x), 2); }
static double fast_p(double x, double p) { return x < 0 ? 1 / (p * (1 - p * x)) : (2 - 1 / (1 + p * x)) / p; }
static double erf_g(double x, double p) { return p / sqrt(PI) * exp(-p * p * x * x); }
static double erf_p(double x, double p) { return 0.5 * erfc(-p * x); }
static double relu_g(double x, double p) { return x >= 0 ? p : 0; }
static double relu_p(double x, double p) { return x >= 0 ? p * x : 0; }

static const formula formulas[] = {
    {"sigmoid", 4, sigmoid_g, sigmoid_p, INFINITY, false},
    {"atan", 2, atan_g, atan_p, INFINITY, false},
    {"piecewise_quadratic", 1, quadratic_g, quadratic_p, 1, false},
    {"rect", 1, rect_g, rect_p, 0.5, true},
    {"piecewise_exp", 1, exp_g, exp_p, INFINITY, false},
    {"soft_sign", 2, sign_g, sign_p, INFINITY, false},
    {"super_spike", 1, super_g, super_p, INFINITY, false},
    {"fast_sigmoid", 25, fast_g, fast_p, INFINITY, false},
    {"erf", 2, erf_g, erf_p, INFINITY, false},
    {"leaky_k_relu", 1, relu_g, relu_p, INFINITY, true},
};
enum { FORMULAS = sizeof formulas / sizeof *formulas };

static const double points[] = {-100, -3, -1, -0.75, -0.5, -0.3, -0.125, -1e-3, 0, 1e-3, 0.125, 0.3, 0.5, 0.75, 1, 3, 100};
enum { POINTS = sizeof points / sizeof *points };

Test(surrogate, names) {
    for (int i = 0; i < FORMULAS; i++) cr_assert_str_eq(spk_surrogate_name(i), formulas[i].name, "%d", i);
    cr_assert(!spk_surrogate_name(FORMULAS) && !spk_surrogate_name(-1) && !spk_surrogate_name(1000000), "NULL outside of the list");
}

static void check_values(const formula *f, double p, bool by_default) {
    const spk_surrogate s = by_default ? spk_surrogate_of(f->name) : spk_surrogate_of(f->name, .alpha = p);
    cr_assert_str_eq(s.name, f->name);
    cr_assert(s.grad && s.primitive && s.spiking && s.alpha == (spk_real)p && s.leak == 0, "%s: fields", f->name);
    cr_assert(close_to((double)s.support, f->support / p, 1e-6), "%s: support %g", f->name, (double)s.support);
    spk_real x[POINTS], g[POINTS], y[POINTS];
    for (int i = 0; i < POINTS; i++) x[i] = (spk_real)points[i];
    s.grad(&s, POINTS, x, g);
    s.primitive(&s, POINTS, x, y);
    for (int i = 0; i < POINTS; i++) {
        const double xi = (double)x[i], wanted_g = f->grad(xi, p), wanted_y = f->primitive(xi, p);
        cr_assert(fabs((double)g[i] - wanted_g) <= SPK_BY_REAL(4e-6, 1e-13) * fmax(1, p), "%s alpha %g: g(%g) = %.9g, should be %.9g",
                  f->name, p, xi, (double)g[i], wanted_g);
        cr_assert(fabs((double)y[i] - wanted_y) <= SPK_BY_REAL(1e-6, 1e-13) * fmax(1, fabs(wanted_y)),
                  "%s alpha %g: primitive(%g) = %.9g, should be %.9g", f->name, p, xi, (double)y[i], wanted_y);
        cr_assert(fabs(xi) <= (double)s.support || g[i] == 0, "%s: g(%g) is not 0 outside of the support", f->name, xi);
    }
}

Test(surrogate, values) {
    for (int i = 0; i < FORMULAS; i++) {
        check_values(&formulas[i], formulas[i].alpha, true);
        check_values(&formulas[i], 0.5, false);
        check_values(&formulas[i], 3, false);
    }
}

Test(surrogate, the_derivative_is_that_of_the_primitive) {
    for (int i = 0; i < FORMULAS; i++) {
        const formula *f = &formulas[i];
        const spk_surrogate s = spk_surrogate_of(f->name);
        /* Primitives are of size 1: a step of 4e-3 (float) leaves rounding of 3e-5 and the curvature's share,
         * alpha^3 e^2 / 6. */
        const double e = SPK_BY_REAL(4e-3, 1e-5), tolerance = SPK_BY_REAL(2e-3, 1e-7) * f->alpha;
        for (int k = 0; k < POINTS; k++) {
            const double at = points[k];
            if (fabs(at) > 10) continue; /* one ulp of x is more than the step's precision */
            if (f->jumps && (fabs(at) < 2 * e || fabs(fabs(at) - 0.5) < 2 * e)) continue;
            if (strcmp(f->name, "fast_sigmoid") == 0 && fabs(at) < 0.1 && sizeof(spk_real) == sizeof(float))
                continue; /* curved too much for e */
            const spk_real x[] = {(spk_real)(at - e), (spk_real)(at + e), (spk_real)at};
            spk_real y[2], g;
            s.primitive(&s, 2, x, y);
            s.grad(&s, 1, x + 2, &g);
            const double numeric = ((double)y[1] - (double)y[0]) / ((double)x[1] - (double)x[0]);
            /* A corner of the derivative lies within the step at 0 and +-1: half the change of slope times
             * the step. */
            const double corner = fabs(at) < e || fabs(fabs(at) - 1) < e ? f->alpha * f->alpha * 2 * e : 0;
            cr_assert(fabs(numeric - (double)g) <= tolerance + corner, "%s at %g: derivative %g, difference %g", f->name, at, (double)g,
                      numeric);
        }
    }
}

Test(surrogate, far_away_and_nan) {
    for (int i = 0; i < FORMULAS; i++) {
        const spk_surrogate s = spk_surrogate_of(formulas[i].name);
        const spk_real x[] = {(spk_real)-1e6, (spk_real)1e6, -INFINITY, INFINITY, NAN};
        spk_real g[5], y[5];
        s.grad(&s, 5, x, g);
        s.primitive(&s, 5, x, y);
        for (int k = 0; k < 4; k++) cr_assert(isfinite((double)g[k]), "%s: g(%g) = %g", s.name, (double)x[k], (double)g[k]);
        for (int k = 0; k < 2; k++) cr_assert(isfinite((double)y[k]), "%s: primitive(%g) = %g", s.name, (double)x[k], (double)y[k]);
        cr_assert(isnan((double)y[4]), "%s: primitive(NaN) = %g", s.name, (double)y[4]);
    }
}

/* sigmoid' = y (1 - y) with 1 - y computed in float would be 0 from alpha x = 17 on, and wrong by some percent before. */
Test(surrogate, sigmoid_keeps_its_digits_in_both_tails) {
    const spk_surrogate s = spk_surrogate_sigmoid(.alpha = 4);
    for (double x = 0; x <= 12; x += 0.25) {
        const spk_real both[] = {(spk_real)x, (spk_real)-x};
        const double e = exp(-4 * x), wanted = 4 * e / ((1 + e) * (1 + e));
        spk_real g[2];
        s.grad(&s, 2, both, g);
        cr_assert(g[0] == g[1], "x = %g: %g on one side, %g on the other", x, (double)g[0], (double)g[1]);
        cr_assert(fabs((double)g[0] - wanted) <= SPK_BY_REAL(1e-5, 1e-13) * wanted, "x = %g: %.9g, should be %.9g", x, (double)g[0],
                  wanted);
    }
}

Test(surrogate, every_length) {
    enum { MOST = 70 };
    for (int i = 0; i < FORMULAS; i++) {
        const spk_surrogate s = spk_surrogate_of(formulas[i].name);
        spk_real x[MOST], one, g[MOST + 1], y[MOST + 1];
        for (int k = 0; k < MOST; k++) x[k] = (spk_real)(0.07 * k - 2.3);
        for (int n = 0; n <= MOST; n++) {
            g[n] = y[n] = 77;
            s.grad(&s, n, x, g);
            s.primitive(&s, n, x, y);
            cr_assert(g[n] == 77 && y[n] == 77, "%s: wrote beyond %d", s.name, n);
            for (int k = 0; k < n; k++) {
                s.grad(&s, 1, x + k, &one);
                cr_assert(one == g[k], "%s: g differs with the length %d at %d", s.name, n, k);
                s.primitive(&s, 1, x + k, &one);
                cr_assert(one == y[k], "%s: primitive differs with the length %d at %d", s.name, n, k);
            }
        }
    }
}

Test(surrogate, parameters) {
    const spk_surrogate_opts o = spk_surrogate_options();
    cr_assert(spk_is_none(o.alpha) && spk_is_none(o.leak) && o.spiking, "defaults");
    cr_assert(spk_surrogate_of("fast_sigmoid", .slope = 10).alpha == 10, "slope");
    const spk_surrogate relu = spk_surrogate_of("leaky_k_relu", .k = 2, .leak = -0.25, .spiking = false);
    cr_assert(relu.alpha == 2 && relu.leak == (spk_real)-0.25 && !relu.spiking, "leaky_k_relu");
    const spk_real x[] = {-2, 0, 3};
    spk_real g[3], y[3];
    relu.grad(&relu, 3, x, g), relu.primitive(&relu, 3, x, y);
    cr_assert(g[0] == (spk_real)-0.25 && g[1] == 2 && g[2] == 2 && y[0] == (spk_real)0.5 && y[1] == 0 && y[2] == 6, "leaky_k_relu values");
    cr_assert(spk_surrogate_sigmoid(.alpha = 2).alpha == 2 && spk_surrogate_atan().alpha == 2, "snngrow's two");
    cr_assert_str_eq(spk_surrogate_sigmoid().name, "sigmoid");
    cr_assert_str_eq(spk_surrogate_atan().name, "atan");
    cr_assert_not(spk_surrogate_atan(.spiking = false).spiking);
}

Test(surrogate, invalid) {
    const struct {
        const char *what;
        spk_surrogate s;
    } cases[] = {
        {"unknown", spk_surrogate_of("no such")},
        {"NULL", spk_surrogate_of(NULL)},
        {"empty", spk_surrogate_of("")},
        {"upper case", spk_surrogate_of("Sigmoid")},
        {"alpha 0", spk_surrogate_of("atan", .alpha = 0)},
        {"alpha < 0", spk_surrogate_of("atan", .alpha = -2)},
        {"alpha inf", spk_surrogate_of("atan", .alpha = INFINITY)},
        {"leak inf", spk_surrogate_of("leaky_k_relu", .leak = INFINITY)},
        {"too small", spk_surrogate_of("atan", .alpha = SPK_BY_REAL(1e-60, 0.0))},
    };
    spk_ctx *ctx = spk_ctx_create();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_null(cases[i].s.grad, "%s: valid", cases[i].what);
        assert_inert(spk_heaviside(spk_full(ctx, SPK_SHAPE(2), 1), cases[i].s), cases[i].what);
        assert_error(ctx, cases[i].what, "heaviside", "surrogate");
    }
    spk_ctx_destroy(ctx);
}

static void three_times(const spk_surrogate *s, int64_t n, const spk_real *x, spk_real *out) {
    for (int64_t i = 0; i < n; i++) out[i] = x[i] * *(const spk_real *)s->user;
}

Test(surrogate, custom) {
    spk_ctx *ctx = spk_ctx_create();
    static spk_real factor = 3;
    spk_surrogate s = spk_surrogate_custom("mine", three_times, NULL, &factor);
    cr_assert(s.spiking && s.user == &factor && isinf(s.support) && strcmp(s.name, "mine") == 0, "fields");
    cr_assert_str_eq(spk_surrogate_custom(NULL, three_times, NULL, NULL).name, "custom");
    spk_tensor *x = spk_set_requires_grad(VECTOR(ctx, -2, 0, 0.5), true), *y = spk_heaviside(x, s);
    assert_values(y, "custom spikes", 0, 1, 1);
    spk_backward(y, .gradient = VECTOR(ctx, 1, 2, -4));
    assert_values(spk_grad(x), "custom gradient", -6, 0, -6);
    s.spiking = false;
    assert_inert(spk_heaviside(x, s), "no primitive");
    assert_error(ctx, "no primitive", "heaviside", "primitive");
    s.primitive = three_times;
    assert_values(spk_heaviside(x, s), "custom primitive", -6, 0, 1.5);
    assert_inert(spk_heaviside(x, spk_surrogate_custom("none", NULL, three_times, NULL)), "no grad");
    assert_error(ctx, "no grad", "heaviside", "'none'");
    spk_ctx_destroy(ctx);
}

Test(surrogate, heaviside) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x =
        spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(2, 3), (const spk_real[]){-1, -0.0, 0, 1, NAN, (spk_real)-1e-30}), true);
    for (int i = 0; spk_surrogate_name(i); i++) {
        spk_tensor *y = spk_heaviside(x, spk_surrogate_of(spk_surrogate_name(i)));
        assert_values(y, spk_surrogate_name(i), 0, 1, 1, 1, 0, 0);
        spk_backward(spk_sum(y));
        cr_assert(close_to((double)spk_data(spk_grad(x))[3], formulas[i].grad(1, formulas[i].alpha), SPK_BY_REAL(1e-5, 1e-12)), "%s",
                  formulas[i].name);
        spk_clear_grad(x);
    }
    assert_values(spk_heaviside(spk_bits(VECTOR(ctx, 0, 1)), spk_surrogate_of("atan")), "bits", 1, 1);
    cr_assert_eq(spk_size(spk_heaviside(spk_tensor_create(ctx, SPK_SHAPE(0, 3)), spk_surrogate_of("atan"))), 0);
    assert_fine(ctx, "heaviside");
    spk_ctx_destroy(ctx);
}
