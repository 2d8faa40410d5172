/* SVG: elements, numbers, escaped labels. */
#ifndef SPK_PLOT_SVG_INTERNAL_H
#define SPK_PLOT_SVG_INTERNAL_H

#include "core/context_internal.h"
#include "core/text_internal.h"
#include "plot/plot.h"

/* Where a plot is drawn, in pixels, y downwards. */
typedef struct spk_box {
    double left, top, right, bottom;
} spk_box;

/* How a label lies at its place. */
typedef enum spk_anchor { SPK_START, SPK_MIDDLE, SPK_END } spk_anchor;

/* A plot that is being written. */
typedef struct spk_plotting {
    size_t before; /* the text's length */
    spk_activity outer;
} spk_plotting;

/* True when a plot can be written: there is a text, and its context has not failed. */
bool spk_plot_can(const spk_text *text);
/* Whether the picture's size is right; sets the error. */
bool spk_plot_size_is_right(spk_ctx *ctx, const char *function, const spk_plot_opts *options);
/* From here on memory is asked for in the function's name. */
spk_plotting spk_plot_begin(spk_text *text, const char *function);
/* The result of a plot: what it has added is taken back where memory was missing. */
bool spk_plot_end(spk_text *text, spk_plotting plotting);

/* <svg>, title, description, style, paper and the heading. */
void spk_svg_open(spk_text *text, const spk_plot_opts *options, int height);
void spk_svg_close(spk_text *text);
/* A length in pixels, rounded to a tenth; a point in any locale. */
void spk_svg_pixels(spk_text *text, double value);
/* <text>; nothing for an empty label. `class` may be "". */
void spk_svg_label(spk_text *text, double x, double y, spk_anchor anchor, const char *class, const char *label);
/* The same, read upwards. */
void spk_svg_upright(spk_text *text, double x, double y, const char *label);
/* A straight line. */
void spk_svg_line(spk_text *text, const char *class, double x1, double y1, double x2, double y2);
/* About how wide a label is, in pixels at the size of labels. */
double spk_svg_width(const char *label);

#endif
