#include "nn/layers.h"
#include "autograd/ops.h"
#include "core/context_internal.h"
#include "nn/module_internal.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Sequential. */

static spk_tensor *sequential_forward(spk_module *module, spk_tensor *x) {
    for (spk_module *child = module->first_child; child; child = child->next_sibling) x = spk_call(child, x);
    return x;
}

static const spk_module_type sequential_type = {.name = "sequential", .size = sizeof(spk_module), .forward = sequential_forward};

/* All that spk_add_child would refuse, before it has changed any of them. */
static bool check_children(spk_ctx *ctx, int n, spk_module *const *modules) {
    if (n < 0 || (n && !modules))
        spk_fail(ctx, "spk_sequential: %s", modules ? "the number of modules is negative" : "the modules are NULL");
    for (int i = 0; i < n && !spk_failed(ctx); i++) {
        const spk_module *child = modules[i];
        bool twice = false;
        for (int j = 0; j < i; j++) twice = twice || modules[j] == child;
        if (!child || child == spk_inert_module()) spk_fail(ctx, "spk_sequential: child '%d' is NULL, or of a constructor that failed", i);
        else if (child->object.ctx != ctx) spk_fail(ctx, "spk_sequential: child '%d' is of another context", i);
        else if (child->parent || twice) spk_fail(ctx, "spk_sequential: child '%d' is a part of a module already", i);
    }
    return !spk_failed(ctx);
}

spk_module *spk_sequential_of(spk_ctx *ctx, int n, spk_module *const *modules) {
    spk_module *module = check_children(ctx, n, modules) ? spk_module_create(ctx, &sequential_type) : NULL;
    if (!module) return spk_inert_module();
    for (int i = 0; i < n; i++) {
        char name[SPK_NAME];
        snprintf(name, sizeof name, "%d", i);
        spk_add_child(module, name, modules[i]);
    }
    return module;
}

/* Linear. */

typedef struct linear_layer {
    spk_module module;
    spk_tensor *weight, *bias; /* bias is NULL without one */
} linear_layer;

static spk_tensor *linear_forward(spk_module *module, spk_tensor *x) {
    const linear_layer *layer = (linear_layer *)module;
    return spk_linear(x, layer->weight, layer->bias);
}

static void linear_repr(const spk_module *module, spk_text *text) {
    const linear_layer *layer = (const linear_layer *)module;
    spk_text_add(text, "%" PRId64 ", %" PRId64 ", bias=%s", spk_dim(layer->weight, 0), spk_dim(layer->weight, 1),
                 layer->bias ? "true" : "false");
}

static const spk_module_type linear_type = {
    .name = "linear", .size = sizeof(linear_layer), .forward = linear_forward, .extra_repr = linear_repr};

spk_module *spk_linear_layer_with(spk_ctx *ctx, int64_t in, int64_t out, spk_linear_opts options) {
    if (in < 1 || out < 1) spk_fail(ctx, "spk_linear_layer: %" PRId64 " inputs and %" PRId64 " outputs; both must be at least 1", in, out);
    if (in > INT32_MAX || out > INT32_MAX)
        spk_fail(ctx, "spk_linear_layer: %" PRId64 " inputs and %" PRId64 " outputs; both must be at most %" PRId64 ": split the layer", in,
                 out, (int64_t)INT32_MAX);
    linear_layer *layer = spk_module_create(ctx, &linear_type);
    if (!layer) return spk_inert_module();
    const double bound = 1 / sqrt((double)in);
    layer->weight = spk_register_parameter(&layer->module, "weight", SPK_SHAPE(in, out));
    spk_slot *weight = spk_find_slot(&layer->module, "weight", SPK_PARAMETER);
    if (weight) weight->transposed = true;
    if (options.bias) layer->bias = spk_register_parameter(&layer->module, "bias", SPK_SHAPE(out));
    if (spk_module_usable(&layer->module)) spk_fill_uniform(layer->weight, -bound, bound);
    if (spk_module_usable(&layer->module) && layer->bias) spk_fill_uniform(layer->bias, -bound, bound);
    return spk_module_or_inert(&layer->module);
}

spk_linear_opts spk_linear_options(void) { return (spk_linear_opts){SPK_LINEAR_DEFAULTS}; }

/* Batch norm. */

typedef struct batch_norm_layer {
    spk_module module;
    spk_tensor *weight, *bias, *running_mean, *running_var;
    spk_batch_norm1d_opts options;
} batch_norm_layer;

static spk_tensor *batch_norm_forward(spk_module *module, spk_tensor *x) {
    const batch_norm_layer *layer = (batch_norm_layer *)module;
    return spk_batch_norm(x, layer->weight, layer->bias, .running_mean = layer->running_mean, .running_var = layer->running_var,
                          .training = module->training, .momentum = layer->options.momentum, .eps = layer->options.eps);
}

