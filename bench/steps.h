/* The parts of the steps program. Each prints one JSON line and returns false after an error of the context. */
#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H

#include "../examples/shared/command_line.h"
#include "works.h"

typedef struct options {
    const work *work; /* NULL: infer */
    const char *data, *load, *check, *road;
    int64_t threads, steps, warm_up; /* 0 threads: all; timed steps, and those before them */
    bool test;
} options;

/* Timed training steps. */
bool time_steps(spk_ctx *ctx, const options *o);
/* The first step from given weights and input: its loss and the norm of its gradients. */
bool check_step(spk_ctx *ctx, const options *o);
/* The default net of examples/mnist in evaluation mode, by single images and by batches of 256. */
bool time_inference(spk_ctx *ctx, const options *o);

#endif
