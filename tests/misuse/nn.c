/* nn/: modules, layers, losses, memories. */
#include "misuse.h"
#include <limits.h>

#define MODULES(...) ((spk_module *const[]){__VA_ARGS__})
#define EMPTY(...) spk_full(s->ctx, SPK_SHAPE(__VA_ARGS__), 0)
#define LARGE ((int64_t)1 << 40)

/* A module of a type of one's own, without forward. */
static const spk_module_type plain_type = {.name = "plain", .size = sizeof(spk_module)};

/* Of a constructor that failed. */
static spk_module *none(void) { return spk_inert_module(); }

static spk_tensor *no_pre_hook(spk_module *module, spk_tensor *x, void *user) { return (void)module, (void)x, (void)user, NULL; }
static spk_tensor *no_hook(spk_module *module, spk_tensor *x, spk_tensor *y, void *user) {
    return (void)module, (void)x, (void)y, (void)user, NULL;
}

static const char long_name[] = "a_name_of_more_characters_than_a_module_or_a_slot_may_have";

Test(misuse_nn, constructors) {
    IGNORE(spk_sequential_of, NULL_ARGUMENT, spk_sequential_of(NULL, 1, MODULES(s->net)));
    REFUSE(spk_sequential_of, NULL_ARGUMENT, "spk_sequential|NULL", spk_sequential_of(s->ctx, 2, NULL));
    REFUSE(spk_sequential_of, NULL_ARGUMENT, "spk_sequential|child '1' is NULL", spk_sequential(s->ctx, s->net, NULL));
    REFUSE(spk_sequential_of, NULL_ARGUMENT, "spk_sequential|constructor that failed", spk_sequential(s->ctx, s->net, none()));
    REFUSE(spk_sequential_of, FOREIGN, "spk_sequential|child '1' is of another context", spk_sequential(s->ctx, s->net, s->other->net));
    REFUSE(spk_sequential_of, WRONG_KIND, "spk_sequential|a part of a module already", spk_sequential(s->ctx, s->net, s->linear));
    REFUSE(spk_sequential_of, WRONG_KIND, "spk_sequential|a part of a module already", spk_sequential(s->ctx, s->net, s->net));
    REFUSE(spk_sequential_of, OUT_OF_DOMAIN, "spk_sequential|negative", spk_sequential_of(s->ctx, -1, MODULES(s->net)));
    IGNORE(spk_linear_layer_with, NULL_ARGUMENT, spk_linear_layer(NULL, 2, 3));
    REFUSE(spk_linear_layer_with, OUT_OF_DOMAIN, "spk_linear_layer|at least 1", spk_linear_layer(s->ctx, 0, 3));
    REFUSE(spk_linear_layer_with, OUT_OF_DOMAIN, "spk_linear_layer|at least 1", spk_linear_layer(s->ctx, 3, INT64_MIN));
    REFUSE(spk_linear_layer_with, TOO_LARGE, "spk_linear_layer|at most 2147483647", spk_linear_layer(s->ctx, (int64_t)INT_MAX + 1, 1));
    REFUSE(spk_linear_layer_with, TOO_LARGE, "spk_linear_layer|at most 2147483647", spk_linear_layer(s->ctx, 1, INT64_MAX));
    REFUSE(spk_linear_layer_with, TOO_LARGE, "linear|memory cannot hold it", spk_linear_layer(s->ctx, INT_MAX, INT_MAX));
    IGNORE(spk_batch_norm1d_with, NULL_ARGUMENT, spk_batch_norm1d(NULL, 3));
    REFUSE(spk_batch_norm1d_with, OUT_OF_DOMAIN, "spk_batch_norm1d|at least 1", spk_batch_norm1d(s->ctx, 0));
    REFUSE(spk_batch_norm1d_with, OUT_OF_DOMAIN, "spk_batch_norm1d|eps", spk_batch_norm1d(s->ctx, 3, .eps = 0));
    REFUSE(spk_batch_norm1d_with, OUT_OF_DOMAIN, "spk_batch_norm1d|eps", spk_batch_norm1d(s->ctx, 3, .eps = NAN));
    REFUSE(spk_batch_norm1d_with, OUT_OF_DOMAIN, "spk_batch_norm1d|eps", spk_batch_norm1d(s->ctx, 3, .eps = INFINITY));
    REFUSE(spk_batch_norm1d_with, OUT_OF_DOMAIN, "spk_batch_norm1d|momentum", spk_batch_norm1d(s->ctx, 3, .momentum = -0.1));
    REFUSE(spk_batch_norm1d_with, OUT_OF_DOMAIN, "spk_batch_norm1d|momentum", spk_batch_norm1d(s->ctx, 3, .momentum = NAN));
    REFUSE(spk_batch_norm1d_with, TOO_LARGE, "batch_norm1d|memory cannot hold it", spk_batch_norm1d(s->ctx, INT64_MAX));
    IGNORE(spk_dropout_layer_with, NULL_ARGUMENT, spk_dropout_layer(NULL));
    REFUSE(spk_dropout_layer_with, OUT_OF_DOMAIN, "spk_dropout_layer|p is 1.1", spk_dropout_layer(s->ctx, .p = 1.1));
    REFUSE(spk_dropout_layer_with, OUT_OF_DOMAIN, "spk_dropout_layer|from 0 to 1", spk_dropout_layer(s->ctx, .p = NAN));
    REFUSE(spk_dropout_layer_with, OUT_OF_DOMAIN, "spk_dropout_layer|T is 0", spk_dropout_layer(s->ctx, .T = 0));
    IGNORE(spk_flatten_layer, NULL_ARGUMENT, spk_flatten_layer(NULL));
    IGNORE(spk_relu_layer, NULL_ARGUMENT, spk_relu_layer(NULL));
}

