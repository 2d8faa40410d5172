/* IDX files packed by gzip: the input is the file. Half of the changes are made to what is packed. */
#include "idx_support.h"
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return check_idx(data, size); }

#ifdef SPK_FUZZER

#    define MOST_CONTENT 65536

/* Unpacks as much as there is room for; 0 for data that is none of gzip's. */
static size_t unpack(const uint8_t *data, size_t size, uint8_t *content) {
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)size, .next_out = content, .avail_out = MOST_CONTENT};
    if (inflateInit2(&stream, 15 + 16) != Z_OK) return 0; /* 16: gzip's own header */
    inflate(&stream, Z_SYNC_FLUSH);
    inflateEnd(&stream);
    return MOST_CONTENT - stream.avail_out;
}

/* 0 when the result does not fit. */
static size_t pack(const uint8_t *content, size_t size, uint8_t *data, size_t max_size, int level) {
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)content, .avail_in = (uInt)size, .next_out = data, .avail_out = (uInt)max_size};
    if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    const int status = deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return status == Z_STREAM_END ? max_size - stream.avail_out : 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    static uint8_t content[MOST_CONTENT];
    if (seed % 2) {
        const size_t unpacked = LLVMFuzzerMutate(content, unpack(data, size, content), MOST_CONTENT);
        const size_t packed = pack(content, unpacked, data, max_size, (int)(seed / 2 % 10));
        if (packed) return packed;
    }
    return LLVMFuzzerMutate(data, size, max_size);
}

#endif
