/* The neuron as a module: every row of the snngrow API, its errors, and what lasts from step to step. */
#include "../core/support.h"

/* A tensor of values for one step. */
#define STEP(ctx, n, ...) spk_step_from((ctx), SPK_SHAPE(1, n), (const spk_real[]){__VA_ARGS__})

static spk_ctx *seeded(void) { return spk_ctx_create(.seed = 1); }

/* LIF as composed ops: no leak in the type. */
static spk_tensor *composed_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v) {
    return spk_lif_decay_input(x, v, spk_is_none(node->v_reset) ? 0 : node->v_reset, 2);
}
static const spk_neuron_type composed_type = {.module = SPK_NEURON_MODULE("composed", spk_base_node, spk_base_node_repr),
                                              .neuronal_dynamics = composed_dynamics};
static spk_module *composed(spk_ctx *ctx, spk_lif_opts o) {
    spk_base_node *node = spk_base_node_create(ctx, &composed_type, spk_base_node_part(o));
    return node ? &node->module : spk_inert_module();
}

/* Options. */

#define ASSERT_DEFAULTS(o, name)                                                                                                \
    do {                                                                                                                        \
        cr_assert((o).v_threshold == 1 && (o).v_reset == 0 && (o).T == 1, "%s: voltages or T", (name));                         \
        cr_assert(!(o).detach_reset && !(o).parallel_optim && !(o).spike_out && !(o).store_v_seq, "%s: a flag is set", (name)); \
    } while (0)

Test(base_node, defaults) {
    spk_ctx *ctx = seeded();
    ASSERT_DEFAULTS(spk_base_node_options(), "spk_base_node_options");
    ASSERT_DEFAULTS(spk_lif_options(), "spk_lif_options");
    cr_assert(spk_lif_options().tau == 2 && spk_lif_options().decay_input);
    spk_module *const made[] = {spk_base_node(ctx),
                                spk_if(ctx),
                                spk_lif(ctx),
                                spk_plif(ctx),
                                spk_base_node_with(ctx, spk_base_node_options()),
                                spk_if_with(ctx, spk_base_node_options()),
                                spk_lif_with(ctx, spk_lif_options()),
                                spk_plif_with(ctx, spk_lif_options())};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        const spk_base_node *node = spk_as_node(made[i]);
        cr_assert(node, "%zu: no neuron", i);
        ASSERT_DEFAULTS(*node, made[i]->type->name);
        const spk_surrogate *s = &node->surrogate_function;
        cr_assert(strcmp(s->name, "sigmoid") == 0 && s->alpha == 4 && s->spiking && s->grad && s->primitive, "%s: surrogate",
                  made[i]->type->name);
        cr_assert(made[i]->training, "%s: training", made[i]->type->name);
        cr_assert_null(spk_v(made[i]), "%s: v", made[i]->type->name);
        cr_assert(spk_reset_value(made[i], "v") == 0, "%s: reset value", made[i]->type->name);
    }
    cr_assert_float_eq(spk_item(spk_find_tensor(spk_plif(ctx, .tau = 3), "w")), -log(2), 1e-7, "w begins at -ln(tau - 1)");
    assert_fine(ctx, "defaults");
    spk_ctx_destroy(ctx);
}

