/* A bump allocator for what lives as long as a training step. */
#ifndef SPK_CORE_ARENA_INTERNAL_H
#define SPK_CORE_ARENA_INTERNAL_H

#include "core/context.h"

/* Alignment of every block: a cache line, and a full AVX-512 register. */
#define SPK_ALIGNMENT ((size_t)64)
/* Blocks given back within a step that may wait for reuse. */
#define SPK_ARENA_SPARE 32

typedef struct spk_chunk spk_chunk;

typedef struct spk_arena {
    spk_ctx *ctx;
    spk_chunk *first, *current;
    size_t used, peak;
    struct {
        void *block;
        size_t bytes;
    } spare[SPK_ARENA_SPARE];
    int n_spare;
} spk_arena;

/* `bytes` of uninitialised memory, or NULL with the context's error set. */
void *spk_arena_take(spk_arena *arena, size_t bytes);
/* Hands a block back before the step ends, for later requests of its size or smaller. Blocks handed back newest first leave no trace. */
void spk_arena_give(spk_arena *arena, void *block, size_t bytes);
/* Frees all blocks at once and keeps the memory, as one chunk, so that the next step of the same or a smaller size asks for no more. */
void spk_arena_rewind(spk_arena *arena);
/* Takes memory now, so that blocks of `bytes` in all can be had after the next rewind without the allocator. False, which is no error,
 * when there is not so much. */
bool spk_arena_reserve(spk_arena *arena, size_t bytes);
void spk_arena_destroy(spk_arena *arena);

#endif
