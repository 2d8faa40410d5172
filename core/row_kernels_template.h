/*
 * The loops of core/row_kernels.c for one width of registers. Included with LANES, the numbers in a register; NAME(x), x with the width;
 * and TARGET, the attribute that says for which instruction sets it is compiled.
 */

/* A run of columns in one register, of any alignment in memory. */
typedef spk_real NAME(pack) __attribute__((vector_size(LANES * sizeof(spk_real)), aligned(sizeof(spk_real)), may_alias));

#define PACK NAME(pack)
#define MOST_PACKS (SPK_BLOCK / LANES)

/* A few rows at a time, so that a sum waits for one addition in so many. Narrow blocks have few sums that could be added to meanwhile. */
SPK_INLINE void NAME(sum_list)(int packs, const spk_row_block *b, int64_t n, const uint32_t *index, PACK *sum) {
    const int rows = packs <= 2 ? 8 : 2;
    int64_t i = 0;
    for (; i + rows <= n; i += rows)
        for (int k = 0; k < packs; k++) {
            PACK pair[4];
            for (int r = 0; r < rows; r += 2) {
                const spk_real *one = b->b + index[i + r] * b->stride, *two = b->b + index[i + r + 1] * b->stride;
                pair[r / 2] = ((const PACK *)one)[k] + ((const PACK *)two)[k];
            }
            if (rows == 8) pair[0] = (pair[0] + pair[1]) + (pair[2] + pair[3]);
            sum[k] += pair[0];
        }
    for (; i < n; i++)
        for (int k = 0; k < packs; k++) sum[k] += ((const PACK *)(b->b + index[i] * b->stride))[k];
}

SPK_INLINE void NAME(sum_weighted)(int packs, const spk_row_block *b, int64_t n, const uint32_t *index, const spk_real *value, PACK *sum) {
    for (int64_t i = 0; i < n; i++) {
        const PACK *row = (const PACK *)(b->b + index[i] * b->stride);
        for (int k = 0; k < packs; k++) sum[k] += value[i] * row[k];
    }
}

/* c = initial + scale * sum for the columns that are there. */
SPK_INLINE void NAME(finish)(int packs, const spk_row_sums *s, const spk_row_block *b, const PACK *sum, spk_real *c) {
    const spk_real *initial = s->add ? c : s->bias ? s->bias + b->first : NULL;
    if (b->columns == (int64_t)packs * LANES) {
        for (int k = 0; k < packs; k++) ((PACK *)c)[k] = initial ? ((const PACK *)initial)[k] + s->scale * sum[k] : s->scale * sum[k];
        return;
    }
    spk_real out[SPK_BLOCK] = {0};
    for (int k = 0; k < packs; k++) ((PACK *)out)[k] = sum[k];
    for (int64_t i = 0; i < b->columns; i++) c[i] = initial ? initial[i] + s->scale * out[i] : s->scale * out[i];
}

SPK_INLINE void NAME(sum_block)(int packs, const spk_row_sums *s, const spk_row_block *b, int64_t begin, int64_t end) {
    const spk_lists *l = s->lists;
    for (int64_t j = begin; j < end; j++) {
        PACK sum[MOST_PACKS] = {{0}};
        const int64_t at = l->start[j], n = l->start[j + 1] - at;
        if (l->value) NAME(sum_weighted)(packs, b, n, l->index + at, l->value + at, sum);
        else NAME(sum_list)(packs, b, n, l->index + at, sum);
        NAME(finish)(packs, s, b, sum, s->c + j * s->columns + b->first);
    }
}

TARGET static void NAME(sum_lists)(int64_t strips, const spk_row_sums *s, const spk_row_block *b, int64_t begin, int64_t end) {
    enum { A_STRIP = SPK_STRIP / LANES };
    if (strips == 4) NAME(sum_block)(4 * A_STRIP, s, b, begin, end);
    else if (strips == 3) NAME(sum_block)(3 * A_STRIP, s, b, begin, end);
    else if (strips == 2) NAME(sum_block)(2 * A_STRIP, s, b, begin, end);
    else NAME(sum_block)(A_STRIP, s, b, begin, end);
}

TARGET static void NAME(scatter_row)(int64_t n, const uint32_t *index, const spk_real *value, const spk_real *b, spk_real *sums) {
    PACK row[SPK_STRIP / LANES];
    for (int k = 0; k < SPK_STRIP / LANES; k++) row[k] = ((const PACK *)b)[k];
    for (int64_t i = 0; i < n; i++) {
        PACK *sum = (PACK *)(sums + (int64_t)index[i] * SPK_STRIP);
        for (int k = 0; k < SPK_STRIP / LANES; k++)
            if (value) sum[k] += value[i] * row[k];
            else sum[k] += row[k];
    }
}

/* A piece of C, `rows` by `packs`, whose sums stay in registers. */
SPK_INLINE void NAME(gemm_piece)(int rows, int packs, int64_t k, const spk_real *a, int64_t a_stride, const spk_real *b, int64_t b_stride,
                                 spk_real *c, int64_t c_stride) {
    PACK sum[2][4] = {{{0}}};
    for (int64_t i = 0; i < k; i++)
        for (int r = 0; r < rows; r++)
            for (int p = 0; p < packs; p++) sum[r][p] += a[r * a_stride + i] * ((const PACK *)(b + i * b_stride))[p];
    for (int r = 0; r < rows; r++)
        for (int p = 0; p < packs; p++) ((PACK *)(c + r * c_stride))[p] = sum[r][p];
}

/* One or two rows of C. */
SPK_INLINE void NAME(gemm_rows)(int rows, int64_t n, int64_t k, const spk_real *a, int64_t a_stride, const spk_real *b, int64_t b_stride,
                                spk_real *c, int64_t c_stride) {
    enum { WIDE = 4 * LANES };
    int64_t i = 0;
    for (; i + WIDE <= n; i += WIDE) NAME(gemm_piece)(rows, 4, k, a, a_stride, b + i, b_stride, c + i, c_stride);
    for (; i + LANES <= n; i += LANES) NAME(gemm_piece)(rows, 1, k, a, a_stride, b + i, b_stride, c + i, c_stride);
    for (; i < n; i++)
        for (int r = 0; r < rows; r++) {
            spk_real sum = 0;
            for (int64_t q = 0; q < k; q++) sum += a[r * a_stride + q] * b[q * b_stride + i];
            c[r * c_stride + i] = sum;
        }
}

TARGET static void NAME(gemm_narrow)(int64_t m, int64_t n, int64_t k, const spk_real *a, int64_t a_stride, const spk_real *b,
                                     int64_t b_stride, spk_real *c, int64_t c_stride) {
    int64_t r = 0;
    for (; r + 2 <= m; r += 2) NAME(gemm_rows)(2, n, k, a + r * a_stride, a_stride, b, b_stride, c + r * c_stride, c_stride);
    if (r < m) NAME(gemm_rows)(1, n, k, a + r * a_stride, a_stride, b, b_stride, c + r * c_stride, c_stride);
}

static const spk_row_kernels NAME(kernels) = {NAME(sum_lists), NAME(scatter_row), NAME(gemm_narrow)};

#undef PACK
#undef MOST_PACKS
#undef LANES
#undef NAME
#undef TARGET
