/*
 * Measured by `bench/micro` as the densities at which its curves cross, on one thread, rounded down to steps of 0.05: constants, so that
 * the choice, and with it the rounding of results, is the same in every run. Kernels by instruction set, BLAS by that of its kernels.
 */
#include "core/crossover_internal.h"
#include "core/blas_internal.h"
#include "core/info_internal.h"
#include <string.h>

static const spk_crossover both_avx512 = {.wide = 0.35, .narrow = 0.3, .slope = 0.4};
static const spk_crossover only_ours_avx512 = {.wide = 0.5, .narrow = 0.3, .slope = 0.75};
static const spk_crossover avx2 = {.wide = 0.25, .narrow = 0.2, .slope = 0.7};
static const spk_crossover baseline = {.wide = 0.1, .narrow = 0.1, .slope = 0.2};

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
