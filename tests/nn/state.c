/* State files: round trips, files by hand and from other nets, and what broken files must not do. */
#include "nn/state.h"
#include "core/random.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define WIDTH ((int64_t)sizeof(spk_real))
#define DTYPE SPK_BY_REAL("F32", "F64")

static const spk_module_type box_type = {.name = "box", .size = sizeof(spk_module)};

/* A folder of this test's own; the path of a file in it, in one of four buffers. */
static char folder[] = "/tmp/spk_state_XXXXXX";

static void make_folder(void) { cr_assert(mkdtemp(folder)); }

static const char *in_folder(const char *name) {
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void remove_folder(void) {
    static const char *const names[] = {"a", "b", "c", "d/in", "d", "n"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) remove(in_folder(names[i]));
    cr_assert(rmdir(folder) == 0, "a file was left behind in %s", folder);
}

#define StateTest(name) Test(state, name, .init = make_folder, .fini = remove_folder)

static bool exists(const char *path) { return access(path, F_OK) == 0; }

/* How many files and folders lie in the folder. */
static int entries(void) {
    DIR *directory = opendir(folder);
    cr_assert(directory, "%s", folder);
    int n = -2; /* . and .. */
    while (readdir(directory)) n++;
    closedir(directory);
    return n;
}

/* A net as layers make them: fc.weight [3, 2] (files: [2, 3]), fc.bias [2], norm.mean [4] (buffer), scale [], none [0, 5]; and a memory. */
static spk_module *net_of(spk_ctx *ctx, int64_t bias) {
    spk_module *net = spk_module_create(ctx, &box_type), *fc = spk_module_create(ctx, &box_type), *norm = spk_module_create(ctx, &box_type);
    spk_register_parameter(net, "scale", SPK_SCALAR);
    spk_register_parameter(net, "none", SPK_SHAPE(0, 5));
    spk_register_parameter(fc, "weight", SPK_SHAPE(3, 2));
    fc->slots->transposed = true;
    spk_register_parameter(fc, "bias", SPK_SHAPE(bias));
    spk_register_buffer(norm, "mean", SPK_SHAPE(4));
    spk_register_memory(norm, "v", 0);
    spk_add_child(net, "fc", fc);
    spk_add_child(net, "norm", norm);
    return net;
}

static spk_module *net_filled(spk_ctx *ctx) {
    spk_module *net = net_of(ctx, 2);
    for (spk_walk w = spk_walk_slots(net, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&w);) spk_fill_normal(w.slot->tensor, 0, 1);
    return net;
}

static void fill(spk_module *net, double value) {
    for (spk_walk w = spk_walk_slots(net, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&w);) spk_fill(w.slot->tensor, value);
}

static void assert_filled(spk_module *net, double value, const char *what) {
    for (spk_walk w = spk_walk_slots(net, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&w);)
        for (int64_t i = 0; i < spk_size(w.slot->tensor); i++)
            cr_assert(spk_data(w.slot->tensor)[i] == (spk_real)value, "%s: %s was changed", what, w.name);
}

static bool same_bits(spk_module *a, spk_module *b) {
    spk_walk v = spk_walk_slots(b, SPK_PARAMETER | SPK_BUFFER);
    for (spk_walk w = spk_walk_slots(a, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&w);) {
        cr_assert(spk_walk_next(&v) && spk_size(w.slot->tensor) == spk_size(v.slot->tensor));
        if (memcmp(spk_data(w.slot->tensor), spk_data(v.slot->tensor), (size_t)(spk_size(w.slot->tensor) * WIDTH))) return false;
    }
    return true;
}

#define assert_failed(ctx, a, b)                                                                                                \
    do {                                                                                                                        \
        cr_assert(spk_failed(ctx), "no error");                                                                                 \
        cr_assert(strstr(spk_error(ctx), a) && strstr(spk_error(ctx), b), "wanted '%s' and '%s' in: %s", a, b, spk_error(ctx)); \
        spk_clear_error(ctx);                                                                                                   \
    } while (0)

static void write_bytes(const char *path, const void *bytes, size_t n) {
    FILE *file = fopen(path, "wb");
    cr_assert(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0, "%s", path);
}

static size_t read_bytes(const char *path, unsigned char *bytes, size_t room) {
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s", path);
    const size_t n = fread(bytes, 1, room, file);
    fclose(file);
    cr_assert(n < room);
    return n;
}

/* A safetensors file by hand: header text, then `data` bytes 0, 1, 2, ... */
static void write_by_hand(const char *path, const char *header, size_t data) {
    unsigned char bytes[4096] = {0};
    const size_t length = strlen(header);
    cr_assert(8 + length + data <= sizeof bytes);
    bytes[0] = (unsigned char)length, bytes[1] = (unsigned char)(length >> 8);
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < data; i++) bytes[8 + length + i] = (unsigned char)i;
    write_bytes(path, bytes, 8 + length + data);
}

