/* What reading any IDX file, plain or gzip, must keep to. */
#ifndef SPK_TESTS_FUZZ_IDX_SUPPORT_H
#define SPK_TESTS_FUZZ_IDX_SUPPORT_H

#include "data/idx.h"
#include "fuzz.h"

/* What is allocated before any data has arrived, the allocator's own headers included. */
#define BEFORE_DATA ((size_t)4096 + 512)
/* Deflate makes at most 1032 bytes of one. */
#define MOST_OF_A_BYTE ((size_t)1032)

/* Reads all elements, into memory of exactly their size. */
static inline void check_elements(const spk_idx *idx, size_t fill) {
    const int64_t n = spk_shape_size(spk_idx_shape(idx));
    FUZZ_CHECK(n >= 0 && (size_t)(n * spk_element_size(spk_idx_element(idx))) <= fill, "%lld elements", (long long)n);
    spk_real *out = malloc((size_t)n * sizeof *out + 1);
    FUZZ_CHECK(spk_idx_to_real(idx, 0, n, out), "elements that are there cannot be read");
    free(out);
}

/* Reads an input; no request is larger than twice what the file can fill. */
static inline int check_idx(const uint8_t *data, size_t size) {
    static fuzz_memory memory;
    spk_ctx *ctx = fuzz_begin(&memory);
    const bool gzip = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
    const size_t fill = gzip ? size * MOST_OF_A_BYTE : size;
    spk_idx *idx = spk_idx_read(ctx, fuzz_file(data, size));
    FUZZ_CHECK(memory.largest <= BEFORE_DATA + 2 * fill, "%zu bytes were asked for, a file of %zu can fill %zu", memory.largest, size,
               fill);
    if (idx) check_elements(idx, fill);
    spk_idx_destroy(idx);
    FUZZ_CHECK(fuzz_end(&memory) == !idx, "an array and an error, or neither");
    return 0;
}

#endif
