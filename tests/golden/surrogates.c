/* Surrogates: the derivative and its integral. */
#include "golden.h"

/* By the functions of the surrogate. */
static void by_function(golden_case *c, spk_surrogate surrogate, spk_tensor *x) {
    if (spk_failed(c->ctx)) return;
    spk_tensor *y = spk_tensor_create(c->ctx, spk_tensor_shape(x));
    surrogate.grad(&surrogate, spk_size(x), spk_data(x), spk_data_mut(y));
    golden_compare_tensor(c, "function", "g", y, GOLDEN_TOLERANCE);
    if (!golden_has_array(c, "primitive")) return;
    surrogate.primitive(&surrogate, spk_size(x), spk_data(x), spk_data_mut(y));
    golden_compare_tensor(c, "function", "primitive", y, GOLDEN_TOLERANCE);
}

/* By heaviside and its backward. */
static void by_heaviside(golden_case *c, spk_surrogate surrogate, spk_tensor *x) {
    const char *path = surrogate.spiking ? "heaviside" : "heaviside, not spiking";
    spk_tensor *y = spk_heaviside(x, surrogate);
    spk_backward(spk_sum(y));
    golden_compare_tensor(c, path, "g", spk_grad(x), GOLDEN_TOLERANCE);
    if (!surrogate.spiking && golden_has_array(c, "primitive")) golden_compare_tensor(c, path, "primitive", y, GOLDEN_TOLERANCE);
    spk_clear_grad(x);
    spk_end_step(c->ctx);
}

void golden_run_surrogate(golden_case *c) {
    spk_surrogate surrogate = golden_surrogate(c);
    spk_tensor *x = golden_leaf(c, "x", golden_shape(c, "x", 0, SPK_MAX_AXES));
    by_function(c, surrogate, x);
    by_heaviside(c, surrogate, x);
    surrogate.spiking = false;
    by_heaviside(c, surrogate, x);
}
