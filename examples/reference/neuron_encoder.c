#include "reference.h"
#include <math.h>
#include <spiketape.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    {
        //! [spk_constant_encode]
        spk_tensor *x_seq = spk_constant_encode(spk_full(ctx, SPK_SHAPE(32, 784), 0.5), 4);
        CHECK(spk_shape_equal(spk_tensor_shape(x_seq), SPK_SHAPE(4 * 32, 784)) && spk_data(x_seq)[0] == 0.5);
        //! [spk_constant_encode]
    }
    {
        //! [spk_poisson_encode]
        spk_tensor *spikes = spk_poisson_encode(spk_full(ctx, SPK_SHAPE(1, 100), 0.3), 100); /* 100 steps */
        CHECK(fabs(spk_item(spk_mean(spikes)) - 0.3) < 0.02);                                /* the rate is the value */
        //! [spk_poisson_encode]
    }
    {
        //! [spk_latency_encode]
        spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(1, 2), (const spk_real[]){1, 0.5});
        spk_tensor *spikes = spk_latency_encode(x, 5); /* one spike each: 1 at step 0, 0.5 at step 2 of 5 */
        CHECK(spk_data(spk_time_step(spikes, 5, 0))[0] == 1 && spk_data(spk_time_step(spikes, 5, 2))[1] == 1);
        CHECK(spk_item(spk_sum(spikes)) == 2);
        //! [spk_latency_encode]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
