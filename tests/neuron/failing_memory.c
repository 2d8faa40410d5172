/* Training, evaluation and files with every allocation refused in turn (tests/core/failing_memory.h). */
#include "failing_memory_program.h"

/* All phases with all memory: the bits after each. */
static void reference(const plan *p, uint64_t bits[PHASES]) {
    run r = begin(p, 0);
    r.ctx = heap_ctx(&r.heap);
    spk_set_road(r.ctx, p->road);
    heap_refuse(&r.heap, 0, -1);
    cr_assert(build(&r), "%s: %s", p->name, spk_error(r.ctx));
    for (int i = 0; i < PHASES; i++) {
        cr_assert(phases[i].run(&r), "%s, %s: %s", p->name, phases[i].name, spk_error(r.ctx));
        bits[i] = fingerprint(&r);
    }
    spk_ctx_destroy(r.ctx);
    cr_assert_eq(r.heap.live, 0);
    remove_files(&r);
}

static void each_allocation(const plan *p) {
    uint64_t bits[PHASES];
    reference(p, bits);
    run r = begin(p, STINGY);
    r.ctx = heap_ctx(&r.heap);
    spk_set_road(r.ctx, p->road);
    heap_refuse(&r.heap, 0, -1);
    cr_assert(build(&r), "%s: %s", p->name, spk_error(r.ctx));
    const program all = {r.ctx, &r.heap, &r, fingerprint, look_at_files};
    for (int i = 0; i < PHASES; i++) {
        const int64_t failures = refuse_each(&all, &phases[i]);
        if (getenv("SPK_TEST_SHOW")) fprintf(stderr, "%s, %s: %d failures\n", p->name, phases[i].name, (int)failures);
        cr_assert(failures >= 4, "%s, %s: only %d attempts failed", p->name, phases[i].name, (int)failures);
        cr_assert_eq(fingerprint(&r), bits[i], "%s, %s: other bits than without failures", p->name, phases[i].name);
    }
    spk_ctx_destroy(r.ctx);
    cr_assert_eq(r.heap.live, 0, "%s: %d blocks leak", p->name, (int)r.heap.live);
    remove_files(&r);
}

/* Whatever is refused, the step is dropped whole, and done again ends with the bits of a run without failures. */
Test(failing_memory, by_sparse_roads) { each_allocation(&plans[0]); }
Test(failing_memory, by_dense_roads) { each_allocation(&plans[1]); }
Test(failing_memory, floats_and_hooks) { each_allocation(&plans[2]); }
Test(failing_memory, bits_and_hooks) { each_allocation(&plans[3]); }
Test(failing_memory, roads_by_density) { each_allocation(&plans[4]); }
Test(failing_memory, windows) { each_allocation(&plans[5]); }
