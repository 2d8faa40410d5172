/* What is counted of watched neurons. What is said about it: health_report.c. */
#include "neuron/health_internal.h"
#include "autograd/tape.h"
#include "core/bits_internal.h"
#include "core/context_internal.h"
#include "core/dots_internal.h"
#include "core/numeric_internal.h"
#include "neuron/base_node.h"
#include "nn/module_internal.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Slopes are summed in units of 2^-20 of the slope at the threshold: whole numbers, so that the order in which threads add does not matter.
 */
#define UNIT 1048576.0

static void release(spk_object *object) {
    spk_health *health = (spk_health *)object;
    for (int i = 0; i < health->count; i++) spk_release(object->ctx, health->layer[i].words);
    spk_release(object->ctx, health->layer);
    spk_text_free(&health->report);
}

static const spk_object_type health_object = {.name = "health", .destroy = release};

/* Spikes. */

/* The layer's three sets of a sample's neurons: that ever fired, that always did, and room for one sample. False without memory. */
static bool make_words(spk_watched *layer, spk_ctx *ctx, int64_t words, int64_t neurons) {
    if (!layer->words) {
        const spk_activity was = spk_doing_function(ctx, "spk_watch_health");
        layer->words = spk_allocate(ctx, 3 * (size_t)words * sizeof *layer->words);
        spk_done(ctx, was);
        layer->n_words = words, layer->neurons = neurons;
        for (int64_t i = 0; layer->words && i < words; i++) layer->words[words + i] = UINT64_MAX;
    }
    if (layer->n_words != words || layer->neurons != neurons) layer->changed = true;
    return layer->words && !layer->changed;
}

static void count_sample(spk_watched *layer, const uint64_t *fired) {
    uint64_t *ever = layer->words, *always = ever + layer->n_words;
    for (int64_t i = 0; i < layer->n_words; i++) {
        ever[i] |= fired[i];
        always[i] &= fired[i];
    }
}

/* Elements of one sample at one step. */
static int64_t sample_size(const spk_base_node *node, const spk_tensor *spikes) {
    const int64_t first = spikes->shape.axes > 1 ? spikes->shape.dim[0] : node->parallel_optim ? node->T : 1;
    return first ? spikes->size / first : 0;
}

static void count_bits(spk_watched *layer, const spk_tensor *spikes, int64_t neurons) {
    const int64_t words = spikes->row ? neurons / spikes->row * spk_words_of(spikes->row) : 0;
    const uint64_t *fired = spikes->data;
    layer->spikes += spk_bits_count(spk_rows(spikes) * spk_words_of(spikes->row), fired);
    if (!words || neurons % spikes->row || !make_words(layer, spikes->object.ctx, words, neurons)) return;
    for (int64_t i = 0; i < spikes->size / neurons; i++) count_sample(layer, fired + i * words);
}

static void count_dense(spk_watched *layer, const spk_tensor *spikes, int64_t neurons) {
    const int64_t words = spk_words_of(neurons);
    if (!words || !make_words(layer, spikes->object.ctx, words, neurons)) return;
    uint64_t *fired = layer->words + 2 * words;
    for (int64_t i = 0; i < spikes->size / neurons; i++) {
        spk_bits_pack(neurons, spk_reals(spikes) + i * neurons, fired);
        layer->spikes += spk_bits_count(words, fired);
        count_sample(layer, fired);
    }
}

/* Slopes. */

/* In 16 sums side by side, so that the loop vectorises; a piece is short, so that sums of reals do. */
SPK_CLONES static double sum_of_slopes(int64_t n, const spk_real *slope) {
    enum { LANES = 16 };
    spk_real lane[LANES] = {0};
    const int64_t whole = n / LANES * LANES;
    for (int64_t i = 0; i < whole; i += LANES)
        for (int k = 0; k < LANES; k++) lane[k] += spk_abs_scalar(slope[i + k]);
    for (int64_t i = whole; i < n; i++) lane[i - whole] += spk_abs_scalar(slope[i]);
    double sum = 0;
    for (int k = 0; k < LANES; k++) sum += (double)lane[k];
    return sum;
}

