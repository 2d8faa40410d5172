/*
 * Solutions to lesson 6: the net of 6_digits.c trained with dim and with bright images, and decisions that are made as soon as they are
 * clear.
 *
 *     build/release/examples/lessons/solutions/6_exercises
 */
#include <spiketape.h>
#include <stdio.h>

enum { T = 10, HIDDEN = 64, CLASSES = 10, SIDE = 28, EPOCHS = 3, TRAINED = 20000, TESTED = 10000, MARGINS = 4 };

static spk_module *neurons(spk_ctx *ctx) { return spk_lif(ctx, .decay_input = false, .parallel_optim = true, .T = T, .spike_out = true); }

static spk_tensor *encode(spk_tensor *images, double brightness) {
    return spk_poisson_encode(spk_scale(spk_flatten(images), brightness), T);
}

static spk_module *trained_network(spk_ctx *ctx, double brightness) {
    spk_dataset *images = spk_mnist(ctx, "datasets/mnist", true, .batch = 100, .shuffle = true);
    spk_dataset_split(images, spk_dataset_size(images) - TRAINED);
    spk_module *net =
        spk_sequential(ctx, spk_linear_layer(ctx, SIDE * SIDE, HIDDEN), neurons(ctx), spk_linear_layer(ctx, HIDDEN, CLASSES), neurons(ctx));
    spk_optimizer *adam = spk_adam(net, .lr = 0.01);
    spk_schedule *schedule = spk_cosine_lr(adam, .steps = EPOCHS * spk_dataset_batches(images));
    for (int epoch = 1; epoch <= EPOCHS; epoch++)
        for (spk_batch batch; spk_next_batch(images, &batch); spk_schedule_step(schedule)) {
            spk_zero_grad(net);
            spk_backward(spk_rate_mse(spk_call(net, encode(batch.x, brightness)), batch.labels, T));
            spk_optimizer_step(adam);
            spk_reset(net);
            spk_end_step(ctx);
        }
    return net;
}

/* The leading digit among the votes, and by how many it leads. */
static int leader(const int *votes, int *lead) {
    int best = 0, second = -1;
    for (int d = 1; d < CLASSES; d++)
        if (votes[d] > votes[best]) second = best, best = d;
        else if (second < 0 || votes[d] > votes[second]) second = d;
    *lead = votes[best] - votes[second];
    return best;
}

/* What is counted for each margin: decisions are made by the first digit that leads by so many votes, or by the leader at the end. */
typedef struct count {
    double right[MARGINS + 1], steps[MARGINS + 1];
} count;

/* Image n of N, from the spikes of all, [T*N, classes]. */
static void decide(count *c, const spk_real *spikes, int64_t N, int64_t n, int label) {
    int votes[CLASSES] = {0}, lead, best = 0;
    bool decided[MARGINS + 1] = {false};
    for (int t = 0; t < T; t++) {
        for (int d = 0; d < CLASSES; d++) votes[d] += spikes[(t * N + n) * CLASSES + d] > 0;
        best = leader(votes, &lead);
        for (int margin = 1; margin <= MARGINS; margin++) {
            if (decided[margin] || (lead < margin && t < T - 1)) continue;
            decided[margin] = true;
            c->right[margin] += best == label;
            c->steps[margin] += t + 1;
        }
    }
}

static void test(spk_ctx *ctx, spk_module *net, double brightness, bool early) {
    spk_dataset *images = spk_mnist(ctx, "datasets/mnist", false, .batch = 500);
    count c = {.right = {0}};
    double additions = 0, correct = 0;
    for (spk_batch batch; spk_next_batch(images, &batch);) {
        spk_tensor *x = encode(batch.x, brightness), *y = spk_call(net, x);
        additions += spk_item(spk_sum(x)) * HIDDEN + spk_item(spk_sum(spk_spikes(spk_find_module(net, "1")))) * CLASSES;
        correct += (double)spk_count_correct(spk_sum_over_time(y, T), batch.labels);
        for (int64_t n = 0; n < batch.size; n++) decide(&c, spk_data(y), batch.size, n, (int)spk_data(batch.labels)[n]);
        spk_reset(net);
        spk_end_step(ctx);
    }
    printf("brightness %.2f: %.1f %% right, %.0f additions an image\n", brightness, 100 * correct / TESTED, additions / TESTED);
    for (int margin = 1; early && margin <= MARGINS; margin++)
        printf("stop at a lead of %d: %.1f steps, %.1f %% right\n", margin, c.steps[margin] / TESTED, 100 * c.right[margin] / TESTED);
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_set_road(ctx, SPK_ROAD_SPARSE);
    for (double brightness = 0.25; brightness <= 1; brightness *= 4) {
        spk_module *net = trained_network(ctx, brightness);
        SPK_NO_GRAD(ctx) { test(ctx, net, brightness, brightness < 1); }
    }
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
