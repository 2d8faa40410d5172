#include "plot/axes_internal.h"
#include <math.h>
#include <stdio.h>

enum { MARKED = 40, LEGEND_ROW = 18 }; /* the most points of a curve with markers; pixels */

static int64_t place(const spk_series *s, int64_t i) { return i * (s->stride ? s->stride : 1); }
static double x_of(const spk_series *s, int64_t i) { return s->x ? (double)s->x[place(s, i)] : (double)i; }
static double y_of(const spk_series *s, int64_t i) { return (double)s->y[place(s, i)]; }

/* Whether a point is drawn: also false for NaN. */
static bool is_drawn(const spk_series *s, int64_t i) {
    return i >= 0 && i < s->count && fabs(x_of(s, i)) <= SPK_PLOT_MOST && fabs(y_of(s, i)) <= SPK_PLOT_MOST;
}

/* What the curves span. */
typedef struct extent {
    double x_low, x_high, y_low, y_high;
    bool any, whole; /* a point at all; only whole numbers as x */
} extent;

static extent measure(const spk_series *series, int n) {
    extent e = {INFINITY, -INFINITY, INFINITY, -INFINITY, false, true};
    for (int i = 0; i < n; i++)
        for (int64_t j = 0; j < series[i].count; j++) {
            if (!is_drawn(&series[i], j)) continue;
            const double x = x_of(&series[i], j), y = y_of(&series[i], j);
            e.x_low = fmin(e.x_low, x), e.x_high = fmax(e.x_high, x);
            e.y_low = fmin(e.y_low, y), e.y_high = fmax(e.y_high, y);
            e.any = true, e.whole = e.whole && x == floor(x);
        }
    if (!e.any) e.x_low = 0, e.x_high = 1, e.y_low = 0, e.y_high = 1;
    return e;
}

static spk_axis y_axis(const extent *e, const spk_plot_opts *o) {
    const bool low = !spk_is_none(o->y_min), high = !spk_is_none(o->y_max);
    double least = e->y_low, most = e->y_high;
    if (!spk_is_none(o->guide)) least = fmin(least, o->guide), most = fmax(most, o->guide);
    if (low) least = o->y_min, most = fmax(most, least);
    if (high) most = o->y_max, least = low ? least : fmin(least, most);
    return spk_axis_rounded(least, most, o->height > 400 ? 8 : 5, low && least < most, high && least < most);
}

/* A curve's classes: its colour, dashed when the colours have been used up. */
static const char *class_of(const spk_series *series, int i) {
    static const char *const classes[] = {"spk-1",           "spk-2",           "spk-3",           "spk-4",
                                          "spk-5",           "spk-6",           "spk-1 spk-again", "spk-2 spk-again",
                                          "spk-3 spk-again", "spk-4 spk-again", "spk-5 spk-again", "spk-6 spk-again"};
    int colour = 0;
    for (int j = 0; j < i; j++) colour += !series[j].muted;
    return series[i].muted ? "spk-muted" : classes[colour % 12];
}

/* One entry of the legend; moves *x and *y on. */
static void entry(spk_text *text, double *x, double *y, const char *class, const char *label, double right) {
    if (!label || !*label) return;
    const double width = 24 + spk_svg_width(label) + 14;
    if (*x > 12 && *x + width - 14 > right) *x = 12, *y += LEGEND_ROW;
    if (text) {
        spk_svg_line(text, class, *x, *y - 4, *x + 18, *y - 4);
        spk_svg_label(text, *x + 24, *y, SPK_START, "", label);
    }
    *x += width;
}

/* Writes the legend, or without a text measures it. Returns its lower end. */
static double legend(spk_text *text, const spk_series *series, int n, const spk_plot_opts *o) {
    const double top = o->title && *o->title ? 24 : 4;
    double x = 12, y = top + LEGEND_ROW;
    char class[48];
    for (int i = 0; i < n; i++) {
        snprintf(class, sizeof class, "spk-curve %s", class_of(series, i));
        entry(text, &x, &y, class, series[i].label, o->width);
    }
    if (!spk_is_none(o->guide)) entry(text, &x, &y, "spk-guide", o->guide_label, o->width);
    return x > 12 ? y + 4 : top;
}

static void point(spk_text *text, const spk_series *s, int64_t i, const spk_axis *x, const spk_axis *y, const char *between) {
    spk_svg_pixels(text, spk_axis_at(x, x_of(s, i)));
    spk_text_add(text, "%s", between);
    spk_svg_pixels(text, spk_axis_at(y, y_of(s, i)));
}

