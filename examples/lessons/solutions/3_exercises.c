/*
 * Solutions to lesson 3: the current for a period, smaller time steps, and the rate under soft reset.
 *
 *     build/release/examples/lessons/solutions/3_exercises
 */
#include <spiketape.h>
#include <stdio.h>

/* The first step, from 1, in which a neuron fires under a constant current; 0: in none of 5000. */
static int first_spike(spk_ctx *ctx, double tau, double x) {
    enum { T = 5000 };
    spk_module *lif = spk_lif(ctx, .tau = tau, .parallel_optim = true, .T = T);
    const spk_real *s = spk_data(spk_call(lif, spk_full(ctx, SPK_SHAPE(T, 1), x)));
    int t = 0;
    while (s && t < T && s[t] == 0) t++;
    spk_end_step(ctx);
    spk_module_destroy(lif);
    return t < T ? t + 1 : 0;
}

/* Spikes of T steps under soft reset, and the same number from the mean of the membrane. */
static void soft_rate(spk_ctx *ctx, double tau, double x) {
    enum { T = 1000 };
    spk_module *lif = spk_lif(ctx, .tau = tau, .v_reset = SPK_NONE, .parallel_optim = true, .T = T, .store_v_seq = true);
    const double spikes = spk_item(spk_sum(spk_call(lif, spk_full(ctx, SPK_SHAPE(T, 1), x))));
    const double mean = spk_item(spk_mean(spk_v_seq(lif)));
    printf("current %.1f: %.0f spikes, mean membrane %.3f, (x - mean) / tau * T = %.1f\n", x, spikes, mean, (x - mean) / tau * T);
    spk_end_step(ctx);
    spk_module_destroy(lif);
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();

    /* Exercise 1: tau = 4 */
    static const double currents[] = {2.2, 2.4, 3.9, 4.1};
    for (int i = 0; i < 4; i++) printf("current %.1f: fires in step %d\n", currents[i], first_spike(ctx, 4, currents[i]));

    /* Exercise 2: tau = 2 and current 1.5, a step cut into parts */
    for (int parts = 1; parts <= 1000; parts *= 10)
        printf("steps of 1/%d: period %.3f\n", parts, (double)first_spike(ctx, 2.0 * parts, 1.5) / parts);

    /* Exercise 3 */
    soft_rate(ctx, 10, 3);
    soft_rate(ctx, 10, 6);

    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
