/* Layers against plain loops. */
#include "../core/support.h"

Test(layers, sequential) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = spk_sequential(ctx, spk_relu_layer(ctx), spk_flatten_layer(ctx));
    cr_assert(spk_find_module(net, "0") && spk_find_module(net, "1") && !spk_find_module(net, "2"), "parts");
    spk_tensor *y = spk_call(net, spk_step_from(ctx, SPK_SHAPE(2, 1, 2), (const spk_real[]){-1, 2, 3, -4}));
    cr_assert(spk_shape_equal(spk_tensor_shape(y), SPK_SHAPE(2, 2)), "shape");
    assert_values(y, "sequential", 0, 2, 3, 0);
    spk_module *empty = spk_sequential_of(ctx, 0, NULL);
    spk_tensor *x = VECTOR(ctx, 1, 2);
    cr_assert_eq(spk_call(empty, x), x, "an empty one gives its input");
    cr_assert_str_eq(spk_repr(empty), "sequential()");
    assert_fine(ctx, "sequential");
    cr_assert_eq(spk_sequential(ctx, spk_relu_layer(ctx), NULL), spk_inert_module());
    assert_error(ctx, "NULL part", "sequential", "child '1' is NULL");
    cr_assert_eq(spk_sequential(NULL, NULL), spk_inert_module());
    spk_ctx_destroy(ctx);
}

Test(layers, linear_init) {
    spk_ctx *ctx = spk_ctx_create(.seed = 5), *same = spk_ctx_create(.seed = 5), *other = spk_ctx_create(.seed = 6);
    enum { IN = 50, OUT = 400 };
    cr_assert(spk_linear_options().bias, "default");
    spk_module *layer = spk_linear_layer(ctx, IN, OUT), *again = spk_linear_layer(same, IN, OUT),
               *differs = spk_linear_layer(other, IN, OUT);
    spk_tensor *w = spk_find_tensor(layer, "weight"), *b = spk_find_tensor(layer, "bias");
    cr_assert(spk_shape_equal(spk_tensor_shape(w), SPK_SHAPE(IN, OUT)) && spk_shape_equal(spk_tensor_shape(b), SPK_SHAPE(OUT)), "shapes");
    assert_same(spk_find_tensor(again, "weight"), w, 0, "same seed");
    assert_same(spk_find_tensor(again, "bias"), b, 0, "same seed");
    cr_assert(spk_data(spk_find_tensor(differs, "weight"))[0] != spk_data(w)[0], "another seed");
    cr_assert(spk_data(spk_find_tensor(spk_linear_layer(ctx, IN, OUT), "weight"))[0] != spk_data(w)[0], "the next layer");
    const double bound = 1 / sqrt(IN);
    spk_tensor *const drawn[] = {w, b};
    for (int k = 0; k < 2; k++) {
        double sum = 0, squares = 0, largest = 0;
        const double n = (double)spk_size(drawn[k]);
        for (int64_t i = 0; i < spk_size(drawn[k]); i++) {
            const double v = (double)spk_data(drawn[k])[i];
            sum += v, squares += v * v, largest = fmax(largest, fabs(v));
        }
        cr_assert(largest <= bound * (1 + 1e-6) && largest > bound * 0.97, "%d: largest %g of %g", k, largest, bound);
        cr_assert(fabs(sum / n) < 5 * bound / sqrt(3 * n), "%d: mean %g", k, sum / n);
        cr_assert(fabs(squares / n / (bound * bound / 3) - 1) < 5 / sqrt(n), "%d: variance %g", k, squares / n);
    }
    for (spk_walk p = spk_parameters(layer); spk_walk_next(&p);)
        cr_assert(p.slot->transposed == (strcmp(p.name, "weight") == 0), "%s: files keep weights as [out, in]", p.name);
    spk_ctx_destroy(ctx), spk_ctx_destroy(same), spk_ctx_destroy(other);
}