static const spk_module_type small_type = {.name = "small", .size = sizeof(spk_module) - 1}, nameless_type = {.size = sizeof(spk_module)},
                             large_type = {.name = "large", .size = SIZE_MAX};

Test(misuse_nn, modules) {
    IGNORE(spk_module_create, NULL_ARGUMENT, spk_module_create(NULL, &plain_type));
    REFUSE(spk_module_create, NULL_ARGUMENT, "spk_module_create|the type is NULL", spk_module_create(s->ctx, NULL));
    REFUSE(spk_module_create, NULL_ARGUMENT, "spk_module_create|no name", spk_module_create(s->ctx, &nameless_type));
    REFUSE(spk_module_create, WRONG_KIND, "spk_module_create|embed an spk_module first", spk_module_create(s->ctx, &small_type));
    REFUSE(spk_module_create, TOO_LARGE, "large|no memory", spk_module_create(s->ctx, &large_type));
    IGNORE_VOID(spk_module_destroy, NULL_ARGUMENT, spk_module_destroy(NULL));
    IGNORE_VOID(spk_module_destroy, WRONG_KIND, spk_module_destroy(none()));
    IGNORE(spk_module_ctx, NULL_ARGUMENT, spk_module_ctx(NULL));
    IGNORE(spk_module_ctx, WRONG_KIND, spk_module_ctx(none()));
    IGNORE(spk_module_set_name, NULL_ARGUMENT, spk_module_set_name(NULL, "net"));
    REFUSE(spk_module_set_name, NULL_ARGUMENT, "linear (net.0)|'(NULL)'", spk_module_set_name(s->linear, NULL));
    REFUSE(spk_module_set_name, OUT_OF_DOMAIN, "linear (net.0)|has a dot", spk_module_set_name(s->linear, "a.b"));
    REFUSE(spk_module_set_name, OUT_OF_DOMAIN, "linear (net.0)|is empty", spk_module_set_name(s->linear, ""));
    REFUSE(spk_module_set_name, OUT_OF_DOMAIN, "linear (net.0)|sibling '1'", spk_module_set_name(s->linear, "1"));
    REFUSE(spk_module_set_name, TOO_LARGE, "linear (net.0)|more than 47", spk_module_set_name(s->linear, long_name));
    IGNORE(spk_module_set_name, WRONG_KIND, spk_module_set_name(none(), "net"));
    IGNORE(spk_add_child, NULL_ARGUMENT, spk_add_child(NULL, "child", s->net));
    REFUSE(spk_add_child, NULL_ARGUMENT, "sequential (net)|'(NULL)'", spk_add_child(s->net, NULL, s->net));
    REFUSE(spk_add_child, NULL_ARGUMENT, "sequential (net)|child 'x' is NULL", spk_add_child(s->net, "x", NULL));
    REFUSE(spk_add_child, WRONG_KIND, "sequential (net)|constructor that failed", spk_add_child(s->net, "x", none()));
    REFUSE(spk_add_child, WRONG_KIND, "sequential (net)|itself", spk_add_child(s->net, "x", s->net));
    REFUSE(spk_add_child, WRONG_KIND, "linear (net.0)|contains it", spk_add_child(s->linear, "x", s->net));
    REFUSE(spk_add_child, WRONG_KIND, "sequential (net)|a part of a module already", spk_add_child(s->net, "x", s->linear));
    REFUSE(spk_add_child, FOREIGN, "sequential (net)|another context", spk_add_child(s->net, "x", s->other->net));
    IGNORE(spk_find_module, NULL_ARGUMENT, spk_find_module(NULL, "x"));
    IGNORE(spk_find_module, NULL_ARGUMENT, spk_find_module(s->net, NULL));
    IGNORE(spk_find_module, OUT_OF_DOMAIN, spk_find_module(s->net, "0.x"));
    IGNORE(spk_find_module, OUT_OF_DOMAIN, spk_find_module(s->net, "...."));
    IGNORE(spk_find_module, WRONG_KIND, spk_find_module(none(), "x"));
}

