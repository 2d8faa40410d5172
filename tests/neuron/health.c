/* The health of layers: those that were built to be ill are named, others are not, and watching changes nothing. */
#include "../core/support.h"

#define T_STEPS 4

typedef struct recipe {
    double gain, bias; /* what batch norm gives the neurons: bias + gain times normal numbers */
    double alpha;      /* of the surrogate */
    double next_gain;  /* of the layers after the first */
    const char *surrogate;
    bool bits;
} recipe;
static const recipe healthy = {.gain = 1, .bias = 0.5, .alpha = 2, .next_gain = 1, .surrogate = "atan", .bits = true};

static spk_module *neurons(spk_ctx *ctx, const recipe *r) {
    return spk_lif(ctx, .T = T_STEPS, .parallel_optim = true, .spike_out = r->bits,
                   .surrogate_function = spk_surrogate_of(r->surrogate, .alpha = r->alpha));
}

/* 12 - 70 neurons - 40 neurons - 3, named net: neurons are net.2 and net.5. */
static spk_module *network(spk_ctx *ctx, const recipe *r) {
    spk_module *net =
        spk_sequential(ctx, spk_linear_layer(ctx, 12, 70), spk_batch_norm1d(ctx, 70), neurons(ctx, r), spk_linear_layer(ctx, 70, 40),
                       spk_batch_norm1d(ctx, 40), neurons(ctx, r), spk_linear_layer(ctx, 40, 3));
    spk_module_set_name(net, "net");
    for (int layer = 1; layer <= 4; layer += 3) {
        char name[16];
        snprintf(name, sizeof name, "%d.weight", layer);
        spk_fill(spk_find_tensor(net, name), layer == 1 ? r->gain : r->next_gain);
        snprintf(name, sizeof name, "%d.bias", layer);
        spk_fill(spk_find_tensor(net, name), layer == 1 ? r->bias : healthy.bias);
    }
    return net;
}

static void epoch(spk_module *net, int steps) {
    spk_ctx *ctx = spk_module_ctx(net);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(32, 12), -1, 1), *labels = spk_tensor_create(ctx, SPK_SHAPE(32));
    for (int64_t i = 0; i < 32; i++) spk_data_mut(labels)[i] = (spk_real)(i % 3);
    spk_optimizer *optimizer = spk_adam(net, .lr = 1e-4);
    for (int step = 0; step < steps; step++) {
        spk_zero_grad(net);
        spk_tensor *y = spk_call(net, spk_repeat_over_time(x, T_STEPS));
        spk_backward(spk_cross_entropy(spk_mean_over_time(y, T_STEPS), labels));
        spk_optimizer_step(optimizer);
        spk_reset(net);
        spk_end_step(ctx);
    }
    assert_fine(ctx, "an epoch");
}

/* Trains a net of this recipe and asserts that the report has a line that begins with a and holds b, and no more lines than `lines`. */
static void assert_reported(recipe r, const char *a, const char *b, const char *remedy, int most) {
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    spk_module *net = network(ctx, &r);
    spk_health *health = spk_watch_health(net);
    epoch(net, 4);
    const char *report = spk_health_report(health);
    bool found = false;
    int lines = 0;
    for (const char *line = report; *line; line = strchr(line, '\n') + 1, lines++) {
        const size_t length = strcspn(line, "\n");
        char one[512];
        snprintf(one, sizeof one, "%.*s", (int)length, line);
        found = found || (strncmp(one, a, strlen(a)) == 0 && strstr(one, b) && strstr(one, remedy));
    }
    cr_assert(found, "no line '%s ... %s ... %s' in:\n%s", a, b, remedy, report);
    cr_assert(lines <= most, "%d lines, not at most %d:\n%s", lines, most, report);
    spk_ctx_destroy(ctx);
}

Test(health, ill_layers_are_named) {
    for (int bits = 0; bits < 2; bits++) {
        recipe r = healthy;
        r.bits = bits;
        r.bias = -5;
        assert_reported(r, "net.2 (lif)", "was silent: no spike in 35840 neuron-steps", "lower v_threshold", 4);
        r.bias = 20;
        assert_reported(r, "net.2 (lif)", "was saturated: 100.00 % of 35840 neuron-steps", "higher v_threshold", 4);
        r = healthy, r.bits = bits, r.alpha = 50000;
        assert_reported(r, "net.2 (lif): the surrogate's gradient vanishes", "of that at the threshold", "smaller alpha", 4);
        r = healthy, r.bits = bits, r.gain = 3000, r.surrogate = "sigmoid", r.alpha = 4;
        assert_reported(r, "net.2 (lif): the surrogate's gradient vanishes", "of that at the threshold", "smaller alpha", 4);
        r = healthy, r.bits = bits, r.next_gain = 1e-5;
        assert_reported(r, "net.2 (lif): the gradient vanishes", "of that at the input of net.5", "wider surrogate", 2);
    }
}

