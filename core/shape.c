#include "core/shape.h"
#include <inttypes.h>
#include <stdio.h>

spk_shape spk_shape_of(int axes, const int64_t *dim) {
    spk_shape shape = {.axes = axes < 0 || axes > SPK_MAX_AXES || (axes && !dim) ? -1 : axes};
    for (int i = 0; i < shape.axes; i++) {
        shape.dim[i] = dim[i];
        if (dim[i] < 0) return (spk_shape){.axes = -1};
    }
    return shape;
}

static bool has_axes(spk_shape shape) { return shape.axes >= 0 && shape.axes <= SPK_MAX_AXES; }

int64_t spk_shape_size(spk_shape shape) {
    if (!has_axes(shape)) return -1;
    /* A size counts elements; 2^56 of them are past any memory and leave room for byte and padding arithmetic in int64. */
    const int64_t limit = (int64_t)1 << 56;
    int64_t size = 1;
    bool empty = false;
    for (int i = 0; i < shape.axes; i++) {
        if (shape.dim[i] < 0) return -1;
        if (shape.dim[i] == 0) empty = true;
        else if (size > limit / shape.dim[i]) return -1; /* also in an empty shape: strides are products of these */
        else size *= shape.dim[i];
    }
    return empty ? 0 : size;
}

bool spk_shape_equal(spk_shape a, spk_shape b) {
    if (a.axes != b.axes || !has_axes(a)) return false;
    for (int i = 0; i < a.axes; i++)
        if (a.dim[i] != b.dim[i]) return false;
    return true;
}

bool spk_shape_broadcast(spk_shape a, spk_shape b, spk_shape *out) {
    if (!out || !has_axes(a) || !has_axes(b)) return false;
    *out = (spk_shape){.axes = a.axes > b.axes ? a.axes : b.axes};
    for (int i = 0; i < out->axes; i++) { /* i counts axes from the last one, where the shapes are aligned */
        const int64_t da = i < a.axes ? a.dim[a.axes - 1 - i] : 1, db = i < b.axes ? b.dim[b.axes - 1 - i] : 1;
        if (da != db && da != 1 && db != 1) return false;
        out->dim[out->axes - 1 - i] = da == 1 ? db : da;
    }
    return true;
}

spk_shape_string spk_shape_text(spk_shape shape) {
    spk_shape_string s = {"[invalid]"};
    if (!has_axes(shape)) return s;
    int at = snprintf(s.text, sizeof s.text, "[");
    for (int i = 0; i < shape.axes; i++) at += snprintf(s.text + at, sizeof s.text - (size_t)at, "%s%" PRId64, i ? ", " : "", shape.dim[i]);
    snprintf(s.text + at, sizeof s.text - (size_t)at, "]");
    return s;
}
