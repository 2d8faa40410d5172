/*
 * Kernels by themselves: `build/release/bench/micro --help`.
 *
 * 1. Products with spikes, against BLAS on the same matrix as numbers, over densities from 0.5 % to 50 %: forward, [rows, in] spikes times
 *    [in, out] weights, and the weight's gradient. The sparse times include making the index lists from the bits. The dense road is BLAS
 * with bits that have to be written out first; where the two roads cross is what core/crossover.c states.
 * 2. Inner products for chosen neurons, the gradient of spikes under a surrogate of compact support, against BLAS for all.
 * 3. The fused neuron, in ns a neuron-step, and the bytes a neuron-step that forward keeps for backward.
 */
#include "core/blas_internal.h"
#include "core/dots_internal.h"
#include "core/info_internal.h"
#include "core/sparse_gemm_internal.h"
#include "../examples/shared/command_line.h"
#include "measure.h"
#include <stdio.h>
#include <string.h>

enum { REPEATS = 15 };

/* The least time of REPEATS runs, in ms. */
static double best(void (*run)(void *work), void *work) {
    double least = 1e30;
    for (int i = 0; i < REPEATS; i++) {
        const double start = milliseconds();
        run(work);
        const double took = milliseconds() - start;
        if (took < least) least = took;
    }
    return least;
}

static spk_real *numbers(spk_ctx *ctx, int64_t n) {
    spk_real *x = spk_allocate(ctx, (size_t)n * sizeof *x);
    spk_random_uniform(ctx, n, -1, 1, x);
    return x;
}

/* Products. */

typedef struct product {
    spk_ctx *ctx;
    int64_t rows, in, out;
    spk_real *x, *weight, *y, *g, *gw;
    uint64_t *words;
    spk_road road;
} product;

static void draw_spikes(product *p, double density) {
    const int64_t row_words = (p->in + 63) / 64;
    spk_random_uniform(p->ctx, p->rows * p->in, 0, 1, p->x);
    memset(p->words, 0, (size_t)(p->rows * row_words) * sizeof *p->words);
    for (int64_t r = 0; r < p->rows; r++)
        for (int64_t i = 0; i < p->in; i++) {
            spk_real *x = &p->x[r * p->in + i];
            *x = (double)*x < density;
            if (*x != 0) p->words[r * row_words + i / 64] |= (uint64_t)1 << (i % 64);
        }
}

static void forward_blas(void *work) {
    const product *p = work;
    spk_gemm(false, false, p->rows, p->out, p->in, p->x, p->weight, 0, p->y);
}

static void weight_blas(void *work) {
    const product *p = work;
    spk_gemm(true, false, p->in, p->out, p->rows, p->x, p->g, 0, p->gw);
}

static spk_sparse_matrix spikes_of(const product *p) {
    spk_set_road(p->ctx, p->road);
    return (spk_sparse_matrix){.m = {.rows = p->rows, .columns = p->in, .words = p->words}, .scale = 1};
}

static void forward_spikes(void *work) {
    const product *p = work;
    const spk_sparse_matrix x = spikes_of(p);
    spk_sparse_gemm(p->ctx, &x, p->out, p->weight, NULL, p->y);
}

static void weight_spikes(void *work) {
    const product *p = work;
    const spk_sparse_matrix x = spikes_of(p);
    spk_sparse_gemm_transposed(p->ctx, &x, p->out, p->g, p->gw);
}

/* Where the sparse road has become slower than the dense one, between two densities; 0 while it has not. */
static double crossing(double before, double ratio_before, double density, double ratio) {
    if (ratio >= 1 || ratio_before < 1) return 0;
    return before + (density - before) * (ratio_before - 1) / (ratio_before - ratio);
}

typedef struct curve {
    double density, ratio, cross;
} curve;

static void follow(curve *c, double density, double ratio) {
    if (c->cross <= 0) c->cross = crossing(c->density, c->ratio, density, ratio);
    c->density = density, c->ratio = ratio;
}

