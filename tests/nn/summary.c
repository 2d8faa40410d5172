/* spk_summary: the table, and that nothing stays of the run that it measures. */
#include "../core/support.h"
#include "../hash.h"

enum { T_STEPS = 4, N = 3 };

static spk_module *network(spk_ctx *ctx) {
    spk_module *net = spk_sequential(
        ctx, spk_flatten_layer(ctx), spk_linear_layer(ctx, 12, 1000), spk_batch_norm1d(ctx, 1000),
        spk_sequential(ctx, spk_lif(ctx, .T = T_STEPS, .parallel_optim = true, .spike_out = true), spk_dropout_layer(ctx, .T = T_STEPS)),
        spk_linear_layer(ctx, 1000, 10));
    spk_module_set_name(net, "net");
    return net;
}

/* Bytes of the step that a call of the part takes. */
static long long took(spk_module *net, const char *name, spk_tensor **x) {
    const size_t before = spk_memory_use(spk_module_ctx(net)).step;
    *x = spk_call(spk_find_module(net, name), *x);
    return (long long)(spk_memory_use(spk_module_ctx(net)).step - before);
}

/* 12345 as 12,345. */
static const char *with_commas(long long value) {
    static char text[8][32];
    static int next;
    char *to = text[next++ % 8];
    if (value >= 1000000) snprintf(to, 32, "%lld,%03lld,%03lld", value / 1000000, value / 1000 % 1000, value % 1000);
    else if (value >= 1000) snprintf(to, 32, "%lld,%03lld", value / 1000, value % 1000);
    else snprintf(to, 32, "%lld", value);
    return to;
}

Test(summary, table) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = network(ctx);
    spk_freeze(spk_find_module(net, "2"), true);
    spk_set_requires_grad(spk_find_tensor(net, "4.bias"), false);
    char *got = strdup(spk_summary(net, SPK_SHAPE(N, 3, 4), .T = T_STEPS));
    assert_fine(ctx, "summary");

    spk_end_step(ctx);
    spk_eval(net);
    spk_tensor *x = spk_repeat_over_time(spk_full(ctx, SPK_SHAPE(N, 3, 4), 0), T_STEPS);
    const long long first = took(net, "0", &x);
    cr_assert_eq(first, 0, "a view takes nothing");
    const char *linear = with_commas(took(net, "1", &x)), *norm = with_commas(took(net, "2", &x)), *lif = with_commas(took(net, "3.0", &x));
    const char *last = with_commas(took(net, "4", &x)), *all = with_commas((long long)spk_memory_use(ctx).step_peak);
    const int real = (int)sizeof(spk_real);
    char wanted[4096];
    snprintf(wanted, sizeof wanted,
             "layer    type          output             parameters  trainable  step bytes  multiply-adds\n"
             "------------------------------------------------------------------------------------------\n"
             "net      sequential    [12, 10]                    -  -                   -              -\n"
             "  0      flatten       [12, 12] as 4 x             -  -                   -              -\n"
             "  1      linear        [12, 1000] as 4 x      13,000  yes        %10s         36,000\n"
             "  2      batch_norm1d  [12, 1000] as 4 x       2,000  no         %10s              -\n"
             "  3      sequential    [12, 1000] bits             -  -                   -              -\n"
             "    3.0  lif           [12, 1000] bits             -  -          %10s              -\n"
             "    3.1  dropout       [12, 1000] bits             -  -                   -              -\n"
             "  4      linear        [12, 10]               10,010  in part    %10s        120,000\n"
             "------------------------------------------------------------------------------------------\n"
             "input          [3, 3, 4] at 4 steps\n"
             "parameters     25,010, of which 23,000 trainable, in %s bytes\n"
             "buffers        2,000, in %s bytes\n"
             "step memory    %s bytes at most in forward, with the input\n"
             "multiply-adds  156,000\n",
             linear, norm, lif, last, with_commas(25010 * real), with_commas(2000 * real), all);
    cr_assert_str_eq(got, wanted, "is\n%s\nshould be\n%s", got, wanted);
    free(got);
    spk_ctx_destroy(ctx);
}

/* Everything that outlives a step, and what the step has taken. */
static uint64_t state(spk_ctx *ctx, spk_module *net) {
    uint64_t hash = HASH_START;
    for (spk_walk w = spk_walk_slots(net, ~0u); spk_walk_next(&w);) {
        if (w.slot->tensor) hash = hash_tensor(hash, w.slot->tensor);
        hash = hash_bytes(hash, &(uint8_t){w.slot->tensor != NULL}, 1);
        if (w.slot->tensor && spk_grad(w.slot->tensor)) hash = hash_tensor(hash, spk_grad(w.slot->tensor));
    }
    for (spk_module *m = net; m; m = spk_next_module(net, m)) hash = hash_bytes(hash, &m->training, sizeof m->training);
    spk_memory_report memory = spk_memory_use(ctx);
    memory.held = 0; /* the step's headers take some, which its end gives to the next */
    const spk_road_counts roads = spk_roads_taken(ctx);
    const bool recording = spk_grad_enabled(ctx), detects = spk_detects_anomaly(ctx);
    hash = hash_bytes(hash_bytes(hash, &memory, sizeof memory), &roads, sizeof roads);
    return hash_bytes(hash_bytes(hash, &recording, sizeof recording), &detects, sizeof detects);
}

