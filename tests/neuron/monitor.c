/* Monitors: what they hold is what the ops gave, and who is watched computes the same bits. */
#include "../hash.h"
#include "base_node_support.h"

enum { T_STEPS = 4, N = 3, IN = 12, HIDDEN = 70, OUT = 3 };

#define EVERYTHING (SPK_WATCH_SPIKES | SPK_WATCH_INPUT | SPK_WATCH_MEMBRANE | SPK_WATCH_GRADIENT)

/* How a net's neurons are made; "net.1" is the one that is looked at. */
typedef struct recipe {
    const char *name;
    bool bits, composed, surrogate_is_compact;
} recipe;
static const recipe recipes[] = {{"bits", .bits = true},
                                 {"bits, compact", .bits = true, .surrogate_is_compact = true},
                                 {"floats", .surrogate_is_compact = true},
                                 {"composed", .composed = true},
                                 {"composed bits", .bits = true, .composed = true}};
enum { RECIPES = sizeof recipes / sizeof *recipes };

static spk_module *network(spk_ctx *ctx, const recipe *r, bool store_v_seq, bool parallel) {
    spk_lif_opts o = spk_lif_options();
    o.parallel_optim = parallel, o.T = parallel ? T_STEPS : 1, o.spike_out = r->bits, o.store_v_seq = store_v_seq, o.v_threshold = 0.2;
    o.surrogate_function = spk_surrogate_of(r->surrogate_is_compact ? "piecewise_quadratic" : "atan");
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, IN, HIDDEN), r->composed ? composed(ctx, o) : spk_lif_with(ctx, o),
                                     spk_linear_layer(ctx, HIDDEN, OUT));
    spk_module_set_name(net, "net");
    return net;
}

static spk_tensor *input(spk_ctx *ctx, int64_t rows) {
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(rows, IN));
    for (int64_t i = 0; i < spk_size(x); i++) spk_data_mut(x)[i] = (spk_real)((double)(i * 37 % 101) / 50 - 1);
    return x;
}

/* The mean square of the output, over all steps. */
static spk_tensor *loss_of(spk_tensor *y) { return spk_mean(spk_multiply(y, y)); }

/* A record holds the values of x, in x's shape. */
static void assert_record(spk_monitor_record r, spk_tensor *x, double tolerance, const char *what) {
    cr_assert(r.values, "%s: there is no record", what);
    cr_assert(spk_shape_equal(r.shape, spk_tensor_shape(x)), "%s: shape %s", what, spk_shape_text(r.shape).text);
    assert_near(spk_size(x), r.values, spk_data(x), tolerance, what);
}

Test(monitor, holds_what_the_ops_gave) {
    for (int i = 0; i < RECIPES; i++) {
        const char *name = recipes[i].name;
        spk_ctx *ctx = seeded(), *twin = seeded();
        spk_module *net = network(ctx, &recipes[i], false, true), *same = network(twin, &recipes[i], true, true);
        spk_monitor *m = spk_monitor_neurons(net, .what = EVERYTHING);
        cr_assert(spk_monitor_layers(m) == 1 && !spk_monitor_layer(m, 1), "%s: layers", name);
        cr_assert_str_eq(spk_monitor_layer(m, 0), "net.1", "%s", spk_monitor_layer(m, 0));
        cr_assert(spk_backward(loss_of(spk_call(net, input(ctx, T_STEPS * N)))), "%s", spk_error(ctx));
        spk_end_step(ctx);
        assert_fine(ctx, name);
        cr_assert_eq(spk_monitor_count(m, NULL, ~0u), 4, "%s: %d records", name, (int)spk_monitor_count(m, NULL, ~0u));

        spk_tensor *current = spk_call(spk_find_module(same, "0"), input(twin, T_STEPS * N));
        spk_tensor *spikes = spk_retain_grad(spk_call(spk_find_module(same, "1"), current));
        cr_assert(spk_backward(loss_of(spk_call(spk_find_module(same, "2"), spikes))), "%s", spk_error(twin));
        assert_record(spk_monitor_get(m, "1", SPK_WATCH_SPIKES, 0), spikes, 0, name);
        assert_record(spk_monitor_get(m, "net.1", SPK_WATCH_INPUT, 0), current, 0, name);
        assert_record(spk_monitor_get(m, NULL, SPK_WATCH_MEMBRANE, -1), spk_v_seq(spk_find_module(same, "1")), 0, name);
        assert_record(spk_monitor_get(m, NULL, SPK_WATCH_GRADIENT, 0), spk_grad(spikes), 0, name);
        double fired = 0, slope = 0;
        for (int64_t k = 0; k < spk_size(spikes); k++) {
            fired += (double)spk_data(spikes)[k];
            slope += fabs((double)spk_data(spk_grad(spikes))[k]);
        }
        cr_assert(fired > 10 && slope > 1e-3, "%s: %g spikes, gradient %g: nothing is compared", name, fired, slope);
        const spk_monitor_record r = spk_monitor_get(m, NULL, SPK_WATCH_GRADIENT, 0);
        cr_assert(r.step == 1 && r.call == 0 && r.training && r.what == SPK_WATCH_GRADIENT, "%s: record", name);
        cr_assert_str_eq(r.name, "net.1", "%s", r.name);
        spk_ctx_destroy(ctx), spk_ctx_destroy(twin);
    }
}

