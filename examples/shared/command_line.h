/* Command lines of the programs: one table says what there is, and --help, the reading, and every message come from it. */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include <spiketape.h>

typedef struct option_row option_row;

/* A kind of value. */
typedef struct option_type {
    /* Reads text to where the value lives; false when it is none. NULL text: the option takes no value and was given. */
    bool (*read)(const option_row *row, const char *text, void *value);
    /* Says what values there are, as in `--T takes a whole number of at least 1`. */
    void (*allowed)(const option_row *row, spk_text *text);
    /* Prints a value. */
    void (*print)(const void *value, spk_text *text);
    /* True for a value that says nothing, as of an option that nobody has given: it is no default to speak of. NULL: every value says
     * something. */
    bool (*is_nothing)(const void *value);
    const char *opens, *closes; /* what JSON puts around a printed value */
} option_type;

extern const option_type option_flag;   /* bool: given or not */
extern const option_type option_whole;  /* int64_t, from least to most (0: no end) */
extern const option_type option_real;   /* double, from least to most */
extern const option_type option_word;   /* const char *: one of row->words */
extern const option_type option_text;   /* const char *: anything but "", such as a path */
extern const option_type option_widths; /* option_list: whole numbers from 1, parted by commas */

enum { OPTION_LIST = 8 };
typedef struct option_list {
    int n;
    int64_t number[OPTION_LIST];
} option_list;

struct option_row {
    const char *name;            /* without dashes; NULL: the row is a heading, which is in `help` */
    const char *argument, *help; /* line ends in `help` are kept */
    const option_type *type;
    size_t at; /* offsetof the value in the program's struct */
    double least, most;
    const char *const *words; /* ends with NULL */
    bool setting;             /* it decides what a training computes */
};

typedef struct command_line {
    const char *program;          /* for messages */
    const char *usage, *examples; /* the beginning and the end of --help; @ stands for the name that the program was called by */
    const option_row *rows;
    int n_rows;
    const void *defaults; /* the struct of values as it is without options */
    size_t size;          /* of that struct */
    bool takes_files;     /* words that belong to no option are allowed, and stand at the end of argv from *first on */
} command_line;
#define OPTIONS(array, values) .rows = (array), .n_rows = sizeof(array) / sizeof *(array), .defaults = &(values), .size = sizeof(values)

/*
 * Sets `values` to the defaults and then to what the command line says. Returns -1 to go on, else the program's exit status: 0 after --help
 * or --version, 2 after a message.
 */
int command_line_read(const command_line *c, void *values, int argc, char **argv);
/* All settings as words, `hidden=800 T=4`, or as a JSON object. */
void command_line_settings(const command_line *c, const void *values, bool json, spk_text *text);

#endif
