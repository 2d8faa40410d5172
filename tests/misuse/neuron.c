/* neuron/: neurons, what they are made of, surrogates, encoders. */
#include "misuse.h"

static spk_module *none(void) { return spk_inert_module(); }
static spk_base_node *node(world *s) { return spk_as_node(s->neuron); }
/* What a constructor that failed gives, as the struct that a program of one's own takes it for. */
static spk_base_node *no_node(void) { return (spk_base_node *)(void *)spk_inert_module(); }

/* Types of one's own. */
static spk_tensor *dynamics(spk_base_node *of, spk_tensor *x, spk_tensor *v) { return (void)of, spk_add(x, v); }
static const spk_neuron_type own_type = {.module = SPK_NEURON_MODULE("own", spk_base_node, spk_base_node_repr),
                                         .neuronal_dynamics = dynamics};
static const spk_neuron_type small_type = {.module = {.name = "small", .size = sizeof(spk_module), .forward = spk_base_node_forward}};
static const spk_neuron_type nameless_type = {.module = {.size = sizeof(spk_base_node), .forward = spk_base_node_forward}};
static const spk_neuron_type large_type = {.module = {.name = "large", .size = SIZE_MAX, .forward = spk_base_node_forward}};
static spk_base_node_opts defaults(void) { return spk_base_node_options(); }

/* A surrogate that is none. */
static spk_surrogate invalid(void) { return spk_surrogate_of("no such surrogate"); }
static void flat(const spk_surrogate *of, int64_t n, const spk_real *x, spk_real *out) {
    (void)of, (void)x;
    for (int64_t i = 0; i < n; i++) out[i] = 1;
}
static spk_surrogate without_primitive(void) {
    spk_surrogate s = spk_surrogate_custom("own", flat, NULL, NULL);
    s.spiking = false;
    return s;
}