StateTest(a_round_trip_keeps_every_bit) {
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    spk_module *net = net_filled(ctx), *copy = net_of(ctx, 2);
    spk_real *mean = spk_data_mut(spk_find_tensor(net, "norm.mean"));
    mean[0] = (spk_real)NAN, mean[1] = -(spk_real)INFINITY, mean[2] = -(spk_real)0.0, mean[3] = (spk_real)1e-310; /* in double subnormal */
    cr_assert(!same_bits(net, copy));
    cr_assert(spk_save(net, in_folder("a")), "%s", spk_error(ctx));
    cr_assert(entries() == 1, "a temporary file was left");
    cr_assert(spk_load(copy, in_folder("a")), "%s", spk_error(ctx));
    cr_assert(same_bits(net, copy));
    spk_ctx_destroy(ctx);
}

StateTest(large_tensors_too) {
    spk_ctx *ctx = spk_ctx_create(.seed = 6);
    spk_module *net = spk_module_create(ctx, &box_type), *copy = spk_module_create(ctx, &box_type);
    spk_module *const both[] = {net, copy};
    for (int i = 0; i < 2; i++) {
        spk_fill_normal(spk_register_parameter(both[i], "weight", SPK_SHAPE(131, 257)), 0, 1);
        both[i]->slots->transposed = true;
        spk_fill_normal(spk_register_parameter(both[i], "other", SPK_SHAPE(70001)), 0, 1);
    }
    cr_assert(!same_bits(net, copy));
    cr_assert(spk_save(net, in_folder("a")) && spk_load(copy, in_folder("a")), "%s", spk_error(ctx));
    cr_assert(same_bits(net, copy));
    spk_ctx_destroy(ctx);
}

/* The bytes of a file as the format wants them: aligned, no holes, weights [out, in], memories left out. */
StateTest(the_file_is_what_the_format_says) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = spk_module_create(ctx, &box_type);
    spk_tensor *weight = spk_register_parameter(net, "weight", SPK_SHAPE(3, 2));
    net->slots->transposed = true;
    spk_register_memory(net, "v", 0);
    for (int i = 0; i < 6; i++) spk_data_mut(weight)[i] = (spk_real)i; /* [in, out]: 0 1 / 2 3 / 4 5 */
    cr_assert(spk_save(net, in_folder("a")), "%s", spk_error(ctx));

    unsigned char bytes[1024] = {0};
    const size_t n = read_bytes(in_folder("a"), bytes, sizeof bytes);
    const size_t header = bytes[0] + 256u * bytes[1];
    for (int i = 2; i < 8; i++) cr_assert(bytes[i] == 0);
    cr_assert(header % 8 == 0 && n == 8 + header + 6 * sizeof(spk_real), "%zu bytes of header, %zu in all", header, n);
    char wanted[256], text[1024] = "";
    memcpy(text, bytes + 8, header);
    snprintf(wanted, sizeof wanted,
             "{\"__metadata__\":{\"format\":\"pt\",\"writer\":\"spiketape " SPK_VERSION "\"},"
             "\"weight\":{\"dtype\":\"%s\",\"shape\":[2,3],\"data_offsets\":[0,%d]}}",
             DTYPE, (int)(6 * WIDTH));
    cr_assert(strncmp(text, wanted, strlen(wanted)) == 0, "%s", text);
    cr_assert(strspn(text + strlen(wanted), " ") == header - strlen(wanted), "padding is spaces");
    const double turned[] = {0, 2, 4, 1, 3, 5};
    for (int i = 0; i < 6; i++) {
        uint64_t bits = 0;
        for (int k = 0; k < (int)WIDTH; k++) bits |= (uint64_t)bytes[8 + header + (size_t)(i * WIDTH + k)] << (8 * k);
        SPK_BY_REAL(uint32_t, uint64_t) own = SPK_BY_REAL((uint32_t)bits, bits);
        spk_real value;
        memcpy(&value, &own, sizeof value);
        cr_assert((double)value == turned[i], "number %d is %g", i, (double)value);
    }
    struct stat status;
    const mode_t mask = umask(0);
    umask(mask);
    cr_assert(stat(in_folder("a"), &status) == 0 && (status.st_mode & 0777) == (0666 & ~mask), "mode %o", status.st_mode & 0777);
    spk_ctx_destroy(ctx);
}

