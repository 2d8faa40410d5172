#include "support.h"
#include "data/dataset.h"
#include <inttypes.h>
#include <math.h>

/* 7 samples of [2]: sample i is i, 10 i, its label i + 3. */
enum { SEVEN = 7 };
static spk_real seven_x[2 * SEVEN];
static int64_t seven_labels[SEVEN];

static void make_seven(void) {
    for (int i = 0; i < SEVEN; i++) {
        seven_x[2 * i] = (spk_real)i, seven_x[2 * i + 1] = (spk_real)(10 * i);
        seven_labels[i] = i + 3;
    }
}

TestSuite(dataset, .init = make_seven);

#define seven(ctx, ...) spk_dataset_from(ctx, SPK_SHAPE(SEVEN, 2), seven_x, seven_labels, __VA_ARGS__)

/* Writes the first numbers of one epoch's samples to out and checks that inputs and labels stay together; returns how many there were. */
static int64_t one_epoch(spk_dataset *d, int64_t *out) {
    spk_batch batch;
    int64_t n = 0;
    while (spk_next_batch(d, &batch)) {
        const spk_real *x = spk_data(batch.x), *labels = spk_data(batch.labels);
        for (int64_t i = 0; i < batch.size; i++, n++) {
            cr_assert_eq(x[2 * i + 1], 10 * x[2 * i]);
            cr_assert_eq(labels[i], x[2 * i] + 3);
            out[n] = (int64_t)x[2 * i];
        }
        spk_end_step(spk_tensor_ctx(batch.x));
    }
    return n;
}

static int64_t distance(const int64_t *a, const int64_t *b, int64_t n) {
    int64_t differ = 0;
    for (int64_t i = 0; i < n; i++) differ += a[i] != b[i];
    return differ;
}

Test(dataset, serves_batches_in_order) {
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *d = seven(ctx, .batch = 3);
    cr_assert(d, "%s", spk_error(ctx));
    cr_assert_eq(spk_dataset_size(d), 7);
    cr_assert_eq(spk_dataset_batches(d), 3);
    cr_assert(spk_shape_equal(spk_dataset_sample_shape(d), SPK_SHAPE(2)));
    for (int epoch = 0; epoch < 2; epoch++) {
        spk_batch batch;
        for (int64_t k = 0, first = 0; k < 3; first += batch.size, k++) {
            cr_assert_eq(spk_dataset_epoch(d), epoch);
            cr_assert(spk_next_batch(d, &batch));
            cr_assert_eq(batch.size, k < 2 ? 3 : 1);
            cr_assert(spk_shape_equal(spk_tensor_shape(batch.x), SPK_SHAPE(batch.size, 2)));
            cr_assert(spk_shape_equal(spk_tensor_shape(batch.labels), SPK_SHAPE(batch.size)));
            cr_assert_arr_eq(spk_data(batch.x), seven_x + 2 * first, 2 * (size_t)batch.size * sizeof(spk_real));
            for (int64_t i = 0; i < batch.size; i++) cr_assert_eq(spk_data(batch.labels)[i], (spk_real)seven_labels[first + i]);
        }
        cr_assert_not(spk_next_batch(d, &batch));
        cr_assert_eq(batch.size, 0);
        cr_assert_eq(spk_size(batch.x), 0);
        cr_assert_eq(spk_size(batch.labels), 0);
        spk_end_step(ctx);
    }
    cr_assert_not(spk_failed(ctx), "%s", spk_error(ctx));
    spk_ctx_destroy(ctx);
}

Test(dataset, copies_the_users_arrays) {
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *d = seven(ctx, .batch = 7);
    memset(seven_x, 0, sizeof seven_x);
    memset(seven_labels, 0, sizeof seven_labels);
    cr_assert_eq(spk_data(spk_dataset_sample(d, 6))[1], 60);
    cr_assert_eq(spk_dataset_label(d, 6), 9);
    spk_ctx_destroy(ctx);
}

