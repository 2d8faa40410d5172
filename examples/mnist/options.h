/* The command line of the mnist program. */
#ifndef MNIST_OPTIONS_H
#define MNIST_OPTIONS_H

#include "../shared/command_line.h"

enum { MOST_HIDDEN = OPTION_LIST, CLASSES = 10 };

typedef struct options {
    const char *data, *neuron, *surrogate, *encoder, *readout, *save, *load, *checkpoint, *log, *report;
    option_list hidden;
    int64_t epochs, T, batch, seed, validation;
    int64_t every;   /* steps from one checkpoint to the next; 0: an epoch */
    int64_t threads; /* 0: as the library chooses */
    double tau, lr, label_smoothing, dropout, input_dropout;
    bool soft_reset, detach_reset, augment, detect_anomaly, resume, quiet, predict;
    char **images; /* for --predict */
    int n_images;
    char **command; /* the whole command line */
    int n_command;
} options;

/* Fills o from the command line. Returns -1 to go on, else the program's exit status (after --help or a message). */
int options_read(options *o, int argc, char **argv);

/* All that decides what the training computes, as words like T=4, or as a JSON object: what a run that resumes another must have the same.
 */
void options_settings(const options *o, bool json, spk_text *text);

/* True when the scores are output neurons' rates, false when they are the output layer's mean current. */
bool reads_spikes(const options *o);
/* Classifies o->images with a trained net and prints the class and all scores of each. */
bool predict(spk_ctx *ctx, spk_module *net, const options *o);
/* The last layer averaged over time for x [N, 784]: the scores, [N, 10]. */
spk_tensor *scores(spk_module *net, spk_tensor *x, const options *o);

#endif
