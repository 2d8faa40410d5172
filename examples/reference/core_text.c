#include "reference.h"
#include <spiketape.h>
#include <string.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    {
        //! [spk_text_add]
        spk_text text = {.ctx = ctx};
        for (int layer = 0; layer < 3; layer++) spk_text_add(&text, "layer %d; ", layer);
        CHECK(strcmp(text.data, "layer 0; layer 1; layer 2; ") == 0);
        spk_text_free(&text);
        //! [spk_text_add]
    }
    {
        //! [spk_text_add_number]
        spk_text text = {.ctx = ctx};
        spk_text_add_number(&text, 0.5);
        spk_text_add(&text, " ");
        spk_text_add_number(&text, 1.0 / 3); /* as many digits as give the same number back */
        CHECK(strcmp(text.data, "0.5 0.3333333333333333") == 0);
        spk_text_free(&text);
        //! [spk_text_add_number]
    }
    {
        //! [spk_text_free]
        spk_text text = {.ctx = ctx};
        spk_text_add(&text, "tau=%g", 2.0);
        spk_text_free(&text); /* empty, and may be added to again */
        CHECK(!text.data && text.length == 0);
        //! [spk_text_free]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
