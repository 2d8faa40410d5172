#include "support.h"
#include <locale.h>
#include <stdlib.h>

static void assert_number(spk_ctx *ctx, double value, const char *wanted) {
    spk_text text = {.ctx = ctx};
    spk_text_add_number(&text, value);
    assert_fine(ctx, "spk_text_add_number");
    if (wanted) cr_assert_str_eq(text.data, wanted);
    else cr_assert(strtod(text.data, NULL) == value, "%s is not %.17g", text.data, value);
    spk_text_free(&text);
}

Test(text, numbers_are_as_short_as_they_can_be) {
    spk_ctx *ctx = spk_ctx_create();
    assert_number(ctx, 0.1, "0.1");
    assert_number(ctx, 2, "2");
    assert_number(ctx, 1e-8, "1e-08");
    assert_number(ctx, 0.1234567, "0.1234567");
    assert_number(ctx, -0.0, "-0");
    assert_number(ctx, 0.0, "0");
    assert_number(ctx, 0.1 + 0.2, "0.30000000000000004");
    const double hard[] = {1.0 / 3, 5e-324, 1.7976931348623157e308, 9007199254740993.0, (double)INFINITY};
    for (size_t i = 0; i < sizeof hard / sizeof *hard; i++) assert_number(ctx, hard[i], NULL);
    spk_ctx_destroy(ctx);
}

Test(text, grows_and_keeps_what_it_has) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    for (int i = 0; i < 1000; i++) spk_text_add(&text, "%d,", i % 10);
    assert_fine(ctx, "spk_text_add");
    cr_assert(text.length == 2000 && strlen(text.data) == 2000);
    for (int i = 0; i < 1000; i++) cr_assert(text.data[2 * i] == '0' + i % 10 && text.data[2 * i + 1] == ',');
    spk_text_free(&text);
    cr_assert(!text.data && !text.length);
    spk_ctx_destroy(ctx);
}

/* Numbers go into files, which other programs read: a comma of the user's locale would break them. The locale is made here, where it can. */
Test(text, numbers_have_a_point_in_any_locale) {
    char folder[] = "/tmp/spk_locale_XXXXXX", command[200];
    cr_assert(mkdtemp(folder));
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/comma >/dev/null 2>&1", folder);
    const bool made = system(command) == 0;
    setenv("LOCPATH", folder, 1);
    const bool set = made && setlocale(LC_ALL, "comma");
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert(system(command) == 0);
    if (!set) cr_skip_test("no locale with a comma can be made here");
    cr_assert_str_eq(localeconv()->decimal_point, ",");
    spk_ctx *ctx = spk_ctx_create();
    assert_number(ctx, 0.5, "0.5");
    assert_number(ctx, -1.25e-7, "-1.25e-07");
    assert_number(ctx, 12345.678, "12345.678");
    assert_number(ctx, 0.1 + 0.2, "0.30000000000000004");
    assert_number(ctx, -(double)INFINITY, "-inf");
    spk_ctx_destroy(ctx);
}
