/* What the instructions of a program do: one line each. `in` is the instruction, `p` the program. */
#include "program.h"

/* Shapes that the documentation promises. Inputs of a call that succeeded are tensors. */

static bool same(const instruction *in, spk_shape *shape) { return *shape = spk_tensor_shape(in->a), true; }
static bool scalar(const instruction *in, spk_shape *shape) { return (void)in, *shape = SPK_SCALAR, true; }
static bool given(const instruction *in, spk_shape *shape) { return *shape = in->shape, true; }
static bool some(const instruction *in, spk_shape *shape) { return (void)in, (void)shape, false; }
static bool both(const instruction *in, spk_shape *shape) {
    return spk_shape_broadcast(spk_tensor_shape(in->a), spk_tensor_shape(in->b), shape);
}

static bool all_three(const instruction *in, spk_shape *shape) {
    return both(in, shape) && spk_shape_broadcast(*shape, spk_tensor_shape(in->c), shape);
}

static bool matmul(const instruction *in, spk_shape *shape) {
    return *shape = SPK_SHAPE(spk_dim(in->a, in->flags & 1), spk_dim(in->b, in->flags & 2 ? 0 : 1)), true;
}

static bool linear(const instruction *in, spk_shape *shape) {
    *shape = spk_tensor_shape(in->a);
    shape->dim[shape->axes - 1] = spk_dim(in->b, 1);
    return true;
}

static bool first_axis(const instruction *in, spk_shape *shape, int64_t size) {
    *shape = spk_tensor_shape(in->a);
    shape->dim[0] = size;
    return true;
}

static bool rows(const instruction *in, spk_shape *shape) { return first_axis(in, shape, in->j - in->i); }
static bool times(const instruction *in, spk_shape *shape) { return first_axis(in, shape, spk_dim(in->a, 0) * in->i); }
static bool over(const instruction *in, spk_shape *shape) { return first_axis(in, shape, spk_dim(in->a, 0) / in->i); }
static bool flat(const instruction *in, spk_shape *shape) {
    int64_t rest = 1;
    for (int i = 1; i < spk_axes(in->a); i++) rest *= spk_dim(in->a, i);
    return *shape = SPK_SHAPE(spk_axes(in->a) ? spk_dim(in->a, 0) : 1, rest), true;
}

static bool transposed(const instruction *in, spk_shape *shape) {
    const int n = spk_axes(in->a), i = (int)(in->i < 0 ? in->i + n : in->i), j = (int)(in->j < 0 ? in->j + n : in->j);
    *shape = spk_tensor_shape(in->a);
    shape->dim[i] = spk_dim(in->a, j), shape->dim[j] = spk_dim(in->a, i);
    return true;
}

/* Arguments. */

static int int_of(int64_t size) { return size < -100 ? -100 : size > 100 ? 100 : (int)size; }

/* Up to three axes; now and then more than there are. */
static spk_reduce_opts reduction(const instruction *in) {
    const int axes[8] = {int_of(in->i), int_of(in->j), in->bytes[2] % 6, 3, 4, 5, 6, 7};
    return (spk_reduce_opts){.axes = spk_axes_of(in->flags / 2 % 4 == 3 ? in->bytes[3] % 9 : (int)(in->flags / 2 % 4), axes),
                             .keep = in->flags & 1};
}

static bool reduced(const instruction *in, spk_shape *shape) {
    const spk_reduce_opts o = reduction(in);
    bool gone[SPK_MAX_AXES] = {false};
    const spk_shape x = spk_tensor_shape(in->a);
    for (int i = 0; i < o.axes.count; i++) gone[o.axes.axis[i] < 0 ? o.axes.axis[i] + x.axes : o.axes.axis[i]] = true;
    *shape = (spk_shape){.axes = 0};
    for (int i = 0; i < x.axes; i++) {
        if (o.axes.count && !gone[i]) shape->dim[shape->axes++] = x.dim[i];
        else if (o.keep) shape->dim[shape->axes++] = 1;
    }
    return true;
}

