#include "support.h"

#define HEADER(type, axes) 0, 0, type, axes
#define SIZE(n) 0, 0, 0, n

/* [2, 3] of 8 bit. */
static const unsigned char small[] = {HEADER(0x08, 2), SIZE(2), SIZE(3), 1, 2, 3, 250, 251, 252};

/* Reads the bytes as a file, which must fail with a message that names the file and contains `part`, and must give all memory back. */
static void refused(const void *bytes, size_t n, bool gzip, const char *part) {
    spk_ctx *ctx = spk_ctx_create();
    const size_t held = spk_memory_use(ctx).held;
    const temporary file = temporary_file(bytes, n, gzip);
    cr_assert_null(spk_idx_read(ctx, file.path), "expected: %s", part);
    HAS(spk_error(ctx), file.path);
    HAS(spk_error(ctx), part);
    cr_assert_eq(spk_memory_use(ctx).held, held);
    unlink(file.path);
    spk_ctx_destroy(ctx);
}

static const struct {
    spk_element element;
    int64_t width;
    unsigned char bytes[24];
    double values[3];
} types[] = {
    {SPK_U8, 1, {0, 200, 255}, {0, 200, 255}},
    {SPK_I8, 1, {0x80, 0xFF, 0x7F}, {-128, -1, 127}},
    {SPK_I16, 2, {0x80, 0x00, 0x01, 0x02, 0xFF, 0xFE}, {-32768, 258, -2}},
    {SPK_I32, 4, {0x80, 0, 0, 0, 0, 1, 2, 3, 0xFF, 0xFF, 0xFF, 0xFE}, {-2147483648.0, 66051, -2}},
    {SPK_F32, 4, {0x3F, 0xC0, 0, 0, 0xBE, 0x80, 0, 0, 0x40, 0x49, 0x0F, 0xDB}, {1.5, -0.25, 3.14159274101257324}},
    {SPK_F64,
     8,
     {0x3F, 0xF8, 0, 0, 0, 0, 0, 0, 0xBF, 0xD0, 0, 0, 0, 0, 0, 0, 0x3F, 0xB9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9A},
     {1.5, -0.25, 0.1}},
};

Test(idx, reads_every_element_type_plain_and_gzip) {
    for (int k = 0; k < 2 * COUNT(types); k++) {
        const int t = k / 2;
        unsigned char bytes[64] = {HEADER((unsigned char)types[t].element, 1), SIZE(3)};
        memcpy(bytes + 8, types[t].bytes, sizeof types[t].bytes);
        const temporary file = temporary_file(bytes, (size_t)(8 + 3 * types[t].width), k % 2);
        spk_ctx *ctx = spk_ctx_create();
        spk_idx *idx = spk_idx_read(ctx, file.path);
        cr_assert(idx, "%s", spk_error(ctx));
        cr_assert_eq(spk_idx_element(idx), types[t].element);
        cr_assert_eq(spk_element_size(types[t].element), types[t].width);
        cr_assert(spk_shape_equal(spk_idx_shape(idx), SPK_SHAPE(3)));
        spk_real out[3], last = 0;
        cr_assert(spk_idx_to_real(idx, 0, 3, out));
        for (int i = 0; i < 3; i++) cr_expect_eq(out[i], (spk_real)types[t].values[i], "type %d, element %d", t, i);
        cr_assert(spk_idx_to_real(idx, 2, 1, &last));
        cr_assert_eq(last, out[2]);
        unlink(file.path);
        spk_ctx_destroy(ctx);
    }
}

Test(idx, data_is_in_native_order) {
    const temporary file = temporary_file((unsigned char[]){HEADER(0x0B, 1), SIZE(2), 0x12, 0x34, 0xFF, 0xFD}, 12, false);
    spk_ctx *ctx = spk_ctx_create();
    const int16_t *data = spk_idx_data(spk_idx_read(ctx, file.path));
    cr_assert_eq(data[0], 0x1234);
    cr_assert_eq(data[1], -3);
    unlink(file.path);
    spk_ctx_destroy(ctx);
}

