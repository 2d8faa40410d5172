/* Several arrays in a .npz file: what NumPy wrote (tests/arrays/make.py), what is written here, damage. */
#include "support.h"
#include "data/dataset.h"
#include "data/npy.h"

#define ARRAYS SPK_SOURCE_DIR "/tests/arrays/"

static const char *const both[] = {ARRAYS "stored.npz", ARRAYS "deflated.npz"};

static spk_npz *reading(spk_ctx *ctx, const char *path) {
    spk_npz *file = spk_npz_read(ctx, path);
    cr_assert(file, "%s", spk_error(ctx));
    return file;
}

Test(npz, arrays_by_name_and_by_number) {
    static const char *const names[] = {"image", "labels", "large", "parts", "too_large", "x"};
    static const spk_element elements[] = {SPK_U8, SPK_I64, SPK_I64, SPK_F64, SPK_U64, SPK_F32};
    spk_ctx *ctx = spk_ctx_create();
    for (int k = 0; k < 2; k++) {
        spk_npz *file = reading(ctx, both[k]);
        cr_assert_eq(spk_npz_count(file), COUNT(names));
        for (int i = 0; i < COUNT(names); i++) {
            const spk_npz_array *array = spk_npz_entry(file, i);
            cr_assert_str_eq(array->name, names[i]);
            cr_assert_eq(array->element, elements[i], "%s", names[i]);
            cr_assert_eq(spk_npz_find(file, names[i]), array);
        }
        cr_assert(!spk_npz_find(file, "y") && !spk_npz_find(file, "x.npy") && !spk_npz_entry(file, 6) && !spk_npz_entry(file, -1));
        cr_assert_eq(((const uint8_t *)spk_npz_find(file, "image")->data)[50], 250);
        spk_tensor *x = spk_npz_tensor(file, "x");
        spk_npz_destroy(file);
        cr_assert(spk_shape_equal(spk_tensor_shape(x), SPK_SHAPE(4, 3)));
        for (int i = 0; i < 12; i++) cr_assert_eq(spk_data(x)[i], (spk_real)i);
    }
    spk_ctx_destroy(ctx);
}

/* 2^53 + 1 is the first that double cannot hold. */
Test(npz, whole_numbers_are_exact) {
    spk_ctx *ctx = spk_ctx_create();
    spk_npz *file = reading(ctx, both[1]);
    int64_t out[4] = {0};
    cr_assert(spk_npz_integers(file, "large", out), "%s", spk_error(ctx));
    cr_assert(out[0] == ((int64_t)1 << 53) + 1 && out[1] == INT64_MIN && out[2] == INT64_MAX);
    cr_assert(spk_npz_integers(file, "labels", out) && out[0] == 2 && out[1] == 0 && out[2] == 1 && out[3] == 2);
    cr_assert(!spk_npz_integers(file, "parts", out));
    HAS(spk_error(ctx), "spk_npz_integers: element 0 of 'parts' is 0.5, which is not a whole number of 64 bits");
    spk_clear_error(ctx);
    cr_assert(!spk_npz_integers(file, "too_large", out));
    HAS(spk_error(ctx), "element 0 of 'too_large' is 9.22337e+18");
    spk_clear_error(ctx);
    cr_assert(!spk_npz_integers(file, "y", out));
    HAS(spk_error(ctx), "there is no array 'y'; the file has 'image', 'labels', 'large', 'parts', 'too_large', 'x'");
    spk_ctx_destroy(ctx);
}

Test(npz, a_npy_file_is_one_array) {
    spk_ctx *ctx = spk_ctx_create();
    spk_npz *file = reading(ctx, ARRAYS "i8_big.npy");
    int64_t out[6];
    cr_assert(spk_npz_count(file) == 1 && spk_npz_integers(file, "arr_0", out) && out[4] == 100, "%s", spk_error(ctx));
    spk_ctx_destroy(ctx);
}

Test(npz, written_and_read_back) {
    const temporary t = temporary_file("", 0, false);
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    spk_tensor *a = spk_tensor_create(ctx, SPK_SHAPE(50, 41)), *b = spk_scalar(ctx, 3);
    spk_fill_normal(a, 0, 1);
    cr_assert(spk_npz_save(ctx, t.path, {"weights of a", a}, {"b", b}, {"empty", spk_tensor_create(ctx, SPK_SHAPE(0))}), "%s",
              spk_error(ctx));
    spk_npz *file = reading(ctx, t.path);
    cr_assert_eq(spk_npz_count(file), 3);
    cr_assert_arr_eq(spk_data(spk_npz_tensor(file, "weights of a")), spk_data(a), (size_t)spk_size(a) * sizeof(spk_real));
    cr_assert_eq(spk_item(spk_npz_tensor(file, "b")), 3);
    cr_assert_eq(spk_dim(spk_npz_tensor(file, "empty"), 0), 0);
    cr_assert(spk_npz_save_of(ctx, t.path, 0, NULL) && spk_npz_count(reading(ctx, t.path)) == 0, "%s", spk_error(ctx));
    unlink(t.path);
    spk_ctx_destroy(ctx);
}

