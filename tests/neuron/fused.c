/* The fused multi-step neuron against the same neuron composed from ops, step by step: same bits forward,
 * same gradients to rounding. */
#include "../composed_neuron.h"
#include "../core/support.h"

/* A gradient is compared relative to the largest of its tensor. The largest differences measured over all
 * cases here were 6.3e-6 (float) and 2.8e-14 (double), over 300 steps: sums over time in another order.
 * ROUNDING (2e-5, 1e-12) leaves room for another compiler's order. */

typedef enum neuron_kind { IF, LIF, PLIF } neuron_kind;
static const char *const kind_names[] = {"if", "lif", "plif"};

typedef enum reset_kind { HARD_0, HARD, SOFT, RESETS } reset_kind;
static const char *const reset_names[] = {"hard reset to 0", "hard reset to -0.25", "soft reset"};

/* Which outputs the loss reads. */
typedef enum loss_source { SPIKES, V_SEQ, V_LAST, ALL, SOURCES } loss_source;
static const char *const source_names[] = {"spikes", "v_seq", "v", "all"};

typedef struct config {
    neuron_kind kind;
    const char *surrogate;
    reset_kind reset;
    bool detach, decay, bits, constant, smooth;
    loss_source source;
    int64_t T;
    spk_shape step;
} config;

static const char *text_of(const config *c) {
    static char text[300];
    snprintf(text, sizeof text,
             "%s, %s, %s, detach_reset %d, decay_input %d, spike_out %d, %s input, spiking %d, loss on %s, T "
             "%d, step %s",
             kind_names[c->kind], c->surrogate, reset_names[c->reset], c->detach, c->decay, c->bits, c->constant ? "constant" : "changing",
             !c->smooth, source_names[c->source], (int)c->T, spk_shape_text(c->step).text);
    return text;
}

#define TAU 1.7

static spk_lif_opts options_of(const config *c) {
    spk_lif_opts o = spk_lif_options();
    o.tau = TAU, o.decay_input = c->decay;
    o.v_threshold = 0.8;
    o.v_reset = c->reset == SOFT ? SPK_NONE : c->reset == HARD ? -0.25 : 0;
    o.surrogate_function = spk_surrogate_of(c->surrogate, .spiking = !c->smooth);
    o.detach_reset = c->detach, o.parallel_optim = true, o.T = c->T, o.spike_out = c->bits, o.store_v_seq = true;
    return o;
}

static spk_module *composed_of(spk_ctx *ctx, const config *c) {
    const spk_lif_opts o = options_of(c);
    composed_node *node = spk_base_node_create(ctx, &composed_type, spk_base_node_part(o));
    if (!node) return spk_inert_module();
    node->leak = (spk_leak){.k = c->kind == LIF ? 1 / TAU : 0, .decay_input = c->kind != IF && c->decay};
    if (c->kind == PLIF) {
        node->w = spk_register_parameter(&node->base.module, "w", SPK_SCALAR);
        spk_fill(node->w, -log(TAU - 1));
    }
    return &node->base.module;
}

static spk_module *fused_of(spk_ctx *ctx, const config *c) {
    const spk_lif_opts o = options_of(c);
    if (c->kind == IF) return spk_if_with(ctx, spk_base_node_part(o));
    return c->kind == LIF ? spk_lif_with(ctx, o) : spk_plif_with(ctx, o);
}

/* Weights of a loss and leaves, made once for a case. */
typedef struct problem {
    spk_ctx *ctx;
    spk_tensor *x, *v0, *r_spikes, *r_seq, *r_last;
} problem;

static spk_shape over_time(const config *c) {
    spk_shape shape = c->step;
    shape.dim[0] *= c->T;
    return shape;
}

static problem problem_of(const config *c) {
    spk_ctx *ctx = spk_ctx_create(.seed = 7);
    const double span = c->T > 50 ? 0.8 : 1; /* keeps long runs of the IF neuron from drifting far */
    return (problem){ctx,
                     spk_set_requires_grad(uniform(ctx, c->constant ? c->step : over_time(c), -0.9 * span, 2.1 * span), true),
                     spk_set_requires_grad(uniform(ctx, c->step, -0.5, 0.7), true),
                     uniform(ctx, over_time(c), -1, 1),
                     uniform(ctx, over_time(c), -1, 1),
                     uniform(ctx, c->step, -1, 1)};
}

