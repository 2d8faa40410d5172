/*
 * Trains a spiking network on MNIST, tests it, saves and loads it, and reads pictures of digits.
 *
 *     build/release/examples/mnist --help
 */
#include "console.h"
#include "log.h"
#include "report/report.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

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
    for (int i = 0; i < o->hidden.n; width = o->hidden.number[i++]) {
        layers[n++] = spk_linear_layer(ctx, width, o->hidden.number[i]);
        layers[n++] = spk_batch_norm1d(ctx, o->hidden.number[i]);
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

/* Trains, saves and tests; the program's exit status. */
static int learn(training *t) {
    const options *o = t->o;
    tally tested;
    outcome how = {.signal = o->epochs ? train(t) : 0};
    if (how.signal) how.saved = spk_failed(t->ctx) ? NULL : o->checkpoint;
    else {
        if (o->save && spk_save(t->net, o->save)) how.saved = o->save;
        tested = evaluate(t, true);
        how.tested = &tested;
    }
    how.error = spk_error(t->ctx);
    tell_end(t, &how);
    if (spk_failed(t->ctx)) return 1;
    return how.signal ? 128 + how.signal : 0; /* as the shell says it */
}

/* Adds to the library's error what the user of this program can do about it. */
static void add_remedy(spk_ctx *ctx, const char *remedy) {
    char error[2048];
    snprintf(error, sizeof error, "%s", spk_error(ctx));
    spk_clear_error(ctx);
    spk_fail(ctx, "%s; %s", error, remedy);
}

/* What the library would speak of in its own words. */
static void check_data(spk_ctx *ctx, const options *o, const spk_dataset *images, const spk_dataset *test) {
    const spk_dataset *both[] = {images, test};
    for (int i = 0; i < 2; i++) {
        const spk_shape shape = spk_dataset_sample_shape(both[i]);
        if (!spk_shape_equal(shape, SPK_SHAPE(28, 28)))
            spk_fail(ctx, "the %s images in %s are of the shape %s, and MNIST's are [28, 28]; give --data another folder",
                     i ? "test" : "training", o->data, spk_shape_text(shape).text);
    }
    if (o->epochs && o->epochs * spk_dataset_batches(images) < 2)
        spk_fail(ctx, "the training has one step alone, and its schedule needs two; give more --epochs or a smaller --batch");
}

/* The program's exit status. */
static int run(spk_ctx *ctx, const options *o) {
    spk_module *net = network(ctx, o);
    spk_detect_anomaly(ctx, o->detect_anomaly);
    if (o->load && !spk_load(net, o->load))
        add_remedy(ctx, "--load takes a file of --save, together with the options under Net (see --help) that it was trained with");
    if (spk_failed(ctx)) return 1;
    if (o->predict) return !predict(ctx, net, o);
    spk_dataset *images = spk_mnist(ctx, o->data, true, .batch = o->batch, .shuffle = true, .seed = o->seed, .drop_last = true);
    spk_dataset *test = o->validation ? spk_dataset_split(images, o->validation) : spk_mnist(ctx, o->data, false, .batch = o->batch);
    if (!spk_failed(ctx)) check_data(ctx, o, images, test);
    if (spk_failed(ctx)) return 1;
    run_log log;
    if (!run_log_open(&log, o)) return 1;
    report page;
    report_open(&page, net, o);
    console terminal = console_begin(o);
    observer *const observers[] = {&terminal.observer, &log.observer, &page.observer, NULL};
    const int status = learn(&(training){.ctx = ctx, .net = net, .o = o, .images = images, .test = test, .observers = observers});
    const bool logged = run_log_close(&log), reported = report_close(&page);
    return status ? status : !logged || !reported;
}

int main(int argc, char **argv) {
    options o;
    int status = options_read(&o, argc, argv);
    if (status >= 0) return status;
    if (o.threads) spk_set_threads((int)o.threads);
    spk_ctx *ctx = spk_ctx_create(.seed = (uint64_t)o.seed);
    status = run(ctx, &o);
    if (spk_failed(ctx)) {
        fprintf(stderr, "mnist: %s\n", spk_error(ctx));
        status = 1;
    }
    spk_ctx_destroy(ctx);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "mnist: standard output could not be written: %s\n", strerror(errno));
        status = status ? status : 1;
    }
    return status;
}
