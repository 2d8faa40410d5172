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
    const int64_t most = T < 1 ? 0 : ((int64_t)1 << 56) / T; /* none for a T past that, whose words could not be counted */
    if (most < 1 || shape.axes < 1 || shape.dim[0] > most)
        return spk_op_fail(r, "T is %lld, x is %s; T must be at least 1, and x have a batch axis, [N, ...]", (long long)T,
                           spk_shape_text(shape).text);
    const int64_t row = shape.axes > 1 ? shape.dim[shape.axes - 1] : shape.dim[0];
    shape.dim[0] *= T;
    return spk_output_bits(r, 0, shape, row, 1);
}

/*
 * Poisson. Element e of x has T words of the stream for itself, at e * T rounded up to 4, so that any thread draws any part; it fires at
 * step t where word t, as a number in [0, 1), is below x. Only 0 < x < 1 needs its words drawn. A word of 64 elements is coded at a time:
 * spikes are gathered for a tile of steps in the L1 cache and then written out, bit i for element i.
 */
enum { TILE = 128 }; /* steps */

/* spikes[i / 32][t % 4][t / 4] holds bit i % 32 for element i and step t of the tile: the order in which Philox gives the words. */
typedef uint32_t tile[2][4][TILE / 4];

typedef struct work {
    const spk_tensor *x, *out;
    int64_t T, rows, columns; /* columns: words of 64 bits in a row */
    spk_random draw;
} work;

/* Elements of one word of bits, whose first is element `first` of x: those to draw, each with its threshold in 2^-24, and those that always
 * fire. */
typedef struct elements {
    int64_t first, n;
    uint64_t always;
    int place[64];
    int32_t limit[64];
} elements;

static elements elements_of(const spk_real *x, int64_t first, int64_t count) {
    elements e = {.first = first};
    uint64_t not_zero;
    spk_bits_pack(count, x + first, &not_zero);
    for (; not_zero; not_zero &= not_zero - 1) {
        const int i = __builtin_ctzll(not_zero);
        const spk_real scaled = x[first + i] * 16777216; /* exact */
        if (!(scaled > 0)) continue;
        const int32_t whole = scaled < 16777216 ? (int32_t)scaled : 16777216, limit = whole + ((spk_real)whole < scaled);
        if (limit >= 16777216) {
            e.always |= (uint64_t)1 << i;
        } else {
            e.place[e.n] = i;
            e.limit[e.n++] = limit;
        }
    }
    return e;
}

/* Counters of the blocks for steps 4 * first .. of n elements, `blocks` each, and to the next multiple of 8. */
static void set_counters(const work *w, const elements *e, int64_t from, int64_t n, int64_t first, int64_t blocks, spk_philox *b) {
    uint64_t *counter = b->counter;
    for (int64_t k = from; k < from + n; k++) {
        const uint64_t start = w->draw.position / 4 + (uint64_t)((e->first + e->place[k]) * ((w->T + 3) / 4) + first);
        for (int64_t i = 0; i < blocks; i++) *counter++ = start + (uint64_t)i;
    }
    for (int i = 0; i < 7; i++) counter[i] = 0;
}

/* Sets the bits of n elements in the tile. Whole vectors of blocks are taken; what is past the last step is not written out. */
SPK_CLONES static void fire(const elements *e, int64_t from, int64_t n, int64_t blocks, const spk_philox *restrict b, tile spikes) {
    const int64_t whole = (blocks + 7) / 8 * 8;
    for (int64_t k = 0; k < n; k++) {
        const int32_t limit = e->limit[from + k], place = e->place[from + k];
        for (int j = 0; j < 4; j++) {
            const uint32_t *restrict word = b->word[j] + k * blocks;
            uint32_t *restrict to = spikes[place / 32][j];
            for (int64_t i = 0; i < whole; i++) to[i] |= (uint32_t)((int32_t)(word[i] >> 8) < limit) << place % 32;
        }
    }
}

/* Draws the tile of `blocks` times 4 steps that begins at step t. */
static void draw(const work *w, const elements *e, int64_t t, int64_t blocks, tile spikes) {
    const int64_t at_once = SPK_PHILOX_BLOCKS / blocks;
    spk_philox b;
    for (int64_t k = 0; k < e->n; k += at_once) {
        const int64_t n = e->n - k < at_once ? e->n - k : at_once;
        set_counters(w, e, k, n, t / 4, blocks, &b);
        spk_philox_words(w->draw.seed, n * blocks, &b);
        fire(e, k, n, blocks, &b, spikes);
    }
}

static void poisson_words(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    uint64_t *bits = w->out->data;
    for (int64_t item = begin; item < end; item++) {
        const int64_t row = item / w->columns, column = item % w->columns, left = w->out->row - column * 64;
        const elements e = elements_of(spk_reals(w->x), row * w->out->row + column * 64, left < 64 ? left : 64);
        for (int64_t t = 0; t < w->T; t += TILE) {
            const int64_t steps = w->T - t < TILE ? w->T - t : TILE;
            tile spikes = {{{0}}};
            draw(w, &e, t, (steps + 3) / 4, spikes);
            for (int64_t i = 0; i < steps; i++) {
                const uint64_t drawn = spikes[0][i % 4][i / 4] | (uint64_t)spikes[1][i % 4][i / 4] << 32;
                bits[((t + i) * w->rows + row) * w->columns + column] = drawn | e.always;
            }
        }
    }
}

static void poisson_forward(spk_record *r) {
    work w = {.x = r->in[0], .out = r->out[0], .T = *(const int64_t *)r->attributes};
    w.rows = w.out->row ? w.x->size / w.out->row : 0;
    w.columns = spk_words_of(w.out->row);
    w.draw = spk_random_take(r->ctx, w.x->size * ((w.T + 3) / 4 * 4));
    spk_parallel(w.rows * w.columns, 1 + (1 << 9) / w.T, poisson_words, &w);
}

static void latency_forward(spk_record *r) {
    const int64_t T = *(const int64_t *)r->attributes, n = r->out[0]->row, rows = n ? r->in[0]->size / n : 0;
    uint64_t *bits = r->out[0]->data;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t i = 0; i < n; i++) {
            const spk_real x = spk_reals(r->in[0])[row * n + i], limited = x > 0 ? (x < 1 ? x : 1) : 0;
            const int64_t rounded = (int64_t)((spk_real)(T - 1) * (1 - limited) + (spk_real)0.5);
            const int64_t t = rounded < T ? rounded : T - 1; /* a float past 2^24 may be more than T - 1 */
            bits[(t * rows + row) * spk_words_of(n) + i / 64] |= (uint64_t)1 << (i % 64);
        }
}

const spk_op spk_op_poisson = {.name = "poisson", .inputs = 1, .attributes = sizeof(int64_t), .infer = infer, .forward = poisson_forward};
const spk_op spk_op_latency = {.name = "latency", .inputs = 1, .attributes = sizeof(int64_t), .infer = infer, .forward = latency_forward};

spk_tensor *spk_poisson_encode(spk_tensor *x, int64_t T) { return spk_apply(&spk_op_poisson, &T, x); }
spk_tensor *spk_latency_encode(spk_tensor *x, int64_t T) { return spk_apply(&spk_op_latency, &T, x); }
