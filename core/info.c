#include "core/info_internal.h"
#include "core/blas_internal.h"
#include "core/context.h"
#include "core/numeric_internal.h"
#include <stdio.h>

spk_instruction_set spk_instructions(void) {
#ifdef SPK_HAS_CLONES
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return SPK_X86_64_V4;
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? SPK_X86_64_V3 : SPK_BASELINE;
#elif defined(__AVX512F__) && defined(__AVX512VL__)
    return SPK_X86_64_V4;
#elif defined(__AVX2__)
    return SPK_X86_64_V3;
#else
    return SPK_BASELINE;
#endif
}

const char *spk_build_info(void) {
    static char text[256]; /* every call writes the same bytes */
    static const char *const names[] = {
        [SPK_BASELINE] = "the compiler's base", [SPK_X86_64_V3] = "x86-64-v3", [SPK_X86_64_V4] = "x86-64-v4"};
    snprintf(text, sizeof text, "spiketape %s, %s, compiler %s, kernels for %s, %s", SPK_VERSION, SPK_BY_REAL("float", "double"),
             __VERSION__, names[spk_instructions()], spk_blas_name());
    return text;
}