static void one_density(product *p, double density, curve *forward, curve *weight) {
    draw_spikes(p, density);
    const double blas = best(forward_blas, p), weight_by_blas = best(weight_blas, p);
    p->road = SPK_ROAD_SPARSE;
    const double sparse = best(forward_spikes, p), weight_sparse = best(weight_spikes, p);
    p->road = SPK_ROAD_DENSE;
    const double dense = best(forward_spikes, p), weight_dense = best(weight_spikes, p);
    follow(forward, density, dense / sparse);
    follow(weight, density, weight_dense / weight_sparse);
    printf("%6.1f %%   %8.3f %8.3f %8.3f %6.1fx   %8.3f %8.3f %8.3f %6.1fx\n", 100 * density, blas, dense, sparse, blas / sparse,
           weight_by_blas, weight_dense, weight_sparse, weight_by_blas / weight_sparse);
}

static void products(spk_ctx *ctx, int64_t rows, int64_t in, int64_t out) {
    static const double densities[] = {0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7};
    product p = {.ctx = ctx, .rows = rows, .in = in, .out = out};
    p.x = numbers(ctx, rows * in), p.weight = numbers(ctx, in * out), p.y = numbers(ctx, rows * out), p.g = numbers(ctx, rows * out);
    p.gw = numbers(ctx, in * out), p.words = spk_allocate(ctx, (size_t)(rows * ((in + 63) / 64)) * sizeof *p.words);
    printf("\n%lld x %lld spikes, %lld outputs (ms)\n", (long long)rows, (long long)in, (long long)out);
    printf("spikes      forward: BLAS    dense   sparse           weight: BLAS    dense   sparse\n");
    curve forward = {.ratio = 1e9}, weight = {.ratio = 1e9};
    for (size_t i = 0; i < sizeof densities / sizeof *densities; i++) one_density(&p, densities[i], &forward, &weight);
    printf("the roads cross at %.2f (forward) and %.2f (weight)\n", forward.cross, weight.cross);
    spk_end_step(ctx);
}

/* Inner products. */

static void inner(void *work) {
    const product *p = work;
    spk_real out[SPK_DOTS_A][SPK_DOTS_B];
    for (int64_t i = 0; i + SPK_DOTS_A <= p->in; i += SPK_DOTS_A)
        for (int64_t r = 0; r + SPK_DOTS_B <= p->rows; r += SPK_DOTS_B) {
            const spk_real *a[SPK_DOTS_A], *b[SPK_DOTS_B];
            for (int k = 0; k < SPK_DOTS_A; k++) a[k] = p->weight + (i + k) * p->out;
            for (int k = 0; k < SPK_DOTS_B; k++) b[k] = p->g + (r + k) * p->out;
            spk_dots(p->out, a, b, out);
            p->x[r * p->in + i] = out[0][0];
        }
}

static void all_by_blas(void *work) {
    const product *p = work;
    spk_gemm(false, true, p->rows, p->in, p->out, p->g, p->weight, 0, p->x);
}

static void inner_products(spk_ctx *ctx) {
    product few = {.ctx = ctx, .rows = 16, .in = 800, .out = 800}, many = {.ctx = ctx, .rows = 2048, .in = 800, .out = 800};
    few.weight = many.weight = numbers(ctx, 800 * 800), few.g = many.g = numbers(ctx, 2048 * 800),
    few.x = many.x = numbers(ctx, 2048 * 800);
    const double chosen = best(inner, &few) / 16, blas = best(all_by_blas, &many) / 2048;
    printf("\n800 x 800 weights, us a row: chosen neurons' inner products %.1f (if all are chosen), BLAS %.1f; the roads cross at %.2f\n",
           1e3 * chosen, 1e3 * blas, blas / chosen);
}

/* The fused neuron. */

typedef struct layer {
    spk_ctx *ctx;
    spk_module *neuron;
    spk_tensor *x, *weight;
    int64_t T;
    bool constant;
} layer;

