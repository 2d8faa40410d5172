/*
 * The fused neuron. Neurons are taken in tiles whose membranes stay in the L1 cache over all T steps: forward reads the current and writes
 * the spikes once, and keeps nothing else for the adjoint (leaky_adjoint.c) than one bit a neuron and step.
 *
 * One step, with theta = v_threshold:
 *   H = (v + c x) - k (v - v_rest),  S = [H >= theta],  v' = (1 - S) H + S v_reset (hard) or H - theta S (soft)
 */
#include "autograd/ops.h"
#include "core/bits_internal.h"
#include "core/parallel_internal.h"
#include "neuron/leaky_product_internal.h"
#include "neuron/ops_internal.h"

static bool infer(spk_record *r) {
    const spk_leaky *a = r->attributes;
    const spk_tensor *x = r->in[SPK_LEAKY_X], *v_start = r->in[SPK_LEAKY_V_START];
    spk_shape step = x->shape;
    if (a->T < 1 || step.axes < 1 || step.dim[0] % a->T)
        return spk_op_fail(r, "T = %lld does not divide the first axis of x %s, which is T*N", (long long)a->T,
                           spk_shape_text(x->shape).text);
    step.dim[0] /= a->T;
    if (v_start && !spk_shape_equal(v_start->shape, step))
        return spk_op_fail(r, "the membrane is %s, one step of x is %s; they must be equal", spk_shape_text(v_start->shape).text,
                           spk_shape_text(step).text);
    if (r->in[SPK_LEAKY_K] && spk_size(r->in[SPK_LEAKY_K]) != 1)
        return spk_op_fail(r, "the leak is %s; it must have one element", spk_shape_text(r->in[SPK_LEAKY_K]->shape).text);
    if (x->storage == SPK_REPEATED && x->repeat != a->T) r->in[SPK_LEAKY_X] = spk_dense(r->in[SPK_LEAKY_X]);
    const int64_t row = step.axes > 1 ? step.dim[step.axes - 1] : step.dim[0];
    return (a->spike_out ? spk_output_bits(r, SPK_LEAKY_SPIKES, x->shape, row, 1) : spk_output(r, SPK_LEAKY_SPIKES, x->shape)) &&
           (!spk_wanted(r, SPK_LEAKY_V_SEQ) || spk_output(r, SPK_LEAKY_V_SEQ, x->shape)) && spk_output(r, SPK_LEAKY_V_LAST, step);
}

spk_leaky_run spk_leaky_run_of(spk_record *r) {
    const spk_leaky *a = r->attributes;
    const spk_tensor *spikes = r->out[SPK_LEAKY_SPIKES], *x = r->in[SPK_LEAKY_X], *v_start = r->in[SPK_LEAKY_V_START];
    spk_leaky_run w = {.a = a, .k = r->in[SPK_LEAKY_K] ? spk_values(r->in[SPK_LEAKY_K])[0] : a->k, .step = spikes->size / a->T};
    w.c = a->decay_input ? w.k : 1;
    w.x = spk_values(r->in[SPK_LEAKY_X]);
    w.x_step = x->storage == SPK_REPEATED ? 0 : w.step;
    w.row = a->spike_out ? spikes->row : w.step;
    w.tile = SPK_TILE_STEPS / a->T / 64 * 64;
    w.tile = w.tile < SPK_TILE_LEAST ? SPK_TILE_LEAST : w.tile > SPK_TILE_MOST ? SPK_TILE_MOST : w.tile;
    w.tiles = w.row ? w.step / w.row * ((w.row + w.tile - 1) / w.tile) : 0;
    w.share = w.step * a->T < SPK_GRAIN_ELEMENTS ? 1 : spk_threads();
    w.v_start = v_start ? spk_reals(v_start) : NULL;
    w.spikes = a->spike_out ? NULL : spk_reals(spikes);
    w.words = a->spike_out ? spikes->data : r->saved;
    return w;
}

spk_leaky_tile spk_leaky_tile_at(const spk_leaky_run *w, int64_t index) {
    const int64_t a_row = (w->row + w->tile - 1) / w->tile, row = index / a_row, column = index % a_row * w->tile;
    return (spk_leaky_tile){.at = row * w->row + column,
                            .n = w->row - column < w->tile ? w->row - column : w->tile,
                            .word = row * spk_words_of(w->row) + column / 64};
}

const spk_real *spk_leaky_pad(const spk_real *from, int64_t n, spk_real *room) {
    if (n % 64 == 0) return from;
    memcpy(room, from, spk_bytes(n));
    memset(room + n, 0, spk_bytes(spk_leaky_padded(n) - n));
    return room;
}

