/* Memories: state that points into a graph while its step lives and keeps its value when it ends. */
#include "../core/support.h"
#include "core/context_internal.h"

static spk_tensor *same(spk_module *module, spk_tensor *x) { return (void)module, x; }
static const spk_module_type type = {.name = "state", .size = sizeof(spk_module), .forward = same};

static spk_module *with_memories(spk_ctx *ctx) {
    spk_module *m = spk_module_create(ctx, &type);
    spk_register_memory(m, "a", 0.5);
    spk_register_memory(m, "b", -1);
    assert_fine(ctx, "registered");
    return m;
}

Test(memory, values) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *m = with_memories(ctx);
    spk_tensor *x = VECTOR(ctx, 1, 2, 3), *value = x;
    cr_assert(!spk_memory(m, "a") && spk_reset_value(m, "a") == 0.5 && spk_reset_value(m, "b") == -1, "at first");
    cr_assert(spk_memory_check(m, "a", SPK_SHAPE(3), &value) && !value, "check at the reset value");
    assert_values(spk_memory_like(m, "a", x), "like", 0.5, 0.5, 0.5);
    cr_assert(spk_set_memory(m, "a", x) && spk_memory(m, "a") == x && !spk_memory(m, "b"), "set one of two");
    cr_assert(spk_memory_check(m, "a", SPK_SHAPE(3), &value) && value == x, "check");
    cr_assert_eq(spk_memory_like(m, "a", spk_shift(x, 1)), x, "like gives the value itself");
    cr_assert(spk_set_reset_value(m, "a", 7) && spk_memory(m, "a") == x, "the current value stays");
    spk_reset(m);
    assert_values(spk_memory_like(m, "a", x), "the new reset value", 7, 7, 7);
    assert_values(x, "reset writes to nothing", 1, 2, 3);
    assert_fine(ctx, "values");
    spk_ctx_destroy(ctx);
}

Test(memory, errors) {
    spk_ctx *ctx = spk_ctx_create(), *other = spk_ctx_create();
    spk_module *m = with_memories(ctx);
    spk_tensor *x = VECTOR(ctx, 1, 2, 3), *value = x;
    cr_assert_null(spk_memory(m, "c"));
    assert_error(ctx, "spk_memory", "state (state)", "no memory 'c'");
    cr_assert_not(spk_set_memory(m, "c", x));
    assert_error(ctx, "spk_set_memory", "state (state)", "no memory 'c'");
    assert_inert(spk_memory_like(m, "c", x), "like");
    assert_error(ctx, "spk_memory_like", "state (state)", "no memory 'c'");
    cr_assert(!spk_memory_check(m, "c", SPK_SHAPE(3), &value) && !value, "check");
    assert_error(ctx, "spk_memory_check", "state (state)", "no memory 'c'");
    cr_assert_not(spk_set_memory(m, "a", NULL));
    assert_error(ctx, "NULL", "spk_set_memory", "NULL");
    cr_assert_not(spk_set_memory(m, "a", spk_scalar(other, 1)));
    assert_error(ctx, "another context", "spk_set_memory", "another context");
    spk_tensor *old = spk_shift(x, 1);
    spk_end_step(ctx);
    cr_assert_not(spk_set_memory(m, "a", old));
    assert_error(ctx, "freed", "spk_set_memory", "shift");
    cr_assert_null(spk_memory(m, "a"), "nothing was set");
    spk_set_memory(m, "a", x);
    cr_assert(!spk_memory_check(m, "a", SPK_SHAPE(2), &value) && !value, "another shape");
    assert_error(ctx, "another shape", "[3]", "spk_reset");
    cr_assert_null(spk_memory(m, "a"), "the step that failed set nothing");
    spk_set_memory(m, "a", x);
    assert_inert(spk_memory_like(m, "a", spk_tensor_create(ctx, SPK_SHAPE(1, 3))), "another shape");
    assert_error(ctx, "another shape", "[1, 3]", "spk_reset");
    spk_register_parameter(m, "p", SPK_SHAPE(1));
    cr_assert_null(spk_memory(m, "p"), "a parameter is no memory");
    assert_error(ctx, "parameter", "no memory 'p'", "");
    spk_ctx_destroy(ctx), spk_ctx_destroy(other);
}

