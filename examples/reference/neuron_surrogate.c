#include "reference.h"
#include <math.h>
#include <spiketape.h>
#include <string.h>

/* A surrogate of one's own: a triangle, g(x) = max(0, 1 - |x|). */
static void triangle(const spk_surrogate *surrogate, int64_t n, const spk_real *x, spk_real *out) {
    (void)surrogate;
    for (int64_t i = 0; i < n; i++) out[i] = (spk_real)fmax(0, 1 - fabs((double)x[i]));
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    {
        //! [spk_surrogate_of]
        spk_module *lif = spk_lif(ctx, .tau = 2.0, .surrogate_function = spk_surrogate_of("atan", .alpha = 2.0));
        CHECK(strcmp(spk_as_node(lif)->surrogate_function.name, "atan") == 0);
        //! [spk_surrogate_of]
        //! [spk_surrogate_atan]
        CHECK(spk_surrogate_atan(.alpha = 2.0).alpha == 2); /* as spk_surrogate_of("atan", .alpha = 2.0) */
        //! [spk_surrogate_atan]
        //! [spk_surrogate_sigmoid]
        CHECK(spk_surrogate_sigmoid().alpha == 4); /* the default of all neurons */
        //! [spk_surrogate_sigmoid]
    }
    {
        //! [spk_surrogate_named]
        spk_surrogate_opts options = spk_surrogate_options();
        options.alpha = 3; /* as spk_surrogate_of("atan", .alpha = 3), for a name from a command line, say */
        const spk_surrogate atan3 = spk_surrogate_named("atan", options);
        CHECK(atan3.grad && spk_surrogate_of("atan", .alpha = 3).alpha == 3);
        CHECK(!spk_surrogate_of("no such name").grad); /* invalid: neurons refuse it with an error */
        //! [spk_surrogate_named]
    }
    {
        //! [spk_surrogate_options]
        const spk_surrogate_opts options = spk_surrogate_options();
        CHECK(spk_is_none(options.alpha) && options.spiking); /* the surrogate's own default, and a step forward */
        CHECK(spk_surrogate_named("fast_sigmoid", options).alpha == 25);
        //! [spk_surrogate_options]
    }
    {
        //! [spk_surrogate_name]
        for (int i = 0; spk_surrogate_name(i); i++) printf("%s\n", spk_surrogate_name(i));
        CHECK(strcmp(spk_surrogate_name(0), "sigmoid") == 0);
        //! [spk_surrogate_name]
    }
    {
        //! [spk_surrogate_custom]
        /* static void triangle(const spk_surrogate *surrogate, int64_t n, const spk_real *x, spk_real *out): max(0, 1 - |x|) */
        const spk_surrogate surrogate = spk_surrogate_custom("triangle", triangle, NULL, NULL);
        spk_module *lif = spk_lif(ctx, .tau = 2.0, .surrogate_function = surrogate);
        spk_tensor *x = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(1), (const spk_real[]){1}), true);
        spk_backward(spk_sum(spk_call(lif, x))); /* H = 0.5: half the triangle's height, times dH/dx = 1 / tau */
        CHECK(spk_data(spk_grad(x))[0] == 0.25);
        //! [spk_surrogate_custom]
    }
    {
        //! [spk_heaviside]
        spk_tensor *x = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(2), (const spk_real[]){-0.5, 0}), true);
        spk_tensor *spikes = spk_heaviside(x, spk_surrogate_of("rect", .alpha = 2)); /* slope 2 where |x| < 0.25 */
        spk_backward(spk_sum(spikes));
        CHECK(spk_data(spikes)[0] == 0 && spk_data(spikes)[1] == 1);
        CHECK(spk_data(spk_grad(x))[0] == 0 && spk_data(spk_grad(x))[1] == 2);
        //! [spk_heaviside]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
