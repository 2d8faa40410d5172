/* The tape drawn: what is in the graph, that the SVG is XML, and that its boxes do not overlap. */
#include "../core/support.h"
#include "core/text.h"
#include <locale.h>

static spk_tensor *leaf(spk_ctx *ctx, double value) { return spk_set_requires_grad(spk_scalar(ctx, value), true); }

static int occurrences(const char *text, const char *of) {
    int n = 0;
    for (const char *s = text; (s = strstr(s, of)); s += strlen(of)) n++;
    return n;
}

#define assert_holds(text, ...)                                                                                                            \
    do {                                                                                                                                   \
        const char *text_ = (text), *const of_[] = {__VA_ARGS__};                                                                          \
        for (size_t i_ = 0; i_ < sizeof of_ / sizeof *of_; i_++) cr_assert(strstr(text_, of_[i_]), "'%s' is not in:\n%s", of_[i_], text_); \
    } while (0)

Test(draw, dot_of_a_scalar_graph) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *w = leaf(ctx, 0.5), *b = leaf(ctx, 3), *x = spk_scalar(ctx, 2);
    spk_tensor *h = spk_retain_grad(spk_multiply(w, x)), *y = spk_add(spk_multiply(h, h), b);
    spk_multiply(w, w); /* not of y */
    spk_backward(y);
    static const char wanted[] =
        "digraph tape {\n"
        "    label=\"3 calls, 3 leaves\"; labelloc=t; fontname=\"Helvetica\"; node [fontname=\"Helvetica\"]; edge [color=\"#6b6b66\"];\n"
        "    n0 [label=\"add\\nscalar\", shape=box, style=filled, fillcolor=\"#eaf1fb\", color=\"#3d6fb4\", penwidth=2.5];\n"
        "    n1 [label=\"multiply\\nscalar\", shape=box, style=filled, fillcolor=\"#eaf1fb\", color=\"#3d6fb4\"];\n"
        "    n2 [label=\"leaf\\nscalar\\ngradient 1\", shape=box, style=\"rounded,filled\", fillcolor=\"#e8f5e6\", color=\"#3f8a3a\"];\n"
        "    n3 [label=\"multiply\\nscalar\\ngradient 2\", shape=box, style=filled, fillcolor=\"#eaf1fb\", color=\"#3d6fb4\"];\n"
        "    n4 [label=\"leaf\\nscalar\\ngradient 4\", shape=box, style=\"rounded,filled\", fillcolor=\"#e8f5e6\", color=\"#3f8a3a\"];\n"
        "    n5 [label=\"data\\nscalar\", shape=box, style=\"rounded,filled\", fillcolor=\"#f2f2f0\", color=\"#8a8a84\"];\n"
        "    n1 -> n0;\n    n2 -> n0;\n    n3 -> n1 [label=\"2 x\"];\n    n4 -> n3;\n    n5 -> n3;\n}\n";
    const char *dot = spk_tape_dot(y);
    assert_fine(ctx, "dot");
    cr_assert_str_eq(dot, wanted, "is\n%s\nshould be\n%s", dot, wanted);
    assert_holds(spk_tape_svg(y), "3 calls, 3 leaves", ">2 x</text>", "class=\"call result\"", ">gradient 4</text>");
    spk_ctx_destroy(ctx);
}

/* Well-formed XML, as far as what we write goes: tags are closed in order, attributes quoted, nothing is left unescaped. */
static void assert_xml(const char *svg) {
    char open[64][16];
    int depth = 0, elements = 0;
    for (const char *s = svg; *s;) {
        if (*s == '&') {
            static const char *const entities[] = {"&lt;", "&gt;", "&amp;", "&quot;"};
            bool any = false;
            for (int i = 0; i < 4; i++) any = any || strncmp(s, entities[i], strlen(entities[i])) == 0;
            cr_assert(any, "no entity: %.20s", s);
        }
        cr_assert(*s == '\n' || (unsigned char)*s >= ' ', "a control character: %d", *s);
        if (*s != '<') {
            cr_assert(depth > 0 || *s == '\n', "text outside: %.20s", s);
            s++;
            continue;
        }
        const char *end = strchr(s, '>');
        cr_assert(end && !memchr(s + 1, '<', (size_t)(end - s - 1)), "a tag without an end: %.40s", s);
        char name[16] = "";
        sscanf(s[1] == '/' ? s + 2 : s + 1, "%15[a-z]", name);
        int quotes = 0;
        for (const char *q = s; q < end; q++) quotes += *q == '"';
        cr_assert(quotes % 2 == 0 && *name, "quotes: %.*s", (int)(end - s), s);
        if (s[1] == '/') cr_assert(depth > 0 && strcmp(open[--depth], name) == 0, "%s is closed", name);
        else if (end[-1] != '/') cr_assert(depth < 64 && strcpy(open[depth++], name), "too deep");
        elements++;
        s = end + 1;
    }
    cr_assert(depth == 0 && elements > 5, "%d elements are open of %d", depth, elements);
}

typedef struct box {
    int x, y, width, height;
} box;