/* What one run gives, kept. */
typedef struct outcome {
    spk_tensor *spikes, *v_seq, *v, *gx, *gv0, *gw;
    double rate;
} outcome;

static spk_tensor *kept_grad(spk_tensor *x) {
    spk_tensor *g = x && spk_grad(x) ? spk_keep(spk_grad(x)) : NULL;
    if (x) spk_clear_grad(x);
    return g;
}

static spk_tensor *loss_of(const problem *p, loss_source source, spk_tensor *spikes, spk_tensor *v_seq, spk_tensor *v) {
    spk_tensor *loss = spk_scalar(p->ctx, 0);
    if (source == SPIKES || source == ALL) loss = spk_add(loss, spk_sum(spk_multiply(spikes, p->r_spikes)));
    if (source == V_SEQ || source == ALL) loss = spk_add(loss, spk_sum(spk_multiply(v_seq, p->r_seq)));
    if (source == V_LAST || source == ALL) loss = spk_add(loss, spk_sum(spk_multiply(v, p->r_last)));
    return loss;
}

/* `at_once` false: T calls of one step each, as a program without parallel_optim does. */
static outcome run(const problem *p, const config *c, spk_module *neuron, bool at_once) {
    const char *name = text_of(c);
    spk_tensor *input = c->constant ? spk_repeat_over_time(p->x, c->T) : p->x, *spikes = NULL, *v_seq = NULL;
    spk_set_memory(neuron, "v", p->v0);
    outcome o = {0};
    if (at_once) {
        spikes = spk_call(neuron, input);
        v_seq = spk_v_seq(neuron);
        cr_assert_eq(spikes, spk_spikes(neuron), "%s: spk_spikes is another tensor", name);
        o.rate = spk_firing_rate(neuron);
    } else {
        spk_tensor *s[16], *v[16];
        for (int t = 0; t < c->T; t++) {
            s[t] = spk_dense(spk_simple_forward(spk_as_node(neuron), spk_time_step(input, c->T, t)));
            v[t] = spk_v_seq(neuron);
            o.rate += spk_firing_rate(neuron) / (double)c->T;
        }
        spikes = spk_concat(s, (int)c->T, 0), v_seq = spk_concat(v, (int)c->T, 0);
    }
    assert_fine(p->ctx, name);
    if (at_once) cr_assert_eq(spk_tensor_storage(spikes), c->bits ? SPK_BITS : SPK_DENSE, "%s: storage", name);
    cr_assert(spk_backward(loss_of(p, c->source, spikes, v_seq, spk_v(neuron))), "%s: %s", name, spk_error(p->ctx));
    o.spikes = spk_keep(spikes), o.v_seq = spk_keep(v_seq), o.v = spk_keep(spk_v(neuron));
    o.gx = kept_grad(p->x), o.gv0 = kept_grad(p->v0), o.gw = kept_grad(spk_find_tensor(neuron, "w"));
    assert_fine(p->ctx, name);
    spk_reset(neuron);
    spk_end_step(p->ctx);
    return o;
}

static void assert_bits_equal(spk_tensor *got, spk_tensor *wanted, const char *what, const char *name) {
    cr_assert(spk_shape_equal(spk_tensor_shape(got), spk_tensor_shape(wanted)), "%s: shape of %s", name, what);
    const spk_real *a = spk_data(got), *b = spk_data(wanted);
    for (int64_t i = 0; i < spk_size(got); i++)
        cr_assert(memcmp(a + i, b + i, sizeof *a) == 0, "%s: %s %lld is %.17g, should be %.17g", name, what, (long long)i, (double)a[i],
                  (double)b[i]);
}

static double worst_difference; /* for the constants above: SPK_TEST_SHOW=1 prints it */

static double largest_of(spk_tensor *x) {
    double largest = 0;
    for (int64_t i = 0; i < spk_size(x); i++) largest = fmax(largest, fabs((double)spk_data(x)[i]));
    return largest;
}

