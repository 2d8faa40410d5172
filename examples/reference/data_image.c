#include "reference.h"
#include <spiketape.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    {
        //! [spk_image_read]
        spk_image image; /* PNG, JPEG, BMP, PGM or PPM; .channels = 3 for colours */
        CHECK(spk_image_read(ctx, "examples/digits/page-is-8.png", &image) && image.width == 300 && image.height == 260);
        spk_real digit[SPK_DIGIT_SIZE];
        CHECK(spk_digit_prepare(ctx, image.width, image.height, image.pixels, digit));
        spk_release(ctx, image.pixels);
        //! [spk_image_read]
    }
    {
        spk_image image;
        //! [spk_image_options]
        spk_image_opts options = spk_image_options(); /* in C++, where there are no keywords */
        options.width = options.height = 28;
        CHECK(spk_image_read_with(ctx, "examples/digits/page-is-8.png", &image, options) && image.width == 28);
        //! [spk_image_options]
        spk_release(ctx, image.pixels);
    }
    //! [spk_digit_prepare]
    uint8_t grey[60 * 40]; /* height x width: a dark stroke on white paper, from a picture's reader in practice */
    for (int i = 0; i < 60 * 40; i++) grey[i] = i % 40 >= 18 && i % 40 < 22 && i / 40 >= 10 && i / 40 < 50 ? 20 : 250;
    spk_real digit[SPK_DIGIT_SIZE];
    CHECK(spk_digit_prepare(ctx, 40, 60, grey, digit)); /* light on dark, 20 pixels high, centred in 28 x 28 */
    CHECK(digit[0] == 0 && digit[14 * SPK_DIGIT_SIDE + 14] > 0.5);
    //! [spk_digit_prepare]
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
