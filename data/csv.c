#include "data/csv.h"
#include "core/context_internal.h"
#include "core/file_internal.h"
#include "data/csv_internal.h"
#include "data/dataset_internal.h"
#include "data/names_internal.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char who[] = "spk_dataset_csv";

/* A table on its way to a dataset. */
typedef struct table {
    spk_ctx *ctx;
    const char *path;
    spk_csv_opts options;
    spk_csv_text text;
    spk_names first;    /* the fields of the first line */
    int64_t first_line; /* and its number */
    bool header;        /* they are the columns' names */
    int64_t label;      /* the column of the label */
    int64_t rows;       /* samples so far */
    int64_t inputs;     /* numbers so far */
    spk_real *x;        /* [rows, columns - 1] */
    char **labels;      /* [rows], in the file's bytes or in `first` */
} table;

/* Sets the error, for one field. False. */
static bool refuse(const table *t, int64_t line, int64_t column, const char *text, const char *what) {
    const char *name = t->header && column < t->first.count ? t->first.name[column] : "";
    spk_fail(t->ctx, "%s: %s: line %" PRId64 ", column %" PRId64 "%s%.60s%s: '%.60s' %s", who, t->path, line, column + 1, *name ? " (" : "",
             name, *name ? ")" : "", text, what);
    return false;
}

static bool is_number(const char *text) {
    double value;
    return spk_csv_number(text, &value);
}

/* Takes a field into the sample that is being read. */
static bool take(table *t, int64_t column, char *text, int64_t line) {
    double value;
    if (column == t->label && !*text) return refuse(t, line, column, text, "is no label");
    if (column == t->label) {
        t->labels[t->rows] = text;
    } else if (spk_csv_number(text, &value) && isfinite((spk_real)value)) {
        t->x[t->inputs++] = (spk_real)value;
    } else {
        return refuse(t, line, column, text, "is no finite number; all columns but the label's hold numbers such as -1.5e3");
    }
    return true;
}

/* The first line's fields are kept: they may turn out to be names. */
static bool read_first(table *t) {
    if (!spk_csv_next_line(&t->text)) {
        spk_fail(t->ctx, "%s: %s: has no lines", who, t->path);
        return false;
    }
    t->first_line = t->text.line;
    for (bool last = false; !last && !t->ctx->failed;) {
        const spk_csv_field field = spk_csv_next_field(&t->text);
        last = field.last;
        if (field.wrong) return refuse(t, field.line, t->first.count, field.text, field.wrong);
        spk_names_add(&t->first, field.text);
    }
    if (!t->ctx->failed && t->first.count < 2)
        spk_fail(t->ctx, "%s: %s: line %" PRId64 " has one column, and a label and an input are needed; is the delimiter '%c'?", who,
                 t->path, t->first_line, t->options.delimiter);
    return !t->ctx->failed;
}

/* The label's column, by its name or by its number. */
static bool find_label(table *t) {
    const int64_t columns = t->first.count, wanted = t->options.label_column;
    const char *name = t->options.label;
    t->label = wanted < 0 ? columns + wanted : wanted;
    if (!name && (t->label < 0 || t->label >= columns))
        spk_fail(t->ctx, "%s: %s: label_column is %" PRId64 ", and there are %" PRId64 " columns", who, t->path, wanted, columns);
    for (t->label = name ? 0 : t->label; name && t->label < columns && strcmp(t->first.name[t->label], name) != 0;) t->label++;
    if (t->label == columns && name)
        spk_fail(t->ctx, "%s: %s: line %" PRId64 " names no column '%s'; its columns begin with '%.60s' and '%.60s'", who, t->path,
                 t->first_line, name, t->first.name[0], t->first.name[1]);
    return !t->ctx->failed;
}

/* Whether the first line is a header; if not it is the first sample. */
static bool take_first(table *t) {
    bool words = t->options.label;
    for (int64_t i = 0; i < t->first.count && !words; i++) words = i != t->label && !is_number(t->first.name[i]);
    t->header = t->options.header == SPK_CSV_HEADER_YES || (t->options.header == SPK_CSV_HEADER_AUTO && words);
    if (t->header) return true;
    for (int64_t i = 0; i < t->first.count; i++)
        if (!take(t, i, t->first.name[i], t->first_line)) return false;
    t->rows++;
    return true;
}

static bool read_row(table *t) {
    const int64_t line = t->text.line;
    int64_t column = 0;
    for (bool last = false; !last; column++) {
        const spk_csv_field field = spk_csv_next_field(&t->text);
        last = field.last;
        if (field.wrong) return refuse(t, field.line, column, field.text, field.wrong);
        if (column < t->first.count && !take(t, column, field.text, field.line)) return false;
    }
    if (column != t->first.count)
        spk_fail(t->ctx, "%s: %s: line %" PRId64 " has %" PRId64 " fields, and line %" PRId64 " has %" PRId64, who, t->path, line, column,
                 t->first_line, t->first.count);
    t->rows++;
    return !t->ctx->failed;
}

/*
 * Room for all samples at once, from what the file has of line ends and delimiters: a sample has as many inputs as delimiters. (One of too
 * few fields may have an input more, before it is refused.)
 */
