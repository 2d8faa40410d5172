/*
 * Memory that does not come from the context: streams of the C library, zlib's, cJSON's. malloc itself is interposed, and each of its calls
 * within a save, a load and the reading of datasets is refused in turn, alone and with all that follow. An error each time, no crash, no
 * block and no file left over, nothing changed. (A sanitizer has malloc already: nothing is tested then.)
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "../next_allocator.h"
#include "../core/support.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#ifndef SPK_SANITIZED

enum { MOST = 256 };
static bool armed;
static long calls, from, to;
static const void *live[MOST]; /* blocks given while armed and not freed */
static int n_live;

static bool refused(void) { return armed && ++calls >= from && calls <= to; }

static void *given(void *block) {
    if (armed && block && n_live < MOST) live[n_live++] = block;
    return block;
}

static void gone(const void *block) {
    for (int i = 0; i < n_live && block; i++)
        if (live[i] == block) {
            live[i] = live[--n_live];
            return;
        }
}

static void *next_malloc(size_t bytes) {
    static void *(*next)(size_t);
    NEXT(next, "malloc", bytes)
    return next(bytes);
}

static void *no_memory(void) { return errno = ENOMEM, NULL; }

void *malloc(size_t bytes) { return refused() ? no_memory() : given(next_malloc(bytes)); }

void *calloc(size_t n, size_t size) {
    static void *(*next)(size_t, size_t);
    NEXT(next, "calloc", n * size)
    return refused() ? no_memory() : given(next(n, size));
}

void *realloc(void *block, size_t bytes) {
    static void *(*next)(void *, size_t);
    NEXT(next, "realloc", bytes)
    if (refused()) return no_memory();
    gone(block);
    return given(next(block, bytes));
}

void free(void *block) {
    gone(block);
    next_free(block);
}

/* The context's own memory always comes. */
static void *allocate(void *user, size_t bytes) { return (void)user, next_malloc(bytes); }
static void release(void *user, void *block) {
    (void)user;
    next_free(block);
}

typedef struct work {
    spk_ctx *ctx;
    spk_module *net;
    char folder[64], file[96], images[96], labels[96], class[96], picture[128];
} work;

static bool save(const work *w) { return spk_save(w->net, w->file); }
static bool load(const work *w) { return spk_load(w->net, w->file); }

static bool read_dataset(const work *w) {
    spk_dataset *d = spk_dataset_idx(w->ctx, w->images, w->labels);
    spk_dataset_destroy(d);
    return d;
}

static bool read_npz(const work *w) {
    spk_npz *file = spk_npz_read(w->ctx, SPK_SOURCE_DIR "/tests/arrays/deflated.npz");
    spk_npz_destroy(file);
    return file;
}

static bool read_csv(const work *w) {
    spk_dataset *d = spk_dataset_csv(w->ctx, SPK_SOURCE_DIR "/tests/tables/iris.csv");
    spk_dataset_destroy(d);
    return d;
}

static bool read_folder(const work *w) {
    spk_dataset *d = spk_dataset_folder(w->ctx, w->folder);
    spk_dataset_destroy(d);
    return d;
}

/* With call k refused, and those after it unless `one`. False when fewer were made. */
static bool attempt(const work *w, bool (*run)(const work *w), const char *what, long k, bool one) {
    const spk_real before = spk_data(spk_find_tensor(w->net, "0.weight"))[3];
    calls = n_live = 0, from = k, to = one ? k : LONG_MAX;
    armed = true;
    const bool done = run(w);
    armed = false;
    cr_assert(done == !spk_failed(w->ctx), "%s, call %ld: done %d, but '%s'", what, k, done, spk_error(w->ctx));
    cr_assert(done || calls >= k, "%s: %s", what, spk_error(w->ctx));
    if (!done) cr_assert(strstr(spk_error(w->ctx), "emory"), "%s, call %ld: '%s'", what, k, spk_error(w->ctx));
    if (!done && getenv("SPK_TEST_SHOW")) fprintf(stderr, "%s, call %ld: %s\n", what, k, spk_error(w->ctx));
    spk_clear_error(w->ctx);
    cr_assert_eq(n_live, 0, "%s, call %ld: %d blocks are left", what, k, n_live);
    cr_assert_eq(spk_data(spk_find_tensor(w->net, "0.weight"))[3], before, "%s, call %ld", what, k);
    return calls >= k;
}

static void each_call(const work *w, bool (*run)(const work *w), const char *what) {
    long k = 1;
    for (bool one = false; attempt(w, run, what, k, one); one = !one) k += one;
    cr_assert(k > 2 && run(w), "%s: %ld calls: %s", what, k, spk_error(w->ctx));
}

static void write_data(const work *w) {
    unsigned char images[16 + 64] = {0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4}, labels[8 + 4] = {0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 3};
    FILE *plain = fopen(w->images, "wb");
    gzFile packed = gzopen(w->labels, "wb");
    cr_assert(plain && packed && fwrite(images, 1, sizeof images, plain) == sizeof images);
    cr_assert(gzwrite(packed, labels, sizeof labels) == (int)sizeof labels);
    fclose(plain), gzclose(packed);
}

static void write_picture(work *w) {
    snprintf(w->class, sizeof w->class, "%s/class", w->folder);
    snprintf(w->picture, sizeof w->picture, "%s/a.pgm", w->class);
    cr_assert_eq(mkdir(w->class, 0700), 0);
    FILE *file = fopen(w->picture, "wb");
    cr_assert(file && fputs("P5 2 2 255\nabcd", file) >= 0);
    fclose(file);
}

Test(failing_memory_libc, each_call_of_malloc) {
    work w = {.ctx = spk_ctx_create(.seed = 1, .allocator = {allocate, release, NULL}), .folder = "/tmp/spk_libc_XXXXXX"};
    cr_assert(mkdtemp(w.folder));
    snprintf(w.file, sizeof w.file, "%s/net", w.folder);
    snprintf(w.images, sizeof w.images, "%s/images", w.folder);
    snprintf(w.labels, sizeof w.labels, "%s/labels.gz", w.folder);
    write_data(&w);
    w.net = spk_sequential(w.ctx, spk_linear_layer(w.ctx, 8, 4), spk_batch_norm1d(w.ctx, 4));
    cr_assert(save(&w), "%s", spk_error(w.ctx));
    each_call(&w, save, "save");
    each_call(&w, load, "load");
    each_call(&w, read_dataset, "dataset");
    each_call(&w, read_npz, "npz");
    each_call(&w, read_csv, "csv");
    write_picture(&w);
    each_call(&w, read_folder, "folder");
    unlink(w.picture), rmdir(w.class);
    unlink(w.file), unlink(w.images), unlink(w.labels);
    cr_assert_eq(rmdir(w.folder), 0, "a file is left in %s", w.folder);
    spk_ctx_destroy(w.ctx);
}

#else
Test(failing_memory_libc, not_under_a_sanitizer) {}
#endif
