/* The tape: fan-out, accumulation, hooks, retained gradients, backward again. */
#include "../core/support.h"

/* Reading fan-out: each function of one leaf x of shape [3] and its gradient of sum(f(x)) at x = (1, 2, -3).
 */
typedef struct fan_out {
    const char *name;
    spk_tensor *(*function)(spk_tensor *x);
    double gradient[3];
} fan_out;

#define OF_X(name, expression) \
    static spk_tensor *name(spk_tensor *x) { return expression; }
OF_X(add_itself, spk_add(x, x))
OF_X(subtract_itself, spk_subtract(x, x))
OF_X(multiply_itself, spk_multiply(x, x))
OF_X(divide_itself, spk_divide(x, x))
OF_X(mse_itself, spk_mse(x, x))
OF_X(where_itself, spk_where(x, x, x))
OF_X(concat_twice, spk_concat(((spk_tensor *[]){x, x}), 2, 0))
OF_X(concat_around,
     spk_multiply(spk_concat(((spk_tensor *[]){x, spk_scale(x, 2), x}), 3, 0), spk_concat(((spk_tensor *[]){x, x, x}), 3, 0)))
OF_X(stack_twice, spk_stack(((spk_tensor *[]){x, x}), 2, 1))
OF_X(three_ops, spk_add(spk_add(spk_scale(x, 2), spk_negate(x)), spk_multiply(x, x)))
OF_X(result_shared, spk_multiply(spk_scale(x, 2), spk_add(spk_scale(x, 2), x)))
OF_X(chain_of_views, spk_add(spk_reshape(spk_reshape(x, SPK_SHAPE(3, 1)), SPK_SHAPE(3)), x))
OF_X(slices, spk_add(spk_slice(x, 0, 2), spk_slice(x, 1, 3)))
OF_X(slice_and_whole, spk_add(spk_sum(spk_slice(x, 0, 1)), spk_sum(spk_multiply(x, x))))
OF_X(whole_and_slice, spk_add(spk_sum(spk_multiply(x, x)), spk_sum(spk_slice(x, 0, 1))))

static spk_tensor *diamond(spk_tensor *x) {
    spk_tensor *y = spk_scale(x, 3);
    return spk_add(spk_multiply(y, y), spk_subtract(y, spk_scale(y, 2)));
}
static spk_tensor *passed_on(spk_tensor *x) { /* a gradient that views hand over while another op adds to it */
    spk_tensor *y = spk_scale(x, 3), *view = spk_reshape(y, SPK_SHAPE(1, 3));
    return spk_add(spk_sum(spk_multiply(view, view)), spk_sum(y));
}
static spk_tensor *repeated_twice(spk_tensor *x) {
    spk_tensor *r = spk_repeat_over_time(spk_reshape(x, SPK_SHAPE(1, 3)), 4);
    return spk_add(r, spk_multiply(r, r));
}
static spk_tensor *matmul_itself(spk_tensor *x) {
    spk_tensor *row = spk_reshape(x, SPK_SHAPE(1, 3));
    return spk_matmul(row, row, .transpose_b = true);
}

static const fan_out fans[] = {
    {"a + a", add_itself, {2, 2, 2}},
    {"a - a", subtract_itself, {0, 0, 0}},
    {"a a", multiply_itself, {2, 4, -6}},
    {"a / a", divide_itself, {0, 0, 0}},
    {"mse(a, a)", mse_itself, {0, 0, 0}},
    {"where(a, a, a)", where_itself, {1, 1, 1}},
    {"concat(a, a)", concat_twice, {2, 2, 2}},
    {"concat(a, 2 a, a) concat(a, a, a)", concat_around, {8, 16, -24}},
    {"stack(a, a)", stack_twice, {2, 2, 2}},
    {"2 a - a + a a", three_ops, {3, 5, -5}},
    {"2 a (2 a + a)", result_shared, {12, 24, -36}},
    {"views of a + a", chain_of_views, {2, 2, 2}},
    {"slices", slices, {1, 2, 1}},
    {"slice, then whole", slice_and_whole, {3, 4, -6}},
    {"whole, then slice", whole_and_slice, {3, 4, -6}},
    {"diamond", diamond, {15, 33, -57}},
    {"passed on by a view", passed_on, {21, 39, -51}},
    {"repeated twice", repeated_twice, {12, 20, -20}},
    {"matmul with itself", matmul_itself, {2, 4, -6}},
};
enum { FANS = sizeof fans / sizeof *fans };