Test(misuse_nn, slots) {
    IGNORE(spk_register_parameter, NULL_ARGUMENT, spk_register_parameter(NULL, "w", SPK_SHAPE(3)));
    REFUSE(spk_register_parameter, NULL_ARGUMENT, "linear (net.0)|'(NULL)'", spk_register_parameter(s->linear, NULL, SPK_SHAPE(3)));
    REFUSE(spk_register_parameter, WRONG_KIND, "linear (net.0)|'bias' already", spk_register_parameter(s->linear, "bias", SPK_SHAPE(3)));
    REFUSE(spk_register_parameter, OUT_OF_DOMAIN, "linear (net.0)|[invalid]", spk_register_parameter(s->linear, "w", SPK_SHAPE(-3)));
    REFUSE(spk_register_parameter, OUT_OF_DOMAIN, "linear (net.0)|has a dot", spk_register_parameter(s->linear, "w.w", SPK_SHAPE(3)));
    REFUSE(spk_register_parameter, TOO_LARGE, "linear (net.0)|memory cannot hold it",
           spk_register_parameter(s->linear, "w", SPK_SHAPE(LARGE, LARGE)));
    REFUSE(spk_register_parameter, TOO_LARGE, "linear|no memory", spk_register_parameter(s->linear, "w", SPK_SHAPE((int64_t)1 << 55)));
    IGNORE(spk_register_buffer, NULL_ARGUMENT, spk_register_buffer(NULL, "w", SPK_SHAPE(3)));
    REFUSE(spk_register_buffer, NULL_ARGUMENT, "linear (net.0)|'(NULL)'", spk_register_buffer(s->linear, NULL, SPK_SHAPE(3)));
    REFUSE(spk_register_buffer, TOO_LARGE, "linear (net.0)|memory cannot hold it",
           spk_register_buffer(s->linear, "w", SPK_SHAPE(LARGE, LARGE)));
    IGNORE(spk_register_memory, NULL_ARGUMENT, spk_register_memory(NULL, "m", 0));
    REFUSE(spk_register_memory, NULL_ARGUMENT, "lif (net.2)|'(NULL)'", spk_register_memory(s->neuron, NULL, 0));
    REFUSE(spk_register_memory, WRONG_KIND, "lif (net.2)|'v' already", spk_register_memory(s->neuron, "v", 0));
    IGNORE(spk_find_tensor, NULL_ARGUMENT, spk_find_tensor(NULL, "w"));
    IGNORE(spk_find_tensor, NULL_ARGUMENT, spk_find_tensor(s->net, NULL));
    IGNORE(spk_find_tensor, OUT_OF_DOMAIN, spk_find_tensor(s->net, "0.x"));
    IGNORE(spk_find_tensor, WRONG_KIND, spk_find_tensor(s->neuron, "v")); /* a memory */
    IGNORE(spk_find_tensor, WRONG_KIND, spk_find_tensor(none(), "w"));
}

