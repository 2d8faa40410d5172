/*
 * Densities at which the curves of `bench/micro` cross, on one thread, rounded down to steps of 0.05. Constants, so that the choice, and
 * with it the rounding of results, is the same in every run. How much faster the sparse road was, forward and (weight's gradient), for 2048
 * x 800 spikes and 800 outputs, and for 3200 x 1000 spikes and 10 outputs, on one core of Zen 5 with OpenBLAS 0.3.21:
 *
 *   kernels, BLAS      outputs      5 %          10 %         20 %         30 %         40 %         50 %      cross at
 *   AVX-512, AVX-512       800   7.5 (6.4)    3.8 (3.3)    1.9 (1.7)    1.2 (1.1)    0.9 (0.8)    0.6 (0.6)   0.35 (0.32)
 *                           10   7.0 (5.2)    5.3 (3.7)    3.3 (2.2)    2.1 (1.5)    1.8 (1.2)    1.4 (0.9)   0.68 (0.47)
 *   AVX-512, AVX2          800  13.9 (11.4)   7.3 (6.3)    3.8 (3.2)    2.3 (2.0)    1.6 (1.5)    1.2 (1.1)   0.56 (0.54)
 *                           10   6.9 (4.9)    5.2 (3.3)    3.2 (2.0)    2.1 (1.3)    1.8 (1.1)    1.4 (0.9)   0.68 (0.43)
 *   AVX2, AVX2             800  11.8 (9.7)    6.2 (5.3)    3.0 (2.6)    1.9 (1.7)    1.3 (1.2)    0.8 (0.8)   0.46 (0.46)
 *                           10   4.4 (5.0)    2.7 (2.6)    1.7 (1.5)    1.4 (1.2)    1.1 (0.9)    0.9 (0.7)   0.46 (0.37)
 *   SSE2, AVX2             800   4.4 (4.3)    2.3 (2.3)    1.2 (1.2)    0.9 (0.9)    0.7 (0.7)    0.6 (0.6)   0.27 (0.27)
 *                           10   6.3 (6.8)    5.2 (5.2)    4.8 (4.7)    4.8 (4.5)    5.0 (4.7)    4.6 (4.2)   nowhere
 *
 * The last is because the dense road writes bits out without vector shifts there; for numbers, which it need not, it is the faster one from
 * 0.3 on. For AVX2 and wide factors the lower crossings of a prototype on Zen 3 are taken (0.35 and 0.25), whose L2 cache is half as wide.
 * A slope's inner products cost as much as BLAS's product at the share that is stated.
 */
#include "core/crossover_internal.h"
#include "core/blas_internal.h"
#include "core/info_internal.h"
#include <string.h>

static const spk_crossover both_avx512 = {.wide = 0.35, .narrow = 0.65, .wide_weight = 0.3, .narrow_weight = 0.45, .slope = 0.4};
static const spk_crossover only_ours_avx512 = {.wide = 0.55, .narrow = 0.65, .wide_weight = 0.5, .narrow_weight = 0.4, .slope = 0.8};
static const spk_crossover avx2 = {.wide = 0.35, .narrow = 0.45, .wide_weight = 0.25, .narrow_weight = 0.35, .slope = 0.65};
static const spk_crossover baseline = {.wide = 0.25, .narrow = 0.3, .wide_weight = 0.25, .narrow_weight = 0.3, .slope = 0.2};

/* OpenBLAS's names for what it has AVX-512 kernels for. */
static bool blas_has_avx512(void) {
    static const char *const cores[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
    for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
        if (strcmp(spk_blas_core(), cores[i]) == 0) return true;
    return false;
}

const spk_crossover *spk_crossover_here(void) {
    switch (spk_instructions()) {
    case SPK_X86_64_V4:
        return blas_has_avx512() ? &both_avx512 : &only_ours_avx512;
    case SPK_X86_64_V3:
        return &avx2;
    default:
        return &baseline;
    }
}
