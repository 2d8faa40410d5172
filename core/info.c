#include "core/blas_internal.h"
#include "core/context.h"
#include <stdio.h>

static const char *instruction_set(void) {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")) return "x86-64-v4";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "x86-64-v3";
    return "x86-64";
#else
    return "the compiler's base";
#endif
}

const char *spk_build_info(void) {
    static char text[256]; /* every call writes the same bytes */
    snprintf(text, sizeof text, "spiketape %s, %s, compiler %s, kernels for %s, %s", SPK_VERSION, SPK_BY_REAL("float", "double"),
             __VERSION__, instruction_set(), spk_blas_name());
    return text;
}
