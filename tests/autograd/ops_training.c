/* Losses, normalisation and dropout: against naive loops and hand-computed values. */
#include "../core/support.h"

Test(ops_training, losses) {
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(7, 5), -3, 3), *labels = spk_tensor_from(ctx, SPK_SHAPE(7), (spk_real[]){0, 4, 2, 2, 1, 3, 0});
    for (int k = 0; k <= 4; k++) {
        const double s = k * 0.25;
        double loss = 0;
        for (int row = 0; row < 7; row++) {
            double sum = 0;
            for (int i = 0; i < 5; i++) sum += exp((double)spk_data(x)[row * 5 + i]);
            for (int i = 0; i < 5; i++) {
                const double log_p = (double)spk_data(x)[row * 5 + i] - log(sum);
                loss -= (s / 5 + (i == (int)spk_data(labels)[row] ? 1 - s : 0)) * log_p / 7;
                cr_assert(close_to((double)spk_data(spk_softmax(x))[row * 5 + i], exp(log_p), ROUNDING), "softmax");
                cr_assert(close_to((double)spk_data(spk_log_softmax(x))[row * 5 + i], log_p, ROUNDING), "log softmax");
            }
        }
        const double got = spk_item(spk_cross_entropy(x, labels, .label_smoothing = s));
        cr_assert(close_to(got, loss, ROUNDING), "cross entropy, smoothing %g: %g, should be %g", s, got, loss);
    }
    cr_assert(spk_item(spk_mse(VECTOR(ctx, 1, 2, 3), VECTOR(ctx, 1, 4, 6))) == (double)(spk_real)(13.0 / 3), "mse");
    spk_ctx_destroy(ctx);
}

Test(ops_training, batch_norm_by_hand) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(2, 2), (spk_real[]){1, 10, 3, 30});
    spk_tensor *mean = spk_tensor_create(ctx, SPK_SHAPE(2)), *var = VECTOR(ctx, 1, 1), *w = VECTOR(ctx, 2, 1), *b = VECTOR(ctx, 0.5, -1);
    spk_tensor *y = spk_batch_norm(x, w, b, .running_mean = mean, .running_var = var, .eps = 0);
    assert_values(y, "training", -1.5, -2, 2.5, 0);
    assert_values(mean, "running mean", (spk_real)0.2, 2);
    assert_values(var, "running variance, unbiased", (spk_real)1.1, (spk_real)20.9); /* 0.9 + 0.1 * 2 and 0.9 + 0.1 * 200 */
    spk_fill(mean, 1), spk_fill(var, 4);
    assert_values(spk_batch_norm(x, w, b, .training = false, .running_mean = mean, .running_var = var, .eps = 0), "evaluation", 0.5, 3.5,
                  2.5, 13.5);
    assert_values(mean, "evaluation leaves them", 1, 1);
    spk_batch_norm(x, NULL, NULL, .running_mean = mean, .running_var = var, .momentum = 1);
    assert_values(mean, "momentum 1", 2, 20);
    assert_values(var, "momentum 1", 2, 200);
    /* A large mean costs no digits. */
    spk_tensor *far = uniform(ctx, SPK_SHAPE(512, 3), 4095, 4097), *near = spk_batch_norm(far, NULL, NULL);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < 512; i++) sum += (double)spk_data(near)[3 * i], squares += pow((double)spk_data(near)[3 * i], 2);
    cr_assert(fabs(sum / 512) < 1e-3 && fabs(squares / 512 - 1) < 1e-3, "mean %g variance %g", sum / 512, squares / 512);
    assert_fine(ctx, "batch norm");
    spk_ctx_destroy(ctx);
}

/* What cannot be a running statistic of 3 channels, and what the error must say. */
static spk_tensor *no_statistic(spk_ctx *ctx, spk_ctx *other, spk_tensor *good, int kind, const char **text) {
    spk_tensor *x = kind == 0 ? spk_tensor_create(other, SPK_SHAPE(3)) : kind == 1 ? spk_slice(good, 0, 3) : spk_exp(good);
    *text = kind == 0 ? "another context" : kind == 1 ? "the result of slice" : "the result of exp";
    if (kind == 3) spk_end_step(ctx);
    if (kind == 4) x = spk_add(good, NULL), spk_clear_error(ctx), *text = "an earlier error";
    if (kind == 5) x = spk_tensor_create(ctx, SPK_SHAPE(3, 1)), *text = "[3, 1]";
    return x;
}

