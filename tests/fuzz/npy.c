/* .npy and .npz files: the input is the file. What is read as a .npy file is the same under both functions. */
#include "data/npy.h"
#include "fuzz.h"
#include <string.h>

/* What is allocated before any data has arrived, names and lists included. */
#define BEFORE_DATA ((size_t)8192)
/* Deflate makes at most 1032 bytes of one, and a number of 16 bits becomes one of 32, or of spk_real. */
#define MOST_OF_A_BYTE ((size_t)1032 * 8)

static void check_array(spk_npz *file, const spk_npz_array *array) {
    const int64_t n = spk_shape_size(array->shape), size = spk_element_size(array->element);
    FUZZ_CHECK(n >= 0 && size > 0 && array->data, "an array of %lld elements", (long long)n);
    uint8_t *all = malloc((size_t)(n * size) + 1);
    memcpy(all, array->data, (size_t)(n * size));
    free(all);
    FUZZ_CHECK(spk_npz_find(file, array->name), "'%s' is not found", array->name);
    int64_t *whole = malloc((size_t)n * sizeof *whole + 1);
    if (!spk_npz_integers(file, array->name, whole)) spk_clear_error(spk_tensor_ctx(spk_npz_tensor(file, array->name)));
    free(whole);
    spk_tensor *x = spk_npz_tensor(file, array->name);
    FUZZ_CHECK(spk_size(x) == n, "a tensor of %lld elements", (long long)spk_size(x));
    spk_tensor_destroy(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static fuzz_memory memory;
    spk_ctx *ctx = fuzz_begin(&memory);
    const char *path = fuzz_file(data, size);
    spk_npz *file = spk_npz_read(ctx, path);
    const bool read = file, one = size >= 6 && memcmp(data, "\x93NUMPY", 6) == 0;
    FUZZ_CHECK(memory.largest <= BEFORE_DATA + MOST_OF_A_BYTE * size, "%zu bytes were asked for, of a file of %zu", memory.largest, size);
    FUZZ_CHECK(!one || memory.largest <= BEFORE_DATA + 4 * size, "%zu bytes were asked for, of a .npy file of %zu", memory.largest, size);
    for (int64_t i = 0; i < spk_npz_count(file); i++) check_array(file, spk_npz_entry(file, i));
    FUZZ_CHECK(spk_failed(ctx) != read, "a file and an error, or neither: %s", spk_error(ctx));
    spk_npz_destroy(file);
    spk_clear_error(ctx);
    spk_tensor *x = spk_npy_load(ctx, path);
    FUZZ_CHECK(!spk_failed(ctx) == (one && read), "read as a file of several arrays: %d, as one of one: %s", read, spk_error(ctx));
    if (!spk_failed(ctx)) spk_tensor_destroy(x);
    fuzz_end(&memory);
    return 0;
}
