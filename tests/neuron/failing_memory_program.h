/* The program whose memory fails: a net with all kinds of layers, trained, evaluated, saved and loaded in several ways. */
#ifndef SPK_TESTS_FAILING_MEMORY_PROGRAM_H
#define SPK_TESTS_FAILING_MEMORY_PROGRAM_H

#include "../core/failing_memory.h"
#include "data/idx.h"
#include "nn/optimizer_internal.h"
#include <dirent.h>
#include <unistd.h>
#include <zlib.h>

enum { IN = 16, HIDDEN = 40, CLASSES = 5, T = 4, SAMPLES = 8, BATCH = 6 };

/* What is trained, and how. */
typedef struct plan {
    const char *name;
    bool bits, stepwise, hooks, constant; /* spikes as bits; one step a call, in windows; hooks everywhere; constant input, else Poisson */
    const char *surrogate;
    spk_road road;
    int optimizer, schedule, threads;
    bool guarded; /* under spk_detect_anomaly and spk_watch_health */
} plan;

static const plan plans[] = {
    {"bits, by sparse roads", .bits = true, .surrogate = "piecewise_quadratic", .road = SPK_ROAD_SPARSE, .threads = 1},
    {"bits, by dense roads", .bits = true, .surrogate = "atan", .road = SPK_ROAD_DENSE, .optimizer = 1, .schedule = 1, .threads = 2},
    {"floats and hooks", .hooks = true, .constant = true, .surrogate = "sigmoid", .optimizer = 2, .schedule = 2, .threads = 1},
    {"bits and hooks", .bits = true, .hooks = true, .constant = true, .surrogate = "piecewise_quadratic", .optimizer = 3, .threads = 1},
    {"bits, roads by density", .bits = true, .surrogate = "piecewise_quadratic", .optimizer = 3, .threads = 1, .guarded = true},
    {"windows", .stepwise = true, .surrogate = "atan", .optimizer = 4, .schedule = 3, .threads = 1},
};

typedef struct files {
    char folder[64], images[96], answers[96], net[96];
} files;

typedef struct run {
    const plan *plan;
    spk_ctx *ctx;
    heap heap;
    spk_module *net;
    spk_optimizer *optimizer;
    spk_schedule *schedule;
    spk_dataset *data;
    spk_tensor *x, *labels;
    int64_t rewound; /* the epoch of the batch */
    files files;
} run;

/* A neuron of one's own, from ops, with a second memory. */

typedef struct own_node {
    spk_base_node base;
    spk_tensor *leak;
} own_node;

static inline spk_tensor *own_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v) {
    return spk_add(spk_multiply(v, ((own_node *)node)->leak), x);
}

static inline spk_tensor *own_reset(spk_base_node *node, spk_tensor *h, spk_tensor *spikes) {
    spk_tensor *a = spk_memory_like(&node->module, "a", h);
    spk_set_memory(&node->module, "a", spk_add(spk_scale(a, 0.5), spikes));
    return spk_soft_reset(h, spikes, 0.5);
}

static const spk_neuron_type own_type = {
    .module = SPK_NEURON_MODULE("own", own_node, spk_base_node_repr), .neuronal_dynamics = own_dynamics, .neuronal_reset = own_reset};

static inline spk_module *own_neuron(spk_ctx *ctx, spk_base_node_opts o) {
    own_node *node = spk_base_node_create(ctx, &own_type, o);
    if (!node) return spk_inert_module();
    node->leak = spk_register_parameter(&node->base.module, "leak", SPK_SCALAR);
    spk_fill(node->leak, 0.75);
    return spk_register_memory(&node->base.module, "a", 0.125) ? &node->base.module : spk_inert_module();
}

static inline spk_tensor *same(spk_module *module, spk_tensor *x, void *user) { return (void)module, (void)user, spk_scale(x, 1); }
static inline spk_tensor *after(spk_module *module, spk_tensor *x, spk_tensor *y, void *user) {
    return (void)module, (void)x, (void)user, y;
}
static inline void look(spk_tensor *x, int64_t n, spk_real *gradient, void *user) { (void)x, (void)n, (void)gradient, (void)user; }

