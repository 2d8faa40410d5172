/* One neuron layer over T steps: spikes, membranes and gradients, fused and composed. */
#include "golden.h"
#include "../composed_neuron.h"
#include <math.h>
#include <string.h>

const golden_path golden_paths[] = {
    {.name = "fused"},
    {.name = "fused, spike_out", .spike_out = true},
    {.name = "fused, step by step", .steps = true},
    {.name = "fused, step by step, spike_out", .steps = true, .spike_out = true},
    {.name = "composed", .own = true},
    {.name = "composed, spike_out", .own = true, .spike_out = true},
    {.name = "composed, step by step", .own = true, .steps = true},
};
const int golden_n_paths = sizeof golden_paths / sizeof *golden_paths;

static spk_module *own_neuron(golden_case *c, const char *kind, spk_lif_opts options) {
    composed_node *own = spk_base_node_create(c->ctx, &composed_type, spk_base_node_part(options));
    if (!own) return spk_inert_module();
    own->leak = (spk_leak){.k = strcmp(kind, "if") == 0 ? 0 : 1 / options.tau, .decay_input = options.decay_input};
    if (strcmp(kind, "if") == 0) own->leak.decay_input = false;
    if (strcmp(kind, "plif") == 0) {
        own->w = spk_register_parameter(&own->base.module, "w", SPK_SCALAR);
        spk_fill(own->w, -log(options.tau - 1));
    }
    return &own->base.module;
}

spk_module *golden_neuron(golden_case *c, golden_path path, int64_t T) {
    const char *kind = golden_text(c, "neuron", "");
    spk_lif_opts options = spk_lif_options();
    options.tau = golden_number(c, "tau", 2);
    options.decay_input = golden_flag(c, "decay_input", true);
    options.v_threshold = golden_number(c, "v_threshold", 1);
    options.v_reset = golden_voltage(c, "v_reset", 0);
    options.surrogate_function = golden_surrogate(c);
    options.detach_reset = golden_flag(c, "detach_reset", false);
    options.parallel_optim = options.store_v_seq = !path.steps;
    options.T = path.steps ? 1 : T;
    options.spike_out = path.spike_out;
    if (strcmp(kind, "if") != 0 && strcmp(kind, "lif") != 0 && strcmp(kind, "plif") != 0) spk_fail(c->ctx, "neuron '%s' is unknown", kind);
    if (path.own) return own_neuron(c, kind, options);
    if (strcmp(kind, "if") == 0) return spk_if_with(c->ctx, spk_base_node_part(options));
    return strcmp(kind, "lif") == 0 ? spk_lif_with(c->ctx, options) : spk_plif_with(c->ctx, options);
}

/* What a neuron layer is given and gives, [T, N] each. */
typedef struct layer_run {
    spk_tensor *x, *v0, *spikes, *v;
} layer_run;

static void run_steps(golden_case *c, spk_module *neuron, layer_run *run) {
    enum { JOINED = 64 }; /* steps are joined as they come, JOINED at a time */
    spk_tensor *spikes[JOINED], *v[JOINED];
    const int64_t T = spk_dim(run->x, 0);
    int n = 0;
    for (int64_t t = 0; t < T && !spk_failed(c->ctx); t++) {
        spikes[n] = spk_dense(spk_call(neuron, spk_time_step(run->x, T, t)));
        v[n++] = spk_v(neuron);
        if (spk_failed(c->ctx) || (n < JOINED && t + 1 < T)) continue;
        spikes[0] = spk_concat(spikes, n, 0), v[0] = spk_concat(v, n, 0);
        n = 1;
    }
    if (!spk_failed(c->ctx)) run->spikes = spikes[0], run->v = v[0];
}

static void run_layer(golden_case *c, golden_path path, spk_module *neuron, layer_run *run) {
    spk_set_memory(neuron, "v", run->v0);
    if (path.steps) {
        run->spikes = run->v = run->x; /* in case of an error */
        run_steps(c, neuron, run);
    } else {
        run->spikes = spk_call(neuron, run->x);
        run->v = spk_v_seq(neuron);
    }
}

static void compare_run(golden_case *c, const char *path, spk_module *neuron, const layer_run *run) {
    const bool learns = strcmp(golden_text(c, "neuron", ""), "plif") == 0;
    spk_tensor *gv0 = spk_grad(run->v0);
    golden_compare_tensor(c, path, "spikes", run->spikes, GOLDEN_EXACT);
    golden_compare_tensor(c, path, "v", run->v, GOLDEN_TOLERANCE);
    golden_compare_tensor(c, path, "gx", spk_grad(run->x), GOLDEN_TOLERANCE);
    if (!learns || golden_has_array(c, "gv0"))
        golden_compare_tensor(c, path, "gv0", gv0 ? spk_reshape(gv0, SPK_SHAPE(spk_size(gv0))) : NULL, GOLDEN_TOLERANCE);
    if (learns) golden_compare_tensor(c, path, "gw", spk_grad(spk_find_tensor(neuron, "w")), GOLDEN_TOLERANCE);
}

static void run_path(golden_case *c, golden_path path) {
    const spk_shape shape = golden_shape(c, "x", 2, 2);
    spk_module *neuron = golden_neuron(c, path, shape.dim[0]);
    layer_run run = {.x = golden_leaf(c, "x", shape)};
    run.v0 = spk_tensor_create(c->ctx, SPK_SHAPE(1, shape.dim[1]));
    spk_copy(run.v0, spk_reshape(golden_tensor(c, "v0", SPK_SHAPE(shape.dim[1])), SPK_SHAPE(1, shape.dim[1])));
    spk_set_requires_grad(run.v0, true);
    spk_tensor *gs = golden_tensor(c, "gs", shape), *gv = golden_tensor(c, "gv", shape);
    run_layer(c, path, neuron, &run);
    spk_backward(spk_add(spk_sum(spk_multiply(run.spikes, gs)), spk_sum(spk_multiply(run.v, gv))));
    if (!spk_failed(c->ctx)) compare_run(c, path.name, neuron, &run);
    spk_end_step(c->ctx);
}

void golden_run_neuron(golden_case *c) {
    for (int i = 0; i < golden_n_paths && !spk_failed(c->ctx); i++) run_path(c, golden_paths[i]);
}