static spk_tensor *leaf(spk_ctx *ctx) { return spk_set_requires_grad(VECTOR(ctx, 1, 2, -3), true); }

static void count_hook(spk_tensor *x, int64_t n, spk_real *gradient, void *user) {
    (void)x, (void)n, (void)gradient;
    ++*(int *)user;
}

Test(tape, fan_out) {
    for (int i = 0; i < FANS; i++) {
        /* As a plain leaf, as a leaf with a hook, with a gradient that is there already, and as a result. */
        for (int how = 0; how < 4; how++) {
            spk_ctx *ctx = spk_ctx_create();
            spk_tensor *x = leaf(ctx);
            int calls = 0;
            if (how == 1) spk_add_grad_hook(x, count_hook, &calls);
            if (how == 2) spk_backward(spk_sum(x));
            spk_tensor *y = fans[i].function(how == 3 ? spk_shift(x, 0) : x);
            cr_assert(spk_backward(spk_size(y) == 1 ? y : spk_sum(y)), "%s: %s", fans[i].name, spk_error(ctx));
            for (int e = 0; e < 3; e++) {
                const double got = (double)spk_data(spk_grad(x))[e], wanted = fans[i].gradient[e] + (how == 2);
                cr_assert(close_to(got, wanted, ROUNDING), "%s, way %d: gradient %d is %g, should be %g", fans[i].name, how, e, got,
                          wanted);
            }
            cr_assert(calls == (how == 1), "%s: the hook was called %d times", fans[i].name, calls);
            spk_ctx_destroy(ctx);
        }
    }
}

Test(tape, more_than_32_inputs) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *xs[100];
    for (int i = 0; i < 100; i++) xs[i] = i % 2 ? spk_scale(x, i) : x;
    cr_assert(spk_backward(spk_sum(spk_stack(xs, 100, 0))), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "stack of 100", 2550, 2550, 2550);
    spk_ctx_destroy(ctx);
}

/* An op of two inputs whose adjoint asks for the second gradient first. */
static bool same_infer(spk_record *r) { return spk_output(r, 0, spk_tensor_shape(r->in[0])); }
static void backwards_forward(spk_record *r) {
    for (int64_t i = 0; i < spk_count(r->in[0]); i++) spk_values(r->out[0])[i] = 2 * spk_values(r->in[0])[i] + 5 * spk_values(r->in[1])[i];
}
static void backwards_backward(spk_record *r) {
    spk_real *second = spk_grad_to(r, 1), *first = spk_grad_to(r, 0);
    for (int64_t i = 0; i < spk_count(r->in[0]); i++) {
        if (second) second[i] = 5 * spk_grad_of(r, 0)[i];
        if (first) first[i] = 2 * spk_grad_of(r, 0)[i];
    }
}
static const spk_op backwards_op = {.name = "backwards", .infer = same_infer, .forward = backwards_forward, .backward = backwards_backward};

/* The same, adding instead of assigning. */
static void adding_backward(spk_record *r) {
    for (int k = 0; k < 2; k++) {
        spk_real *to = spk_grad_add_to(r, k);
        for (int64_t i = 0; to && i < spk_count(r->in[0]); i++) to[i] += (spk_real)(k ? 5 : 2) * spk_grad_of(r, 0)[i];
    }
}
static const spk_op adding_op = {.name = "adding", .infer = same_infer, .forward = backwards_forward, .backward = adding_backward};

