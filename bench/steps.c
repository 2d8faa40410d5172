/*
 * Whole training steps, timed: `steps WORK [--threads N] [--steps K] [--data DIR] [--test]` prints one JSON line;
 * with --test also the accuracy on the test images afterwards (--steps 465 makes one epoch of w2, with the 3 steps of warm-up).
 *
 *   w2   snnTorch's tutorial 5: 784-1000-10 with bias, LIF beta 0.95 (tau 20, no decay_input), soft reset, ATan, detached reset, T = 25,
 *        batch 128, constant input, Adam 5e-4, loss = sum over time of the cross entropy of the output membrane after each step.
 */
#include <spiketape.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct work {
    const char *name;
    int64_t T, batch;
    spk_module *(*net)(spk_ctx *ctx, int64_t T);
    spk_tensor *(*loss)(spk_module *net, const spk_batch *batch, int64_t T);
} work;

static double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static spk_module *w2_net(spk_ctx *ctx, int64_t T) {
    spk_lif_opts o = spk_lif_options();
    o.tau = 20, o.decay_input = false, o.v_reset = SPK_NONE, o.detach_reset = true, o.parallel_optim = true, o.T = T;
    o.surrogate_function = spk_surrogate_atan();
    spk_lif_opts hidden = o, output = o;
    hidden.spike_out = true, output.store_v_seq = true;
    return spk_sequential(ctx, spk_linear_layer(ctx, 784, 1000), spk_lif_with(ctx, hidden), spk_linear_layer(ctx, 1000, 10),
                          spk_lif_with(ctx, output));
}

static spk_tensor *w2_loss(spk_module *net, const spk_batch *batch, int64_t T) {
    spk_call(net, spk_constant_encode(spk_flatten(batch->x), T));
    return spk_membrane_cross_entropy(spk_v_seq(spk_find_module(net, "3")), batch->labels, T);
}

static const work works[] = {{"w2", 25, 128, w2_net, w2_loss}};

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Firing rates as a JSON array. */
static void print_rates(spk_module *net) {
    const char *separator = "";
    for (spk_module *m = net; m; m = spk_next_module(net, m)) {
        if (!spk_as_node(m)) continue;
        printf("%s%.4f", separator, spk_firing_rate(m));
        separator = ", ";
    }
}

/* Correct test images in percent, by the sum of the output membrane over time. */
static double accuracy(spk_ctx *ctx, spk_module *net, const work *w, const char *data) {
    spk_dataset *test = spk_mnist(ctx, data, false, .batch = 500);
    int64_t correct = 0;
    spk_batch batch;
    SPK_NO_GRAD(ctx) {
        while (spk_next_batch(test, &batch)) {
            spk_call(net, spk_constant_encode(spk_flatten(batch.x), w->T));
            correct += spk_count_correct(spk_sum_over_time(spk_v_seq(spk_find_module(net, "3")), w->T), batch.labels);
            spk_reset(net);
            spk_end_step(ctx);
        }
    }
    return 100.0 * (double)correct / (double)spk_dataset_size(test);
}

static bool run(spk_ctx *ctx, const work *w, const char *data, int steps, bool test) {
    spk_dataset *images = spk_mnist(ctx, data, true, .batch = w->batch, .shuffle = true, .seed = 1, .drop_last = true);
    spk_module *net = w->net(ctx, w->T);
    spk_optimizer *optimizer = spk_adam(net, .lr = 5e-4);
    double *took = calloc((size_t)steps, sizeof *took), first_loss = 0;
    const int warm_up = 3;
    for (int i = -warm_up; took && i < steps && !spk_failed(ctx); i++) {
        spk_batch batch;
        while (!spk_next_batch(images, &batch) && !spk_failed(ctx)) {}
        const double start = milliseconds();
        spk_tensor *loss = w->loss(net, &batch, w->T);
        spk_zero_grad(net);
        spk_backward(loss);
        spk_optimizer_step(optimizer);
        if (i >= 0) took[i] = milliseconds() - start;
        if (i == -warm_up) first_loss = spk_item(loss);
        if (i == steps - 1) {
            printf("{\"work\": \"%s\", \"threads\": %d, \"loss\": %.6f, \"spike_rate\": [", w->name, spk_threads(), first_loss);
            print_rates(net);
        }
        spk_reset(net);
        spk_end_step(ctx);
    }
    if (took && !spk_failed(ctx)) {
        qsort(took, (size_t)steps, sizeof *took, ascending);
        printf("], \"min_ms\": %.3f, \"median_ms\": %.3f, \"peak_bytes\": %zu", took[0], took[steps / 2], spk_memory_use(ctx).step_peak);
        if (test) printf(", \"test_accuracy\": %.2f", accuracy(ctx, net, w, data));
        printf("}\n");
    }
    free(took);
    return !spk_failed(ctx);
}

int main(int argc, char **argv) {
    const work *w = NULL;
    const char *data = "datasets/mnist";
    int steps = 50;
    const bool test = argc > 2 && strcmp(argv[argc - 1], "--test") == 0;
    argc -= test;
    for (size_t i = 0; argc > 1 && i < sizeof works / sizeof *works; i++)
        if (strcmp(argv[1], works[i].name) == 0) w = &works[i];
    for (int i = 2; i + 1 < argc && w; i += 2) {
        if (strcmp(argv[i], "--threads") == 0) spk_set_threads(atoi(argv[i + 1]));
        else if (strcmp(argv[i], "--steps") == 0) steps = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--data") == 0) data = argv[i + 1];
        else w = NULL;
    }
    if (!w || steps < 1) {
        fprintf(stderr, "usage: steps w2 [--threads N] [--steps K] [--data DIR] [--test]\n");
        return 2;
    }
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    const bool done = run(ctx, w, data, steps, test);
    if (!done) fprintf(stderr, "steps: %s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return !done;
}