Test(layers, linear) {
    enum { IN = 7, OUT = 5 };
    static const int64_t dims[][4] = {{1, IN}, {2, 4, IN}, {3, 2, 3, IN}};
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    for (int bias = 0; bias < 2; bias++)
        for (size_t k = 0; k < sizeof dims / sizeof *dims; k++) {
            spk_module *layer = spk_linear_layer(ctx, IN, OUT, .bias = bias);
            spk_tensor *b = spk_find_tensor(layer, "bias"), *w = spk_find_tensor(layer, "weight");
            cr_assert_eq(b != NULL, bias, "bias");
            spk_shape shape = spk_shape_of((int)dims[k][0], dims[k] + 1);
            spk_tensor *x = parameter(ctx, shape), *y = spk_call(layer, x);
            shape.dim[shape.axes - 1] = OUT;
            cr_assert(spk_shape_equal(spk_tensor_shape(y), shape), "axes %d: shape", shape.axes);
            for (int64_t r = 0; r < spk_size(x) / IN; r++)
                for (int o = 0; o < OUT; o++) {
                    double sum = b ? (double)spk_data(b)[o] : 0;
                    for (int i = 0; i < IN; i++) sum += (double)spk_data(x)[r * IN + i] * (double)spk_data(w)[i * OUT + o];
                    cr_assert(close_to((double)spk_data(y)[r * OUT + o], sum, ROUNDING), "axes %d, bias %d: row %d, %d", shape.axes, bias,
                              (int)r, o);
                }
            cr_assert(spk_backward(spk_sum(y)) && spk_grad(x) && spk_grad(w) && (!b || spk_grad(b)), "gradients");
        }
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, IN, OUT));
    spk_module_set_name(net, "net");
    assert_inert(spk_call(net, spk_full(ctx, SPK_SHAPE(2, IN + 1), 1)), "wrong width");
    assert_error(ctx, "wrong width", "linear (net.0)", "[2, 8]");
    spk_ctx_destroy(ctx);
}

Test(layers, batch_norm) {
    enum { N = 6, C = 3 };
    const double eps = 1e-3, momentum = 0.25;
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *bn = spk_batch_norm1d(ctx, C, .eps = eps, .momentum = momentum);
    spk_tensor *mean = spk_find_tensor(bn, "running_mean"), *var = spk_find_tensor(bn, "running_var");
    assert_values(spk_find_tensor(bn, "weight"), "weight", 1, 1, 1);
    assert_values(spk_find_tensor(bn, "bias"), "bias", 0, 0, 0);
    assert_values(mean, "running_mean", 0, 0, 0);
    assert_values(var, "running_var", 1, 1, 1);
    spk_fill_uniform(spk_find_tensor(bn, "weight"), 0.5, 2), spk_fill_uniform(spk_find_tensor(bn, "bias"), -1, 1);
    double m[C] = {0}, v[C] = {1, 1, 1}; /* the running statistics */
    for (int step = 0; step < 3; step++) {
        spk_tensor *x = uniform(ctx, SPK_SHAPE(N, C), -1, 3), *y = spk_call(bn, x);
        for (int c = 0; c < C; c++) {
            double sum = 0, squares = 0;
            for (int i = 0; i < N; i++) sum += (double)spk_data(x)[i * C + c];
            for (int i = 0; i < N; i++) squares += pow((double)spk_data(x)[i * C + c] - sum / N, 2);
            m[c] += momentum * (sum / N - m[c]), v[c] += momentum * (squares / (N - 1) - v[c]);
            for (int i = 0; i < N; i++) {
                const double z = ((double)spk_data(x)[i * C + c] - sum / N) / sqrt(squares / N + eps);
                const double wanted =
                    z * (double)spk_data(spk_find_tensor(bn, "weight"))[c] + (double)spk_data(spk_find_tensor(bn, "bias"))[c];
                cr_assert(close_to((double)spk_data(y)[i * C + c], wanted, ROUNDING), "step %d: row %d, channel %d", step, i, c);
            }
            cr_assert(close_to((double)spk_data(mean)[c], m[c], ROUNDING) && close_to((double)spk_data(var)[c], v[c], ROUNDING),
                      "step %d: running statistics", step);
        }
        spk_end_step(ctx);
    }
    spk_eval(bn);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(1, C), -1, 3), *y = spk_call(bn, x); /* one row is enough now */
    for (int c = 0; c < C; c++) {
        const double wanted = ((double)spk_data(x)[c] - m[c]) / sqrt(v[c] + eps) * (double)spk_data(spk_find_tensor(bn, "weight"))[c] +
                              (double)spk_data(spk_find_tensor(bn, "bias"))[c];
        cr_assert(close_to((double)spk_data(y)[c], wanted, ROUNDING), "evaluation: channel %d", c);
        cr_assert(close_to((double)spk_data(mean)[c], m[c], ROUNDING), "evaluation changed the statistics");
    }
    assert_fine(ctx, "batch norm");
    spk_module *plain = spk_batch_norm1d(ctx, C, .affine = false);
    cr_assert(!spk_find_tensor(plain, "weight") && spk_find_tensor(plain, "running_var") && spk_parameter_count(plain, false) == 0,
              "affine = false");
    cr_assert_str_eq(spk_repr(plain), "batch_norm1d(3, eps=1e-05, momentum=0.1, affine=false)");
    spk_call(plain, uniform(ctx, SPK_SHAPE(4, C), 0, 1));
    assert_fine(ctx, "affine = false");
    assert_inert(spk_call(plain, spk_full(ctx, SPK_SHAPE(4, C + 1), 1)), "channels");
    assert_error(ctx, "channels", "batch_norm (batch_norm1d)", "[4, 4]");
    spk_ctx_destroy(ctx);
}

