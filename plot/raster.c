#include "plot/axes_internal.h"
#include <math.h>

enum { MOST_CELLS = 4000000 };

static bool is_right(spk_ctx *ctx, const spk_real *spikes, int64_t T, int64_t neurons) {
    static const char who[] = "spk_plot_raster";
    if (!spikes) spk_fail(ctx, "%s: spikes are NULL", who);
    else if (T < 1 || neurons < 1)
        spk_fail(ctx, "%s: T = %lld and %lld neurons; both are at least 1", who, (long long)T, (long long)neurons);
    else if (T > MOST_CELLS / neurons)
        spk_fail(ctx, "%s: [%lld, %lld] are more than %d neuron-steps; plot a part of them", who, (long long)T, (long long)neurons,
                 MOST_CELLS);
    return !spk_failed(ctx);
}

/* A cell for each of `count` things, whose middles are whole numbers. */
static spk_axis cells(int64_t count, int ticks) { return spk_axis_over(-0.5, (double)count - 0.5, ticks, true); }

/* One path: an upright stroke as high as a cell for each spike. */
static void marks(spk_text *text, const spk_real *spikes, int64_t T, int64_t neurons, const spk_axis *time, const spk_axis *neuron,
                  bool down) {
    const spk_axis *across = down ? neuron : time, *along = down ? time : neuron;
    const double cell = fabs(spk_axis_at(across, 1) - spk_axis_at(across, 0));
    const double height = fmax(0.8 * fabs(spk_axis_at(along, 1) - spk_axis_at(along, 0)), 0.6);
    spk_text_add(text, "<path class=\"spk-spikes\" stroke-width=\"");
    spk_svg_pixels(text, fmin(fmax(0.7 * cell, 0.6), height < 4 ? 12 : 4));
    spk_text_add(text, "\" d=\"M0 0");
    for (int64_t t = 0; t < T; t++)
        for (int64_t i = 0; i < neurons; i++) {
            const spk_real spike = spikes[t * neurons + i];
            if (spike == 0 || spike != spike) continue;
            spk_text_add(text, "M");
            spk_svg_pixels(text, spk_axis_at(across, (double)(down ? i : t)));
            spk_text_add(text, " ");
            spk_svg_pixels(text, spk_axis_at(along, (double)(down ? t : i)) - height / 2);
            spk_text_add(text, "v");
            spk_svg_pixels(text, height);
        }
    spk_text_add(text, "\"/>\n");
}

bool spk_plot_raster_with(spk_text *text, const spk_real *spikes, int64_t T, int64_t neurons, spk_plot_opts o) {
    if (!spk_plot_can(text) || !spk_plot_size_is_right(text->ctx, "spk_plot_raster", &o) || !is_right(text->ctx, spikes, T, neurons))
        return false;
    const spk_plotting plotting = spk_plot_begin(text, "spk_plot_raster");
    spk_axis time = cells(T, o.time_down ? 4 : o.width / 80), neuron = cells(neurons, o.time_down ? o.width / 80 : 5);
    spk_axis *x = o.time_down ? &neuron : &time, *y = o.time_down ? &time : &neuron;
    if (o.time_down) y->low = (double)T - 0.5, y->high = -0.5; /* the first step on top */
    const spk_box box = {(o.y_label && *o.y_label ? 24 : 8) + spk_axis_room(text->ctx, y) + 8, o.title && *o.title ? 34 : 12, o.width - 18,
                         o.height - (o.x_label && *o.x_label ? 44 : 28)};
    spk_svg_open(text, &o, o.height);
    spk_axes_draw(text, &box, x, y, &o);
    marks(text, spikes, T, neurons, &time, &neuron, o.time_down);
    spk_svg_close(text);
    return spk_plot_end(text, plotting);
}
