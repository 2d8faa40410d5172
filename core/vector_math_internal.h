/*
 * exp, log, tanh, atan and erfc of spk_real. In float plain arithmetic and selects, no call and no branch, so that GCC and Clang vectorise
 * loops over them for every instruction set; contraction is off, so that all of them give the same bits. In double libm's, since the double
 * library is for proof, not speed. Errors are the worst over all floats against libm's double functions, in units in the last place.
 */
#ifndef SPK_CORE_VECTOR_MATH_INTERNAL_H
#define SPK_CORE_VECTOR_MATH_INTERNAL_H

#include "core/config.h"
#include <math.h>
#include <string.h>

/* Inlined into each clone, so that it is compiled for that clone's instruction set. */
#define SPK_INLINE static inline __attribute__((always_inline))

#ifdef SPK_REAL_DOUBLE

SPK_INLINE double spk_exp_scalar(double x) { return exp(x); }
SPK_INLINE double spk_log_scalar(double x) { return log(x); }
SPK_INLINE double spk_tanh_scalar(double x) { return tanh(x); }
SPK_INLINE double spk_atan_scalar(double x) { return atan(x); }
SPK_INLINE double spk_erfc_scalar(double x) { return erfc(x); }

#else

SPK_INLINE uint32_t spk_bits_of_float(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

SPK_INLINE float spk_float_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/*
 * exp(x + tail) for -87.33654 <= x <= 88.72283 and a tail below 0.05: x = n ln 2 + r with |r| <= ln 2 / 2, a polynomial of degree 6 for
 * exp(r + tail) (Cephes expf, S. Moshier) and n added to the exponent bits, which fits from the least normal number (there the
 * polynomial is >= 1) to the largest (there it is < 1).
 */
SPK_INLINE float spk_exp_in_range(float x, float tail) {
    const float n = (x * 1.44269504088896341f + 12582912.0f) - 12582912.0f; /* round to nearest by 1.5 * 2^23 */
    const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f + tail;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    return spk_float_of_bits(spk_bits_of_float(p) + (uint32_t)(int32_t)n * (1u << 23));
}

/* 1.0 ulp. Below -87.33654, where the result would be subnormal, it is 0. */
SPK_INLINE float spk_exp_scalar(float x) {
    const float limited = x > -87.33654f ? (x < 88.72283f ? x : 88.72283f) : -87.33654f; /* NaN goes to the bound and comes back below */
    float y = spk_exp_in_range(limited, 0);
    y = x > 88.72283f ? HUGE_VALF : y;
    y = x < -87.33654f ? 0.0f : y;
    return x != x ? x : y;
}

/* 0.83 ulp, subnormal numbers included. x = 2^n m with m from sqrt(1/2) to sqrt(2), and a polynomial of degree 8 for
 * (log m - (m - 1) + (m - 1)^2 / 2) / (m - 1)^3 (Cephes logf, S. Moshier); ln 2 in two parts. */
SPK_INLINE float spk_log_scalar(float x) {
    const bool tiny = x < 1.17549435e-38f;
    const uint32_t from_root = spk_bits_of_float(tiny ? x * 8388608.0f : x) - 0x3f3504f3u; /* the bits of sqrt(1/2) */
    const float n = (float)(((int32_t)from_root >> 23) - (tiny ? 23 : 0));
    const float r = spk_float_of_bits((from_root & 0x7fffffu) + 0x3f3504f3u) - 1.0f, square = r * r;
    float p = 7.0376836292e-2f;
    p = p * r - 1.1514610310e-1f;
    p = p * r + 1.1676998740e-1f;
    p = p * r - 1.2420140846e-1f;
    p = p * r + 1.4249322787e-1f;
    p = p * r - 1.6668057665e-1f;
    p = p * r + 2.0000714765e-1f;
    p = p * r - 2.4999993993e-1f;
    p = p * r + 3.3333331174e-1f;
    float y = p * r * square + n * -2.12194440e-4f;
    y = (r + (y - 0.5f * square)) + n * 0.693359375f;
    y = x < HUGE_VALF ? y : x; /* infinity and NaN as they are */
    y = x == 0 ? -HUGE_VALF : y;
    return x < 0 ? (float)NAN : y;
}

/* 1.33 ulp. Below 0.625 x + x^3 P(x^2), else 1 - 2 / (exp(2x) + 1) (Cephes tanhf, S. Moshier). */
SPK_INLINE float spk_tanh_scalar(float x) {
    const float a = fabsf(x), z = a * a, limited = a < 10.0f ? a : 10.0f; /* tanh(10) rounds to 1 */
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    const float far = 1.0f - 2.0f / (spk_exp_in_range(2.0f * limited, 0) + 1.0f), near = p * z * a + a;
    return x != x ? x : copysignf(a < 0.625f ? near : far, x);
}

/* 1.54 ulp. With t = |x| up to 1 and 1 / |x| above, where the result is pi/2 - atan(t): t + t^3 P(t^2), P of degree 7 fitted here for
 * 0 <= t <= 1 by Remez' exchange, relative error 1.7e-8. */
SPK_INLINE float spk_atan_scalar(float x) {
    const float a = fabsf(x);
    const bool far = a > 1.0f;
    const float t = (far ? 1.0f : a) / (far ? a : 1.0f), z = t * t;
    float p = 2.920673694e-3f;
    p = p * z - 1.636785455e-2f;
    p = p * z + 4.321174324e-2f;
    p = p * z - 7.552204281e-2f;
    p = p * z + 1.066600010e-1f;
    p = p * z - 1.421105415e-1f;
    p = p * z + 1.999377310e-1f;
    p = p * z - 3.333315253e-1f;
    const float near = (p * z * t + (far ? 4.37113900e-8f : 0.0f)) + t; /* pi/2 less its rounding to float */
    return copysignf(far ? 1.57079637050628662f - near : near, x);
}

/* erf(x) for |x| <= 0.5: x P(x^2), P of degree 4 fitted here by Remez' exchange, relative error 1.4e-9. */
SPK_INLINE float spk_erf_near_zero(float x) {
    const float z = x * x;
    float p = 4.717988428e-3f;
    p = p * z - 2.675718255e-2f;
    p = p * z + 1.128282249e-1f;
    p = p * z - 3.761260808e-1f;
    p = p * z + 1.128379107f;
    return p * x;
}

/*
 * 3.98 ulp where the result is normal; above 9.194549, where it would be subnormal, it is 0. For a = |x| > 0.5, erfc(a) = exp(-a^2) f(a) /
 * (1 + 2a): f(a) = (1 + 2a) exp(a^2) erfc(a) is between 1 and 1.3 and nearly a polynomial of t = (a - 2) / (a + 2) (the idea of Shepherd
 * and Laframboise, Math. Comp. 36, 1981; the degree 9 is fitted here for 0 <= a <= 10 by Remez' exchange, relative error 1.3e-8). a^2 is
 * taken as b^2 + (a - b)(a + b), b the upper 12 bits of a, whose square is exact. erfc(-a) = 2 - erfc(a).
 */
SPK_INLINE float spk_erfc_scalar(float x) {
    const float a = fabsf(x) < 9.25f ? fabsf(x) : 9.25f, b = spk_float_of_bits(spk_bits_of_float(a) & ~0xfffu);
    const float t = (a - 2.0f) / (a + 2.0f);
    float p = -4.017143219e-4f;
    p = p * t - 1.231875620e-3f;
    p = p * t + 1.313722227e-3f;
    p = p * t + 8.633268997e-3f;
    p = p * t - 8.059599437e-3f;
    p = p * t - 5.420470983e-2f;
    p = p * t + 1.640552729e-1f;
    p = p * t - 1.660313904e-1f;
    p = p * t - 9.276397526e-2f;
    p = p * t + 1.276978374f;
    float y = spk_exp_in_range(-b * b, -(a - b) * (a + b)) * p / (1.0f + 2.0f * a);
    y = a > 9.194549f ? 0.0f : y;
    y = x < 0 ? 2.0f - y : y;
    y = a > 0.5f ? y : 1.0f - spk_erf_near_zero(x);
    return x != x ? x : y;
}

#endif

/* 1 / (1 + exp(-x)), 2.5 ulp in float; exp overflows to infinity for very negative x, which gives the right 0. */
SPK_INLINE spk_real spk_sigmoid_scalar(spk_real x) { return 1 / (1 + spk_exp_scalar(-x)); }

#endif
