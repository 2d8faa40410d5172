#include "options.h"
#include <stdio.h>

static bool predict_one(spk_ctx *ctx, spk_module *net, const options *o, const char *path) {
    spk_image picture;
    if (!spk_image_read(ctx, path, &picture)) return false;
    spk_real digit[SPK_DIGIT_SIZE];
    const bool prepared = spk_digit_prepare(ctx, picture.width, picture.height, picture.pixels, digit);
    spk_release(ctx, picture.pixels);
    if (!prepared) return false;

    spk_tensor *y = scores(net, spk_step_from(ctx, SPK_SHAPE(1, SPK_DIGIT_SIZE), digit), o);
    if (!reads_spikes(o)) y = spk_softmax(y); /* currents as probabilities */
    if (spk_failed(ctx)) return false;
    const spk_real *score = spk_data(y);
    int best = 0;
    for (int i = 1; i < 10; i++)
        if (score[i] > score[best]) best = i;
    printf("%s: %d  (", path, best);
    for (int i = 0; i < 10; i++) printf("%s%d: %.2f", i ? ", " : "", i, (double)score[i]);
    printf(")\n");
    return true;
}

bool predict(spk_ctx *ctx, spk_module *net, const options *o) {
    bool all = true;
    spk_eval(net);
    SPK_NO_GRAD(ctx) {
        for (int i = 0; i < o->n_images && !spk_failed(ctx); i++) {
            all = predict_one(ctx, net, o, o->images[i]) && all;
            spk_reset(net);
            spk_end_step(ctx);
        }
    }
    return all;
}
