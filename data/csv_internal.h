/* CSV files field by field. */
#ifndef SPK_DATA_CSV_INTERNAL_H
#define SPK_DATA_CSV_INTERNAL_H

#include "core/context.h"

/* What is left of a file in memory, which has no zero byte but the one at its end. */
typedef struct spk_csv_text {
    char *at, *end; /* *end is the zero */
    char delimiter;
    int64_t line; /* of `at`, from 1 */
} spk_csv_text;

/* One field, cut out of the text: with a zero after it, and without its quotes. */
typedef struct spk_csv_field {
    char *text;
    int64_t line;      /* where it begins */
    bool last;         /* of its line */
    const char *wrong; /* what is wrong with it; NULL */
} spk_csv_field;

/* The text of `size` bytes; a byte order mark is gone past. */
spk_csv_text spk_csv_begin(char *bytes, int64_t size, char delimiter);
/* Goes past empty lines; false at the end. */
bool spk_csv_next_line(spk_csv_text *text);
/* Takes the next field of a line. */
spk_csv_field spk_csv_next_field(spk_csv_text *text);
/* Reads a field as a finite number, whatever the locale; false when it is none. */
bool spk_csv_number(const char *text, double *value);

#endif
