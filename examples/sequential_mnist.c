/*
 * Sequential MNIST: an image is read row by row, 28 time steps of 28 pixels, by a net that keeps its membranes between the rows. Trained by
 * truncated BPTT in windows of W rows (a gradient and an optimizer step a window, then spk_detach), or by full BPTT with --window 28.
 *
 *     build/release/examples/sequential_mnist [--window 7] [--epochs 5] [--data datasets/mnist]
 */
#include "shared/command_line.h"
#include "shared/progress.h"
#include <stdio.h>

enum { ROWS = 28, HIDDEN = 256 };

/* A batch [N, 28, 28] as a sequence of rows, [28*N, 28] with row t*N + n. */
static spk_tensor *rows_in_time(spk_tensor *x) { return spk_reshape(spk_transpose(x, 0, 1), SPK_SHAPE(ROWS * spk_dim(x, 0), ROWS)); }

/*
 * A fast layer and a slow one: what has been seen lives in their membranes alone, for about tau rows. The low threshold lets a few pixels
 * fire a neuron of PyTorch's initial weights, and the steep surrogate belongs to it. The last layer never fires: it adds up the scores.
 */
static spk_module *network(spk_ctx *ctx, int64_t W) {
    spk_lif_opts fast = spk_lif_options();
    fast.tau = 3, fast.decay_input = false, fast.v_threshold = 0.5, fast.v_reset = SPK_NONE;
    fast.surrogate_function = spk_surrogate_sigmoid(.alpha = 8);
    fast.parallel_optim = true, fast.T = W;
    spk_lif_opts slow = fast;
    slow.tau = 10;
    return spk_sequential(ctx, spk_linear_layer(ctx, ROWS, HIDDEN), spk_lif_with(ctx, fast), spk_linear_layer(ctx, HIDDEN, HIDDEN),
                          spk_lif_with(ctx, slow), spk_linear_layer(ctx, HIDDEN, 10),
                          spk_if(ctx, .v_threshold = 1e9, .parallel_optim = true, .T = W));
}

/* Window i of W rows through the net; the scores are the membranes of the last layer. */
static spk_tensor *window_scores(spk_module *net, spk_tensor *sequence, int64_t W, int64_t i) {
    spk_call(net, spk_time_step(sequence, ROWS / W, i));
    return spk_v(spk_find_module(net, "5"));
}

static void train_batch(spk_ctx *ctx, spk_module *net, spk_optimizer *optimizer, const spk_batch *batch, int64_t W) {
    spk_tensor *sequence = rows_in_time(batch->x);
    for (int64_t i = 0; i < ROWS / W && !spk_failed(ctx); i++) {
        spk_zero_grad(net);
        spk_backward(spk_cross_entropy(window_scores(net, sequence, W, i), batch->labels));
        spk_optimizer_step(optimizer);
        spk_detach(net); /* the next window begins with these membranes, but its gradient ends here */
    }
    spk_reset(net);
    spk_end_step(ctx);
}

/* The class is that of the scores after the last window, when the whole image has been seen. */
static double accuracy(spk_ctx *ctx, spk_module *net, spk_dataset *test, int64_t W) {
    spk_batch batch;
    int64_t correct = 0;
    SPK_NO_GRAD(ctx) {
        while (spk_next_batch(test, &batch)) {
            spk_tensor *sequence = rows_in_time(batch.x), *last = NULL;
            for (int64_t i = 0; i < ROWS / W; i++) last = window_scores(net, sequence, W, i);
            correct += spk_count_correct(last, batch.labels);
            spk_reset(net);
            spk_end_step(ctx);
        }
    }
    return 100.0 * (double)correct / (double)spk_dataset_size(test);
}

typedef struct options {
    const char *data;
    int64_t window, epochs;
} options;

static const options defaults = {.data = "datasets/mnist", .window = 7, .epochs = 5};

static const option_row rows[] = {
    {"window", "N", "rows a window, a divisor of 28; 28 is full BPTT", &option_whole, .at = offsetof(options, window), .least = 1,
     .most = ROWS},
    {"epochs", "N", "times through the training images", &option_whole, .at = offsetof(options, epochs), .least = 1, .most = 1e9},
    {"data", "DIR", "folder of MNIST's four files", &option_text, .at = offsetof(options, data)},
};

static const command_line program = {.program = "sequential_mnist",
                                     .usage = "Reads the images of MNIST row by row, trained by truncated BPTT.\n\nusage: @ [options]\n\n",
                                     .examples = "example:\n  @ --window 28 --epochs 1\n",
                                     OPTIONS(rows, defaults)};

int main(int argc, char **argv) {
    options o;
    const int status = command_line_read(&program, &o, argc, argv);
    if (status >= 0) return status;
    const int64_t W = o.window;
    if (ROWS % W) {
        fprintf(stderr, "sequential_mnist: --window takes a divisor of %d, not %lld\n", ROWS, (long long)W);
        return 2;
    }
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_dataset *train = spk_mnist(ctx, o.data, true, .batch = 64, .shuffle = true, .seed = 1),
                *test = spk_mnist(ctx, o.data, false, .batch = 500);
    const int64_t batches = spk_dataset_batches(train);
    spk_module *net = network(ctx, W);
    spk_optimizer *optimizer = spk_adam(net, .lr = 2e-3);
    spk_schedule *schedule = spk_cosine_lr(optimizer, .steps = o.epochs * batches);
    if (!spk_failed(ctx)) printf("%s\n", W == ROWS ? "full BPTT over 28 rows" : "truncated BPTT");
    progress bar = progress_begin(true);
    for (int64_t epoch = 1; epoch <= o.epochs && !spk_failed(ctx); epoch++) {
        for (spk_batch batch; spk_next_batch(train, &batch); spk_schedule_step(schedule)) {
            train_batch(ctx, net, optimizer, &batch, W);
            progress_show(&bar, .epoch = epoch, .epochs = o.epochs, .step = spk_dataset_position(train), .steps = batches);
        }
        const double percent = accuracy(ctx, net, test, W);
        progress_clear(&bar);
        if (!spk_failed(ctx)) printf("epoch %lld  window %lld  test accuracy %.2f %%\n", (long long)epoch, (long long)W, percent);
        fflush(stdout);
    }
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "sequential_mnist: %s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
