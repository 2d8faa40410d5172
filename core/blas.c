/* The one file that includes cblas.h, which brings complex.h's macro I with it. */
#include "core/blas_internal.h"
#include "core/parallel_internal.h"
#include <cblas.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

typedef struct product {
    bool transpose_a, transpose_b;
    int64_t m, n, k;
    const spk_real *a, *b;
    spk_real beta, *c;
    int64_t blocks;
} product;

/* BLAS counts in int: a longer sum is cut into parts that it can count, and blocks are far below. Columns cannot be cut, since their number
 * is the distance of rows: see SPK_BLAS_COLUMNS. */
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

/*
 * The product is cut along its longer side into blocks, and each block is a call. How many follows from the sizes alone: a BLAS may sum an
 * element in another order when the matrix around it has another size (OpenBLAS in float does), so that blocks made for the number of
 * threads would give other bits for each of them. They come in pairs, for two threads. A block costs a thread that does all of them the
 * packing of the other factor once more: with about 250 rows or columns, 1 % to 3 % of the product (Zen 5). A factor that no cache holds
 * comes from memory each time: a step of `bench/steps w3-4096` took 14 % longer, and with its blocks four times as large about 5 %. And a
 * block has at least two million multiply-adds, or the start of a thread costs more than it brings.
 */
#define PAIR 512
#define LEAST_WORK ((int64_t)1 << 21)
#define LARGE ((int64_t)1 << 22)

static int64_t blocks_of(const product *p) {
    const int64_t longer = p->m >= p->n ? p->m : p->n, shorter = p->m >= p->n ? p->n : p->m;
    const int64_t least = 1 + (LEAST_WORK - 1) / (shorter * p->k); /* rows or columns of a block, for the work */
    const int64_t pair = shorter * p->k < LARGE ? PAIR : 4 * PAIR;
    const int64_t by_size = (longer + pair / 2) / pair, by_work = longer / least / 2;
    const int64_t pairs = by_size < by_work ? by_size : by_work;
    return pairs ? 2 * pairs : 1;
}

/* Blocks begin .. end - 1; their borders are multiples of 16, which BLAS's kernels like. */
static void over_blocks(void *work, int64_t begin, int64_t end) {
    const product *p = work;
    const bool by_rows = p->m >= p->n;
    const int64_t longer = by_rows ? p->m : p->n, units = (longer + 15) / 16;
    for (int64_t i = begin; i < end; i++) {
        const int64_t first = units * i / p->blocks * 16, past = units * (i + 1) / p->blocks * 16;
        const int64_t count = (past < longer ? past : longer) - first;
        if (by_rows) call(p, first, count, 0, p->n);
        else call(p, 0, p->m, first, count);
    }
}

/* Our threads each call a BLAS of one thread: Debian's pthread OpenBLAS oversubscribes when called by several, and slows down on the small
 * products of a training step when it splits them itself. */
static void one_blas_thread(void) { openblas_set_num_threads(1); }

void spk_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const spk_real *a, const spk_real *b, spk_real beta,
              spk_real *c) {
    if (m <= 0 || n <= 0) return;
    if (k <= 0) { /* an empty sum */
        if (beta == 0) memset(c, 0, (size_t)(m * n) * sizeof *c);
        return;
    }
    static pthread_once_t told = PTHREAD_ONCE_INIT;
    pthread_once(&told, one_blas_thread);
    product p = {transpose_a, transpose_b, m, n, k, a, b, beta, c, 0};
    p.blocks = blocks_of(&p);
    spk_parallel(p.blocks, 1, over_blocks, &p);
}

const char *spk_blas_core(void) { return openblas_get_corename(); }
const char *spk_blas_name(void) { return openblas_get_config(); }
