/* Losses against plain loops, their gradients against differences, and wrong labels and shapes. */
#include "../core/support.h"

enum { T = 3, N = 4, C = 5 };
static const spk_real label_values[N] = {4, 0, 2, 2};

static double cross_entropy(const double *z, int label, double smoothing) {
    double sum = 0, loss = 0;
    for (int c = 0; c < C; c++) sum += exp(z[c]);
    for (int c = 0; c < C; c++) loss -= ((c == label) * (1 - smoothing) + smoothing / C) * (z[c] - log(sum));
    return loss;
}

/* The mean over time of sample n. */
static void rate_of(spk_tensor *x, int n, double *rate) {
    for (int c = 0; c < C; c++) {
        rate[c] = 0;
        for (int t = 0; t < T; t++) rate[c] += (double)spk_data(x)[(t * N + n) * C + c] / T;
    }
}

typedef struct numbers {
    spk_tensor *labels;
    double a, b;
} numbers;

static spk_tensor *spike_loss(void *user, spk_tensor *const *x) {
    return spk_spike_cross_entropy(x[0], ((numbers *)user)->labels, T, ((numbers *)user)->a);
}
static spk_tensor *membrane_loss(void *user, spk_tensor *const *x) {
    return spk_membrane_cross_entropy(x[0], ((numbers *)user)->labels, T);
}
static spk_tensor *mse_loss(void *user, spk_tensor *const *x) { return spk_rate_mse(x[0], ((numbers *)user)->labels, T); }
static spk_tensor *penalty(void *user, spk_tensor *const *x) { return spk_rate_penalty(x[0], ((numbers *)user)->a, ((numbers *)user)->b); }

static void check(spk_function function, numbers p, spk_tensor *x, double wanted, const char *name) {
    spk_ctx *ctx = spk_tensor_ctx(x);
    spk_tensor *loss = function(&p, &x);
    assert_fine(ctx, name);
    cr_assert_eq(spk_axes(loss), 0, "%s: not a scalar", name);
    cr_assert(close_to(spk_item(loss), wanted, ROUNDING), "%s: %.9g, should be %.9g", name, spk_item(loss), wanted);
    const spk_gradcheck_report r = spk_gradcheck(function, 1, &x, .user = &p);
    if (sizeof(spk_real) < sizeof(double)) assert_error(ctx, name, "spk_gradcheck", "double");
    else cr_assert(r.passed, "%s: element %d: %g and %g", name, (int)r.element, r.analytic, r.numeric);
}

Test(loss, values_and_gradients) {
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    spk_tensor *x = parameter(ctx, SPK_SHAPE(T * N, C));
    numbers p = {.labels = spk_tensor_from(ctx, SPK_SHAPE(N), label_values)};
    double spikes = 0, smoothed = 0, membrane = 0, mse = 0, outside = 0, rate[C], mean[C] = {0}, step[C];
    const double low = -0.05, high = 0.05; /* the means lie on both sides and inside */
    for (int n = 0; n < N; n++) {
        const int label = (int)label_values[n];
        rate_of(x, n, rate);
        spikes += cross_entropy(rate, label, 0) / N, smoothed += cross_entropy(rate, label, 0.3) / N;
        for (int c = 0; c < C; c++) mse += pow(rate[c] - (c == label), 2) / (N * C), mean[c] += rate[c] / N;
        for (int t = 0; t < T; t++) {
            for (int c = 0; c < C; c++) step[c] = (double)spk_data(x)[(t * N + n) * C + c];
            membrane += cross_entropy(step, label, 0) / N;
        }
    }
    int below = 0, above = 0;
    for (int c = 0; c < C; c++) {
        below += mean[c]<low, above += mean[c]> high;
        outside += (pow(fmax(0, low - mean[c]), 2) + pow(fmax(0, mean[c] - high), 2)) / C;
    }
    cr_assert(below > 0 && above > 0, "the penalty's case is one-sided: %d below, %d above", below, above);
    check(spike_loss, p, x, spikes, "spk_spike_cross_entropy");
    p.a = 0.3;
    check(spike_loss, p, x, smoothed, "spk_spike_cross_entropy, smoothed");
    check(membrane_loss, p, x, membrane, "spk_membrane_cross_entropy");
    check(mse_loss, p, x, mse, "spk_rate_mse");
    p.a = low, p.b = high;
    check(penalty, p, x, outside, "spk_rate_penalty");
    p.a = -2, p.b = 2;
    check(penalty, p, x, 0, "spk_rate_penalty, all inside");
    spk_ctx_destroy(ctx);
}

