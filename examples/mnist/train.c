#include "train.h"
#include "../shared/seconds.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void count(tally *sum, spk_module *net, spk_tensor *y, const spk_batch *batch) {
    int layer = 0;
    sum->correct += spk_count_correct(y, batch->labels);
    sum->images += batch->size;
    for (spk_module *m = net; m; m = spk_next_module(net, m))
        if (spk_as_node(m)) sum->rate[layer++] += spk_firing_rate(m) * (double)batch->size;
}

/* Tells all observers. */
#define TELL(t, function, ...)                         \
    for (observer *const *w = (t)->observers; *w; w++) \
        if ((*w)->function) (*w)->function(*w, __VA_ARGS__)

tally evaluate(const training *t, bool final) {
    tally sum = {0};
    spk_batch batch;
    spk_eval(t->net);
    SPK_NO_GRAD(t->ctx) {
        while (spk_next_batch(t->test, &batch)) {
            spk_tensor *y = scores(t->net, spk_flatten(batch.x), t->o);
            count(&sum, t->net, y, &batch);
            if (final) TELL(t, batch_tested, t, y, &batch);
            spk_reset(t->net);
            spk_end_step(t->ctx);
        }
    }
    spk_train(t->net);
    return sum;
}

double percent(const tally *sum) { return sum->images ? 100.0 * (double)sum->correct / (double)sum->images : 0; }

/* SIGINT or SIGTERM, once it has come. One more, some seconds later, ends the program at once; sooner it is the same one, which
 * some programs that pass signals on (timeout) send to the process and to its group. */
static volatile sig_atomic_t stopping;

static void stop(int number) {
    static time_t since;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!stopping) {
        stopping = number;
        since = now.tv_sec;
    } else if (now.tv_sec - since > 1) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

static void handle_signals(void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* Saves the run, or puts it back to where it was saved. */
static bool checkpoint(training *t, bool load) {
    const spk_variable variables[] = {{.name = "epoch", .whole = &t->epoch},
                                      {.name = "batch", .whole = &t->batch},
                                      {.name = "loss", .real = &t->sum.loss},
                                      {.name = "correct", .whole = &t->sum.correct},
                                      {.name = "images", .whole = &t->sum.images}};
    spk_text settings = {.ctx = t->ctx};
    options_settings(t->o, false, &settings);
    spk_checkpoint_opts kept = spk_checkpoint_options();
    kept.optimizer = t->optimizer, kept.settings = settings.data, kept.notice = &t->notice;
    kept.variables = variables, kept.n_variables = sizeof variables / sizeof *variables;
    bool done;
    if (load) {
        done = spk_checkpoint_load_with(t->net, t->o->checkpoint, kept) && spk_dataset_seek(t->images, t->epoch, t->batch);
    } else {
        t->epoch = spk_dataset_epoch(t->images), t->batch = spk_dataset_position(t->images);
        done = spk_checkpoint_save_with(t->net, t->o->checkpoint, kept);
    }
    spk_text_free(&settings);
    return done;
}

/* Whether it is time for a checkpoint: after every N steps, or an epoch, and at the end. */
static bool is_due(const training *t) {
    const int64_t step = spk_schedule_now(t->schedule), batches = spk_dataset_batches(t->images);
    return t->o->checkpoint && (step == t->o->epochs * batches || step % (t->o->every ? t->o->every : batches) == 0);
}

void tell_end(const training *t, const outcome *how) { TELL(t, ends, t, how); }

/* What the net is shown in training. */
static spk_tensor *training_images(spk_tensor *x, const options *o) {
    if (o->augment) x = spk_affine_augment(x, .rotation = 15, .min_scale = 0.85, .max_scale = 1.15, .shear = 0.2, .shift = 0.05);
    x = spk_flatten(x);
    return o->input_dropout > 0 ? spk_dropout(x, .p = o->input_dropout) : x;
}

static spk_tensor *loss_of(spk_tensor *y, spk_tensor *labels, const options *o) {
    if (reads_spikes(o)) return spk_mse(y, spk_one_hot(labels, CLASSES)); /* rates towards 1 for the class, 0 for the others */
    return spk_cross_entropy(y, labels, .label_smoothing = o->label_smoothing);
}

/* The rest of the epoch, unless a signal stops it. */
static void train_epoch(training *t) {
    spk_batch batch;
    while (!stopping && spk_next_batch(t->images, &batch)) {
        spk_tensor *y = scores(t->net, training_images(batch.x, t->o), t->o), *loss = loss_of(y, batch.labels, t->o);
        spk_zero_grad(t->net);
        spk_backward(loss);
        spk_optimizer_step(t->optimizer);
        spk_schedule_step(t->schedule);
        t->sum.loss += spk_item(loss) * (double)batch.size;
        count(&t->sum, t->net, y, &batch);
        spk_reset(t->net);
        spk_end_step(t->ctx);
        if (is_due(t)) checkpoint(t, false);
        if (!spk_failed(t->ctx)) TELL(t, stepped, t);
    }
}

/* One epoch, or what is left of it, and its result. */
static void epoch(training *t) {
    const double start = seconds();
    const int64_t number = spk_dataset_epoch(t->images) + 1, before = t->sum.images;
    train_epoch(t);
    if (stopping || spk_failed(t->ctx)) return;
    epoch_result e = {.number = number, .trained = t->sum, .seconds = seconds() - start};
    e.images_per_second = (double)(t->sum.images - before) / e.seconds;
    e.learning_rate = spk_schedule_lr(t->schedule, 0, spk_schedule_now(t->schedule) - 1);
    e.tested = evaluate(t, false);
    e.health = spk_health_report(t->health);
    if (!spk_failed(t->ctx)) TELL(t, epoch_done, t, &e);
    spk_health_clear(t->health);
    t->sum = (tally){0};
}

int train(training *t) {
    const options *o = t->o;
    t->optimizer = spk_adam(t->net, .lr = o->lr);
    t->schedule = spk_one_cycle_lr(t->optimizer, .steps = o->epochs * spk_dataset_batches(t->images), .start = 0.2);
    t->health = spk_watch_health(t->net);
    t->resumed = o->resume && spk_checkpoint_exists(o->checkpoint) && checkpoint(t, true);
    if (!spk_failed(t->ctx)) TELL(t, begins, t);
    spk_end_step(t->ctx);
    handle_signals(stop);
    while (spk_dataset_epoch(t->images) < o->epochs && !stopping && !spk_failed(t->ctx)) epoch(t);
    if (stopping && o->checkpoint) checkpoint(t, false);
    handle_signals(SIG_DFL);
    return stopping;
}
