/* Labelled samples in memory, served in batches. */
#ifndef SPK_DATA_DATASET_H
#define SPK_DATA_DATASET_H

#include "core/tensor.h"

SPK_BEGIN_DECLS

/** Inputs and labels, kept in the element type that they came in. The context owns it; its functions take NULL, which has no samples. */
typedef struct spk_dataset spk_dataset;

/** Options of every dataset. */
typedef struct spk_dataset_opts {
    int64_t batch;  /**< samples a batch, at least 1; default 64 */
    bool shuffle;   /**< another order each epoch; default false */
    int64_t seed;   /**< the order is a function of the seed and the epoch alone; default 0 */
    bool drop_last; /**< leave out the last batch when it is smaller than the others; default false */
    double scale;   /**< inputs are multiplied by it; default 0: 1/255 for 8-bit unsigned elements (to 0..1), 1 for others */
} spk_dataset_opts;

#define SPK_DATASET_DEFAULTS_ .batch = 64, .shuffle = false, .seed = 0, .drop_last = false, .scale = 0
/** The defaults, for callers that fill the struct themselves. */
SPK_API spk_dataset_opts spk_dataset_options(void);

/**
 * A dataset from two IDX files, plain or gzip: `spk_dataset_idx(ctx, images_path, labels_path, .batch = 32, .shuffle = true)`. Images are
 * [samples, ...], labels [samples], whole numbers from 0. NULL with the error set when a file or an option is wrong.
 */
#define spk_dataset_idx(...) spk_dataset_idx_keywords_(__VA_ARGS__, )
#define spk_dataset_idx_keywords_(ctx, images, labels, ...) \
    spk_dataset_idx_with((ctx), (images), (labels), SPK_KEYWORDS(spk_dataset_opts, SPK_DATASET_DEFAULTS_, __VA_ARGS__))
/** The function behind spk_dataset_idx. */
SPK_API spk_dataset *spk_dataset_idx_with(spk_ctx *ctx, const char *images, const char *labels, spk_dataset_opts options);

/**
 * MNIST, or a set in its form (Fashion-MNIST, KMNIST), from the folder that holds its four files, plain or .gz, under their usual names:
 * `spk_mnist(ctx, "datasets/mnist", true, .shuffle = true)`. `train` chooses the training or the test files. Inputs are [28, 28] in
 * 0..1. NULL with the error set, which names what is missing and where it was looked for.
 */
#define spk_mnist(...) spk_mnist_keywords_(__VA_ARGS__, )
#define spk_mnist_keywords_(ctx, directory, train, ...) \
    spk_mnist_with((ctx), (directory), (train), SPK_KEYWORDS(spk_dataset_opts, SPK_DATASET_DEFAULTS_, __VA_ARGS__))
/** The function behind spk_mnist. */
SPK_API spk_dataset *spk_mnist_with(spk_ctx *ctx, const char *directory, bool train, spk_dataset_opts options);

/**
 * A dataset that copies arrays: `spk_dataset_from(ctx, SPK_SHAPE(150, 4), x, labels, .batch = 10)`, x row-major of the shape, whose first
 * axis counts the samples, and a label for each. NULL with the error set.
 */
#define spk_dataset_from(...) spk_dataset_from_keywords_(__VA_ARGS__, )
#define spk_dataset_from_keywords_(ctx, shape, x, labels, ...) \
    spk_dataset_from_with((ctx), (shape), (x), (labels), SPK_KEYWORDS(spk_dataset_opts, SPK_DATASET_DEFAULTS_, __VA_ARGS__))
/** The function behind spk_dataset_from. */
SPK_API spk_dataset *spk_dataset_from_with(spk_ctx *ctx, spk_shape shape, const spk_real *x, const int64_t *labels,
                                           spk_dataset_opts options);

/**
 * A dataset from two .npy files: `spk_dataset_npy(ctx, "x.npy", "y.npy", .batch = 32)`. The inputs are [samples, ...] of any type that
 * spk_npy_load reads, the labels [samples], whole numbers from 0 of any type. NULL with the error set.
 */
#define spk_dataset_npy(...) spk_dataset_npy_keywords_(__VA_ARGS__, )
#define spk_dataset_npy_keywords_(ctx, inputs, labels, ...) \
    spk_dataset_npy_with((ctx), (inputs), (labels), SPK_KEYWORDS(spk_dataset_opts, SPK_DATASET_DEFAULTS_, __VA_ARGS__))
