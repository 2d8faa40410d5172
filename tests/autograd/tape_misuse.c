/* Uses of the tape that must be refused: changed, ended, foreign and missing tensors, errors that stick; and a graph that is deep. */
#include "../core/support.h"

static spk_tensor *leaf(spk_ctx *ctx) { return spk_set_requires_grad(VECTOR(ctx, 1, 2, -3), true); }

static void no_hook(spk_tensor *x, int64_t n, spk_real *gradient, void *user) { (void)x, (void)n, (void)gradient, (void)user; }

Test(tape_misuse, versions) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *w = leaf(ctx);

    spk_tensor *y = spk_sum(spk_multiply(x, w));
    spk_data_mut(w)[0] = 7;
    cr_assert(!spk_backward(y), "multiply saved w");
    assert_error(ctx, "written input", "multiply", "input 1");
    cr_assert(!spk_grad(x) && !spk_grad(w), "gradients after a refused backward");

    y = spk_sum(spk_add(x, w));
    spk_data_mut(w)[0] = 1;
    spk_fill(x, 2);
    cr_assert(spk_backward(y), "add saves nothing: %s", spk_error(ctx));

    static const char *const writes[] = {"spk_fill", "spk_copy", "spk_fill_uniform", "spk_fill_normal"};
    for (int i = 0; i < 4; i++) {
        y = spk_sum(spk_multiply(x, w));
        if (i == 0) spk_fill(x, 1);
        if (i == 1) spk_copy(x, w);
        if (i == 2) spk_fill_uniform(x, 0, 1);
        if (i == 3) spk_fill_normal(x, 0, 1);
        cr_assert(!spk_backward(y), "%s", writes[i]);
        assert_error(ctx, writes[i], "multiply", "input 0");
    }

    /* A view shares its base's version, both ways. */
    y = spk_sum(spk_multiply(spk_slice(spk_reshape(x, SPK_SHAPE(3, 1)), 0, 2), spk_slice(spk_reshape(w, SPK_SHAPE(3, 1)), 1, 3)));
    spk_data_mut(x)[2] = 1;
    cr_assert(!spk_backward(y), "a view's base was written");
    assert_error(ctx, "view's base", "multiply", "input 0");
    spk_tensor *base = spk_scale(x, 1), *view = spk_reshape(base, SPK_SHAPE(1, 3));
    y = spk_sum(spk_multiply(base, base));
    spk_data_mut(view)[0] = 1;
    cr_assert(!spk_backward(y), "a base's view was written");
    assert_error(ctx, "base's view", "multiply", "input 0");
    y = spk_sum(spk_multiply(spk_tensor_detach(x), w));
    spk_data_mut(x)[0] = 1;
    cr_assert(!spk_backward(y), "what a detached view shows was written");
    assert_error(ctx, "detached", "multiply", "input 0");

    /* exp saves its output, not its input. */
    spk_fill(x, 0.5);
    spk_clear_grad(x);
    y = spk_exp(x);
    spk_data_mut(x)[0] = 100;
    cr_assert(spk_backward(spk_sum(y)), "exp's input was written: %s", spk_error(ctx));
    assert_near(1, spk_data(spk_grad(x)), (spk_real[]){(spk_real)exp(0.5)}, ROUNDING, "exp");
    y = spk_exp(x);
    spk_data_mut(y)[0] = 1;
    cr_assert(!spk_backward(spk_sum(y)), "exp's output was written");
    assert_error(ctx, "written output", "exp", "output 0");

    /* Reading raises no version; a write before the op does not count. */
    spk_data_mut(x)[0] = 1;
    y = spk_sum(spk_multiply(x, x));
    cr_assert(spk_data(x)[0] == 1 && spk_item(y) > 0 && spk_backward(y), "%s", spk_error(ctx));
    /* Labels are saved too. */
    spk_tensor *labels = VECTOR(ctx, 0), *loss = spk_cross_entropy(spk_reshape(x, SPK_SHAPE(1, 3)), labels);
    spk_data_mut(labels)[0] = 2;
    cr_assert(!spk_backward(loss), "labels");
    assert_error(ctx, "labels", "cross_entropy", "input 1");
    spk_ctx_destroy(ctx);
}

