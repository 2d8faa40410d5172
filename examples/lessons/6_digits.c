/*
 * Lesson 6: a network that reads digits, and what its spikes say.
 *
 *     build/release/examples/lessons/6_digits
 */
#include <spiketape.h>
#include <stdio.h>

enum { T = 10, HIDDEN = 64, CLASSES = 10, SIDE = 28, EPOCHS = 3, TRAINED = 20000, TESTED = 10000, SHOWN = 6 };

static spk_module *neurons(spk_ctx *ctx) { return spk_lif(ctx, .decay_input = false, .parallel_optim = true, .T = T, .spike_out = true); }

static spk_module *network(spk_ctx *ctx) {
    return spk_sequential(ctx, spk_linear_layer(ctx, SIDE * SIDE, HIDDEN), neurons(ctx), spk_linear_layer(ctx, HIDDEN, CLASSES),
                          neurons(ctx));
}

/* Images as T steps of spikes: a white pixel fires in a quarter of the steps. */
static spk_tensor *encode(spk_tensor *images) { return spk_poisson_encode(spk_scale(spk_flatten(images), 0.25), T); }

static void train(spk_ctx *ctx, spk_module *net, spk_dataset *images) {
    spk_optimizer *adam = spk_adam(net, .lr = 0.01);
    spk_schedule *schedule = spk_cosine_lr(adam, .steps = EPOCHS * spk_dataset_batches(images));
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        double sum = 0;
        for (spk_batch batch; spk_next_batch(images, &batch);) {
            spk_tensor *loss = spk_rate_mse(spk_call(net, encode(batch.x)), batch.labels, T);
            sum += spk_item(loss);
            spk_zero_grad(net);
            spk_backward(loss);
            spk_optimizer_step(adam);
            spk_schedule_step(schedule);
            spk_reset(net);
            spk_end_step(ctx);
        }
        printf("epoch %d: loss %.3f\n", epoch, sum / (double)spk_dataset_batches(images));
    }
}

/* A pass over the test images: how many are right after each step, spikes, and the image whose votes were the most wrong. */
typedef struct count {
    double correct[T], pixels, hidden[HIDDEN][CLASSES], images[CLASSES], worst_by;
    int64_t seen, worst;
} count;

/* The votes [N, classes] and hidden spikes [N, hidden] of the next N images. */
static void add_images(count *c, const spk_batch *batch, spk_tensor *votes, spk_tensor *hidden) {
    for (int64_t n = 0; n < batch->size; n++) {
        const int label = (int)spk_data(batch->labels)[n];
        const spk_real *of = spk_data(votes) + n * CLASSES;
        for (int d = 0; d < CLASSES; d++)
            if ((double)(of[d] - of[label]) > c->worst_by) c->worst_by = (double)(of[d] - of[label]), c->worst = c->seen;
        for (int i = 0; i < HIDDEN; i++) c->hidden[i][label] += (double)spk_data(hidden)[n * HIDDEN + i];
        c->images[label]++, c->seen++;
    }
}

/* All images, with grey noise of up to `noise` added. */
static count test(spk_ctx *ctx, spk_module *net, spk_dataset *images, double noise) {
    count c = {.pixels = 0};
    for (spk_batch batch; spk_next_batch(images, &batch);) {
        spk_tensor *grey = spk_full(ctx, spk_tensor_shape(batch.x), 0), *votes = spk_full(ctx, SPK_SHAPE(batch.size, CLASSES), 0);
        spk_fill_uniform(grey, 0, noise);
        spk_tensor *x = encode(spk_add(batch.x, grey)), *y = spk_call(net, x);
        for (int t = 0; t < T; t++) {
            votes = spk_add(votes, spk_time_step(y, T, t));
            c.correct[t] += (double)spk_count_correct(votes, batch.labels);
        }
        c.pixels += spk_item(spk_sum(x));
        add_images(&c, &batch, votes, spk_sum_over_time(spk_spikes(spk_find_module(net, "1")), T));
        spk_reset(net);
        spk_end_step(ctx);
    }
    return c;
}