Test(misuse_neuron, constructors) {
    IGNORE(spk_if_with, NULL_ARGUMENT, spk_if(NULL));
    REFUSE(spk_if_with, OUT_OF_DOMAIN, "if|.v_threshold is", spk_if(s->ctx, .v_threshold = NAN));
    REFUSE(spk_if_with, OUT_OF_DOMAIN, "if|.v_threshold is", spk_if(s->ctx, .v_threshold = 1e300 * 1e300));
    REFUSE(spk_if_with, OUT_OF_DOMAIN, "if|.v_reset is -inf; it must be finite", spk_if(s->ctx, .v_reset = -INFINITY));
    REFUSE(spk_if_with, OUT_OF_DOMAIN, "if|.T is 0; it must be at least 1", spk_if(s->ctx, .T = 0));
    REFUSE(spk_if_with, OUT_OF_DOMAIN, "if|it must be at least 1", spk_if(s->ctx, .T = INT64_MIN));
    REFUSE(spk_if_with, WRONG_KIND, "if|is unknown, or has a parameter that is not positive",
           spk_if(s->ctx, .surrogate_function = invalid()));
    REFUSE(spk_if_with, WRONG_KIND, "if|has no primitive", spk_if(s->ctx, .surrogate_function = without_primitive()));
    REFUSE(spk_if_with, WRONG_KIND, "if|spiking = false gives none",
           spk_if(s->ctx, .spike_out = true, .surrogate_function = spk_surrogate_of("atan", .spiking = false)));
    IGNORE(spk_lif_with, NULL_ARGUMENT, spk_lif(NULL));
    REFUSE(spk_lif_with, OUT_OF_DOMAIN, "lif|.v_threshold is", spk_lif(s->ctx, .v_threshold = NAN));
    REFUSE(spk_lif_with, OUT_OF_DOMAIN, "lif|.v_threshold is", spk_lif(s->ctx, .v_threshold = 1e300 * 1e300));
    REFUSE(spk_lif_with, OUT_OF_DOMAIN, "lif|.v_reset is -inf; it must be finite", spk_lif(s->ctx, .v_reset = -INFINITY));
    REFUSE(spk_lif_with, OUT_OF_DOMAIN, "lif|it must be at least 1", spk_lif(s->ctx, .T = 0));
    REFUSE(spk_lif_with, OUT_OF_DOMAIN, "lif|it must be at least 1", spk_lif(s->ctx, .T = INT64_MIN));
    REFUSE(spk_lif_with, WRONG_KIND, "lif|is unknown, or has a parameter that is not positive",
           spk_lif(s->ctx, .surrogate_function = invalid()));
    REFUSE(spk_lif_with, WRONG_KIND, "lif|has no primitive", spk_lif(s->ctx, .surrogate_function = without_primitive()));
    REFUSE(spk_lif_with, WRONG_KIND, "lif|spiking = false gives none",
           spk_lif(s->ctx, .spike_out = true, .surrogate_function = spk_surrogate_of("atan", .spiking = false)));
    IGNORE(spk_plif_with, NULL_ARGUMENT, spk_plif(NULL));
    REFUSE(spk_plif_with, OUT_OF_DOMAIN, "plif|.v_threshold is", spk_plif(s->ctx, .v_threshold = NAN));
    REFUSE(spk_plif_with, OUT_OF_DOMAIN, "plif|.v_threshold is", spk_plif(s->ctx, .v_threshold = 1e300 * 1e300));
    REFUSE(spk_plif_with, OUT_OF_DOMAIN, "plif|.v_reset is -inf; it must be finite", spk_plif(s->ctx, .v_reset = -INFINITY));
    REFUSE(spk_plif_with, OUT_OF_DOMAIN, "plif|it must be at least 1", spk_plif(s->ctx, .T = 0));
    REFUSE(spk_plif_with, OUT_OF_DOMAIN, "plif|it must be at least 1", spk_plif(s->ctx, .T = INT64_MIN));
    REFUSE(spk_plif_with, WRONG_KIND, "plif|is unknown, or has a parameter that is not positive",
           spk_plif(s->ctx, .surrogate_function = invalid()));
    REFUSE(spk_plif_with, WRONG_KIND, "plif|has no primitive", spk_plif(s->ctx, .surrogate_function = without_primitive()));
    REFUSE(spk_plif_with, WRONG_KIND, "plif|spiking = false gives none",
           spk_plif(s->ctx, .spike_out = true, .surrogate_function = spk_surrogate_of("atan", .spiking = false)));
    IGNORE(spk_base_node_with, NULL_ARGUMENT, spk_base_node(NULL));
    REFUSE(spk_base_node_with, OUT_OF_DOMAIN, "base_node|.v_threshold is", spk_base_node(s->ctx, .v_threshold = NAN));
    REFUSE(spk_base_node_with, OUT_OF_DOMAIN, "base_node|.v_threshold is", spk_base_node(s->ctx, .v_threshold = 1e300 * 1e300));
    REFUSE(spk_base_node_with, OUT_OF_DOMAIN, "base_node|.v_reset is -inf; it must be finite", spk_base_node(s->ctx, .v_reset = -INFINITY));
    REFUSE(spk_base_node_with, OUT_OF_DOMAIN, "base_node|it must be at least 1", spk_base_node(s->ctx, .T = 0));
    REFUSE(spk_base_node_with, OUT_OF_DOMAIN, "base_node|it must be at least 1", spk_base_node(s->ctx, .T = INT64_MIN));
    REFUSE(spk_base_node_with, WRONG_KIND, "base_node|is unknown, or has a parameter that is not positive",
           spk_base_node(s->ctx, .surrogate_function = invalid()));
    REFUSE(spk_base_node_with, WRONG_KIND, "base_node|has no primitive", spk_base_node(s->ctx, .surrogate_function = without_primitive()));
    REFUSE(spk_base_node_with, WRONG_KIND, "base_node|spiking = false gives none",
           spk_base_node(s->ctx, .spike_out = true, .surrogate_function = spk_surrogate_of("atan", .spiking = false)));
    REFUSE(spk_lif_with, OUT_OF_DOMAIN, "lif|greater than 1 step", spk_lif(s->ctx, .tau = 1));
    REFUSE(spk_lif_with, OUT_OF_DOMAIN, "lif|greater than 1 step", spk_lif(s->ctx, .tau = 0.5));
    REFUSE(spk_lif_with, OUT_OF_DOMAIN, "lif|greater than 1 step", spk_lif(s->ctx, .tau = -2));
    REFUSE(spk_lif_with, OUT_OF_DOMAIN, "lif|greater than 1 step", spk_lif(s->ctx, .tau = NAN));
    REFUSE(spk_plif_with, OUT_OF_DOMAIN, "plif|greater than 1 step", spk_plif(s->ctx, .tau = 1));
    REFUSE(spk_plif_with, OUT_OF_DOMAIN, "plif|greater than 1 step", spk_plif(s->ctx, .tau = 0.5));
    REFUSE(spk_plif_with, OUT_OF_DOMAIN, "plif|greater than 1 step", spk_plif(s->ctx, .tau = -2));
    REFUSE(spk_plif_with, OUT_OF_DOMAIN, "plif|greater than 1 step", spk_plif(s->ctx, .tau = NAN));
    REFUSE(spk_plif_with, OUT_OF_DOMAIN, "plif|finite", spk_plif(s->ctx, .tau = INFINITY));
    IGNORE(spk_base_node_create, NULL_ARGUMENT, spk_base_node_create(NULL, &own_type, defaults()));
    REFUSE(spk_base_node_create, NULL_ARGUMENT, "spk_base_node_create|the type is NULL", spk_base_node_create(s->ctx, NULL, defaults()));
    REFUSE(spk_base_node_create, NULL_ARGUMENT, "spk_base_node_create|no name", spk_base_node_create(s->ctx, &nameless_type, defaults()));
    REFUSE(spk_base_node_create, WRONG_KIND, "spk_base_node_create|embed an spk_base_node",
           spk_base_node_create(s->ctx, &small_type, defaults()));
    REFUSE(spk_base_node_create, TOO_LARGE, "large|no memory", spk_base_node_create(s->ctx, &large_type, defaults()));
}

