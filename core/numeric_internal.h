/* Scalar maths for spk_real, written so that plain loops over it vectorise under GCC and Clang alike. */
#ifndef SPK_CORE_NUMERIC_INTERNAL_H
#define SPK_CORE_NUMERIC_INTERNAL_H

#include "core/config.h"
#include <math.h>
#include <string.h>

/* One body per instruction set, chosen when the program is loaded: a binary built on any x86-64 uses AVX2 or AVX-512 where they
 * are. Other machines build the plain loop (NEON is part of arm64's base). SPK_NO_CLONES leaves them out, as ThreadSanitizer
 * needs. */
#if !defined(SPK_NO_CLONES) && defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#    define SPK_HAS_CLONES
#    define SPK_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#    define SPK_CLONES
#endif

/* Inlined into each clone, so that it is compiled for that clone's instruction set. */
#define SPK_INLINE static inline __attribute__((always_inline))

/* exp in plain arithmetic. Float: x = n ln 2 + r with |r| <= ln 2 / 2, a polynomial of degree 6 for exp(r) (Cephes expf, S. Moshier)
 * and n added to the exponent bits: 0.6 ulp, vectorised. Double: libm's, since the double library is for proof, not speed. */
SPK_INLINE spk_real spk_exp_scalar(spk_real x) {
#ifdef SPK_REAL_DOUBLE
    return exp(x);
#else
    const float limited = x > -87.33654f ? (x < 88.72283f ? x : 88.72283f) : -87.33654f; /* NaN goes to the bound and comes back below */
    const float n = (limited * 1.44269504088896341f + 12582912.0f) - 12582912.0f;        /* round to nearest by 1.5 * 2^23 */
    const float r = (limited - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    int32_t bits; /* p 2^n: n is added to p's exponent, which fits from the least normal number (there p >= 1) to the largest (p < 1) */
    memcpy(&bits, &p, sizeof bits);
    bits += (int32_t)n * (1 << 23);
    float y;
    memcpy(&y, &bits, sizeof y);
    y = x > 88.72283f ? HUGE_VALF : y;
    y = x < -87.33654f ? 0.0f : y; /* below 1.1755e-38, where subnormal numbers begin */
    return x != x ? x : y;
#endif
}

/* 1 / (1 + exp(-x)); exp overflows to infinity for very negative x, which gives the right 0. */
SPK_INLINE spk_real spk_sigmoid_scalar(spk_real x) { return 1 / (1 + spk_exp_scalar(-x)); }

SPK_INLINE spk_real spk_abs_scalar(spk_real x) { return SPK_BY_REAL(fabsf, fabs)(x); }
SPK_INLINE spk_real spk_sqrt_scalar(spk_real x) { return SPK_BY_REAL(sqrtf, sqrt)(x); }
SPK_INLINE spk_real spk_log_scalar(spk_real x) { return SPK_BY_REAL(logf, log)(x); }
SPK_INLINE spk_real spk_pow_scalar(spk_real x, spk_real y) { return SPK_BY_REAL(powf, pow)(x, y); }
SPK_INLINE spk_real spk_tanh_scalar(spk_real x) { return SPK_BY_REAL(tanhf, tanh)(x); }
SPK_INLINE spk_real spk_atan_scalar(spk_real x) { return SPK_BY_REAL(atanf, atan)(x); }
SPK_INLINE spk_real spk_erfc_scalar(spk_real x) { return SPK_BY_REAL(erfcf, erfc)(x); }

#endif