static spk_tensor *mean(spk_tensor *x) { return spk_mean(x); }

/* Trains, watched or not, and gives a fingerprint of all parameters after it, and of the roads taken. */
static uint64_t trained(const recipe *r, bool watched, spk_tensor *(*function)(spk_tensor *)) {
    spk_ctx *ctx = seeded();
    spk_module *net = network(ctx, r, false, true);
    if (watched) spk_monitor_neurons(net, .what = EVERYTHING, .function = function);
    for (spk_module *layer = net; watched && layer; layer = spk_next_module(net, layer))
        spk_monitor_on(layer, .what = SPK_WATCH_INPUT | SPK_WATCH_OUTPUT | SPK_WATCH_GRADIENT, .every = 2, .most = 2);
    spk_optimizer *optimizer = spk_adam(net, .lr = 0.01);
    spk_tensor *x = input(ctx, N);
    for (int step = 0; step < 5; step++) {
        spk_zero_grad(net);
        spk_backward(loss_of(spk_call(net, spk_repeat_over_time(x, T_STEPS))));
        spk_optimizer_step(optimizer);
        spk_reset(net);
        spk_end_step(ctx);
    }
    assert_fine(ctx, r->name);
    uint64_t hash = HASH_START;
    for (spk_walk w = spk_parameters(net); spk_walk_next(&w);) hash = hash_tensor(hash, w.slot->tensor);
    const spk_road_counts roads = spk_roads_taken(ctx);
    hash = hash_bytes(hash, &roads, sizeof roads);
    spk_ctx_destroy(ctx);
    return hash;
}

Test(monitor, changes_no_bit) {
    for (int i = 0; i < RECIPES; i++) {
        cr_assert_eq(trained(&recipes[i], true, NULL), trained(&recipes[i], false, NULL), "%s", recipes[i].name);
        cr_assert_eq(trained(&recipes[i], true, mean), trained(&recipes[i], false, NULL), "%s, with a function", recipes[i].name);
    }
}

