/* Random sparse matrices and their naive products, for the tests of the spike kernels. All memory is of exactly the size that is needed, so
 * that the address sanitizer sees any access beyond. */
#ifndef SPK_TESTS_SPARSE_SUPPORT_H
#define SPK_TESTS_SPARSE_SUPPORT_H

#include "core/bits_internal.h"
#include "core/lists_internal.h"
#include "support.h"

/* A matrix of which about `density` is set: as numbers, and as the bits of them. */
typedef struct pattern {
    int64_t rows, columns, total;
    double density;
    spk_real *numbers;
    uint64_t *words;
} pattern;

/* A context whose step has room enough in one piece, so that memory given back newest first leaves no trace from the first step on. */
static inline spk_ctx *spacious(uint64_t seed) {
    spk_ctx *ctx = spk_ctx_create(.seed = seed);
    cr_assert(spk_step_data(ctx, (size_t)1 << 25), "%s", spk_error(ctx));
    spk_end_step(ctx);
    return ctx;
}

static inline void *exactly(size_t bytes) {
    void *block = malloc(bytes ? bytes : 1);
    cr_assert(block, "no memory");
    return block;
}

static inline spk_real *random_numbers(spk_ctx *ctx, int64_t n) {
    spk_real *x = exactly(spk_bytes(n));
    spk_random_uniform(ctx, n, -1, 1, x);
    return x;
}

/* `edges` sets the elements beside the borders of rows and of words, too. */
static inline pattern pattern_of(spk_ctx *ctx, int64_t rows, int64_t columns, double density, bool edges) {
    const int64_t row_words = spk_words_of(columns);
    pattern p = {rows, columns, 0, density, random_numbers(ctx, rows * columns), exactly((size_t)(rows * row_words) * sizeof(uint64_t))};
    spk_real *draw = exactly(spk_bytes(rows * columns));
    spk_random_uniform(ctx, rows * columns, 0, 1, draw);
    for (int64_t i = 0; i < rows * columns; i++) {
        const int64_t c = i % columns;
        const bool edge = edges && (c == 0 || c % 64 == 63 || c % 64 == 0 || c == columns - 1) && (i / columns) % 3 == 0;
        if ((double)draw[i] >= density && !edge) p.numbers[i] = i % 5 ? 0 : (spk_real)-0.0;
        else if (p.numbers[i] == 0) p.numbers[i] = 1;
        p.total += p.numbers[i] != 0;
    }
    for (int64_t r = 0; r < rows; r++) spk_bits_pack(columns, p.numbers + r * columns, p.words + r * row_words);
    free(draw);
    return p;
}

static inline void pattern_done(pattern *p) { free(p->numbers), free(p->words); }

static inline spk_matrix matrix_of(const pattern *p, bool bits) {
    return (spk_matrix){p->rows, p->columns, bits ? NULL : p->numbers, bits ? p->words : NULL};
}

/* Element i of the matrix, or for bits of its spikes. */
static inline double element(const pattern *p, bool bits, int64_t i) { return bits ? p->numbers[i] != 0 : (double)p->numbers[i]; }

static inline const char *text_of_pattern(const pattern *p, bool bits) {
    static char text[100];
    snprintf(text, sizeof text, "%s [%lld, %lld] of density %g", bits ? "bits" : "numbers", (long long)p->rows, (long long)p->columns,
             p->density);
    return text;
}

/* A sum in double and the sum of its terms' sizes, which bounds its rounding. */
typedef struct exact {
    double sum, size;
} exact;

static inline void add_term(exact *e, double term) { e->sum += term, e->size += fabs(term); }

static inline void assert_rounded(double got, exact wanted, const char *what, int64_t element_number) {
    cr_assert(fabs(got - wanted.sum) <= SPK_BY_REAL(2e-6, 4e-15) * wanted.size, "%s: element %lld is %.9g, should be %.9g", what,
              (long long)element_number, got, wanted.sum);
}

static const double densities[] = {0, 1e-3, 0.02, 0.1, 0.5, 1};
enum { DENSITIES = sizeof densities / sizeof *densities };
static const int thread_counts[] = {1, 2, 3, 5};
enum { THREAD_COUNTS = sizeof thread_counts / sizeof *thread_counts };

#endif
