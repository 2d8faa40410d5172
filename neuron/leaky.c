/*
 * The fused neuron. Neurons are taken in tiles that stay in the L1 cache over all T steps: forward reads the current and writes the spikes
 * once, and keeps nothing else. The adjoint computes the membrane of its tile again from the current, which is faster than storing it, and
 * walks back over it; the spikes are the stored ones.
 *
 * One step, with theta = v_threshold, sg = surrogate'(H - theta), d = 0 if detach_reset else 1:
 *   H = (v + c x) - k (v - v_rest),  S = [H >= theta],  v' = (1 - S) H + S v_reset (hard) or H - theta S (soft)
 *   gH = gS sg + gv' ((1 - S) + d (v_reset - H) sg) (hard) or gS sg + gv' (1 - d theta sg) (soft)
 *   gx = c gH,  gv = (1 - k) gH,  gk = sum gH ((x if decay_input else 0) - (v - v_rest))
 */
#include "neuron/leaky_internal.h"
#include "autograd/ops.h"
#include "core/bits_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"
#include "core/tensor_internal.h"
#include "neuron/ops_internal.h"

enum { X, V_START, K };

/* Neurons of a tile: a multiple of 64, so that tiles of bits begin at a word. */
#define TILE_LEAST 64
#define TILE_MOST 512
/* Membrane values that a tile of the adjoint may keep: half an L1 cache of floats. */
#define TILE_STEPS 4096

typedef struct work {
    const spk_leaky *a;
    spk_real k, c;        /* as the formulas have them */
    int64_t step;         /* elements of one time step */
    int64_t x_step;       /* from one step's current to the next: 0 where the current is constant */
    int64_t row, tile;    /* tiles lie within rows: those of the bits, or one long row */
    int64_t tiles, share; /* and are dealt out to `share` threads */
    const spk_real *x, *v_start;
    spk_real *spikes, *v_seq, *v_last;
    uint64_t *bits;
    /* The adjoint's. */
    const spk_real *g_spikes, *g_v_seq, *g_v_last;
    spk_real *gx, *gv_start;
    double *gk;        /* one sum a tile */
    spk_real *buffers; /* T rows of tile membranes a thread */
} work;

/* A tile: n neurons from element `at` of each step on. */
typedef struct tile {
    int64_t at, n, word; /* word: of the tile's first bit in the step's words */
} tile;

static bool infer(spk_record *r) {
    const spk_leaky *a = r->attributes;
    const spk_tensor *x = r->in[X];
    spk_shape step = x->shape;
    if (a->T < 1 || step.axes < 1 || step.dim[0] % a->T)
        return spk_op_fail(r, "T = %lld does not divide the first axis of x %s", (long long)a->T, spk_shape_text(x->shape).text);
    step.dim[0] /= a->T;
    if (r->in[V_START] && !spk_shape_equal(r->in[V_START]->shape, step))
        return spk_op_fail(r, "the membrane is %s, one step of x %s", spk_shape_text(r->in[V_START]->shape).text,
                           spk_shape_text(step).text);
    if (x->storage == SPK_REPEATED && x->repeat != a->T) r->in[X] = spk_dense(r->in[X]);
    const int64_t row = step.axes > 1 ? step.dim[step.axes - 1] : step.dim[0];
    return (a->spike_out ? spk_output_bits(r, SPK_LEAKY_SPIKES, x->shape, row, 1) : spk_output(r, SPK_LEAKY_SPIKES, x->shape)) &&
           (!spk_wanted(r, SPK_LEAKY_V_SEQ) || spk_output(r, SPK_LEAKY_V_SEQ, x->shape)) && spk_output(r, SPK_LEAKY_V_LAST, step);
}

