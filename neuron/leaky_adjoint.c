/*
 * The adjoint of the fused neuron. A tile's membranes are computed again from the current and the stored spikes, in the cache, which is
 * faster than storing them in forward; then time is walked back. The spikes are the stored ones, never those of a recomputed membrane.
 *
 * With theta = v_threshold, sg = surrogate'(H - theta), d = 0 if detach_reset else 1, and gv' the gradient of the membrane after the step:
 *   gH = gS sg + gv' ((1 - S) + d (v_reset - H) sg) (hard) or gS sg + gv' (1 - d theta sg) (soft)
 *   gx = c gH,  gv = (1 - k) gH,  gk = sum gH ((x if decay_input else 0) - (v - v_rest))
 *
 * gS may come as the product of the next layer's gradient with its weight: it is then multiplied out for one tile and step at a time, and
 * the gradient of all spikes is never stored.
 */
#include "core/bits_internal.h"
#include "core/parallel_internal.h"
#include "neuron/leaky_product_internal.h"

typedef struct work {
    spk_leaky_run w;
    const spk_real *g_spikes, *g_v_seq, *g_v_last;
    spk_spike_product product; /* where g_spikes is not multiplied out; else its q is NULL */
    spk_real *gx, *gv_start;
    double *gk;        /* one sum a tile */
    spk_real *buffers; /* of each thread: T rows of tile membranes, and for a product T rows of gradients */
    int64_t buffer;    /* numbers of one thread's */
} work;

/* What a tile works on. All arrays have room for the padding. */
typedef struct room {
    spk_real *gs_rows;                                /* T rows of gS, of a product */
    spk_real *h;                                      /* T rows of the tile's membranes before the reset */
    spk_real v[SPK_TILE_MOST];                        /* the membrane that a step began with */
    spk_real g[SPK_TILE_MOST], gh[SPK_TILE_MOST];     /* gradients of the membrane and of H */
    spk_real above[SPK_TILE_MOST], sg[SPK_TILE_MOST]; /* H - theta and the surrogate's slope there */
    spk_real s[SPK_TILE_MOST], gs[SPK_TILE_MOST];     /* outputs that are no spikes, padded; gS */
    spk_real gx[SPK_TILE_MOST];                       /* the sum over time where the current is constant */
} room;

/* The tile's outputs as numbers. */
static const spk_real *outputs(const spk_leaky_run *w, spk_leaky_tile p, int64_t t, spk_real *to) {
    if (!w->words) return spk_leaky_pad(w->spikes + t * w->step + p.at, p.n, to);
    spk_bits_unpack(spk_leaky_padded(p.n), spk_leaky_words(w, p, t), 1, to);
    return to;
}

/* Charge and reset of one step whose spikes are known. */
SPK_CLONES static void replay_tile(const spk_leaky_run *w, int64_t n, const spk_real *restrict cx, const uint64_t *restrict words,
                                   spk_real *restrict v, spk_real *restrict hs) {
    const spk_real k = w->k, rest = w->a->v_rest, v_reset = w->a->v_reset, theta = w->a->v_threshold;
    const bool hard = w->a->hard;
    for (int64_t i = 0; i < n; i += SPK_GROUP) {
        const uint32_t fired = (uint32_t)(words[i / 64] >> (i % 64));
        for (int j = 0; j < SPK_GROUP; j++) {
            const spk_real h = spk_leaky_charge_of(v[i + j], cx[i + j], k, rest), after = hard ? v_reset : h - theta;
            hs[i + j] = h;
            v[i + j] = fired >> j & 1 ? after : h;
        }
    }
}

void spk_leaky_recompute(const spk_leaky_run *w, spk_leaky_tile p, spk_real *hs) {
    const int64_t n = spk_leaky_padded(p.n);
    spk_real v[SPK_TILE_MOST], cx[SPK_TILE_MOST], s[SPK_TILE_MOST];
    spk_leaky_start(w, p, v);
    for (int64_t t = 0; t < w->a->T; t++) {
        spk_real *h = hs + t * w->tile;
        if (t == 0 || w->x_step) spk_leaky_input(w, p, t, cx);
        if (w->words) {
            replay_tile(w, n, cx, spk_leaky_words(w, p, t), v, h);
        } else {
            spk_leaky_charge_tile(w, n, cx, v, h);
            spk_leaky_reset_tile(w, n, h, outputs(w, p, t, s), v);
        }
    }
}