Test(dataset, batch_tensors_end_with_their_step) {
    spk_ctx *ctx = spk_ctx_create();
    spk_batch batch;
    cr_assert(spk_next_batch(seven(ctx, .batch = 3), &batch));
    spk_end_step(ctx);
    spk_data(batch.x);
    HAS(spk_error(ctx), "the result of spk_next_batch, shape [3, 2], was freed");
    spk_ctx_destroy(ctx);
}

Test(dataset, drop_last_and_large_batches) {
    spk_ctx *ctx = spk_ctx_create();
    int64_t order[SEVEN];
    spk_dataset *d = seven(ctx, .batch = 3, .drop_last = true);
    cr_assert_eq(spk_dataset_batches(d), 2);
    for (int epoch = 0; epoch < 3; epoch++) cr_assert_eq(one_epoch(d, order), 6);
    d = seven(ctx, .batch = 7, .drop_last = true);
    cr_assert_eq(spk_dataset_batches(d), 1);
    cr_assert_eq(one_epoch(d, order), 7);
    d = seven(ctx, .batch = INT64_MAX);
    cr_assert_eq(spk_dataset_batches(d), 1);
    cr_assert_eq(one_epoch(d, order), 7);
    cr_assert_null(seven(ctx, .batch = 8, .drop_last = true));
    HAS(spk_error(ctx), "spk_dataset_from: drop_last leaves no batch of 7 samples, with batch = 8");
    spk_ctx_destroy(ctx);
}

Test(dataset, dropped_samples_change_with_the_order) {
    spk_ctx *ctx = spk_ctx_create();
    bool dropped[SEVEN] = {false};
    spk_dataset *d = seven(ctx, .batch = 3, .drop_last = true, .shuffle = true);
    for (int epoch = 0; epoch < 100; epoch++) {
        int64_t order[SEVEN], sum = 0;
        one_epoch(d, order);
        for (int i = 0; i < 6; i++) sum += order[i];
        dropped[21 - sum] = true;
    }
    for (int i = 0; i < SEVEN; i++) cr_assert(dropped[i], "sample %d is never left out", i);
    spk_ctx_destroy(ctx);
}

enum { MANY = 1000 };

static spk_dataset *many_with(spk_ctx *ctx, int64_t seed, int64_t batch, bool drop_last) {
    static spk_real x[2 * MANY];
    static int64_t labels[MANY];
    for (int i = 0; i < MANY; i++) x[2 * i] = (spk_real)i, x[2 * i + 1] = (spk_real)(10 * i), labels[i] = i + 3;
    return spk_dataset_from(ctx, SPK_SHAPE(MANY, 2), x, labels, .batch = batch, .shuffle = true, .seed = seed, .drop_last = drop_last);
}
static spk_dataset *many(spk_ctx *ctx, int64_t seed, int64_t batch) { return many_with(ctx, seed, batch, false); }

Test(dataset, shuffle_is_a_permutation_of_seed_and_epoch) {
    spk_ctx *ctx = spk_ctx_create();
    int64_t a[MANY], b[MANY], next[MANY], natural[MANY];
    spk_dataset *first = many(ctx, 5, 64), *second = many(ctx, 5, 33);
    for (int i = 0; i < MANY; i++) natural[i] = i;
    for (int epoch = 0; epoch < 3; epoch++) {
        bool seen[MANY] = {false};
        cr_assert_eq(one_epoch(first, a), MANY);
        for (int i = 0; i < MANY; i++) {
            cr_assert_not(seen[a[i]]);
            seen[a[i]] = true;
        }
        cr_assert_gt(distance(a, natural, MANY), 980, "the order is hardly changed"); /* 1 stays in its place on average */
        spk_random_uniform(ctx, 1, 0, 1, &(spk_real){0}); /* the context's stream does not matter, nor does the size of a batch */
        one_epoch(second, b);
        cr_assert_eq(distance(a, b, MANY), 0, "same seed, epoch %d: another order", epoch);
    }
    one_epoch(first, next);
    cr_assert_gt(distance(a, next, MANY), 980, "two epochs are alike");
    one_epoch(many(ctx, 6, 64), b);
    spk_dataset_rewind(first, 0);
    one_epoch(first, a);
    cr_assert_gt(distance(a, b, MANY), 980, "two seeds are alike");
    spk_ctx_destroy(ctx);
}