Test(misuse_neuron, surrogates) {
    int count = 0;
    IGNORE(spk_surrogate_named, NULL_ARGUMENT, (const void *)(uintptr_t)spk_surrogate_of(NULL).grad);
    IGNORE(spk_surrogate_named, WRONG_KIND, (const void *)(uintptr_t)invalid().grad);
    IGNORE(spk_surrogate_named, OUT_OF_DOMAIN, (const void *)(uintptr_t)spk_surrogate_of("atan", .alpha = 0).grad);
    IGNORE(spk_surrogate_named, OUT_OF_DOMAIN, (const void *)(uintptr_t)spk_surrogate_of("atan", .alpha = -1).grad);
    IGNORE(spk_surrogate_named, OUT_OF_DOMAIN, (const void *)(uintptr_t)spk_surrogate_of("atan", .alpha = INFINITY).grad);
    IGNORE(spk_surrogate_named, OUT_OF_DOMAIN, (const void *)(uintptr_t)spk_surrogate_of("leaky_k_relu", .leak = INFINITY).grad);
    IGNORE(spk_surrogate_name, OUT_OF_DOMAIN, spk_surrogate_name(-1));
    IGNORE(spk_surrogate_name, OUT_OF_DOMAIN, spk_surrogate_name(INT32_MAX));
    ALLOW(spk_surrogate_custom, NULL_ARGUMENT, spk_surrogate_custom(NULL, flat, flat, NULL).name);
    IGNORE(spk_surrogate_custom, NULL_ARGUMENT, (const void *)(uintptr_t)spk_surrogate_custom("own", NULL, flat, NULL).grad);
    ALLOW(spk_surrogate_custom, NULL_ARGUMENT, spk_surrogate_custom("own", flat, NULL, NULL).spiking);
    ALLOW(spk_surrogate_custom, NULL_ARGUMENT, spk_heaviside(s->x, spk_surrogate_custom("own", flat, flat, NULL)));
    IGNORE(spk_heaviside, NULL_ARGUMENT, spk_heaviside(NULL, spk_surrogate_of("atan")));
    REFUSE(spk_heaviside, ENDED, "heaviside|freed when step", spk_heaviside(s->ended, spk_surrogate_of("atan")));
    REFUSE(spk_heaviside, WRONG_KIND, "heaviside|'no such surrogate' is unknown", spk_heaviside(s->x, invalid()));
    REFUSE(spk_heaviside, WRONG_KIND, "heaviside|(none)", spk_heaviside(s->x, (spk_surrogate){0}));
    REFUSE(spk_heaviside, WRONG_KIND, "heaviside|lacks the primitive", spk_heaviside(s->x, without_primitive()));
    ALLOW(spk_neuron_ops, NULL_ARGUMENT, spk_neuron_ops(NULL));
    cr_assert(spk_neuron_ops(&count) && count > 0);
}

Test(misuse_neuron, encoders) {
    IGNORE(spk_constant_encode, NULL_ARGUMENT, spk_constant_encode(NULL, 2));
    REFUSE(spk_constant_encode, ENDED, "repeat_over_time|freed when step", spk_constant_encode(s->ended, 2));
    REFUSE(spk_constant_encode, OUT_OF_DOMAIN, "repeat_over_time|T is 0", spk_constant_encode(s->x, 0));
    REFUSE(spk_constant_encode, OUT_OF_DOMAIN, "repeat_over_time|T is -1", spk_constant_encode(s->x, -1));
    REFUSE(spk_constant_encode, WRONG_SHAPE, "repeat_over_time|batch axis", spk_constant_encode(spk_full(s->ctx, SPK_SCALAR, 1), 2));
    REFUSE(spk_constant_encode, TOO_LARGE, "repeat_over_time|9223372036854775807", spk_constant_encode(s->x, INT64_MAX));
    REFUSE(spk_constant_encode, TOO_LARGE, "repeat_over_time|9223372036854775807",
           spk_constant_encode(spk_full(s->ctx, SPK_SHAPE(0, 3), 1), INT64_MAX));
    IGNORE(spk_poisson_encode, NULL_ARGUMENT, spk_poisson_encode(NULL, 2));
    REFUSE(spk_poisson_encode, ENDED, "poisson|freed when step", spk_poisson_encode(s->ended, 2));
    REFUSE(spk_poisson_encode, OUT_OF_DOMAIN, "poisson|T is 0", spk_poisson_encode(s->x, 0));
    REFUSE(spk_poisson_encode, OUT_OF_DOMAIN, "poisson|T is -1", spk_poisson_encode(s->x, -1));
    REFUSE(spk_poisson_encode, WRONG_SHAPE, "poisson|batch axis", spk_poisson_encode(spk_full(s->ctx, SPK_SCALAR, 1), 2));
    REFUSE(spk_poisson_encode, TOO_LARGE, "poisson|9223372036854775807", spk_poisson_encode(s->x, INT64_MAX));
    REFUSE(spk_poisson_encode, TOO_LARGE, "poisson|9223372036854775807",
           spk_poisson_encode(spk_full(s->ctx, SPK_SHAPE(0, 3), 1), INT64_MAX));
    IGNORE(spk_latency_encode, NULL_ARGUMENT, spk_latency_encode(NULL, 2));
    REFUSE(spk_latency_encode, ENDED, "latency|freed when step", spk_latency_encode(s->ended, 2));
    REFUSE(spk_latency_encode, OUT_OF_DOMAIN, "latency|T is 0", spk_latency_encode(s->x, 0));
    REFUSE(spk_latency_encode, OUT_OF_DOMAIN, "latency|T is -1", spk_latency_encode(s->x, -1));
    REFUSE(spk_latency_encode, WRONG_SHAPE, "latency|batch axis", spk_latency_encode(spk_full(s->ctx, SPK_SCALAR, 1), 2));
    REFUSE(spk_latency_encode, TOO_LARGE, "latency|9223372036854775807", spk_latency_encode(s->x, INT64_MAX));
    REFUSE(spk_latency_encode, TOO_LARGE, "latency|9223372036854775807",
           spk_latency_encode(spk_full(s->ctx, SPK_SHAPE(0, 3), 1), INT64_MAX));
    REFUSE(spk_poisson_encode, TOO_LARGE, "poisson|no memory", spk_poisson_encode(s->x, (int64_t)1 << 50));
    REFUSE(spk_latency_encode, TOO_LARGE, "latency|no memory", spk_latency_encode(s->x, (int64_t)1 << 50));
    /* Numbers outside of 0..1, and none at all, are limited or never fire: documented to be right. */
    ALLOW(spk_latency_encode, OUT_OF_DOMAIN, spk_latency_encode(spk_full(s->ctx, SPK_SHAPE(2, 3), NAN), 4));
    ALLOW(spk_latency_encode, OUT_OF_DOMAIN, spk_latency_encode(spk_full(s->ctx, SPK_SHAPE(2, 3), -INFINITY), 4));
}

