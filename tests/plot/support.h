/* What is in an SVG: elements found by class, numbers of paths; and whether it is well-formed XML. */
#ifndef SPK_TESTS_PLOT_SUPPORT_H
#define SPK_TESTS_PLOT_SUPPORT_H

#include "../core/support.h"
#include "plot/axes_internal.h"
#include <ctype.h>

/* Tags that nest, attributes in quotes, known entities, no control characters, and no number that is none. */
static inline void assert_well_formed(const char *svg) {
    char open[32][16];
    int depth = 0, elements = 0;
    for (const char *s = svg; *s; s++) {
        cr_assert((unsigned char)*s >= ' ' || *s == '\n', "a control character at '%.40s'", s);
        if (*s == '&')
            cr_assert(!strncmp(s, "&amp;", 5) || !strncmp(s, "&lt;", 4) || !strncmp(s, "&gt;", 4) || !strncmp(s, "&quot;", 6), "at '%.20s'",
                      s);
        if (*s != '<') continue;
        const char *end = strchr(s, '>');
        cr_assert(end && !memchr(s + 1, '<', (size_t)(end - s - 1)), "a tag does not end: '%.60s'", s);
        int quotes = 0;
        for (const char *c = s; c < end; c++) quotes += *c == '"';
        cr_assert(quotes % 2 == 0, "quotes in '%.*s'", (int)(end - s), s);
        char name[16] = "";
        cr_assert(sscanf(s + 1 + (s[1] == '/'), "%15[a-z]", name) == 1, "at '%.40s'", s);
        if (s[1] == '/') cr_assert(depth > 0 && !strcmp(open[--depth], name), "</%s> closes another element", name);
        else if (end[-1] != '/') strcpy(open[depth++], name);
        cr_assert(depth < 32 && (depth > 0 || !end[1] || end[1] == '\n'));
        elements++;
    }
    cr_assert(depth == 0 && elements > 4 && !strncmp(svg, "<svg ", 5));
    cr_assert(!strstr(svg, "nan") && !strstr(svg, "inf") && !strstr(svg, "NaN"), "a number is none");
}

/* How often a piece of text is there. */
static inline int times(const char *text, const char *piece) {
    int n = 0;
    for (const char *s = text; (s = strstr(s, piece)); s += strlen(piece)) n++;
    return n;
}

/* The d of the i-th path whose class begins so. */
static inline const char *path_of(const char *svg, const char *class, int i) {
    char begin[80];
    snprintf(begin, sizeof begin, "<path class=\"%s", class);
    for (const char *s = svg; (s = strstr(s, begin)); s++)
        if (i-- == 0) return strstr(s, " d=\"") + 4;
    cr_assert_fail("no path of class %s", class);
    return NULL;
}

/* The numbers of a path, and its commands without them; up to `most` numbers. */
static inline int numbers_of(const char *path, double *number, int most, char *commands) {
    int n = 0, c = 0;
    while (*path != '"') {
        char *end;
        if (isalpha((unsigned char)*path)) commands[c++] = *path++;
        else if (*path == ' ') path++;
        else {
            cr_assert(n < most, "more numbers than %d", most);
            number[n++] = strtod(path, &end);
            cr_assert(end > path, "'%.20s' is no number", path);
            path = end;
        }
    }
    commands[c] = 0;
    return n;
}

#endif
