/*
 * The loops of core/row_kernels.c for one width of registers. Included with LANES, the numbers in a register; NAME(x), x with the width;
 * and TARGET, the attribute that says for which instruction sets it is compiled.
 */

/* A run of columns in one register, of any alignment in memory. */
typedef spk_real NAME(pack) __attribute__((vector_size(LANES * sizeof(spk_real)), aligned(sizeof(spk_real)), may_alias));

#define PACK NAME(pack)
#define MOST_PACKS (SPK_BLOCK / LANES)

/* Two rows at a time, so that a sum waits for one addition in two. */
SPK_INLINE void NAME(sum_list)(int packs, const spk_row_block *b, int64_t n, const uint32_t *index, PACK *sum) {
    int64_t i = 0;
    for (; i + 1 < n; i += 2) {
        const PACK *one = (const PACK *)(b->b + index[i] * b->stride), *two = (const PACK *)(b->b + index[i + 1] * b->stride);
        for (int k = 0; k < packs; k++) sum[k] += one[k] + two[k];
    }
    if (i == n) return;
    const PACK *last = (const PACK *)(b->b + index[i] * b->stride);
    for (int k = 0; k < packs; k++) sum[k] += last[k];
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
    if (b->columns == packs * LANES) {
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

SPK_INLINE void NAME(sum_all)(int packs, int64_t rows, const spk_real *factor, const spk_real *b, int64_t stride, spk_real *out) {
    PACK sum[MOST_PACKS] = {{0}};
    for (int64_t r = 0; r < rows; r++)
        for (int k = 0; k < packs; k++) sum[k] += factor[r] * ((const PACK *)(b + r * stride))[k];
    for (int k = 0; k < packs; k++) ((PACK *)out)[k] = sum[k];
}

TARGET static void NAME(sum_weighted_rows)(int64_t rows, const spk_real *factor, const spk_real *b, int64_t stride, int64_t n,
                                           spk_real *out) {
    int64_t i = 0;
    for (; i + SPK_BLOCK <= n; i += SPK_BLOCK) NAME(sum_all)(MOST_PACKS, rows, factor, b + i, stride, out + i);
    for (; i + LANES <= n; i += LANES) NAME(sum_all)(1, rows, factor, b + i, stride, out + i);
    for (; i < n; i++) {
        spk_real sum = 0;
        for (int64_t r = 0; r < rows; r++) sum += factor[r] * b[r * stride + i];
        out[i] = sum;
    }
}

static const spk_row_kernels NAME(kernels) = {NAME(sum_lists), NAME(scatter_row), NAME(sum_weighted_rows)};

#undef PACK
#undef MOST_PACKS
#undef LANES
#undef NAME
#undef TARGET