/* Every byte of tensors that are many times the writer's block, against a writer that goes byte by byte. */
StateTest(blocks_join_without_a_seam) {
    spk_ctx *ctx = spk_ctx_create(.seed = 8);
    spk_module *net = spk_module_create(ctx, &box_type);
    enum { IN = 61, OUT = 83 };
    spk_tensor *first = spk_register_parameter(net, "first", SPK_SHAPE(3)),
               *weight = spk_register_buffer(net, "weight", SPK_SHAPE(IN, OUT));
    for (spk_slot *slot = net->slots; slot; slot = slot->next) slot->transposed = slot->tensor == weight;
    spk_fill_normal(first, 0, 1), spk_fill_normal(weight, 0, 1);
    cr_assert(spk_save(net, in_folder("a")), "%s", spk_error(ctx));
    static unsigned char bytes[1 << 16];
    const size_t n = read_bytes(in_folder("a"), bytes, sizeof bytes), header = bytes[0] + 256u * bytes[1];
    cr_assert(n == 8 + header + (3 + IN * OUT) * (size_t)WIDTH, "%zu bytes", n);
    for (int i = 0; i < 3 + IN * OUT; i++) {
        const int out = (i - 3) / IN, in = (i - 3) % IN;
        SPK_BY_REAL(uint32_t, uint64_t) bits;
        memcpy(&bits, i < 3 ? &spk_data(first)[i] : &spk_data(weight)[in * OUT + out], sizeof bits);
        for (int k = 0; k < (int)WIDTH; k++)
            cr_assert(bytes[8 + header + (size_t)(i * WIDTH + k)] == (unsigned char)(bits >> 8 * k), "byte %d of number %d", k, i);
    }
    spk_ctx_destroy(ctx);
}

/* What a process of the same number left half-written is neither used nor removed. */
StateTest(a_temporary_file_that_is_there_is_left_alone) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_filled(ctx), *copy = net_of(ctx, 2);
    char name[64], left[1];
    snprintf(name, sizeof name, "a.%ld-0.tmp", (long)getpid());
    write_bytes(in_folder(name), "x", 1);
    cr_assert(spk_save(net, in_folder("a")), "%s", spk_error(ctx));
    cr_assert(spk_load(copy, in_folder("a")) && same_bits(net, copy), "%s", spk_error(ctx));
    FILE *file = fopen(in_folder(name), "rb");
    cr_assert(file && fread(left, 1, 1, file) == 1 && left[0] == 'x' && fclose(file) == 0, "the other file was written to");
    cr_assert(entries() == 2, "%d files", entries());
    remove(in_folder(name));
    spk_ctx_destroy(ctx);
}

/* A name without a folder lies in the working directory. */
StateTest(names_without_a_folder) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_filled(ctx);
    cr_assert(chdir(folder) == 0);
    cr_assert(spk_save(net, "a") && spk_load(net, "a") && spk_save(net, "./b"), "%s", spk_error(ctx));
    cr_assert(exists(in_folder("a")) && exists(in_folder("b")) && entries() == 2);
    cr_assert(chdir("/") == 0);
    spk_ctx_destroy(ctx);
}

