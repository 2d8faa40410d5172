#include "reference.h"
#include <spiketape.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 4, 3), spk_lif(ctx, .tau = 2.0));
    spk_optimizer *opt = spk_adam(net, .lr = 1e-3);
    {
        //! [spk_checkpoint_save]
        int64_t epoch = 12; /* a variable of the program goes along */
        const spk_variable variables[] = {{.name = "epoch", .whole = &epoch}};
        CHECK(spk_checkpoint_save(net, "run.ckpt", .optimizer = opt, .variables = variables, .n_variables = 1, .settings = "lr=1e-3"));
        //! [spk_checkpoint_save]
    }
    {
        //! [spk_checkpoint_load]
        int64_t epoch = 0;
        const spk_variable variables[] = {{.name = "epoch", .whole = &epoch}};
        CHECK(spk_checkpoint_load(net, "run.ckpt", .optimizer = opt, .variables = variables, .n_variables = 1, .settings = "lr=1e-3"));
        CHECK(epoch == 12); /* net, opt, the random stream and this are where they were */
        //! [spk_checkpoint_load]
    }
    {
        //! [spk_checkpoint_options]
        spk_checkpoint_opts options = spk_checkpoint_options();
        options.optimizer = opt;
        CHECK(spk_checkpoint_save_with(net, "other.ckpt", options) && spk_checkpoint_load_with(net, "other.ckpt", options));
        //! [spk_checkpoint_options]
    }
    {
        //! [spk_checkpoint_exists]
        if (spk_checkpoint_exists("run.ckpt")) printf("going on from run.ckpt\n");
        CHECK(spk_checkpoint_exists("run.ckpt") && !spk_checkpoint_exists("no-such.ckpt"));
        //! [spk_checkpoint_exists]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
