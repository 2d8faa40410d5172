/* What the tests of data/ share: temporary files and an allocator that counts and fails. */
#ifndef TESTS_DATA_SUPPORT_H
#define TESTS_DATA_SUPPORT_H

#include <criterion/criterion.h>
#include <spiketape.h>
#include "data/idx.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define MNIST SPK_SOURCE_DIR "/datasets/mnist"
#define HAS(text, part) cr_assert(strstr((text), (part)), "\"%s\" is not in: %s", (part), (text))
#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

typedef struct temporary {
    char path[256];
} temporary;

static inline temporary temporary_name(const char *name) {
    const char *folder = getenv("TMPDIR");
    temporary t;
    snprintf(t.path, sizeof t.path, "%s/%s-XXXXXX", folder ? folder : "/tmp", name);
    return t;
}

static inline temporary temporary_folder(void) {
    temporary t = temporary_name("spk-folder");
    cr_assert(mkdtemp(t.path));
    return t;
}

static inline void write_bytes(const char *path, const void *bytes, size_t n) {
    FILE *file = fopen(path, "wb");
    cr_assert(file);
    cr_assert_eq(fwrite(bytes, 1, n, file), n);
    fclose(file);
}

static inline void write_gzip(const char *path, const void *bytes, size_t n) {
    gzFile file = gzopen(path, "wb9");
    cr_assert(file);
    cr_assert_eq((size_t)gzwrite(file, bytes, (unsigned)n), n);
    cr_assert_eq(gzclose(file), Z_OK);
}

/* A file of these bytes, to be removed with unlink. */
static inline temporary temporary_file(const void *bytes, size_t n, bool gzip) {
    temporary t = temporary_name("spk-file");
    const int descriptor = mkstemp(t.path);
    cr_assert(descriptor >= 0);
    close(descriptor);
    if (gzip) write_gzip(t.path, bytes, n);
    else write_bytes(t.path, bytes, n);
    return t;
}

/* The descriptor that the next file would get: it rises when one was left open. */
static inline int lowest_descriptor(void) {
    const int descriptor = dup(0);
    cr_assert(descriptor >= 0);
    close(descriptor);
    return descriptor;
}

/* An allocator that counts what is live and refuses the call number `refuse` (from 1; 0 is never). */
typedef struct counter {
    int64_t live, calls, refuse;
    size_t largest;
} counter;

static inline void *counter_allocate(void *user, size_t bytes) {
    counter *c = user;
    if (++c->calls == c->refuse) return NULL;
    if (bytes > c->largest) c->largest = bytes;
    c->live++;
    return malloc(bytes);
}

static inline void counter_release(void *user, void *block) {
    if (block) ((counter *)user)->live--;
    free(block);
}

static inline spk_ctx *counted_ctx(counter *c) { return spk_ctx_create(.allocator = {counter_allocate, counter_release, c}); }

/*
 * Runs `work` with the first, second, third ... allocation refused until one run needs fewer. Each refusal must end in an error about
 * memory, or be made up for by a smaller block, and leak nothing. `work` returns whether it succeeded.
 */
static inline void refuse_each_allocation(bool (*work)(spk_ctx *ctx)) {
    int failures = 0;
    bool refused = true;
    for (int64_t k = 1; refused; k++) {
        counter c = {.refuse = k};
        spk_ctx *ctx = counted_ctx(&c);
        const bool succeeded = work(ctx);
        refused = c.calls >= k;
        failures += !succeeded;
        cr_assert(succeeded || refused, "no allocation was refused, yet the work failed: %s", spk_error(ctx));
        cr_assert_eq(spk_failed(ctx), !succeeded);
        if (!succeeded) HAS(spk_error(ctx), "no memory");
        if (!succeeded) HAS(spk_error(ctx), k == 1 ? "no context" : "refused");
        spk_ctx_destroy(ctx);
        cr_assert_eq(c.live, 0, "%d blocks leak when allocation %d is refused", (int)c.live, (int)k);
    }
    cr_assert(failures > 0, "no refusal was seen");
}

#endif