/* 1, -2 as F32 and 0.5 as F64, not aligned, entries not in order of place: both libraries read both widths. */
StateTest(a_file_written_by_hand) {
    static const char header[] = "{\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[8,16]},"
                                 "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}} ";
    static const unsigned char data[] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f};
    unsigned char file[8 + sizeof header - 1 + sizeof data] = {sizeof header - 1};
    memcpy(file + 8, header, sizeof header - 1);
    memcpy(file + 8 + sizeof header - 1, data, sizeof data);
    write_bytes(in_folder("a"), file, sizeof file);
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = spk_module_create(ctx, &box_type);
    spk_tensor *a = spk_register_parameter(net, "a", SPK_SHAPE(2, 1)), *b = spk_register_buffer(net, "b", SPK_SHAPE(1));
    cr_assert(spk_load(net, in_folder("a")), "%s", spk_error(ctx));
    cr_assert(spk_data(a)[0] == 1 && spk_data(a)[1] == -2 && spk_data(b)[0] == (spk_real)0.5);

    spk_state_file *content = spk_state_file_read(ctx, in_folder("a"));
    cr_assert(spk_state_file_count(content) == 2);
    const spk_state_entry *first = spk_state_file_entry(content, 0), *found = spk_state_file_find(content, "b");
    cr_assert(strcmp(first->name, "a") == 0 && first->width == 4 && spk_shape_equal(first->shape, SPK_SHAPE(2, 1)));
    cr_assert(found == spk_state_file_entry(content, 1) && found->width == 8);
    cr_assert(!spk_state_file_entry(content, 2) && !spk_state_file_entry(content, -1) && !spk_state_file_find(content, "c"));
    spk_real out[2] = {0};
    spk_state_entry_copy(first, false, out);
    cr_assert(out[0] == 1 && out[1] == -2);
    spk_state_file_destroy(content);
    spk_ctx_destroy(ctx);
}

StateTest(saving_and_loading_keep_no_memory) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_filled(ctx);
    const size_t before = spk_memory_use(ctx).held;
    cr_assert(spk_save(net, in_folder("a")) && spk_load(net, in_folder("a")));
    cr_assert(spk_memory_use(ctx).held == before, "saving and loading keep no memory");
    spk_ctx_destroy(ctx);
}

