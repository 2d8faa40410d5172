/* Clocks and what the JSON lines have in common. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <spiketape.h>

/* Milliseconds of the monotonic clock. */
double milliseconds(void);
/* Sorts n times, n at least 1: the least is then first, the median at n / 2. */
void sort_times(double *times, int64_t n);

/* "spike_rate": [...], the firing rate of every neuron layer in the last forward; writes at most `room` characters. */
void write_rates(spk_module *net, char *text, size_t room);
/* All spikes of the last forward, in every layer. */
double count_spikes(spk_module *net);

#endif
