#include "core/info_internal.h"
#include "core/blas_internal.h"
#include "core/context.h"
#include "core/numeric_internal.h"
#include "core/version.h"
#include <pthread.h>
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

const char *spk_version(void) { return SPK_VERSION; }

static char info[320];

static void write_info(void) {
    static const char *const names[] = {
        [SPK_BASELINE] = "the compiler's base", [SPK_X86_64_V3] = "x86-64-v3", [SPK_X86_64_V4] = "x86-64-v4"};
#ifdef SPK_DEBUG_CHECKS
    const char *checks = ", debug checks";
#else
    const char *checks = "";
#endif
    snprintf(info, sizeof info, "spiketape %s, %s%s, compiler %s, kernels for %s, %s", SPK_VERSION, SPK_BY_REAL("float", "double"), checks,
             __VERSION__, names[spk_instructions()], spk_blas_name());
}

const char *spk_build_info(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, write_info);
    return info;
}
