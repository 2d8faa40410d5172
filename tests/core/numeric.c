/* Scalar maths: accuracy over the whole range of float, special values, and the same bits from every instruction set. */
#include "core/numeric_internal.h"
#include "support.h"
#include <float.h>

/* The number type that is wider than spk_real, its functions, and spk_real's precision and least normal number. */
#ifdef SPK_REAL_DOUBLE
typedef long double wide;
#    define WIDE(f) f##l
#    define DIGITS DBL_MANT_DIG
#    define LEAST DBL_MIN
#else
typedef double wide;
#    define WIDE(f) f
#    define DIGITS FLT_MANT_DIG
#    define LEAST FLT_MIN
#endif

/* 1.4e-45 in float: the distance between subnormal numbers. */
static wide least_distance(void) { return WIDE(ldexp)(LEAST, 1 - DIGITS); }

/* The error of y in units in the last place of the true value. */
static double error_in_ulp(spk_real y, wide truth) {
    int exponent;
    WIDE(frexp)(truth, &exponent);
    const wide unit = WIDE(fabs)(truth) < LEAST ? least_distance() : WIDE(ldexp)(1, exponent - DIGITS);
    return (double)(WIDE(fabs)((wide)y - truth) / unit);
}

/* Every 2003rd float, of both signs, from 0 through the subnormal numbers to infinity and the NaNs: 2.1 million. */
#define FOR_MANY_FLOATS(x)                                            \
    for (uint64_t pattern = 0; pattern < 1ull << 32; pattern += 2003) \
        for (spk_real x = float_of((uint32_t)pattern), *once = &x; once; once = NULL)

static spk_real float_of(uint32_t pattern) {
    float x;
    memcpy(&x, &pattern, sizeof x);
    return (spk_real)x;
}

/* A function, its wider one, and the most units that they may be apart: in float those that core/vector_math_internal.h states, in double
 * what libm may. `flushed`: results below the least normal number may be 0. */
typedef struct subject {
    const char *name;
    spk_real (*function)(spk_real);
    wide (*exact)(wide);
    double most;
    bool flushed;
} subject;

/* Fails where the function is wrong at x; its error in units. */
static double judged(const subject *s, spk_real x) {
    const spk_real y = s->function(x);
    const wide truth = s->exact((wide)x);
    const spk_real rounded = (spk_real)truth;
    if (isnan(rounded) || isinf(rounded) || truth == 0) {
        cr_assert(isnan(rounded) ? isnan(y) : y == rounded && !signbit(y) == !signbit(rounded), "%s(%a) = %a, should be %a", s->name,
                  (double)x, (double)y, (double)rounded);
        return 0;
    }
    if (s->flushed && WIDE(fabs)(truth) < LEAST && y == 0) return 0;
    const double error = error_in_ulp(y, truth);
    cr_assert(error <= s->most, "%s(%a) = %a, should be %a: off by %.3f units", s->name, (double)x, (double)y, (double)truth, error);
    return error;
}

static spk_real exp_of(spk_real x) { return spk_exp_scalar(x); }
static spk_real log_of(spk_real x) { return spk_log_scalar(x); }
static spk_real tanh_of(spk_real x) { return spk_tanh_scalar(x); }
static spk_real atan_of(spk_real x) { return spk_atan_scalar(x); }
static spk_real erfc_of(spk_real x) { return spk_erfc_scalar(x); }
static spk_real sigmoid_of(spk_real x) { return spk_sigmoid_scalar(x); }
static wide exact_sigmoid(wide x) { return 1 / (1 + WIDE(exp)(-x)); }

static const subject subjects[] = {
    {"exp", exp_of, WIDE(exp), SPK_BY_REAL(1.0, 1), true},      {"log", log_of, WIDE(log), SPK_BY_REAL(0.83, 1), false},
    {"tanh", tanh_of, WIDE(tanh), SPK_BY_REAL(1.34, 3), false}, {"atan", atan_of, WIDE(atan), SPK_BY_REAL(1.55, 1), false},
    {"erfc", erfc_of, WIDE(erfc), SPK_BY_REAL(3.99, 6), true},  {"sigmoid", sigmoid_of, exact_sigmoid, SPK_BY_REAL(2.5, 3), true},
};
enum { SUBJECTS = sizeof subjects / sizeof *subjects };

Test(numeric, whole_range) {
    for (int k = 0; k < SUBJECTS; k++) {
        double worst = 0;
        FOR_MANY_FLOATS(x) worst = fmax(worst, judged(&subjects[k], x));
        cr_assert(worst > 0.4, "%s: a worst error of %g units is too good to be measured", subjects[k].name, worst);
    }
}

