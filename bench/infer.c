/* The default net of examples/mnist, trained, in evaluation mode. */
#include "measure.h"
#include "steps.h"
#include <stdio.h>

#define STEPS_OF_TIME 4

/* The dropout does nothing in evaluation; it takes a place in the names of saved parameters. */
static spk_module *network(spk_ctx *ctx) {
    spk_module *neurons =
        spk_lif(ctx, .tau = 2, .surrogate_function = spk_surrogate_atan(), .parallel_optim = true, .T = STEPS_OF_TIME, .spike_out = true);
    return spk_sequential(ctx, spk_linear_layer(ctx, PIXELS, 800), spk_batch_norm1d(ctx, 800), neurons,
                          spk_dropout_layer(ctx, .p = 0.2, .T = STEPS_OF_TIME), spk_linear_layer(ctx, 800, CLASSES));
}

static spk_tensor *loss_of(spk_tensor *scores, spk_tensor *labels) { return spk_cross_entropy(scores, labels, .label_smoothing = 0.1); }

static spk_tensor *scores(spk_module *net, spk_tensor *x) {
    return spk_mean_over_time(spk_call(net, spk_constant_encode(spk_flatten(x), STEPS_OF_TIME)), STEPS_OF_TIME);
}

/* What images showed, summed over them. */
typedef struct tally {
    double loss, spikes;
    int64_t images, correct;
} tally;

static void train_epoch(spk_ctx *ctx, spk_module *net, const char *data) {
    spk_dataset *images = spk_mnist(ctx, data, true, .batch = 128, .shuffle = true, .seed = 1, .drop_last = true);
    spk_optimizer *optimizer = spk_adamw(net, .lr = 2e-3, .weight_decay = 0);
    spk_schedule *schedule = spk_one_cycle_lr(optimizer, .steps = spk_dataset_batches(images), .start = 0.2);
    spk_batch batch;
    while (spk_next_batch(images, &batch)) {
        spk_zero_grad(net);
        spk_backward(loss_of(scores(net, batch.x), batch.labels));
        spk_optimizer_step(optimizer);
        spk_schedule_step(schedule);
        spk_reset(net);
        spk_end_step(ctx);
    }
    spk_optimizer_destroy(optimizer);
    spk_dataset_destroy(images);
}

/* One batch in milliseconds: all from the images in memory to the count of correct answers. Its spikes and loss are read outside of the
 * time. */
static double classify(spk_ctx *ctx, spk_module *net, const spk_batch *batch, tally *sum) {
    double start = milliseconds();
    spk_tensor *y = scores(net, batch->x);
    const int64_t correct = spk_count_correct(y, batch->labels);
    double took = milliseconds() - start;
    sum->correct += correct;
    sum->images += batch->size;
    sum->spikes += count_spikes(net);
    sum->loss += spk_item(loss_of(y, batch->labels)) * (double)batch->size;
    start = milliseconds();
    spk_reset(net);
    spk_end_step(ctx);
    return took + milliseconds() - start;
}

/* Times `steps` batches of test images; prints its part of the JSON line. */
static void time_batches(spk_ctx *ctx, spk_module *net, const options *o, int64_t size) {
    spk_dataset *test = spk_mnist(ctx, o->data, false, .batch = size, .drop_last = true);
    double *times = spk_allocate(ctx, (size_t)o->steps * sizeof *times), total = 0;
    tally sum = {0};
    for (int64_t i = -o->warm_up; i < o->steps && !spk_failed(ctx); i++) {
        spk_batch batch;
        while (!spk_next_batch(test, &batch) && !spk_failed(ctx)) {}
        const double took = classify(ctx, net, &batch, &sum);
        if (i >= 0) total += times[i] = took;
    }
    if (!spk_failed(ctx)) {
        sort_times(times, o->steps);
        printf(", \"batch_%lld\": {\"min_ms\": %.4f, \"median_ms\": %.4f, \"images_per_second\": %.0f}", (long long)size, times[0],
               times[o->steps / 2], 1e3 * (double)(size * o->steps) / total);
    }
    spk_release(ctx, times);
    spk_dataset_destroy(test);
}

/* All test images once. */
static void test_all(spk_ctx *ctx, spk_module *net, const options *o) {
    spk_dataset *images = spk_mnist(ctx, o->data, false, .batch = 500);
    tally sum = {0};
    spk_batch batch;
    while (spk_next_batch(images, &batch)) classify(ctx, net, &batch, &sum);
    const double n = (double)sum.images;
    if (!spk_failed(ctx))
        printf(", \"spikes_per_image\": %.1f, \"loss\": %.6f, \"test_accuracy\": %.2f", sum.spikes / n, sum.loss / n,
               100.0 * (double)sum.correct / n);
}

/* Rates by layer are of one batch of 256. */
static void first_rates(spk_ctx *ctx, spk_module *net, const options *o) {
    spk_dataset *images = spk_mnist(ctx, o->data, false, .batch = 256);
    spk_batch batch;
    char rates[256];
    spk_next_batch(images, &batch);
    scores(net, batch.x);
    write_rates(net, rates, sizeof rates);
    printf(", %s", rates);
    spk_reset(net);
    spk_end_step(ctx);
}

bool time_inference(spk_ctx *ctx, const options *o) {
    spk_module *net = network(ctx);
    if (o->load) spk_load(net, o->load);
    else train_epoch(ctx, net, o->data);
    spk_eval(net);
    if (spk_failed(ctx)) return false;
    SPK_NO_GRAD(ctx) {
        printf("{\"work\": \"infer\", \"threads\": %d, \"steps\": %lld", spk_threads(), (long long)o->steps);
        time_batches(ctx, net, o, 1);
        time_batches(ctx, net, o, 256);
        first_rates(ctx, net, o);
        test_all(ctx, net, o);
        printf(", \"peak_bytes\": %zu, \"build\": \"%s\"}\n", spk_memory_use(ctx).step_peak, spk_build_info());
    }
    return !spk_failed(ctx);
}
