#include <spiketape.h>
#include <stdio.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_dataset *train = spk_mnist(ctx, "datasets/mnist", true, .batch = 128, .shuffle = true);
    spk_module *net = spk_sequential(ctx, spk_flatten_layer(ctx),
        spk_linear_layer(ctx, 784, 800), spk_batch_norm1d(ctx, 800), spk_lif(ctx, .tau = 2.0, .T = 4, .parallel_optim = true),
        spk_linear_layer(ctx, 800, 10), spk_lif(ctx, .tau = 2.0, .T = 4, .parallel_optim = true));
    spk_optimizer *opt = spk_adam(net, .lr = 1e-3);
    spk_batch batch;
    for (int step = 0; spk_next_batch(train, &batch); step++) {
        spk_tensor *loss = spk_rate_mse(spk_call(net, spk_repeat_over_time(batch.x, 4)), batch.labels, 4);
        spk_zero_grad(net);
        spk_backward(loss);
        spk_optimizer_step(opt);          /* does nothing once the context has failed */
        if (step % 100 == 0) printf("step %d: loss %.4f\n", step, spk_item(loss));
        spk_reset(net);                   /* membranes back to their reset values */
        spk_end_step(ctx);                /* frees every tensor of this step at once */
    }
    if (spk_failed(ctx)) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
}