/** The function behind spk_dataset_npy. */
SPK_API spk_dataset *spk_dataset_npy_with(spk_ctx *ctx, const char *inputs, const char *labels, spk_dataset_opts options);
/**
 * The same from two arrays of one .npz file, by their names: `spk_dataset_npz(ctx, "mnist.npz", "x_train", "y_train", .batch = 32)`. Others
 * in the file are not read. NULL with the error set.
 */
#define spk_dataset_npz(...) spk_dataset_npz_keywords_(__VA_ARGS__, )
#define spk_dataset_npz_keywords_(ctx, path, inputs, labels, ...) \
    spk_dataset_npz_with((ctx), (path), (inputs), (labels), SPK_KEYWORDS(spk_dataset_opts, SPK_DATASET_DEFAULTS_, __VA_ARGS__))
/** The function behind spk_dataset_npz. */
SPK_API spk_dataset *spk_dataset_npz_with(spk_ctx *ctx, const char *path, const char *inputs, const char *labels, spk_dataset_opts options);

/**
 * Takes the last `count` samples, at least 1 and not all, out of d and returns them as a dataset of their own, for validation: unshuffled,
 * nothing dropped, the other options alike. Both share the memory of the samples and may be destroyed in any order. d goes back
 * to the beginning of its epoch. NULL with the error set.
 */
SPK_API spk_dataset *spk_dataset_split(spk_dataset *d, int64_t count);
/** Frees a dataset before its context. NULL is allowed. */
SPK_API void spk_dataset_destroy(spk_dataset *d);

/** A batch: step tensors, which live until spk_end_step. */
typedef struct spk_batch {
    spk_tensor *x;      /**< [size, ...sample] */
    spk_tensor *labels; /**< [size], whole numbers */
    int64_t size;       /**< samples in this batch */
} spk_batch;

/**
 * Fills the next batch of the epoch. False at the end of the epoch (the next call then begins the next one) and after an error; the batch
 * then has size 0 and inert tensors. `while (spk_next_batch(d, &batch)) { ...; spk_end_step(ctx); }` runs one epoch.
 */
SPK_API bool spk_next_batch(spk_dataset *d, spk_batch *batch);
/** Goes to the beginning of an epoch (from 0, below 2^30): how a resumed run gets the order that it would have had. */
SPK_API void spk_dataset_rewind(spk_dataset *d, int64_t epoch);
/**
 * Goes to a batch of an epoch, both from 0: what follows is bit for bit what followed when spk_dataset_epoch and spk_dataset_position gave
 * these numbers. The batch may be spk_dataset_batches, the end of the epoch. False after an error, which changes nothing.
 */
SPK_API bool spk_dataset_seek(spk_dataset *d, int64_t epoch, int64_t batch);

/** The number of samples. */
SPK_API int64_t spk_dataset_size(const spk_dataset *d);
/** The number of batches an epoch. */
SPK_API int64_t spk_dataset_batches(const spk_dataset *d);
/** The epoch of the next batch, from 0. */
SPK_API int64_t spk_dataset_epoch(const spk_dataset *d);
/** The number of the next batch in its epoch, from 0; spk_dataset_batches after the last one, until spk_next_batch has said so. */
SPK_API int64_t spk_dataset_position(const spk_dataset *d);
/** The shape of one sample. */
SPK_API spk_shape spk_dataset_sample_shape(const spk_dataset *d);
/** Sample i (from 0, not shuffled), scaled, as a step tensor [...sample]. The inert tensor with the error set when there is none. */
SPK_API spk_tensor *spk_dataset_sample(spk_dataset *d, int64_t i);
/** The label of sample i; -1 with the error set when there is none. */
SPK_API int64_t spk_dataset_label(spk_dataset *d, int64_t i);
/** The number of classes whose names the dataset knows: from folders or from texts in a CSV file; 0 for others. */
SPK_API int64_t spk_dataset_classes(const spk_dataset *d);
/** The name of a class; "" when there is none. Valid as long as the dataset. */
SPK_API const char *spk_dataset_class_name(const spk_dataset *d, int64_t label);

SPK_END_DECLS

#endif