Test(tape, one_leaf_twice_in_a_users_op) {
    const spk_op *ops[] = {&backwards_op, &adding_op};
    for (int k = 0; k < 2; k++) {
        for (int how = 0; how < 3; how++) {
            spk_ctx *ctx = spk_ctx_create();
            spk_tensor *x = leaf(ctx), *at = how == 2 ? spk_shift(x, 0) : x;
            if (how == 1) spk_backward(spk_sum(x));
            cr_assert(spk_backward(spk_sum(spk_apply(ops[k], NULL, at, at))), "%s", spk_error(ctx));
            const spk_real wanted = (spk_real)(7 + (how == 1));
            assert_near(3, spk_data(spk_grad(x)), (spk_real[]){wanted, wanted, wanted}, 0, ops[k]->name);
            spk_ctx_destroy(ctx);
        }
    }
}

Test(tape, accumulation) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx);
    cr_assert(!spk_grad(x), "a gradient before any backward");
    cr_assert(spk_backward(spk_sum(spk_multiply(x, x))), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "first", 2, 4, -6);
    cr_assert(spk_backward(spk_sum(spk_scale(x, 10))), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "sum of two backwards", 12, 14, 4);
    spk_end_step(ctx);
    assert_values(spk_grad(x), "a leaf's gradient outlives the step", 12, 14, 4);
    spk_clear_grad(x);
    cr_assert(!spk_grad(x), "a cleared gradient is still there");
    cr_assert(spk_backward(spk_sum(x)), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "after clearing", 1, 1, 1);
    spk_clear_grad(NULL);
    cr_assert(!spk_grad(NULL), "a gradient of NULL");
    spk_ctx_destroy(ctx);
}

Test(tape, given_gradient) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *g = VECTOR(ctx, 1, 10, 100);
    cr_assert(spk_backward(spk_multiply(x, x), .gradient = g), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "dense", 2, 40, -600);
    spk_clear_grad(x);
    spk_tensor *repeated = spk_repeat_over_time(spk_reshape(x, SPK_SHAPE(1, 3)), 2);
    spk_tensor *steps = spk_tensor_from(ctx, SPK_SHAPE(2, 3), (spk_real[]){1, 2, 3, 10, 20, 30});
    cr_assert(spk_backward(repeated, .gradient = steps), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "repeated", 11, 22, 33);
    spk_clear_grad(x);
    cr_assert(!spk_backward(spk_multiply(x, x), .gradient = steps), "a gradient of another shape");
    assert_error(ctx, "a gradient of another shape", "[2, 3]", "[3]");
    cr_assert(!spk_grad(x), "a failed backward gave a gradient");
    spk_ctx *other = spk_ctx_create();
    cr_assert(!spk_backward(spk_multiply(x, x), .gradient = VECTOR(other, 1, 2, 3)), "a gradient of another context");
    assert_error(ctx, "a gradient of another context", "spk_backward", "another context");
    spk_ctx_destroy(other);
    spk_ctx_destroy(ctx);
}

Test(tape, backward_of_a_leaf) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_set_requires_grad(spk_scalar(ctx, 3), true);
    cr_assert(spk_backward(x), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "of a leaf", 1);
    int calls = 0;
    spk_add_grad_hook(x, count_hook, &calls);
    cr_assert(spk_backward(x), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "of a leaf with a hook", 2);
    cr_assert(calls == 1, "the hook was called %d times", calls);
    spk_ctx_destroy(ctx);
}

Test(tape, errors_of_use) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *constant = VECTOR(ctx, 1, 2, 3);
    cr_assert(!spk_backward(spk_exp(x)), "not a scalar");
    assert_error(ctx, "not a scalar", "[3]", ".gradient");
    cr_assert(!spk_backward(spk_sum(constant)), "no graph");
    assert_error(ctx, "no graph", "sum", "requires a gradient");
    cr_assert(!spk_backward(NULL), "backward of NULL");
    cr_assert(!spk_grad(x), "a failed backward gave a gradient");
    assert_inert(spk_set_requires_grad(NULL, true), "requires_grad of NULL");
    spk_set_requires_grad(spk_exp(constant), true);
    assert_error(ctx, "requires_grad of a result", "exp", "spk_keep");
    spk_retain_grad(spk_exp(constant));
    assert_error(ctx, "retain_grad of a constant", "exp", "spk_retain_grad");
    spk_add_grad_hook(constant, count_hook, NULL);
    assert_error(ctx, "hook on a constant", "spk_add_grad_hook", "require");
    spk_add_grad_hook(x, NULL, NULL);
    assert_error(ctx, "hook of NULL", "spk_add_grad_hook", "NULL");
    spk_ctx_destroy(ctx);
}