static void assert_gradient(spk_tensor *got, spk_tensor *wanted, double scale, const char *what, const char *name) {
    cr_assert(!got == !wanted, "%s: gradient of %s is missing in one", name, what);
    if (!got) return;
    const spk_real *a = spk_data(got), *b = spk_data(wanted);
    const double largest = fmax(scale, largest_of(wanted));
    double difference = 0;
    for (int64_t i = 0; i < spk_size(got); i++) {
        difference = fmax(difference, fabs((double)a[i] - (double)b[i]));
        cr_assert(isfinite((double)a[i]), "%s: gradient of %s is not finite", name, what);
    }
    if (largest > 0) worst_difference = fmax(worst_difference, difference / largest);
    cr_assert(difference <= ROUNDING * largest, "%s: gradient of %s differs by %g of at most %g", name, what, difference, largest);
}

static void assert_equal_outcomes(const outcome *got, const outcome *wanted, const char *name) {
    assert_bits_equal(got->spikes, wanted->spikes, "spike", name);
    assert_bits_equal(got->v_seq, wanted->v_seq, "v_seq", name);
    assert_bits_equal(got->v, wanted->v, "v", name);
    assert_gradient(got->gx, wanted->gx, 0, "x", name);
    assert_gradient(got->gv0, wanted->gv0, 0, "v0", name);
    assert_gradient(got->gw, wanted->gw, largest_of(wanted->gx), "w",
                    name); /* a sum over all neurons that may cancel: no more exact than its terms */
}

static double check(const config *c) {
    const problem p = problem_of(c);
    spk_module *fused = fused_of(p.ctx, c), *composed = composed_of(p.ctx, c);
    const outcome a = run(&p, c, fused, true), b = run(&p, c, composed, true);
    assert_equal_outcomes(&a, &b, text_of(c));
    cr_assert(a.gx && a.gv0 && !a.gw == (c->kind != PLIF), "%s: gradients are missing", text_of(c));
    spk_ctx_destroy(p.ctx);
    return a.rate;
}

static void show_worst(const char *what) {
    if (getenv("SPK_TEST_SHOW")) fprintf(stderr, "%s: largest difference %g\n", what, worst_difference);
}

/* Every combination of one kind. */
static void check_kind(neuron_kind kind, bool smooth) {
    int cases = 0;
    for (int i = 0; spk_surrogate_name(i); i++)
        for (unsigned m = 0; m < RESETS * SOURCES * 16u; m++) {
            const unsigned flags = m / (RESETS * SOURCES);
            const config c = {.kind = kind,
                              .surrogate = spk_surrogate_name(i),
                              .reset = (reset_kind)(m % RESETS),
                              .source = (loss_source)(m / RESETS % SOURCES),
                              .detach = flags & 1,
                              .decay = flags & 2,
                              .bits = flags & 4,
                              .constant = flags & 8,
                              .smooth = smooth,
                              .T = 5,
                              .step = SPK_SHAPE(3, 67)};
            if ((kind == IF && c.decay) || (smooth && c.bits)) continue; /* IF has no decay_input; primitives are no bits */
            const double rate = check(&c);
            if (!smooth) cr_assert(rate > 0.05 && rate < 0.95, "%s: a firing rate of %g tests one branch only", text_of(&c), rate);
            cases++;
        }
    cr_assert_eq(cases, 10 * RESETS * SOURCES * (kind == IF ? 8 : 16) / (smooth ? 2 : 1), "%s: %d cases ran", kind_names[kind], cases);
    show_worst(kind_names[kind]);
}

Test(fused, if_equals_composed) { check_kind(IF, false); }
Test(fused, lif_equals_composed) { check_kind(LIF, false); }
Test(fused, plif_equals_composed) { check_kind(PLIF, false); }
Test(fused, if_equals_composed_without_spiking) { check_kind(IF, true); }
Test(fused, lif_equals_composed_without_spiking) { check_kind(LIF, true); }
Test(fused, plif_equals_composed_without_spiking) { check_kind(PLIF, true); }

/* Shapes around the vector and tile sizes: one axis, three axes, one neuron, whole words, several tiles; T
 * from 1 on. */
static const struct {
    int axes;
    int64_t dim[3], T;
} shapes[] = {{2, {3, 1}, 5}, {2, {3, 64}, 5},   {2, {3, 130}, 5},   {2, {1, 513}, 5},   {2, {2, 1100}, 3},   {1, {67}, 5},
              {1, {1}, 4},    {3, {3, 4, 5}, 5}, {3, {2, 3, 67}, 4}, {2, {2, 200}, 300}, {3, {2, 4, 5}, 300}, {2, {3, 67}, 1}};