/* Nets that a file does not fit: the error names the entry (and both shapes), and nothing is changed. */
StateTest(another_nets_file) {
    spk_ctx *ctx = spk_ctx_create();
    cr_assert(spk_save(net_filled(ctx), in_folder("a")));
    spk_module *longer = net_of(ctx, 7), *more = net_of(ctx, 2), *less = spk_module_create(ctx, &box_type), *turned = net_of(ctx, 2);
    spk_register_parameter(more, "extra", SPK_SHAPE(3));
    spk_register_parameter(less, "scale", SPK_SCALAR);
    spk_find_module(turned, "fc")->slots->transposed = false;
    const struct {
        spk_module *net;
        const char *a, *b;
    } cases[] = {{longer, "fc.bias", "[7]"}, {longer, "[2]", "[7]"},          {more, "extra", "missing"},
                 {less, "'fc.bias'", "a"},   {turned, "fc.weight", "[3, 2]"}, {turned, "[2, 3]", "[3, 2]"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(cases[i].net, 0.25);
        cr_assert(!spk_load(cases[i].net, in_folder("a")), "case %zu", i);
        assert_failed(ctx, cases[i].a, cases[i].b);
        assert_filled(cases[i].net, 0.25, cases[i].a);
    }
    spk_ctx_destroy(ctx);
}

/* Every shorter file, and one that is longer. */
StateTest(truncated_files) {
    spk_ctx *ctx = spk_ctx_create(.seed = 7);
    spk_module *net = net_filled(ctx), *other = net_of(ctx, 2);
    fill(other, 0.25);
    cr_assert(spk_save(net, in_folder("a")));
    unsigned char bytes[2048] = {0};
    const size_t n = read_bytes(in_folder("a"), bytes, sizeof bytes);
    for (size_t length = 0; length <= n + 1; length++) {
        if (length == n) continue;
        write_bytes(in_folder("b"), bytes, length);
        cr_assert(!spk_load(other, in_folder("b")), "%zu of %zu bytes were taken", length, n);
        assert_failed(ctx, in_folder("b"), "");
    }
    assert_filled(other, 0.25, "truncated");
    cr_assert(spk_load(other, in_folder("a")), "the whole file is right");
    spk_ctx_destroy(ctx);
}

/* Every byte of length and header replaced in several ways: an error that changes nothing, or the same names and shapes. */
StateTest(damaged_headers) {
    spk_ctx *ctx = spk_ctx_create(.seed = 8);
    spk_module *net = net_filled(ctx), *other = net_of(ctx, 2);
    cr_assert(spk_save(net, in_folder("a")));
    unsigned char bytes[2048] = {0};
    const size_t n = read_bytes(in_folder("a"), bytes, sizeof bytes), header = bytes[0] + 256u * bytes[1];
    static const unsigned char flips[] = {1, 2, 4, 8, 16, 32, 64, 128, 255};
    int refused = 0, taken = 0;
    fill(other, 0.25);
    for (size_t at = 0; at < 8 + header; at++) {
        for (size_t k = 0; k < sizeof flips + 1; k++) {
            const unsigned char was = bytes[at];
            bytes[at] = k < sizeof flips ? was ^ flips[k] : 0;
            write_bytes(in_folder("b"), bytes, n);
            const bool ok = spk_load(other, in_folder("b"));
            bytes[at] = was;
            cr_assert(ok == !spk_failed(ctx));
            if (ok) {
                cr_assert(same_bits(net, other), "byte %zu: other numbers were read", at);
                fill(other, 0.25);
                taken++;
            } else {
                spk_clear_error(ctx);
                assert_filled(other, 0.25, "damaged header");
                refused++;
            }
        }
    }
    cr_assert(refused > 1000 && taken > 0, "%d refused, %d taken (metadata)", refused, taken);
    spk_ctx_destroy(ctx);
}

/* Headers that are wrong in one way each; `x` is [2] of F32, 8 bytes of data, unless the case says otherwise. */
#define X(dtype, shape, offsets) "{\"x\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define XY(x, y) \
    "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" x "},\"y\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" y "}}"

static const struct {
    const char *header;
    size_t data;
} wrong[] = {
    {"", 0},
    {"[]", 0},
    {"nonsense", 8},
    {"{\"x\":1}", 8},
    {"{\"x\":{}}", 8},
    {"{\"x\":[1,2,3]}", 8},
    {"{\"x\":\"F32\"}", 8},
    {X("\"F16\"", "[2]", "[0,4]"), 4},
    {X("\"I32\"", "[2]", "[0,8]"), 8},
    {X("\"f32\"", "[2]", "[0,8]"), 8},
    {X("32", "[2]", "[0,8]"), 8},
    {X("\"F32\"", "[NaN]", "[0,8]"), 8},
    {X("\"F32\"", "[null]", "[0,8]"), 8},
    {X("\"F32\"", "[-2]", "[0,8]"), 8},
    {X("\"F32\"", "[-2,-1]", "[0,8]"), 8},
    {X("\"F32\"", "[2.5]", "[0,10]"), 10},
    {X("\"F32\"", "[1e999]", "[0,8]"), 8},
    {X("\"F32\"", "[1e300]", "[0,8]"), 8},
    {X("\"F32\"", "[\"2\"]", "[0,8]"), 8},
    {X("\"F32\"", "2", "[0,8]"), 8},
    {X("\"F32\"", "[4611686018427387904,4]", "[0,0]"), 0},
    {X("\"F32\"", "[1099511627776]", "[0,4398046511104]"), 8},
    {X("\"F32\"", "[1,1,1,1,1,1,2]", "[0,8]"), 8},
    {X("\"F32\"", "[3]", "[0,8]"), 8},
    {X("\"F32\"", "[2]", "[0,7]"), 7},
    {X("\"F32\"", "[2]", "[0]"), 8},
    {X("\"F32\"", "[2]", "[0,8,8]"), 8},
    {X("\"F32\"", "[2]", "[8,0]"), 8},
    {X("\"F32\"", "[2]", "[-8,0]"), 8},
    {X("\"F32\"", "[2]", "[0.5,8.5]"), 9},
    {X("\"F32\"", "[2]", "[4,12]"), 8},
    {X("\"F32\"", "[2]", "[4,12]"), 12},
    {X("\"F32\"", "[2]", "[0,8]"), 9},
    {X("\"F32\"", "[2]", "[0,18446744073709551616]"), 8},
    {XY("[0,8]", "[0,8]"), 8},
    {XY("[0,8]", "[4,12]"), 12},
    {XY("[0,8]", "[12,20]"), 20},
    {"{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8},
    {X("\"F32\"", "[2]", "[0,8]") "}", 8},
    {X("\"F32\"", "[2]", "[0,8]") "x", 8},
    {"{\"__metadata__\":3,\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8},
};

StateTest(wrong_headers) {
    spk_ctx *ctx = spk_ctx_create();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_by_hand(in_folder("a"), wrong[i].header, wrong[i].data);
        cr_assert(!spk_state_file_read(ctx, in_folder("a")), "taken: %s with %zu bytes", wrong[i].header, wrong[i].data);
        assert_failed(ctx, in_folder("a"), "");
    }
    write_by_hand(in_folder("a"), X("\"F32\"", "[2]", "[0,8]") "  ", 8);
    cr_assert(spk_state_file_read(ctx, in_folder("a")), "the form that the cases vary is right: %s", spk_error(ctx));
    write_by_hand(in_folder("a"), "{}", 0);
    cr_assert(spk_state_file_read(ctx, in_folder("a")), "an empty state dict: %s", spk_error(ctx));
    spk_ctx_destroy(ctx);
}

/* A header length or a shape that lies asks for no memory that the file does not have. */
static size_t largest_block;

static void *watching_allocate(void *user, size_t bytes) {
    (void)user;
    if (bytes > largest_block) largest_block = bytes;
    return malloc(bytes);
}

static void plain_release(void *user, void *block) {
    (void)user;
    free(block);
}

StateTest(lies_ask_for_no_memory) {
    spk_ctx *ctx = spk_ctx_create(.allocator = {watching_allocate, plain_release, NULL});
    static const unsigned char lengths[][8] = {{255, 255, 255, 255, 255, 255, 255, 255},
                                               {0, 0, 0, 0, 0, 0, 0, 128},
                                               {0, 0, 0, 0, 1},
                                               {255, 255, 255, 127},
                                               {248, 255, 255, 255, 255, 255, 255, 255}};
    largest_block = 0;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        unsigned char bytes[16];
        memcpy(bytes, lengths[i], 8);
        memcpy(bytes + 8, "{}      ", 8);
        write_bytes(in_folder("a"), bytes, sizeof bytes);
        cr_assert(!spk_state_file_read(ctx, in_folder("a")));
        assert_failed(ctx, in_folder("a"), "header");
    }
    write_by_hand(in_folder("a"), X("\"F32\"", "[1099511627776]", "[0,4398046511104]"), 8);
    cr_assert(!spk_state_file_read(ctx, in_folder("a")));
    assert_failed(ctx, "'x'", "");
    cr_assert(largest_block < 1 << 17, "%zu bytes were asked for", largest_block);
    spk_ctx_destroy(ctx);
}

StateTest(paths_that_cannot_be) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_filled(ctx);
    fill(net, 0.25);
    cr_assert(mkdir(in_folder("d"), 0755) == 0);
    cr_assert(!spk_load(net, in_folder("n")));
    assert_failed(ctx, in_folder("n"), "No such file");
    cr_assert(!spk_load(net, in_folder("d")));
    assert_failed(ctx, in_folder("d"), "");
    cr_assert(!spk_save(net, in_folder("n/a")));
    assert_failed(ctx, in_folder("n/a"), "No such file");
    write_bytes(in_folder("d/in"), "x", 1); /* a folder that is not empty cannot be replaced by a file */
    cr_assert(!spk_save(net, in_folder("d")));
    assert_failed(ctx, in_folder("d"), "");
    cr_assert(entries() == 1, "the temporary file was left");
    const char *const none[] = {NULL, ""};
    for (int i = 0; i < 2; i++) {
        cr_assert(!spk_save(net, none[i]));
        assert_failed(ctx, "", "");
        cr_assert(!spk_load(net, none[i]));
        assert_failed(ctx, "", "");
        cr_assert(!spk_state_file_read(ctx, none[i]));
        assert_failed(ctx, "", "");
    }
    assert_filled(net, 0.25, "bad paths");
    spk_ctx_destroy(ctx);
}

