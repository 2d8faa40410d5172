#include "reference.h"
#include <math.h>
#include <spiketape.h>

static void built(spk_ctx *ctx) {
    {
        //! [spk_sequential]
        spk_module *net = spk_sequential(ctx, spk_flatten_layer(ctx), spk_linear_layer(ctx, 784, 10), spk_lif(ctx, .tau = 2.0));
        CHECK(spk_find_module(net, "2") && !spk_find_module(net, "3")); /* its parts are "0", "1" and "2" */
        //! [spk_sequential]
    }
    {
        //! [spk_sequential_of]
        spk_module *layers[3];
        const int64_t width[] = {784, 400, 200, 10};
        for (int i = 0; i < 3; i++) layers[i] = spk_linear_layer(ctx, width[i], width[i + 1]);
        spk_module *net = spk_sequential_of(ctx, 3, layers); /* spk_sequential(ctx, a, b, c) where they are known */
        CHECK(spk_parameter_count(net, true) == 784 * 400 + 400 + 400 * 200 + 200 + 200 * 10 + 10);
        //! [spk_sequential_of]
    }
    {
        //! [spk_linear_layer]
        spk_module *fc = spk_linear_layer(ctx, 784, 10); /* y = x weight + bias; .bias = false leaves the bias out */
        spk_tensor *y = spk_call(fc, spk_full(ctx, SPK_SHAPE(32, 784), 0.5));
        CHECK(spk_shape_equal(spk_tensor_shape(y), SPK_SHAPE(32, 10)));
        CHECK(spk_shape_equal(spk_tensor_shape(spk_find_tensor(fc, "weight")), SPK_SHAPE(784, 10)));
        //! [spk_linear_layer]
    }
    {
        //! [spk_linear_options]
        spk_linear_opts options = spk_linear_options(); /* from C++, or where options come from elsewhere */
        options.bias = false;
        spk_module *fc = spk_linear_layer_with(ctx, 784, 10, options);
        CHECK(spk_parameter_count(fc, true) == 7840);
        //! [spk_linear_options]
    }
    {
        //! [spk_flatten_layer]
        spk_tensor *images = spk_full(ctx, SPK_SHAPE(32, 28, 28), 0);
        CHECK(spk_dim(spk_call(spk_flatten_layer(ctx), images), 1) == 784);
        //! [spk_flatten_layer]
        //! [spk_relu_layer]
        CHECK(spk_item(spk_call(spk_relu_layer(ctx), spk_full(ctx, SPK_SCALAR, -2))) == 0);
        //! [spk_relu_layer]
    }
}

static void training_and_evaluation(spk_ctx *ctx) {
    {
        //! [spk_batch_norm1d]
        spk_module *norm = spk_batch_norm1d(ctx, 1); /* one channel */
        spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(2, 1), (const spk_real[]){3, 7});
        CHECK(fabs((double)spk_data(spk_call(norm, x))[1] - 1) < 1e-5);                       /* (7 - 5) / 2 */
        CHECK(fabs((double)spk_data(spk_find_tensor(norm, "running_mean"))[0] - 0.5) < 1e-6); /* 0.9 * 0 + 0.1 * 5 */
        //! [spk_batch_norm1d]
    }
    {
        //! [spk_batch_norm1d_options]
        spk_batch_norm1d_opts options = spk_batch_norm1d_options();
        options.affine = false;
        CHECK(spk_parameter_count(spk_batch_norm1d_with(ctx, 100, options), true) == 0);
        //! [spk_batch_norm1d_options]
    }
    {
        //! [spk_dropout_layer]
        spk_module *drop = spk_dropout_layer(ctx, .p = 0.2, .T = 4); /* one mask for all 4 steps of [T*N, ...] */
        spk_tensor *x = spk_full(ctx, SPK_SHAPE(4 * 32, 100), 1), *y = spk_call(drop, x);
        CHECK(spk_item(spk_max(y)) == 1.25); /* what stays is scaled by 1 / (1 - p) */
        spk_eval(drop);
        CHECK(spk_item(spk_mean(spk_call(drop, x))) == 1); /* nothing is dropped */
        //! [spk_dropout_layer]
    }
    {
        //! [spk_dropout_layer_options]
        spk_dropout_layer_opts options = spk_dropout_layer_options();
        CHECK(options.p == 0.5 && options.T == 1);
        options.p = 0.1;
        CHECK(spk_dropout_layer_with(ctx, options) != spk_inert_module());
        //! [spk_dropout_layer_options]
    }
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    built(ctx);
    training_and_evaluation(ctx);
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
