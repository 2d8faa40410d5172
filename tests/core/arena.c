/* The arena of a step: taking, giving back, never one place twice. */
#include "core/context_internal.h"
#include "core/poison_internal.h"
#include "support.h"

/* A generator of its own, so that two steps can be the same. */
static uint32_t draw(uint64_t *state, uint32_t below) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % below;
}

typedef struct heap {
    long calls, live;
} heap;

static void *allocate(void *user, size_t bytes) {
    heap *h = user;
    h->calls++, h->live++;
    return malloc(bytes);
}

static void release(void *user, void *block) {
    ((heap *)user)->live--;
    free(block);
}

typedef struct live_block {
    unsigned char *bytes, mark;
    size_t size;
} live_block;

enum { BLOCKS = 60 };

static void check(const live_block *b) {
    for (size_t i = 0; i < b->size; i++)
        if (b->bytes[i] != b->mark) cr_assert(false, "byte %zu of a block of %zu was written by another's owner", i, b->size);
}

/* Takes and gives at random; every live block is filled with a mark of its own, which is there until it is given back. */
static void random_step(spk_ctx *ctx, uint64_t seed, int actions, uint32_t largest) {
    live_block live[BLOCKS];
    int n = 0;
    for (int i = 0; i < actions; i++) {
        if (n == BLOCKS || (n && draw(&seed, 2))) {
            const int k = draw(&seed, 3) ? n - 1 : (int)draw(&seed, (uint32_t)n); /* the newest most of the time */
            check(&live[k]);
            spk_arena_give(&ctx->data, live[k].bytes, live[k].size);
            for (int j = k; j + 1 < n; j++) live[j] = live[j + 1];
            n--;
        } else {
            const size_t size = draw(&seed, 4) ? draw(&seed, 300) : draw(&seed, largest);
            live[n] = (live_block){spk_step_data(ctx, size), (unsigned char)i, size};
            cr_assert(live[n].bytes && (uintptr_t)live[n].bytes % SPK_ALIGNMENT == 0, "a block of %zu bytes: %s", size, spk_error(ctx));
            memset(live[n].bytes, live[n].mark, size);
            n++;
        }
    }
    for (int k = 0; k < n; k++) check(&live[k]);
}

Test(arena, no_place_has_two_owners) {
    for (uint64_t seed = 1; seed <= 12; seed++) {
        spk_ctx *ctx = spk_ctx_create();
        for (int step = 0; step < 4; step++) {
            random_step(ctx, seed + (uint64_t)step * 1000, 1500, seed % 2 ? 20000 : 3000);
            spk_end_step(ctx);
        }
        spk_ctx_destroy(ctx);
    }
}

Test(arena, the_second_step_allocates_nothing) {
    for (uint64_t seed = 1; seed <= 12; seed++) {
        heap h = {0, 0};
        spk_ctx *ctx = spk_ctx_create(.allocator = {allocate, release, &h});
        size_t peak = 0, held = 0;
        long calls = 0;
        for (int step = 0; step < 4; step++) {
            random_step(ctx, seed, 800, 50000);
            if (step)
                cr_assert_eq(h.calls, calls, "seed %d: step %d took %ld blocks of the allocator", (int)seed, step + 1, h.calls - calls);
            if (step > 1) cr_assert_eq(spk_memory_use(ctx).step_peak, peak, "seed %d: the peak grew", (int)seed);
            if (step) cr_assert_eq(spk_memory_use(ctx).held, held, "seed %d: held memory grew", (int)seed);
            spk_end_step(ctx);
            calls = h.calls, peak = spk_memory_use(ctx).step_peak, held = spk_memory_use(ctx).held;
        }
        spk_ctx_destroy(ctx);
        cr_assert_eq(h.live, 0, "%ld blocks are left", h.live);
    }
}

Test(arena, newest_first_leaves_no_trace) {
    spk_ctx *ctx = spk_ctx_create();
    spk_step_data(ctx, 100000); /* a chunk of its own, so that what follows lies in one */
    spk_end_step(ctx);
    static const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 0, 4096, 1};
    enum { N = sizeof sizes / sizeof *sizes };
    spk_step_data(ctx, 128);
    const size_t used = ctx->data.used;
    unsigned char *first[N];
    for (int round = 0; round < 3; round++) {
        unsigned char *block[N];
        for (int i = 0; i < N; i++) {
            block[i] = spk_step_data(ctx, sizes[i]);
            if (round == 0) first[i] = block[i];
            cr_assert_eq(block[i], first[i], "round %d: block %d lies elsewhere", round, i);
        }
        for (int i = N - 1; i >= 0; i--) spk_arena_give(&ctx->data, block[i], sizes[i]);
        cr_assert(ctx->data.used == used && ctx->data.n_spare == 0, "round %d: %zu bytes and %d spares are left", round,
                  ctx->data.used - used, ctx->data.n_spare);
    }
    spk_arena_give(&ctx->data, NULL, 100);
    cr_assert_eq(ctx->data.used, used, "giving nothing");
    spk_ctx_destroy(ctx);
}

