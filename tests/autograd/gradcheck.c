/* spk_gradcheck itself, on an op of the user's own: what it passes, what it finds, what it refuses. */
#include "../core/support.h"

/* y = x^2 / 2, made from the public interface only, with an adjoint that may be told to err. */
typedef struct half_square_attributes {
    int64_t wrong; /* the element whose adjoint has the wrong sign, or -1 */
} half_square_attributes;

static bool half_square_infer(spk_record *r) {
    if (spk_axes(r->in[0]) < 1) return spk_op_fail(r, "x is %s: a scalar", spk_shape_text(spk_tensor_shape(r->in[0])).text);
    return spk_output(r, 0, spk_tensor_shape(r->in[0]));
}
static void half_square_forward(spk_record *r) {
    const spk_real *x = spk_values(r->in[0]);
    spk_real *copy = spk_is_recorded(r) ? spk_save_for_backward(r, (size_t)spk_count(r->in[0]) * sizeof *copy) : NULL;
    for (int64_t i = 0; i < spk_count(r->in[0]); i++) {
        spk_values(r->out[0])[i] = x[i] * x[i] / 2;
        if (copy) copy[i] = x[i];
    }
}
static void half_square_backward(spk_record *r) {
    const half_square_attributes *a = r->attributes;
    const spk_real *g = spk_grad_of(r, 0), *x = r->saved;
    spk_real *to = spk_grad_to(r, 0);
    for (int64_t i = 0; to && i < spk_count(r->in[0]); i++) to[i] = (i == a->wrong ? -1 : 1) * g[i] * x[i];
}
static const spk_op half_square_op = {.name = "half_square",
                                      .attributes = sizeof(half_square_attributes),
                                      .infer = half_square_infer,
                                      .forward = half_square_forward,
                                      .backward = half_square_backward};

static spk_tensor *half_square(void *user, spk_tensor *const *x) {
    return spk_add(x[1], spk_apply(&half_square_op, (const half_square_attributes *)user, x[0]));
}

Test(gradcheck, a_users_op) {
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    spk_tensor *x = VECTOR(ctx, 1, -2, 3), *other = parameter(ctx, SPK_SHAPE(3));
    spk_set_requires_grad(x, true);
    half_square_attributes a = {-1};
    assert_values(spk_apply(&half_square_op, &a, x), "values", 0.5, 2, 4.5);
    assert_inert(spk_apply(&half_square_op, &a, spk_scalar(ctx, 1)), "a scalar");
    assert_error(ctx, "a scalar", "half_square", "[]");
    spk_tensor *repeated = spk_repeat_over_time(spk_reshape(x, SPK_SHAPE(1, 3)), 2);
    cr_assert(spk_backward(spk_sum(spk_apply(&half_square_op, &a, repeated))), "repeated: %s", spk_error(ctx));
    assert_values(spk_grad(x), "a repeated input arrives dense", 2, -4, 6);
    spk_end_step(ctx);
    const spk_gradcheck_report r = spk_gradcheck(half_square, 2, ((spk_tensor *[]){x, other}), .user = &a);
    if (sizeof(spk_real) == sizeof(double)) {
        assert_fine(ctx, "gradcheck");
        cr_assert(r.passed, "error %g at %d/%lld", r.error, r.input, (long long)r.element);
        cr_assert(!spk_grad(x), "the gradients are cleared");
        assert_values(x, "the values are restored", 1, -2, 3);
    }
    spk_ctx_destroy(ctx);
}

Test(gradcheck, reports_a_wrong_adjoint) {
    if (sizeof(spk_real) != sizeof(double)) return;
    for (int64_t wrong = 0; wrong < 5; wrong++) {
        spk_ctx *ctx = spk_ctx_create(.seed = 4);
        spk_tensor *other = parameter(ctx, SPK_SHAPE(5)), *x = spk_set_requires_grad(uniform(ctx, SPK_SHAPE(5), 1, 2), true);
        half_square_attributes a = {wrong};
        const spk_gradcheck_report r = spk_gradcheck(half_square, 2, ((spk_tensor *[]){x, other}), .user = &a);
        assert_fine(ctx, "gradcheck");
        cr_assert(!r.passed, "element %lld: the wrong sign passed", (long long)wrong);
        cr_assert(r.input == 0 && r.element == wrong, "reported input %d element %lld, should be 0 and %lld", r.input, (long long)r.element,
                  (long long)wrong);
        cr_assert(close_to(r.analytic, -r.numeric, 1e-6), "analytic %g, numeric %g", r.analytic, r.numeric);
        spk_ctx_destroy(ctx);
    }
}

Test(gradcheck, misuse) {
    if (sizeof(spk_real) != sizeof(double)) return;
    spk_ctx *ctx = spk_ctx_create(.seed = 4);
    half_square_attributes a = {-1};
    spk_tensor *x = parameter(ctx, SPK_SHAPE(3)), *result = spk_exp(x);
    cr_assert(!spk_gradcheck(half_square, 2, ((spk_tensor *[]){x, result}), .user = &a).passed, "a result as input");
    assert_error(ctx, "a result as input", "spk_gradcheck", "input 1");
    cr_assert(!spk_gradcheck(half_square, 2, ((spk_tensor *[]){x, NULL}), .user = &a).passed, "a NULL input");
    assert_error(ctx, "a NULL input", "spk_gradcheck", "NULL");
    cr_assert(!spk_gradcheck(half_square, 0, NULL, .user = &a).passed, "no inputs");
    spk_tensor *scalars[] = {spk_set_requires_grad(spk_scalar(ctx, 1), true), x};
    cr_assert(!spk_gradcheck(half_square, 2, scalars, .user = &a).passed, "a failing function");
    assert_error(ctx, "a failing function", "half_square", "scalar");
    spk_ctx_destroy(ctx);
}
