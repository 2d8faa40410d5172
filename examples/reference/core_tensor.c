#include "reference.h"
#include <math.h>
#include <spiketape.h>

static void made(spk_ctx *ctx) {
    {
        //! [spk_tensor_create]
        spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(2, 3)); /* zeros; lives as long as ctx */
        CHECK(spk_size(x) == 6 && spk_data(x)[5] == 0);
        //! [spk_tensor_create]
    }
    {
        //! [spk_tensor_from]
        spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(2, 2), (const spk_real[]){1, 2, 3, 4});
        CHECK(spk_data(x)[2] == 3); /* row 1, column 0 */
        //! [spk_tensor_from]
    }
    {
        //! [spk_scalar]
        spk_tensor *x = spk_scalar(ctx, 0.5);
        CHECK(spk_axes(x) == 0 && spk_item(x) == 0.5);
        //! [spk_scalar]
    }
    {
        //! [spk_keep]
        spk_tensor *x = spk_scalar(ctx, 3), *kept = spk_keep(spk_multiply(x, x));
        spk_end_step(ctx); /* the product is gone, its copy is not */
        CHECK(spk_item(kept) == 9);
        //! [spk_keep]
    }
    {
        //! [spk_tensor_destroy]
        spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(1000, 1000));
        spk_tensor_destroy(x); /* its memory goes when the step ends */
        spk_end_step(ctx);
        //! [spk_tensor_destroy]
    }
    {
        //! [spk_full]
        spk_tensor *half = spk_full(ctx, SPK_SHAPE(2, 3), 0.5); /* until spk_end_step */
        CHECK(spk_item(spk_sum(half)) == 3);
        //! [spk_full]
    }
    {
        //! [spk_step_from]
        const spk_real pixels[] = {0, 0.25, 0.5, 1};
        spk_tensor *batch = spk_step_from(ctx, SPK_SHAPE(2, 2), pixels); /* until spk_end_step */
        CHECK(spk_data(batch)[3] == 1);
        //! [spk_step_from]
    }
}

static void asked(spk_ctx *ctx) {
    {
        //! [spk_tensor_ctx]
        spk_tensor *x = spk_scalar(ctx, 1);
        CHECK(spk_tensor_ctx(x) == ctx);
        //! [spk_tensor_ctx]
    }
    {
        //! [spk_tensor_shape]
        spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(32, 784));
        CHECK(spk_shape_equal(spk_tensor_shape(x), SPK_SHAPE(32, 784)));
        //! [spk_tensor_shape]
    }
    {
        //! [spk_size]
        CHECK(spk_size(spk_tensor_create(ctx, SPK_SHAPE(2, 3, 4))) == 24);
        //! [spk_size]
        //! [spk_axes]
        CHECK(spk_axes(spk_tensor_create(ctx, SPK_SHAPE(2, 3, 4))) == 3);
        //! [spk_axes]
    }
    {
        //! [spk_dim]
        spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(2, 3, 4));
        CHECK(spk_dim(x, 0) == 2 && spk_dim(x, -1) == 4);
        CHECK(spk_dim(x, 3) == 0); /* no such axis */
        //! [spk_dim]
    }
    {
        //! [spk_tensor_storage]
        spk_tensor *x = spk_full(ctx, SPK_SHAPE(8, 4), 1);
        CHECK(spk_tensor_storage(x) == SPK_DENSE);
        CHECK(spk_tensor_storage(spk_bits(x)) == SPK_BITS);
        CHECK(spk_tensor_storage(spk_repeat_over_time(x, 4)) == SPK_REPEATED);
        //! [spk_tensor_storage]
    }
    {
        //! [spk_tensor_repeat]
        spk_tensor *x = spk_full(ctx, SPK_SHAPE(8, 4), 1), *at_each_step = spk_repeat_over_time(x, 16);
        CHECK(spk_tensor_repeat(at_each_step) == 16 && spk_tensor_repeat(x) == 1);
        //! [spk_tensor_repeat]
    }
}

static void read_and_written(spk_ctx *ctx) {
    {
        //! [spk_data]
        spk_tensor *x = spk_full(ctx, SPK_SHAPE(2, 3), 1.5);
        const spk_real *elements = spk_data(x); /* row-major: row i, column j is at 3 * i + j */
        CHECK(elements[3 * 1 + 2] == 1.5);
        //! [spk_data]
    }
    {
        //! [spk_data_mut]
        spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(3));
        spk_real *elements = spk_data_mut(x);
        for (int i = 0; i < 3; i++) elements[i] = (spk_real)(i * i);
        CHECK(spk_item(spk_sum(x)) == 5);
        //! [spk_data_mut]
    }
    {
        //! [spk_item]
        spk_tensor *loss = spk_mean(spk_full(ctx, SPK_SHAPE(10), 0.25));
        CHECK(spk_item(loss) == 0.25);
        //! [spk_item]
    }
    {
        //! [spk_fill]
        spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(2, 2));
        CHECK(spk_fill(x, 7) && spk_data(x)[3] == 7);
        //! [spk_fill]
    }
    {
        //! [spk_fill_uniform]
        spk_tensor *weight = spk_tensor_create(ctx, SPK_SHAPE(784, 10));
        const double bound = 1 / sqrt(784);
        CHECK(spk_fill_uniform(weight, -bound, bound));
        CHECK(spk_item(spk_max(weight)) < bound);
        //! [spk_fill_uniform]
    }
    {
        //! [spk_fill_normal]
        spk_tensor *noise = spk_tensor_create(ctx, SPK_SHAPE(10000));
        CHECK(spk_fill_normal(noise, 0, 1)); /* mean 0, standard deviation 1 */
        CHECK(fabs(spk_item(spk_mean(noise))) < 0.05);
        //! [spk_fill_normal]
    }
    {
        //! [spk_copy]
        spk_tensor *from = spk_full(ctx, SPK_SHAPE(3), 2), *to = spk_tensor_create(ctx, SPK_SHAPE(3));
        CHECK(spk_copy(to, from) && spk_data(to)[0] == 2);
        //! [spk_copy]
    }
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    made(ctx);
    asked(ctx);
    read_and_written(ctx);
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