/* A run is to be repeated on any machine and with any later release: these orders may not change. */
Test(dataset, orders_are_the_same_everywhere) {
    static const int64_t expected[2][6] = {{466, 800, 405, 692, 906, 896}, {986, 727, 793, 868, 898, 64}};
    spk_ctx *ctx = spk_ctx_create();
    int64_t order[MANY];
    spk_dataset *d = many(ctx, 5, 64);
    for (int k = 0; k < 2; k++) {
        spk_dataset_rewind(d, k * 1000000);
        one_epoch(d, order);
        for (int i = 0; i < 6; i++) cr_expect_eq(order[i], expected[k][i], "epoch %d, place %d: %d", k * 1000000, i, (int)order[i]);
    }
    spk_ctx_destroy(ctx);
}

Test(dataset, rewind_resumes_an_epoch) {
    spk_ctx *ctx = spk_ctx_create();
    int64_t went[4][MANY], resumed[MANY];
    spk_dataset *d = many(ctx, 1, 64), *other = many(ctx, 1, 64);
    spk_batch batch;
    for (int epoch = 0; epoch < 4; epoch++) one_epoch(d, went[epoch]);
    for (int epoch = 3; epoch >= 0; epoch--) {
        cr_assert(spk_next_batch(other, &batch)); /* from the middle of an epoch */
        spk_dataset_rewind(other, epoch);
        cr_assert_eq(spk_dataset_epoch(other), epoch);
        cr_assert_eq(one_epoch(other, resumed), MANY);
        cr_assert_eq(distance(went[epoch], resumed, MANY), 0, "epoch %d", epoch);
    }
    spk_dataset_rewind(other, -1);
    HAS(spk_error(ctx), "spk_dataset_rewind: the epoch is -1");
    spk_ctx_destroy(ctx);
}

/* From every batch of two epochs on, the last (smaller or dropped) one included: the same labels and the same end. */
Test(dataset, seek_resumes_at_every_batch) {
    spk_ctx *ctx = spk_ctx_create();
    for (int drop = 0; drop < 2; drop++) {
        spk_dataset *d = many_with(ctx, 1, 300, drop);
        const int64_t batches = spk_dataset_batches(d);
        cr_assert_eq(batches, MANY / 300 + !drop);
        for (int64_t at = 0; at < 2 * (batches + 1); at++) {
            const int64_t epoch = spk_dataset_epoch(d), position = spk_dataset_position(d);
            cr_assert(epoch == at / (batches + 1) && position == at % (batches + 1), "%" PRId64 ": %" PRId64 " of %" PRId64, at, position,
                      epoch);
            spk_dataset *other = many_with(ctx, 1, 300, drop); /* that has made no order yet */
            spk_batch wanted, got;
            cr_assert(spk_dataset_seek(other, epoch, position));
            cr_assert(spk_dataset_epoch(other) == epoch && spk_dataset_position(other) == position);
            const bool more = spk_next_batch(d, &wanted);
            cr_assert_eq(more, position < batches);
            cr_assert_eq(spk_next_batch(other, &got), more);
            cr_assert(spk_dataset_epoch(other) == spk_dataset_epoch(d) && spk_dataset_position(other) == spk_dataset_position(d));
            cr_assert_eq(got.size, wanted.size);
            for (int64_t i = 0; i < got.size; i++) cr_assert_eq(spk_data(got.labels)[i], spk_data(wanted.labels)[i]);
            spk_dataset_destroy(other);
            spk_end_step(ctx);
        }
        cr_assert(!spk_dataset_seek(d, 1, batches + 1));
        HAS(spk_error(ctx), "spk_dataset_seek: the batch is");
        spk_clear_error(ctx);
        cr_assert(!spk_dataset_seek(d, 1, -1) && spk_failed(ctx));
        spk_clear_error(ctx);
        cr_assert(!spk_dataset_seek(d, -1, 0));
        HAS(spk_error(ctx), "spk_dataset_seek: the epoch is -1");
        spk_clear_error(ctx);
        cr_assert(spk_dataset_epoch(d) == 2 && spk_dataset_position(d) == 0, "a refused seek changed the place");
    }
    cr_assert(!spk_dataset_seek(NULL, 0, 0) && spk_dataset_position(NULL) == 0);
    spk_ctx_destroy(ctx);
}

