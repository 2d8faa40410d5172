#include "command_line.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* What getopt_long returns: a letter, one of these, or ROW and the number of a row. */
enum { MOST_ROWS = 48, HELP = 256, VERSION, ROW };

static const void *value_of(const option_row *row, const void *values) { return (const char *)values + row->at; }

/* Printing needs a context's memory; a command line is read before the program makes its own. */
static void print_row(const option_row *row, const void *defaults) {
    const void *value = value_of(row, defaults);
    char left[40];
    snprintf(left, sizeof left, "--%s%s%s", row->name, row->argument ? " " : "", row->argument ? row->argument : "");
    printf("  %-22s ", left);
    for (const char *letter = row->help; *letter; letter++) {
        putchar(*letter);
        if (*letter == '\n') printf("%25s", "");
    }
    if (!row->type->is_nothing || !row->type->is_nothing(value)) {
        spk_ctx *ctx = spk_ctx_create();
        spk_text text = {.ctx = ctx};
        row->type->print(value, &text);
        if (text.data) printf(" (%s)", text.data);
        spk_text_free(&text);
        spk_ctx_destroy(ctx);
    }
    printf("\n");
}

/* The program may have been installed under another name: @ stands for it. */
static void print_with_name(const char *text, const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (; *text; text++)
        if (*text == '@') fputs(name, stdout);
        else putchar(*text);
}

static void help(const command_line *c, const char *path) {
    print_with_name(c->usage, path);
    for (const option_row *row = c->rows; row < c->rows + c->n_rows; row++)
        if (row->name) print_row(row, c->defaults);
        else printf("\n%s\n", row->help);
    printf("\n  --help\n  --version\n\n");
    print_with_name(c->examples, path);
}

/* How many letters differ, roughly: for `did you mean`. */
static int distance(const char *a, const char *b) {
    int row[64], length = (int)strlen(b);
    if (length >= 64) return 64;
    for (int j = 0; j <= length; j++) row[j] = j;
    for (int i = 0; a[i]; i++) {
        int before = row[0];
        row[0] = i + 1;
        for (int j = 1; j <= length; j++) {
            const int change = before + (a[i] != b[j - 1]), least = row[j - 1] < row[j] ? row[j - 1] + 1 : row[j] + 1;
            before = row[j];
            row[j] = change < least ? change : least;
        }
    }
    return row[length];
}

/* A beginning of several options. */
static bool ambiguous(const command_line *c, const char *name) {
    int n = 0;
    for (const option_row *row = c->rows; row < c->rows + c->n_rows; row++) {
        if (!row->name || strncmp(row->name, name, strlen(name)) != 0) continue;
        if (n++) fprintf(stderr, " or --%s", row->name);
        else fprintf(stderr, "%s: --%s may be --%s", c->program, name, row->name);
    }
    if (n) fprintf(stderr, "; write more of it\n");
    return n > 0;
}

/* An option that there is not. */
static void unknown(const command_line *c, const char *name) {
    const option_row *nearest = NULL;
    int least = strlen(name) < 3 ? (int)strlen(name) : 3;
    for (const option_row *row = c->rows; row < c->rows + c->n_rows; row++)
        if (row->name && distance(name, row->name) < least) nearest = row, least = distance(name, row->name);
    fprintf(stderr, "%s: there is no option --%s; ", c->program, name);
    if (nearest) fprintf(stderr, "did you mean --%s?\n", nearest->name);
    else fprintf(stderr, "%s --help lists them\n", c->program);
}

static void wrong_value(const command_line *c, const option_row *row, const char *value) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text allowed = {.ctx = ctx};
    if (row->type->allowed) row->type->allowed(row, &allowed);
    if (!row->argument) fprintf(stderr, "%s: --%s takes no value\n", c->program, row->name);
    else if (value) fprintf(stderr, "%s: --%s takes %s, not '%s'\n", c->program, row->name, allowed.data, value);
    else fprintf(stderr, "%s: --%s needs a value: %s\n", c->program, row->name, allowed.data);
    spk_text_free(&allowed);
    spk_ctx_destroy(ctx);
}

/* What getopt_long could not read. */
static void refused(const command_line *c, int option, const char *word) {
    char name[64];
    if (optopt >= ROW) wrong_value(c, &c->rows[optopt - ROW], option == ':' ? NULL : "");
    else if (optopt > 0 && optopt < HELP)
        fprintf(stderr, "%s: there is no option -%c; %s --help lists them\n", c->program, optopt, c->program);
    else {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
        const char *bare = name + strspn(name, "-");
        if (!ambiguous(c, bare)) unknown(c, bare);
    }
}

int command_line_read(const command_line *c, void *values, int argc, char **argv) {
    struct option table[MOST_ROWS + 3] = {{"help", 0, NULL, HELP}, {"version", 0, NULL, VERSION}};
    int n = 2;
    for (int i = 0; i < c->n_rows && n < MOST_ROWS + 2; i++)
        if (c->rows[i].name) table[n++] = (struct option){c->rows[i].name, c->rows[i].argument != NULL, NULL, ROW + i};
    memcpy(values, c->defaults, c->size);
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, ":h", table, NULL)) != -1;) {
        if (option == 'h' || option == HELP) return help(c, argv[0]), 0;
        if (option == VERSION) return puts(spk_build_info()), 0;
        if (option < ROW) return refused(c, option, argv[optind - 1]), 2;
        const option_row *row = &c->rows[option - ROW];
        if (!row->type->read(row, optarg, (char *)values + row->at)) return wrong_value(c, row, optarg), 2;
    }
    if (optind == argc || c->takes_files) return -1;
    fprintf(stderr, "%s: '%s' belongs to no option; %s --help lists them\n", c->program, argv[optind], c->program);
    return 2;
}

void command_line_settings(const command_line *c, const void *values, bool json, spk_text *text) {
    const char *gap = "";
    if (json) spk_text_add(text, "{");
    for (const option_row *row = c->rows; row < c->rows + c->n_rows; row++) {
        if (!row->setting) continue;
        spk_text_add(text, json ? "%s\"%s\":%s" : "%s%s=%s", gap, row->name, json ? row->type->opens : "");
        row->type->print(value_of(row, values), text);
        if (json) spk_text_add(text, "%s", row->type->closes);
        gap = json ? "," : " ";
    }
    if (json) spk_text_add(text, "}");
}