Test(misuse_nn, calls) {
    REFUSE(spk_call, NULL_ARGUMENT, "spk_call|the module is NULL", spk_call(NULL, s->x));
    REFUSE(spk_call, NULL_ARGUMENT, "sequential (net)|a tensor is NULL", spk_call(s->net, NULL));
    IGNORE(spk_call, NULL_ARGUMENT, spk_call(NULL, NULL));
    REFUSE(spk_call, WRONG_KIND, "spk_call|constructor that failed", spk_call(none(), s->x));
    REFUSE(spk_call, WRONG_KIND, "sequential (net)|inert", spk_call(s->net, s->inert));
    REFUSE(spk_call, FOREIGN, "sequential (net)|another context", spk_call(s->net, s->other->x));
    REFUSE(spk_call, ENDED, "sequential (net)|freed when step", spk_call(s->net, s->ended));
    REFUSE(spk_call, WRONG_SHAPE, "linear (net.0)|must have 6 elements", spk_call(s->net, s->matrix));
    IGNORE(spk_add_forward_pre_hook, NULL_ARGUMENT, spk_add_forward_pre_hook(NULL, no_pre_hook, NULL));
    REFUSE(spk_add_forward_pre_hook, NULL_ARGUMENT, "sequential (net)|the hook is NULL", spk_add_forward_pre_hook(s->net, NULL, NULL));
    IGNORE(spk_add_forward_pre_hook, NULL_ARGUMENT, spk_add_forward_pre_hook(none(), no_pre_hook, NULL));
    IGNORE(spk_add_forward_hook, NULL_ARGUMENT, spk_add_forward_hook(NULL, no_hook, NULL));
    REFUSE(spk_add_forward_hook, NULL_ARGUMENT, "sequential (net)|the hook is NULL", spk_add_forward_hook(s->net, NULL, NULL));
    IGNORE(spk_add_forward_hook, NULL_ARGUMENT, spk_add_forward_hook(none(), no_hook, NULL));
    IGNORE(spk_repr, NULL_ARGUMENT, spk_repr(NULL));
    IGNORE(spk_repr, WRONG_KIND, spk_repr(none()));
}

/* User data of hooks may be NULL; a module without forward says so. */
Test(misuse_nn, hooks_and_types_of_ones_own) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *module = spk_relu_layer(ctx), *bare = spk_module_create(ctx, &plain_type);
    cr_assert(spk_add_forward_pre_hook(module, no_pre_hook, NULL) && spk_add_forward_hook(module, no_hook, NULL));
    spk_tensor *x = uniform(ctx, SPK_SHAPE(2), 0, 1);
    cr_assert(spk_size(spk_call(module, x)) == 2);
    assert_inert(spk_call(bare, x), "no forward");
    assert_error(ctx, "no forward", "plain (plain)", "no forward");
    spk_ctx_destroy(ctx);
}