/* Half of the neurons of net.2 get a bias that keeps them silent, or firing. */
static void stuck(double bias, int64_t count, const char *text) {
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    spk_module *net = network(ctx, &healthy);
    spk_health *health = spk_watch_health(net);
    for (int64_t i = 0; i < count; i++) spk_data_mut(spk_find_tensor(net, "1.bias"))[69 - i] = (spk_real)bias;
    epoch(net, 4);
    const spk_layer_health seen = spk_health_layer(health, 0);
    cr_assert_eq(bias < 0 ? seen.never : seen.always, count, "%lld never, %lld always", (long long)seen.never, (long long)seen.always);
    cr_assert_eq(seen.neurons, 70, "%lld neurons", (long long)seen.neurons);
    const char *report = spk_health_report(health);
    if (text) cr_assert(strstr(report, "net.2 (lif): ") && strstr(report, text) && strstr(report, "spk_rate_penalty"), "%s", report);
    else cr_assert_str_eq(report, "", "%s", report);
    spk_ctx_destroy(ctx);
}

Test(health, neurons_that_are_stuck) {
    stuck(-20, 36, "36 of 70 neurons (51 %) never fired");
    stuck(-20, 34, NULL);
    stuck(50, 36, "36 of 70 neurons (51 %) fired at every step");
    stuck(50, 34, NULL);
}

static void grow(spk_tensor *x, int64_t n, spk_real *gradient, void *user) {
    (void)x, (void)user;
    for (int64_t i = 0; i < n; i++) gradient[i] *= 100000;
}

static spk_tensor *add_growth(spk_module *module, spk_tensor *x, spk_tensor *y, void *user) {
    (void)module, (void)x, (void)user;
    spk_add_grad_hook(y, grow, NULL);
    return NULL;
}

Test(health, exploding_gradients) {
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    spk_module *net = network(ctx, &healthy);
    spk_add_forward_hook(spk_find_module(net, "3"), add_growth, NULL);
    spk_health *health = spk_watch_health(net);
    epoch(net, 2);
    const char *report = spk_health_report(health);
    cr_assert(strstr(report, "net.2 (lif): the gradient explodes") && strstr(report, "net.5") && strstr(report, "spk_clip_grad_norm"), "%s",
              report);
    spk_ctx_destroy(ctx);
}

Test(health, healthy_nets_are_not_reported) {
    for (int i = 0; spk_surrogate_name(i); i++) {
        spk_ctx *ctx = spk_ctx_create(.seed = 5);
        recipe r = healthy;
        r.surrogate = spk_surrogate_name(i), r.alpha = (double)SPK_NONE, r.bits = i % 2;
        spk_module *net = network(ctx, &r);
        spk_health *health = spk_watch_health(net);
        epoch(net, 10);
        cr_assert_str_eq(spk_health_report(health), "", "%s: %s", r.surrogate, spk_health_report(health));
        for (int layer = 0; layer < 2; layer++) {
            const spk_layer_health seen = spk_health_layer(health, layer);
            cr_assert(seen.rate > 0.05 && seen.rate < 0.6 && seen.slope > 0.01 && seen.slope <= 1 && seen.gradient > 0,
                      "%s, layer %d: rate %g, slope %g, gradient %g", r.surrogate, layer, seen.rate, seen.slope, seen.gradient);
        }
        spk_ctx_destroy(ctx);
    }
}

