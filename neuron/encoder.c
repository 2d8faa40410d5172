#include "neuron/encoder.h"
#include "autograd/ops.h"
#include "core/bits_internal.h"
#include "core/context_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"
#include "neuron/ops_internal.h"

spk_tensor *spk_constant_encode(spk_tensor *x, int64_t T) { return spk_repeat_over_time(x, T); }

static bool infer(spk_record *r) {
    const int64_t T = *(const int64_t *)r->attributes;
    const spk_tensor *x = r->in[0];
    spk_shape shape = x->shape;
    if (T < 1 || shape.axes < 1 || shape.dim[0] > ((int64_t)1 << 56) / T)
        return spk_op_fail(r, "T = %lld steps of x %s: needs T >= 1 and a batch axis", (long long)T, spk_shape_text(shape).text);
    const int64_t row = shape.axes > 1 ? shape.dim[shape.axes - 1] : shape.dim[0];
    shape.dim[0] *= T;
    return spk_output_bits(r, 0, shape, row, 1);
}

/* Rows of the output are coded by themselves: row `t * rows + i` is row i of x at step t. */
typedef struct work {
    const spk_tensor *x, *out;
    int64_t T;
    spk_random draw;
} work;

static void poisson_rows(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    const int64_t n = w->out->row, rows = n ? w->x->size / n : 0, stride = (n + 3) / 4 * 4;
    for (int64_t row = begin; row < end; row++) {
        const spk_real *x = spk_reals(w->x) + row % rows * n;
        uint64_t *bits = (uint64_t *)w->out->data + row * spk_words_of(n);
        for (int64_t i = 0; i < n; i += 64) {
            uint32_t words[64];
            const int64_t count = n - i < 64 ? n - i : 64;
            spk_random_words(w->draw, row * stride + i, count, words);
            for (int64_t j = 0; j < count; j++) bits[i / 64] |= (uint64_t)(spk_unit(words[j]) < x[i + j]) << j;
        }
    }
}

static void poisson_forward(spk_record *r) {
    work w = {.x = r->in[0], .out = r->out[0], .T = *(const int64_t *)r->attributes};
    const int64_t rows = spk_rows(w.out);
    w.draw = spk_random_take(r->ctx, rows * ((w.out->row + 3) / 4 * 4));
    spk_parallel(rows, 1 + (1 << 12) / (w.out->row + 1), poisson_rows, &w);
}

static void latency_forward(spk_record *r) {
    const int64_t T = *(const int64_t *)r->attributes, n = r->out[0]->row, rows = n ? r->in[0]->size / n : 0;
    uint64_t *bits = r->out[0]->data;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = 0; i < n; i++) {
            const spk_real x = spk_reals(r->in[0])[row * n + i], limited = x > 0 ? (x < 1 ? x : 1) : 0;
            const int64_t t = (int64_t)((spk_real)(T - 1) * (1 - limited) + (spk_real)0.5);
            bits[(t * rows + row) * spk_words_of(n) + i / 64] |= (uint64_t)1 << (i % 64);
        }
}

const spk_op spk_op_poisson = {.name = "poisson", .attributes = sizeof(int64_t), .infer = infer, .forward = poisson_forward};
const spk_op spk_op_latency = {.name = "latency", .attributes = sizeof(int64_t), .infer = infer, .forward = latency_forward};

spk_tensor *spk_poisson_encode(spk_tensor *x, int64_t T) { return spk_apply(&spk_op_poisson, &T, x); }
spk_tensor *spk_latency_encode(spk_tensor *x, int64_t T) { return spk_apply(&spk_op_latency, &T, x); }
