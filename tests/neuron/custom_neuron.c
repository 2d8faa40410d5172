/* Neurons of one's own. */
#include "base_node_support.h"

/* A neuron of one's own: a learned leak, a threshold of its own, and a second memory that rises with each
 * spike. */

typedef struct adaptive_node {
    spk_base_node base;
    spk_tensor *leak;
} adaptive_node;

static spk_tensor *adaptive_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v) {
    return spk_add(spk_multiply(v, ((adaptive_node *)node)->leak), x);
}

static spk_tensor *adaptive_fire(spk_base_node *node, spk_tensor *h) {
    spk_tensor *a = spk_memory_like(&node->module, "a", h);
    return spk_heaviside(spk_subtract(spk_shift(h, -node->v_threshold), a), node->surrogate_function);
}

static spk_tensor *adaptive_reset(spk_base_node *node, spk_tensor *h, spk_tensor *spikes) {
    spk_tensor *a = spk_memory_like(&node->module, "a", h);
    spk_set_memory(&node->module, "a", spk_add(spk_scale(a, 0.5), spk_scale(spikes, 0.75)));
    return spk_soft_reset(h, spikes, 0.5);
}

static const spk_neuron_type adaptive_type = {.module = SPK_NEURON_MODULE("adaptive", adaptive_node, spk_base_node_repr),
                                              .neuronal_dynamics = adaptive_dynamics,
                                              .neuronal_fire = adaptive_fire,
                                              .neuronal_reset = adaptive_reset};

static spk_module *adaptive(spk_ctx *ctx, spk_base_node_opts o) {
    adaptive_node *node = spk_base_node_create(ctx, &adaptive_type, o);
    if (!node) return spk_inert_module();
    node->leak = spk_register_parameter(&node->base.module, "leak", SPK_SCALAR);
    spk_fill(node->leak, 0.75);
    return spk_register_memory(&node->base.module, "a", 0.125) ? &node->base.module : spk_inert_module();
}

Test(custom_neuron, custom_neuron) {
    enum { T = 6, N = 2, M = 9 };
    for (int m = 0; m < 4; m++) {
        const bool at_once = m & 1, bits = m & 2;
        spk_ctx *ctx = seeded();
        spk_base_node_opts o = spk_base_node_options();
        o.v_threshold = 0.75, o.parallel_optim = at_once, o.T = at_once ? T : 1, o.spike_out = bits, o.store_v_seq = true;
        spk_module *neuron = adaptive(ctx, o), *net = spk_sequential(ctx, neuron);
        spk_tensor *x = spk_set_requires_grad(uniform(ctx, SPK_SHAPE(T * N, M), -0.5, 1.5), true);
        cr_assert_str_eq(neuron->type->name, "adaptive");
        cr_assert(spk_find_tensor(net, "0.leak") != NULL && spk_parameter_count(net, true) == 1, "its parameter is found");
        int memories = 0;
        for (spk_walk w = spk_memories(net); spk_walk_next(&w); memories++) cr_assert_str_eq(w.name, memories ? "0.a" : "0.v");
        cr_assert_eq(memories, 2);

        spk_tensor *steps[T], *y;
        if (at_once) y = spk_call(net, x);
        else {
            for (int t = 0; t < T; t++) steps[t] = spk_dense(spk_call(net, spk_time_step(x, T, t)));
            y = spk_concat(steps, T, 0);
        }
        assert_fine(ctx, "custom");
        if (at_once) cr_assert_eq(spk_tensor_storage(y), bits ? SPK_BITS : SPK_DENSE, "storage");
        int fired = 0;
        for (int i = 0; i < N * M; i++) {
            spk_real v = 0, a = (spk_real)0.125;
            for (int t = 0; t < T; t++) {
                const int at = t * N * M + i;
                const spk_real h = v * (spk_real)0.75 + spk_data(x)[at], s = h - (spk_real)0.75 - a >= 0;
                v = h - s * (spk_real)0.5;
                a = (spk_real)0.5 * a + (spk_real)0.75 * s;
                fired += s == 1;
                cr_assert(spk_data(y)[at] == s, "case %d: spike %d of neuron %d", m, t, i);
            }
            cr_assert(close_to((double)spk_data(spk_v(neuron))[i], (double)v, ROUNDING), "case %d: v of %d", m, i);
            cr_assert(close_to((double)spk_data(spk_memory(neuron, "a"))[i], (double)a, ROUNDING), "case %d: a of %d", m, i);
        }
        cr_assert(fired > 10 && fired < T * N * M - 10, "%d spikes", fired);
        cr_assert(spk_backward(spk_sum(y)), "%s", spk_error(ctx));
        cr_assert(spk_grad(spk_find_tensor(net, "0.leak")) && spk_grad(x), "gradients");
        cr_assert(spk_item(spk_grad(spk_find_tensor(net, "0.leak"))) != 0, "a gradient of the leak");

        spk_end_step(ctx);
        spk_call(net, at_once ? x : spk_slice(x, 0, N));
        assert_error(ctx, "custom, forgotten reset", "adaptive (sequential.0)", "spk_reset");
        spk_reset(net);
        cr_assert(!spk_v(neuron) && !spk_memory(neuron, "a"), "reset both");
        spk_call(net, at_once ? x : spk_slice(x, 0, N));
        assert_fine(ctx, "custom after reset");
        spk_ctx_destroy(ctx);
    }
}

/* Fire that gives more than zeros and ones cannot be stored as bits. */
static spk_tensor *graded_fire(spk_base_node *node, spk_tensor *h) { return (void)node, spk_scale(spk_relu(h), 0.5); }
static const spk_neuron_type graded_type = {.module = SPK_NEURON_MODULE("graded", spk_base_node, spk_base_node_repr),
                                            .neuronal_dynamics = composed_dynamics,
                                            .neuronal_fire = graded_fire};

Test(custom_neuron, graded_spikes_are_no_bits) {
    spk_ctx *ctx = seeded();
    spk_base_node_opts o = spk_base_node_options();
    spk_base_node *plain = spk_base_node_create(ctx, &graded_type, o);
    assert_values(spk_call(&plain->module, STEP(ctx, 2, 1, -1)), "graded", 0.25, 0);
    o.spike_out = true;
    spk_base_node *bits = spk_base_node_create(ctx, &graded_type, o);
    assert_inert(spk_call(&bits->module, STEP(ctx, 2, 1, -1)), "graded bits");
    assert_error(ctx, "graded bits", "bits (graded)", "zeros and ones");
    spk_ctx_destroy(ctx);
}
