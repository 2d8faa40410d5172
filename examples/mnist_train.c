#include "mnist_train.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void count(tally *sum, spk_module *net, spk_tensor *y, const spk_batch *batch) {
    int layer = 0;
    sum->correct += spk_count_correct(y, batch->labels);
    sum->images += batch->size;
    for (spk_module *m = net; m; m = spk_next_module(net, m))
        if (spk_as_node(m)) sum->rate[layer++] += spk_firing_rate(m) * (double)batch->size;
}

tally evaluate(spk_ctx *ctx, spk_module *net, spk_dataset *test, const options *o) {
    tally sum = {0};
    spk_batch batch;
    spk_eval(net);
    SPK_NO_GRAD(ctx) {
        while (spk_next_batch(test, &batch)) {
            count(&sum, net, scores(net, spk_flatten(batch.x), o), &batch);
            spk_reset(net);
            spk_end_step(ctx);
        }
    }
    spk_train(net);
    return sum;
}

double percent(const tally *sum) { return sum->images ? 100.0 * (double)sum->correct / (double)sum->images : 0; }

/* A training run; what a checkpoint has to hold besides the net and the optimizer are the last lines. */
typedef struct training {
    spk_ctx *ctx;
    spk_module *net;
    const options *o;
    spk_dataset *images, *test;
    spk_optimizer *optimizer;
    spk_schedule *schedule;
    spk_health *health;
    int64_t epoch, batch; /* of the next step */
    tally sum;            /* of the running epoch */
} training;

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
    const char *notice = NULL;
    spk_text settings = {.ctx = t->ctx};
    options_settings(t->o, &settings);
    spk_checkpoint_opts kept = spk_checkpoint_options();
    kept.optimizer = t->optimizer, kept.settings = settings.data, kept.notice = &notice;
    kept.variables = variables, kept.n_variables = sizeof variables / sizeof *variables;
    bool done;
    if (load) {
        done = spk_checkpoint_load_with(t->net, t->o->checkpoint, kept) && spk_dataset_seek(t->images, t->epoch, t->batch);
        if (notice) printf("%s\n", notice);
    } else {
        t->epoch = spk_dataset_epoch(t->images), t->batch = spk_dataset_position(t->images);
        done = spk_checkpoint_save_with(t->net, t->o->checkpoint, kept);
    }
    spk_text_free(&settings);
    return done;
}

static void resume(training *t) {
    const char *path = t->o->checkpoint;
    if (!spk_checkpoint_exists(path)) printf("there is no %s yet: starting from the beginning\n", path);
    else if (checkpoint(t, true)) printf("going on from %s, after %lld steps\n", path, (long long)spk_schedule_now(t->schedule));
    fflush(stdout);
}

/* Whether it is time for a checkpoint: after every N steps, or an epoch, and at the end. */
static bool is_due(const training *t) {
    const int64_t step = spk_schedule_now(t->schedule), batches = spk_dataset_batches(t->images);
    return t->o->checkpoint && (step == t->o->epochs * batches || step % (t->o->every ? t->o->every : batches) == 0);
}

/* After a signal: between two steps, or two epochs. */
static void save_and_say_so(training *t) {
    const char *signal_name = stopping == SIGINT ? "SIGINT" : "SIGTERM", *path = t->o->checkpoint;
    const long long step = spk_schedule_now(t->schedule);
    if (!path) printf("stopped by %s after step %lld; nothing is saved (--checkpoint FILE does)\n", signal_name, step);
    else if (checkpoint(t, false)) printf("stopped by %s after step %lld: saved %s; --resume goes on\n", signal_name, step, path);
}

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
    }
}

static void report(int64_t epoch, const tally *trained, const tally *tested, const options *o, double speed, double took) {
    printf("epoch %2lld  loss %.4f  training %.2f %%  %s %.2f %%  firing", (long long)epoch, trained->loss / (double)trained->images,
           percent(trained), o->validation ? "validation" : "test", percent(tested));
    for (int i = 0; i < o->hidden_layers + reads_spikes(o); i++) printf(" %.3f", tested->rate[i] / (double)tested->images);
    printf("  %.0f images/s  %.1f s\n", speed, took);
    fflush(stdout);
}

/* One epoch, or what is left of it, and its line. */
static void epoch(training *t) {
    const double start = seconds();
    const int64_t number = spk_dataset_epoch(t->images) + 1, before = t->sum.images;
    train_epoch(t);
    if (stopping || spk_failed(t->ctx)) return;
    const double took = seconds() - start;
    const tally tested = evaluate(t->ctx, t->net, t->test, t->o);
    if (!spk_failed(t->ctx)) report(number, &t->sum, &tested, t->o, (double)(t->sum.images - before) / took, took);
    printf("%s", spk_health_report(t->health));
    spk_health_clear(t->health);
    fflush(stdout);
    t->sum = (tally){0};
}

int train(spk_ctx *ctx, spk_module *net, const options *o, spk_dataset *images, spk_dataset *test) {
    training t = {.ctx = ctx, .net = net, .o = o, .images = images, .test = test};
    t.optimizer = spk_adam(net, .lr = o->lr);
    t.schedule = spk_one_cycle_lr(t.optimizer, .steps = o->epochs * spk_dataset_batches(images), .start = 0.2);
    printf("%s\n%lld parameters, %d threads\n", spk_repr(net), (long long)spk_parameter_count(net, true), spk_threads());
    spk_end_step(ctx);
    t.health = spk_watch_health(net);
    if (o->resume) resume(&t);
    handle_signals(stop);
    while (spk_dataset_epoch(images) < o->epochs && !stopping && !spk_failed(ctx)) epoch(&t);
    if (stopping && !spk_failed(ctx)) save_and_say_so(&t);
    handle_signals(SIG_DFL);
    return stopping;
}
