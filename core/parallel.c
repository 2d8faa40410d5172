#include "core/parallel_internal.h"
#ifdef _OPENMP
#    include <omp.h>
#endif

static int threads_wanted; /* 0: not set yet */

int spk_threads(void) {
#ifdef _OPENMP
    return threads_wanted ? threads_wanted : omp_get_max_threads();
#else
    return 1;
#endif
}

void spk_set_threads(int threads) { threads_wanted = threads < 1 ? 1 : threads; }

void spk_parallel(int64_t items, int64_t grain, spk_range range, void *work) {
    const int64_t grains = (items + grain - 1) / grain;
    const int64_t threads = grains < spk_threads() ? grains : spk_threads();
    if (threads <= 1) {
        if (items > 0) range(work, 0, items);
        return;
    }
#ifdef _OPENMP
#    pragma omp parallel for num_threads((int)threads) schedule(static, 1)
    for (int64_t i = 0; i < threads; i++) {
        const int64_t begin = grains * i / threads * grain, end = grains * (i + 1) / threads * grain;
        range(work, begin, end < items ? end : items);
    }
#endif
}
