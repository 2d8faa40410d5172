/* Checkpoints that are refused, with everything as it was; the previous one in their place. */
#include "checkpoint_support.h"
#include "nn/checkpoint_internal.h"
#include <zlib.h>

/* Every shorter file, and one that is longer. */
CheckpointTest(truncated_files) {
    run r = known();
    unsigned char bytes[ROOM] = {0};
    one_step(&r);
    cr_assert(save(&r, in_folder("a")));
    const size_t n = read_bytes(in_folder("a"), bytes, sizeof bytes);
    cr_assert(load(&r, in_folder("b")));
    for (size_t length = 0; length <= n + 1; length += length > 700 && length + 64 < n ? 7 : 1) {
        if (length == n) continue;
        write_bytes(in_folder("a"), bytes, length);
        cr_assert(!load(&r, in_folder("a")), "%zu of %zu bytes were taken", length, n);
        assert_failed(r.ctx, in_folder("a"), length > n ? "too long" : "truncated");
    }
    assert_unchanged(&r, "truncated");
    spk_ctx_destroy(r.ctx);
}

/* Every bit of a whole file. */
CheckpointTest(flipped_bits) {
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    spk_module *net = spk_linear_layer(ctx, 2, 1);
    unsigned char bytes[ROOM] = {0};
    cr_assert(spk_checkpoint_save(net, in_folder("a")), "%s", spk_error(ctx));
    const size_t n = read_bytes(in_folder("a"), bytes, sizeof bytes);
    for (spk_walk w = spk_parameters(net); spk_walk_next(&w);) spk_fill(w.slot->tensor, 0.25);
    const int file = open(in_folder("a"), O_WRONLY);
    for (size_t i = 0; i < 8 * n; i++) {
        const unsigned char flipped = bytes[i / 8] ^ (unsigned char)(1u << i % 8);
        cr_assert(pwrite(file, &flipped, 1, (off_t)(i / 8)) == 1);
        cr_assert(!spk_checkpoint_load(net, in_folder("a")), "bit %zu of byte %zu was not seen", i % 8, i / 8);
        assert_failed(ctx, in_folder("a"), "");
        cr_assert(pwrite(file, &bytes[i / 8], 1, (off_t)(i / 8)) == 1);
    }
    close(file);
    assert_filled(net, 0.25, "flipped");
    cr_assert(spk_checkpoint_load(net, in_folder("a")), "the file itself is right: %s", spk_error(ctx));
    spk_ctx_destroy(ctx);
}

/* Half of a page is missing, is zeros, or is another file's: what a machine that loses its power leaves behind. */
CheckpointTest(torn_files) {
    run r = known();
    static unsigned char bytes[ROOM], other[ROOM];
    one_step(&r);
    cr_assert(save(&r, in_folder("a")));
    const size_t n = read_bytes(in_folder("a"), bytes, sizeof bytes), m = read_bytes(in_folder("b"), other, sizeof other);
    cr_assert(n == m, "the runs have files of one size");
    cr_assert(load(&r, in_folder("b")));
    for (size_t at = 0; at + 512 <= n; at += 512) {
        for (int zeros = 0; zeros < 2; zeros++) {
            unsigned char torn[ROOM];
            memcpy(torn, bytes, n);
            if (zeros) memset(torn + at, 0, 512);
            else memcpy(torn + at, other + at, 512);
            if (memcmp(torn, bytes, n) == 0) continue;
            write_bytes(in_folder("a"), torn, n);
            cr_assert(!load(&r, in_folder("a")), "512 bytes at %zu", at);
            assert_failed(r.ctx, in_folder("a"), "");
        }
    }
    assert_unchanged(&r, "torn");
    spk_ctx_destroy(r.ctx);
}

CheckpointTest(foreign_files) {
    run r = known();
    static const char text[] = "a text of more than a hundred bytes that somebody has put where the checkpoint ought to be, for "
                               "reasons of his own, and that is not one";
    write_bytes(in_folder("a"), text, sizeof text);
    cr_assert(!load(&r, in_folder("a")));
    assert_failed(r.ctx, in_folder("a"), "no checkpoint");
    write_bytes(in_folder("a"), "", 0);
    cr_assert(!load(&r, in_folder("a")));
    assert_failed(r.ctx, in_folder("a"), "no checkpoint");
    cr_assert(spk_save(r.net, in_folder("a")));
    cr_assert(!load(&r, in_folder("a")));
    assert_failed(r.ctx, in_folder("a"), "a state file, but no checkpoint; spk_load reads it");
    cr_assert(!spk_load(r.net, in_folder("b")));
    assert_failed(r.ctx, in_folder("b"), "spk_checkpoint_load reads it");
    cr_assert(!spk_state_file_read(r.ctx, in_folder("b")));
    assert_failed(r.ctx, in_folder("b"), "spk_checkpoint_load reads it");
    assert_unchanged(&r, "foreign");
    spk_ctx_destroy(r.ctx);
}