/* The numbers themselves, against what can be counted by hand. */
Test(health, numbers) {
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    const int64_t N = 3, neurons = 70;
    for (int bits = 0; bits < 2; bits++) {
        spk_module *node =
            spk_if(ctx, .T = 2, .parallel_optim = true, .store_v_seq = true, .v_threshold = bits ? 0.5 : 100, .spike_out = bits);
        spk_module *net = spk_sequential(ctx, node);
        spk_health *health = spk_watch_health(net);
        spk_tensor *x = parameter(ctx, SPK_SHAPE(2 * N, neurons)), *y = spk_call(net, spk_scale(x, 1)), *g = spk_keep(y);
        cr_assert(isnan(spk_health_layer(health, 0).slope), "a slope before backward");
        spk_fill_uniform(g, -1, 1);
        double slopes = 0, squares = 0;
        for (int64_t i = 0; i < spk_size(x); i++) { /* below the threshold v is H */
            const double a = fabs((double)spk_data(spk_v_seq(node))[i] - 100) * 4, s = 1 / (1 + exp(-a));
            slopes += 4 * s * (1 - s);
        }
        const double rate = spk_firing_rate(node);
        spk_real *spikes = malloc((size_t)spk_size(y) * sizeof *spikes);
        memcpy(spikes, spk_data(y), (size_t)spk_size(y) * sizeof *spikes);
        cr_assert(spk_backward(y, .gradient = g), "%s", spk_error(ctx));
        for (int64_t i = 0; i < spk_size(x); i++) squares += (double)spk_data(spk_grad(x))[i] * (double)spk_data(spk_grad(x))[i];
        const spk_layer_health seen = spk_health_layer(health, 0);
        cr_assert(seen.neuron_steps == 2 * N * neurons && seen.neurons == neurons && seen.rate == rate, "counts: rate %g, not %g",
                  seen.rate, rate);
        cr_assert_str_eq(seen.type, "if", "%s", seen.type);
        cr_assert_str_eq(seen.name, "sequential.0", "%s", seen.name);
        cr_assert(close_to(seen.gradient, sqrt(squares), 1e-5), "gradient %g, not %g", seen.gradient, sqrt(squares));
        if (!bits) cr_assert(seen.never == neurons && seen.spikes == 0 && seen.slope < 1e-6 && slopes < 1e-6, "a silent layer");
        int64_t never = 0, always = 0;
        for (int64_t i = 0; i < neurons; i++) {
            int64_t fired = 0;
            for (int64_t row = 0; row < 2 * N; row++) fired += spikes[row * neurons + i] != 0;
            never += fired == 0, always += fired == 2 * N;
        }
        cr_assert(seen.never == never && seen.always == always, "%lld and %lld neurons are stuck, not %lld and %lld", (long long)seen.never,
                  (long long)seen.always, (long long)never, (long long)always);
        free(spikes);
        spk_health_clear(health);
        const spk_layer_health none = spk_health_layer(health, 0);
        cr_assert(none.neuron_steps == 0 && none.neurons == 0 && isnan(none.rate) && isnan(none.slope) && isnan(none.gradient), "cleared");
        cr_assert_str_eq(spk_health_report(health), "", "cleared");
        spk_end_step(ctx);
    }
    spk_ctx_destroy(ctx);
}

/* The mean slope: over the neurons only, though tiles are padded, and the same for the fused and the composed neuron. */
static spk_tensor *if_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v) { return (void)node, spk_add(v, x); }

Test(health, slopes) {
    static const spk_neuron_type composed = {.module = SPK_NEURON_MODULE("composed", spk_base_node, spk_base_node_repr),
                                             .neuronal_dynamics = if_dynamics};
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    spk_tensor *x = spk_set_requires_grad(uniform(ctx, SPK_SHAPE(6, 10), 0, 0.4), true);
    double wanted = 0;
    for (int64_t i = 0; i < 30; i++) { /* two steps, none of which fires */
        const double h1 = (double)spk_data(x)[i], h2 = h1 + (double)spk_data(x)[i + 30], s1 = 1 / (1 + exp(-4 * (h1 - 1))),
                     s2 = 1 / (1 + exp(-4 * (h2 - 1)));
        wanted += (s1 * (1 - s1) + s2 * (1 - s2)) / 0.25 / 60;
    }
    for (int kind = 0; kind < 3; kind++) {
        spk_base_node_opts o = spk_base_node_options();
        o.T = 2, o.parallel_optim = true, o.spike_out = kind == 1;
        spk_module *node = kind == 2 ? &((spk_base_node *)spk_base_node_create(ctx, &composed, o))->module : spk_if_with(ctx, o);
        spk_health *health = spk_watch_health(node);
        const spk_surrogate before = spk_as_node(node)->surrogate_function;
        spk_tensor *y = spk_call(node, x);
        const spk_surrogate after = spk_as_node(node)->surrogate_function;
        cr_assert(before.grad == after.grad && before.primitive == after.primitive && before.user == after.user,
                  "the surrogate was changed");
        cr_assert(spk_backward(spk_sum(y)), "%s", spk_error(ctx));
        const spk_layer_health seen = spk_health_layer(health, 0);
        cr_assert(fabs(seen.slope - wanted) < 1e-5, "kind %d: mean slope %.9g, not %.9g", kind, seen.slope, wanted);
        spk_end_step(ctx);
    }
    spk_ctx_destroy(ctx);
}

