/* What spk_summary prints. */
#include "nn/summary_internal.h"
#include "autograd/tape.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 7, WIDTH = SPK_DOTTED_NAME + 2 * SPK_NAME };

/* A line of the table. The first three columns and `trainable` begin at the left, numbers end at the right. */
typedef struct line {
    char cell[COLUMNS][WIDTH];
} line;
enum { LAYER, TYPE, OUTPUT, PARAMETERS, TRAINABLE, MEMORY, MULTIPLY_ADDS };

static const line head = {{"layer", "type", "output", "parameters", "trainable", "step bytes", "multiply-adds"}};

/* 1234567 as 1,234,567 in any locale. */
static void write_number(char *cell, int64_t value) {
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%" PRId64, value);
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0) *cell++ = ',';
        *cell++ = digits[i];
    }
    *cell = '\0';
}

/* "-" for nothing: most layers have few of the numbers. */
static void write_count(char *cell, int64_t value) {
    if (value) write_number(cell, value);
    else memcpy(cell, "-", sizeof "-");
}

/* Of the module itself. */
typedef struct parameters {
    int64_t all, trainable;
} parameters;

static parameters parameters_of(const spk_module *module) {
    parameters p = {0};
    for (const spk_slot *slot = module->slots; slot; slot = slot->next) {
        if (slot->kind != SPK_PARAMETER) continue;
        p.all += spk_size(slot->tensor);
        p.trainable += spk_requires_grad(slot->tensor) ? spk_size(slot->tensor) : 0;
    }
    return p;
}

/* The name from the net on, which spk_find_module takes, set in by its depth; the net's own for the net. */
static void write_layer(char *cell, const spk_module *net, const spk_module *module) {
    int depth = 0;
    for (const spk_module *m = module; m != net; m = m->parent) depth++;
    const char *path = spk_module_path(module);
    if (module != net) path += strlen(spk_module_path(net)) + 1;
    snprintf(cell, WIDTH, "%*s%s", 2 * depth < 2 * SPK_NAME ? 2 * depth : 0, "", path);
}

static void write_output(char *cell, const spk_summary_row *row) {
    const spk_shape_string shape = spk_shape_text(row->output);
    if (!row->called) snprintf(cell, WIDTH, "not called");
    else if (row->repeat > 1) snprintf(cell, WIDTH, "%s as %" PRId64 " x", shape.text, row->repeat);
    else snprintf(cell, WIDTH, "%s%s", shape.text, row->storage == SPK_BITS ? " bits" : "");
}

static void write_line(line *l, const spk_summary_run *s, const spk_summary_row *row) {
    const parameters p = parameters_of(row->module);
    write_layer(l->cell[LAYER], s->net, row->module);
    snprintf(l->cell[TYPE], WIDTH, "%s", row->module->type->name);
    write_output(l->cell[OUTPUT], row);
    write_count(l->cell[PARAMETERS], p.all);
    snprintf(l->cell[TRAINABLE], WIDTH, "%s", !p.all ? "-" : p.trainable == p.all ? "yes" : p.trainable ? "in part" : "no");
    write_count(l->cell[MEMORY], row->own.bytes);
    write_count(l->cell[MULTIPLY_ADDS], row->own.multiply_adds);
}

static bool is_number(int column) { return column == PARAMETERS || column > TRAINABLE; }

static void add_line(spk_text *text, const line *l, const int *width) {
    for (int c = 0; c < COLUMNS; c++) {
        const int after = c + 1 < COLUMNS ? 2 : 0;
        spk_text_add(text, is_number(c) ? "%*s%*s" : "%-*s%*s", width[c], l->cell[c], after, "");
    }
    spk_text_add(text, "\n");
}

static void add_rule(spk_text *text, const int *width) {
    int all = 2 * (COLUMNS - 1);
    for (int c = 0; c < COLUMNS; c++) all += width[c];
    for (int i = 0; i < all; i++) spk_text_add(text, "-");
    spk_text_add(text, "\n");
}

static int64_t elements_of(spk_module *net, unsigned kinds) {
    int64_t count = 0;
    for (spk_walk w = spk_walk_slots(net, kinds); spk_walk_next(&w);) count += spk_size(w.slot->tensor);
    return count;
}

static void add_total(spk_text *text, const char *name, int64_t value, const char *unit) {
    char number[32];
    write_number(number, value);
    spk_text_add(text, "%s%s%s", name, number, unit);
}

static void add_totals(const spk_summary_run *s, spk_text *text) {
    const int64_t all = spk_parameter_count(s->net, false), buffers = elements_of(s->net, SPK_BUFFER);
    int64_t multiply_adds = 0;
    for (int i = 0; i < s->rows; i++) multiply_adds += s->row[i].own.multiply_adds;
    spk_text_add(text, "input          %s", spk_shape_text(s->input).text);
    if (s->T > 1) spk_text_add(text, " at %" PRId64 " steps", s->T);
    add_total(text, "\nparameters     ", all, "");
    add_total(text, ", of which ", spk_parameter_count(s->net, true), " trainable");
    add_total(text, ", in ", (int64_t)spk_bytes(all), " bytes\n");
    if (buffers) add_total(text, "buffers        ", buffers, "");
    if (buffers) add_total(text, ", in ", (int64_t)spk_bytes(buffers), " bytes\n");
    add_total(text, "step memory    ", (int64_t)s->peak, " bytes at most in forward, with the input\n");
    add_total(text, "multiply-adds  ", multiply_adds, "\n");
}

void spk_summary_write(const spk_summary_run *s, spk_text *text) {
    int width[COLUMNS] = {0};
    line *lines = spk_allocate(s->ctx, (size_t)s->rows * sizeof *lines);
    for (int i = 0; lines && i < s->rows; i++) write_line(&lines[i], s, &s->row[i]);
    for (int i = -1; lines && i < s->rows; i++)
        for (int c = 0; c < COLUMNS; c++) {
            const int n = (int)strlen((i < 0 ? &head : &lines[i])->cell[c]);
            width[c] = n > width[c] ? n : width[c];
        }
    if (lines) {
        add_line(text, &head, width);
        add_rule(text, width);
        for (int i = 0; i < s->rows; i++) add_line(text, &lines[i], width);
        add_rule(text, width);
        add_totals(s, text);
    }
    spk_release(s->ctx, lines);
}
