#include "neuron/base_node.h"
#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/bits_internal.h"
#include "core/context_internal.h"
#include "neuron/leaky_internal.h"
#include "nn/module_internal.h"
#include <inttypes.h>
#include <math.h>

static const spk_neuron_type *type_of(const spk_base_node *node) { return (const spk_neuron_type *)node->module.type; }

static const spk_base_node *node_of(const spk_module *module) {
    return spk_module_usable(module) && module->type->forward == spk_base_node_forward ? (const spk_base_node *)module : NULL;
}

spk_base_node *spk_as_node(spk_module *module) { return (spk_base_node *)node_of(module); }

/* NULL for a neuron and two tensors of its context (or twice one); else, with the error set, the context whose inert tensor to give. */
static spk_ctx *refused(const spk_base_node *node, const spk_tensor *x, const spk_tensor *y, const char *who) {
    const spk_module *module = (const spk_module *)node;
    if (spk_module_usable(module)) {
        const bool right = spk_tensor_usable(module->object.ctx, x, who) && spk_tensor_usable(module->object.ctx, y, who);
        return right ? NULL : module->object.ctx;
    }
    spk_ctx *ctx = node && module != spk_inert_module() ? spk_module_ctx(module) : spk_tensor_ctx(x ? x : y);
    spk_fail(ctx, "%s: the neuron is NULL, or of a constructor that failed", who);
    return ctx;
}

void spk_base_node_repr(const spk_module *module, spk_text *text) {
    const spk_base_node *node = node_of(module);
    if (!node || !text) return;
    const spk_surrogate *s = &node->surrogate_function;
    spk_text_add(text, "v_threshold=%g, v_reset=", node->v_threshold);
    spk_text_add(text, spk_is_none(node->v_reset) ? "none" : "%g", node->v_reset);
    spk_text_add(text, ", surrogate=%s(alpha=%g%s), detach_reset=%s, parallel_optim=%s, T=%" PRId64 ", spike_out=%s", s->name,
                 (double)s->alpha, s->spiking ? "" : ", spiking=false", node->detach_reset ? "true" : "false",
                 node->parallel_optim ? "true" : "false", node->T, node->spike_out ? "true" : "false");
}

/* Refuses options that no neuron can run with. */
static void check_options(spk_ctx *ctx, const char *who, const spk_base_node_opts *o) {
    const spk_surrogate *s = &o->surrogate_function;
    if (!isfinite((spk_real)o->v_threshold)) spk_fail(ctx, "%s: .v_threshold is %g; it must be finite", who, o->v_threshold);
    if (isinf((spk_real)o->v_reset)) spk_fail(ctx, "%s: .v_reset is %g; it must be finite, or SPK_NONE for soft reset", who, o->v_reset);
    if (o->T < 1) spk_fail(ctx, "%s: .T is %" PRId64 "; it must be at least 1", who, o->T);
    if (!s->grad)
        spk_fail(ctx, "%s: the surrogate '%s' is unknown, or has a parameter that is not positive; spk_surrogate_name lists the names", who,
                 s->name);
    if (!s->spiking && !s->primitive)
        spk_fail(ctx, "%s: the surrogate '%s' has no primitive, which .spiking = false needs; give it one", who, s->name);
    if (!s->spiking && o->spike_out)
        spk_fail(ctx, "%s: .spike_out stores spikes as bits, and a surrogate with .spiking = false gives none; drop one of the two", who);
}