Test(misuse_neuron, forwards) {
    REFUSE(spk_simple_forward, NULL_ARGUMENT, "spk_simple_forward|the neuron is NULL", spk_simple_forward(NULL, s->x));
    REFUSE(spk_simple_forward, NULL_ARGUMENT, "spk_simple_forward|a tensor is NULL", spk_simple_forward(node(s), NULL));
    IGNORE(spk_simple_forward, NULL_ARGUMENT, spk_simple_forward(NULL, NULL));
    REFUSE(spk_simple_forward, WRONG_KIND, "spk_simple_forward|failed", spk_simple_forward(no_node(), s->x));
    REFUSE(spk_simple_forward, FOREIGN, "spk_simple_forward|another context", spk_simple_forward(node(s), s->other->x));
    REFUSE(spk_simple_forward, ENDED, "spk_simple_forward|freed when step", spk_simple_forward(node(s), s->ended));
    REFUSE(spk_parallel_optim_forward, NULL_ARGUMENT, "spk_parallel_optim_forward|the neuron is NULL",
           spk_parallel_optim_forward(NULL, s->x));
    REFUSE(spk_parallel_optim_forward, NULL_ARGUMENT, "spk_parallel_optim_forward|a tensor is NULL",
           spk_parallel_optim_forward(node(s), NULL));
    IGNORE(spk_parallel_optim_forward, NULL_ARGUMENT, spk_parallel_optim_forward(NULL, NULL));
    REFUSE(spk_parallel_optim_forward, WRONG_KIND, "spk_parallel_optim_forward|failed", spk_parallel_optim_forward(no_node(), s->x));
    REFUSE(spk_parallel_optim_forward, FOREIGN, "spk_parallel_optim_forward|another context",
           spk_parallel_optim_forward(node(s), s->other->x));
    REFUSE(spk_parallel_optim_forward, ENDED, "spk_parallel_optim_forward|freed when step", spk_parallel_optim_forward(node(s), s->ended));
    REFUSE(spk_v_float_to_tensor, NULL_ARGUMENT, "spk_v_float_to_tensor|the neuron is NULL", spk_v_float_to_tensor(NULL, s->x));
    REFUSE(spk_v_float_to_tensor, NULL_ARGUMENT, "spk_v_float_to_tensor|a tensor is NULL", spk_v_float_to_tensor(node(s), NULL));
    IGNORE(spk_v_float_to_tensor, NULL_ARGUMENT, spk_v_float_to_tensor(NULL, NULL));
    REFUSE(spk_v_float_to_tensor, WRONG_KIND, "spk_v_float_to_tensor|failed", spk_v_float_to_tensor(no_node(), s->x));
    REFUSE(spk_v_float_to_tensor, FOREIGN, "spk_v_float_to_tensor|another context", spk_v_float_to_tensor(node(s), s->other->x));
    REFUSE(spk_v_float_to_tensor, ENDED, "spk_v_float_to_tensor|freed when step", spk_v_float_to_tensor(node(s), s->ended));
    REFUSE(spk_simple_forward, WRONG_SHAPE, "lif (net.2)|T = 1 does not divide",
           spk_simple_forward(node(s), spk_full(s->ctx, SPK_SCALAR, 1)));
    REFUSE(spk_parallel_optim_forward, WRONG_SHAPE, "lif (net.2)|T = 2 does not divide the first axis of x [3, 6]",
           spk_parallel_optim_forward(node(s), spk_slice(s->x, 0, 3)));
    REFUSE(spk_base_node_forward, NULL_ARGUMENT, "spk_base_node_forward|no neuron", spk_base_node_forward(NULL, s->x));
    REFUSE(spk_base_node_forward, NULL_ARGUMENT, "spk_parallel_optim_forward|a tensor is NULL", spk_base_node_forward(s->neuron, NULL));
    REFUSE(spk_base_node_forward, WRONG_KIND, "spk_base_node_forward|no neuron", spk_base_node_forward(s->linear, s->x));
    REFUSE(spk_base_node_forward, WRONG_KIND, "spk_base_node_forward|no neuron", spk_base_node_forward(none(), s->x));
    REFUSE(spk_base_node_forward, FOREIGN, "spk_parallel_optim_forward|another context", spk_base_node_forward(s->neuron, s->other->x));
    REFUSE(spk_base_node_forward, ENDED, "spk_parallel_optim_forward|freed when step", spk_base_node_forward(s->neuron, s->ended));
    IGNORE(spk_as_node, NULL_ARGUMENT, spk_as_node(NULL));
    IGNORE(spk_as_node, WRONG_KIND, spk_as_node(s->linear));
    IGNORE(spk_as_node, WRONG_KIND, spk_as_node(none()));
}

static bool repr_of(world *s, const spk_module *module) {
    spk_text text = {.ctx = s->ctx};
    spk_base_node_repr(module, &text);
    const bool something = text.data != NULL;
    spk_text_free(&text);
    return something;
}

