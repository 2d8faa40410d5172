#include "reference.h"
#include <math.h>
#include <spiketape.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    /* T = 2 steps, N = 1 sample, 2 classes, in rows t * N + n: class 1 fires twice, class 0 once. */
    spk_tensor *spikes = spk_tensor_from(ctx, SPK_SHAPE(2, 2), (const spk_real[]){1, 1, 0, 1});
    spk_tensor *labels = spk_tensor_from(ctx, SPK_SHAPE(1), (const spk_real[]){1});
    {
        //! [spk_spike_cross_entropy]
        spk_tensor *loss = spk_spike_cross_entropy(spikes, labels, 2, 0); /* rates [[0.5, 1]], label 1, no smoothing */
        CHECK(fabs(spk_item(loss) - log(1 + exp(-0.5))) < 1e-6);
        //! [spk_spike_cross_entropy]
    }
    {
        //! [spk_membrane_cross_entropy]
        spk_tensor *v_seq = spk_full(ctx, SPK_SHAPE(2 * 8, 10), 0.3), *digits = spk_full(ctx, SPK_SHAPE(8), 7);
        spk_tensor *loss = spk_membrane_cross_entropy(v_seq, digits, 2); /* v_seq from spk_v_seq(lif) under .store_v_seq */
        CHECK(fabs(spk_item(loss) - 2 * log(10)) < 1e-5);                /* 2 steps, all 10 classes alike */
        //! [spk_membrane_cross_entropy]
    }
    {
        //! [spk_rate_mse]
        spk_tensor *loss = spk_rate_mse(spikes, labels, 2); /* rates [[0.5, 1]] against [[0, 1]] */
        CHECK(spk_item(loss) == 0.125);
        //! [spk_rate_mse]
    }
    {
        //! [spk_rate_penalty]
        spk_tensor *penalty = spk_rate_penalty(spikes, 0.1, 0.5); /* rates 0.5 and 1, the band is 0.1 to 0.5 */
        CHECK(spk_item(penalty) == 0.125);                        /* (0 + 0.5^2) / 2 */
        spk_tensor *loss = spk_add(spk_rate_mse(spikes, labels, 2), spk_scale(penalty, 0.1));
        CHECK(fabs(spk_item(loss) - 0.1375) < 1e-6);
        //! [spk_rate_penalty]
    }
    {
        //! [spk_one_hot]
        spk_tensor *rows = spk_one_hot(labels, 3); /* labels = [1] */
        CHECK(spk_data(rows)[0] == 0 && spk_data(rows)[1] == 1 && spk_data(rows)[2] == 0);
        //! [spk_one_hot]
    }
    {
        //! [spk_count_correct]
        spk_tensor *rates = spk_mean_over_time(spikes, 2); /* [[0.5, 1]], labels = [1] */
        CHECK(spk_count_correct(rates, labels) == 1);
        //! [spk_count_correct]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
