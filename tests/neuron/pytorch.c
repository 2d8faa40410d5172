/* Weights that were trained in PyTorch, and neurons of SpikingJelly, snnTorch and Norse: tests/pytorch/make.py wrote what is compared with.
 */
#include "../core/support.h"

#define FILES SPK_SOURCE_DIR "/tests/pytorch/"
enum { T = 8, STEPS = 20, NEURONS = 8 };

/* PyTorch's sums run in another order; the two agree to rounding, of outputs up to some tens. */
#define FLOAT_ROUNDING 2e-6

static spk_module *net_of(spk_ctx *ctx) {
    return spk_sequential(ctx, spk_linear_layer(ctx, 4, 32), spk_batch_norm1d(ctx, 32),
                          spk_lif(ctx, .tau = 2.0, .T = T, .parallel_optim = true), spk_linear_layer(ctx, 32, 16),
                          spk_plif(ctx, .tau = 2.0, .T = T, .parallel_optim = true), spk_linear_layer(ctx, 16, 3));
}

static spk_npz *reading(spk_ctx *ctx, const char *path) {
    spk_npz *file = spk_npz_read(ctx, path);
    cr_assert(file, "%s", spk_error(ctx));
    return file;
}

Test(pytorch, the_same_outputs) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_of(ctx);
    cr_assert(spk_load(net, FILES "net.safetensors"), "%s", spk_error(ctx));
    spk_npz *file = reading(ctx, FILES "outputs.npz");
    spk_tensor *x = spk_npz_tensor(file, "x"), *wanted = spk_npz_tensor(file, SPK_BY_REAL("outputs", "outputs64"));
    cr_assert(spk_shape_equal(spk_tensor_shape(wanted), SPK_SHAPE(20, 3)), "%s", spk_error(ctx));
    spk_eval(net);
    spk_tensor *y = spk_mean_over_time(spk_call(net, spk_repeat_over_time(x, T)), T);
    assert_fine(ctx, "the net");
    assert_near(60, spk_data(y), spk_data(wanted), SPK_BY_REAL(FLOAT_ROUNDING, 1e-12), "an output");
    spk_ctx_destroy(ctx);
}

/* What was read is written as it was: same names, shapes and numbers. */
Test(pytorch, written_as_it_was_read) {
    static const char path[] = "/tmp/spk_pytorch.safetensors";
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_of(ctx);
    cr_assert(spk_load(net, FILES "net.safetensors") && spk_save(net, path), "%s", spk_error(ctx));
    const spk_state_file *a = spk_state_file_read(ctx, FILES "net.safetensors"), *b = spk_state_file_read(ctx, path);
    cr_assert(spk_state_file_count(a) == 11 && spk_state_file_count(b) == 11);
    for (int64_t i = 0; i < 11; i++) {
        const spk_state_entry *x = spk_state_file_entry(a, i), *y = spk_state_file_entry(b, i);
        spk_real from[512], to[512];
        cr_assert(strcmp(x->name, y->name) == 0 && spk_shape_equal(x->shape, y->shape), "%s", x->name);
        spk_state_entry_copy(x, false, from), spk_state_entry_copy(y, false, to);
        cr_assert_arr_eq(from, to, (size_t)spk_shape_size(x->shape) * sizeof *from, "%s", x->name);
    }
    remove(path);
    spk_ctx_destroy(ctx);
}

/* A neuron's spikes are the same, and, if they are of the same moment, its membranes after each step to rounding. */
static void assert_neuron(spk_ctx *ctx, spk_npz *file, spk_module *neuron, const char *name, bool membranes) {
    char spikes_name[64], v_name[64];
    snprintf(spikes_name, sizeof spikes_name, "%s_spikes", name), snprintf(v_name, sizeof v_name, "%s_v", name);
    spk_tensor *spikes = spk_call(neuron, spk_reshape(spk_npz_tensor(file, "current"), SPK_SHAPE(STEPS * NEURONS)));
    spk_tensor *wanted = spk_npz_tensor(file, spikes_name), *v = spk_npz_tensor(file, v_name);
    assert_fine(ctx, name);
    cr_assert_arr_eq(spk_data(spikes), spk_data(wanted), STEPS * NEURONS * sizeof(spk_real), "%s", name);
    if (membranes) assert_near(STEPS * NEURONS, spk_data(spk_v_seq(neuron)), spk_data(v), 2e-6, name);
}

#define SEQUENCE .T = STEPS, .parallel_optim = true, .store_v_seq = true

Test(pytorch, neurons_of_other_libraries) {
    spk_ctx *ctx = spk_ctx_create();
    spk_npz *file = reading(ctx, FILES "neurons.npz");
    assert_neuron(ctx, file, spk_if(ctx, SEQUENCE), "if_hard", true);
    assert_neuron(ctx, file, spk_if(ctx, .v_threshold = 0.7, .v_reset = SPK_NONE, SEQUENCE), "if_soft", true);
    assert_neuron(ctx, file, spk_lif(ctx, .tau = 3.0, .v_threshold = 0.5, .v_reset = -0.2, SEQUENCE), "lif", true);
    assert_neuron(ctx, file, spk_lif(ctx, .tau = 5.0, .decay_input = false, .v_reset = SPK_NONE, SEQUENCE), "lif_soft", true);
    assert_neuron(ctx, file, spk_plif(ctx, .tau = 4.0, .v_threshold = 0.5, SEQUENCE), "plif", true);
    /* snnTorch: tau = 1 / (1 - beta), the input does not decay */
    assert_neuron(ctx, file, spk_lif(ctx, .tau = 5.0, .decay_input = false, .v_threshold = 2.4, .v_reset = SPK_NONE, SEQUENCE),
                  "leaky_subtract", true);
    assert_neuron(ctx, file, spk_lif(ctx, .tau = 5.0, .decay_input = false, .v_threshold = 0.9, SEQUENCE), "leaky_zero", true);
    assert_neuron(ctx, file, spk_lif(ctx, .tau = 5.0, .decay_input = false, .v_threshold = 0.9, SEQUENCE), "leaky_zero_late", false);
    /* Norse: tau = 1 / (dt tau_mem_inv) */
    assert_neuron(ctx, file, spk_lif(ctx, .tau = 4.0, .v_threshold = 0.5, SEQUENCE), "box", true);
    spk_ctx_destroy(ctx);
}
