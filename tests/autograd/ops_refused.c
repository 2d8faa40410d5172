/* Shapes that ops refuse, and the empty ones that they take. */
#include "../core/support.h"

/* Elementwise ops and those that only store otherwise take every shape. Of the others the test of wrong shapes must see an error. */
static const char *const any_shape[] = {"negate", "scale", "shift",   "exp",   "log",   "sqrt",  "power",
                                        "tanh",   "relu",  "sigmoid", "clamp", "dense", "detach"};
static char refused[4096]; /* the names of the ops that have refused a shape, each between bars */

static void note_refusal(const char *error) {
    const size_t length = strlen(refused);
    snprintf(refused + length, sizeof refused - length, "|%.*s|", (int)strcspn(error, ": "), error);
}

static void assert_all_refused(void) {
    int count;
    const spk_op *const *ops = spk_autograd_ops(&count);
    for (int k = 0; k < count; k++) {
        char name[64];
        snprintf(name, sizeof name, "|%s|", ops[k]->name);
        bool any = false;
        for (size_t i = 0; i < sizeof any_shape / sizeof *any_shape; i++) any = any || strcmp(any_shape[i], ops[k]->name) == 0;
        cr_assert(any != !!strstr(refused, name), "op %s %s", ops[k]->name, any ? "refuses a shape" : "has no case of a wrong shape");
    }
}

Test(refused, wrong_shapes) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *s = spk_scalar(ctx, 1), *v3 = uniform(ctx, SPK_SHAPE(3), 0, 1), *v5 = uniform(ctx, SPK_SHAPE(5), 0, 1),
               *m = uniform(ctx, SPK_SHAPE(2, 3), 0, 1), *n = uniform(ctx, SPK_SHAPE(4, 5), 0, 1),
               *c = uniform(ctx, SPK_SHAPE(2, 3, 4), 0, 1), *empty = spk_tensor_create(ctx, SPK_SHAPE(0, 3)),
               *six = uniform(ctx, SPK_SHAPE(1, 1, 1, 1, 1, 1), 0, 1), *mean = spk_tensor_create(ctx, SPK_SHAPE(3)),
               *one_row = uniform(ctx, SPK_SHAPE(1, 3), 0, 1);
    spk_tensor *m_n[] = {m, n}, *m_c[] = {m, c}, *m_v[] = {m, v3}, *s_s[] = {s, s}, *sixes[] = {six, six};