Test(idx, takes_six_axes_no_axes_and_no_elements) {
    static const struct {
        unsigned char bytes[32];
        size_t n;
        int axes;
        int64_t size;
    } files[] = {
        {{HEADER(8, 6), SIZE(1), SIZE(1), SIZE(2), SIZE(1), SIZE(1), SIZE(1), 7, 8}, 30, 6, 2},
        {{HEADER(8, 0), 9}, 5, 0, 1},
        {{HEADER(0x0E, 2), SIZE(0), SIZE(28)}, 12, 2, 0},
    };
    for (int k = 0; k < COUNT(files); k++) {
        spk_ctx *ctx = spk_ctx_create();
        const temporary file = temporary_file(files[k].bytes, files[k].n, false);
        spk_idx *idx = spk_idx_read(ctx, file.path);
        cr_assert(idx, "%s", spk_error(ctx));
        cr_assert_eq(spk_idx_shape(idx).axes, files[k].axes);
        cr_assert_eq(spk_shape_size(spk_idx_shape(idx)), files[k].size);
        unlink(file.path);
        spk_ctx_destroy(ctx);
    }
}

static void check_mnist(const char *images, const char *labels, int64_t count, const char *first) {
    spk_ctx *ctx = spk_ctx_create();
    spk_idx *x = spk_idx_read(ctx, images), *y = spk_idx_read(ctx, labels);
    cr_assert(x && y, "%s", spk_error(ctx));
    cr_assert(spk_shape_equal(spk_idx_shape(x), SPK_SHAPE(count, 28, 28)));
    cr_assert(spk_shape_equal(spk_idx_shape(y), SPK_SHAPE(count)));
    cr_assert_eq(spk_idx_element(x), SPK_U8);
    for (int i = 0; i < 5; i++) cr_expect_eq(((const uint8_t *)spk_idx_data(y))[i], first[i] - '0');
    spk_ctx_destroy(ctx);
}

Test(idx, reads_mnist) {
    check_mnist(MNIST "/train-images-idx3-ubyte.gz", MNIST "/train-labels-idx1-ubyte.gz", 60000, "50419");
    check_mnist(MNIST "/t10k-images-idx3-ubyte.gz", MNIST "/t10k-labels-idx1-ubyte.gz", 10000, "72104");
}

/* Larger than the first block, and no power of two: the block has to grow, and the pieces have to meet. */
Test(idx, grows_with_the_file) {
    enum { N = 2500003 };
    unsigned char *bytes = malloc(8 + 2 * N);
    memcpy(bytes, (unsigned char[]){HEADER(0x0B, 1), 0, N >> 16, (N >> 8) & 255, N & 255}, 8);
    for (uint32_t i = 0; i < N; i++) bytes[8 + 2 * i] = (unsigned char)(i * 7919 >> 8), bytes[9 + 2 * i] = (unsigned char)(i * 7919);
    for (int gzip = 0; gzip < 2; gzip++) {
        const temporary file = temporary_file(bytes, 8 + 2 * N, gzip);
        counter c = {0};
        spk_ctx *ctx = counted_ctx(&c);
        spk_idx *idx = spk_idx_read(ctx, file.path);
        cr_assert(idx, "%s", spk_error(ctx));
        const uint16_t *data = spk_idx_data(idx);
        for (uint32_t i = 0; i < N; i++) cr_assert_eq(data[i], (uint16_t)(i * 7919), "element %d", (int)i);
        cr_assert_lt(c.largest, 2 * N + 64, "more was taken than the file needs");
        spk_idx_destroy(idx);
        cr_assert_eq(c.live, 1, "the context alone should be left");
        unlink(file.path);
        spk_ctx_destroy(ctx);
    }
    free(bytes);
}

Test(idx, refuses_every_prefix) {
    for (size_t n = 0; n < sizeof small; n++) refused(small, n, false, n < 12 ? "within its header" : "is cut short");
}