Test(npz, what_cannot_be_written) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_scalar(ctx, 3);
    char name[300];
    memset(name, 'a', sizeof name - 1);
    name[252] = 0;
    cr_assert_not(spk_npz_save(ctx, "/nowhere/x.npz", {"x", x}));
    HAS(spk_error(ctx), "/nowhere/x.npz: cannot be written: No such file");
    spk_clear_error(ctx);
    cr_assert_not(spk_npz_save(ctx, "/nowhere/x.npz", {"x", x}, {"y", x}, {"x", x}));
    HAS(spk_error(ctx), "two items are named 'x'");
    spk_clear_error(ctx);
    cr_assert_not(spk_npz_save(ctx, "/nowhere/x.npz", {name, x}));
    HAS(spk_error(ctx), "is longer than 251 bytes");
    spk_ctx_destroy(ctx);
}

static size_t contents(const char *path, unsigned char *bytes, size_t room) {
    FILE *file = fopen(path, "rb");
    cr_assert(file);
    const size_t n = fread(bytes, 1, room, file);
    fclose(file);
    return n;
}

static spk_npz *read_bytes(spk_ctx *ctx, const unsigned char *bytes, size_t n) {
    const temporary t = temporary_file(bytes, n, false);
    spk_npz *file = spk_npz_read(ctx, t.path);
    cr_assert_neq(!file, !spk_failed(ctx), "%s", spk_error(ctx));
    unlink(t.path);
    return file;
}

/* Damage anywhere is refused, or is where nothing reads (dates, versions, and the like): then the arrays are the right ones. */
Test(npz, every_byte_may_be_wrong) {
    static unsigned char bytes[4096];
    counter c = {0};
    spk_ctx *ctx = counted_ctx(&c);
    for (int k = 0; k < 2; k++) {
        const size_t n = contents(both[k], bytes, sizeof bytes);
        int refused = 0;
        for (size_t i = 0; i < n; i++) {
            bytes[i] ^= 0x5a;
            spk_npz *file = read_bytes(ctx, bytes, n);
            bytes[i] ^= 0x5a;
            refused += !file;
            const spk_npz_array *x = spk_npz_find(file, "x");
            for (int j = 0; x && j < 12; j++) cr_assert_eq(((const float *)x->data)[j], (float)j, "byte %zu", i);
            spk_npz_destroy(file);
            spk_clear_error(ctx);
        }
        cr_assert_gt(refused, (int)n / 2, "%d of %d", refused, (int)n);
    }
    cr_assert_leq(c.largest, 3 * 4096, "%zu bytes were asked for", c.largest);
    spk_ctx_destroy(ctx);
    cr_assert_eq(c.live, 0);
}

Test(npz, cut_short_anywhere) {
    static unsigned char bytes[4096];
    spk_ctx *ctx = spk_ctx_create();
    const size_t n = contents(both[1], bytes, sizeof bytes);
    for (size_t i = 0; i < n; i++) {
        cr_assert_not(read_bytes(ctx, bytes, i));
        HAS(spk_error(ctx), "is no zip file, or is cut short");
        spk_clear_error(ctx);
    }
    spk_ctx_destroy(ctx);
}

/* Where the directory's entry of the first member begins. */
static size_t directory(const unsigned char *bytes, size_t n) {
    for (size_t i = 0; i + 4 < n; i++)
        if (memcmp(bytes + i, "PK\1\2", 4) == 0) return i;
    return 0;
}

static const struct {
    size_t offset; /* in the directory's first entry */
    unsigned char value;
    const char *part;
} damage[] = {
    {8, 1, "is encrypted"},
    {10, 12, "x.npy: is compressed in another way than deflate"},
    {16, 0, "x.npy: is damaged: its checksum is wrong"},
    {23, 0x7f, "its members overlap"},
    {26, 0x7f, "x.npy: is damaged: its data cannot be unpacked"}, /* the size without compression */
    {24, 1, "x.npy: is damaged: its data cannot be unpacked"},
    {43, 0x7f, "x.npy: is damaged: its bytes are not where the directory says"},
    {29, 1, "has a member whose name is longer"},
    {31, 0x7f, "its directory cannot be read"},
};