Test(tape, backward_twice) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *w = leaf(ctx), *middle = spk_multiply(x, x), *y = spk_sum(middle);
    cr_assert(spk_backward(y), "%s", spk_error(ctx));
    /* A new result on top of consumed records: refused as a whole, w's gradient does not change either. */
    cr_assert(!spk_backward(spk_sum(spk_add(middle, spk_exp(w)))), "over consumed records");
    cr_assert(strstr(spk_error(ctx), "multiply") && strstr(spk_error(ctx), ".retain") && strstr(spk_error(ctx), "detach"), "%s",
              spk_error(ctx));
    cr_assert(!spk_grad(w), "w has a gradient");
    assert_near(3, spk_data(spk_grad(x)), spk_data(spk_grad(x)), 0, "x");
    spk_clear_error(ctx);
    assert_values(spk_grad(x), "x's gradient is that of the first backward", 2, 4, -6);

    y = spk_sum(spk_multiply(x, x));
    cr_assert(spk_backward(y), "%s", spk_error(ctx));
    cr_assert(!spk_backward(y), "the same result twice");
    assert_error(ctx, "the same result twice", "sum", ".retain");
    assert_values(spk_grad(x), "unchanged", 4, 8, -12);
    spk_ctx_destroy(ctx);
}

Test(tape, retain) {
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    spk_tensor *x = parameter(ctx, SPK_SHAPE(4, 3)), *w = parameter(ctx, SPK_SHAPE(3, 2));
    /* Ops that save: a mask, statistics, outputs, places of maxima, views. */
    spk_tensor *y = spk_dropout(spk_batch_norm(spk_linear(x, w, NULL), NULL, NULL), .p = 0.3);
    y = spk_sum(spk_max(spk_softmax(spk_reshape(y, SPK_SHAPE(2, 4))), .axes = SPK_AXES(1)));
    cr_assert(spk_backward(y, .retain = true), "%s", spk_error(ctx));
    spk_tensor *first_x = spk_keep(spk_grad(x)), *first_w = spk_keep(spk_grad(w));
    cr_assert(spk_backward(y, .retain = true), "%s", spk_error(ctx));
    assert_same(spk_grad(x), spk_scale(first_x, 2), 0, "twice x");
    assert_same(spk_grad(w), spk_scale(first_w, 2), 0, "twice w");
    cr_assert(spk_backward(y), "%s", spk_error(ctx));
    assert_same(spk_grad(x), spk_scale(first_x, 3), ROUNDING, "three times x");
    cr_assert(!spk_backward(y), "the last one consumed");
    assert_error(ctx, "consumed", "backward", ".retain");
    spk_ctx_destroy(ctx);
}

Test(tape, retain_grad) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *y = spk_scale(x, 2), *plain = spk_scale(y, 1), *view = spk_reshape(plain, SPK_SHAPE(3, 1));
    spk_retain_grad(y), spk_retain_grad(view);
    spk_tensor *loss = spk_sum(spk_multiply(view, view));
    cr_assert(!spk_grad(y), "before backward");
    cr_assert(spk_backward(loss, .retain = true), "%s", spk_error(ctx));
    assert_values(spk_grad(y), "y", 4, 8, -12);
    assert_same(spk_grad(view), spk_tensor_from(ctx, SPK_SHAPE(3, 1), (spk_real[]){4, 8, -12}), 0, "view");
    cr_assert(!spk_grad(plain), "a result without spk_retain_grad keeps its gradient");
    cr_assert(spk_backward(loss), "%s", spk_error(ctx));
    assert_values(spk_grad(y), "that of the last backward, not the sum", 4, 8, -12);
    assert_values(spk_grad(x), "the leaf's is the sum", 16, 32, -48);
    spk_end_step(ctx);
    cr_assert(!spk_grad(y), "after the step");

    /* The gradient has the tensor's shape also where a view's adjoint hands it over. */
    spk_tensor *base = spk_retain_grad(spk_scale(x, 2)),
               *repeated = spk_retain_grad(spk_repeat_over_time(spk_reshape(base, SPK_SHAPE(1, 3)), 4));
    cr_assert(spk_backward(spk_sum(repeated)), "%s", spk_error(ctx));
    assert_same(spk_grad(repeated), spk_tensor_from(ctx, SPK_SHAPE(1, 3), (spk_real[]){4, 4, 4}), 0, "repeated: summed over its repeats");
    assert_same(spk_grad(base), VECTOR(ctx, 4, 4, 4), 0, "base of a view");
    spk_ctx_destroy(ctx);
}

