/* Arrays in .npy files: what NumPy wrote (tests/arrays/make.py), what is written here, headers that lie. */
#include "support.h"
#include "data/npy.h"
#include <math.h>
#include <sys/stat.h>

#define ARRAYS SPK_SOURCE_DIR "/tests/arrays/"

static spk_tensor *load(spk_ctx *ctx, const char *name) {
    char path[512];
    snprintf(path, sizeof path, ARRAYS "%s.npy", name);
    spk_tensor *x = spk_npy_load(ctx, path);
    cr_assert(!spk_failed(ctx), "%s: %s", name, spk_error(ctx));
    return x;
}

static const char *const of_six[] = {"f2_big",    "f2_little", "f4_big",    "f4_little", "f8_big",    "f8_little", "i1_little", "i2_big",
                                     "i2_little", "i4_big",    "i4_little", "i8_big",    "i8_little", "u1_little", "u2_big",    "u2_little",
                                     "u4_big",    "u4_little", "u8_big",    "u8_little", "version_2", "version_3"};

Test(npy, types_byte_orders_and_versions) {
    static const spk_real values[] = {0, 1, 2, 3, 100, 7};
    spk_ctx *ctx = spk_ctx_create();
    for (int i = 0; i < COUNT(of_six); i++) {
        spk_tensor *x = load(ctx, of_six[i]);
        cr_assert(spk_shape_equal(spk_tensor_shape(x), SPK_SHAPE(2, 3)), "%s", of_six[i]);
        cr_assert_arr_eq(spk_data(x), values, sizeof values, "%s", of_six[i]);
    }
    spk_tensor *x = load(ctx, "bool");
    for (int i = 0; i < 6; i++) cr_assert_eq(spk_data(x)[i], (int)values[i] % 2);
    spk_ctx_destroy(ctx);
}

Test(npy, halves) {
    spk_ctx *ctx = spk_ctx_create();
    const spk_real *x = spk_data(load(ctx, "f2_special"));
    cr_assert_eq(x[0], (spk_real)1.0009765625);
    cr_assert_eq(x[1], -65504);
    cr_assert_eq(x[2], (spk_real)6.103515625e-05, "the least normal one");
    cr_assert_eq(x[3], (spk_real)5.9604644775390625e-08, "the least of all");
    cr_assert(x[4] == 0 && signbit(x[4]));
    cr_assert(isinf(x[5]) && x[5] > 0 && isinf(x[6]) && x[6] < 0 && isnan(x[7]));
    spk_ctx_destroy(ctx);
}

/* The file has the first axis fastest; the tensor has the last. */
Test(npy, fortran_order) {
    spk_ctx *ctx = spk_ctx_create();
    for (int k = 0; k < 2; k++) {
        spk_tensor *x = load(ctx, k ? "fortran_big" : "fortran");
        cr_assert(spk_shape_equal(spk_tensor_shape(x), SPK_SHAPE(2, 3, 4)));
        for (int i = 0; i < 24; i++) cr_assert_eq(spk_data(x)[i], (spk_real)i);
    }
    spk_ctx_destroy(ctx);
}

Test(npy, any_number_of_axes) {
    spk_ctx *ctx = spk_ctx_create();
    cr_assert_eq(spk_item(load(ctx, "scalar")), 2.5);
    cr_assert_eq(spk_axes(load(ctx, "scalar")), 0);
    cr_assert(spk_shape_equal(spk_tensor_shape(load(ctx, "empty")), SPK_SHAPE(0, 3)));
    spk_tensor *x = load(ctx, "six_axes");
    cr_assert(spk_shape_equal(spk_tensor_shape(x), SPK_SHAPE(2, 2, 2, 2, 2, 2)));
    cr_assert_eq(spk_data(x)[63], 63);
    spk_ctx_destroy(ctx);
}

/* A file of this header, as Python's literal, in version 1.0, and `n` bytes of data. */
static temporary file_of(const char *header, size_t n) {
    unsigned char bytes[512] = "\x93NUMPY\1";
    const size_t length = strlen(header);
    cr_assert(10 + length + n <= sizeof bytes);
    bytes[8] = (unsigned char)length, bytes[9] = (unsigned char)(length >> 8);
    memcpy(bytes + 10, header, length);
    memset(bytes + 10 + length, 0, n);
    return temporary_file(bytes, 10 + length + n, false);
}

/* Other writers than NumPy leave out or add white space, and the keys are in no order. */
Test(npy, the_header_may_be_written_otherwise) {
    static const char *const headers[] = {
        "{'shape':(2,3),'fortran_order':False,'descr':'<f4'}",
        "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2, 3)}\n",
        " { 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 2 , 3 , ) , } \n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }",
    };
    spk_ctx *ctx = spk_ctx_create();
    for (int i = 0; i < COUNT(headers); i++) {
        const temporary t = file_of(headers[i], 24);
        spk_tensor *x = spk_npy_load(ctx, t.path);
        unlink(t.path);
        cr_assert(spk_shape_equal(spk_tensor_shape(x), SPK_SHAPE(2, 3)), "%s: %s", headers[i], spk_error(ctx));
    }
    spk_ctx_destroy(ctx);
}

