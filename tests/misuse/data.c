/* data/: datasets, IDX files, pictures. */
#include "misuse.h"

#define MNIST SPK_SOURCE_DIR "/datasets/mnist"
#define NO_FILE SPK_SOURCE_DIR "/tests/CMakeLists.txt"
#define EMPTY(...) spk_full(s->ctx, SPK_SHAPE(__VA_ARGS__), 0)

static const spk_real x[6] = {1, 2, 3, 4, 5, 6};
static const int64_t y[3] = {0, 1, 2}, negative[3] = {0, -1, 2}, large[3] = {0, INT64_MAX, 2};

Test(misuse_data, constructors) {
    IGNORE(spk_dataset_from_with, NULL_ARGUMENT, spk_dataset_from(NULL, SPK_SHAPE(3, 2), x, y));
    REFUSE(spk_dataset_from_with, NULL_ARGUMENT, "spk_dataset_from|x is NULL", spk_dataset_from(s->ctx, SPK_SHAPE(3, 2), NULL, y));
    REFUSE(spk_dataset_from_with, NULL_ARGUMENT, "spk_dataset_from|labels are NULL", spk_dataset_from(s->ctx, SPK_SHAPE(3, 2), x, NULL));
    REFUSE(spk_dataset_from_with, WRONG_SHAPE, "spk_dataset_from|no samples", spk_dataset_from(s->ctx, SPK_SCALAR, x, y));
    REFUSE(spk_dataset_from_with, WRONG_SHAPE, "spk_dataset_from|no samples", spk_dataset_from(s->ctx, SPK_SHAPE(0, 2), x, y));
    REFUSE(spk_dataset_from_with, OUT_OF_DOMAIN, "spk_dataset_from|no samples", spk_dataset_from(s->ctx, SPK_SHAPE(-3, 2), x, y));
    REFUSE(spk_dataset_from_with, TOO_LARGE, "spk_dataset_from|no samples", spk_dataset_from(s->ctx, SPK_SHAPE(INT64_MAX, 2), x, y));
    REFUSE(spk_dataset_from_with, OUT_OF_DOMAIN, "spk_dataset_from|batch is 0",
           spk_dataset_from(s->ctx, SPK_SHAPE(3, 2), x, y, .batch = 0));
    REFUSE(spk_dataset_from_with, OUT_OF_DOMAIN, "spk_dataset_from|scale", spk_dataset_from(s->ctx, SPK_SHAPE(3, 2), x, y, .scale = NAN));
    REFUSE(spk_dataset_from_with, OUT_OF_DOMAIN, "spk_dataset_from|drop_last leaves no batch",
           spk_dataset_from(s->ctx, SPK_SHAPE(3, 2), x, y, .batch = INT64_MAX, .drop_last = true));
    REFUSE(spk_dataset_from_with, WRONG_KIND, "spk_dataset_from|label 1 is -1", spk_dataset_from(s->ctx, SPK_SHAPE(3, 2), x, negative));
    REFUSE(spk_dataset_from_with, WRONG_KIND, "spk_dataset_from|label 1 is 9.2", spk_dataset_from(s->ctx, SPK_SHAPE(3, 2), x, large));
    IGNORE(spk_dataset_idx_with, NULL_ARGUMENT, spk_dataset_idx(NULL, NO_FILE, NO_FILE));
    REFUSE(spk_dataset_idx_with, NULL_ARGUMENT, "spk_idx_read|the path is NULL", spk_dataset_idx(s->ctx, NULL, NO_FILE));
    REFUSE(spk_dataset_idx_with, NULL_ARGUMENT, "spk_idx_read|the path is NULL",
           spk_dataset_idx(s->ctx, MNIST "/t10k-images-idx3-ubyte.gz", NULL));
    REFUSE(spk_dataset_idx_with, WRONG_KIND, "spk_idx_read|is not an IDX file", spk_dataset_idx(s->ctx, NO_FILE, NO_FILE));
    REFUSE(spk_dataset_idx_with, OUT_OF_DOMAIN, "spk_dataset_idx|batch is -1", spk_dataset_idx(s->ctx, NO_FILE, NO_FILE, .batch = -1));
    IGNORE(spk_mnist_with, NULL_ARGUMENT, spk_mnist(NULL, MNIST, false));
    REFUSE(spk_mnist_with, NULL_ARGUMENT, "spk_mnist|the folder is NULL", spk_mnist(s->ctx, NULL, false));
    REFUSE(spk_mnist_with, OUT_OF_DOMAIN, "spk_mnist|can be opened in the folder", spk_mnist(s->ctx, "/nowhere", false));
}