static void own_slope(const spk_surrogate *s, int64_t n, const spk_real *x, spk_real *out) {
    for (int64_t i = 0; i < n; i++) out[i] = *(const spk_real *)s->user / (1 + x[i] * x[i]);
}

Test(health, a_surrogate_of_ones_own_keeps_its_user_data) {
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    spk_real height = 3;
    spk_tensor *x = parameter(ctx, SPK_SHAPE(5, 8)), *gradient[2];
    for (int watch = 0; watch < 2; watch++) {
        spk_module *node = spk_if(ctx, .surrogate_function = spk_surrogate_custom("own", own_slope, NULL, &height));
        if (watch) spk_watch_health(node);
        spk_clear_grad(x);
        spk_backward(spk_sum(spk_call(node, x)));
        gradient[watch] = spk_keep(spk_grad(x));
        spk_end_step(ctx);
    }
    assert_fine(ctx, "own surrogate");
    assert_same(gradient[1], gradient[0], 0, "watched");
    spk_ctx_destroy(ctx);
}

/* Outputs that are no spikes have no rate; slopes and gradients are watched all the same. */
Test(health, smooth_outputs) {
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    spk_module *net =
        spk_sequential(ctx, spk_linear_layer(ctx, 12, 6), spk_lif(ctx, .surrogate_function = spk_surrogate_of("atan", .spiking = false)));
    spk_health *health = spk_watch_health(net);
    spk_backward(spk_sum(spk_call(net, uniform(ctx, SPK_SHAPE(4, 12), -1, 1))));
    const spk_layer_health seen = spk_health_layer(health, 0);
    cr_assert(isnan(seen.rate) && seen.slope > 0.05 && seen.gradient > 0, "rate %g, slope %g, gradient %g", seen.rate, seen.slope,
              seen.gradient);
    cr_assert_str_eq(spk_health_report(health), "", "%s", spk_health_report(health));
    spk_ctx_destroy(ctx);
}

Test(health, only_training_is_counted) {
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    spk_module *net = network(ctx, &healthy);
    spk_health *health = spk_watch_health(net);
    spk_eval(net);
    SPK_NO_GRAD(ctx) { spk_call(net, spk_repeat_over_time(uniform(ctx, SPK_SHAPE(32, 12), -1, 1), T_STEPS)); }
    spk_reset(net);
    spk_backward(spk_sum(spk_call(net, spk_repeat_over_time(uniform(ctx, SPK_SHAPE(32, 12), -1, 1), T_STEPS))));
    assert_fine(ctx, "evaluation");
    const spk_layer_health seen = spk_health_layer(health, 0);
    cr_assert(seen.neuron_steps == 0 && isnan(seen.slope) && isnan(seen.gradient), "evaluation is counted");
    spk_ctx_destroy(ctx);
}

/* Watching changes no bit, whatever road the gradients take. */
Test(health, watching_changes_no_bit) {
    static const char *const surrogates[] = {"atan", "rect", "sigmoid"};
    for (int kind = 0; kind < 6; kind++) {
        spk_ctx *ctx[2];
        spk_module *nets[2];
        for (int watch = 0; watch < 2; watch++) {
            ctx[watch] = spk_ctx_create(.seed = 5);
            recipe r = healthy;
            r.surrogate = surrogates[kind % 3], r.alpha = (double)SPK_NONE, r.bits = kind < 3;
            nets[watch] = network(ctx[watch], &r);
            if (watch) spk_watch_health(nets[watch]);
            epoch(nets[watch], 20);
        }
        for (spk_walk w = spk_walk_slots(nets[0], SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&w);)
            cr_assert_arr_eq(spk_data(w.slot->tensor), spk_data(spk_find_tensor(nets[1], w.name)),
                             (size_t)spk_size(w.slot->tensor) * sizeof(spk_real), "kind %d: %s has other bits", kind, w.name);
        for (int watch = 0; watch < 2; watch++) spk_ctx_destroy(ctx[watch]);
    }
}

