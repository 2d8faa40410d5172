/* Plots as SVG and as plain text, written into an spk_text. */
#ifndef SPK_PLOT_PLOT_H
#define SPK_PLOT_PLOT_H

#include "core/text.h"

SPK_BEGIN_DECLS

/*
 * Each SVG is one element that stands alone (a file for a README) or inside a page. It has its size as a viewBox, so it scales; a title and
 * a description for those who cannot see it; and a style of its own, light or dark as the reader prefers. A page may set the colours:
 * --spk-ink, --spk-paper, --spk-grid, --spk-muted, --spk-error, --spk-right and --spk-1 to --spk-6 (the curves). Labels are UTF-8 and are
 * escaped; bytes that XML does not allow become `?`. Numbers are written with a point in any locale.
 *
 * After an error nothing is added to the text, and the function returns false.
 */

/** Options of the SVG plots. Texts may be NULL: none. */
typedef struct spk_plot_opts {
    const char *title;       /**< above the plot, and its name for a screen reader */
    const char *description; /**< for a screen reader: what is to be seen */
    const char *x_label;     /**< below the x axis; of a matrix, its columns */
    const char *y_label;     /**< beside the y axis; of a matrix, its rows */
    int width, height;       /**< in CSS pixels at scale 1, from 100 to 10000; default 480 and 280. A matrix is as high as it is wide */
    double y_min, y_max;     /**< of spk_plot_lines: the ends of the y axis; SPK_NONE, the default: those of the data, rounded */
    double guide;            /**< of spk_plot_lines: a horizontal line, such as a threshold; SPK_NONE, the default: none */
    const char *guide_label; /**< the guide's name in the legend */
    bool time_down;          /**< of spk_plot_raster: time goes down and neurons go right: for many neurons and few steps */
    bool diagonal_apart;     /**< of spk_plot_matrix: the diagonal has a colour and a scale of its own: for confusion matrices */
} spk_plot_opts;
#define SPK_PLOT_DEFAULTS .width = 480, .height = 280, .y_min = SPK_NONE, .y_max = SPK_NONE, .guide = SPK_NONE
/** The defaults of the SVG plots. */
SPK_API spk_plot_opts spk_plot_options(void);

/** One curve. It is read during the call, and not kept. NaN, infinities and numbers beyond 1e30 in size are gaps. */
typedef struct spk_series {
    const spk_real *y; /**< `count` numbers */
    const spk_real *x; /**< as many, or NULL for 0, 1, 2, ... */
    int64_t count;     /**< points */
    int64_t stride;    /**< from one number to the next, in x and y: a column of a [T, N] tensor has N; 0 means 1 */
    const char *label; /**< in the legend; NULL: none */
    bool muted;        /**< thin and grey: for those that are there for comparison */
} spk_series;

/**
 * Curves over one pair of axes with round ticks: `spk_plot_lines(&text, series, 2, .title = "Loss", .x_label = "epoch")`. A curve of up to
 * 40 points has markers, and a point between two gaps always has one.
 */
#define spk_plot_lines(...) spk_plot_lines_keywords_(__VA_ARGS__, )
#define spk_plot_lines_keywords_(text, series, n, ...) \
    spk_plot_lines_with((text), (series), (n), SPK_KEYWORDS(spk_plot_opts, SPK_PLOT_DEFAULTS, __VA_ARGS__))
/** The function behind spk_plot_lines. */
SPK_API bool spk_plot_lines_with(spk_text *text, const spk_series *series, int n, spk_plot_opts options);

/**
 * Spikes over time, [T, neurons], row by row: a mark for each number that is not zero (NaN: none). `spk_plot_raster(&text,
 * spk_data(spikes), T, neurons)`. At most 4,000,000 neuron-steps.
 */
#define spk_plot_raster(...) spk_plot_raster_keywords_(__VA_ARGS__, )
#define spk_plot_raster_keywords_(text, spikes, T, neurons, ...) \
    spk_plot_raster_with((text), (spikes), (T), (neurons), SPK_KEYWORDS(spk_plot_opts, SPK_PLOT_DEFAULTS, __VA_ARGS__))
/** The function behind spk_plot_raster. */
SPK_API bool spk_plot_raster_with(spk_text *text, const spk_real *spikes, int64_t T, int64_t neurons, spk_plot_opts options);

/**
 * A heat map of [rows, columns] numbers, each in its cell; up to 64 rows and columns. Stronger colours are larger sizes. Negative numbers
 * have the errors' colour, cells that are no finite number none. `spk_plot_matrix(&text, counts, 10, 10, .diagonal_apart = true)`.
 */
#define spk_plot_matrix(...) spk_plot_matrix_keywords_(__VA_ARGS__, )
#define spk_plot_matrix_keywords_(text, values, rows, columns, ...) \
    spk_plot_matrix_with((text), (values), (rows), (columns), SPK_KEYWORDS(spk_plot_opts, SPK_PLOT_DEFAULTS, __VA_ARGS__))
/** The function behind spk_plot_matrix. */
SPK_API bool spk_plot_matrix_with(spk_text *text, const spk_real *values, int64_t rows, int64_t columns, spk_plot_opts options);

/** Options of spk_plot_terminal. */
typedef struct spk_terminal_opts {
    int width, height;      /**< characters of the curve itself, 2 to 1000; default 64 and 8. A curve of fewer numbers is narrower */
    int64_t stride;         /**< from one number to the next, in the curve and in the spikes; default 1 */
    double guide;           /**< a horizontal line, such as a threshold; SPK_NONE, the default: none */
    const spk_real *spikes; /**< where not zero, a mark below the curve; NULL: no marks */
    bool ascii;             /**< without UTF-8's lines; default false */
} spk_terminal_opts;
#define SPK_TERMINAL_DEFAULTS .width = 64, .height = 8, .stride = 1, .guide = SPK_NONE
/** The defaults of spk_plot_terminal. */
SPK_API spk_terminal_opts spk_terminal_options(void);
/**
 * A curve of `count` numbers as lines of plain text, for a quick look at a membrane: `spk_plot_terminal(&text, v, T, .guide = 1)`. Where
 * there are more numbers than columns, a column shows the range of its numbers. Gaps are as in spk_series.
 */
#define spk_plot_terminal(...) spk_plot_terminal_keywords_(__VA_ARGS__, )
#define spk_plot_terminal_keywords_(text, y, count, ...) \
    spk_plot_terminal_with((text), (y), (count), SPK_KEYWORDS(spk_terminal_opts, SPK_TERMINAL_DEFAULTS, __VA_ARGS__))
/** The function behind spk_plot_terminal. */
SPK_API bool spk_plot_terminal_with(spk_text *text, const spk_real *y, int64_t count, spk_terminal_opts options);

SPK_END_DECLS

#endif
