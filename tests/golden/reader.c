/* Reads files of cases. */
#include "golden.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const blanks = " \t\r";

static void *grow(void *block, size_t bytes) {
    void *grown = realloc(block, bytes);
    if (!grown) fputs("golden: no memory\n", stderr), exit(1);
    return grown;
}

bool golden_open(golden_reader *reader, const char *path) {
    *reader = (golden_reader){.line = 1};
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    for (size_t room = 0, got = 1; got; reader->size += got) {
        if (room - reader->size < 2) reader->text = grow(reader->text, room = room * 2 + 65536);
        got = fread(reader->text + reader->size, 1, room - reader->size - 1, file);
    }
    reader->text[reader->size] = 0;
    reader->next = reader->text;
    const bool read = !ferror(file) && strlen(reader->text) == reader->size;
    fclose(file);
    if (!read) golden_close(reader);
    return read;
}

void golden_close(golden_reader *reader) {
    free(reader->text);
    *reader = (golden_reader){0};
}

void golden_free(golden_case *c) {
    for (int i = 0; i < c->n_arrays; i++) free(c->arrays[i].values);
    free(c->arrays);
    free(c->keys);
    spk_ctx_destroy(c->ctx);
    *c = (golden_case){0};
}

bool golden_parse(const char *text, double *value) {
    char *end;
    *value = strtod(text, &end);
    return end != text && !*end && isfinite(*value) && isfinite((spk_real)*value);
}

/* Goes to the next line. */
static void skip_line(golden_reader *r) {
    r->next += strcspn(r->next, "\n");
    if (*r->next) r->next++, r->line++;
}

/* The next line that is neither blank nor a comment, without consuming it; NULL at the end of the file. */
static const char *peek(golden_reader *r) {
    for (;; skip_line(r)) {
        const char *line = r->next + strspn(r->next, blanks);
        if (!*line) return NULL;
        if (*line != '#' && *line != '\n') return line;
    }
}

/* Consumes the line of the last peek, as a text of its own. */
static char *take(golden_reader *r) {
    char *line = r->next;
    skip_line(r);
    if (r->next > line && r->next[-1] == '\n') r->next[-1] = 0;
    return line;
}

static bool starts(const char *line, const char *word) {
    const size_t n = strlen(word);
    return strncmp(line, word, n) == 0 && (!line[n] || strchr(" \t\r\n", line[n]));
}

static bool is_keyword(const char *line) {
    return starts(line, "case") || starts(line, "set") || starts(line, "array") || starts(line, "end");
}

/* Exactly n words of a line into `word`; false if it has fewer or more. */
static bool split(char *line, int n, char **word) {
    char *rest;
    int count = 0;
    for (char *w = strtok_r(line, blanks, &rest); w; w = strtok_r(NULL, blanks, &rest))
        if (count++ < n) word[count - 1] = w;
    return count == n;
}

static void add_key(golden_reader *r, golden_case *c, char *line) {
    const int at = r->line - 1;
    char *word[3];
    if (!split(line, 3, word)) {
        spk_fail(c->ctx, "line %d: a key needs one name and one value", at);
        return;
    }
    for (int i = 0; i < c->n_keys; i++)
        if (strcmp(c->keys[i].name, word[1]) == 0) spk_fail(c->ctx, "line %d: key '%s' is set twice", at, word[1]);
    c->keys = grow(c->keys, sizeof *c->keys * (size_t)(c->n_keys + 1));
    c->keys[c->n_keys++] = (golden_key){.name = word[1], .value = word[2]};
}