static spk_surrogate surrogate(const instruction *in) {
    int n = 0;
    while (spk_surrogate_name(n)) n++;
    const int k = in->bytes[2] % (n + 1);
    return spk_surrogate_of(k < n ? spk_surrogate_name(k) : "none", .alpha = in->flags & 64 ? in->d : SPK_NONE,
                            .spiking = !(in->flags & 32));
}

/* Things that a program makes. */

static spk_tensor *persistent(program *p, spk_tensor *x) {
    if (!spk_failed(p->ctx)) program_keep(p, x, true);
    return NULL;
}

static spk_tensor *filled(const instruction *in, spk_tensor *x) {
    if (in->flags & 64) spk_fill(x, in->d);
    else spk_fill_uniform(x, -1, 2);
    return x;
}

static spk_tensor *leaf(program *p, const instruction *in) {
    spk_tensor *x = filled(in, spk_tensor_create(p->ctx, in->shape));
    return persistent(p, in->flags & 128 ? spk_set_requires_grad(x, true) : x);
}

/* A step tensor of numbers 0 .. j - 1: labels, and with j = 2 what can be bits. */
static spk_tensor *counted(program *p, const instruction *in) {
    spk_real values[64];
    const int64_t n = spk_shape_size(in->shape);
    for (int k = 0; k < 64; k++) values[k] = (spk_real)(in->j > 0 ? (k + in->bytes[1]) * 7 % in->j : k);
    return n <= 64 ? spk_step_from(p->ctx, in->shape, values) : spk_full(p->ctx, in->shape, 1);
}

static spk_tensor *joined(const instruction *in, bool stack) {
    spk_tensor *xs[200];
    for (int k = 0; k < 200; k++) xs[k] = k % 3 == 0 ? in->a : k % 3 == 1 ? in->b : in->c;
    const int n = in->flags & 1 ? 1 + in->bytes[7] / 2 % 4 : int_of(in->j) * 2;
    return stack ? spk_stack(xs, n, int_of(in->i)) : spk_concat(xs, n, int_of(in->i));
}

static spk_tensor *batch_norm(const instruction *in) {
    return spk_batch_norm(in->a, in->flags & 1 ? in->b : NULL, in->flags & 1 ? in->c : NULL, .running_mean = in->flags & 2 ? in->b : NULL,
                          .running_var = in->flags & 4 ? in->c : NULL, .training = in->flags & 8, .momentum = in->d,
                          .eps = in->flags & 16 ? in->d : 1e-5);
}

/* Modules. */

static spk_module *neuron(program *p, const instruction *in) {
    spk_lif_opts o = spk_lif_options();
    o.tau = in->flags & 1 ? in->d : 2, o.decay_input = in->flags & 2;
    o.v_threshold = in->flags & 4 ? in->d : 1, o.v_reset = in->flags & 8 ? SPK_NONE : 0;
    o.surrogate_function = surrogate(in);
    o.detach_reset = in->bytes[1] & 1, o.spike_out = in->bytes[1] & 2, o.store_v_seq = in->bytes[1] & 4;
    o.parallel_optim = !(in->bytes[1] & 8), o.T = in->i;
    const spk_base_node_opts base = spk_base_node_part(o);
    return in->bytes[1] & 16   ? spk_if_with(p->ctx, base)
           : in->bytes[1] & 32 ? spk_plif_with(p->ctx, o)
           : in->bytes[1] & 64 ? spk_base_node_with(p->ctx, base)
                               : spk_lif_with(p->ctx, o);
}

static spk_module *layer(program *p, const instruction *in) {
    switch (in->flags % 6) {
    case 0:
        return spk_linear_layer(p->ctx, in->i, in->j, .bias = in->bytes[1] & 1);
    case 1:
        return spk_batch_norm1d(p->ctx, in->i, .affine = in->bytes[1] & 1, .momentum = in->d);
    case 2:
        return spk_dropout_layer(p->ctx, .p = in->d, .T = in->i);
    case 3:
        return spk_flatten_layer(p->ctx);
    case 4:
        return spk_relu_layer(p->ctx);
    default:
        return spk_sequential(p->ctx, in->module, in->bytes[1] & 1 ? spk_relu_layer(p->ctx) : in->module);
    }
}

