/* Optimizers: a parameter after each of a sequence of given gradients. */
#include "golden.h"
#include <stdlib.h>
#include <string.h>

/* A key that has no meaning here: it may only be there with the value that changes nothing. */
static void neutral(golden_case *c, const char *optimizer, const char *key, double value) {
    if (golden_number(c, key, value) != value)
        spk_fail(c->ctx, "key %s: %s has no such option, so only %g can stand here", key, optimizer, value);
}

static spk_optimizer *sgd(golden_case *c, spk_module *module) {
    spk_sgd_opts options = spk_sgd_options();
    options.lr = golden_number(c, "lr", options.lr);
    options.momentum = golden_number(c, "momentum", options.momentum);
    options.dampening = golden_number(c, "dampening", options.dampening);
    options.weight_decay = golden_number(c, "weight_decay", options.weight_decay);
    options.nesterov = golden_flag(c, "nesterov", options.nesterov);
    neutral(c, "sgd", "beta1", 0.9);
    neutral(c, "sgd", "beta2", 0.999);
    neutral(c, "sgd", "eps", 1e-8);
    return spk_sgd_with(module, options);
}

static spk_optimizer *adam(golden_case *c, spk_module *module, const char *name) {
    const bool decoupled = strcmp(name, "adamw") == 0;
    spk_adam_opts options = decoupled ? spk_adamw_options() : spk_adam_options();
    options.lr = golden_number(c, "lr", options.lr);
    options.beta1 = golden_number(c, "beta1", options.beta1);
    options.beta2 = golden_number(c, "beta2", options.beta2);
    options.eps = golden_number(c, "eps", options.eps);
    options.weight_decay = golden_number(c, "weight_decay", options.weight_decay);
    neutral(c, name, "momentum", 0);
    neutral(c, name, "dampening", 0);
    neutral(c, name, "nesterov", 0);
    return decoupled ? spk_adamw_with(module, options) : spk_adam_with(module, options);
}

spk_optimizer *golden_optimizer(golden_case *c, spk_module *module) {
    const char *name = golden_text(c, "optimizer", "");
    if (strcmp(name, "sgd") == 0) return sgd(c, module);
    if (strcmp(name, "adam") == 0 || strcmp(name, "adamw") == 0) return adam(c, module, name);
    spk_fail(c->ctx, "optimizer '%s' is unknown", name);
    return NULL;
}

/* A module that is one parameter. */
static const spk_module_type holder_type = {.name = "holder", .size = sizeof(spk_module)};

void golden_run_optimizer(golden_case *c) {
    const spk_shape shape = golden_shape(c, "p0", 0, SPK_MAX_AXES - 1);
    spk_shape all = golden_shape(c, "g", shape.axes + 1, shape.axes + 1);
    const int64_t steps = all.dim[0], n = spk_shape_size(shape);
    memcpy(all.dim + 1, shape.dim, sizeof *all.dim * (size_t)shape.axes);
    spk_tensor *g = golden_tensor(c, "g", all), *after = spk_tensor_create(c->ctx, all);
    spk_module *holder = spk_module_create(c->ctx, &holder_type);
    spk_tensor *p = holder ? spk_register_parameter(holder, "p", shape) : NULL;
    if (!p || spk_failed(c->ctx)) return;
    golden_load(c, "p0", p, false);
    spk_optimizer *optimizer = golden_optimizer(c, holder);
    for (int64_t i = 0; i < steps && !spk_failed(c->ctx); i++) {
        spk_zero_grad(holder);
        spk_backward(spk_sum(spk_multiply(p, spk_reshape(spk_slice(g, i, i + 1), shape))));
        spk_optimizer_step(optimizer);
        if (spk_failed(c->ctx)) return;
        memcpy(spk_data_mut(after) + i * n, spk_data(p), sizeof(spk_real) * (size_t)n);
        spk_end_step(c->ctx);
    }
    golden_compare_tensor(c, "after each step", "p", after, GOLDEN_TOLERANCE);
}
