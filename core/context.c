#include "core/context_internal.h"
#include "core/poison_internal.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a missing context stands for. Nothing writes to it: every function returns early once a context has failed. */
static spk_ctx no_context = {
    .failed = true,
    .error = "no context: NULL was given, there was no memory to create one, or its allocator lacks one of its two functions",
    .inert = SPK_INERT_TENSOR(&no_context),
};

/* What a context is for a thread that does not have it: it cannot even write an error, which the other thread may be reading. */
static spk_ctx others_context = {
    .failed = true,
    .error =
        "this thread does not have the context: one thread at a time uses it, at first the one that made it; call spk_ctx_take(ctx) in "
        "this one when the other has done with it",
    .inert = SPK_INERT_TENSOR(&others_context),
};

#ifdef SPK_DEBUG_CHECKS
/* Numbers threads from 1; unlike their handles no number comes twice. */
static uint64_t this_thread(void) {
    static atomic_ullong threads;
    static _Thread_local uint64_t number;
    if (!number) number = atomic_fetch_add(&threads, 1) + 1;
    return number;
}

static bool has_context(const spk_ctx *ctx) { return atomic_load_explicit(&ctx->thread, memory_order_relaxed) == this_thread(); }
static void take_context(spk_ctx *ctx) { atomic_store_explicit(&ctx->thread, this_thread(), memory_order_relaxed); }
#else
static bool has_context(const spk_ctx *ctx) { return ctx != NULL; }
static void take_context(spk_ctx *ctx) { (void)ctx; }
#endif

bool spk_ctx_is_real(const spk_ctx *ctx) { return ctx && ctx != &no_context && ctx != &others_context; }

/* The context as this thread may see it. */
static const spk_ctx *seen(const spk_ctx *ctx) {
    return !ctx ? &no_context : !spk_ctx_is_real(ctx) || has_context(ctx) ? ctx : &others_context;
}

spk_ctx *spk_ctx_or_failed(spk_ctx *ctx) { return (spk_ctx *)seen(ctx); }

void spk_ctx_take(spk_ctx *ctx) {
    if (spk_ctx_is_real(ctx)) take_context(ctx);
}

static void *heap_allocate(void *user, size_t bytes) {
    (void)user;
    return malloc(bytes);
}

static void heap_release(void *user, void *block) {
    (void)user;
    free(block);
}

spk_ctx_opts spk_ctx_options(void) { return (spk_ctx_opts){SPK_CTX_DEFAULTS}; }

spk_ctx *spk_ctx_create_with(spk_ctx_opts options) {
    spk_allocator allocator = options.allocator;
    if (!allocator.allocate != !allocator.release) return &no_context;
    if (!allocator.allocate) allocator = (spk_allocator){heap_allocate, heap_release, NULL};
    spk_ctx *ctx = allocator.allocate(allocator.user, sizeof *ctx);
    if (!ctx) return &no_context;
    *ctx = (spk_ctx){.allocator = allocator, .held = sizeof *ctx, .step = 1, .inert = SPK_INERT_TENSOR(ctx)};
    ctx->objects.previous = ctx->objects.next = &ctx->objects;
    take_context(ctx);
    ctx->headers[0].ctx = ctx->headers[1].ctx = ctx->data.ctx = ctx;
    spk_seed(ctx, options.seed);
    return ctx;
}

void spk_ctx_destroy(spk_ctx *ctx) {
    if (!spk_ctx_is_real(ctx)) return;
    take_context(ctx);
    while (ctx->objects.next != &ctx->objects) spk_object_destroy(ctx->objects.next);
    spk_arena_destroy(&ctx->headers[0]);
    spk_arena_destroy(&ctx->headers[1]);
    spk_arena_destroy(&ctx->data);
    ctx->allocator.release(ctx->allocator.user, ctx);
}

/* Stands before a block, so that `held` can be kept without the allocator's help, and the owner be checked. */
typedef union block_head {
    struct {
        size_t bytes;
        const spk_ctx *owner;
    };
    max_align_t align;
} block_head;

void *spk_allocate_if_there(spk_ctx *ctx, size_t bytes) {
    block_head *block = bytes < SIZE_MAX - sizeof *block ? ctx->allocator.allocate(ctx->allocator.user, sizeof *block + bytes) : NULL;
    if (!block) return NULL;
    block->bytes = bytes;
    block->owner = ctx;
    ctx->held += bytes;
    return block + 1;
}

spk_activity spk_doing(spk_ctx *ctx, spk_activity now) {
    const spk_activity before = ctx->doing;
    if (now.name && !ctx->failed) ctx->doing = now;
    return before;
}

