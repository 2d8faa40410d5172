#include "plot/svg_internal.h"
#include <math.h>
#include <string.h>

spk_plot_opts spk_plot_options(void) { return (spk_plot_opts){SPK_PLOT_DEFAULTS}; }

bool spk_plot_can(const spk_text *text) { return text && text->ctx && !spk_failed(text->ctx); }

bool spk_plot_size_is_right(spk_ctx *ctx, const char *function, const spk_plot_opts *o) {
    if (o->width >= 100 && o->width <= 10000 && o->height >= 100 && o->height <= 10000) return true;
    spk_fail(ctx, "%s: a picture of %d x %d pixels; width and height are from 100 to 10000", function, o->width, o->height);
    return false;
}

spk_plotting spk_plot_begin(spk_text *text, const char *function) {
    return (spk_plotting){text->length, spk_doing_function(text->ctx, function)};
}

bool spk_plot_end(spk_text *text, spk_plotting plotting) {
    spk_done(text->ctx, plotting.outer);
    if (!spk_failed(text->ctx)) return true;
    text->length = plotting.before;
    if (text->data) text->data[text->length] = 0;
    return false;
}

/*
 * Tenths of a pixel are as fine as anyone sees, and whole numbers know no locale. Points that are far outside of a fixed axis stay within
 * what browsers draw.
 */
void spk_svg_pixels(spk_text *text, double value) {
    const long long tenths = llround(10 * fmin(fmax(value, -1e6), 1e6)), size = tenths < 0 ? -tenths : tenths;
    spk_text_add(text, size % 10 ? "%s%lld.%lld" : "%s%lld", tenths < 0 ? "-" : "", size / 10, size % 10);
}

double spk_svg_width(const char *label) {
    double width = 0;
    for (const char *s = label ? label : ""; *s; s++)
        if ((*s & 0xc0) != 0x80) width += 6.4;
    return width;
}

static void label_with(spk_text *text, double x, double y, const char *attributes, const char *class, const char *label) {
    spk_text_add(text, "<text x=\"");
    spk_svg_pixels(text, x);
    spk_text_add(text, "\" y=\"");
    spk_svg_pixels(text, y);
    spk_text_add(text, "\"%s", attributes);
    if (*class) spk_text_add(text, " class=\"%s\"", class);
    spk_text_add(text, ">");
    spk_text_add_xml(text, label);
    spk_text_add(text, "</text>\n");
}

void spk_svg_label(spk_text *text, double x, double y, spk_anchor anchor, const char *class, const char *label) {
    static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
    if (label && *label) label_with(text, x, y, anchors[anchor], class, label);
}

void spk_svg_upright(spk_text *text, double x, double y, const char *label) {
    if (!label || !*label) return;
    spk_text_add(text, "<g transform=\"translate(");
    spk_svg_pixels(text, x);
    spk_text_add(text, " ");
    spk_svg_pixels(text, y);
    spk_text_add(text, ") rotate(-90)\">");
    spk_svg_label(text, 0, 0, SPK_MIDDLE, "spk-soft", label);
    spk_text_add(text, "</g>\n");
}

void spk_svg_line(spk_text *text, const char *class, double x1, double y1, double x2, double y2) {
    spk_text_add(text, "<path class=\"%s\" d=\"M", class);
    spk_svg_pixels(text, x1);
    spk_text_add(text, " ");
    spk_svg_pixels(text, y1);
    spk_text_add(text, "L");
    spk_svg_pixels(text, x2);
    spk_text_add(text, " ");
    spk_svg_pixels(text, y2);
    spk_text_add(text, "\"/>\n");
}

/* The curves' colours are told apart by most eyes (after Okabe and Ito), lighter on dark paper. A page's own colours come first. */
static const char style[] =
    "<style>\n"
    ".spk-plot{--i:#1f2328;--p:#fff;--g:#d8dee4;--m:#8c959f;--e:#c2410c;--r:#0072b2;--a:#0072b2;--b:#c84e00;--c:#00805c;--d:#a8437f;"
    "--f:#8a6a00;--h:#5b5fc7;color:var(--spk-ink,var(--i));font:12px system-ui,sans-serif;fill:currentColor}\n"
    "@media screen and (prefers-color-scheme:dark){.spk-plot{--i:#e6edf3;--p:#0d1117;--g:#30363d;--m:#7d8590;--e:#ff8552;--r:#58a6e6;"
    "--a:#58b4f0;--b:#ff9a4d;--c:#3fc79a;--d:#f08bc3;--f:#e3c04a;--h:#a5a8ff}}\n"
    ".spk-paper{fill:var(--spk-paper,var(--p))}.spk-title{font-weight:600;font-size:14px}.spk-soft{fill-opacity:.75}.spk-faint{fill-"
    "opacity:.4}"
    ".spk-grid,.spk-frame,.spk-curve,.spk-guide{fill:none;stroke:var(--spk-grid,var(--g))}.spk-frame{stroke:var(--spk-muted,var(--m))}"
    ".spk-guide{stroke:currentColor;stroke-dasharray:5 4}"
    ".spk-curve{stroke-width:2;stroke-linejoin:round;stroke-linecap:round}.spk-again{stroke-dasharray:6 4}"
    ".spk-muted{--s:var(--spk-muted,var(--m))}.spk-1{--s:var(--spk-1,var(--a))}.spk-2{--s:var(--spk-2,var(--b))}"
    ".spk-3{--s:var(--spk-3,var(--c))}.spk-4{--s:var(--spk-4,var(--d))}.spk-5{--s:var(--spk-5,var(--f))}.spk-6{--s:var(--spk-6,var(--h))}"
    ".spk-curve{stroke:var(--s)}.spk-curve.spk-muted{stroke-width:1}.spk-dot{fill:var(--s)}"
    ".spk-spikes{stroke:currentColor;fill:none}"
    ".spk-right{fill:var(--spk-right,var(--r))}.spk-error{fill:var(--spk-error,var(--e))}\n"
    "</style>\n";

void spk_svg_open(spk_text *text, const spk_plot_opts *o, int height) {
    spk_text_add(text,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"spk-plot\" role=\"img\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                 "height=\"%d\">\n<title>",
                 o->width, height, o->width, height);
    spk_text_add_xml(text, o->title ? o->title : "plot");
    spk_text_add(text, "</title>\n");
    if (o->description) {
        spk_text_add(text, "<desc>");
        spk_text_add_xml(text, o->description);
        spk_text_add(text, "</desc>\n");
    }
    spk_text_add(text, "%s<rect class=\"spk-paper\" width=\"%d\" height=\"%d\"/>\n", style, o->width, height);
    spk_svg_label(text, 12, 20, SPK_START, "spk-title", o->title);
}

void spk_svg_close(spk_text *text) { spk_text_add(text, "</svg>\n"); }
