#include "reference.h"
#include <math.h>
#include <spiketape.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-12; }

static void constructors(spk_module *net) {
    {
        //! [spk_step_lr]
        spk_optimizer *opt = spk_adam(net, .lr = 1e-3);
        spk_schedule *schedule = spk_step_lr(opt, .step_size = 10, .gamma = 0.1); /* a tenth every 10 epochs */
        CHECK(near(spk_schedule_lr(schedule, 0, 9), 1e-3) && near(spk_schedule_lr(schedule, 0, 10), 1e-4));
        //! [spk_step_lr]
    }
    {
        //! [spk_step_lr_options]
        spk_step_lr_opts options = spk_step_lr_options();
        options.step_size = 30;
        CHECK(spk_step_lr_with(spk_adam(net), options));
        //! [spk_step_lr_options]
    }
    {
        //! [spk_cosine_lr]
        spk_optimizer *opt = spk_adam(net, .lr = 1e-3);
        spk_schedule *schedule = spk_cosine_lr(opt, .steps = 100); /* to 0 in 100 steps */
        CHECK(near(spk_schedule_lr(schedule, 0, 50), 5e-4) && near(spk_schedule_lr(schedule, 0, 100), 0));
        //! [spk_cosine_lr]
    }
    {
        //! [spk_cosine_lr_options]
        spk_cosine_lr_opts options = spk_cosine_lr_options();
        options.steps = 100, options.lowest = 1e-5;
        CHECK(spk_cosine_lr_with(spk_adam(net), options));
        //! [spk_cosine_lr_options]
    }
    {
        //! [spk_one_cycle_lr]
        spk_optimizer *opt = spk_adam(net);
        spk_schedule *schedule = spk_one_cycle_lr(opt, .steps = 100, .max_lr = 1e-2); /* climbs for 30 steps, then falls */
        CHECK(near(spk_schedule_lr(schedule, 0, 0), 1e-2 / 25) && near(spk_schedule_lr(schedule, 0, 29), 1e-2));
        //! [spk_one_cycle_lr]
    }
    {
        //! [spk_one_cycle_lr_options]
        spk_one_cycle_lr_opts options = spk_one_cycle_lr_options();
        options.steps = 100, options.start = 0.1;
        CHECK(spk_one_cycle_lr_with(spk_adam(net), options));
        //! [spk_one_cycle_lr_options]
    }
    {
        //! [spk_warmup_lr]
        spk_optimizer *opt = spk_adam(net, .lr = 1e-3);
        spk_warmup_lr(opt, .steps = 10, .first = 0); /* from 0 to the base rate; times the cosine that follows */
        spk_cosine_lr(opt, .steps = 1000);
        CHECK(spk_optimizer_lr(opt, 0) == 0);
        //! [spk_warmup_lr]
    }
    {
        //! [spk_warmup_lr_options]
        spk_warmup_lr_opts options = spk_warmup_lr_options();
        options.steps = 10;
        CHECK(spk_warmup_lr_with(spk_adam(net), options));
        //! [spk_warmup_lr_options]
    }
}

static void steps(spk_module *net) {
    spk_optimizer *opt = spk_adam(net, .lr = 1e-3);
    spk_schedule *schedule = spk_step_lr(opt, .step_size = 2);
    {
        //! [spk_schedule_step]
        for (int epoch = 0; epoch < 2; epoch++) {
            /* ... train for an epoch ... */
            CHECK(spk_schedule_step(schedule)); /* spk_step_lr(opt, .step_size = 2) */
        }
        CHECK(near(spk_optimizer_lr(opt, 0), 1e-4));
        //! [spk_schedule_step]
        //! [spk_schedule_now]
        CHECK(spk_schedule_now(schedule) == 2);
        //! [spk_schedule_now]
    }
    {
        //! [spk_schedule_set_step]
        CHECK(spk_schedule_set_step(schedule, 0)); /* anew, or where a run goes on */
        CHECK(near(spk_optimizer_lr(opt, 0), 1e-3));
        //! [spk_schedule_set_step]
    }
    {
        //! [spk_schedule_lr]
        for (int64_t step = 0; step < 6; step++) printf("%lld %g\n", (long long)step, spk_schedule_lr(schedule, 0, step));
        CHECK(near(spk_schedule_lr(schedule, 0, 5), 1e-5)); /* of group 0, at any step */
        //! [spk_schedule_lr]
    }
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = spk_linear_layer(ctx, 4, 1);
    constructors(net);
    steps(net);
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