static spk_tensor *keep_module(program *p, spk_module *module) {
    if (!spk_failed(p->ctx) && p->n_modules < MODULES) p->modules[p->n_modules++] = module;
    return NULL;
}

/* A memory may get other storage when its step ends, so that what it was is of this step only. */
static spk_tensor *of_module(program *p, const instruction *in) {
    spk_tensor *x = NULL;
    switch (in->flags % 5) {
    case 0:
        x = spk_v(in->module);
        break;
    case 1:
        x = spk_v_seq(in->module);
        break;
    case 2:
        x = spk_spikes(in->module);
        break;
    case 3:
        x = spk_find_tensor(in->module, "weight");
        break;
    default:
        spk_firing_rate(in->module), spk_repr(in->module);
    }
    if (x && !spk_failed(p->ctx) && spk_tensor_ctx(x) == p->ctx) {
        program_keep(p, x, false);
        p->tensors[p->n_tensors - 1].steps_ago = 1;
    }
    return NULL;
}

static spk_tensor *change_module(const instruction *in) {
    switch (in->flags % 8) {
    case 0:
        return spk_detach(in->module), NULL;
    case 1:
        return spk_train(in->module), NULL;
    case 2:
        return spk_eval(in->module), NULL;
    case 3:
        return spk_zero_grad(in->module), NULL;
    case 4:
        return spk_freeze(in->module, in->bytes[1] & 1), NULL;
    case 5:
        return spk_set_memory(in->module, "v", in->a), NULL;
    case 6:
        return spk_set_reset_value(in->module, "v", in->d), NULL;
    default:
        return spk_reset(in->module), NULL;
    }
}

/* A step of an optimizer of its own, twice, so that its moments are there. */
static spk_tensor *optimizer(const instruction *in) {
    spk_optimizer *opt = in->flags & 1 ? spk_sgd(in->module, .lr = in->d, .momentum = in->flags & 2 ? 0.9 : 0)
                                       : spk_adam(in->module, .lr = in->d, .weight_decay = in->flags & 2 ? 0.1 : 0);
    spk_optimizer_step(opt);
    spk_optimizer_step(opt);
    spk_optimizer_destroy(opt);
    return NULL;
}

/* The tape. */

static spk_tensor *backward(program *p, const instruction *in) {
    spk_tensor *y = in->flags & 1 ? spk_sum(in->a) : in->a;
    const bool done = spk_backward(y, .gradient = in->flags & 2 ? in->b : NULL, .retain = in->flags & 4);
    FUZZ_CHECK(done != spk_failed(spk_tensor_ctx(y)), "backward succeeds and fails");
    if (done && spk_tensor_ctx(y) == p->ctx) program_check_gradients(p);
    return NULL;
}

static void hook(spk_tensor *x, int64_t n, spk_real *gradient, void *user) {
    (void)user;
    FUZZ_CHECK(n == spk_size(x) / spk_tensor_repeat(x), "a hook gets %lld numbers for %lld", (long long)n, (long long)spk_size(x));
    for (int64_t i = 0; i < n; i++) gradient[i] *= (spk_real)0.5;
}

static spk_tensor *end_step(program *p) {
    spk_end_step(p->ctx);
    program_step_ended(p);
    return NULL;
}

static spk_tensor *write(const instruction *in) {
    switch (in->flags % 4) {
    case 0:
        return spk_fill(in->a, in->d), NULL;
    case 1:
        return spk_copy(in->a, in->b), NULL;
    case 2:
        return spk_fill_uniform(in->a, in->d, 1), NULL;
    default:
        return spk_fill_normal(in->a, 0, in->d), NULL;
    }
}

