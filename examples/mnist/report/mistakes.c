#include "report.h"
#include <stdio.h>

static void image_of(spk_text *page, const mistake *m) {
    char what[64];
    snprintf(what, sizeof what, "a %d that was taken for a %d", m->label, m->predicted);
    spk_text_add(page, "<figure>");
    page_image(page, SIDE, SIDE, 1, m->image, what);
    spk_text_add(page, "<figcaption><b>%d</b> taken for <b class=\"wrong\">%d</b><br/>%.2f, not %.2f</figcaption></figure>\n", m->label,
                 m->predicted, m->wrong, m->right);
}

void report_mistakes(spk_text *page, const report *r, const training *t) {
    spk_real counts[CLASSES * CLASSES];
    int64_t wrong = 0, all = 0;
    for (int i = 0; i < CLASSES * CLASSES; i++) {
        const int64_t count = r->confusion[i / CLASSES][i % CLASSES];
        counts[i] = (spk_real)count;
        all += count;
        if (i / CLASSES != i % CLASSES) wrong += count;
    }
    spk_text_add(page, "<h2>What it gets wrong</h2>\n<p>%lld of %lld %s images.</p>\n<div class=\"plots\">\n", (long long)wrong,
                 (long long)all, t->o->validation ? "validation" : "test");
    spk_plot_matrix(page, counts, CLASSES, CLASSES, .title = "Confusion", .x_label = "predicted", .y_label = "true", .diagonal_apart = true,
                    .description = "How many images of each class were taken for each class");
    spk_text_add(page, "</div>\n");
    if (!r->n_mistakes) return;
    spk_text_add(page,
                 "<h3>The %d surest mistakes</h3>\n<p>With the %s of the class that the net chose, against that of the right one. "
                 "The highest first.</p>\n<div class=\"images\">\n",
                 r->n_mistakes, reads_spikes(t->o) ? "firing rate" : "probability");
    for (int i = 0; i < r->n_mistakes; i++) image_of(page, &r->mistakes[i]);
    spk_text_add(page, "</div>\n");
}
