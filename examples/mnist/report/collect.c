#include "report.h"
#include "../../shared/seconds.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void fail(report *r, const char *why) {
    fprintf(stderr, "mnist: --report %s: %s\n", r->path, why);
    r->failed = true;
}

static void begins(observer *self, const training *t) { ((report *)self)->resumed = t->resumed; }

static void epoch_done(observer *self, const training *t, const epoch_result *e) {
    report *r = (report *)self;
    if (r->n_points == r->room) {
        curve_point *more = realloc(r->points, (size_t)(2 * r->room + 64) * sizeof *more);
        if (!more) return;
        r->points = more, r->room = 2 * r->room + 64;
    }
    curve_point *p = &r->points[r->n_points++];
    *p = (curve_point){(spk_real)e->number,
                       (spk_real)(e->trained.loss / (double)e->trained.images),
                       (spk_real)percent(&e->trained),
                       (spk_real)percent(&e->tested),
                       {0}};
    for (int i = 0; i < t->o->hidden.n + reads_spikes(t->o); i++) p->rate[i] = (spk_real)(e->tested.rate[i] / (double)e->tested.images);
    r->training_seconds += e->seconds;
}

spk_tensor *report_scores(spk_tensor *y, const options *o) { return reads_spikes(o) ? y : spk_softmax(y); }

/* Keeps a mistake if it is among the surest; the first of equals stays first. */
static void keep(report *r, const mistake *m) {
    int at = r->n_mistakes;
    while (at > 0 && r->mistakes[at - 1].wrong < m->wrong) at--;
    if (at == MOST_MISTAKES) return;
    if (r->n_mistakes < MOST_MISTAKES) r->n_mistakes++;
    memmove(&r->mistakes[at + 1], &r->mistakes[at], (size_t)(r->n_mistakes - 1 - at) * sizeof *m);
    r->mistakes[at] = *m;
}

static void batch_tested(observer *self, const training *t, spk_tensor *y, const spk_batch *batch) {
    report *r = (report *)self;
    const spk_real *score = spk_data(report_scores(y, t->o)), *labels = spk_data(batch->labels), *pixels = spk_data(batch->x);
    if (spk_failed(t->ctx)) return;
    for (int64_t i = 0; i < batch->size; i++, score += CLASSES, pixels += SPK_DIGIT_SIZE) {
        mistake m = {.label = (int)labels[i]};
        for (int c = 1; c < CLASSES; c++)
            if (score[c] > score[m.predicted]) m.predicted = c;
        r->confusion[m.label][m.predicted]++;
        if (m.predicted == m.label) continue;
        m.right = (double)score[m.label], m.wrong = (double)score[m.predicted];
        for (int p = 0; p < SPK_DIGIT_SIZE; p++) m.image[p] = (unsigned char)lround(255 * fmin(fmax((double)pixels[p], 0), 1));
        keep(r, &m);
    }
}

/* Counts what the encoder gives to the net in the final test. */
static spk_tensor *count_input(spk_module *module, spk_tensor *x, void *user) {
    report *r = user;
    if (!module->training && r->counting) r->input_spikes += spk_item(spk_sum(x));
    return NULL;
}

/* The page beside its place, and then there: who opens it never sees half of one. */
static void write_page(report *r, const spk_text *page) {
    char beside[4096];
    if (snprintf(beside, sizeof beside, "%s.part", r->path) >= (int)sizeof beside) {
        fail(r, "the name is too long");
        return;
    }
    FILE *file = fopen(beside, "w");
    bool written = file && fwrite(page->data, 1, page->length, file) == page->length;
    if (file && fclose(file) != 0) written = false;
    if (written && rename(beside, r->path) == 0) return;
    fail(r, strerror(errno));
    if (file) unlink(beside);
}

static void ends(observer *self, const training *t, const outcome *how) {
    report *r = (report *)self;
    if (!how->tested || *how->error) {
        fail(r, "no report was written, because the run did not come to its end");
        return;
    }
    r->counting = false;
    spk_text page = {.ctx = t->ctx};
    report_page(&page, r, t, how->tested);
    if (spk_failed(t->ctx)) fail(r, "no report was written"); /* the program says why */
    else write_page(r, &page);
    if (!r->failed && !t->o->quiet) printf("report in %s\n", r->path);
    spk_text_free(&page);
}

void report_open(report *r, spk_module *net, const options *o) {
    *r = (report){.path = o->report, .since = seconds()};
    if (!o->report) return;
    r->observer = (observer){.begins = begins, .epoch_done = epoch_done, .batch_tested = batch_tested, .ends = ends};
    r->counting = strcmp(o->encoder, "poisson") == 0;
    if (r->counting) spk_add_forward_pre_hook(net, count_input, r);
}

bool report_close(report *r) {
    free(r->points);
    return !r->failed;
}
