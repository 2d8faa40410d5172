/*
 * Whole training steps, timed: one JSON line a run.
 *
 *     build/release/bench/steps WORK [--threads N] [--steps K] [--warm-up K] [--data DIR] [--road sparse|dense] [--test]
 *     build/release/bench/steps WORK --check FILE
 *     build/release/bench/steps infer [--load FILE] [--threads N] [--steps K] [--warm-up K] [--data DIR]
 *
 * The works are described in works.c. A timed step is all that a training loop does with a batch in memory: zero_grad, encoding, forward,
 * loss, backward, optimizer step, reset, end of the step. Untimed steps come first, 3 or --warm-up: firing rates, and with them the times,
 * change while a net learns. spike_rate is of the last step, loss of the first. --road forces the products' road, which
 * the density chooses otherwise; products of the last step by road: "roads".
 */
#include "steps.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(const char *problem, const char *what) {
    fprintf(stderr, "steps: ");
    fprintf(stderr, problem, what);
    fprintf(stderr,
            "\nusage: steps WORK [--threads N] [--steps K] [--warm-up K] [--data DIR] [--road sparse|dense] [--test]\n"
            "                              time K training steps after some untimed ones (3); --road: with all products by it;\n"
            "                              --test: and the accuracy afterwards\n"
            "       steps WORK --check FILE\n"
            "                              loss of one step with the weights, x and labels of FILE, a safetensors file\n"
            "       steps infer [--load FILE] [--threads N] [--steps K] [--warm-up K] [--data DIR]\n"
            "                              time the mnist program's default net, from its --save FILE or trained for one epoch\n"
            "works: %s\n",
            work_names());
    return 2;
}

/* A whole number of at least 1; 0 for anything else. */
static int count_of(const char *text) {
    char *end;
    const long value = strtol(text, &end, 10);
    return *text && !*end && value >= 1 && value <= INT_MAX ? (int)value : 0;
}

/* Fills o; returns 0, or the exit status after a message. */
static int read_options(options *o, int argc, char **argv) {
    if (argc < 2) return usage("which work?%s", "");
    o->work = work_find(argv[1]);
    if (!o->work && strcmp(argv[1], "infer") != 0) return usage("there is no work '%s'", argv[1]);
    for (int i = 2; i < argc; i++) {
        const char *option = argv[i], **text = NULL;
        int threads, *count = NULL;
        if (strcmp(option, "--test") == 0) {
            o->test = true;
            continue;
        }
        if (strcmp(option, "--threads") == 0) count = &threads;
        else if (strcmp(option, "--steps") == 0) count = &o->steps;
        else if (strcmp(option, "--warm-up") == 0) count = &o->warm_up;
        else if (strcmp(option, "--data") == 0) text = &o->data;
        else if (strcmp(option, "--load") == 0) text = &o->load;
        else if (strcmp(option, "--road") == 0) text = &o->road;
        else if (strcmp(option, "--check") == 0) text = &o->check;
        else return usage("there is no option '%s'", option);
        if (++i == argc) return usage("%s needs a value", option);
        if (text) *text = argv[i];
        else if (!(*count = count_of(argv[i]))) return usage("%s takes a whole number of at least 1", option);
        if (count == &threads) spk_set_threads(threads);
    }
    if (o->road && strcmp(o->road, "sparse") != 0 && strcmp(o->road, "dense") != 0)
        return usage("--road takes sparse or dense, not '%s'", o->road);
    if (o->load && o->work) return usage("--load is for infer, not for '%s'", o->work->name);
    if (o->check && !o->work) return usage("--check is for training works%s", "");
    if (o->test && (!o->work || !o->work->scores)) return usage("--test is for works with classes, not for '%s'", argv[1]);
    return 0;
}

int main(int argc, char **argv) {
    options o = {.data = "datasets/mnist", .steps = 50, .warm_up = 3};
    const int status = read_options(&o, argc, argv);
    if (status) return status;
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    if (o.road) spk_set_road(ctx, strcmp(o.road, "sparse") == 0 ? SPK_ROAD_SPARSE : SPK_ROAD_DENSE);
    const bool done = o.check ? check_step(ctx, &o) : o.work ? time_steps(ctx, &o) : time_inference(ctx, &o);
    if (!done) fprintf(stderr, "steps: %s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return !done;
}
