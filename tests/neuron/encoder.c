/* Encoders. */
#include "../core/support.h"
#include "core/context_internal.h"
#include "core/random_internal.h"

Test(encoder, constant) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(1, 2), (const spk_real[]){0.5, -3}), true),
               *y = spk_constant_encode(x, 3);
    cr_assert_eq(spk_tensor_storage(y), SPK_REPEATED);
    cr_assert_eq(spk_tensor_repeat(y), 3);
    cr_assert(spk_shape_equal(spk_tensor_shape(y), SPK_SHAPE(3, 2)), "shape");
    assert_values(y, "constant", 0.5, -3, 0.5, -3, 0.5, -3);
    spk_backward(spk_sum(y));
    assert_values(spk_grad(x), "gradient", 3, 3);
    spk_ctx_destroy(ctx);
}

Test(encoder, poisson_rate) {
    enum { T = 4000, M = 5 };
    static const spk_real rates[M] = {0, (spk_real)0.1, 0.5, (spk_real)0.9, 1};
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    spk_tensor *y = spk_poisson_encode(spk_tensor_from(ctx, SPK_SHAPE(1, M), rates), T);
    assert_fine(ctx, "poisson");
    cr_assert_eq(spk_tensor_storage(y), SPK_BITS);
    cr_assert(!spk_requires_grad(y), "no gradient");
    cr_assert(spk_shape_equal(spk_tensor_shape(y), SPK_SHAPE(T, M)), "shape");
    for (int i = 0; i < M; i++) {
        int count = 0;
        for (int t = 0; t < T; t++) count += spk_data(y)[t * M + i] == 1;
        const double p = (double)rates[i],
                     deviation = sqrt(T * p * (1 - p)); /* of a binomial distribution; 5 of them in 1.7 million draws miss */
        cr_assert(fabs(count - T * p) <= 5 * deviation + 1e-3, "rate %g: %d of %d", p, count, T);
    }
    spk_ctx_destroy(ctx);
}

Test(encoder, poisson_limits) {
    enum { T = 200, M = 6 };
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    static const spk_real values[M] = {-1, -INFINITY, 2, INFINITY, NAN, 0};
    static const int wanted[M] = {0, 0, T, T, 0, 0};
    spk_tensor *y = spk_poisson_encode(spk_tensor_from(ctx, SPK_SHAPE(1, M), values), T);
    assert_fine(ctx, "poisson");
    for (int i = 0; i < M; i++) {
        int count = 0;
        for (int t = 0; t < T; t++) count += spk_data(y)[t * M + i] == 1;
        cr_assert_eq(count, wanted[i], "value %g: %d spikes", (double)values[i], count);
    }
    spk_ctx_destroy(ctx);
}

/* The formula, one number at a time: element e of x takes words e * T', T' = T rounded up to 4, and on; it fires at step t where word t is
 * below x in [0, 1). */
static bool fires(const spk_random *draw, spk_real x, int64_t T, int64_t e, int64_t t) {
    uint32_t four[4];
    spk_random_words(*draw, e * ((T + 3) / 4 * 4) + t / 4 * 4, 4, four);
    return spk_unit(four[t % 4]) < x;
}

/* Zeros, ones, what is next to them, and values between. */
static spk_real pixel(int64_t i) {
    static const spk_real edges[] = {0,  1, (spk_real)5.9604645e-8, (spk_real)0.99999994, (spk_real)1e-30, (spk_real)0.5,
                                     -1, 2, (spk_real)1e-8};
    enum { EDGES = sizeof edges / sizeof *edges };
    return i % 3 == 0 ? 0 : (i % 7 == 1 ? edges[i / 7 % EDGES] : (spk_real)(i * 7919 % 10007) / 10007);
}

Test(encoder, poisson_is_its_formula) {
    static const int64_t dims[][3] = {{3, 67, 5}, {2, 64, 4}, {2, 784, 100}, {4, 1, 3}, {1, 130, 301}, {5, 200, 1}, {1, 63, 131}};
    for (size_t k = 0; k < sizeof dims / sizeof *dims; k++) {
        const int64_t N = dims[k][0], M = dims[k][1], T = dims[k][2];
        for (int threads = 1; threads <= 3; threads++) {
            spk_set_threads(threads);
            spk_ctx *ctx = spk_ctx_create(.seed = 123456789012345);
            spk_random_uniform(ctx, 5, 0, 1, (spk_real[5]){0}); /* not at the stream's beginning */
            spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(N, M));
            for (int64_t i = 0; i < N * M; i++) spk_data_mut(x)[i] = pixel(i);
            const spk_random draw = ctx->random;
            spk_tensor *y = spk_poisson_encode(x, T);
            assert_fine(ctx, "poisson");
            cr_assert_eq(ctx->random.position, draw.position + (uint64_t)(N * M * ((T + 3) / 4 * 4)), "the stream moves by shape and T");
            for (int64_t t = 0; t < T; t++)
                for (int64_t e = 0; e < N * M; e++)
                    cr_assert(spk_data(y)[t * N * M + e] == fires(&draw, pixel(e), T, e, t), "%zu, %d threads: element %lld, step %lld", k,
                              threads, (long long)e, (long long)t);
            spk_ctx_destroy(ctx);
        }
    }
}