/* The surrogate that stands behind a watched one, with the parameters that it has now. */
static spk_surrogate behind(const spk_surrogate *s) {
    const spk_watched *layer = s->user;
    spk_surrogate own = *s;
    own.grad = layer->grad, own.primitive = layer->primitive, own.user = layer->user;
    return own;
}

static void watched_grad(const spk_surrogate *s, int64_t n, const spk_real *x, spk_real *out) {
    spk_watched *layer = s->user;
    const spk_surrogate own = behind(s);
    own.grad(&own, n, x, out);
    const double sum = sum_of_slopes(n, out) / layer->peak * UNIT;
    if (!(sum < 1e15)) return; /* a surrogate that is not finite */
    atomic_fetch_add_explicit(&layer->slopes, (int64_t)(sum + 0.5), memory_order_relaxed);
    atomic_fetch_add_explicit(&layer->slope_count, n, memory_order_relaxed);
}

static void watched_primitive(const spk_surrogate *s, int64_t n, const spk_real *x, spk_real *out) {
    const spk_surrogate own = behind(s);
    own.primitive(&own, n, x, out);
}

/* For the time of a forward, whose op copies the surrogate, the neuron has one that counts. */
static void watch_surrogate(spk_watched *layer, spk_surrogate *s) {
    const spk_real at_threshold = 0;
    spk_real peak = 0;
    if (!s->grad || s->grad == watched_grad) return;
    s->grad(s, 1, &at_threshold, &peak);
    layer->peak = peak > 0 && isfinite(peak) ? (double)peak : 1;
    layer->grad = s->grad, layer->primitive = s->primitive, layer->user = s->user;
    s->grad = watched_grad, s->primitive = s->primitive ? watched_primitive : NULL, s->user = layer;
}

static void unwatch_surrogate(spk_surrogate *s) {
    if (s->grad == watched_grad) *s = behind(s);
}

/* Gradients. */

static void count_gradient(spk_tensor *x, int64_t n, spk_real *gradient, void *user) {
    spk_watched *layer = user;
    (void)x;
    layer->squares += spk_sum_of_squares(n, gradient);
    layer->has_gradient = true;
}

/* Hooks of the module. */

static spk_tensor *before(spk_module *module, spk_tensor *x, void *user) {
    spk_watched *layer = user;
    spk_ctx *ctx = module->object.ctx;
    if (!module->training || ctx->failed) return NULL;
    if (!layer->neuron_steps) snprintf(layer->name, sizeof layer->name, "%s", spk_module_path(module));
    if (layer->step != ctx->step) layer->step = ctx->step, layer->steps++;
    if ((layer->steps - 1) % layer->every) return NULL;
    watch_surrogate(layer, &((spk_base_node *)module)->surrogate_function);
    if (spk_tensor_lives(ctx, x) && x->record)
        spk_add_grad_hook(x, count_gradient, layer); /* a leaf's would stay when the step has ended */
    return NULL;
}

static spk_tensor *after(spk_module *module, spk_tensor *x, spk_tensor *y, void *user) {
    spk_watched *layer = user;
    spk_base_node *node = (spk_base_node *)module;
    (void)x, (void)y;
    unwatch_surrogate(&node->surrogate_function);
    if (!module->training || module->object.ctx->failed) return NULL;
    const spk_tensor *spikes = node->spikes;
    const int64_t neurons = sample_size(node, spikes);
    layer->smooth = !node->surrogate_function.spiking;
    layer->neuron_steps += spikes->size;
    if (layer->smooth) return NULL;
    if (spikes->storage == SPK_BITS) count_bits(layer, spikes, neurons);
    else count_dense(layer, spikes, neurons);
    return NULL;
}

/* The watch. */

static bool options_are_right(spk_ctx *ctx, const spk_health_opts *o) {
    const double least_is_0[] = {o->saturated, o->stuck, o->slope, o->vanishing, o->exploding};
    for (size_t i = 0; i < sizeof least_is_0 / sizeof *least_is_0; i++)
        if (!(least_is_0[i] >= 0)) spk_fail(ctx, "spk_watch_health: a threshold is %g; all must be 0 or more", least_is_0[i]);
    if (o->every < 1) spk_fail(ctx, "spk_watch_health: .every is %" PRId64 "; it must be at least 1", o->every);
    return !ctx->failed;
}

