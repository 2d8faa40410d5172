/* What a neuron keeps from step to step: its memories, resets that were forgotten, windows, streams. */
#include "base_node_support.h"

Test(membrane, memories) {
    spk_ctx *ctx = seeded();
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 3, 4), spk_lif(ctx, .v_reset = -0.25), spk_linear_layer(ctx, 4, 2),
                                     spk_sequential(ctx, spk_plif(ctx)));
    static const char *const names[] = {"1.v", "3.0.v"};
    int n = 0;
    for (spk_walk w = spk_memories(net); spk_walk_next(&w); n++) {
        cr_assert(n < 2, "too many memories: %s", w.name);
        cr_assert_str_eq(w.name, names[n], "memory %d: %s", n, w.name);
        cr_assert(w.slot->kind == SPK_MEMORY && !w.slot->tensor, "%s: slot", w.name);
        cr_assert(w.slot->reset_value == (n ? 0 : -0.25), "%s: reset value", w.name);
    }
    cr_assert_eq(n, 2, "%d memories", n);
    spk_module *lif = spk_find_module(net, "1");
    spk_base_node *node = spk_as_node(lif);

    spk_tensor *like = uniform(ctx, SPK_SHAPE(2, 4), 0, 1), *start = spk_v_float_to_tensor(node, like);
    cr_assert(spk_shape_equal(spk_tensor_shape(start), SPK_SHAPE(2, 4)), "v_float_to_tensor: shape");
    assert_values(start, "v_float_to_tensor", -0.25, -0.25, -0.25, -0.25, -0.25, -0.25, -0.25, -0.25);
    cr_assert_null(spk_v(lif), "v_float_to_tensor does not set the memory");
    spk_tensor *x = uniform(ctx, SPK_SHAPE(2, 3), -1, 1);
    spk_call(net, x);
    cr_assert_not_null(spk_v(lif), "v after a forward");
    cr_assert_eq(spk_v_float_to_tensor(node, like), spk_v(lif), "v_float_to_tensor gives the membrane");
    cr_assert(spk_requires_grad(spk_v(lif)), "the membrane has a graph");

    spk_tensor *value = spk_keep(spk_v(lif));
    spk_detach(net);
    cr_assert(!spk_requires_grad(spk_v(lif)), "detach cuts the graph");
    assert_same(spk_v(lif), value, 0, "detach keeps the value");

    spk_reset(net);
    for (spk_walk w = spk_memories(net); spk_walk_next(&w);) cr_assert_null(w.slot->tensor, "%s after reset", w.name);
    cr_assert(spk_set_reset_value(lif, "v", 0.5) && spk_reset_value(lif, "v") == 0.5, "set_reset_value");
    assert_values(spk_v_float_to_tensor(node, STEP(ctx, 2, 0, 0)), "after set_reset_value", 0.5, 0.5);
    cr_assert(node->v_reset == -0.25, "the voltage after a spike is another thing");
    assert_fine(ctx, "memories");

    cr_assert(isnan(spk_reset_value(lif, "w")), "an unknown memory");
    assert_error(ctx, "spk_reset_value", "lif (sequential.1)", "no memory 'w'");
    cr_assert(!spk_set_reset_value(lif, "w", 1), "an unknown memory");
    assert_error(ctx, "spk_set_reset_value", "lif (sequential.1)", "no memory 'w'");
    spk_ctx_destroy(ctx);
}

static int reset_calls;
static void count_reset(spk_module *module) { (void)module, reset_calls++; }
static spk_tensor *same(spk_module *module, spk_tensor *x) { return (void)module, x; }

Test(membrane, reset_calls_the_type) {
    spk_ctx *ctx = seeded();
    static const spk_module_type type = {.name = "counting", .size = sizeof(spk_module), .forward = same, .reset = count_reset};
    spk_module *net = spk_sequential(ctx, spk_module_create(ctx, &type), spk_lif(ctx), spk_sequential(ctx, spk_module_create(ctx, &type)));
    spk_reset(net);
    cr_assert_eq(reset_calls, 2, "%d calls", reset_calls);
    spk_ctx_destroy(ctx);
}