void spk_done(spk_ctx *ctx, spk_activity before) {
    if (!ctx->failed) ctx->doing = before; /* else spk_clear_error does */
}

/* The dotted path of a scope, from the back of the room on, since the innermost comes first; one too long loses its beginning. */
static char *write_path(const spk_scope *inner, char *room, char *end) {
    *--end = '\0';
    for (const spk_scope *s = inner; s; s = s->outer) {
        const size_t n = strlen(s->name);
        if ((size_t)(end - room) < n + (s != inner)) break;
        if (s != inner) *--end = '.';
        memcpy(end -= n, s->name, n);
    }
    return end;
}

/* `linear (net.fc1): `, as far as it is known and has room. There is no memory: the path is copied piece by piece. */
static void write_activity(const spk_ctx *ctx, char *text, size_t room) {
    const spk_activity *a = &ctx->doing;
    const spk_scope *inner = a->path ? NULL : ctx->scope;
    const bool placed = a->path ? *a->path : inner != NULL;
    char path[SPK_ERROR_TEXT / 2];
    const char *where = a->path ? a->path : write_path(inner, path, path + sizeof path);
    if (!a->name && !placed) *text = '\0';
    else
        snprintf(text, room, "%s%s%s%s%s: ", a->backward ? "backward of " : "", a->name ? a->name : "a layer", placed ? " (" : "", where,
                 placed ? ")" : "");
}

void *spk_allocate_uninitialised(spk_ctx *ctx, size_t bytes) {
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed) return NULL;
    void *block = spk_allocate_if_there(ctx, bytes);
    if (block) return block;
    char who[SPK_ERROR_TEXT / 2 + SPK_ERROR_TEXT / 4];
    write_activity(ctx, who, sizeof who);
    spk_fail(ctx, "%sno memory: %zu bytes were refused while %zu are held", who, bytes, ctx->held);
    return NULL;
}