static work work_of(spk_record *r) {
    const spk_leaky *a = r->attributes;
    const spk_tensor *spikes = r->out[SPK_LEAKY_SPIKES];
    work w = {.a = a, .k = r->in[K] ? spk_values(r->in[K])[0] : a->k, .step = spikes->size / a->T, .x = spk_values(r->in[X])};
    w.c = a->decay_input ? w.k : 1;
    w.x_step = r->in[X]->storage == SPK_REPEATED ? 0 : w.step;
    w.row = a->spike_out ? spikes->row : w.step;
    w.tile = TILE_STEPS / a->T / TILE_LEAST * TILE_LEAST;
    w.tile = w.tile < TILE_LEAST ? TILE_LEAST : w.tile > TILE_MOST ? TILE_MOST : w.tile;
    w.tiles = w.row ? w.step / w.row * ((w.row + w.tile - 1) / w.tile) : 0;
    w.share = w.step * a->T < SPK_GRAIN_ELEMENTS ? 1 : spk_threads();
    w.v_start = r->in[V_START] ? spk_values(r->in[V_START]) : NULL;
    w.spikes = a->spike_out ? NULL : spk_reals(spikes);
    w.bits = a->spike_out ? spikes->data : NULL;
    return w;
}

static tile tile_of(const work *w, int64_t index) {
    const int64_t a_row = (w->row + w->tile - 1) / w->tile, row = index / a_row, column = index % a_row * w->tile;
    return (tile){.at = row * w->row + column,
                  .n = w->row - column < w->tile ? w->row - column : w->tile,
                  .word = row * spk_words_of(w->row) + column / 64};
}

static uint64_t *words_of(const work *w, tile p, int64_t t) { return w->bits + t * (w->step / w->row * spk_words_of(w->row)) + p.word; }

SPK_INLINE spk_real charge(spk_real v, spk_real x, spk_real k, spk_real c, spk_real rest) { return (v + c * x) - k * (v - rest); }

SPK_INLINE spk_real reset(spk_real h, spk_real s, bool hard, spk_real v_reset, spk_real theta) {
    return hard ? (1 - s) * h + s * v_reset : h - theta * s;
}

static void start(const work *w, tile p, spk_real *v) {
    for (int64_t i = 0; i < p.n; i++) v[i] = w->v_start ? w->v_start[p.at + i] : w->a->v_start;
}

SPK_CLONES static void charge_tile(const work *w, int64_t n, const spk_real *restrict x, const spk_real *restrict v, spk_real *restrict h) {
    const spk_real k = w->k, c = w->c, rest = w->a->v_rest;
    for (int64_t i = 0; i < n; i++) h[i] = charge(v[i], x[i], k, c, rest);
}

SPK_CLONES static void reset_tile(const work *w, int64_t n, const spk_real *restrict h, const spk_real *restrict s, spk_real *restrict v) {
    const spk_real v_reset = w->a->v_reset, theta = w->a->v_threshold;
    const bool hard = w->a->hard;
    for (int64_t i = 0; i < n; i++) v[i] = reset(h[i], s[i], hard, v_reset, theta);
}

/* Charge, fire and reset of one step in one pass: v is taken from step to step. */
SPK_CLONES static void spike_tile(const work *w, int64_t n, const spk_real *restrict x, spk_real *restrict v, spk_real *restrict s) {
    const spk_real k = w->k, c = w->c, rest = w->a->v_rest, v_reset = w->a->v_reset, theta = w->a->v_threshold;
    const bool hard = w->a->hard;
    for (int64_t i = 0; i < n; i++) {
        const spk_real h = charge(v[i], x[i], k, c, rest);
        s[i] = h >= theta;
        v[i] = reset(h, s[i], hard, v_reset, theta);
    }
}

/* One step of a neuron that gives the primitive instead of spikes. */
static void smooth_tile(const work *w, int64_t n, const spk_real *x, spk_real *v, spk_real *s) {
    spk_real h[TILE_MOST], above[TILE_MOST];
    charge_tile(w, n, x, v, h);
    for (int64_t i = 0; i < n; i++) above[i] = h[i] - w->a->v_threshold;
    w->a->surrogate.primitive(&w->a->surrogate, n, above, s);
    reset_tile(w, n, h, s, v);
}