Test(tape, detach_no_grad_freeze) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *y = spk_scale(x, 2), *cut = spk_tensor_detach(y);
    cr_assert(spk_data(cut) == spk_data(y), "detach copies");
    cr_assert(spk_backward(spk_sum(spk_multiply(cut, y))), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "only through y", 4, 8, -12);
    spk_clear_grad(x);

    spk_tensor *inside = NULL;
    SPK_NO_GRAD(ctx) {
        cr_assert(!spk_grad_enabled(ctx), "enabled inside");
        SPK_NO_GRAD(ctx) { inside = spk_scale(x, 2); }
        cr_assert(!spk_grad_enabled(ctx), "enabled after an inner block");
    }
    cr_assert(spk_grad_enabled(ctx), "disabled after");
    cr_assert(!spk_requires_grad(inside), "recorded");
    cr_assert(!spk_backward(spk_sum(inside)), "backward without a graph");
    assert_error(ctx, "no grad", "sum", "requires a gradient");

    /* An error inside of the block must not leave recording switched off. */
    SPK_NO_GRAD(ctx) { spk_add(x, VECTOR(ctx, 1, 2)); }
    assert_error(ctx, "error in SPK_NO_GRAD", "add", "[3]");
    cr_assert(spk_grad_enabled(ctx), "recording stays off after an error in SPK_NO_GRAD");

    spk_tensor *w = leaf(ctx);
    spk_set_requires_grad(x, false);
    y = spk_multiply(x, w);
    cr_assert(spk_backward(spk_sum(y)), "%s", spk_error(ctx));
    cr_assert(!spk_grad(x), "a frozen leaf got a gradient");
    assert_values(spk_grad(w), "the other", 1, 2, -3);
    spk_set_requires_grad(w, false);
    cr_assert(!spk_requires_grad(spk_multiply(x, w)), "all frozen");
    cr_assert(spk_grad_enabled(ctx) && spk_set_grad_enabled(NULL, false) && !spk_grad_enabled(NULL), "NULL context");
    spk_ctx_destroy(ctx);
}

typedef struct seen {
    int calls;
    int64_t n;
    spk_tensor *x;
    spk_real gradient[8];
} seen;

static void doubling_hook(spk_tensor *x, int64_t n, spk_real *gradient, void *user) {
    seen *s = user;
    s->calls++, s->n = n, s->x = x;
    for (int64_t i = 0; i < n; i++) {
        if (i < 8) s->gradient[i] = gradient[i];
        gradient[i] *= 2;
    }
}