Test(memory, other_storages_become_dense) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *m = with_memories(ctx);
    spk_set_memory(m, "a", spk_repeat_over_time(spk_step_from(ctx, SPK_SHAPE(1, 2), (const spk_real[]){1, 2}), 2));
    spk_set_memory(m, "b", spk_bits(VECTOR(ctx, 1, 0, 1)));
    assert_values(spk_memory(m, "a"), "repeated", 1, 2, 1, 2);
    spk_end_step(ctx);
    assert_values(spk_memory(m, "a"), "repeated, after the step", 1, 2, 1, 2);
    assert_values(spk_memory(m, "b"), "bits, after the step", 1, 0, 1);
    assert_fine(ctx, "storages");
    spk_ctx_destroy(ctx);
}

/* The slot's storage grows to the largest value and is used again, whatever its shape. */
Test(memory, shapes_come_and_go) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *m = with_memories(ctx);
    static const int64_t rows[] = {1, 8, 3, 0, 8, 20, 2, 20};
    size_t held = 0;
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            spk_tensor *x = spk_full(ctx, SPK_SHAPE(rows[i], 50), (double)(i + 1)), *value;
            spk_reset(m);
            spk_set_memory(m, "a", spk_shift(x, 0.25));
            for (int step = 0; step < 3; step++) {
                spk_end_step(ctx);
                cr_assert(spk_memory_check(m, "a", SPK_SHAPE(rows[i], 50), &value) && value, "rows %d: %s", (int)rows[i], spk_error(ctx));
                for (int64_t k = 0; k < spk_size(value); k++)
                    cr_assert(spk_data(value)[k] == (spk_real)(i + 1) + (spk_real)0.25, "rows %d: value", (int)rows[i]);
            }
            spk_set_memory(m, "a", spk_reshape(spk_memory(m, "a"), SPK_SHAPE(50, rows[i]))); /* a view of its own storage */
            spk_end_step(ctx);
            cr_assert(spk_memory_check(m, "a", SPK_SHAPE(50, rows[i]), &value) && value, "reshaped");
            spk_set_memory(m, "a", spk_scale(value, 2)); /* computed from it */
            spk_end_step(ctx);
            if (rows[i]) cr_assert(spk_data(spk_memory(m, "a"))[0] == 2 * ((spk_real)(i + 1) + (spk_real)0.25), "doubled");
            if (round == 1 && i == 0) held = spk_memory_use(ctx).held;
        }
    assert_fine(ctx, "shapes");
    cr_assert_eq(spk_memory_use(ctx).held, held, "memory grew from %zu to %zu", held, spk_memory_use(ctx).held);
    spk_ctx_destroy(ctx);
}

Test(memory, graphs_end_with_their_step) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *m = with_memories(ctx);
    spk_tensor *leaf = spk_set_requires_grad(VECTOR(ctx, 1, 2), true), *value;
    spk_set_memory(m, "a", spk_scale(leaf, 3));
    cr_assert(spk_requires_grad(spk_memory(m, "a")), "with its graph");
    spk_end_step(ctx);
    cr_assert_not(spk_memory_check(m, "a", SPK_SHAPE(2), &value));
    cr_assert(strstr(spk_error(ctx), "spk_detach"), "%s", spk_error(ctx));
    assert_error(ctx, "ended", "state (state)", "spk_reset");
    cr_assert_not(spk_memory_check(m, "a", SPK_SHAPE(5), &value), "ended comes before the shape");
    assert_error(ctx, "ended", "finished step", "spk_reset");
    assert_values(spk_memory(m, "a"), "the value is still there to look at", 3, 6);
    spk_detach(m);
    cr_assert(spk_memory_check(m, "a", SPK_SHAPE(2), &value) && !spk_requires_grad(value), "detached");
    assert_values(value, "detached", 3, 6);
    spk_end_step(ctx);
    cr_assert(spk_memory_check(m, "a", SPK_SHAPE(2), &value), "and stays so: %s", spk_error(ctx));

    spk_set_memory(m, "a", spk_scale(leaf, 4));
    spk_end_step(ctx);
    spk_set_memory(m, "a", spk_tensor_detach(leaf)); /* a new value makes up for the ended one */
    cr_assert(spk_memory_check(m, "a", SPK_SHAPE(2), &value), "set anew: %s", spk_error(ctx));

    spk_set_memory(m, "a", leaf); /* a leaf has no graph behind it */
    spk_end_step(ctx);
    cr_assert(spk_memory_check(m, "a", SPK_SHAPE(2), &value) && value != leaf, "a leaf's value: %s", spk_error(ctx));
    assert_values(value, "a leaf's value", 1, 2);
    assert_fine(ctx, "graphs");
    spk_ctx_destroy(ctx);
}