Test(fused, every_shape) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (unsigned m = 0; m < 3 * RESETS * 8u; m++) {
            const unsigned flags = m / (3 * RESETS);
            const config c = {.kind = (neuron_kind)(m % 3),
                              .surrogate = "atan",
                              .reset = (reset_kind)(m / 3 % RESETS),
                              .source = ALL,
                              .decay = true,
                              .detach = flags & 4,
                              .bits = flags & 1,
                              .constant = flags & 2,
                              .T = shapes[i].T,
                              .step = spk_shape_of(shapes[i].axes, shapes[i].dim)};
            if (c.T > 50 && (c.detach || c.kind == IF)) continue; /* the IF neuron does not forget: see long_if */
            check(&c);
        }
    show_worst("shapes");
}

/* Without a leak the adjoint keeps its size over 300 steps if the reset is detached. */
Test(fused, long_if) {
    for (unsigned m = 0; m < RESETS * 4u; m++) {
        const config c = {.kind = IF,
                          .surrogate = "sigmoid",
                          .reset = (reset_kind)(m % RESETS),
                          .source = ALL,
                          .detach = true,
                          .bits = m / RESETS & 1,
                          .constant = m / RESETS & 2,
                          .T = 300,
                          .step = SPK_SHAPE(2, 130)};
        check(&c);
    }
    show_worst("long if");
}

Test(fused, steps_equal_all_at_once) {
    for (unsigned m = 0; m < 3 * RESETS * 32u; m++) {
        const unsigned flags = m / (3 * RESETS);
        const config c = {.kind = (neuron_kind)(m % 3),
                          .surrogate = flags & 16 ? "rect" : "sigmoid",
                          .reset = (reset_kind)(m / 3 % RESETS),
                          .source = ALL,
                          .detach = flags & 1,
                          .decay = flags & 2,
                          .bits = flags & 4,
                          .constant = flags & 8,
                          .T = 5,
                          .step = SPK_SHAPE(3, 67)};
        const problem p = problem_of(&c);
        spk_module *neuron = fused_of(p.ctx, &c);
        const outcome a = run(&p, &c, neuron, false), b = run(&p, &c, neuron, true);
        assert_equal_outcomes(&a, &b, text_of(&c));
        cr_assert(close_to(a.rate, b.rate, 1e-12), "%s: rates %g and %g", text_of(&c), a.rate, b.rate);
        spk_ctx_destroy(p.ctx);
    }
    show_worst("steps");
}

/* The membrane before the first forward is its reset value, which is not a tensor for the fused op. */
Test(fused, reset_value_equals_a_tensor_of_it) {
    for (unsigned m = 0; m < 3 * RESETS; m++) {
        const config c = {.kind = (neuron_kind)(m % 3),
                          .surrogate = "sigmoid",
                          .reset = (reset_kind)(m / 3),
                          .source = ALL,
                          .decay = true,
                          .T = 5,
                          .step = SPK_SHAPE(3, 67)};
        const problem p = problem_of(&c);
        spk_module *neuron = fused_of(p.ctx, &c);
        cr_assert_eq(spk_reset_value(neuron, "v"), c.reset == HARD ? -0.25 : 0, "%s: reset value", text_of(&c));
        spk_set_reset_value(neuron, "v", 0.375);
        spk_fill(p.v0, 0.375);
        const outcome with = run(&p, &c, neuron, true);
        cr_assert_null(spk_v(neuron), "%s: spk_v after reset", text_of(&c));
        spk_tensor *spikes = spk_call(neuron, p.x);
        spk_backward(loss_of(&p, ALL, spikes, spk_v_seq(neuron), spk_v(neuron)));
        assert_bits_equal(spikes, with.spikes, "spike", text_of(&c));
        assert_bits_equal(spk_v_seq(neuron), with.v_seq, "v_seq", text_of(&c));
        assert_bits_equal(spk_grad(p.x), with.gx, "gradient of x", text_of(&c));
        cr_assert_null(spk_grad(p.v0), "%s: v0 was not used", text_of(&c));
        spk_ctx_destroy(p.ctx);
    }
}

