/* Monitors, with every allocation refused in turn. */
#include "../core/failing_memory.h"

enum { T_STEPS = 3 };

typedef struct monitored {
    spk_ctx *ctx;
    spk_module *net;
    spk_optimizer *optimizer;
    spk_monitor *monitor;
} monitored;

/* The net, and all that the monitor holds. */
static uint64_t fingerprint(const void *self) {
    const monitored *w = self;
    uint64_t hash = HASH_START;
    for (spk_walk i = spk_walk_slots(w->net, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&i);)
        hash = hash_bytes(hash, spk_data(i.slot->tensor), (size_t)spk_size(i.slot->tensor) * sizeof(spk_real));
    for (int64_t i = 0; i < spk_monitor_count(w->monitor, NULL, ~0u); i++) {
        const spk_monitor_record r = spk_monitor_get(w->monitor, NULL, ~0u, i);
        hash = hash_bytes(hash, &(uint64_t){r.what}, sizeof(uint64_t));
        hash = hash_bytes(hash, r.values, (size_t)spk_shape_size(r.shape) * sizeof(spk_real));
    }
    const int64_t dropped = spk_monitor_dropped(w->monitor);
    return hash_bytes(hash, &dropped, sizeof dropped);
}

static spk_tensor *doubled(spk_tensor *x) { return spk_scale(x, 2); }

static bool watch(void *self) {
    monitored *w = self;
    w->monitor = spk_monitor_neurons(w->net, .what = SPK_WATCH_SPIKES | SPK_WATCH_INPUT | SPK_WATCH_MEMBRANE | SPK_WATCH_GRADIENT,
                                     .most = 2, .function = doubled);
    return w->monitor != NULL;
}

static bool train(void *self) {
    monitored *w = self;
    spk_zero_grad(w->net);
    spk_tensor *y = spk_call(w->net, spk_repeat_over_time(spk_full(w->ctx, SPK_SHAPE(6, 5), 1), T_STEPS));
    spk_backward(spk_mean(spk_multiply(y, y)));
    spk_optimizer_step(w->optimizer);
    spk_reset(w->net);
    if (!spk_failed(w->ctx)) spk_end_step(w->ctx);
    return !spk_failed(w->ctx);
}

static const phase phases[] = {{"watch", watch}, {"step 1", train}, {"step 2", train}, {"step 3, from which on records go", train}};

Test(failing_memory_monitor, each_allocation) {
    heap h = {.largest = STINGY};
    heap_refuse(&h, 0, -1);
    monitored w = {.ctx = heap_ctx(&h)};
    w.net = spk_sequential(w.ctx, spk_linear_layer(w.ctx, 5, 9), spk_lif(w.ctx, .T = T_STEPS, .parallel_optim = true, .spike_out = true),
                           spk_linear_layer(w.ctx, 9, 3), spk_if(w.ctx, .T = T_STEPS, .parallel_optim = true));
    w.optimizer = spk_adam(w.net);
    assert_fine(w.ctx, "building");
    const program p = {.ctx = w.ctx, .heap = &h, .self = &w, .fingerprint = fingerprint};
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        cr_assert(refuse_each(&p, &phases[i]) > 0, "%s allocates nothing", phases[i].name);
    cr_assert_eq(spk_monitor_count(w.monitor, NULL, ~0u), 2 * 4 * 2, "%d records", (int)spk_monitor_count(w.monitor, NULL, ~0u));
    spk_ctx_destroy(w.ctx);
    cr_assert_eq(h.live, 0, "%d blocks leak", (int)h.live);
}
