/* What every file agrees on: the number type, the names per variant, keyword arguments, symbol visibility. */
#ifndef SPK_CORE_CONFIG_H
#define SPK_CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#    define SPK_BEGIN_DECLS extern "C" {
#    define SPK_END_DECLS }
#else
#    define SPK_BEGIN_DECLS
#    define SPK_END_DECLS
#endif

/** Marks what the shared library exports; everything else is hidden. */
#if defined(__GNUC__)
#    define SPK_API __attribute__((visibility("default")))
#    define SPK_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#    define SPK_API
#    define SPK_PRINTF(text, first)
#endif

/**
 * The number type of every tensor: float in libspiketape, double in libspiketape64 (compile with -DSPK_REAL_DOUBLE, which
 * pkg-config and CMake do for you).
 */
#ifdef SPK_REAL_DOUBLE
typedef double spk_real;
#else
typedef float spk_real;
#endif

/** The one way to choose between a float and a double spelling: SPK_BY_REAL(sqrtf, sqrt). */
#ifdef SPK_REAL_DOUBLE
#    define SPK_BY_REAL(for_float, for_double) for_double
#else
#    define SPK_BY_REAL(for_float, for_double) for_float
#endif

/** A voltage that is absent: `v_reset = SPK_NONE` asks for soft reset. It is a NaN; compare it with spk_is_none. */
#define SPK_NONE (__builtin_nan(""))
/** True for SPK_NONE. */
#define spk_is_none(value) ((value) != (value))

/**
 * Builds an options struct from defaults and the caller's designated initialisers, which may repeat a default: this is how
 * `spk_lif(ctx, .tau = 2.0)` reads as keyword arguments. The pragmas keep -Woverride-init quiet in the caller's code only here.
 * Pass options by value; C++ and bindings fill the struct that `spk_..._options()` returns instead.
 */
#define SPK_KEYWORDS(type, ...)                                                                                                    \
    __extension__({                                                                                                                \
        _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverride-init\"") type type##_keywords = {__VA_ARGS__}; \
        _Pragma("GCC diagnostic pop") type##_keywords;                                                                             \
    })

#endif