#define BAD(name, text, call)                 \
    do {                                      \
        assert_inert(call, #call);            \
        note_refusal(spk_error(ctx));         \
        assert_error(ctx, #call, name, text); \
    } while (0)
#define BAD2(name, a, b, call)                                                              \
    do {                                                                                    \
        assert_inert(call, #call);                                                          \
        note_refusal(spk_error(ctx));                                                       \
        cr_assert(strstr(spk_error(ctx), a), "%s: no %s in: %s", #call, a, spk_error(ctx)); \
        assert_error(ctx, #call, name, b);                                                  \
    } while (0)
    BAD2("add", "[2, 3]", "[4, 5]", spk_add(m, n));
    BAD2("subtract", "[2, 3]", "[5]", spk_subtract(m, v5));
    BAD2("multiply", "[3]", "[5]", spk_multiply(v3, v5));
    BAD2("divide", "[2, 3, 4]", "[2, 3]", spk_divide(c, m));
    BAD2("where", "[2, 3]", "[4, 5]", spk_where(m, n, n));
    BAD2("where", "[2, 3]", "[5]", spk_where(s, m, v5));
    BAD2("matmul", "[2, 3]", "[4, 5]", spk_matmul(m, n));
    BAD2("matmul", "[2, 3]", "[2, 3]", spk_matmul(m, m));
    BAD2("matmul", "[2, 3]", "[4, 5]", spk_matmul(m, n, .transpose_a = true));
    BAD2("matmul", "[2, 3]", "[4, 5]", spk_matmul(m, n, .transpose_b = true));
    BAD2("matmul", "[3]", "[2, 3]", spk_matmul(v3, m));
    BAD2("matmul", "[2, 3, 4]", "[4, 5]", spk_matmul(c, n));
    BAD2("linear", "[2, 3]", "must have 4 elements", spk_linear(m, n, v5));
    BAD2("linear", "[3]", "must be [5]", spk_linear(spk_full(ctx, SPK_SHAPE(2, 4), 1), n, v3));
    BAD("linear", "[2, 3, 4]", spk_linear(m, c, NULL));
    BAD("linear", "[]", spk_linear(s, n, NULL));
    BAD("sum", "[2, 3]", spk_sum(m, .axes = SPK_AXES(2)));
    BAD("sum", "[2, 3]", spk_sum(m, .axes = SPK_AXES(0, -2)));
    BAD("sum", "[2, 3]", spk_sum(m, .axes = SPK_AXES(-3)));
    BAD("sum", "axes", spk_sum(m, .axes = SPK_AXES(0, 1, 2, 3, 4, 5, 6)));
    BAD("mean", "[2, 3]", spk_mean(m, .axes = SPK_AXES(5)));
    BAD("mean", "[0, 3]", spk_mean(empty));
    BAD("max", "[2, 3]", spk_max(m, .axes = SPK_AXES(1, 1)));
    BAD("max", "[0, 3]", spk_max(empty, .axes = SPK_AXES(0)));
    BAD2("reshape", "[2, 3]", "[5]", spk_reshape(m, SPK_SHAPE(5)));
    BAD("reshape", "[2, 3]", spk_reshape(m, SPK_SHAPE(-2, -3)));
    BAD("reshape", "[2, 3]", spk_reshape(m, SPK_SHAPE(1, 1, 1, 1, 1, 2, 3)));
    BAD("slice", "[2, 3]", spk_slice(m, 0, 3));
    BAD("slice", "[2, 3]", spk_slice(m, -1, 1));
    BAD("slice", "[2, 3]", spk_slice(m, 2, 1));
    BAD("slice", "[]", spk_slice(s, 0, 0));
    BAD("bits", "scalar", spk_bits(s));
    BAD("slice", "[6, 3]", spk_slice(spk_repeat_over_time(m, 3), 1, 7));
    BAD("transpose", "[2, 3]", spk_transpose(m, 0, 2));
    BAD("transpose", "[2, 3]", spk_transpose(m, -3, 0));
    BAD("transpose", "[]", spk_transpose(s, 0, 0));
    BAD2("concat", "[2, 3]", "[4, 5]", spk_concat(m_n, 2, 0));
    BAD2("concat", "[2, 3]", "[2, 3, 4]", spk_concat(m_c, 2, 0));
    BAD2("concat", "[2, 3]", "[3]", spk_concat(m_v, 2, 1));
    BAD("concat", "[2, 3]", spk_concat(m_n, 2, 2));
    BAD("concat", "[]", spk_concat(s_s, 2, 0));
    BAD2("stack", "[2, 3]", "[4, 5]", spk_stack(m_n, 2, 0));
    BAD("stack", "[2, 3]", spk_stack(m_n, 1, 4));
    BAD("stack", "[2, 3]", spk_stack(m_n, 1, -4));
    BAD("stack", "[1, 1, 1, 1, 1, 1]", spk_stack(sixes, 2, 0));
    BAD("repeat_over_time", "0", spk_repeat_over_time(m, 0));
    BAD("repeat_over_time", "scalar", spk_repeat_over_time(s, 2));
    BAD("repeat_over_time", "memory", spk_repeat_over_time(m, INT64_MAX / 2));
    BAD("sum_over_time", "[2, 3]", spk_sum_over_time(m, 3));
    BAD("sum_over_time", "[2, 3]", spk_sum_over_time(m, 0));
    BAD("over_time", "[2, 3]", spk_mean_over_time(m, -1));
    BAD("over_time", "[]", spk_mean_over_time(s, 1));
    BAD("time_step", "[2, 3]", spk_time_step(m, 3, 0));
    BAD("time_step", "[2, 3]", spk_time_step(m, 2, 2));
    BAD("time_step", "[2, 3]", spk_time_step(m, 2, -1));
    BAD("time_step", "[2, 3]", spk_time_step(m, 0, 0));
    BAD("softmax", "[]", spk_softmax(s));
    BAD("log_softmax", "[3, 0]", spk_log_softmax(spk_tensor_create(ctx, SPK_SHAPE(3, 0))));
    BAD2("cross_entropy", "[2, 3]", "[5]", spk_cross_entropy(m, v5));
    BAD2("cross_entropy", "[3]", "[3]", spk_cross_entropy(v3, v3));
    BAD("cross_entropy", "label", spk_cross_entropy(m, VECTOR(ctx, 0, 3)));
    BAD("cross_entropy", "label", spk_cross_entropy(m, VECTOR(ctx, 0.5, 1)));
    BAD("cross_entropy", "label", spk_cross_entropy(m, VECTOR(ctx, -1, 1)));
    BAD("cross_entropy", "label", spk_cross_entropy(m, VECTOR(ctx, (spk_real)NAN, 1)));
    BAD("cross_entropy", "smoothing", spk_cross_entropy(m, VECTOR(ctx, 0, 1), .label_smoothing = 1.5));
    BAD("cross_entropy", "[0, 3]", spk_cross_entropy(empty, spk_tensor_create(ctx, SPK_SHAPE(0))));
    BAD2("mse", "[2, 3]", "[4, 5]", spk_mse(m, n));
    BAD2("mse", "[2, 3]", "[3]", spk_mse(m, v3));
    BAD("mse", "[0, 3]", spk_mse(empty, empty));
    BAD("dropout", "p is", spk_dropout(m, .p = 1.5));
    BAD("dropout", "p is", spk_dropout(m, .p = NAN));
    BAD("dropout", "[2, 3]", spk_dropout(m, .T = 3));
    BAD("dropout", "[]", spk_dropout(s));
    BAD("batch_norm", "[2, 3, 4]", spk_batch_norm(c, NULL, NULL));
    BAD("batch_norm", "[1, 3]", spk_batch_norm(one_row, NULL, NULL));
    BAD2("batch_norm", "[2, 3]", "[5]", spk_batch_norm(m, v5, NULL));
    BAD2("batch_norm", "[2, 3]", "[5]", spk_batch_norm(m, NULL, v5));
    BAD2("batch_norm", "[2, 3]", "[5]", spk_batch_norm(m, NULL, NULL, .running_mean = v5, .running_var = v5));
    BAD("batch_norm", "both", spk_batch_norm(m, NULL, NULL, .running_mean = mean));
    /* More elements than memory can hold: 2^60. */
    spk_tensor *row = uniform(ctx, SPK_SHAPE(1 << 20), 0, 1);
    BAD("where", "memory", spk_where(spk_reshape(row, SPK_SHAPE(1 << 20, 1, 1)), spk_reshape(row, SPK_SHAPE(1 << 20, 1)), row));
    spk_tensor_destroy(row);
    assert_all_refused();
    /* Nothing was changed by all this. */
    assert_values(mean, "running mean", 0, 0, 0);
    assert_values(s, "scalar", 1);
    spk_ctx_destroy(ctx);
}

Test(refused, empty_tensors) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *x = parameter(ctx, SPK_SHAPE(0, 3)), *w = parameter(ctx, SPK_SHAPE(3, 2)), *b = parameter(ctx, SPK_SHAPE(2)),
               *v = parameter(ctx, SPK_SHAPE(3));
    spk_tensor *mean = spk_tensor_create(ctx, SPK_SHAPE(3)), *var = VECTOR(ctx, 1, 1, 1), *xs[] = {x, x, x};
    struct {
        const char *name;
        spk_tensor *y;
        spk_shape shape;
    } cases[] = {
        {"add", spk_add(x, v), SPK_SHAPE(0, 3)},
        {"where", spk_where(x, x, v), SPK_SHAPE(0, 3)},
        {"exp", spk_exp(x), SPK_SHAPE(0, 3)},
        {"linear", spk_linear(x, w, b), SPK_SHAPE(0, 2)},
        {"matmul", spk_matmul(x, w), SPK_SHAPE(0, 2)},
        {"matmul over nothing", spk_matmul(x, x, .transpose_a = true), SPK_SHAPE(3, 3)},
        {"sum", spk_sum(x), SPK_SCALAR},
        {"sum over nothing", spk_sum(x, .axes = SPK_AXES(0)), SPK_SHAPE(3)},
        {"sum of rows", spk_sum(x, .axes = SPK_AXES(1)), SPK_SHAPE(0)},
        {"reshape", spk_reshape(x, SPK_SHAPE(3, 0, 5)), SPK_SHAPE(3, 0, 5)},
        {"slice", spk_slice(x, 0, 0), SPK_SHAPE(0, 3)},
        {"slice to nothing", spk_slice(w, 3, 3), SPK_SHAPE(0, 2)},
        {"transpose", spk_transpose(x, 0, 1), SPK_SHAPE(3, 0)},
        {"concat", spk_concat(xs, 3, 0), SPK_SHAPE(0, 3)},
        {"concat wide", spk_concat(xs, 3, 1), SPK_SHAPE(0, 9)},
        {"stack", spk_stack(xs, 3, 0), SPK_SHAPE(3, 0, 3)},
        {"repeat", spk_repeat_over_time(x, 4), SPK_SHAPE(0, 3)},
        {"repeat, dense", spk_dense(spk_repeat_over_time(x, 4)), SPK_SHAPE(0, 3)},
        {"linear of repeat", spk_linear(spk_repeat_over_time(x, 4), w, b), SPK_SHAPE(0, 2)},
        {"slice of repeat", spk_slice(spk_repeat_over_time(x, 4), 0, 0), SPK_SHAPE(0, 3)},
        {"mean over time", spk_mean_over_time(x, 2), SPK_SHAPE(0, 3)},
        {"mean of repeat over time", spk_mean_over_time(spk_repeat_over_time(x, 4), 4), SPK_SHAPE(0, 3)},
        {"softmax", spk_softmax(x), SPK_SHAPE(0, 3)},
        {"log softmax", spk_log_softmax(x), SPK_SHAPE(0, 3)},
        {"dropout", spk_dropout(x), SPK_SHAPE(0, 3)},
        {"dropout of repeat", spk_dropout(spk_repeat_over_time(x, 4), .T = 4), SPK_SHAPE(0, 3)},
        {"batch norm", spk_batch_norm(x, v, NULL, .training = false, .running_mean = mean, .running_var = var), SPK_SHAPE(0, 3)},
        {"bits", spk_bits(x), SPK_SHAPE(0, 3)},
        {"linear of bits", spk_linear(spk_bits(x), w, b), SPK_SHAPE(0, 2)},
        {"dropout of bits", spk_dropout(spk_bits(x)), SPK_SHAPE(0, 3)},
        {"detach", spk_tensor_detach(x), SPK_SHAPE(0, 3)},
    };
    assert_fine(ctx, "empty tensors");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert(spk_shape_equal(spk_tensor_shape(cases[i].y), cases[i].shape), "%s: %s", cases[i].name,
                  spk_shape_text(spk_tensor_shape(cases[i].y)).text);
        for (int64_t k = 0; k < spk_size(cases[i].y); k++)
            cr_assert(spk_data(cases[i].y)[k] == 0, "%s: element %lld", cases[i].name, (long long)k);
        if (spk_requires_grad(cases[i].y))
            cr_assert(spk_backward(spk_sum(cases[i].y), .retain = true), "%s: %s", cases[i].name, spk_error(ctx));
    }
    cr_assert(spk_size(spk_grad(x)) == 0, "gradient of nothing");
    for (int64_t i = 0; i < 6; i++) cr_assert(spk_data(spk_grad(w))[i] == 0, "a weight's gradient of an empty batch");
    spk_ctx_destroy(ctx);
}
