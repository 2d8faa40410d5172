#include "mnist_options.h"
#include <stdio.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>
#pragma GCC diagnostic pop

static bool predict_one(spk_ctx *ctx, spk_module *net, const options *o, const char *path) {
    int width, height, channels;
    unsigned char *grey = stbi_load(path, &width, &height, &channels, 1);
    if (!grey) {
        fprintf(stderr, "mnist: %s: %s\n", path, stbi_failure_reason());
        return false;
    }
    spk_real digit[SPK_DIGIT_SIZE];
    const bool prepared = spk_digit_prepare(ctx, width, height, grey, digit);
    stbi_image_free(grey);
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