/* Backward after reset, detach: what it saved is untouched; the gradient flows through memories within the
 * step, and not past a detach. */
Test(memory, gradients) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *m = with_memories(ctx);
    spk_tensor *leaf = spk_set_requires_grad(VECTOR(ctx, 1, 2), true);
    spk_set_memory(m, "a", spk_multiply(leaf, leaf));
    spk_tensor *y = spk_multiply(spk_memory(m, "a"), spk_memory(m, "a")); /* x^4 */
    spk_reset(m);
    cr_assert(spk_backward(spk_sum(y)), "%s", spk_error(ctx));
    assert_values(spk_grad(leaf), "after reset", 4, 32);
    spk_clear_grad(leaf);
    spk_set_memory(m, "a", spk_multiply(leaf, leaf));
    spk_detach(m);
    y = spk_multiply(spk_memory(m, "a"), leaf); /* c x */
    cr_assert(spk_backward(spk_sum(y)), "%s", spk_error(ctx));
    assert_values(spk_grad(leaf), "past detach", 1, 4);
    assert_fine(ctx, "gradients");
    spk_ctx_destroy(ctx);
}

Test(memory, errors_drop_the_step_and_keep_the_value) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *m = with_memories(ctx);
    spk_set_memory(m, "a", spk_shift(VECTOR(ctx, 1, 2), 1));
    spk_fail(ctx, "something else");
    spk_end_step(ctx);
    spk_clear_error(ctx);
    spk_tensor *value;
    cr_assert(spk_memory_check(m, "a", SPK_SHAPE(2), &value) && !value, "what the failed step set is dropped: %s", spk_error(ctx));
    spk_set_memory(m, "a", spk_shift(VECTOR(ctx, 3, 4), 1));
    spk_end_step(ctx);
    assert_fine(ctx, "afterwards");
    spk_set_memory(m, "a", spk_shift(VECTOR(ctx, 1, 2), 1));
    spk_fail(ctx, "something else");
    spk_reset(m); /* after an error it does nothing */
    spk_clear_error(ctx);
    assert_values(spk_memory(m, "a"), "as the failed step found it", 4, 5);
    spk_reset(m); /* counts at once */
    spk_set_memory(m, "a", spk_shift(VECTOR(ctx, 1, 2), 1));
    spk_fail(ctx, "something else");
    spk_clear_error(ctx);
    cr_assert_null(spk_memory(m, "a"), "reset, then set in the step that failed");
    spk_ctx_destroy(ctx);
}

