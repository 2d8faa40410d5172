#include "reference.h"
#include <spiketape.h>
#include <string.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 4, 8), spk_lif(ctx, .v_threshold = 100));
    //! [spk_watch_health]
    spk_health *health = spk_watch_health(net); /* net has a lif whose threshold, 100, is far too high */
    CHECK(spk_health_layers(health) == 1);
    //! [spk_watch_health]
    {
        //! [spk_health_report]
        spk_call(net, spk_full(ctx, SPK_SHAPE(16, 4), 1));
        spk_reset(net), spk_end_step(ctx); /* ... an epoch of such steps */
        printf("%s", spk_health_report(health));
        CHECK(strstr(spk_health_report(health), "silent"));
        //! [spk_health_report]
    }
    {
        //! [spk_health_layers]
        for (int i = 0; i < spk_health_layers(health); i++) printf("%s\n", spk_health_layer(health, i).name);
        CHECK(spk_health_layers(health) == 1);
        //! [spk_health_layers]
    }
    {
        //! [spk_health_layer]
        const spk_layer_health layer = spk_health_layer(health, 0);
        CHECK(layer.neuron_steps == 16 * 8 && layer.spikes == 0);
        CHECK(layer.neurons == 8 && layer.never == 8 && layer.rate == 0);
        //! [spk_health_layer]
    }
    {
        //! [spk_health_clear]
        spk_health_clear(health); /* for the next epoch */
        CHECK(spk_health_layer(health, 0).neuron_steps == 0);
        //! [spk_health_clear]
    }
    {
        //! [spk_health_options]
        spk_health_opts options = spk_health_options();
        options.every = 1; /* look at the gradients of every step */
        CHECK(spk_watch_health_with(spk_lif(ctx), options));
        //! [spk_health_options]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