/* 24 permutations of 4 in 4800 epochs: 200 each, standard deviation 13.8; the bounds are 5 of them. */
Test(dataset, every_order_is_as_likely) {
    spk_ctx *ctx = spk_ctx_create();
    int count[256] = {0}, kinds = 0;
    spk_dataset *d = spk_dataset_from(ctx, SPK_SHAPE(4, 2), seven_x, seven_labels, .shuffle = true, .seed = 11);
    for (int epoch = 0; epoch < 4800; epoch++) {
        int64_t order[4];
        one_epoch(d, order);
        count[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]]++;
    }
    for (int i = 0; i < 256; i++) {
        if (!count[i]) continue;
        kinds++;
        cr_expect(count[i] > 131 && count[i] < 269, "an order came %d times", count[i]);
    }
    cr_assert_eq(kinds, 24);
    spk_ctx_destroy(ctx);
}

Test(dataset, split_holds_out_the_last_samples) {
    counter c = {0};
    spk_ctx *ctx = counted_ctx(&c);
    spk_dataset *d = seven(ctx, .batch = 2, .shuffle = true, .drop_last = true);
    spk_batch batch;
    cr_assert(spk_next_batch(d, &batch));
    spk_dataset *held_out = spk_dataset_split(d, 3);
    cr_assert(held_out, "%s", spk_error(ctx));
    cr_assert_eq(spk_dataset_size(d), 4);
    cr_assert_eq(spk_dataset_size(held_out), 3);
    cr_assert_eq(spk_dataset_batches(held_out), 2);
    cr_assert_eq(spk_dataset_label(held_out, 0), 7);
    for (int epoch = 0; epoch < 5; epoch++) {
        int64_t order[SEVEN], sum = 0;
        cr_assert_eq(one_epoch(d, order), 4);
        for (int i = 0; i < 4; i++) {
            cr_assert_lt(order[i], 4);
            sum += 1 << order[i];
        }
        cr_assert_eq(sum, 15);
        cr_assert_eq(one_epoch(held_out, order), 3);
        cr_assert_eq(distance(order, (int64_t[]){4, 5, 6}, 3), 0);
    }
    spk_dataset *again = spk_dataset_split(held_out, 1);
    cr_assert_eq(spk_dataset_label(again, 0), 9);
    spk_dataset_destroy(d); /* the samples stay for those who use them */
    spk_dataset_destroy(held_out);
    cr_assert_eq(spk_data(spk_dataset_sample(again, 0))[1], 60);
    const int64_t before = c.live;
    spk_dataset_destroy(again);
    cr_assert_eq(before - c.live, 6, "the dataset, the samples and two arrays of two blocks each");
    spk_ctx_destroy(ctx);
    cr_assert_eq(c.live, 0);
}

Test(dataset, split_refuses_an_empty_part) {
    static const int64_t wrong[] = {0, -1, 7, 8, INT64_MIN, INT64_MAX};
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *d = seven(ctx, .batch = 5, .drop_last = true);
    for (int k = 0; k < COUNT(wrong); k++) {
        cr_assert_null(spk_dataset_split(d, wrong[k]));
        HAS(spk_error(ctx), "of 7 samples cannot be held out");
        spk_clear_error(ctx);
    }
    cr_assert_null(spk_dataset_split(d, 3));
    HAS(spk_error(ctx), "spk_dataset_split: drop_last leaves no batch of 4 samples");
    cr_assert_eq(spk_dataset_size(d), 7);
    spk_ctx_destroy(ctx);
}