enum { N = 128, WIDTH = 1024, T = 25 };

static spk_tensor *spikes(const layer *l) {
    spk_tensor *s = spk_call(l->neuron, l->constant ? spk_repeat_over_time(l->x, T) : l->x);
    return s;
}

static void neuron_forward(void *work) {
    const layer *l = work;
    SPK_NO_GRAD(l->ctx) spikes(l);
    spk_reset(l->neuron);
    spk_end_step(l->ctx);
}

static void neuron_both(void *work) {
    const layer *l = work;
    spk_backward(spk_sum(spikes(l)));
    spk_reset(l->neuron);
    spk_end_step(l->ctx);
}

static void with_classes(void *work) {
    const layer *l = work;
    spk_backward(spk_sum(spk_linear(spikes(l), l->weight, NULL)));
    spk_reset(l->neuron);
    spk_end_step(l->ctx);
}

static double kept(const layer *l) {
    spikes(l);
    const double bytes = (double)spk_memory_use(l->ctx).step - (double)(N * WIDTH * (int64_t)sizeof(spk_real)); /* less the last membrane */
    spk_reset(l->neuron);
    spk_end_step(l->ctx);
    return bytes / (N * WIDTH * T);
}

static void neuron(spk_ctx *ctx, const char *surrogate, bool constant) {
    const double scale = 1e6 / (N * WIDTH * T);
    layer l = {.ctx = ctx, .constant = constant};
    l.neuron = spk_lif(ctx, .tau = 2, .parallel_optim = true, .T = T, .spike_out = true, .surrogate_function = spk_surrogate_of(surrogate));
    l.x = spk_set_requires_grad(spk_tensor_create(ctx, SPK_SHAPE(constant ? N : N * T, WIDTH)), true);
    l.weight = spk_tensor_create(ctx, SPK_SHAPE(WIDTH, 10));
    spk_fill_normal(l.x, 0.3, 1);
    spk_fill_uniform(l.weight, -0.1, 0.1);
    const double forward = best(neuron_forward, &l), both = best(neuron_both, &l), classes = best(with_classes, &l);
    printf("%-20s %-9s %8.3f %12.3f %18.3f %14.3f\n", surrogate, constant ? "constant" : "varying", forward * scale,
           (both - forward) * scale, (classes - forward) * scale, kept(&l));
    spk_tensor_destroy(l.x);
}

typedef struct options {
    int64_t threads;
} options;

static const option_row rows[] = {
    {.help = "Options:"},
    {"threads", "N", "threads", &option_whole, .at = offsetof(options, threads), .least = 1, .most = 4096},
};
static const options defaults = {.threads = 1};
static const command_line program = {.program = "micro",
                                     .usage = "Times products and neurons by themselves, and prints tables.\n\nusage: @ [options]\n",
                                     .examples = "example:\n  @ --threads 2\n",
                                     OPTIONS(rows, defaults)};

int main(int argc, char **argv) {
    options o;
    const int status = command_line_read(&program, &o, argc, argv);
    if (status >= 0) return status;
    spk_set_threads((int)o.threads);
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    printf("%s, %d threads\n", spk_build_info(), spk_threads());
    products(ctx, 2048, 512, 512);
    products(ctx, 2048, 800, 800);
    products(ctx, 3200, 1000, 10);
    inner_products(ctx);
    printf("\nns a neuron-step (T = %d, %d x %d)  forward     backward  backward of 10 classes   bytes kept\n", T, N, WIDTH);
    for (int i = 0; spk_surrogate_name(i); i++) neuron(ctx, spk_surrogate_name(i), true);
    neuron(ctx, "atan", false);
    neuron(ctx, "piecewise_quadratic", false);
    if (spk_failed(ctx)) fprintf(stderr, "micro: %s\n", spk_error(ctx));
    const bool failed = spk_failed(ctx);
    spk_ctx_destroy(ctx);
    return failed;
}
