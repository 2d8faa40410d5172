#include "reference.h"
#include <math.h>
#include <spiketape.h>

static void layers(spk_ctx *ctx) {
    {
        //! [spk_if]
        spk_module *neuron = spk_if(ctx, .parallel_optim = true, .T = 4); /* H = v + x, fires at 1 */
        spk_tensor *spikes = spk_call(neuron, spk_repeat_over_time(spk_full(ctx, SPK_SHAPE(1, 1), 0.5), 4));
        CHECK(spk_data(spikes)[0] == 0 && spk_data(spikes)[1] == 1 && spk_data(spikes)[2] == 0 && spk_data(spikes)[3] == 1);
        //! [spk_if]
    }
    {
        //! [spk_lif]
        spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 784, 10), spk_lif(ctx, .tau = 2.0, .T = 4, .parallel_optim = true));
        spk_tensor *spikes = spk_call(net, spk_repeat_over_time(spk_full(ctx, SPK_SHAPE(32, 784), 0.5), 4));
        CHECK(spk_shape_equal(spk_tensor_shape(spikes), SPK_SHAPE(4 * 32, 10)));
        spk_reset(net); /* before the next batch */
        //! [spk_lif]
    }
    {
        //! [spk_lif_options]
        spk_lif_opts options = spk_lif_options(); /* from C++, or where options come from elsewhere */
        options.tau = 4, options.v_reset = SPK_NONE;
        CHECK(spk_as_node(spk_lif_with(ctx, options)));
        //! [spk_lif_options]
    }
    {
        //! [spk_plif]
        spk_module *plif = spk_plif(ctx, .tau = 2.0, .T = 4, .parallel_optim = true); /* learns its time constant */
        const double w = spk_data(spk_find_tensor(plif, "w"))[0];
        CHECK(fabs(1 / (1 + exp(-w)) - 1 / 2.0) < 1e-6); /* 1 / tau = sigmoid(w) */
        //! [spk_plif]
    }
}

static void dynamics(spk_ctx *ctx) {
    spk_tensor *x = spk_scalar(ctx, 1), *v = spk_scalar(ctx, 0.5);
    {
        //! [spk_lif_decay_input_reset0]
        CHECK(spk_item(spk_lif_decay_input_reset0(x, v, 2)) == 0.75); /* x = 1, v = 0.5: v + (x - v) / 2 */
        //! [spk_lif_decay_input_reset0]
        //! [spk_lif_decay_input]
        CHECK(spk_item(spk_lif_decay_input(x, v, -1, 2)) == 0.25); /* x = 1, v = 0.5: v + (x - (v - -1)) / 2 */
        //! [spk_lif_decay_input]
        //! [spk_lif_no_decay_input_reset0]
        CHECK(spk_item(spk_lif_no_decay_input_reset0(x, v, 2)) == 1.25); /* x = 1, v = 0.5: v - v / 2 + x */
        //! [spk_lif_no_decay_input_reset0]
        //! [spk_lif_no_decay_input]
        CHECK(spk_item(spk_lif_no_decay_input(x, v, -1, 2)) == 0.75); /* x = 1, v = 0.5: v - (v - -1) / 2 + x */
        //! [spk_lif_no_decay_input]
    }
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    layers(ctx);
    dynamics(ctx);
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
