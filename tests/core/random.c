/* The random stream: Philox4x32-10, and the distributions made from it. */
#include "core/context_internal.h"
#include "core/random_internal.h"
#include "support.h"

/* Word i of a stream, from a second, plain implementation. */
static uint32_t plain_word(uint64_t seed, uint64_t i) {
    uint32_t c[4] = {(uint32_t)(i / 4), (uint32_t)(i / 4 >> 32), 0, 0}, k[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = 0xD2511F53ull * c[0], p1 = 0xCD9E8D57ull * c[2];
        const uint32_t n[4] = {(uint32_t)(p1 >> 32) ^ c[1] ^ k[0], (uint32_t)p1, (uint32_t)(p0 >> 32) ^ c[3] ^ k[1], (uint32_t)p0};
        memcpy(c, n, sizeof c);
        k[0] += 0x9E3779B9, k[1] += 0xBB67AE85;
    }
    return c[i % 4];
}

Test(random, known_answers_of_random123) {
    static const uint32_t known[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    uint32_t w[4];
    spk_random_words((spk_random){0, 0}, 0, 4, w);
    for (int i = 0; i < 4; i++) cr_assert(w[i] == known[i] && plain_word(0, (uint64_t)i) == known[i], "word %d: %08x", i, w[i]);
}

/* Many words at once, over the carry from the counter's lower half to its upper. */
Test(random, words_of_a_plain_implementation) {
    enum { N = 5003 };
    static uint32_t words[N];
    static const uint64_t positions[] = {0, 4000, ((uint64_t)1 << 34) - 2000, (uint64_t)0x85a308d3 << 32};
    for (size_t k = 0; k < sizeof positions / sizeof *positions; k++) {
        spk_random_words((spk_random){0x299f31d0a4093822, positions[k]}, 0, N, words);
        for (int i = 0; i < N; i++) {
            const uint32_t wanted = plain_word(0x299f31d0a4093822, positions[k] + (uint64_t)i);
            cr_assert(words[i] == wanted, "position %llu + %d: %08x, should be %08x", (unsigned long long)positions[k], i, words[i],
                      wanted);
        }
    }
}

/* Which words become which numbers. */
Test(random, numbers_of_the_words) {
    enum { N = 3001 };
    static spk_real x[N];
    static int64_t order[N], wanted_order[N];
    spk_ctx *ctx = spk_ctx_create(.seed = 77);
    spk_random_uniform(ctx, N, -1, 2, x);
    uint64_t position = 0;
    for (int i = 0; i < N; i++) {
        const spk_real wanted = -1 + 3 * ((spk_real)(plain_word(77, position + (uint64_t)i) >> 8) / 16777216);
        cr_assert(x[i] == wanted, "uniform %d: %.9g, should be %.9g", i, (double)x[i], (double)wanted);
    }
    position += N + 3;
    spk_random_normal(ctx, N, 0, 1, x);
    for (int i = 0; i < N; i++) { /* of four words the first two give two numbers */
        const uint64_t at = position + (uint64_t)(i / 2 * 4);
        const double radius = sqrt(-2 * log((plain_word(77, at) + 0.5) / 4294967296.0)),
                     angle = 2 * M_PI * plain_word(77, at + 1) / 4294967296.0;
        cr_assert(close_to((double)x[i], radius * (i % 2 ? sin(angle) : cos(angle)), ROUNDING), "normal %d: %.9g", i, (double)x[i]);
    }
    position += 2 * N + 2;
    spk_random_permutation(ctx, N, order);
    for (int i = 0; i < N; i++) {
        const uint64_t at = position + 4 * (uint64_t)i, wide = (uint64_t)plain_word(77, at) << 32 | plain_word(77, at + 1);
        const uint64_t j = wide % ((uint64_t)i + 1);
        wanted_order[i] = i;
        wanted_order[i] = wanted_order[j];
        wanted_order[j] = i;
    }
    cr_assert(memcmp(order, wanted_order, sizeof order) == 0, "permutation");
    spk_ctx_destroy(ctx);
}

Test(random, any_part_of_a_draw) {
    uint32_t whole[1003], part[1003];
    const spk_random draw = {42, 4000};
    spk_random_words(draw, 0, 1003, whole);
    for (int64_t first = 0; first < 1003; first += 4)
        for (int64_t n = 0; n <= 1003 - first; n += n < 12 ? 1 : 97) {
            memset(part, 0xEE, sizeof part);
            spk_random_words(draw, first, n, part);
            cr_assert(memcmp(part, whole + first, (size_t)n * 4) == 0, "words %lld + %lld", (long long)first, (long long)n);
            cr_assert(n == 1003 || part[n] == 0xEEEEEEEE, "written beyond %lld words", (long long)n);
        }
    spk_random_words((spk_random){42, 4100}, 0, 4, part);
    cr_assert(memcmp(part, whole + 100, 16) == 0, "positions count words");
}

Test(random, one_stream) {
    spk_ctx *a = spk_ctx_create(.seed = 9), *b = spk_ctx_create(.seed = 9), *c = spk_ctx_create(.seed = 10);
    spk_real x[999], y[999], z[999];
    spk_random_uniform(a, 999, 0, 1, x), spk_random_uniform(b, 999, 0, 1, y), spk_random_uniform(c, 999, 0, 1, z);
    cr_assert(memcmp(x, y, sizeof x) == 0, "equal seeds differ");
    cr_assert(memcmp(x, z, sizeof x) != 0, "seeds 9 and 10 agree");
    spk_random_uniform(a, 999, 0, 1, y);
    cr_assert(memcmp(x, y, sizeof x) != 0, "the stream repeats");
    spk_seed(a, 9);
    spk_random_uniform(a, 999, 0, 1, y);
    cr_assert(memcmp(x, y, sizeof x) == 0, "reseeded");
    const uint64_t position = a->random.position;
    cr_assert(position % 4 == 0, "a draw begins at a multiple of 4");
    spk_random_uniform(a, 0, 0, 1, y), spk_random_normal(a, 0, 0, 1, y), spk_random_permutation(a, 0, NULL);
    cr_assert(a->random.position == position, "draws of nothing move the stream");
    /* Bits are equal in float and double: the first numbers of seed 0 are Random123's words. */
    spk_seed(a, 0);
    spk_random_uniform(a, 2, 0, 1, x);
    cr_assert((double)x[0] == 0x6627e8 / 16777216.0 && (double)x[1] == 0xe169c5 / 16777216.0, "%.9g %.9g", (double)x[0], (double)x[1]);
    spk_ctx_destroy(a), spk_ctx_destroy(b), spk_ctx_destroy(c);
}

enum { MANY = 1 << 21 };
static spk_real many[MANY];

Test(random, uniform) {
    static const double ranges[][2] = {{0, 1}, {-3, 5}, {100, 101}, {-1e-3, 1e-3}, {2, 2}, {-1, -0.25}};
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++) {
        const double low = ranges[k][0], high = ranges[k][1], width = high - low;
        spk_random_uniform(ctx, MANY, low, high, many);
        double sum = 0, squares = 0, least = high, most = low;
        for (int i = 0; i < MANY; i++) {
            const double v = (double)many[i], centred = (v - (low + high) / 2);
            cr_assert(many[i] >= (spk_real)low && (many[i] < (spk_real)high || low == high), "[%g, %g): %.9g", low, high, v);
            sum += centred, squares += centred * centred;
            least = fmin(least, v), most = fmax(most, v);
        }
        /* Five standard errors; float's rounding near 100 adds less. */
        cr_assert(fabs(sum / MANY) <= 5 * width / sqrt(12.0 * MANY), "[%g, %g): mean off by %g", low, high, sum / MANY);
        cr_assert(fabs(squares / MANY - width * width / 12) <= 5 * width * width / sqrt(180.0 * MANY), "[%g, %g): variance %g", low, high,
                  squares / MANY);
        cr_assert(least <= low + 1e-5 * width && most >= high - 1e-5 * width, "[%g, %g): from %g to %g", low, high, least, most);
    }
    spk_ctx_destroy(ctx);
}