void *spk_base_node_create(spk_ctx *ctx, const spk_neuron_type *type, spk_base_node_opts options) {
    if (!type || !type->module.name || type->module.size < sizeof(spk_base_node)) {
        spk_fail(ctx, "spk_base_node_create: %s",
                 !type ? "the type is NULL" : "the type has no name, or a size too small: its struct must embed an spk_base_node first");
        return NULL;
    }
    spk_surrogate *surrogate = &options.surrogate_function;
    if (!surrogate->name && !surrogate->grad) *surrogate = spk_surrogate_of("sigmoid");
    if (!surrogate->name) surrogate->name = "custom";                       /* filled by hand */
    if (!(surrogate->support > 0)) surrogate->support = (spk_real)INFINITY; /* and its support left out */
    check_options(ctx, type->module.name, &options);
    spk_base_node *node = spk_module_create(ctx, &type->module);
    if (!node) return NULL;
    node->v_threshold = options.v_threshold, node->v_reset = options.v_reset;
    node->surrogate_function = options.surrogate_function, node->detach_reset = options.detach_reset;
    node->parallel_optim = options.parallel_optim, node->T = options.T;
    node->spike_out = options.spike_out, node->store_v_seq = options.store_v_seq;
    spk_register_memory(&node->module, "v", spk_is_none(node->v_reset) ? 0 : node->v_reset);
    return spk_module_or_inert(&node->module) == &node->module ? node : NULL;
}

spk_base_node_opts spk_base_node_options(void) { return (spk_base_node_opts){SPK_BASE_NODE_DEFAULTS}; }

static const spk_neuron_type base_type = {.module = SPK_NEURON_MODULE("base_node", spk_base_node, spk_base_node_repr)};

spk_module *spk_base_node_with(spk_ctx *ctx, spk_base_node_opts options) {
    spk_base_node *node = spk_base_node_create(ctx, &base_type, options);
    return node ? &node->module : spk_inert_module();
}

/* Charge, fire, reset. */

/* v_rest of the charge: v_reset, or 0 under soft reset. */
static double rest_of(const spk_base_node *node) { return spk_is_none(node->v_reset) ? 0 : node->v_reset; }

spk_tensor *spk_leaky_charge(spk_leak leak, spk_tensor *x, spk_tensor *v, double v_rest) {
    static const char who[] = "leaky_charge";
    spk_ctx *ctx = spk_tensor_ctx(x ? x : v);
    if (!spk_tensor_usable(ctx, x, who) || !spk_tensor_usable(ctx, v, who)) return &ctx->inert;
    if (!isfinite(v_rest) || (!leak.by && !isfinite(leak.k)))
        spk_fail(ctx, "%s: k is %g and v_rest %g; both must be finite", who, leak.k, v_rest);
    if (ctx->failed) return &ctx->inert;
    spk_tensor *away = spk_shift(v, -v_rest);
    if (leak.by) return spk_subtract(spk_add(v, leak.decay_input ? spk_multiply(x, leak.by) : x), spk_multiply(away, leak.by));
    return spk_subtract(spk_add(v, leak.decay_input ? spk_scale(x, leak.k) : x), spk_scale(away, leak.k));
}

spk_tensor *spk_neuronal_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v) {
    spk_ctx *stop = refused(node, x, v, "spk_neuronal_dynamics");
    if (stop) return &stop->inert;
    const spk_neuron_type *type = type_of(node);
    if (type->neuronal_dynamics) return type->neuronal_dynamics(node, x, v);
    if (type->leak) return spk_leaky_charge(type->leak(node), x, v, rest_of(node));
    spk_module_fail(&node->module,
                    "the type has no dynamics; set neuronal_dynamics or leak in its spk_neuron_type, or use spk_if, spk_lif or spk_plif");
    return &spk_module_ctx(&node->module)->inert;
}

spk_tensor *spk_neuronal_fire(spk_base_node *node, spk_tensor *h) {
    spk_ctx *stop = refused(node, h, h, "spk_neuronal_fire");
    if (stop) return &stop->inert;
    if (type_of(node)->neuronal_fire) return type_of(node)->neuronal_fire(node, h);
    return spk_heaviside(spk_shift(h, -node->v_threshold), node->surrogate_function);
}

spk_tensor *spk_neuronal_reset(spk_base_node *node, spk_tensor *h, spk_tensor *spikes) {
    spk_ctx *stop = refused(node, h, spikes, "spk_neuronal_reset");
    if (stop) return &stop->inert;
    spk_tensor *by = node->detach_reset ? spk_tensor_detach(spikes) : spikes;
    if (type_of(node)->neuronal_reset) return type_of(node)->neuronal_reset(node, h, by);
    return spk_is_none(node->v_reset) ? spk_soft_reset(h, by, node->v_threshold) : spk_hard_reset(h, by, node->v_reset);
}

