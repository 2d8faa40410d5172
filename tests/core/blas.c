/* Matrix products, column sums, and the loops over threads. */
#include "core/blas_internal.h"
#include "core/columns_internal.h"
#include "core/parallel_internal.h"
#include "support.h"

static spk_real *numbers(spk_ctx *ctx, int64_t n) {
    spk_real *x = malloc((size_t)(n + 1) * sizeof *x);
    spk_random_uniform(ctx, n, -1, 1, x);
    x[n] = 123;
    return x;
}

static double product(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const spk_real *a, const spk_real *b, int64_t i, int64_t j) {
    double sum = 0;
    for (int64_t l = 0; l < k; l++) sum += (double)a[ta ? l * m + i : i * k + l] * (double)b[tb ? j * k + l : l * n + j];
    return sum;
}

Test(blas, gemm_against_naive) {
    static const int64_t sizes[][3] = {{1, 1, 1},      {1, 7, 3},       {7, 1, 3},      {3, 5, 0},     {0, 5, 3},    {5, 0, 3},
                                       {17, 19, 23},   {64, 64, 64},    {65, 33, 129},  {1, 300, 40},  {300, 1, 40}, {400, 7, 2000},
                                       {7, 400, 2000}, {161, 163, 167}, {33, 500, 500}, {500, 33, 500}};
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int64_t m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
        spk_real *a = numbers(ctx, m * k), *b = numbers(ctx, k * n), *before = numbers(ctx, m * n);
        for (int t = 0; t < 8; t++) {
            const bool ta = t & 1, tb = t & 2, adds = t & 4;
            for (int threads = 1; threads <= 2; threads++) {
                spk_real *c[2];
                spk_set_threads(threads);
                for (int run = 0; run < 2; run++) {
                    c[run] = numbers(ctx, m * n);
                    if (adds) memcpy(c[run], before, (size_t)(m * n) * sizeof(spk_real));
                    else
                        for (int64_t i = 0; i < m * n; i++) c[run][i] = (spk_real)NAN; /* need not be initialised */
                    spk_gemm(ta, tb, m, n, k, a, b, adds, c[run]);
                    cr_assert(c[run][m * n] == 123, "written beyond the end");
                }
                cr_assert(memcmp(c[0], c[1], (size_t)(m * n) * sizeof(spk_real)) == 0,
                          "%lld x %lld x %lld, flags %d, %d threads: two runs differ", (long long)m, (long long)n, (long long)k, t,
                          threads);
                const int64_t stride = m * n > 20000 ? 97 : 1; /* a sample of the large ones */
                for (int64_t e = 0; e < m * n; e += stride) {
                    const double wanted = product(ta, tb, m, n, k, a, b, e / n, e % n) + (adds ? (double)before[e] : 0);
                    cr_assert(fabs((double)c[0][e] - wanted) <= SPK_BY_REAL(1e-6, 1e-15) * (double)(k + 10),
                              "%lld x %lld x %lld, flags %d, %d threads: element %lld is %g, should be %g", (long long)m, (long long)n,
                              (long long)k, t, threads, (long long)e, (double)c[0][e], wanted);
                }
                free(c[0]), free(c[1]);
            }
        }
        free(a), free(b), free(before);
    }
    spk_ctx_destroy(ctx);
}

/* The blocks of a product follow from its sizes alone: any number of threads gives the same bits. */
Test(blas, threads_give_the_same_bits) {
    static const int64_t sizes[][3] = {{128, 1000, 784}, {784, 1000, 128}, {1000, 77, 301}, {300, 256, 100},
                                       {61, 700, 130},   {3200, 10, 100},  {257, 255, 40},  {1100, 65, 65000}};
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int64_t m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
        spk_real *a = numbers(ctx, m * k), *b = numbers(ctx, k * n), *one = numbers(ctx, m * n), *more = numbers(ctx, m * n);
        for (int t = 0; t < 4; t++)
            for (int threads = 1; threads <= 5; threads++) {
                spk_set_threads(threads);
                spk_gemm(t & 1, t & 2, m, n, k, a, b, 0, threads == 1 ? one : more);
                cr_assert(threads == 1 || memcmp(one, more, (size_t)(m * n) * sizeof(spk_real)) == 0,
                          "%lld x %lld x %lld, flags %d: %d threads give other bits than one", (long long)m, (long long)n, (long long)k, t,
                          threads);
            }
        free(a), free(b), free(one), free(more);
    }
    spk_ctx_destroy(ctx);
}

Test(blas, column_sums) {
    spk_ctx *ctx = spk_ctx_create(.seed = 2);
    static const int64_t sizes[][2] = {{0, 5}, {1, 1}, {5, 0}, {31, 63}, {32, 64}, {33, 65}, {100, 130}, {1000, 3}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int64_t rows = sizes[s][0], columns = sizes[s][1],
                      parts[][2] = {{0, columns}, {columns / 3, columns}, {0, columns / 2}, {columns / 2, columns / 2}};
        spk_real *a = numbers(ctx, rows * columns);
        for (int p = 0; p < 4; p++) {
            double sum[131];
            for (int c = 0; c < 131; c++) sum[c] = 9;
            spk_column_sums(rows, columns, parts[p][0], parts[p][1], a, sum);
            for (int64_t c = 0; c < 131; c++) {
                double wanted = 0;
                for (int64_t r = 0; c < columns && r < rows; r++) wanted += (double)a[r * columns + c];
                const bool in = c >= parts[p][0] && c < parts[p][1];
                cr_assert(in ? fabs(sum[c] - wanted) < SPK_BY_REAL(1e-4, 1e-12) : sum[c] == 9, "%lld x %lld: column %lld", (long long)rows,
                          (long long)columns, (long long)c);
            }
        }
        free(a);
    }
    spk_ctx_destroy(ctx);
}

typedef struct visits {
    int64_t items, grain;
    unsigned char *count;
    int64_t bad; /* ranges that do not begin at a multiple of the grain, or are empty */
} visits;

static void visit(void *work, int64_t begin, int64_t end) {
    visits *v = work;
    if (begin % v->grain || begin >= end || end > v->items || begin < 0) {
        __atomic_add_fetch(&v->bad, 1, __ATOMIC_RELAXED);
        return;
    }
    for (int64_t i = begin; i < end; i++) v->count[i]++; /* two threads on one item would show as a count that is not 1 */
}

Test(parallel, each_item_once) {
    static const int64_t items[] = {0, 1, 2, 3, 15, 16, 17, 63, 64, 65, 100, 1000, 4097}, grains[] = {1, 2, 3, 16, 64, 1000, 5000};
    static const int threads[] = {1, 2, 3, 4};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        for (size_t g = 0; g < sizeof grains / sizeof *grains; g++)
            for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
                static unsigned char count[4097];
                memset(count, 0, sizeof count);
                visits v = {items[i], grains[g], count, 0};
                spk_set_threads(threads[t]);
                spk_parallel(v.items, v.grain, visit, &v);
                cr_assert(v.bad == 0, "%lld items, grain %lld, %d threads: %lld bad ranges", (long long)v.items, (long long)v.grain,
                          threads[t], (long long)v.bad);
                for (int64_t k = 0; k < v.items; k++)
                    cr_assert(count[k] == 1, "%lld items, grain %lld, %d threads: item %lld visited %d times", (long long)v.items,
                              (long long)v.grain, threads[t], (long long)k, count[k]);
            }
}
