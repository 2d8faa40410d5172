/* The net in plain C and in double: what the library must compute, and the proof that float holds every number of forward. */
#include "net.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of a layer over T steps of N samples: row t*N + n. */
typedef struct trace {
    const double *x;                       /* [T*N, in] */
    double *current, *h, *before, *spikes; /* [T*N, out]; before: the membrane that a step begins with */
    double *v;                             /* [N, out], at the end */
} trace;

typedef struct plain {
    const net *n;
    outcome *o;
    bool sizes; /* backward adds up the absolute values of all terms */
    trace traces[MOST_LAYERS];
    double *x; /* the input at all steps */
} plain;

/* A factor or term of backward: itself, or its absolute value. */
static double part(const plain *p, double x) { return p->sizes ? fabs(x) : x; }

static double *zeros(int64_t n) { return calloc((size_t)n + 1, sizeof(double)); }

/* x, which float must hold. */
static double held(plain *p, double x) {
    if ((double)(float)x != x) snprintf(p->o->error, sizeof p->o->error, "%.17g is no float: forward is not exact", x);
    return x;
}

static void charge(plain *p, const layer *l, trace *s, int64_t rows) {
    for (int64_t r = 0; r < rows; r++) {
        double *y = s->current + r * l->out;
        for (int64_t j = 0; j < l->out; j++) y[j] = l->bias ? l->bias[j] : 0;
        for (int64_t i = 0; i < l->in; i++) {
            const double x = s->x[r * l->in + i];
            for (int64_t j = 0; x != 0 && j < l->out; j++) y[j] += x * l->weight[i * l->out + j];
        }
        for (int64_t j = 0; j < l->out; j++) held(p, y[j]);
    }
}

/* One neuron for one step. */
static void fire(plain *p, const layer *l, trace *s, int64_t at, double *v) {
    const double k = layer_k(l), rest = layer_reset(l), c = l->decay_input ? k : 1;
    s->before[at] = *v;
    const double sum = held(p, *v + held(p, c * s->current[at])), h = held(p, sum - held(p, k * held(p, *v - rest)));
    const bool fires = h >= l->threshold;
    s->h[at] = h, s->spikes[at] = fires;
    *v = !fires ? h : l->reset == SOFT ? held(p, h - l->threshold) : rest;
}

static void forward_layer(plain *p, int i) {
    const net *n = p->n;
    const layer *l = &n->layers[i];
    trace *s = &p->traces[i];
    const int64_t step = n->N * l->out, all = n->T * step;
    s->x = i ? p->traces[i - 1].spikes : p->x;
    s->current = zeros(all), s->h = zeros(all), s->before = zeros(all), s->v = zeros(step);
    s->spikes = outcome_add(p->o, "spikes", i, true, all)->values;
    charge(p, l, s, n->T * n->N);
    for (int64_t e = 0; e < step; e++) s->v[e] = layer_reset(l);
    for (int64_t at = 0; at < all; at++) fire(p, l, s, at, &s->v[at % step]);
    memcpy(outcome_add(p->o, "v", i, true, step)->values, s->v, (size_t)step * sizeof(double));
}

/* The cross entropy of a row of scores times `scale`, over N; its gradient is added to g. */
static double cross_entropy(const plain *p, const double *scores, double scale, int64_t label, double *g) {
    const int64_t classes = net_out(p->n);
    const double N = (double)p->n->N;
    double sum = 0;
    for (int64_t j = 0; j < classes; j++) sum += exp(scale * scores[j]);
    for (int64_t j = 0; j < classes; j++) g[j] += scale * (exp(scale * scores[j]) / sum + part(p, -(double)(j == label))) / N;
    return (part(p, log(sum)) + part(p, -scale * scores[label]) + p->sizes) / N; /* the sum is 1 or more, and rounds before its log */
}

/* The loss, and its gradient with respect to the last layer's spikes, [T*N, out], and to its membranes after each step. */
static double loss_of(const plain *p, double *gs, double *gv) {
    const net *n = p->n;
    const trace *s = &p->traces[n->depth - 1];
    const int64_t out = net_out(n), step = n->N * out, all = n->T * step, last = all - step;
    double loss = 0;
    if (n->loss == WEIGHTED) {
        for (int64_t e = 0; e < all; e++) loss += part(p, n->r_spikes[e] * s->spikes[e]), gs[e] = part(p, n->r_spikes[e]);
        for (int64_t e = 0; e < step; e++) loss += part(p, n->r_v[e] * s->v[e]), gv[last + e] = part(p, n->r_v[e]);
    } else if (n->loss == MEMBRANES) {
        for (int64_t r = 0; r < n->T * n->N; r++) {
            const double *after = r * out < last ? s->before + r * out + step : s->v + r * out - last;
            loss += cross_entropy(p, after, net_score_scale(n), (int64_t)n->labels[r % n->N], gv + r * out);
        }
    } else {
        double *rates = zeros(step), *g = zeros(step);
        for (int64_t e = 0; e < all; e++) rates[e % step] += s->spikes[e] / (double)n->T;
        for (int64_t r = 0; r < n->N; r++) loss += cross_entropy(p, rates + r * out, 1, (int64_t)n->labels[r], g + r * out);
        for (int64_t e = 0; e < all; e++) gs[e] = g[e % step] / (double)n->T;
        free(rates), free(g);
    }
    return loss;
}

/*
 * The surrogates' derivatives, as their documentation has them, at x with y = alpha x. `terms` is what their rounding is relative to: of a
 * difference the sum, and an exponential multiplies the rounding of its argument with it.
 */
