/*
 * Kernels for registers of 8 numbers, which any instruction set gets, and of 16 for AVX-512: a block of 64 columns is then 8 registers of
 * AVX2 or 4 of AVX-512. One width for both will not do: with AVX2 GCC keeps vectors of 16 in memory, and the sums were no faster than
 * without it.
 */
#include "core/row_kernels_internal.h"
#include "core/info_internal.h"
#include "core/numeric_internal.h"

#define LANES 8
#define NAME(name) name##_8
#define TARGET SPK_CLONES
#include "core/row_kernels_template.h"

#if defined(SPK_HAS_CLONES) || defined(__AVX512F__)
#    define LANES 16
#    define NAME(name) name##_16
#    define TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq")))
#    include "core/row_kernels_template.h"
#else
#    define kernels_16 kernels_8
#endif

const spk_row_kernels *spk_row_kernels_here(void) { return spk_instructions() == SPK_X86_64_V4 ? &kernels_16 : &kernels_8; }
