/* Rasters: a mark for each spike, in its cell. Matrices: numbers and colours. */
#include "support.h"

enum { T = 5, NEURONS = 3 };

static int marks(spk_text *text, const spk_real *spikes, bool down, double *p, int most) {
    char commands[200];
    spk_text_free(text);
    cr_assert(spk_plot_raster(text, spikes, T, NEURONS, .time_down = down, .x_label = "x", .y_label = "y", .title = "t"), "%s",
              spk_error(text->ctx));
    assert_well_formed(text->data);
    return (numbers_of(path_of(text->data, "spk-spikes", 0), p, most, commands) - 2) / 3;
}

Test(raster, a_mark_for_each_spike_in_its_cell) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    spk_real spikes[T * NEURONS] = {0};
    double corner[4][5], all[3 * T * NEURONS + 2];
    cr_assert_eq(marks(&text, spikes, false, all, 2), 0, "no spike, no mark");
    for (int down = 0; down < 2; down++) {
        const int at[4] = {0, NEURONS - 1, (T - 1) * NEURONS,
                           2 * NEURONS + 1}; /* first step and neuron; last neuron; last step; the middle */
        for (int i = 0; i < 4; i++) {
            memset(spikes, 0, sizeof spikes);
            spikes[at[i]] = 1;
            cr_assert_eq(marks(&text, spikes, down, corner[i], 5), 1);
        }
        const double *first = corner[0] + 2, *neuron = corner[1] + 2, *step = corner[2] + 2, *middle = corner[3] + 2;
        cr_assert(down ? neuron[0] > first[0] + 50 && neuron[1] == first[1] : neuron[0] == first[0] && neuron[1] < first[1] - 50);
        cr_assert(down ? step[1] > first[1] + 50 && step[0] == first[0] : step[0] > first[0] + 50 && step[1] == first[1]);
        for (int i = 0; i < 2; i++) cr_assert(fabs(middle[i] - (neuron[i] + step[i]) / 2) < 0.11);
    }
    for (int i = 0; i < T * NEURONS; i++) spikes[i] = i % 2 ? (spk_real)-0.5 : 1;
    spikes[4] = NAN;
    cr_assert_eq(marks(&text, spikes, true, all, 3 * T * NEURONS + 2), T * NEURONS - 1, "all but NaN");
    spk_text_free(&text);
    spk_ctx_destroy(ctx);
}

Test(raster, from_one_cell_to_many) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    static spk_real spikes[4000];
    for (int i = 0; i < 4000; i += 7) spikes[i] = 1;
    const int64_t shapes[][2] = {{1, 1}, {1, 4000}, {4000, 1}, {4, 800}};
    for (int i = 0; i < 8; i++) {
        cr_assert(spk_plot_raster(&text, spikes, shapes[i / 2][0], shapes[i / 2][1], .time_down = i % 2, .width = 100, .height = 100));
        assert_well_formed(text.data);
        spk_text_free(&text);
    }
    spk_ctx_destroy(ctx);
}

Test(matrix, numbers_stand_in_their_cells) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    const spk_real counts[] = {980, 0, 4, 1135};
    cr_assert(spk_plot_matrix(&text, counts, 2, 2, .diagonal_apart = true, .x_label = "predicted", .y_label = "true", .title = "C"));
    assert_well_formed(text.data);
    const char *svg = text.data;
    cr_assert(strstr(svg, ">980</text>") && strstr(svg, ">1135</text>") && strstr(svg, ">4</text>"));
    cr_assert(times(svg, "class=\"spk-right\"") == 2 && times(svg, "class=\"spk-error\"") == 1, "0 has no colour");
    cr_assert_eq(times(svg, "fill-opacity=\".60\""), 2, "the largest error is as strong as the largest count on the diagonal");
    cr_assert(strstr(svg, "fill-opacity=\".53\""), "980 of 1135: 8 + 52 * 0.863");
    spk_text_free(&text);
    cr_assert(spk_plot_matrix(&text, counts, 2, 2));
    cr_assert(times(text.data, "class=\"spk-error\"") == 0 && times(text.data, "fill-opacity=\".60\"") == 1, "one scale for all");
    spk_text_free(&text);
    spk_ctx_destroy(ctx);
}

Test(matrix, any_numbers) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    static spk_real values[64 * 64];
    const spk_real odd[] = {NAN, (spk_real)INFINITY, -2, (spk_real)0.1, SPK_BY_REAL(1e-45f, 5e-324), SPK_BY_REAL(3e38f, 1e308)};
    cr_assert(spk_plot_matrix(&text, odd, 2, 3, .width = 1000));
    assert_well_formed(text.data);
    cr_assert(strstr(text.data, ">0.1</text>") && strstr(text.data, ">-2</text>") && times(text.data, "class=\"spk-error\"") == 1);
    cr_assert_eq(times(text.data, "<rect class"), 1 + 4, "the paper, and the finite ones that are not 0");
    spk_text_free(&text);
    for (int i = 0; i < 64 * 64; i++) values[i] = (spk_real)(i * 1000);
    const int64_t shapes[][2] = {{1, 1}, {1, 64}, {64, 1}, {64, 64}};
    for (int i = 0; i < 4; i++) {
        cr_assert(spk_plot_matrix(&text, values, shapes[i][0], shapes[i][1], .width = 100, .diagonal_apart = true));
        assert_well_formed(text.data);
        spk_text_free(&text);
    }
    spk_ctx_destroy(ctx);
}