Test(misuse_neuron, parts) {
    IGNORE(spk_base_node_repr, NULL_ARGUMENT, repr_of(s, NULL));
    IGNORE_VOID(spk_base_node_repr, NULL_ARGUMENT, spk_base_node_repr(s->neuron, NULL));
    IGNORE(spk_base_node_repr, WRONG_KIND, repr_of(s, s->linear));
    IGNORE(spk_base_node_repr, WRONG_KIND, repr_of(s, none()));
    REFUSE(spk_neuronal_dynamics, NULL_ARGUMENT, "spk_neuronal_dynamics|the neuron is NULL", spk_neuronal_dynamics(NULL, s->x, s->x));
    REFUSE(spk_neuronal_dynamics, NULL_ARGUMENT, "spk_neuronal_dynamics|a tensor is NULL", spk_neuronal_dynamics(node(s), NULL, s->x));
    REFUSE(spk_neuronal_dynamics, NULL_ARGUMENT, "spk_neuronal_dynamics|a tensor is NULL", spk_neuronal_dynamics(node(s), s->x, NULL));
    REFUSE(spk_neuronal_dynamics, WRONG_KIND, "spk_neuronal_dynamics|failed", spk_neuronal_dynamics(no_node(), s->x, s->x));
    REFUSE(spk_neuronal_dynamics, FOREIGN, "spk_neuronal_dynamics|another context", spk_neuronal_dynamics(node(s), s->x, s->other->x));
    REFUSE(spk_neuronal_dynamics, ENDED, "spk_neuronal_dynamics|freed when step", spk_neuronal_dynamics(node(s), s->ended, s->x));
    REFUSE(spk_neuronal_fire, NULL_ARGUMENT, "spk_neuronal_fire|the neuron is NULL", spk_neuronal_fire(NULL, s->x));
    REFUSE(spk_neuronal_fire, NULL_ARGUMENT, "spk_neuronal_fire|a tensor is NULL", spk_neuronal_fire(node(s), NULL));
    REFUSE(spk_neuronal_fire, WRONG_KIND, "spk_neuronal_fire|failed", spk_neuronal_fire(no_node(), s->x));
    REFUSE(spk_neuronal_fire, FOREIGN, "spk_neuronal_fire|another context", spk_neuronal_fire(node(s), s->other->x));
    REFUSE(spk_neuronal_fire, ENDED, "spk_neuronal_fire|freed when step", spk_neuronal_fire(node(s), s->ended));
    REFUSE(spk_neuronal_reset, NULL_ARGUMENT, "spk_neuronal_reset|the neuron is NULL", spk_neuronal_reset(NULL, s->x, s->x));
    REFUSE(spk_neuronal_reset, NULL_ARGUMENT, "spk_neuronal_reset|a tensor is NULL", spk_neuronal_reset(node(s), NULL, s->x));
    REFUSE(spk_neuronal_reset, NULL_ARGUMENT, "spk_neuronal_reset|a tensor is NULL", spk_neuronal_reset(node(s), s->x, NULL));
    REFUSE(spk_neuronal_reset, WRONG_KIND, "spk_neuronal_reset|failed", spk_neuronal_reset(no_node(), s->x, s->x));
    REFUSE(spk_neuronal_reset, FOREIGN, "spk_neuronal_reset|another context", spk_neuronal_reset(node(s), s->x, s->other->x));
    REFUSE(spk_neuronal_reset, ENDED, "spk_neuronal_reset|freed when step", spk_neuronal_reset(node(s), s->x, s->ended));
    REFUSE(spk_hard_reset, NULL_ARGUMENT, "hard_reset|a tensor is NULL", spk_hard_reset(NULL, s->x, 0));
    REFUSE(spk_hard_reset, NULL_ARGUMENT, "hard_reset|a tensor is NULL", spk_hard_reset(s->x, NULL, 0));
    REFUSE(spk_hard_reset, FOREIGN, "hard_reset|another context", spk_hard_reset(s->x, s->other->x, 0));
    REFUSE(spk_hard_reset, ENDED, "hard_reset|freed when step", spk_hard_reset(s->ended, s->x, 0));
    REFUSE(spk_hard_reset, ENDED, "hard_reset|freed when step", spk_hard_reset(s->x, s->ended, 0));
    REFUSE(spk_hard_reset, OUT_OF_DOMAIN, "hard_reset|v_reset", spk_hard_reset(s->x, s->x, SPK_NONE));
    REFUSE(spk_hard_reset, OUT_OF_DOMAIN, "hard_reset|v_reset is inf", spk_hard_reset(s->x, s->x, INFINITY));
    REFUSE(spk_soft_reset, NULL_ARGUMENT, "soft_reset|a tensor is NULL", spk_soft_reset(NULL, s->x, 0));
    REFUSE(spk_soft_reset, NULL_ARGUMENT, "soft_reset|a tensor is NULL", spk_soft_reset(s->x, NULL, 0));
    REFUSE(spk_soft_reset, FOREIGN, "soft_reset|another context", spk_soft_reset(s->x, s->other->x, 0));
    REFUSE(spk_soft_reset, ENDED, "soft_reset|freed when step", spk_soft_reset(s->ended, s->x, 0));
    REFUSE(spk_soft_reset, ENDED, "soft_reset|freed when step", spk_soft_reset(s->x, s->ended, 0));
    REFUSE(spk_soft_reset, OUT_OF_DOMAIN, "soft_reset|v_threshold", spk_soft_reset(s->x, s->x, SPK_NONE));
    REFUSE(spk_soft_reset, OUT_OF_DOMAIN, "soft_reset|v_threshold is inf", spk_soft_reset(s->x, s->x, INFINITY));
    REFUSE(spk_leaky_charge, NULL_ARGUMENT, "leaky_charge|a tensor is NULL", spk_leaky_charge((spk_leak){.k = 0.5}, NULL, s->x, 0));
    REFUSE(spk_leaky_charge, NULL_ARGUMENT, "leaky_charge|a tensor is NULL", spk_leaky_charge((spk_leak){.k = 0.5}, s->x, NULL, 0));
    REFUSE(spk_leaky_charge, FOREIGN, "leaky_charge|another context", spk_leaky_charge((spk_leak){.k = 0.5}, s->x, s->other->x, 0));
    REFUSE(spk_leaky_charge, FOREIGN, "multiply|another context", spk_leaky_charge((spk_leak){.by = s->other->x}, s->x, s->x, 0));
    REFUSE(spk_leaky_charge, ENDED, "leaky_charge|freed when step", spk_leaky_charge((spk_leak){.k = 0.5}, s->x, s->ended, 0));
    REFUSE(spk_leaky_charge, ENDED, "multiply|freed when step", spk_leaky_charge((spk_leak){.by = s->ended}, s->x, s->x, 0));
    REFUSE(spk_leaky_charge, OUT_OF_DOMAIN, "leaky_charge|both must be finite", spk_leaky_charge((spk_leak){.k = NAN}, s->x, s->x, 0));
    REFUSE(spk_leaky_charge, OUT_OF_DOMAIN, "leaky_charge|v_rest", spk_leaky_charge((spk_leak){.k = 0.5}, s->x, s->x, SPK_NONE));
}

