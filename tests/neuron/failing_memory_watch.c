/* The watch over health and the search for anomalies, with every allocation refused in turn. */
#include "../core/failing_memory.h"

typedef struct watched {
    spk_ctx *ctx;
    spk_module *net;
    spk_optimizer *optimizer;
    spk_health *health;
} watched;

static uint64_t fingerprint(const void *self) {
    uint64_t hash = HASH_START;
    for (spk_walk w = spk_walk_slots(((const watched *)self)->net, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&w);)
        hash = hash_bytes(hash, spk_data(w.slot->tensor), (size_t)spk_size(w.slot->tensor) * sizeof(spk_real));
    return hash;
}

static bool watch(void *self) {
    watched *w = self;
    w->health = spk_watch_health(w->net);
    return w->health != NULL;
}

static bool train(void *self) {
    watched *w = self;
    spk_zero_grad(w->net);
    spk_tensor *y = spk_call(w->net, spk_full(w->ctx, SPK_SHAPE(6, 5), 1));
    spk_backward(spk_mean(spk_multiply(y, y)));
    spk_optimizer_step(w->optimizer);
    spk_reset(w->net);
    if (!spk_failed(w->ctx)) spk_end_step(w->ctx);
    return !spk_failed(w->ctx);
}

static bool report(void *self) {
    watched *w = self;
    const bool any = *spk_health_report(w->health);
    return any && !spk_failed(w->ctx);
}

static bool begin_again(void *self) {
    watched *w = self;
    spk_health_clear(w->health);
    return train(self);
}

static const phase phases[] = {{"watch", watch}, {"train", train}, {"report", report}, {"the next epoch", begin_again}};

Test(failing_memory_watch, each_allocation) {
    heap h = {.largest = STINGY};
    heap_refuse(&h, 0, -1);
    watched w = {.ctx = heap_ctx(&h)};
    spk_detect_anomaly(w.ctx, true);
    w.net = spk_sequential(w.ctx, spk_linear_layer(w.ctx, 5, 9), spk_batch_norm1d(w.ctx, 9), spk_lif(w.ctx, .v_threshold = 100),
                           spk_linear_layer(w.ctx, 9, 3), spk_if(w.ctx));
    w.optimizer = spk_adam(w.net);
    assert_fine(w.ctx, "building");
    const program p = {.ctx = w.ctx, .heap = &h, .self = &w, .fingerprint = fingerprint};
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        cr_assert(refuse_each(&p, &phases[i]) > 0, "%s allocates nothing", phases[i].name);
    spk_ctx_destroy(w.ctx);
    cr_assert_eq(h.live, 0, "%d blocks leak", (int)h.live);
}
