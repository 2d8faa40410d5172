#include "measure.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_times(double *times, int64_t n) { qsort(times, (size_t)n, sizeof *times, ascending); }

void write_rates(spk_module *net, char *text, size_t room) {
    int length = snprintf(text, room, "\"spike_rate\": [");
    const char *separator = "";
    for (spk_module *m = net; m; m = spk_next_module(net, m)) {
        if (!spk_as_node(m)) continue;
        length += snprintf(text + length, room - (size_t)length, "%s%.4f", separator, spk_firing_rate(m));
        separator = ", ";
    }
    snprintf(text + length, room - (size_t)length, "]");
}

double count_spikes(spk_module *net) {
    double spikes = 0;
    for (spk_module *m = net; m; m = spk_next_module(net, m))
        if (spk_as_node(m)) spikes += spk_firing_rate(m) * (double)spk_size(spk_spikes(m));
    return spikes;
}