/* A value equal to the number drawn does not fire; half a unit of 2^-24 above does. */
Test(encoder, poisson_thresholds_are_exact) {
    enum { M = 200, T = 4 };
    spk_ctx *ctx = spk_ctx_create(.seed = 31);
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(1, M));
    const spk_random draw = ctx->random;
    int tight = 0;
    for (int64_t e = 0; e < M; e++) {
        uint32_t four[4];
        spk_random_words(draw, e * T, 4, four);
        const uint32_t drawn = four[e % T] >> 8;
        spk_data_mut(x)[e] = ((spk_real)drawn + (e % 2 ? (spk_real)0.5 : 0)) / 16777216; /* exact below one half */
        tight += drawn < 1 << 23;
    }
    cr_assert(tight > 50, "%d", tight);
    spk_tensor *y = spk_poisson_encode(x, T);
    for (int64_t t = 0; t < T; t++)
        for (int64_t e = 0; e < M; e++)
            cr_assert(spk_data(y)[t * M + e] == fires(&draw, spk_data(x)[e], T, e, t), "element %lld, step %lld", (long long)e,
                      (long long)t);
    spk_ctx_destroy(ctx);
}

/* What was drawn does not depend on the data, and a draw does not touch the words of the next. */
Test(encoder, poisson_leaves_the_stream_alike) {
    uint64_t position[2];
    for (int full = 0; full < 2; full++) {
        spk_ctx *ctx = spk_ctx_create(.seed = 2);
        spk_poisson_encode(spk_full(ctx, SPK_SHAPE(3, 70), full ? 0.5 : 0), 6);
        position[full] = ctx->random.position;
        spk_ctx_destroy(ctx);
    }
    cr_assert_eq(position[0], position[1]);
    cr_assert_eq(position[0], 3 * 70 * 8);
}

/* Kept as a dense copy. */
static spk_tensor *poisson(spk_ctx *ctx, spk_shape shape, int64_t T, int threads) {
    spk_set_threads(threads);
    spk_tensor *x = spk_full(ctx, shape, 0.4), *y = spk_keep(spk_poisson_encode(x, T));
    spk_end_step(ctx);
    return y;
}

Test(encoder, poisson_is_reproducible) {
    static const int64_t dims[][3] = {{300, 67, 20}, {64, 784, 4}, {7, 1, 3}, {1, 130, 5}};
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
        const spk_shape shape = SPK_SHAPE(dims[i][0], dims[i][1]);
        spk_ctx *a = spk_ctx_create(.seed = 9), *b = spk_ctx_create(.seed = 9), *c = spk_ctx_create(.seed = 10);
        spk_tensor *one = poisson(a, shape, dims[i][2], 1), *two = poisson(b, shape, dims[i][2], 2),
                   *other = poisson(c, shape, dims[i][2], 1);
        spk_tensor *later = poisson(a, shape, dims[i][2], 1);
        const spk_real *values = spk_data(one);
        const size_t bytes = (size_t)spk_size(one) * sizeof *values;
        cr_assert(memcmp(values, spk_data(two), bytes) == 0, "%zu: threads or the same seed", i);
        cr_assert(memcmp(values, spk_data(other), bytes) != 0, "%zu: another seed", i);
        cr_assert(memcmp(values, spk_data(later), bytes) != 0, "%zu: the stream goes on", i);
        spk_seed(a, 9);
        cr_assert(memcmp(values, spk_data(poisson(a, shape, dims[i][2], 2)), bytes) == 0, "%zu: seeded again", i);
        spk_ctx_destroy(a), spk_ctx_destroy(b), spk_ctx_destroy(c);
    }
}

/* Neighbours in time, in a row and between rows draw for themselves. */
Test(encoder, poisson_draws_are_independent) {
    enum { T = 50, N = 20, M = 67, ALL = T * N * M };
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *y = poisson(ctx, SPK_SHAPE(N, M), T, 1);
    static const int lags[] = {1, 4, 64, M, N * M};
    for (size_t k = 0; k < sizeof lags / sizeof *lags; k++) {
        double sum = 0;
        for (int i = 0; i + lags[k] < ALL; i++) sum += ((double)spk_data(y)[i] - 0.4) * ((double)spk_data(y)[i + lags[k]] - 0.4);
        const double correlation = sum / (ALL - lags[k]) / 0.24;
        cr_assert(fabs(correlation) < 5 / sqrt(ALL), "lag %d: %g", lags[k], correlation);
    }
    spk_ctx_destroy(ctx);
}

