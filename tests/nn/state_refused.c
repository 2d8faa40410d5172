/* Broken files, files of other nets, and saves that fail: refused, with everything as it was. */
#include "state_support.h"

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
    cr_assert(largest_block < 1 << 13, "%zu bytes were asked for", largest_block);
    spk_ctx_destroy(ctx);
}

/* The format's own limit on the header, to the byte; and no memory for more entries than the header can describe. */
StateTest(headers_that_nobody_writes) {
    spk_ctx *ctx = spk_ctx_create(.allocator = {watching_allocate, plain_release, NULL});
    const uint64_t longest = 100000000;
    for (uint64_t length = longest; length <= longest + 1; length++) {
        unsigned char bytes[16] = {0};
        for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(length >> 8 * i);
        write_bytes(in_folder("a"), bytes, sizeof bytes);
        cr_assert(!spk_state_file_read(ctx, in_folder("a")));
        assert_failed(ctx, in_folder("a"), length > longest ? "100000001 bytes, and the format allows 100000000" : "longer than the file");
    }
    char header[4001] = "{\"\":0";
    while (strlen(header) + 6 < sizeof header) strcat(header, ",\"\":0");
    strcat(header, "}");
    write_by_hand(in_folder("a"), header, 0);
    largest_block = 0;
    cr_assert(!spk_state_file_read(ctx, in_folder("a")));
    assert_failed(ctx, in_folder("a"), "799 entries in a header of 3996 bytes");
    cr_assert(largest_block < 1 << 13, "%zu bytes were asked for", largest_block);
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

/* As root, renaming over /dev/null works: the device would be gone. (A pipe of our own is no loss when this test fails.) */
StateTest(what_is_no_file_is_not_replaced) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_filled(ctx);
    struct stat status;
    cr_assert(mkfifo(in_folder("a"), 0600) == 0);
    cr_assert(!spk_save(net, in_folder("a")));
    assert_failed(ctx, in_folder("a"), "not a regular file");
    cr_assert(stat(in_folder("a"), &status) == 0 && S_ISFIFO(status.st_mode) && entries() == 1);
    spk_ctx_destroy(ctx);
}

/* Names that would make a file that no reader takes. */
StateTest(names_that_cannot_be_saved) {
    static const char *const names[] = {"a\"b", "a\\b", "a\nb", "__metadata__"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        spk_ctx *ctx = spk_ctx_create();
        spk_module *net = spk_module_create(ctx, &box_type);
        spk_register_parameter(net, names[i], SPK_SHAPE(1));
        cr_assert(!spk_save(net, in_folder("a")) && !exists(in_folder("a")));
        assert_failed(ctx, names[i], "cannot be saved");
        spk_ctx_destroy(ctx);
    }
}