Test(tape_misuse, foreign_and_ended_tensors) {
    spk_ctx *ctx = spk_ctx_create(), *other = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *foreign = leaf(other);
    assert_inert(spk_add(x, foreign), "another context");
    assert_error(ctx, "another context", "add", "another context");
    cr_assert(!spk_failed(other), "the other context failed: %s", spk_error(other));
    assert_inert(spk_linear(x, spk_reshape(x, SPK_SHAPE(3, 1)), foreign), "another context, optional input");
    assert_error(ctx, "another context, optional input", "linear", "another context");

    spk_tensor *old = spk_exp(x);
    spk_end_step(ctx);
    assert_inert(spk_add(x, old), "ended step");
    cr_assert(strstr(spk_error(ctx), "spk_keep") && strstr(spk_error(ctx), "[3]"), "%s", spk_error(ctx));
    assert_error(ctx, "ended step", "add", "exp");

    spk_tensor *full = spk_full(ctx, SPK_SHAPE(2), 1), *view = spk_reshape(x, SPK_SHAPE(3, 1));
    spk_end_step(ctx);
    struct {
        const char *name;
        spk_tensor *x;
    } ended[] = {{"spk_full", full}, {"reshape", view}};
    for (int i = 0; i < 2; i++) {
        spk_data(ended[i].x);
        assert_error(ctx, "spk_data", "spk_data", ended[i].name);
        ended[i].x = spk_reshape(spk_full(ctx, SPK_SHAPE(2), 1), SPK_SHAPE(2, 1));
        spk_end_step(ctx);
        cr_assert(!spk_backward(ended[i].x), "backward of an ended step");
        assert_error(ctx, "spk_backward", "spk_backward", "reshape");
        ended[1].x = spk_reshape(x, SPK_SHAPE(3, 1));
        spk_end_step(ctx);
    }
    full = spk_full(ctx, SPK_SHAPE(2), 1);
    spk_end_step(ctx);
    cr_assert(isnan(spk_item(full)), "spk_item");
    assert_error(ctx, "spk_item", "spk_item", "spk_full");
    full = spk_full(ctx, SPK_SHAPE(2), 1);
    spk_end_step(ctx);
    assert_inert(spk_keep(full), "spk_keep");
    assert_error(ctx, "spk_keep", "spk_keep", "spk_full");
    spk_tensor *inert = spk_add(x, NULL);
    spk_clear_error(ctx);
    assert_inert(spk_exp(inert), "a kept inert tensor");
    assert_error(ctx, "a kept inert tensor", "exp", "inert");
    spk_ctx_destroy(other);
    spk_ctx_destroy(ctx);
}

static void assert_no_error(spk_tensor *result, spk_ctx *ctx, const char *call) {
    assert_inert(result, call);
    assert_fine(ctx, call);
}

/* Every op with NULL: inert, and where another input tells the context, its error. */
Test(tape_misuse, null_inputs) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *m = parameter(ctx, SPK_SHAPE(3, 3)), *with_null[] = {NULL, x}, *null_last[] = {x, NULL};
#define ONE(call) assert_no_error(call, ctx, #call)
#define TWO(name, call) assert_inert(call, #call), assert_error(ctx, #call, name, "NULL")
    ONE(spk_negate(NULL)), ONE(spk_scale(NULL, 1)), ONE(spk_shift(NULL, 1)), ONE(spk_exp(NULL)), ONE(spk_log(NULL)), ONE(spk_sqrt(NULL));
    ONE(spk_power(NULL, 1)), ONE(spk_tanh(NULL)), ONE(spk_sigmoid(NULL)), ONE(spk_relu(NULL)), ONE(spk_clamp(NULL, 0, 1));
    ONE(spk_sum(NULL)), ONE(spk_mean(NULL)), ONE(spk_max(NULL)), ONE(spk_reshape(NULL, SPK_SHAPE(1))), ONE(spk_flatten(NULL));
    ONE(spk_transpose(NULL, 0, 1)), ONE(spk_slice(NULL, 0, 1)), ONE(spk_dense(NULL)), ONE(spk_bits(NULL));
    ONE(spk_repeat_over_time(NULL, 2)), ONE(spk_sum_over_time(NULL, 2)), ONE(spk_mean_over_time(NULL, 2)), ONE(spk_time_step(NULL, 2, 0));
    ONE(spk_softmax(NULL)), ONE(spk_log_softmax(NULL)), ONE(spk_dropout(NULL)), ONE(spk_tensor_detach(NULL)), ONE(spk_add(NULL, NULL));
    ONE(spk_retain_grad(NULL)), ONE(spk_keep(NULL));
    TWO("add", spk_add(x, NULL)), TWO("add", spk_add(NULL, x)), TWO("subtract", spk_subtract(x, NULL)),
        TWO("multiply", spk_multiply(NULL, x));
    TWO("divide", spk_divide(x, NULL)), TWO("where", spk_where(NULL, x, x)), TWO("where", spk_where(x, NULL, x)),
        TWO("where", spk_where(x, x, NULL));
    TWO("matmul", spk_matmul(m, NULL)), TWO("matmul", spk_matmul(NULL, m)), TWO("linear", spk_linear(NULL, m, x)),
        TWO("linear", spk_linear(x, NULL, x));
    TWO("concat: tensor 0 of 2", spk_concat(with_null, 2, 0)), TWO("concat: tensor 1 of 2", spk_concat(null_last, 2, 0));
    TWO("stack: tensor 0 of 2", spk_stack(with_null, 2, 0)), TWO("stack: tensor 1 of 2", spk_stack(null_last, 2, 0));
    TWO("cross_entropy", spk_cross_entropy(m, NULL)), TWO("cross_entropy", spk_cross_entropy(NULL, x)), TWO("mse", spk_mse(x, NULL));
    TWO("batch_norm", spk_batch_norm(NULL, x, x));
    cr_assert(!spk_failed(ctx) && spk_size(spk_linear(x, m, NULL)) == 3 && spk_size(spk_batch_norm(m, NULL, NULL)) == 9, "optional inputs");
    spk_add_grad_hook(NULL, no_hook, NULL);
    assert_fine(ctx, "hook on NULL");
    spk_ctx_destroy(ctx);
}

