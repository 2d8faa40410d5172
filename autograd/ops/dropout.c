/* dropout: a random mask, kept for backward as one bit an element. */
#include "autograd/ops.h"
#include "autograd/ops_internal.h"
#include "core/bits_internal.h"
#include "core/context_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"

/* The mask covers one time step (of T that share it, else all elements) in rows: those of a bit tensor, or one long row. */
typedef struct mask {
    spk_random draw;
    int64_t row, rows;
    uint32_t limit; /* a word from this on keeps its element */
    uint64_t *words;
} mask;

static bool infer(spk_record *r) {
    const spk_dropout_opts *o = r->attributes;
    spk_tensor *x = r->in[0];
    if (!(o->p >= 0 && o->p <= 1)) return spk_op_fail(r, "p is %g; it must be from 0 to 1", o->p);
    if (o->T < 1 || x->shape.axes < 1 || x->shape.dim[0] % o->T)
        return spk_op_fail(r, "T = %lld does not divide the first axis of x %s, which is T*N", (long long)o->T,
                           spk_shape_text(x->shape).text);
    const bool whole_rows = x->storage != SPK_BITS || (x->row && x->size / o->T % x->row == 0);
    if (!whole_rows || (x->storage == SPK_REPEATED && x->repeat != o->T) || (x->storage == SPK_BITS && o->p == 1))
        x = r->in[0] = spk_dense(x);
    if (x->storage == SPK_BITS) return spk_output_bits(r, 0, x->shape, x->row, x->scale / (spk_real)(1 - o->p));
    return spk_output_repeated(r, 0, x->shape, x->repeat);
}

#define BLOCK 256

static void draw_rows(void *work, int64_t begin, int64_t end) {
    const mask *m = work;
    const int64_t row_words = spk_words_of(m->row), stride = (m->row + 3) / 4 * 4;
    for (int64_t row = begin; row < end; row++) {
        for (int64_t first = 0; first < m->row; first += BLOCK) {
            uint32_t words[BLOCK];
            const int64_t n = m->row - first < BLOCK ? m->row - first : BLOCK;
            spk_random_words(m->draw, row * stride + first, n, words);
            for (int64_t i = 0; i < n; i += 64) {
                uint64_t bits = 0;
                for (int64_t j = 0; j < 64 && i + j < n; j++) bits |= (uint64_t)(words[i + j] >= m->limit) << j;
                m->words[row * row_words + (first + i) / 64] = bits;
            }
        }
    }
}

/* Elements are masked in runs of this many, so that a dense tensor too is drawn and applied by several threads. */
#define RUN ((int64_t)4096)

static mask mask_of(const spk_record *r) {
    const spk_dropout_opts *o = r->attributes;
    const spk_tensor *x = r->in[0];
    const int64_t n = x->size / o->T;
    mask m = {.row = x->storage == SPK_BITS ? x->row : RUN, .words = r->saved};
    m.rows = m.row ? (n + m.row - 1) / m.row : 0;
    return m;
}

/* to = from * (kept ? factor : 0), step by step with the one mask. */
SPK_CLONES static void apply(const mask *m, int64_t n, int64_t steps, const spk_real *from, spk_real factor, spk_real *to) {
    for (int64_t t = 0; t < steps; t++)
        for (int64_t row = 0; row < m->rows; row++) {
            const uint64_t *words = m->words + row * spk_words_of(m->row);
            const int64_t count = n - row * m->row < m->row ? n - row * m->row : m->row, at = t * n + row * m->row;
            for (int64_t i = 0; i < count; i++) to[at + i] = (words[i / 64] >> (i % 64) & 1) ? from[at + i] * factor : 0;
        }
}

static spk_real factor_of(const spk_record *r) {
    const double p = ((const spk_dropout_opts *)r->attributes)->p;
    return p < 1 ? (spk_real)(1 / (1 - p)) : 0;
}

static void forward(spk_record *r) {
    const spk_dropout_opts *o = r->attributes;
    const spk_tensor *x = r->in[0];
    mask m = mask_of(r);
    const int64_t n = x->size / o->T, words = m.rows * spk_words_of(m.row);
    m.words = spk_save_for_backward(r, (size_t)words * sizeof *m.words);
    if (!m.words) return;
    m.draw = spk_random_take(r->ctx, m.rows * ((m.row + 3) / 4 * 4));
    m.limit = (uint32_t)(o->p * 4294967295.0);
    spk_parallel(m.rows, 1 + (1 << 14) / (m.row + 1), draw_rows, &m);
    if (x->storage == SPK_BITS) {
        const uint64_t *from = x->data;
        uint64_t *to = r->out[0]->data;
        for (int64_t t = 0; t < o->T; t++)
            for (int64_t i = 0; i < words; i++) to[t * words + i] = from[t * words + i] & m.words[i];
    } else {
        apply(&m, n, x->storage == SPK_REPEATED ? 1 : o->T, spk_reals(x), factor_of(r), spk_values(r->out[0]));
    }
}

static void backward(spk_record *r) {
    const spk_dropout_opts *o = r->attributes;
    const spk_tensor *x = r->in[0];
    spk_real *to = spk_grad_to(r, 0);
    const mask m = mask_of(r);
    if (to) apply(&m, x->size / o->T, x->storage == SPK_REPEATED ? 1 : o->T, spk_grad_of(r, 0), factor_of(r), to);
}

const spk_op spk_op_dropout = {.name = "dropout",
                               .inputs = 1,
                               .attributes = sizeof(spk_dropout_opts),
                               .storages = SPK_BITS | SPK_REPEATED,
                               .infer = infer,
                               .forward = forward,
                               .backward = backward,
                               .remedy = "it scales what it keeps by 1 / (1 - p): use a p further from 1"};

spk_dropout_opts spk_dropout_options(void) { return (spk_dropout_opts){SPK_DROPOUT_DEFAULTS}; }

spk_tensor *spk_dropout_with(spk_tensor *x, spk_dropout_opts options) { return spk_apply(&spk_op_dropout, &options, x); }
