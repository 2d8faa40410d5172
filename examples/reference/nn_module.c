#include "reference.h"
#include <math.h>
#include <spiketape.h>
#include <string.h>

/* A module of one's own: y = gain x, gain a parameter. */
typedef struct gain_layer {
    spk_module module; /* first */
    double first;
} gain_layer;

static spk_tensor *gain_forward(spk_module *module, spk_tensor *x) { return spk_multiply(x, spk_find_tensor(module, "gain")); }

static void gain_repr(const spk_module *module, spk_text *text) { spk_text_add(text, "first=%g", ((const gain_layer *)module)->first); }

static const spk_module_type gain_type = {.name = "gain", .size = sizeof(gain_layer), .forward = gain_forward, .extra_repr = gain_repr};

//! [spk_module_create]
/* typedef struct gain_layer { spk_module module; double first; } gain_layer; gain_type has its name, size and forward. */
static spk_module *gain(spk_ctx *ctx, double first) {
    gain_layer *layer = spk_module_create(ctx, &gain_type);
    spk_tensor *value = layer ? spk_register_parameter(&layer->module, "gain", SPK_SCALAR) : NULL;
    if (!value || !spk_fill(value, first)) return spk_inert_module(); /* the error is set */
    layer->first = first;
    return &layer->module;
}
//! [spk_module_create]

static void built(spk_ctx *ctx) {
    {
        //! [spk_inert_module]
        spk_fail(ctx, "my_reader: the file ends too early"); /* an error, from anywhere */
        spk_module *layer = spk_linear_layer(ctx, 784, 10);  /* a failed constructor gives the inert module, never NULL */
        CHECK(layer == spk_inert_module());
        spk_clear_error(ctx);
        //! [spk_inert_module]
    }
    {
        //! [spk_module_destroy]
        spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 784, 10), spk_relu_layer(ctx));
        spk_module_destroy(net); /* with its parts, before the context */
        //! [spk_module_destroy]
    }
    {
        //! [spk_module_ctx]
        spk_module *net = spk_linear_layer(ctx, 2, 3);
        CHECK(spk_module_ctx(net) == ctx);
        //! [spk_module_ctx]
    }
    {
        //! [spk_module_set_name]
        spk_module *net = spk_linear_layer(ctx, 2, 3);
        CHECK(spk_module_set_name(net, "digits")); /* the root of a net, for messages */
        spk_call(net, spk_full(ctx, SPK_SHAPE(8, 5), 1));
        CHECK(strstr(spk_error(ctx), "digits"));
        //! [spk_module_set_name]
        spk_clear_error(ctx);
    }
    {
        //! [spk_add_child]
        spk_module *net = spk_sequential(ctx, spk_flatten_layer(ctx));
        spk_module *fc = spk_add_child(net, "fc", spk_linear_layer(ctx, 784, 10));
        CHECK(spk_find_module(net, "fc") == fc);
        //! [spk_add_child]
    }
    {
        //! [spk_find_module]
        spk_module *block = spk_sequential(ctx, spk_linear_layer(ctx, 4, 3), spk_relu_layer(ctx));
        spk_module *net = spk_sequential(ctx, block, spk_linear_layer(ctx, 3, 2));
        CHECK(strcmp(spk_find_module(net, "0.1")->type->name, "relu") == 0);
        CHECK(spk_find_module(net, "5") == NULL); /* no such part: no error */
        //! [spk_find_module]
    }
}

static void slots(spk_ctx *ctx) {
    spk_module *layer = gain(ctx, 2);
    {
        //! [spk_register_parameter]
        spk_tensor *offset = spk_register_parameter(layer, "offset", SPK_SHAPE(10)); /* zeros, learned, in the state dict */
        CHECK(spk_requires_grad(offset) && spk_size(offset) == 10);
        //! [spk_register_parameter]
    }
    {
        //! [spk_register_buffer]
        spk_tensor *seen = spk_register_buffer(layer, "seen", SPK_SCALAR); /* kept with the net, not learned */
        CHECK(!spk_requires_grad(seen) && spk_item(seen) == 0);
        //! [spk_register_buffer]
    }
    {
        //! [spk_register_memory]
        CHECK(spk_register_memory(layer, "trace", 0)); /* 0 after each spk_reset */
        CHECK(spk_reset_value(layer, "trace") == 0);
        //! [spk_register_memory]
    }
    {
        //! [spk_find_tensor]
        spk_module *net = spk_sequential(ctx, spk_flatten_layer(ctx), spk_linear_layer(ctx, 784, 10));
        spk_tensor *weight = spk_find_tensor(net, "1.weight");
        CHECK(spk_shape_equal(spk_tensor_shape(weight), SPK_SHAPE(784, 10)));
        CHECK(spk_find_tensor(net, "1.scale") == NULL); /* no such tensor: no error */
        //! [spk_find_tensor]
    }
}

