/* What is printed for a person who watches the mnist program: a bar while it trains, a line an epoch, and what happened. */
#ifndef MNIST_CONSOLE_H
#define MNIST_CONSOLE_H

#include "train.h"
#include "../shared/progress.h"

typedef struct console {
    observer observer;
    progress bar;
    bool quiet; /* only the end, and what must be known */
} console;

console console_begin(const options *o);

#endif
