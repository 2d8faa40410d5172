#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Inputs that share a context. */
#define USUAL_RUNS 256
/* No input is so large that more is reasonable. */
#define USUAL_LIMIT ((size_t)1 << 28)

static void *allocate(void *user, size_t bytes) {
    fuzz_memory *memory = user;
    if (bytes > memory->largest) memory->largest = bytes;
    if (++memory->calls == memory->refuse || bytes > memory->limit) return NULL;
    void *block = malloc(bytes);
    if (block) memory->blocks++;
    return block;
}

static void release(void *user, void *block) {
    if (block) ((fuzz_memory *)user)->blocks--;
    free(block);
}

spk_allocator fuzz_allocator(fuzz_memory *memory) { return (spk_allocator){allocate, release, memory}; }

spk_ctx *fuzz_begin(fuzz_memory *memory) {
    if (!memory->limit) memory->limit = USUAL_LIMIT;
    if (!memory->runs_of_a_context) memory->runs_of_a_context = USUAL_RUNS;
    memory->refuse = 0;
    if (!memory->ctx) {
        memory->ctx = spk_ctx_create(.allocator = fuzz_allocator(memory));
        memory->runs = 0;
        spk_set_threads(1);
    }
    memory->runs++;
    memory->calls = 0, memory->largest = 0;
    return memory->ctx;
}

bool fuzz_end(fuzz_memory *memory) {
    spk_ctx *ctx = memory->ctx;
    const bool failed = spk_failed(ctx);
    FUZZ_CHECK(failed == (*spk_error(ctx) != '\0'), "the error's text is \"%s\"", spk_error(ctx));
    memory->refuse = 0;
    spk_clear_error(ctx);
    spk_end_step(ctx);
    FUZZ_CHECK(!spk_failed(ctx), "after the error was cleared: %s", spk_error(ctx));
    FUZZ_CHECK(spk_item(spk_add(spk_full(ctx, SPK_SCALAR, 1), spk_full(ctx, SPK_SCALAR, 2))) == 3, "an op gives a wrong result");
    spk_end_step(ctx);
    if (memory->runs >= memory->runs_of_a_context) {
        spk_ctx_destroy(ctx);
        memory->ctx = NULL;
        FUZZ_CHECK(memory->blocks == 0, "%lld blocks leak", (long long)memory->blocks);
    }
    return failed;
}

const char *fuzz_file(const uint8_t *data, size_t size) {
    static char path[64];
    static int file = -1;
    if (file < 0) {
#ifdef __linux__
        file = memfd_create("input", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
#else
        strcpy(path, "/tmp/spk-fuzz-XXXXXX");
        file = mkstemp(path);
#endif
    }
    FUZZ_CHECK(file >= 0 && ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size, "the input's file cannot be written");
    return path;
}
