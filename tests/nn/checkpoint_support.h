/* What the tests of checkpoints share: a small run with everything in it that a checkpoint has to keep. */
#ifndef SPK_TESTS_CHECKPOINT_SUPPORT_H
#define SPK_TESTS_CHECKPOINT_SUPPORT_H

#include "state_support.h"
#include <spiketape.h>

#define CheckpointTest(name) Test(checkpoint, name, .init = make_folder, .fini = remove_folder)

/* An optimizer and its schedules. */
typedef struct variant {
    const char *name;
    spk_optimizer *(*optimizer)(spk_module *net);
    void (*schedules)(spk_optimizer *opt);
} variant;

static inline spk_optimizer *adam(spk_module *net) { return spk_adam(net, .lr = 0.01, .weight_decay = 0.01); }
static inline void one_cycle(spk_optimizer *opt) { spk_one_cycle_lr(opt, .steps = 20, .start = 0.3, .max_lr = 0.02); }

/*
 * 6 - linear, batch norm, lif, dropout - linear - lif - 3 on Poisson spikes, by truncated BPTT: the membranes live from batch to batch. The
 * samples are 40 in batches of 8, shuffled.
 */
typedef struct run {
    spk_ctx *ctx;
    spk_module *net;
    spk_optimizer *opt;
    spk_dataset *data;
    int64_t epoch, batch;
    double sum; /* of losses */
} run;

static inline spk_dataset *samples(spk_ctx *ctx) {
    enum { SAMPLES = 40 };
    static spk_real x[6 * SAMPLES];
    static int64_t labels[SAMPLES];
    for (int i = 0; i < 6 * SAMPLES; i++) x[i] = (spk_real)(i * 37 % 101) / 101;
    for (int i = 0; i < SAMPLES; i++) labels[i] = i % 3;
    return spk_dataset_from(ctx, SPK_SHAPE(SAMPLES, 6), x, labels, .batch = 8, .shuffle = true, .seed = 3);
}

static inline run run_of(uint64_t seed, const variant *v) {
    spk_ctx *ctx = spk_ctx_create(.seed = seed);
    run r = {.ctx = ctx, .data = samples(ctx)};
    r.net = spk_sequential(ctx, spk_linear_layer(ctx, 6, 8), spk_batch_norm1d(ctx, 8), spk_lif(ctx, .tau = 2, .v_threshold = 0.3),
                           spk_dropout_layer(ctx, .p = 0.25), spk_linear_layer(ctx, 8, 3), spk_lif(ctx, .tau = 4, .v_threshold = 0.3));
    r.opt = v->optimizer(r.net);
    if (v->schedules) v->schedules(r.opt);
    cr_assert(!spk_failed(ctx), "%s: %s", v->name, spk_error(ctx));
    return r;
}

/* The options of saving and loading a run. `variables` has room for three. */
static inline spk_checkpoint_opts options_of(run *r, spk_variable *variables) {
    variables[0] = (spk_variable){.name = "epoch", .whole = &r->epoch};
    variables[1] = (spk_variable){.name = "batch", .whole = &r->batch};
    variables[2] = (spk_variable){.name = "sum", .real = &r->sum};
    spk_checkpoint_opts o = spk_checkpoint_options();
    o.optimizer = r->opt, o.variables = variables, o.n_variables = 3, o.settings = "T=1 lr=0.01";
    return o;
}

static inline bool save(run *r, const char *path) {
    spk_variable variables[3];
    r->epoch = spk_dataset_epoch(r->data), r->batch = spk_dataset_position(r->data);
    return spk_checkpoint_save_with(r->net, path, options_of(r, variables));
}

static inline bool load_noticed(run *r, const char *path, const char **notice) {
    spk_variable variables[3];
    spk_checkpoint_opts o = options_of(r, variables);
    o.notice = notice;
    return spk_checkpoint_load_with(r->net, path, o) && spk_dataset_seek(r->data, r->epoch, r->batch);
}

static inline bool load(run *r, const char *path) { return load_noticed(r, path, NULL); }

static inline double one_step(run *r) {
    spk_batch batch;
    if (!spk_next_batch(r->data, &batch)) spk_next_batch(r->data, &batch);
    spk_tensor *y = spk_call(r->net, spk_poisson_encode(batch.x, 1)), *loss = spk_mse(y, spk_one_hot(batch.labels, 3));
    spk_zero_grad(r->net);
    spk_backward(loss);
    spk_clip_grad_norm(r->net, 0.5);
    spk_optimizer_step(r->opt);
    const double value = spk_item(loss);
    r->sum += value;
    spk_detach(r->net);
    spk_end_step(r->ctx);
    return value;
}

static const variant usual = {"Adam, one cycle", adam, one_cycle};
/* More than any of the files has. */
enum { ROOM = 1 << 16 };

/* A run whose state is known: that of the file "b". */
static inline run known(void) {
    run r = run_of(1, &usual);
    for (int i = 0; i < 3; i++) one_step(&r);
    cr_assert(save(&r, in_folder("b")), "%s", spk_error(r.ctx));
    return r;
}

/* Nothing that a checkpoint holds has changed since. */
static inline void assert_unchanged(run *r, const char *what) {
    static unsigned char was[ROOM], is[ROOM];
    cr_assert(save(r, in_folder("c")), "%s: %s", what, spk_error(r->ctx));
    const size_t n = read_bytes(in_folder("b"), was, sizeof was);
    cr_assert(n == read_bytes(in_folder("c"), is, sizeof is) && memcmp(was, is, n) == 0, "%s: the run was changed", what);
    remove(in_folder("c")), remove(in_folder("c.previous"));
}

#endif