Test(misuse_nn, walks) {
    spk_walk at_end = spk_walk_slots(NULL, SPK_PARAMETER);
    IGNORE(spk_walk_slots, NULL_ARGUMENT, spk_walk_slots(NULL, SPK_PARAMETER).module);
    IGNORE(spk_walk_slots, WRONG_KIND, spk_walk_slots(none(), SPK_PARAMETER).module);
    IGNORE(spk_walk_next, NULL_ARGUMENT, spk_walk_next(NULL));
    IGNORE(spk_walk_next, OUT_OF_DOMAIN, spk_walk_next(&at_end));
    IGNORE(spk_next_module, NULL_ARGUMENT, spk_next_module(NULL, s->net));
    IGNORE(spk_next_module, NULL_ARGUMENT, spk_next_module(s->net, NULL));
    IGNORE(spk_next_module, FOREIGN, spk_next_module(s->other->net, s->dropout) == s->other->net);
    IGNORE(spk_parameter_count, NULL_ARGUMENT, spk_parameter_count(NULL, false));
    IGNORE_VOID(spk_train, NULL_ARGUMENT, spk_train(NULL));
    IGNORE_VOID(spk_train, WRONG_KIND, spk_train(none()));
    IGNORE_VOID(spk_eval, NULL_ARGUMENT, spk_eval(NULL));
    IGNORE_VOID(spk_eval, WRONG_KIND, spk_eval(none()));
    IGNORE_VOID(spk_zero_grad, NULL_ARGUMENT, spk_zero_grad(NULL));
    IGNORE_VOID(spk_zero_grad, WRONG_KIND, spk_zero_grad(none()));
    IGNORE_VOID(spk_freeze, NULL_ARGUMENT, spk_freeze(NULL, true));
    IGNORE_VOID(spk_freeze, WRONG_KIND, spk_freeze(none(), true));
    IGNORE_VOID(spk_reset, NULL_ARGUMENT, spk_reset(NULL));
    IGNORE_VOID(spk_reset, WRONG_KIND, spk_reset(none()));
    IGNORE_VOID(spk_detach, NULL_ARGUMENT, spk_detach(NULL));
    IGNORE_VOID(spk_detach, WRONG_KIND, spk_detach(none()));
}

/* The membrane after a forward, [2, 5], then asked for with another shape. */
static spk_module *charged(world *s) {
    spk_reset(s->neuron);
    spk_call(s->neuron, spk_linear(s->x, s->matrix, NULL));
    return s->neuron;
}

