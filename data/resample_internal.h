/* Resampling along one axis: areas are averaged when it shrinks, neighbours interpolated linearly when it grows. */
#ifndef SPK_DATA_RESAMPLE_INTERNAL_H
#define SPK_DATA_RESAMPLE_INTERNAL_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* One pixel's source along one axis: weights of the source pixels first .. last. */
typedef struct spk_taps {
    int64_t first, last;
    double begin, end; /* the stretch of the source that the pixel covers */
    bool shrinking;
} spk_taps;

static inline spk_taps spk_taps_of(int64_t i, int64_t target, int64_t source) {
    const double step = (double)source / (double)target;
    spk_taps t = {.begin = (double)i * step, .end = (double)(i + 1) * step, .shrinking = target <= source};
    const double middle = 0.5 * (t.begin + t.end) - 0.5;
    t.first = (int64_t)floor(t.shrinking ? t.begin : middle);
    t.last = t.shrinking ? (int64_t)ceil(t.end) - 1 : t.first + 1;
    return t;
}

/* Shrinking: how much of the stretch lies in source pixel s. Enlarging: linear in the distance from the stretch's middle. */
static inline double spk_tap_weight(const spk_taps *t, int64_t s) {
    const double at = (double)s;
    if (t->shrinking) return fmin(t->end, at + 1) - fmax(t->begin, at);
    return 1 - fabs(0.5 * (t->begin + t->end) - 0.5 - at);
}

/* Past the edge, where the middle of an enlarged pixel or a rounding error may lead, the edge goes on. */
static inline int64_t spk_tap_place(int64_t i, int64_t size) { return i < 0 ? 0 : i < size ? i : size - 1; }

#endif