/* Trains with summaries everywhere, or without, and gives what came of it. */
static uint64_t trained(bool with) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = network(ctx);
    spk_optimizer *optimizer = spk_adam(net, .lr = 0.01);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(N, 12), -1, 1);
    spk_eval(spk_find_module(net, "4")); /* not all in one mode */
    spk_detect_anomaly(ctx, true);
    spk_monitor *m = spk_monitor_neurons(net);
    spk_health *health = spk_watch_health(net);
    for (int step = 0; step < 3; step++)
        for (int i = 0; i < 4; i++) {
            if (i == 0) spk_zero_grad(net);
            else if (i == 1) spk_call(net, spk_repeat_over_time(x, T_STEPS)), spk_detach(net);
            else if (i == 2) {
                spk_tensor *y = spk_call(net, spk_repeat_over_time(x, T_STEPS)), *loss = spk_mean(spk_multiply(y, y));
                const uint64_t before = state(ctx, net);
                if (with && !*spk_summary(net, SPK_SHAPE(8, 12), .T = T_STEPS)) cr_assert_fail("%s", spk_error(ctx));
                cr_assert_eq(state(ctx, net), before, "step %d: something has changed", step);
                spk_backward(loss);
            } else spk_optimizer_step(optimizer), spk_end_step(ctx), spk_detach(net);
        }
    assert_fine(ctx, "training");
    cr_assert_eq(spk_monitor_count(m, NULL, ~0u), 6, "%d calls were recorded", (int)spk_monitor_count(m, NULL, ~0u));
    cr_assert_eq(spk_health_layer(health, 0).neuron_steps, 6 * N * T_STEPS * 1000, "calls were counted");
    spk_tensor *draw = uniform(ctx, SPK_SHAPE(4), 0, 1);
    uint64_t hash = hash_tensor(HASH_START, draw);
    for (spk_walk w = spk_walk_slots(net, ~0u); spk_walk_next(&w);) hash = hash_tensor(hash, w.slot->tensor);
    spk_ctx_destroy(ctx);
    return hash;
}

Test(summary, leaves_everything_as_it_was) { cr_assert_eq(trained(true), trained(false), "the training has other bits"); }

Test(summary, of_a_neuron_that_was_called) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = network(ctx), *lif = spk_find_module(net, "3.0");
    spk_call(net, spk_repeat_over_time(uniform(ctx, SPK_SHAPE(N, 12), -1, 1), T_STEPS));
    cr_assert(*spk_summary(net, SPK_SHAPE(1, 12), .T = T_STEPS));
    spk_spikes(lif);
    assert_error(ctx, "spk_spikes", "lif (net.3.0)", "the step of the last forward has ended");
    spk_ctx_destroy(ctx);
}

Test(summary, errors_are_the_layers) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = network(ctx);
    spk_eval(spk_find_module(net, "3"));
    const char *text = spk_summary(net, SPK_SHAPE(N, 11), .T = T_STEPS);
    cr_assert_str_eq(text, "", "%s", text);
    assert_error(ctx, "a shape that does not fit", "linear (net.1)", "x is [12, 11], the weight [12, ");
    cr_assert(spk_memory_use(ctx).step == 0 && !spk_find_module(net, "3")->training && spk_find_module(net, "1")->training, "modes");
    spk_summary(net, SPK_SHAPE(N, 12), .T = T_STEPS - 1);
    assert_error(ctx, "steps that do not fit", "lif (net.3.0)", "does not divide");
    cr_assert(*spk_summary(net, SPK_SHAPE(N, 12), .T = T_STEPS), "%s", spk_error(ctx));
    spk_end_step(ctx);
    spk_ctx_destroy(ctx);
}

/* A module of one's own: one part is called twice, one never; its own products count as its own; a forward hook changes the output. */
static spk_tensor *own_forward(spk_module *module, spk_tensor *x) {
    spk_tensor *y = spk_call(module->first_child, spk_call(module->first_child, x));
    return spk_matmul(y, y, .transpose_b = true);
}
static spk_tensor *transposed(spk_module *module, spk_tensor *x, spk_tensor *y, void *user) {
    return (void)module, (void)x, (void)user, spk_reshape(y, SPK_SHAPE(25));
}

Test(summary, modules_of_ones_own) {
    static const spk_module_type type = {.name = "own", .size = sizeof(spk_module), .forward = own_forward};
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = spk_module_create(ctx, &type);
    spk_add_child(net, "twice", spk_linear_layer(ctx, 6, 6, .bias = false));
    spk_add_child(net, "never", spk_linear_layer(ctx, 6, 2));
    spk_add_forward_hook(net, transposed, NULL);
    const char *text = spk_summary(net, SPK_SHAPE(5, 6));
    assert_fine(ctx, "summary");
    static const char *const holds[] = {"own ",
                                        "[25]",
                                        "  twice  linear",
                                        "36  yes",
                                        "360\n",
                                        "never  linear  not called",
                                        "150\n",
                                        "input          [5, 6]\n",
                                        "parameters     50, of which 50 trainable",
                                        "multiply-adds  510\n"};
    for (size_t i = 0; i < sizeof holds / sizeof *holds; i++) cr_assert(strstr(text, holds[i]), "'%s' is not in\n%s", holds[i], text);
    cr_assert(!strstr(text, "buffers"), "there are none");
    spk_ctx_destroy(ctx);
}
