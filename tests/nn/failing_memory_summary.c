/* spk_summary, with every allocation refused in turn. */
#include "../core/failing_memory.h"

typedef struct summarised {
    spk_ctx *ctx;
    spk_module *net;
} summarised;

static uint64_t fingerprint(const void *self) {
    const summarised *s = self;
    uint64_t hash = HASH_START;
    for (spk_walk w = spk_walk_slots(s->net, ~0u); spk_walk_next(&w);) {
        hash = hash_bytes(hash, &w.slot->tensor, sizeof w.slot->tensor);
        hash = hash_bytes(hash, &w.slot->larger, sizeof w.slot->larger);
    }
    for (const spk_module *m = s->net; m; m = spk_next_module(s->net, m)) {
        hash = hash_bytes(hash, &m->training, sizeof m->training);
        hash = hash_bytes(hash, &m->hooks, sizeof m->hooks);
    }
    hash = hash_bytes(hash, &s->ctx->random, sizeof s->ctx->random);
    return hash_bytes(hash, &s->ctx->trial, sizeof s->ctx->trial);
}

static bool summarise(void *self) {
    summarised *s = self;
    const bool done = *spk_summary(s->net, SPK_SHAPE(2, 5), .T = 3);
    cr_assert_eq(done, !spk_failed(s->ctx), "a table, or an error");
    if (done) spk_end_step(s->ctx);
    return done;
}

Test(failing_memory_summary, each_allocation) {
    heap h = {.largest = STINGY};
    heap_refuse(&h, 0, -1);
    summarised s = {.ctx = heap_ctx(&h)};
    s.net = spk_sequential(s.ctx, spk_linear_layer(s.ctx, 5, 9), spk_batch_norm1d(s.ctx, 9), spk_lif(s.ctx, .T = 3, .parallel_optim = true),
                           spk_linear_layer(s.ctx, 9, 3));
    assert_fine(s.ctx, "building");
    const program p = {.ctx = s.ctx, .heap = &h, .self = &s, .fingerprint = fingerprint};
    cr_assert(refuse_each(&p, &(phase){"summary", summarise}) > 20, "few allocations");
    spk_ctx_destroy(s.ctx);
    cr_assert_eq(h.live, 0, "%d blocks leak", (int)h.live);
}