Test(misuse_data, datasets) {
    IGNORE(spk_dataset_split, NULL_ARGUMENT, spk_dataset_split(NULL, 1));
    REFUSE(spk_dataset_split, OUT_OF_DOMAIN, "spk_dataset_split|0 of 8", spk_dataset_split(s->data, 0));
    REFUSE(spk_dataset_split, OUT_OF_DOMAIN, "spk_dataset_split|8 of 8", spk_dataset_split(s->data, 8));
    REFUSE(spk_dataset_split, OUT_OF_DOMAIN, "spk_dataset_split|both parts", spk_dataset_split(s->data, INT64_MIN));
    REFUSE(spk_dataset_split, TOO_LARGE, "spk_dataset_split|both parts", spk_dataset_split(s->data, INT64_MAX));
    IGNORE_VOID(spk_dataset_destroy, NULL_ARGUMENT, spk_dataset_destroy(NULL));
    IGNORE(spk_next_batch, NULL_ARGUMENT, spk_next_batch(NULL, &(spk_batch){0}));
    REFUSE(spk_next_batch, NULL_ARGUMENT, "spk_next_batch|the batch is NULL", spk_next_batch(s->data, NULL));
    IGNORE(spk_next_batch, NULL_ARGUMENT, spk_next_batch(NULL, NULL));
    IGNORE_VOID(spk_dataset_rewind, NULL_ARGUMENT, spk_dataset_rewind(NULL, 0));
    REFUSE_VOID(spk_dataset_rewind, OUT_OF_DOMAIN, "spk_dataset_rewind|the epoch is -1", spk_dataset_rewind(s->data, -1));
    REFUSE_VOID(spk_dataset_rewind, TOO_LARGE, "spk_dataset_rewind|from 0 to", spk_dataset_rewind(s->data, (int64_t)1 << 30));
    REFUSE_VOID(spk_dataset_rewind, TOO_LARGE, "spk_dataset_rewind|from 0 to", spk_dataset_rewind(s->data, INT64_MAX));
    IGNORE(spk_dataset_seek, NULL_ARGUMENT, spk_dataset_seek(NULL, 0, 0));
    REFUSE(spk_dataset_seek, OUT_OF_DOMAIN, "spk_dataset_seek|the epoch is -1", spk_dataset_seek(s->data, -1, 0));
    REFUSE(spk_dataset_seek, TOO_LARGE, "spk_dataset_seek|from 0 to", spk_dataset_seek(s->data, INT64_MAX, 0));
    REFUSE(spk_dataset_seek, OUT_OF_DOMAIN, "spk_dataset_seek|the batch is -1", spk_dataset_seek(s->data, 0, -1));
    REFUSE(spk_dataset_seek, TOO_LARGE, "spk_dataset_seek|it must be from 0 to 4", spk_dataset_seek(s->data, 0, INT64_MAX));
    IGNORE(spk_dataset_position, NULL_ARGUMENT, spk_dataset_position(NULL));
    IGNORE(spk_dataset_size, NULL_ARGUMENT, spk_dataset_size(NULL));
    IGNORE(spk_dataset_batches, NULL_ARGUMENT, spk_dataset_batches(NULL));
    IGNORE(spk_dataset_epoch, NULL_ARGUMENT, spk_dataset_epoch(NULL));
    IGNORE(spk_dataset_sample_shape, NULL_ARGUMENT, spk_shape_size(spk_dataset_sample_shape(NULL)));
    IGNORE(spk_dataset_sample, NULL_ARGUMENT, spk_dataset_sample(NULL, 0));
    REFUSE(spk_dataset_sample, OUT_OF_DOMAIN, "spk_dataset_sample|no sample -1; the dataset has 8", spk_dataset_sample(s->data, -1));
    REFUSE(spk_dataset_sample, OUT_OF_DOMAIN, "spk_dataset_sample|no sample 8; the dataset has 8", spk_dataset_sample(s->data, 8));
    IGNORE(spk_dataset_label, NULL_ARGUMENT, spk_dataset_label(NULL, 0));
    REFUSE(spk_dataset_label, OUT_OF_DOMAIN, "spk_dataset_label|no sample 8; the dataset has 8", spk_dataset_label(s->data, 8));
    REFUSE(spk_dataset_label, OUT_OF_DOMAIN, "spk_dataset_label|no sample", spk_dataset_label(s->data, INT64_MIN));
}