Test(dataset, sample_and_label_by_index) {
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *d = seven(ctx, .shuffle = true);
    for (int i = 0; i < SEVEN; i++) {
        spk_tensor *x = spk_dataset_sample(d, i);
        cr_assert(spk_shape_equal(spk_tensor_shape(x), SPK_SHAPE(2)));
        cr_assert_arr_eq(spk_data(x), seven_x + 2 * i, 2 * sizeof(spk_real));
        cr_assert_eq(spk_dataset_label(d, i), i + 3);
    }
    cr_assert_eq(spk_size(spk_dataset_sample(d, 7)), 0);
    HAS(spk_error(ctx), "spk_dataset_sample: there is no sample 7; the dataset has 7, from 0");
    spk_clear_error(ctx);
    cr_assert_eq(spk_dataset_label(d, -1), -1);
    HAS(spk_error(ctx), "spk_dataset_label: there is no sample -1; the dataset has 7, from 0");
    spk_ctx_destroy(ctx);
}

Test(dataset, memory_does_not_grow_after_the_first_epoch) {
    counter c = {0};
    spk_ctx *ctx = counted_ctx(&c);
    int64_t order[MANY];
    spk_dataset *d = many(ctx, 1, 64);
    one_epoch(d, order);
    const size_t held = spk_memory_use(ctx).held;
    const int64_t calls = c.calls;
    for (int epoch = 1; epoch < 6; epoch++) one_epoch(d, order);
    cr_assert_eq(spk_memory_use(ctx).held, held);
    cr_assert_eq(c.calls, calls, "later epochs allocate");
    spk_ctx_destroy(ctx);
}

/* Labels past the first block of the check, and the largest that is allowed. */
Test(dataset, labels_of_arrays_are_checked) {
    static spk_real x[300];
    static int64_t labels[300];
    spk_ctx *ctx = spk_ctx_create();
    labels[299] = 16777215;
    cr_assert_eq(spk_dataset_label(spk_dataset_from(ctx, SPK_SHAPE(300), x, labels), 299), 16777215);
    labels[299] = 16777216;
    cr_assert_null(spk_dataset_from(ctx, SPK_SHAPE(300), x, labels));
    HAS(spk_error(ctx), "spk_dataset_from: label 299 is 1.67772e+07");
    spk_clear_error(ctx);
    labels[299] = INT64_MIN;
    cr_assert_null(spk_dataset_from(ctx, SPK_SHAPE(300), x, labels));
    HAS(spk_error(ctx), "label 299 is -9.22337e+18");
    spk_ctx_destroy(ctx);
}

Test(dataset, options_are_checked) {
    spk_ctx *ctx = spk_ctx_create();
    cr_assert_eq(spk_dataset_options().batch, 64);
    cr_assert_not(spk_dataset_options().shuffle);
    cr_assert_null(seven(ctx, .batch = 0));
    HAS(spk_error(ctx), "spk_dataset_from: batch is 0; it must be at least 1");
    spk_clear_error(ctx);
    cr_assert_null(seven(ctx, .scale = (double)NAN));
    HAS(spk_error(ctx), "it must be finite");
    spk_clear_error(ctx);
    cr_assert_null(spk_dataset_idx(ctx, "x", "y", .batch = -1));
    HAS(spk_error(ctx), "spk_dataset_idx: batch is -1");
    spk_clear_error(ctx);
    cr_assert_null(spk_dataset_from(ctx, SPK_SHAPE(0, 4), seven_x, seven_labels));
    HAS(spk_error(ctx), "the shape is [0, 4], which holds no samples");
    spk_clear_error(ctx);
    cr_assert_null(spk_dataset_from(ctx, SPK_SCALAR, seven_x, seven_labels));
    HAS(spk_error(ctx), "holds no samples");
    spk_clear_error(ctx);
    cr_assert_null(spk_dataset_from(ctx, SPK_SHAPE(-1), seven_x, seven_labels));
    HAS(spk_error(ctx), "the shape is [invalid], which holds no samples");
    spk_ctx_destroy(ctx);
}

