#include "reference.h"
#include <spiketape.h>

//! [spk_gradcheck]
static spk_tensor *energy(void *factor, spk_tensor *const *in) {
    return spk_scale(spk_tanh(spk_multiply(in[0], in[1])), *(double *)factor);
}

static bool gradients_of_energy_are_right(spk_ctx *ctx) {
    double factor = 3;
    spk_tensor *inputs[] = {spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(2), (const spk_real[]){0.5, -1}), true),
                            spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(2), (const spk_real[]){2, 0.125}), true)};
    return spk_gradcheck(energy, 2, inputs, .user = &factor).passed; /* in the library of double */
}
//! [spk_gradcheck]

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    CHECK(gradients_of_energy_are_right(ctx));
    {
        //! [spk_gradcheck_options]
        spk_gradcheck_opts options = spk_gradcheck_options();
        double factor = 2;
        options.user = &factor, options.tolerance = 1e-6;
        spk_tensor *x = spk_set_requires_grad(spk_scalar(ctx, 0.5), true); /* energy is factor tanh(in[0] in[1]) */
        CHECK(spk_gradcheck_with(energy, 2, (spk_tensor *[]){x, x}, options).passed);
        //! [spk_gradcheck_options]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
