#include "reference.h"
#include <math.h>
#include <spiketape.h>
#include <string.h>

/* True when x holds these numbers, to rounding. */
static bool holds(spk_tensor *x, int64_t n, const double *values) {
    if (spk_size(x) != n) return false;
    for (int64_t i = 0; i < n; i++)
        if (fabs((double)spk_data(x)[i] - values[i]) > 1e-6) return false;
    return true;
}
#define HOLDS(x, ...) holds((x), (int64_t)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)), (const double[]){__VA_ARGS__})

static void of_two(spk_ctx *ctx) {
    spk_tensor *matrix = spk_tensor_from(ctx, SPK_SHAPE(2, 2), (const spk_real[]){1, 2, 3, 4}),
               *row = spk_tensor_from(ctx, SPK_SHAPE(2), (const spk_real[]){10, 20});
    {
        //! [spk_add]
        spk_tensor *sum = spk_add(matrix, row); /* [[1, 2], [3, 4]] + [10, 20], for each row */
        CHECK(HOLDS(sum, 11, 22, 13, 24));
        //! [spk_add]
    }
    {
        //! [spk_subtract]
        spk_tensor *difference = spk_subtract(matrix, row); /* [[1, 2], [3, 4]] - [10, 20] */
        CHECK(HOLDS(difference, -9, -18, -7, -16));
        //! [spk_subtract]
    }
    {
        //! [spk_multiply]
        spk_tensor *product = spk_multiply(matrix, row); /* element by element; spk_matmul is the matrix product */
        CHECK(HOLDS(product, 10, 40, 30, 80));
        //! [spk_multiply]
    }
    {
        //! [spk_divide]
        spk_tensor *quotient = spk_divide(matrix, row); /* [[1, 2], [3, 4]] / [10, 20] */
        CHECK(HOLDS(quotient, 0.1, 0.1, 0.3, 0.2));
        //! [spk_divide]
    }
    {
        //! [spk_where]
        spk_tensor *mask = spk_step_from(ctx, SPK_SHAPE(2), (const spk_real[]){1, 0});
        spk_tensor *chosen = spk_where(mask, matrix, row); /* column 0 of matrix, column 1 of row */
        CHECK(HOLDS(chosen, 1, 20, 3, 20));
        //! [spk_where]
    }
}

static void of_one(spk_ctx *ctx) {
    spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(3), (const spk_real[]){-1, 0, 2}),
               *positive = spk_tensor_from(ctx, SPK_SHAPE(2), (const spk_real[]){1, 4});
    {
        //! [spk_negate]
        CHECK(HOLDS(spk_negate(x), 1, 0, -2)); /* x = [-1, 0, 2] */
        //! [spk_negate]
        //! [spk_scale]
        CHECK(HOLDS(spk_scale(x, 0.5), -0.5, 0, 1)); /* x = [-1, 0, 2] */
        //! [spk_scale]
        //! [spk_shift]
        CHECK(HOLDS(spk_shift(x, 1), 0, 1, 3)); /* x = [-1, 0, 2] */
        //! [spk_shift]
        //! [spk_exp]
        CHECK(HOLDS(spk_exp(x), exp(-1), 1, exp(2))); /* x = [-1, 0, 2] */
        //! [spk_exp]
        //! [spk_log]
        CHECK(HOLDS(spk_log(positive), 0, log(4))); /* positive = [1, 4] */
        //! [spk_log]
        //! [spk_sqrt]
        CHECK(HOLDS(spk_sqrt(positive), 1, 2)); /* positive = [1, 4] */
        //! [spk_sqrt]
        //! [spk_power]
        CHECK(HOLDS(spk_power(x, 3), -1, 0, 8)); /* x = [-1, 0, 2] */
        //! [spk_power]
        //! [spk_tanh]
        CHECK(HOLDS(spk_tanh(x), tanh(-1), 0, tanh(2))); /* x = [-1, 0, 2] */
        //! [spk_tanh]
        //! [spk_sigmoid]
        CHECK(HOLDS(spk_sigmoid(x), 1 / (1 + exp(1)), 0.5, 1 / (1 + exp(-2)))); /* x = [-1, 0, 2] */
        //! [spk_sigmoid]
        //! [spk_relu]
        CHECK(HOLDS(spk_relu(x), 0, 0, 2)); /* x = [-1, 0, 2] */
        //! [spk_relu]
        //! [spk_clamp]
        CHECK(HOLDS(spk_clamp(x, -0.5, 1), -0.5, 0, 1)); /* x = [-1, 0, 2] */
        //! [spk_clamp]
    }
}

