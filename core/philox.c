/* Philox4x32-10 (Salmon et al., SC 2011), many counters at once: integer arithmetic, so that every instruction set gives the same words. */
#include "core/numeric_internal.h"
#include "core/random_internal.h"

/* Round keys are Weyl sequences of the golden ratio and sqrt(3) - 1. */
#define FACTOR_0 0xD2511F53u
#define FACTOR_1 0xCD9E8D57u
#define KEY_STEP_0 0x9E3779B9u
#define KEY_STEP_1 0xBB67AE85u

#if !defined(SPK_NO_CLONES) && defined(__x86_64__)
#    include <immintrin.h>

/*
 * One kernel for vectors of `lanes` 64-bit numbers, each with a 32-bit word of state in its lower half; what is in the upper half does no
 * harm, since `multiply` (vpmuludq) reads the lower halves alone. GCC makes no such loop of the plain one below: its own took 1.45
 * ns a word with AVX2 and 0.50 with AVX-512, where this takes 0.60 and 0.22 (Zen 5).
 */
#    define PHILOX(id, instructions, lanes, vector, multiply)                                                               \
        typedef uint64_t id##_wide __attribute__((vector_size(8 * (lanes))));                                               \
        typedef uint32_t id##_narrow __attribute__((vector_size(4 * (lanes))));                                             \
        __attribute__((target(instructions))) static void id(uint64_t seed, int64_t n, spk_philox *b) {                     \
            const vector m0 = (vector)((id##_wide){0} + FACTOR_0), m1 = (vector)((id##_wide){0} + FACTOR_1);                \
            for (int64_t i = 0; i < n; i += (lanes)) {                                                                      \
                uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);                                                  \
                id##_wide c[4] = {{0}};                                                                                     \
                memcpy(&c[0], b->counter + i, sizeof c[0]);                                                                 \
                c[1] = c[0] >> 32;                                                                                          \
                for (int round = 0; round < 10; round++, k0 += KEY_STEP_0, k1 += KEY_STEP_1) {                              \
                    const id##_wide p0 = (id##_wide)multiply((vector)c[0], m0), p1 = (id##_wide)multiply((vector)c[2], m1); \
                    c[0] = (p1 >> 32) ^ c[1] ^ (uint64_t)k0, c[1] = p1;                                                     \
                    c[2] = (p0 >> 32) ^ c[3] ^ (uint64_t)k1, c[3] = p0;                                                     \
                }                                                                                                           \
                for (int j = 0; j < 4; j++) {                                                                               \
                    const id##_narrow word = __builtin_convertvector(c[j], id##_narrow);                                    \
                    memcpy(b->word[j] + i, &word, sizeof word);                                                             \
                }                                                                                                           \
            }                                                                                                               \
        }
PHILOX(philox_avx2, "avx2", 4, __m256i, _mm256_mul_epu32)
PHILOX(philox_avx512, "avx512f", 8, __m512i, _mm512_mul_epu32)
#endif

static void philox_plain(uint64_t seed, int64_t n, spk_philox *b) {
    for (int64_t i = 0; i < n; i++) {
        uint32_t c0 = (uint32_t)b->counter[i], c1 = (uint32_t)(b->counter[i] >> 32), c2 = 0, c3 = 0;
        uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
        for (int round = 0; round < 10; round++, k0 += KEY_STEP_0, k1 += KEY_STEP_1) {
            const uint64_t p0 = (uint64_t)FACTOR_0 * c0, p1 = (uint64_t)FACTOR_1 * c2;
            c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, c1 = (uint32_t)p1;
            c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1, c3 = (uint32_t)p0;
        }
        b->word[0][i] = c0, b->word[1][i] = c1, b->word[2][i] = c2, b->word[3][i] = c3;
    }
}

void spk_philox_words(uint64_t seed, int64_t n, spk_philox *b) {
#ifdef PHILOX
    if (__builtin_cpu_supports("avx512f")) {
        philox_avx512(seed, n, b);
        return;
    }
    if (__builtin_cpu_supports("avx2")) {
        philox_avx2(seed, n, b);
        return;
    }
#endif
    philox_plain(seed, n, b);
}