static size_t small_gzip(unsigned char out[128]) {
    const temporary file = temporary_file(small, sizeof small, true);
    FILE *stream = fopen(file.path, "rb");
    const size_t n = fread(out, 1, 128, stream);
    fclose(stream);
    unlink(file.path);
    cr_assert(n > 20 && n < 128);
    return n;
}

Test(idx, refuses_every_prefix_of_gzip) {
    unsigned char bytes[128];
    const size_t size = small_gzip(bytes);
    for (size_t n = 0; n < size; n++) refused(bytes, n, false, n < 2 ? "" : "gzip data ends early");
}

/* A change anywhere must be noticed, but for what says nothing about the data: the header's time and system, and the bits that pad the
 * last byte of the packed data, before the 8 of the check sum. */
Test(idx, notices_damaged_gzip) {
    unsigned char bytes[128];
    const size_t size = small_gzip(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 0x10;
        spk_ctx *ctx = spk_ctx_create();
        const temporary file = temporary_file(bytes, size, false);
        spk_idx *idx = spk_idx_read(ctx, file.path);
        cr_assert_eq(!idx, spk_failed(ctx));
        if (idx) cr_assert_arr_eq(spk_idx_data(idx), small + 12, 6);
        const bool idle = (i >= 4 && i <= 9) || i == size - 9;
        if (!idle) cr_expect_null(idx, "byte %d", (int)i);
        if (i >= size - 8) HAS(spk_error(ctx), "damaged");
        unlink(file.path);
        spk_ctx_destroy(ctx);
        bytes[i] ^= 0x10;
    }
}

Test(idx, a_lying_header_costs_no_memory) {
    static const unsigned char lying[] = {HEADER(0x0E, 2), 0, 0, 0xFF, 0xFF, 0, 0xFF, 0xFF, 0xFF, 1, 2, 3};
    const temporary file = temporary_file(lying, sizeof lying, false);
    counter c = {0};
    spk_ctx *ctx = counted_ctx(&c);
    cr_assert_null(spk_idx_read(ctx, file.path));
    HAS(spk_error(ctx), "is cut short: its header says [65535, 16777215], which is 8795958280200 bytes, and 3 are there");
    cr_assert_lt(c.largest, (size_t)8192);
    unlink(file.path);
    spk_ctx_destroy(ctx);
}

#define MOST 0xFF, 0xFF, 0xFF, 0xFF

Test(idx, refuses_what_is_no_idx) {
    static const struct {
        unsigned char bytes[40];
        size_t n;
        const char *part;
    } files[] = {
        {{HEADER(0x08, 4), MOST, MOST, MOST, MOST, 1}, 21, "more elements than memory can hold"},
        {{HEADER(0x08, 7), SIZE(1), SIZE(1), SIZE(1), SIZE(1), SIZE(1), SIZE(1), SIZE(1), 1}, 33, "has 7 axes; at most 6"},
        {{HEADER(0x08, 255), SIZE(1)}, 8, "has 255 axes"},
        {{HEADER(0x0A, 1), SIZE(1), 1}, 9, "element type 0x0a"},
        {{HEADER(0x00, 1), SIZE(1), 1}, 9, "element type 0x00"},
        {{0, 1, 8, 1, SIZE(1), 1}, 9, "is not an IDX file"},
        {{1, 0, 8, 1, SIZE(1), 1}, 9, "is not an IDX file"},
        {{0x89, 'P', 'N', 'G'}, 4, "begins with the bytes 0x89 0x50"},
        {{HEADER(0x08, 1), SIZE(2), 1, 2, 3}, 11, "has more data than its header says ([2])"},
        {{HEADER(0x08, 1), SIZE(0), 1}, 9, "has more data than its header says ([0])"},
    };
    for (int k = 0; k < 2 * COUNT(files); k++) refused(files[k / 2].bytes, files[k / 2].n, k % 2, files[k / 2].part);
}

