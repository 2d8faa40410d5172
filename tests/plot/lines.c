/* Curves: points and gaps where they should be, labels escaped, and a picture for whatever numbers. */
#include "support.h"
#include <locale.h>

enum { MANY = 200 };

static const char *draw(spk_text *text, const spk_series *series, int n, spk_plot_opts o) {
    spk_text_free(text);
    cr_assert(spk_plot_lines_with(text, series, n, o), "%s", spk_error(text->ctx));
    cr_assert_eq(strlen(text->data), text->length);
    assert_well_formed(text->data);
    return text->data;
}
#define DRAW(series, n, ...) draw(&text, series, n, SPK_KEYWORDS(spk_plot_opts, SPK_PLOT_DEFAULTS, __VA_ARGS__))

Test(lines, points_lie_between_the_ticks) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    const spk_real y[] = {0, 4, 1, 2}, x[] = {0, 1, 2, 4};
    const char *svg = DRAW((&(spk_series){y, x, .count = 4}), 1, .y_min = 0);
    double p[16], frame[4];
    char commands[16];
    cr_assert(numbers_of(path_of(svg, "spk-curve spk-1", 0), p, 16, commands) == 10);
    cr_assert_str_eq(commands, "MMLLL");
    const char *axis = svg;
    for (const char *s = svg; (s = strstr(s, "<path class=\"spk-frame\"")); s++) axis = s; /* the last one: the x axis itself */
    cr_assert(numbers_of(strstr(axis, " d=\"") + 4, frame, 4, commands) == 4);
    const double left = frame[0], right = frame[2], bottom = frame[1], scale = (bottom - p[5]) / 4;
    cr_assert(fabs(p[2] - left) < 0.11 && fabs(p[8] - right) < 0.11 && fabs(p[3] - bottom) < 0.11, "the ends of the curve");
    cr_assert(fabs(p[4] - (left + (right - left) / 4)) < 0.11 && fabs(p[6] - (left + right) / 2) < 0.11, "x in proportion");
    cr_assert(fabs(p[7] - (bottom - scale)) < 0.11 && fabs(p[9] - (bottom - 2 * scale)) < 0.11 && scale > 20, "y in proportion");
    cr_assert_eq(times(svg, "<circle"), 4, "markers");
    spk_text_free(&text);
    spk_ctx_destroy(ctx);
}

Test(lines, what_is_no_number_is_a_gap) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    spk_real y[MANY];
    double p[2 * MANY];
    char commands[MANY + 2];
    for (int i = 0; i < MANY; i++) y[i] = (spk_real)i;
    y[0] = NAN, y[10] = (spk_real)INFINITY, y[12] = -(spk_real)INFINITY, y[50] = (spk_real)1e31, y[MANY - 1] = NAN;
    const char *svg = DRAW((&(spk_series){y, .count = MANY}), 1);
    cr_assert(numbers_of(path_of(svg, "spk-curve spk-1", 0), p, 2 * MANY, commands) == 2 * (MANY - 5) + 2);
    cr_assert_eq(times(commands, "M"), 1 + 4, "four runs"); /* 1..9, 11, 13..49, 51..198 */
    cr_assert_eq(times(svg, "<circle"), 1, "the point between two gaps");
    for (int i = 0; i < MANY; i++) y[i] = NAN;
    svg = DRAW((&(spk_series){y, .count = MANY}), 1);
    cr_assert(strstr(svg, "no data") && strstr(path_of(svg, "spk-curve", 0), "M0 0\"") == path_of(svg, "spk-curve", 0));
    spk_text_free(&text);
    spk_ctx_destroy(ctx);
}

/* A column of a [T, N] tensor. */
Test(lines, a_stride_takes_a_column) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx}, other = {.ctx = ctx};
    const spk_real rows[] = {9, 1, 7, 9, 2, 8, 9, 3, 5}, column[] = {1, 2, 3}, x[] = {7, 8, 5};
    DRAW((&(spk_series){rows + 1, .count = 3, .stride = 3, .x = rows + 2}), 1);
    spk_plot_lines(&other, (&(spk_series){column, x, .count = 3}), 1);
    cr_assert_str_eq(text.data, other.data);
    spk_text_free(&other);
    spk_text_free(&text);
    spk_ctx_destroy(ctx);
}