/* No two boxes overlap, all lie within the picture, and texts have room in them. Gives their number. */
static int assert_apart(const char *svg) {
    static box boxes[2048];
    int n = 0, width, height;
    cr_assert(sscanf(strstr(svg, "viewBox=\"0 0"), "viewBox=\"0 0 %d %d", &width, &height) == 2);
    int shift = 0;
    sscanf(strstr(svg, "translate("), "translate(%d", &shift);
    for (const char *s = svg; (s = strstr(s, "<rect ")); s++) {
        box b;
        cr_assert(n < 2048 && sscanf(s, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"", &b.x, &b.y, &b.width, &b.height) == 4);
        cr_assert(b.x + shift >= 0 && b.y >= 0 && b.x + shift + b.width <= width && b.y + 26 + b.height <= height, "a box outside: %.60s",
                  s);
        for (int i = 0; i < n; i++)
            cr_assert(b.x >= boxes[i].x + boxes[i].width || boxes[i].x >= b.x + b.width || b.y >= boxes[i].y + boxes[i].height ||
                          boxes[i].y >= b.y + b.height,
                      "two boxes overlap: %.60s", s);
        const char *end = strstr(s, "</g>");
        for (const char *t = s; (t = strstr(t, "<text")) && t < end; t++) {
            const char *from = strchr(t, '>') + 1;
            cr_assert((double)(strchr(from, '<') - from) * 7.3 < b.width, "a text without room: %.60s", t);
        }
        boxes[n++] = b;
    }
    return n;
}

/* A net of single steps, T calls and their losses summed. */
static spk_tensor *unrolled(spk_ctx *ctx, int T, spk_module **net) {
    *net = spk_sequential(ctx, spk_linear_layer(ctx, 8, 6), spk_lif(ctx, .v_threshold = 0.3, .spike_out = true),
                          spk_linear_layer(ctx, 6, 3), spk_plif(ctx));
    spk_module_set_name(*net, "net");
    spk_tensor *x = uniform(ctx, SPK_SHAPE(4, 8), -1, 1), *sum = NULL;
    for (int t = 0; t < T; t++) {
        spk_tensor *y = spk_call(*net, x);
        sum = sum ? spk_add(sum, y) : y;
    }
    return spk_mean(spk_multiply(sum, sum));
}

Test(draw, a_net_over_time) {
    for (int T = 1; T <= 6; T++) {
        spk_ctx *ctx = spk_ctx_create(.seed = 1);
        spk_module *net;
        spk_tensor *loss = unrolled(ctx, T, &net);
        cr_assert(!strstr(spk_tape_svg(loss), ">gradient"), "there are none before backward");
        spk_backward(loss);
        const char *svg = spk_tape_svg(loss), *dot = spk_tape_dot(loss);
        assert_fine(ctx, "drawing");
        assert_xml(svg);
        const int calls = 5 * T + (T - 1) + 2; /* layers and the sigmoid of a leak, sums, the square and its mean */
        cr_assert_eq(occurrences(svg, "<g class=\"call"), calls, "T = %d: %s", T, svg);
        cr_assert_eq(assert_apart(svg), occurrences(dot, "[label=\"") - occurrences(dot, " x\"];"), "T = %d: as many nodes", T);
        assert_holds(svg, ">net.0.weight<", ">net.2.bias<", ">net.3.w<", ">[4, 6] bits<", ">gradient ", ">net.1<");
        assert_holds(dot, "subgraph \"cluster_net.3\"", "net.0.weight\\n[8, 6]\\ngradient ");
        double squares = 0;
        spk_tensor *g = spk_grad(spk_find_tensor(net, "0.weight"));
        for (int64_t i = 0; i < spk_size(g); i++) squares += (double)spk_data(g)[i] * (double)spk_data(g)[i];
        char norm[64];
        snprintf(norm, sizeof norm, "net.0.weight\\n[8, 6]\\ngradient %.4g\"", sqrt(squares));
        assert_holds(dot, norm);
        spk_end_step(ctx);
        spk_ctx_destroy(ctx);
    }
}

Test(draw, repeated_storage_and_several_results) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 5, 4), spk_if(ctx, .T = 3, .parallel_optim = true, .store_v_seq = true));
    spk_tensor *y = spk_call(net, spk_repeat_over_time(uniform(ctx, SPK_SHAPE(2, 5), 0, 1), 3));
    assert_holds(spk_tape_dot(y), "repeat_over_time\\n[6, 5] as 3 x", "linear\\n[6, 4] as 3 x", "leaky\\n[6, 4]\\n[6, 4]\\n[2, 4]");
    assert_fine(ctx, "drawing");
    spk_ctx_destroy(ctx);
}

