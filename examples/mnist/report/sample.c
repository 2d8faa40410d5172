#include "report.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRACES = 5, FEW_STEPS = 24, MOST_CELLS = 60000, MOST_STEPS = 500 };

/* A layer of neurons and what passed through it, for one image: [T, neurons] each. */
typedef struct layer {
    spk_base_node *node;
    const char *name;
    const spk_real *current, *spikes, *membrane; /* the membrane after each step */
    spk_real *charged;                           /* the membrane before each step's firing */
    int64_t T, neurons;
} layer;

static layer layer_of(spk_monitor *m, spk_module *net, int i, int64_t T) {
    layer l = {.name = spk_monitor_layer(m, i), .T = T};
    const spk_monitor_record spikes = spk_monitor_get(m, l.name, SPK_WATCH_SPIKES, -1);
    l.node = spk_as_node(spk_find_module(net, l.name + strlen(net->name) + 1));
    l.spikes = spikes.values;
    l.neurons = spk_shape_size(spikes.shape) / T;
    l.current = spk_monitor_get(m, l.name, SPK_WATCH_INPUT, -1).values;
    l.membrane = spk_monitor_get(m, l.name, SPK_WATCH_MEMBRANE, -1).values;
    return l;
}

/* The monitor has the membranes after the reset, from which a spike has gone: this is what the threshold was compared with. */
static bool charge(spk_ctx *ctx, layer *l) {
    const size_t row = (size_t)l->neurons * sizeof(spk_real);
    l->charged = spk_allocate(ctx, (size_t)l->T * row);
    const spk_shape shape = SPK_SHAPE(1, l->neurons);
    const double start = spk_is_none(l->node->v_reset) ? 0 : l->node->v_reset;
    for (int64_t t = 0; t < l->T && !spk_failed(ctx); t++) {
        spk_tensor *x = spk_step_from(ctx, shape, l->current + t * l->neurons);
        spk_tensor *v = t ? spk_step_from(ctx, shape, l->membrane + (t - 1) * l->neurons) : spk_full(ctx, shape, start);
        const spk_real *h = spk_data(spk_neuronal_dynamics(l->node, x, v));
        if (!spk_failed(ctx)) memcpy(l->charged + t * l->neurons, h, row);
    }
    return !spk_failed(ctx);
}

static int64_t spikes_of(const layer *l, int64_t neuron) {
    int64_t n = 0;
    for (int64_t t = 0; t < l->T; t++) n += l->spikes[t * l->neurons + neuron] != 0;
    return n;
}

/* Neurons to look at: from the one that fired most to one that never did, in even steps. Returns how many. */
static int choose(const layer *l, int64_t *chosen) {
    int64_t most = 0;
    int n = 0;
    for (int64_t i = 0; i < l->neurons; i++) most = spikes_of(l, i) > most ? spikes_of(l, i) : most;
    for (int k = 0; k < TRACES && k < l->neurons; k++) {
        const double wanted = (double)most * (TRACES - 1 - k) / (TRACES - 1);
        int64_t best = -1;
        for (int64_t i = 0; i < l->neurons; i++) {
            bool taken = false;
            for (int j = 0; j < n; j++) taken = taken || chosen[j] == i;
            if (!taken && (best < 0 || fabs((double)spikes_of(l, i) - wanted) < fabs((double)spikes_of(l, best) - wanted))) best = i;
        }
        chosen[n++] = best;
    }
    return n;
}