/* Without a tensor there is no context to tell: the result is the inert tensor of none, and the op that gets it says so. */
Test(tape_misuse, joins_of_nothing) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *one[] = {x}, *nulls[] = {NULL, NULL};
    spk_tensor *joins[] = {spk_concat(NULL, 2, 0),  spk_concat(nulls, 2, 0), spk_concat(one, 0, 0), spk_concat(one, -1, 0),
                           spk_stack(NULL, 2, 0),   spk_stack(nulls, 2, 0),  spk_stack(one, 0, 0),  spk_stack(one, -1, 0),
                           spk_concat(NULL, -1, 0), spk_stack(NULL, 0, 0)};
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++) {
        assert_inert(joins[i], "a join of nothing");
        assert_fine(ctx, "a join of nothing");
        cr_assert(spk_tensor_ctx(joins[i]) != ctx && spk_failed(spk_tensor_ctx(joins[i])), "join %zu has a context", i);
        assert_inert(spk_exp(joins[i]), "exp of it");
        assert_fine(ctx, "exp of it");
        assert_inert(spk_add(x, joins[i]), "added to a tensor");
        assert_error(ctx, "added to a tensor", "add", "without a context");
    }
    spk_ctx_destroy(ctx);
}

Test(tape_misuse, sticky_error) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *two = VECTOR(ctx, 1, 2);
    spk_tensor *inert = spk_multiply(spk_add(x, two), x);
    assert_inert(inert, "nested");
    cr_assert(strstr(spk_error(ctx), "add") && !strstr(spk_error(ctx), "multiply"), "%s", spk_error(ctx));
    char first[512];
    snprintf(first, sizeof first, "%s", spk_error(ctx));
    assert_inert(spk_matmul(x, two), "matmul after an error");
    assert_inert(spk_exp(x), "exp after an error");
    assert_inert(spk_full(ctx, SPK_SHAPE(2), 1), "spk_full after an error");
    assert_inert(spk_tensor_create(ctx, SPK_SHAPE(2)), "spk_tensor_create after an error");
    cr_assert(!spk_backward(spk_sum(inert)), "backward after an error");
    cr_assert(!spk_fill(x, 9) && !spk_copy(x, x) && isnan(spk_item(spk_sum(x))), "writes after an error");
    spk_fail(ctx, "another error");
    cr_assert(strcmp(first, spk_error(ctx)) == 0, "the first error was replaced: %s", spk_error(ctx));
    spk_end_step(ctx);
    cr_assert(spk_failed(ctx) && strcmp(first, spk_error(ctx)) == 0, "the step's end cleared the error");
    spk_clear_error(ctx);
    cr_assert(!spk_failed(ctx) && !*spk_error(ctx), "cleared");
    assert_values(x, "no write after an error", 1, 2, -3);
    cr_assert(spk_backward(spk_sum(spk_exp(x))), "works again: %s", spk_error(ctx));
    spk_ctx_destroy(ctx);
}

/* A deep and a wide graph: no recursion, no quadratic search. */
Test(tape_misuse, deep_graph) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = leaf(ctx), *y = x;
    for (int i = 0; i < 20000; i++) y = i % 2 ? spk_shift(y, 1) : spk_add(y, x);
    cr_assert(spk_backward(spk_sum(y)), "%s", spk_error(ctx));
    assert_values(spk_grad(x), "deep", 10001, 10001, 10001);
    spk_ctx_destroy(ctx);
}