static spk_tensor *halve_input(spk_module *module, spk_tensor *x, void *user) {
    (void)module, (void)user;
    return spk_scale(x, 0.5);
}

static spk_tensor *count_call(spk_module *module, spk_tensor *x, spk_tensor *y, void *calls) {
    (void)module, (void)x, (void)y;
    ++*(int *)calls;
    return NULL; /* y stays */
}

static void called(spk_ctx *ctx) {
    {
        //! [spk_call]
        spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 784, 100), spk_relu_layer(ctx), spk_linear_layer(ctx, 100, 10));
        spk_tensor *scores = spk_call(net, spk_full(ctx, SPK_SHAPE(32, 784), 0.5));
        CHECK(spk_shape_equal(spk_tensor_shape(scores), SPK_SHAPE(32, 10)));
        //! [spk_call]
    }
    {
        //! [spk_add_forward_pre_hook]
        /* static spk_tensor *halve_input(spk_module *module, spk_tensor *x, void *user) returns spk_scale(x, 0.5) */
        spk_module *relu = spk_relu_layer(ctx);
        CHECK(spk_add_forward_pre_hook(relu, halve_input, NULL));
        CHECK(spk_item(spk_call(relu, spk_full(ctx, SPK_SCALAR, 3))) == 1.5);
        //! [spk_add_forward_pre_hook]
    }
    {
        //! [spk_add_forward_hook]
        /* static spk_tensor *count_call(spk_module *module, spk_tensor *x, spk_tensor *y, void *calls) counts and returns NULL */
        int calls = 0;
        spk_module *relu = spk_relu_layer(ctx);
        CHECK(spk_add_forward_hook(relu, count_call, &calls));
        spk_call(relu, spk_full(ctx, SPK_SCALAR, 3));
        CHECK(calls == 1);
        //! [spk_add_forward_hook]
    }
    {
        //! [spk_repr]
        spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 784, 10), spk_lif(ctx, .tau = 2.0));
        printf("%s\n", spk_repr(net));
        CHECK(strstr(spk_repr(net), "linear(784, 10, bias=true)"));
        //! [spk_repr]
    }
    CHECK(spk_item(spk_call(gain(ctx, 2), spk_full(ctx, SPK_SCALAR, 3))) == 6);
}

static void walks(spk_ctx *ctx) {
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 4, 3), spk_lif(ctx, .tau = 2.0), spk_dropout_layer(ctx, .p = 0.5));
    {
        //! [spk_walk_slots]
        int count = 0; /* net = sequential(linear(4, 3), lif, dropout) */
        for (spk_walk w = spk_walk_slots(net, SPK_PARAMETER | SPK_MEMORY); spk_walk_next(&w); count++) printf("%s\n", w.name);
        CHECK(count == 3); /* 0.weight, 0.bias, 1.v */
        //! [spk_walk_slots]
    }
    {
        //! [spk_parameters]
        int64_t elements = 0; /* net = sequential(linear(4, 3), lif, dropout) */
        for (spk_walk w = spk_parameters(net); spk_walk_next(&w);) elements += spk_size(w.slot->tensor);
        CHECK(elements == 15);
        //! [spk_parameters]
        //! [spk_memories]
        for (spk_walk w = spk_memories(net); spk_walk_next(&w);) CHECK(strcmp(w.name, "1.v") == 0); /* the lif's membrane */
        //! [spk_memories]
    }
    {
        //! [spk_walk_next]
        spk_walk w = spk_parameters(net);
        CHECK(spk_walk_next(&w) && strcmp(w.name, "0.weight") == 0 && spk_size(w.slot->tensor) == 12);
        CHECK(spk_walk_next(&w) && strcmp(w.name, "0.bias") == 0);
        CHECK(!spk_walk_next(&w));
        //! [spk_walk_next]
    }
    {
        //! [spk_next_module]
        int count = 0;
        for (spk_module *m = net; m; m = spk_next_module(net, m)) count++;
        CHECK(count == 4); /* net and its three parts */
        //! [spk_next_module]
    }
    {
        //! [spk_parameter_count]
        CHECK(spk_parameter_count(net, false) == 4 * 3 + 3);
        //! [spk_parameter_count]
    }
    {
        //! [spk_eval]
        spk_eval(net); /* dropout and batch norm as for testing */
        CHECK(!net->training);
        //! [spk_eval]
        //! [spk_train]
        spk_train(net); /* and as for training, as at first */
        CHECK(net->training);
        //! [spk_train]
    }
    {
        //! [spk_zero_grad]
        spk_tensor *weight = spk_find_tensor(net, "0.weight");
        spk_backward(spk_mean(spk_call(net, spk_full(ctx, SPK_SHAPE(8, 4), 1))));
        CHECK(spk_grad(weight));
        spk_zero_grad(net); /* before each spk_backward of a training loop */
        CHECK(!spk_grad(weight));
        //! [spk_zero_grad]
        spk_reset(net);
    }
    {
        //! [spk_freeze]
        spk_freeze(spk_find_module(net, "0"), true); /* to train only what comes after */
        CHECK(spk_parameter_count(net, true) == 0 && spk_parameter_count(net, false) == 15);
        //! [spk_freeze]
    }
}

