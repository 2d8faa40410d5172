/* The reference's examples of neuron/monitor.h. */
#include <spiketape.h>

#include "reference.h"

enum { T = 4, N = 2 };

//! [spk_monitor_options]
/* For callers that fill the struct themselves, as from C++. */
static spk_monitor *watch_membranes(spk_module *net) {
    spk_monitor_opts options = spk_monitor_options();
    options.what = SPK_WATCH_MEMBRANE;
    return spk_monitor_neurons_with(net, options);
}
//! [spk_monitor_options]

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 8, 5), spk_lif(ctx, .T = T, .parallel_optim = true, .v_threshold = 0.3),
                                     spk_linear_layer(ctx, 5, 3));
    spk_module_set_name(net, "net");

    //! [spk_monitor_neurons]
    /* The spikes and membranes of all neurons, in every tenth step; the newest 50 of each are kept. */
    spk_monitor *m = spk_monitor_neurons(net, .what = SPK_WATCH_SPIKES | SPK_WATCH_MEMBRANE, .every = 10, .most = 50);
    //! [spk_monitor_neurons]
    //! [spk_monitor_on]
    spk_monitor *of_layer = spk_monitor_on(spk_find_module(net, "2"), .what = SPK_WATCH_INPUT | SPK_WATCH_GRADIENT);
    //! [spk_monitor_on]

    spk_tensor *x = spk_full(ctx, SPK_SHAPE(N, 8), 1), *y = spk_call(net, spk_repeat_over_time(x, T));
    spk_backward(spk_mean(spk_multiply(y, y)));
    spk_reset(net);
    spk_end_step(ctx); /* the step's tensors are gone, the records are not */

    //! [spk_monitor_get]
    const spk_monitor_record v = spk_monitor_get(m, "1", SPK_WATCH_MEMBRANE, -1); /* the newest */
    CHECK(v.step == 1 && v.training && v.shape.dim[0] == T * N && v.shape.dim[1] == 5);
    for (int t = 0; t < T; t++) printf("step %d: %.3f\n", t, (double)v.values[t * N * 5]); /* of the first sample's first neuron */
    //! [spk_monitor_get]
    //! [spk_monitor_count]
    for (int64_t i = 0; i < spk_monitor_count(of_layer, NULL, SPK_WATCH_GRADIENT); i++) {
        const spk_monitor_record g = spk_monitor_get(of_layer, NULL, SPK_WATCH_GRADIENT, i);
        CHECK(spk_shape_size(g.shape) == T * N * 3);
    }
    //! [spk_monitor_count]
    //! [spk_monitor_layers]
    CHECK(spk_monitor_layers(m) == 1);
    //! [spk_monitor_layers]
    //! [spk_monitor_layer]
    for (int i = 0; i < spk_monitor_layers(m); i++) printf("%s is watched\n", spk_monitor_layer(m, i)); /* net.1 is watched */
    //! [spk_monitor_layer]
    //! [spk_monitor_dropped]
    if (spk_monitor_dropped(m) > 0) fprintf(stderr, "older records are gone: raise .most or .bytes, or .every\n");
    //! [spk_monitor_dropped]
    CHECK(spk_monitor_dropped(m) == 0);
    //! [spk_monitor_enable]
    const bool before = spk_monitor_enable(m, false); /* not while this batch is looked at */
    SPK_NO_GRAD(ctx) spk_call(net, spk_repeat_over_time(x = spk_full(ctx, SPK_SHAPE(N, 8), 0), T));
    spk_monitor_enable(m, before);
    //! [spk_monitor_enable]
    CHECK(spk_monitor_count(m, NULL, SPK_WATCH_SPIKES) == 1);
    //! [spk_monitor_clear]
    spk_monitor_clear(m);
    CHECK(spk_monitor_count(m, NULL, SPK_WATCH_SPIKES) == 0);
    //! [spk_monitor_clear]
    //! [spk_monitor_destroy]
    spk_monitor_destroy(of_layer); /* the net goes on without it */
    //! [spk_monitor_destroy]
    CHECK(watch_membranes(net));
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