Test(health, one_of_so_many_steps) {
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    spk_module *node = spk_if(ctx), *net = spk_sequential(ctx, spk_linear_layer(ctx, 3, 4), node);
    spk_health *health = spk_watch_health(net, .every = 3);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(5, 3), -1, 1);
    double first = 0;
    for (int step = 0; step < 7; step++) { /* the 1st, 4th and 7th; two calls in each */
        for (int call = 0; call < 2; call++) {
            spk_backward(spk_sum(spk_call(net, x)));
            spk_reset(net);
        }
        spk_end_step(ctx);
        if (!step) first = spk_health_layer(health, 0).gradient;
    }
    assert_fine(ctx, "steps");
    const spk_layer_health seen = spk_health_layer(health, 0);
    cr_assert(first > 0 && close_to(seen.gradient, sqrt(3.0) * first, 1e-12), "%g, not sqrt(3) times %g", seen.gradient, first);
    cr_assert_eq(seen.neuron_steps, 7 * 2 * 20, "%lld neuron-steps: spikes are counted always", (long long)seen.neuron_steps);
    spk_ctx_destroy(ctx);
}

/* A neuron whose input is the spikes of another, and goes to a linear layer as well: its gradient could come as a product. */
Test(health, neurons_after_neurons) {
    spk_tensor *gradient[2];
    spk_ctx *ctx[2];
    for (int watch = 0; watch < 2; watch++) {
        ctx[watch] = spk_ctx_create(.seed = 2);
        const spk_surrogate rect = spk_surrogate_of("rect");
        spk_module *first = spk_if(ctx[watch], .spike_out = true, .surrogate_function = rect),
                   *second = spk_if(ctx[watch], .spike_out = true), *linear = spk_linear_layer(ctx[watch], 40, 3),
                   *net = spk_sequential(ctx[watch], first, second, linear);
        spk_health *health = watch ? spk_watch_health(net) : NULL;
        spk_tensor *x = parameter(ctx[watch], SPK_SHAPE(20, 40)), *spikes = spk_call(first, spk_scale(x, 2));
        spk_tensor *y = spk_call(linear, spikes), *z = spk_call(linear, spk_call(second, spikes));
        cr_assert(spk_backward(spk_sum(spk_multiply(y, z))), "%s", spk_error(ctx[watch]));
        gradient[watch] = spk_grad(x);
        for (int i = 0; health && i < 2; i++) cr_assert(spk_health_layer(health, i).gradient > 0, "no gradient at layer %d", i);
    }
    cr_assert_arr_eq(spk_data(gradient[0]), spk_data(gradient[1]), 800 * sizeof(spk_real), "other bits");
    for (int watch = 0; watch < 2; watch++) spk_ctx_destroy(ctx[watch]);
}

Test(health, misuse) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = network(ctx, &healthy), *plain = spk_linear_layer(ctx, 2, 2);
    cr_assert_null(spk_watch_health(NULL), "NULL");
    cr_assert_null(spk_watch_health(spk_inert_module()), "inert");
    cr_assert_null(spk_watch_health(plain), "no neurons");
    assert_error(ctx, "no neurons", "linear (linear)", "no neurons");
    cr_assert_null(spk_watch_health(net, .slope = NAN), "a threshold");
    assert_error(ctx, "a threshold", "spk_watch_health", "0 or more");
    cr_assert_null(spk_watch_health(net, .every = 0), "every");
    assert_error(ctx, "every", "spk_watch_health", ".every is 0");
    spk_health *health = spk_watch_health(net);
    cr_assert(health && spk_health_layers(health) == 2, "two layers");
    cr_assert_null(spk_watch_health(net), "twice");
    assert_error(ctx, "twice", "lif (net.2)", "watched already");
    cr_assert(spk_health_layer(health, 2).name == NULL && spk_health_layer(health, -1).name == NULL, "layers that are not");
    cr_assert(spk_health_layers(NULL) == 0 && spk_health_layer(NULL, 0).name == NULL, "NULL");
    cr_assert_str_eq(spk_health_report(NULL), "", "NULL");
    spk_health_clear(NULL);
    spk_call(net, spk_full(ctx, SPK_SHAPE(3, 5), 0)); /* fails: 12 inputs are needed */
    spk_clear_error(ctx);
    epoch(net, 1);
    spk_module_destroy(net); /* the watch outlives it */
    cr_assert(spk_health_layer(health, 1).neuron_steps == 32 * T_STEPS * 40, "counts of a net that is gone");
    cr_assert_str_eq(spk_health_layer(health, 1).name, "net.5", "name of a layer that is gone");
    cr_assert_str_eq(spk_health_report(health), "", "report of a net that is gone");
    assert_fine(ctx, "the watch of a net that is gone");
    spk_ctx_destroy(ctx);
}