static void curve(spk_text *text, const spk_series *s, const char *class, const spk_axis *x, const spk_axis *y) {
    spk_text_add(text, "<path class=\"spk-curve %s\" d=\"M0 0", class); /* a path must begin somewhere, also one of gaps alone */
    for (int64_t i = 0; i < s->count; i++) {
        if (!is_drawn(s, i)) continue;
        spk_text_add(text, is_drawn(s, i - 1) ? "L" : "M");
        point(text, s, i, x, y, " ");
    }
    spk_text_add(text, "\"/>\n");
    for (int64_t i = 0; i < s->count; i++) {
        if (!is_drawn(s, i) || (s->count > MARKED && (is_drawn(s, i - 1) || is_drawn(s, i + 1)))) continue;
        spk_text_add(text, "<circle class=\"spk-dot %s\" r=\"%s\" cx=\"", class, s->muted ? "1.5" : "2.5");
        point(text, s, i, x, y, "\" cy=\"");
        spk_text_add(text, "\"/>\n");
    }
}

/* The curves in an element that cuts off what lies outside of the box, but for half a marker. */
static void curves(spk_text *text, const spk_series *series, int n, const spk_box *box, const spk_axis *x, const spk_axis *y) {
    const double corner[] = {box->left - 4, box->top - 4, box->right - box->left + 8, box->bottom - box->top + 8};
    static const char *const names[] = {"x", "y", "width", "height"};
    spk_text_add(text, "<svg");
    for (int i = 0; i < 4; i++) {
        spk_text_add(text, " %s=\"", names[i]);
        spk_svg_pixels(text, corner[i]);
        spk_text_add(text, "\"");
    }
    spk_text_add(text, " viewBox=\"");
    for (int i = 0; i < 4; i++) {
        spk_text_add(text, i ? " " : "");
        spk_svg_pixels(text, corner[i]);
    }
    spk_text_add(text, "\">\n");
    for (int muted = 1; muted >= 0; muted--) /* what matters lies on top */
        for (int i = 0; i < n; i++)
            if (series[i].muted == muted) curve(text, &series[i], class_of(series, i), x, y);
    spk_text_add(text, "</svg>\n");
}

/* Whether the numbers mean something; names what does not. */
static bool is_right(spk_ctx *ctx, const spk_series *series, int n, const spk_plot_opts *o) {
    static const char who[] = "spk_plot_lines";
    if (!series) spk_fail(ctx, "%s: series is NULL", who);
    else if (n < 1) spk_fail(ctx, "%s: %d series; at least one is needed, which may be empty", who, n);
    for (int i = 0; i < n && !spk_failed(ctx); i++) {
        const spk_series *s = &series[i];
        if (s->count < 0 || s->stride < 0)
            spk_fail(ctx, "%s: series %d has count %lld and stride %lld; neither may be negative", who, i, (long long)s->count,
                     (long long)s->stride);
        else if (s->count && !s->y) spk_fail(ctx, "%s: y of series %d is NULL", who, i);
    }
    const double ends[] = {o->y_min, o->y_max, o->guide};
    for (int i = 0; i < 3; i++)
        if (fabs(ends[i]) > SPK_PLOT_MOST) spk_fail(ctx, "%s: y_min, y_max and guide are numbers up to 1e30 in size, or SPK_NONE", who);
    if (o->y_min >= o->y_max) spk_fail(ctx, "%s: y_min must be below y_max", who);
    return !spk_failed(ctx);
}

bool spk_plot_lines_with(spk_text *text, const spk_series *series, int n, spk_plot_opts o) {
    if (!spk_plot_can(text) || !spk_plot_size_is_right(text->ctx, "spk_plot_lines", &o) || !is_right(text->ctx, series, n, &o))
        return false;
    const spk_plotting plotting = spk_plot_begin(text, "spk_plot_lines");
    const extent e = measure(series, n);
    spk_axis x = spk_axis_over(e.x_low, e.x_high, o.width / 80, e.whole), y = y_axis(&e, &o);
    const bool named = o.y_label && *o.y_label;
    const spk_box box = {(named ? 24 : 8) + spk_axis_room(text->ctx, &y) + 8, legend(NULL, series, n, &o) + 12, o.width - 18,
                         o.height - (o.x_label && *o.x_label ? 44 : 28)};
    spk_svg_open(text, &o, o.height);
    legend(text, series, n, &o);
    spk_axes_draw(text, &box, &x, &y, &o);
    if (!spk_is_none(o.guide) && o.guide >= y.low && o.guide <= y.high)
        spk_svg_line(text, "spk-guide", box.left, spk_axis_at(&y, o.guide), box.right, spk_axis_at(&y, o.guide));
    curves(text, series, n, &box, &x, &y);
    if (!e.any) spk_svg_label(text, (box.left + box.right) / 2, (box.top + box.bottom) / 2, SPK_MIDDLE, "spk-soft", "no data");
    spk_svg_close(text);
    return spk_plot_end(text, plotting);
}
