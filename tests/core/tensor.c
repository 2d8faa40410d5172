/* Tensors: construction, views of the values, fills, copies. */
#include "support.h"

Test(tensor, construction) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    for (int round = 0; round < 2; round++) { /* the second time on memory that was used */
        spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(3, 5, 7));
        cr_assert(spk_size(x) == 105 && spk_axes(x) == 3 && spk_tensor_ctx(x) == ctx, "size and axes");
        cr_assert(spk_dim(x, 0) == 3 && spk_dim(x, 2) == 7 && spk_dim(x, -1) == 7 && spk_dim(x, -3) == 3, "dim");
        cr_assert(spk_dim(x, 3) == 0 && spk_dim(x, -4) == 0, "dim outside");
        cr_assert(spk_tensor_storage(x) == SPK_DENSE && spk_tensor_repeat(x) == 1, "storage");
        cr_assert((uintptr_t)spk_data(x) % 64 == 0, "alignment");
        for (int i = 0; i < 105; i++) cr_assert(spk_data(x)[i] == 0, "element %d is not 0", i);
        spk_fill(x, 3);
        spk_tensor_destroy(x);
    }
    spk_tensor *scalar = spk_scalar(ctx, 2.5);
    cr_assert(spk_axes(scalar) == 0 && spk_size(scalar) == 1 && spk_item(scalar) == 2.5 && spk_dim(scalar, 0) == 0, "scalar");
    assert_values(spk_tensor_from(ctx, SPK_SHAPE(2), (spk_real[]){7, 8}), "from", 7, 8);
    spk_tensor *empty = spk_tensor_create(ctx, SPK_SHAPE(4, 0));
    cr_assert(spk_size(empty) == 0 && spk_axes(empty) == 2 && spk_fill(empty, 1) && !spk_failed(ctx), "empty");
    cr_assert(spk_size(spk_tensor_from(ctx, SPK_SHAPE(0), NULL)) == 0 && spk_size(spk_step_from(ctx, SPK_SHAPE(0), NULL)) == 0 &&
                  !spk_failed(ctx),
              "NULL for no values");
    for (int i = 0; i < 200; i++) cr_assert((uintptr_t)spk_data(spk_full(ctx, SPK_SHAPE(i), 1)) % 64 == 0, "alignment of step tensors");
    assert_values(spk_full(ctx, SPK_SHAPE(3), -2), "full", -2, -2, -2);
    assert_values(spk_step_from(ctx, SPK_SHAPE(2), (spk_real[]){1, 2}), "step from", 1, 2);
    spk_tensor_destroy(NULL);
    spk_tensor_destroy(spk_full(ctx, SPK_SHAPE(3), 1)); /* a step tensor is left to its step */
    assert_fine(ctx, "construction");
    spk_ctx_destroy(ctx);
}

Test(tensor, refused_shapes) {
    spk_ctx *ctx = spk_ctx_create();
    const spk_shape shapes[] = {SPK_SHAPE(1, 1, 1, 1, 1, 1, 1),
                                SPK_SHAPE(3, -1),
                                SPK_SHAPE((int64_t)1 << 32, (int64_t)1 << 32),
                                SPK_SHAPE(INT64_MAX),
                                SPK_SHAPE(INT64_MAX, INT64_MAX),
                                {.axes = -1},
                                {.axes = 7},
                                {.axes = 1, .dim = {-5}}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        assert_inert(spk_tensor_create(ctx, shapes[i]), "spk_tensor_create");
        assert_error(ctx, "spk_tensor_create", "spk_tensor_create", "shape");
        assert_inert(spk_full(ctx, shapes[i], 1), "spk_full");
        assert_error(ctx, "spk_full", "spk_full", "shape");
        assert_inert(spk_tensor_from(ctx, shapes[i], (spk_real[]){1}), "spk_tensor_from");
        assert_error(ctx, "spk_tensor_from", "spk_tensor", "shape");
        assert_inert(spk_step_from(ctx, shapes[i], (spk_real[]){1}), "spk_step_from");
        assert_error(ctx, "spk_step_from", "spk_step_from", "shape");
    }
    assert_inert(spk_tensor_from(ctx, SPK_SHAPE(2), NULL), "NULL values");
    assert_error(ctx, "NULL values", "spk_tensor_from", "NULL");
    assert_inert(spk_step_from(ctx, SPK_SHAPE(2), NULL), "NULL values");
    assert_error(ctx, "NULL values", "spk_step_from", "NULL");
    spk_ctx_destroy(ctx);
}

Test(tensor, null) {
    cr_assert(spk_size(NULL) == 0 && spk_axes(NULL) == 1 && spk_dim(NULL, 0) == 0 && spk_tensor_repeat(NULL) == 1, "what NULL looks like");
    cr_assert(spk_tensor_storage(NULL) == SPK_DENSE && spk_shape_equal(spk_tensor_shape(NULL), SPK_SHAPE(0)), "what NULL looks like");
    cr_assert(spk_data(NULL) && spk_data_mut(NULL) && isnan(spk_item(NULL)) && spk_failed(spk_tensor_ctx(NULL)), "values of NULL");
    cr_assert(!spk_fill(NULL, 1) && !spk_fill_uniform(NULL, 0, 1) && !spk_fill_normal(NULL, 0, 1) && !spk_copy(NULL, NULL),
              "writes to NULL");
}