Test(layers, dropout) {
    enum { N = 200, M = 50, T = 4 };
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *drop = spk_dropout_layer(ctx, .p = 0.25), *in_time = spk_dropout_layer(ctx, .p = 0.25, .T = T);
    spk_tensor *x = spk_full(ctx, SPK_SHAPE(N, M), 3), *y = spk_call(drop, x);
    int zeros = 0;
    for (int i = 0; i < N * M; i++) {
        zeros += spk_data(y)[i] == 0;
        cr_assert(spk_data(y)[i] == 0 || close_to((double)spk_data(y)[i], 4, ROUNDING), "element %d is %g", i, (double)spk_data(y)[i]);
    }
    cr_assert(fabs(zeros - 0.25 * N * M) < 5 * sqrt(0.25 * 0.75 * N * M), "%d zeros", zeros);
    y = spk_call(in_time, x);
    for (int i = 0; i < N * M; i++) cr_assert(spk_data(y)[i] == spk_data(y)[i % (N / T * M)], "one mask for all steps: %d", i);
    spk_eval(drop);
    cr_assert_eq(spk_call(drop, x), x, "nothing in evaluation");
    spk_train(drop);
    cr_assert_neq(spk_call(drop, x), x, "training again");
    spk_dropout_layer_opts o = spk_dropout_layer_options();
    cr_assert(o.p == 0.5 && o.T == 1, "defaults");
    spk_module *none = spk_dropout_layer(ctx, .p = 0), *all = spk_dropout_layer(ctx, .p = 1);
    assert_same(spk_call(none, x), x, 0, "p = 0");
    cr_assert(spk_item(spk_sum(spk_call(all, x))) == 0, "p = 1");
    spk_tensor *bits = spk_call(drop, spk_bits(zeros_and_ones(ctx, SPK_SHAPE(4, M))));
    cr_assert_eq(spk_tensor_storage(bits), SPK_BITS, "bits stay bits");
    assert_fine(ctx, "dropout");
    spk_call(in_time, spk_full(ctx, SPK_SHAPE(N + 1, M), 1));
    assert_error(ctx, "T does not divide", "dropout (dropout)", "T");
    spk_ctx_destroy(ctx);
}

