#include "reference.h"
#include <spiketape.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    {
        //! [spk_random_uniform]
        spk_real x[100];
        spk_random_uniform(ctx, 100, -1, 1, x);
        for (int i = 0; i < 100; i++) CHECK(-1 <= x[i] && x[i] < 1);
        //! [spk_random_uniform]
    }
    {
        //! [spk_random_normal]
        spk_real x[1000], sum = 0;
        spk_random_normal(ctx, 1000, 5, 0.1, x); /* mean 5, standard deviation 0.1 */
        for (int i = 0; i < 1000; i++) sum += x[i];
        CHECK(4.9 < sum / 1000 && sum / 1000 < 5.1);
        //! [spk_random_normal]
    }
    {
        //! [spk_random_permutation]
        int64_t order[4], sum = 0;
        spk_random_permutation(ctx, 4, order); /* 0, 1, 2 and 3, each once */
        for (int i = 0; i < 4; i++) sum += order[i];
        CHECK(sum == 6);
        //! [spk_random_permutation]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