/* The name and the axes of an array. */
static bool read_head(golden_reader *r, golden_case *c, char *line, golden_array *a) {
    const int at = r->line - 1;
    char *rest;
    strtok_r(line, blanks, &rest);
    a->name = strtok_r(NULL, blanks, &rest);
    if (!a->name) spk_fail(c->ctx, "line %d: an array needs a name", at);
    for (char *w = a->name ? strtok_r(NULL, blanks, &rest) : NULL; w; w = strtok_r(NULL, blanks, &rest)) {
        char *end;
        const long long size = strtoll(w, &end, 10);
        if (end == w || *end || size < 1 || a->shape.axes == SPK_MAX_AXES)
            spk_fail(c->ctx, "line %d: array %s: '%s' is no size of an axis, or one axis too many", at, a->name, w);
        else a->shape.dim[a->shape.axes++] = size;
    }
    const int64_t n = spk_shape_size(a->shape);
    if (n < 0 || (uint64_t)n > r->size) spk_fail(c->ctx, "line %d: the file is too short for this array", at);
    return !spk_failed(c->ctx);
}

/* The values of an array, over as many lines as they take. */
static void read_values(golden_reader *r, golden_case *c, golden_array *a) {
    const int64_t n = spk_shape_size(a->shape);
    int64_t count = 0;
    a->values = grow(NULL, sizeof *a->values * (size_t)n);
    while (count < n && !spk_failed(c->ctx)) {
        const char *line = peek(r);
        if (!line || is_keyword(line)) {
            spk_fail(c->ctx, "line %d: array %s has %lld values instead of %lld", r->line, a->name, (long long)count, (long long)n);
            return;
        }
        const int at = r->line;
        char *rest;
        for (char *w = strtok_r(take(r), blanks, &rest); w; w = strtok_r(NULL, blanks, &rest)) {
            double value;
            if (!golden_parse(w, &value)) spk_fail(c->ctx, "line %d: array %s: '%s' is no finite number", at, a->name, w);
            if (count < n) a->values[count] = value;
            if (++count > n) spk_fail(c->ctx, "line %d: array %s has more than %lld values", at, a->name, (long long)n);
        }
    }
}

static void add_array(golden_reader *r, golden_case *c, char *line) {
    golden_array a = {0};
    if (!read_head(r, c, line, &a)) return;
    for (int i = 0; i < c->n_arrays; i++)
        if (strcmp(c->arrays[i].name, a.name) == 0) spk_fail(c->ctx, "line %d: array %s is there twice", r->line - 1, a.name);
    read_values(r, c, &a);
    c->arrays = grow(c->arrays, sizeof *c->arrays * (size_t)(c->n_arrays + 1));
    c->arrays[c->n_arrays++] = a;
}

/* One line within a case; true if it ends the case. */
static bool read_line(golden_reader *r, golden_case *c) {
    const char *line = peek(r);
    if (!line || starts(line, "case")) {
        spk_fail(c->ctx, "line %d: the case has no `end`", r->line);
        return false;
    }
    const int at = r->line;
    char *taken = take(r), *word[1];
    taken += strspn(taken, blanks);
    if (starts(taken, "set")) add_key(r, c, taken);
    else if (starts(taken, "array")) add_array(r, c, taken);
    else if (starts(taken, "end") && split(taken, 1, word)) return true;
    else spk_fail(c->ctx, "line %d: '%.40s' is no case, set, array or end line, or follows an array that is full", at, taken);
    return false;
}

bool golden_next(golden_reader *r, golden_case *c) {
    const char *line = peek(r);
    if (!line) return false;
    *c = (golden_case){.name = "(no case)", .ctx = spk_ctx_create()};
    char *word[2];
    const int at = r->line;
    if (!starts(line, "case")) spk_fail(c->ctx, "line %d: '%.*s' stands outside of a case", at, (int)strcspn(line, "\n"), line);
    else if (split(take(r), 2, word)) c->name = word[1];
    else spk_fail(c->ctx, "line %d: a case needs one name", at);
    while (!spk_failed(c->ctx) && !read_line(r, c)) {}
    while (spk_failed(c->ctx) && (line = peek(r)) && !starts(line, "case")) skip_line(r);
    return true;
}
