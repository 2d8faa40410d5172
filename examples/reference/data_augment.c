#include "reference.h"
#include <spiketape.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    /* One picture of 3 x 3 with a dot in the middle of its top row. */
    spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(1, 3, 3), (const spk_real[]){0, 1, 0, 0, 0, 0, 0, 0, 0});
    {
        //! [spk_affine]
        spk_tensor *turned = spk_affine(x, .rotation = 90); /* a dot at the top of 3 x 3 pixels goes to the right */
        CHECK(spk_data(turned)[3 * 1 + 2] > 0.999 && spk_data(turned)[1] < 0.001);
        //! [spk_affine]
    }
    {
        //! [spk_affine_options]
        spk_affine_opts options = spk_affine_options();
        options.shift_y = 1.0 / 3; /* of the height: down by one pixel of three */
        CHECK(spk_data(spk_affine_with(x, options))[3 * 1 + 1] > 0.999);
        //! [spk_affine_options]
    }
    {
        //! [spk_affine_augment]
        spk_tensor *batch = spk_full(ctx, SPK_SHAPE(128, 28, 28), 0.5);
        spk_tensor *varied = spk_affine_augment(batch, .rotation = 10, .shift = 0.07); /* each picture in a way of its own */
        CHECK(spk_shape_equal(spk_tensor_shape(varied), SPK_SHAPE(128, 28, 28)));
        //! [spk_affine_augment]
    }
    {
        //! [spk_affine_augment_options]
        spk_affine_augment_opts options = spk_affine_augment_options();
        options.min_scale = options.max_scale = 1; /* no scaling */
        CHECK(spk_size(spk_affine_augment_with(x, options)) == 9);
        //! [spk_affine_augment_options]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