/* One step a call, T calls a step: as many records, which are the rows of those over all steps at once. */
Test(monitor, single_steps) {
    for (int i = 0; i < RECIPES; i++) {
        if (recipes[i].bits && recipes[i].composed) continue; /* the bits are made after the last step */
        const char *name = recipes[i].name;
        spk_ctx *ctx = seeded(), *twin = seeded();
        spk_module *net = network(ctx, &recipes[i], false, false), *same = network(twin, &recipes[i], false, true);
        spk_monitor *m = spk_monitor_neurons(net, .what = EVERYTHING), *at_once = spk_monitor_neurons(same, .what = EVERYTHING);
        spk_tensor *y[T_STEPS], *x = input(ctx, N * T_STEPS);
        for (int64_t t = 0; t < T_STEPS; t++) y[t] = spk_call(net, spk_time_step(x, T_STEPS, t));
        spk_backward(loss_of(spk_concat(y, T_STEPS, 0)));
        spk_backward(loss_of(spk_call(same, input(twin, N * T_STEPS))));
        assert_fine(ctx, name);
        spk_end_step(ctx), spk_end_step(twin);
        static const unsigned things[] = {SPK_WATCH_SPIKES, SPK_WATCH_INPUT, SPK_WATCH_MEMBRANE, SPK_WATCH_GRADIENT};
        for (int k = 0; k < 4; k++) {
            cr_assert_eq(spk_monitor_count(m, "1", things[k]), T_STEPS, "%s: thing %d", name, k);
            const spk_monitor_record whole = spk_monitor_get(at_once, "1", things[k], 0);
            for (int t = 0; t < T_STEPS; t++) {
                /* gradients come from the last call on */
                const spk_monitor_record r = spk_monitor_get(m, "1", things[k], things[k] == SPK_WATCH_GRADIENT ? T_STEPS - 1 - t : t);
                cr_assert(r.call == t && r.step == 1, "%s: call %d of step %d", name, r.call, (int)r.step);
                cr_assert(spk_shape_equal(r.shape, SPK_SHAPE(N, HIDDEN)), "%s: shape %s", name, spk_shape_text(r.shape).text);
                assert_near(N * HIDDEN, r.values, whole.values + t * N * HIDDEN, ROUNDING, name);
            }
        }
        spk_ctx_destroy(ctx), spk_ctx_destroy(twin);
    }
}

Test(monitor, fused_and_composed_neurons_agree) {
    spk_ctx *ctx = seeded(), *twin = seeded();
    spk_monitor *m[2];
    for (int i = 0; i < 2; i++) {
        spk_ctx *of = i ? twin : ctx;
        spk_module *net = network(of, &(recipe){.name = "", .composed = i}, false, true);
        m[i] = spk_monitor_neurons(net, .what = EVERYTHING);
        cr_assert(spk_backward(loss_of(spk_call(net, input(of, T_STEPS * N)))), "%s", spk_error(of));
    }
    for (int k = 0; k < 4; k++) {
        const spk_monitor_record a = spk_monitor_get(m[0], "1", 1u << k, 0), b = spk_monitor_get(m[1], "1", 1u << k, 0);
        assert_near(T_STEPS * N * HIDDEN, a.values, b.values, 0, "fused and composed");
    }
    spk_ctx_destroy(ctx), spk_ctx_destroy(twin);
}

static void run_step(spk_module *net, spk_tensor *x) {
    spk_call(net, x);
    spk_reset(net);
    spk_end_step(spk_module_ctx(net));
}