void spk_leaky_start(const spk_leaky_run *w, spk_leaky_tile p, spk_real *v) {
    for (int64_t i = 0; i < spk_leaky_padded(p.n); i++) v[i] = w->a->v_start;
    if (w->v_start) memcpy(v, w->v_start + p.at, spk_bytes(p.n));
}

SPK_CLONES static void scale(int64_t n, spk_real factor, const spk_real *restrict from, spk_real *restrict to) {
    for (int64_t i = 0; i < n; i++) to[i] = factor * from[i];
}

/* Asks for the current of a later step: steps lie far apart, and a tile's run of memory is too short for the machine to foresee the next.
 * At T = 500 a training step took 7 % less time, with 1 to 8 steps ahead alike (Zen 5). */
static void prefetch_input(const spk_leaky_run *w, spk_leaky_tile p, int64_t t) {
    enum { LINE = 64 / sizeof(spk_real) };
    if (!w->x_step || t >= w->a->T) return;
    const spk_real *x = w->x + t * w->x_step + p.at;
    for (int64_t i = 0; i < p.n; i += LINE) __builtin_prefetch(x + i);
}

void spk_leaky_input(const spk_leaky_run *w, spk_leaky_tile p, int64_t t, spk_real *cx) {
    prefetch_input(w, p, t + 2);
    scale(p.n, w->c, w->x + t * w->x_step + p.at, cx);
    for (int64_t i = p.n; i < spk_leaky_padded(p.n); i++) cx[i] = 0;
}

SPK_CLONES static void charge_tile(const spk_leaky_run *w, int64_t n, const spk_real *restrict cx, const spk_real *restrict v,
                                   spk_real *restrict h) {
    const spk_real k = w->k, rest = w->a->v_rest;
    for (int64_t i = 0; i < n; i++) h[i] = spk_leaky_charge_of(v[i], cx[i], k, rest);
}

SPK_CLONES static void reset_tile(const spk_leaky_run *w, int64_t n, const spk_real *restrict h, const spk_real *restrict s,
                                  spk_real *restrict v) {
    const spk_real v_reset = w->a->v_reset, theta = w->a->v_threshold;
    const bool hard = w->a->hard;
    for (int64_t i = 0; i < n; i++) v[i] = spk_leaky_reset_of(h[i], s[i], hard, v_reset, theta);
}

/* Clang 14 emits no symbol of a cloned function's own name for other files to link to. */
void spk_leaky_charge_tile(const spk_leaky_run *w, int64_t n, const spk_real *cx, const spk_real *v, spk_real *h) {
    charge_tile(w, n, cx, v, h);
}
void spk_leaky_reset_tile(const spk_leaky_run *w, int64_t n, const spk_real *h, const spk_real *s, spk_real *v) {
    reset_tile(w, n, h, s, v);
}

/* Charge, fire and reset of one step: v goes from step to step, the spikes become bits at once. n counts the padding. */
SPK_CLONES static void spike_tile(const spk_leaky_run *w, int64_t n, const spk_real *restrict cx, spk_real *restrict v,
                                  uint64_t *restrict words) {
    const spk_real k = w->k, rest = w->a->v_rest, v_reset = w->a->v_reset, theta = w->a->v_threshold;
    const bool hard = w->a->hard;
    for (int64_t i = 0; i < n; i += SPK_GROUP) {
        uint32_t fired = 0;
        for (int j = 0; j < SPK_GROUP; j++) {
            const spk_real h = spk_leaky_charge_of(v[i + j], cx[i + j], k, rest), after = hard ? v_reset : h - theta;
            fired |= (uint32_t)(h >= theta) << j;
            v[i + j] = h >= theta ? after : h;
        }
        words[i / 64] = i % 64 ? words[i / 64] | (uint64_t)fired << SPK_GROUP : fired;
    }
}

/* One step of a neuron that gives the primitive instead of spikes. */
static void smooth_tile(const spk_leaky_run *w, int64_t n, const spk_real *cx, spk_real *v, spk_real *s) {
    spk_real h[SPK_TILE_MOST], above[SPK_TILE_MOST];
    charge_tile(w, n, cx, v, h);
    for (int64_t i = 0; i < n; i++) above[i] = h[i] - w->a->v_threshold;
    w->a->surrogate.primitive(&w->a->surrogate, n, above, s);
    reset_tile(w, n, h, s, v);
}