static void forward_tile(const work *w, tile p) {
    spk_real v[TILE_MOST], s[TILE_MOST];
    start(w, p, v);
    for (int64_t t = 0; t < w->a->T; t++) {
        const int64_t at = t * w->step + p.at;
        spk_real *spikes = w->bits ? s : w->spikes + at;
        (w->a->surrogate.spiking ? spike_tile : smooth_tile)(w, p.n, w->x + t * w->x_step + p.at, v, spikes);
        if (w->bits) spk_bits_pack(p.n, s, words_of(w, p, t));
        if (w->v_seq) memcpy(w->v_seq + at, v, spk_bytes(p.n));
    }
    memcpy(w->v_last + p.at, v, spk_bytes(p.n));
}

static void forward_share(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    for (int64_t i = w->tiles * begin / w->share; i < w->tiles * end / w->share; i++) forward_tile(w, tile_of(w, i));
}

static void forward(spk_record *r) {
    work w = work_of(r);
    w.v_seq = r->out[SPK_LEAKY_V_SEQ] ? spk_values(r->out[SPK_LEAKY_V_SEQ]) : NULL;
    w.v_last = spk_values(r->out[SPK_LEAKY_V_LAST]);
    spk_parallel(w.share, 1, forward_share, &w);
}

/* The stored spikes of a tile at step t; bits are written out to `room`. */
static const spk_real *stored_spikes(const work *w, tile p, int64_t t, spk_real *room) {
    if (!w->bits) return w->spikes + t * w->step + p.at;
    spk_bits_unpack(p.n, words_of(w, p, t), 1, room);
    return room;
}

/* The membranes before the reset, H, of all steps, from the current and the stored spikes: row t of h. */
static void recompute(const work *w, tile p, spk_real *h) {
    spk_real v[TILE_MOST], room[TILE_MOST];
    start(w, p, v);
    for (int64_t t = 0; t < w->a->T; t++) {
        charge_tile(w, p.n, w->x + t * w->x_step + p.at, v, h + t * w->tile);
        reset_tile(w, p.n, h + t * w->tile, stored_spikes(w, p, t, room), v);
    }
}

/* The adjoint of fire and reset: g takes the membrane's gradient to that of H. */
SPK_CLONES static void adjoint_tile(const work *w, int64_t n, const spk_real *restrict h, const spk_real *restrict s,
                                    const spk_real *restrict sg, const spk_real *restrict g_spikes, spk_real *restrict g) {
    const spk_real v_reset = w->a->v_reset, theta = w->a->v_threshold, d = w->a->detach_reset ? 0 : 1;
    if (w->a->hard)
        for (int64_t i = 0; i < n; i++) g[i] = g[i] * ((1 - s[i]) + d * (v_reset - h[i]) * sg[i]);
    else
        for (int64_t i = 0; i < n; i++) g[i] = g[i] * (1 - d * theta * sg[i]);
    if (g_spikes)
        for (int64_t i = 0; i < n; i++) g[i] += g_spikes[i] * sg[i];
}

SPK_CLONES static void add_tile(int64_t n, spk_real factor, const spk_real *restrict x, spk_real *restrict sum) {
    for (int64_t i = 0; i < n; i++) sum[i] += factor * x[i];
}

/* Sum over the tile of gH dH/dk; v is the membrane that the step began with. */
static double k_gradient(const work *w, int64_t n, const spk_real *g, const spk_real *x, const spk_real *v) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)(g[i] * ((w->a->decay_input ? x[i] : 0) - (v[i] - w->a->v_rest)));
    return sum;
}

