#include "reference.h"
#include <math.h>
#include <spiketape.h>
#include <string.h>

static void gradients(spk_ctx *ctx) {
    {
        //! [spk_set_requires_grad]
        spk_tensor *x = spk_set_requires_grad(spk_scalar(ctx, 3), true);
        spk_backward(spk_multiply(x, x));
        CHECK(spk_item(spk_grad(x)) == 6); /* d(x^2)/dx = 2 x */
        //! [spk_set_requires_grad]
    }
    {
        //! [spk_requires_grad]
        spk_tensor *x = spk_scalar(ctx, 3), *w = spk_set_requires_grad(spk_scalar(ctx, 2), true);
        CHECK(!spk_requires_grad(x) && spk_requires_grad(w));
        CHECK(spk_requires_grad(spk_multiply(w, x))); /* computed from one that does */
        //! [spk_requires_grad]
    }
    {
        //! [spk_backward]
        spk_tensor *w = spk_set_requires_grad(spk_scalar(ctx, 2), true);
        spk_backward(spk_exp(w));
        spk_backward(spk_scale(w, 3)); /* gradients add up until spk_zero_grad or spk_clear_grad */
        CHECK(fabs(spk_item(spk_grad(w)) - (exp(2) + 3)) < 1e-5);
        //! [spk_backward]
    }
    {
        //! [spk_backward_options]
        spk_tensor *w = spk_set_requires_grad(spk_scalar(ctx, 2), true);
        spk_backward_opts options = spk_backward_options(); /* from C++, or where options come from elsewhere */
        options.gradient = spk_scalar(ctx, 10);
        CHECK(spk_backward_with(spk_multiply(w, w), options) && spk_item(spk_grad(w)) == 40);
        //! [spk_backward_options]
    }
    {
        //! [spk_grad]
        spk_tensor *x = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(2), (const spk_real[]){1, 5}), true);
        CHECK(!spk_grad(x)); /* none yet */
        spk_backward(spk_sum(spk_multiply(x, x)));
        CHECK(spk_data(spk_grad(x))[0] == 2 && spk_data(spk_grad(x))[1] == 10);
        //! [spk_grad]
    }
    {
        //! [spk_clear_grad]
        spk_tensor *x = spk_set_requires_grad(spk_scalar(ctx, 3), true);
        spk_backward(spk_scale(x, 2));
        spk_clear_grad(x); /* for all parameters of a net: spk_zero_grad */
        CHECK(!spk_grad(x));
        //! [spk_clear_grad]
    }
    {
        //! [spk_retain_grad]
        spk_tensor *x = spk_set_requires_grad(spk_scalar(ctx, 3), true);
        spk_tensor *y = spk_retain_grad(spk_multiply(x, x)); /* an op's result, whose gradient is otherwise not kept */
        spk_backward(spk_scale(y, 5));
        CHECK(spk_item(spk_grad(y)) == 5 && spk_item(spk_grad(x)) == 30);
        //! [spk_retain_grad]
    }
    {
        //! [spk_tensor_detach]
        spk_tensor *x = spk_set_requires_grad(spk_scalar(ctx, 3), true);
        spk_backward(spk_multiply(x, spk_tensor_detach(x))); /* the second factor counts as a constant */
        CHECK(spk_item(spk_grad(x)) == 3);
        //! [spk_tensor_detach]
    }
}

/* Halves a gradient on its way back. */
static void halve(spk_tensor *x, int64_t n, spk_real *gradient, void *calls) {
    for (int64_t i = 0; i < n; i++) gradient[i] /= 2;
    ++*(int *)calls;
    (void)x;
}

static void switches(spk_ctx *ctx) {
    {
        //! [spk_set_grad_enabled]
        spk_tensor *w = spk_set_requires_grad(spk_scalar(ctx, 2), true);
        const bool before = spk_set_grad_enabled(ctx, false); /* or a block: SPK_NO_GRAD(ctx) { ... } */
        CHECK(!spk_requires_grad(spk_exp(w)));                /* nothing is recorded */
        spk_set_grad_enabled(ctx, before);
        CHECK(spk_requires_grad(spk_exp(w)));
        //! [spk_set_grad_enabled]
    }
    {
        //! [spk_grad_enabled]
        CHECK(spk_grad_enabled(ctx));
        SPK_NO_GRAD(ctx) CHECK(!spk_grad_enabled(ctx));
        //! [spk_grad_enabled]
    }
    {
        //! [spk_add_grad_hook]
        /* static void halve(spk_tensor *x, int64_t n, spk_real *gradient, void *calls) halves n numbers and counts its calls */
        int calls = 0;
        spk_tensor *x = spk_set_requires_grad(spk_scalar(ctx, 3), true);
        spk_add_grad_hook(x, halve, &calls);
        spk_backward(spk_multiply(x, x));
        CHECK(calls == 1 && spk_item(spk_grad(x)) == 3);
        //! [spk_add_grad_hook]
    }
    {
        //! [spk_detect_anomaly]
        spk_detect_anomaly(ctx, true);
        spk_log(spk_full(ctx, SPK_SHAPE(3), -1)); /* NaN: the error names the op, the place and what to try */
        CHECK(spk_failed(ctx) && strstr(spk_error(ctx), "log"));
        spk_clear_error(ctx);
        spk_detect_anomaly(ctx, false);
        //! [spk_detect_anomaly]
    }
    {
        //! [spk_detects_anomaly]
        CHECK(!spk_detects_anomaly(ctx)); /* off by default: it costs a pass over every result and gradient */
        //! [spk_detects_anomaly]
    }
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    gradients(ctx);
    switches(ctx);
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
