/* What the targets share: a check that ends the process, a context whose memory is watched, a file that lies in memory. */
#ifndef SPK_TESTS_FUZZ_H
#define SPK_TESTS_FUZZ_H

#include <spiketape.h>
#include <stdio.h>
#include <stdlib.h>

/** The entry of a target: libFuzzer's own name. Always 0; a finding aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef SPK_FUZZER
/** A target's own way to change an input, and libFuzzer's, which it calls. Both return the new size, at most max_size. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
#endif

/** Ends the process with a message where something that must hold does not: this is a finding. */
#define FUZZ_CHECK(condition, ...)                                                        \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: %s does not hold: ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__);                                                 \
            fputc('\n', stderr);                                                          \
            abort();                                                                      \
        }                                                                                 \
    } while (0)

/** A context and what it asks of its allocator. */
typedef struct fuzz_memory {
    spk_ctx *ctx;
    size_t largest;            /**< request since fuzz_begin, in bytes */
    size_t limit;              /**< larger requests are refused; 0 is the usual limit */
    int64_t blocks;            /**< live */
    int64_t calls;             /**< since fuzz_begin */
    int64_t refuse;            /**< the call to be refused, counted from 1; 0 is none */
    int64_t runs;              /**< since the context was made */
    int64_t runs_of_a_context; /**< 0 is the usual number */
} fuzz_memory;

/**
 * A working context without tensors. Some hundred inputs share one, since making it would cost more than most of them do. `calls` and
 * `largest` begin at 0.
 */
spk_ctx *fuzz_begin(fuzz_memory *memory);
/**
 * After an input: an error, if there is one, has a text; it is cleared, and the context works again. After the last input of a context it
 * is destroyed, and no block may be left. True if there was an error.
 */
bool fuzz_end(fuzz_memory *memory);
/** The watched allocator, for a second context; destroy it before fuzz_end. */
spk_allocator fuzz_allocator(fuzz_memory *memory);
/** The path of a file that holds these bytes, in memory where the system can; valid until the next call. */
const char *fuzz_file(const uint8_t *data, size_t size);

#endif