#define REST "'fortran_order': False, "
static const struct {
    const char *header;
    size_t data;
    const char *part;
} wrong[] = {
    {"{'descr': '<f4', " REST "'shape': (2, 3), }", 23,
     "is cut short: its header says [2, 3] of '<f4', which is 24 bytes, and 23 are there"},
    {"{'descr': '<f4', " REST "'shape': (2, 3), }", 25, "has 1 bytes more than its header says ([2, 3] of '<f4')"},
    {"{'descr': '<f8', " REST "'shape': (1000000, 1000000), }", 8, "is cut short: its header says [1000000, 1000000]"},
    {"{'descr': '<f8', " REST "'shape': (4294967296, 4294967296), }", 8, "more elements than memory can hold"},
    {"{'descr': '<f8', " REST "'shape': (9223372036854775808,), }", 8, "its shape cannot be read"},
    {"{'descr': '<f8', " REST "'shape': (-1,), }", 8, "its shape cannot be read"},
    {"{'descr': '<f8', " REST "'shape': (1 2), }", 8, "its shape cannot be read"},
    {"{'descr': '<f8', " REST "'shape': (1", 8, "its shape cannot be read"},
    {"{'descr': '<f8', " REST "'shape': 1, }", 8, "its shape cannot be read"},
    {"{'descr': '<c8', " REST "'shape': (1,), }", 8, "its elements are of type '<c8'"},
    {"{'descr': '|f4', " REST "'shape': (1,), }", 4, "its elements are of type '|f4'"},
    {"{'descr': '', " REST "'shape': (1,), }", 4, "its elements are of type ''"},
    {"{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }", 4, "its fortran_order is neither True nor False"},
    {"{'descr': '<f4', 'shape': (1,), }", 4, "its header lacks one of descr, fortran_order and shape"},
    {"{'descr': '<f4', 'descr': '<f4', " REST "'shape': (1,), }", 4, "a key that is unknown or there twice"},
    {"{'descr': '<f4', 'other': 1, " REST "'shape': (1,), }", 4, "a key that is unknown or there twice"},
    {"{'descr", 4, "its header cannot be read"},
    {"{'descr': '<f4' " REST "'shape': (1,), }", 4, "its header cannot be read"},
    {"{'descr': '<f4', " REST "'shape': (1,), } x", 4, "its header goes on after the dictionary"},
    {"{'descr': '<f4', " REST "'shape': (1,), ", 0, "its header cannot be read"},
    {"", 4, "its header is no dictionary"},
    {"{}", 4, "its header lacks one of"},
};

/* The names of the files that are no arrays that can be read, too. */
static const struct {
    const char *path, *part;
} refused[] = {
    {ARRAYS "seven_axes.npy", "has 7 axes; at most 6 can be read"},
    {ARRAYS "texts.npy", "its elements are of type '<U1'; numbers of 8 to 64 bits and bool can be read: x.astype('float32')"},
    {ARRAYS "complex.npy", "its elements are of type '<c16'"},
    {ARRAYS "records.npy", "its elements are records"},
    {ARRAYS "make.py", "is not a .npy file"},
    {ARRAYS "stored.npz", "is a .npz file, of several arrays; spk_npz_read reads it"},
    {ARRAYS "none.npy", "cannot be opened: No such file"},
    {ARRAYS, "Is a directory"},
};

static void assert_refused(spk_ctx *ctx, const char *path, const char *part) {
    spk_tensor *x = spk_npy_load(ctx, path);
    cr_assert(spk_failed(ctx) && spk_size(x) == 0, "%s", part);
    HAS(spk_error(ctx), "spk_npy_load: ");
    HAS(spk_error(ctx), path);
    HAS(spk_error(ctx), part);
    spk_clear_error(ctx);
}

/* No request is larger than a page and twice the file. */
Test(npy, what_cannot_be_read_says_why_and_takes_no_memory) {
    counter c = {0};
    spk_ctx *ctx = counted_ctx(&c);
    for (int i = 0; i < COUNT(wrong); i++) {
        const temporary t = file_of(wrong[i].header, wrong[i].data);
        c.largest = 0;
        assert_refused(ctx, t.path, wrong[i].part);
        cr_assert_leq(c.largest, 4096 + 512, "%s: %zu bytes", wrong[i].part, c.largest);
        unlink(t.path);
    }
    for (int i = 0; i < COUNT(refused); i++) assert_refused(ctx, refused[i].path, refused[i].part);
    const int64_t live = c.live;
    assert_refused(ctx, ARRAYS "texts.npy", "type");
    cr_assert_eq(c.live, live);
    spk_ctx_destroy(ctx);
    cr_assert_eq(c.live, 0);
}

