#include "data/csv_internal.h"
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#    include <xlocale.h>
#endif

spk_csv_text spk_csv_begin(char *bytes, int64_t size, char delimiter) {
    const bool marked = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;
    return (spk_csv_text){.at = bytes + (marked ? 3 : 0), .end = bytes + size, .delimiter = delimiter, .line = 1};
}

/* What stands around fields and means nothing. */
static bool is_space(const spk_csv_text *t, char c) { return (c == ' ' || c == '\t' || c == '\r') && c != t->delimiter; }

static void skip_space(spk_csv_text *t) {
    while (is_space(t, *t->at)) t->at++;
}

bool spk_csv_next_line(spk_csv_text *t) {
    for (;;) {
        char *begin = t->at;
        skip_space(t);
        if (*t->at != '\n') {
            const bool more = t->at < t->end;
            t->at = begin;
            return more;
        }
        t->at++, t->line++;
    }
}

/* The inside of quotes, moved to the left where "" becomes ". Leaves t->at after the last quote. */
static void take_quoted(spk_csv_text *t, spk_csv_field *field) {
    char *to = field->text = ++t->at;
    for (; t->at < t->end; t->at++) {
        if (*t->at == '"' && t->at[1] != '"') {
            t->at++;
            *to = 0; /* on a quote at the latest */
            return;
        }
        if (*t->at == '"') t->at++;
        if (*t->at == '\n') t->line++;
        *to++ = *t->at;
    }
    field->wrong = "stands in a quote that is not closed";
}

/* What stands between delimiters; returns its end. */
static char *take_plain(spk_csv_text *t, spk_csv_field *field) {
    field->text = t->at;
    while (t->at < t->end && *t->at != t->delimiter && *t->at != '\n') t->at++;
    char *end = t->at;
    while (end > field->text && is_space(t, end[-1])) end--;
    return end;
}

spk_csv_field spk_csv_next_field(spk_csv_text *t) {
    spk_csv_field field = {.line = t->line};
    char *end = NULL;
    skip_space(t);
    if (*t->at == '"') {
        take_quoted(t, &field);
        skip_space(t);
    } else {
        end = take_plain(t, &field);
    }
    field.last = t->at == t->end || *t->at == '\n';
    if (!field.last && *t->at != t->delimiter) field.wrong = "is followed by something after its closing quote";
    if (*t->at == '\n') t->line++;
    if (t->at < t->end) t->at++;
    if (end) *end = 0; /* once t->at is past what may stand there */
    return field;
}

bool spk_csv_number(const char *text, double *value) {
    if (!*text || text[strspn(text, "0123456789+-.eE")]) return false; /* no nan, no inf, no 0x10 */
    char *end;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (c == (locale_t)0) return false;
    const locale_t users = uselocale(c); /* of this thread */
    *value = strtod(text, &end);
    uselocale(users);
    freelocale(c);
    return end > text && !*end && isfinite(*value);
}
