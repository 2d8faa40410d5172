#include "report.h"
#include <stdio.h>

static const int64_t stride = sizeof(curve_point) / sizeof(spk_real);

static spk_series curve(const report *r, const spk_real *first, const char *label) {
    return (spk_series){.y = first, .x = &r->points->epoch, .count = r->n_points, .stride = stride, .label = label};
}

/* The lowest accuracy after the first epochs: a curve that begins far below would be flat where it matters. */
static double floor_of(const report *r) {
    double least = 100;
    for (int64_t i = r->n_points > 4 ? 1 : 0; i < r->n_points; i++) {
        if ((double)r->points[i].training < least) least = (double)r->points[i].training;
        if ((double)r->points[i].tested < least) least = (double)r->points[i].tested;
    }
    return least >= 90 ? (double)(int)least : 10 * (double)(int)(least / 10);
}

static void rates(spk_text *page, const report *r, const training *t) {
    spk_series layers[MOST_HIDDEN + 1];
    char names[MOST_HIDDEN + 1][32];
    const int n = t->o->hidden.n + reads_spikes(t->o);
    for (int i = 0; i < n; i++) {
        if (i < t->o->hidden.n) snprintf(names[i], sizeof names[i], "hidden layer %d", i + 1);
        else snprintf(names[i], sizeof names[i], "output");
        layers[i] = curve(r, &r->points->rate[i], names[i]);
    }
    spk_plot_lines(page, layers, n, .title = "Firing rate", .x_label = "epoch", .y_label = "spikes a neuron-step", .y_min = 0,
                   .description = "The share of neuron-steps with a spike, of each layer of neurons, after each epoch");
}

void report_curves(spk_text *page, const report *r, const training *t) {
    const char *tested = t->o->validation ? "validation" : "test";
    spk_text_add(page, "<h2>Training</h2>\n");
    if (!r->n_points) {
        spk_text_add(page, "<p>Nothing was trained in this run%s, so there are no curves.</p>\n",
                     t->o->load ? ": the net was loaded from a file" : "");
        return;
    }
    if (r->resumed)
        spk_text_add(page, "<p>This run went on from a checkpoint: the curves begin with epoch %lld, the first that it finished.</p>\n",
                     (long long)r->points->epoch);
    spk_text_add(page,
                 "<p>The accuracy in training is counted while an epoch runs, with what dropout%s changes, so it can be below the "
                 "%s's.</p>\n",
                 t->o->augment ? " and augmentation" : "", tested);
    const spk_series loss = curve(r, &r->points->loss, NULL);
    const spk_series accuracy[] = {curve(r, &r->points->training, "training"), curve(r, &r->points->tested, tested)};
    spk_text_add(page, "<div class=\"plots\">\n");
    spk_plot_lines(page, &loss, 1, .title = reads_spikes(t->o) ? "Training loss (squared error of rates)" : "Training loss (cross entropy)",
                   .x_label = "epoch", .description = "The mean training loss of each epoch");
    spk_plot_lines(page, accuracy, 2, .title = "Accuracy, %", .x_label = "epoch", .y_min = floor_of(r), .y_max = 100,
                   .description = "The accuracy in training and on the test images after each epoch");
    rates(page, r, t);
    spk_text_add(page, "</div>\n");
}
