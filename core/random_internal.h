/* Philox4x32-10: random words as a function of (seed, position), so that any part of the stream is drawn by any thread alike. */
#ifndef SPK_CORE_RANDOM_INTERNAL_H
#define SPK_CORE_RANDOM_INTERNAL_H

#include "core/random.h"

/* The whole state of a stream: what a checkpoint has to keep. `position` counts words drawn; a draw begins at a multiple of 4. */
typedef struct spk_random {
    uint64_t seed, position;
} spk_random;

/* Takes n words from the context's stream; word i of the draw is what spk_random_words gives at the returned position + i. */
spk_random spk_random_take(spk_ctx *ctx, int64_t n);
/* More numbers than this are past any memory; the words of so many can be counted in int64. */
#define SPK_MOST_DRAWN ((int64_t)1 << 56)
/* True when there is something to draw; the error, which `who` begins, says what is wrong with the arguments. */
bool spk_random_check(spk_ctx *ctx, const char *who, int64_t n, const void *out);
bool spk_random_check_uniform(spk_ctx *ctx, const char *who, double low, double high);
bool spk_random_check_normal(spk_ctx *ctx, const char *who, double mean, double standard_deviation);
/* Words first .. first + n - 1 of a draw; first is a multiple of 4. */
void spk_random_words(spk_random draw, int64_t first, int64_t n, uint32_t *out);
/* The 24 high bits of a word as a number in [0, 1): exact in float and in double. */
static inline spk_real spk_unit(uint32_t word) { return (spk_real)(int32_t)(word >> 8) * (spk_real)(1.0 / 16777216.0); }

/* Philox's values at many counters: word[j][i] is word 4 counter[i] + j of the stream. Arrays end in room for whole vectors. */
enum { SPK_PHILOX_BLOCKS = 256 };
typedef struct spk_philox {
    uint64_t counter[SPK_PHILOX_BLOCKS + 8];
    uint32_t word[4][SPK_PHILOX_BLOCKS + 8];
} spk_philox;

/* The words of the first n counters, n <= SPK_PHILOX_BLOCKS. Vectors are whole: counters up to the next multiple of 8 must be initialised,
 * and their words are written. */
void spk_philox_words(uint64_t seed, int64_t n, spk_philox *b);

#endif
