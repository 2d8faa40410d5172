/* The net by the library, in a given way. */
#include "../composed_neuron.h"
#include "net.h"
#include <stdlib.h>
#include <string.h>

static spk_module *composed_neuron(spk_ctx *ctx, const layer *l, spk_base_node_opts o) {
    composed_node *node = spk_base_node_create(ctx, &composed_type, o);
    if (!node) return spk_inert_module();
    node->leak = (spk_leak){.k = layer_k(l), .decay_input = l->decay_input};
    if (l->kind == PLIF) node->w = spk_register_parameter(&node->base.module, "w", SPK_SCALAR);
    return &node->base.module;
}

static spk_module *neuron(spk_ctx *ctx, const net *n, const way *w, const layer *l) {
    spk_lif_opts o = spk_lif_options();
    o.tau = 1 << l->log2_tau, o.decay_input = l->decay_input, o.v_threshold = l->threshold, o.detach_reset = l->detach_reset;
    o.v_reset = l->reset == SOFT ? SPK_NONE : layer_reset(l);
    o.surrogate_function = spk_surrogate_of(l->surrogate, .alpha = l->alpha);
    o.parallel_optim = !w->step_by_step, o.T = w->step_by_step ? 1 : n->T / (w->windows ? w->windows : 1);
    o.spike_out = l->bits != w->other_bits;
    o.store_v_seq = n->loss == MEMBRANES && l == &n->layers[n->depth - 1];
    if (w->composed) return composed_neuron(ctx, l, spk_base_node_part(o));
    return l->kind == IF ? spk_if_with(ctx, spk_base_node_part(o)) : l->kind == LIF ? spk_lif_with(ctx, o) : spk_plif_with(ctx, o);
}

static void fill(spk_tensor *x, const double *values) {
    spk_real *to = spk_data_mut(x);
    for (int64_t i = 0; to && i < spk_size(x); i++) to[i] = (spk_real)values[i];
}

static spk_tensor *tensor(spk_ctx *ctx, spk_shape shape, const double *values) {
    spk_tensor *x = spk_tensor_create(ctx, shape);
    fill(x, values);
    return x;
}

typedef struct run {
    const net *n;
    const way *w;
    outcome *o;
    spk_ctx *ctx;
    spk_module *net, *linear[MOST_LAYERS], *node[MOST_LAYERS];
    spk_tensor *x;
} run;

static void build(run *r) {
    spk_module *parts[2 * MOST_LAYERS];
    for (int i = 0; i < r->n->depth; i++) {
        const layer *l = &r->n->layers[i];
        parts[2 * i] = r->linear[i] = spk_linear_layer(r->ctx, l->in, l->out, .bias = l->bias != NULL);
        parts[2 * i + 1] = r->node[i] = neuron(r->ctx, r->n, r->w, l);
    }
    r->net = spk_sequential_of(r->ctx, 2 * r->n->depth, parts);
    for (int i = 0; i < r->n->depth && !spk_failed(r->ctx); i++) {
        fill(spk_find_tensor(r->linear[i], "weight"), r->n->layers[i].weight);
        if (r->n->layers[i].bias) fill(spk_find_tensor(r->linear[i], "bias"), r->n->layers[i].bias);
    }
    r->x = spk_set_requires_grad(tensor(r->ctx, SPK_SHAPE(net_input_rows(r->n), net_in(r->n)), r->n->x), true);
}

/* The input of `T` steps. */
static spk_tensor *input_of(const run *r, int64_t T, int64_t window) {
    spk_tensor *x = r->n->input == CONSTANT ? spk_repeat_over_time(r->x, T) : spk_time_step(r->x, r->n->T / T, window);
    if (r->n->input == CONSTANT && r->w->written_out) return spk_dense(x);
    return r->n->input == SPIKES && r->n->input_bits != r->w->written_out ? spk_bits(x) : x;
}

/* Writes a tensor's elements into the outcome's array from row `first` on. */
static void note(const run *r, const char *name, int i, int64_t n, int64_t first, spk_tensor *x) {
    const array *a = outcome_find(r->o, name, i);
    double *to = (a ? a : outcome_add(r->o, name, i, true, n))->values + first;
    const spk_real *from = spk_data(x);
    for (int64_t e = 0; from && e < spk_size(x); e++) to[e] = (double)from[e];
}

/* The spikes of all layers since row `step` of T, and the membranes. */
static void note_forward(const run *r, int64_t step) {
    for (int i = 0; i < r->n->depth && !spk_failed(r->ctx); i++) {
        const int64_t size = r->n->N * r->n->layers[i].out;
        note(r, "spikes", i, r->n->T * size, step * size, spk_spikes(r->node[i]));
        note(r, "v", i, size, 0, spk_v(r->node[i]));
    }
}

