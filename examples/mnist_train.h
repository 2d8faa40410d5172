/* Training and testing, for the mnist program. */
#ifndef MNIST_TRAIN_H
#define MNIST_TRAIN_H

#include "mnist_options.h"

/* What an epoch or a test run saw. */
typedef struct tally {
    double loss, rate[MOST_HIDDEN + 1]; /* sums over images */
    int64_t correct, images;
} tally;

/* The net on all of a dataset. */
tally evaluate(spk_ctx *ctx, spk_module *net, spk_dataset *test, const options *o);
double percent(const tally *sum);
/*
 * Trains as the options say and prints a line an epoch; keeps a checkpoint, or goes on from one. Returns the number of the signal that
 * stopped it, or 0.
 */
int train(spk_ctx *ctx, spk_module *net, const options *o, spk_dataset *images, spk_dataset *test);

#endif