static double slope(const plain *p, const layer *l, double x) {
    const double a = l->alpha, away = fabs(x), y = a * away, pi = 3.14159265358979323846, s = 1 / (1 + exp(-a * x));
    const double bell = a / sqrt(pi) * exp(-y * y), decay = a / 2 * exp(-y);
    const struct {
        const char *name;
        double slope, terms;
    } slopes[] = {{"sigmoid", a * s * (1 - s), a * s * (1 + s)},
                  {"piecewise_quadratic", y < 1 ? a - a * y : 0, y < 1 ? a + a * y : 0},
                  {"piecewise_exp", decay, decay * (1 + y)},
                  {"erf", bell, bell * (1 + y * y)},
                  {"atan", a / 2 / (1 + pow(pi * y / 2, 2)), 0},
                  {"rect", y < 0.5 ? a : 0, 0},
                  {"soft_sign", 1 / (2 * a * pow(1 / a + away, 2)), 0},
                  {"super_spike", a / pow(1 + away, 2), 0},
                  {"fast_sigmoid", 1 / pow(1 + y, 2), 0},
                  {"leaky_k_relu", x >= 0 ? a : 0, 0}};
    for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++)
        if (strcmp(slopes[i].name, l->surrogate) == 0) return p->sizes && slopes[i].terms > 0 ? slopes[i].terms : slopes[i].slope;
    return NAN;
}

/* From the gradient of spikes and membranes to that of the current, which replaces gs. */
static void backward_neurons(plain *p, int i, double *gs, const double *gv) {
    const net *n = p->n;
    const layer *l = &n->layers[i];
    const trace *s = &p->traces[i];
    const double k = layer_k(l), rest = layer_reset(l);
    const int64_t step = n->N * l->out;
    double *g = zeros(step), gk = 0;
    for (int64_t at = n->T * step - 1; at >= 0; at--) {
        const double sg = slope(p, l, s->h[at] - l->threshold), jump = l->detach_reset ? 0 : sg;
        const double through =
            l->reset == SOFT ? 1 + part(p, -jump * l->threshold) : (1 - s->spikes[at]) + part(p, jump * (rest - s->h[at]));
        const double gh = gs[at] * sg + (g[at % step] + (gv ? gv[at] : 0)) * through;
        gk += gh * part(p, (l->decay_input ? s->current[at] : 0) - (s->before[at] - rest));
        g[at % step] = gh - k * gh;
        gs[at] = (l->decay_input ? k : 1) * gh;
    }
    free(g);
    if (l->kind == PLIF) outcome_add(p->o, "w", i, false, 1)->values[0] = gk * k * (1 - k); /* k = sigmoid(w) */
}

/* From the gradient of the current to those of the parameters and of the input, which is given. */
static double *backward_linear(plain *p, int i, const double *gy) {
    const layer *l = &p->n->layers[i];
    const trace *s = &p->traces[i];
    const int64_t rows = p->n->T * p->n->N;
    double *gx = zeros(rows * l->in), *gw = outcome_add(p->o, "weight", i, false, l->in * l->out)->values;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < l->in; c++) {
            const double x = s->x[r * l->in + c], *g = gy + r * l->out, *w = l->weight + c * l->out;
            for (int64_t j = 0; j < l->out; j++) gx[r * l->in + c] += g[j] * part(p, w[j]);
            for (int64_t j = 0; x != 0 && j < l->out; j++) gw[c * l->out + j] += part(p, x) * g[j];
        }
    double *gb = l->bias ? outcome_add(p->o, "bias", i, false, l->out)->values : NULL;
    for (int64_t e = 0; gb && e < rows * l->out; e++) gb[e % l->out] += gy[e];
    return gx;
}

static void backward(plain *p) {
    const net *n = p->n;
    const int64_t all = n->T * n->N * net_out(n), size = net_input_rows(n) * net_in(n);
    double *g = zeros(all), *gv = zeros(all);
    outcome_add(p->o, "loss", 0, false, 1)->values[0] = loss_of(p, g, gv);
    for (int i = n->depth - 1; i >= 0; i--) {
        backward_neurons(p, i, g, i == n->depth - 1 ? gv : NULL);
        double *gx = backward_linear(p, i, g);
        free(g);
        g = gx;
    }
    array *a = outcome_add(p->o, "x", 0, false, size);
    for (int64_t e = 0; e < n->T * n->N * net_in(n); e++) a->values[e % size] += g[e];
    free(g), free(gv);
}

/* Rounding is relative to the terms of a sum, which may cancel: how large they are. */
static void measure_terms(plain *p) {
    outcome terms = {0}, *o = p->o;
    p->o = &terms, p->sizes = true;
    backward(p);
    for (int i = 0; i < o->n; i++) {
        const array *t = outcome_find(&terms, o->arrays[i].name, o->arrays[i].layer);
        for (int64_t e = 0; t && e < t->n; e++) o->arrays[i].terms = fmax(o->arrays[i].terms, t->values[e]);
    }
    outcome_free(&terms);
}

outcome plain_run(const net *n) {
    outcome o = {0};
    const int64_t size = net_input_rows(n) * net_in(n), all = n->T * n->N * net_in(n);
    plain p = {.n = n, .o = &o, .x = zeros(all)};
    for (int64_t e = 0; e < all; e++) p.x[e] = n->x[e % size];
    for (int i = 0; i < n->depth; i++) forward_layer(&p, i);
    backward(&p);
    measure_terms(&p);
    free(p.x);
    for (int i = 0; i < n->depth; i++) {
        trace *s = &p.traces[i];
        free(s->current), free(s->h), free(s->before), free(s->v);
    }
    return o;
}
