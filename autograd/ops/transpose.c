/* transpose: two axes exchanged. */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"

typedef struct pair {
    int a, b;
} pair;

static int axis_of(int axis, int axes) { return axis < 0 ? axis + axes : axis; }

static bool infer(spk_record *r) {
    const pair s = *(const pair *)r->attributes;
    spk_shape shape = spk_tensor_shape(r->in[0]);
    const int a = axis_of(s.a, shape.axes), b = axis_of(s.b, shape.axes);
    if (a < 0 || b < 0 || a >= shape.axes || b >= shape.axes)
        return spk_op_fail(r, "axes %d and %d are not both among the %d of %s; axes count from 0, or backwards from -1", s.a, s.b,
                           shape.axes, spk_shape_text(shape).text);
    const int64_t size = shape.dim[a];
    shape.dim[a] = shape.dim[b];
    shape.dim[b] = size;
    return spk_output(r, 0, shape);
}

/* Copies x of this shape to out with the axes a <= b exchanged: x seen as [outer, A, middle, B, inner]. */
static void exchange(spk_shape x, pair s, const spk_real *from, spk_real *to) {
    int a = axis_of(s.a, x.axes), b = axis_of(s.b, x.axes);
    if (a > b) {
        const int swap = a;
        a = b, b = swap;
    }
    int64_t outer = 1, middle = 1, inner = 1;
    const int64_t na = x.dim[a], nb = a == b ? 1 : x.dim[b];
    for (int i = 0; i < x.axes; i++) *(i < a ? &outer : i > a && i < b ? &middle : i > b ? &inner : &(int64_t){1}) *= x.dim[i];
    for (int64_t o = 0; o < outer; o++)
        for (int64_t j = 0; j < nb; j++)
            for (int64_t m = 0; m < middle; m++)
                for (int64_t i = 0; i < na; i++)
                    for (int64_t k = 0; k < inner; k++) *to++ = from[(((o * na + i) * middle + m) * nb + j) * inner + k];
}

static void forward(spk_record *r) {
    exchange(spk_tensor_shape(r->in[0]), *(const pair *)r->attributes, spk_values(r->in[0]), spk_values(r->out[0]));
}

static void backward(spk_record *r) {
    spk_real *to = spk_grad_to(r, 0);
    if (to) exchange(spk_tensor_shape(r->out[0]), *(const pair *)r->attributes, spk_grad_of(r, 0), to);
}

const spk_op spk_op_transpose = {
    .name = "transpose", .inputs = 1, .attributes = sizeof(pair), .infer = infer, .forward = forward, .backward = backward};

spk_tensor *spk_transpose(spk_tensor *x, int axis_a, int axis_b) { return spk_apply(&spk_op_transpose, &((pair){axis_a, axis_b}), x); }
