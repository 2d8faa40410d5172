/* Scalar maths for spk_real, written so that plain loops over it vectorise under GCC and Clang alike. */
#ifndef SPK_CORE_NUMERIC_INTERNAL_H
#define SPK_CORE_NUMERIC_INTERNAL_H

#include "core/config.h"
#include "core/vector_math_internal.h"
#include <math.h>
#include <string.h>

/* One body per instruction set, chosen when the program is loaded: a binary built on any x86-64 uses AVX2 or AVX-512 where they
 * are. Other machines build the plain loop (NEON is part of arm64's base). SPK_NO_CLONES leaves them out, as ThreadSanitizer
 * needs. */
#if defined(SPK_NO_CLONES) || !defined(__x86_64__) || !defined(__linux__) || !defined(__GLIBC__)
#    define SPK_CLONES
#elif defined(__clang__) /* Clang 14 takes the names of levels, but never chooses their bodies: its test is of the CPU's vendor */
#    define SPK_HAS_CLONES
#    define SPK_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#    define SPK_HAS_CLONES
#    define SPK_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#endif

SPK_INLINE spk_real spk_abs_scalar(spk_real x) { return SPK_BY_REAL(fabsf, fabs)(x); }
SPK_INLINE spk_real spk_sqrt_scalar(spk_real x) { return SPK_BY_REAL(sqrtf, sqrt)(x); }
SPK_INLINE spk_real spk_pow_scalar(spk_real x, spk_real y) { return SPK_BY_REAL(powf, pow)(x, y); }

#endif