static void products_and_reductions(spk_ctx *ctx) {
    spk_tensor *a = spk_tensor_from(ctx, SPK_SHAPE(2, 3), (const spk_real[]){1, 2, 3, 4, 5, 6});
    {
        //! [spk_matmul]
        spk_tensor *gram = spk_matmul(a, a, .transpose_b = true); /* a = [[1, 2, 3], [4, 5, 6]] times its transpose */
        CHECK(HOLDS(gram, 14, 32, 32, 77));
        //! [spk_matmul]
    }
    {
        //! [spk_matmul_options]
        spk_matmul_opts options = spk_matmul_options(); /* from C++, or where options come from elsewhere */
        options.transpose_b = true;
        CHECK(HOLDS(spk_matmul_with(a, a, options), 14, 32, 32, 77)); /* a = [[1, 2, 3], [4, 5, 6]] */
        //! [spk_matmul_options]
    }
    {
        //! [spk_linear]
        spk_tensor *weight = spk_full(ctx, SPK_SHAPE(3, 4), 1), *bias = spk_full(ctx, SPK_SHAPE(4), 0.5); /* [in, out] and [out] */
        spk_tensor *y = spk_linear(a, weight, bias); /* a = [[1, 2, 3], [4, 5, 6]]; NULL for no bias */
        CHECK(spk_dim(y, 0) == 2 && spk_dim(y, 1) == 4);
        CHECK(spk_data(y)[0] == 6.5 && spk_data(y)[4] == 15.5);
        //! [spk_linear]
    }
    {
        //! [spk_axes_of]
        const int last[] = {-1};
        const spk_axis_set rows = spk_axes_of(1, last); /* SPK_AXES(-1) where the axes are known */
        CHECK(HOLDS(spk_sum(a, .axes = rows), 6, 15));  /* a = [[1, 2, 3], [4, 5, 6]] */
        //! [spk_axes_of]
    }
    {
        //! [spk_sum]
        CHECK(spk_item(spk_sum(a)) == 21);                                   /* a = [[1, 2, 3], [4, 5, 6]] */
        CHECK(HOLDS(spk_sum(a, .axes = SPK_AXES(0)), 5, 7, 9));              /* over the rows: [3] */
        CHECK(spk_axes(spk_sum(a, .axes = SPK_AXES(0), .keep = true)) == 2); /* [1, 3] */
        //! [spk_sum]
    }
    {
        //! [spk_mean]
        CHECK(spk_item(spk_mean(a)) == 3.5);                  /* a = [[1, 2, 3], [4, 5, 6]] */
        CHECK(HOLDS(spk_mean(a, .axes = SPK_AXES(1)), 2, 5)); /* of each row */
        //! [spk_mean]
    }
    {
        //! [spk_max]
        CHECK(spk_item(spk_max(a)) == 6);                       /* a = [[1, 2, 3], [4, 5, 6]] */
        CHECK(HOLDS(spk_max(a, .axes = SPK_AXES(0)), 4, 5, 6)); /* of each column */
        //! [spk_max]
    }
    {
        //! [spk_reduce_options]
        const int first[] = {0};
        spk_reduce_opts options = spk_reduce_options(); /* from C++, or where options come from elsewhere */
        options.axes = spk_axes_of(1, first);
        CHECK(HOLDS(spk_sum_with(a, options), 5, 7, 9)); /* a = [[1, 2, 3], [4, 5, 6]] */
        //! [spk_reduce_options]
    }
}