Test(draw, most) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net;
    spk_tensor *loss = unrolled(ctx, 40, &net);
    const char *svg = spk_tape_svg(loss, .most = 7);
    assert_xml(svg);
    assert_apart(svg);
    cr_assert_eq(occurrences(svg, "<g class=\"call"), 7, "seven calls");
    cr_assert_eq(occurrences(svg, "<g class=\"more"), 1, "what is left out is one node");
    assert_holds(svg, "7 calls, ", " more are left out (.most)", " more</text>");
    assert_holds(spk_tape_dot(loss, .most = 1), "1 call, 0 leaves; ");
    const char *all = spk_tape_svg(loss, .most = 1000);
    assert_xml(all);
    cr_assert_gt(assert_apart(all), 200, "all");
    cr_assert(!strstr(all, "left out"), "all");
    assert_fine(ctx, "drawing");
    spk_ctx_destroy(ctx);
}

/* Neither calls nor leaves are drawn without end, also of one call that has many of both. */
Test(draw, many_inputs) {
    enum { MANY = 20000 };
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *w = parameter(ctx, SPK_SHAPE(1)), *row[MANY];
    for (int i = 0; i < MANY; i++) row[i] = i % 2 ? spk_scale(w, i) : spk_full(ctx, SPK_SHAPE(1), i);
    spk_tensor *y = spk_concat(row, MANY, 0);
    const char *svg = spk_tape_svg(y, .most = 20);
    assert_fine(ctx, "drawing");
    assert_xml(svg);
    cr_assert_eq(assert_apart(svg), 20 + 4 * 20 + 1, "nodes");
    assert_holds(svg, "20 calls, 80 leaves; 19902 more are left out (.most)", ">19902 more<");
    cr_assert_eq(occurrences(svg, "marker-end"), 19 + 80 + 1 + 19, "edges: one from what is left out to each call, as the weight is");
    spk_ctx_destroy(ctx);
}

/* Drawing changes nothing: not what backward gives, nor the step's memory for numbers. */
Test(draw, changes_nothing) {
    spk_tensor *gradient[2];
    spk_ctx *ctx[2];
    for (int with = 0; with < 2; with++) {
        ctx[with] = spk_ctx_create(.seed = 1);
        spk_module *net;
        spk_tensor *loss = unrolled(ctx[with], 3, &net);
        const size_t step = spk_memory_use(ctx[with]).step;
        if (with) spk_tape_svg(loss), spk_tape_dot(loss);
        cr_assert_eq(spk_memory_use(ctx[with]).step, step, "memory");
        spk_backward(loss, .retain = true);
        if (with) spk_tape_svg(loss), spk_tape_dot(loss);
        spk_backward(loss);
        gradient[with] = spk_keep(spk_grad(spk_find_tensor(net, "0.weight")));
        assert_fine(ctx[with], "drawing");
    }
    assert_same(gradient[1], gradient[0], 0, "gradients");
    for (int i = 0; i < 2; i++) spk_ctx_destroy(ctx[i]);
}

static void draw_it(spk_tensor *x, int64_t n, spk_real *gradient, void *user) {
    (void)x, (void)n, (void)gradient;
    cr_assert(*spk_tape_svg(*(spk_tensor **)user) != '\0', "within backward");
}

Test(draw, within_backward) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *w = leaf(ctx, 2), *h = spk_exp(w), *y = spk_multiply(h, h);
    spk_add_grad_hook(h, draw_it, &y);
    spk_backward(y);
    assert_fine(ctx, "drawing");
    cr_assert(close_to(spk_item(spk_grad(w)), 2 * exp(4), 1e-5), "the gradient");
    spk_ctx_destroy(ctx);
}

Test(draw, what_has_no_graph) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_scalar(ctx, 2), *y = spk_exp(x), *w = leaf(ctx, 1);
    assert_holds(spk_tape_dot(y), "0 calls, 1 leaf", "label=\"exp\\nscalar\"");
    assert_holds(spk_tape_dot(x), "label=\"data\\nscalar\"");
    assert_holds(spk_tape_svg(w), "0 calls, 1 leaf", "class=\"parameter result\"");
    assert_xml(spk_tape_svg(w));
    assert_fine(ctx, "drawing");
    spk_ctx_destroy(ctx);
}

Test(draw, names_are_escaped) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *layer = spk_linear_layer(ctx, 2, 2);
    cr_assert(spk_module_set_name(layer, "a<b>&\"c\\\xc3\xa9\xff\x01\xed\xa0\x80"), "%s", spk_error(ctx));
    spk_tensor *y = spk_sum(spk_call(layer, uniform(ctx, SPK_SHAPE(1, 2), 0, 1)));
    const char *svg = spk_tape_svg(y), *dot = spk_tape_dot(y);
    assert_xml(svg);
    assert_holds(svg, ">a&lt;b&gt;&amp;&quot;c\\\xc3\xa9"
                      "\?\?\?\?\?<");
    assert_holds(dot, "label=\"a<b>&\\\"c\\\\\xc3\xa9"
                      "\?\?\?\?\?\"");
    spk_ctx_destroy(ctx);
}

Test(draw, numbers_in_any_locale) {
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8")) cr_skip("no locale with a comma is installed");
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *w = leaf(ctx, 1.5), *y = spk_scale(w, 0.125);
    spk_backward(y);
    assert_holds(spk_tape_svg(y), ">gradient 0.125<");
    assert_xml(spk_tape_svg(y));
    spk_ctx_destroy(ctx);
}
