#include "plot/svg_internal.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 64 };

static bool is_right(spk_ctx *ctx, const spk_real *values, int64_t rows, int64_t columns) {
    if (!values) spk_fail(ctx, "spk_plot_matrix: values are NULL");
    else if (rows < 1 || columns < 1 || rows > MOST || columns > MOST)
        spk_fail(ctx, "spk_plot_matrix: [%lld, %lld]; rows and columns are from 1 to %d", (long long)rows, (long long)columns, MOST);
    return !spk_failed(ctx);
}

/* A matrix as it is drawn. */
typedef struct picture {
    const spk_real *values;
    int64_t rows, columns;
    double left, top, cell;
    double largest[2]; /* sizes outside of the diagonal, and on it where it stands apart */
    bool apart;
} picture;

static int scale_of(const picture *p, int64_t row, int64_t column) { return p->apart && row == column; }

static void find_largest(picture *p) {
    for (int64_t i = 0; i < p->rows * p->columns; i++) {
        const double size = fabs((double)p->values[i]);
        double *largest = &p->largest[scale_of(p, i / p->columns, i % p->columns)];
        if (isfinite(size) && size > *largest) *largest = size;
    }
}

static void colour(spk_text *text, const picture *p, double x, double y, double value, int scale) {
    const bool error = p->apart ? !scale : value < 0;
    spk_text_add(text, "<rect class=\"%s\" x=\"", error ? "spk-error" : "spk-right");
    spk_svg_pixels(text, x);
    spk_text_add(text, "\" y=\"");
    spk_svg_pixels(text, y);
    for (int i = 0; i < 2; i++) {
        spk_text_add(text, i ? "\" height=\"" : "\" width=\"");
        spk_svg_pixels(text, p->cell - 1);
    }
    /* Never so strong that the number on it could not be read, never so weak that it looks like nothing. */
    spk_text_add(text, "\" fill-opacity=\".%02d\"/>\n", (int)lround(8 + 52 * fabs(value) / p->largest[scale]));
}

static void cell(spk_text *text, const picture *p, int64_t row, int64_t column) {
    const double value = (double)p->values[row * p->columns + column], x = p->left + p->cell * (double)column,
                 y = p->top + p->cell * (double)row;
    spk_text number = {.ctx = text->ctx};
    if (!isfinite(value)) return;
    if (value != 0) colour(text, p, x, y, value, scale_of(p, row, column));
    spk_text_add_rounded(&number, value, 4); /* what fits in a cell */
    if (spk_svg_width(number.data) < p->cell - 2)
        spk_svg_label(text, x + p->cell / 2, y + p->cell / 2 + 4, SPK_MIDDLE, value == 0 ? "spk-faint" : "", number.data);
    spk_text_free(&number);
}

/* The numbers of rows and columns, as many as there is room for. */
static void indices(spk_text *text, const picture *p) {
    char number[24];
    const int64_t every = (int64_t)ceil(18 / p->cell);
    for (int64_t i = 0; i < p->rows || i < p->columns; i += every) {
        const double at = p->cell * ((double)i + 0.5);
        snprintf(number, sizeof number, "%lld", (long long)i);
        if (i < p->rows) spk_svg_label(text, p->left - 6, p->top + at + 4, SPK_END, "spk-soft", number);
        if (i < p->columns) spk_svg_label(text, p->left + at, p->top + p->cell * (double)p->rows + 16, SPK_MIDDLE, "spk-soft", number);
    }
}

bool spk_plot_matrix_with(spk_text *text, const spk_real *values, int64_t rows, int64_t columns, spk_plot_opts o) {
    if (!spk_plot_can(text) || !spk_plot_size_is_right(text->ctx, "spk_plot_matrix", &o) || !is_right(text->ctx, values, rows, columns))
        return false;
    const spk_plotting plotting = spk_plot_begin(text, "spk_plot_matrix");
    picture p = {values, rows, columns, o.y_label && *o.y_label ? 46 : 30, o.title && *o.title ? 34 : 12, 0, {0}, o.diagonal_apart};
    p.cell = (o.width - p.left - 12) / (double)columns;
    find_largest(&p);
    const double bottom = p.top + p.cell * (double)rows, right = p.left + p.cell * (double)columns;
    spk_svg_open(text, &o, (int)ceil(bottom) + (o.x_label && *o.x_label ? 44 : 26));
    for (int64_t i = 0; i < rows * columns; i++) cell(text, &p, i / columns, i % columns);
    indices(text, &p);
    spk_svg_label(text, (p.left + right) / 2, bottom + 34, SPK_MIDDLE, "spk-soft", o.x_label);
    spk_svg_upright(text, 14, (p.top + bottom) / 2, o.y_label);
    spk_svg_close(text);
    return spk_plot_end(text, plotting);
}