static void shapes(spk_ctx *ctx) {
    spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(2, 3), (const spk_real[]){1, 2, 3, 4, 5, 6});
    {
        //! [spk_reshape]
        spk_tensor *y = spk_reshape(x, SPK_SHAPE(3, 2)); /* [[1, 2, 3], [4, 5, 6]] as [[1, 2], [3, 4], [5, 6]] */
        CHECK(spk_data(y)[2 * 1 + 0] == 3);
        //! [spk_reshape]
    }
    {
        //! [spk_flatten]
        spk_tensor *images = spk_full(ctx, SPK_SHAPE(32, 28, 28), 0);
        CHECK(spk_shape_equal(spk_tensor_shape(spk_flatten(images)), SPK_SHAPE(32, 784)));
        //! [spk_flatten]
    }
    {
        //! [spk_transpose]
        CHECK(HOLDS(spk_transpose(x, 0, 1), 1, 4, 2, 5, 3, 6)); /* [[1, 2, 3], [4, 5, 6]] as [[1, 4], [2, 5], [3, 6]] */
        //! [spk_transpose]
    }
    {
        //! [spk_slice]
        CHECK(HOLDS(spk_slice(x, 1, 2), 4, 5, 6)); /* row 1 of [[1, 2, 3], [4, 5, 6]] */
        //! [spk_slice]
    }
    {
        //! [spk_concat]
        spk_tensor *zeros = spk_full(ctx, SPK_SHAPE(2, 1), 0);
        spk_tensor *wider = spk_concat((spk_tensor *[]){x, zeros}, 2, 1); /* two tensors along axis 1: [2, 4] */
        CHECK(HOLDS(wider, 1, 2, 3, 0, 4, 5, 6, 0));
        //! [spk_concat]
    }
    {
        //! [spk_stack]
        spk_tensor *a = spk_full(ctx, SPK_SHAPE(3), 1), *b = spk_full(ctx, SPK_SHAPE(3), 2);
        spk_tensor *both = spk_stack((spk_tensor *[]){a, b}, 2, 0); /* along a new axis 0: [2, 3] */
        CHECK(HOLDS(both, 1, 1, 1, 2, 2, 2));
        //! [spk_stack]
    }
    {
        //! [spk_bits]
        spk_tensor *spikes = spk_step_from(ctx, SPK_SHAPE(1, 4), (const spk_real[]){0, 1, 1, 0});
        spk_tensor *packed = spk_bits(spikes); /* one bit an element; products then visit the spikes only */
        CHECK(spk_tensor_storage(packed) == SPK_BITS && HOLDS(packed, 0, 1, 1, 0));
        //! [spk_bits]
        //! [spk_dense]
        CHECK(spk_tensor_storage(spk_dense(packed)) == SPK_DENSE); /* the same values, every element stored */
        //! [spk_dense]
    }
}

static void time_steps(spk_ctx *ctx) {
    /* N = 2 samples over T = 3 steps: row t * N + n. */
    spk_tensor *spikes = spk_tensor_from(ctx, SPK_SHAPE(6, 1), (const spk_real[]){1, 0, 1, 0, 1, 1});
    {
        //! [spk_repeat_over_time]
        spk_tensor *x = spk_full(ctx, SPK_SHAPE(32, 784), 0.5);
        spk_tensor *x_seq = spk_repeat_over_time(x, 4); /* the same input at each of 4 steps, stored once */
        CHECK(spk_shape_equal(spk_tensor_shape(x_seq), SPK_SHAPE(4 * 32, 784)));
        //! [spk_repeat_over_time]
    }
    {
        //! [spk_sum_over_time]
        CHECK(HOLDS(spk_sum_over_time(spikes, 3), 3, 1)); /* how often each of 2 samples fired in 3 steps */
        //! [spk_sum_over_time]
    }
    {
        //! [spk_mean_over_time]
        CHECK(HOLDS(spk_mean_over_time(spikes, 3), 1, 1.0 / 3)); /* the firing rate of each of 2 samples */
        //! [spk_mean_over_time]
    }
    {
        //! [spk_time_step]
        CHECK(HOLDS(spk_time_step(spikes, 3, 0), 1, 0)); /* the first of 3 steps, 2 samples */
        CHECK(HOLDS(spk_time_step(spikes, 3, 2), 1, 1)); /* the last */
        //! [spk_time_step]
    }
}

