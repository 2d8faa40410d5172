/*
 * Whole spiking nets against central differences. With spiking = false the forward is the surrogate's
 * primitive, so the gradients of BPTT, the fused op's included, are those of what is computed. detach_reset
 * is missing here on purpose: its gradient is not that of the forward; fused.c compares it with the composed
 * path. In the float build every check must say that it needs double.
 */
#include "../core/support.h"

enum { N = 2, IN = 3, HIDDEN = 4, OUT = 2, T = 4 };

static spk_gradcheck_report gradcheck(spk_ctx *ctx, spk_function function, void *user, int n, spk_tensor *const *inputs, const char *name) {
    assert_fine(ctx, name);
    const spk_gradcheck_report report = spk_gradcheck(function, n, inputs, .user = user);
    if (sizeof(spk_real) < sizeof(double)) assert_error(ctx, name, "spk_gradcheck", "double");
    else assert_fine(ctx, name);
    return report;
}

static void assert_right(spk_ctx *ctx, spk_function function, void *user, int n, spk_tensor *const *inputs, const char *name) {
    const spk_gradcheck_report r = gradcheck(ctx, function, user, n, inputs, name);
    if (sizeof(spk_real) < sizeof(double)) return;
    cr_assert(r.passed, "%s: input %d, element %lld: analytic %.12g, numeric %.12g, error %g", name, r.input, (long long)r.element,
              r.analytic, r.numeric, r.error);
}

/* `least`: how large the error must at least be. */
static void assert_wrong(spk_ctx *ctx, spk_function function, void *user, int n, spk_tensor *const *inputs, double least,
                         const char *name) {
    const spk_gradcheck_report r = gradcheck(ctx, function, user, n, inputs, name);
    if (sizeof(spk_real) < sizeof(double)) return;
    cr_assert(!r.passed && r.error > least, "%s: a wrong adjoint was not seen, error %g", name, r.error);
}

/* Nets. */

typedef enum neuron_kind { IF, LIF, PLIF, COMPOSED, KINDS } neuron_kind;
static const char *const kind_names[] = {"if", "lif", "plif", "composed"};
typedef enum reset_kind { HARD_0, HARD, SOFT, RESETS } reset_kind;
static const char *const reset_names[] = {"hard reset to 0", "hard reset to -0.25", "soft reset"};

/* y = 2 x with an adjoint of `slope`. */
static bool double_infer(spk_record *r) { return spk_output(r, 0, spk_tensor_shape(r->in[0])); }
static void double_forward(spk_record *r) {
    for (int64_t i = 0; i < spk_count(r->in[0]); i++) spk_values(r->out[0])[i] = 2 * spk_values(r->in[0])[i];
}
static void double_backward(spk_record *r) {
    spk_real *to = spk_grad_to(r, 0);
    for (int64_t i = 0; to && i < spk_count(r->in[0]); i++) to[i] = *(const spk_real *)r->attributes * spk_grad_of(r, 0)[i];
}
static const spk_op double_op = {
    .name = "test_double", .attributes = sizeof(spk_real), .infer = double_infer, .forward = double_forward, .backward = double_backward};

/* A LIF neuron from ops with tau = 2: H = v + (x - (v - v_r)) / 2. */
typedef struct composed_node {
    spk_base_node base;
    bool decay_input;
    spk_real slope; /* of the op that doubles the input, 0: without */
} composed_node;

static spk_tensor *composed_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v) {
    const composed_node *composed = (const composed_node *)node;
    if (composed->slope != 0) x = spk_scale(spk_apply(&double_op, &composed->slope, x), 0.5);
    return spk_leaky_charge((spk_leak){.k = 0.5, .decay_input = composed->decay_input}, x, v,
                            spk_is_none(node->v_reset) ? 0 : node->v_reset);
}

static const spk_neuron_type composed_type = {.module = SPK_NEURON_MODULE("composed", composed_node, spk_base_node_repr),
                                              .neuronal_dynamics = composed_dynamics};

typedef struct config {
    neuron_kind kind;
    spk_surrogate surrogate;
    reset_kind reset;
    bool decay, constant;
    spk_real slope;
} config;

static const char *text_of(const config *c) {
    static char text[200];
    snprintf(text, sizeof text, "%s, %s, %s, decay_input %d, %s input", kind_names[c->kind], c->surrogate.name, reset_names[c->reset],
             c->decay, c->constant ? "constant" : "changing");
    return text;
}

