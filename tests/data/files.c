/* Datasets from files: IDX pairs and MNIST's folder. */
#include "support.h"
#include "data/dataset.h"
#include <math.h>

#define BYTES(...) (const unsigned char[]){__VA_ARGS__}, sizeof((const unsigned char[]){__VA_ARGS__})
/* [3, 1, 2] of 8 bit, and [3] labels. */
#define IMAGES 0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 51, 102, 153, 204, 255
#define LABELS 0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1

static spk_dataset *from_bytes(spk_ctx *ctx, const unsigned char *x, size_t nx, const unsigned char *y, size_t ny,
                               spk_dataset_opts options) {
    const temporary images = temporary_file(x, nx, true), labels = temporary_file(y, ny, false);
    spk_dataset *d = spk_dataset_idx_with(ctx, images.path, labels.path, options);
    unlink(images.path);
    unlink(labels.path);
    return d;
}

Test(files, idx_bytes_are_scaled) {
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset_opts options = spk_dataset_options();
    spk_dataset *d = from_bytes(ctx, BYTES(IMAGES), BYTES(LABELS), options);
    cr_assert(d, "%s", spk_error(ctx));
    spk_batch batch;
    cr_assert(spk_next_batch(d, &batch));
    cr_assert(spk_shape_equal(spk_tensor_shape(batch.x), SPK_SHAPE(3, 1, 2)));
    for (int i = 0; i < 6; i++) cr_expect_float_eq(spk_data(batch.x)[i], 0.2 * i, 1e-7);
    cr_assert_eq(spk_data(batch.x)[5], 1);
    cr_assert_eq(spk_dataset_label(d, 0), 2);
    options.scale = 2;
    d = from_bytes(ctx, BYTES(IMAGES), BYTES(LABELS), options);
    cr_assert_eq(spk_data(spk_dataset_sample(d, 1))[1], 306);
    options.scale = 0; /* other types are taken as they are: [1] of 16 bit */
    d = from_bytes(ctx, BYTES(0, 0, 0x0B, 1, 0, 0, 0, 1, 0x01, 0x02), BYTES(0, 0, 8, 1, 0, 0, 0, 1, 4), options);
    cr_assert_eq(spk_axes(spk_dataset_sample(d, 0)), 0);
    cr_assert_eq(spk_item(spk_dataset_sample(d, 0)), 258);
    spk_ctx_destroy(ctx);
}

Test(files, both_must_fit_each_other) {
    static const struct {
        unsigned char x[24], y[24];
        size_t nx, ny;
        const char *part;
    } files[] = {
        {{IMAGES}, {0, 0, 8, 1, 0, 0, 0, 2, 2, 0}, 22, 10, "there are 3 inputs and 2 labels"},
        {{LABELS}, {IMAGES}, 11, 22, "the labels have shape [3, 1, 2] where one axis is due; are the two files exchanged?"},
        {{IMAGES}, {0, 0, 9, 1, 0, 0, 0, 3, 0, 0, 0xFF}, 22, 11, "label 2 is -1; labels must be whole numbers from 0"},
        {{IMAGES}, {0, 0, 0x0D, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0x3F, 0, 0, 0, 0, 0, 0, 0}, 22, 20, "label 1 is 0.5"},
        {{IMAGES}, {0, 0, 0x0D, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 0xC0, 0, 0}, 22, 20, "label 2 is nan"},
        {{IMAGES}, {0, 0, 0x0C, 1, 0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 22, 20, "label 0 is 1.67772e+07"},
        {{0, 0, 8, 1, 0, 0, 0, 0}, {0, 0, 8, 1, 0, 0, 0, 0}, 8, 8, "the inputs are [0], which holds no samples"},
        {{0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 0}, {LABELS}, 12, 11, "the inputs are [3, 0], which holds no samples"},
        {{0, 0, 8, 0, 1}, {LABELS}, 5, 11, "the inputs are [], which holds no samples"},
        {{IMAGES}, {LABELS}, 21, 11, "is cut short"},
        {{IMAGES}, {LABELS}, 22, 9, "is cut short"},
    };
    for (int k = 0; k < COUNT(files); k++) {
        counter c = {0};
        spk_ctx *ctx = counted_ctx(&c);
        cr_assert_null(from_bytes(ctx, files[k].x, files[k].nx, files[k].y, files[k].ny, spk_dataset_options()), "case %d", k);
        HAS(spk_error(ctx), files[k].part);
        cr_assert_eq(c.live, 1, "case %d keeps memory", k);
        spk_ctx_destroy(ctx);
    }
}

Test(files, mnist_is_found) {
    static const char first[2][6] = {"72104", "50419"};
    spk_ctx *ctx = spk_ctx_create();
    for (int train = 0; train < 2; train++) {
        spk_dataset *d = spk_mnist(ctx, MNIST, train, .batch = 5);
        spk_batch batch;
        cr_assert(d, "%s", spk_error(ctx));
        cr_assert_eq(spk_dataset_size(d), train ? 60000 : 10000);
        cr_assert(spk_shape_equal(spk_dataset_sample_shape(d), SPK_SHAPE(28, 28)));
        cr_assert(spk_next_batch(d, &batch));
        double largest = 0;
        for (int64_t i = 0; i < spk_size(batch.x); i++) largest = fmax(largest, (double)spk_data(batch.x)[i]);
        cr_assert_eq(largest, 1);
        for (int i = 0; i < 5; i++) cr_assert_eq(spk_data(batch.labels)[i], first[train][i] - '0');
    }
    spk_ctx_destroy(ctx);
}

Test(files, mnist_says_what_is_missing) {
    counter c = {0};
    spk_ctx *ctx = counted_ctx(&c);
    const temporary folder = temporary_folder();
    const int next = lowest_descriptor();
    char images[300], labels[300];
    snprintf(images, sizeof images, "%s/t10k-images-idx3-ubyte", folder.path);
    snprintf(labels, sizeof labels, "%s/t10k-labels-idx1-ubyte.gz", folder.path);
    cr_assert_null(spk_mnist(ctx, folder.path, true));
    HAS(spk_error(ctx), "neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz can be opened in the folder");
    HAS(spk_error(ctx), folder.path);
    HAS(spk_error(ctx), "--data DIR");
    cr_assert_eq(c.live, 1);
    spk_clear_error(ctx);
    write_bytes(images, BYTES(IMAGES)); /* one file plain, the other packed */
    cr_assert_null(spk_mnist(ctx, folder.path, false));
    HAS(spk_error(ctx), "neither t10k-labels-idx1-ubyte nor");
    spk_clear_error(ctx);
    write_gzip(labels, BYTES(LABELS));
    cr_assert_eq(spk_dataset_size(spk_mnist(ctx, folder.path, false)), 3, "%s", spk_error(ctx));
    cr_assert_eq(lowest_descriptor(), next);
    unlink(images);
    unlink(labels);
    rmdir(folder.path);
    spk_ctx_destroy(ctx);
    cr_assert_eq(c.live, 0);
}

static bool mnist_to_batch(spk_ctx *ctx) {
    spk_batch batch;
    return spk_next_batch(spk_mnist(ctx, MNIST, false, .shuffle = true), &batch);
}

Test(files, survives_refused_memory) { refuse_each_allocation(mnist_to_batch); }