/* A dataset and what was split off share their samples; either may be destroyed first. */
Test(misuse_data, destroyed_in_any_order) {
    for (int first = 0; first < 2; first++) {
        spk_ctx *ctx = spk_ctx_create();
        spk_dataset *d = spk_dataset_from(ctx, SPK_SHAPE(3, 2), x, y), *part = spk_dataset_split(d, 1);
        spk_dataset_destroy(first ? part : d);
        spk_dataset *left = first ? d : part;
        spk_batch batch;
        cr_assert(spk_next_batch(left, &batch) && spk_data(batch.x)[0] == x[first ? 0 : 4], "%s", spk_error(ctx));
        spk_dataset_destroy(left);
        cr_assert(spk_data(batch.x)[0] == x[first ? 0 : 4] && !spk_failed(ctx), "a batch is a copy");
        spk_ctx_destroy(ctx);
    }
}

static spk_idx *labels_of(spk_ctx *ctx) { return spk_idx_read(ctx, MNIST "/t10k-labels-idx1-ubyte.gz"); }

Test(misuse_data, arrays) {
    spk_real out[4];
    spk_ctx *ctx = spk_ctx_create();
    spk_idx *labels = labels_of(ctx);
    cr_assert(labels, "%s", spk_error(ctx));
    IGNORE(spk_element_size, OUT_OF_DOMAIN, spk_element_size((spk_element)0x0A));
    IGNORE(spk_element_size, OUT_OF_DOMAIN, spk_element_size((spk_element)255));
    IGNORE(spk_idx_read, NULL_ARGUMENT, spk_idx_read(NULL, NO_FILE));
    REFUSE(spk_idx_read, NULL_ARGUMENT, "spk_idx_read|the path is NULL", spk_idx_read(s->ctx, NULL));
    REFUSE(spk_idx_read, WRONG_KIND, "spk_idx_read|is not an IDX file", spk_idx_read(s->ctx, NO_FILE));
    REFUSE(spk_idx_read, WRONG_KIND, "spk_idx_read|cannot be", spk_idx_read(s->ctx, SPK_SOURCE_DIR));
    REFUSE(spk_idx_read, OUT_OF_DOMAIN, "spk_idx_read|cannot be opened", spk_idx_read(s->ctx, ""));
    IGNORE_VOID(spk_idx_destroy, NULL_ARGUMENT, spk_idx_destroy(NULL));
    IGNORE(spk_idx_shape, NULL_ARGUMENT, spk_shape_size(spk_idx_shape(NULL)));
    ALLOW(spk_idx_element, NULL_ARGUMENT, spk_idx_element(NULL));
    IGNORE(spk_idx_data, NULL_ARGUMENT, spk_idx_data(NULL));
    IGNORE(spk_idx_to_real, NULL_ARGUMENT, spk_idx_to_real(NULL, 0, 1, out));
    spk_idx_to_real(labels, 0, 1, NULL);
    assert_error(ctx, "no place", "spk_idx_to_real", "out is NULL");
    static const int64_t outside[][2] = {{-1, 1}, {0, -1}, {9999, 2}, {10001, 0}, {INT64_MAX, 1}, {1, INT64_MAX}, {INT64_MIN, INT64_MIN}};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        cr_assert(!spk_idx_to_real(labels, outside[i][0], outside[i][1], out));
        assert_error(ctx, "outside", "spk_idx_to_real", "elements from");
    }
    spk_ctx_destroy(ctx);
}

/* The row that the script looks for, of an array that is there; the world's context has none. */
static bool to_nowhere(world *s) {
    spk_ctx *ctx = spk_ctx_create();
    const bool done = spk_idx_to_real(labels_of(ctx), 0, 1, s->other ? NULL : (spk_real[1]){0});
    spk_ctx_destroy(ctx);
    return done;
}

