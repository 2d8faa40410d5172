#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Inputs that share a context. */
#define RUNS_OF_A_CONTEXT 256
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

spk_ctx *fuzz_begin(fuzz_memory *memory) {
    memory->refuse = 0;
    if (!memory->limit) memory->limit = USUAL_LIMIT;
    if (memory->ctx && memory->runs >= RUNS_OF_A_CONTEXT) {
        spk_ctx_destroy(memory->ctx);
        memory->ctx = NULL;
        FUZZ_CHECK(memory->blocks == 0, "%lld blocks leak", (long long)memory->blocks);
    }
    if (!memory->ctx) {
        memory->ctx = spk_ctx_create(.allocator = {allocate, release, memory});
        memory->runs = 0;
        spk_set_threads(1);
    }
    memory->runs++;
    memory->calls = 0, memory->largest = 0;
    return memory->ctx;
}

bool fuzz_end(fuzz_memory *memory) {
    const bool failed = spk_failed(memory->ctx);
    FUZZ_CHECK(failed == (*spk_error(memory->ctx) != '\0'), "the error's text is \"%s\"", spk_error(memory->ctx));
    memory->refuse = 0;
    spk_clear_error(memory->ctx);
    spk_end_step(memory->ctx);
    FUZZ_CHECK(!spk_failed(memory->ctx), "after the error was cleared: %s", spk_error(memory->ctx));
    FUZZ_CHECK(spk_item(spk_add(spk_full(memory->ctx, SPK_SCALAR, 1), spk_full(memory->ctx, SPK_SCALAR, 2))) == 3,
               "an op gives a wrong result");
    spk_end_step(memory->ctx);
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
