/* A user's program in C17: a small net learns a rule from the user's own numbers; the loss of the last step must be below a third of the
 * first. */
#include <core/tensor.h> /* the user's own */
#include <data/dataset.h>
#include <spiketape.h>
#include <stdio.h>

#if !OWN_TENSOR || !OWN_DATASET || SPK_VERSION_MAJOR != 0
#    error "the user's headers are not those that were found"
#endif

enum { SAMPLES = 32, FEATURES = 6, T = 4 };

/* Class 1 where the first half of the features is larger than the second. */
static spk_dataset *samples(spk_ctx *ctx) {
    static spk_real x[SAMPLES][FEATURES];
    static int64_t labels[SAMPLES];
    for (int n = 0; n < SAMPLES; n++) {
        spk_real difference = 0;
        for (int i = 0; i < FEATURES; i++) {
            x[n][i] = (spk_real)((n * 7 + i * 13 + n * i) % 11) / 10;
            difference += i < FEATURES / 2 ? x[n][i] : -x[n][i];
        }
        labels[n] = difference > 0;
    }
    return spk_dataset_from(ctx, SPK_SHAPE(SAMPLES, FEATURES), &x[0][0], labels, .batch = SAMPLES);
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_dataset *data = samples(ctx);
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, FEATURES, 32), spk_lif(ctx, .T = T, .parallel_optim = true),
                                     spk_linear_layer(ctx, 32, 2));
    spk_optimizer *opt = spk_adam(net, .lr = 0.02);
    spk_batch batch;
    double first = 0, last = 0;
    for (int step = 0; step < 100; step++) {
        if (!spk_next_batch(data, &batch) && !spk_next_batch(data, &batch)) break;
        spk_tensor *loss = spk_cross_entropy(spk_mean_over_time(spk_call(net, spk_repeat_over_time(batch.x, T)), T), batch.labels);
        spk_zero_grad(net);
        spk_backward(loss);
        spk_optimizer_step(opt);
        last = spk_item(loss);
        if (step == 0) first = last;
        spk_reset(net);
        spk_end_step(ctx);
    }
    if (spk_failed(ctx)) fprintf(stderr, "%s\n", spk_error(ctx));
    const int wrong = spk_failed(ctx) || !(last < first / 3);
    printf("C, %zu bytes a number, spiketape %s: loss %.4f to %.4f\n", sizeof(spk_real), spk_version(), first, last);
    spk_ctx_destroy(ctx);
    return wrong;
}
