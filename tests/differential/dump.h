#ifndef DIFFERENTIAL_DUMP_H
#define DIFFERENTIAL_DUMP_H

#include <stdint.h>
#include <stdio.h>

/* The net of a seed and its results as one line of JSON: what peer_spikingjelly.py reads. */
void dump_seed(FILE *to, uint64_t seed);

#endif
