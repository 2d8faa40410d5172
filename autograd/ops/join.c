/* concat and stack: tensors joined along an axis. */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"
#include "core/context_internal.h"
#include <string.h>

static bool infer(spk_record *r) {
    const int given = *(const int *)r->attributes;
    spk_shape shape = spk_tensor_shape(r->in[0]);
    const int axis = given < 0 ? given + shape.axes : given;
    if (axis < 0 || axis >= shape.axes)
        return spk_op_fail(r, "axis %d is not one of the %d of %s; axes count from 0, or backwards from -1", given, shape.axes,
                           spk_shape_text(shape).text);
    for (int i = 1; i < r->inputs; i++) {
        spk_shape other = spk_tensor_shape(r->in[i]);
        const int64_t size = axis < other.axes ? other.dim[axis] : 0;
        if (other.axes == shape.axes) other.dim[axis] = shape.dim[axis];
        if (!spk_shape_equal(other, shape))
            return spk_op_fail(r, "tensor %d is %s, tensor 0 is %s; all but axis %d must be equal", i,
                               spk_shape_text(spk_tensor_shape(r->in[i])).text, spk_shape_text(spk_tensor_shape(r->in[0])).text, axis);
        shape.dim[axis] += size; /* sizes are at most 2^56 each, and the sum is looked at each time */
        if (spk_shape_size(shape) < 0) return spk_op_fail(r, "the result would have more elements than memory can hold");
    }
    return spk_output(r, 0, shape);
}

/* The output is [outer, sum of runs]: input i fills run elements of each outer row, after those before it. */
static int64_t outer_of(const spk_record *r) {
    const spk_shape shape = spk_tensor_shape(r->out[0]);
    const int given = *(const int *)r->attributes;
    int64_t outer = 1;
    for (int i = 0; i < (given < 0 ? given + shape.axes : given); i++) outer *= shape.dim[i];
    return outer;
}

static void forward(spk_record *r) {
    const int64_t outer = outer_of(r), whole = outer ? spk_size(r->out[0]) / outer : 0;
    spk_real *to = spk_values(r->out[0]);
    for (int i = 0; i < r->inputs; i++) {
        const int64_t run = outer ? spk_size(r->in[i]) / outer : 0;
        for (int64_t o = 0; o < outer; o++) memcpy(to + o * whole, spk_values(r->in[i]) + o * run, (size_t)run * sizeof *to);
        to += run;
    }
}

static void backward(spk_record *r) {
    const int64_t outer = outer_of(r), whole = outer ? spk_size(r->out[0]) / outer : 0;
    const spk_real *g = spk_grad_of(r, 0);
    for (int i = 0; i < r->inputs; i++) {
        const int64_t run = outer ? spk_size(r->in[i]) / outer : 0;
        spk_real *to = spk_grad_to(r, i);
        for (int64_t o = 0; to && o < outer; o++) memcpy(to + o * run, g + o * whole, (size_t)run * sizeof *to);
        g += run;
    }
}

const spk_op spk_op_concat = {.name = "concat", .attributes = sizeof(int), .infer = infer, .forward = forward, .backward = backward};

/* The context of the tensors, with an error if one is NULL. Without any tensor there is none to tell: the context that has always failed.
 */
static spk_ctx *context_of(const char *name, spk_tensor *const *xs, int n) {
    const spk_tensor *some = NULL;
    for (int i = 0; xs && i < n && !some; i++) some = xs[i];
    spk_ctx *ctx = spk_tensor_ctx(some);
    for (int i = 0; some && i < n; i++)
        if (!xs[i]) spk_fail(ctx, "%s: tensor %d of %d is NULL", name, i, n);
    return ctx;
}

spk_tensor *spk_concat(spk_tensor *const *xs, int n, int axis) {
    spk_ctx *ctx = context_of("concat", xs, n);
    return ctx->failed ? &ctx->inert : spk_apply_n(&spk_op_concat, &axis, n, xs, 1, NULL);
}

spk_tensor *spk_stack(spk_tensor *const *xs, int n, int axis) {
    spk_ctx *ctx = context_of("stack", xs, n);
    for (int i = 0; i < n; i++)
        if (ctx->failed || !spk_tensor_usable(ctx, xs[i], "stack")) return &ctx->inert;
    if (n < 1) return &ctx->inert;
    const spk_activity before = spk_doing_function(ctx, "stack");
    spk_tensor **with_axis = ctx->failed ? NULL : spk_step_header(ctx, (size_t)n * sizeof *with_axis);
    spk_done(ctx, before);
    if (!with_axis) return &ctx->inert;
    spk_shape shape = spk_tensor_shape(xs[0]);
    const int at = axis < 0 ? axis + shape.axes + 1 : axis;
    if (at < 0 || at > shape.axes || shape.axes == SPK_MAX_AXES) {
        spk_fail(ctx, "stack: axis %d cannot be a new one of %s; it must be from %d to %d, and a tensor has at most %d axes", axis,
                 spk_shape_text(shape).text, -shape.axes - 1, shape.axes, SPK_MAX_AXES);
        return &ctx->inert;
    }
    memmove(shape.dim + at + 1, shape.dim + at, (size_t)(shape.axes - at) * sizeof *shape.dim);
    shape.dim[at] = 1;
    shape.axes++;
    for (int i = 0; i < n; i++) {
        if (!ctx->failed && !spk_shape_equal(spk_tensor_shape(xs[i]), spk_tensor_shape(xs[0])))
            spk_fail(ctx, "stack: tensor %d is %s, tensor 0 is %s; all must be equal", i, spk_shape_text(spk_tensor_shape(xs[i])).text,
                     spk_shape_text(spk_tensor_shape(xs[0])).text);
        with_axis[i] = spk_reshape(xs[i], shape);
    }
    return spk_concat(with_axis, n, at);
}
