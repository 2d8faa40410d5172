#include "reference.h"
#include <spiketape.h>
#include <string.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 784, 100), spk_lif(ctx, .T = 4, .parallel_optim = true, .spike_out = true),
                                     spk_linear_layer(ctx, 100, 10));
    {
        //! [spk_summary]
        const char *table = spk_summary(net, SPK_SHAPE(128, 784), .T = 4); /* a batch of 128, shown at four steps */
        puts(table);
        CHECK(strstr(table, "parameters     79,510, of which 79,510 trainable"));
        spk_end_step(ctx); /* with which the text goes */
        //! [spk_summary]
    }
    {
        //! [spk_summary_options]
        spk_summary_opts options = spk_summary_options(); /* for callers that fill the struct themselves, as from C++ */
        options.T = 4;
        CHECK(*spk_summary_with(net, SPK_SHAPE(1, 784), options));
        //! [spk_summary_options]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
