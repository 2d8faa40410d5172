/* The net and the loop of docs/coming-from.md. */
#include <spiketape.h>
#include <stdio.h>

int main(void) {
    const int64_t T = 4;
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_dataset *train = spk_mnist(ctx, "datasets/mnist", true, .batch = 64, .shuffle = true);
    spk_module *net = spk_sequential(ctx, spk_flatten_layer(ctx), spk_linear_layer(ctx, 784, 100),
                                     spk_lif(ctx, .tau = 2.0, .surrogate_function = spk_surrogate_atan(), .parallel_optim = true, .T = T),
                                     spk_linear_layer(ctx, 100, 10),
                                     spk_lif(ctx, .tau = 2.0, .surrogate_function = spk_surrogate_atan(), .parallel_optim = true, .T = T));
    spk_optimizer *optimizer = spk_adam(net, .lr = 1e-3);

    spk_batch batch;
    while (spk_next_batch(train, &batch)) {                                   /* one epoch */
        spk_tensor *spikes = spk_call(net, spk_repeat_over_time(batch.x, T)); /* [T*N, 10] */
        spk_tensor *loss = spk_cross_entropy(spk_mean_over_time(spikes, T), batch.labels);
        spk_zero_grad(net);
        spk_backward(loss);
        spk_optimizer_step(optimizer);
        if (spk_dataset_position(train) % 300 == 0) printf("loss %.2f\n", spk_item(loss));
        spk_reset(net);    /* membranes */
        spk_end_step(ctx); /* frees the step's tensors */
    }
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
