/* The mnist program's log: a line of JSON for the run, for each epoch, and for the end. */
#ifndef MNIST_LOG_H
#define MNIST_LOG_H

#include "train.h"

typedef struct run_log {
    observer observer;
    const char *path;
    int file; /* -1: none, or one that can be written no more */
    bool failed;
    double since;
} run_log;

/* Begins o->log, or appends to it; without one it writes nothing. False, after a message, when it cannot be written. */
bool run_log_open(run_log *log, const options *o);
/* True if all lines were written. */
bool run_log_close(run_log *log);

#endif