Test(misuse_neuron, static_dynamics) {
    REFUSE(spk_lif_decay_input_reset0, NULL_ARGUMENT, "leaky_charge|a tensor is NULL", spk_lif_decay_input_reset0(NULL, s->x, 2));
    REFUSE(spk_lif_decay_input_reset0, NULL_ARGUMENT, "leaky_charge|a tensor is NULL", spk_lif_decay_input_reset0(s->x, NULL, 2));
    REFUSE(spk_lif_decay_input_reset0, FOREIGN, "leaky_charge|another context", spk_lif_decay_input_reset0(s->x, s->other->x, 2));
    REFUSE(spk_lif_decay_input_reset0, ENDED, "leaky_charge|freed when step", spk_lif_decay_input_reset0(s->ended, s->x, 2));
    REFUSE(spk_lif_decay_input_reset0, WRONG_SHAPE, "add|do not broadcast", spk_lif_decay_input_reset0(s->x, s->matrix, 2));
    REFUSE(spk_lif_decay_input_reset0, OUT_OF_DOMAIN, "lif|tau is 0", spk_lif_decay_input_reset0(s->x, s->x, 0));
    REFUSE(spk_lif_decay_input_reset0, OUT_OF_DOMAIN, "lif|tau is 0.5", spk_lif_decay_input_reset0(s->x, s->x, 0.5));
    REFUSE(spk_lif_decay_input_reset0, OUT_OF_DOMAIN, "lif|tau", spk_lif_decay_input_reset0(s->x, s->x, NAN));
    REFUSE(spk_lif_decay_input, NULL_ARGUMENT, "leaky_charge|a tensor is NULL", spk_lif_decay_input(NULL, s->x, 0, 2));
    REFUSE(spk_lif_decay_input, NULL_ARGUMENT, "leaky_charge|a tensor is NULL", spk_lif_decay_input(s->x, NULL, 0, 2));
    REFUSE(spk_lif_decay_input, FOREIGN, "leaky_charge|another context", spk_lif_decay_input(s->x, s->other->x, 0, 2));
    REFUSE(spk_lif_decay_input, ENDED, "leaky_charge|freed when step", spk_lif_decay_input(s->ended, s->x, 0, 2));
    REFUSE(spk_lif_decay_input, WRONG_SHAPE, "add|do not broadcast", spk_lif_decay_input(s->x, s->matrix, 0, 2));
    REFUSE(spk_lif_decay_input, OUT_OF_DOMAIN, "lif|tau is 0", spk_lif_decay_input(s->x, s->x, 0, 0));
    REFUSE(spk_lif_decay_input, OUT_OF_DOMAIN, "lif|tau is 0.5", spk_lif_decay_input(s->x, s->x, 0, 0.5));
    REFUSE(spk_lif_decay_input, OUT_OF_DOMAIN, "lif|tau", spk_lif_decay_input(s->x, s->x, 0, NAN));
    REFUSE(spk_lif_no_decay_input_reset0, NULL_ARGUMENT, "leaky_charge|a tensor is NULL", spk_lif_no_decay_input_reset0(NULL, s->x, 2));
    REFUSE(spk_lif_no_decay_input_reset0, NULL_ARGUMENT, "leaky_charge|a tensor is NULL", spk_lif_no_decay_input_reset0(s->x, NULL, 2));
    REFUSE(spk_lif_no_decay_input_reset0, FOREIGN, "leaky_charge|another context", spk_lif_no_decay_input_reset0(s->x, s->other->x, 2));
    REFUSE(spk_lif_no_decay_input_reset0, ENDED, "leaky_charge|freed when step", spk_lif_no_decay_input_reset0(s->ended, s->x, 2));
    REFUSE(spk_lif_no_decay_input_reset0, WRONG_SHAPE, "add|do not broadcast", spk_lif_no_decay_input_reset0(s->x, s->matrix, 2));
    REFUSE(spk_lif_no_decay_input_reset0, OUT_OF_DOMAIN, "lif|tau is 0", spk_lif_no_decay_input_reset0(s->x, s->x, 0));
    REFUSE(spk_lif_no_decay_input_reset0, OUT_OF_DOMAIN, "lif|tau is 0.5", spk_lif_no_decay_input_reset0(s->x, s->x, 0.5));
    REFUSE(spk_lif_no_decay_input_reset0, OUT_OF_DOMAIN, "lif|tau", spk_lif_no_decay_input_reset0(s->x, s->x, NAN));
    REFUSE(spk_lif_no_decay_input, NULL_ARGUMENT, "leaky_charge|a tensor is NULL", spk_lif_no_decay_input(NULL, s->x, 0, 2));
    REFUSE(spk_lif_no_decay_input, NULL_ARGUMENT, "leaky_charge|a tensor is NULL", spk_lif_no_decay_input(s->x, NULL, 0, 2));
    REFUSE(spk_lif_no_decay_input, FOREIGN, "leaky_charge|another context", spk_lif_no_decay_input(s->x, s->other->x, 0, 2));
    REFUSE(spk_lif_no_decay_input, ENDED, "leaky_charge|freed when step", spk_lif_no_decay_input(s->ended, s->x, 0, 2));
    REFUSE(spk_lif_no_decay_input, WRONG_SHAPE, "add|do not broadcast", spk_lif_no_decay_input(s->x, s->matrix, 0, 2));
    REFUSE(spk_lif_no_decay_input, OUT_OF_DOMAIN, "lif|tau is 0", spk_lif_no_decay_input(s->x, s->x, 0, 0));
    REFUSE(spk_lif_no_decay_input, OUT_OF_DOMAIN, "lif|tau is 0.5", spk_lif_no_decay_input(s->x, s->x, 0, 0.5));
    REFUSE(spk_lif_no_decay_input, OUT_OF_DOMAIN, "lif|tau", spk_lif_no_decay_input(s->x, s->x, 0, NAN));
}

