#include "plot/axes_internal.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The characters of a picture, in ASCII and in UTF-8. */
enum glyph { SPACE, FLAT, RISE, FROM_BELOW, TO_BELOW, TO_ABOVE, GUIDE, BORDER, TICK, SPIKE };
static const char *const glyphs[2][10] = {{" ", "-", "|", ".", ".", "'", "=", "|", "+", "|"},
                                          {" ", "─", "│", "╭", "╮", "╯", "╌", "│", "┤", "╵"}};
static const char *const from_above[2] = {"'", "╰"};

/* A curve in columns of characters; each has the rows from `low` to `high` (0 is the lowest), or is a gap: low > high. */
typedef struct screen {
    const spk_real *y, *spikes;
    int64_t count, stride, columns;
    int height;
    spk_axis axis;
    double guide;
} screen;

/* The numbers of a column: some where there are more numbers than columns, else one, repeated. */
static int64_t first_of(const screen *s, int64_t column) { return (int64_t)((double)column * (double)s->count / (double)s->columns); }
static int64_t past_of(const screen *s, int64_t column) {
    const int64_t next = first_of(s, column + 1), first = first_of(s, column);
    return next > first ? next : first + 1;
}

static int row_of(const screen *s, double value) { return (int)lround(spk_axis_at(&s->axis, value)); }

/* The rows that a column covers; false for a gap. */
static bool rows_of(const screen *s, int64_t column, int *low, int *high) {
    *low = s->height, *high = -1;
    if (column < 0 || column >= s->columns) return false;
    for (int64_t i = first_of(s, column); i < past_of(s, column); i++) {
        const double value = (double)s->y[i * s->stride];
        if (!(fabs(value) <= SPK_PLOT_MOST)) continue;
        const int row = row_of(s, value);
        if (row < *low) *low = row;
        if (row > *high) *high = row;
    }
    return *low <= *high;
}

/* What stands in a column and row: the curve goes from the column before to this one upright, in this column. */
static const char *glyph_at(const screen *s, int64_t column, int row, bool utf8) {
    int low, high, before_low, before_high;
    const bool drawn = rows_of(s, column, &low, &high), joined = rows_of(s, column - 1, &before_low, &before_high);
    const bool crossed = !spk_is_none(s->guide) && row == row_of(s, s->guide);
    if (drawn && low < high) { /* a range */
        if (row >= low && row <= high) return glyphs[utf8][RISE];
    } else if (drawn && joined && before_low == before_high && before_low != low) {
        const bool rises = low > before_low;
        if (row == low) return rises ? glyphs[utf8][FROM_BELOW] : from_above[utf8];
        if (row == before_low) return glyphs[utf8][rises ? TO_ABOVE : TO_BELOW];
        if ((row > low) != (row > before_low)) return glyphs[utf8][RISE];
    } else if (drawn && row == low) return glyphs[utf8][FLAT];
    return glyphs[utf8][crossed ? GUIDE : SPACE];
}

static bool has_spike(const screen *s, int64_t column) {
    if (column > 0 && first_of(s, column) == first_of(s, column - 1)) return false; /* the same number, repeated */
    for (int64_t i = first_of(s, column); i < past_of(s, column); i++) {
        const spk_real spike = s->spikes[i * s->stride];
        if (spike != 0 && spike == spike) return true;
    }
    return false;
}

static const char *spike_at(const screen *s, int64_t column, int row, bool utf8) {
    return glyphs[utf8][row == 0 && has_spike(s, column) ? SPIKE : SPACE];
}

/* A line: what stands before the curve, and the characters of a row; without the spaces at its end. */
static void line_of(spk_text *text, const char *name, const char *border, const screen *s,
                    const char *(*at)(const screen *, int64_t, int, bool), int row, bool utf8) {
    spk_text_add(text, "%10s %s", name ? name : "", border);
    for (int64_t c = 0; c < s->columns; c++) spk_text_add(text, "%s", at(s, c, row, utf8));
    while (text->length && text->data[text->length - 1] == ' ') text->data[--text->length] = 0;
    spk_text_add(text, "\n");
}

static void write(spk_text *text, const screen *s, bool utf8) {
    for (int row = s->height - 1; row >= 0; row--) {
        spk_text number = {.ctx = text->ctx};
        for (int64_t k = s->axis.first; k <= s->axis.last; k++)
            if (row_of(s, spk_axis_tick(&s->axis, k)) == row && !number.data) spk_axis_number(&number, &s->axis, k);
        line_of(text, number.data, glyphs[utf8][number.data ? TICK : BORDER], s, glyph_at, row, utf8);
        spk_text_free(&number);
    }
    if (s->spikes) line_of(text, "spikes", " ", s, spike_at, 0, utf8);
}

static bool is_right(spk_ctx *ctx, const spk_real *y, int64_t count, const spk_terminal_opts *o) {
    static const char who[] = "spk_plot_terminal";
    if (!y) spk_fail(ctx, "%s: y is NULL", who);
    else if (count < 1 || o->stride < 1)
        spk_fail(ctx, "%s: count is %lld and stride %lld; both are at least 1", who, (long long)count, (long long)o->stride);
    else if (o->width < 2 || o->width > 1000 || o->height < 2 || o->height > 1000)
        spk_fail(ctx, "%s: %d x %d characters; both are from 2 to 1000", who, o->width, o->height);
    else if (fabs(o->guide) > SPK_PLOT_MOST) spk_fail(ctx, "%s: guide is a number up to 1e30 in size, or SPK_NONE", who);
    return !spk_failed(ctx);
}

spk_terminal_opts spk_terminal_options(void) { return (spk_terminal_opts){SPK_TERMINAL_DEFAULTS}; }

bool spk_plot_terminal_with(spk_text *text, const spk_real *y, int64_t count, spk_terminal_opts o) {
    if (!spk_plot_can(text) || !is_right(text->ctx, y, count, &o)) return false;
    const spk_plotting plotting = spk_plot_begin(text, "spk_plot_terminal");
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        const double value = (double)y[i * o.stride];
        if (fabs(value) <= SPK_PLOT_MOST) low = fmin(low, value), high = fmax(high, value);
    }
    if (low > high) low = 0, high = 1;
    if (!spk_is_none(o.guide)) low = fmin(low, o.guide), high = fmax(high, o.guide);
    const int64_t repeat = count < o.width ? o.width / count : 1;
    screen s = {y,
                o.spikes,
                count,
                o.stride,
                count < o.width ? count * (repeat < 8 ? repeat : 8) : o.width,
                o.height,
                spk_axis_over(low, high, (o.height + 1) / 2, false),
                o.guide};
    s.axis.from = 0, s.axis.to = o.height - 1;
    write(text, &s, !o.ascii);
    return spk_plot_end(text, plotting);
}
