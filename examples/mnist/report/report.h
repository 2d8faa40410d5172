/* The mnist program's report: one page that shows a run, with nothing outside of the file. */
#ifndef MNIST_REPORT_H
#define MNIST_REPORT_H

#include "../train.h"

enum { MOST_MISTAKES = 24, SHOWN_WEIGHTS = 24, SIDE = 28 };

/* A point of the curves; all numbers, so that a column of points is a curve. */
typedef struct curve_point {
    spk_real epoch, loss, training, tested, rate[MOST_HIDDEN + 1];
} curve_point;

/* An image that the net took for another, and its scores for what it is and for what the net took it for. */
typedef struct mistake {
    int label, predicted;
    double right, wrong;
    unsigned char image[SPK_DIGIT_SIZE];
} mistake;

/* What is collected while the program runs. */
typedef struct report {
    observer observer;
    const char *path; /* NULL: no report */
    bool failed;
    double since, training_seconds;
    curve_point *points;
    int64_t n_points, room;
    bool resumed;
    int64_t confusion[CLASSES][CLASSES]; /* true, predicted */
    mistake mistakes[MOST_MISTAKES];     /* the surest first */
    int n_mistakes;
    double input_spikes; /* that the encoder made of all tested images; 0 without spikes */
    bool counting;
} report;

/* Watches a run for o->report; without one it does nothing. The net must outlive it. */
void report_open(report *r, spk_module *net, const options *o);
/* True if there was nothing to write, or it was written. */
bool report_close(report *r);

/* The parts of the page, each in a file of its own. */

/* The page, in the order in which it is read. */
void report_page(spk_text *page, const report *r, const training *t, const tally *tested);
/* The style that all parts share. */
extern const char report_style[];
/* How the training went. */
void report_curves(spk_text *page, const report *r, const training *t);
/* What was taken for what. */
void report_mistakes(spk_text *page, const report *r, const training *t);
/* One image on its way through all layers. */
void report_sample(spk_text *page, const training *t);
/* The weights of the first layer as images. */
void report_weights(spk_text *page, const training *t);
/* Operations and energy of an image. */
void report_cost(spk_text *page, const report *r, const training *t, const tally *tested);

/* Text between tags, escaped. */
void page_escaped(spk_text *page, const char *text);
/* <img> of width x height pixels with 1 (grey) or 4 (colours and opacity) bytes each, enlarged; `what` describes it. */
void page_image(spk_text *page, int width, int height, int channels, const unsigned char *pixels, const char *what);
/* The scores as probabilities, or as rates where spikes are read. */
spk_tensor *report_scores(spk_tensor *y, const options *o);

#endif
