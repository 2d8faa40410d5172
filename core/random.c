#include "core/random_internal.h"
#include "core/context_internal.h"
#include "core/numeric_internal.h"

/* Words handled at a time: a buffer in L1. */
#define WORDS 1024

spk_random spk_random_take(spk_ctx *ctx, int64_t n) {
    const spk_random draw = ctx->random;
    ctx->random.position += ((uint64_t)n + 3) / 4 * 4;
    return draw;
}

SPK_CLONES static void count_up(uint64_t counter, int64_t n, spk_philox *b) {
    for (int64_t i = 0; i < n; i++) b->counter[i] = counter + (uint64_t)i;
}

/* The words of n / 4 blocks, one block after the other. */
SPK_CLONES static void put_in_order(const spk_philox *restrict b, int64_t n, uint32_t *restrict out) {
    for (int64_t i = 0; i < n / 4; i++)
        for (int j = 0; j < 4; j++) out[4 * i + j] = b->word[j][i];
    for (int64_t j = 0; j < n % 4; j++) out[n / 4 * 4 + j] = b->word[j][n / 4];
}

void spk_random_words(spk_random draw, int64_t first, int64_t n, uint32_t *out) {
    spk_philox b;
    const int64_t most = 4 * (int64_t)SPK_PHILOX_BLOCKS;
    for (int64_t i = 0; i < n; i += most) {
        const int64_t count = n - i < most ? n - i : most;
        const int64_t blocks = (count + 3) / 4;
        count_up((draw.position + (uint64_t)(first + i)) / 4, (blocks + 7) / 8 * 8, &b);
        spk_philox_words(draw.seed, blocks, &b);
        put_in_order(&b, count, out + i);
    }
}

SPK_CLONES static void to_range(int64_t n, const uint32_t *restrict words, spk_real low, spk_real high, spk_real width,
                                spk_real *restrict out) {
    for (int64_t i = 0; i < n; i++) {
        const spk_real x = low + width * spk_unit(words[i]);
        out[i] = x < high ? x : low; /* the sum may round up to high */
    }
}

bool spk_random_check(spk_ctx *ctx, const char *who, int64_t n, const void *out) {
    if (n < 0) spk_fail(ctx, "%s: n is %lld; it must be 0 or more", who, (long long)n);
    else if (n > SPK_MOST_DRAWN) spk_fail(ctx, "%s: n is %lld; so many numbers are more than memory can hold", who, (long long)n);
    else if (n && !out) spk_fail(ctx, "%s: out is NULL", who);
    return !ctx->failed && n > 0;
}

bool spk_random_check_uniform(spk_ctx *ctx, const char *who, double low, double high) {
    if (!isfinite((spk_real)low) || !isfinite((spk_real)(high - low)) || low > high)
        spk_fail(ctx, "%s: low is %g, high is %g; both must be finite, and low not above high", who, low, high);
    return !ctx->failed;
}

bool spk_random_check_normal(spk_ctx *ctx, const char *who, double mean, double standard_deviation) {
    if (!isfinite(mean) || !isfinite(standard_deviation) || standard_deviation < 0)
        spk_fail(ctx, "%s: the mean is %g, the standard deviation %g; both must be finite, and the deviation 0 or more", who, mean,
                 standard_deviation);
    return !ctx->failed;
}

void spk_random_uniform(spk_ctx *ctx, int64_t n, double low, double high, spk_real *out) {
    static const char who[] = "spk_random_uniform";
    ctx = spk_ctx_or_failed(ctx);
    if (!spk_random_check(ctx, who, n, out) || !spk_random_check_uniform(ctx, who, low, high)) return;
    const spk_random draw = spk_random_take(ctx, n);
    uint32_t words[WORDS];
    for (int64_t first = 0; first < n; first += WORDS) {
        const int64_t count = n - first < WORDS ? n - first : WORDS;
        spk_random_words(draw, first, count, words);
        to_range(count, words, (spk_real)low, (spk_real)high, (spk_real)(high - low), out + first);
    }
    ctx->begun = ctx->random; /* the numbers outlive the step */
}

void spk_random_normal(spk_ctx *ctx, int64_t n, double mean, double standard_deviation, spk_real *out) {
    static const char who[] = "spk_random_normal";
    ctx = spk_ctx_or_failed(ctx);
    if (!spk_random_check(ctx, who, n, out) || !spk_random_check_normal(ctx, who, mean, standard_deviation)) return;
    const spk_random draw = spk_random_take(ctx, 2 * n);
    uint32_t words[WORDS];
    for (int64_t i = 0; i < n; i += 2) { /* two uniforms give two normals */
        const int64_t at = 2 * i % WORDS;
        if (at == 0) spk_random_words(draw, 2 * i, WORDS, words);
        const double radius = sqrt(-2 * log((words[at] + 0.5) / 4294967296.0)), angle = 6.283185307179586 * (words[at + 1] / 4294967296.0);
        out[i] = (spk_real)(mean + standard_deviation * radius * cos(angle));
        if (i + 1 < n) out[i + 1] = (spk_real)(mean + standard_deviation * radius * sin(angle));
    }
    ctx->begun = ctx->random;
}

void spk_random_permutation(spk_ctx *ctx, int64_t n, int64_t *out) {
    ctx = spk_ctx_or_failed(ctx);
    if (!spk_random_check(ctx, "spk_random_permutation", n, out)) return;
    const spk_random draw = spk_random_take(ctx, 4 * n);
    uint32_t words[WORDS];
    for (int64_t i = 0; i < n; i++) { /* inside-out: out[i] goes to a random place among the first i + 1 */
        const int64_t at = 4 * i % WORDS;
        if (at == 0) spk_random_words(draw, 4 * i, WORDS, words);
        const uint64_t wide = (uint64_t)words[at] << 32 | words[at + 1];
        const int64_t j = (int64_t)(wide % ((uint64_t)i + 1)); /* bias below (i + 1) / 2^64 */
        out[i] = i;
        out[i] = out[j];
        out[j] = i;
    }
    ctx->begun = ctx->random;
}