/* Where pieces meet and results end, every float in turn. */
Test(numeric, borders) {
    static const double at[] = {88.7228, -87.3365, -103.97,    0.70710678, 1, 1.41421356, 1.17549435e-38, 0.625,
                                10,      0.5,      9.19454945, 9.25,       0, 16777216,   1e-20};
    for (int k = 0; k < SUBJECTS; k++)
        for (size_t j = 0; j < 2 * sizeof at / sizeof *at; j++) {
            float x = (float)(j % 2 ? -at[j / 2] : at[j / 2]);
            for (int i = 0; i < 50; i++) x = nextafterf(x, -INFINITY);
            for (int i = 0; i < 100; i++, x = nextafterf(x, INFINITY)) judged(&subjects[k], (spk_real)x);
        }
}

Test(numeric, special_values) {
    static const struct {
        const char *name;
        spk_real (*function)(spk_real);
        double at_minus_infinity, at_minus_zero, at_zero, at_infinity;
    } rows[] = {
        {"exp", exp_of, 0, 1, 1, INFINITY}, {"log", log_of, NAN, -INFINITY, -INFINITY, INFINITY},
        {"tanh", tanh_of, -1, -0.0, 0, 1},  {"atan", atan_of, -1.57079632679489662, -0.0, 0, 1.57079632679489662},
        {"erfc", erfc_of, 2, 1, 1, 0},      {"sigmoid", sigmoid_of, 0, 0.5, 0.5, 1},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        const spk_real at[] = {-(spk_real)INFINITY, (spk_real)-0.0, 0, (spk_real)INFINITY};
        const double wanted[] = {rows[k].at_minus_infinity, rows[k].at_minus_zero, rows[k].at_zero, rows[k].at_infinity};
        for (int i = 0; i < 4; i++) {
            const spk_real y = rows[k].function(at[i]), w = (spk_real)wanted[i];
            cr_assert(isnan(w) ? isnan(y) : y == w && !signbit(y) == !signbit(w), "%s(%g) = %.9g", rows[k].name, (double)at[i], (double)y);
        }
        cr_assert(isnan(rows[k].function((spk_real)NAN)), "%s(NaN)", rows[k].name);
        cr_assert(isnan(rows[k].function(-(spk_real)NAN)), "%s(-NaN)", rows[k].name);
    }
    cr_assert(isnan(log_of(-1)) && isnan(log_of(-(spk_real)LEAST)), "log of less than 0");
}

enum { MANY = 20011 }; /* with a tail for every width of vector */

/* The library's loops, compiled for this machine's instructions, give the bits that the plain functions give. */
Test(numeric, every_instruction_set_gives_the_same_bits) {
    static const struct {
        const char *name;
        spk_tensor *(*op)(spk_tensor *);
        spk_real (*function)(spk_real);
    } ops[] = {{"exp", spk_exp, exp_of}, {"log", spk_log, log_of}, {"tanh", spk_tanh, tanh_of}, {"sigmoid", spk_sigmoid, sigmoid_of}};
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(MANY), -12, 12);
    for (size_t k = 0; k < sizeof ops / sizeof *ops; k++) {
        const spk_real *y = spk_data(ops[k].op(x));
        for (int i = 0; i < MANY; i++) {
            const spk_real v = spk_data(x)[i], wanted = ops[k].function(v);
            cr_assert(memcmp(y + i, &wanted, sizeof wanted) == 0 || (isnan(y[i]) && isnan(wanted)), "%s(%a) = %a, should be %a",
                      ops[k].name, (double)v, (double)y[i], (double)wanted);
        }
    }
    static spk_real y[MANY];
    const spk_real pi = (spk_real)3.14159265358979323846;
    for (int erf = 0; erf < 2; erf++) {
        const spk_surrogate s = spk_surrogate_named(erf ? "erf" : "atan", spk_surrogate_options());
        s.primitive(&s, MANY, spk_data(x), y);
        for (int i = 0; i < MANY; i++) {
            const spk_real v = spk_data(x)[i];
            const spk_real wanted = erf ? erfc_of(-s.alpha * v) / 2 : atan_of(pi / 2 * s.alpha * v) / pi + (spk_real)0.5;
            cr_assert(y[i] == wanted, "%s(%a) = %a, should be %a", s.name, (double)v, (double)y[i], (double)wanted);
        }
    }
    spk_ctx_destroy(ctx);
}