static void memories(spk_ctx *ctx) {
    spk_module *lif = spk_lif(ctx, .tau = 2.0);
    spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(2), (const spk_real[]){0.5, 1});
    {
        //! [spk_reset]
        spk_call(lif, x);
        CHECK(spk_v(lif));  /* a membrane for each element of x */
        spk_reset(lif);     /* before the next sample */
        CHECK(!spk_v(lif)); /* at the reset value */
        //! [spk_reset]
    }
    {
        //! [spk_detach]
        for (int window = 0; window < 2; window++) {
            for (int t = 0; t < 4; t++) spk_call(lif, x);
            spk_detach(lif); /* the next window goes on from these membranes; no gradient passes to this one */
            spk_end_step(ctx);
        }
        CHECK(spk_v(lif) && !spk_failed(ctx));
        spk_reset(lif);
        //! [spk_detach]
    }
    {
        //! [spk_memory]
        CHECK(spk_memory(lif, "v") == NULL); /* at its reset value */
        spk_call(lif, x);
        CHECK(spk_data(spk_memory(lif, "v"))[0] == 0.25); /* v + (x - v) / tau, below the threshold */
        spk_reset(lif);
        //! [spk_memory]
    }
    {
        //! [spk_memory_like]
        spk_tensor *v = spk_memory_like(lif, "v", x); /* x's shape, at the reset value */
        CHECK(spk_size(v) == 2 && spk_data(v)[0] == 0);
        //! [spk_memory_like]
    }
    {
        //! [spk_memory_check]
        spk_tensor *v;
        CHECK(spk_memory_check(lif, "v", spk_tensor_shape(x), &v)); /* fit for an input of x's shape */
        CHECK(v == NULL);                                           /* at the reset value, which a kernel fills in itself */
        //! [spk_memory_check]
    }
    {
        //! [spk_set_memory]
        CHECK(spk_set_memory(lif, "v", spk_full(ctx, SPK_SHAPE(2), 0.75)));
        CHECK(spk_data(spk_v(lif))[1] == 0.75);
        spk_reset(lif);
        //! [spk_set_memory]
    }
    {
        //! [spk_set_reset_value]
        CHECK(spk_set_reset_value(lif, "v", -0.25));
        CHECK(spk_data(spk_memory_like(lif, "v", x))[0] == -0.25);
        //! [spk_set_reset_value]
        //! [spk_reset_value]
        CHECK(spk_reset_value(lif, "v") == -0.25);
        CHECK(isnan(spk_reset_value(spk_relu_layer(ctx), "v"))); /* no such memory: an error */
        //! [spk_reset_value]
        spk_clear_error(ctx);
    }
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    built(ctx);
    slots(ctx);
    called(ctx);
    walks(ctx);
    memories(ctx);
    if (spk_failed(ctx)) printf("%s\n", spk_error(ctx));
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
