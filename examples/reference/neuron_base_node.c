#include "reference.h"
#include <spiketape.h>
#include <string.h>

/* A neuron of one's own: quadratic integrate-and-fire, H = v + x + a v^2. */
typedef struct quadratic_node {
    spk_base_node base; /* first */
    double a;
} quadratic_node;

static spk_tensor *quadratic_dynamics(spk_base_node *node, spk_tensor *x, spk_tensor *v) {
    return spk_add(spk_add(v, x), spk_scale(spk_multiply(v, v), ((quadratic_node *)node)->a));
}

//! [spk_base_node_repr]
static void quadratic_repr(const spk_module *module, spk_text *text) {
    spk_base_node_repr(module, text); /* v_threshold=1, v_reset=0, ... */
    spk_text_add(text, ", a=%g", ((const quadratic_node *)module)->a);
}
//! [spk_base_node_repr]

static const spk_neuron_type quadratic_type = {.module = SPK_NEURON_MODULE("quadratic", quadratic_node, quadratic_repr),
                                               .neuronal_dynamics = quadratic_dynamics};

//! [spk_base_node_create]
/* typedef struct quadratic_node { spk_base_node base; double a; } quadratic_node; quadratic_type has its neuronal_dynamics. */
static spk_module *quadratic(spk_ctx *ctx, double a, spk_base_node_opts options) {
    quadratic_node *node = spk_base_node_create(ctx, &quadratic_type, options);
    if (!node) return spk_inert_module(); /* the error is set */
    node->a = a;
    return &node->base.module;
}
//! [spk_base_node_create]

static void of_ones_own(spk_ctx *ctx) {
    {
        //! [spk_base_node_options]
        spk_base_node_opts options = spk_base_node_options();
        CHECK(options.v_threshold == 1 && options.v_reset == 0 && options.T == 1);
        options.v_reset = SPK_NONE; /* soft reset */
        spk_module *neuron = quadratic(ctx, 0.5, options);
        CHECK(spk_data(spk_call(neuron, spk_full(ctx, SPK_SHAPE(1), 1.5)))[0] == 1);
        CHECK(spk_data(spk_v(neuron))[0] == 0.5); /* less the threshold */
        //! [spk_base_node_options]
        CHECK(strstr(spk_repr(neuron), "a=0.5") && strstr(spk_repr(neuron), "v_threshold"));
    }
    {
        //! [spk_base_node]
        spk_module *node = spk_base_node(ctx, .v_threshold = 1.0); /* what all neurons share, without dynamics */
        spk_call(node, spk_full(ctx, SPK_SHAPE(1), 1));
        CHECK(spk_failed(ctx));
        //! [spk_base_node]
        spk_clear_error(ctx);
    }
    {
        //! [spk_base_node_forward]
        const spk_neuron_type *type = &quadratic_type; /* SPK_NEURON_MODULE puts it there: spk_call runs it */
        CHECK(type->module.forward == spk_base_node_forward);
        spk_module *neuron = quadratic(ctx, 0.5, spk_base_node_options());
        CHECK(spk_data(spk_base_node_forward(neuron, spk_full(ctx, SPK_SHAPE(1), 1)))[0] == 1);
        //! [spk_base_node_forward]
    }
    {
        //! [spk_as_node]
        spk_module *lif = spk_lif(ctx, .v_threshold = 0.5);
        CHECK(spk_as_node(lif)->v_threshold == 0.5);
        CHECK(spk_as_node(spk_relu_layer(ctx)) == NULL); /* no neuron */
        //! [spk_as_node]
    }
}

static void forward(spk_ctx *ctx) {
    {
        //! [spk_simple_forward]
        spk_base_node *node = spk_as_node(spk_if(ctx));
        spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(2), (const spk_real[]){0.5, 1});
        CHECK(spk_data(spk_simple_forward(node, x))[0] == 0); /* one step: the membrane is 0.5 */
        CHECK(spk_data(spk_simple_forward(node, x))[0] == 1); /* the next: it reaches 1, and fires */
        //! [spk_simple_forward]
    }
    {
        //! [spk_parallel_optim_forward]
        spk_base_node *node = spk_as_node(spk_if(ctx, .parallel_optim = true, .T = 2));
        spk_tensor *x_seq = spk_repeat_over_time(spk_full(ctx, SPK_SHAPE(1, 1), 0.5), 2); /* [T*N, 1], N = 1 */
        spk_tensor *spikes = spk_parallel_optim_forward(node, x_seq);                     /* both steps in one op */
        CHECK(spk_data(spikes)[0] == 0 && spk_data(spikes)[1] == 1);
        //! [spk_parallel_optim_forward]
    }
}

