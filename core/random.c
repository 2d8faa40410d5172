#include "core/random_internal.h"
#include "core/context_internal.h"
#include "core/numeric_internal.h"

/* Words handled at a time: a buffer in L1. A multiple of 4. */
#define BLOCK 256

static void philox_block(uint64_t key, uint64_t counter, uint32_t out[4]) {
    uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32), c2 = 0, c3 = 0;
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)b;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u; /* the golden ratio and sqrt(3) - 1: Weyl sequences of the round keys */
        k1 += 0xBB67AE85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

spk_random spk_random_take(spk_ctx *ctx, int64_t n) {
    const spk_random draw = ctx->random;
    ctx->random.position += ((uint64_t)n + 3) / 4 * 4;
    return draw;
}

void spk_random_words(spk_random draw, int64_t first, int64_t n, uint32_t *out) {
    for (int64_t i = 0; i < n; i += 4) {
        uint32_t four[4];
        philox_block(draw.seed, (draw.position + (uint64_t)(first + i)) / 4, four);
        for (int64_t j = 0; j < 4 && i + j < n; j++) out[i + j] = four[j];
    }
}

void spk_random_uniform(spk_ctx *ctx, int64_t n, double low, double high, spk_real *out) {
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed || n <= 0) return;
    const spk_random draw = spk_random_take(ctx, n);
    uint32_t words[BLOCK];
    for (int64_t first = 0; first < n; first += BLOCK) {
        const int64_t count = n - first < BLOCK ? n - first : BLOCK;
        spk_random_words(draw, first, count, words);
        for (int64_t i = 0; i < count; i++) {
            const spk_real x = (spk_real)low + (spk_real)(high - low) * spk_unit(words[i]);
            out[first + i] = x < (spk_real)high ? x : (spk_real)low; /* the sum may round up to high */
        }
    }
}

void spk_random_normal(spk_ctx *ctx, int64_t n, double mean, double standard_deviation, spk_real *out) {
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed || n <= 0) return;
    const spk_random draw = spk_random_take(ctx, 2 * n);
    for (int64_t i = 0; i < n; i += 2) { /* two uniforms give two normals */
        uint32_t words[4];
        spk_random_words(draw, 2 * i, 4, words);
        const double radius = sqrt(-2 * log((words[0] + 0.5) / 4294967296.0)), angle = 6.283185307179586 * (words[1] / 4294967296.0);
        out[i] = (spk_real)(mean + standard_deviation * radius * cos(angle));
        if (i + 1 < n) out[i + 1] = (spk_real)(mean + standard_deviation * radius * sin(angle));
    }
}

void spk_random_permutation(spk_ctx *ctx, int64_t n, int64_t *out) {
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed || n <= 0) return;
    const spk_random draw = spk_random_take(ctx, 4 * n);
    for (int64_t i = 0; i < n; i++) { /* inside-out: out[i] goes to a random place among the first i + 1 */
        uint32_t words[4];
        spk_random_words(draw, 4 * i, 4, words);
        const uint64_t wide = (uint64_t)words[0] << 32 | words[1];
        const int64_t j = (int64_t)(wide % ((uint64_t)i + 1)); /* bias below (i + 1) / 2^64 */
        out[i] = i;
        out[i] = out[j];
        out[j] = i;
    }
}
