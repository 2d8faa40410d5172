/* Training and testing, for the mnist program. */
#ifndef MNIST_TRAIN_H
#define MNIST_TRAIN_H

#include "options.h"

/* What an epoch or a test run saw. */
typedef struct tally {
    double loss, rate[MOST_HIDDEN + 1]; /* sums over images */
    int64_t correct, images;
} tally;
double percent(const tally *sum);

typedef struct observer observer;

/* A training run; what a checkpoint has to hold besides the net and the optimizer are the last lines. */
typedef struct training {
    spk_ctx *ctx;
    spk_module *net;
    const options *o;
    spk_dataset *images, *test; /* `test` are the held out images under --validation */
    observer *const *observers; /* ends with NULL */
    spk_optimizer *optimizer;
    spk_schedule *schedule; /* its step is the number of steps done */
    spk_health *health;
    const char *notice;   /* why the checkpoint's predecessor was taken; until the first step */
    bool resumed;         /* it goes on from a checkpoint */
    int64_t epoch, batch; /* of the next step */
    tally sum;            /* of the running epoch */
} training;

/* An epoch that is done, or what a resumed run did of it: trained.loss, trained.correct and trained.images are of all of it. */
typedef struct epoch_result {
    int64_t number; /* from 1 */
    tally trained, tested;
    double learning_rate;              /* of the last step */
    double images_per_second, seconds; /* of this process's part, without the test */
    const char *health;                /* lines about layers that are not well; "" when all are */
} epoch_result;

/* How a run ended. */
typedef struct outcome {
    int signal;          /* that stopped it; 0: none did */
    const tally *tested; /* the trained net; NULL unless it came to that */
    const char *saved;   /* the net, or the checkpoint of a run that was stopped, is in this file; NULL: in none */
    const char *error;   /* "" without one */
} outcome;

/* One who watches a run. Embed it first in a struct of one's own; each of the functions may be NULL. */
struct observer {
    void (*begins)(observer *self, const training *t); /* all is built, and a checkpoint loaded */
    void (*stepped)(observer *self, const training *t);
    void (*epoch_done)(observer *self, const training *t, const epoch_result *e);
    void (*batch_tested)(observer *self, const training *t, spk_tensor *scores, const spk_batch *batch); /* of the final test alone */
    void (*ends)(observer *self, const training *t, const outcome *how);                                 /* once, however it ends */
};

/*
 * Trains as the options say; keeps a checkpoint, or goes on from one. Returns the number of the signal that stopped it, or 0.
 */
int train(training *t);
/* The net on the test set; `final`: the observers are told of each batch. */
tally evaluate(const training *t, bool final);
/* Tells all observers how the run ended. */
void tell_end(const training *t, const outcome *how);

#endif