/* An image in text, and the spikes that it makes: a row a step, hidden neurons left, those of the digits 0 to 9 right. */
static void show(spk_ctx *ctx, spk_module *net, spk_dataset *images, int64_t i) {
    spk_tensor *image = spk_reshape(spk_dataset_sample(images, i), SPK_SHAPE(1, SIDE, SIDE));
    printf("test image %lld, labelled %lld\n", (long long)i, (long long)spk_dataset_label(images, i));
    for (int row = 4; row < 24; row += 2) {
        printf("   [");
        for (int column = 0; column < SIDE; column++) printf("%c", " .:+#"[(int)(4.9 * (double)spk_data(image)[row * SIDE + column])]);
        printf("]\n");
    }
    const spk_real *out = spk_data(spk_call(net, encode(image))), *hidden = spk_data(spk_spikes(spk_find_module(net, "1")));
    for (int t = 0; t < T; t++) {
        printf("%2d [", t + 1);
        for (int n = 0; n < HIDDEN; n++) printf("%c", hidden[t * HIDDEN + n] > 0 ? '|' : ' ');
        printf("] ");
        for (int n = 0; n < CLASSES; n++) printf("%c", out[t * CLASSES + n] > 0 ? (char)('0' + n) : '.');
        printf("\n");
    }
    spk_reset(net);
    spk_end_step(ctx);
}

/* Before the second linear layer: each hidden spike is lost with probability *user. */
static spk_tensor *lose_spikes(spk_module *layer, spk_tensor *spikes, void *user) {
    const double p = *(double *)user;
    (void)layer;
    return spk_scale(spk_dropout(spikes, .p = p), 1 - p);
}

static void report(const count *c) {
    for (int t = 0; t < T; t++) printf("right after step %2d: %4.1f %%\n", t + 1, 100 * c->correct[t] / TESTED);
    printf("digit      ");
    for (int d = 0; d < CLASSES; d++) printf("%5d", d);
    double hidden = 0;
    int silent = 0;
    for (int i = 0; i < HIDDEN; i++) {
        double sum = 0;
        if (i < SHOWN) printf("\nneuron %2d  ", i);
        for (int d = 0; d < CLASSES; d++) {
            sum += c->hidden[i][d];
            if (i < SHOWN) printf("%5.1f", c->hidden[i][d] / c->images[d]);
        }
        hidden += sum, silent += sum == 0;
    }
    printf("\nspikes an image: %.0f of pixels, %.0f of hidden neurons\n", c->pixels / TESTED, hidden / TESTED);
    printf("hidden neurons that never fire: %d\n", silent);
    printf("additions an image: %.0f\n", (c->pixels * HIDDEN + hidden * CLASSES) / TESTED);
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_set_road(ctx, SPK_ROAD_SPARSE); /* products by our own kernels alone: the same numbers on every processor */
    spk_dataset *training = spk_mnist(ctx, "datasets/mnist", true, .batch = 100, .shuffle = true);
    spk_dataset *tests = spk_mnist(ctx, "datasets/mnist", false, .batch = 500);
    spk_dataset_split(training, spk_dataset_size(training) - TRAINED); /* and what is split off is not used */
    spk_module *net = network(ctx);
    train(ctx, net, training);
    spk_set_grad_enabled(ctx, false);
    const count c = test(ctx, net, tests, 0);
    report(&c);
    show(ctx, net, tests, 0);
    show(ctx, net, tests, c.worst);

    for (double noise = 0.1; noise < 0.5; noise += 0.1)
        printf("noise up to %.1f: %.0f %% right\n", noise, 100 * test(ctx, net, tests, noise).correct[T - 1] / TESTED);
    double lost;
    spk_add_forward_pre_hook(spk_find_module(net, "2"), lose_spikes, &lost);
    for (lost = 0.2; lost < 0.9; lost += 0.2)
        printf("%.0f %% of hidden spikes lost: %.0f %% right\n", 100 * lost, 100 * test(ctx, net, tests, 0).correct[T - 1] / TESTED);
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
