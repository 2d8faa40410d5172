/* What the tests of state files share: a folder, a net, files by hand. */
#ifndef SPK_TESTS_STATE_SUPPORT_H
#define SPK_TESTS_STATE_SUPPORT_H

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

static inline void make_folder(void) { cr_assert(mkdtemp(folder)); }

static inline const char *in_folder(const char *name) {
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline void remove_folder(void) {
    static const char *const names[] = {"a", "a.previous", "b", "b.previous", "c", "c.previous", "d/in", "d", "n"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) remove(in_folder(names[i]));
    cr_assert(rmdir(folder) == 0, "a file was left behind in %s", folder);
}

#define StateTest(name) Test(state, name, .init = make_folder, .fini = remove_folder)

static inline bool exists(const char *path) { return access(path, F_OK) == 0; }

/* How many files and folders lie in the folder. */
static inline int entries(void) {
    DIR *directory = opendir(folder);
    cr_assert(directory, "%s", folder);
    int n = -2; /* . and .. */
    while (readdir(directory)) n++;
    closedir(directory);
    return n;
}

/* A net as layers make them: fc.weight [3, 2] (files: [2, 3]), fc.bias [2], norm.mean [4] (buffer), scale [], none [0, 5]; and a memory. */
static inline spk_module *net_of(spk_ctx *ctx, int64_t bias) {
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

static inline spk_module *net_filled(spk_ctx *ctx) {
    spk_module *net = net_of(ctx, 2);
    for (spk_walk w = spk_walk_slots(net, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&w);) spk_fill_normal(w.slot->tensor, 0, 1);
    return net;
}

static inline void fill(spk_module *net, double value) {
    for (spk_walk w = spk_walk_slots(net, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&w);) spk_fill(w.slot->tensor, value);
}

static inline void assert_filled(spk_module *net, double value, const char *what) {
    for (spk_walk w = spk_walk_slots(net, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&w);)
        for (int64_t i = 0; i < spk_size(w.slot->tensor); i++)
            cr_assert(spk_data(w.slot->tensor)[i] == (spk_real)value, "%s: %s was changed", what, w.name);
}

static inline bool same_bits(spk_module *a, spk_module *b) {
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

static inline void write_bytes(const char *path, const void *bytes, size_t n) {
    remove(path); /* file systems bring a file that is cut to nothing and written again to the disk: thousands of times, here */
    FILE *file = fopen(path, "wb");
    cr_assert(file && fwrite(bytes, 1, n, file) == n && fclose(file) == 0, "%s", path);
}

static inline size_t read_bytes(const char *path, unsigned char *bytes, size_t room) {
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s", path);
    const size_t n = fread(bytes, 1, room, file);
    fclose(file);
    cr_assert(n < room);
    return n;
}

/* A safetensors file by hand: header text, then `data` bytes 0, 1, 2, ... */
static inline void write_by_hand(const char *path, const char *header, size_t data) {
    unsigned char bytes[4096] = {0};
    const size_t length = strlen(header);
    cr_assert(8 + length + data <= sizeof bytes);
    bytes[0] = (unsigned char)length, bytes[1] = (unsigned char)(length >> 8);
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < data; i++) bytes[8 + length + i] = (unsigned char)i;
    write_bytes(path, bytes, 8 + length + data);
}

#endif