/* A save that fails half-way (here: a limit on the size of files, as a full disk would) leaves the old file and nothing else. */
StateTest(a_failed_save_leaves_the_old_file) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_filled(ctx), *large = spk_module_create(ctx, &box_type);
    spk_register_parameter(large, "weight", SPK_SHAPE(100, 100));
    cr_assert(spk_save(net, in_folder("a")));
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit;
    cr_assert(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const rlim_t was = limit.rlim_cur;
    limit.rlim_cur = 8192;
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    const bool ok = spk_save(large, in_folder("a"));
    limit.rlim_cur = was;
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    cr_assert(!ok);
    assert_failed(ctx, in_folder("a"), "File too large");
    cr_assert(entries() == 1, "a temporary file was left");
    spk_module *copy = net_of(ctx, 2);
    cr_assert(spk_load(copy, in_folder("a")) && same_bits(net, copy), "%s", spk_error(ctx));
    spk_ctx_destroy(ctx);
}

StateTest(a_failed_context_neither_saves_nor_loads) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_filled(ctx), *other = net_of(ctx, 2);
    fill(other, 0.25);
    cr_assert(spk_save(net, in_folder("a")));
    spk_fail(ctx, "a bad batch");
    cr_assert(!spk_save(net, in_folder("b")) && !exists(in_folder("b")));
    cr_assert(!spk_load(other, in_folder("a")));
    cr_assert(!spk_state_file_read(ctx, in_folder("a")));
    assert_failed(ctx, "a bad batch", "");
    assert_filled(other, 0.25, "failed context");
    spk_ctx_destroy(ctx);
}

