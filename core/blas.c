/* The one file that includes cblas.h, which brings complex.h's macro I with it. */
#include "core/blas_internal.h"
#include "core/parallel_internal.h"
#include <cblas.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>

typedef struct product {
    bool transpose_a, transpose_b;
    int64_t m, n, k;
    const spk_real *a, *b;
    spk_real beta, *c;
} product;

/* BLAS counts in int: more rows, and longer sums down the rows, are cut into parts that it can count. Columns cannot be cut, since their
 * number is the distance of rows: see SPK_BLAS_COLUMNS. */
#define MOST ((int64_t)INT_MAX / 2)

static void call(const product *p, int64_t row, int64_t rows, int64_t column, int64_t columns) {
    const int64_t lda = p->transpose_a ? p->m : p->k, ldb = p->transpose_b ? p->k : p->n;
    const spk_real *a = p->a + (p->transpose_a ? row : row * lda), *b = p->b + (p->transpose_b ? column * ldb : column);
    for (int64_t first = 0; first < p->k; first += MOST) {
        const int64_t part = p->k - first < MOST ? p->k - first : MOST;
        SPK_BY_REAL(cblas_sgemm, cblas_dgemm)
        (CblasRowMajor, p->transpose_a ? CblasTrans : CblasNoTrans, p->transpose_b ? CblasTrans : CblasNoTrans, (int)rows, (int)columns,
         (int)part, 1, a + (p->transpose_a ? first * lda : first), (int)lda, b + (p->transpose_b ? first : first * ldb), (int)ldb,
         first ? 1 : p->beta, p->c + row * p->n + column, (int)p->n);
    }
}

static void over_rows(void *work, int64_t begin, int64_t end) {
    const product *p = work;
    for (int64_t row = begin; row < end; row += MOST) call(p, row, end - row < MOST ? end - row : MOST, 0, p->n);
}

static void over_columns(void *work, int64_t begin, int64_t end) {
    const product *p = work;
    call(p, 0, p->m, begin, end - begin);
}

/* Our threads each call a BLAS of one thread: Debian's pthread OpenBLAS oversubscribes when called by several, and slows down on the small
 * products of a training step when it splits them itself. */
static void one_blas_thread(void) {
    static atomic_bool done;
    if (atomic_load_explicit(&done, memory_order_acquire)) return;
    openblas_set_num_threads(1);
    atomic_store_explicit(&done, true, memory_order_release);
}

void spk_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const spk_real *a, const spk_real *b, spk_real beta,
              spk_real *c) {
    if (m <= 0 || n <= 0) return;
    if (k <= 0) { /* an empty sum */
        if (beta == 0) memset(c, 0, (size_t)(m * n) * sizeof *c);
        return;
    }
    one_blas_thread();
    product p = {transpose_a, transpose_b, m, n, k, a, b, beta, c};
    /* A thread's share is at least about 2 million multiply-adds, or the start of a thread costs more than it brings. */
    const int64_t share = 1 + (1 << 21) / k;
    if (m >= n) spk_parallel(m, (share / n + 16) / 16 * 16, over_rows, &p);
    else spk_parallel(n, (share / m + 16) / 16 * 16, over_columns, &p);
}

const char *spk_blas_core(void) { return openblas_get_corename(); }
const char *spk_blas_name(void) { return openblas_get_config(); }
