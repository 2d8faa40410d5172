#include "core/arena_internal.h"
#include "core/context_internal.h"
#include "core/poison_internal.h"

struct spk_chunk {
    spk_chunk *next;
    size_t size, used;
    unsigned char *bytes;
};

/* The first chunk of a context; later ones at least double what is held. */
#define FIRST_CHUNK ((size_t)1 << 16)

/* What a block takes up: never nothing, so that no two have one address. Past the end of numbers it is what the allocator refuses. */
static size_t rounded(size_t bytes) {
    if (bytes > SIZE_MAX - SPK_ALIGNMENT - SPK_GAP) return SIZE_MAX;
    return ((bytes ? bytes : 1) + SPK_ALIGNMENT - 1) / SPK_ALIGNMENT * SPK_ALIGNMENT + SPK_GAP;
}

/* A chunk for `size` bytes, from one of spk_allocate_uninitialised and spk_allocate_if_there. */
static spk_chunk *chunk_create(spk_arena *arena, size_t size, void *(*allocate)(spk_ctx *ctx, size_t bytes)) {
    const size_t more = sizeof(spk_chunk) + SPK_ALIGNMENT;
    spk_chunk *chunk = allocate(arena->ctx, size < SIZE_MAX - more ? size + more : SIZE_MAX);
    if (!chunk) return NULL;
    const uintptr_t start = ((uintptr_t)(chunk + 1) + SPK_ALIGNMENT - 1) / SPK_ALIGNMENT * SPK_ALIGNMENT;
    *chunk = (spk_chunk){.size = size, .bytes = (unsigned char *)start};
    spk_poison(chunk->bytes, size);
    return chunk;
}

static void chunks_release(spk_arena *arena) {
    for (spk_chunk *chunk = arena->first, *next; chunk; chunk = next) {
        next = chunk->next;
        spk_release(arena->ctx, chunk);
    }
    arena->first = arena->current = NULL;
}

static size_t capacity(const spk_arena *arena) {
    size_t total = 0;
    for (const spk_chunk *chunk = arena->first; chunk; chunk = chunk->next) total += chunk->size;
    return total;
}

static size_t at_least_first(size_t bytes) { return bytes < FIRST_CHUNK ? FIRST_CHUNK : bytes; }

static bool append(spk_arena *arena, spk_chunk *chunk) {
    if (!chunk) return false;
    if (arena->current) arena->current->next = chunk;
    else arena->first = chunk;
    arena->current = chunk;
    return true;
}

/* Twice what is held where there is so much; else what is asked for, and where there is not even that, the error. */
static bool grow(spk_arena *arena, size_t bytes) {
    const size_t size = at_least_first(capacity(arena));
    return (size > bytes && append(arena, chunk_create(arena, size, spk_allocate_if_there))) ||
           append(arena, chunk_create(arena, bytes, spk_allocate_uninitialised));
}

/* The smallest block given back that is large enough; what it has too much stays for others. */
static void *take_spare(spk_arena *arena, size_t bytes) {
    int best = -1;
    for (int i = arena->n_spare - 1; i >= 0; i--)
        if (arena->spare[i].bytes >= bytes && (best < 0 || arena->spare[i].bytes < arena->spare[best].bytes)) best = i;
    if (best < 0) return NULL;
    unsigned char *block = arena->spare[best].block;
    arena->spare[best].block = block + bytes;
    arena->spare[best].bytes -= bytes;
    if (!arena->spare[best].bytes) arena->spare[best] = arena->spare[--arena->n_spare];
    return block;
}

static void *take(spk_arena *arena, size_t bytes) {
    void *block = take_spare(arena, bytes);
    if (block) return block;
    if (!arena->current || arena->current->size - arena->current->used < bytes)
        if (!grow(arena, bytes)) return NULL;
    block = arena->current->bytes + arena->current->used;
    arena->current->used += bytes;
    arena->used += bytes;
    if (arena->used > arena->peak) arena->peak = arena->used;
    return block;
}

void *spk_arena_take(spk_arena *arena, size_t bytes) {
    void *block = take(arena, rounded(bytes));
    if (block) spk_unpoison(block, bytes);
    return block;
}

/* Joins a block with the spares beside it, so that what was taken apart is whole again. Blocks of two chunks have a header between them. */
static void join(spk_arena *arena, unsigned char **block, size_t *bytes) {
    for (int i = arena->n_spare - 1; i >= 0; i--) {
        unsigned char *spare = arena->spare[i].block;
        if (spare + arena->spare[i].bytes == *block) *block = spare;
        else if (*block + *bytes != spare) continue;
        *bytes += arena->spare[i].bytes;
        arena->spare[i] = arena->spare[--arena->n_spare];
    }
}

/* The newest block goes back to where it came from, others wait for somebody whom they fit. */
void spk_arena_give(spk_arena *arena, void *block, size_t bytes) {
    if (!block) return;
    bytes = rounded(bytes);
    spk_poison(block, bytes);
    unsigned char *first = block;
    join(arena, &first, &bytes);
    const spk_chunk *chunk = arena->current;
    if (first + bytes == chunk->bytes + chunk->used) {
        arena->current->used -= bytes;
        arena->used -= bytes;
    } else if (arena->n_spare < SPK_ARENA_SPARE) {
        arena->spare[arena->n_spare].block = first;
        arena->spare[arena->n_spare++].bytes = bytes;
    }
}

void spk_arena_rewind(spk_arena *arena) {
    arena->used = 0;
    arena->n_spare = 0;
    if (!arena->first) return;
    if (arena->first->next) {
        /* One chunk holds any sequence of blocks whose sum fits, wherever a chunk border fell before. The old chunks go first: a step's
         * memory is never held twice. Without memory for the one the next step grows its own. */
        const size_t size = at_least_first(capacity(arena));
        chunks_release(arena);
        if (!append(arena, chunk_create(arena, size, spk_allocate_if_there))) return;
    }
    arena->current = arena->first;
    arena->first->used = 0;
    spk_poison(arena->first->bytes, arena->first->size);
}

bool spk_arena_reserve(spk_arena *arena, size_t bytes) {
    const size_t held = capacity(arena);
    return held >= bytes || append(arena, chunk_create(arena, at_least_first(bytes), spk_allocate_if_there));
}

void spk_arena_destroy(spk_arena *arena) { chunks_release(arena); }
