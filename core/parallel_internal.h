/* Loops over threads: the one place that makes any. */
#ifndef SPK_CORE_PARALLEL_INTERNAL_H
#define SPK_CORE_PARALLEL_INTERNAL_H

#include "core/context.h"

/* The most threads that may be asked for. */
#define SPK_MOST_THREADS 256

/* Work on the items begin .. end - 1. */
typedef void (*spk_range)(void *work, int64_t begin, int64_t end);

/*
 * Calls range(work, begin, end) over 0 .. items - 1, split evenly into as many parts as there are threads, borders at multiples of `grain`.
 * Fewer than two grains, and loops inside a part, run on the calling thread. The split depends on nothing but items, grain and the number
 * of threads; which thread runs a part depends on who is free.
 */
void spk_parallel(int64_t items, int64_t grain, spk_range range, void *work);

/* A grain for elementwise loops: below this a thread costs more than it saves. */
#define SPK_GRAIN_ELEMENTS ((int64_t)1 << 15)

#endif