/* How gv' passes the reset. */
SPK_INLINE spk_real through_reset(bool hard, spk_real h, spk_real s, spk_real sg, spk_real d, spk_real v_reset, spk_real theta) {
    return hard ? (1 - s) + d * (v_reset - h) * sg : 1 - d * theta * sg;
}

/* One step back: g goes from the membrane after the step to the one before it. The outputs are bits, or where `words` is NULL the numbers
 * s. */
SPK_INLINE void step_back(const spk_leaky_run *w, bool hard, int64_t n, const spk_real *h, const uint64_t *words, const spk_real *s,
                          const spk_real *gs, room *m) {
    const spk_real k = w->k, v_reset = w->a->v_reset, theta = w->a->v_threshold, d = w->a->detach_reset ? 0 : 1;
    spk_real *restrict g = m->g, *restrict gh = m->gh;
    const spk_real *restrict sg = m->sg;
    for (int64_t i = 0; i < n; i += SPK_GROUP) {
        const uint32_t fired = words ? (uint32_t)(words[i / 64] >> (i % 64)) : 0;
        for (int j = 0; j < SPK_GROUP; j++) {
            const spk_real spike = words ? (spk_real)(fired >> j & 1) : s[i + j];
            gh[i + j] = gs[i + j] * sg[i + j] + g[i + j] * through_reset(hard, h[i + j], spike, sg[i + j], d, v_reset, theta);
            g[i + j] = gh[i + j] - k * gh[i + j];
        }
    }
}

SPK_CLONES static void step_back_tile(const spk_leaky_run *w, int64_t n, const spk_real *h, const uint64_t *words, const spk_real *s,
                                      const spk_real *gs, room *m) {
    if (!words) step_back(w, w->a->hard, n, h, NULL, s, gs, m);
    else if (w->a->hard) step_back(w, true, n, h, words, NULL, gs, m);
    else step_back(w, false, n, h, words, NULL, gs, m);
}

SPK_CLONES static void subtract(int64_t n, const spk_real *restrict x, spk_real y, spk_real *restrict to) {
    for (int64_t i = 0; i < n; i++) to[i] = x[i] - y;
}

/* Named unlike the clones of other files: Clang 14 gives a clone's resolver external linkage, static or not. */
SPK_CLONES static void scale_gradient(int64_t n, spk_real factor, const spk_real *restrict x, spk_real *restrict to) {
    for (int64_t i = 0; i < n; i++) to[i] = factor * x[i];
}

SPK_CLONES static void add_gradient(int64_t n, spk_real factor, const spk_real *restrict x, spk_real *restrict sum) {
    for (int64_t i = 0; i < n; i++) sum[i] += factor * x[i];
}

/* Sum over the tile of gH dH/dk; v is the membrane that the step began with. */
static double k_gradient(const spk_leaky_run *w, int64_t n, const spk_real *g, const spk_real *x, const spk_real *v) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)(g[i] * ((w->a->decay_input ? x[i] : 0) - (v[i] - w->a->v_rest)));
    return sum;
}

/* The gradient of the tile's spikes at step t. */
static const spk_real *spike_gradient(const work *b, spk_leaky_tile p, int64_t t, room *m) {
    const spk_leaky_run *w = &b->w;
    const int64_t at = t * w->step + p.at;
    if (b->g_spikes) return spk_leaky_pad(b->g_spikes + at, p.n, m->gs);
    if (b->product.q) return m->gs_rows + t * w->tile;
    return memset(m->gs, 0, spk_bytes(spk_leaky_padded(p.n)));
}

static double k_of_step(const spk_leaky_run *w, spk_leaky_tile p, int64_t t, room *m) {
    if (t) spk_leaky_reset_tile(w, p.n, m->h + (t - 1) * w->tile, outputs(w, p, t - 1, m->s), m->v);
    else spk_leaky_start(w, p, m->v);
    return k_gradient(w, p.n, m->gh, w->x + t * w->x_step + p.at, m->v);
}

