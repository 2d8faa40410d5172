/* plot/: texts and numbers to draw. */
#include "misuse.h"

static const spk_real numbers[12] = {0, 1, 0, 2, 1, 0, 0, 0, 1, 1, 0, 3};
#define SERIES(...) (&(const spk_series){__VA_ARGS__})
/* A text that is looked at and freed: a plot that was refused has added nothing to it. */
#define INTO(call)                                      \
    __extension__({                                     \
        spk_text text = {.ctx = s->ctx};                \
        spk_text_add(&text, "before");                  \
        const bool written = (call);                    \
        const bool same = !strcmp(text.data, "before"); \
        spk_text_free(&text);                           \
        written || !same;                               \
    })

Test(misuse_plot, lines) {
    IGNORE(spk_plot_lines_with, NULL_ARGUMENT, spk_plot_lines(NULL, SERIES(numbers, .count = 12), 1));
    IGNORE(spk_plot_lines_with, NULL_ARGUMENT, spk_plot_lines(&(spk_text){0}, SERIES(numbers, .count = 12), 1));
    REFUSE(spk_plot_lines_with, NULL_ARGUMENT, "spk_plot_lines|series is NULL", INTO(spk_plot_lines(&text, NULL, 1)));
    REFUSE(spk_plot_lines_with, NULL_ARGUMENT, "spk_plot_lines|y of series 0 is NULL",
           INTO(spk_plot_lines(&text, SERIES(NULL, .count = 12), 1)));
    REFUSE(spk_plot_lines_with, OUT_OF_DOMAIN, "spk_plot_lines|0 series", INTO(spk_plot_lines(&text, SERIES(numbers, .count = 12), 0)));
    REFUSE(spk_plot_lines_with, OUT_OF_DOMAIN, "spk_plot_lines|count -1", INTO(spk_plot_lines(&text, SERIES(numbers, .count = -1), 1)));
    REFUSE(spk_plot_lines_with, OUT_OF_DOMAIN, "spk_plot_lines|stride -2",
           INTO(spk_plot_lines(&text, SERIES(numbers, .count = 12, .stride = -2), 1)));
    REFUSE(spk_plot_lines_with, OUT_OF_DOMAIN, "spk_plot_lines|99 x 280 pixels",
           INTO(spk_plot_lines(&text, SERIES(numbers, .count = 12), 1, .width = 99)));
    REFUSE(spk_plot_lines_with, OUT_OF_DOMAIN, "spk_plot_lines|from 100",
           INTO(spk_plot_lines(&text, SERIES(numbers, .count = 12), 1, .height = INT32_MAX)));
    REFUSE(spk_plot_lines_with, OUT_OF_DOMAIN, "spk_plot_lines|below y_max",
           INTO(spk_plot_lines(&text, SERIES(numbers, .count = 12), 1, .y_min = 1, .y_max = 1)));
    REFUSE(spk_plot_lines_with, OUT_OF_DOMAIN, "spk_plot_lines|up to 1e30",
           INTO(spk_plot_lines(&text, SERIES(numbers, .count = 12), 1, .y_max = INFINITY)));
    REFUSE(spk_plot_lines_with, OUT_OF_DOMAIN, "spk_plot_lines|SPK_NONE",
           INTO(spk_plot_lines(&text, SERIES(numbers, .count = 12), 1, .guide = -1e31)));
    ALLOW(spk_plot_lines_with, OUT_OF_DOMAIN, INTO(spk_plot_lines(&text, SERIES(numbers, .count = 0), 1)));
}

Test(misuse_plot, raster) {
    IGNORE(spk_plot_raster_with, NULL_ARGUMENT, spk_plot_raster(NULL, numbers, 3, 4));
    REFUSE(spk_plot_raster_with, NULL_ARGUMENT, "spk_plot_raster|spikes are NULL", INTO(spk_plot_raster(&text, NULL, 3, 4)));
    REFUSE(spk_plot_raster_with, OUT_OF_DOMAIN, "spk_plot_raster|T = 0", INTO(spk_plot_raster(&text, numbers, 0, 4)));
    REFUSE(spk_plot_raster_with, OUT_OF_DOMAIN, "spk_plot_raster|-4 neurons", INTO(spk_plot_raster(&text, numbers, 3, -4)));
    REFUSE(spk_plot_raster_with, TOO_LARGE, "spk_plot_raster|plot a part", INTO(spk_plot_raster(&text, numbers, INT64_MAX, 4)));
    REFUSE(spk_plot_raster_with, TOO_LARGE, "spk_plot_raster|4000000 neuron-steps", INTO(spk_plot_raster(&text, numbers, 3, INT64_MAX)));
    REFUSE(spk_plot_raster_with, OUT_OF_DOMAIN, "spk_plot_raster|pixels", INTO(spk_plot_raster(&text, numbers, 3, 4, .width = -1)));
}

Test(misuse_plot, matrix) {
    IGNORE(spk_plot_matrix_with, NULL_ARGUMENT, spk_plot_matrix(NULL, numbers, 3, 4));
    REFUSE(spk_plot_matrix_with, NULL_ARGUMENT, "spk_plot_matrix|values are NULL", INTO(spk_plot_matrix(&text, NULL, 3, 4)));
    REFUSE(spk_plot_matrix_with, OUT_OF_DOMAIN, "spk_plot_matrix|from 1 to 64", INTO(spk_plot_matrix(&text, numbers, 0, 4)));
    REFUSE(spk_plot_matrix_with, OUT_OF_DOMAIN, "spk_plot_matrix|[3, -4]", INTO(spk_plot_matrix(&text, numbers, 3, -4)));
    REFUSE(spk_plot_matrix_with, TOO_LARGE, "spk_plot_matrix|[65, 4]", INTO(spk_plot_matrix(&text, numbers, 65, 4)));
    REFUSE(spk_plot_matrix_with, OUT_OF_DOMAIN, "spk_plot_matrix|pixels", INTO(spk_plot_matrix(&text, numbers, 3, 4, .height = 1)));
}

Test(misuse_plot, terminal) {
    IGNORE(spk_plot_terminal_with, NULL_ARGUMENT, spk_plot_terminal(NULL, numbers, 12));
    REFUSE(spk_plot_terminal_with, NULL_ARGUMENT, "spk_plot_terminal|y is NULL", INTO(spk_plot_terminal(&text, NULL, 12)));
    REFUSE(spk_plot_terminal_with, OUT_OF_DOMAIN, "spk_plot_terminal|count is 0", INTO(spk_plot_terminal(&text, numbers, 0)));
    REFUSE(spk_plot_terminal_with, OUT_OF_DOMAIN, "spk_plot_terminal|stride 0", INTO(spk_plot_terminal(&text, numbers, 12, .stride = 0)));
    REFUSE(spk_plot_terminal_with, OUT_OF_DOMAIN, "spk_plot_terminal|1 x 8", INTO(spk_plot_terminal(&text, numbers, 12, .width = 1)));
    REFUSE(spk_plot_terminal_with, TOO_LARGE, "spk_plot_terminal|from 2 to 1000",
           INTO(spk_plot_terminal(&text, numbers, 12, .height = 1001)));
    REFUSE(spk_plot_terminal_with, OUT_OF_DOMAIN, "spk_plot_terminal|guide",
           INTO(spk_plot_terminal(&text, numbers, 12, .guide = INFINITY)));
}
