/* The tape as SVG. */
#include "autograd/draw_internal.h"
#include "core/text_internal.h"
#include <math.h>
#include <string.h>

enum { LINE = 16, CAPTION = 26 };
/* Of a character of 12 pixels in a font of one width; rounded up, so that text has room in any of them. */
static const double character_width = 7.4;

static const char *const class_of[] = {
    [SPK_DRAW_CALL] = "call", [SPK_DRAW_PARAMETER] = "parameter", [SPK_DRAW_DATA] = "data", [SPK_DRAW_LEFT_OUT] = "more"};

static const char style[] =
    "<style>\n"
    ".spk-tape{--paper:#fff;--ink:#1c1c1a;--faint:#63635e;--line:#8b8b85;--call:#eaf1fb;--call-line:#3d6fb4;--leaf:#e8f5e6;"
    "--leaf-line:#3f8a3a;--data:#f2f2f0;--gradient:#a8440f;background:var(--paper)}\n"
    "@media (prefers-color-scheme:dark){.spk-tape{--paper:#161614;--ink:#ececea;--faint:#a8a8a2;--line:#83837c;--call:#1b2c45;"
    "--call-line:#6f9fe0;--leaf:#1c3420;--leaf-line:#6cba66;--data:#2a2a28;--gradient:#f0a070}}\n"
    ".spk-tape text{font:12px ui-monospace,\"DejaVu Sans Mono\",Menlo,Consolas,monospace;fill:var(--ink);text-anchor:middle}\n"
    ".spk-tape .caption{fill:var(--faint);text-anchor:start}\n"
    ".spk-tape .name{font-weight:bold}\n"
    ".spk-tape .path{fill:var(--faint)}\n"
    ".spk-tape .gradient{fill:var(--gradient)}\n"
    ".spk-tape rect{stroke-width:1.2}\n"
    ".spk-tape .call rect{fill:var(--call);stroke:var(--call-line)}\n"
    ".spk-tape .parameter rect{fill:var(--leaf);stroke:var(--leaf-line)}\n"
    ".spk-tape .data rect{fill:var(--data);stroke:var(--line)}\n"
    ".spk-tape .more rect{fill:none;stroke:var(--line);stroke-dasharray:4 3}\n"
    ".spk-tape .result rect{stroke-width:3}\n"
    ".spk-tape .edge{fill:none;stroke:var(--line);stroke-width:1.3}\n"
    ".spk-tape .tip{fill:var(--line)}\n"
    "</style>\n"
    "<defs><marker id=\"spk-tape-tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">"
    "<path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n";

/* Characters of UTF-8. */
static int characters(const char *s) {
    int n = 0;
    for (; *s; s++) n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static void measure(const spk_draw_node *node, double *width, double *height) {
    int most = 0;
    for (int i = 0; i < node->lines; i++) {
        const int n = characters(node->line[i]);
        most = n > most ? n : most;
    }
    *width = ceil(most * character_width) + 20;
    *height = node->lines * LINE + 12;
}

static long pixel(double x) { return lround(x); }

static void add_node(spk_text *text, const spk_draw_node *node, const spk_draw_item *box) {
    spk_text_add(text, "<g class=\"%s%s\"><rect x=\"%ld\" y=\"%ld\" width=\"%ld\" height=\"%ld\" rx=\"%d\"/>\n", class_of[node->kind],
                 node->result ? " result" : "", pixel(box->x - box->width / 2), pixel(box->y), pixel(box->width), pixel(box->height),
                 node->kind == SPK_DRAW_CALL ? 2 : 10);
    for (int i = 0; i < node->lines; i++) {
        const char *class = i == 0 ? "name" : i == node->path_line ? "path" : i >= node->lines - node->norms ? "gradient" : "shape";
        spk_text_add(text, "<text class=\"%s\" x=\"%ld\" y=\"%ld\">", class, pixel(box->x), pixel(box->y) + 6 + 12 + (long)i * LINE);
        spk_text_add_xml(text, node->line[i]);
        spk_text_add(text, "</text>\n");
    }
    spk_text_add(text, "</g>\n");
}

/* A curve from the bottom of one item to the top of the next, and straight on through a place. */
static void add_piece(spk_text *text, const spk_draw_layout *l, const spk_draw_piece *p) {
    const spk_draw_item *from = &l->item[p->from], *to = &l->item[p->to];
    const long x0 = pixel(p->x_from), y0 = pixel(from->y + from->height), x1 = pixel(p->x_to), y1 = pixel(to->y), middle = (y0 + y1) / 2;
    spk_text_add(text, "<path class=\"edge\" d=\"M%ld %ldC%ld %ld %ld %ld %ld %ld", x0, y0, x0, middle, x1, middle, x1, y1);
    if (to->passed) spk_text_add(text, "V%ld\"/>\n", pixel(to->y + to->height));
    else spk_text_add(text, "\" marker-end=\"url(#spk-tape-tip)\"/>\n");
    if (p->times > 1)
        spk_text_add(text, "<text class=\"path\" x=\"%ld\" y=\"%ld\">%d x</text>\n", (x0 + x1) / 2 + 18, middle + 4, p->times);
}

static void write_laid_out(spk_text *text, const spk_draw_graph *g, const spk_draw_layout *l) {
    spk_text caption = {.ctx = g->ctx};
    spk_draw_caption(g, &caption);
    const char *words = caption.data ? caption.data : "";
    const double least = characters(words) * character_width + 32; /* the caption must have room, too */
    const long width = pixel(l->width > least ? l->width : least), height = pixel(l->height) + CAPTION;
    spk_text_add(text,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"spk-tape\" role=\"img\" width=\"%ld\" height=\"%ld\" viewBox=\"0 0 %ld "
                 "%ld\">\n<title>The tape: what ",
                 width, height, width, height);
    for (int i = 0; i < g->nodes; i++)
        if (g->node[i].result) spk_text_add_xml(text, g->node[i].line[0]);
    spk_text_add(text, " was computed from</title>\n<desc>%s. Boxes are calls of ops, round ones leaves; data flows down.</desc>\n%s",
                 words, style);
    spk_text_add(text, "<text class=\"caption\" x=\"16\" y=\"20\">%s</text>\n<g transform=\"translate(%ld %d)\">\n", words,
                 pixel(((double)width - l->width) / 2), CAPTION);
    for (int i = 0; i < l->pieces; i++) add_piece(text, l, &l->piece[i]);
    for (int i = 0; i < g->nodes; i++) add_node(text, &g->node[i], &l->item[i]);
    spk_text_add(text, "</g>\n</svg>\n");
    spk_text_free(&caption);
}

static void write_svg(const spk_draw_graph *g, spk_text *text) {
    spk_draw_layout l;
    if (spk_draw_lay_out(g, measure, &l)) write_laid_out(text, g, &l);
    spk_draw_layout_free(&l);
}

const char *spk_tape_svg_with(spk_tensor *y, spk_draw_opts options) { return spk_draw_tape(y, options, "spk_tape_svg", write_svg); }
