#include "report.h"
#include <string.h>

/* Energies of 32-bit floating point in a 45 nm process, in pJ. */
static const double add_energy = 0.9, multiply_energy = 3.7;

/* Operations of an image, in one linear layer. */
typedef struct layer_cost {
    int64_t inputs, outputs;
    double spikes; /* that reach it, over all time steps; < 0: it gets real numbers, once */
} layer_cost;

static double synops(const layer_cost *l) { return l->spikes < 0 ? 0 : l->spikes * (double)l->outputs; }
static double macs(const layer_cost *l) { return (double)(l->inputs * l->outputs); }

/* The linear layers with what reaches them, counted over all tested images. Returns how many there are. */
static int count(layer_cost *layers, const report *r, const options *o, const tally *tested) {
    int64_t inputs = SPK_DIGIT_SIZE;
    double spikes = strcmp(o->encoder, "poisson") == 0 ? r->input_spikes / (double)tested->images : -1;
    for (int i = 0; i <= o->hidden.n; i++) {
        layers[i] = (layer_cost){inputs, i < o->hidden.n ? o->hidden.number[i] : CLASSES, spikes};
        inputs = layers[i].outputs;
        if (i < o->hidden.n) spikes = tested->rate[i] / (double)tested->images * (double)(o->T * inputs);
    }
    return o->hidden.n + 1;
}

static void row(spk_text *page, const layer_cost *l, double own_macs, double energy) {
    spk_text_add(page, "<tr><th>%lld to %lld</th>", (long long)l->inputs, (long long)l->outputs);
    if (l->spikes < 0) spk_text_add(page, "<td>real numbers</td>");
    else spk_text_add(page, "<td>%.0f</td>", l->spikes);
    spk_text_add(page, "<td>%.0f</td><td>%.0f</td><td>%.0f</td><td>%.1f</td></tr>\n", synops(l), own_macs, macs(l), energy / 1000);
}

void report_cost(spk_text *page, const report *r, const training *t, const tally *tested) {
    layer_cost layers[MOST_HIDDEN + 1] = {0};
    const int n = count(layers, r, t->o, tested);
    double all_synops = 0, all_macs = 0, all_dense = 0;
    const double mac_energy = add_energy + multiply_energy;
    spk_text_add(page,
                 "<h2>What an image costs</h2>\n<p>A synaptic operation (SynOp) is one weight added because a spike came: spikes times the "
                 "neurons that each reaches, counted over all %lld %s images and all %lld time steps, and given as the mean of an "
                 "image.</p>\n<div class=\"wide\"><table class=\"numbers\">\n<thead><tr><th>layer</th><th>spikes in</th><th>SynOps</th>"
                 "<th>MACs</th><th>MACs of an ANN</th><th>energy, nJ</th></tr></thead>\n<tbody>\n",
                 (long long)tested->images, t->o->validation ? "validation" : "test", (long long)t->o->T);
    for (int i = 0; i < n; i++) {
        const layer_cost *l = &layers[i];
        const double own_macs = l->spikes < 0 ? macs(l) : 0, energy = synops(l) * add_energy + own_macs * mac_energy;
        row(page, l, own_macs, energy);
        all_synops += synops(l), all_macs += own_macs, all_dense += macs(l);
    }
    const double energy = all_synops * add_energy + all_macs * mac_energy, ann = all_dense * mac_energy;
    spk_text_add(
        page,
        "</tbody>\n<tfoot><tr><th>all</th><td></td><td>%.0f</td><td>%.0f</td><td>%.0f</td><td>%.1f</td></tr></tfoot></table></div>\n"
        "<p>Energy is an estimate: %.1f nJ an image, against %.1f nJ of a network of the same widths without spikes, one multiplication "
        "and addition (MAC) for each weight: %.2f of it. A SynOp counts as one addition of 32-bit floating point, 0.9 pJ; a MAC as "
        "3.7 pJ for the multiplication and 0.9 pJ for the addition (M. Horowitz, \"Computing's energy problem (and what we can do "
        "about it)\", ISSCC 2014, 45 nm, 0.9 V). It leaves out memory traffic, which often costs more than the arithmetic, the neurons' "
        "own "
        "updates, and biases and batch norm, which fold into the weights.",
        all_synops, all_macs, all_dense, energy / 1000, energy / 1000, ann / 1000, energy / ann);
    if (layers[0].spikes < 0)
        spk_text_add(page,
                     " The first layer gets the pixels as real numbers, the same at each time step: its product is made once, and counted "
                     "in MACs.");
    spk_text_add(page, "</p>\n");
}