/* Up to what the step's current makes of the membrane, and down to what the reset leaves. */
static void traces(spk_text *page, const layer *l) {
    const int64_t T = l->T < MOST_STEPS ? l->T : MOST_STEPS, points = 2 * T;
    int64_t chosen[TRACES];
    char names[TRACES][64];
    spk_series series[TRACES];
    spk_real *numbers = spk_allocate(page->ctx, (size_t)(points * (TRACES + 1)) * sizeof *numbers);
    if (!numbers) return;
    const int n = choose(l, chosen);
    for (int64_t t = 0; t < T; t++) numbers[2 * t] = numbers[2 * t + 1] = (spk_real)t;
    for (int k = 0; k < n; k++) {
        spk_real *y = numbers + (k + 1) * points;
        for (int64_t t = 0; t < T; t++) {
            y[2 * t] = l->charged[t * l->neurons + chosen[k]];
            y[2 * t + 1] = l->membrane[t * l->neurons + chosen[k]];
        }
        snprintf(names[k], sizeof names[k], "neuron %lld, %lld spike%s", (long long)chosen[k], (long long)spikes_of(l, chosen[k]),
                 spikes_of(l, chosen[k]) == 1 ? "" : "s");
        series[k] = (spk_series){.y = y, .x = numbers, .count = points, .label = names[k]};
    }
    spk_plot_lines(page, series, n, .title = "Membranes of some neurons", .x_label = "time step", .y_label = "membrane",
                   .guide = l->node->v_threshold, .guide_label = "threshold",
                   .description = "Membranes over time: up to the charge of each step, and down where a spike resets them");
    spk_release(page->ctx, numbers);
}

/* With few steps time goes down, and there is room for every neuron. */
static void raster(spk_text *page, const spk_real *spikes, int64_t T, int64_t neurons) {
    const bool down = T <= FEW_STEPS;
    const int64_t steps = T < MOST_STEPS ? T : MOST_STEPS, fit = MOST_CELLS / steps, shown = down || neurons < fit ? neurons : fit;
    spk_real *part = spk_allocate(page->ctx, (size_t)(steps * shown) * sizeof *part);
    if (!part) return;
    for (int64_t t = 0; t < steps; t++) memcpy(part + t * shown, spikes + t * neurons, (size_t)shown * sizeof *part);
    spk_text_add(page, "<div class=\"wide\">\n");
    spk_plot_raster(page, part, steps, shown, .title = "Spikes", .x_label = down ? "neuron" : "time step",
                    .y_label = down ? "time step" : "neuron", .time_down = down, .width = 920, .height = down ? 90 + 18 * (int)T : 300,
                    .description = "A mark for each spike, by neuron and time step");
    spk_text_add(page, "</div>\n");
    if (shown < neurons || steps < T)
        spk_text_add(page, "<p>The first %lld neurons and %lld steps are drawn.</p>\n", (long long)shown, (long long)steps);
    spk_release(page->ctx, part);
}

static void show_layer(spk_text *page, layer *l, bool output) {
    int64_t spikes = 0, silent = 0;
    for (int64_t i = 0; i < l->neurons; i++) spikes += spikes_of(l, i), silent += !spikes_of(l, i);
    spk_text_add(page, "<h3>%s <span class=\"soft\">%s, %lld%s neurons</span></h3>\n", l->name, l->node->module.type->name,
                 (long long)l->neurons, output ? " output" : "");
    spk_text_add(page, "<p>%lld spikes, %.3f a neuron-step; %lld of %lld neurons never fired.</p>\n", (long long)spikes,
                 (double)spikes / (double)(l->T * l->neurons), (long long)silent, (long long)l->neurons);
    raster(page, l->spikes, l->T, l->neurons);
    spk_text_add(page, "<div class=\"plots\">\n");
    if (charge(page->ctx, l)) traces(page, l);
    spk_text_add(page, "</div>\n");
    spk_release(page->ctx, l->charged);
}