/* Writes the elements out, whatever the storage. */
static spk_tensor *read(const instruction *in) {
    const spk_real *data = spk_data(in->a);
    volatile spk_real seen = 0;
    for (int64_t i = 0; !spk_failed(spk_tensor_ctx(in->a)) && i < spk_size(in->a); i++) seen = data[i];
    (void)seen;
    if (in->flags & 1) spk_item(in->a);
    return NULL;
}

static spk_tensor *refuse_memory(program *p, const instruction *in) {
    p->memory->refuse = p->memory->calls + 1 + in->bytes[1] % 16;
    return NULL;
}

/* Op, call, promised shape. New ones go to the end: the code of an instruction, in seeds and findings, is its place here. */
#define INSTRUCTIONS(DO)                                                                                                  \
    DO(leaf, leaf(p, in), NULL)                                                                                           \
    DO(full, spk_full(p->ctx, in->shape, in->d), given)                                                                   \
    DO(counted, counted(p, in), given)                                                                                    \
    DO(scalar, persistent(p, spk_scalar(p->ctx, in->d)), NULL)                                                            \
    DO(keep, persistent(p, spk_keep(in->a)), NULL)                                                                        \
    DO(add, spk_add(in->a, in->b), both)                                                                                  \
    DO(subtract, spk_subtract(in->a, in->b), both)                                                                        \
    DO(multiply, spk_multiply(in->a, in->b), both)                                                                        \
    DO(divide, spk_divide(in->a, in->b), both)                                                                            \
    DO(where, spk_where(in->a, in->b, in->c), all_three)                                                                  \
    DO(negate, spk_negate(in->a), same)                                                                                   \
    DO(scale, spk_scale(in->a, in->d), same)                                                                              \
    DO(shift, spk_shift(in->a, in->d), same)                                                                              \
    DO(exp, spk_exp(in->a), same)                                                                                         \
    DO(log, spk_log(in->a), same)                                                                                         \
    DO(sqrt, spk_sqrt(in->a), same)                                                                                       \
    DO(power, spk_power(in->a, in->d), same)                                                                              \
    DO(tanh, spk_tanh(in->a), same)                                                                                       \
    DO(sigmoid, spk_sigmoid(in->a), same)                                                                                 \
    DO(relu, spk_relu(in->a), same)                                                                                       \
    DO(clamp, spk_clamp(in->a, in->d, in->flags & 1 ? -in->d : 1), same)                                                  \
    DO(matmul, spk_matmul(in->a, in->b, .transpose_a = in->flags & 1, .transpose_b = in->flags & 2), matmul)              \
    DO(linear, spk_linear(in->a, in->b, in->flags & 1 ? in->c : NULL), linear)                                            \
    DO(sum, spk_sum_with(in->a, reduction(in)), reduced)                                                                  \
    DO(mean, spk_mean_with(in->a, reduction(in)), reduced)                                                                \
    DO(max, spk_max_with(in->a, reduction(in)), reduced)                                                                  \
    DO(reshape, spk_reshape(in->a, in->shape), given)                                                                     \
    DO(flatten, spk_flatten(in->a), flat)                                                                                 \
    DO(slice, spk_slice(in->a, in->i, in->j), rows)                                                                       \
    DO(detach, spk_tensor_detach(in->a), same)                                                                            \
    DO(transpose, spk_transpose(in->a, int_of(in->i), int_of(in->j)), transposed)                                         \
    DO(concat, joined(in, false), some)                                                                                   \
    DO(stack, joined(in, true), some)                                                                                     \
    DO(dense, spk_dense(in->a), same)                                                                                     \
    DO(bits, spk_bits(in->a), same)                                                                                       \
    DO(repeat_over_time, spk_repeat_over_time(in->a, in->i), times)                                                       \
    DO(sum_over_time, spk_sum_over_time(in->a, in->i), over)                                                              \
    DO(mean_over_time, spk_mean_over_time(in->a, in->i), over)                                                            \
    DO(time_step, spk_time_step(in->a, in->i, in->j), over)                                                               \
    DO(softmax, spk_softmax(in->a), same)                                                                                 \
    DO(log_softmax, spk_log_softmax(in->a), same)                                                                         \
    DO(cross_entropy, spk_cross_entropy(in->a, in->b, .label_smoothing = in->d), scalar)                                  \
    DO(mse, spk_mse(in->a, in->b), scalar)                                                                                \
    DO(dropout, spk_dropout(in->a, .p = in->d, .T = in->i), same)                                                         \
    DO(batch_norm, batch_norm(in), same)                                                                                  \
    DO(heaviside, spk_heaviside(in->a, surrogate(in)), same)                                                              \
    DO(poisson, spk_poisson_encode(in->a, in->i), times)                                                                  \
    DO(latency, spk_latency_encode(in->a, in->i), times)                                                                  \
    DO(spike_cross_entropy, spk_spike_cross_entropy(in->a, in->b, in->i, in->d), scalar)                                  \
    DO(membrane_cross_entropy, spk_membrane_cross_entropy(in->a, in->b, in->i), scalar)                                   \
    DO(rate_mse, spk_rate_mse(in->a, in->b, in->i), scalar)                                                               \
    DO(rate_penalty, spk_rate_penalty(in->a, in->d, 0.5), scalar)                                                         \
    DO(one_hot, spk_one_hot(in->a, in->i), some)                                                                          \
    DO(count_correct, (spk_count_correct(in->a, in->b), NULL), NULL)                                                      \
    DO(lif_decay_input, spk_lif_decay_input(in->a, in->b, in->d, 2), some)                                                \
    DO(lif_no_decay_input, spk_lif_no_decay_input(in->a, in->b, 0, in->d), some)                                          \
    DO(leaky_charge, spk_leaky_charge((spk_leak){.k = in->d, .by = in->flags & 1 ? in->c : NULL}, in->a, in->b, 0), some) \
    DO(hard_reset, spk_hard_reset(in->a, in->b, in->d), some)                                                             \
    DO(neuron, keep_module(p, neuron(p, in)), NULL)                                                                       \
    DO(layer, keep_module(p, layer(p, in)), NULL)                                                                         \
    DO(leaky, spk_call(in->module, in->a), some)                                                                          \
    DO(of_module, of_module(p, in), NULL)                                                                                 \
    DO(change_module, change_module(in), NULL)                                                                            \
    DO(backward, backward(p, in), NULL)                                                                                   \
    DO(requires_grad, (spk_set_requires_grad(in->a, in->flags & 1), NULL), NULL)                                          \
    DO(retain_grad, (spk_retain_grad(in->a), NULL), NULL)                                                                 \
    DO(grad, spk_grad(in->a), NULL)                                                                                       \
    DO(clear_grad, (spk_clear_grad(in->a), NULL), NULL)                                                                   \
    DO(hook, (spk_add_grad_hook(in->a, in->flags & 1 ? NULL : hook, NULL), NULL), NULL)                                   \
    DO(grad_enabled, (spk_set_grad_enabled(p->ctx, in->flags & 1), NULL), NULL)                                           \
    DO(road, (spk_set_road(p->ctx, (spk_road)(in->flags % 3)), NULL), NULL)                                               \
    DO(write, write(in), NULL)                                                                                            \
    DO(read, read(in), NULL)                                                                                              \
    DO(refuse_memory, refuse_memory(p, in), NULL)                                                                         \
    DO(end_step, end_step(p), NULL)                                                                                       \
    DO(detect_anomaly, (spk_detect_anomaly(p->ctx, in->flags & 1), NULL), NULL)                                           \
    DO(optimizer, optimizer(in), NULL)

#define DEFINE(name, call, shape)                                      \
    static spk_tensor *run_##name(program *p, const instruction *in) { \
        (void)p, (void)in;                                             \
        return call;                                                   \
    }
INSTRUCTIONS(DEFINE)

#define ENTER(name, call, shape) {#name, run_##name, shape},
const generator generators[] = {INSTRUCTIONS(ENTER)};
const int n_generators = sizeof generators / sizeof *generators;