/* What is too much of a spare stays for others. */
Test(arena, spares_are_split) {
    spk_ctx *ctx = spk_ctx_create();
    const size_t place = 256 + SPK_GAP, whole = 4 * place - SPK_GAP; /* 200 bytes with rounding, and room for four of them */
    unsigned char *a = spk_step_data(ctx, whole), *guard = spk_step_data(ctx, 64);
    const size_t used = ctx->data.used;
    spk_arena_give(&ctx->data, a, whole);
    for (size_t i = 0; i < 4; i++) {
        unsigned char *part = spk_step_data(ctx, 200);
        cr_assert_eq(part, a + place * i, "part %zu", i);
        cr_assert_eq(ctx->data.used, used, "part %zu took new memory", i);
    }
    cr_assert_eq(ctx->data.n_spare, 0, "all is taken");
    cr_assert_eq(spk_step_data(ctx, 64), guard + 64 + SPK_GAP, "the next one is new");
    spk_ctx_destroy(ctx);
}

/* A block that was taken apart for smaller requests is whole again when they are done. */
Test(arena, spares_are_joined) {
    static const size_t whole = 65536;
    spk_ctx *ctx = spk_ctx_create();
    spk_step_data(ctx, 4 * whole);
    spk_end_step(ctx);
    unsigned char *a = spk_step_data(ctx, whole);
    spk_step_data(ctx, 64); /* keeps the first from being the newest */
    const size_t used = ctx->data.used;
    spk_arena_give(&ctx->data, a, whole);
    for (int order = 0; order < 2; order++) {
        unsigned char *one = spk_step_data(ctx, 64), *two = spk_step_data(ctx, 1000);
        spk_arena_give(&ctx->data, order ? two : one, order ? 1000 : 64);
        spk_arena_give(&ctx->data, order ? one : two, order ? 64 : 1000);
        unsigned char *again = spk_step_data(ctx, whole);
        cr_assert(again == a && ctx->data.used == used, "order %d: %zu bytes more are used", order, ctx->data.used - used);
        spk_arena_give(&ctx->data, again, whole);
    }
    cr_assert_eq(ctx->data.n_spare, 1, "%d spares", ctx->data.n_spare);
    spk_ctx_destroy(ctx);
}

/* More blocks given back than can wait: the rest is lost until the step ends, and nothing else. */
Test(arena, more_spares_than_fit) {
    spk_ctx *ctx = spk_ctx_create();
    unsigned char *block[4 * SPK_ARENA_SPARE];
    for (int i = 0; i < 4 * SPK_ARENA_SPARE; i++) block[i] = spk_step_data(ctx, 128);
    for (int i = 0; i < 4 * SPK_ARENA_SPARE; i += 2) spk_arena_give(&ctx->data, block[i], 128);
    for (int i = 1; i < 4 * SPK_ARENA_SPARE; i += 2) memset(block[i], 0x55, 128);
    for (int i = 0; i < 2 * SPK_ARENA_SPARE; i++) memset(spk_step_data(ctx, 128), 0xCC, 128);
    for (int i = 1; i < 4 * SPK_ARENA_SPARE; i += 2)
        for (int k = 0; k < 128; k++) cr_assert_eq(block[i][k], 0x55, "block %d was given twice", i);
    spk_end_step(ctx);
    cr_assert(ctx->data.used == 0 && ctx->data.n_spare == 0, "the end of the step frees all");
    spk_ctx_destroy(ctx);
}

/* Under AddressSanitizer what belongs to no block is poisoned: gaps, what was given back, ended steps. Without it nothing is. */
Test(arena, what_is_nobodys_is_poisoned) {
#ifdef SPK_ADDRESS_SANITIZER
    spk_ctx *ctx = spk_ctx_create();
    unsigned char *a = spk_step_data(ctx, 100), *b = spk_step_data(ctx, 64);
    cr_assert(!__asan_region_is_poisoned(a, 100) && !__asan_region_is_poisoned(b, 64), "a block is not usable");
    cr_assert(__asan_address_is_poisoned(a + 100) && __asan_address_is_poisoned(b + 64), "no gap behind a block");
    spk_arena_give(&ctx->data, a, 100);
    cr_assert(__asan_address_is_poisoned(a) && !__asan_region_is_poisoned(b, 64), "a block that was given back can be used");
    cr_assert_eq(spk_step_data(ctx, 3), a);
    cr_assert(!__asan_region_is_poisoned(a, 3) && __asan_address_is_poisoned(a + 3), "a spare is as large as it was asked for");
    spk_end_step(ctx);
    cr_assert(__asan_address_is_poisoned(a) && __asan_address_is_poisoned(b), "a block of an ended step can be used");
    const spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(3));
    cr_assert(__asan_address_is_poisoned((spk_real *)x->data + 3), "no gap behind a persistent tensor");
    spk_ctx_destroy(ctx);
#else
    cr_assert_eq(SPK_GAP, 0);
#endif
}
