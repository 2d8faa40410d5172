#include "core/bits_internal.h"
#include "core/numeric_internal.h"

SPK_CLONES static void pack(int64_t n, const spk_real *x, uint64_t *words) {
    for (int64_t i = 0; i < n; i += 64) {
        const int64_t count = n - i < 64 ? n - i : 64;
        uint64_t word = 0;
        for (int64_t j = 0; j < count; j++) word |= (uint64_t)(x[i + j] != 0) << j;
        words[i / 64] = word;
    }
}

SPK_CLONES static void unpack(int64_t n, const uint64_t *words, spk_real value, spk_real *out) {
    for (int64_t i = 0; i < n; i += 64) {
        const int64_t count = n - i < 64 ? n - i : 64;
        const uint64_t word = words[i / 64];
        for (int64_t j = 0; j < count; j++) out[i + j] = (word >> j & 1) ? value : 0;
    }
}

/* Clang 14 emits no symbol of a cloned function's own name for other files to link to: the clones stay in this one. */
void spk_bits_pack(int64_t n, const spk_real *x, uint64_t *words) { pack(n, x, words); }
void spk_bits_unpack(int64_t n, const uint64_t *words, spk_real value, spk_real *out) { unpack(n, words, value, out); }

int64_t spk_bits_count(int64_t n_words, const uint64_t *words) {
    int64_t count = 0;
    for (int64_t i = 0; i < n_words; i++) count += __builtin_popcountll(words[i]);
    return count;
}