/* A memory whose graph has ended is that again when the step that gave it a new value fails; unless it was detached before. */
Test(memory, errors_keep_what_has_ended) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *m = with_memories(ctx);
    spk_tensor *leaf = spk_set_requires_grad(VECTOR(ctx, 1, 2), true), *value;
    spk_set_memory(m, "a", spk_scale(leaf, 3));
    spk_end_step(ctx);
    spk_set_memory(m, "a", spk_scale(leaf, 5));
    spk_fail(ctx, "something");
    spk_clear_error(ctx);
    assert_values(spk_memory(m, "a"), "as before", 3, 6);
    cr_assert_not(spk_memory_check(m, "a", SPK_SHAPE(2), &value));
    assert_error(ctx, "ended, still", "finished step", "spk_detach");
    spk_detach(m);
    spk_set_memory(m, "a", spk_scale(leaf, 5));
    spk_fail(ctx, "something");
    spk_clear_error(ctx);
    cr_assert(spk_memory_check(m, "a", SPK_SHAPE(2), &value) && value, "detached, still: %s", spk_error(ctx));
    assert_values(value, "as before", 3, 6);
    spk_ctx_destroy(ctx);
}

/* What a memory has for the end of the step goes with its module, whenever that goes. */
Test(memory, room_goes_with_the_module) {
    spk_ctx *ctx = spk_ctx_create();
    const size_t held = spk_memory_use(ctx).held;
    for (int when = 0; when < 3; when++) {
        spk_module *m = with_memories(ctx);
        for (int64_t n = 1; n < 4; n++) {
            spk_set_memory(m, "a", spk_full(ctx, SPK_SHAPE(100 * n), 1));
            if (when == 1 || (when == 2 && n == 1)) spk_end_step(ctx);
        }
        spk_module_destroy(m);
        spk_end_step(ctx);
        spk_arena_destroy(&ctx->headers[0]), spk_arena_destroy(&ctx->headers[1]), spk_arena_destroy(&ctx->data);
        cr_assert_eq(spk_memory_use(ctx).held, held, "case %d: %zu bytes are held, once %zu", when, spk_memory_use(ctx).held, held);
    }
    spk_ctx_destroy(ctx);
}

/* Memory that is refused, at any allocation: an error, no crash, no leak. */

typedef struct heap {
    long allowed, live;
} heap;

static void *allocate(void *user, size_t bytes) {
    heap *h = user;
    if (h->allowed-- <= 0) return NULL;
    h->live++;
    return malloc(bytes);
}

static void release(void *user, void *block) {
    ((heap *)user)->live--;
    free(block);
}

/* Two steps of training; true when all went well. */
static bool work(heap *h) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1, .allocator = {allocate, release, h});
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 5, 6), spk_batch_norm1d(ctx, 6),
                                     spk_lif(ctx, .T = 3, .parallel_optim = true, .spike_out = true), spk_dropout_layer(ctx, .T = 3),
                                     spk_linear_layer(ctx, 6, 2), spk_plif(ctx, .T = 3, .parallel_optim = true, .store_v_seq = true));
    spk_tensor *x = spk_tensor_create(ctx, SPK_SHAPE(4, 5)), *labels = spk_tensor_create(ctx, SPK_SHAPE(4));
    spk_fill_uniform(x, 0, 2);
    for (int step = 0; step < 2; step++) {
        spk_tensor *spikes = spk_call(net, spk_repeat_over_time(x, 3));
        spk_tensor *loss = spk_add(spk_spike_cross_entropy(spikes, labels, 3, 0),
                                   spk_membrane_cross_entropy(spk_v_seq(spk_find_module(net, "5")), labels, 3));
        spk_zero_grad(net);
        spk_backward(loss);
        if (step) spk_reset(net);
        else spk_detach(net);
        spk_repr(net);
        spk_end_step(ctx);
    }
    const bool fine = !spk_failed(ctx);
    cr_assert(fine || strstr(spk_error(ctx), "memory"), "%s", spk_error(ctx));
    spk_clear_error(ctx);
    spk_reset(net);
    spk_ctx_destroy(ctx);
    return fine;
}

Test(memory, refused_anywhere) {
    long n = 0;
    for (;; n++) {
        heap h = {n, 0};
        const bool fine = work(&h);
        cr_assert_eq(h.live, 0, "%ld blocks are left after %ld allocations", h.live, n);
        if (fine) break;
        cr_assert(n < 2000, "never enough");
    }
    cr_assert(n > 30, "%ld allocations", n);
}
