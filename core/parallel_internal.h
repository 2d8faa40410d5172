/* Loops over threads: the one place that knows OpenMP. */
#ifndef SPK_CORE_PARALLEL_INTERNAL_H
#define SPK_CORE_PARALLEL_INTERNAL_H

#include "core/context.h"

/* Work on the items begin .. end - 1. */
typedef void (*spk_range)(void *work, int64_t begin, int64_t end);

/*
 * Calls range(work, begin, end) over 0 .. items - 1, split evenly among the threads, borders at multiples of `grain`. Fewer than two
 * grains run on the calling thread. The split depends on nothing but items, grain and the number of threads.
 */
void spk_parallel(int64_t items, int64_t grain, spk_range range, void *work);

/* A grain for elementwise loops: below this a thread costs more than it saves. */
#define SPK_GRAIN_ELEMENTS ((int64_t)1 << 15)

#endif
