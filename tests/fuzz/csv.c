/* CSV files: the first byte is the delimiter and how the header is found, the rest is the file. */
#include "data/csv.h"
#include "fuzz.h"
#include <math.h>
#include <string.h>

static void check_dataset(spk_dataset *d) {
    const int64_t n = spk_dataset_size(d), classes = spk_dataset_classes(d);
    for (int64_t i = 0; i < n; i++) {
        spk_tensor *x = spk_dataset_sample(d, i);
        for (int64_t k = 0; k < spk_size(x); k++) FUZZ_CHECK(isfinite(spk_data(x)[k]), "input %lld", (long long)k);
        const int64_t label = spk_dataset_label(d, i);
        FUZZ_CHECK(label >= 0 && (!classes || label < classes), "label %lld of %lld classes", (long long)label, (long long)classes);
    }
    for (int64_t i = 1; i < classes; i++)
        FUZZ_CHECK(strcmp(spk_dataset_class_name(d, i - 1), spk_dataset_class_name(d, i)) < 0, "class %lld", (long long)i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char delimiters[] = ",;\t| ";
    static fuzz_memory memory;
    if (!size) return 0;
    spk_ctx *ctx = fuzz_begin(&memory);
    spk_csv_opts options = spk_csv_options();
    options.delimiter = delimiters[data[0] % 5];
    options.header = (spk_csv_header)(data[0] / 5 % 3);
    options.label_column = data[0] / 15 % 4 - 2;
    if (data[0] >= 200 && options.header != SPK_CSV_HEADER_NO) options.label = "label";
    spk_dataset *d = spk_dataset_csv_with(ctx, fuzz_file(data + 1, size - 1), options);
    FUZZ_CHECK(memory.largest <= 8192 + 16 * size, "%zu bytes were asked for, of a file of %zu", memory.largest, size);
    if (d) check_dataset(d);
    spk_dataset_destroy(d);
    FUZZ_CHECK(fuzz_end(&memory) == !d, "a dataset and an error, or neither");
    return 0;
}
