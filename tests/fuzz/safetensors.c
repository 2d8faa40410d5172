/* Safetensors files: the input is the file. It is read for itself, and loaded into a small net. */
#include "nn/state.h"
#include "safetensors_support.h"
#include <cjson/cJSON.h>
#include <string.h>

#define WEIGHTS 6
/* What is allocated before any data has arrived, or is of a fixed size. */
#define BEFORE_DATA ((size_t)4096 + 512)

static size_t largest_of_json;

static void *json_allocate(size_t bytes) {
    if (bytes > largest_of_json) largest_of_json = bytes;
    return malloc(bytes);
}

/* A net of weight [2, 3] (in files [3, 2]) and bias [3]; it lives as long as its context. */
static spk_module *net_of(const fuzz_memory *memory) {
    static spk_module *net;
    if (memory->runs == 1) net = spk_linear_layer(memory->ctx, 2, 3);
    return net;
}

/* Entries in the order of their names, whose numbers can all be read and fit the file. */
static void check_entries(const spk_state_file *file, size_t size) {
    size_t bytes = 0;
    const spk_state_entry *before = NULL;
    for (int64_t i = 0; i < spk_state_file_count(file); i++) {
        const spk_state_entry *entry = spk_state_file_entry(file, i);
        const int64_t n = spk_shape_size(entry->shape);
        FUZZ_CHECK(n >= 0 && (entry->width == 4 || entry->width == 8), "%lld numbers of %d bytes", (long long)n, entry->width);
        FUZZ_CHECK(!before || strcmp(before->name, entry->name) < 0, "'%s' comes before '%s'", before->name, entry->name);
        FUZZ_CHECK(spk_state_file_find(file, entry->name) == entry, "'%s' is not found", entry->name);
        bytes += (size_t)(n * entry->width);
        FUZZ_CHECK(bytes <= size, "%zu bytes of numbers in a file of %zu", bytes, size);
        spk_real *out = malloc((size_t)n * sizeof *out + 1);
        spk_state_entry_copy(entry, false, out);
        spk_state_entry_copy(entry, entry->shape.axes == 2, out);
        free(out);
        before = entry;
    }
}

/* A refused file changes nothing. */
static void check_load(const fuzz_memory *memory, const char *path) {
    spk_ctx *ctx = memory->ctx;
    spk_module *net = net_of(memory);
    spk_tensor *weight = spk_find_tensor(net, "weight");
    spk_fill(weight, 1);
    const bool loaded = spk_load(net, path);
    FUZZ_CHECK(loaded == !spk_failed(ctx), "loaded and an error, or neither");
    spk_clear_error(ctx);
    for (int i = 0; i < WEIGHTS; i++) FUZZ_CHECK(loaded || spk_data(weight)[i] == 1, "a refused file changed the net");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static fuzz_memory memory;
    cJSON_InitHooks(&(cJSON_Hooks){json_allocate, free});
    spk_ctx *ctx = fuzz_begin(&memory);
    const char *path = fuzz_file(data, size);
    check_load(&memory, path);
    memory.largest = largest_of_json = 0;
    spk_state_file *file = spk_state_file_read(ctx, path);
    FUZZ_CHECK(memory.largest <= BEFORE_DATA + 2 * size, "%zu bytes were asked for, the file has %zu", memory.largest, size);
    FUZZ_CHECK(largest_of_json <= BEFORE_DATA + 2 * size, "cJSON asked for %zu bytes, the file has %zu", largest_of_json, size);
    if (file) check_entries(file, size);
    spk_state_file_destroy(file);
    FUZZ_CHECK(fuzz_end(&memory) == !file, "a file and an error, or neither");
    return 0;
}

#ifdef SPK_FUZZER

/* Three quarters of the changes are made to the JSON, whose length is then put right. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    if (seed % 4 && change_header(data, &size, max_size, 0)) return size;
    return LLVMFuzzerMutate(data, size, max_size);
}

#endif
