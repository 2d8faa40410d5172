/* Packing and unpacking of bits. */
#include "core/bits_internal.h"
#include "support.h"

Test(bits, round_trips) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    for (int64_t n = 0; n <= 200; n++)
        for (int kind = 0; kind < 4; kind++) { /* none, all, some, some of other values */
            spk_real x[201], back[202];
            uint64_t words[5];
            memset(words, 0xAA, sizeof words);
            spk_random_uniform(ctx, n, -1, 1, x);
            int64_t set = 0;
            for (int64_t i = 0; i < n; i++) {
                if (kind < 2) x[i] = (spk_real)kind;
                else if (x[i] > (spk_real)0.2) x[i] = 0;
                else if (kind == 2) x[i] = 1;
                set += x[i] != 0;
            }
            spk_bits_pack(n, x, words);
            const int64_t used = (n + 63) / 64;
            cr_assert(spk_bits_count(used, words) == set, "n %lld, kind %d: %lld bits, should be %lld", (long long)n, kind,
                      (long long)spk_bits_count(used, words), (long long)set);
            for (int64_t i = 0; i < used * 64; i++)
                cr_assert((words[i / 64] >> (i % 64) & 1) == (i < n && x[i] != 0), "n %lld, kind %d: bit %lld", (long long)n, kind,
                          (long long)i);
            cr_assert(words[used] == 0xAAAAAAAAAAAAAAAA, "n %lld: written beyond the words", (long long)n);
            back[n] = 77;
            spk_bits_unpack(n, words, (spk_real)2.5, back);
            for (int64_t i = 0; i < n; i++)
                cr_assert(back[i] == (x[i] != 0 ? (spk_real)2.5 : 0), "n %lld, kind %d: element %lld", (long long)n, kind, (long long)i);
            cr_assert(back[n] == 77, "n %lld: written beyond the elements", (long long)n);
        }
    const spk_real special[] = {-0.0f, 0, (spk_real)NAN, -1, (spk_real)1e-40};
    uint64_t word;
    spk_bits_pack(5, special, &word);
    cr_assert(word == 0x1C, "-0 is no spike; NaN, -1 and a subnormal are: %llx", (unsigned long long)word);
    spk_ctx_destroy(ctx);
}
