/* A net of one spiking layer and one linear, run so that the spikes' gradient comes as a pending product, or so that it cannot. */
#ifndef SPK_TESTS_PRODUCT_SUPPORT_H
#define SPK_TESTS_PRODUCT_SUPPORT_H

#include "../core/support.h"

typedef enum neuron_kind { IF, LIF, PLIF, KINDS } neuron_kind;
typedef enum reset_kind { HARD_0, HARD, SOFT, RESETS } reset_kind;
/* Between the neuron and the linear. */
typedef enum between_kind { NOTHING, DROPOUT, RESHAPE, BETWEENS } between_kind;
/* What reads the spikes besides the linear. */
typedef enum second_kind { NOBODY, A_PRODUCT, A_LINEAR, A_STEP, A_SUM, SECONDS } second_kind;
/* How the gradient of the spikes is asked for. REFERENCE has spikes as numbers: their gradient is always dense. */
typedef enum variant { REFERENCE, PLAIN, SPARSE, DENSE, HOOK, RETAIN, VARIANTS } variant;
static const char *const variant_names[] = {"reference", "plain", "sparse road", "dense road", "with a hook", "with spk_retain_grad"};

typedef struct config {
    neuron_kind kind;
    const char *surrogate;
    double alpha;
    reset_kind reset;
    bool detach, decay, constant, derived, membrane; /* derived: the weight is a result; membrane: the loss reads it, too */
    between_kind between;
    second_kind second;
    int64_t T, out;
    spk_shape step;
} config;

static inline const char *text_of(const config *c, variant v) {
    static char text[600];
    snprintf(
        text, sizeof text,
        "%s: neuron %d, %s(%g), reset %d, detach %d, decay_input %d, constant %d, derived %d, membrane %d, between %d, second %d, T %d, "
        "step %s, %d outputs",
        variant_names[v], (int)c->kind, c->surrogate, c->alpha, (int)c->reset, c->detach, c->decay, c->constant, c->derived, c->membrane,
        (int)c->between, (int)c->second, (int)c->T, spk_shape_text(c->step).text, (int)c->out);
    return text;
}

enum { X, V0, WEIGHT, BIAS, OTHER, PARTS };
static const char *const part_names[] = {"x", "v0", "weight", "bias", "second weight"};

typedef struct problem {
    spk_ctx *ctx;
    spk_tensor *leaf[PARTS], *r_out, *r_spikes, *r_last;
} problem;

static inline spk_shape over_time(const config *c) {
    spk_shape shape = c->step;
    shape.dim[0] *= c->T;
    return shape;
}

static inline problem problem_of(const config *c) {
    spk_ctx *ctx = spk_ctx_create(.seed = 11);
    const int64_t in = c->step.dim[c->step.axes - 1];
    spk_shape out = over_time(c);
    out.dim[out.axes - 1] = c->out;
    const double span = c->T > 50 ? 0.8 : 1; /* keeps long runs of the IF neuron from drifting far */
    return (problem){ctx,
                     {spk_set_requires_grad(uniform(ctx, c->constant ? c->step : over_time(c), -0.9 * span, 2.1 * span), true),
                      spk_set_requires_grad(uniform(ctx, c->step, -0.5, 0.7), true), parameter(ctx, SPK_SHAPE(in, c->out)),
                      parameter(ctx, SPK_SHAPE(c->out)), parameter(ctx, SPK_SHAPE(in, 5))},
                     uniform(ctx, out, -1, 1),
                     uniform(ctx, over_time(c), -1, 1),
                     uniform(ctx, c->step, -1, 1)};
}

static inline spk_module *neuron_of(spk_ctx *ctx, const config *c, bool bits) {
    spk_lif_opts o = spk_lif_options();
    o.tau = 1.7, o.decay_input = c->decay, o.v_threshold = 0.8;
    o.v_reset = c->reset == SOFT ? SPK_NONE : c->reset == HARD ? -0.25 : 0;
    o.surrogate_function = spk_surrogate_of(c->surrogate, .alpha = c->alpha > 0 ? c->alpha : SPK_NONE);
    o.detach_reset = c->detach, o.parallel_optim = true, o.T = c->T, o.spike_out = bits;
    if (c->kind == IF) return spk_if_with(ctx, spk_base_node_part(o));
    return c->kind == LIF ? spk_lif_with(ctx, o) : spk_plif_with(ctx, o);
}

static inline void count_call(spk_tensor *x, int64_t n, spk_real *gradient, void *user) {
    (void)x;
    cr_assert(gradient, "a hook is given no gradient");
    *(int64_t *)user += n;
}

static inline spk_tensor *between(const config *c, spk_tensor *spikes) {
    if (c->between == DROPOUT) {
        spk_seed(spk_tensor_ctx(spikes), 3);
        spikes = spk_dropout(spk_bits(spikes), .p = 0.3); /* of bits always: the mask's place in the random stream follows the storage */
    } else if (c->between == RESHAPE) {
        spikes = spk_reshape(spikes, spk_tensor_shape(spikes));
    }
    return spikes;
}