Test(loss, of_bits) {
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    spk_tensor *dense = zeros_and_ones(ctx, SPK_SHAPE(T * N, C)), *bits = spk_bits(dense),
               *labels = spk_tensor_from(ctx, SPK_SHAPE(N), label_values);
    assert_same(spk_spike_cross_entropy(bits, labels, T, 0), spk_spike_cross_entropy(dense, labels, T, 0), ROUNDING, "cross entropy");
    assert_same(spk_rate_mse(bits, labels, T), spk_rate_mse(dense, labels, T), ROUNDING, "mse");
    assert_same(spk_rate_penalty(bits, 0.2, 0.3), spk_rate_penalty(dense, 0.2, 0.3), ROUNDING, "penalty");
    assert_fine(ctx, "bits");
    spk_ctx_destroy(ctx);
}

Test(loss, one_hot) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *y = spk_one_hot(VECTOR(ctx, 2, 0), 3);
    cr_assert(spk_shape_equal(spk_tensor_shape(y), SPK_SHAPE(2, 3)), "shape");
    assert_values(y, "one_hot", 0, 0, 1, 1, 0, 0);
    cr_assert(spk_shape_equal(spk_tensor_shape(spk_one_hot(spk_tensor_create(ctx, SPK_SHAPE(0)), 3)), SPK_SHAPE(0, 3)), "no labels");
    assert_fine(ctx, "one_hot");
    static const double wrong[] = {3, -1, 0.5, NAN, INFINITY, 1e30};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_inert(spk_one_hot(VECTOR(ctx, 0, (spk_real)wrong[i]), 3), "wrong label");
        assert_error(ctx, "wrong label", "one_hot", "label 1");
    }
    assert_inert(spk_one_hot(VECTOR(ctx, 0), 0), "no classes");
    assert_error(ctx, "no classes", "one_hot", "0 classes");
    spk_one_hot(spk_tensor_create(ctx, SPK_SHAPE(0)), -1);
    cr_assert(spk_failed(ctx), "negative classes");
    spk_clear_error(ctx);
    assert_inert(spk_one_hot(NULL, 3), "NULL");
    spk_ctx_destroy(ctx);
}

Test(loss, count_correct) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *scores = spk_tensor_from(ctx, SPK_SHAPE(4, 3), (const spk_real[]){1, 2, 3, 5, 5, 0, -1, -2, -3, 0, 1, 0});
    cr_assert_eq(spk_count_correct(scores, VECTOR(ctx, 2, 0, 0, 1)), 4, "all; of equal scores the first counts");
    cr_assert_eq(spk_count_correct(scores, VECTOR(ctx, 0, 1, 2, 0)), 0, "none");
    cr_assert_eq(spk_count_correct(scores, VECTOR(ctx, 2, 1, 0, 7)), 2, "a label out of range is never right");
    cr_assert_eq(spk_count_correct(spk_tensor_create(ctx, SPK_SHAPE(0, 3)), spk_tensor_create(ctx, SPK_SHAPE(0))), 0, "an empty batch");
    cr_assert_eq(spk_count_correct(spk_bits(zeros_and_ones(ctx, SPK_SHAPE(1, 3))), VECTOR(ctx, 5)), 0, "bits");
    assert_fine(ctx, "count");
    const struct {
        const char *what;
        spk_tensor *scores, *labels;
    } bad[] = {
        {"one axis", VECTOR(ctx, 1, 2), VECTOR(ctx, 1)},
        {"too few labels", scores, VECTOR(ctx, 1)},
        {"no classes", spk_tensor_create(ctx, SPK_SHAPE(2, 0)), VECTOR(ctx, 0, 0)},
        {"NULL labels", scores, NULL},
        {"labels of another context", scores, spk_tensor_create(spk_ctx_create(), SPK_SHAPE(4))},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_eq(spk_count_correct(bad[i].scores, bad[i].labels), -1, "%s", bad[i].what);
        assert_error(ctx, bad[i].what, "spk_count_correct", "");
    }
    cr_assert_eq(spk_count_correct(NULL, NULL), -1, "NULL");
    spk_ctx_destroy(spk_tensor_ctx(bad[4].labels));
    spk_ctx_destroy(ctx);
}