static void parts(spk_ctx *ctx) {
    spk_base_node *node = spk_as_node(spk_lif(ctx, .tau = 2.0));
    spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(2), (const spk_real[]){1, 3});
    {
        //! [spk_v_float_to_tensor]
        spk_tensor *v = spk_v_float_to_tensor(node, x); /* the membrane in x's shape; here at its reset value, 0 */
        CHECK(spk_data(v)[0] == 0 && spk_data(v)[1] == 0);
        //! [spk_v_float_to_tensor]
        //! [spk_neuronal_dynamics]
        spk_tensor *h = spk_neuronal_dynamics(node, x, v); /* lif, tau 2, x = [1, 3]: v + (x - v) / 2 */
        CHECK(spk_data(h)[0] == 0.5 && spk_data(h)[1] == 1.5);
        //! [spk_neuronal_dynamics]
        //! [spk_neuronal_fire]
        spk_tensor *spikes = spk_neuronal_fire(node, h); /* h = [0.5, 1.5], threshold 1 */
        CHECK(spk_data(spikes)[0] == 0 && spk_data(spikes)[1] == 1);
        //! [spk_neuronal_fire]
        //! [spk_neuronal_reset]
        spk_tensor *after = spk_neuronal_reset(node, h, spikes); /* h = [0.5, 1.5], spikes = [0, 1], hard reset to 0 */
        CHECK(spk_data(after)[0] == 0.5 && spk_data(after)[1] == 0);
        //! [spk_neuronal_reset]
        //! [spk_hard_reset]
        spk_tensor *hard = spk_hard_reset(h, spikes, -0.5); /* h = [0.5, 1.5], spikes = [0, 1] */
        CHECK(spk_data(hard)[0] == 0.5 && spk_data(hard)[1] == -0.5);
        //! [spk_hard_reset]
        //! [spk_soft_reset]
        spk_tensor *soft = spk_soft_reset(h, spikes, 1); /* h = [0.5, 1.5], spikes = [0, 1] */
        CHECK(spk_data(soft)[0] == 0.5 && spk_data(soft)[1] == 0.5);
        //! [spk_soft_reset]
        //! [spk_leaky_charge]
        const spk_leak leak = {.k = 0.5, .decay_input = true}; /* tau = 2 */
        spk_tensor *charged = spk_leaky_charge(leak, x, v, 0); /* v + k x - k (v - 0), x = [1, 3] */
        CHECK(spk_data(charged)[0] == 0.5 && spk_data(charged)[1] == 1.5);
        //! [spk_leaky_charge]
    }
}

static void looked_at(spk_ctx *ctx) {
    spk_module *lif = spk_lif(ctx, .tau = 2.0, .parallel_optim = true, .T = 2, .store_v_seq = true);
    spk_tensor *x = spk_full(ctx, SPK_SHAPE(1, 1), 1.5);
    spk_call(lif, spk_repeat_over_time(x, 2)); /* H = 0.75, then 1.125: a spike */
    {
        //! [spk_v]
        CHECK(spk_data(spk_v(lif))[0] == 0); /* after a spike */
        spk_reset(lif);
        CHECK(spk_v(lif) == NULL); /* at the reset value */
        //! [spk_v]
    }
    {
        //! [spk_v_seq]
        spk_call(lif, spk_repeat_over_time(x, 2)); /* lif(tau 2, T 2, .store_v_seq = true), x = [[1.5]] */
        CHECK(spk_data(spk_v_seq(lif))[0] == 0.75 && spk_data(spk_v_seq(lif))[1] == 0);
        //! [spk_v_seq]
    }
    {
        //! [spk_spikes]
        CHECK(spk_data(spk_spikes(lif))[0] == 0 && spk_data(spk_spikes(lif))[1] == 1); /* of the last forward */
        //! [spk_spikes]
        //! [spk_firing_rate]
        CHECK(spk_firing_rate(lif) == 0.5); /* one spike in two steps of one neuron */
        //! [spk_firing_rate]
    }
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    of_ones_own(ctx);
    forward(ctx);
    parts(ctx);
    looked_at(ctx);
    if (spk_failed(ctx)) printf("%s\n", spk_error(ctx));
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
