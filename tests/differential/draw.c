/*
 * Draws a net from a seed, so that its forward is exact in float.
 *
 * Let currents be multiples of 2^-g: weights and biases are multiples of 2^-8, so g = 8 where a layer gets spikes and 16 where it gets
 * numbers that are multiples of 2^-8. With 1/tau = 2^-p a step of the charge, H = (v + c x) - k (v - v_rest), divides by 2^p at most once:
 * after T steps membranes, and all that is computed on the way to them, are multiples of 2^-(g + p T) (thresholds and reset values are
 * multiples of 2^-8). Let all of it, currents and their partial sums included, be below 2^e. Then every number is an integer below
 * 2^(g + p T + e) times a power of two, and float holds it if g + p T + e <= 24: no operation rounds, in whatever order it is done.
 * T is drawn, and made smaller until that holds. plain.c confirms it number by number.
 */
#include "net.h"
#include <math.h>
#include <stdlib.h>

/* SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
static uint64_t next(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static int64_t between(uint64_t *state, int64_t lowest, int64_t highest) {
    return lowest + (int64_t)(next(state) % (uint64_t)(highest - lowest + 1));
}

static bool coin(uint64_t *state) { return next(state) >> 63; }

#define PICK(state, values) ((values)[between((state), 0, (int64_t)(sizeof(values) / sizeof *(values)) - 1)])

/* n multiples of 2^-8 from `lowest` to `highest` of them. */
static double *grid(uint64_t *state, int64_t n, int64_t lowest, int64_t highest) {
    double *x = malloc((size_t)(n + 1) * sizeof *x);
    for (int64_t i = 0; i < n; i++) x[i] = (double)between(state, lowest, highest) / 256;
    return x;
}

/* Widths about those of words and tiles, and batches that threads share, in one net of sixteen. */
static int64_t draw_width(uint64_t *state, bool large) {
    static const int64_t widths[] = {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65}, large_widths[] = {63, 64, 65, 127, 130, 257, 300, 513};
    return large ? PICK(state, large_widths) : coin(state) ? PICK(state, widths) : between(state, 1, 40);
}

/* The threshold is about what a step brings, an eighth of the most that it can, so that neurons fire now and then. */
static void draw_neuron(uint64_t *state, layer *l) {
    static const double alphas[] = {0.5, 1, 2, 4, 16}, factors[] = {0.375, 0.5, 0.75, 1, 2};
    l->kind = (neuron_kind)between(state, IF, PLIF);
    l->reset = (reset_kind)between(state, HARD_0, SOFT);
    l->log2_tau = l->kind == LIF ? (int)between(state, 1, 3) : 1;
    l->decay_input = l->kind != IF && coin(state), l->detach_reset = coin(state), l->bits = coin(state);
    const double brings = exp2(floor(log2(l->greatest * (l->decay_input ? layer_k(l) : 1) / 8)));
    l->threshold = fmax(PICK(state, factors) * brings, 1.0 / 64);
    l->alpha = PICK(state, alphas);
    l->surrogate = spk_surrogate_name((int)between(state, 0, 9));
}

/* `most`: the sum of a column of weights, times 256. Mostly more of it is positive, or deep layers would be silent. */
static void draw_layer(uint64_t *state, layer *l, int64_t most) {
    const int64_t largest = most / l->in < 128 ? most / l->in : 128, least = -largest * between(state, 2, 4) / 4;
    l->weight = grid(state, l->in * l->out, least, largest);
    l->bias = coin(state) ? grid(state, l->out, -32, 64) : NULL;
    l->greatest = (double)(l->in * largest) / 256 + 0.25;
    draw_neuron(state, l);
}