Test(dataset, null_is_harmless) {
    spk_ctx *ctx = spk_ctx_create();
    spk_batch batch = {0};
    cr_assert_null(spk_dataset_from(NULL, SPK_SHAPE(SEVEN, 2), seven_x, seven_labels));
    cr_assert_null(spk_dataset_idx(NULL, "x", "y"));
    cr_assert_null(spk_mnist(NULL, "x", true));
    cr_assert_null(spk_dataset_from(ctx, SPK_SHAPE(SEVEN, 2), NULL, seven_labels));
    HAS(spk_error(ctx), "x is NULL");
    spk_clear_error(ctx);
    cr_assert_null(spk_dataset_from(ctx, SPK_SHAPE(SEVEN, 2), seven_x, NULL));
    HAS(spk_error(ctx), "the labels are NULL");
    spk_clear_error(ctx);
    cr_assert_null(spk_dataset_idx(ctx, NULL, NULL));
    HAS(spk_error(ctx), "the path is NULL");
    spk_clear_error(ctx);
    cr_assert_null(spk_mnist(ctx, NULL, false));
    HAS(spk_error(ctx), "spk_mnist: the folder is NULL");
    spk_clear_error(ctx);
    cr_assert_not(spk_next_batch(seven(ctx, .batch = 2), NULL));
    HAS(spk_error(ctx), "spk_next_batch: the batch is NULL");
    cr_assert_not(spk_next_batch(NULL, NULL));
    cr_assert_not(spk_next_batch(NULL, &batch));
    cr_assert_eq(spk_size(batch.x), 0);
    cr_assert_null(spk_dataset_split(NULL, 1));
    spk_dataset_rewind(NULL, 0);
    spk_dataset_destroy(NULL);
    cr_assert_eq(spk_dataset_size(NULL) + spk_dataset_batches(NULL) + spk_dataset_epoch(NULL), 0);
    cr_assert_eq(spk_shape_size(spk_dataset_sample_shape(NULL)), 0);
    cr_assert_eq(spk_size(spk_dataset_sample(NULL, 0)), 0);
    cr_assert_eq(spk_dataset_label(NULL, 0), -1);
    spk_ctx_destroy(ctx);
}

Test(dataset, a_failed_context_does_nothing) {
    spk_ctx *ctx = spk_ctx_create();
    spk_batch batch;
    spk_dataset *d = seven(ctx, .batch = 3);
    cr_assert(spk_next_batch(d, &batch));
    spk_fail(ctx, "the first error");
    cr_assert_not(spk_next_batch(d, &batch));
    cr_assert_eq(batch.size, 0);
    spk_dataset_rewind(d, 9);
    cr_assert_eq(spk_dataset_epoch(d), 0);
    cr_assert_null(spk_dataset_split(d, 3));
    cr_assert_null(seven(ctx, .batch = 3));
    cr_assert_eq(spk_dataset_label(d, 0), -1);
    cr_assert_str_eq(spk_error(ctx), "the first error");
    spk_clear_error(ctx);
    cr_assert(spk_next_batch(d, &batch));
    cr_assert_eq(spk_data(batch.labels)[0], 6, "the failed call moved on");
    spk_ctx_destroy(ctx);
}

static bool arrays_to_batch(spk_ctx *ctx) {
    spk_batch batch;
    spk_dataset *d = seven(ctx, .batch = 3, .shuffle = true), *held_out = spk_dataset_split(d, 2);
    return spk_next_batch(d, &batch) && spk_next_batch(held_out, &batch) && spk_size(spk_dataset_sample(d, 0));
}

Test(dataset, survives_refused_memory) { refuse_each_allocation(arrays_to_batch); }
