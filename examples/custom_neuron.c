/*
 * A neuron of one's own, in under 40 lines: adaptive threshold (Bellec et al., NeurIPS 2018, arXiv 1803.09574). Each spike raises the
 * threshold by beta, and the rise decays by rho a step. Trained on MNIST.
 *
 *     build/release/examples/custom_neuron [--epochs 6] [--data datasets/mnist]
 */
#include "shared/command_line.h"
#include "shared/progress.h"
#include <stdio.h>

/* The neuron. */

typedef struct adaptive_node {
    spk_base_node base;
    double tau, beta, rho;
} adaptive_node;

/* Charge: a leaky membrane. */
static spk_tensor *adaptive_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v) {
    return spk_lif_decay_input_reset0(x, v, ((adaptive_node *)node)->tau);
}

/* Fire where H reaches v_threshold + a; then a = rho a + beta S. */
static spk_tensor *adaptive_fire(spk_base_node *node, spk_tensor *h) {
    const adaptive_node *n = (adaptive_node *)node;
    spk_tensor *a = spk_memory_like(&node->module, "a", h);
    spk_tensor *spikes = spk_heaviside(spk_shift(spk_subtract(h, a), -node->v_threshold), node->surrogate_function);
    spk_set_memory(&node->module, "a", spk_add(spk_scale(a, n->rho), spk_scale(spikes, n->beta)));
    return spikes;
}

static const spk_neuron_type adaptive_type = {.module = SPK_NEURON_MODULE("adaptive", adaptive_node, spk_base_node_repr),
                                              .neuronal_dynamics = adaptive_dynamics,
                                              .neuronal_fire = adaptive_fire};

static spk_module *adaptive(spk_ctx *ctx, double beta, double rho, spk_base_node_opts options) {
    adaptive_node *n = spk_base_node_create(ctx, &adaptive_type, options);
    if (!n || !spk_register_memory(&n->base.module, "a", 0)) return spk_inert_module();
    n->tau = 2, n->beta = beta, n->rho = rho;
    return &n->base.module;
}

/* The program. */

enum { T = 4 };

static double accuracy(spk_ctx *ctx, spk_module *net, spk_dataset *test) {
    spk_batch batch;
    int64_t correct = 0;
    spk_eval(net);
    SPK_NO_GRAD(ctx) {
        while (spk_next_batch(test, &batch)) {
            spk_tensor *rate = spk_mean_over_time(spk_call(net, spk_repeat_over_time(spk_flatten(batch.x), T)), T);
            correct += spk_count_correct(rate, batch.labels);
            spk_reset(net);
            spk_end_step(ctx);
        }
    }
    spk_train(net);
    return 100.0 * (double)correct / (double)spk_dataset_size(test);
}

typedef struct options {
    const char *data;
    int64_t epochs;
} options;

static const options defaults = {.data = "datasets/mnist", .epochs = 6};

static const option_row rows[] = {
    {"epochs", "N", "times through the training images", &option_whole, .at = offsetof(options, epochs), .least = 1, .most = 1e9},
    {"data", "DIR", "folder of MNIST's four files", &option_text, .at = offsetof(options, data)},
};

static const command_line program = {.program = "custom_neuron",
                                     .usage = "Trains neurons with an adaptive threshold on MNIST.\n\nusage: @ [options]\n\n",
                                     .examples = "example:\n  @ --epochs 1\n",
                                     OPTIONS(rows, defaults)};

int main(int argc, char **argv) {
    options o;
    const int status = command_line_read(&program, &o, argc, argv);
    if (status >= 0) return status;
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_dataset *train = spk_mnist(ctx, o.data, true, .batch = 128, .shuffle = true, .seed = 1),
                *test = spk_mnist(ctx, o.data, false, .batch = 500);

    spk_base_node_opts node = spk_base_node_options();
    node.parallel_optim = true, node.T = T, node.surrogate_function = spk_surrogate_atan();
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 784, 400), adaptive(ctx, 0.2, 0.8, node), spk_linear_layer(ctx, 400, 10),
                                     spk_lif(ctx, .parallel_optim = true, .T = T, .surrogate_function = spk_surrogate_atan()));
    spk_optimizer *optimizer = spk_adam(net, .lr = 2e-3);
    if (!spk_failed(ctx)) printf("%s\n", spk_repr(net));
    progress bar = progress_begin(true);

    for (int64_t epoch = 1; epoch <= o.epochs && !spk_failed(ctx); epoch++) {
        spk_batch batch;
        while (spk_next_batch(train, &batch)) {
            spk_tensor *spikes = spk_call(net, spk_repeat_over_time(spk_flatten(batch.x), T));
            spk_zero_grad(net);
            spk_backward(spk_rate_mse(spikes, batch.labels, T));
            spk_optimizer_step(optimizer);
            spk_reset(net);
            spk_end_step(ctx);
            progress_show(&bar, .epoch = epoch, .epochs = o.epochs, .step = spk_dataset_position(train),
                          .steps = spk_dataset_batches(train));
        }
        const double percent = accuracy(ctx, net, test);
        progress_clear(&bar);
        if (!spk_failed(ctx)) printf("epoch %lld: test accuracy %.2f %%\n", (long long)epoch, percent);
        fflush(stdout);
    }
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "custom_neuron: %s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