/* True for a membrane and spikes to reset it by, to or by a number. */
static bool check_reset(const char *who, const spk_tensor *v, const spk_tensor *spikes, const char *name, double value) {
    spk_ctx *ctx = spk_tensor_ctx(v ? v : spikes);
    if (!spk_tensor_usable(ctx, v, who) || !spk_tensor_usable(ctx, spikes, who)) return false;
    if (!isfinite(value)) spk_fail(ctx, "%s: %s is %g; it must be finite", who, name, value);
    return !ctx->failed;
}

spk_tensor *spk_hard_reset(spk_tensor *v, spk_tensor *spikes, double v_reset) {
    if (!check_reset("hard_reset", v, spikes, "v_reset", v_reset)) return &spk_tensor_ctx(v ? v : spikes)->inert;
    return spk_add(spk_multiply(spk_shift(spk_negate(spikes), 1), v), spk_scale(spikes, v_reset));
}

spk_tensor *spk_soft_reset(spk_tensor *v, spk_tensor *spikes, double v_threshold) {
    if (!check_reset("soft_reset", v, spikes, "v_threshold", v_threshold)) return &spk_tensor_ctx(v ? v : spikes)->inert;
    return spk_subtract(v, spk_scale(spikes, v_threshold));
}

spk_tensor *spk_v_float_to_tensor(spk_base_node *node, spk_tensor *x) {
    spk_ctx *stop = refused(node, x, x, "spk_v_float_to_tensor");
    return stop ? &stop->inert : spk_memory_like(&node->module, "v", x);
}

/* Over time. */

/* All T steps in one op. */
static spk_tensor *fused(spk_base_node *node, spk_tensor *x, int64_t T) {
    const spk_leak leak = type_of(node)->leak(node);
    const bool hard = !spk_is_none(node->v_reset);
    spk_leaky a = {.T = T,
                   .k = (spk_real)leak.k,
                   .v_threshold = (spk_real)node->v_threshold,
                   .v_rest = (spk_real)rest_of(node),
                   .v_reset = hard ? (spk_real)node->v_reset : 0,
                   .decay_input = leak.decay_input,
                   .hard = hard,
                   .detach_reset = node->detach_reset,
                   .spike_out = node->spike_out,
                   .surrogate = node->surrogate_function};
    a.v_start = (spk_real)spk_reset_value(&node->module, "v");
    spk_shape step = spk_tensor_shape(x);
    step.dim[0] /= T;
    spk_tensor *v, *v_last;
    if (!spk_memory_check(&node->module, "v", step, &v)) return &spk_tensor_ctx(x)->inert;
    spk_tensor *spikes = spk_leaky_forward(&a, x, v, leak.by, node->store_v_seq ? &node->v_seq : NULL, &v_last);
    spk_set_memory(&node->module, "v", v_last);
    return spikes;
}

/* One step, from ops: for any dynamics. Spikes are dense. */
static spk_tensor *composed_step(spk_base_node *node, spk_tensor *x) {
    spk_tensor *h = spk_neuronal_dynamics(node, x, spk_v_float_to_tensor(node, x));
    spk_tensor *spikes = spk_neuronal_fire(node, h);
    spk_set_memory(&node->module, "v", spk_neuronal_reset(node, h, spikes));
    return spikes;
}

static spk_tensor *composed(spk_base_node *node, spk_tensor *x, int64_t T) {
    spk_ctx *ctx = spk_tensor_ctx(x);
    const spk_activity before = spk_doing_function(ctx, node->module.type->name);
    spk_tensor **spikes = spk_step_header(ctx, (size_t)T * sizeof *spikes), **v = spk_step_header(ctx, (size_t)T * sizeof *v);
    spk_done(ctx, before);
    for (int64_t t = 0; t < T && !ctx->failed; t++) {
        spikes[t] = composed_step(node, spk_time_step(x, T, t));
        v[t] = spk_memory(&node->module, "v");
    }
    if (ctx->failed) return &ctx->inert;
    if (node->store_v_seq) node->v_seq = spk_concat(v, (int)T, 0);
    spk_tensor *all = spk_concat(spikes, (int)T, 0);
    return node->spike_out ? spk_bits(all) : all;
}

