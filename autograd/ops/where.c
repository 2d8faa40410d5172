/* where: a choice between two tensors, element by element. */
#include "autograd/ops.h"
#include "autograd/ops/broadcast_internal.h"
#include "autograd/ops_internal.h"
#include <string.h>

typedef struct walk {
    const spk_real *condition, *a, *b;
    spk_real *out;
} walk;

static bool infer(spk_record *r) {
    spk_shape shape, both;
    const spk_shape c = spk_tensor_shape(r->in[0]), a = spk_tensor_shape(r->in[1]), b = spk_tensor_shape(r->in[2]);
    if (!spk_shape_broadcast(a, b, &both) || !spk_shape_broadcast(c, both, &shape))
        return spk_op_fail(
            r, "the condition is %s, the values are %s and %s; they must broadcast: aligned from the last axis, sizes equal or 1",
            spk_shape_text(c).text, spk_shape_text(a).text, spk_shape_text(b).text);
    return spk_output(r, 0, shape);
}

static void choose(void *work, int64_t n, const int64_t *offset, const int64_t *stride) {
    const walk *w = work;
    for (int64_t i = 0; i < n; i++)
        w->out[offset[3] + i] =
            w->condition[offset[0] + i * stride[0]] != 0 ? w->a[offset[1] + i * stride[1]] : w->b[offset[2] + i * stride[2]];
}

static void forward(spk_record *r) {
    const spk_shape whole = spk_tensor_shape(r->out[0]);
    const spk_shape shapes[] = {spk_tensor_shape(r->in[0]), spk_tensor_shape(r->in[1]), spk_tensor_shape(r->in[2]), whole};
    const spk_broadcast b = spk_broadcast_of(whole, 4, shapes);
    spk_broadcast_walk(&b, choose, &(walk){spk_values(r->in[0]), spk_values(r->in[1]), spk_values(r->in[2]), spk_values(r->out[0])});
}

/* In backward `a` is the output's gradient and `out` the input's; `b` says by being NULL that the input is the one taken at 0. */
static void give(void *work, int64_t n, const int64_t *offset, const int64_t *stride) {
    const walk *w = work;
    for (int64_t i = 0; i < n; i++)
        if ((w->condition[offset[0] + i * stride[0]] != 0) == (w->b != NULL)) w->out[offset[2] + i * stride[2]] += w->a[offset[1] + i];
}

static void backward(spk_record *r) {
    const spk_shape whole = spk_tensor_shape(r->out[0]);
    for (int i = 1; i <= 2; i++) {
        spk_real *to = spk_grad_to(r, i);
        if (!to) continue;
        memset(to, 0, (size_t)spk_count(r->in[i]) * sizeof *to);
        const spk_shape shapes[] = {spk_tensor_shape(r->in[0]), whole, spk_tensor_shape(r->in[i])};
        const spk_broadcast b = spk_broadcast_of(whole, 3, shapes);
        spk_broadcast_walk(&b, give, &(walk){spk_values(r->in[0]), spk_grad_of(r, 0), i == 1 ? to : NULL, to});
    }
}

const spk_op spk_op_where = {.name = "where",
                             .inputs = 3,
                             .saved_inputs = 1,
                             .infer = infer,
                             .forward = forward,
                             .backward = backward,
                             .remedy = SPK_REMEDY_OVERFLOW};

spk_tensor *spk_where(spk_tensor *condition, spk_tensor *a, spk_tensor *b) { return spk_apply(&spk_op_where, NULL, condition, a, b); }