static spk_module *neuron_of(spk_ctx *ctx, const config *c) {
    spk_lif_opts o = spk_lif_options();
    o.tau = c->kind == PLIF ? 1.7 : 2, o.decay_input = c->decay, o.v_threshold = 0.8;
    o.v_reset = c->reset == SOFT ? SPK_NONE : c->reset == HARD ? -0.25 : 0;
    o.surrogate_function = c->surrogate;
    o.parallel_optim = true, o.T = T, o.store_v_seq = true;
    if (c->kind == IF) return spk_if_with(ctx, spk_base_node_part(o));
    if (c->kind == LIF) return spk_lif_with(ctx, o);
    if (c->kind == PLIF) return spk_plif_with(ctx, o);
    composed_node *node = spk_base_node_create(ctx, &composed_type, spk_base_node_part(o));
    if (!node) return spk_inert_module();
    node->decay_input = c->decay, node->slope = c->slope;
    return &node->base.module;
}

/* linear - neuron - linear - neuron; the inputs are x, the membrane that the last neuron starts with, and all
 * parameters. */
typedef struct problem {
    spk_ctx *ctx;
    const config *config;
    spk_module *net, *last;
    spk_tensor *inputs[12];
    int n;
} problem;

static problem problem_of(const config *c, uint64_t seed) {
    spk_ctx *ctx = spk_ctx_create(.seed = seed);
    problem p = {.ctx = ctx, .config = c};
    p.net =
        spk_sequential(ctx, spk_linear_layer(ctx, IN, HIDDEN), neuron_of(ctx, c), spk_linear_layer(ctx, HIDDEN, OUT), neuron_of(ctx, c));
    p.last = spk_find_module(p.net, "3");
    spk_fill_uniform(spk_find_tensor(p.net, "0.bias"), 0.3, 1.2); /* membranes around the threshold */
    spk_fill_uniform(spk_find_tensor(p.net, "2.bias"), 0.3, 1.2);
    p.inputs[p.n++] = parameter(ctx, SPK_SHAPE(c->constant ? N : T * N, IN));
    p.inputs[p.n++] = parameter(ctx, SPK_SHAPE(N, OUT));
    for (spk_walk w = spk_parameters(p.net); spk_walk_next(&w);) p.inputs[p.n++] = w.slot->tensor;
    return p;
}

/* Everything that a loss may read: spikes, the membrane after each step, the last one. */
static spk_tensor *all_outputs(void *user, spk_tensor *const *inputs) {
    const problem *p = user;
    spk_set_memory(p->last, "v", inputs[1]);
    spk_tensor *spikes = spk_call(p->net, p->config->constant ? spk_repeat_over_time(inputs[0], T) : inputs[0]);
    spk_tensor *y = spk_concat((spk_tensor *[]){spikes, spk_v_seq(p->last), spk_v(p->last)}, 3, 0);
    spk_reset(p->net);
    return y;
}

/* How near any membrane came to where the derivative jumps: at the threshold (leaky_k_relu) or at +-0.5 /
 * alpha (rect). */
typedef struct watch {
    spk_surrogate of;
    double nearest;
} watch;

static void watched_primitive(const spk_surrogate *s, int64_t n, const spk_real *x, spk_real *out) {
    watch *w = s->user;
    const double at = strcmp(w->of.name, "rect") == 0 ? 0.5 / (double)w->of.alpha : 0;
    for (int64_t i = 0; i < n; i++) w->nearest = fmin(w->nearest, fabs(fabs((double)x[i]) - at));
    w->of.primitive(&w->of, n, x, out);
}

static void watched_grad(const spk_surrogate *s, int64_t n, const spk_real *x, spk_real *out) {
    const watch *w = s->user;
    w->of.grad(&w->of, n, x, out);
}

static double distance_from_jumps(const config *c, uint64_t seed) {
    watch w = {c->surrogate, 1};
    config watched = *c;
    watched.surrogate = spk_surrogate_custom("watched", watched_grad, watched_primitive, &w);
    watched.surrogate.spiking = false;
    problem p = problem_of(&watched, seed);
    SPK_NO_GRAD(p.ctx) { all_outputs(&p, p.inputs); }
    assert_fine(p.ctx, text_of(c));
    spk_ctx_destroy(p.ctx);
    return w.nearest;
}