static void backward_tile(const work *b, spk_leaky_tile p, room *m, double *gk) {
    const spk_leaky_run *w = &b->w;
    const int64_t n = spk_leaky_padded(p.n);
    spk_leaky_recompute(w, p, m->h);
    if (b->product.q) spk_spike_product_tile(&b->product, w, p, m->h, m->gs_rows);
    memset(m->g, 0, spk_bytes(n));
    memset(m->gx, 0, spk_bytes(n));
    if (n > p.n) memset(m->sg + p.n, 0, spk_bytes(n - p.n)); /* only real neurons have their slopes computed, and counted (health.h) */
    if (b->g_v_last) memcpy(m->g, b->g_v_last + p.at, spk_bytes(p.n));
    for (int64_t t = w->a->T - 1; t >= 0; t--) {
        const spk_real *h = m->h + t * w->tile;
        subtract(n, h, w->a->v_threshold, m->above);
        w->a->surrogate.grad(&w->a->surrogate, p.n, m->above, m->sg);
        if (b->g_v_seq) add_gradient(p.n, 1, b->g_v_seq + t * w->step + p.at, m->g);
        step_back_tile(w, n, h, w->words ? spk_leaky_words(w, p, t) : NULL, w->words ? NULL : outputs(w, p, t, m->s),
                       spike_gradient(b, p, t, m), m);
        if (b->gx && w->x_step) scale_gradient(p.n, w->c, m->gh, b->gx + t * w->step + p.at);
        else if (b->gx) add_gradient(n, w->c, m->gh, m->gx);
        if (gk) *gk += k_of_step(w, p, t, m);
    }
    if (b->gx && !w->x_step) memcpy(b->gx + p.at, m->gx, spk_bytes(p.n));
    if (b->gv_start) memcpy(b->gv_start + p.at, m->g, spk_bytes(p.n));
}

static void backward_share(void *v, int64_t begin, int64_t end) {
    const work *b = v;
    const spk_leaky_run *w = &b->w;
    for (int64_t share = begin; share < end; share++) {
        room m;
        m.h = b->buffers + share * b->buffer;
        m.gs_rows = m.h + w->a->T * w->tile;
        for (int64_t i = w->tiles * share / w->share; i < w->tiles * (share + 1) / w->share; i++)
            backward_tile(b, spk_leaky_tile_at(w, i), &m, b->gk ? b->gk + i : NULL);
    }
}

void spk_leaky_backward(spk_record *r) {
    work b = {.w = spk_leaky_run_of(r), .g_v_seq = spk_grad_of(r, SPK_LEAKY_V_SEQ), .g_v_last = spk_grad_of(r, SPK_LEAKY_V_LAST)};
    const spk_leaky_run *w = &b.w;
    const spk_product *q = spk_grad_product_of(r, SPK_LEAKY_SPIKES);
    spk_real *gk = spk_grad_to(r, SPK_LEAKY_K);
    b.gx = spk_grad_to(r, SPK_LEAKY_X), b.gv_start = spk_grad_to(r, SPK_LEAKY_V_START);
    if (q && !spk_spike_product_pays(r, w, q)) q = NULL; /* spk_grad_of then multiplies it out */
    if (!q) b.g_spikes = spk_grad_of(r, SPK_LEAKY_SPIKES);
    else if (!spk_spike_product_begin(r, q, &b.product)) return;
    b.buffer = (q ? 2 : 1) * w->a->T * w->tile;
    const size_t buffers = spk_bytes(w->share * b.buffer), sums = (size_t)w->tiles * sizeof *b.gk;
    b.buffers = spk_scratch(r, buffers);
    b.gk = gk ? spk_scratch(r, sums) : NULL;
    if (!b.buffers || (gk && !b.gk)) return;
    for (int64_t i = 0; gk && i < w->tiles; i++) b.gk[i] = 0;
    spk_parallel(w->share, 1, backward_share, &b);
    double sum = 0;
    for (int64_t i = 0; gk && i < w->tiles; i++) sum += b.gk[i];
    if (gk) *gk = (spk_real)sum;
    spk_scratch_done(r, b.gk, sums);
    spk_scratch_done(r, b.buffers, buffers);
    if (q) spk_spike_product_done(r, &b.product);
}
