#include "console.h"
#include <signal.h>
#include <stdio.h>

static void begins(observer *self, const training *t) {
    const char *path = t->o->checkpoint;
    if (!((console *)self)->quiet)
        printf("%s\n%lld parameters, %d threads\n", spk_repr(t->net), (long long)spk_parameter_count(t->net, true), spk_threads());
    if (t->notice) printf("%s\n", t->notice);
    if (t->resumed) printf("going on from %s, after %lld steps\n", path, (long long)spk_schedule_now(t->schedule));
    else if (t->o->resume) printf("there is no %s yet: starting from the beginning\n", path);
    fflush(stdout);
}

static void stepped(observer *self, const training *t) {
    const int64_t steps = spk_dataset_batches(t->images), done = spk_schedule_now(t->schedule);
    progress_show(&((console *)self)->bar, .epoch = (done - 1) / steps + 1, .epochs = t->o->epochs, .step = (done - 1) % steps + 1,
                  .steps = steps, .images = t->sum.images, .loss = t->sum.loss / (double)t->sum.images, .accuracy = percent(&t->sum));
}

static void epoch_done(observer *self, const training *t, const epoch_result *e) {
    console *c = (console *)self;
    if (c->quiet) return;
    line l = {0};
    spk_text rates = {.ctx = t->ctx};
    for (int i = 0; i < t->o->hidden.n + reads_spikes(t->o); i++)
        spk_text_add(&rates, " %.3f", e->tested.rate[i] / (double)e->tested.images);
    line_add(&l, 0, "epoch %2lld", (long long)e->number);
    line_add(&l, 2, "loss %.4f", e->trained.loss / (double)e->trained.images);
    line_add(&l, 3, "training %.2f %%", percent(&e->trained));
    line_add(&l, 1, "%s %.2f %%", t->o->validation ? "validation" : "test", percent(&e->tested));
    line_add(&l, 5, "firing%s", rates.data ? rates.data : "");
    line_add(&l, 6, "%.0f images/s", e->images_per_second);
    line_add(&l, 4, "%.1f s", e->seconds);
    progress_print(&c->bar, &l);
    printf("%s", e->health);
    fflush(stdout);
    spk_text_free(&rates);
}

static void say_why_it_stopped(const training *t, const outcome *how) {
    printf("stopped by %s after step %lld", how->signal == SIGINT ? "SIGINT" : "SIGTERM", (long long)spk_schedule_now(t->schedule));
    if (how->saved) printf(": saved %s; --resume goes on\n", how->saved);
    else printf("; nothing is saved (--checkpoint FILE does)\n");
}

static void ends(observer *self, const training *t, const outcome *how) {
    console *c = (console *)self;
    progress_clear(&c->bar);
    if (*how->error) return; /* the program says it */
    if (how->signal) say_why_it_stopped(t, how);
    else {
        if (how->saved && !c->quiet) printf("saved %s\n", how->saved);
        printf("%s accuracy %.2f %%\n", t->o->validation ? "validation" : "test", percent(how->tested));
    }
    fflush(stdout);
}

console console_begin(const options *o) {
    return (console){.observer = {.begins = begins, .stepped = stepped, .epoch_done = epoch_done, .ends = ends},
                     .bar = progress_begin(!o->quiet),
                     .quiet = o->quiet};
}