static inline spk_tensor *loss_of(const problem *p, const config *c, spk_tensor *spikes, spk_tensor *v) {
    spk_tensor *weight = c->derived ? spk_scale(p->leaf[WEIGHT], 1.5) : p->leaf[WEIGHT];
    spk_tensor *loss = spk_sum(spk_multiply(spk_linear(between(c, spikes), weight, p->leaf[BIAS]), p->r_out));
    if (c->second == A_PRODUCT) loss = spk_add(loss, spk_sum(spk_multiply(spikes, p->r_spikes)));
    if (c->second == A_LINEAR) loss = spk_add(loss, spk_sum(spk_tanh(spk_linear(spikes, p->leaf[OTHER], NULL))));
    if (c->second == A_STEP) loss = spk_add(loss, spk_sum(spk_linear(spk_time_step(spikes, c->T, c->T / 2), p->leaf[OTHER], NULL)));
    if (c->second == A_SUM) loss = spk_add(loss, spk_scale(spk_add(spk_sum(spikes), spk_mean(spikes)), 0.3));
    return c->membrane ? spk_add(loss, spk_sum(spk_multiply(v, p->r_last))) : loss;
}

typedef struct outcome {
    spk_tensor *spikes, *grad[PARTS], *gw; /* gw: of ParametricLIF's w */
    double rate;
} outcome;

static inline spk_tensor *kept_grad(spk_tensor *x) {
    spk_tensor *g = x && spk_grad(x) ? spk_keep(spk_grad(x)) : NULL;
    if (x) spk_clear_grad(x);
    return g;
}

/* Runs a variant, with backward `times` times over the same records. */
static inline outcome run_net(const problem *p, const config *c, spk_module *neuron, variant v, int times) {
    const char *name = text_of(c, v);
    spk_set_road(p->ctx, v == SPARSE ? SPK_ROAD_SPARSE : v == DENSE || v == REFERENCE ? SPK_ROAD_DENSE : SPK_ROAD_AUTO);
    spk_set_memory(neuron, "v", p->leaf[V0]);
    spk_tensor *spikes = spk_call(neuron, c->constant ? spk_repeat_over_time(p->leaf[X], c->T) : p->leaf[X]);
    cr_assert_eq(spk_tensor_storage(spikes), v == REFERENCE ? SPK_DENSE : SPK_BITS, "%s: storage", name);
    int64_t seen = 0;
    if (v == HOOK) spk_add_grad_hook(spikes, count_call, &seen);
    if (v == RETAIN) spk_retain_grad(spikes);
    spk_tensor *loss = loss_of(p, c, spikes, spk_v(neuron));
    for (int i = 0; i < times; i++) cr_assert(spk_backward(loss, .retain = true), "%s: %s", name, spk_error(p->ctx));
    if (v == HOOK) cr_assert_eq(seen, times * spk_size(spikes), "%s: the hook saw %lld numbers", name, (long long)seen);
    if (v == RETAIN) cr_assert(spk_grad(spikes) && spk_size(spk_grad(spikes)) == spk_size(spikes), "%s: not retained", name);
    outcome o = {.spikes = spk_keep(spikes), .rate = spk_firing_rate(neuron)};
    for (int k = 0; k < PARTS; k++) o.grad[k] = kept_grad(p->leaf[k]);
    o.gw = kept_grad(spk_find_tensor(neuron, "w"));
    assert_fine(p->ctx, name);
    spk_reset(neuron);
    spk_end_step(p->ctx);
    return o;
}

static inline double largest_of(spk_tensor *x) {
    double largest = 0;
    for (int64_t i = 0; x && i < spk_size(x); i++) largest = fmax(largest, fabs((double)spk_data(x)[i]));
    return largest;
}

/* A gradient is compared relative to the largest of its tensor, or to `scale`. */
static inline void assert_gradient(spk_tensor *got, spk_tensor *wanted, double factor, double scale, const char *what, const char *name) {
    cr_assert(!got == !wanted, "%s: gradient of %s is missing in one", name, what);
    const double largest = fmax(scale, factor * largest_of(wanted));
    for (int64_t i = 0; got && i < spk_size(got); i++) {
        const double a = (double)spk_data(got)[i], b = factor * (double)spk_data(wanted)[i];
        cr_assert(isfinite(b) && fabs(a - b) <= ROUNDING * largest, "%s: gradient of %s: element %lld is %.9g, should be %.9g", name, what,
                  (long long)i, a, b);
    }
}

static inline void assert_outcome(const outcome *got, const outcome *wanted, double factor, const char *name) {
    assert_same(got->spikes, wanted->spikes, 0, name);
    for (int k = 0; k < PARTS; k++) assert_gradient(got->grad[k], wanted->grad[k], factor, 0, part_names[k], name);
    assert_gradient(got->gw, wanted->gw, factor, factor * largest_of(wanted->grad[X]), "w", name); /* a sum that may cancel */
}

static inline void assert_bits_equal(spk_tensor *got, spk_tensor *wanted, const char *what, const char *name) {
    cr_assert(!got == !wanted, "%s: %s is missing in one", name, what);
    if (!got) return;
    for (int64_t i = 0; i < spk_size(got); i++)
        cr_assert(memcmp(spk_data(got) + i, spk_data(wanted) + i, sizeof(spk_real)) == 0, "%s: %s %lld is %.17g, should be %.17g", name,
                  what, (long long)i, (double)spk_data(got)[i], (double)spk_data(wanted)[i]);
}

#endif