Test(loss, wrong_labels_and_shapes) {
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    spk_tensor *x = parameter(ctx, SPK_SHAPE(T * N, C)), *labels = spk_tensor_from(ctx, SPK_SHAPE(N), label_values);
    static const double wrong[] = {C, -1, 1.5, NAN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        spk_tensor *bad = spk_keep(labels);
        spk_data_mut(bad)[3] = (spk_real)wrong[i];
        for (int k = 0; k < 3; k++) {
            spk_tensor *loss = k == 0   ? spk_spike_cross_entropy(x, bad, T, 0)
                               : k == 1 ? spk_membrane_cross_entropy(x, bad, T)
                                        : spk_rate_mse(x, bad, T);
            assert_inert(loss, "wrong label");
            assert_error(ctx, "wrong label", k == 2 ? "one_hot" : "cross_entropy", "label");
        }
    }
#define FAILS(expression, op)                                                  \
    do {                                                                       \
        assert_inert((expression), #expression);                               \
        assert_error(ctx, #expression, op, "");                                \
        cr_assert(!spk_grad(x), "%s: a gradient after an error", #expression); \
    } while (0)
    FAILS(spk_spike_cross_entropy(x, labels, 5, 0), "sum_over_time"); /* T does not divide */
    FAILS(spk_spike_cross_entropy(x, labels, 0, 0), "sum_over_time");
    FAILS(spk_spike_cross_entropy(x, labels, 2, 0), "cross_entropy"); /* a batch of 6 and 4 labels */
    FAILS(spk_membrane_cross_entropy(x, labels, 2), "cross_entropy");
    FAILS(spk_membrane_cross_entropy(x, labels, 0), "repeat_over_time");
    FAILS(spk_rate_mse(x, labels, 2), "mse");
    FAILS(spk_rate_mse(x, labels, 0), "sum_over_time");
    FAILS(spk_spike_cross_entropy(x, labels, T, 1.5), "cross_entropy"); /* smoothing */
    FAILS(spk_spike_cross_entropy(x, labels, T, NAN), "cross_entropy");
    FAILS(spk_spike_cross_entropy(x, NULL, T, 0), "cross_entropy");
    FAILS(spk_rate_mse(x, NULL, T), "");
    FAILS(spk_membrane_cross_entropy(x, NULL, T), "");
    FAILS(spk_rate_penalty(spk_scalar(ctx, 1), 0, 1), "mean");
    spk_spike_cross_entropy(NULL, labels, T, 0), spk_rate_penalty(NULL, 0, 1), spk_rate_mse(NULL, labels, T);
    spk_clear_error(ctx);
    spk_ctx_destroy(ctx);
}

/* A batch of nothing is refused, or its loss is no number; it never crashes, and never is a silent 0. */
Test(loss, empty_batch) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(0, C)), *labels = spk_tensor_create(ctx, SPK_SHAPE(0));
    for (int k = 0; k < 4; k++) {
        spk_tensor *loss = k == 0   ? spk_spike_cross_entropy(x, labels, T, 0)
                           : k == 1 ? spk_membrane_cross_entropy(x, labels, T)
                           : k == 2 ? spk_rate_mse(x, labels, T)
                                    : spk_rate_penalty(x, 0.1, 0.2);
        cr_assert(spk_failed(ctx) || isnan(spk_item(loss)), "loss %d of an empty batch is %g", k, spk_item(loss));
        spk_clear_error(ctx);
    }
    spk_ctx_destroy(ctx);
}