Test(misuse_neuron, read_after_a_forward) {
    IGNORE(spk_v, NULL_ARGUMENT, spk_v(NULL));
    IGNORE(spk_v, WRONG_KIND, spk_v(s->linear));
    IGNORE(spk_v, WRONG_KIND, spk_v(none()));
    IGNORE(spk_v_seq, NULL_ARGUMENT, spk_v_seq(NULL));
    REFUSE(spk_v_seq, WRONG_KIND, "spk_v_seq|the module is no neuron", spk_v_seq(s->linear));
    IGNORE(spk_v_seq, WRONG_KIND, spk_v_seq(none()));
    REFUSE(spk_v_seq, ENDED, "lif (net.2)|read it before spk_end_step", spk_v_seq(s->neuron));
    IGNORE(spk_spikes, NULL_ARGUMENT, spk_spikes(NULL));
    REFUSE(spk_spikes, WRONG_KIND, "spk_spikes|the module is no neuron", spk_spikes(s->linear));
    IGNORE(spk_spikes, WRONG_KIND, spk_spikes(none()));
    REFUSE(spk_spikes, ENDED, "lif (net.2)|read it before spk_end_step", spk_spikes(s->neuron));
    IGNORE(spk_firing_rate, NULL_ARGUMENT, spk_firing_rate(NULL));
    REFUSE(spk_firing_rate, WRONG_KIND, "spk_spikes|the module is no neuron", spk_firing_rate(s->net));
    REFUSE(spk_firing_rate, ENDED, "lif (net.2)|read it before spk_end_step", spk_firing_rate(s->neuron));
}

static spk_health *watched(world *s) {
    spk_module *own = spk_sequential(s->ctx, spk_lif(s->ctx));
    return spk_watch_health(own);
}

Test(misuse_neuron, health) {
    IGNORE(spk_watch_health_with, NULL_ARGUMENT, spk_watch_health(NULL));
    IGNORE(spk_watch_health_with, WRONG_KIND, spk_watch_health(none()));
    REFUSE(spk_watch_health_with, WRONG_KIND, "linear (net.0)|no neurons", spk_watch_health(s->linear));
    REFUSE(spk_watch_health_with, OUT_OF_DOMAIN, "spk_watch_health|a threshold is -1", spk_watch_health(s->net, .stuck = -1));
    REFUSE(spk_watch_health_with, OUT_OF_DOMAIN, "spk_watch_health|a threshold is", spk_watch_health(s->net, .slope = NAN));
    REFUSE(spk_watch_health_with, OUT_OF_DOMAIN, "spk_watch_health|.every is 0", spk_watch_health(s->net, .every = 0));
    IGNORE(spk_health_layers, NULL_ARGUMENT, spk_health_layers(NULL));
    IGNORE(spk_health_layer, NULL_ARGUMENT, spk_health_layer(NULL, 0).name);
    IGNORE(spk_health_report, NULL_ARGUMENT, spk_health_report(NULL));
    IGNORE_VOID(spk_health_clear, NULL_ARGUMENT, spk_health_clear(NULL));

    world *s = misuse_begin("spk_health_layer", "layers that are not there", __LINE__);
    const spk_health *health = watched(s);
    cr_assert(spk_health_layers(health) == 1 && spk_health_layer(health, 0).name);
    cr_assert(!spk_health_layer(health, 1).name && !spk_health_layer(health, -1).name && !spk_health_layer(health, INT32_MIN).name);
    cr_assert(!spk_failed(s->ctx), "%s", spk_error(s->ctx));
    spk_ctx_destroy(s->ctx);
    spk_ctx_destroy(s->other->ctx);
}

