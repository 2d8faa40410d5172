/* The kinds of values that options take. */
#include "command_line.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Flags. */

static bool read_flag(const option_row *row, const char *text, void *value) {
    (void)row, (void)text;
    return *(bool *)value = true;
}

static void print_flag(const void *value, spk_text *text) { spk_text_add(text, *(const bool *)value ? "true" : "false"); }

static bool always(const void *flag) { return (void)flag, true; }

const option_type option_flag = {.read = read_flag, .print = print_flag, .is_nothing = always, .opens = "", .closes = ""};

/* Whole numbers. */

static bool whole(const char *text, size_t length, int64_t *value) {
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    return length > 0 && end == text + length && errno == 0;
}

static bool read_whole(const option_row *row, const char *text, void *value) {
    int64_t *number = value;
    return whole(text, strlen(text), number) && *number >= (int64_t)row->least && (row->most == 0 || *number <= (int64_t)row->most);
}

static void allowed_whole(const option_row *row, spk_text *text) {
    if (row->most == 0) spk_text_add(text, "a whole number of at least %.0f", row->least);
    else spk_text_add(text, "a whole number from %.0f to %.0f", row->least, row->most);
}

static void print_whole(const void *value, spk_text *text) { spk_text_add(text, "%lld", (long long)*(const int64_t *)value); }

static bool is_not_positive(const void *value) { return *(const int64_t *)value <= 0; }

const option_type option_whole = {
    .read = read_whole, .allowed = allowed_whole, .print = print_whole, .is_nothing = is_not_positive, .opens = "", .closes = ""};

/* Numbers. */

static bool read_real(const option_row *row, const char *text, void *value) {
    double *number = value;
    char *end;
    *number = strtod(text, &end);
    return *text && !*end && *number >= row->least && *number <= row->most;
}

static void allowed_real(const option_row *row, spk_text *text) { spk_text_add(text, "a number from %g to %g", row->least, row->most); }

static void print_real(const void *value, spk_text *text) { spk_text_add_number(text, *(const double *)value); }

const option_type option_real = {.read = read_real, .allowed = allowed_real, .print = print_real, .opens = "", .closes = ""};

/* Words of a list. */

static bool read_word(const option_row *row, const char *text, void *value) {
    *(const char **)value = text;
    for (int i = 0; row->words[i]; i++)
        if (strcmp(text, row->words[i]) == 0) return true;
    return false;
}

static void allowed_word(const option_row *row, spk_text *text) {
    for (int i = 0; row->words[i]; i++) spk_text_add(text, "%s%s", i == 0 ? "" : row->words[i + 1] ? ", " : " or ", row->words[i]);
}

static void print_text(const void *value, spk_text *text) { spk_text_add(text, "%s", *(const char *const *)value); }

static bool is_null(const void *value) { return !*(const char *const *)value; }

const option_type option_word = {
    .read = read_word, .allowed = allowed_word, .print = print_text, .is_nothing = is_null, .opens = "\"", .closes = "\""};

/* Anything. */

static bool read_text(const option_row *row, const char *text, void *value) {
    (void)row;
    *(const char **)value = text;
    return *text;
}

static void allowed_text(const option_row *row, spk_text *text) {
    spk_text_add(text, "%s", strcmp(row->argument, "DIR") == 0 ? "a folder's name" : "a file's name");
}

const option_type option_text = {
    .read = read_text, .allowed = allowed_text, .print = print_text, .is_nothing = is_null, .opens = "\"", .closes = "\""};

/* Widths of layers. */

static bool read_widths(const option_row *row, const char *text, void *value) {
    option_list *list = value;
    (void)row;
    for (list->n = 0; list->n < OPTION_LIST; text++) {
        const size_t length = strcspn(text, ",");
        int64_t *number = &list->number[list->n++];
        if (!whole(text, length, number) || *number < 1) return false;
        text += length;
        if (!*text) return true;
    }
    return false;
}

static void allowed_widths(const option_row *row, spk_text *text) {
    (void)row;
    spk_text_add(text, "1 to %d whole numbers of at least 1, parted by commas", OPTION_LIST);
}

static void print_widths(const void *value, spk_text *text) {
    const option_list *list = value;
    for (int i = 0; i < list->n; i++) spk_text_add(text, i ? ",%lld" : "%lld", (long long)list->number[i]);
}

const option_type option_widths = {.read = read_widths, .allowed = allowed_widths, .print = print_widths, .opens = "[", .closes = "]"};
