/* The neuron as a module: every row of the snngrow API, and its errors. */
#include "base_node_support.h"

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
    WRONG(spk_lif(ctx, .tau = 1), "lif: .tau is 1", "greater than 1");
    WRONG(spk_lif(ctx, .tau = 0.5), "lif: .tau is 0.5", "greater than 1");
    WRONG(spk_lif(ctx, .tau = -2), "lif: .tau", "greater than 1");
    WRONG(spk_lif(ctx, .tau = NAN), "lif: .tau", "greater than 1");
    WRONG(spk_plif(ctx, .tau = 1), "plif: .tau is 1", "greater than 1");
    WRONG(spk_plif(ctx, .tau = NAN), "plif: .tau", "greater than 1");
    WRONG(spk_plif(ctx, .tau = INFINITY), "plif: .tau", "finite"); /* w would be minus infinity */
    WRONG(spk_lif(ctx, .T = 0), "lif", "it must be at least 1");
    WRONG(spk_if(ctx, .T = -4), "if", "it must be at least 1");
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
    assert_error(ctx, "nested", "lif: .tau is 0.5", "greater than 1"); /* the first error stayed */
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
