/* Timed training steps. */
#include "measure.h"
#include "steps.h"
#include <stdio.h>
#include <stdlib.h>

/* Where batches come from: images, or one fixed input. */
typedef struct source {
    spk_dataset *images;
    spk_tensor *fixed;
} source;

static source open_source(spk_ctx *ctx, const work *w, const char *data) {
    if (!w->encode) return (source){.fixed = work_fixed_input(ctx, w)};
    return (source){.images = spk_mnist(ctx, data, true, .batch = w->batch, .shuffle = true, .seed = 1, .drop_last = true)};
}

/* The next batch, flat; epoch follows epoch. */
static spk_batch take(spk_ctx *ctx, source *from) {
    spk_batch batch = {.x = from->fixed};
    if (from->fixed) return batch;
    while (!spk_next_batch(from->images, &batch) && !spk_failed(ctx)) {}
    batch.x = spk_flatten(batch.x);
    return batch;
}

/* What a run measured. */
typedef struct record {
    double first_loss;
    char rates[256];
    spk_road_counts roads; /* of the last step */
} record;

/* One step. Its milliseconds, without those for reading the loss (where asked for) and the rates (of the last step). */
static double step(spk_module *net, spk_optimizer *optimizer, const work *w, const spk_batch *batch, record *r, bool first, bool last) {
    const spk_road_counts before = spk_roads_taken(spk_module_ctx(net));
    double start = milliseconds();
    spk_zero_grad(net);
    spk_tensor *loss = w->loss(net, w->encode ? w->encode(batch->x, w->T) : batch->x, batch->labels, w->T);
    spk_backward(loss);
    spk_optimizer_step(optimizer);
    double took = milliseconds() - start;
    if (first) r->first_loss = spk_item(loss);
    const spk_road_counts now = spk_roads_taken(spk_module_ctx(net));
    r->roads = (spk_road_counts){.sparse = now.sparse - before.sparse, .dense = now.dense - before.dense};
    if (last) write_rates(net, r->rates, sizeof r->rates);
    start = milliseconds();
    spk_reset(net);
    spk_end_step(spk_module_ctx(net));
    return took + milliseconds() - start;
}

/* Correct test images in percent. */
static double accuracy(spk_ctx *ctx, spk_module *net, const work *w, const char *data) {
    spk_dataset *test = spk_mnist(ctx, data, false, .batch = 500);
    int64_t correct = 0;
    spk_batch batch;
    spk_eval(net);
    SPK_NO_GRAD(ctx) {
        while (spk_next_batch(test, &batch)) {
            correct += spk_count_correct(w->scores(net, w->encode(spk_flatten(batch.x), w->T), w->T), batch.labels);
            spk_reset(net);
            spk_end_step(ctx);
        }
    }
    return 100.0 * (double)correct / (double)spk_dataset_size(test);
}

static void print(spk_ctx *ctx, spk_module *net, const options *o, double *times, const record *r) {
    sort_times(times, o->steps);
    printf("{\"work\": \"%s\", \"threads\": %d, \"warm_up\": %lld, \"steps\": %lld, \"min_ms\": %.3f, \"median_ms\": %.3f, ", o->work->name,
           spk_threads(), (long long)o->warm_up, (long long)o->steps, times[0], times[o->steps / 2]);
    printf("%s, \"roads\": {\"sparse\": %lld, \"dense\": %lld}, ", r->rates, (long long)r->roads.sparse, (long long)r->roads.dense);
    printf("\"peak_bytes\": %zu, \"parameter_bytes\": %lld, \"loss\": %.6f, \"build\": \"%s\"", spk_memory_use(ctx).step_peak,
           (long long)spk_parameter_count(net, true) * (long long)sizeof(spk_real), r->first_loss, spk_build_info());
}

bool time_steps(spk_ctx *ctx, const options *o) {
    const work *w = o->work;
    source from = open_source(ctx, w, o->data);
    spk_module *net = w->net(ctx, w);
    spk_optimizer *optimizer = w->lr > 0 ? spk_adam(net, .lr = w->lr) : NULL;
    double *times = spk_allocate(ctx, (size_t)o->steps * sizeof *times);
    record r = {0};
    for (int64_t i = -o->warm_up; i < o->steps && !spk_failed(ctx); i++) {
        const spk_batch batch = take(ctx, &from);
        const double took = step(net, optimizer, w, &batch, &r, i == -o->warm_up, i == o->steps - 1);
        if (i >= 0) times[i] = took;
    }
    if (!spk_failed(ctx)) {
        print(ctx, net, o, times, &r);
        if (o->test) printf(", \"test_accuracy\": %.2f", accuracy(ctx, net, w, o->data));
        printf("}\n");
    }
    spk_release(ctx, times);
    return !spk_failed(ctx);
}
