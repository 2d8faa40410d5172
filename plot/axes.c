#include "plot/axes_internal.h"
#include <math.h>
#include <stdlib.h>

/* Ends in order and apart: a constant gets room around it. */
static void spread(double *low, double *high) {
    if (*low > *high) {
        const double least = *high;
        *high = *low, *low = least;
    }
    const double size = fmax(fabs(*low), fabs(*high));
    if (*high - *low > 1e-9 * size && size > 1e-30) return;
    const double room = size > 1e-30 ? 0.1 * size : 1;
    *low -= room, *high += room;
}

/* The step that makes at most `ticks` intervals: 1, 2 or 5 times a power of ten. */
static void choose_step(spk_axis *axis, int ticks, bool whole) {
    static const int units[] = {1, 2, 5};
    const double wanted = (axis->high - axis->low) / ticks;
    for (int power = (int)floor(log10(wanted)) - 1;; power++)
        for (int i = 0; i < 3; i++)
            if (units[i] * pow(10, power) >= wanted * (1 - 1e-9) && (!whole || power >= 0)) {
                axis->unit = units[i], axis->power = power;
                return;
            }
}

static spk_axis make(double low, double high, int ticks, bool whole) {
    spread(&low, &high);
    spk_axis axis = {.low = low, .high = high};
    choose_step(&axis, ticks, whole);
    return axis;
}

/* The ticks between the ends; a hair outside counts as on them. */
static void find_ticks(spk_axis *axis) {
    const double step = axis->unit * pow(10, axis->power);
    axis->first = (int64_t)ceil(axis->low / step - 1e-6);
    axis->last = (int64_t)floor(axis->high / step + 1e-6);
}

spk_axis spk_axis_over(double low, double high, int ticks, bool whole) {
    spk_axis axis = make(low, high, ticks, whole);
    find_ticks(&axis);
    return axis;
}

spk_axis spk_axis_rounded(double low, double high, int ticks, bool keep_low, bool keep_high) {
    spk_axis axis = make(low, high, ticks, false);
    const double step = axis.unit * pow(10, axis.power);
    axis.first = (int64_t)floor(axis.low / step + 1e-6);
    axis.last = (int64_t)ceil(axis.high / step - 1e-6);
    if (!keep_low) axis.low = spk_axis_tick(&axis, axis.first);
    if (!keep_high) axis.high = spk_axis_tick(&axis, axis.last);
    find_ticks(&axis);
    return axis;
}

/* Divided by a power of ten, a whole number gives the double next to its decimals, so that it is written with few digits. */
double spk_axis_tick(const spk_axis *axis, int64_t k) {
    const double whole = (double)(k * axis->unit);
    return axis->power < 0 ? whole / pow(10, -axis->power) : whole * pow(10, axis->power);
}

void spk_axis_number(spk_text *text, const spk_axis *axis, int64_t k) {
    if (k && abs(axis->power) > 12) spk_text_add(text, "%llde%d", (long long)k * axis->unit, axis->power);
    else if (axis->power >= 0) spk_text_add(text, "%.0f", spk_axis_tick(axis, k));
    else spk_text_add_number(text, spk_axis_tick(axis, k));
}

double spk_axis_at(const spk_axis *axis, double value) {
    return axis->from + (axis->to - axis->from) * ((value - axis->low) / (axis->high - axis->low));
}

double spk_axis_room(spk_ctx *ctx, const spk_axis *axis) {
    double room = 0;
    for (int64_t k = axis->first; k <= axis->last; k++) {
        spk_text number = {.ctx = ctx};
        spk_axis_number(&number, axis, k);
        room = fmax(room, spk_svg_width(number.data));
        spk_text_free(&number);
    }
    return room;
}

static void tick(spk_text *text, const spk_axis *axis, int64_t k, double x, double y, spk_anchor anchor) {
    spk_text number = {.ctx = text->ctx};
    spk_axis_number(&number, axis, k);
    spk_svg_label(text, x, y, anchor, "spk-soft", number.data);
    spk_text_free(&number);
}

void spk_axes_draw(spk_text *text, const spk_box *box, spk_axis *x, spk_axis *y, const spk_plot_opts *o) {
    x->from = box->left, x->to = box->right;
    y->from = box->bottom, y->to = box->top;
    for (int64_t k = y->first; k <= y->last; k++) {
        const double at = spk_axis_at(y, spk_axis_tick(y, k));
        spk_svg_line(text, "spk-grid", box->left, at, box->right, at);
        tick(text, y, k, box->left - 6, at + 4, SPK_END);
    }
    for (int64_t k = x->first; k <= x->last; k++) {
        const double at = spk_axis_at(x, spk_axis_tick(x, k));
        spk_svg_line(text, "spk-frame", at, box->bottom, at, box->bottom + 4);
        tick(text, x, k, at, box->bottom + 17, SPK_MIDDLE);
    }
    spk_svg_line(text, "spk-frame", box->left, box->bottom, box->right, box->bottom);
    spk_svg_label(text, (box->left + box->right) / 2, box->bottom + 34, SPK_MIDDLE, "spk-soft", o->x_label);
    spk_svg_upright(text, 14, (box->top + box->bottom) / 2, o->y_label);
}