static bool make_room(table *t) {
    int64_t lines = 1, delimiters = 1;
    for (const char *c = t->text.at; c < t->text.end; c++) lines += *c == '\n', delimiters += *c == t->options.delimiter;
    t->x = spk_allocate_uninitialised(t->ctx, spk_bytes(delimiters));
    if (t->x) t->labels = spk_allocate_uninitialised(t->ctx, (size_t)lines * sizeof *t->labels);
    return t->labels;
}

static bool read_table(table *t) {
    if (!make_room(t) || !read_first(t) || !find_label(t) || !take_first(t)) return false;
    while (spk_csv_next_line(&t->text))
        if (!read_row(t)) return false;
    if (!t->rows) spk_fail(t->ctx, "%s: %s: has a header and no samples", who, t->path);
    return t->rows;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The different labels, sorted, at the beginning of a block of spk_allocate. */
static char **find_classes(table *t, int64_t *count) {
    char **names = spk_allocate_uninitialised(t->ctx, (size_t)t->rows * sizeof *names);
    if (!names) return NULL;
    memcpy(names, t->labels, (size_t)t->rows * sizeof *names);
    qsort(names, (size_t)t->rows, sizeof *names, by_text);
    *count = 1;
    for (int64_t i = 1; i < t->rows; i++)
        if (strcmp(names[i], names[*count - 1]) != 0) names[(*count)++] = names[i];
    return names;
}

/* Labels that are whole numbers; false when one is not. */
static bool number_labels(const table *t, int64_t *y) {
    for (int64_t i = 0; i < t->rows; i++) {
        double value;
        if (!spk_csv_number(t->labels[i], &value) || value < 0 || value > 1e15 || value != (double)(int64_t)value) return false;
        y[i] = (int64_t)value;
    }
    return true;
}

/* Labels that are names. */
static void name_labels(table *t, int64_t *y, spk_samples *samples) {
    int64_t count = 0;
    char **names = find_classes(t, &count);
    for (int64_t i = 0; names && i < t->rows; i++)
        y[i] = (char **)bsearch(&t->labels[i], names, (size_t)count, sizeof *names, by_text) - names;
    samples->classes = names ? spk_names_pack(t->ctx, count, names) : NULL;
    samples->count = count;
    spk_release(t->ctx, names);
}

/* What has been read, as a dataset takes it over. */
static spk_samples samples_of(table *t) {
    spk_samples samples = {0};
    int64_t *y = spk_allocate_uninitialised(t->ctx, (size_t)t->rows * sizeof *y);
    if (y && !number_labels(t, y)) name_labels(t, y, &samples);
    samples.inputs = spk_idx_adopt(t->ctx, SPK_BY_REAL(SPK_F32, SPK_F64), SPK_SHAPE(t->rows, t->first.count - 1), t->x);
    samples.labels = spk_idx_adopt(t->ctx, SPK_I64, SPK_SHAPE(t->rows), y);
    t->x = NULL;
    return samples;
}

static bool check_options(spk_ctx *ctx, const spk_csv_opts *o) {
    const spk_dataset_opts part = SPK_DATASET_PART(*o);
    if (!o->delimiter || strchr("\"\r\n.+-0123456789eE", o->delimiter))
        spk_fail(ctx, "%s: the delimiter is a character of numbers, a quote or a line's end; it may be ',', ';' or '\\t', say", who);
    else if (o->header != SPK_CSV_HEADER_AUTO && o->header != SPK_CSV_HEADER_YES && o->header != SPK_CSV_HEADER_NO)
        spk_fail(ctx, "%s: header is %d, which is none of SPK_CSV_HEADER_AUTO, _YES and _NO", who, (int)o->header);
    else if (o->label && o->header == SPK_CSV_HEADER_NO)
        spk_fail(ctx, "%s: without a header no column is named '%s'; give label_column", who, o->label);
    return spk_dataset_check(ctx, who, &part);
}

static spk_dataset *read_dataset(table *t, const spk_file_bytes *file) {
    if (file->failed) spk_fail(t->ctx, "%s: %s: %s: %s", who, t->path, file->failed, strerror(file->reason));
    else if (file->bytes && memchr(file->bytes, 0, (size_t)file->size))
        spk_fail(t->ctx, "%s: %s: has a zero byte, as text in UTF-8 has not; save it as UTF-8", who, t->path);
    if (t->ctx->failed) return NULL;
    t->text = spk_csv_begin((char *)file->bytes, file->size, t->options.delimiter);
    return read_table(t) ? spk_dataset_adopt(t->ctx, who, samples_of(t), SPK_DATASET_PART(t->options)) : NULL;
}

spk_dataset *spk_dataset_csv_with(spk_ctx *ctx, const char *path, spk_csv_opts options) {
    ctx = spk_ctx_or_failed(ctx);
    if (!path) spk_fail(ctx, "%s: the path is NULL", who);
    if (ctx->failed || !check_options(ctx, &options)) return NULL;
    const spk_activity before = spk_doing_function(ctx, who);
    table t = {.ctx = ctx, .path = path, .options = options, .first = {.ctx = ctx}};
    const spk_file_bytes file = spk_file_read(ctx, path);
    spk_dataset *d = read_dataset(&t, &file);
    spk_release(ctx, t.x);
    spk_release(ctx, t.labels);
    spk_names_free(&t.first);
    spk_release(ctx, file.bytes);
    spk_done(ctx, before);
    return d;
}

spk_csv_opts spk_csv_options(void) { return (spk_csv_opts){SPK_CSV_DEFAULTS}; }
