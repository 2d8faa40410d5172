/* Layers and losses: outputs, and gradients for a given gradient of the output. */
#include "golden.h"
#include <string.h>

/* Calls a layer on x, compares its output y, and takes gy back through it. */
static void through(golden_case *c, const char *path, spk_module *layer, spk_tensor *x, spk_shape out) {
    spk_tensor *gy = golden_tensor(c, "gy", out), *y = spk_call(layer, x);
    spk_backward(spk_sum(spk_multiply(y, gy)));
    golden_compare_tensor(c, path, "y", y, GOLDEN_TOLERANCE);
    if (!spk_failed(c->ctx)) golden_compare_tensor(c, path, "gx", spk_grad(x), GOLDEN_TOLERANCE);
}

static void run_linear(golden_case *c) {
    spk_shape shape = golden_shape(c, "x", 1, SPK_MAX_AXES), weight = golden_shape(c, "weight", 2, 2);
    const bool bias = golden_has_array(c, "bias");
    spk_tensor *x = golden_leaf(c, "x", shape);
    spk_module *layer = spk_linear_layer(c->ctx, weight.dim[1], weight.dim[0], .bias = bias);
    if (spk_failed(c->ctx)) return;
    golden_load(c, "weight", spk_find_tensor(layer, "weight"), true);
    if (bias) golden_load(c, "bias", spk_find_tensor(layer, "bias"), false);
    shape.dim[shape.axes - 1] = weight.dim[0];
    through(c, "linear", layer, x, shape);
    if (spk_failed(c->ctx)) return;
    golden_compare_turned(c, "linear", "gweight", spk_grad(spk_find_tensor(layer, "weight")));
    if (bias) golden_compare_tensor(c, "linear", "gbias", spk_grad(spk_find_tensor(layer, "bias")), GOLDEN_TOLERANCE);
}

/* A batch norm with the case's weights and, in evaluation mode, its running statistics; NULL after an error.
 */
static spk_module *batch_norm(golden_case *c, int64_t channels, bool training, bool affine) {
    const double momentum = golden_number(c, "momentum", 0.1), eps = golden_number(c, "eps", 1e-5);
    spk_module *layer = spk_batch_norm1d(c->ctx, channels, .eps = eps, .momentum = momentum, .affine = affine);
    if (spk_failed(c->ctx)) return NULL;
    if (affine) {
        golden_load(c, "weight", spk_find_tensor(layer, "weight"), false);
        golden_load(c, "bias", spk_find_tensor(layer, "bias"), false);
    }
    if (training) return layer;
    golden_load(c, "running_mean", spk_find_tensor(layer, "running_mean"), false);
    golden_load(c, "running_var", spk_find_tensor(layer, "running_var"), false);
    spk_eval(layer);
    return layer;
}

static void run_batch_norm(golden_case *c) {
    const bool training = golden_flag(c, "training", true), affine = golden_has_array(c, "weight");
    const char *path = training ? "training" : "evaluation";
    const spk_shape shape = golden_shape(c, "x", 2, 2);
    spk_tensor *x = golden_leaf(c, "x", shape);
    spk_module *layer = batch_norm(c, shape.dim[1], training, affine);
    if (!layer) return;
    through(c, path, layer, x, shape);
    if (spk_failed(c->ctx)) return;
    if (affine) {
        golden_compare_tensor(c, path, "gweight", spk_grad(spk_find_tensor(layer, "weight")), GOLDEN_TOLERANCE);
        golden_compare_tensor(c, path, "gbias", spk_grad(spk_find_tensor(layer, "bias")), GOLDEN_TOLERANCE);
    }
    golden_compare_tensor(c, path, "running_mean", spk_find_tensor(layer, "running_mean"), GOLDEN_TOLERANCE);
    golden_compare_tensor(c, path, "running_var", spk_find_tensor(layer, "running_var"), GOLDEN_TOLERANCE);
}

void golden_run_layer(golden_case *c) {
    const char *name = golden_text(c, "layer", "");
    if (strcmp(name, "linear") == 0) run_linear(c);
    else if (strcmp(name, "batch_norm1d") == 0) run_batch_norm(c);
    else spk_fail(c->ctx, "layer '%s' is unknown", name);
}

static spk_tensor *cross_entropy(golden_case *c, spk_tensor *x, spk_shape shape) {
    const double smoothing = golden_number(c, "label_smoothing", 0);
    return spk_cross_entropy(x, golden_tensor(c, "labels", SPK_SHAPE(shape.dim[0])), .label_smoothing = smoothing);
}

void golden_run_loss(golden_case *c) {
    const char *name = golden_text(c, "loss", "");
    const bool is_mse = strcmp(name, "mse") == 0;
    if (!is_mse && strcmp(name, "cross_entropy") != 0) {
        spk_fail(c->ctx, "loss '%s' is unknown", name);
        return;
    }
    const spk_shape shape = is_mse ? golden_shape(c, "x", 0, SPK_MAX_AXES) : golden_shape(c, "x", 2, 2);
    spk_tensor *x = golden_leaf(c, "x", shape);
    spk_tensor *loss = is_mse ? spk_mse(x, golden_tensor(c, "target", shape)) : cross_entropy(c, x, shape);
    spk_backward(loss);
    if (spk_failed(c->ctx)) return;
    golden_compare_tensor(c, name, "loss", loss, GOLDEN_TOLERANCE);
    golden_compare_tensor(c, name, "gx", spk_grad(x), GOLDEN_TOLERANCE);
}