Test(random, normal) {
    spk_ctx *ctx = spk_ctx_create(.seed = 6);
    spk_random_normal(ctx, MANY, 3, 2, many);
    double moment[5] = {0}, neighbours = 0;
    int beyond = 0;
    for (int i = 0; i < MANY; i++) {
        const double z = ((double)many[i] - 3) / 2;
        cr_assert(isfinite(z), "element %d", i);
        for (int k = 1; k < 5; k++) moment[k] += pow(z, k) / MANY;
        if (i) neighbours += z * ((double)many[i - 1] - 3) / 2 / MANY;
        beyond += fabs(z) > 3;
    }
    cr_assert(fabs(moment[1]) < 5 / sqrt(MANY), "mean %g", moment[1]);
    cr_assert(fabs(moment[2] - 1) < 5 * sqrt(2.0 / MANY), "variance %g", moment[2]);
    cr_assert(fabs(moment[3]) < 5 * sqrt(15.0 / MANY), "third moment %g", moment[3]);
    cr_assert(fabs(moment[4] - 3) < 5 * sqrt(96.0 / MANY), "fourth moment %g", moment[4]);
    cr_assert(fabs(neighbours) < 5 / sqrt(MANY), "neighbours correlate: %g", neighbours);
    cr_assert(fabs(beyond / (double)MANY - 0.0026998) < 2e-4, "%g beyond 3 deviations", beyond / (double)MANY);
    spk_real odd[7], even[8];
    spk_seed(ctx, 1), spk_random_normal(ctx, 7, 0, 1, odd);
    spk_seed(ctx, 1), spk_random_normal(ctx, 8, 0, 1, even);
    cr_assert(memcmp(odd, even, sizeof odd) == 0, "an odd number");
    spk_ctx_destroy(ctx);
}

Test(random, permutation) {
    spk_ctx *ctx = spk_ctx_create(.seed = 7);
    static int64_t order[5000];
    static char seen[5000];
    for (int64_t n = 1; n <= 5000; n = n < 20 ? n + 1 : n * 3) {
        memset(seen, 0, sizeof seen);
        spk_random_permutation(ctx, n, order);
        for (int64_t i = 0; i < n; i++) {
            cr_assert(order[i] >= 0 && order[i] < n && !seen[order[i]], "n %lld: element %lld is %lld", (long long)n, (long long)i,
                      (long long)order[i]);
            seen[order[i]] = 1;
        }
    }
    /* Each of the 6 orders of 3 comes equally often. */
    int count[27] = {0};
    for (int i = 0; i < 60000; i++) {
        spk_random_permutation(ctx, 3, order);
        count[order[0] * 9 + order[1] * 3 + order[2]]++;
    }
    for (int i = 0; i < 27; i++) cr_assert(count[i] == 0 || abs(count[i] - 10000) < 500, "order %d came %d times", i, count[i]);
    spk_ctx_destroy(ctx);
}