Test(npz, damage_is_named) {
    static unsigned char bytes[4096];
    spk_ctx *ctx = spk_ctx_create();
    const size_t n = contents(both[1], bytes, sizeof bytes), entry = directory(bytes, n);
    for (int i = 0; i < COUNT(damage); i++) {
        unsigned char *at = bytes + entry + damage[i].offset, old = *at;
        *at = damage[i].value;
        cr_assert_not(read_bytes(ctx, bytes, n), "%s", damage[i].part);
        *at = old;
        HAS(spk_error(ctx), damage[i].part);
        spk_clear_error(ctx);
    }
    spk_ctx_destroy(ctx);
}

/* Only the directory is asked for names. */
Test(npz, a_name_may_be_there_once) {
    static unsigned char bytes[4096];
    spk_ctx *ctx = spk_ctx_create();
    const size_t n = contents(both[1], bytes, sizeof bytes);
    for (size_t i = directory(bytes, n); i + 9 <= n; i++)
        if (memcmp(bytes + i, "parts.npy", 9) == 0) memcpy(bytes + i, "large", 5);
    cr_assert_not(read_bytes(ctx, bytes, n));
    HAS(spk_error(ctx), "has two arrays named 'large'");
    spk_ctx_destroy(ctx);
}

Test(npz, datasets) {
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *d = spk_dataset_npz(ctx, both[0], "x", "labels", .batch = 3);
    cr_assert(d, "%s", spk_error(ctx));
    spk_batch batch;
    cr_assert(spk_next_batch(d, &batch) && spk_shape_equal(spk_tensor_shape(batch.x), SPK_SHAPE(3, 3)));
    cr_assert_eq(spk_data(batch.x)[8], 8);
    cr_assert_eq(spk_data(batch.labels)[0], 2);
    cr_assert_eq(spk_dataset_classes(d), 0);
    d = spk_dataset_npz(ctx, both[1], "image", "parts");
    HAS(spk_error(ctx), "spk_dataset_npz: label 0 is 0.5; labels must be whole numbers");
    spk_clear_error(ctx);
    cr_assert_not(spk_dataset_npz(ctx, both[1], "x", "large"));
    HAS(spk_error(ctx), "spk_dataset_npz: there are 4 inputs and 3 labels");
    spk_clear_error(ctx);
    cr_assert_not(spk_dataset_npz(ctx, both[1], "x_train", "y_train"));
    HAS(spk_error(ctx), "spk_dataset_npz: there is no array 'x_train'; the file has 'image', 'labels',");
    spk_clear_error(ctx);
    cr_assert_not(spk_dataset_npz(ctx, both[1], "x", "x"));
    HAS(spk_error(ctx), "'x' cannot be both");
    spk_ctx_destroy(ctx);
}

/* Eight-bit inputs come as 0..1, as those of IDX files do; bool as 0 and 1. */
Test(npz, datasets_of_npy_files) {
    const temporary labels = temporary_file("", 0, false);
    spk_ctx *ctx = spk_ctx_create();
    cr_assert(spk_npy_save(spk_tensor_from(ctx, SPK_SHAPE(2), (spk_real[]){1, 0}), labels.path));
    spk_dataset *d = spk_dataset_npy(ctx, ARRAYS "u1_little.npy", labels.path);
    cr_assert(d, "%s", spk_error(ctx));
    cr_assert_eq(spk_data(spk_dataset_sample(d, 1))[1], (spk_real)(100 / 255.0));
    cr_assert_eq(spk_dataset_label(d, 0), 1);
    d = spk_dataset_npy(ctx, ARRAYS "bool.npy", labels.path);
    cr_assert_eq(spk_data(spk_dataset_sample(d, 1))[0], 1);
    cr_assert_not(spk_dataset_npy(ctx, ARRAYS "bool.npy", ARRAYS "texts.npy"));
    HAS(spk_error(ctx), "spk_dataset_npy: ");
    HAS(spk_error(ctx), "texts.npy: its elements are of type");
    unlink(labels.path);
    spk_ctx_destroy(ctx);
}

static bool dataset(spk_ctx *ctx) { return spk_dataset_npz(ctx, both[1], "x", "labels"); }
static bool all(spk_ctx *ctx) { return spk_npz_read(ctx, both[1]); }
static bool save(spk_ctx *ctx) {
    const temporary t = temporary_file("", 0, false);
    const bool saved = spk_npz_save(ctx, t.path, {"x", spk_repeat_over_time(spk_full(ctx, SPK_SHAPE(1, 2), 1), 3)});
    unlink(t.path);
    return saved;
}

Test(npz, each_allocation_may_fail) {
    refuse_each_allocation(dataset);
    refuse_each_allocation(all);
    refuse_each_allocation(save);
}
