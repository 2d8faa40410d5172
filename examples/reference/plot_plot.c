#include "reference.h"
#include <spiketape.h>
#include <string.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    {
        //! [spk_plot_options]
        /* For C++ and bindings: fill the struct, and call the function behind the macro. */
        spk_plot_opts options = spk_plot_options();
        CHECK(options.width == 480 && options.height == 280 && spk_is_none(options.guide));
        //! [spk_plot_options]
    }
    {
        //! [spk_plot_lines]
        const spk_real training[] = {2.0f, 1.2f, 0.9f, 0.7f}, test[] = {2.1f, 1.4f, 1.2f, 1.1f};
        const spk_series curves[] = {{.y = training, .count = 4, .label = "training"}, {.y = test, .count = 4, .label = "test"}};
        spk_text text = {.ctx = ctx};
        CHECK(spk_plot_lines(&text, curves, 2, .title = "Loss", .x_label = "epoch", .y_min = 0));
        CHECK(strncmp(text.data, "<svg ", 5) == 0); /* one element: a file of its own, or a part of a page */
        spk_text_free(&text);
        //! [spk_plot_lines]
    }
    {
        //! [spk_plot_raster]
        spk_real spikes[50 * 20]; /* [T, neurons]; those of a tensor are spk_data(spikes) */
        spk_random_uniform(ctx, 50 * 20, 0, 1, spikes);
        for (int i = 0; i < 50 * 20; i++) spikes[i] = spikes[i] > 0.9;
        spk_text text = {.ctx = ctx};
        CHECK(spk_plot_raster(&text, spikes, 50, 20, .title = "Spikes", .x_label = "time step", .y_label = "neuron"));
        spk_text_free(&text);
        //! [spk_plot_raster]
    }
    {
        //! [spk_plot_matrix]
        const spk_real confusion[] = {98, 2, 5, 95}; /* rows: true classes, columns: predicted ones */
        spk_text text = {.ctx = ctx};
        CHECK(spk_plot_matrix(&text, confusion, 2, 2, .x_label = "predicted", .y_label = "true", .diagonal_apart = true));
        spk_text_free(&text);
        //! [spk_plot_matrix]
    }
    {
        //! [spk_terminal_options]
        spk_terminal_opts options = spk_terminal_options();
        CHECK(options.width == 64 && options.height == 8 && !options.ascii);
        //! [spk_terminal_options]
    }
    {
        //! [spk_plot_terminal]
        const spk_real v[] = {0, 0.5f, 1, 0, 0.5f, 1}, spikes[] = {0, 0, 1, 0, 0, 1};
        spk_text text = {.ctx = ctx};
        CHECK(spk_plot_terminal(&text, v, 6, .width = 12, .height = 3, .spikes = spikes, .ascii = true));
        CHECK(strcmp(text.data, "         1 +    .-.   .-\n"
                                "       0.5 +  .-' | .-'\n"
                                "         0 +--'   '-'\n"
                                "    spikes      |     |\n") == 0);
        spk_text_free(&text);
        //! [spk_plot_terminal]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
