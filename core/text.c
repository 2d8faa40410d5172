#include "core/text_internal.h"
#include "core/context_internal.h"
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(spk_text *text, size_t more) {
    if (text->length + more < text->capacity) return true;
    const size_t capacity = 2 * (text->length + more) + 64;
    char *data = spk_allocate(text->ctx, capacity);
    if (!data) return false;
    if (text->data) memcpy(data, text->data, text->length + 1);
    spk_release(text->ctx, text->data);
    text->data = data;
    text->capacity = capacity;
    return true;
}

void spk_text_add(spk_text *text, const char *format, ...) {
    if (text && !format) spk_fail(text->ctx, "spk_text_add: the format is NULL");
    if (!text || !format) return;
    va_list measured, written;
    va_start(measured, format);
    va_copy(written, measured);
    const int n = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    if (n >= 0 && reserve(text, (size_t)n + 1)) {
        vsnprintf(text->data + text->length, text->capacity - text->length, format, written);
        text->length += (size_t)n;
    }
    va_end(written);
}

/* What is no letter, digit or sign is the locale's decimal point, of one byte or more. */
static void point_for_the_locale(char *number) {
    char *end = number;
    for (const char *s = number; *s; s++)
        if (isalnum((unsigned char)*s) || *s == '-' || *s == '+') *end++ = *s;
        else if (end == number || end[-1] != '.') *end++ = '.';
    *end = 0;
}

void spk_text_add_number(spk_text *text, double value) {
    char number[32];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, value);
        const double back = strtod(number, NULL);
        if (back == value && signbit(back) == signbit(value)) break;
    }
    point_for_the_locale(number);
    spk_text_add(text, "%s", number);
}

void spk_text_free(spk_text *text) {
    if (!text) return;
    spk_release(text->ctx, text->data);
    *text = (spk_text){.ctx = text->ctx};
}

void spk_text_add_rounded(spk_text *text, double value, int digits) {
    char number[32];
    snprintf(number, sizeof number, "%.*g", digits, value);
    spk_text_add_number(text, strtod(number, NULL));
}

int spk_character_bytes(const char *s) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)s;
    if (*at < 0x80) return *at >= 0x20 && *at != 0x7f ? 1 : 0;
    if (*at < 0xc2 || *at > 0xf4) return 0;
    const int bytes = *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
    uint32_t code = *at & (0x7fu >> bytes);
    for (int i = 1; i < bytes; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0; /* the end of the text is no such byte, either */
        code = code << 6 | (at[i] & 0x3fu);
    }
    return code >= least[bytes] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) && (code & 0xfffe) != 0xfffe ? bytes : 0;
}

void spk_text_add_xml(spk_text *text, const char *label) {
    for (const char *s = label ? label : ""; *s;) {
        const int bytes = spk_character_bytes(s);
        if (!bytes) spk_text_add(text, *s == '\n' || *s == '\t' ? " " : "?");
        else if (*s == '&') spk_text_add(text, "&amp;");
        else if (*s == '<') spk_text_add(text, "&lt;");
        else if (*s == '>') spk_text_add(text, "&gt;");
        else if (*s == '"') spk_text_add(text, "&quot;");
        else spk_text_add(text, "%.*s", bytes, s);
        s += bytes ? bytes : 1;
    }
}

const char *spk_text_to_step(spk_text *text) {
    char *copy = text->data && !text->ctx->failed ? spk_step_header(text->ctx, text->length + 1) : NULL;
    if (copy) memcpy(copy, text->data, text->length + 1);
    spk_text_free(text);
    return copy ? copy : "";
}
