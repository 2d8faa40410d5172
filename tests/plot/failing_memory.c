/* Every plot with each of its allocations refused in turn: an error, a text as it was, and the same picture when it is done again. */
#include "../core/failing_memory.h"

typedef struct drawing {
    spk_text text;
    const phase *plot;
} drawing;

static const spk_real numbers[12] = {0, 1, 0, 2, 1, 0, 0, 0, 1, 1, 0, 3};

static bool lines(void *d) {
    return spk_plot_lines(&((drawing *)d)->text, (&(spk_series){numbers, .count = 12, .label = "curve"}), 1, .title = "title", .guide = 1);
}
static bool raster(void *d) { return spk_plot_raster(&((drawing *)d)->text, numbers, 3, 4); }
static bool matrix(void *d) { return spk_plot_matrix(&((drawing *)d)->text, numbers, 3, 4); }
static bool terminal(void *d) { return spk_plot_terminal(&((drawing *)d)->text, numbers, 12, .spikes = numbers); }

static uint64_t fingerprint(const void *self) {
    const drawing *d = self;
    cr_assert(!d->text.data || strlen(d->text.data) == d->text.length);
    return hash_bytes(HASH_START, d->text.data, d->text.length);
}

/* Each attempt begins with a text of seven characters that has room for no more. */
static void again(void *self) {
    drawing *d = self;
    spk_text_free(&d->text);
    spk_text_add(&d->text, "before ");
}

Test(plot, each_allocation_refused) {
    static const phase plots[] = {{"lines", lines}, {"raster", raster}, {"matrix", matrix}, {"terminal", terminal}};
    for (int i = 0; i < 4; i++) {
        heap h = {0};
        heap_refuse(&h, 0, -1);
        drawing d = {.text = {.ctx = heap_ctx(&h)}};
        again(&d);
        const program all = {d.text.ctx, &h, &d, fingerprint, again};
        cr_assert(refuse_each(&all, &plots[i]) >= 4, "%s", plots[i].name);
        const uint64_t bits = fingerprint(&d);
        again(&d);
        cr_assert(plots[i].run(&d) && fingerprint(&d) == bits);
        spk_text_free(&d.text);
        spk_ctx_destroy(d.text.ctx);
        cr_assert_eq(h.live, 0, "%s leaks", plots[i].name);
    }
}