Test(tape, hooks) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx);
    seen on_x = {0}, on_y = {0}, on_repeated = {0};
    spk_add_grad_hook(x, doubling_hook, &on_x);
    spk_tensor *y = spk_scale(x, 3);
    spk_add_grad_hook(y, doubling_hook, &on_y);
    /* y is used twice, x too: the hooks see whole gradients, once. */
    cr_assert(spk_backward(spk_sum(spk_add(spk_add(spk_scale(y, 2), spk_scale(y, 5)), x))), "%s", spk_error(ctx));
    cr_assert(on_y.calls == 1 && on_y.n == 3 && on_y.x == y, "y: %d calls with %lld numbers", on_y.calls, (long long)on_y.n);
    assert_near(3, on_y.gradient, (spk_real[]){7, 7, 7}, 0, "y's hook");
    cr_assert(on_x.calls == 1 && on_x.n == 3 && on_x.x == x, "x: %d calls with %lld numbers", on_x.calls, (long long)on_x.n);
    assert_near(3, on_x.gradient, (spk_real[]){43, 43, 43}, 0, "x's hook sees y's doubled gradient");
    assert_values(spk_grad(x), "x's own gradient, doubled by its hook", 86, 86, 86);

    /* The hook of a leaf stays; it sees what one backward brings, not the sum. */
    spk_end_step(ctx);
    cr_assert(spk_backward(spk_sum(x)), "%s", spk_error(ctx));
    cr_assert(on_x.calls == 2 && on_y.calls == 1, "second step: %d and %d calls", on_x.calls, on_y.calls);
    assert_near(3, on_x.gradient, (spk_real[]){1, 1, 1}, 0, "second step");
    assert_values(spk_grad(x), "accumulated", 88, 88, 88);

    /* A hook on a repeated result sees the gradient summed over the repeats; a detached use does not count.
     */
    spk_clear_grad(x);
    spk_tensor *repeated = spk_repeat_over_time(spk_reshape(x, SPK_SHAPE(1, 3)), 4);
    spk_add_grad_hook(repeated, doubling_hook, &on_repeated);
    cr_assert(spk_backward(spk_sum(spk_add(repeated, spk_tensor_detach(x)))), "%s", spk_error(ctx));
    cr_assert(on_repeated.calls == 1 && on_repeated.n == 3, "repeated: %d calls, %lld", on_repeated.calls, (long long)on_repeated.n);
    assert_near(3, on_repeated.gradient, (spk_real[]){4, 4, 4}, 0, "repeated");
    assert_values(spk_grad(x), "through both hooks", 16, 16, 16);

    /* A hook that is not reached is not called; one on a freed leaf is gone. */
    spk_tensor *unused = leaf(ctx);
    seen none = {0};
    spk_add_grad_hook(unused, doubling_hook, &none);
    spk_tensor *dead_end = spk_scale(unused, 2);
    cr_assert(spk_requires_grad(dead_end) && spk_backward(spk_sum(x)), "%s", spk_error(ctx));
    cr_assert(none.calls == 0 && !spk_grad(unused), "an unreached leaf's hook was called");
    spk_tensor_destroy(unused);
    spk_ctx_destroy(ctx);
}

/* An op whose adjoint fails. */
static void copy_forward(spk_record *r) {
    memcpy(spk_values(r->out[0]), spk_values(r->in[0]), (size_t)spk_count(r->in[0]) * sizeof(spk_real));
}
static void failing_backward(spk_record *r) { spk_op_fail(r, "on purpose"); }
static const spk_op failing_op = {.name = "failing", .infer = same_infer, .forward = copy_forward, .backward = failing_backward};

Test(tape, failing_adjoint) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *w = leaf(ctx);
    seen on_x = {0};
    spk_add_grad_hook(x, doubling_hook, &on_x);
    spk_tensor *broken = spk_apply(&failing_op, NULL, w);
    cr_assert(!spk_backward(spk_sum(spk_add(spk_scale(x, 3), broken))), "backward went through");
    assert_error(ctx, "failing adjoint", "failing", "on purpose");
    cr_assert(on_x.calls == 0 && !spk_grad(x) && !spk_grad(w), "gradients after a failed backward");
    /* What had arrived at x is forgotten, also by a backward that does not reach x. */
    spk_tensor *unreached = spk_scale(x, 2);
    cr_assert(spk_requires_grad(unreached) && spk_backward(spk_sum(spk_scale(w, 2))), "%s", spk_error(ctx));
    cr_assert(!spk_grad(x) && on_x.calls == 0, "x got a gradient of the failed backward");
    cr_assert(spk_backward(spk_sum(spk_scale(x, 2))), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "x", 4, 4, 4);
    assert_values(spk_grad(w), "w", 2, 2, 2);
    spk_ctx_destroy(ctx);
}