StateTest(null_is_taken_everywhere) {
    cr_assert(!spk_save(NULL, in_folder("a")) && !spk_load(NULL, in_folder("a")));
    cr_assert(!spk_save(spk_inert_module(), in_folder("a")) && !spk_load(spk_inert_module(), in_folder("a")));
    cr_assert(!spk_state_file_read(NULL, in_folder("a")) && !exists(in_folder("a")));
    cr_assert(spk_state_file_count(NULL) == 0 && !spk_state_file_entry(NULL, 0) && !spk_state_file_find(NULL, "a"));
    spk_state_file_destroy(NULL);
    spk_real out = 1;
    spk_state_entry_copy(NULL, false, &out);
    cr_assert(out == 1);
}

/* Memory refused at each request in turn: an error each time, never a half-loaded net or a leak. */
static int64_t allowed;

static void *refusing_allocate(void *user, size_t bytes) {
    (void)user;
    return allowed-- > 0 ? malloc(bytes) : NULL;
}

StateTest(without_memory) {
    allowed = INT64_MAX;
    spk_ctx *ctx = spk_ctx_create(.allocator = {refusing_allocate, plain_release, NULL});
    spk_module *net = net_filled(ctx), *other = net_of(ctx, 2);
    cr_assert(spk_save(net, in_folder("a")));
    fill(other, 0.25);
    const size_t before = spk_memory_use(ctx).held;
    bool refused = false, worked = false;
    for (int64_t n = 0; n < 40 && !worked; n++) {
        allowed = n;
        worked = spk_load(other, in_folder("a"));
        allowed = INT64_MAX;
        cr_assert(worked == !spk_failed(ctx));
        refused = refused || !worked;
        spk_clear_error(ctx);
        if (!worked) assert_filled(other, 0.25, "without memory");
        cr_assert(spk_memory_use(ctx).held == before, "after %" PRId64 " requests", n);
    }
    cr_assert(refused && worked && same_bits(net, other));
    spk_ctx_destroy(ctx);
}
