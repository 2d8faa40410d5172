#include "core/text.h"
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
