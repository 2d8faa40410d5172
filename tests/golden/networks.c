/* Classifiers of two linear layers and two neuron layers, over some steps of training by truncated BPTT. */
#include "golden.h"
#include <stdio.h>
#include <string.h>

/* The sizes of a network case, and what is built for it. */
typedef struct network {
    golden_case *c;
    const char *path;
    int64_t T, windows, steps, batch, in, hidden, out;
    bool is_static;
    double label_smoothing;
    spk_tensor *x, *labels;
    spk_module *net, *hidden_neuron;
    spk_optimizer *optimizer;
} network;

/* An array of a step and a window: `gw1` and "0.2" make gw10.2. */
typedef struct name_text {
    char text[64];
} name_text;

static name_text named(const char *name, int64_t step, int64_t window) {
    name_text n;
    snprintf(n.text, sizeof n.text, "%s%lld.%lld", name, (long long)step, (long long)window);
    return n;
}

static void read_data(network *n) {
    golden_case *c = n->c;
    n->T = golden_count(c, "T", 0);
    n->windows = golden_count(c, "windows", 1);
    n->steps = golden_count(c, "steps", 0);
    n->is_static = golden_flag(c, "static_input", false);
    n->label_smoothing = golden_number(c, "label_smoothing", 0);
    if (strcmp(golden_text(c, "loss", ""), "cross_entropy_of_mean_spikes") != 0)
        spk_fail(c->ctx, "loss '%s' is unknown", golden_text(c, "loss", ""));
    const spk_shape w1 = golden_shape(c, "w1", 2, 2), w2 = golden_shape(c, "w2", 2, 2), labels = golden_shape(c, "labels", 1, 1);
    n->in = w1.dim[1], n->hidden = w1.dim[0], n->out = w2.dim[0], n->batch = labels.dim[0];
    const spk_shape shape = n->is_static ? SPK_SHAPE(n->batch, n->in) : SPK_SHAPE(n->windows * n->T, n->batch, n->in);
    n->x = golden_tensor(c, "x", shape);
    n->labels = golden_tensor(c, "labels", labels);
}

static void load(golden_case *c, spk_module *linear, const char *weight, const char *bias) {
    if (spk_failed(c->ctx)) return;
    golden_load(c, weight, spk_find_tensor(linear, "weight"), true);
    golden_load(c, bias, spk_find_tensor(linear, "bias"), false);
}

static void build(network *n, golden_path path) {
    golden_case *c = n->c;
    spk_module *fc1 = spk_linear_layer(c->ctx, n->in, n->hidden), *fc2 = spk_linear_layer(c->ctx, n->hidden, n->out);
    n->hidden_neuron = golden_neuron(c, path, n->T);
    n->net = spk_sequential(c->ctx, fc1, n->hidden_neuron, fc2, golden_neuron(c, path, n->T));
    load(c, fc1, "w1", "b1");
    load(c, fc2, "w2", "b2");
    n->optimizer = golden_optimizer(c, n->net);
}

/* The input of a window, [T*B, in]. */
static spk_tensor *input_of(const network *n, int64_t window) {
    if (n->is_static) return spk_constant_encode(n->x, n->T);
    return spk_reshape(spk_slice(n->x, window * n->T, (window + 1) * n->T), SPK_SHAPE(n->T * n->batch, n->in));
}

static void compare_gradients(const network *n, int64_t step, int64_t window) {
    golden_compare_turned(n->c, n->path, named("gw1", step, window).text, spk_grad(spk_find_tensor(n->net, "0.weight")));
    golden_compare_tensor(n->c, n->path, named("gb1", step, window).text, spk_grad(spk_find_tensor(n->net, "0.bias")), GOLDEN_TOLERANCE);
    golden_compare_turned(n->c, n->path, named("gw2", step, window).text, spk_grad(spk_find_tensor(n->net, "2.weight")));
    golden_compare_tensor(n->c, n->path, named("gb2", step, window).text, spk_grad(spk_find_tensor(n->net, "2.bias")), GOLDEN_TOLERANCE);
}

/* One window: forward, loss, backward, optimizer step; the membranes are cut off and kept. */
static void run_window(const network *n, int64_t step, int64_t window) {
    golden_case *c = n->c;
    spk_zero_grad(n->net);
    spk_tensor *spikes = spk_call(n->net, input_of(n, window));
    spk_tensor *loss = spk_spike_cross_entropy(spikes, n->labels, n->T, n->label_smoothing);
    spk_backward(loss);
    if (spk_failed(c->ctx)) return;
    spk_tensor *hidden = spk_reshape(spk_dense(spk_spikes(n->hidden_neuron)), SPK_SHAPE(n->T, n->batch, n->hidden));
    golden_compare_tensor(c, n->path, named("hidden_spikes", step, window).text, hidden, GOLDEN_EXACT);
    golden_compare_tensor(c, n->path, named("rate", step, window).text, spk_mean_over_time(spikes, n->T), GOLDEN_TOLERANCE);
    golden_compare_tensor(c, n->path, named("loss", step, window).text, loss, GOLDEN_TOLERANCE);
    compare_gradients(n, step, window);
    spk_optimizer_step(n->optimizer);
    spk_detach(n->net);
    spk_end_step(c->ctx);
}

static void compare_after(const network *n) {
    golden_compare_turned(n->c, n->path, "w1.after", spk_find_tensor(n->net, "0.weight"));
    golden_compare_tensor(n->c, n->path, "b1.after", spk_find_tensor(n->net, "0.bias"), GOLDEN_TOLERANCE);
    golden_compare_turned(n->c, n->path, "w2.after", spk_find_tensor(n->net, "2.weight"));
    golden_compare_tensor(n->c, n->path, "b2.after", spk_find_tensor(n->net, "2.bias"), GOLDEN_TOLERANCE);
    spk_end_step(n->c->ctx);
}

static void run_path(golden_case *c, golden_path path) {
    network n = {.c = c, .path = path.name};
    read_data(&n);
    if (spk_failed(c->ctx)) return;
    build(&n, path);
    for (int64_t step = 0; step < n.steps && !spk_failed(c->ctx); step++) {
        spk_reset(n.net);
        for (int64_t window = 0; window < n.windows && !spk_failed(c->ctx); window++) run_window(&n, step, window);
    }
    if (!spk_failed(c->ctx)) compare_after(&n);
}

void golden_run_network(golden_case *c) {
    for (int i = 0; i < golden_n_paths && !spk_failed(c->ctx); i++)
        if (!golden_paths[i].steps) run_path(c, golden_paths[i]);
}
