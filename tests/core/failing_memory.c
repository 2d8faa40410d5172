/* What happens around a failure: the end of a step, the random stream, sizes past all numbers, what an error says. */
#include "failing_memory.h"

static spk_ctx *begin(heap *h) {
    *h = (heap){0};
    heap_refuse(h, 0, -1);
    return heap_ctx(h);
}

static void end(spk_ctx *ctx, const heap *h) {
    spk_ctx_destroy(ctx);
    cr_assert_eq(h->live, 0, "%d blocks leak", (int)h->live);
}

/* Twice the memory, or one chunk for two, is asked for, and can be done without. */
Test(failing_memory_core, the_end_of_a_step_needs_no_memory) {
    heap h;
    spk_ctx *ctx = begin(&h);
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 40; i++) spk_full(ctx, SPK_SHAPE(1000), i); /* several chunks, to be joined at the end */
        heap_refuse(&h, 1, INT64_MAX);
        spk_end_step(ctx);
        const int64_t asked = h.calls;
        cr_assert(asked > 0 || round, "nothing was asked for");
        assert_fine(ctx, "the end of a step");
        spk_tensor *x = spk_full(ctx, SPK_SHAPE(10), 1); /* nothing is held, and nothing comes */
        cr_assert(spk_failed(ctx) == (spk_size(x) == 0));
        spk_end_step(ctx);
        spk_clear_error(ctx);
        heap_refuse(&h, 0, -1);
        cr_assert_eq(spk_item(spk_sum(spk_full(ctx, SPK_SHAPE(10), 1))), 10, "%s", spk_error(ctx));
        spk_end_step(ctx);
    }
    end(ctx, &h);
}

/* An op whose first block was refused gets no second one, so that it has one thing to look at. */
Test(failing_memory_core, no_numbers_after_an_error) {
    spk_ctx *ctx = spk_ctx_create();
    cr_assert(spk_step_data(ctx, 100));
    spk_fail(ctx, "something");
    cr_assert(!spk_step_data(ctx, 100) && spk_step_header(ctx, 100), "numbers, or nothing for the error's own text");
    spk_clear_error(ctx);
    cr_assert(spk_step_data(ctx, 100));
    spk_ctx_destroy(ctx);
}

/* Large chunks are refused, small ones not: each tensor gets one of its own. */
Test(failing_memory_core, less_will_do) {
    heap h;
    spk_ctx *ctx = begin(&h);
    h.largest = 20000;
    for (int step = 0; step < 3; step++) {
        spk_tensor *x = spk_full(ctx, SPK_SHAPE(1000), 1);
        for (int i = 0; i < 30; i++) x = spk_scale(x, 1.5);
        cr_assert(close_to((double)spk_data(x)[7], pow(1.5, 30), 1e-5), "%s", spk_error(ctx));
        spk_end_step(ctx);
    }
    spk_full(ctx, SPK_SHAPE(10000), 1);
    assert_error(ctx, "larger than is given", "spk_full: no memory", "were refused");
    end(ctx, &h);
}

/* Sizes near SIZE_MAX do not become small ones on their way to the allocator. */
Test(failing_memory_core, sizes_past_all_numbers) {
    heap h;
    spk_ctx *ctx = begin(&h);
    static const spk_object_type type = {.name = "thing"};
    h.largest = (size_t)1 << 40;
    for (size_t less = 0; less < 300; less++) {
        const size_t sizes[] = {SIZE_MAX - less, SIZE_MAX / 2 + 150 - less, SIZE_MAX / 4 + 150 - less};
        for (int i = 0; i < 3; i++) {
            cr_assert_null(spk_step_data(ctx, sizes[i]), "data of %zu bytes", sizes[i]);
            assert_error(ctx, "data", "no memory", "refused");
            cr_assert_null(spk_step_header(ctx, sizes[i]), "a header of %zu bytes", sizes[i]);
            assert_error(ctx, "header", "no memory", "refused");
            cr_assert_null(spk_allocate(ctx, sizes[i]), "%zu bytes", sizes[i]);
            assert_error(ctx, "allocate", "no memory", "refused");
            cr_assert_null(spk_object_create(ctx, &type, sizes[i]), "an object of %zu bytes", sizes[i]);
            assert_error(ctx, "object", "no memory", "refused");
        }
    }
    assert_inert(spk_tensor_create(ctx, SPK_SHAPE((int64_t)1 << 28, (int64_t)1 << 28)), "2^56 elements");
    assert_error(ctx, "2^56", "spk_tensor_create: no memory", "refused");
    assert_inert(spk_full(ctx, SPK_SHAPE((int64_t)1 << 56), 1), "2^56 elements");
    assert_error(ctx, "2^56", "spk_full: no memory", "refused");
    assert_inert(spk_bits(spk_repeat_over_time(spk_full(ctx, SPK_SHAPE(1, 1), 1), (int64_t)1 << 56)), "2^56 words");
    assert_error(ctx, "2^56 words", "no memory", "refused");
    end(ctx, &h);
}