static void batch_norm_repr(const spk_module *module, spk_text *text) {
    const batch_norm_layer *layer = (const batch_norm_layer *)module;
    spk_text_add(text, "%" PRId64 ", eps=%g, momentum=%g, affine=%s", spk_dim(layer->running_mean, 0), layer->options.eps,
                 layer->options.momentum, layer->options.affine ? "true" : "false");
}

static const spk_module_type batch_norm_type = {
    .name = "batch_norm1d", .size = sizeof(batch_norm_layer), .forward = batch_norm_forward, .extra_repr = batch_norm_repr};

spk_module *spk_batch_norm1d_with(spk_ctx *ctx, int64_t channels, spk_batch_norm1d_opts options) {
    if (channels < 1) spk_fail(ctx, "spk_batch_norm1d: %" PRId64 " channels; there must be at least 1", channels);
    if (!(options.eps > 0) || isinf(options.eps)) spk_fail(ctx, "spk_batch_norm1d: .eps is %g; it must be above 0", options.eps);
    if (!(options.momentum >= 0 && options.momentum <= 1))
        spk_fail(ctx, "spk_batch_norm1d: .momentum is %g; it must be from 0 to 1", options.momentum);
    batch_norm_layer *layer = spk_module_create(ctx, &batch_norm_type);
    if (!layer) return spk_inert_module();
    layer->options = options;
    const spk_shape shape = SPK_SHAPE(channels);
    if (options.affine) {
        spk_fill(layer->weight = spk_register_parameter(&layer->module, "weight", shape), 1);
        layer->bias = spk_register_parameter(&layer->module, "bias", shape);
    }
    layer->running_mean = spk_register_buffer(&layer->module, "running_mean", shape);
    spk_fill(layer->running_var = spk_register_buffer(&layer->module, "running_var", shape), 1);
    return spk_module_or_inert(&layer->module);
}

spk_batch_norm1d_opts spk_batch_norm1d_options(void) { return (spk_batch_norm1d_opts){SPK_BATCH_NORM1D_DEFAULTS}; }

/* Dropout. */

typedef struct dropout_layer {
    spk_module module;
    spk_dropout_layer_opts options;
} dropout_layer;

static spk_tensor *dropout_forward(spk_module *module, spk_tensor *x) {
    const dropout_layer *layer = (dropout_layer *)module;
    return module->training ? spk_dropout(x, .p = layer->options.p, .T = layer->options.T) : x;
}

static void dropout_repr(const spk_module *module, spk_text *text) {
    const dropout_layer *layer = (const dropout_layer *)module;
    spk_text_add(text, "p=%g, T=%" PRId64, layer->options.p, layer->options.T);
}

static const spk_module_type dropout_type = {
    .name = "dropout", .size = sizeof(dropout_layer), .forward = dropout_forward, .extra_repr = dropout_repr};

spk_module *spk_dropout_layer_with(spk_ctx *ctx, spk_dropout_layer_opts options) {
    if (!(options.p >= 0 && options.p <= 1)) spk_fail(ctx, "spk_dropout_layer: .p is %g; it must be from 0 to 1", options.p);
    if (options.T < 1) spk_fail(ctx, "spk_dropout_layer: .T is %" PRId64 "; it must be at least 1", options.T);
    dropout_layer *layer = spk_module_create(ctx, &dropout_type);
    if (!layer) return spk_inert_module();
    layer->options = options;
    return &layer->module;
}

spk_dropout_layer_opts spk_dropout_layer_options(void) { return (spk_dropout_layer_opts){SPK_DROPOUT_LAYER_DEFAULTS}; }

/* Flatten and ReLU: an op as a module. */

static spk_tensor *flatten_forward(spk_module *module, spk_tensor *x) {
    (void)module;
    return spk_flatten(x);
}

static spk_tensor *relu_forward(spk_module *module, spk_tensor *x) {
    (void)module;
    return spk_relu(x);
}

static const spk_module_type flatten_type = {.name = "flatten", .size = sizeof(spk_module), .forward = flatten_forward};
static const spk_module_type relu_type = {.name = "relu", .size = sizeof(spk_module), .forward = relu_forward};

static spk_module *plain(spk_ctx *ctx, const spk_module_type *type) { return spk_module_or_inert(spk_module_create(ctx, type)); }

spk_module *spk_flatten_layer(spk_ctx *ctx) { return plain(ctx, &flatten_type); }
spk_module *spk_relu_layer(spk_ctx *ctx) { return plain(ctx, &relu_type); }
