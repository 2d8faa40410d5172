#include "progress.h"
#include "seconds.h"
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Lines in fields. */

void line_add(line *l, int rank, const char *format, ...) {
    va_list values;
    if (l->n == FIELDS) return;
    va_start(values, format);
    vsnprintf(l->field[l->n].text, FIELD_BYTES, format, values);
    va_end(values);
    l->field[l->n++].rank = rank;
}

enum { GAP = 2 };

static int width(const line *l) {
    int columns = 0;
    for (int i = 0; i < l->n; i++) columns += (i ? GAP : 0) + (int)strlen(l->field[i].text);
    return columns;
}

/* Leaves out what does not fit; the field of the lowest rank stays, cut if it must be. */
static void fit(line *l, int columns) {
    while (l->n > 1 && width(l) > columns) {
        int last = 0;
        for (int i = 1; i < l->n; i++)
            if (l->field[i].rank > l->field[last].rank) last = i;
        l->n--;
        memmove(&l->field[last], &l->field[last + 1], (size_t)(l->n - last) * sizeof *l->field);
    }
    if (columns < FIELD_BYTES) l->field[0].text[columns] = 0;
}

/* The terminal. */

/* The columns of a line that can be drawn again: the last one stays free, where terminals differ. It is asked anew each time, and so
 * follows a window that is resized. */
static int columns_of_terminal(void) {
    struct winsize size;
    const int columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    return columns > 1 ? columns - 1 : 1;
}

/* A job in the background does not draw over what its user types. */
static bool in_background(void) {
    const pid_t foreground = tcgetpgrp(STDOUT_FILENO);
    return foreground > 0 && foreground != getpgrp();
}

progress progress_begin(bool wanted) {
    const char *terminal = getenv("TERM");
    setlocale(LC_CTYPE, "");
    return (progress){.draws = wanted && isatty(STDOUT_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0,
                      .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
                      .epoch = -1};
}

/* The bar. */

enum { LEAST_BAR = 6, MOST_BAR = 40 };
#define REDRAW 0.1 /* seconds from one to the next, at least */

/* What is drawn, written at once. */
typedef struct drawing {
    char bytes[1024];
    size_t length;
} drawing;

static void add(drawing *d, const char *text) {
    const size_t length = strlen(text);
    if (length > sizeof d->bytes - d->length) return;
    memcpy(d->bytes + d->length, text, length);
    d->length += length;
}

static void add_bar(drawing *d, double done, int columns, bool utf8) {
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const int cells = columns - 2, filled = (int)(done * cells), part = (int)((done * cells - filled) * 8);
    const char *end = filled == cells ? "" : utf8 ? eighths[part] : ">";
    add(d, utf8 ? "|" : "[");
    for (int i = 0; i < filled; i++) add(d, utf8 ? "█" : "=");
    add(d, end);
    for (int i = filled + (*end != 0); i < cells; i++) add(d, " ");
    add(d, utf8 ? "|" : "]");
}

static void add_time_left(line *l, int rank, double left) {
    const long long s = (long long)(left + 0.5);
    if (s >= 3600) line_add(l, rank, "%lld:%02lld:%02lld left", s / 3600, s / 60 % 60, s % 60);
    else line_add(l, rank, "%lld:%02lld left", s / 60, s % 60);
}

static int digits(int64_t number) { return number < 10 ? 1 : 1 + digits(number / 10); }

/* The fields: the first one stands before the bar. */
static line fields(const progress *p, const progress_state *now, double time) {
    const int64_t steps_done = (now->epoch - 1) * now->steps + now->step, in_this_run = steps_done - p->first_step;
    line l = {0};
    line_add(&l, 0, "epoch %2lld/%lld", (long long)now->epoch, (long long)now->epochs);
    line_add(&l, 4, "%*lld/%lld", digits(now->steps), (long long)now->step, (long long)now->steps);
    if (!isnan(now->loss)) line_add(&l, 1, "loss %.4f", now->loss);
    if (!isnan(now->accuracy)) line_add(&l, 3, "%5.2f %%", now->accuracy);
    if (now->images > p->first_image) line_add(&l, 5, "%6.0f images/s", (double)(now->images - p->first_image) / (time - p->epoch_since));
    if (in_this_run > 0) add_time_left(&l, 2, (double)(now->epochs * now->steps - steps_done) * (time - p->since) / (double)in_this_run);
    return l;
}

static void draw(progress *p, const progress_state *now, double time) {
    const int columns = columns_of_terminal();
    drawing d = {.length = 0};
    line l = fields(p, now, time);
    fit(&l, columns - LEAST_BAR - GAP < (int)strlen(l.field[0].text) ? columns : columns - LEAST_BAR - GAP);
    const int room = columns - width(&l) - GAP, wide = room < MOST_BAR ? room : MOST_BAR;
    add(&d, p->shown && p->columns != columns ? "\r\033[J" : "\r"); /* a narrower terminal may have broken the old line in two */
    add(&d, l.field[0].text);
    if (wide >= LEAST_BAR) add(&d, "  "), add_bar(&d, (double)now->step / (double)now->steps, wide, p->utf8);
    for (int i = 1; i < l.n; i++) add(&d, "  "), add(&d, l.field[i].text);
    add(&d, "\033[K\r"); /* the cursor waits at the beginning, where a ^C cannot make the line longer */
    fwrite(d.bytes, 1, d.length, stdout);
    fflush(stdout);
    p->shown = true, p->columns = columns;
}

void progress_show_state(progress *p, progress_state now) {
    if (!p->draws) return;
    const double time = seconds();
    const bool first = p->epoch < 0;
    if (first) p->since = time, p->first_step = (now.epoch - 1) * now.steps + now.step;
    if (p->epoch != now.epoch) { /* its first step: how fast it goes is not known yet */
        p->epoch = now.epoch, p->epoch_since = time, p->first_image = now.images;
        p->next = first ? time : time + REDRAW;
    }
    const bool last = p->shown && now.step == now.steps; /* what stays while the net is tested */
    if ((time < p->next && !last) || in_background()) return;
    draw(p, &now, time);
    p->next = time + REDRAW;
}

void progress_clear(progress *p) {
    if (!p->shown) return;
    fputs(p->columns == columns_of_terminal() ? "\r\033[K" : "\r\033[J", stdout);
    fflush(stdout);
    p->shown = false;
}

void progress_print(progress *p, const line *l) {
    line cut = *l;
    progress_clear(p);
    if (p->draws) fit(&cut, columns_of_terminal());
    for (int i = 0; i < cut.n; i++) printf("%s%s", i ? "  " : "", cut.field[i].text);
    printf("\n");
    fflush(stdout);
}