/* Every beginning of a file is refused, as one that was cut short. */
Test(npy, cut_short_anywhere) {
    spk_ctx *ctx = spk_ctx_create();
    unsigned char bytes[200];
    FILE *file = fopen(ARRAYS "version_2.npy", "rb");
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t k = 0; k < n; k++) {
        const temporary t = temporary_file(bytes, k, false);
        assert_refused(ctx, t.path, k < 8 ? "is not a .npy file" : k < 128 ? "ends within its header" : "is cut short");
        unlink(t.path);
    }
    spk_ctx_destroy(ctx);
}

/* What is written is read back to the bit, and begins as NumPy's files do. */
Test(npy, written_and_read_back) {
    const temporary folder = temporary_folder();
    char path[300], head[128];
    snprintf(path, sizeof path, "%s/x.npy", folder.path);
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    static const int64_t dims[] = {2, 3, 1, 2, 3, 1};
    for (int axes = 0; axes <= SPK_MAX_AXES; axes++) {
        spk_tensor *x = spk_tensor_create(ctx, spk_shape_of(axes, dims));
        spk_fill_normal(x, 0, 1);
        spk_data_mut(x)[0] = (spk_real)-0.0;
        cr_assert(spk_npy_save(x, path), "%s", spk_error(ctx));
        spk_tensor *y = spk_npy_load(ctx, path);
        cr_assert(spk_shape_equal(spk_tensor_shape(y), spk_tensor_shape(x)), "%s", spk_error(ctx));
        cr_assert_arr_eq(spk_data(y), spk_data(x), (size_t)spk_size(x) * sizeof(spk_real));
    }
    FILE *file = fopen(path, "rb");
    cr_assert_eq(fread(head, 1, sizeof head, file), sizeof head);
    fclose(file);
    cr_assert_arr_eq(head, "\x93NUMPY\1\0", 8);
    HAS(head + 10, SPK_BY_REAL("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 1, 2, 3, 1), }",
                               "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 1, 2, 3, 1), }"));
    cr_assert_eq(head[127], '\n');
    unlink(path);
    cr_assert_eq(rmdir(folder.path), 0, "something is left");
    spk_ctx_destroy(ctx);
}

/* Bits and repeated rows are written out. */
Test(npy, any_storage_is_written) {
    const temporary t = temporary_file("", 0, false);
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_repeat_over_time(spk_step_from(ctx, SPK_SHAPE(1, 2), (spk_real[]){1, 2}), 3);
    cr_assert_eq(spk_tensor_storage(x), SPK_REPEATED);
    cr_assert(spk_npy_save(x, t.path), "%s", spk_error(ctx));
    spk_tensor *y = spk_npy_load(ctx, t.path);
    cr_assert(spk_shape_equal(spk_tensor_shape(y), SPK_SHAPE(3, 2)), "%s", spk_error(ctx));
    cr_assert_arr_eq(spk_data(y), ((spk_real[]){1, 2, 1, 2, 1, 2}), 6 * sizeof(spk_real));
    unlink(t.path);
    spk_ctx_destroy(ctx);
}

/* An old file is as it was after an error, keeps its mode after none, and nothing else is in the folder. */
Test(npy, the_old_file_is_replaced_whole) {
    const temporary folder = temporary_folder();
    char path[300], inside[310];
    snprintf(path, sizeof path, "%s/x.npy", folder.path);
    snprintf(inside, sizeof inside, "%s/y.npy", path);
    spk_ctx *ctx = spk_ctx_create();
    write_bytes(path, "old", 3);
    chmod(path, 0600);
    cr_assert_not(spk_npy_save(spk_scalar(ctx, 1), inside));
    HAS(spk_error(ctx), "cannot be written: Not a directory");
    spk_clear_error(ctx);
    cr_assert_not(spk_npy_save(spk_scalar(ctx, 1), folder.path));
    HAS(spk_error(ctx), "it is not a regular file");
    spk_clear_error(ctx);
    cr_assert(spk_npy_save(spk_scalar(ctx, 1), path));
    struct stat status;
    cr_assert(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
    unlink(path);
    cr_assert_eq(rmdir(folder.path), 0, "something is left");
    spk_ctx_destroy(ctx);
}

static bool load_and_save(spk_ctx *ctx) {
    const temporary t = temporary_file("", 0, false);
    spk_tensor *x = spk_npy_load(ctx, ARRAYS "fortran.npy");
    const bool saved = spk_npy_save(x, t.path);
    cr_assert_neq(saved, spk_failed(ctx));
    unlink(t.path);
    return saved;
}

Test(npy, each_allocation_may_fail) { refuse_each_allocation(load_and_save); }
