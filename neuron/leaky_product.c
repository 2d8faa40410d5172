#include "neuron/leaky_product_internal.h"
#include "core/context_internal.h"
#include "core/crossover_internal.h"
#include "core/dots_internal.h"
#include "core/row_sums_internal.h"

/* One tile in so many is looked at before a wide product is chosen. */
#define SAMPLE 8

bool spk_spike_product_wanted(const spk_leaky *a, int64_t out) {
    return a->spike_out && (out <= SPK_NARROW || isfinite(a->surrogate.support));
}

/* Adds one tile's neuron-steps that have a slope. */
SPK_CLONES static int64_t count_slopes(int64_t n, const spk_real *h, spk_real threshold, spk_real support) {
    int32_t count = 0;
    for (int64_t i = 0; i < n; i++) count += spk_abs_scalar(h[i] - threshold) <= support;
    return count;
}

/* The share of neuron-steps that have a slope, from a sample of tiles. */
static double slope_share(spk_record *r, const spk_leaky_run *w) {
    spk_real *h = spk_scratch(r, spk_bytes(w->a->T * w->tile));
    int64_t near = 0, seen = 0;
    for (int64_t i = 0; h && i < w->tiles; i += SAMPLE) {
        const spk_leaky_tile p = spk_leaky_tile_at(w, i);
        spk_leaky_recompute(w, p, h);
        for (int64_t t = 0; t < w->a->T; t++) near += count_slopes(p.n, h + t * w->tile, w->a->v_threshold, w->a->surrogate.support);
        seen += w->a->T * p.n;
    }
    if (h) spk_scratch_done(r, h, spk_bytes(w->a->T * w->tile));
    return seen ? (double)near / (double)seen : 0;
}

bool spk_spike_product_pays(spk_record *r, const spk_leaky_run *w, const spk_product *q) {
    const spk_road road = r->ctx->road;
    if (q->out <= SPK_NARROW) return road != SPK_ROAD_DENSE;
    const bool sparse = road == SPK_ROAD_SPARSE || (road == SPK_ROAD_AUTO && slope_share(r, w) <= spk_crossover_here()->slope);
    if (sparse) r->ctx->roads.sparse++;
    else r->ctx->roads.dense++;
    return sparse;
}

bool spk_spike_product_begin(spk_record *r, const spk_product *q, spk_spike_product *product) {
    *product = (spk_spike_product){.q = q, .support = ((const spk_leaky *)r->attributes)->surrogate.support};
    if (q->out > SPK_NARROW) return true;
    if (!(product->transposed = spk_scratch(r, spk_bytes(q->in * q->out)))) return false;
    for (int64_t i = 0; i < q->in; i++)
        for (int64_t o = 0; o < q->out; o++) product->transposed[o * q->in + i] = q->weight[i * q->out + o];
    return true;
}

void spk_spike_product_done(spk_record *r, const spk_spike_product *product) {
    if (product->transposed) spk_scratch_done(r, product->transposed, spk_bytes(product->q->in * product->q->out));
}

/* Row of g that belongs to the tile's sample at step t. */
static const spk_real *row_of(const spk_product *q, const spk_leaky_run *w, spk_leaky_tile p, int64_t t) {
    return q->g + (t * w->step + p.at) / w->row * q->out;
}

static void narrow(const spk_spike_product *product, const spk_leaky_run *w, spk_leaky_tile p, spk_real *gs) {
    const spk_product *q = product->q;
    spk_gemm_narrow(w->a->T, p.n, q->out, row_of(q, w, p, 0), w->step / w->row * q->out, product->transposed + p.at % w->row, q->in, gs,
                    w->tile);
}

/* Neurons of a tile that have a slope at some step. */
typedef struct active {
    int64_t count;
    int16_t neuron[SPK_TILE_MOST];
} active;

SPK_CLONES static void mark_step(int64_t n, const spk_real *restrict h, spk_real threshold, spk_real support, uint8_t *restrict marks) {
    for (int64_t i = 0; i < n; i++) marks[i] |= spk_abs_scalar(h[i] - threshold) <= support;
}

static void find_active(const spk_leaky_run *w, int64_t n, const spk_real *h, spk_real support, active *found) {
    uint8_t marks[SPK_TILE_MOST] = {0};
    for (int64_t t = 0; t < w->a->T; t++) mark_step(n, h + t * w->tile, w->a->v_threshold, support, marks);
    found->count = 0;
    for (int64_t i = 0; i < n; i++) {
        found->neuron[found->count] = (int16_t)i;
        found->count += marks[i];
    }
}

/* True when one of the neurons `of` has a slope at step t. */
static bool near(const spk_leaky_run *w, const spk_real *h, spk_real support, const int16_t *of, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (spk_abs_scalar(h[of[i]] - w->a->v_threshold) <= support) return true;
    return false;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* gs of up to SPK_DOTS_A neurons at up to SPK_DOTS_B steps. */
static void block(const spk_spike_product *product, const spk_leaky_run *w, spk_leaky_tile p, const int16_t *neuron, int64_t neurons,
                  const int64_t *step, int64_t steps, spk_real *gs) {
    const spk_product *q = product->q;
    const spk_real *a[SPK_DOTS_A], *b[SPK_DOTS_B];
    spk_real out[SPK_DOTS_A][SPK_DOTS_B];
    for (int i = 0; i < SPK_DOTS_A; i++) a[i] = q->weight + (p.at % w->row + neuron[least(i, neurons - 1)]) * q->out;
    for (int j = 0; j < SPK_DOTS_B; j++) b[j] = row_of(q, w, p, step[least(j, steps - 1)]);
    spk_dots(q->out, a, b, out);
    for (int64_t i = 0; i < neurons; i++)
        for (int64_t j = 0; j < steps; j++) gs[step[j] * w->tile + neuron[i]] = out[i][j];
}

static void wide(const spk_spike_product *product, const spk_leaky_run *w, spk_leaky_tile p, const spk_real *h, spk_real *gs) {
    active found;
    find_active(w, p.n, h, product->support, &found);
    for (int64_t t = 0; t < w->a->T; t++) memset(gs + t * w->tile, 0, spk_bytes(p.n));
    for (int64_t i = 0; i < found.count; i += SPK_DOTS_A) {
        const int16_t *neuron = found.neuron + i;
        const int64_t neurons = least(SPK_DOTS_A, found.count - i);
        int64_t step[SPK_DOTS_B], steps = 0;
        for (int64_t t = 0; t < w->a->T; t++) {
            if (near(w, h + t * w->tile, product->support, neuron, neurons)) step[steps++] = t;
            if (steps < SPK_DOTS_B && (t < w->a->T - 1 || !steps)) continue;
            block(product, w, p, neuron, neurons, step, steps, gs);
            steps = 0;
        }
    }
}

void spk_spike_product_tile(const spk_spike_product *product, const spk_leaky_run *w, spk_leaky_tile p, const spk_real *h, spk_real *gs) {
    if (product->transposed) narrow(product, w, p, gs);
    else wide(product, w, p, h, gs);
    const int64_t padding = spk_leaky_padded(p.n) - p.n;
    for (int64_t t = 0; padding && t < w->a->T; t++) memset(gs + t * w->tile + p.n, 0, spk_bytes(padding));
}