Test(monitor, every_and_most) {
    spk_ctx *ctx = seeded();
    spk_module *net = network(ctx, &recipes[0], false, true);
    spk_tensor *x = input(ctx, T_STEPS * N);
    spk_monitor *m = spk_monitor_neurons(net, .what = SPK_WATCH_SPIKES | SPK_WATCH_INPUT, .every = 3, .most = 2);
    spk_end_step(ctx); /* a step in which nothing is called does not count */
    for (int step = 0; step < 11; step++) run_step(net, x);
    cr_assert_eq(spk_monitor_count(m, NULL, SPK_WATCH_SPIKES), 2, "two of four are kept");
    cr_assert_eq(spk_monitor_count(m, NULL, SPK_WATCH_SPIKES | SPK_WATCH_INPUT), 4, "of both");
    cr_assert_eq(spk_monitor_dropped(m), 4, "%d went", (int)spk_monitor_dropped(m));
    const uint64_t first = spk_monitor_get(m, NULL, SPK_WATCH_SPIKES, 0).step, second = spk_monitor_get(m, NULL, SPK_WATCH_SPIKES, 1).step;
    cr_assert(first == 2 + 6 && second == 2 + 9, "steps %d and %d", (int)first, (int)second);
    cr_assert(!spk_monitor_get(m, NULL, SPK_WATCH_SPIKES, 2).values && !spk_monitor_get(m, NULL, SPK_WATCH_SPIKES, -3).values, "no more");
    cr_assert(!spk_monitor_get(m, "0", SPK_WATCH_SPIKES, 0).values && !spk_monitor_get(m, NULL, SPK_WATCH_GRADIENT, 0).values, "no such");
    cr_assert_eq(spk_monitor_get(m, NULL, SPK_WATCH_SPIKES, -1).step, second, "from the end");

    /* Once it is full it takes and gives back nothing. */
    const size_t held = spk_memory_use(ctx).held;
    for (int step = 0; step < 6; step++) run_step(net, x);
    cr_assert_eq(spk_memory_use(ctx).held, held, "memory grows");

    spk_monitor_clear(m);
    cr_assert(spk_monitor_count(m, NULL, ~0u) == 0 && spk_monitor_dropped(m) == 0, "cleared");
    cr_assert(spk_memory_use(ctx).held < held, "and its memory given back");
    assert_fine(ctx, "every and most");
    spk_ctx_destroy(ctx);
}

Test(monitor, bytes_are_bounded) {
    spk_ctx *ctx = seeded();
    spk_module *net = network(ctx, &recipes[0], false, true);
    spk_tensor *x = input(ctx, T_STEPS * N);
    const int64_t one = T_STEPS * N * HIDDEN * (int64_t)sizeof(spk_real);
    spk_monitor *m = spk_monitor_neurons(net, .bytes = 3 * one + 1), *small = spk_monitor_neurons(net, .bytes = one - 1);
    for (int step = 0; step < 8; step++) run_step(net, x);
    cr_assert_eq(spk_monitor_count(m, NULL, ~0u), 3, "%d are kept", (int)spk_monitor_count(m, NULL, ~0u));
    cr_assert_eq(spk_monitor_get(m, NULL, ~0u, 0).step, 6, "the newest");
    cr_assert_eq(spk_monitor_count(small, NULL, ~0u), 0, "one that is too large alone goes");
    cr_assert_eq(spk_monitor_dropped(small), 8, "and is counted");
    spk_call(net, x);
    cr_assert_eq(spk_monitor_count(small, NULL, ~0u), 1, "but is there until its step ends");
    assert_fine(ctx, "bytes");
    spk_ctx_destroy(ctx);
}

Test(monitor, a_failed_step_leaves_it_as_it_was) {
    spk_ctx *ctx = seeded();
    spk_module *net = network(ctx, &recipes[0], false, true);
    spk_tensor *x = input(ctx, T_STEPS * N), *wrong = input(ctx, T_STEPS * N + 1);
    spk_monitor *m = spk_monitor_neurons(net, .what = EVERYTHING, .every = 2, .most = 2);
    spk_monitor *layer = spk_monitor_on(spk_find_module(net, "0"));
    for (int step = 0; step < 4; step++) run_step(net, x); /* the 1st and the 3rd are recorded */
    for (int how = 0; how < 2; how++) {
        spk_call(net, x);
        spk_reset(net);
        cr_assert_eq(spk_monitor_count(m, NULL, SPK_WATCH_SPIKES), 3, "in the middle of a step");
        spk_call(net, wrong); /* its first layer runs */
        cr_assert_eq(spk_monitor_count(layer, NULL, ~0u), 6, "the layer that ran");
        assert_error(ctx, "a failed step", "lif (net.1)", "does not divide");
        cr_assert_eq(spk_monitor_count(m, NULL, SPK_WATCH_SPIKES), 2, "after it");
        cr_assert_eq(spk_monitor_count(layer, NULL, ~0u), 4, "after it");
        cr_assert(spk_monitor_get(m, NULL, SPK_WATCH_SPIKES, 0).step == 1 && spk_monitor_get(m, NULL, SPK_WATCH_SPIKES, -1).step == 3,
                  "what");
        cr_assert(!spk_as_node(spk_find_module(net, "1"))->store_v_seq, "store_v_seq was not put back");
    }
    run_step(net, x); /* the step done again is recorded, though it is the seventh */
    cr_assert_eq(spk_monitor_get(m, NULL, SPK_WATCH_SPIKES, -1).step, 7, "done again");
    cr_assert_eq(spk_monitor_get(m, NULL, SPK_WATCH_SPIKES, 0).step, 3, "done again");
    assert_fine(ctx, "a failed step");
    spk_ctx_destroy(ctx);
}

