#include "core/scan_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

/* The bits of |x|, as whole numbers, are ordered as |x| is, infinity above all numbers and NaN above that. */
typedef SPK_BY_REAL(int32_t, int64_t) pattern;

typedef struct work {
    const spk_real *x;
    _Atomic(pattern) largest;
} work;

SPK_CLONES static pattern largest_of(int64_t n, const spk_real *x) {
    pattern largest = 0;
    for (int64_t i = 0; i < n; i++) {
        const spk_real size = spk_abs_scalar(x[i]);
        pattern bits;
        memcpy(&bits, &size, sizeof bits);
        largest = bits > largest ? bits : largest;
    }
    return largest;
}

static void largest_range(void *v, int64_t begin, int64_t end) {
    work *w = v;
    const pattern here = largest_of(end - begin, w->x + begin);
    pattern seen = atomic_load_explicit(&w->largest, memory_order_relaxed);
    while (here > seen && !atomic_compare_exchange_weak_explicit(&w->largest, &seen, here, memory_order_relaxed, memory_order_relaxed)) {}
}

spk_real spk_largest(int64_t n, const spk_real *x) {
    work w = {.x = x};
    spk_parallel(n, SPK_GRAIN_ELEMENTS, largest_range, &w);
    const pattern bits = atomic_load(&w.largest);
    spk_real largest;
    memcpy(&largest, &bits, sizeof largest);
    return largest;
}

/* Where element i of a row-major shape lies. */
static spk_shape place_of(spk_shape shape, int64_t i) {
    spk_shape place = {.axes = shape.axes};
    for (int axis = shape.axes - 1; axis >= 0; axis--) {
        place.dim[axis] = i % shape.dim[axis];
        i /= shape.dim[axis];
    }
    return place;
}

spk_not_finite spk_not_finite_of(spk_shape shape, int64_t n, const spk_real *x) {
    int64_t first = -1, count = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isfinite(x[i])) continue;
        if (!count++) first = i;
    }
    spk_not_finite found = {.text = "nothing"};
    if (first >= 0)
        snprintf(found.text, sizeof found.text, "%s at %s of %s (%" PRId64 " of %" PRId64 " are not finite)",
                 isnan(x[first]) ? "nan"
                 : x[first] > 0  ? "inf"
                                 : "-inf",
                 spk_shape_text(place_of(shape, first)).text, spk_shape_text(shape).text, count, n);
    return found;
}

/* Bits are zeros and one value. */
bool spk_tensor_is_finite(const spk_tensor *x) {
    return x->storage == SPK_BITS ? isfinite(x->scale) : isfinite(spk_largest(spk_stored(x), spk_reals(x)));
}

spk_not_finite spk_not_finite_in(const spk_tensor *x) {
    if (x->storage == SPK_BITS) return spk_not_finite_of(SPK_SCALAR, 1, &x->scale);
    spk_shape shape = x->shape;
    if (x->repeat > 1 && shape.axes) shape.dim[0] /= x->repeat;
    return spk_not_finite_of(shape, spk_stored(x), spk_reals(x));
}