static inline spk_module *network(spk_ctx *ctx, const plan *p) {
    const bool at_once = !p->stepwise;
    const int64_t steps = at_once ? T : 1;
    spk_base_node_opts own = spk_base_node_options();
    own.surrogate_function = spk_surrogate_of(p->surrogate), own.parallel_optim = at_once, own.T = steps;
    const spk_surrogate s = spk_surrogate_of(p->surrogate);
    spk_module *parts[] = {
        spk_flatten_layer(ctx),
        spk_linear_layer(ctx, IN, HIDDEN),
        spk_batch_norm1d(ctx, HIDDEN),
        spk_lif(ctx, .surrogate_function = s, .parallel_optim = at_once, .T = steps, .spike_out = p->bits, .v_threshold = 0.5),
        spk_dropout_layer(ctx, .p = 0.25, .T = steps),
        spk_linear_layer(ctx, HIDDEN, HIDDEN),
        spk_if(ctx, .surrogate_function = s, .parallel_optim = at_once, .T = steps, .spike_out = p->bits, .v_reset = SPK_NONE),
        spk_linear_layer(ctx, HIDDEN, CLASSES),
        spk_batch_norm1d(ctx, CLASSES, .affine = false),
        own_neuron(ctx, own),
        spk_relu_layer(ctx),
        spk_linear_layer(ctx, CLASSES, CLASSES, .bias = false),
        spk_plif(ctx, .surrogate_function = s, .parallel_optim = at_once, .T = steps, .detach_reset = true, .store_v_seq = true),
    };
    return spk_sequential_of(ctx, (int)(sizeof parts / sizeof *parts), parts);
}

/* Phases. */

static inline bool build(void *self) {
    run *r = self;
    spk_seed(r->ctx, 7); /* again: weights of an attempt that failed were drawn */
    r->net = network(r->ctx, r->plan);
    for (int i = 3; r->plan->hooks && i <= 6; i += 3) {
        const char name[] = {(char)('0' + i), '\0'};
        spk_add_forward_pre_hook(spk_find_module(r->net, name), same, NULL);
        spk_add_forward_hook(spk_find_module(r->net, name), after, NULL);
    }
    if (r->plan->hooks) spk_add_grad_hook(spk_find_tensor(r->net, "5.weight"), look, NULL);
    const int kind = r->plan->optimizer;
    r->optimizer = kind == 0   ? spk_adam(r->net, .lr = 1e-2)
                   : kind == 1 ? spk_adamw(r->net, .lr = 1e-2, .weight_decay = 0.1)
                   : kind == 2 ? spk_sgd(r->net, .lr = 0.1)
                   : kind == 3 ? spk_sgd(r->net, .lr = 0.1, .momentum = 0.9, .nesterov = true)
                               : spk_sgd(r->net, .lr = 0.1, .momentum = 0.9, .dampening = 0.5);
    spk_optimizer_add_group(r->optimizer, spk_find_module(r->net, "5"), .lr = 2e-2);
    spk_optimizer *o = r->optimizer;
    r->schedule = r->plan->schedule == 0   ? spk_one_cycle_lr(o, .steps = 20)
                  : r->plan->schedule == 1 ? spk_cosine_lr(o, .steps = 20)
                  : r->plan->schedule == 2 ? spk_step_lr(o, .step_size = 2)
                                           : spk_warmup_lr(o, .steps = 10);
    spk_detect_anomaly(r->ctx, r->plan->guarded);
    if (r->plan->guarded) spk_watch_health(r->net, .every = 1); /* each step alike */
    spk_end_step(r->ctx);
    return !spk_failed(r->ctx);
}

/* The files' samples, of which one was held out; a batch is kept, augmented. */
static inline bool load_data(void *self) {
    run *r = self;
    spk_dataset *old = r->data;
    r->data = spk_dataset_idx(r->ctx, r->files.images, r->files.answers, .batch = BATCH, .shuffle = true);
    spk_dataset *held_out = spk_dataset_split(r->data, 1);
    if (spk_failed(r->ctx)) {
        spk_dataset_destroy(r->data);
        spk_dataset_destroy(held_out);
        r->data = old;
        return false;
    }
    spk_dataset_destroy(old);
    spk_dataset_sample(held_out, 0);
    spk_dataset_destroy(held_out);
    spk_end_step(r->ctx);
    return !spk_failed(r->ctx);
}