static bool v_seq_works(spk_module *neuron) {
    spk_v_seq(neuron);
    const bool works = !spk_failed(spk_module_ctx(neuron));
    spk_clear_error(spk_module_ctx(neuron));
    return works;
}

Test(monitor, comes_and_goes) {
    spk_ctx *ctx = seeded();
    spk_module *net = network(ctx, &recipes[1], false, true), *neuron = spk_find_module(net, "1");
    spk_tensor *x = input(ctx, T_STEPS * N);
    spk_monitor *a = spk_monitor_neurons(net, .what = EVERYTHING), *b = spk_monitor_on(neuron, .what = EVERYTHING);
    run_step(net, x);
    cr_assert(spk_monitor_get(b, "", SPK_WATCH_MEMBRANE, 0).values, "two on one neuron: it is \"\" from itself on");
    assert_near(T_STEPS * N * HIDDEN, spk_monitor_get(b, NULL, SPK_WATCH_MEMBRANE, 0).values,
                spk_monitor_get(a, "1", SPK_WATCH_MEMBRANE, 0).values, 0, "two on one neuron");
    cr_assert(!spk_as_node(neuron)->store_v_seq, "store_v_seq stays on");

    cr_assert(spk_monitor_enable(a, false) && !spk_monitor_enable(a, false), "what it did before");
    run_step(net, x);
    cr_assert(spk_monitor_count(a, NULL, ~0u) == 3 && spk_monitor_count(b, NULL, ~0u) == 6, "one is off");
    spk_monitor_enable(a, true);

    spk_tensor *loss = loss_of(spk_call(net, x)); /* destroyed between forward and backward */
    spk_monitor_destroy(a);
    cr_assert(spk_backward(loss), "%s", spk_error(ctx));
    cr_assert_eq(spk_monitor_count(b, NULL, SPK_WATCH_GRADIENT), 1, "the other gets its gradient");
    spk_end_step(ctx);
    spk_monitor_destroy(b);
    spk_reset(net);
    spk_call(net, x);
    cr_assert(!v_seq_works(neuron), "the neuron is watched still");

    spk_monitor *c = spk_monitor_neurons(net, .what = EVERYTHING); /* the net goes first */
    spk_backward(loss_of(spk_call(net, x)));
    spk_end_step(ctx);
    spk_module_destroy(net);
    cr_assert_str_eq(spk_monitor_get(c, "1", SPK_WATCH_SPIKES, 0).name, "net.1", "records outlive the net");
    cr_assert_eq(spk_monitor_count(c, NULL, ~0u), 4, "records outlive the net");
    spk_monitor_destroy(c);
    spk_monitor_neurons(network(ctx, &recipes[0], false, true)); /* and one is left to the context */
    assert_fine(ctx, "comes and goes");
    spk_ctx_destroy(ctx);
}

