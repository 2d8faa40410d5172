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

static bool gradients_of_scalars_are_right(spk_ctx *ctx) {
    double factor = 1;
    spk_tensor *inputs[] = {spk_set_requires_grad(spk_scalar(ctx, 0.5), true), spk_set_requires_grad(spk_scalar(ctx, 2), true)};
    //! [spk_gradcheck_options]
    spk_gradcheck_opts options = spk_gradcheck_options(); /* from C++, or where options come from elsewhere */
    options.user = &factor, options.tolerance = 1e-8;
    return spk_gradcheck_with(energy, 2, inputs, options).passed;
    //! [spk_gradcheck_options]
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    CHECK(gradients_of_energy_are_right(ctx));
    CHECK(gradients_of_scalars_are_right(ctx));
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
