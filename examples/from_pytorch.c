/* A net that was trained in PyTorch reads flowers: docs/pytorch.md. `from_pytorch net.safetensors iris.csv` */
#include <spiketape.h>
#include <stdio.h>

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: from_pytorch NET.safetensors IRIS.csv\n"), 2;
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *flowers = spk_dataset_csv(ctx, arguments[2], .label = "species", .batch = 150);
    spk_module *net = spk_sequential(ctx,
        spk_linear_layer(ctx, 4, 32), spk_batch_norm1d(ctx, 32), spk_lif(ctx, .tau = 2.0, .T = 8, .parallel_optim = true),
        spk_linear_layer(ctx, 32, 16), spk_plif(ctx, .tau = 2.0, .T = 8, .parallel_optim = true),
        spk_linear_layer(ctx, 16, 3));
    spk_load(net, arguments[1]);
    spk_eval(net);
    spk_batch batch;
    spk_next_batch(flowers, &batch);
    spk_tensor *scores = spk_mean_over_time(spk_call(net, spk_repeat_over_time(batch.x, 8)), 8);
    if (!spk_failed(ctx)) printf("%d of %d flowers\n", (int)spk_count_correct(scores, batch.labels), (int)batch.size);
    else fprintf(stderr, "%s\n", spk_error(ctx));
    const bool failed = spk_failed(ctx);
    spk_ctx_destroy(ctx);
    return failed;
}
