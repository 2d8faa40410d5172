#include "reference.h"
#include <spiketape.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
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
