/* SVG: elements, numbers, escaped labels. */
#ifndef SPK_PLOT_SVG_INTERNAL_H
#define SPK_PLOT_SVG_INTERNAL_H

#include "plot/plot.h"

/* Where a plot is drawn, in pixels, y downwards. */
typedef struct spk_box {
    double left, top, right, bottom;
} spk_box;

/* How a label lies at its place. */
typedef enum spk_anchor { SPK_START, SPK_MIDDLE, SPK_END } spk_anchor;

/* True when a plot can be written: text and options are right. Else the error is set where a context is known. */
bool spk_plot_begin(spk_text *text, const char *function, const spk_plot_opts *options);
/* The result of a plot: what it has added is taken back where memory was missing. */
bool spk_plot_end(spk_text *text, size_t before);

/* <svg>, title, description, style, paper and the heading. */
void spk_svg_open(spk_text *text, const spk_plot_opts *options, int height);
void spk_svg_close(spk_text *text);
/* A length in pixels, rounded to a tenth; a point in any locale. */
void spk_svg_pixels(spk_text *text, double value);
/* Text between tags or quotes. */
void spk_svg_escaped(spk_text *text, const char *label);
/* <text>; nothing for an empty label. `class` may be "". */
void spk_svg_label(spk_text *text, double x, double y, spk_anchor anchor, const char *class, const char *label);
/* The same, read upwards. */
void spk_svg_upright(spk_text *text, double x, double y, const char *label);
/* A straight line. */
void spk_svg_line(spk_text *text, const char *class, double x1, double y1, double x2, double y2);
/* About how wide a label is, in pixels at the size of labels. */
double spk_svg_width(const char *label);

#endif