/* A repeated input whose T is another than the neuron's is still the same numbers. */
Test(fused, repeated_otherwise) {
    const config c = {.kind = LIF, .surrogate = "atan", .reset = SOFT, .source = ALL, .decay = true, .T = 4, .step = SPK_SHAPE(2, 67)};
    const problem p = problem_of(&c);
    spk_module *neuron = fused_of(p.ctx, &c);
    spk_tensor *row = spk_set_requires_grad(uniform(p.ctx, SPK_SHAPE(1, 67), -1, 3), true);
    spk_tensor *v_seq[2], *g[2];
    for (int dense = 0; dense < 2; dense++) {
        spk_tensor *x = spk_repeat_over_time(row, 8); /* [8, 67] for T = 4 and a batch of 2 */
        spk_call(neuron, dense ? spk_dense(x) : x);
        spk_backward(loss_of(&p, ALL, spk_spikes(neuron), spk_v_seq(neuron), spk_v(neuron)));
        v_seq[dense] = spk_keep(spk_v_seq(neuron)), g[dense] = kept_grad(row);
        assert_fine(p.ctx, "repeated otherwise");
        spk_reset(neuron);
        spk_end_step(p.ctx);
    }
    assert_bits_equal(v_seq[0], v_seq[1], "v_seq", "repeated otherwise");
    assert_bits_equal(g[0], g[1], "gradient", "repeated otherwise");
    spk_ctx_destroy(p.ctx);
}

Test(fused, threads_give_the_same_bits) {
    static const int64_t dims[][3] = {{2, 200, 300}, {5, 1300, 8}, {1, 67, 600}};
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        for (unsigned m = 0; m < 4; m++) {
            const config c = {.kind = PLIF,
                              .surrogate = "sigmoid",
                              .reset = m & 1 ? SOFT : HARD,
                              .source = ALL,
                              .decay = true,
                              .bits = m & 2,
                              .T = dims[i][2],
                              .step = SPK_SHAPE(dims[i][0], dims[i][1])};
            const problem p = problem_of(&c);
            spk_module *neuron = fused_of(p.ctx, &c);
            const char *name = text_of(&c);
            spk_set_threads(1);
            const outcome one = run(&p, &c, neuron, true);
            spk_set_threads(2);
            const outcome two = run(&p, &c, neuron, true);
            assert_bits_equal(two.spikes, one.spikes, "spike", name);
            assert_bits_equal(two.v_seq, one.v_seq, "v_seq", name);
            assert_bits_equal(two.gx, one.gx, "gradient of x", name);
            assert_bits_equal(two.gv0, one.gv0, "gradient of v0", name);
            assert_bits_equal(two.gw, one.gw, "gradient of w", name);
            spk_ctx_destroy(p.ctx);
        }
}

/* No neurons, or no batch: nothing to do, and nothing goes wrong. */
Test(fused, empty) {
    static const int64_t dims[][2] = {{0, 67}, {3, 0}, {0, 0}};
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        for (unsigned m = 0; m < 6; m++) {
            const config c = {.kind = (neuron_kind)(m % 3),
                              .surrogate = "sigmoid",
                              .source = ALL,
                              .bits = m / 3,
                              .T = 5,
                              .step = SPK_SHAPE(dims[i][0], dims[i][1])};
            const problem p = problem_of(&c);
            spk_module *neuron = fused_of(p.ctx, &c);
            spk_tensor *spikes = spk_call(neuron, p.x);
            assert_fine(p.ctx, text_of(&c));
            cr_assert_eq(spk_size(spikes), 0, "%s: size", text_of(&c));
            cr_assert(spk_shape_equal(spk_tensor_shape(spikes), over_time(&c)), "%s: shape", text_of(&c));
            cr_assert(spk_backward(loss_of(&p, ALL, spikes, spk_v_seq(neuron), spk_v(neuron))), "%s: %s", text_of(&c), spk_error(p.ctx));
            cr_assert(isnan(spk_firing_rate(neuron)), "%s: the rate of no neurons", text_of(&c));
            spk_end_step(p.ctx);
            assert_fine(p.ctx, text_of(&c));
            spk_ctx_destroy(p.ctx);
        }
}