/* The number of neuron layers in net; 0, with the error set, if there are none or one is watched already. */
static int layers_to_watch(spk_module *net) {
    int count = 0;
    for (spk_module *m = net; m; m = spk_next_module(net, m)) {
        if (!spk_as_node(m)) continue;
        count++;
        if (!spk_has_forward_hook(m, after)) continue;
        spk_module_fail(m, "spk_watch_health: the layer is watched already");
        return 0;
    }
    if (!count) spk_module_fail(net, "spk_watch_health: there are no neurons in it; give a net that has some");
    return count;
}

/* A watch with room for its layers; NULL without memory. */
static spk_health *create(spk_ctx *ctx, int count, spk_health_opts options) {
    spk_health *health = spk_object_create(ctx, &health_object, sizeof *health);
    if (!health) return NULL;
    health->options = options;
    health->report.ctx = ctx;
    health->layer = spk_allocate(ctx, (size_t)count * sizeof *health->layer);
    if (health->layer) return health;
    spk_object_destroy(&health->object);
    return NULL;
}

/* Hangs a layer's hooks on every neuron of the net, as many as there are layers. */
static bool hang(spk_health *health, spk_module *net) {
    for (spk_module *m = net; m; m = spk_next_module(net, m)) {
        if (!spk_as_node(m)) continue;
        spk_watched *layer = &health->layer[health->count++];
        snprintf(layer->name, sizeof layer->name, "%s", spk_module_path(m));
        layer->type = m->type->name;
        layer->every = health->options.every;
        if (!spk_add_forward_pre_hook(m, before, layer) || !spk_add_forward_hook(m, after, layer)) return false;
    }
    return true;
}

static void take_off(spk_health *health, spk_module *net) {
    for (spk_module *m = net; m; m = spk_next_module(net, m))
        for (int i = 0; i < health->count; i++) spk_remove_hooks(m, &health->layer[i]);
}

spk_health *spk_watch_health_with(spk_module *net, spk_health_opts options) {
    if (!spk_module_usable(net) || !options_are_right(net->object.ctx, &options)) return NULL;
    spk_ctx *ctx = net->object.ctx;
    const int count = layers_to_watch(net);
    const spk_activity was = spk_doing_function(ctx, "spk_watch_health");
    spk_health *health = count ? create(ctx, count, options) : NULL;
    if (health && !hang(health, net)) {
        take_off(health, net);
        spk_object_destroy(&health->object);
        health = NULL;
    }
    spk_done(ctx, was);
    return health;
}

spk_health_opts spk_health_options(void) { return (spk_health_opts){SPK_HEALTH_DEFAULTS}; }

void spk_health_clear(spk_health *health) {
    for (int i = 0; health && i < health->count; i++) {
        spk_watched *layer = &health->layer[i];
        spk_release(health->object.ctx, layer->words);
        layer->words = NULL;
        layer->neuron_steps = layer->spikes = layer->steps = 0;
        layer->step = 0;
        layer->changed = layer->has_gradient = false;
        layer->squares = 0;
        atomic_store(&layer->slopes, 0);
        atomic_store(&layer->slope_count, 0);
    }
}

int spk_health_layers(const spk_health *health) { return health ? health->count : 0; }

spk_layer_health spk_health_layer(const spk_health *health, int i) {
    if (i < 0 || i >= spk_health_layers(health)) return (spk_layer_health){0};
    const spk_watched *layer = &health->layer[i];
    const int64_t slopes = atomic_load(&layer->slope_count);
    spk_layer_health seen = {.name = layer->name, .type = layer->type, .neuron_steps = layer->neuron_steps, .spikes = layer->spikes};
    seen.rate = layer->neuron_steps && !layer->smooth ? (double)layer->spikes / (double)layer->neuron_steps : (double)NAN;
    seen.slope = slopes ? (double)atomic_load(&layer->slopes) / UNIT / (double)slopes : (double)NAN;
    seen.gradient = layer->has_gradient ? sqrt(layer->squares) : (double)NAN;
    if (layer->words && !layer->changed) {
        seen.neurons = layer->neurons;
        seen.never = layer->neurons - spk_bits_count(layer->n_words, layer->words);
        seen.always = spk_bits_count(layer->n_words, layer->words + layer->n_words);
    }
    return seen;
}