Test(misuse_nn, memories) {
    spk_tensor *value = NULL;
    IGNORE(spk_memory, NULL_ARGUMENT, spk_memory(NULL, "v"));
    REFUSE(spk_memory, NULL_ARGUMENT, "lif (net.2)|'(NULL)'", spk_memory(s->neuron, NULL));
    REFUSE(spk_memory, WRONG_KIND, "linear (net.0)|there is no memory 'weight'", spk_memory(s->linear, "weight"));
    IGNORE(spk_memory, WRONG_KIND, spk_memory(none(), "v"));
    IGNORE(spk_memory_like, NULL_ARGUMENT, spk_memory_like(NULL, "v", s->x));
    REFUSE(spk_memory_like, NULL_ARGUMENT, "lif (net.2)|'(NULL)'", spk_memory_like(s->neuron, NULL, s->x));
    REFUSE(spk_memory_like, NULL_ARGUMENT, "spk_memory_like|a tensor is NULL", spk_memory_like(s->neuron, "v", NULL));
    REFUSE(spk_memory_like, FOREIGN, "spk_memory_like|another context", spk_memory_like(s->neuron, "v", s->other->x));
    REFUSE(spk_memory_like, ENDED, "spk_memory_like|freed when step", spk_memory_like(s->neuron, "v", s->ended));
    REFUSE(spk_memory_like, WRONG_SHAPE, "lif (net.2)|call spk_reset(net)", spk_memory_like(charged(s), "v", s->x));
    IGNORE(spk_memory_check, NULL_ARGUMENT, spk_memory_check(NULL, "v", SPK_SHAPE(2), &value));
    REFUSE(spk_memory_check, NULL_ARGUMENT, "lif (net.2)|'(NULL)'", spk_memory_check(s->neuron, NULL, SPK_SHAPE(2), &value));
    REFUSE(spk_memory_check, NULL_ARGUMENT, "lif (net.2)|NULL", spk_memory_check(s->neuron, "v", SPK_SHAPE(2), NULL));
    IGNORE(spk_memory_check, NULL_ARGUMENT, spk_memory_check(NULL, "v", SPK_SHAPE(2), NULL));
    REFUSE(spk_memory_check, WRONG_SHAPE, "lif (net.2)|the input [2]", spk_memory_check(charged(s), "v", SPK_SHAPE(2), &value));
    IGNORE(spk_set_memory, NULL_ARGUMENT, spk_set_memory(NULL, "v", s->x));
    REFUSE(spk_set_memory, NULL_ARGUMENT, "lif (net.2)|'(NULL)'", spk_set_memory(s->neuron, NULL, s->x));
    REFUSE(spk_set_memory, NULL_ARGUMENT, "spk_set_memory|a tensor is NULL", spk_set_memory(s->neuron, "v", NULL));
    REFUSE(spk_set_memory, FOREIGN, "spk_set_memory|another context", spk_set_memory(s->neuron, "v", s->other->x));
    REFUSE(spk_set_memory, ENDED, "spk_set_memory|freed when step", spk_set_memory(s->neuron, "v", s->ended));
    IGNORE(spk_reset_value, NULL_ARGUMENT, spk_reset_value(NULL, "v"));
    REFUSE(spk_reset_value, NULL_ARGUMENT, "lif (net.2)|'(NULL)'", spk_reset_value(s->neuron, NULL));
    REFUSE(spk_reset_value, WRONG_KIND, "linear (net.0)|no memory 'v'", spk_reset_value(s->linear, "v"));
    IGNORE(spk_set_reset_value, NULL_ARGUMENT, spk_set_reset_value(NULL, "v", 0));
    REFUSE(spk_set_reset_value, NULL_ARGUMENT, "lif (net.2)|'(NULL)'", spk_set_reset_value(s->neuron, NULL, 0));
    REFUSE(spk_set_reset_value, WRONG_KIND, "linear (net.0)|no memory 'v'", spk_set_reset_value(s->linear, "v", 0));
}

/* Spikes of two steps, two samples and three classes. */
static spk_tensor *spikes(world *s) { return spk_full(s->ctx, SPK_SHAPE(4, 3), 1); }
static spk_tensor *labels(world *s, double second) { return spk_step_from(s->ctx, SPK_SHAPE(2), (spk_real[]){0, (spk_real)second}); }

