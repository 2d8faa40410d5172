/* Axes: round ticks, and where a value lies. */
#ifndef SPK_PLOT_AXES_INTERNAL_H
#define SPK_PLOT_AXES_INTERNAL_H

#include "plot/svg_internal.h"

/* Numbers beyond this are not drawn: squares and differences of the others are finite, also as floats. */
#define SPK_PLOT_MOST 1e30

/* An axis; its ticks are k * unit * 10^power for k = first .. last. */
typedef struct spk_axis {
    double low, high; /* values at its ends, low < high */
    double from, to;  /* pixels there */
    int64_t first, last;
    int unit, power; /* unit is 1, 2 or 5 */
} spk_axis;

/* An axis over [low, high], in any order and possibly equal, with at most about `ticks` intervals; `whole`: ticks at whole numbers alone.
 */
spk_axis spk_axis_over(double low, double high, int ticks, bool whole);
/* The same with its ends moved outwards to ticks, but for those to be kept. */
spk_axis spk_axis_rounded(double low, double high, int ticks, bool keep_low, bool keep_high);
/* The value of a tick, and its number, written. */
double spk_axis_tick(const spk_axis *axis, int64_t k);
void spk_axis_number(spk_text *text, const spk_axis *axis, int64_t k);
/* The pixel of a value. */
double spk_axis_at(const spk_axis *axis, double value);

/* The room that the numbers of a y axis need, in pixels. */
double spk_axis_room(spk_ctx *ctx, const spk_axis *axis);
/* Draws both axes around the box: frame, grid, numbers and their names. Sets from and to. */
void spk_axes_draw(spk_text *text, const spk_box *box, spk_axis *x, spk_axis *y, const spk_plot_opts *options);

#endif