Test(membrane, forgotten_reset) {
    for (int path = 0; path < 2; path++) {
        spk_ctx *ctx = seeded();
        spk_lif_opts o = spk_lif_options();
        spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 3, 4), path ? composed(ctx, o) : spk_lif_with(ctx, o));
        const char *where = path ? "composed (net.1)" : "lif (net.1)";
        spk_module_set_name(net, "net");
        spk_tensor *x = uniform(ctx, SPK_SHAPE(2, 3), 0, 2);
        spk_module *lif = spk_find_module(net, "1");

        spk_call(net, x);
        spk_tensor *value = spk_keep(spk_v(lif));
        spk_end_step(ctx);
        assert_inert(spk_call(net, x), where);
        cr_assert(strstr(spk_error(ctx), "spk_detach"), "%s: %s", where, spk_error(ctx));
        assert_error(ctx, "forgotten reset", where, "spk_reset");
        spk_call(net, x); /* still forgotten after the error is cleared */
        assert_error(ctx, "forgotten again", where, "spk_reset");

        spk_detach(net);
        assert_same(spk_v(lif), value, 0, "detach keeps the value over the step");
        spk_call(net, x);
        assert_fine(ctx, "after detach");
        spk_end_step(ctx);
        spk_reset(net);
        cr_assert_null(spk_v(lif), "%s: after reset", where);
        spk_call(net, x);
        assert_same(spk_v(lif), value, 0, "after reset all begins anew");
        assert_fine(ctx, "after reset");
        spk_ctx_destroy(ctx);
    }
}

Test(membrane, without_a_graph_the_membrane_persists) {
    for (int path = 0; path < 2; path++) {
        spk_ctx *ctx = seeded();
        spk_lif_opts o = spk_lif_options();
        spk_module *lif = path ? composed(ctx, o) : spk_lif_with(ctx, o);
        const char *name = path ? "composed" : "fused";
        spk_tensor *leaf = spk_set_requires_grad(VECTOR(ctx, 1, 1, 1), true);
        SPK_NO_GRAD(ctx) {
            spk_call(lif, spk_reshape(leaf, SPK_SHAPE(1, 3)));
            spk_end_step(ctx);
            assert_values(spk_v(lif), name, 0.5, 0.5, 0.5);
            spk_call(lif, spk_reshape(leaf, SPK_SHAPE(1, 3)));
            spk_end_step(ctx);
            spk_end_step(ctx);
            assert_values(spk_v(lif), name, 0.75, 0.75, 0.75);
        }
        spk_call(lif, spk_reshape(leaf, SPK_SHAPE(1, 3))); /* and a graph may begin from it */
        cr_assert(spk_backward(spk_sum(spk_v(lif))), "%s: %s", name, spk_error(ctx));
        assert_fine(ctx, name);
        spk_ctx_destroy(ctx);
    }
}

Test(membrane, another_batch_shape) {
    for (int path = 0; path < 2; path++) {
        spk_ctx *ctx = seeded();
        spk_lif_opts o = spk_lif_options();
        o.T = 2, o.parallel_optim = true;
        spk_module *net = spk_sequential(ctx, path ? composed(ctx, o) : spk_lif_with(ctx, o));
        const char *where = path ? "composed (net.0)" : "lif (net.0)";
        spk_module_set_name(net, "net");
        spk_call(net, spk_full(ctx, SPK_SHAPE(2 * 3, 5), 1));
        spk_end_step(ctx);
        assert_inert(spk_call(net, spk_full(ctx, SPK_SHAPE(2 * 2, 5), 1)), where);
        cr_assert(strstr(spk_error(ctx), "[3, 5]") && strstr(spk_error(ctx), "[2, 5]"), "%s: %s", where, spk_error(ctx));
        assert_error(ctx, "smaller batch", where, "spk_reset");
        spk_call(net, spk_full(ctx, SPK_SHAPE(2 * 3, 6), 1));
        assert_error(ctx, "wider", where, "spk_reset");
        spk_call(net, spk_full(ctx, SPK_SHAPE(2 * 3 * 5), 1));
        assert_error(ctx, "one axis", where, "spk_reset");
        spk_reset(net);
        spk_call(net, spk_full(ctx, SPK_SHAPE(2 * 2, 5), 1));
        spk_end_step(ctx);
        assert_fine(ctx, "after reset");
        spk_ctx_destroy(ctx);
    }
}

