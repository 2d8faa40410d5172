#include "reference.h"
#include <math.h>
#include <spiketape.h>

/* A net with a gradient: one step of training up to spk_backward. */
static void forward_and_backward(spk_module *net) {
    spk_ctx *ctx = spk_module_ctx(net);
    spk_zero_grad(net);
    spk_backward(spk_mean(spk_call(net, spk_full(ctx, SPK_SHAPE(8, 4), 1))));
}

static void constructors(spk_ctx *ctx) {
    {
        //! [spk_sgd]
        spk_module *net = spk_linear_layer(ctx, 4, 1);
        spk_optimizer *opt = spk_sgd(net, .lr = 0.1, .momentum = 0.9);
        const double before = spk_data(spk_find_tensor(net, "bias"))[0];
        forward_and_backward(net); /* the gradient of the bias is 1 */
        CHECK(spk_optimizer_step(opt));
        CHECK(fabs(spk_data(spk_find_tensor(net, "bias"))[0] - (before - 0.1)) < 1e-6);
        //! [spk_sgd]
    }
    {
        //! [spk_sgd_options]
        spk_sgd_opts options = spk_sgd_options();
        options.momentum = 0.9, options.nesterov = true;
        CHECK(spk_sgd_with(spk_linear_layer(ctx, 4, 1), options));
        //! [spk_sgd_options]
    }
    {
        //! [spk_adam]
        spk_module *net = spk_linear_layer(ctx, 4, 1);
        spk_optimizer *opt = spk_adam(net, .lr = 1e-3);
        const double before = spk_data(spk_find_tensor(net, "bias"))[0];
        forward_and_backward(net);
        CHECK(spk_optimizer_step(opt)); /* the first step of Adam is lr long */
        CHECK(fabs(spk_data(spk_find_tensor(net, "bias"))[0] - (before - 1e-3)) < 1e-6);
        //! [spk_adam]
    }
    {
        //! [spk_adam_options]
        spk_adam_opts options = spk_adam_options();
        CHECK(options.lr == 1e-3 && options.beta1 == 0.9 && options.beta2 == 0.999 && options.weight_decay == 0);
        CHECK(spk_adam_with(spk_linear_layer(ctx, 4, 1), options));
        //! [spk_adam_options]
    }
    {
        //! [spk_adamw]
        spk_module *net = spk_linear_layer(ctx, 4, 1);
        spk_optimizer *opt = spk_adamw(net, .lr = 1e-3, .weight_decay = 0.05); /* decoupled weight decay */
        CHECK(opt && spk_optimizer_lr(opt, 0) == 1e-3);
        //! [spk_adamw]
    }
    {
        //! [spk_adamw_options]
        spk_adam_opts options = spk_adamw_options();
        CHECK(options.weight_decay == 0.01); /* in which they differ from spk_adam_options */
        CHECK(spk_adamw_with(spk_linear_layer(ctx, 4, 1), options));
        //! [spk_adamw_options]
    }
}

static void steps(spk_ctx *ctx) {
    spk_module *net = spk_linear_layer(ctx, 4, 1);
    spk_optimizer *opt = spk_sgd(net, .lr = 0.1);
    {
        //! [spk_optimizer_step]
        spk_tensor *x = spk_full(ctx, SPK_SHAPE(8, 4), 1), *target = spk_full(ctx, SPK_SHAPE(8, 1), 2);
        spk_tensor *loss = spk_mse(spk_call(net, x), target);
        spk_zero_grad(net);
        spk_backward(loss);
        CHECK(spk_optimizer_step(opt)); /* false once the context has failed; nothing changes then */
        CHECK(spk_item(spk_mse(spk_call(net, x), target)) < spk_item(loss));
        //! [spk_optimizer_step]
    }
    {
        //! [spk_clip_grad_norm]
        forward_and_backward(net);                      /* gradients of four weights and a bias, all 1 */
        const double norm = spk_clip_grad_norm(net, 1); /* the norm before: sqrt(5) */
        CHECK(fabs(norm - sqrt(5)) < 1e-6);
        CHECK(fabs(spk_data(spk_grad(spk_find_tensor(net, "bias")))[0] - 1 / sqrt(5)) < 1e-6);
        //! [spk_clip_grad_norm]
    }
    {
        //! [spk_optimizer_destroy]
        spk_optimizer_destroy(opt); /* with its moments and schedules; the net stays */
        CHECK(spk_parameter_count(net, true) == 5);
        //! [spk_optimizer_destroy]
    }
}

static void groups(spk_ctx *ctx) {
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 4, 3), spk_linear_layer(ctx, 3, 2));
    spk_optimizer *opt = spk_adam(net, .lr = 1e-3);
    {
        //! [spk_optimizer_add_group]
        spk_module *head = spk_find_module(net, "1");
        CHECK(spk_optimizer_add_group(opt, head, .lr = 1e-2) == 1); /* its parameters leave group 0 */
        CHECK(spk_optimizer_lr(opt, 0) == 1e-3 && spk_optimizer_lr(opt, 1) == 1e-2);
        //! [spk_optimizer_add_group]
    }
    {
        //! [spk_group_options]
        spk_group_opts options = spk_group_options();
        options.weight_decay = 0; /* the rate stays SPK_NONE: that of the optimizer */
        CHECK(spk_optimizer_add_group_with(opt, spk_find_module(net, "0"), options) == 2);
        //! [spk_group_options]
    }
    {
        //! [spk_optimizer_groups]
        CHECK(spk_optimizer_groups(opt) == 3); /* the constructor's and two more */
        //! [spk_optimizer_groups]
    }
    {
        //! [spk_optimizer_lr]
        for (int64_t group = 0; group < spk_optimizer_groups(opt); group++) printf("%g\n", spk_optimizer_lr(opt, group));
        CHECK(spk_optimizer_lr(opt, 2) == 1e-3);
        //! [spk_optimizer_lr]
    }
    {
        //! [spk_optimizer_set_lr]
        CHECK(spk_optimizer_set_lr(opt, 0, 5e-4)); /* the base rate; schedules go on multiplying it */
        CHECK(spk_optimizer_lr(opt, 0) == 5e-4);
        //! [spk_optimizer_set_lr]
    }
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    constructors(ctx);
    steps(ctx);
    groups(ctx);
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
