/*
 * Memory that fails. A phase of a program (build, one training step, save, ...) is done with its first allocation refused, then its second,
 * and so on until it needs fewer; each time once with that one alone refused and once with all from there on. After each refusal the
 * context must say what had no memory, everything must be as the phase found it, and the phase must work when it is done again.
 *
 * The allocator refuses large blocks. A step's arenas then get no chunk to share, and every single block of every op is an allocation that
 * can be refused.
 */
#ifndef SPK_TESTS_FAILING_MEMORY_H
#define SPK_TESTS_FAILING_MEMORY_H

#include "core/context_internal.h"
#include "support.h"
#include "../hash.h"

typedef struct heap {
    int64_t calls, from, to; /* allocations so far; numbers of those refused, from 1 */
    int64_t live;            /* blocks */
    size_t largest;          /* a larger block is refused, and not counted; 0: any size is given */
} heap;

/* Just below the first chunk of an arena, and enough for all else. */
enum { STINGY = (1 << 16) + 32 };

static inline void *heap_take(void *user, size_t bytes) {
    heap *h = user;
    if (h->largest && bytes > h->largest) return NULL;
    h->calls++;
    if (h->calls >= h->from && h->calls <= h->to) return NULL;
    h->live++;
    return malloc(bytes);
}

static inline void heap_give(void *user, void *block) {
    if (block) ((heap *)user)->live--;
    free(block);
}

static inline spk_ctx *heap_ctx(heap *h) { return spk_ctx_create(.seed = 7, .allocator = {heap_take, heap_give, h}); }

static inline void heap_refuse(heap *h, int64_t from, int64_t to) { h->calls = 0, h->from = from, h->to = to; }

typedef struct phase {
    const char *name;
    bool (*run)(void *program);
} phase;

typedef struct program {
    spk_ctx *ctx;
    heap *heap;
    void *self;
    uint64_t (*fingerprint)(const void *self); /* of all that a phase must leave as it was when it fails */
    void (*look)(void *self);                  /* more to look at after an error was cleared; may be NULL */
} program;

/* The error of an allocation that was refused names an op or a function. */
static inline void assert_says_who(const spk_ctx *ctx, const char *where, int64_t k) {
    const char *text = spk_error(ctx), *found = strstr(text, "no memory");
    cr_assert(spk_failed(ctx) && found && (found - text >= 4 || strstr(text, "cannot be")), "%s, allocation %d: '%s'", where, (int)k, text);
}

/* A step's memory that is kept for the next would move the numbers of allocations. */
static inline void forget_arenas(spk_ctx *ctx) {
    spk_arena_destroy(&ctx->headers[0]);
    spk_arena_destroy(&ctx->headers[1]);
    spk_arena_destroy(&ctx->data);
}

/* One attempt with allocations k to `last` refused. True when the phase needed fewer, and is done; else *kept says how many blocks the
 * attempt leaves (gradients, moments), which the next one need not ask for. */
static inline bool attempt(const program *p, const phase *f, int64_t k, int64_t last, int64_t *kept) {
    const uint64_t before = p->fingerprint(p->self);
    forget_arenas(p->ctx);
    const int64_t live = p->heap->live;
    heap_refuse(p->heap, k, last);
    const bool done = f->run(p->self);
    const bool refused = p->heap->calls >= k;
    heap_refuse(p->heap, 0, -1);
    cr_assert(done == !spk_failed(p->ctx), "%s, allocation %d: done %d, but %s", f->name, (int)k, done, spk_error(p->ctx));
    cr_assert(done != refused, "%s, allocation %d of %d: done %d, %s", f->name, (int)k, (int)p->heap->calls, done, spk_error(p->ctx));
    if (done) return true;
    assert_says_who(p->ctx, f->name, k);
    if (getenv("SPK_TEST_SHOW")) fprintf(stderr, "%s %d: %s\n", f->name, (int)k, spk_error(p->ctx));
    spk_clear_error(p->ctx);
    cr_assert(!spk_failed(p->ctx), "%s, allocation %d: the error stays", f->name, (int)k);
    cr_assert(p->fingerprint(p->self) == before, "%s, allocation %d: something has changed", f->name, (int)k);
    if (p->look) p->look(p->self);
    forget_arenas(p->ctx);
    *kept = p->heap->live - live;
    return false;
}

/* The phase with each allocation refused in turn; ends with the phase done. Returns how many attempts failed. */
static inline int64_t refuse_each(const program *p, const phase *f) {
    int64_t failures = 0, kept;
    for (int64_t k = 1;; k++) {
        cr_assert(failures < 40000, "%s allocates without end", f->name);
        if (attempt(p, f, k, INT64_MAX, &kept)) return failures;
        k -= kept;
        cr_assert(!attempt(p, f, k, k, &kept), "%s, allocation %d: done with it refused, and not with more", f->name, (int)k);
        k -= kept;
        failures += 2;
    }
}

#endif
