/*
 * A neuron of one's own, in under 40 lines: adaptive threshold (Bellec et al., NeurIPS 2018, arXiv 1803.09574). Each spike raises the
 * threshold by beta, and the rise decays by rho a step. Trained on MNIST.
 *
 *     build/release/examples/custom_neuron [DATA [EPOCHS]]
 */
#include <spiketape.h>
#include <stdio.h>
#include <stdlib.h>

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

int main(int argc, char **argv) {
    const char *data = argc > 1 ? argv[1] : "datasets/mnist";
    const long epochs = argc > 2 ? strtol(argv[2], NULL, 10) : 6;
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_dataset *train = spk_mnist(ctx, data, true, .batch = 128, .shuffle = true, .seed = 1),
                *test = spk_mnist(ctx, data, false, .batch = 500);

    spk_base_node_opts options = spk_base_node_options();
    options.parallel_optim = true, options.T = T, options.surrogate_function = spk_surrogate_atan();
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 784, 400), adaptive(ctx, 0.2, 0.8, options), spk_linear_layer(ctx, 400, 10),
                                     spk_lif(ctx, .parallel_optim = true, .T = T, .surrogate_function = spk_surrogate_atan()));
    spk_optimizer *optimizer = spk_adam(net, .lr = 2e-3);
    printf("%s\n", spk_repr(net));

    for (int epoch = 1; epoch <= epochs && !spk_failed(ctx); epoch++) {
        spk_batch batch;
        while (spk_next_batch(train, &batch)) {
            spk_tensor *spikes = spk_call(net, spk_repeat_over_time(spk_flatten(batch.x), T));
            spk_zero_grad(net);
            spk_backward(spk_rate_mse(spikes, batch.labels, T));
            spk_optimizer_step(optimizer);
            spk_reset(net);
            spk_end_step(ctx);
        }
        printf("epoch %d: test accuracy %.2f %%\n", epoch, accuracy(ctx, net, test));
    }
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