/* Of a net of its own: the world's has no hooks left in its next step. */
static spk_monitor *monitor(world *s) { return spk_monitor_neurons(spk_sequential(s->ctx, spk_lif(s->ctx))); }

Test(misuse_neuron, monitors) {
    IGNORE(spk_monitor_on_with, NULL_ARGUMENT, spk_monitor_on(NULL));
    IGNORE(spk_monitor_on_with, WRONG_KIND, spk_monitor_on(none()));
    REFUSE(spk_monitor_on_with, WRONG_KIND, "linear (net.0)|no membrane", spk_monitor_on(s->linear, .what = SPK_WATCH_MEMBRANE));
    REFUSE(spk_monitor_on_with, WRONG_KIND, "sequential (net)|no membrane", spk_monitor_on(s->net, .what = SPK_WATCH_MEMBRANE));
    REFUSE(spk_monitor_on_with, OUT_OF_DOMAIN, "spk_monitor_on|.what is 0", spk_monitor_on(s->net, .what = 0));
    REFUSE(spk_monitor_on_with, OUT_OF_DOMAIN, "spk_monitor_on|.what is 16", spk_monitor_on(s->net, .what = 16));
    REFUSE(spk_monitor_on_with, OUT_OF_DOMAIN, "spk_monitor_on|.every is 0", spk_monitor_on(s->net, .every = 0));
    REFUSE(spk_monitor_on_with, OUT_OF_DOMAIN, "spk_monitor_on|.most is -1", spk_monitor_on(s->net, .most = -1));
    REFUSE(spk_monitor_on_with, OUT_OF_DOMAIN, "spk_monitor_on|.bytes is 0", spk_monitor_on(s->net, .bytes = 0));
    IGNORE(spk_monitor_neurons_with, NULL_ARGUMENT, spk_monitor_neurons(NULL));
    IGNORE(spk_monitor_neurons_with, WRONG_KIND, spk_monitor_neurons(none()));
    REFUSE(spk_monitor_neurons_with, WRONG_KIND, "linear (net.0)|no neurons", spk_monitor_neurons(s->linear));
    REFUSE(spk_monitor_neurons_with, OUT_OF_DOMAIN, "spk_monitor_neurons|.most is 0", spk_monitor_neurons(s->net, .most = 0));
    IGNORE(spk_monitor_count, NULL_ARGUMENT, spk_monitor_count(NULL, "0", ~0u));
    IGNORE(spk_monitor_count, NULL_ARGUMENT, spk_monitor_count(NULL, NULL, ~0u));
    IGNORE(spk_monitor_get, NULL_ARGUMENT, spk_monitor_get(NULL, "0", ~0u, 0).values);
    IGNORE(spk_monitor_get, NULL_ARGUMENT, spk_monitor_get(NULL, NULL, ~0u, -1).values);
    IGNORE(spk_monitor_layers, NULL_ARGUMENT, spk_monitor_layers(NULL));
    IGNORE(spk_monitor_layer, NULL_ARGUMENT, spk_monitor_layer(NULL, 0));
    IGNORE(spk_monitor_dropped, NULL_ARGUMENT, spk_monitor_dropped(NULL));
    IGNORE(spk_monitor_enable, NULL_ARGUMENT, spk_monitor_enable(NULL, true));
    IGNORE_VOID(spk_monitor_clear, NULL_ARGUMENT, spk_monitor_clear(NULL));
    IGNORE_VOID(spk_monitor_destroy, NULL_ARGUMENT, spk_monitor_destroy(NULL));

    world *s = misuse_begin("spk_monitor_get", "records and layers that are not there", __LINE__);
    const spk_monitor *m = monitor(s);
    cr_assert(spk_monitor_layers(m) == 1 && spk_monitor_layer(m, 0));
    cr_assert(!spk_monitor_layer(m, 1) && !spk_monitor_layer(m, -1) && !spk_monitor_layer(m, INT32_MIN));
    cr_assert(!spk_monitor_get(m, NULL, ~0u, 0).values && !spk_monitor_get(m, "no such", ~0u, INT64_MIN).values);
    cr_assert(!spk_monitor_get(m, NULL, 0, INT64_MAX).values && !spk_monitor_count(m, "0", ~0u));
    cr_assert(!spk_failed(s->ctx), "%s", spk_error(s->ctx));
    spk_ctx_destroy(s->ctx);
    spk_ctx_destroy(s->other->ctx);
}

/* A leak of a type of one's own that is no number. */
static spk_leak leak_of_many(spk_base_node *of) { return (spk_leak){.by = spk_full(spk_module_ctx(&of->module), SPK_SHAPE(2), 0.5)}; }
static spk_leak leak_of_none(spk_base_node *of) { return (spk_leak){.by = spk_full(spk_module_ctx(&of->module), SPK_SHAPE(0), 0.5)}; }

Test(misuse_neuron, leaks_of_ones_own) {
    static const spk_neuron_type types[] = {{.module = SPK_NEURON_MODULE("many", spk_base_node, spk_base_node_repr), .leak = leak_of_many},
                                            {.module = SPK_NEURON_MODULE("none", spk_base_node, spk_base_node_repr), .leak = leak_of_none}};
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = uniform(ctx, SPK_SHAPE(4, 6), 0, 1);
    for (int i = 0; i < 2; i++) {
        spk_module *neuron = spk_base_node_create(ctx, &types[i], defaults());
        assert_inert(spk_call(neuron, x), "a leak that is no number");
        assert_error(ctx, "a leak that is no number", "leaky", "must have one element");
    }
    spk_ctx_destroy(ctx);
}