static spk_tensor *run(spk_base_node *node, spk_tensor *x, int64_t T) {
    spk_ctx *ctx = spk_module_ctx(&node->module);
    if (T < 1 || spk_axes(x) < 1 || spk_dim(x, 0) % T || T > INT32_MAX) {
        spk_module_fail(&node->module, "T = %" PRId64 " does not divide the first axis of x %s, which is T*N", T,
                        spk_shape_text(spk_tensor_shape(x)).text);
        return &ctx->inert;
    }
    node->v_seq = NULL;
    node->step = ctx->step;
    return node->spikes = (type_of(node)->leak ? fused : composed)(node, x, T);
}

spk_tensor *spk_simple_forward(spk_base_node *node, spk_tensor *x) {
    spk_ctx *stop = refused(node, x, x, "spk_simple_forward");
    return stop ? &stop->inert : run(node, x, 1);
}

spk_tensor *spk_parallel_optim_forward(spk_base_node *node, spk_tensor *x_seq) {
    spk_ctx *stop = refused(node, x_seq, x_seq, "spk_parallel_optim_forward");
    return stop ? &stop->inert : run(node, x_seq, node->T);
}

spk_tensor *spk_base_node_forward(spk_module *module, spk_tensor *x) {
    spk_base_node *node = spk_as_node(module);
    if (!node) {
        spk_ctx *ctx = module && module != spk_inert_module() ? spk_module_ctx(module) : spk_tensor_ctx(x);
        spk_fail(ctx, "spk_base_node_forward: the module is no neuron");
        return &ctx->inert;
    }
    return node->parallel_optim ? spk_parallel_optim_forward(node, x) : spk_simple_forward(node, x);
}

/* What is read after a forward. */

static spk_tensor *of_last_forward(spk_module *module, size_t field, const char *who, const char *remedy) {
    spk_ctx *ctx = spk_module_ctx(module);
    const spk_base_node *node = spk_as_node(module);
    if (ctx->failed) return &ctx->inert;
    if (!node) {
        spk_fail(ctx, "%s: the module is no neuron", who);
        return &ctx->inert;
    }
    spk_tensor *x = *(spk_tensor *const *)(const void *)((const char *)node + field);
    if (!x) spk_module_fail(module, "%s: %s", who, remedy);
    else if (node->step != ctx->step)
        spk_module_fail(module, "%s: the step of the last forward has ended; read it before spk_end_step", who);
    return !ctx->failed && spk_tensor_usable(ctx, x, who) ? x : &ctx->inert;
}

spk_tensor *spk_v(spk_module *neuron) { return spk_as_node(neuron) ? spk_memory(neuron, "v") : NULL; }

spk_tensor *spk_v_seq(spk_module *neuron) {
    return of_last_forward(neuron, offsetof(spk_base_node, v_seq), "spk_v_seq",
                           "there is no membrane sequence; make the neuron with .store_v_seq = true and call it before");
}

spk_tensor *spk_spikes(spk_module *neuron) {
    return of_last_forward(neuron, offsetof(spk_base_node, spikes), "spk_spikes", "the neuron has not been called");
}

double spk_firing_rate(spk_module *neuron) {
    const spk_tensor *spikes = spk_spikes(neuron);
    if (spk_tensor_ctx(spikes)->failed || spikes->size == 0) return (double)NAN;
    if (spikes->storage == SPK_BITS)
        return (double)spk_bits_count(spk_rows(spikes) * spk_words_of(spikes->row), spikes->data) / (double)spikes->size;
    double sum = 0;
    for (int64_t i = 0; i < spikes->size; i++) sum += (double)spk_reals(spikes)[i];
    return sum / (double)spikes->size;
}
