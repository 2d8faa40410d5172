/* A training's progress: a bar that is drawn again in place on a terminal, and nothing where the output is none. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <math.h>
#include <spiketape.h>

/* A line of text in fields, of which a narrow terminal loses those of the highest rank first. */
enum { FIELDS = 8, FIELD_BYTES = 96 };
typedef struct line {
    int n;
    struct {
        int rank;
        char text[FIELD_BYTES];
    } field[FIELDS];
} line;
/* Adds a field, printf-like. */
void line_add(line *l, int rank, const char *format, ...) __attribute__((format(printf, 3, 4)));

typedef struct progress {
    bool draws; /* standard output is a terminal, and a bar is wanted */
    bool utf8, shown;
    int columns;                     /* when it was last drawn */
    double next;                     /* second from which on it is drawn again */
    double since;                    /* second of the first call */
    double epoch_since;              /* of the epoch's first call */
    int64_t epoch;                   /* the running one */
    int64_t first_step, first_image; /* of the run, and of the epoch, as the first calls had them */
} progress;

/* What a bar shows. */
typedef struct progress_state {
    int64_t epoch, epochs, step, steps; /* epochs and steps done count from 1; steps is of one epoch */
    int64_t images;                     /* of this epoch, for the speed; 0: not shown */
    double loss, accuracy;              /* accuracy in percent; NaN: not shown */
} progress_state;

/* A bar, if it is wanted and standard output is a terminal that can draw it. */
progress progress_begin(bool wanted);
/* Call it after each step: `progress_show(&bar, .epoch = 1, .epochs = 6, .step = 12, .steps = 468)`. It draws at most ten times a second.
 */
#define progress_show(bar, ...) progress_show_state((bar), SPK_KEYWORDS(progress_state, .loss = NAN, .accuracy = NAN, __VA_ARGS__))
void progress_show_state(progress *p, progress_state now);
/* Takes the bar away: before anything else is printed. */
void progress_clear(progress *p);
/* Prints a line in the bar's place, for good: on a terminal as much of it as is wide enough, otherwise all. */
void progress_print(progress *p, const line *l);

#endif
