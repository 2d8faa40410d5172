/*
 * Checkpoints: the input is the file. A run is put back from it, or the file is refused and everything is as it was. Most inputs are sealed
 * with a right checksum, so that what lies behind it is reached.
 */
#include "nn/checkpoint_internal.h"
#include "neuron/lif.h"
#include "nn/layers.h"
#include "nn/schedule.h"
#include "safetensors_support.h"
#include <inttypes.h>
#include <zlib.h>

/* What is allocated before any data has arrived, or is of a fixed size: the list of what a run holds, the largest. */
#define BEFORE_DATA ((size_t)1 << 15)
#define MOST_STATE 4096

/* A run: a net with a memory, an optimizer with a schedule, two variables of the program. */
typedef struct run {
    spk_ctx *ctx;
    spk_module *net;
    int64_t epoch;
    double sum;
    spk_variable variables[2];
    spk_checkpoint_opts options;
} run;

static void start(run *r, spk_ctx *ctx, const char **notice) {
    r->ctx = ctx;
    r->net = spk_sequential(ctx, spk_linear_layer(ctx, 2, 3), spk_lif(ctx, .T = 1));
    r->epoch = 3, r->sum = 0.25;
    r->variables[0] = (spk_variable){.name = "epoch", .whole = &r->epoch};
    r->variables[1] = (spk_variable){.name = "sum", .real = &r->sum};
    r->options = spk_checkpoint_options();
    r->options.optimizer = spk_adam(r->net, .lr = 0.5);
    r->options.variables = r->variables, r->options.n_variables = 2;
    r->options.settings = "T=1", r->options.notice = notice;
    spk_step_lr(r->options.optimizer, .step_size = 2);
}

/* One step of training: the membrane and the moments are then there. */
static void train(const run *r) {
    spk_backward(spk_sum(spk_call(r->net, spk_full(r->ctx, SPK_SHAPE(1, 2), 0.5))));
    spk_optimizer_step(r->options.optimizer);
    spk_end_step(r->ctx);
    spk_detach(r->net);
}

/* The bytes of everything that a checkpoint holds, in `state`; how many. */
static size_t state_of(run *r, unsigned char state[MOST_STATE]) {
    size_t used = 0;
    spk_state_items items = {.ctx = r->ctx};
    FUZZ_CHECK(spk_checkpoint_items(&items, r->net, &r->options), "%s", spk_error(r->ctx));
    for (int64_t i = 0; i < items.count; i++) {
        const spk_state_item *item = &items.item[i];
        const size_t bytes = (size_t)(spk_shape_size(item->shape) * spk_state_type_info[item->type].width);
        if (!item->numbers) continue;
        FUZZ_CHECK(used + bytes <= MOST_STATE, "%s has %zu bytes", item->name, bytes);
        memcpy(state + used, item->numbers, bytes);
        used += bytes;
    }
    spk_state_items_free(&items);
    return used;
}

/* A run, the bytes of its state, and the context that both live in: a refused file leaves them for the next input. */
typedef struct kept_run {
    fuzz_memory memory;
    run r;
    const char *notice;
    unsigned char state[MOST_STATE];
    size_t bytes;
} kept_run;

static void begin(kept_run *k, bool trained) {
    spk_ctx *ctx = fuzz_begin(&k->memory);
    if (k->memory.runs > 1) return;
    start(&k->r, ctx, &k->notice);
    if (trained) train(&k->r);
    FUZZ_CHECK(!spk_failed(ctx), "%s", spk_error(ctx));
    k->bytes = state_of(&k->r, k->state);
    k->memory.largest = 0;
}

static void check_unchanged(kept_run *k) {
    static unsigned char now[MOST_STATE];
    spk_clear_error(k->r.ctx);
    FUZZ_CHECK(state_of(&k->r, now) == k->bytes && memcmp(now, k->state, k->bytes) == 0, "a refused file changed the run");
}

/* What was loaded can be trained on, but for its membrane, which may be of another batch, and its parameters, which may all be frozen. */
static void check_loaded(kept_run *k) {
    spk_reset(k->r.net);
    for (spk_walk w = spk_parameters(k->r.net); spk_walk_next(&w);) spk_set_requires_grad(w.slot->tensor, true);
    train(&k->r);
    FUZZ_CHECK(!spk_failed(k->r.ctx), "training cannot go on: %s", spk_error(k->r.ctx));
    k->memory.runs = k->memory.runs_of_a_context; /* its last input */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static kept_run kept[2]; /* one that has not begun, one after a step */
    kept_run *k = &kept[size % 2];
    begin(k, size % 2);
    const bool loaded = spk_checkpoint_load_with(k->r.net, fuzz_file(data, size), k->r.options);
    FUZZ_CHECK(k->memory.largest <= BEFORE_DATA + 2 * size, "%zu bytes were asked for, the file has %zu", k->memory.largest, size);
    FUZZ_CHECK(loaded == !spk_failed(k->r.ctx), "loaded and an error, or neither");
    if (loaded) check_loaded(k);
    else check_unchanged(k);
    fuzz_end(&k->memory);
    return 0;
}

#ifdef SPK_FUZZER

/* Puts the seal's words, length and checksum right. */
static void seal(uint8_t *data, size_t size) {
    char text[SPK_SEAL_LENGTH + 1], digits[9];
    if (size < 8 + SPK_SEAL_LENGTH) return;
    snprintf(text, sizeof text, SPK_SEAL, 0ul, (uint64_t)size);
    memcpy(data + 8, text, SPK_SEAL_LENGTH);
    snprintf(digits, sizeof digits, "%08lx", crc32_z(0, data, size));
    memcpy(data + SPK_SEAL_DIGITS, digits, 8);
}

/* The JSON behind the seal, the numbers, or anything; three quarters are sealed again. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    const unsigned what = seed % 4;
    const bool done = what == 0   ? false
                      : what == 1 ? change_numbers(data, &size, max_size)
                                  : change_header(data, &size, max_size, SPK_SEAL_LENGTH);
    if (!done) size = LLVMFuzzerMutate(data, size, max_size);
    if (seed / 4 % 4) seal(data, size);
    return size;
}

#endif
