/* The worlds in which rows are tried, and what must hold after each. */
#include "misuse.h"
#include "../hash.h"

/* What is looked at: all is the same before and after, and after one more training step. */
typedef struct fingerprint {
    size_t held;
    uint64_t before, trained;
} fingerprint;

static struct {
    const char *function, *call;
    int line;
    fingerprint own, other;
    world worlds[2];
} now;

/* Everything that lasts longer than a step. */
static uint64_t state(const world *w) {
    uint64_t h = HASH_START;
    spk_tensor *const kept[] = {w->x, w->leaf, w->labels, w->vector, w->matrix, w->bits};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const bool wants = spk_requires_grad(kept[i]);
        h = hash_bytes(hash_tensor(h, kept[i]), &wants, sizeof wants);
    }
    for (spk_walk k = spk_walk_slots(w->net, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&k);) {
        h = hash_tensor(hash_bytes(h, k.name, strlen(k.name)), k.slot->tensor);
        const bool wants = spk_requires_grad(k.slot->tensor), training = k.module->training;
        h = hash_bytes(hash_bytes(h, &wants, sizeof wants), &training, sizeof training);
    }
    const double numbers[] = {
        spk_reset_value(w->neuron, "v"),       spk_optimizer_lr(w->optimizer, 0), (double)spk_optimizer_groups(w->optimizer),
        (double)spk_schedule_now(w->schedule), (double)spk_dataset_size(w->data), (double)spk_dataset_epoch(w->data),
        (double)spk_grad_enabled(w->ctx)};
    return hash_bytes(h, numbers, sizeof numbers);
}

static spk_tensor *forward(const world *w, spk_tensor *x) {
    spk_reset(w->net);
    return spk_call(w->net, spk_repeat_over_time(x, 2));
}

/* A training step: the batch, the masks and the moments come from what rows may have disturbed. */
static uint64_t train(const world *w) {
    spk_batch batch;
    spk_next_batch(w->data, &batch);
    spk_zero_grad(w->net);
    spk_tensor *loss = spk_spike_cross_entropy(forward(w, batch.x), batch.labels, 2, 0);
    spk_backward(loss);
    spk_optimizer_step(w->optimizer);
    uint64_t h = hash_tensor(0, loss);
    spk_schedule_step(w->schedule);
    spk_end_step(w->ctx);
    return hash_bytes(h, &(uint64_t){state(w)}, sizeof h);
}

static void world_make(world *w, world *other) {
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    *w = (world){.ctx = ctx, .other = other};
    w->x = uniform(ctx, SPK_SHAPE(4, 6), 0, 1);
    w->leaf = parameter(ctx, SPK_SHAPE(4, 6));
    w->labels = VECTOR(ctx, 0, 2);
    w->vector = uniform(ctx, SPK_SHAPE(6), -1, 1);
    w->matrix = uniform(ctx, SPK_SHAPE(6, 5), -1, 1);
    w->bits = zeros_and_ones(ctx, SPK_SHAPE(4, 6));
    w->linear = spk_linear_layer(ctx, 6, 5);
    w->neuron = spk_lif(ctx, .T = 2, .parallel_optim = true, .store_v_seq = true);
    w->dropout = spk_dropout_layer(ctx, .p = 0.2);
    w->net = spk_sequential(ctx, w->linear, spk_batch_norm1d(ctx, 5), w->neuron, w->dropout, spk_linear_layer(ctx, 5, 3));
    spk_module_set_name(w->net, "net");
    w->weight = spk_find_tensor(w->linear, "weight");
    w->optimizer = spk_adam(w->net, .lr = 0.01);
    w->schedule = spk_step_lr(w->optimizer, .step_size = 3);
    spk_tensor *samples = uniform(ctx, SPK_SHAPE(8, 6), 0, 1);
    const int64_t labels[] = {0, 1, 2, 1, 0, 0, 2, 1};
    w->data = spk_dataset_from(ctx, spk_tensor_shape(samples), spk_data(samples), labels, .batch = 2, .shuffle = true);
    spk_backward(spk_sum(w->leaf)); /* it keeps the memory of its gradient */
    spk_clear_grad(w->leaf);
    /* Two steps: from then on a step asks for no more memory. */
    train(w);
    train(w);
    w->inert = spk_full(ctx, SPK_SHAPE(-1), 0);
    spk_clear_error(ctx);
    w->ended = spk_scale(w->x, 2);
    spk_end_step(ctx);
}

