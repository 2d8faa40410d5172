// The same in C++17, which has no designated initialisers: each keyword macro is a function ..._with and a struct that ..._options() fills.
#include <core/tensor.h> // the user's own
#include <cstdio>
#include <data/dataset.h>
#include <memory>
#include <spiketape.h>
#include <vector>

#if !OWN_TENSOR || !OWN_DATASET
#    error "the user's headers are not those that were found"
#endif

namespace {

constexpr int64_t samples = 32, features = 6, T = 4;

struct destroy {
    void operator()(spk_ctx *ctx) const { spk_ctx_destroy(ctx); }
};

spk_shape shape_of(std::vector<int64_t> sizes) { return spk_shape_of(static_cast<int>(sizes.size()), sizes.data()); }

spk_dataset *data_of(spk_ctx *ctx) {
    std::vector<spk_real> x;
    std::vector<int64_t> labels;
    for (int64_t n = 0; n < samples; n++) {
        spk_real difference = 0;
        for (int64_t i = 0; i < features; i++) {
            x.push_back(static_cast<spk_real>((n * 7 + i * 13 + n * i) % 11) / 10);
            difference += i < features / 2 ? x.back() : -x.back();
        }
        labels.push_back(difference > 0);
    }
    spk_dataset_opts options = spk_dataset_options();
    options.batch = samples;
    return spk_dataset_from_with(ctx, shape_of({samples, features}), x.data(), labels.data(), options);
}

spk_module *net_of(spk_ctx *ctx) {
    spk_lif_opts lif = spk_lif_options();
    lif.T = T;
    lif.parallel_optim = true;
    lif.surrogate_function = spk_surrogate_named("atan", spk_surrogate_options());
    const std::vector<spk_module *> layers = {spk_linear_layer_with(ctx, features, 32, spk_linear_options()),
                                              spk_batch_norm1d_with(ctx, 32, spk_batch_norm1d_options()), spk_lif_with(ctx, lif),
                                              spk_linear_layer_with(ctx, 32, 2, spk_linear_options())};
    return spk_sequential_of(ctx, static_cast<int>(layers.size()), layers.data());
}

// The loss with its small penalty: through an op with an axis, and a product.
spk_tensor *loss_of(spk_module *net, const spk_batch &batch) {
    spk_tensor *scores = spk_mean_over_time(spk_call(net, spk_repeat_over_time(batch.x, T)), T);
    spk_reduce_opts rows = spk_reduce_options();
    const int first = 0;
    rows.axes = spk_axes_of(1, &first);
    spk_tensor *means = spk_mean_with(scores, rows);
    spk_tensor *penalty = spk_scale(spk_sum_with(spk_multiply(means, means), spk_reduce_options()), 1e-3);
    return spk_add(spk_cross_entropy_with(scores, batch.labels, spk_cross_entropy_options()), penalty);
}

} // namespace

int main() {
    spk_ctx_opts options = spk_ctx_options();
    options.seed = 1;
    const std::unique_ptr<spk_ctx, destroy> owner(spk_ctx_create_with(options));
    spk_ctx *ctx = owner.get();
    spk_dataset *data = data_of(ctx);
    spk_module *net = net_of(ctx);
    spk_adam_opts adam = spk_adam_options();
    adam.lr = 0.02;
    spk_optimizer *opt = spk_adam_with(net, adam);
    spk_batch batch;
    double first = 0, last = 0;
    for (int step = 0; step < 100; step++) {
        if (!spk_next_batch(data, &batch) && !spk_next_batch(data, &batch)) break;
        spk_tensor *loss = loss_of(net, batch);
        spk_zero_grad(net);
        spk_backward_with(loss, spk_backward_options());
        spk_optimizer_step(opt);
        last = spk_item(loss);
        if (step == 0) first = last;
        spk_reset(net);
        spk_end_step(ctx);
    }
    SPK_NO_GRAD(ctx) spk_end_step(ctx);
    if (spk_failed(ctx)) std::fprintf(stderr, "%s\n", spk_error(ctx));
    std::printf("C++, %zu bytes a number, spiketape %s: loss %.4f to %.4f\n", sizeof(spk_real), spk_version(), first, last);
    return spk_failed(ctx) || !(last < first / 3);
}