static spk_optimizer *other_beta(spk_module *net) { return spk_adam(net, .lr = 0.01, .beta1 = 0.91); }
static spk_optimizer *sgd(spk_module *net) { return spk_sgd(net); }
static spk_optimizer *more_groups(spk_module *net) {
    spk_optimizer *opt = adam(net);
    spk_optimizer_add_group(opt, spk_find_module(net, "4"));
    return opt;
}
static spk_optimizer *part(spk_module *net) { return spk_adam(spk_find_module(net, "4")); }
static void two_schedules(spk_optimizer *opt) { one_cycle(opt), spk_warmup_lr(opt, .steps = 3); }
static void longer(spk_optimizer *opt) { spk_one_cycle_lr(opt, .steps = 21, .start = 0.3); }

/* Runs that a checkpoint does not fit: named, and unchanged. */
CheckpointTest(checkpoints_of_other_runs) {
    run r = known();
    static const struct {
        variant v;
        const char *a, *b;
    } cases[] = {{{"beta", other_beta, one_cycle}, "spk_adam(beta1=0.9, ", "spk_adam(beta1=0.91, "},
                 {{"sgd", sgd, one_cycle}, "of the checkpoint: spk_adam", "of this run: spk_sgd(momentum=0"},
                 {{"groups", more_groups, one_cycle}, "'optimizer.lr.1' is missing", ""},
                 {{"part", part, one_cycle}, "nothing here is called 'optimizer.group.0.bias'", ""},
                 {{"none", adam, NULL}, "schedules of the checkpoint: spk_one_cycle_lr", "of this run: none"},
                 {{"two", adam, two_schedules}, "of this run: spk_warmup_lr(steps=3", "spk_one_cycle_lr"},
                 {{"longer", adam, longer}, "steps=20", "steps=21"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run other = run_of(2, &cases[i].v);
        one_step(&other);
        cr_assert(rename(in_folder("b"), in_folder("a")) == 0 && save(&other, in_folder("b")));
        cr_assert(!load(&other, in_folder("a")), "%s", cases[i].v.name);
        cr_assert(strstr(spk_error(other.ctx), in_folder("a")));
        assert_failed(other.ctx, cases[i].a, cases[i].b);
        assert_unchanged(&other, cases[i].v.name);
        remove(in_folder("b.previous"));
        cr_assert(rename(in_folder("a"), in_folder("b")) == 0);
        spk_ctx_destroy(other.ctx);
    }
    spk_ctx_destroy(r.ctx);
}

/* Nets: another width, a layer more, a layer less, another memory, another mode of writing. */
CheckpointTest(checkpoints_of_other_nets) {
    spk_ctx *ctx = spk_ctx_create();
    cr_assert(spk_checkpoint_save(net_filled(ctx), in_folder("a")));
    spk_module *wider = net_of(ctx, 7), *more = net_of(ctx, 2), *less = spk_module_create(ctx, &box_type), *memory = net_of(ctx, 2),
               *turned = net_of(ctx, 2);
    spk_register_parameter(more, "extra", SPK_SHAPE(3));
    spk_register_parameter(less, "scale", SPK_SCALAR);
    spk_register_memory(memory, "w", 0);
    spk_find_module(turned, "fc")->slots->transposed = false;
    const struct {
        spk_module *net;
        const char *a, *b;
    } cases[] = {{wider, "'module.fc.bias' is [2]", "[7]"},
                 {more, "'requires_grad.extra' is missing", "another net"},
                 {less, "nothing here is called '", "another net"},
                 {memory, "'reset_value.w' is missing", ""},
                 {turned, "'module.fc.weight' is [2, 3]", "[3, 2]"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(cases[i].net, 0.25);
        cr_assert(!spk_checkpoint_load(cases[i].net, in_folder("a")), "case %zu", i);
        assert_failed(ctx, cases[i].a, cases[i].b);
        assert_filled(cases[i].net, 0.25, cases[i].a);
    }
    spk_ctx_destroy(ctx);
}

CheckpointTest(other_settings_and_variables) {
    run r = known();
    int64_t whole = 77;
    double real = 77;
    static const struct {
        const char *settings, *wanted;
    } words[] = {{"T=1 lr=0.02", "made with 'lr=0.01', this run has 'lr=0.02'"},
                 {"T=2 lr=0.01", "made with 'T=1', this run has 'T=2'"},
                 {"T=1", "made with 'lr=0.01', this run has ''"},
                 {"T=1 lr=0.01 x", "made with '', this run has 'x'"},
                 {NULL, "made with 'T=1', this run has ''"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        spk_variable variables[3];
        spk_checkpoint_opts o = options_of(&r, variables);
        o.settings = words[i].settings;
        cr_assert(!spk_checkpoint_load_with(r.net, in_folder("b"), o));
        assert_failed(r.ctx, words[i].wanted, in_folder("b"));
    }
    const struct {
        spk_variable v;
        const char *wanted;
    } variables[] = {{{"sum", .whole = &whole}, "'variable.sum' is of F64, here it is of I64"},
                     {{"epoch", .real = &real}, "'variable.epoch' is of I64, here it is of F64"},
                     {{"other", .whole = &whole}, "'variable.other' is missing"}};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        cr_assert(!spk_checkpoint_load(r.net, in_folder("b"), .optimizer = r.opt, .settings = "T=1 lr=0.01", .variables = &variables[i].v,
                                       .n_variables = 1));
        assert_failed(r.ctx, variables[i].wanted, in_folder("b"));
    }
    cr_assert(!spk_checkpoint_load(r.net, in_folder("b"), .optimizer = r.opt, .settings = "T=1 lr=0.01"));
    assert_failed(r.ctx, "nothing here is called 'variable.", "");
    cr_assert(whole == 77 && real == 77);
    assert_unchanged(&r, "settings and variables");
    spk_ctx_destroy(r.ctx);
}

/* Options that no checkpoint can be made with. */
CheckpointTest(wrong_options) {
    run r = known(), foreign = run_of(2, &usual);
    int64_t whole = 0;
    double real = 0;
    const spk_variable wrong[] = {{NULL, .whole = &whole},
                                  {"", .whole = &whole},
                                  {.name = "x"},
                                  {"x", .whole = &whole, .real = &real},
                                  {"a name of more than forty-seven characters, which is too long", .whole = &whole}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (int loading = 0; loading < 2; loading++) {
            spk_checkpoint_opts o = {.variables = &wrong[i], .n_variables = 1};
            cr_assert(!(loading ? spk_checkpoint_load_with(r.net, in_folder("b"), o) : spk_checkpoint_save_with(r.net, in_folder("a"), o)));
            assert_failed(r.ctx, "variable", "");
        }
    const spk_variable quoted = {"x\"y", .whole = &whole}, twice[] = {{"x", .whole = &whole}, {"x", .real = &real}};
    cr_assert(!spk_checkpoint_save(r.net, in_folder("a"), .variables = &quoted, .n_variables = 1));
    assert_failed(r.ctx, "x\"y", "quote");
    cr_assert(!spk_checkpoint_save(r.net, in_folder("a"), .variables = twice, .n_variables = 2));
    assert_failed(r.ctx, "two 'variable.x'", "");
    cr_assert(!spk_checkpoint_save(r.net, in_folder("a"), .n_variables = 2));
    assert_failed(r.ctx, ".n_variables is 2", "");
    cr_assert(!spk_checkpoint_save(r.net, in_folder("a"), .variables = twice, .n_variables = -1));
    assert_failed(r.ctx, ".n_variables is -1", "");
    cr_assert(!spk_checkpoint_save(r.net, in_folder("a"), .settings = "a\nb"));
    assert_failed(r.ctx, "settings", "control");
    cr_assert(!spk_checkpoint_save(r.net, in_folder("a"), .optimizer = foreign.opt));
    assert_failed(r.ctx, "optimizer is of another context", "");
    cr_assert(!spk_checkpoint_save(spk_find_module(r.net, "0"), in_folder("a"), .optimizer = r.opt));
    assert_failed(r.ctx, "linear (sequential.0)", "not in this module");
    cr_assert(!spk_checkpoint_save(r.net, NULL));
    assert_failed(r.ctx, "NULL", "");
    cr_assert(!spk_checkpoint_load(r.net, NULL));
    assert_failed(r.ctx, "NULL", "");
    cr_assert(!spk_checkpoint_load(r.net, ""));
    assert_failed(r.ctx, "cannot be opened", "");
    cr_assert(!spk_checkpoint_save(NULL, in_folder("a")) && !spk_checkpoint_load(NULL, in_folder("b")));
    cr_assert(!spk_checkpoint_save(spk_inert_module(), in_folder("a")) && !spk_checkpoint_load(spk_inert_module(), in_folder("b")));
    spk_fail(r.ctx, "a bad batch");
    cr_assert(!spk_checkpoint_save(r.net, in_folder("a")) && !spk_checkpoint_load(r.net, in_folder("b")));
    assert_failed(r.ctx, "a bad batch", "");
    cr_assert(entries() == 1, "a file was written");
    assert_unchanged(&r, "wrong options");
    spk_ctx_destroy(r.ctx);
    spk_ctx_destroy(foreign.ctx);
}

/* Files with a right seal and wrong content: made by changing a whole one and sealing it again. */
static void seal(unsigned char *bytes, size_t n) {
    char digits[9];
    unsigned char *at = bytes + 8 + strlen("{\"__metadata__\":{\"checksum\":\"");
    memcpy(at, "00000000", 8);
    snprintf(digits, sizeof digits, "%08lx", crc32(0, bytes, (uInt)n));
    memcpy(at, digits, 8);
}

/* The first place of a text among n bytes. */
static unsigned char *find(unsigned char *bytes, size_t n, const char *text) {
    const size_t length = strlen(text);
    for (size_t i = 0; i + length <= n; i++)
        if (memcmp(bytes + i, text, length) == 0) return bytes + i;
    cr_assert_fail("no %s", text);
    return NULL;
}

/* The place of an entry's numbers. */
static unsigned char *numbers_of(unsigned char *bytes, const char *name) {
    char key[128];
    const size_t header = bytes[0] + 256u * bytes[1];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *entry = (const char *)find(bytes + 8, header, key);
    return bytes + 8 + header + strtol(strstr(entry, "offsets\":[") + 10, NULL, 10);
}

CheckpointTest(sealed_files_that_lie) {
    run r = known();
    static unsigned char bytes[ROOM], changed[ROOM];
    const size_t n = read_bytes(in_folder("b"), bytes, sizeof bytes);
    static const struct {
        const char *name;
        unsigned char number[8];
        size_t width;
    } values[] = {{"optimizer.group.0.weight", {1}, 8},
                  {"optimizer.group.0.weight", {255, 255, 255, 255, 255, 255, 255, 255}, 8},
                  {"optimizer.group.0.weight", {0, 0, 0, 0, 0, 0, 0, 64}, 8},
                  {"optimizer.steps.0.weight", {0, 0, 0, 0, 0, 0, 0, 128}, 8},
                  {"optimizer.schedule.0", {255, 255, 255, 255, 255, 255, 255, 255}, 8},
                  {"optimizer.lr.0", {0, 0, 0, 0, 0, 0, 0xf8, 0x7f}, 8},
                  {"optimizer.lr.0", {0, 0, 0, 0, 0, 0, 0xf0, 0x7f}, 8},
                  {"optimizer.lr.0", {0, 0, 0, 0, 0, 0, 0xf0, 0xbf}, 8},
                  {"training.1", {2}, 1},
                  {"requires_grad.0.weight", {255}, 1}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        memcpy(changed, bytes, n);
        memcpy(numbers_of(changed, values[i].name), values[i].number, values[i].width);
        seal(changed, n);
        write_bytes(in_folder("a"), changed, n);
        cr_assert(!load(&r, in_folder("a")), "%s", values[i].name);
        assert_failed(r.ctx, values[i].name, "a value that it cannot have");
    }
    static const struct {
        const char *from, *to, *wanted;
    } texts[] = {{"checkpoint 1", "checkpoint 2", "its format is 'spiketape checkpoint 2'"},
                 {"\"module.0.bias\"", "\"module.0.biaz\"", "'module.0.bias' is missing"},
                 {"\"module.0.bias\"", "\"module.0.weig\"", "'module.0.bias' is missing"},
                 {"\"I64\"", "\"U64\"", "is of U64, here it is of I64"},
                 {"\"I64\"", "\"I99\"", "dtype that checkpoints do not have"},
                 {SPK_BY_REAL("\"F32\"", "\"F64\""), SPK_BY_REAL("\"F33\"", "\"F65\""), "dtype that checkpoints do not have"},
                 {"__metadata__", "__metadatA__", "no checkpoint"},
                 {"\"settings\":\"", "\"settinks\":\"", "made with ''"},
                 {"\"shape\":[8]", "\"shape\":[9]", "data_offsets that do not fit its shape"},
                 {"\"module.2.v\"", "\"module.2.w\"", "nothing here is called 'module.2.w'"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        memcpy(changed, bytes, n);
        memcpy(find(changed, n, texts[i].from), texts[i].to, strlen(texts[i].to));
        seal(changed, n);
        write_bytes(in_folder("a"), changed, n);
        cr_assert(!load(&r, in_folder("a")), "%s", texts[i].to);
        assert_failed(r.ctx, in_folder("a"), texts[i].wanted);
    }
    memcpy(changed, bytes, n);
    seal(changed, n);
    cr_assert(memcmp(changed, bytes, n) == 0, "the seal that the cases have is right");
    assert_unchanged(&r, "lies");
    spk_ctx_destroy(r.ctx);
}

/* As the library of the other number type writes it. */
CheckpointTest(the_other_number_type) {
    static const double zeros[16];
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_of(ctx, 2);
    spk_state_items items = {.ctx = ctx};
    spk_checkpoint_opts none = spk_checkpoint_options();
    fill(net, 0.25);
    cr_assert(spk_checkpoint_items(&items, net, &none));
    for (int64_t i = 0; i < items.count; i++)
        if (items.item[i].tensor) items.item[i].type = SPK_BY_REAL(SPK_STATE_F64, SPK_STATE_F32), items.item[i].numbers = zeros;
    cr_assert(spk_state_write(&items, in_folder("a"),
                              "\"format\":\"" SPK_CHECKPOINT_FORMAT "\",\"optimizer\":\"none\",\"schedules\":\"none\"", true));
    spk_state_items_free(&items);
    cr_assert(!spk_checkpoint_load(net, in_folder("a")));
    assert_failed(ctx, SPK_BY_REAL("'module.scale' is of F64, here it is of F32", "'module.scale' is of F32, here it is of F64"),
                  "number type");
    assert_filled(net, 0.25, "number type");
    spk_ctx_destroy(ctx);
}

CheckpointTest(the_previous_one_is_used_with_a_word) {
    run r = known();
    const char *notice = NULL;
    cr_assert(save(&r, in_folder("a")));
    one_step(&r);
    cr_assert(save(&r, in_folder("a"))); /* the known one is a.previous now */
    static unsigned char bytes[ROOM];
    const size_t n = read_bytes(in_folder("a"), bytes, sizeof bytes);
    for (int damage = 0; damage < 4; damage++) {
        bytes[n - 1] ^= damage == 0;
        write_bytes(in_folder("a"), damage == 3 ? (const void *)"text" : bytes,
                    damage == 0   ? n
                    : damage == 1 ? n / 2
                    : damage == 3 ? 4
                                  : 0);
        if (damage == 2) remove(in_folder("a"));
        one_step(&r);
        cr_assert(load_noticed(&r, in_folder("a"), &notice), "damage %d: %s", damage, spk_error(r.ctx));
        const char *const why[] = {"damaged", "truncated", "No such file", "no checkpoint"};
        cr_assert(notice && strstr(notice, why[damage]) && strstr(notice, in_folder("a.previous is used instead")), "damage %d: %s", damage,
                  notice);
        assert_unchanged(&r, "the previous one");
    }
    cr_assert(spk_save(r.net, in_folder("a")));
    cr_assert(load_noticed(&r, in_folder("a"), &notice) && notice, "a state file in its place");

    /* A whole checkpoint that does not fit is refused, and the previous one not looked at. */
    run other = run_of(2, &(variant){"beta", other_beta, one_cycle});
    cr_assert(save(&other, in_folder("a")));
    cr_assert(!load_noticed(&r, in_folder("a"), &notice) && !notice);
    assert_failed(r.ctx, "beta1=0.91", "");
    write_bytes(in_folder("a"), "x", 1);
    write_bytes(in_folder("a.previous"), "xy", 2);
    cr_assert(!load_noticed(&r, in_folder("a"), &notice) && !notice);
    assert_failed(r.ctx, "there are 1 bytes", "there are 2 bytes");
    assert_unchanged(&r, "both bad");
    spk_ctx_destroy(r.ctx);
    spk_ctx_destroy(other.ctx);
}

/* The next save puts a whole file in the place of a damaged one. */
CheckpointTest(a_damaged_file_is_replaced) {
    run r = known();
    write_bytes(in_folder("a"), "x", 1);
    cr_assert(save(&r, in_folder("a")) && load(&r, in_folder("a")), "%s", spk_error(r.ctx));
    spk_ctx_destroy(r.ctx);
}