Test(membrane, T_must_divide) {
    for (int path = 0; path < 2; path++) {
        spk_ctx *ctx = seeded();
        spk_lif_opts o = spk_lif_options();
        o.T = 4, o.parallel_optim = true;
        spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 3, 4), path ? composed(ctx, o) : spk_lif_with(ctx, o));
        const char *where = path ? "composed (net.1)" : "lif (net.1)";
        spk_module_set_name(net, "net");
        assert_inert(spk_call(net, spk_full(ctx, SPK_SHAPE(6, 3), 1)), where);
        assert_error(ctx, "six rows", where, "T = 4");
        spk_module *neuron = spk_find_module(net, "1");
        spk_call(neuron, spk_full(ctx, SPK_SCALAR, 1));
        assert_error(ctx, "scalar", where, "T = 4");
        cr_assert_null(spk_v(neuron), "no membrane after an error");
        spk_call(net, spk_full(ctx, SPK_SHAPE(8, 3), 1));
        assert_fine(ctx, where);
        spk_simple_forward(spk_as_node(neuron), NULL);
        cr_assert(spk_failed(ctx), "NULL as input");
        spk_clear_error(ctx);
        spk_call(neuron, NULL);
        assert_error(ctx, "NULL", where, "NULL");
        spk_ctx_destroy(ctx);
    }
}

/* Streaming. */

Test(membrane, streaming_needs_constant_memory) {
    spk_ctx *ctx = seeded();
    spk_module *net =
        spk_sequential(ctx, spk_linear_layer(ctx, 20, 30), spk_lif(ctx, .spike_out = true), spk_linear_layer(ctx, 30, 5), spk_plif(ctx));
    spk_tensor *x = uniform(ctx, SPK_SHAPE(4, 20), 0, 3);
    size_t held = 0;
    SPK_NO_GRAD(ctx) {
        for (int t = 0; t < 1000; t++) {
            spk_call(net, x);
            spk_end_step(ctx);
            if (t == 2) held = spk_memory_use(ctx).held;
        }
    }
    assert_fine(ctx, "streaming");
    cr_assert_eq(spk_memory_use(ctx).held, held, "%zu bytes held, %zu after 3 steps", spk_memory_use(ctx).held, held);
    spk_ctx_destroy(ctx);
}

Test(membrane, truncated_windows_need_constant_memory) {
    spk_ctx *ctx = seeded();
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 20, 30), spk_lif(ctx, .T = 3, .parallel_optim = true));
    spk_tensor *x = uniform(ctx, SPK_SHAPE(12, 20), 0, 3);
    size_t held = 0;
    for (int t = 0; t < 100; t++) {
        spk_backward(spk_sum(spk_call(net, x)));
        spk_detach(net);
        spk_end_step(ctx);
        if (t == 3) held = spk_memory_use(ctx).held;
    }
    assert_fine(ctx, "windows");
    cr_assert_eq(spk_memory_use(ctx).held, held, "%zu bytes held, %zu after 4 windows", spk_memory_use(ctx).held, held);
    spk_ctx_destroy(ctx);
}

Test(membrane, streaming_equals_all_at_once) {
    enum { T = 60, N = 3, M = 70 };
    spk_ctx *ctx = seeded();
    spk_tensor *x = uniform(ctx, SPK_SHAPE(T * N, M), -1, 3);
    spk_module *step = spk_lif(ctx), *all = spk_lif(ctx, .T = T, .parallel_optim = true);
    spk_tensor *wanted = spk_keep(spk_call(all, x));
    spk_tensor *v = spk_keep(spk_v(all));
    for (int t = 0; t < T; t++) {
        spk_tensor *spikes = spk_call(step, spk_time_step(x, T, t));
        assert_same(spikes, spk_time_step(wanted, T, t), 0, "streamed spikes");
        spk_end_step(ctx);
    }
    assert_same(spk_v(step), v, 0, "streamed membrane");
    assert_fine(ctx, "streaming");
    spk_ctx_destroy(ctx);
}