Test(misuse_data, pictures) {
    static const uint8_t grey[4] = {0, 255, 0, 255};
    spk_real out[SPK_DIGIT_SIZE];
    IGNORE(spk_idx_to_real, NULL_ARGUMENT, to_nowhere(s));
    IGNORE(spk_digit_prepare, NULL_ARGUMENT, spk_digit_prepare(NULL, 2, 2, grey, out));
    REFUSE(spk_digit_prepare, NULL_ARGUMENT, "spk_digit_prepare|the picture is NULL", spk_digit_prepare(s->ctx, 2, 2, NULL, out));
    REFUSE(spk_digit_prepare, NULL_ARGUMENT, "spk_digit_prepare|out is NULL", spk_digit_prepare(s->ctx, 2, 2, grey, NULL));
    REFUSE(spk_digit_prepare, OUT_OF_DOMAIN, "spk_digit_prepare|0 x 2", spk_digit_prepare(s->ctx, 0, 2, grey, out));
    REFUSE(spk_digit_prepare, OUT_OF_DOMAIN, "spk_digit_prepare|2 x -1", spk_digit_prepare(s->ctx, 2, -1, grey, out));
    REFUSE(spk_digit_prepare, TOO_LARGE, "spk_digit_prepare|both sides", spk_digit_prepare(s->ctx, INT64_MAX, INT64_MAX, grey, out));
    REFUSE(spk_digit_prepare, WRONG_KIND, "spk_digit_prepare|blank", spk_digit_prepare(s->ctx, 1, 1, grey, out));
    IGNORE(spk_affine_with, NULL_ARGUMENT, spk_affine(NULL));
    REFUSE(spk_affine_with, ENDED, "spk_affine|freed when step", spk_affine(s->ended));
    REFUSE(spk_affine_with, WRONG_SHAPE, "spk_affine|[4, 6]", spk_affine(s->x));
    REFUSE(spk_affine_with, WRONG_SHAPE, "spk_affine|must be pictures", spk_affine(s->vector));
    REFUSE(spk_affine_with, WRONG_SHAPE, "spk_affine|must be pictures", spk_affine(EMPTY(2, 0, 3)));
    REFUSE(spk_affine_with, TOO_LARGE, "spk_affine|sides of 1 to 32768", spk_affine(EMPTY(0, 32769, 1)));
    REFUSE(spk_affine_with, TOO_LARGE, "spk_affine|must be pictures", spk_affine(EMPTY(0, ((int64_t)1 << 56) - 1)));
    REFUSE(spk_affine_with, OUT_OF_DOMAIN, "spk_affine|rotation", spk_affine(EMPTY(2, 4), .rotation = NAN));
    REFUSE(spk_affine_with, OUT_OF_DOMAIN, "spk_affine|scale is 0", spk_affine(EMPTY(2, 4), .scale = 0));
    REFUSE(spk_affine_with, OUT_OF_DOMAIN, "spk_affine|shear", spk_affine(EMPTY(2, 4), .shear = INFINITY));
    REFUSE(spk_affine_with, OUT_OF_DOMAIN, "spk_affine|shift_x", spk_affine(EMPTY(2, 4), .shift_x = NAN));
    REFUSE(spk_affine_with, OUT_OF_DOMAIN, "spk_affine|shift_y", spk_affine(EMPTY(2, 4), .shift_y = NAN));
    IGNORE(spk_affine_augment_with, NULL_ARGUMENT, spk_affine_augment(NULL));
    REFUSE(spk_affine_augment_with, ENDED, "spk_affine_augment|freed when step", spk_affine_augment(s->ended));
    REFUSE(spk_affine_augment_with, WRONG_SHAPE, "spk_affine_augment|must be pictures", spk_affine_augment(s->x));
    REFUSE(spk_affine_augment_with, OUT_OF_DOMAIN, "spk_affine_augment|rotation is -1", spk_affine_augment(EMPTY(2, 4), .rotation = -1));
    REFUSE(spk_affine_augment_with, OUT_OF_DOMAIN, "spk_affine_augment|above max_scale",
           spk_affine_augment(EMPTY(2, 4), .min_scale = 2, .max_scale = 1));
    REFUSE(spk_affine_augment_with, OUT_OF_DOMAIN, "spk_affine_augment|max_scale", spk_affine_augment(EMPTY(2, 4), .max_scale = INFINITY));
    REFUSE(spk_affine_augment_with, OUT_OF_DOMAIN, "spk_affine_augment|shear", spk_affine_augment(EMPTY(2, 4), .shear = NAN));
    REFUSE(spk_affine_augment_with, OUT_OF_DOMAIN, "spk_affine_augment|shift is -1", spk_affine_augment(EMPTY(2, 4), .shift = -1));
}
