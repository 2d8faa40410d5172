/* Stochastic gradient descent. */
#include "nn/optimizer_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"

typedef struct sgd {
    spk_optimizer base;
    spk_sgd_opts options;
} sgd;

/* Everything a loop needs, in the loop's precision. The step is p -= lr (along_g g' + along_b b). */
typedef struct work {
    const spk_update *u;
    spk_real lr, weight_decay, keep, add, along_g, along_b;
} work;

SPK_CLONES static void plain_range(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    spk_real *restrict p = w->u->p;
    const spk_real *restrict g = w->u->g;
    const spk_real lr = w->lr, weight_decay = w->weight_decay;
    for (int64_t i = begin; i < end; i++) p[i] -= lr * (g[i] + weight_decay * p[i]);
}

SPK_CLONES static void momentum_range(void *v, int64_t begin, int64_t end) {
    const work w = *(const work *)v;
    spk_real *restrict p = w.u->p, *restrict b = w.u->moment[0];
    const spk_real *restrict g = w.u->g;
    for (int64_t i = begin; i < end; i++) {
        const spk_real decayed = g[i] + w.weight_decay * p[i];
        b[i] = w.keep * b[i] + w.add * decayed;
        p[i] -= w.lr * (w.along_g * decayed + w.along_b * b[i]);
    }
}

static void plain_update(const spk_optimizer *optimizer, const spk_update *u) {
    (void)optimizer;
    work w = {.u = u, .lr = (spk_real)u->lr, .weight_decay = (spk_real)u->weight_decay};
    spk_parallel(u->n, SPK_GRAIN_ELEMENTS, plain_range, &w);
}

static void momentum_update(const spk_optimizer *optimizer, const spk_update *u) {
    const spk_sgd_opts *options = &((const sgd *)optimizer)->options;
    work w = {.u = u,
              .lr = (spk_real)u->lr,
              .weight_decay = (spk_real)u->weight_decay,
              .keep = (spk_real)options->momentum,
              .add = (spk_real)(u->step == 1 ? 1 : 1 - options->dampening), /* as PyTorch: the first gradient counts whole */
              .along_g = options->nesterov ? 1 : 0,
              .along_b = options->nesterov ? (spk_real)options->momentum : 1};
    spk_parallel(u->n, SPK_GRAIN_ELEMENTS, momentum_range, &w);
}

static void describe(const spk_optimizer *optimizer, spk_text *text) {
    const spk_sgd_opts *o = &((const sgd *)optimizer)->options;
    spk_add_option(text, "momentum", o->momentum);
    spk_add_option(text, "dampening", o->dampening);
    spk_add_option(text, "nesterov", o->nesterov);
}

static const spk_optimizer_type plain = {.name = "spk_sgd", .size = sizeof(sgd), .update = plain_update, .describe = describe};
static const spk_optimizer_type with_momentum = {
    .name = "spk_sgd", .size = sizeof(sgd), .moments = 1, .update = momentum_update, .describe = describe};

static bool check(spk_ctx *ctx, const spk_sgd_opts *options) {
    const char *who = plain.name;
    if (!spk_check_not_negative(ctx, who, "momentum", options->momentum)) return false;
    if (!spk_check_option(ctx, options->dampening >= 0 && options->dampening <= 1, who, "dampening", options->dampening, "in [0, 1]"))
        return false;
    if (!options->nesterov || (options->momentum > 0 && options->dampening <= 0)) return true;
    spk_fail(ctx, "%s: .nesterov needs .momentum above 0 and .dampening 0, which are %g and %g", who, options->momentum,
             options->dampening);
    return false;
}

spk_sgd_opts spk_sgd_options(void) { return (spk_sgd_opts){SPK_SGD_DEFAULTS}; }

spk_optimizer *spk_sgd_with(spk_module *module, spk_sgd_opts options) {
    if (!check(spk_module_ctx(module), &options)) return NULL;
    sgd *opt = spk_optimizer_create(module, options.momentum > 0 ? &with_momentum : &plain, options.lr, options.weight_decay);
    if (!opt) return NULL;
    opt->options = options;
    return &opt->base;
}
