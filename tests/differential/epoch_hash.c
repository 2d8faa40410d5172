/*
 * Hashes of what a fixed small training computes, for comparing runs, numbers of threads and builds:
 *
 *     epoch_hash [--threads N]
 *
 * A line for the random stream, one for each surrogate, one for products of each kind, and one for the parameters and running statistics
 * after an epoch (linear, batch norm, dropout, LIF, ParametricLIF, cross entropy, Adam) by each road: what differs is named by its line.
 */
#include "../hash.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN = 300, HIDDEN = 520, CLASSES = 10, BATCH = 70, STEPS = 12, T = 4 };

static void print(spk_ctx *ctx, const char *what, const char *which, uint64_t hash) {
    if (spk_failed(ctx)) printf("%s %s: %s\n", what, which, spk_error(ctx));
    else printf("%s %s: %016" PRIx64 "\n", what, which, hash);
}

static spk_tensor *uniform(spk_ctx *ctx, int64_t rows, int64_t columns, double low, double high) {
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(rows, columns));
    spk_fill_uniform(x, low, high);
    return x;
}

static void random_numbers(spk_ctx *ctx) {
    spk_tensor *x = uniform(ctx, 100, 101, -1, 1);
    print(ctx, "random", "uniform", hash_tensor(HASH_START, x));
    spk_fill_normal(x, 0, 1);
    print(ctx, "random", "normal", hash_tensor(HASH_START, x));
    print(ctx, "random", "poisson", hash_tensor(HASH_START, spk_poisson_encode(x, 16)));
    print(ctx, "random", "dropout", hash_tensor(HASH_START, spk_dropout(spk_full(ctx, SPK_SHAPE(1000, 70), 1), .p = 0.3)));
    spk_end_step(ctx);
}

static void functions(spk_ctx *ctx) {
    spk_tensor *x = uniform(ctx, 50, 1001, -4, 4), *positive = uniform(ctx, 50, 1001, 1e-3, 4);
    const struct {
        const char *name;
        spk_tensor *y;
    } of[] = {{"exp", spk_exp(x)},
              {"log", spk_log(positive)},
              {"sqrt", spk_sqrt(positive)},
              {"power", spk_power(positive, 1.7)},
              {"tanh", spk_tanh(x)},
              {"sigmoid", spk_sigmoid(x)},
              {"softmax", spk_softmax(x)},
              {"log_softmax", spk_log_softmax(x)},
              {"sum", spk_sum(x)},
              {"mean over rows", spk_mean(x, .axes = SPK_AXES(0))},
              {"divide", spk_divide(x, positive)}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) print(ctx, "function", of[i].name, hash_tensor(HASH_START, of[i].y));
    for (int i = 0; spk_surrogate_name(i); i++) {
        const spk_surrogate s = spk_surrogate_of(spk_surrogate_name(i));
        spk_real grad[1001], primitive[1001];
        s.grad(&s, 1001, spk_data(x), grad);
        s.primitive(&s, 1001, spk_data(x), primitive);
        print(ctx, "surrogate", s.name, hash_bytes(hash_bytes(HASH_START, grad, sizeof grad), primitive, sizeof primitive));
    }
    spk_end_step(ctx);
}

static void products(spk_ctx *ctx) {
    static const int64_t sizes[][3] = {{BATCH, HIDDEN, IN}, {IN, HIDDEN, BATCH}, {T * BATCH, CLASSES, HIDDEN}, {T * BATCH, HIDDEN, HIDDEN}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int road = SPK_ROAD_SPARSE; road <= SPK_ROAD_DENSE; road++) {
            const int64_t m = sizes[i][0], n = sizes[i][1], k = sizes[i][2];
            char which[80];
            snprintf(which, sizeof which, "%lld x %lld x %lld %s", (long long)m, (long long)n, (long long)k,
                     road == SPK_ROAD_SPARSE ? "sparse" : "dense");
            spk_set_road(ctx, (spk_road)road);
            spk_tensor *x = spk_set_requires_grad(uniform(ctx, m, k, -1, 1), true),
                       *w = spk_set_requires_grad(uniform(ctx, k, n, -1, 1), true);
            spk_tensor *y = spk_linear(spk_relu(x), w, NULL);
            spk_backward(spk_sum(spk_multiply(y, y)));
            print(ctx, "product", which, hash_tensor(hash_tensor(hash_tensor(HASH_START, y), spk_grad(x)), spk_grad(w)));
            spk_end_step(ctx);
        }
}

static spk_module *network(spk_ctx *ctx) {
    return spk_sequential(ctx, spk_linear_layer(ctx, IN, HIDDEN), spk_batch_norm1d(ctx, HIDDEN),
                          spk_lif(ctx, .tau = 2.0, .T = T, .parallel_optim = true, .spike_out = true),
                          spk_dropout_layer(ctx, .p = 0.2, .T = T), spk_linear_layer(ctx, HIDDEN, HIDDEN), spk_batch_norm1d(ctx, HIDDEN),
                          spk_plif(ctx, .tau = 2.0, .T = T, .parallel_optim = true, .surrogate_function = spk_surrogate_atan()),
                          spk_linear_layer(ctx, HIDDEN, CLASSES), spk_if(ctx, .T = T, .parallel_optim = true));
}

static void epoch(const char *name, spk_road road) {
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    spk_set_road(ctx, road);
    spk_module *net = network(ctx);
    spk_optimizer *optimizer = spk_adam(net, .lr = 1e-2);
    spk_tensor *labels = spk_tensor_create(ctx, SPK_SHAPE(BATCH));
    uint64_t hash = HASH_START;
    for (int step = 0; step < STEPS; step++) {
        spk_tensor *x = uniform(ctx, BATCH, IN, 0, 1);
        for (int64_t i = 0; i < BATCH; i++) spk_data_mut(labels)[i] = (spk_real)((i * 7 + step) % CLASSES);
        spk_tensor *y = spk_call(net, spk_repeat_over_time(x, T)), *loss = spk_spike_cross_entropy(y, labels, T, 0.1);
        hash = hash_tensor(hash, loss);
        spk_zero_grad(net);
        spk_backward(loss);
        spk_clip_grad_norm(net, 1);
        spk_optimizer_step(optimizer);
        spk_reset(net);
        spk_end_step(ctx);
        spk_tensor_destroy(x);
    }
    for (spk_walk w = spk_walk_slots(net, SPK_PARAMETER | SPK_BUFFER); spk_walk_next(&w);) hash = hash_tensor(hash, w.slot->tensor);
    print(ctx, "epoch", name, hash);
    spk_ctx_destroy(ctx);
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--threads") == 0) spk_set_threads(atoi(argv[2]));
    else if (argc > 1) {
        fprintf(stderr, "usage: epoch_hash [--threads N]\n");
        return 2;
    }
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    random_numbers(ctx);
    functions(ctx);
    products(ctx);
    const bool failed = spk_failed(ctx);
    spk_ctx_destroy(ctx);
    epoch("by density", SPK_ROAD_AUTO);
    epoch("sparse", SPK_ROAD_SPARSE);
    epoch("dense", SPK_ROAD_DENSE);
    return failed;
}
