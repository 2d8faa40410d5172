/* Building a net, and programs that look at no error, with every allocation refused in turn. */
#include "failing_memory_program.h"

/* A net that could not be built leaves a context in which it can: the same net, to the bit. */
static void build_again(const plan *p, size_t largest) {
    uint64_t wanted = 0;
    for (int64_t k = 0, refused = 1; refused; k++)
        for (int one = 0; one < 2 && refused; one++) {
            run r = {.plan = p, .heap = {.largest = largest}};
            heap_refuse(&r.heap, 0, -1);
            r.ctx = heap_ctx(&r.heap);
            heap_refuse(&r.heap, k, one ? k : k ? INT64_MAX : -1); /* number 0 is none: the net as it should be */
            const bool built = build(&r);
            refused = r.heap.calls >= k;
            heap_refuse(&r.heap, 0, -1);
            cr_assert(built == !spk_failed(r.ctx) && built == (!k || !refused), "%s, allocation %d: built %d", p->name, (int)k, built);
            if (!built) {
                assert_says_who(r.ctx, p->name, k);
                cr_assert(spk_call(r.net, NULL) && !spk_optimizer_step(r.optimizer), "%s, allocation %d", p->name, (int)k);
                spk_clear_error(r.ctx);
                cr_assert(build(&r), "%s, allocation %d: not built again: %s", p->name, (int)k, spk_error(r.ctx));
            }
            const uint64_t bits = fingerprint(&r);
            if (!k) wanted = bits;
            cr_assert_eq(bits, wanted, "%s, allocation %d: another net", p->name, (int)k);
            spk_ctx_destroy(r.ctx);
            cr_assert_eq(r.heap.live, 0, "%s, allocation %d: %d blocks leak", p->name, (int)k, (int)r.heap.live);
        }
}

Test(failing_memory_build, the_net_can_be_built_again) {
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) build_again(&plans[i], STINGY);
}

/* A watch that could not be set up can be set up again. */

static bool watch(void *self) { return spk_watch_health(((run *)self)->net); }

Test(failing_memory_build, a_watch_can_be_set_up_again) {
    run r = {.plan = &plans[0], .heap = {.largest = STINGY}};
    heap_refuse(&r.heap, 0, -1);
    r.ctx = heap_ctx(&r.heap);
    cr_assert(build(&r), "%s", spk_error(r.ctx));
    const program p = {r.ctx, &r.heap, &r, fingerprint, NULL};
    cr_assert(refuse_each(&p, &(phase){"watch", watch}) >= 20, "few attempts failed");
    cr_assert_not(watch(&r), "it is watched");
    spk_ctx_destroy(r.ctx);
    cr_assert_eq(r.heap.live, 0, "%d blocks leak", (int)r.heap.live);
}

/* Looks at no error, as a program may. */
static bool all_at_once(run *r) {
    build(r);
    for (int i = 0; i < PHASES; i++) phases[i].run(r);
    return !spk_failed(r->ctx);
}

/* With arenas as they are, from the context's own block on: an error or, where less memory does, the same bits; never a leak. */
static void naive(const plan *p) {
    run r = begin(p, 0);
    uint64_t wanted = 0;
    int failures = 0;
    for (int64_t k = 0, refused = 1; refused; k++)
        for (int one = 0; one < 2 && refused; one++) {
            r = (run){.plan = p, .files = r.files};
            heap_refuse(&r.heap, k, one ? k : k ? INT64_MAX : -1);
            r.ctx = heap_ctx(&r.heap);
            const bool done = all_at_once(&r);
            refused = r.heap.calls >= k;
            cr_assert(done || refused, "%s, allocation %d: %s", p->name, (int)k, spk_error(r.ctx));
            failures += !done;
            if (!done && k > 1) assert_says_who(r.ctx, p->name, k);
            if (!k) wanted = fingerprint(&r);
            else if (done) cr_assert_eq(fingerprint(&r), wanted, "%s, allocation %d: done, with other bits", p->name, (int)k);
            spk_ctx_destroy(r.ctx);
            cr_assert_eq(r.heap.live, 0, "%s, allocation %d: %d blocks leak", p->name, (int)k, (int)r.heap.live);
        }
    cr_assert(failures > 100, "%s: %d failures", p->name, failures);
    remove_files(&r);
}

Test(failing_memory_build, no_error_is_looked_at_with_bits) { naive(&plans[1]); }
Test(failing_memory_build, no_error_is_looked_at_with_floats) { naive(&plans[2]); }
Test(failing_memory_build, no_error_is_looked_at_in_windows) { naive(&plans[5]); }
