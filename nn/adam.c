/* Adam and AdamW. */
#include "nn/optimizer_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"

typedef struct adam {
    spk_optimizer base;
    spk_adam_opts options;
} adam;

/* Everything the loop needs, in the loop's precision. */
typedef struct work {
    const spk_update *u;
    spk_real shrink, weight_decay; /* p is multiplied by the one, and the gradient gets the other times p */
    spk_real beta1, rest1, beta2, rest2, step_size, root, eps;
} work;

SPK_CLONES static void adam_range(void *v, int64_t begin, int64_t end) {
    const work w = *(const work *)v;
    spk_real *restrict p = w.u->p, *restrict m = w.u->moment[0], *restrict s = w.u->moment[1];
    const spk_real *restrict g = w.u->g;
    for (int64_t i = begin; i < end; i++) {
        const spk_real decayed = g[i] + w.weight_decay * p[i];
        m[i] = w.beta1 * m[i] + w.rest1 * decayed;
        s[i] = w.beta2 * s[i] + w.rest2 * decayed * decayed;
        p[i] = w.shrink * p[i] - w.step_size * m[i] / (spk_sqrt_scalar(s[i]) * w.root + w.eps);
    }
}

static void update(const spk_optimizer *optimizer, const spk_update *u, double shrink, double weight_decay) {
    const spk_adam_opts *o = &((const adam *)optimizer)->options;
    const double t = (double)u->step;
    work w = {.u = u,
              .shrink = (spk_real)shrink,
              .weight_decay = (spk_real)weight_decay,
              .beta1 = (spk_real)o->beta1,
              .rest1 = (spk_real)(1 - o->beta1),
              .beta2 = (spk_real)o->beta2,
              .rest2 = (spk_real)(1 - o->beta2),
              .step_size = (spk_real)(u->lr / (1 - pow(o->beta1, t))),
              .root = (spk_real)(1 / sqrt(1 - pow(o->beta2, t))),
              .eps = (spk_real)o->eps};
    spk_parallel(u->n, SPK_GRAIN_ELEMENTS, adam_range, &w);
}

static void adam_update(const spk_optimizer *optimizer, const spk_update *u) { update(optimizer, u, 1, u->weight_decay); }
static void adamw_update(const spk_optimizer *optimizer, const spk_update *u) { update(optimizer, u, 1 - u->lr * u->weight_decay, 0); }

static void describe(const spk_optimizer *optimizer, spk_text *text) {
    const spk_adam_opts *o = &((const adam *)optimizer)->options;
    spk_add_option(text, "beta1", o->beta1);
    spk_add_option(text, "beta2", o->beta2);
    spk_add_option(text, "eps", o->eps);
}

static const spk_optimizer_type adam_type = {
    .name = "spk_adam", .size = sizeof(adam), .moments = 2, .update = adam_update, .describe = describe};
static const spk_optimizer_type adamw_type = {
    .name = "spk_adamw", .size = sizeof(adam), .moments = 2, .update = adamw_update, .describe = describe};

static spk_optimizer *create(spk_module *module, const spk_optimizer_type *type, spk_adam_opts options) {
    spk_ctx *ctx = spk_module_ctx(module);
    const char *in_range = "in [0, 1)", *who = type->name;
    if (!spk_check_option(ctx, options.beta1 >= 0 && options.beta1 < 1, who, "beta1", options.beta1, in_range)) return NULL;
    if (!spk_check_option(ctx, options.beta2 >= 0 && options.beta2 < 1, who, "beta2", options.beta2, in_range)) return NULL;
    /* After rounding, too: with 0 a parameter whose gradient is 0 would become 0 / 0. */
    if (!spk_check_option(ctx, (spk_real)options.eps > 0 && isfinite((spk_real)options.eps), who, "eps", options.eps,
                          "a finite number above 0"))
        return NULL;
    adam *opt = spk_optimizer_create(module, type, options.lr, options.weight_decay);
    if (!opt) return NULL;
    opt->options = options;
    return &opt->base;
}

spk_adam_opts spk_adam_options(void) { return (spk_adam_opts){SPK_ADAM_DEFAULTS}; }
spk_adam_opts spk_adamw_options(void) { return (spk_adam_opts){SPK_ADAMW_DEFAULTS}; }

spk_optimizer *spk_adam_with(spk_module *module, spk_adam_opts options) { return create(module, &adam_type, options); }
spk_optimizer *spk_adamw_with(spk_module *module, spk_adam_opts options) { return create(module, &adamw_type, options); }
