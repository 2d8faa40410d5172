/* Drawing the tape, with every allocation refused in turn. */
#include "../core/failing_memory.h"

typedef struct drawing {
    spk_ctx *ctx;
    spk_tensor *leaf;
    int calls;
} drawing;

static uint64_t fingerprint(const void *self) {
    const drawing *d = self;
    return hash_bytes(HASH_START, spk_data(d->leaf), (size_t)spk_size(d->leaf) * sizeof(spk_real));
}

static bool draw(void *self) {
    const drawing *d = self;
    spk_tensor *y = d->leaf, *sum = y;
    for (int i = 0; i < d->calls; i++) sum = spk_add(sum, y = spk_scale(y, 0.5)); /* edges that pass layers */
    const char *dot = spk_tape_dot(sum), *svg = spk_tape_svg(sum, .most = 5);
    const bool done = *dot && *svg;
    cr_assert_eq(done, !spk_failed(d->ctx), "a picture, or an error");
    if (done) spk_end_step(d->ctx);
    return done;
}

Test(failing_memory_draw, each_allocation) {
    heap h = {.largest = STINGY};
    heap_refuse(&h, 0, -1);
    drawing d = {.ctx = heap_ctx(&h), .calls = 4};
    d.leaf = parameter(d.ctx, SPK_SHAPE(2));
    const program p = {.ctx = d.ctx, .heap = &h, .self = &d, .fingerprint = fingerprint};
    cr_assert(refuse_each(&p, &(phase){"drawing", draw}) > 40, "few allocations");
    spk_ctx_destroy(d.ctx);
    cr_assert_eq(h.live, 0, "%d blocks leak", (int)h.live);
}