static inline bool take_batch(void *self) {
    run *r = self;
    spk_batch batch;
    spk_dataset_rewind(r->data, r->rewound);
    if (!spk_next_batch(r->data, &batch)) return false;
    spk_tensor *x = spk_keep(spk_affine(spk_affine_augment(batch.x), .rotation = 5)), *labels = spk_keep(batch.labels);
    if (spk_failed(r->ctx)) {
        spk_tensor_destroy(x);
        spk_tensor_destroy(labels);
        return false;
    }
    spk_tensor_destroy(r->x), spk_tensor_destroy(r->labels);
    r->x = x, r->labels = labels;
    r->rewound++;
    spk_end_step(r->ctx);
    return true;
}

static inline spk_tensor *loss_of(const run *r, spk_tensor *y, int64_t steps) {
    spk_tensor *labels = r->labels, *v = spk_v_seq(spk_find_module(r->net, "12"));
    spk_tensor *loss = spk_add(spk_spike_cross_entropy(y, labels, steps, 0.1), spk_membrane_cross_entropy(v, labels, steps));
    loss = spk_add(loss, spk_rate_mse(y, labels, steps));
    return spk_add(loss, spk_rate_penalty(spk_spikes(spk_find_module(r->net, "3")), 0.05, 0.5));
}

/* Backward, and the optimizer as the last thing that can fail. */
static inline void learn(run *r, spk_tensor *loss) {
    spk_zero_grad(r->net);
    spk_backward(loss);
    spk_clip_grad_norm(r->net, 1);
    spk_detach(r->net);
    spk_optimizer_step(r->optimizer);
    spk_schedule_step(r->schedule);
}

static inline bool train(void *self) {
    run *r = self;
    if (r->plan->stepwise) { /* a window of two steps, whose membranes go on */
        spk_tensor *seen = spk_call(r->net, r->x), *y = spk_call(r->net, r->x);
        learn(r, spk_add(loss_of(r, y, 1), spk_mse(y, seen)));
    } else {
        spk_tensor *x = r->plan->constant ? spk_constant_encode(r->x, T) : spk_poisson_encode(r->x, T);
        spk_tensor *y = spk_call(r->net, x);
        if (r->plan->hooks) {
            spk_add_grad_hook(spk_spikes(spk_find_module(r->net, "3")), look, NULL);
            spk_retain_grad(spk_spikes(spk_find_module(r->net, "6")));
        }
        learn(r, loss_of(r, y, T));
        spk_reset(r->net);
    }
    spk_end_step(r->ctx);
    return !spk_failed(r->ctx);
}

static inline bool evaluate(void *self) {
    run *r = self;
    int64_t correct = 0;
    spk_eval(r->net);
    SPK_NO_GRAD(r->ctx) {
        const int64_t steps = r->plan->stepwise ? 1 : T;
        spk_tensor *y = spk_call(r->net, spk_repeat_over_time(r->x, steps));
        correct = spk_count_correct(spk_mean_over_time(y, steps), r->labels);
        spk_firing_rate(spk_find_module(r->net, "3"));
        spk_softmax(y);
        spk_latency_encode(r->x, T);
    }
    spk_train(r->net);
    if (!spk_failed(r->ctx)) cr_assert(correct >= 0 && *spk_repr(r->net) | spk_failed(r->ctx), "evaluated");
    spk_end_step(r->ctx);
    return !spk_failed(r->ctx);
}

static inline bool save(void *self) { return spk_save(((run *)self)->net, ((run *)self)->files.net); }
static inline bool load(void *self) { return spk_load(((run *)self)->net, ((run *)self)->files.net); }

static const phase phases[] = {{"data", load_data},      {"batch", take_batch}, {"step 1", train}, {"step 2", train},    {"save", save},
                               {"evaluation", evaluate}, {"batch", take_batch}, {"load", load},    {"save again", save}, {"step 3", train}};
enum { PHASES = sizeof phases / sizeof *phases };

/* What must not change. */