static void backward_tile(const work *w, tile p, spk_real *h, double *gk) {
    const spk_surrogate *surrogate = &w->a->surrogate;
    spk_real g[TILE_MOST] = {0}, gx[TILE_MOST] = {0}, above[TILE_MOST], sg[TILE_MOST], room[TILE_MOST], v[TILE_MOST];
    recompute(w, p, h);
    if (w->g_v_last) memcpy(g, w->g_v_last + p.at, spk_bytes(p.n));
    for (int64_t t = w->a->T - 1; t >= 0; t--) {
        const int64_t at = t * w->step + p.at;
        const spk_real *ht = h + t * w->tile;
        for (int64_t i = 0; i < p.n; i++) above[i] = ht[i] - w->a->v_threshold;
        surrogate->grad(surrogate, p.n, above, sg);
        if (w->g_v_seq) add_tile(p.n, 1, w->g_v_seq + at, g);
        adjoint_tile(w, p.n, ht, stored_spikes(w, p, t, room), sg, w->g_spikes ? w->g_spikes + at : NULL, g);
        if (w->gx && w->x_step)
            for (int64_t i = 0; i < p.n; i++) w->gx[at + i] = w->c * g[i];
        else if (w->gx) add_tile(p.n, w->c, g, gx);
        if (gk) {
            if (t) reset_tile(w, p.n, ht - w->tile, stored_spikes(w, p, t - 1, room), v);
            else start(w, p, v);
            *gk += k_gradient(w, p.n, g, w->x + t * w->x_step + p.at, v);
        }
        for (int64_t i = 0; i < p.n; i++) g[i] -= w->k * g[i];
    }
    if (w->gx && !w->x_step) memcpy(w->gx + p.at, gx, spk_bytes(p.n));
    if (w->gv_start) memcpy(w->gv_start + p.at, g, spk_bytes(p.n));
}

static void backward_share(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    for (int64_t i = w->tiles * begin / w->share; i < w->tiles * end / w->share; i++)
        backward_tile(w, tile_of(w, i), w->buffers + begin * w->a->T * w->tile, w->gk ? w->gk + i : NULL);
}

static void backward(spk_record *r) {
    work w = work_of(r);
    w.g_spikes = spk_grad_of(r, SPK_LEAKY_SPIKES), w.g_v_seq = spk_grad_of(r, SPK_LEAKY_V_SEQ),
    w.g_v_last = spk_grad_of(r, SPK_LEAKY_V_LAST);
    w.gx = spk_grad_to(r, X), w.gv_start = spk_grad_to(r, V_START);
    spk_real *gk = spk_grad_to(r, K);
    const size_t buffers = spk_bytes(w.share * w.a->T * w.tile), sums = (size_t)w.tiles * sizeof *w.gk;
    w.buffers = spk_scratch(r, buffers);
    w.gk = gk ? spk_scratch(r, sums) : NULL;
    if (!w.buffers || (gk && !w.gk)) return;
    for (int64_t i = 0; gk && i < w.tiles; i++) w.gk[i] = 0;
    spk_parallel(w.share, 1, backward_share, &w);
    double sum = 0;
    for (int64_t i = 0; gk && i < w.tiles; i++) sum += w.gk[i];
    if (gk) *gk = (spk_real)sum;
    spk_scratch_done(r, w.buffers, buffers);
    spk_scratch_done(r, w.gk, sums);
}

const spk_op spk_op_leaky = {.name = "leaky",
                             .attributes = sizeof(spk_leaky),
                             .outputs = 3,
                             .storages = SPK_REPEATED,
                             .optional_inputs = 1 << V_START | 1 << K,
                             .saved_inputs = 1 << X | 1 << V_START | 1 << K,
                             .saved_outputs = 1 << SPK_LEAKY_SPIKES,
                             .infer = infer,
                             .forward = forward,
                             .backward = backward};

spk_tensor *spk_leaky_forward(const spk_leaky *neuron, spk_tensor *x, spk_tensor *v_start, spk_tensor *k, spk_tensor **v_seq,
                              spk_tensor **v_last) {
    spk_tensor *const inputs[] = {x, v_start, k};
    spk_tensor *outputs[SPK_MAX_OUTPUTS];
    spk_apply_n(&spk_op_leaky, neuron, 3, inputs, 1 << SPK_LEAKY_SPIKES | 1 << SPK_LEAKY_V_LAST | (v_seq ? 1 << SPK_LEAKY_V_SEQ : 0),
                outputs);
    if (v_seq) *v_seq = outputs[SPK_LEAKY_V_SEQ];
    *v_last = outputs[SPK_LEAKY_V_LAST];
    return outputs[SPK_LEAKY_SPIKES];
}