/* The running statistics are attributes, which the tape does not check: batch norm itself does. */
Test(ops_training, batch_norm_running_statistics) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1), *other = spk_ctx_create(.seed = 1);
    spk_tensor *x = parameter(ctx, SPK_SHAPE(4, 3)), *good = spk_tensor_create(ctx, SPK_SHAPE(3)), *var = VECTOR(ctx, 1, 1, 1);
    for (int kind = 0; kind < 6; kind++)
        for (int training = 0; training < 2; training++) {
            const char *text;
            spk_tensor *bad = no_statistic(ctx, other, good, kind, &text);
            assert_inert(spk_batch_norm(x, NULL, NULL, .running_mean = bad, .running_var = var, .training = training), text);
            cr_assert(strstr(spk_error(ctx), "batch_norm"), "%s", spk_error(ctx));
            assert_error(ctx, text, "the running mean", text);
            bad = no_statistic(ctx, other, good, kind, &text);
            assert_inert(spk_batch_norm(x, NULL, NULL, .running_mean = good, .running_var = bad, .training = training), text);
            assert_error(ctx, text, "the running variance", text);
        }
    assert_values(good, "nothing was written", 0, 0, 0);
    assert_fine(other, "the other context");
    spk_batch_norm(x, NULL, NULL, .running_mean = good, .running_var = var);
    assert_fine(ctx, "persistent ones");
    cr_assert(spk_data(good)[0] != 0, "the running mean was not updated");
    spk_ctx_destroy(other);
    spk_ctx_destroy(ctx);
}

Test(ops_training, dropout) {
    spk_ctx *ctx = spk_ctx_create(.seed = 11);
    const int64_t n = 30000;
    spk_tensor *x = spk_full(ctx, SPK_SHAPE(n), 1), *y = spk_dropout(x, .p = 0.3);
    int64_t zeros = 0;
    for (int64_t i = 0; i < n; i++) {
        const double v = (double)spk_data(y)[i];
        cr_assert(v == 0 || close_to(v, 1 / 0.7, 1e-6), "element %lld is %g", (long long)i, v);
        zeros += v == 0;
    }
    cr_assert(fabs((double)zeros / (double)n - 0.3) < 0.015, "%lld zeros of %lld", (long long)zeros, (long long)n);
    assert_same(spk_dropout(x, .p = 0), x, 0, "p = 0");
    assert_same(spk_dropout(x, .p = 1), spk_full(ctx, SPK_SHAPE(n), 0), 0, "p = 1");
    spk_tensor *again = spk_dropout(x, .p = 0.3);
    cr_assert(memcmp(spk_data(again), spk_data(y), (size_t)n * sizeof(spk_real)) != 0, "two calls draw one mask");

    /* The same mask for all T steps; the same whatever the number of threads, and for repeated rows. */
    spk_tensor *in = uniform(ctx, SPK_SHAPE(3, 5000), 1, 2), *first = NULL;
    for (int way = 0; way < 3; way++) {
        spk_set_threads(1 + way % 2);
        spk_seed(ctx, 5);
        spk_tensor *sequence = spk_repeat_over_time(in, 4),
                   *shared = spk_dropout(way < 2 ? spk_dense(sequence) : sequence, .p = 0.5, .T = 4);
        cr_assert(spk_tensor_storage(shared) == (way < 2 ? SPK_DENSE : SPK_REPEATED), "storage of way %d", way);
        for (int64_t i = 0; i < 60000; i++)
            cr_assert(spk_data(shared)[i] == spk_data(shared)[i % 15000], "step %lld", (long long)i / 15000);
        if (!first) first = shared;
        assert_same(shared, first, 0, "threads and storages");
    }
    spk_ctx_destroy(ctx);
}