static inline uint64_t of_tensor(uint64_t hash, const spk_tensor *x) {
    if (!x) return hash_bytes(hash, "", 1);
    hash = hash_bytes(hash, x->shape.dim, (size_t)x->shape.axes * sizeof *x->shape.dim);
    return hash_bytes(hash, x->data, spk_bytes(x->size));
}

static inline uint64_t of_optimizer(uint64_t hash, const spk_optimizer *o) {
    for (int64_t i = 0; i < o->count; i++) {
        hash = hash_bytes(hash, &o->optimized[i].steps, sizeof o->optimized[i].steps);
        for (int k = 0; k < o->type->moments; k++) { /* of zeros, or not made yet: the same */
            const spk_tensor *m = o->optimized[i].moment[k];
            bool zero = true;
            for (int64_t j = 0; m && zero && j < m->size; j++) zero = spk_reals(m)[j] == 0;
            if (!zero) hash = of_tensor(hash, m);
        }
    }
    return hash;
}

static inline uint64_t fingerprint(const void *self) {
    const run *r = self;
    uint64_t hash = HASH_START;
    for (spk_walk w = spk_walk_slots(r->net, ~0u); spk_walk_next(&w);) {
        hash = of_tensor(hash, w.slot->tensor);
        hash = hash_bytes(hash, &w.slot->ended, sizeof w.slot->ended);
    }
    for (const spk_module *m = r->net; m; m = spk_next_module(r->net, m)) hash = hash_bytes(hash, &m->training, sizeof m->training);
    if (r->optimizer) hash = of_optimizer(hash, r->optimizer);
    if (r->schedule) hash = hash_bytes(hash, &r->schedule->step, sizeof r->schedule->step);
    hash = of_tensor(of_tensor(hash, r->x), r->labels);
    hash = hash_bytes(hash, &r->ctx->random, sizeof r->ctx->random);
    return hash_bytes(hash, &r->ctx->grad_disabled, sizeof r->ctx->grad_disabled);
}

/* No file is left but the two of the data and the one that was saved. */
static inline void look_at_files(void *self) {
    const run *r = self;
    DIR *folder = opendir(r->files.folder);
    int n = -2;
    cr_assert(folder);
    while (readdir(folder)) n++;
    closedir(folder);
    cr_assert(n == 2 + (access(r->files.net, F_OK) == 0), "%d files", n);
}

/* The samples as files: plain images, packed labels. */
static inline void write_files(run *r) {
    unsigned char images[16 + SAMPLES * IN] = {0, 0, 8, 3, 0, 0, 0, SAMPLES, 0, 0, 0, 4, 0, 0, 0, 4},
                                        labels[8 + SAMPLES] = {0, 0, 8, 1, 0, 0, 0, SAMPLES};
    for (int i = 0; i < SAMPLES * IN; i++) images[16 + i] = (unsigned char)(i * 37 % 256);
    for (int i = 0; i < SAMPLES; i++) labels[8 + i] = (unsigned char)(i % CLASSES);
    strcpy(r->files.folder, "/tmp/spk_failing_XXXXXX");
    cr_assert(mkdtemp(r->files.folder));
    snprintf(r->files.images, sizeof r->files.images, "%s/images", r->files.folder);
    snprintf(r->files.answers, sizeof r->files.answers, "%s/labels.gz", r->files.folder);
    snprintf(r->files.net, sizeof r->files.net, "%s/net", r->files.folder);
    FILE *plain = fopen(r->files.images, "wb");
    gzFile packed = gzopen(r->files.answers, "wb");
    cr_assert(plain && packed && fwrite(images, 1, sizeof images, plain) == sizeof images &&
              gzwrite(packed, labels, sizeof labels) == (int)sizeof labels);
    fclose(plain), gzclose(packed);
}

static inline void remove_files(const run *r) {
    unlink(r->files.images), unlink(r->files.answers), unlink(r->files.net);
    cr_assert_eq(rmdir(r->files.folder), 0, "a file is left in %s", r->files.folder);
}

static inline run begin(const plan *p, size_t largest) {
    run r = {.plan = p, .heap = {.largest = largest}};
    spk_set_threads(p->threads);
    write_files(&r);
    return r;
}

#endif