Test(misuse_nn, losses) {
    IGNORE(spk_spike_cross_entropy, NULL_ARGUMENT, spk_spike_cross_entropy(NULL, NULL, 2, 0));
    REFUSE(spk_spike_cross_entropy, NULL_ARGUMENT, "spk_spike_cross_entropy|NULL", spk_spike_cross_entropy(NULL, s->labels, 2, 0));
    REFUSE(spk_spike_cross_entropy, NULL_ARGUMENT, "spk_spike_cross_entropy|NULL", spk_spike_cross_entropy(spikes(s), NULL, 2, 0));
    REFUSE(spk_spike_cross_entropy, FOREIGN, "spk_spike_cross_entropy|another context",
           spk_spike_cross_entropy(spikes(s), s->other->labels, 2, 0));
    REFUSE(spk_spike_cross_entropy, ENDED, "spk_spike_cross_entropy|freed when step", spk_spike_cross_entropy(s->ended, s->labels, 2, 0));
    REFUSE(spk_spike_cross_entropy, WRONG_SHAPE, "sum_over_time|T = 3", spk_spike_cross_entropy(spikes(s), s->labels, 3, 0));
    REFUSE(spk_spike_cross_entropy, WRONG_SHAPE, "cross_entropy|[N, classes]", spk_spike_cross_entropy(spikes(s), s->labels, 4, 0));
    REFUSE(spk_spike_cross_entropy, OUT_OF_DOMAIN, "sum_over_time|T = 0", spk_spike_cross_entropy(spikes(s), s->labels, 0, 0));
    REFUSE(spk_spike_cross_entropy, OUT_OF_DOMAIN, "cross_entropy|smoothing", spk_spike_cross_entropy(spikes(s), s->labels, 2, -1));
    REFUSE(spk_spike_cross_entropy, WRONG_KIND, "cross_entropy|whole numbers", spk_spike_cross_entropy(spikes(s), labels(s, 0.5), 2, 0));
    IGNORE(spk_membrane_cross_entropy, NULL_ARGUMENT, spk_membrane_cross_entropy(NULL, NULL, 2));
    REFUSE(spk_membrane_cross_entropy, NULL_ARGUMENT, "spk_membrane_cross_entropy|NULL", spk_membrane_cross_entropy(NULL, s->labels, 2));
    REFUSE(spk_membrane_cross_entropy, NULL_ARGUMENT, "spk_membrane_cross_entropy|NULL", spk_membrane_cross_entropy(spikes(s), NULL, 2));
    REFUSE(spk_membrane_cross_entropy, FOREIGN, "spk_membrane_cross_entropy|another context",
           spk_membrane_cross_entropy(spikes(s), s->other->labels, 2));
    REFUSE(spk_membrane_cross_entropy, ENDED, "spk_membrane_cross_entropy|freed when step",
           spk_membrane_cross_entropy(s->ended, s->labels, 2));
    REFUSE(spk_membrane_cross_entropy, WRONG_SHAPE, "cross_entropy|[N, classes]", spk_membrane_cross_entropy(spikes(s), s->labels, 3));
    REFUSE(spk_membrane_cross_entropy, OUT_OF_DOMAIN, "repeat_over_time|T is 0", spk_membrane_cross_entropy(spikes(s), s->labels, 0));
    REFUSE(spk_membrane_cross_entropy, TOO_LARGE, "repeat_over_time|memory", spk_membrane_cross_entropy(spikes(s), s->labels, INT64_MAX));
    IGNORE(spk_rate_mse, NULL_ARGUMENT, spk_rate_mse(NULL, NULL, 2));
    REFUSE(spk_rate_mse, NULL_ARGUMENT, "spk_rate_mse|a tensor is NULL", spk_rate_mse(NULL, s->labels, 2));
    REFUSE(spk_rate_mse, NULL_ARGUMENT, "spk_rate_mse|a tensor is NULL", spk_rate_mse(spikes(s), NULL, 2));
    REFUSE(spk_rate_mse, FOREIGN, "spk_rate_mse|another context", spk_rate_mse(spikes(s), s->other->labels, 2));
    REFUSE(spk_rate_mse, ENDED, "spk_rate_mse|freed when step", spk_rate_mse(s->ended, s->labels, 2));
    REFUSE(spk_rate_mse, WRONG_SHAPE, "sum_over_time|T = 3", spk_rate_mse(spikes(s), s->labels, 3));
    REFUSE(spk_rate_mse, WRONG_SHAPE, "mse|must be equal", spk_rate_mse(spikes(s), s->labels, 4));
    REFUSE(spk_rate_mse, WRONG_KIND, "one_hot|label 1 is 3", spk_rate_mse(spikes(s), labels(s, 3), 2));
    IGNORE(spk_rate_penalty, NULL_ARGUMENT, spk_rate_penalty(NULL, 0, 1));
    REFUSE(spk_rate_penalty, ENDED, "spk_rate_penalty|freed when step", spk_rate_penalty(s->ended, 0, 1));
    REFUSE(spk_rate_penalty, OUT_OF_DOMAIN, "spk_rate_penalty|lowest not above highest", spk_rate_penalty(spikes(s), 1, 0));
    REFUSE(spk_rate_penalty, OUT_OF_DOMAIN, "spk_rate_penalty|lowest not above highest", spk_rate_penalty(spikes(s), NAN, 1));
    REFUSE(spk_rate_penalty, OUT_OF_DOMAIN, "spk_rate_penalty|lowest not above highest", spk_rate_penalty(spikes(s), 0, INFINITY));
    REFUSE(spk_rate_penalty, WRONG_SHAPE, "mean|axis 0 is not one of the 0 of []", spk_rate_penalty(spk_full(s->ctx, SPK_SCALAR, 1), 0, 1));
    IGNORE(spk_one_hot, NULL_ARGUMENT, spk_one_hot(NULL, 3));
    REFUSE(spk_one_hot, ENDED, "one_hot|freed when step", spk_one_hot(s->ended, 3));
    REFUSE(spk_one_hot, OUT_OF_DOMAIN, "one_hot|0 classes", spk_one_hot(s->labels, 0));
    REFUSE(spk_one_hot, OUT_OF_DOMAIN, "one_hot|-1 classes", spk_one_hot(EMPTY(0), -1));
    REFUSE(spk_one_hot, TOO_LARGE, "one_hot|memory", spk_one_hot(s->labels, INT64_MAX));
    REFUSE(spk_one_hot, TOO_LARGE, "spk_full|no memory", spk_one_hot(s->labels, (int64_t)1 << 54));
    REFUSE(spk_one_hot, WRONG_KIND, "one_hot|label 1 is 0.5", spk_one_hot(labels(s, 0.5), 3));
    REFUSE(spk_one_hot, WRONG_KIND, "one_hot|whole numbers", spk_one_hot(labels(s, NAN), 3));
    REFUSE(spk_one_hot, WRONG_KIND, "one_hot|label 1 is -1", spk_one_hot(labels(s, -1), 3));
    IGNORE(spk_count_correct, NULL_ARGUMENT, spk_count_correct(NULL, NULL));
    REFUSE(spk_count_correct, NULL_ARGUMENT, "spk_count_correct|a tensor is NULL", spk_count_correct(NULL, s->labels));
    REFUSE(spk_count_correct, NULL_ARGUMENT, "spk_count_correct|a tensor is NULL", spk_count_correct(spikes(s), NULL));
    REFUSE(spk_count_correct, FOREIGN, "spk_count_correct|another context", spk_count_correct(spikes(s), s->other->labels));
    REFUSE(spk_count_correct, ENDED, "spk_count_correct|freed when step", spk_count_correct(s->ended, s->labels));
    REFUSE(spk_count_correct, WRONG_SHAPE, "spk_count_correct|[N, classes] and [N]", spk_count_correct(spikes(s), s->labels));
}