Test(layers, flatten_and_relu) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *x = parameter(ctx, SPK_SHAPE(2, 3, 4)), *y = spk_call(spk_flatten_layer(ctx), x);
    cr_assert(spk_shape_equal(spk_tensor_shape(y), SPK_SHAPE(2, 12)), "shape");
    cr_assert(memcmp(spk_data(x), spk_data(y), 24 * sizeof(spk_real)) == 0, "values");
    spk_tensor *z = spk_call(spk_relu_layer(ctx), x);
    spk_backward(spk_sum(z));
    for (int i = 0; i < 24; i++) {
        const spk_real v = spk_data(x)[i];
        cr_assert(spk_data(z)[i] == (v > 0 ? v : 0) && spk_data(spk_grad(x))[i] == (v > 0), "relu %d", i);
    }
    assert_fine(ctx, "flatten and relu");
    spk_ctx_destroy(ctx);
}

Test(layers, bad_options) {
    spk_ctx *ctx = spk_ctx_create();
#define BAD(expression, a, b)                                                         \
    do {                                                                              \
        cr_assert_eq((expression), spk_inert_module(), "%s: not inert", #expression); \
        assert_error(ctx, #expression, a, b);                                         \
    } while (0)
    BAD(spk_linear_layer(ctx, 0, 3), "spk_linear_layer", "0 inputs");
    BAD(spk_linear_layer(ctx, 3, 0), "spk_linear_layer", "0 outputs");
    BAD(spk_linear_layer(ctx, -3, 3), "spk_linear_layer", "-3 inputs");
    BAD(spk_linear_layer(ctx, INT64_MAX, INT64_MAX), "spk_linear_layer", "at most 2147483647");
    BAD(spk_batch_norm1d(ctx, 0), "spk_batch_norm1d", "0 channels");
    BAD(spk_batch_norm1d(ctx, -1), "spk_batch_norm1d", "-1 channels");
    BAD(spk_batch_norm1d(ctx, 3, .eps = 0), "spk_batch_norm1d", "eps");
    BAD(spk_batch_norm1d(ctx, 3, .eps = -1), "spk_batch_norm1d", "eps");
    BAD(spk_batch_norm1d(ctx, 3, .eps = NAN), "spk_batch_norm1d", "eps");
    BAD(spk_batch_norm1d(ctx, 3, .momentum = -0.1), "spk_batch_norm1d", "momentum");
    BAD(spk_batch_norm1d(ctx, 3, .momentum = 1.1), "spk_batch_norm1d", "momentum");
    BAD(spk_batch_norm1d(ctx, 3, .momentum = NAN), "spk_batch_norm1d", "momentum");
    BAD(spk_dropout_layer(ctx, .p = -0.1), "spk_dropout_layer", "p is -0.1");
    BAD(spk_dropout_layer(ctx, .p = 1.5), "spk_dropout_layer", "p is 1.5");
    BAD(spk_dropout_layer(ctx, .p = NAN), "spk_dropout_layer", "p is");
    BAD(spk_dropout_layer(ctx, .T = 0), "spk_dropout_layer", "T is 0");
    const spk_batch_norm1d_opts o = spk_batch_norm1d_options();
    cr_assert(o.eps == 1e-5 && o.momentum == 0.1 && o.affine, "defaults");
    cr_assert(spk_linear_layer(NULL, 1, 1) == spk_inert_module() && spk_batch_norm1d(NULL, 1) == spk_inert_module() &&
                  spk_dropout_layer(NULL) == spk_inert_module() && spk_flatten_layer(NULL) == spk_inert_module() &&
                  spk_relu_layer(NULL) == spk_inert_module(),
              "NULL context");
    spk_ctx_destroy(ctx);
}
