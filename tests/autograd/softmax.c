/* Softmax's family against plain sums in double, for rows that are shorter and longer than the pieces in which exponentials are taken. */
#include "../core/support.h"

static const int64_t dims[][2] = {{1, 1}, {3, 2}, {51, 10}, {130, 10}, {700, 1}, {1, 512}, {2, 513}, {5, 700}, {2, 2000}};
enum { DIMS = sizeof dims / sizeof *dims };

/* log softmax of element c of a row. */
static double naive(const spk_real *x, int64_t n, int64_t c) {
    double largest = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, (double)x[i]);
    for (int64_t i = 0; i < n; i++) sum += exp((double)x[i] - largest);
    return (double)x[c] - largest - log(sum);
}

static void assert_element(double got, double wanted, const char *what, size_t d, int64_t i) {
    cr_assert(close_to(got, wanted, ROUNDING), "%s of [%lld, %lld]: element %lld is %.9g, should be %.9g", what, (long long)dims[d][0],
              (long long)dims[d][1], (long long)i, got, wanted);
}

/* Every row of another size, so that one that takes part in its neighbour's sum is seen. */
static spk_tensor *logits_of(spk_ctx *ctx, size_t d) {
    spk_tensor *x = uniform(ctx, SPK_SHAPE(dims[d][0], dims[d][1]), -4, 4);
    spk_real *data = spk_data_mut(x);
    for (int64_t i = 0; i < spk_size(x); i++) data[i] += (spk_real)(i / dims[d][1] % 7 - 3);
    return spk_set_requires_grad(x, true);
}

Test(softmax, against_plain_sums) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    for (size_t d = 0; d < DIMS; d++) {
        const int64_t n = dims[d][1];
        spk_tensor *x = logits_of(ctx, d), *log_p = spk_log_softmax(x), *p = spk_softmax(x);
        for (int64_t i = 0; i < spk_size(x); i++) {
            const double wanted = naive(spk_data(x) + i / n * n, n, i % n);
            assert_element((double)spk_data(log_p)[i], wanted, "log_softmax", d, i);
            assert_element((double)spk_data(p)[i], exp(wanted), "softmax", d, i);
        }
        assert_fine(ctx, "softmax");
        spk_end_step(ctx);
    }
    spk_ctx_destroy(ctx);
}

/* loss = -sum target log p / N, gradient (p - target) / N, target = (1 - s) [label] + s / n. */
Test(softmax, cross_entropy_against_plain_sums) {
    static const double smoothings[] = {0, 0.1, 1};
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    for (size_t d = 0; d < DIMS; d++)
        for (int k = 0; k < 3; k++) {
            const int64_t rows = dims[d][0], n = dims[d][1];
            const double s = smoothings[k];
            spk_tensor *x = logits_of(ctx, d), *labels = spk_tensor_create(ctx, SPK_SHAPE(rows));
            for (int64_t r = 0; r < rows; r++) spk_data_mut(labels)[r] = (spk_real)(r * 5 % n);
            spk_tensor *loss = spk_cross_entropy(x, labels, .label_smoothing = s);
            cr_assert(spk_backward(loss), "%s", spk_error(ctx));
            double wanted = 0;
            for (int64_t i = 0; i < rows * n; i++) {
                const double log_p = naive(spk_data(x) + i / n * n, n, i % n);
                const double target = (i % n == i / n * 5 % n ? 1 - s : 0) + s / (double)n;
                wanted -= target * log_p / (double)rows;
                assert_element((double)rows * (double)spk_data(spk_grad(x))[i], exp(log_p) - target, "gradient", d, i);
            }
            assert_element(spk_item(loss), wanted, "cross_entropy", d, 0);
            spk_end_step(ctx);
        }
    spk_ctx_destroy(ctx);
}
