/* The command line of the mnist program. */
#ifndef MNIST_OPTIONS_H
#define MNIST_OPTIONS_H

#include <spiketape.h>

#define MOST_HIDDEN 8
#define CLASSES 10

typedef struct options {
    const char *data, *neuron, *surrogate, *encoder, *readout, *save, *load, *checkpoint;
    int64_t hidden[MOST_HIDDEN];
    int hidden_layers;
    int64_t epochs, T, batch, seed, validation;
    int64_t every; /* steps from one checkpoint to the next; 0: an epoch */
    int threads;   /* 0: as the library chooses */
    double tau, lr, label_smoothing, dropout, input_dropout;
    bool soft_reset, detach_reset, augment, detect_anomaly, resume;
    char **images; /* for --predict */
    int n_images;
} options;

/* Fills o from the command line. Returns -1 to go on, else the program's exit status (after --help or a message). */
int options_read(options *o, int argc, char **argv);

/* All that decides what the training computes, as words like T=4: what a run that resumes another must have the same. */
void options_settings(const options *o, spk_text *text);

/* True when the scores are output neurons' rates, false when they are the output layer's mean current. */
bool reads_spikes(const options *o);
/* Classifies o->images with a trained net and prints the class and all scores of each. */
bool predict(spk_ctx *ctx, spk_module *net, const options *o);
/* The last layer averaged over time for x [N, 784]: the scores, [N, 10]. */
spk_tensor *scores(spk_module *net, spk_tensor *x, const options *o);

#endif