Test(tensor, item) {
    spk_ctx *ctx = spk_ctx_create();
    cr_assert(spk_item(spk_full(ctx, SPK_SHAPE(1, 1, 1), 4)) == 4, "one element of three axes");
    cr_assert(spk_item(spk_bits(spk_full(ctx, SPK_SHAPE(1), 1))) == 1, "of bits");
    cr_assert(isnan(spk_item(spk_full(ctx, SPK_SHAPE(2), 4))), "two elements");
    assert_error(ctx, "two elements", "spk_item", "[2]");
    cr_assert(isnan(spk_item(spk_full(ctx, SPK_SHAPE(0), 4))), "no element");
    assert_error(ctx, "no element", "spk_item", "[0]");
    spk_ctx_destroy(ctx);
}

Test(tensor, keep_and_copy) {
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    spk_tensor *x = spk_set_requires_grad(VECTOR(ctx, 1, 0), true);
    spk_tensor *kept[] = {spk_keep(spk_exp(x)), spk_keep(spk_repeat_over_time(x, 2)), spk_keep(spk_bits(spk_tensor_detach(x))),
                          spk_keep(x)};
    for (int i = 0; i < 4; i++)
        cr_assert(!spk_requires_grad(kept[i]) && spk_tensor_storage(kept[i]) == SPK_DENSE && spk_data(kept[i]) != spk_data(x), "kept %d",
                  i);
    spk_end_step(ctx);
    spk_full(ctx, SPK_SHAPE(100), 9);
    spk_end_step(ctx);
    assert_values(kept[0], "a result", (spk_real)exp(1), 1);
    assert_values(kept[1], "a repeated tensor", 1, 0, 1, 0);
    assert_values(kept[2], "bits", 1, 0);
    assert_values(kept[3], "a persistent tensor", 1, 0);

    cr_assert(spk_copy(kept[0], kept[1]) == false, "other shapes");
    assert_error(ctx, "other shapes", "[2]", "[4]");
    assert_values(kept[0], "unchanged", (spk_real)exp(1), 1);
    cr_assert(spk_copy(kept[0], spk_bits(spk_tensor_detach(x))), "from bits: %s", spk_error(ctx));
    assert_values(kept[0], "from bits", 1, 0);
    cr_assert(spk_copy(kept[0], kept[0]), "onto itself: %s", spk_error(ctx));
    assert_values(kept[0], "onto itself", 1, 0);
    spk_tensor *six = VECTOR(ctx, 1, 2, 3, 4, 5, 6);
    cr_assert(spk_copy(spk_slice(six, 1, 5), spk_slice(six, 0, 4)), "overlapping views: %s", spk_error(ctx));
    assert_values(six, "overlapping views", 1, 1, 2, 3, 4, 6);
    cr_assert(!spk_copy(kept[0], NULL), "from NULL");
    assert_error(ctx, "from NULL", "spk_copy", "NULL");
    spk_ctx_destroy(ctx);
}

Test(tensor, data_of_other_storages) {
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    spk_tensor *x = zeros_and_ones(ctx, SPK_SHAPE(3, 70)), *bits = spk_bits(x), *repeated = spk_repeat_over_time(x, 2);
    assert_near(210, spk_data(bits), spk_data(x), 0, "bits");
    cr_assert(spk_data(bits) == spk_data(bits), "written out once");
    assert_near(210, spk_data(repeated), spk_data(x), 0, "repeated");
    assert_near(210, spk_data(repeated) + 210, spk_data(x), 0, "repeated, second");
    cr_assert(spk_size(repeated) == 420 && spk_tensor_repeat(repeated) == 2, "repeated");
    cr_assert(spk_data_mut(bits) != NULL, "NULL");
    assert_error(ctx, "writing bits", "spk_data_mut", "bits");
    cr_assert(!spk_fill(spk_repeat_over_time(x, 2), 1), "writing repeated rows");
    assert_error(ctx, "writing repeated rows", "spk_fill", "repeated");
    cr_assert(!spk_fill_uniform(spk_bits(x), 0, 1), "filling bits");
    assert_error(ctx, "filling bits", "bits", "spk_dense");
    spk_ctx_destroy(ctx);
}

Test(tensor, fills) {
    spk_ctx *ctx = spk_ctx_create(.seed = 4);
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(1000));
    cr_assert(spk_fill(x, 1.5) && spk_item(spk_sum(x)) == 1500, "fill");
    cr_assert(spk_fill_uniform(x, 2, 3), "uniform");
    for (int i = 0; i < 1000; i++)
        cr_assert(spk_data(x)[i] >= 2 && spk_data(x)[i] < 3, "uniform: element %d is %g", i, (double)spk_data(x)[i]);
    cr_assert(spk_fill_normal(x, 5, 0), "normal");
    assert_same(x, spk_full(ctx, SPK_SHAPE(1000), 5), 0, "deviation 0");
    spk_tensor *step = spk_full(ctx, SPK_SHAPE(4), 0);
    cr_assert(spk_fill(spk_slice(step, 1, 3), 7), "a view");
    assert_values(step, "written through a view", 0, 7, 7, 0);
    spk_ctx_destroy(ctx);
}