Test(idx, closes_its_files) {
    const int next = lowest_descriptor();
    for (int k = 0; k < 2; k++) refused(small, sizeof small - (size_t)k - 1, k, "");
    spk_ctx *ctx = spk_ctx_create();
    cr_assert(spk_idx_read(ctx, MNIST "/t10k-labels-idx1-ubyte.gz"));
    cr_assert_eq(lowest_descriptor(), next);
    spk_ctx_destroy(ctx);
}

Test(idx, names_missing_files_and_folders) {
    spk_ctx *ctx = spk_ctx_create();
    cr_assert_null(spk_idx_read(ctx, "/nowhere/at-all"));
    HAS(spk_error(ctx), "/nowhere/at-all: cannot be opened: No such file");
    spk_clear_error(ctx);
    cr_assert_null(spk_idx_read(ctx, MNIST));
    HAS(spk_error(ctx), MNIST);
    HAS(spk_error(ctx), "Is a directory");
    spk_ctx_destroy(ctx);
}

Test(idx, ranges_are_checked) {
    static const struct {
        int64_t first, n;
    } wrong[] = {{-1, 1}, {0, 7}, {6, 1}, {7, 0}, {0, -1}, {1, INT64_MAX}, {INT64_MAX, 1}, {INT64_MIN, 1}};
    spk_ctx *ctx = spk_ctx_create();
    const temporary file = temporary_file(small, sizeof small, false);
    spk_idx *idx = spk_idx_read(ctx, file.path);
    spk_real out[8] = {0};
    for (int k = 0; k < COUNT(wrong); k++) {
        cr_assert_not(spk_idx_to_real(idx, wrong[k].first, wrong[k].n, out), "range %d", k);
        HAS(spk_error(ctx), "are not all in the array [2, 3]");
        spk_clear_error(ctx);
    }
    cr_assert(spk_idx_to_real(idx, 6, 0, out));
    cr_assert(spk_idx_to_real(idx, 3, 3, out));
    cr_assert_eq(out[2], 252);
    unlink(file.path);
    spk_ctx_destroy(ctx);
}

Test(idx, null_is_harmless) {
    spk_ctx *ctx = spk_ctx_create();
    spk_real out;
    cr_assert_null(spk_idx_read(NULL, "x"));
    cr_assert_null(spk_idx_read(ctx, NULL));
    HAS(spk_error(ctx), "the path is NULL");
    spk_clear_error(ctx);
    cr_assert_eq(spk_shape_size(spk_idx_shape(NULL)), 0);
    cr_assert_eq(spk_idx_element(NULL), SPK_U8);
    cr_assert_null(spk_idx_data(NULL));
    cr_assert_not(spk_idx_to_real(NULL, 0, 1, &out));
    spk_idx_destroy(NULL);
    cr_assert_eq(spk_element_size((spk_element)1), 0);
    const temporary file = temporary_file(small, sizeof small, false);
    spk_idx *idx = spk_idx_read(ctx, file.path);
    cr_assert_not(spk_idx_to_real(idx, 0, 1, NULL));
    HAS(spk_error(ctx), "out is NULL");
    unlink(file.path);
    spk_ctx_destroy(ctx);
}

Test(idx, a_failed_context_does_nothing) {
    spk_ctx *ctx = spk_ctx_create();
    const temporary file = temporary_file(small, sizeof small, false);
    spk_idx *idx = spk_idx_read(ctx, file.path);
    spk_fail(ctx, "the first error");
    spk_real out = 77;
    cr_assert_null(spk_idx_read(ctx, file.path));
    cr_assert_not(spk_idx_to_real(idx, 3, 1, &out));
    cr_assert_eq(out, 77);
    cr_assert_str_eq(spk_error(ctx), "the first error");
    unlink(file.path);
    spk_ctx_destroy(ctx);
}

static bool read_mnist_images(spk_ctx *ctx) { return spk_idx_read(ctx, MNIST "/t10k-images-idx3-ubyte.gz"); }

Test(idx, survives_refused_memory) { refuse_each_allocation(read_mnist_images); }
