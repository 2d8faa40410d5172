/*
 * Whole training steps, timed: one JSON line a run.
 *
 *     build/release/bench/steps --help
 *
 * The works are described in works.c. A timed step is all that a training loop does with a batch in memory: zero_grad, encoding, forward,
 * loss, backward, optimizer step, reset, end of the step. Untimed steps come first: firing rates, and with them the times, change while a
 * net learns. spike_rate is of the last step, loss of the first; "roads" counts the products of the last step by road.
 */
#include "steps.h"
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char *const roads[] = {"sparse", "dense", NULL};

#define AT(field) .at = offsetof(options, field)

static const option_row rows[] = {
    {.help = "Options:"},
    {"threads", "N", "threads (all processors, or OMP_NUM_THREADS)", &option_whole, AT(threads), .least = 1, .most = 4096},
    {"steps", "N", "timed steps", &option_whole, AT(steps), .least = 1, .most = INT_MAX},
    {"warm-up", "N", "untimed steps before them", &option_whole, AT(warm_up), .least = 1, .most = INT_MAX},
    {"data", "DIR", "folder of MNIST's four files", &option_text, AT(data)},
    {"road", "NAME", "sparse or dense: all products by it; otherwise the density chooses", &option_word, AT(road), .words = roads},
    {"test", NULL, "print the accuracy afterwards, too, of works with classes", &option_flag, AT(test)},
    {"check", "FILE", "time nothing: the loss of one step with the weights, x and labels\nof FILE, a safetensors file", &option_text,
     AT(check)},
    {"load", "FILE", "infer: a net that the mnist program has saved, instead of one trained\nfor an epoch", &option_text, AT(load)},
};
static const options defaults = {.data = "datasets/mnist", .steps = 50, .warm_up = 3};

/* What does not go together; 2 after a message. */
static int refuse(const char *problem, const char *what) {
    fprintf(stderr, "steps: ");
    fprintf(stderr, problem, what);
    fprintf(stderr, "; steps --help says more\n");
    return 2;
}

/* Fills o; returns -1 to go on, or the exit status. */
static int read_options(options *o, int argc, char **argv) {
    char usage[512];
    snprintf(usage, sizeof usage,
             "Times whole training steps, and prints a line of JSON.\n\n"
             "usage: @ WORK [options]    training steps of WORK, one of\n"
             "                           %s\n"
             "       @ infer [options]   the mnist program's default net in evaluation mode\n",
             work_names());
    const command_line program = {.program = "steps",
                                  .usage = usage,
                                  .examples = "example:\n  @ w2 --threads 1 --warm-up 100\n",
                                  OPTIONS(rows, defaults),
                                  .takes_files = true};
    const int status = command_line_read(&program, o, argc, argv);
    if (status >= 0) return status;
    if (optind == argc) return refuse("no work is named: infer or one of %s", work_names());
    if (optind + 1 < argc) return refuse("'%s' belongs to no option", argv[optind + 1]);
    const char *name = argv[optind];
    o->work = work_find(name);
    if (!o->work && strcmp(name, "infer") != 0) return refuse("there is no work '%s'", name);
    if (o->load && o->work) return refuse("--load is for infer, not for %s", name);
    if (o->check && !o->work) return refuse("--check is for training works, not for %s", name);
    if (o->test && (!o->work || !o->work->scores)) return refuse("--test is for works with classes, not for %s", name);
    return -1;
}

int main(int argc, char **argv) {
    options o;
    const int status = read_options(&o, argc, argv);
    if (status >= 0) return status;
    if (o.threads) spk_set_threads((int)o.threads);
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    if (o.road) spk_set_road(ctx, strcmp(o.road, "sparse") == 0 ? SPK_ROAD_SPARSE : SPK_ROAD_DENSE);
    const bool done = o.check ? check_step(ctx, &o) : o.work ? time_steps(ctx, &o) : time_inference(ctx, &o);
    if (!done) fprintf(stderr, "steps: %s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return !done;
}
