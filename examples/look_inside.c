/*
 * Look inside of a net: its table, its membranes and spikes while it learns, and its tape as a picture.
 *
 *     build/release/examples/look_inside [tape.svg]
 */
#include <spiketape.h>
#include <stdio.h>

enum { T = 8, N = 16, STEPS = 100 };

int main(int argc, char **argv) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 2, 12), spk_lif(ctx, .T = T, .parallel_optim = true),
                                     spk_linear_layer(ctx, 12, 2), spk_lif(ctx, .T = T, .parallel_optim = true));
    spk_module_set_name(net, "net");
    spk_optimizer *optimizer = spk_adam(net, .lr = 0.01);
    fputs(spk_summary(net, SPK_SHAPE(N, 2), .T = T), stdout);

    /* Which of two numbers is the larger: the spikes and membranes of all neurons in every 20th step. */
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(N, 2)), *labels = spk_tensor_create(ctx, SPK_SHAPE(N));
    spk_fill_uniform(x, 0, 3);
    for (int64_t i = 0; i < N; i++) spk_data_mut(labels)[i] = spk_data(x)[2 * i] < spk_data(x)[2 * i + 1];
    spk_monitor *monitor = spk_monitor_neurons(net, .what = SPK_WATCH_SPIKES | SPK_WATCH_MEMBRANE, .every = 20);
    for (int step = 0; step < STEPS; step++) {
        spk_tensor *rates = spk_mean_over_time(spk_call(net, spk_repeat_over_time(x, T)), T);
        spk_tensor *loss = spk_cross_entropy(rates, labels);
        spk_zero_grad(net);
        spk_backward(loss);
        FILE *file = step == 0 && argc > 1 ? fopen(argv[1], "w") : NULL;
        if (file) fputs(spk_tape_svg(loss), file), fclose(file); /* what the loss was computed from, with its gradients */
        spk_optimizer_step(optimizer);
        spk_reset(net);
        spk_end_step(ctx);
    }

    const int neuron = (int)spk_data(labels)[0];
    printf("\nThe first sample, output neuron %d, which should fire: v after each time step, * where it fired\n", neuron);
    for (int64_t i = 0; i < spk_monitor_count(monitor, "3", SPK_WATCH_MEMBRANE); i++) {
        const spk_monitor_record v = spk_monitor_get(monitor, "3", SPK_WATCH_MEMBRANE, i);
        const spk_monitor_record s = spk_monitor_get(monitor, "3", SPK_WATCH_SPIKES, i);
        printf("training step %3d", (int)v.step);
        for (int k = neuron; k < T * N * 2; k += N * 2) printf("  %5.2f%s", (double)v.values[k], s.values[k] > 0 ? "*" : " ");
        printf("\n");
    }
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