Test(base_node, extra_repr) {
    spk_ctx *ctx = seeded();
    const struct {
        spk_module *module;
        const char *text;
    } cases[] = {
        {spk_base_node(ctx), "base_node(v_threshold=1, v_reset=0, surrogate=sigmoid(alpha=4), "
                             "detach_reset=false, parallel_optim=false, T=1, spike_out=false)"},
        {spk_if(ctx, .v_reset = SPK_NONE, .v_threshold = 0.5, .detach_reset = true),
         "if(v_threshold=0.5, v_reset=none, surrogate=sigmoid(alpha=4), detach_reset=true, "
         "parallel_optim=false, T=1, spike_out=false)"},
        {spk_lif(ctx, .tau = 1.5, .decay_input = false, .v_reset = -0.25, .T = 4, .parallel_optim = true, .spike_out = true,
                 .surrogate_function = spk_surrogate_of("atan")),
         "lif(v_threshold=1, v_reset=-0.25, surrogate=atan(alpha=2), detach_reset=false, "
         "parallel_optim=true, T=4, spike_out=true, tau=1.5, decay_input=false)"},
        {spk_plif(ctx, .surrogate_function = spk_surrogate_of("erf", .alpha = 0.5, .spiking = false)),
         "plif(v_threshold=1, v_reset=0, surrogate=erf(alpha=0.5, spiking=false), detach_reset=false, "
         "parallel_optim=false, T=1, spike_out=false, tau=2, decay_input=true)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_str_eq(spk_repr(cases[i].module), cases[i].text, "%s: %s", cases[i].text, spk_repr(cases[i].module));
    spk_ctx_destroy(ctx);
}

Test(base_node, wrong_options) {
    spk_ctx *ctx = seeded();
    const spk_surrogate no_primitive = spk_surrogate_custom("mine", spk_surrogate_of("sigmoid").grad, NULL, NULL);
    spk_surrogate smooth_without = no_primitive;
    smooth_without.spiking = false;
#define WRONG(expression, a, b)                                            \
    do {                                                                   \
        spk_module *m = (expression);                                      \
        cr_assert_eq(m, spk_inert_module(), "%s: not inert", #expression); \
        assert_error(ctx, #expression, a, b);                              \
        cr_assert_null(spk_as_node(m), "%s: a neuron", #expression);       \
    } while (0)
    WRONG(spk_lif(ctx, .tau = 1), "lif: tau is 1", "greater than 1");
    WRONG(spk_lif(ctx, .tau = 0.5), "lif: tau is 0.5", "greater than 1");
    WRONG(spk_lif(ctx, .tau = -2), "lif: tau", "greater than 1");
    WRONG(spk_lif(ctx, .tau = NAN), "lif: tau", "greater than 1");
    WRONG(spk_plif(ctx, .tau = 1), "plif: tau is 1", "greater than 1");
    WRONG(spk_plif(ctx, .tau = NAN), "plif: tau", "greater than 1");
    WRONG(spk_plif(ctx, .tau = INFINITY), "plif: tau", "finite"); /* w would be minus infinity */
    WRONG(spk_lif(ctx, .T = 0), "lif", "T must be at least 1");
    WRONG(spk_if(ctx, .T = -4), "if", "T must be at least 1");
    WRONG(spk_if(ctx, .v_threshold = NAN), "if", "v_threshold");
    WRONG(spk_if(ctx, .v_threshold = INFINITY), "if", "v_threshold");
    WRONG(spk_if(ctx, .v_reset = INFINITY), "if", "v_reset");
    WRONG(spk_lif(ctx, .surrogate_function = spk_surrogate_of("no such")), "lif", "surrogate");
    WRONG(spk_lif(ctx, .surrogate_function = spk_surrogate_of(NULL)), "lif", "surrogate");
    WRONG(spk_lif(ctx, .surrogate_function = spk_surrogate_of("atan", .alpha = -1)), "lif", "surrogate");
    WRONG(spk_base_node(ctx, .surrogate_function = smooth_without), "base_node", "primitive");
    WRONG(spk_plif(ctx, .spike_out = true, .surrogate_function = spk_surrogate_of("atan", .spiking = false)), "plif", "spike_out");
    cr_assert_neq(spk_if(ctx, .surrogate_function = no_primitive), spk_inert_module(), "a primitive is not needed to spike");
    assert_fine(ctx, "after errors");
    cr_assert_eq(spk_lif(NULL), spk_inert_module(), "NULL context");
    spk_ctx_destroy(ctx);
}

Test(base_node, a_surrogate_filled_by_hand_is_used) {
    spk_ctx *ctx = seeded();
    const spk_surrogate atan = spk_surrogate_of("atan");
    const spk_surrogate mine = {.grad = atan.grad, .primitive = atan.primitive, .alpha = 2, .support = INFINITY, .spiking = true};
    spk_module *neuron = spk_lif(ctx, .surrogate_function = mine);
    cr_assert(spk_as_node(neuron)->surrogate_function.grad == atan.grad, "replaced by the default for want of a name");
    cr_assert(strstr(spk_repr(neuron), "surrogate=custom(alpha=2)"), "%s", spk_repr(neuron));
    spk_ctx_destroy(ctx);
}

Test(base_node, a_failed_constructor_makes_the_net_inert) {
    spk_ctx *ctx = seeded();
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 2, 3), spk_lif(ctx, .tau = 0.5), spk_linear_layer(ctx, 3, 1));
    cr_assert_eq(net, spk_inert_module());
    assert_inert(spk_call(net, spk_full(ctx, SPK_SHAPE(1, 2), 1)), "call of an inert net");
    spk_reset(net), spk_detach(net), spk_zero_grad(net), spk_train(net);
    cr_assert_str_eq(spk_repr(net), "");
    assert_error(ctx, "nested", "lif: tau is 0.5", "greater than 1"); /* the first error stayed */
    spk_ctx_destroy(ctx);
}

/* Dynamics, fire, reset. */

Test(base_node, has_no_dynamics) {
    spk_ctx *ctx = seeded();
    spk_module *net = spk_sequential(ctx, spk_base_node(ctx));
    spk_module_set_name(net, "net");
    assert_inert(spk_call(net, spk_full(ctx, SPK_SHAPE(1, 2), 1)), "base_node");
    assert_error(ctx, "base_node", "base_node (net.0)", "no dynamics");
    spk_base_node *node = spk_as_node(spk_find_module(net, "0"));
    assert_inert(spk_neuronal_dynamics(node, spk_full(ctx, SPK_SHAPE(1), 1), spk_full(ctx, SPK_SHAPE(1), 1)), "dynamics");
    assert_error(ctx, "dynamics", "base_node (net.0)", "neuronal_dynamics");
    cr_assert_not_null(spk_neuronal_fire(node, spk_full(ctx, SPK_SHAPE(1), 1)));
    assert_values(spk_neuronal_fire(node, STEP(ctx, 3, 0.5, 1, 1.5)), "fire", 0, 1, 1);
    assert_fine(ctx, "fire");
    spk_ctx_destroy(ctx);
}

/* Two steps of LIF with tau 2 and threshold 1, worked out by hand. */
Test(base_node, two_steps_by_hand) {
    for (int path = 0; path < 2; path++)
        for (int soft = 0; soft < 2; soft++) {
            spk_ctx *ctx = seeded();
            spk_lif_opts o = spk_lif_options();
            if (soft) o.v_reset = SPK_NONE;
            spk_module *lif = path ? composed(ctx, o) : spk_lif_with(ctx, o);
            const char *name = soft ? "soft" : "hard";
            assert_values(spk_simple_forward(spk_as_node(lif), STEP(ctx, 4, 1.5, 0.5, 3, 2)), name, 0, 0, 1,
                          1); /* H .75 .25 1.5 1: equal fires */
            if (soft) assert_values(spk_v(lif), name, 0.75, 0.25, 0.5, 0);
            else assert_values(spk_v(lif), name, 0.75, 0.25, 0, 0);
            assert_values(spk_call(lif, STEP(ctx, 4, 1.5, 0.5, 0.5, -1)), name, 1, 0, 0, 0); /* H 1.125 .375 .5 or .25 -.5 */
            if (soft) assert_values(spk_v(lif), name, 0.125, 0.375, 0.5, -0.5);
            else assert_values(spk_v(lif), name, 0, 0.375, 0.25, -0.5);
            cr_assert_float_eq(spk_firing_rate(lif), 0.25, 1e-9, "%s", name);
            assert_fine(ctx, name);
            spk_ctx_destroy(ctx);
        }
}

/* And its gradient by hand: y = v after two steps that do not spike, hard reset, sg of the sigmoid at H - 1.
 */
Test(base_node, gradient_of_a_step_by_hand) {
    spk_ctx *ctx = seeded();
    spk_tensor *x = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(1, 2), (const spk_real[]){1.25, 3}), true);
    spk_module *lif = spk_lif(ctx);
    spk_call(lif, x); /* H = .625, 1.5 */
    spk_backward(spk_sum(spk_v(lif)));
    double wanted[2];
    for (int i = 0; i < 2; i++) {
        const double h = i ? 1.5 : 0.625, s = 1 / (1 + exp(-4 * (h - 1)));
        wanted[i] = 0.5 * ((h < 1) - h * 4 * s * (1 - s));
    }
    assert_values(spk_grad(x), "gradient", (spk_real)wanted[0], (spk_real)wanted[1]);
    spk_ctx_destroy(ctx);
}

Test(base_node, static_dynamics) {
    spk_ctx *ctx = seeded();
    spk_tensor *x = parameter(ctx, SPK_SHAPE(3, 5)), *v = parameter(ctx, SPK_SHAPE(3, 5));
    static const double taus[] = {1.25, 2, 7};
    for (size_t k = 0; k < sizeof taus / sizeof *taus; k++) {
        const double tau = taus[k], v_reset = -0.3;
        spk_tensor *const got[] = {spk_lif_decay_input(x, v, v_reset, tau), spk_lif_decay_input_reset0(x, v, tau),
                                   spk_lif_no_decay_input(x, v, v_reset, tau), spk_lif_no_decay_input_reset0(x, v, tau)};
        for (int f = 0; f < 4; f++) {
            char name[60];
            snprintf(name, sizeof name, "dynamics %d, tau %g", f, tau);
            for (int i = 0; i < 15; i++) {
                const double xi = (double)spk_data(x)[i], vi = (double)spk_data(v)[i];
                const double wanted = f == 0   ? vi + (xi - (vi - v_reset)) / tau
                                      : f == 1 ? vi + (xi - vi) / tau
                                      : f == 2 ? vi - (vi - v_reset) / tau + xi
                                               : vi - vi / tau + xi;
                cr_assert(close_to((double)spk_data(got[f])[i], wanted, ROUNDING), "%s: %d", name, i);
            }
            spk_backward(spk_sum(got[f]));
            cr_assert(close_to((double)spk_data(spk_grad(x))[7], f < 2 ? 1 / tau : 1, ROUNDING), "%s: gradient of x", name);
            cr_assert(close_to((double)spk_data(spk_grad(v))[7], 1 - 1 / tau, ROUNDING), "%s: gradient of v", name);
            spk_clear_grad(x), spk_clear_grad(v);
        }
    }
    assert_fine(ctx, "static dynamics");
    spk_ctx_destroy(ctx);
}

Test(base_node, dynamics_fire_and_reset_of_a_node) {
    spk_ctx *ctx = seeded();
    spk_base_node *lif = spk_as_node(spk_lif(ctx, .tau = 4, .v_reset = -0.5, .v_threshold = 0.75));
    spk_base_node *lif_plain = spk_as_node(spk_lif(ctx, .tau = 4, .v_reset = SPK_NONE, .decay_input = false));
    spk_base_node *integrate = spk_as_node(spk_if(ctx)), *plif = spk_as_node(spk_plif(ctx, .tau = 4, .v_reset = -0.5));
    spk_tensor *x = STEP(ctx, 2, 1, 2), *v = STEP(ctx, 2, 0.5, -1);
    assert_values(spk_neuronal_dynamics(lif, x, v), "lif", 0.5, -0.375);
    assert_values(spk_neuronal_dynamics(plif, x, v), "plif", 0.5, -0.375);
    assert_values(spk_neuronal_dynamics(lif_plain, x, v), "lif without decay_input", 1.375, 1.25);
    assert_values(spk_neuronal_dynamics(integrate, x, v), "if", 1.5, 1);
    spk_tensor *h = STEP(ctx, 3, 0.625, 0.75, 2), *s = spk_neuronal_fire(lif, h);
    assert_values(s, "fire", 0, 1, 1);
    assert_values(spk_neuronal_reset(lif, h, s), "hard", 0.625, -0.5, -0.5);
    assert_values(spk_neuronal_reset(lif_plain, h, s), "soft", 0.625, -0.25, 1);
    spk_ctx_destroy(ctx);
}

Test(base_node, resets_and_their_gradients) {
    spk_ctx *ctx = seeded();
    spk_tensor *v = spk_set_requires_grad(VECTOR(ctx, 0.5, 1.5, 2), true), *s = spk_set_requires_grad(VECTOR(ctx, 0, 1, 0), true);
    spk_tensor *y = spk_hard_reset(v, s, -0.25);
    assert_values(y, "hard", 0.5, -0.25, 2);
    spk_backward(spk_sum(y));
    assert_values(spk_grad(v), "hard, v", 1, 0, 1);
    assert_values(spk_grad(s), "hard, spikes", -0.75, -1.75, -2.25);
    spk_clear_grad(v), spk_clear_grad(s);
    y = spk_soft_reset(v, s, 0.75);
    assert_values(y, "soft", 0.5, 0.75, 2);
    spk_backward(spk_sum(y));
    assert_values(spk_grad(v), "soft, v", 1, 1, 1);
    assert_values(spk_grad(s), "soft, spikes", -0.75, -0.75, -0.75);
    assert_values(spk_hard_reset(v, spk_bits(s), -0.25), "hard, bits", 0.5, -0.25, 2);
    assert_values(spk_soft_reset(v, spk_bits(s), 0.75), "soft, bits", 0.5, 0.75, 2);
    assert_fine(ctx, "resets");
    spk_ctx_destroy(ctx);
}

/* The reset's flag means the same however spikes are stored, and it does change the gradient. */
Test(base_node, detach_reset_in_both_storages) {
    spk_ctx *ctx = seeded();
    spk_tensor *x = spk_set_requires_grad(uniform(ctx, SPK_SHAPE(4 * 2, 67), -1, 3), true), *g[2][2];
    for (int detach = 0; detach < 2; detach++)
        for (int bits = 0; bits < 2; bits++) {
            spk_module *lif = spk_lif(ctx, .T = 4, .parallel_optim = true, .detach_reset = detach, .spike_out = bits);
            spk_tensor *y = spk_call(lif, x);
            cr_assert_eq(spk_tensor_storage(y), bits ? SPK_BITS : SPK_DENSE);
            spk_backward(spk_sum(spk_multiply(y, y)));
            g[detach][bits] = spk_keep(spk_grad(x));
            spk_clear_grad(x);
            spk_reset(lif);
            spk_end_step(ctx);
        }
    assert_same(g[0][1], g[0][0], 0, "detach_reset false");
    assert_same(g[1][1], g[1][0], 0, "detach_reset true");
    double difference = 0;
    for (int64_t i = 0; i < spk_size(x); i++) difference = fmax(difference, fabs((double)(spk_data(g[0][0])[i] - spk_data(g[1][0])[i])));
    cr_assert(difference > 0.01, "detach_reset changes nothing: %g", difference);
    assert_fine(ctx, "detach_reset");
    spk_ctx_destroy(ctx);
}

Test(base_node, without_spiking_the_output_is_the_primitive_in_both_modes) {
    spk_ctx *ctx = seeded();
    spk_module *neuron = spk_if(ctx, .surrogate_function = spk_surrogate_of("sigmoid", .spiking = false));
    for (int training = 0; training < 2; training++) {
        (training ? spk_train : spk_eval)(neuron);
        cr_assert_eq(neuron->training, training, "training flag");
        assert_values(spk_call(neuron, STEP(ctx, 3, 0, 1, 1.5)), "primitive", (spk_real)(1 / (1 + exp(4.0))), 0.5,
                      (spk_real)(1 / (1 + exp(-2.0))));
        spk_reset(neuron);
    }
    spk_ctx_destroy(ctx);
}

/* Memories. */

Test(base_node, memories) {
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

Test(base_node, reset_calls_the_type) {
    spk_ctx *ctx = seeded();
    static const spk_module_type type = {.name = "counting", .size = sizeof(spk_module), .forward = same, .reset = count_reset};
    spk_module *net = spk_sequential(ctx, spk_module_create(ctx, &type), spk_lif(ctx), spk_sequential(ctx, spk_module_create(ctx, &type)));
    spk_reset(net);
    cr_assert_eq(reset_calls, 2, "%d calls", reset_calls);
    spk_ctx_destroy(ctx);
}

Test(base_node, forgotten_reset) {
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

Test(base_node, without_a_graph_the_membrane_persists) {
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

Test(base_node, another_batch_shape) {
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

Test(base_node, T_must_divide) {
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

Test(base_node, streaming_needs_constant_memory) {
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

Test(base_node, truncated_windows_need_constant_memory) {
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

Test(base_node, streaming_equals_all_at_once) {
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

/* NaN. */

Test(base_node, nan_stays_in_its_neuron) {
    enum { T = 4, N = 2, M = 67, AT = 40 };
    for (int m = 0; m < 8; m++) {
        spk_ctx *ctx = seeded();
        spk_lif_opts o = spk_lif_options();
        o.T = T, o.parallel_optim = true, o.spike_out = m & 2, o.v_reset = m & 4 ? SPK_NONE : 0;
        spk_module *lif = m & 1 ? composed(ctx, o) : spk_lif_with(ctx, o);
        spk_tensor *x = spk_set_requires_grad(uniform(ctx, SPK_SHAPE(T * N, M), -1, 3), true), *spikes[2], *v[2], *g[2];
        for (int bad = 0; bad < 2; bad++) {
            if (bad) spk_data_mut(x)[AT] = NAN; /* the first step of neuron AT of the first sample */
            spk_tensor *y = spk_call(lif, x);
            spk_backward(spk_add(spk_sum(y), spk_sum(spk_v(lif))));
            assert_fine(ctx, "NaN");
            spikes[bad] = spk_keep(y), v[bad] = spk_keep(spk_v(lif)), g[bad] = spk_keep(spk_grad(x));
            spk_clear_grad(x), spk_reset(lif), spk_end_step(ctx);
        }
        for (int64_t i = 0; i < T * N * M; i++) {
            if (i % (N * M) == AT) {
                cr_assert(spk_data(spikes[1])[i] == 0, "case %d: a NaN spikes", m);
                continue;
            }
            cr_assert(spk_data(spikes[1])[i] == spk_data(spikes[0])[i], "case %d: spike %d", m, (int)i);
            cr_assert(spk_data(g[1])[i] == spk_data(g[0])[i], "case %d: gradient %d", m, (int)i);
        }
        for (int i = 0; i < N * M; i++)
            cr_assert(i == AT ? isnan((double)spk_data(v[1])[i]) : spk_data(v[1])[i] == spk_data(v[0])[i], "case %d: v %d", m, i);
        spk_ctx_destroy(ctx);
    }
}

/* Hooks. */

static spk_tensor *times_four(spk_module *module, spk_tensor *x, void *user) { return (void)module, ++*(int *)user, spk_scale(x, 4); }
static spk_tensor *minus_one(spk_module *module, spk_tensor *x, spk_tensor *y, void *user) {
    return (void)module, (void)x, ++*(int *)user, spk_shift(y, -1);
}

Test(base_node, hooks) {
    spk_ctx *ctx = seeded();
    spk_module *lif = spk_lif(ctx);
    int before = 0, after = 0;
    spk_add_forward_pre_hook(lif, times_four, &before), spk_add_forward_hook(lif, minus_one, &after);
    assert_values(spk_call(lif, STEP(ctx, 2, 0.375, 0.5)), "hooked", -1, 0);
    cr_assert(before == 1 && after == 1, "%d and %d calls", before, after);
    spk_reset(lif);
    assert_values(spk_base_node_forward(lif, STEP(ctx, 2, 0.375, 2)), "forward itself runs no hooks", 0, 1);
    cr_assert(before == 1 && after == 1, "%d and %d calls", before, after);
    spk_ctx_destroy(ctx);
}

/* What is read after a forward. */

Test(base_node, firing_rate_is_the_count) {
    spk_ctx *ctx = seeded();
    spk_tensor *x = uniform(ctx, SPK_SHAPE(3 * 5, 67), -1, 3);
    double rate[2];
    for (int bits = 0; bits < 2; bits++) {
        spk_module *lif = spk_lif(ctx, .T = 5, .parallel_optim = true, .spike_out = bits);
        spk_tensor *y = spk_call(lif, x);
        cr_assert_eq(y, spk_spikes(lif), "spk_spikes");
        rate[bits] = spk_firing_rate(lif);
        int count = 0;
        for (int64_t i = 0; i < spk_size(y); i++) count += spk_data(y)[i] == 1;
        cr_assert(count > 0 && rate[bits] == (double)count / (double)spk_size(y), "spike_out %d: rate %g, %d spikes", bits, rate[bits],
                  count);
    }
    cr_assert(rate[0] == rate[1]);
    spk_ctx_destroy(ctx);
}

Test(base_node, v_seq) {
    for (int path = 0; path < 2; path++) {
        spk_ctx *ctx = seeded();
        spk_lif_opts o = spk_lif_options();
        o.T = 2, o.parallel_optim = true, o.store_v_seq = true;
        spk_module *lif = path ? composed(ctx, o) : spk_lif_with(ctx, o);
        spk_call(lif, spk_step_from(ctx, SPK_SHAPE(2, 2), (const spk_real[]){1, 3, 1, 1}));
        assert_values(spk_v_seq(lif), "v_seq", 0.5, 0, 0.75, 0.5);
        assert_values(spk_v(lif), "v", 0.75, 0.5);
        spk_ctx_destroy(ctx);
    }
}

Test(base_node, reading_too_early_too_late_or_from_no_neuron) {
    spk_ctx *ctx = seeded();
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 3, 4), spk_lif(ctx), spk_lif(ctx, .store_v_seq = true));
    spk_module_set_name(net, "net");
    spk_module *lif = spk_find_module(net, "1"), *stored = spk_find_module(net, "2"), *linear = spk_find_module(net, "0");
    assert_inert(spk_spikes(lif), "before");
    assert_error(ctx, "spk_spikes before", "lif (net.1)", "spk_spikes");
    assert_inert(spk_v_seq(stored), "before");
    assert_error(ctx, "spk_v_seq before", "lif (net.2)", "spk_v_seq");
    cr_assert(isnan(spk_firing_rate(lif)), "rate before");
    assert_error(ctx, "spk_firing_rate before", "lif (net.1)", "not been called");
    assert_inert(spk_spikes(linear), "no neuron");
    assert_error(ctx, "spk_spikes of linear", "spk_spikes", "no neuron");
    assert_inert(spk_v_seq(linear), "no neuron");
    assert_error(ctx, "spk_v_seq of linear", "spk_v_seq", "no neuron");
    cr_assert(!spk_v(linear) && !spk_as_node(linear), "linear is no neuron");
    assert_fine(ctx, "spk_v of linear is NULL and no error");

    spk_tensor *x = uniform(ctx, SPK_SHAPE(2, 3), 0, 1);
    SPK_NO_GRAD(ctx) { spk_call(net, x); }
    spk_v_seq(stored);
    assert_fine(ctx, "stored");
    assert_inert(spk_v_seq(lif), "not stored");
    assert_error(ctx, "spk_v_seq", "lif (net.1)", "store_v_seq");

    /* After its step, however long ago: the step's memory is long in other hands. */
    for (int steps = 1; steps < 6; steps++) {
        spk_reset(net);
        SPK_NO_GRAD(ctx) { spk_call(net, x); }
        for (int i = 0; i < steps; i++) {
            spk_end_step(ctx);
            for (int k = 0; k < 300 * i; k++) spk_shift(x, 1); /* headers of other steps */
        }
        assert_inert(spk_spikes(lif), "after its step");
        assert_error(ctx, "spk_spikes after its step", "lif", "step");
        SPK_NO_GRAD(ctx) { spk_reset(net), spk_call(net, x); }
        for (int i = 0; i < steps; i++) spk_end_step(ctx);
        assert_inert(spk_v_seq(stored), "after its step");
        assert_error(ctx, "spk_v_seq after its step", "lif", "step");
        cr_assert(isnan(spk_firing_rate(lif)), "rate after its step");
        spk_clear_error(ctx);
    }
    spk_ctx_destroy(ctx);
}

Test(base_node, null_and_inert) {
    spk_module *const none[] = {NULL, spk_inert_module()};
    for (int i = 0; i < 2; i++) {
        spk_module *m = none[i];
        cr_assert(!spk_as_node(m) && !spk_v(m), "none %d", i);
        assert_inert(spk_spikes(m), "spk_spikes"), assert_inert(spk_v_seq(m), "spk_v_seq");
        cr_assert(isnan(spk_firing_rate(m)), "spk_firing_rate");
    }
    assert_inert(spk_hard_reset(NULL, NULL, 0), "spk_hard_reset");
    assert_inert(spk_soft_reset(NULL, NULL, 1), "spk_soft_reset");
    assert_inert(spk_lif_decay_input(NULL, NULL, 0, 2), "spk_lif_decay_input");
    assert_inert(spk_heaviside(NULL, spk_surrogate_of("atan")), "spk_heaviside");
    spk_ctx *ctx = seeded();
    spk_base_node *lif = spk_as_node(spk_lif(ctx));
    assert_inert(spk_parallel_optim_forward(lif, NULL), "forward of NULL");
    spk_clear_error(ctx);
    assert_inert(spk_neuronal_dynamics(lif, NULL, NULL), "dynamics of NULL");
    spk_clear_error(ctx);
    assert_inert(spk_neuronal_fire(lif, NULL), "fire of NULL");
    spk_clear_error(ctx);
    assert_inert(spk_neuronal_reset(lif, NULL, NULL), "reset of NULL");
    spk_ctx_destroy(ctx);
}

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

Test(base_node, custom_neuron) {
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

Test(base_node, graded_spikes_are_no_bits) {
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