/* The derivatives of these two jump; that of the others is continuous, which is enough for central
 * differences. */
static bool jumps(const spk_surrogate *s) { return strcmp(s->name, "rect") == 0 || strcmp(s->name, "leaky_k_relu") == 0; }

static spk_surrogate smooth(const char *name) {
    /* With a leak, so that gradients pass on both sides. */
    if (strcmp(name, "leaky_k_relu") == 0) return spk_surrogate_of(name, .leak = 0.25, .spiking = false);
    return spk_surrogate_of(name, .spiking = false);
}

static void check_kind(neuron_kind kind) {
    for (int i = 0; spk_surrogate_name(i); i++)
        for (unsigned m = 0; m < RESETS * 4u; m++) {
            const config c = {.kind = kind,
                              .surrogate = smooth(spk_surrogate_name(i)),
                              .reset = (reset_kind)(m % RESETS),
                              .decay = m / RESETS & 1,
                              .constant = m / RESETS & 2};
            uint64_t seed = 1;
            while (jumps(&c.surrogate) && distance_from_jumps(&c, seed) < 1e-3 && seed < 50) seed++;
            cr_assert(!jumps(&c.surrogate) || distance_from_jumps(&c, seed) >= 1e-3, "%s: no seed keeps away from jumps", text_of(&c));
            problem p = problem_of(&c, seed);
            cr_assert_eq(p.n, kind == PLIF ? 8 : 6, "%s: %d inputs", text_of(&c), p.n);
            assert_right(p.ctx, all_outputs, &p, p.n, p.inputs, text_of(&c));
            spk_ctx_destroy(p.ctx);
        }
}

Test(neuron_gradcheck, if_nets) { check_kind(IF); }
Test(neuron_gradcheck, lif_nets) { check_kind(LIF); }
Test(neuron_gradcheck, plif_nets) { check_kind(PLIF); }
Test(neuron_gradcheck, composed_nets) { check_kind(COMPOSED); }

/* The losses that people train with, and a batch norm in between. */
static spk_tensor *training_loss(void *user, spk_tensor *const *inputs) {
    const problem *p = user;
    spk_tensor *labels = spk_step_from(p->ctx, SPK_SHAPE(N), (const spk_real[]){1, 0});
    spk_tensor *spikes = spk_call(p->net, spk_repeat_over_time(inputs[0], T));
    spk_tensor *loss = spk_add(spk_spike_cross_entropy(spikes, labels, T, 0.1), spk_membrane_cross_entropy(spk_v_seq(p->last), labels, T));
    spk_reset(p->net);
    return loss;
}

Test(neuron_gradcheck, net_with_batch_norm_and_losses) {
    for (unsigned m = 0; m < KINDS * 2u; m++) {
        const config c = {.kind = (neuron_kind)(m % KINDS),
                          .surrogate = smooth("sigmoid"),
                          .reset = m / KINDS ? SOFT : HARD,
                          .decay = true,
                          .constant = true};
        spk_ctx *ctx = spk_ctx_create(.seed = 3);
        problem p = {.ctx = ctx, .config = &c};
        p.net = spk_sequential(ctx, spk_linear_layer(ctx, IN, HIDDEN), spk_batch_norm1d(ctx, HIDDEN), neuron_of(ctx, &c),
                               spk_linear_layer(ctx, HIDDEN, OUT), neuron_of(ctx, &c));
        p.last = spk_find_module(p.net, "4");
        p.inputs[p.n++] = parameter(ctx, SPK_SHAPE(N, IN));
        for (spk_walk w = spk_parameters(p.net); spk_walk_next(&w);) p.inputs[p.n++] = w.slot->tensor;
        assert_right(ctx, training_loss, &p, p.n, p.inputs, text_of(&c));
        spk_ctx_destroy(ctx);
    }
}

/* Truncated BPTT: the second window's gradients are those of a window that starts from constant membranes. */

typedef struct window {
    problem *p;
    spk_tensor *hidden, *out; /* the membranes that the window starts with: constants */
} window;