/* The currents of the output layer, whose mean over time is the score. */
static void currents(spk_text *page, const spk_real *y, int64_t T, int label, int predicted) {
    char names[CLASSES][32];
    spk_series series[CLASSES];
    for (int c = 0; c < CLASSES; c++) {
        const bool marked = c == label || c == predicted;
        snprintf(names[c], sizeof names[c], "%d%s", c, c != predicted ? " (its label)" : c == label ? " (right)" : " (chosen)");
        series[c] = (spk_series){
            .y = y + c, .count = T < MOST_STEPS ? T : MOST_STEPS, .stride = CLASSES, .muted = !marked, .label = marked ? names[c] : NULL};
    }
    spk_text_add(page, "<h3>Output <span class=\"soft\">currents, no neurons</span></h3>\n<p>The class with the highest mean over time is "
                       "the answer.</p>\n<div class=\"plots\">\n");
    spk_plot_lines(page, series, CLASSES, .title = "Output currents", .x_label = "time step", .y_label = "current",
                   .description = "The current of each class over time; grey: the other classes");
    spk_text_add(page, "</div>\n");
}

static void picture(spk_text *page, const spk_real *pixels, int label) {
    unsigned char grey[SPK_DIGIT_SIZE];
    char what[32];
    for (int i = 0; i < SPK_DIGIT_SIZE; i++) grey[i] = (unsigned char)lround(255 * fmin(fmax((double)pixels[i], 0), 1));
    snprintf(what, sizeof what, "a handwritten %d", label);
    spk_text_add(page, "<div class=\"images\"><figure>");
    page_image(page, SIDE, SIDE, 1, grey, what);
    spk_text_add(page, "</figure></div>\n");
}

/* What the monitors have seen. */
static void show(spk_text *page, const training *t, spk_monitor *neurons, spk_monitor *input, spk_tensor *image, spk_tensor *y, int label) {
    const options *o = t->o;
    const spk_monitor_record encoded = spk_monitor_get(input, NULL, SPK_WATCH_INPUT, -1),
                             output = spk_monitor_get(input, NULL, SPK_WATCH_OUTPUT, -1);
    const spk_real *score = spk_data(report_scores(y, o));
    if (spk_failed(t->ctx)) return;
    int predicted = 0;
    for (int c = 1; c < CLASSES; c++)
        if (score[c] > score[predicted]) predicted = c;
    picture(page, spk_data(image), label);
    spk_text_add(page, "<p>The first %s image, a %d. The net says %d, with a %s of %.2f.</p>\n", o->validation ? "validation" : "test",
                 label, predicted, reads_spikes(o) ? "firing rate" : "probability", (double)score[predicted]);
    if (strcmp(o->encoder, "poisson") == 0) {
        spk_text_add(page, "<h3>Input <span class=\"soft\">784 pixels as Poisson spikes</span></h3>\n");
        raster(page, encoded.values, o->T, SPK_DIGIT_SIZE);
    } else spk_text_add(page, "<p>The pixels are the input at each of the %lld time steps.</p>\n", (long long)o->T);
    for (int i = 0; i < spk_monitor_layers(neurons) && !spk_failed(t->ctx); i++) {
        layer l = layer_of(neurons, t->net, i, o->T);
        show_layer(page, &l, i == o->hidden.n);
    }
    if (!reads_spikes(o)) currents(page, output.values, o->T, label, predicted);
}

void report_sample(spk_text *page, const training *t) {
    spk_text_add(page, "<h2>One image on its way through the net</h2>\n");
    spk_eval(t->net);
    SPK_NO_GRAD(t->ctx) {
        spk_monitor *neurons = spk_monitor_neurons(t->net, .what = SPK_WATCH_INPUT | SPK_WATCH_SPIKES | SPK_WATCH_MEMBRANE);
        spk_monitor *whole = spk_monitor_on(t->net, .what = SPK_WATCH_INPUT | SPK_WATCH_OUTPUT);
        spk_tensor *image = spk_reshape(spk_dataset_sample(t->test, 0), SPK_SHAPE(1, SPK_DIGIT_SIZE));
        spk_tensor *y = scores(t->net, image, t->o);
        if (!spk_failed(t->ctx)) show(page, t, neurons, whole, image, y, (int)spk_dataset_label(t->test, 0));
        spk_reset(t->net);
        spk_end_step(t->ctx);
        spk_monitor_destroy(whole);
        spk_monitor_destroy(neurons);
    }
    spk_train(t->net);
}
