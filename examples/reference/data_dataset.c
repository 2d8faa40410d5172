#include "reference.h"
#include <spiketape.h>

static void made(spk_ctx *ctx) {
    {
        //! [spk_mnist]
        spk_dataset *test = spk_mnist(ctx, "datasets/mnist", false, .batch = 500); /* true: the training images */
        CHECK(spk_dataset_size(test) == 10000 && spk_dataset_batches(test) == 20);
        //! [spk_mnist]
        //! [spk_dataset_destroy]
        spk_dataset_destroy(test); /* before its context */
        //! [spk_dataset_destroy]
    }
    {
        //! [spk_dataset_idx]
        spk_dataset *d = spk_dataset_idx(ctx, "datasets/mnist/t10k-images-idx3-ubyte.gz", "datasets/mnist/t10k-labels-idx1-ubyte.gz",
                                         .batch = 32, .shuffle = true, .seed = 1);
        CHECK(spk_shape_equal(spk_dataset_sample_shape(d), SPK_SHAPE(28, 28)));
        //! [spk_dataset_idx]
        spk_dataset_destroy(d);
    }
    {
        //! [spk_dataset_from]
        const spk_real x[] = {0, 0, 0, 1, 1, 0, 1, 1}; /* four samples of two numbers */
        const int64_t labels[] = {0, 1, 1, 0};
        spk_dataset *pairs = spk_dataset_from(ctx, SPK_SHAPE(4, 2), x, labels, .batch = 4); /* copies them */
        CHECK(spk_dataset_size(pairs) == 4 && spk_dataset_label(pairs, 1) == 1);
        //! [spk_dataset_from]
        spk_dataset_destroy(pairs);
    }
    {
        //! [spk_dataset_options]
        spk_dataset_opts options = spk_dataset_options();
        options.batch = 100, options.drop_last = true;
        spk_dataset *d = spk_mnist_with(ctx, "datasets/mnist", false, options);
        CHECK(spk_dataset_batches(d) == 100);
        //! [spk_dataset_options]
        spk_dataset_destroy(d);
    }
    {
        //! [spk_dataset_split]
        spk_dataset *train = spk_mnist(ctx, "datasets/mnist", false), *held_out = spk_dataset_split(train, 2000);
        CHECK(spk_dataset_size(train) == 8000 && spk_dataset_size(held_out) == 2000);
        //! [spk_dataset_split]
        spk_dataset_destroy(train);
        spk_dataset_destroy(held_out);
    }
}

static void served(spk_ctx *ctx) {
    spk_real x[10];
    int64_t labels[10];
    for (int i = 0; i < 10; i++) x[i] = (spk_real)i, labels[i] = i % 2;
    spk_dataset *d = spk_dataset_from(ctx, SPK_SHAPE(10, 1), x, labels, .batch = 4);
    {
        //! [spk_next_batch]
        spk_batch batch;
        int64_t samples = 0; /* one epoch of 10 samples in batches of 4: 4, 4 and 2 */
        while (spk_next_batch(d, &batch)) {
            CHECK(spk_dim(batch.x, 0) == batch.size && spk_size(batch.labels) == batch.size);
            samples += batch.size;
            spk_end_step(ctx); /* frees the batch */
        }
        CHECK(samples == 10 && !spk_failed(ctx));
        //! [spk_next_batch]
    }
    {
        //! [spk_dataset_rewind]
        spk_batch batch;
        spk_dataset_rewind(d, 5); /* the beginning of epoch 5: its order is a function of the seed and the epoch */
        CHECK(spk_next_batch(d, &batch) && spk_dataset_epoch(d) == 5);
        //! [spk_dataset_rewind]
    }
    {
        //! [spk_dataset_seek]
        spk_batch batch;
        CHECK(spk_dataset_seek(d, 5, 2)); /* epoch 5, batch 2: the last one, of 2 samples */
        CHECK(spk_next_batch(d, &batch) && batch.size == 2);
        //! [spk_dataset_seek]
    }
    {
        //! [spk_dataset_epoch]
        CHECK(spk_dataset_seek(d, 7, 1));
        CHECK(spk_dataset_epoch(d) == 7); /* together with the position: what spk_dataset_seek goes back to */
        //! [spk_dataset_epoch]
        //! [spk_dataset_position]
        CHECK(spk_dataset_position(d) == 1); /* the next batch of the epoch */
        //! [spk_dataset_position]
    }
}

static void looked_at(spk_ctx *ctx) {
    spk_dataset *d = spk_mnist(ctx, "datasets/mnist", false, .batch = 300);
    {
        //! [spk_dataset_size]
        CHECK(spk_dataset_size(d) == 10000); /* MNIST's test images */
        //! [spk_dataset_size]
        //! [spk_dataset_batches]
        CHECK(spk_dataset_batches(d) == 34); /* of 300, the last one smaller */
        //! [spk_dataset_batches]
        //! [spk_dataset_sample_shape]
        CHECK(spk_shape_equal(spk_dataset_sample_shape(d), SPK_SHAPE(28, 28)));
        //! [spk_dataset_sample_shape]
    }
    {
        //! [spk_dataset_sample]
        spk_tensor *image = spk_dataset_sample(d, 0); /* [28, 28], in 0 .. 1, until spk_end_step */
        CHECK(spk_dim(image, 0) == 28 && spk_item(spk_max(image)) <= 1);
        //! [spk_dataset_sample]
        //! [spk_dataset_label]
        CHECK(spk_dataset_label(d, 0) == 7); /* the first test image shows a seven */
        //! [spk_dataset_label]
    }
}

static void of_numpys_files(spk_ctx *ctx) {
    spk_tensor *x = spk_full(ctx, SPK_SHAPE(6, 4), 1), *y = spk_full(ctx, SPK_SHAPE(6), 2);
    CHECK(spk_npy_save(x, "x.npy") && spk_npy_save(y, "y.npy") && spk_npz_save(ctx, "set.npz", {"x_train", x}, {"y_train", y}));
    {
        //! [spk_dataset_npy]
        spk_dataset *d = spk_dataset_npy(ctx, "x.npy", "y.npy", .batch = 32, .shuffle = true); /* numpy.save("x.npy", x) */
        CHECK(d && spk_dataset_size(d) == 6);
        //! [spk_dataset_npy]
    }
    {
        //! [spk_dataset_npz]
        spk_dataset *d = spk_dataset_npz(ctx, "set.npz", "x_train", "y_train", .batch = 32); /* numpy.savez("set.npz", x_train=x, ...) */
        CHECK(d && spk_dataset_label(d, 5) == 2);
        //! [spk_dataset_npz]
        //! [spk_dataset_classes]
        //! [spk_dataset_class_name]
        for (int64_t i = 0; i < spk_dataset_classes(d); i++) /* of folders and of texts in CSV files; none here */
            printf("%d: %s\n", (int)i, spk_dataset_class_name(d, i));
        //! [spk_dataset_class_name]
        //! [spk_dataset_classes]
    }
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    made(ctx);
    of_numpys_files(ctx);
    served(ctx);
    looked_at(ctx);
    if (spk_failed(ctx)) printf("%s\n", spk_error(ctx));
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