void *spk_allocate(spk_ctx *ctx, size_t bytes) {
    void *block = spk_allocate_uninitialised(ctx, bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

void spk_release(spk_ctx *ctx, void *block) {
    ctx = spk_ctx_or_failed(ctx);
    if (!block || !spk_ctx_is_real(ctx)) return;
    block_head *whole = (block_head *)block - 1;
    if (whole->owner != ctx) {
        spk_fail(ctx, "spk_release: the block belongs to another context; release it there");
        return;
    }
    spk_unpoison(block, whole->bytes); /* the allocator gets it back as it gave it */
    ctx->held -= whole->bytes;
    ctx->allocator.release(ctx->allocator.user, whole);
}

void *spk_object_create(spk_ctx *ctx, const spk_object_type *type, size_t size) {
    ctx = spk_ctx_or_failed(ctx);
    if (!type || size < sizeof(spk_object))
        spk_fail(ctx, "spk_object_create: %s",
                 type ? "the size is too small: the struct must embed an spk_object first" : "the type is NULL");
    spk_object *object = spk_allocate(ctx, size);
    if (!object) return NULL;
    *object = (spk_object){.type = type, .ctx = ctx, .previous = &ctx->objects, .next = ctx->objects.next};
    object->next->previous = object;
    ctx->objects.next = object;
    return object;
}

void spk_object_destroy(spk_object *object) {
    if (!object) return;
    object->previous->next = object->next;
    object->next->previous = object->previous;
    if (object->type->destroy) object->type->destroy(object);
    spk_release(object->ctx, object);
}

void *spk_step_header(spk_ctx *ctx, size_t bytes) { return spk_arena_take(&ctx->headers[ctx->step & 1], bytes); }

void *spk_step_data(spk_ctx *ctx, size_t bytes) {
    if (ctx->failed) return NULL;
    void *block = spk_arena_take(&ctx->data, bytes);
    if (ctx->data.used > ctx->step_peak) ctx->step_peak = ctx->data.used;
    return block;
}

bool spk_remember(spk_ctx *ctx, spk_tensor *x) {
    for (const spk_undo *u = ctx->undo; u; u = u->next)
        if (u->tensor == x) return true;
    spk_undo *u = spk_step_header(ctx, sizeof *u);
    void *numbers = u ? spk_step_data(ctx, spk_bytes(x->size)) : NULL;
    if (!numbers) return false;
    memcpy(numbers, x->data, spk_bytes(x->size));
    *u = (spk_undo){x, numbers, ctx->undo};
    ctx->undo = u;
    return true;
}

void spk_forget(spk_ctx *ctx, const spk_tensor *x) {
    for (spk_undo *u = ctx->undo; u; u = u->next)
        if (u->tensor == x) u->tensor = NULL;
}

void spk_put_back(const spk_undo *undo) {
    for (const spk_undo *u = undo; u; u = u->next) {
        if (!u->tensor) continue;
        memcpy(u->tensor->data, u->numbers, spk_bytes(u->tensor->size));
        u->tensor->version++;
    }
}

/* Nothing in here can fail: a step whose last call was right has been taken. */
void spk_end_step(spk_ctx *ctx) {
    ctx = spk_ctx_or_failed(ctx);
    if (!spk_ctx_is_real(ctx)) return;
    for (spk_object *object = ctx->objects.next; object != &ctx->objects; object = object->next) {
        const spk_object_type *type = object->type;
        void (*const end)(spk_object *) = ctx->failed && type->drop_step ? type->drop_step : type->end_step;
        if (end) end(object);
    }
    if (ctx->failed) { /* what the step's ops changed of what outlives it */
        spk_put_back(ctx->undo);
        ctx->random = ctx->begun;
    }
    ctx->begun = ctx->random;
    ctx->undo = NULL;
    spk_tensors_end_step(ctx);
    ctx->tape = NULL;
    const spk_arena *ended = &ctx->headers[ctx->step++ & 1];
    spk_arena *next = &ctx->headers[ctx->step & 1];
    (void)spk_arena_reserve(next, ended->used); /* the next step may be like the last: from the second on nothing is allocated */
    spk_arena_rewind(next);
    spk_arena_rewind(&ctx->data);
}

bool spk_failed(const spk_ctx *ctx) { return seen(ctx)->failed; }

const char *spk_error(const spk_ctx *ctx) { return seen(ctx)->error; }

void spk_clear_error(spk_ctx *ctx) {
    ctx = spk_ctx_or_failed(ctx);
    if (!spk_ctx_is_real(ctx) || !ctx->failed) return;
    spk_end_step(ctx); /* as of a step that failed */
    ctx->failed = false;
    ctx->error[0] = '\0';
    ctx->scope = NULL;
    ctx->doing = (spk_activity){0};
}

/* True inside of a character of several bytes. */
static bool continues(char byte) { return ((unsigned char)byte & 0xC0) == 0x80; }

void spk_error_format(char *text, const char *format, va_list arguments) {
    static const char gap[] = " ... ";
    enum { HALF = (SPK_ERROR_TEXT - sizeof gap) / 2 };
    char whole[8 * SPK_ERROR_TEXT]; /* more than a path can have */
    const int n = vsnprintf(whole, sizeof whole, format, arguments);
    const char *end = n < 0 ? "an error that cannot be put into words" : whole;
    if (n >= SPK_ERROR_TEXT) {
        const size_t length = strlen(whole);
        size_t first = HALF;
        while (first > 0 && continues(whole[first])) first--;
        for (end = whole + length - HALF; continues(*end);) end++;
        memcpy(text, whole, first);
        memcpy(text + first, gap, sizeof gap - 1);
        text += first + sizeof gap - 1;
    }
    memcpy(text, end, strlen(end) + 1);
}

void spk_fail(spk_ctx *ctx, const char *format, ...) {
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed) return;
    if (!format) format = "spk_fail: the format is NULL";
    va_list arguments;
    va_start(arguments, format);
    spk_error_format(ctx->error, format, arguments);
    va_end(arguments);
    ctx->failed = true;
}

void spk_seed(spk_ctx *ctx, uint64_t seed) {
    ctx = spk_ctx_or_failed(ctx);
    if (spk_ctx_is_real(ctx)) ctx->random = ctx->begun = (spk_random){.seed = seed};
}

void spk_set_road(spk_ctx *ctx, spk_road road) {
    ctx = spk_ctx_or_failed(ctx);
    if (road != SPK_ROAD_AUTO && road != SPK_ROAD_SPARSE && road != SPK_ROAD_DENSE)
        spk_fail(ctx, "spk_set_road: %d is no road; give SPK_ROAD_AUTO, SPK_ROAD_SPARSE or SPK_ROAD_DENSE", (int)road);
    else if (spk_ctx_is_real(ctx)) ctx->road = road;
}

spk_road_counts spk_roads_taken(const spk_ctx *ctx) { return seen(ctx)->roads; }

spk_memory_report spk_memory_use(const spk_ctx *ctx) {
    ctx = seen(ctx);
    return (spk_memory_report){.held = ctx->held, .step = ctx->data.used, .step_peak = ctx->step_peak};
}

const char *spk_scope_path(spk_ctx *ctx) {
    size_t length = 0;
    for (const spk_scope *scope = ctx->scope; scope; scope = scope->outer) length += strlen(scope->name) + 1;
    char *path = length ? spk_step_header(ctx, length) : NULL;
    return path ? write_path(ctx->scope, path, path + length) : "";
}
