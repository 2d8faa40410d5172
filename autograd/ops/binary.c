/* add, subtract, multiply, divide with NumPy's broadcasting. */
#include "autograd/ops.h"
#include "autograd/ops/broadcast_internal.h"
#include "autograd/ops_internal.h"
#include "core/numeric_internal.h"
#include <string.h>

/* The operands of a walk: inputs a and b and either the output or the output's gradient and the input's. */
typedef struct walk {
    const spk_real *a, *b, *g;
    spk_real *out;
} walk;

enum { A, B, OUT, TO }; /* operands: the two inputs, the whole, and in backward the input that the gradient goes to */

static bool infer(spk_record *r) {
    spk_shape shape;
    const spk_shape a = spk_tensor_shape(r->in[0]), b = spk_tensor_shape(r->in[1]);
    if (!spk_shape_broadcast(a, b, &shape))
        return spk_op_fail(r, "shapes %s and %s do not broadcast; aligned from the last axis, sizes must be equal or 1",
                           spk_shape_text(a).text, spk_shape_text(b).text);
    return spk_output(r, 0, shape);
}

static void forward(spk_record *r, spk_broadcast_row row) {
    const spk_shape whole = spk_tensor_shape(r->out[0]), shapes[] = {spk_tensor_shape(r->in[0]), spk_tensor_shape(r->in[1]), whole};
    const spk_broadcast b = spk_broadcast_of(whole, 3, shapes);
    spk_broadcast_walk(&b, row, &(walk){spk_values(r->in[0]), spk_values(r->in[1]), NULL, spk_values(r->out[0])});
}

/* Adds the row's contributions to input i, which is summed over the axes where it was repeated. */
static void backward(spk_record *r, int i, spk_broadcast_row row) {
    spk_real *to = spk_grad_to(r, i);
    if (!to) return;
    memset(to, 0, (size_t)spk_count(r->in[i]) * sizeof *to);
    const spk_shape whole = spk_tensor_shape(r->out[0]);
    const spk_shape shapes[] = {spk_tensor_shape(r->in[0]), spk_tensor_shape(r->in[1]), whole, spk_tensor_shape(r->in[i])};
    const spk_broadcast b = spk_broadcast_of(whole, 4, shapes);
    spk_broadcast_walk(&b, row, &(walk){spk_values(r->in[0]), spk_values(r->in[1]), spk_grad_of(r, 0), to});
}

/* An op from y(a, b) and its two partial derivatives times g. `saved` names the inputs that they read, REMEDY is the op's. */
#define BINARY(id, saved, Y, GA, GB, REMEDY)                                                                                    \
    SPK_CLONES static void id##_row(void *work, int64_t n, const int64_t *offset, const int64_t *stride) {                      \
        const walk *w = work;                                                                                                   \
        for (int64_t i = 0; i < n; i++) {                                                                                       \
            const spk_real a = w->a[offset[A] + i * stride[A]], b = w->b[offset[B] + i * stride[B]];                            \
            w->out[offset[OUT] + i] = Y;                                                                                        \
        }                                                                                                                       \
    }                                                                                                                           \
    static void id##_row_a(void *work, int64_t n, const int64_t *offset, const int64_t *stride) {                               \
        const walk *w = work;                                                                                                   \
        for (int64_t i = 0; i < n; i++) {                                                                                       \
            const spk_real a = w->a[offset[A] + i * stride[A]], b = w->b[offset[B] + i * stride[B]], g = w->g[offset[OUT] + i]; \
            (void)a, (void)b;                                                                                                   \
            w->out[offset[TO] + i * stride[TO]] += GA;                                                                          \
        }                                                                                                                       \
    }                                                                                                                           \
    static void id##_row_b(void *work, int64_t n, const int64_t *offset, const int64_t *stride) {                               \
        const walk *w = work;                                                                                                   \
        for (int64_t i = 0; i < n; i++) {                                                                                       \
            const spk_real a = w->a[offset[A] + i * stride[A]], b = w->b[offset[B] + i * stride[B]], g = w->g[offset[OUT] + i]; \
            (void)a, (void)b;                                                                                                   \
            w->out[offset[TO] + i * stride[TO]] += GB;                                                                          \
        }                                                                                                                       \
    }                                                                                                                           \
    static void id##_forward(spk_record *r) { forward(r, id##_row); }                                                           \
    static void id##_backward(spk_record *r) {                                                                                  \
        backward(r, 0, id##_row_a);                                                                                             \
        backward(r, 1, id##_row_b);                                                                                             \
    }                                                                                                                           \
    const spk_op spk_op_##id = {.name = #id,                                                                                    \
                                .inputs = 2,                                                                                    \
                                .saved_inputs = (saved),                                                                        \
                                .infer = infer,                                                                                 \
                                .forward = id##_forward,                                                                        \
                                .backward = id##_backward,                                                                      \
                                .remedy = (REMEDY)};                                                                            \
    spk_tensor *spk_##id(spk_tensor *a, spk_tensor *b) { return spk_apply(&spk_op_##id, NULL, a, b); }

/* Expressions, which the formatter takes for declarations. */
/* clang-format off */
BINARY(add, 0, a + b, g, g, SPK_REMEDY_OVERFLOW)
BINARY(subtract, 0, a - b, g, -g, SPK_REMEDY_OVERFLOW)
BINARY(multiply, 3, a * b, g * b, g * a, SPK_REMEDY_OVERFLOW)
BINARY(divide, 3, a / b, g / b, -g * a / (b * b),
       "a divisor is 0, or so near to it that the quotient or its slope a / b^2 overflows: add a small eps to it (spk_shift), or spk_clamp")
/* clang-format on */
