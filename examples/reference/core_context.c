#include "reference.h"
#include <spiketape.h>
#include <string.h>

static void life(void) {
    {
        //! [spk_ctx_create]
        spk_ctx *ctx = spk_ctx_create(.seed = 1); /* without options: spk_ctx_create() */
        spk_tensor *x = spk_scalar(ctx, 2);
        CHECK(spk_item(x) == 2);
        spk_ctx_destroy(ctx);
        //! [spk_ctx_create]
    }
    {
        //! [spk_ctx_options]
        spk_ctx_opts options = spk_ctx_options(); /* from C++, or where options come from elsewhere */
        options.seed = 1;
        spk_ctx *ctx = spk_ctx_create_with(options);
        CHECK(!spk_failed(ctx));
        spk_ctx_destroy(ctx);
        //! [spk_ctx_options]
    }
    {
        //! [spk_ctx_destroy]
        spk_ctx *ctx = spk_ctx_create();
        spk_module *net = spk_linear_layer(ctx, 784, 10);
        CHECK(spk_parameter_count(net, true) == 7850);
        spk_ctx_destroy(ctx); /* and with it the layer and its parameters */
        //! [spk_ctx_destroy]
    }
    spk_ctx *ctx = spk_ctx_create();
    {
        //! [spk_ctx_take]
        spk_ctx_take(ctx); /* first thing in the thread that gets a context, after pthread_create or a lock */
        CHECK(!spk_failed(ctx));
        //! [spk_ctx_take]
    }
    {
        //! [spk_end_step]
        spk_tensor *x = spk_scalar(ctx, 3); /* persistent */
        for (int step = 0; step < 2; step++) {
            spk_tensor *y = spk_multiply(x, x); /* of this step */
            CHECK(spk_item(y) == 9);
            spk_end_step(ctx); /* y is gone, x stays */
        }
        CHECK(spk_item(x) == 3);
        //! [spk_end_step]
    }
    spk_ctx_destroy(ctx);
}

static void errors(void) {
    spk_ctx *ctx = spk_ctx_create();
    {
        //! [spk_failed]
        spk_tensor *a = spk_full(ctx, SPK_SHAPE(2, 3), 1), *b = spk_full(ctx, SPK_SHAPE(2), 1);
        spk_tensor *mean = spk_mean(spk_exp(spk_add(a, b))); /* nothing has to be checked in between */
        CHECK(spk_failed(ctx));
        CHECK(spk_size(mean) == 0); /* the inert tensor */
        //! [spk_failed]
        spk_clear_error(ctx);
    }
    {
        //! [spk_error]
        spk_add(spk_full(ctx, SPK_SHAPE(2, 3), 1), spk_full(ctx, SPK_SHAPE(2), 1));
        if (spk_failed(ctx)) printf("%s\n", spk_error(ctx));
        CHECK(strstr(spk_error(ctx), "[2, 3]") && strstr(spk_error(ctx), "[2]"));
        //! [spk_error]
    }
    {
        //! [spk_clear_error]
        spk_clear_error(ctx);
        CHECK(!spk_failed(ctx) && strcmp(spk_error(ctx), "") == 0);
        CHECK(spk_item(spk_full(ctx, SPK_SCALAR, 5)) == 5); /* works again */
        //! [spk_clear_error]
    }
    {
        //! [spk_fail]
        const int64_t width = 27;
        if (width % 2) spk_fail(ctx, "my_pooling: the width is %d; make it even", (int)width);
        CHECK(strcmp(spk_error(ctx), "my_pooling: the width is 27; make it even") == 0);
        //! [spk_fail]
    }
    spk_ctx_destroy(ctx);
}

static void settings(void) {
    spk_ctx *ctx = spk_ctx_create();
    {
        //! [spk_seed]
        spk_real a, b;
        spk_seed(ctx, 7);
        spk_random_uniform(ctx, 1, 0, 1, &a);
        spk_seed(ctx, 7);
        spk_random_uniform(ctx, 1, 0, 1, &b);
        CHECK(a == b);
        //! [spk_seed]
    }
    {
        //! [spk_memory_use]
        spk_full(ctx, SPK_SHAPE(1000), 1);
        const spk_memory_report use = spk_memory_use(ctx);
        CHECK(use.step >= 1000 * sizeof(spk_real));
        CHECK(use.held >= use.step && use.step_peak >= use.step);
        //! [spk_memory_use]
    }
    {
        //! [spk_set_road]
        spk_set_road(ctx, SPK_ROAD_DENSE); /* every product through BLAS, to measure what sparsity gives */
        spk_set_road(ctx, SPK_ROAD_AUTO);  /* the default */
        CHECK(!spk_failed(ctx));
        //! [spk_set_road]
    }
    {
        //! [spk_roads_taken]
        const spk_road_counts before = spk_roads_taken(ctx);
        spk_set_road(ctx, SPK_ROAD_SPARSE);
        spk_linear(spk_full(ctx, SPK_SHAPE(64, 32), 0), spk_full(ctx, SPK_SHAPE(32, 16), 1), NULL);
        CHECK(spk_roads_taken(ctx).sparse == before.sparse + 1);
        //! [spk_roads_taken]
    }
    {
        //! [spk_set_threads]
        spk_set_threads(2); /* in all contexts; the results stay the same to the last bit */
        CHECK(spk_threads() == 2);
        //! [spk_set_threads]
    }
    {
        //! [spk_threads]
        printf("%d threads\n", spk_threads());
        CHECK(spk_threads() >= 1);
        //! [spk_threads]
        spk_set_threads(1);
    }
    {
        //! [spk_build_info]
        printf("%s\n", spk_build_info());
        CHECK(strstr(spk_build_info(), SPK_VERSION));
        //! [spk_build_info]
    }
    spk_ctx_destroy(ctx);
}

/* A thing of one's own that a context owns. */
typedef struct counter {
    spk_object object; /* first */
    int64_t steps;
} counter;

static void count_step(spk_object *object) { ((counter *)object)->steps++; }
static const spk_object_type counter_type = {.name = "counter", .end_step = count_step};

static void things_of_ones_own(void) {
    spk_ctx *ctx = spk_ctx_create();
    {
        //! [spk_object_create]
        /* typedef struct counter { spk_object object; int64_t steps; } counter; and counter_type has an end_step that counts */
        counter *c = spk_object_create(ctx, &counter_type, sizeof *c);
        spk_end_step(ctx);
        spk_end_step(ctx);
        CHECK(c && c->steps == 2); /* goes with its context */
        //! [spk_object_create]
        //! [spk_object_destroy]
        spk_object_destroy(&c->object); /* before its context */
        //! [spk_object_destroy]
    }
    {
        //! [spk_allocate]
        int32_t *table = spk_allocate(ctx, 10 * sizeof *table); /* zeroed; NULL with the error set without memory */
        CHECK(table && table[9] == 0);
        spk_release(ctx, table);
        //! [spk_allocate]
    }
    {
        //! [spk_release]
        void *block = spk_allocate(ctx, 100);
        spk_release(ctx, block); /* to the context that it came from, once */
        CHECK(!spk_failed(ctx));
        //! [spk_release]
    }
    spk_ctx_destroy(ctx);
}

int main(void) {
    life();
    errors();
    settings();
    things_of_ones_own();
    return 0;
}
