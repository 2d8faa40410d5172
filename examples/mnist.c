/*
 * Trains a spiking network on MNIST, tests it, saves and loads it, and reads pictures of digits.
 *
 *     build/release/examples/mnist --help
 */
#include "mnist_options.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CLASSES 10

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A layer of neurons over all T steps; hidden ones hand bits to the next layer. */
static spk_module *neurons(spk_ctx *ctx, const options *o, bool hidden) {
    const spk_surrogate surrogate = spk_surrogate_of(o->surrogate);
    const double v_reset = o->soft_reset ? SPK_NONE : 0;
    if (strcmp(o->neuron, "if") == 0)
        return spk_if(ctx, .v_reset = v_reset, .surrogate_function = surrogate, .detach_reset = o->detach_reset, .parallel_optim = true,
                      .T = o->T, .spike_out = hidden);
    return spk_lif(ctx, .tau = o->tau, .v_reset = v_reset, .surrogate_function = surrogate, .detach_reset = o->detach_reset,
                   .parallel_optim = true, .T = o->T, .spike_out = hidden);
}

bool reads_spikes(const options *o) { return strcmp(o->readout, "spikes") == 0; }

/* 784 - (linear, batch norm, neurons, dropout) for each hidden layer - linear - 10, and neurons there too if their spikes are read. */
static spk_module *network(spk_ctx *ctx, const options *o) {
    spk_module *layers[4 * MOST_HIDDEN + 2];
    int n = 0;
    int64_t width = SPK_DIGIT_SIZE;
    for (int i = 0; i < o->hidden_layers; width = o->hidden[i++]) {
        layers[n++] = spk_linear_layer(ctx, width, o->hidden[i]);
        layers[n++] = spk_batch_norm1d(ctx, o->hidden[i]);
        layers[n++] = neurons(ctx, o, true);
        if (o->dropout > 0) layers[n++] = spk_dropout_layer(ctx, .p = o->dropout, .T = o->T);
    }
    layers[n++] = spk_linear_layer(ctx, width, CLASSES);
    if (reads_spikes(o)) layers[n++] = neurons(ctx, o, false);
    spk_module *net = spk_sequential_of(ctx, n, layers);
    spk_module_set_name(net, "net");
    return net;
}

spk_tensor *scores(spk_module *net, spk_tensor *x, const options *o) {
    const bool poisson = strcmp(o->encoder, "poisson") == 0;
    return spk_mean_over_time(spk_call(net, poisson ? spk_poisson_encode(x, o->T) : spk_constant_encode(x, o->T)), o->T);
}

/* What an epoch or a test run saw. */
typedef struct tally {
    double loss, rate[MOST_HIDDEN + 1]; /* sums over images */
    int64_t correct, images;
} tally;

static void count(tally *sum, spk_module *net, spk_tensor *y, const spk_batch *batch) {
    int layer = 0;
    sum->correct += spk_count_correct(y, batch->labels);
    sum->images += batch->size;
    for (spk_module *m = net; m; m = spk_next_module(net, m))
        if (spk_as_node(m)) sum->rate[layer++] += spk_firing_rate(m) * (double)batch->size;
}

static tally evaluate(spk_ctx *ctx, spk_module *net, spk_dataset *test, const options *o) {
    tally sum = {0};
    spk_batch batch;
    spk_eval(net);
    SPK_NO_GRAD(ctx) {
        while (spk_next_batch(test, &batch)) {
            count(&sum, net, scores(net, spk_flatten(batch.x), o), &batch);
            spk_reset(net);
            spk_end_step(ctx);
        }
    }
    spk_train(net);
    return sum;
}

/* What the net is shown in training. */
static spk_tensor *training_images(spk_tensor *x, const options *o) {
    if (o->augment) x = spk_affine_augment(x, .rotation = 15, .min_scale = 0.85, .max_scale = 1.15, .shear = 0.2, .shift = 0.05);
    x = spk_flatten(x);
    return o->input_dropout > 0 ? spk_dropout(x, .p = o->input_dropout) : x;
}

