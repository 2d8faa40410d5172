/* The random stream of a context. */
#ifndef SPK_CORE_RANDOM_H
#define SPK_CORE_RANDOM_H

#include "core/context.h"

SPK_BEGIN_DECLS

/**
 * The next n numbers of the context's stream, uniform in [low, high). Counter-based (Philox4x32-10, Salmon et al., "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011): the same seed gives the same 24 bits on every machine, in float and in double. An error, and
 * nothing drawn, when n is negative, out is NULL or the range is none; so with the others.
 */
SPK_API void spk_random_uniform(spk_ctx *ctx, int64_t n, double low, double high, spk_real *out);
/** The next n numbers of a normal distribution (Box and Muller), equal across machines up to the rounding of their log and cos. */
SPK_API void spk_random_normal(spk_ctx *ctx, int64_t n, double mean, double standard_deviation, spk_real *out);
/** A random permutation of 0..n-1 (Fisher and Yates). */
SPK_API void spk_random_permutation(spk_ctx *ctx, int64_t n, int64_t *out);

SPK_END_DECLS

#endif