/* A bound of a layer's numbers over T steps. */
static double bound(const layer *l, int64_t T) {
    const double reset = fabs(layer_reset(l));
    double v = (double)T * l->greatest + reset; /* no leak */
    if (l->kind != IF) {
        const double steady = l->decay_input ? l->greatest : l->greatest / layer_k(l); /* where the leak takes all that comes */
        if (steady < v) v = steady;
    }
    return v + l->greatest + 2 * reset + l->threshold;
}

static bool exact(const net *n, int64_t T) {
    for (int i = 0; i < n->depth; i++) {
        const layer *l = &n->layers[i];
        const int g = i == 0 && n->input != SPIKES ? 16 : 8, p = l->kind == IF ? 0 : l->log2_tau;
        if (g + p * (double)T + ceil(log2(bound(l, T))) > 24) return false;
    }
    return true;
}

static double *draw_input(uint64_t *state, const net *n) {
    static const int64_t percents[] = {5, 20, 50, 90};
    const int64_t size = net_input_rows(n) * net_in(n), percent = PICK(state, percents);
    double *x = grid(state, size, -64, 256);
    for (int64_t i = 0; n->input == SPIKES && i < size; i++) x[i] = between(state, 0, 99) < percent;
    return x;
}

net net_draw(uint64_t seed) {
    uint64_t state = seed;
    const bool large = between(&state, 0, 15) == 0; /* up to more rows than a run of lists or of bits written out has, 256 */
    net n = {.seed = seed, .depth = (int)between(&state, 1, MOST_LAYERS), .N = large ? between(&state, 8, 120) : between(&state, 1, 6)};
    n.input = (input_kind)between(&state, CONSTANT, SPIKES), n.input_bits = n.input == SPIKES && coin(&state);
    n.loss = (loss_kind)between(&state, RATES, WEIGHTED);
    int64_t width = draw_width(&state, large);
    for (int i = 0; i < n.depth; i++) {
        const bool last = i == n.depth - 1;
        n.layers[i].in = width;
        n.layers[i].out = width = last && coin(&state) ? between(&state, 2, 12) : draw_width(&state, large);
        draw_layer(&state, &n.layers[i], i == 0 && n.input != SPIKES ? 1 << 10 : 1 << 12);
    }
    for (n.T = between(&state, 1, 12); n.T > 1 && !exact(&n, n.T); n.T--) continue;
    n.x = draw_input(&state, &n);
    n.labels = malloc((size_t)n.N * sizeof *n.labels);
    for (int64_t i = 0; i < n.N; i++) n.labels[i] = (double)between(&state, 0, width - 1);
    n.r_spikes = grid(&state, n.T * n.N * width, -256, 256);
    n.r_v = grid(&state, n.N * width, -256, 256);
    return n;
}

void net_free(net *n) {
    for (int i = 0; i < n->depth; i++) free(n->layers[i].weight), free(n->layers[i].bias);
    free(n->x), free(n->labels), free(n->r_spikes), free(n->r_v);
}

void net_print(FILE *to, const net *n) {
    static const char *const inputs[] = {"constant", "changing", "spikes"}, *const losses[] = {"rates", "membranes", "weighted sum"},
                             *const kinds[] = {"if", "lif", "plif"}, *const resets[] = {"hard to 0", "hard below 0", "soft"};
    fprintf(to, "N %lld, T %lld, input %lld %s%s", (long long)n->N, (long long)n->T, (long long)net_in(n), inputs[n->input],
            n->input_bits ? " as bits" : "");
    for (int i = 0; i < n->depth; i++) {
        const layer *l = &n->layers[i];
        fprintf(to, " | %lld %s%s tau %d%s, threshold %g, %s%s, %s alpha %g%s", (long long)l->out, l->bias ? "with bias " : "",
                kinds[l->kind], 1 << l->log2_tau, l->decay_input ? " decay_input" : "", l->threshold, resets[l->reset],
                l->detach_reset ? " detached" : "", l->surrogate, l->alpha, l->bits ? ", bits" : "");
    }
    fprintf(to, " | loss: %s\n", losses[n->loss]);
}
