#include "core/dots_internal.h"
#include "core/numeric_internal.h"

#define LANES 8

/* One register of AVX2; twice as wide it was no faster with AVX-512, whose loads were the limit, and without it had no registers left. */
typedef spk_real pack __attribute__((vector_size(LANES * sizeof(spk_real)), aligned(sizeof(spk_real)), may_alias));

SPK_INLINE spk_real lane_sum(const pack *x) {
    spk_real half[LANES];
    memcpy(half, x, sizeof half);
    for (int n = LANES / 2; n; n /= 2)
        for (int i = 0; i < n; i++) half[i] += half[i + n];
    return half[0];
}

SPK_CLONES static void dots(int64_t n, const spk_real *const a[SPK_DOTS_A], const spk_real *const b[SPK_DOTS_B],
                            spk_real out[SPK_DOTS_A][SPK_DOTS_B]) {
    pack sum[SPK_DOTS_A][SPK_DOTS_B] = {{{0}}};
    const int64_t whole = n / LANES * LANES;
    for (int64_t k = 0; k < whole; k += LANES)
        for (int i = 0; i < SPK_DOTS_A; i++)
            for (int j = 0; j < SPK_DOTS_B; j++) sum[i][j] += *(const pack *)(a[i] + k) * *(const pack *)(b[j] + k);
    for (int i = 0; i < SPK_DOTS_A; i++)
        for (int j = 0; j < SPK_DOTS_B; j++) {
            spk_real rest = 0;
            for (int64_t k = whole; k < n; k++) rest += a[i][k] * b[j][k];
            out[i][j] = lane_sum(&sum[i][j]) + rest;
        }
}

void spk_dots(int64_t n, const spk_real *const a[SPK_DOTS_A], const spk_real *const b[SPK_DOTS_B], spk_real out[SPK_DOTS_A][SPK_DOTS_B]) {
    dots(n, a, b, out);
}

/* In LANES sums side by side, so that the loop vectorises. */
SPK_CLONES static double sum_of_squares(int64_t n, const spk_real *g) {
    double lane[LANES] = {0};
    const int64_t whole = n / LANES * LANES;
    for (int64_t i = 0; i < whole; i += LANES)
        for (int k = 0; k < LANES; k++) lane[k] += (double)g[i + k] * (double)g[i + k];
    for (int64_t i = whole; i < n; i++) lane[i - whole] += (double)g[i] * (double)g[i];
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

double spk_sum_of_squares(int64_t n, const spk_real *x) { return sum_of_squares(n, x); }
