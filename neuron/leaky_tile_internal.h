/* Tiles of the fused neuron: what its forward (leaky.c) and its adjoint (leaky_adjoint.c) share. */
#ifndef SPK_NEURON_LEAKY_TILE_INTERNAL_H
#define SPK_NEURON_LEAKY_TILE_INTERNAL_H

#include "autograd/op.h"
#include "core/numeric_internal.h"
#include "core/tensor_internal.h"
#include "neuron/leaky_internal.h"

/* Inputs. */
enum { SPK_LEAKY_X, SPK_LEAKY_V_START, SPK_LEAKY_K };

/* Neurons are handled in groups, whose spikes are half a word of bits; arrays of a tile hold whole words of neurons, the last ones padding.
 */
#define SPK_GROUP 32
/*
 * Neurons of a tile: a multiple of 64, so that tiles of bits begin at a word. The adjoint keeps T membranes of each: 128 KB of float, which
 * the L2 cache holds, and for a long T more than that. Tiles that fit the L1 cache (64 neurons for T = 64) were slower, from 10 % to 30 %
 * of a training step: a run of memory that short starts no prefetch, and the calls for each step cost more than the neurons.
 */
#define SPK_TILE_LEAST 256
#define SPK_TILE_MOST 512
#define SPK_TILE_STEPS 32768

/* A run of the op over all neurons. */
typedef struct spk_leaky_run {
    const spk_leaky *a;
    spk_real k, c;        /* as the formulas have them */
    int64_t step;         /* elements of one time step */
    int64_t x_step;       /* from one step's current to the next: 0 where the current is constant */
    int64_t row, tile;    /* tiles lie within rows: those of the bits, or one long row */
    int64_t tiles, share; /* and are dealt out to `share` threads */
    const spk_real *x, *v_start;
    spk_real *spikes; /* NULL when they are bits */
    uint64_t *words;  /* the spikes as bits: the output or what is saved of it; NULL when they are not spikes, or not needed */
} spk_leaky_run;

/* A tile: n neurons from element `at` of each step on. */
typedef struct spk_leaky_tile {
    int64_t at, n, word; /* word: of the tile's first bit in the step's words */
} spk_leaky_tile;

spk_leaky_run spk_leaky_run_of(spk_record *r);
spk_leaky_tile spk_leaky_tile_at(const spk_leaky_run *w, int64_t index);
/* The words of a tile's spikes at step t. */
static inline uint64_t *spk_leaky_words(const spk_leaky_run *w, spk_leaky_tile p, int64_t t) {
    return w->words + t * (w->step / w->row * spk_words_of(w->row)) + p.word;
}
/* The number of neurons with the padding. */
static inline int64_t spk_leaky_padded(int64_t n) { return (n + 63) / 64 * 64; }
/* n numbers with zeros behind them up to whole words of neurons: `from` itself, or a copy in `room` where there is padding. */
const spk_real *spk_leaky_pad(const spk_real *from, int64_t n, spk_real *room);
/* The membrane before the first step. */
void spk_leaky_start(const spk_leaky_run *w, spk_leaky_tile p, spk_real *v);
/* What the input adds to the membrane at each step, c x: of the tile at step t. */
void spk_leaky_input(const spk_leaky_run *w, spk_leaky_tile p, int64_t t, spk_real *cx);

/* H = (v + c x) - k (v - v_rest). */
SPK_INLINE spk_real spk_leaky_charge_of(spk_real v, spk_real cx, spk_real k, spk_real rest) { return (v + cx) - k * (v - rest); }
/* The membrane after a step in which the neuron gave s: (1 - s) H + s v_reset (hard), H - theta s (soft). */
SPK_INLINE spk_real spk_leaky_reset_of(spk_real h, spk_real s, bool hard, spk_real v_reset, spk_real theta) {
    return hard ? (1 - s) * h + s * v_reset : h - theta * s;
}

/* Reset of a tile whose outputs are the numbers s. */
void spk_leaky_reset_tile(const spk_leaky_run *w, int64_t n, const spk_real *h, const spk_real *s, spk_real *v);
/* Charge of a tile. */
void spk_leaky_charge_tile(const spk_leaky_run *w, int64_t n, const spk_real *cx, const spk_real *v, spk_real *h);

/* The membranes of a tile before the reset at all steps, from the current and the stored spikes: row t of h, rows w->tile apart. */
void spk_leaky_recompute(const spk_leaky_run *w, spk_leaky_tile p, spk_real *h);

/* The adjoint: autograd's backward of the op. */
void spk_leaky_backward(spk_record *r);

#endif
