/* The curve for the terminal, character by character. */
#include "support.h"

static void assert_drawn(const spk_real *y, int64_t count, spk_terminal_opts o, const char *wanted) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    cr_assert(spk_plot_terminal_with(&text, y, count, o), "%s", spk_error(ctx));
    cr_assert(!wanted || !strcmp(text.data, wanted), "\n%s\nand not\n%s", text.data, wanted ? wanted : "");
    cr_assert(!strstr(text.data, " \n") && !strstr(text.data, "nan"));
    int lines = 0;
    for (const char *s = text.data; *s; s++) lines += *s == '\n';
    cr_assert_eq(lines, o.height + (o.spikes != NULL));
    spk_text_free(&text);
    spk_ctx_destroy(ctx);
}
#define ASSERT_DRAWN(y, count, wanted, ...) \
    assert_drawn(y, count, SPK_KEYWORDS(spk_terminal_opts, SPK_TERMINAL_DEFAULTS, __VA_ARGS__), wanted)

static const spk_real v[] = {0, 1, 2, 0, NAN, 2}, spikes[] = {0, 0, 1, 0, 0, NAN};

Test(terminal, a_membrane_its_threshold_and_its_spikes) {
    ASSERT_DRAWN(v, 6,
                 "         2 +====.-.===--\n"
                 "         1 +  .-' |\n"
                 "         0 +--'   '-\n"
                 "    spikes      |\n",
                 .width = 12, .height = 3, .guide = 2, .spikes = spikes, .ascii = true);
}

Test(terminal, in_utf8) {
    ASSERT_DRAWN(v, 3,
                 "         2 ┤    ╭─\n"
                 "         1 ┤╌╌╭─╯╌\n"
                 "         0 ┤──╯\n",
                 .width = 6, .height = 3, .guide = 1);
    const spk_real down[] = {1, 0};
    ASSERT_DRAWN(down, 2,
                 "         1 ┤────╮\n"
                 "         0 ┤    ╰───\n",
                 .width = 8, .height = 2);
}

Test(terminal, a_column_shows_the_range_of_its_numbers) {
    spk_real y[8] = {0, 2, 0, 2, 1, 1, 2, 2};
    ASSERT_DRAWN(y, 8,
                 "         2 +|| .\n"
                 "         1 +||-'\n"
                 "         0 +||\n",
                 .width = 4, .height = 3, .ascii = true);
}

Test(terminal, any_numbers) {
    const spk_real same[] = {5, 5}, gaps[] = {NAN, (spk_real)INFINITY}, huge[] = {(spk_real)-9e29, (spk_real)9e29}, one[] = {3},
                   least[] = {SPK_BY_REAL(3.4e38f, 1.7e308), 1};
    const spk_real *all[] = {same, gaps, huge, least};
    for (int i = 0; i < 4; i++) {
        ASSERT_DRAWN(all[i], 2, NULL, .spikes = same);
        ASSERT_DRAWN(all[i], 2, NULL, .width = 2, .height = 2, .ascii = true, .guide = 1e30);
        ASSERT_DRAWN(all[i], 2, NULL, .width = 1000, .height = 100);
    }
    ASSERT_DRAWN(one, 1, NULL, .guide = -7);
    ASSERT_DRAWN(v, 2, NULL, .stride = 5);
}
