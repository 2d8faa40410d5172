/* How the targets change safetensors files: so that what lies behind the first check is reached, too. */
#ifndef SPK_TESTS_FUZZ_SAFETENSORS_SUPPORT_H
#define SPK_TESTS_FUZZ_SAFETENSORS_SUPPORT_H

#include "fuzz.h"
#include <string.h>

/* Data that a change of the header can move. */
#define MOST_DATA ((size_t)1 << 16)

/* The length of the JSON, as the file has it. */
static inline uint64_t header_length(const uint8_t *data) {
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--) length = length << 8 | data[i];
    return length;
}

#ifdef SPK_FUZZER

/* Changes the JSON from its byte `keep` on and puts its length right; false for a file that has none. */
static inline bool change_header(uint8_t *data, size_t *size, size_t max_size, size_t keep) {
    static uint8_t rest[MOST_DATA];
    const uint64_t length = *size < 8 ? 0 : header_length(data);
    if (length < keep || length > *size - 8) return false;
    const size_t begin = 8 + keep, end = 8 + (size_t)length, after = *size - end;
    if (after > MOST_DATA || begin + after + 1 >= max_size) return false;
    memcpy(rest, data + end, after);
    const size_t changed = LLVMFuzzerMutate(data + begin, end - begin, max_size - begin - after);
    for (int i = 0; i < 8; i++) data[i] = (uint8_t)((uint64_t)(keep + changed) >> 8 * i);
    memcpy(data + begin + changed, rest, after);
    *size = begin + changed + after;
    return true;
}

/* Changes the numbers; false for a file without any. */
static inline bool change_numbers(uint8_t *data, size_t *size, size_t max_size) {
    const uint64_t length = *size < 8 ? 0 : header_length(data);
    if (*size < 8 || length >= *size - 8) return false;
    const size_t begin = 8 + (size_t)length;
    *size = begin + LLVMFuzzerMutate(data + begin, *size - begin, max_size - begin);
    return true;
}

#endif
#endif