static void losses_and_normalisation(spk_ctx *ctx) {
    {
        //! [spk_softmax]
        spk_tensor *logits = spk_step_from(ctx, SPK_SHAPE(1, 2), (const spk_real[]){0, (spk_real)log(3)});
        CHECK(HOLDS(spk_softmax(logits), 0.25, 0.75));
        //! [spk_softmax]
        //! [spk_log_softmax]
        CHECK(HOLDS(spk_log_softmax(logits), log(0.25), log(0.75))); /* logits = [[0, ln 3]] */
        //! [spk_log_softmax]
    }
    {
        //! [spk_cross_entropy]
        spk_tensor *logits = spk_full(ctx, SPK_SHAPE(8, 10), 0), *labels = spk_full(ctx, SPK_SHAPE(8), 3);
        CHECK(fabs(spk_item(spk_cross_entropy(logits, labels)) - log(10)) < 1e-6); /* nothing known about 10 classes */
        CHECK(fabs(spk_item(spk_cross_entropy(logits, labels, .label_smoothing = 0.1)) - log(10)) < 1e-6);
        //! [spk_cross_entropy]
    }
    {
        //! [spk_cross_entropy_options]
        spk_tensor *logits = spk_full(ctx, SPK_SHAPE(8, 10), 0), *labels = spk_full(ctx, SPK_SHAPE(8), 3);
        spk_cross_entropy_opts options = spk_cross_entropy_options(); /* from C++, or where options come from elsewhere */
        options.label_smoothing = 0.1;
        CHECK(fabs(spk_item(spk_cross_entropy_with(logits, labels, options)) - log(10)) < 1e-6);
        //! [spk_cross_entropy_options]
    }
    {
        //! [spk_mse]
        spk_tensor *y = spk_full(ctx, SPK_SHAPE(4), 3), *target = spk_full(ctx, SPK_SHAPE(4), 1);
        CHECK(spk_item(spk_mse(y, target)) == 4);
        //! [spk_mse]
    }
    {
        //! [spk_dropout]
        spk_tensor *x = spk_full(ctx, SPK_SHAPE(1000), 1), *y = spk_dropout(x, .p = 0.5);
        for (int i = 0; i < 1000; i++) CHECK(spk_data(y)[i] == 0 || spk_data(y)[i] == 2); /* what stays is scaled by 1 / (1 - p) */
        CHECK(0.9 < spk_item(spk_mean(y)) && spk_item(spk_mean(y)) < 1.1);
        //! [spk_dropout]
    }
    {
        //! [spk_dropout_options]
        spk_dropout_opts options = spk_dropout_options(); /* from C++, or where options come from elsewhere */
        options.p = 0;
        CHECK(HOLDS(spk_dropout_with(spk_full(ctx, SPK_SHAPE(3), 7), options), 7, 7, 7));
        //! [spk_dropout_options]
    }
    {
        //! [spk_batch_norm]
        spk_tensor *x = spk_step_from(ctx, SPK_SHAPE(2, 1), (const spk_real[]){3, 7}); /* mean 5, variance 4 */
        spk_tensor *weight = spk_full(ctx, SPK_SHAPE(1), 10), *bias = spk_full(ctx, SPK_SHAPE(1), 1);
        CHECK(HOLDS(spk_batch_norm(x, weight, bias, .eps = 0), -9, 11));
        //! [spk_batch_norm]
    }
    {
        //! [spk_batch_norm_options]
        spk_tensor *x = spk_step_from(ctx, SPK_SHAPE(2, 1), (const spk_real[]){3, 7}); /* mean 5, variance 4 */
        spk_batch_norm_opts options = spk_batch_norm_options();                        /* from C++, or where options come from elsewhere */
        options.eps = 0;
        CHECK(HOLDS(spk_batch_norm_with(x, spk_full(ctx, SPK_SHAPE(1), 10), spk_full(ctx, SPK_SHAPE(1), 1), options), -9, 11));
        //! [spk_batch_norm_options]
    }
    {
        //! [spk_autograd_ops]
        int count;
        const spk_op *const *ops = spk_autograd_ops(&count);
        bool found = false;
        for (int i = 0; i < count; i++) found |= strcmp(ops[i]->name, "matmul") == 0;
        CHECK(found);
        //! [spk_autograd_ops]
    }
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    of_two(ctx);
    of_one(ctx);
    products_and_reductions(ctx);
    shapes(ctx);
    time_steps(ctx);
    losses_and_normalisation(ctx);
    if (spk_failed(ctx)) printf("%s\n", spk_error(ctx));
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