static spk_tensor *loss_of(spk_tensor *y, spk_tensor *labels, const options *o) {
    if (reads_spikes(o)) return spk_mse(y, spk_one_hot(labels, CLASSES)); /* rates towards 1 for the class, 0 for the others */
    return spk_cross_entropy(y, labels, .label_smoothing = o->label_smoothing);
}

static tally train_epoch(spk_ctx *ctx, spk_module *net, spk_dataset *train, spk_optimizer *optimizer, spk_schedule *schedule,
                         const options *o) {
    tally sum = {0};
    spk_batch batch;
    while (spk_next_batch(train, &batch)) {
        spk_tensor *y = scores(net, training_images(batch.x, o), o), *loss = loss_of(y, batch.labels, o);
        spk_zero_grad(net);
        spk_backward(loss);
        spk_optimizer_step(optimizer);
        spk_schedule_step(schedule);
        sum.loss += spk_item(loss) * (double)batch.size;
        count(&sum, net, y, &batch);
        spk_reset(net);
        spk_end_step(ctx);
    }
    return sum;
}

static double percent(const tally *sum) { return sum->images ? 100.0 * (double)sum->correct / (double)sum->images : 0; }

static void report(int64_t epoch, const tally *trained, const tally *tested, const options *o, double took) {
    printf("epoch %2lld  loss %.4f  training %.2f %%  %s %.2f %%  firing", (long long)epoch, trained->loss / (double)trained->images,
           percent(trained), o->validation ? "validation" : "test", percent(tested));
    for (int i = 0; i < o->hidden_layers + reads_spikes(o); i++) printf(" %.3f", tested->rate[i] / (double)tested->images);
    printf("  %.0f images/s  %.1f s\n", (double)trained->images / took, took);
    fflush(stdout);
}

static void train(spk_ctx *ctx, spk_module *net, const options *o, spk_dataset *training, spk_dataset *test) {
    spk_optimizer *optimizer = spk_adam(net, .lr = o->lr);
    spk_schedule *schedule = spk_one_cycle_lr(optimizer, .steps = o->epochs * spk_dataset_batches(training), .start = 0.2);
    printf("%s\n%lld parameters, %d threads\n", spk_repr(net), (long long)spk_parameter_count(net, true), spk_threads());
    spk_end_step(ctx);
    spk_health *health = spk_watch_health(net);
    for (int64_t epoch = 1; epoch <= o->epochs && !spk_failed(ctx); epoch++) {
        const double start = seconds();
        const tally trained = train_epoch(ctx, net, training, optimizer, schedule, o);
        const double took = seconds() - start;
        const tally tested = evaluate(ctx, net, test, o);
        if (!spk_failed(ctx)) report(epoch, &trained, &tested, o, took);
        printf("%s", spk_health_report(health));
        spk_health_clear(health);
    }
}

static bool run(spk_ctx *ctx, const options *o) {
    spk_module *net = network(ctx, o);
    spk_detect_anomaly(ctx, o->detect_anomaly);
    if (o->load) spk_load(net, o->load);
    if (o->n_images) return predict(ctx, net, o);
    spk_dataset *training = spk_mnist(ctx, o->data, true, .batch = o->batch, .shuffle = true, .seed = o->seed, .drop_last = true);
    spk_dataset *test = o->validation ? spk_dataset_split(training, o->validation) : spk_mnist(ctx, o->data, false, .batch = o->batch);
    if (spk_failed(ctx)) return false;
    if (o->epochs) train(ctx, net, o, training, test);
    if (o->save && spk_save(net, o->save)) printf("saved %s\n", o->save);
    const tally tested = evaluate(ctx, net, test, o);
    if (!spk_failed(ctx)) printf("%s accuracy %.2f %%\n", o->validation ? "validation" : "test", percent(&tested));
    return !spk_failed(ctx);
}

int main(int argc, char **argv) {
    options o;
    const int status = options_read(&o, argc, argv);
    if (status >= 0) return status;
    if (o.threads) spk_set_threads(o.threads);
    spk_ctx *ctx = spk_ctx_create(.seed = (uint64_t)o.seed);
    const bool done = run(ctx, &o);
    if (spk_failed(ctx)) fprintf(stderr, "mnist: %s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return !done;
}