Test(encoder, latency) {
    enum { T = 5, M = 9 };
    spk_ctx *ctx = spk_ctx_create();
    static const spk_real values[M] = {1, 0.75, 0.5, 0.25, 0, -2, 7, NAN, (spk_real)0.7};
    static const int times[M] = {0, 1, 2, 3, 4, 4, 0, 4, 1};
    spk_tensor *y = spk_latency_encode(spk_tensor_from(ctx, SPK_SHAPE(1, M), values), T);
    assert_fine(ctx, "latency");
    cr_assert_eq(spk_tensor_storage(y), SPK_BITS);
    for (int i = 0; i < M; i++)
        for (int t = 0; t < T; t++) cr_assert(spk_data(y)[t * M + i] == (t == times[i]), "value %g, step %d", (double)values[i], t);
    assert_values(spk_latency_encode(VECTOR(ctx, 0.25, 1, 0), 1), "T = 1", 1, 1, 1);
    spk_ctx_destroy(ctx);
}

Test(encoder, latency_spikes_once) {
    enum { T = 7, N = 3, M = 67 };
    spk_ctx *ctx = spk_ctx_create(.seed = 4);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(N, 2, M), -0.1, 1.1), *y = spk_latency_encode(x, T);
    cr_assert(spk_shape_equal(spk_tensor_shape(y), SPK_SHAPE(T * N, 2, M)), "shape");
    for (int i = 0; i < N * 2 * M; i++) {
        const double limited = fmin(1, fmax(0, (double)spk_data(x)[i])), when = (T - 1) * (1 - limited);
        int count = 0;
        for (int t = 0; t < T; t++)
            if (spk_data(y)[t * N * 2 * M + i] == 1) {
                count++;
                cr_assert(fabs(t - when) <= 0.5 + 1e-5, "%d: step %d for %g", i, t, when);
            }
        cr_assert_eq(count, 1, "%d: %d spikes", i, count);
    }
    spk_ctx_destroy(ctx);
}

Test(encoder, into_a_net) {
    spk_ctx *ctx = spk_ctx_create(.seed = 4);
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 67, 3), spk_lif(ctx, .T = 4, .parallel_optim = true));
    for (int i = 0; i < 3; i++) {
        spk_tensor *x = spk_full(ctx, SPK_SHAPE(2, 67), 0.5);
        spk_tensor *coded = i == 0   ? spk_constant_encode(x, 4)
                            : i == 1 ? spk_poisson_encode(x, 4)
                                     : spk_latency_encode(x, 4),
                   *y = spk_call(net, coded);
        cr_assert(spk_shape_equal(spk_tensor_shape(y), SPK_SHAPE(8, 3)), "encoder %d", i);
        cr_assert(spk_backward(spk_sum(y)), "encoder %d: %s", i, spk_error(ctx));
        spk_reset(net);
        spk_end_step(ctx);
    }
    spk_ctx_destroy(ctx);
}

Test(encoder, errors_and_edges) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *(*const encode[])(spk_tensor *, int64_t) = {spk_constant_encode, spk_poisson_encode, spk_latency_encode};
    static const char *const ops[] = {"repeat_over_time", "poisson", "latency"};
    for (int i = 0; i < 3; i++) {
        spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(2, 3));
        assert_inert(encode[i](x, 0), ops[i]);
        assert_error(ctx, ops[i], ops[i], "T");
        assert_inert(encode[i](x, -1), ops[i]);
        assert_error(ctx, ops[i], ops[i], "T");
        assert_inert(encode[i](x, INT64_MAX), ops[i]);
        cr_assert(spk_failed(ctx), "%s: T too large", ops[i]);
        spk_clear_error(ctx);
        assert_inert(encode[i](spk_scalar(ctx, 1), 2), ops[i]);
        assert_error(ctx, ops[i], ops[i], "axis");
        assert_inert(encode[i](NULL, 2), ops[i]);
        cr_assert_eq(spk_size(encode[i](spk_tensor_create(ctx, SPK_SHAPE(0, 3)), 2)), 0, "%s: empty batch", ops[i]);
        cr_assert_eq(spk_size(encode[i](spk_tensor_create(ctx, SPK_SHAPE(3, 0)), 2)), 0, "%s: no features", ops[i]);
        cr_assert_eq(spk_size(encode[i](spk_tensor_create(ctx, SPK_SHAPE(3)), 2)), 6, "%s: one axis", ops[i]);
        assert_fine(ctx, ops[i]);
    }
    spk_ctx_destroy(ctx);
}

/* A float does not hold every number of steps past 2^24: the last step of 2^24 + 4 rounds to one more, where no row of spikes is. */
Test(encoder, latency_of_more_steps_than_a_float_counts) {
    const int64_t T = ((int64_t)1 << 24) + 4;
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *spikes = spk_latency_encode(spk_tensor_create(ctx, SPK_SHAPE(1, 1)), T);
    spk_tensor *last = spk_slice(spikes, T - 1, T);
    cr_assert_eq(spk_item(last), 1, "%s", spk_error(ctx));
    spk_ctx_destroy(ctx);
}
