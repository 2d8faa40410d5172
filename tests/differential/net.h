/*
 * Differential tests: one net, drawn from a seed, computed in ways that must agree. Everything is drawn so that forward is exact in float
 * (draw.c says why), so spikes and membranes must be the same numbers whatever the way, and gradients differ by rounding alone.
 */
#ifndef DIFFERENTIAL_NET_H
#define DIFFERENTIAL_NET_H

#include <math.h>
#include <spiketape.h>
#include <stdio.h>

typedef enum neuron_kind { IF, LIF, PLIF } neuron_kind;
typedef enum input_kind { CONSTANT, CHANGING, SPIKES } input_kind; /* [N, in] at each step; [T*N, in] of numbers; of zeros and ones */
typedef enum loss_kind { RATES, MEMBRANES, WEIGHTED } loss_kind;   /* cross entropy of the rates, of the membranes; a weighted sum */
typedef enum reset_kind { HARD_0, HARD, SOFT } reset_kind;         /* to 0, to below 0, by the threshold */

/* A linear layer and its neurons. Numbers are kept in double; all of them are floats. */
typedef struct layer {
    int64_t in, out;
    double *weight, *bias; /* [in, out], [out] or NULL */
    neuron_kind kind;
    reset_kind reset;
    int log2_tau; /* LIF; PLIF begins at tau = 2 */
    double threshold, alpha;
    bool decay_input, detach_reset, bits; /* bits: spikes are stored so */
    const char *surrogate;
    double greatest; /* the most that a current can be */
} layer;

#define MOST_LAYERS 4

typedef struct net {
    uint64_t seed;
    int depth;
    int64_t N, T;
    input_kind input;
    bool input_bits;
    loss_kind loss;
    layer layers[MOST_LAYERS];
    double *x;              /* [N, in] if CONSTANT, else [T*N, in] */
    double *labels;         /* [N] */
    double *r_spikes, *r_v; /* WEIGHTED: of the last layer's spikes, [T*N, out], and of its last membranes, [N, out] */
} net;

/* The net of a seed; net_free frees its arrays. */
net net_draw(uint64_t seed);
void net_free(net *n);
/* In one line. */
void net_print(FILE *to, const net *n);

static inline int64_t net_in(const net *n) { return n->layers[0].in; }
static inline int64_t net_out(const net *n) { return n->layers[n->depth - 1].out; }
static inline int64_t net_input_rows(const net *n) { return n->input == CONSTANT ? n->N : n->T * n->N; }
/* What the membranes are multiplied with as scores, so that softmax does not saturate: gradients would be nothing but rounding. */
static inline double net_score_scale(const net *n) { return exp2(-ceil(log2(n->layers[n->depth - 1].greatest))); }
static inline double layer_reset(const layer *l) { return l->reset == HARD ? -l->threshold / 2 : 0; } /* rest, too */
static inline double layer_k(const layer *l) { return l->kind == IF ? 0 : l->kind == PLIF ? 0.5 : 1.0 / (double)(1 << l->log2_tau); }

/* What a way gives: named arrays. */
typedef struct array {
    char name[24];
    int layer;
    bool exact; /* must be the same numbers in every way */
    int64_t n;
    double *values;
    double terms; /* of a gradient: the most that the absolute values of an element's terms add up to; plain C knows it */
} array;

#define MOST_ARRAYS (MOST_LAYERS * 5 + 3)

typedef struct outcome {
    int n;
    array arrays[MOST_ARRAYS];
    char error[512]; /* "": none */
} outcome;

/* A new array of zeros. */
array *outcome_add(outcome *o, const char *name, int layer_index, bool exact, int64_t n);
/* The array of that name; NULL when there is none. */
const array *outcome_find(const outcome *o, const char *name, int layer_index);
void outcome_free(outcome *o);

/* A way to compute the net with the library. */
typedef struct way {
    const char *name;
    bool composed;     /* neurons made of ops instead of the fused one */
    bool step_by_step; /* the whole net is called for each step, instead of once for all */
    bool other_bits;   /* spikes that the net stores as bits are numbers, and the other way round */
    bool written_out;  /* a constant input is a dense [T*N, in], input spikes as bits are numbers and the other way round */
    spk_road road;
    int threads; /* 0: 1 */
    int windows; /* truncated BPTT: a backward, spk_detach and spk_end_step each; 0: full BPTT */
    int same_as; /* the number of the way whose bits it must give, gradients included; 0: none */
} way;

/* Forward, loss and backward. With more than one window only what is exact is given. */
outcome library_run(const net *n, const way *w);
/* The same in plain C and in double, without the library. An error if a number that float would have to hold is none. */
outcome plain_run(const net *n);

#endif