static spk_tensor *second_window(void *user, spk_tensor *const *inputs) {
    const window *w = user;
    spk_set_memory(spk_find_module(w->p->net, "1"), "v", w->hidden);
    spk_set_memory(w->p->last, "v", w->out);
    spk_tensor *y = spk_call(w->p->net, inputs[0]);
    spk_reset(w->p->net);
    return y;
}

Test(neuron_gradcheck, truncated_windows) {
    for (unsigned m = 0; m < KINDS * RESETS * 2u; m++) {
        const bool end_step = m / (KINDS * RESETS);
        const config c = {
            .kind = (neuron_kind)(m % KINDS), .surrogate = smooth("atan"), .reset = (reset_kind)(m / KINDS % RESETS), .decay = true};
        problem p = problem_of(&c, 5);
        const char *name = text_of(&c);
        spk_tensor *second = parameter(p.ctx, SPK_SHAPE(T * N, IN)), *leaves[8] = {second}, *wanted[8];
        for (int i = 2; i < p.n; i++) leaves[i - 1] = p.inputs[i];
        const int n = p.n - 1;

        spk_call(p.net, p.inputs[0]);
        window w = {&p, spk_keep(spk_v(spk_find_module(p.net, "1"))), spk_keep(spk_v(p.last))};
        spk_backward(spk_sum(spk_spikes(p.last)));
        spk_detach(p.net);
        if (end_step) spk_end_step(p.ctx);
        spk_zero_grad(p.net);
        spk_clear_grad(p.inputs[0]);
        spk_tensor *y = spk_call(p.net, second);
        cr_assert(spk_backward(spk_sum(y)), "%s: %s", name, spk_error(p.ctx));
        cr_assert_null(spk_grad(p.inputs[0]), "%s: a gradient reached the window before", name);
        for (int i = 0; i < n; i++) wanted[i] = spk_keep(spk_grad(leaves[i])), spk_clear_grad(leaves[i]);
        spk_tensor *kept = spk_keep(y);
        spk_reset(p.net);
        spk_end_step(p.ctx);

        spk_tensor *again = second_window(&w, leaves);
        cr_assert(spk_backward(spk_sum(again)), "%s: %s", name, spk_error(p.ctx));
        assert_same(again, kept, 0, name);
        for (int i = 0; i < n; i++) assert_same(spk_grad(leaves[i]), wanted[i], ROUNDING, name);
        assert_right(p.ctx, second_window, &w, n, leaves, name);
        spk_ctx_destroy(p.ctx);
    }
}

/* Each op by itself. */

static spk_tensor *heaviside(void *user, spk_tensor *const *inputs) { return spk_heaviside(inputs[0], *(spk_surrogate *)user); }

static spk_tensor *leaky(void *user, spk_tensor *const *inputs) {
    spk_ctx *ctx = spk_tensor_ctx(inputs[0]);
    (void)user;
    static spk_module *neuron;
    if (!neuron) neuron = spk_lif(ctx, .parallel_optim = true, .T = 3, .surrogate_function = spk_surrogate_of("atan", .spiking = false));
    spk_tensor *y = spk_call(neuron, inputs[0]);
    spk_reset(neuron);
    return y;
}

static const struct {
    const char *op;
    spk_function function;
} op_cases[] = {{"heaviside", heaviside}, {"leaky", leaky}};
enum { OP_CASES = sizeof op_cases / sizeof *op_cases };

Test(neuron_gradcheck, ops) {
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    spk_tensor *x = spk_set_requires_grad(uniform(ctx, SPK_SHAPE(6, 3), -1.5, 2.5), true);
    for (int i = 0; i < OP_CASES; i++) {
        spk_surrogate surrogate = spk_surrogate_of("sigmoid", .spiking = false);
        assert_right(ctx, op_cases[i].function, &surrogate, 1, &x, op_cases[i].op);
        /* The case runs the op that it is filed under: an ended tensor's error names what made it. */
        spk_tensor *y = op_cases[i].function(&surrogate, &x);
        spk_end_step(ctx);
        spk_data(y);
        char made_by[64];
        snprintf(made_by, sizeof made_by, "result of %s", op_cases[i].op);
        assert_error(ctx, op_cases[i].op, made_by, "freed");
    }
    spk_ctx_destroy(ctx);
}

