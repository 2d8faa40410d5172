/* One thread at a time uses a context. Debug builds catch another one; others only document it, and must not be slower for it. */
#include "misuse.h"
#include <pthread.h>

static bool checked(void) { return strstr(spk_build_info(), "debug checks") != NULL; }

/* Runs `work` in another thread and waits for it: the two never run at the same time. */
static void elsewhere(void *(*work)(void *), void *with) {
    pthread_t thread;
    cr_assert(pthread_create(&thread, NULL, work, with) == 0);
    pthread_join(thread, NULL);
}

/* What went wrong in the other thread: Criterion's assertions are for the test's own. */
static const char *wrong;
#define MUST(right)                   \
    do {                              \
        if (!(right)) wrong = #right; \
    } while (0)
#define INERT(x) MUST((x) && spk_size(x) == 0)

/* What a thread that does not have the context gets: nothing, and the reason why. */
static void *intrude(void *v) {
    world *s = v;
    const size_t before = spk_memory_use(s->ctx).held;
    INERT(spk_tensor_create(s->ctx, SPK_SHAPE(3)));
    MUST(spk_failed(s->ctx) && strstr(spk_error(s->ctx), "does not have the context") && strstr(spk_error(s->ctx), "spk_ctx_take"));
    INERT(spk_exp(s->x));
    INERT(spk_call(s->net, s->x));
    MUST(!spk_backward(spk_sum(s->leaf)) && !spk_optimizer_step(s->optimizer) && !spk_schedule_step(s->schedule));
    MUST(!spk_fill(s->x, 7) && !spk_object_create(s->ctx, &(const spk_object_type){.name = "thing"}, sizeof(spk_object)));
    MUST(!spk_next_batch(s->data, &(spk_batch){0}) && !spk_dataset_split(s->data, 1));
    MUST(spk_relu_layer(s->ctx) == spk_inert_module() && !spk_sgd(s->net) && !spk_register_memory(s->neuron, "other", 0));
    spk_fail(s->ctx, "an error from elsewhere");
    spk_clear_error(s->ctx);
    spk_end_step(s->ctx);
    spk_seed(s->ctx, 99);
    spk_set_road(s->ctx, SPK_ROAD_DENSE);
    spk_set_grad_enabled(s->ctx, false);
    spk_reset(s->net);
    spk_eval(s->net);
    spk_freeze(s->net, true);
    spk_clear_grad(s->leaf);
    spk_dataset_rewind(s->data, 3);
    MUST(spk_memory_use(s->ctx).held == 0 && before == 0 && strstr(spk_error(s->ctx), "does not have the context"));
    return NULL;
}

Test(misuse_threads, another_thread_is_caught) {
    if (!checked()) return;
    world *s = misuse_begin("spk_ctx_take", "another thread", __LINE__);
    spk_tensor *y = spk_scale(s->x, 2); /* of a step that goes on */
    elsewhere(intrude, s);
    cr_assert(!wrong, "%s", wrong);
    cr_assert(spk_data(y)[0] == 2 * spk_data(s->x)[0] && !spk_failed(s->ctx), "%s", spk_error(s->ctx));
    misuse_end(s, true, NULL);
}

static void *take_and_use(void *v) {
    world *s = v;
    spk_ctx_take(s->ctx);
    MUST(!spk_failed(s->ctx) && spk_item(spk_sum(spk_scale(s->x, 0))) == 0);
    spk_end_step(s->ctx);
    return NULL;
}

/* A context goes to and fro, and its results do not depend on the thread. */
Test(misuse_threads, handed_over) {
    world *s = misuse_begin("spk_ctx_take", "to and fro", __LINE__);
    elsewhere(take_and_use, s);
    cr_assert(!wrong, "%s", wrong);
    cr_assert(spk_failed(s->ctx) == checked(), "%s", spk_error(s->ctx));
    spk_ctx_take(s->ctx);
    misuse_end(s, true, NULL);
}

static void *make(void *v) {
    spk_ctx *ctx = *(spk_ctx **)v = spk_ctx_create(.seed = 5);
    uniform(ctx, SPK_SHAPE(100), 0, 1);
    return NULL;
}

/* Made by a thread that has ended; whoever is last may destroy it. */
Test(misuse_threads, made_elsewhere) {
    spk_ctx *ctx = NULL;
    elsewhere(make, &ctx);
    spk_ctx_destroy(ctx);
    elsewhere(make, &ctx);
    spk_ctx_take(ctx);
    cr_assert(spk_item(spk_scalar(ctx, 2)) == 2, "%s", spk_error(ctx));
    spk_ctx_destroy(ctx);
}

Test(misuse_threads, nobody) {
    IGNORE_VOID(spk_ctx_take, NULL_ARGUMENT, spk_ctx_take(NULL));
    IGNORE_VOID(spk_ctx_take, WRONG_KIND, spk_ctx_take(spk_tensor_ctx(NULL)));
}

enum { THREADS = 4, STEPS = 20 };

static void *train_alone(void *v) {
    spk_ctx *ctx = spk_ctx_create(.seed = 11);
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 8, 16), spk_lif(ctx), spk_linear_layer(ctx, 16, 4));
    spk_optimizer *opt = spk_adam(net);
    for (int i = 0; i < STEPS; i++) {
        spk_tensor *x = uniform(ctx, SPK_SHAPE(4, 8), 0, 2);
        spk_reset(net);
        spk_zero_grad(net);
        spk_backward(spk_mean(spk_call(net, x)));
        spk_optimizer_step(opt);
        spk_end_step(ctx);
    }
    double *sum = v;
    *sum = spk_failed(ctx) || strcmp(spk_build_info(), spk_build_info()) != 0 ? (double)NAN
                                                                              : spk_item(spk_sum(spk_find_tensor(net, "0.weight")));
    spk_ctx_destroy(ctx);
    return NULL;
}

/* Threads with a context each do not disturb each other. */
Test(misuse_threads, a_context_each) {
    pthread_t thread[THREADS];
    double sum[THREADS], alone;
    train_alone(&alone);
    for (int i = 0; i < THREADS; i++) cr_assert(pthread_create(&thread[i], NULL, train_alone, &sum[i]) == 0);
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < THREADS; i++) cr_assert(sum[i] == alone, "%.17g in thread %d, %.17g alone", sum[i], i, alone);
}
