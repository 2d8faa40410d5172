/* A fingerprint of bytes: FNV-1a, 64 bits. */
#ifndef SPK_TESTS_HASH_H
#define SPK_TESTS_HASH_H

#include <spiketape.h>

#define HASH_START 14695981039346656037u

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
    return hash;
}

static inline uint64_t hash_tensor(uint64_t hash, spk_tensor *x) {
    return hash_bytes(hash, spk_data(x), (size_t)spk_size(x) * sizeof(spk_real));
}

#endif