Test(lines, any_numbers_make_a_picture) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    const spk_real same[] = {3, 3, 3}, zeros[] = {0, 0}, tiny[] = {(spk_real)1e-30, (spk_real)3e-30},
                   huge[] = {(spk_real)-9e29, (spk_real)9e29}, close[] = {(spk_real)1e6, (spk_real)(1e6 + 1)},
                   least[] = {-SPK_BY_REAL(3.4e38f, 1.7e308), SPK_BY_REAL(3.4e38f, 1.7e308)},
                   subnormal[] = {SPK_BY_REAL(1e-45f, 5e-324), 0};
    const spk_series all[] = {{same, .count = 3},      {zeros, .count = 2},     {tiny, .count = 2},
                              {huge, .count = 2},      {close, .count = 2},     {least, .count = 2},
                              {same, .count = 1},      {subnormal, .count = 2}, {0},
                              {same, same, .count = 3}};
    for (int i = 0; i < (int)(sizeof all / sizeof *all); i++) {
        DRAW(&all[i], 1, .guide = i % 2 ? 0.5 : SPK_NONE);
        DRAW(&all[i], 1, .y_min = -2, .y_max = 0.25, .width = 100, .height = 100);
        DRAW(&all[i], 1, .y_min = 1e30);
        DRAW(&all[i], 1, .y_max = -1e30);
    }
    DRAW(all, 10, .title = "all");
    spk_text_free(&text);
    spk_ctx_destroy(ctx);
}

Test(lines, labels_are_escaped) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    const spk_real y[] = {1, 2};
    const spk_series s = {y, .count = 2, .label = "<b>\"&'\x01\x7f"};
    const char *svg =
        DRAW(&s, 1, .title = "a < b & \"c\"", .description = "</desc>", .x_label = "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
             .y_label = "\xff\xc3 \xc0\xaf \xed\xa0\x80 \xef\xbf\xbf \xf4\x90\x80\x80 \xe2\x82", .guide = 1.5, .guide_label = "t\nu");
    cr_assert(strstr(svg, "<title>a &lt; b &amp; &quot;c&quot;</title>") && strstr(svg, "<desc>&lt;/desc&gt;</desc>"));
    cr_assert(strstr(svg, "&lt;b&gt;&quot;&amp;'??"
                          "</text>"));
    cr_assert(strstr(svg, ">\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80</text>"), "UTF-8 stays");
    cr_assert(strstr(svg, ">?? ?? ??? ??? ???? ??"
                          "</text>"),
              "what is none does not");
    cr_assert(strstr(svg, ">t u</text>"));
    cr_assert(strstr(svg, "role=\"img\"") && times(svg, "<title>") == 1);
    spk_text_free(&text);
    spk_ctx_destroy(ctx);
}

Test(lines, curves_have_colours_legends_and_a_guide) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    const spk_real y[] = {0, 1};
    spk_series s[14];
    for (int i = 0; i < 14; i++) s[i] = (spk_series){y, .count = 2, .label = i ? "a label that is long" : "", .muted = i == 3};
    const char *svg = DRAW(s, 14, .guide = 0.25, .guide_label = "threshold", .y_max = 1, .y_min = 0);
    cr_assert_eq(times(svg, "a label that is long</text>"), 13);
    cr_assert(strstr(svg, "\"spk-curve spk-1 spk-again\"") && strstr(svg, ">threshold</text>"));
    const char *curves = strstr(svg + 5, "<svg ");
    cr_assert(path_of(curves, "spk-curve spk-muted", 0) < path_of(curves, "spk-curve spk-1", 0), "muted curves lie below the others");
    double guide[4], curve[6];
    char commands[8];
    numbers_of(path_of(svg, "spk-guide", 1), guide, 4, commands); /* the first is the legend's */
    numbers_of(path_of(curves, "spk-curve spk-6", 0), curve, 6, commands);
    cr_assert(fabs(guide[1] - (0.75 * curve[3] + 0.25 * curve[5])) < 0.11 && guide[1] == guide[3], "the guide is at a quarter");
    svg = DRAW(s, 1, .guide = 5, .y_max = 1);
    cr_assert_eq(times(svg, "\"spk-guide\""), 0, "a guide outside of a fixed axis is not drawn");
    spk_text_free(&text);
    spk_ctx_destroy(ctx);
}