Test(neuron_gradcheck, every_op_with_a_backward_has_a_case) {
    int count = 0, with_backward = 0;
    const spk_op *const *ops = spk_neuron_ops(&count);
    cr_assert(count >= 4, "%d ops", count);
    for (int k = 0; k < count; k++) {
        if (!ops[k]->backward) continue;
        with_backward++;
        bool found = false;
        for (int i = 0; i < OP_CASES; i++) found = found || strcmp(op_cases[i].op, ops[k]->name) == 0;
        cr_assert(found, "%s: has a backward and no gradcheck case", ops[k]->name);
    }
    cr_assert_eq(with_backward, OP_CASES, "a case is left of an op that is gone");
}

Test(neuron_gradcheck, heaviside_of_every_surrogate) {
    spk_ctx *ctx = spk_ctx_create(.seed = 4);
    const double points[] = {-3, -1.7, -0.9, -0.6, -0.4, -0.2, -0.01, 0.01, 0.2, 0.4, 0.6, 0.9, 1.7, 3}; /* away from every jump */
    enum { POINTS = sizeof points / sizeof *points };
    spk_tensor *x = spk_set_requires_grad(spk_tensor_create(ctx, SPK_SHAPE(2, POINTS / 2)), true);
    for (int k = 0; k < POINTS; k++) spk_data_mut(x)[k] = (spk_real)points[k];
    for (int i = 0; spk_surrogate_name(i); i++) {
        spk_surrogate s = smooth(spk_surrogate_name(i));
        assert_right(ctx, heaviside, &s, 1, &x, s.name);
    }
    spk_ctx_destroy(ctx);
}

/* Wrong on purpose. */

static void sigmoid_primitive(const spk_surrogate *s, int64_t n, const spk_real *x, spk_real *out) {
    (void)s;
    for (int64_t i = 0; i < n; i++) out[i] = (spk_real)(1 / (1 + exp(-4 * (double)x[i])));
}

static void scaled_slope(const spk_surrogate *s, int64_t n, const spk_real *x, spk_real *out) {
    for (int64_t i = 0; i < n; i++) {
        const double y = 1 / (1 + exp(-4 * (double)x[i]));
        out[i] = (spk_real)(*(const double *)s->user * 4 * y * (1 - y));
    }
}

Test(neuron_gradcheck, wrong_surrogates_are_seen) {
    static double factors[] = {1, -1, 1.01, 0};
    for (size_t f = 0; f < sizeof factors / sizeof *factors; f++)
        for (int kind = 0; kind < KINDS; kind++) {
            config c = {.kind = (neuron_kind)kind,
                        .surrogate = spk_surrogate_custom("wrong", scaled_slope, sigmoid_primitive, &factors[f]),
                        .reset = HARD,
                        .decay = true,
                        .constant = true};
            c.surrogate.spiking = false;
            problem p = problem_of(&c, 1);
            char name[300];
            snprintf(name, sizeof name, "slope times %g: %s", factors[f], text_of(&c));
            if (f == 0) assert_right(p.ctx, all_outputs, &p, p.n, p.inputs, name);
            else assert_wrong(p.ctx, all_outputs, &p, p.n, p.inputs, 1e-4, name);
            spk_ctx_destroy(p.ctx);
        }
}

Test(neuron_gradcheck, a_wrong_op_is_seen) {
    static const spk_real slopes[] = {2, -2, (spk_real)2.02};
    for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++) {
        const config c = {.kind = COMPOSED, .surrogate = smooth("sigmoid"), .reset = HARD, .decay = true, .slope = slopes[i]};
        problem p = problem_of(&c, 1);
        char name[64];
        snprintf(name, sizeof name, "an op with slope %g for 2", (double)slopes[i]);
        if (i == 0) assert_right(p.ctx, all_outputs, &p, p.n, p.inputs, name);
        else assert_wrong(p.ctx, all_outputs, &p, p.n, p.inputs, 1e-4, name);
        spk_ctx_destroy(p.ctx);
    }
}

/* A real spike has no derivative: the check must not pass with spiking = true, or it would check nothing. */
Test(neuron_gradcheck, spikes_are_no_primitive) {
    const config c = {.kind = LIF, .surrogate = spk_surrogate_of("sigmoid"), .reset = HARD, .decay = true, .constant = true};
    problem p = problem_of(&c, 1);
    assert_wrong(p.ctx, all_outputs, &p, p.n, p.inputs, 1e-2, "spiking");
    spk_ctx_destroy(p.ctx);
}
