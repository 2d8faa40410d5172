/*
 * Lesson 3: one LIF neuron. Charge, fire, reset, by hand and by the library; its trace; how often it fires, on paper and counted; and that
 * its membrane stays from one call to the next.
 *
 *     build/release/examples/lessons/3_lif_neuron
 */
#include <math.h>
#include <spiketape.h>
#include <stdio.h>

enum { STEPS = 40, LONG = 1000, CURRENTS = 8, CALL = 15 };
static const double tau = 10, threshold = 1, v_reset = 0;

/* One neuron for `steps` steps of the same current. */
static void by_hand(double x, int steps, double *v, double *s) {
    double V = v_reset;
    for (int t = 0; t < steps; t++) {
        const double H = V + (x - (V - v_reset)) / tau; /* charge */
        s[t] = H >= threshold;                          /* fire */
        V = s[t] > 0 ? v_reset : H;                     /* reset */
        v[t] = V;
    }
}

/* The same number at each of T steps: [T, 1]. */
static spk_tensor *constant(spk_ctx *ctx, double x, int T) { return spk_full(ctx, SPK_SHAPE(T, 1), x); }

static void compare(spk_ctx *ctx) {
    double v[STEPS], s[STEPS];
    by_hand(1.6, STEPS, v, s);

    spk_module *lif =
        spk_lif(ctx, .tau = tau, .v_threshold = threshold, .v_reset = v_reset, .parallel_optim = true, .T = STEPS, .store_v_seq = true);
    spk_tensor *spikes = spk_call(lif, constant(ctx, 1.6, STEPS)); /* [40, 1]: one row for each step */
    const spk_real *S = spk_data(spikes), *V = spk_data(spk_v_seq(lif));
    if (spk_failed(ctx)) return; /* there are no numbers then */

    int same = 0;
    for (int t = 0; t < STEPS; t++) same += (double)S[t] == s[t] && fabs((double)V[t] - v[t]) < 1e-5;
    printf("  t   V[t]  S[t]\n");
    for (int t = 0; t < 13; t++) printf(" %2d  %.3f  %.0f\n", t + 1, (double)V[t], (double)S[t]);
    printf("%d of %d steps are the same by hand and by the library\n", same, STEPS);
    spk_text text = {.ctx = ctx};
    if (spk_plot_terminal(&text, V, STEPS, .height = 11, .guide = threshold, .spikes = S)) printf("%s", text.data);
    spk_text_free(&text);
    spk_end_step(ctx);
}

/* The period on paper: the first n with x (1 - q^n) >= threshold, q = 1 - 1/tau; 0: never. */
static int period(double x) { return x <= threshold ? 0 : (int)ceil(log(1 - threshold / x) / log(1 - 1 / tau)); }

static void firing(spk_ctx *ctx) {
    static const spk_real currents[CURRENTS] = {0.5, 0.875, 1.125, 1.5, 2, 3, 6, 11};
    spk_tensor *x = spk_repeat_over_time(spk_step_from(ctx, SPK_SHAPE(CURRENTS), currents), LONG); /* eight neurons, a thousand steps */
    spk_module *hard = spk_lif(ctx, .tau = tau, .v_reset = 0, .parallel_optim = true, .T = LONG);
    spk_module *soft = spk_lif(ctx, .tau = tau, .v_reset = SPK_NONE, .parallel_optim = true, .T = LONG);
    const spk_real *h = spk_data(spk_sum_over_time(spk_call(hard, x), LONG));
    const spk_real *s = spk_data(spk_sum_over_time(spk_call(soft, x), LONG));
    if (spk_failed(ctx)) return;
    printf("current  period  spikes on paper  hard reset  soft reset\n");
    for (int i = 0; i < CURRENTS; i++) {
        const int n = period((double)currents[i]);
        printf("%7.3f  %6d  %15d  %10.0f  %10.0f\n", (double)currents[i], n, n ? LONG / n : 0, (double)h[i], (double)s[i]);
    }
    spk_end_step(ctx);
}

/* The first step, from 1, in which a neuron fires during a call of CALL steps; 0: in none. */
static int first_spike(spk_ctx *ctx, spk_module *lif) {
    const spk_real *s = spk_data(spk_call(lif, constant(ctx, 1.6, CALL)));
    int t = 0;
    while (s && t < CALL && s[t] == 0) t++;
    spk_end_step(ctx);
    return t < CALL ? t + 1 : 0;
}

static void state(spk_ctx *ctx) {
    spk_module *lif = spk_lif(ctx, .tau = tau, .parallel_optim = true, .T = CALL);
    printf("first spike of a call of %d steps: %d", CALL, first_spike(ctx, lif));
    printf(", of the next call: %d", first_spike(ctx, lif));
    spk_reset(lif);
    printf(", after spk_reset: %d\n", first_spike(ctx, lif));
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    compare(ctx);
    firing(ctx);
    state(ctx);
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