/* Spikes and membranes of T steps. */
typedef struct output {
    spk_tensor *spikes, *v_seq, *v;
} output;

static output forward_at_once(const run *r, int64_t T, int64_t window) {
    spk_module *last = r->node[r->n->depth - 1];
    output y = {.spikes = spk_call(r->net, input_of(r, T, window))};
    if (r->n->loss == MEMBRANES) y.v_seq = spk_v_seq(last);
    note_forward(r, T * window);
    y.v = spk_v(last);
    return y;
}

static output forward_step_by_step(const run *r) {
    spk_module *last = r->node[r->n->depth - 1];
    spk_tensor *x = input_of(r, r->n->T, 0), *spikes[16], *v[16];
    for (int64_t t = 0; t < r->n->T; t++) {
        spikes[t] = spk_dense(spk_call(r->net, spk_time_step(x, r->n->T, t)));
        v[t] = spk_v(last);
        note_forward(r, t);
    }
    const int T = (int)r->n->T;
    return (output){spk_concat(spikes, T, 0), r->n->loss == MEMBRANES ? spk_concat(v, T, 0) : NULL, v[T - 1]};
}

static spk_tensor *loss_of(const run *r, output y, int64_t T) {
    const net *n = r->n;
    const spk_shape step = SPK_SHAPE(n->N, net_out(n)), all = SPK_SHAPE(T * n->N, net_out(n));
    if (n->loss == WEIGHTED)
        return spk_add(spk_sum(spk_multiply(y.spikes, tensor(r->ctx, all, n->r_spikes))),
                       spk_sum(spk_multiply(y.v, tensor(r->ctx, step, n->r_v))));
    spk_tensor *labels = tensor(r->ctx, SPK_SHAPE(n->N), n->labels);
    if (n->loss == RATES) return spk_spike_cross_entropy(y.spikes, labels, T, 0);
    return spk_membrane_cross_entropy(spk_scale(y.v_seq, net_score_scale(n)), labels, T);
}

static void note_gradient(const run *r, const char *name, int i, spk_tensor *x) {
    const spk_tensor *g = x ? spk_grad(x) : NULL;
    if (x && !g) spk_fail(r->ctx, "the gradient of %s of layer %d is missing", name, i);
    if (!g) return;
    note(r, name, i, spk_size(g), 0, spk_grad(x));
    r->o->arrays[r->o->n - 1].exact = false;
}

static void note_gradients(const run *r, double loss) {
    outcome_add(r->o, "loss", 0, false, 1)->values[0] = loss;
    for (int i = 0; i < r->n->depth && !spk_failed(r->ctx); i++) {
        note_gradient(r, "weight", i, spk_find_tensor(r->linear[i], "weight"));
        note_gradient(r, "bias", i, spk_find_tensor(r->linear[i], "bias"));
        note_gradient(r, "w", i, spk_find_tensor(r->node[i], "w"));
    }
    note_gradient(r, "x", 0, r->x);
}

/* Windows of truncated BPTT as a training loop has them. */
static void run_windows(const run *r) {
    const int64_t T = r->n->T / r->w->windows;
    for (int window = 0; window < r->w->windows; window++) {
        spk_zero_grad(r->net);
        spk_detach(r->net);
        spk_tensor *loss = loss_of(r, forward_at_once(r, T, window), T);
        const double value = spk_item(loss);
        spk_backward(loss);
        if (r->w->windows == 1) note_gradients(r, value);
        spk_detach(r->net);
        spk_end_step(r->ctx);
    }
}

static void run_all(const run *r) {
    spk_tensor *loss = loss_of(r, r->w->step_by_step ? forward_step_by_step(r) : forward_at_once(r, r->n->T, 0), r->n->T);
    const double value = spk_item(loss);
    spk_backward(loss);
    note_gradients(r, value);
}

outcome library_run(const net *n, const way *w) {
    outcome o = {0};
    run r = {.n = n, .w = w, .o = &o, .ctx = spk_ctx_create(.seed = n->seed)};
    spk_set_road(r.ctx, w->road);
    spk_set_threads(w->threads ? w->threads : 1);
    build(&r);
    if (w->windows) run_windows(&r);
    else run_all(&r);
    if (spk_failed(r.ctx)) snprintf(o.error, sizeof o.error, "%s", spk_error(r.ctx));
    spk_ctx_destroy(r.ctx);
    return o;
}