Test(misuse_nn, summary) {
    IGNORE(spk_summary_with, NULL_ARGUMENT, spk_summary(NULL, SPK_SHAPE(1)));
    IGNORE(spk_summary_with, WRONG_KIND, spk_summary(none(), SPK_SHAPE(1)));
    REFUSE(spk_summary_with, OUT_OF_DOMAIN, "spk_summary|T is 0", spk_summary(s->net, SPK_SHAPE(1, 6), .T = 0));
    REFUSE(spk_summary_with, OUT_OF_DOMAIN, "repeat_over_time|", spk_summary(s->net, SPK_SHAPE(1, 6), .T = INT64_MAX));
    REFUSE(spk_summary_with, WRONG_SHAPE, "spk_summary|shape is invalid", spk_summary(s->net, SPK_SHAPE(-1)));
    REFUSE(spk_summary_with, WRONG_SHAPE, "linear (net.0)|must have 6 elements", spk_summary(s->net, SPK_SHAPE(2, 5), .T = 2));
    REFUSE(spk_summary_with, WRONG_SHAPE, "linear (net.0)|", spk_summary(s->net, SPK_SCALAR));
    REFUSE(spk_summary_with, TOO_LARGE, "spk_full|no memory", spk_summary(s->net, SPK_SHAPE(LARGE, 6)));
    ALLOW(spk_summary_with, WRONG_SHAPE, spk_summary(s->net, SPK_SHAPE(0, 6), .T = 2));
}