/* The step's draws are drawn again; those that filled what outlives it are not, nor others in their place. */
Test(failing_memory_core, random_streams_go_back_with_the_step) {
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    spk_tensor *kept = spk_tensor_create(ctx, SPK_SHAPE(8));
    spk_real outside[8], first[8];
    for (int kind = 0; kind < 5; kind++) {
        const uint64_t before = ctx->random.position;
        if (kind == 0) spk_fill_uniform(kept, 0, 1);
        if (kind == 1) spk_fill_normal(kept, 0, 1);
        if (kind == 2) spk_random_uniform(ctx, 8, 0, 1, outside);
        if (kind == 3) spk_random_normal(ctx, 8, 0, 1, outside);
        if (kind == 4) spk_random_permutation(ctx, 8, (int64_t[8]){0});
        const uint64_t outlives = ctx->random.position;
        cr_assert(outlives > before);
        for (int again = 0; again < 2; again++) {
            spk_tensor *drawn = spk_dropout(spk_full(ctx, SPK_SHAPE(8), 1));
            spk_fill_uniform(drawn, 0, 1);
            spk_tensor *normal = spk_full(ctx, SPK_SHAPE(8), 0);
            spk_fill_normal(normal, 0, 1);
            assert_fine(ctx, "drawn");
            if (again) assert_near(8, spk_data(drawn), first, 0, "drawn again");
            else memcpy(first, spk_data(drawn), sizeof first);
            cr_assert(ctx->random.position > outlives);
            spk_fail(ctx, "something");
            if (again) spk_end_step(ctx); /* drops it, too */
            cr_assert(again == (ctx->random.position == outlives), "kind %d", kind);
            spk_clear_error(ctx);
            cr_assert_eq(ctx->random.position, outlives, "kind %d", kind);
        }
        spk_dropout(spk_full(ctx, SPK_SHAPE(8), 1));
        spk_end_step(ctx); /* a step that was taken counts */
        cr_assert(ctx->random.position > outlives);
    }
    spk_dropout(spk_full(ctx, SPK_SHAPE(8), 1));
    spk_seed(ctx, 99);
    spk_fail(ctx, "something");
    spk_clear_error(ctx);
    cr_assert(ctx->random.seed == 99 && ctx->random.position == 0, "a new seed stays");
    spk_ctx_destroy(ctx);
}

/* A buffer that is destroyed within the step is not written to when the step is dropped (the address sanitizer would tell). */
Test(failing_memory_core, nothing_comes_back_to_what_is_gone) {
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(6, 4), 0, 1), *mean = spk_tensor_create(ctx, SPK_SHAPE(4));
    spk_tensor *variance = spk_tensor_create(ctx, SPK_SHAPE(4));
    for (int round = 0; round < 2; round++) {
        spk_batch_norm(x, NULL, NULL, .running_mean = mean, .running_var = variance, .training = true);
        spk_batch_norm(x, NULL, NULL, .running_mean = mean, .running_var = variance, .training = true);
        cr_assert(spk_data(mean)[0] != 0, "%s", spk_error(ctx));
        if (round) spk_tensor_destroy(mean);
        spk_fail(ctx, "something");
        spk_clear_error(ctx);
        cr_assert(spk_data(variance)[0] == 0 && (round || spk_data(mean)[0] == 0), "round %d", round);
    }
    spk_ctx_destroy(ctx);
}

/* Text that is too long loses its middle: who fails and the remedy stay, characters stay whole. */
Test(failing_memory_core, long_errors_keep_both_ends) {
    spk_ctx *ctx = spk_ctx_create();
    char path[6001];
    for (size_t length = 0; length <= 6000; length += length > 700 && length < 800 ? 1 : 50) {
        for (size_t i = 0; i < length; i++) path[i] = "\xC3\xA4"[i % 2]; /* a's with two dots */
        path[length / 2 * 2] = '\0';
        spk_fail(ctx, length % 20 ? "spk_save: /%s: the remedy" : "spk_save: //%s: the remedy", path); /* an odd and an even place */
        const char *text = spk_error(ctx);
        const size_t n = strlen(text);
        cr_assert(n < SPK_ERROR_TEXT && strncmp(text, "spk_save: /", 11) == 0 && strcmp(text + n - 12, ": the remedy") == 0, "%zu: %s",
                  length, text);
        cr_assert(((length % 20 ? 23u : 24u) + length / 2 * 2 < SPK_ERROR_TEXT) == !strstr(text, " ... "), "%zu: %s", length, text);
        for (size_t i = 0, run = 0; i <= n; i++) { /* two-byte characters are whole */
            const unsigned char c = (unsigned char)text[i];
            cr_assert(run ? c == 0xA4 : c != 0xA4, "%zu: byte %zu", length, i);
            run = !run && c == 0xC3;
        }
        spk_clear_error(ctx);
    }
    spk_ctx_destroy(ctx);
}

/* The path of modules that lie so deep that it has no room is cut, and what comes after it is not. */
Test(failing_memory_core, paths_too_long_for_an_error) {
    heap h;
    spk_ctx *ctx = begin(&h);
    spk_scope scopes[200];
    for (int i = 0; i < 200; i++) scopes[i] = (spk_scope){i % 2 ? "a_module_with_a_long_name" : "b", i ? &scopes[i - 1] : NULL};
    for (int n = 0; n < 200; n++) {
        ctx->scope = n ? &scopes[n - 1] : NULL;
        heap_refuse(&h, 1, INT64_MAX);
        spk_arena_destroy(&ctx->data);
        assert_inert(spk_full(ctx, SPK_SHAPE(10), 1), "refused");
        const char *text = spk_error(ctx);
        cr_assert(strncmp(text, "spk_full", 8) == 0 && strstr(text, ": no memory: ") && strstr(text, " are held"), "%d: %s", n, text);
        if (n) cr_assert(strstr(text, n % 2 ? "b): no" : "a_module_with_a_long_name): no"), "%d: %s", n, text);
        heap_refuse(&h, 0, -1);
        spk_clear_error(ctx);
        forget_arenas(ctx);
    }
    end(ctx, &h);
}