Test(monitor, repeated_storage) {
    spk_ctx *ctx = seeded();
    spk_module *net = network(ctx, &recipes[0], false, true), *linear = spk_find_module(net, "0");
    spk_monitor *m = spk_monitor_on(linear, .what = SPK_WATCH_INPUT | SPK_WATCH_OUTPUT | SPK_WATCH_GRADIENT);
    spk_tensor *x = spk_repeat_over_time(input(ctx, N), T_STEPS), *y = spk_retain_grad(spk_call(linear, x));
    cr_assert(spk_tensor_storage(y) == SPK_REPEATED, "the output is repeated");
    spk_backward(loss_of(spk_call(spk_find_module(net, "1"), y)));
    assert_record(spk_monitor_get(m, NULL, SPK_WATCH_INPUT, 0), x, 0, "input");
    assert_record(spk_monitor_get(m, NULL, SPK_WATCH_OUTPUT, 0), y, 0, "output");
    assert_record(spk_monitor_get(m, NULL, SPK_WATCH_GRADIENT, 0), spk_grad(y), 0, "gradient");
    cr_assert_eq(spk_monitor_get(m, NULL, SPK_WATCH_GRADIENT, 0).shape.dim[0], N, "summed over the repeats");
    assert_fine(ctx, "repeated");
    spk_ctx_destroy(ctx);
}

static spk_tensor *nothing(spk_tensor *x) { return (void)x, NULL; }

Test(monitor, functions) {
    spk_ctx *ctx = seeded();
    spk_module *net = network(ctx, &recipes[1], false, true), *neuron = spk_find_module(net, "1");
    spk_monitor *m = spk_monitor_neurons(net, .what = SPK_WATCH_SPIKES | SPK_WATCH_GRADIENT, .function = mean);
    spk_monitor *plain = spk_monitor_neurons(net, .what = SPK_WATCH_GRADIENT);
    spk_backward(loss_of(spk_call(net, input(ctx, T_STEPS * N))));
    const spk_monitor_record rate = spk_monitor_get(m, NULL, SPK_WATCH_SPIKES, 0), slope = spk_monitor_get(m, NULL, SPK_WATCH_GRADIENT, 0);
    cr_assert(rate.shape.axes == 0 && close_to((double)*rate.values, spk_firing_rate(neuron), 1e-6), "a rate");
    double sum = 0;
    for (int64_t i = 0; i < T_STEPS * N * HIDDEN; i++) sum += (double)spk_monitor_get(plain, NULL, SPK_WATCH_GRADIENT, 0).values[i];
    cr_assert(close_to((double)*slope.values, sum / (T_STEPS * N * HIDDEN), 1e-6), "of a gradient");
    cr_assert(spk_grad_enabled(ctx), "recording is on again");
    assert_fine(ctx, "functions");
    spk_end_step(ctx);
    spk_monitor_neurons(net, .function = nothing);
    spk_reset(net);
    spk_call(net, input(ctx, T_STEPS * N));
    assert_error(ctx, "a function that gives NULL", "spk_monitor_on", "NULL");
    spk_ctx_destroy(ctx);
}

/* In evaluation there is no gradient; the record says in which mode it was made. */
Test(monitor, evaluation) {
    spk_ctx *ctx = seeded();
    spk_module *net = network(ctx, &recipes[0], false, true);
    spk_monitor *m = spk_monitor_neurons(net, .what = SPK_WATCH_SPIKES | SPK_WATCH_GRADIENT);
    spk_eval(net);
    SPK_NO_GRAD(ctx) run_step(net, input(ctx, T_STEPS * N));
    cr_assert(spk_monitor_count(m, NULL, ~0u) == 1 && !spk_monitor_get(m, NULL, ~0u, 0).training, "evaluation");
    spk_ctx_destroy(ctx);
}

/* What backward of a retained graph brings comes each time. */
Test(monitor, each_backward) {
    spk_ctx *ctx = seeded();
    spk_module *net = network(ctx, &recipes[1], false, true);
    spk_monitor *m = spk_monitor_neurons(net, .what = SPK_WATCH_GRADIENT);
    spk_tensor *loss = loss_of(spk_call(net, input(ctx, T_STEPS * N)));
    spk_backward(loss, .retain = true);
    spk_backward(loss);
    cr_assert_eq(spk_monitor_count(m, NULL, ~0u), 2, "two gradients");
    assert_near(T_STEPS * N * HIDDEN, spk_monitor_get(m, NULL, ~0u, 0).values, spk_monitor_get(m, NULL, ~0u, 1).values, 0, "the same");
    assert_fine(ctx, "each backward");
    spk_ctx_destroy(ctx);
}