/* A run forward, and where the membranes go. */
typedef struct forward_work {
    spk_leaky_run w;
    spk_real *v_seq, *v_last;
} forward_work;

static void forward_step(const spk_leaky_run *w, spk_leaky_tile p, int64_t t, const spk_real *cx, spk_real *v) {
    uint64_t room[SPK_TILE_MOST / 64], *words = w->words ? spk_leaky_words(w, p, t) : room;
    if (!w->a->surrogate.spiking) {
        smooth_tile(w, p.n, cx, v, w->spikes + t * w->step + p.at);
        return;
    }
    spike_tile(w, spk_leaky_padded(p.n), cx, v, words);
    if (p.n % 64) words[p.n / 64] &= ((uint64_t)1 << (p.n % 64)) - 1;
    if (w->spikes) spk_bits_unpack(p.n, words, 1, w->spikes + t * w->step + p.at);
}

static void forward_tile(const forward_work *f, spk_leaky_tile p) {
    spk_real v[SPK_TILE_MOST], cx[SPK_TILE_MOST];
    spk_leaky_start(&f->w, p, v);
    for (int64_t t = 0; t < f->w.a->T; t++) {
        if (t == 0 || f->w.x_step) spk_leaky_input(&f->w, p, t, cx);
        forward_step(&f->w, p, t, cx, v);
        if (f->v_seq) memcpy(f->v_seq + t * f->w.step + p.at, v, spk_bytes(p.n));
    }
    memcpy(f->v_last + p.at, v, spk_bytes(p.n));
}

static void forward_share(void *v, int64_t begin, int64_t end) {
    const forward_work *f = v;
    const int64_t first = f->w.tiles * begin / f->w.share, last = f->w.tiles * end / f->w.share;
    for (int64_t i = first; i < last; i++) forward_tile(f, spk_leaky_tile_at(&f->w, i));
}

static void forward(spk_record *r) {
    const spk_leaky *a = r->attributes;
    const int64_t words = a->T * spk_words_of(r->out[SPK_LEAKY_SPIKES]->size / a->T);
    /* Spikes that go out as numbers are kept as bits for the adjoint, too, so that one kernel reads them all. */
    if (!a->spike_out && a->surrogate.spiking && spk_is_recorded(r) && !spk_save_for_backward(r, (size_t)words * sizeof(uint64_t))) return;
    forward_work f = {.w = spk_leaky_run_of(r), .v_last = spk_values(r->out[SPK_LEAKY_V_LAST])};
    f.v_seq = r->out[SPK_LEAKY_V_SEQ] ? spk_values(r->out[SPK_LEAKY_V_SEQ]) : NULL;
    spk_parallel(f.w.share, 1, forward_share, &f);
}

static bool wants_product(const spk_record *r, int k, int64_t out) {
    return k == SPK_LEAKY_SPIKES && spk_spike_product_wanted(r->attributes, out);
}

const spk_op spk_op_leaky = {
    .name = "leaky",
    .inputs = 3,
    .attributes = sizeof(spk_leaky),
    .outputs = 3,
    .storages = SPK_REPEATED,
    .optional_inputs = 1 << SPK_LEAKY_V_START | 1 << SPK_LEAKY_K,
    .saved_inputs = 1 << SPK_LEAKY_X | 1 << SPK_LEAKY_V_START | 1 << SPK_LEAKY_K,
    .saved_outputs = 1 << SPK_LEAKY_SPIKES,
    .infer = infer,
    .forward = forward,
    .backward = spk_leaky_backward,
    .wants_product = wants_product,
    .remedy =
        "currents or membranes are too large, or the surrogate's slope is not finite: scale weights or inputs, or put batch norm before"};

spk_tensor *spk_leaky_forward(const spk_leaky *neuron, spk_tensor *x, spk_tensor *v_start, spk_tensor *k, spk_tensor **v_seq,
                              spk_tensor **v_last) {
    spk_tensor *const inputs[] = {x, v_start, k};
    spk_tensor *outputs[SPK_MAX_OUTPUTS];
    const unsigned wanted = 1 << SPK_LEAKY_SPIKES | 1 << SPK_LEAKY_V_LAST | (v_seq ? 1 << SPK_LEAKY_V_SEQ : 0);
    spk_apply_n(&spk_op_leaky, neuron, 3, inputs, wanted, outputs);
    if (v_seq) *v_seq = outputs[SPK_LEAKY_V_SEQ];
    *v_last = outputs[SPK_LEAKY_V_LAST];
    return outputs[SPK_LEAKY_SPIKES];
}
