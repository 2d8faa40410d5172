/* Ops that read bits or repeated rows as they are stored give what they give for dense tensors. */
#include "../core/support.h"

static spk_tensor *kept_grad(spk_tensor *x) {
    spk_tensor *g = spk_grad(x) ? spk_keep(spk_grad(x)) : NULL;
    spk_clear_grad(x);
    return g;
}

/* Sums and means: of all, of a slice, over axes, of another shape. */
static spk_tensor *reduced(spk_tensor *x, int way) {
    switch (way) {
    case 0:
        return spk_sum(x);
    case 1:
        return spk_mean(x, .keep = true);
    case 2:
        return spk_sum(spk_slice(x, 1, 3));
    case 3:
        return spk_sum(x, .axes = SPK_AXES(0));
    case 4:
        return spk_mean(x, .axes = SPK_AXES(-1), .keep = true);
    default:
        return spk_sum(spk_reshape(x, SPK_SHAPE(spk_size(x))));
    }
}

Test(storages, sums_of_bits) {
    static const int64_t widths[] = {1, 63, 64, 65, 200};
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    for (int w = 0; w < 5; w++)
        for (int way = 0; way < 6; way++)
            for (int drop = 0; drop < 2; drop++) {
                spk_tensor *x = spk_set_requires_grad(zeros_and_ones(ctx, SPK_SHAPE(4, widths[w])), true), *y[2], *g[2];
                for (int dense = 0; dense < 2; dense++) {
                    spk_seed(ctx, 4);
                    spk_tensor *bits = drop ? spk_dropout(spk_bits(x), .p = 0.3) : spk_bits(x);
                    cr_assert_eq(spk_tensor_storage(bits), SPK_BITS, "storage");
                    spk_tensor *sum = reduced(dense ? spk_dense(bits) : bits, way);
                    cr_assert(spk_backward(sum, .gradient = spk_full(ctx, spk_tensor_shape(sum), 1.5)), "%s", spk_error(ctx));
                    y[dense] = spk_keep(sum), g[dense] = kept_grad(x);
                    spk_end_step(ctx);
                }
                assert_same(y[0], y[1], ROUNDING, "sum of bits");
                assert_same(g[0], g[1], 0, "its gradient");
            }
    assert_values(spk_sum(spk_bits(spk_tensor_create(ctx, SPK_SHAPE(0, 5)))), "of no bits", 0);
    assert_values(spk_sum(spk_bits(spk_tensor_create(ctx, SPK_SHAPE(5, 0)))), "of empty rows", 0);
    assert_fine(ctx, "sums of bits");
    spk_mean(spk_bits(spk_tensor_create(ctx, SPK_SHAPE(0, 5))));
    assert_error(ctx, "mean of no bits", "mean", "empty");
    spk_ctx_destroy(ctx);
}

/* Batch norm's weight and bias as bits or as repeated rows. */
Test(storages, batch_norm_parameters) {
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(5, 200), -1, 1), *r = uniform(ctx, SPK_SHAPE(5, 200), -1, 1);
    spk_tensor *half = parameter(ctx, SPK_SHAPE(100)), *ones = spk_set_requires_grad(zeros_and_ones(ctx, SPK_SHAPE(200)), true);
    for (int way = 0; way < 2; way++) {
        spk_tensor *y[2], *g[2][2];
        for (int dense = 0; dense < 2; dense++) {
            spk_tensor *repeated = spk_repeat_over_time(half, 2), *bits = spk_bits(ones);
            if (dense) repeated = spk_dense(repeated), bits = spk_dense(bits);
            spk_tensor *out = spk_batch_norm(x, way ? bits : repeated, way ? repeated : bits);
            cr_assert(spk_backward(spk_sum(spk_multiply(out, r))), "%s", spk_error(ctx));
            y[dense] = spk_keep(out), g[dense][0] = kept_grad(half), g[dense][1] = kept_grad(ones);
            spk_end_step(ctx);
        }
        assert_same(y[0], y[1], 0, "batch norm");
        for (int k = 0; k < 2; k++) assert_same(g[0][k], g[1][k], ROUNDING, "gradient");
    }
    assert_fine(ctx, "batch norm");
    spk_ctx_destroy(ctx);
}
