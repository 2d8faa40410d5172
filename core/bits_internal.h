/* Rows of bits: packing, unpacking, counting. */
#ifndef SPK_CORE_BITS_INTERNAL_H
#define SPK_CORE_BITS_INTERNAL_H

#include "core/config.h"

/* Sets bit i of `words` where x[i] is not 0, for n elements; the words are overwritten, padding is 0. */
void spk_bits_pack(int64_t n, const spk_real *x, uint64_t *words);
/* out[i] = bit i of `words` ? value : 0, for n elements. */
void spk_bits_unpack(int64_t n, const uint64_t *words, spk_real value, spk_real *out);
/* The number of set bits. */
int64_t spk_bits_count(int64_t n_words, const uint64_t *words);

#endif