static fingerprint fingerprint_of(const world *w) { return (fingerprint){.held = spk_memory_use(w->ctx).held, .before = state(w)}; }

/* The bits of the step that follows on a world that nobody has misused. */
static uint64_t trained_bits(void) {
    static uint64_t bits;
    if (!bits) {
        world w;
        world_make(&w, NULL);
        bits = train(&w);
        spk_ctx_destroy(w.ctx);
    }
    return bits;
}

world *misuse_begin(const char *function, const char *call, int line) {
    now.function = function, now.call = call, now.line = line;
    world_make(&now.worlds[0], &now.worlds[1]);
    world_make(&now.worlds[1], &now.worlds[0]);
    now.own = fingerprint_of(&now.worlds[0]);
    now.other = fingerprint_of(&now.worlds[1]);
    cr_assert(!spk_failed(now.worlds[0].ctx), "%s", spk_error(now.worlds[0].ctx));
    return &now.worlds[0];
}

#define assert_row(right, ...)                                                            \
    do {                                                                                  \
        char text_[1024];                                                                 \
        snprintf(text_, sizeof text_, __VA_ARGS__);                                       \
        cr_expect(right, "line %d: %s: %s: %s", now.line, now.function, now.call, text_); \
    } while (0)

static bool begins_with(const char *text, const char *with, size_t n) { return strncmp(text, with, n) == 0; }

/* "who|what": the error begins with the one, as a whole word, and holds the other. */
static void look_at_error(spk_ctx *ctx, const char *says) {
    const char *error = spk_error(ctx), *bar = strchr(says, '|');
    cr_assert(bar, "line %d: no '|' in \"%s\"", now.line, says);
    assert_row(spk_failed(ctx), "no error was set");
    if (!spk_failed(ctx)) return;
    const size_t who = (size_t)(bar - says);
    assert_row(begins_with(error, says, who) && (error[who] == ':' || error[who] == ' '), "the error does not begin with '%.*s': %s",
               (int)who, says, error);
    assert_row(strstr(error, bar + 1), "'%s' is not in: %s", bar + 1, error);
}

static void look_at_world(const world *w, const fingerprint *was, const char *which) {
    const fingerprint is = fingerprint_of(w);
    assert_row(is.held == was->held, "%s: %zu bytes were held, now %zu", which, was->held, is.held);
    assert_row(is.before == was->before, "%s: something that lasts has changed", which);
    const uint64_t trained = train(w);
    assert_row(!spk_failed(w->ctx), "%s: the context does not work again: %s", which, spk_error(w->ctx));
    assert_row(trained == trained_bits(), "%s: the next training step gives other bits", which);
}

void misuse_end(world *s, bool nothing, const char *says) {
    assert_row(nothing, "the result is something");
    if (says) look_at_error(s->ctx, says);
    else assert_row(!spk_failed(s->ctx), "an error was set: %s", spk_error(s->ctx));
    assert_row(!spk_failed(s->other->ctx), "the other context has failed: %s", spk_error(s->other->ctx));
    spk_clear_error(s->ctx);
    look_at_world(s, &now.own, "its own context");
    look_at_world(s->other, &now.other, "the other context");
    spk_ctx_destroy(s->ctx);
    spk_ctx_destroy(s->other->ctx);
}

bool misuse_no_tensor(spk_tensor *x) { return !x || spk_size(x) == 0; }
bool misuse_no_module(const spk_module *module) { return !module || module == spk_inert_module(); }
bool misuse_no_context(const spk_ctx *ctx) { return spk_failed(ctx); }
bool misuse_no_text(const char *text) { return !text || !*text; }
bool misuse_no_number(double x) { return isnan(x) || x == 0; }
bool misuse_no_count(int64_t n) { return n == 0 || n == -1; }
bool misuse_no_pointer(const void *pointer) { return !pointer; }

bool misuse_no_numbers(const spk_real *numbers) {
    for (int i = 0; numbers && i < 8; i++)
        if (numbers[i] != 0) return false;
    return true;
}
