/* Two contexts in two threads, at the same time, each with loops that ask for the pool of threads: the same bits as one after the other,
 * and the error of one is not the other's. Under ThreadSanitizer (preset tsan), with which Criterion does not run, this program shows that
 * no two of them touch the same memory. */
#include "../hash.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(what, ...) \
    if (!(what)) fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #what), fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), exit(1)

enum { IN = 96, HIDDEN = 160, CLASSES = 10, T = 4, BATCH = 64, STEPS = 6, RUNS = 2 };

/* What a thread does and what came out; the main thread compares. */
typedef struct job {
    uint64_t seed, hash;
    double loss;
    char path[64], error[512];
    bool bits, expected_failure;
} job;

static uint64_t hash_of(spk_module *net) {
    uint64_t hash = HASH_START;
    for (spk_walk p = spk_parameters(net); spk_walk_next(&p);) hash = hash_tensor(hash, p.slot->tensor);
    return hash;
}

static spk_module *network(spk_ctx *ctx, bool bits) {
    return spk_sequential(ctx, spk_linear_layer(ctx, IN, HIDDEN), spk_batch_norm1d(ctx, HIDDEN),
                          spk_lif(ctx, .T = T, .parallel_optim = true, .spike_out = bits), spk_dropout_layer(ctx, .p = 0.2, .T = T),
                          spk_linear_layer(ctx, HIDDEN, CLASSES), spk_lif(ctx, .T = T, .parallel_optim = true));
}

/* Trains on random numbers, saves the net, loads it into another one and then makes a mistake. */
static void *train(void *argument) {
    job *j = argument;
    spk_ctx *ctx = spk_ctx_create(.seed = j->seed);
    spk_module *net = network(ctx, j->bits), *copy = network(ctx, j->bits);
    spk_optimizer *optimizer = spk_adam(net, .lr = 1e-2);
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(BATCH, IN)), *labels = spk_tensor_create(ctx, SPK_SHAPE(BATCH));
    spk_fill_uniform(x, 0, 1);
    for (int i = 0; i < BATCH; i++) spk_data_mut(labels)[i] = (spk_real)(i % CLASSES);
    for (int step = 0; step < STEPS && !spk_failed(ctx); step++) {
        spk_tensor *y = spk_mean_over_time(spk_call(net, spk_poisson_encode(x, T)), T);
        spk_tensor *loss = step % 2 ? spk_cross_entropy(y, labels) : spk_mse(y, spk_one_hot(labels, CLASSES));
        spk_zero_grad(net);
        spk_backward(loss);
        spk_optimizer_step(optimizer);
        j->loss = spk_item(loss);
        spk_reset(net);
        spk_end_step(ctx);
    }
    if (spk_save(net, j->path)) spk_load(copy, j->path);
    j->hash = hash_of(copy);
    snprintf(j->error, sizeof j->error, "%s", spk_error(ctx));
    spk_matmul(x, x);
    j->expected_failure = spk_failed(ctx) && strstr(spk_error(ctx), "matmul");
    spk_ctx_destroy(ctx);
    return NULL;
}

static void at_once(job *jobs, int n) {
    pthread_t threads[8];
    for (int i = 0; i < n; i++) CHECK(pthread_create(&threads[i], NULL, train, &jobs[i]) == 0, "no thread");
    for (int i = 0; i < n; i++) pthread_join(threads[i], NULL);
}

static void train_at_the_same_time_as_they_do_alone(void) {
    enum { JOBS = 3 };
    spk_set_threads(2);
    job alone[JOBS], together[JOBS];
    for (int i = 0; i < JOBS; i++) {
        alone[i] = (job){.seed = (uint64_t)i, .bits = i % 2 == 0};
        snprintf(alone[i].path, sizeof alone[i].path, "/tmp/spk_two_contexts_%d_%d", (int)getpid(), i);
        train(&alone[i]);
        CHECK(!*alone[i].error, "%s", alone[i].error);
        CHECK(alone[i].expected_failure && isfinite(alone[i].loss), "loss %g", alone[i].loss);
    }
    CHECK(alone[0].hash != alone[2].hash, "two seeds give the same net: the hash sees nothing");
    for (int run = 0; run < RUNS; run++) {
        for (int i = 0; i < JOBS; i++) {
            together[i] = alone[i];
            together[i].hash = 0, together[i].expected_failure = false;
        }
        at_once(together, JOBS);
        for (int i = 0; i < JOBS; i++) {
            CHECK(!*together[i].error, "%s", together[i].error);
            CHECK(together[i].hash == alone[i].hash && together[i].loss == alone[i].loss, "run %d: context %d has other bits", run, i);
            CHECK(together[i].expected_failure, "run %d: context %d missed its own error", run, i);
        }
    }
    for (int i = 0; i < JOBS; i++) remove(alone[i].path);
}

static void *describe(void *text) {
    *(const char **)text = spk_build_info();
    return NULL;
}

/* The line is made once, whoever asks first. */
static void ask_for_the_build_at_the_same_time(void) {
    pthread_t threads[4];
    const char *texts[4];
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, describe, &texts[i]) == 0, "no thread");
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++) CHECK(strstr(texts[i], SPK_VERSION) && strcmp(texts[i], spk_build_info()) == 0, "%s", texts[i]);
}

int main(void) {
    ask_for_the_build_at_the_same_time();
    train_at_the_same_time_as_they_do_alone();
    return 0;
}
