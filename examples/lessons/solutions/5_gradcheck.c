/*
 * Lesson 5, exercise 3: spk_gradcheck on a smooth neuron with soft reset, then with a detached reset, whose gradient it must refuse.
 *
 *     build/release/examples/lessons/solutions/5_gradcheck
 */
#include <spiketape.h>
#include <stdio.h>

enum { T = 6 };

/* The sum of what a neuron gives over T steps; `user` is the neuron, the one input its currents. */
static spk_tensor *outputs(void *user, spk_tensor *const *inputs) {
    spk_tensor *y = spk_sum(spk_call(user, inputs[0]));
    spk_reset(user);
    return y;
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    const spk_surrogate smooth = spk_surrogate_sigmoid(.alpha = 4, .spiking = false);
    static const spk_real currents[T] = {1.5, 0.75, 2.25, 0.375, 1.5, 1.5};
    spk_tensor *x = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(T, 1), currents), true);
    for (int detached = 0; detached < 2; detached++) {
        spk_module *lif = spk_lif(ctx, .tau = 2, .v_reset = SPK_NONE, .detach_reset = detached, .surrogate_function = smooth,
                                  .parallel_optim = true, .T = T);
        const spk_gradcheck_report r = spk_gradcheck(outputs, 1, &x, .user = lif);
        printf("detach_reset %d: %s\n", detached, r.passed ? "passed" : "refused");
        if (!r.passed) printf("the worst at step %d: adjoint %.4f, difference %.4f\n", (int)r.element, r.analytic, r.numeric);
    }
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
