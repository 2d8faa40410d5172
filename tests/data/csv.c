/* Tables in CSV files: a real one, what the format allows, and what is refused. */
#include "support.h"
#include "data/csv.h"
#include <locale.h>
#include <math.h>

#define IRIS SPK_SOURCE_DIR "/tests/tables/iris.csv"

#define OPTIONS(...) SPK_KEYWORDS(spk_csv_opts, SPK_CSV_DEFAULTS, __VA_ARGS__)

static spk_dataset *from_text(spk_ctx *ctx, const char *text, spk_csv_opts options) {
    const temporary t = temporary_file(text, strlen(text), false);
    spk_dataset *d = spk_dataset_csv_with(ctx, t.path, options);
    cr_assert_neq(!d, !spk_failed(ctx), "%s", spk_error(ctx));
    unlink(t.path);
    return d;
}

/* Fisher's 150 irises: the means of the four measurements are those of the literature. */
Test(csv, iris) {
    static const double means[] = {5.843333, 3.057333, 3.758, 1.199333};
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *d = spk_dataset_csv(ctx, IRIS, .label = "species", .batch = 150);
    cr_assert(d, "%s", spk_error(ctx));
    cr_assert_eq(spk_dataset_size(d), 150);
    cr_assert_eq(spk_dataset_classes(d), 3);
    cr_assert_str_eq(spk_dataset_class_name(d, 0), "setosa");
    cr_assert_str_eq(spk_dataset_class_name(d, 1), "versicolor");
    cr_assert_str_eq(spk_dataset_class_name(d, 2), "virginica");
    cr_assert_str_eq(spk_dataset_class_name(d, 3), "");
    spk_batch batch;
    cr_assert(spk_next_batch(d, &batch) && spk_shape_equal(spk_tensor_shape(batch.x), SPK_SHAPE(150, 4)));
    double sum[4] = {0};
    for (int i = 0; i < 600; i++) sum[i % 4] += (double)spk_data(batch.x)[i];
    for (int k = 0; k < 4; k++) cr_assert_float_eq(sum[k] / 150, means[k], 1e-5, "%g", sum[k] / 150);
    for (int i = 0; i < 150; i++) cr_assert_eq(spk_data(batch.labels)[i], (spk_real)(i / 50));
    spk_dataset *part = spk_dataset_split(d, 30);
    spk_dataset_destroy(d);
    cr_assert_str_eq(spk_dataset_class_name(part, 2), "virginica", "a part knows the names, too");
    spk_ctx_destroy(ctx);
}

/* Two samples, (1, 2.5) of label 0 and (-3, 0.4) of label 1. */
static void assert_the_two(const char *text, spk_csv_opts options) {
    static const spk_real values[] = {1, (spk_real)2.5, -3, (spk_real)0.4};
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *d = from_text(ctx, text, options);
    cr_assert(d, "%s: %s", text, spk_error(ctx));
    cr_assert_eq(spk_dataset_size(d), 2, "%s", text);
    for (int i = 0; i < 2; i++) {
        cr_assert_arr_eq(spk_data(spk_dataset_sample(d, i)), values + 2 * i, 2 * sizeof *values, "%s", text);
        cr_assert_eq(spk_dataset_label(d, i), i, "%s", text);
    }
    cr_assert_eq(spk_dataset_classes(d), 0, "%s", text);
    spk_ctx_destroy(ctx);
}

Test(csv, ways_to_write_the_same) {
    assert_the_two("1,2.5,0\n-3,4e-1,1\n", OPTIONS());
    assert_the_two("1,2.5,0\n-3,4e-1,1", OPTIONS());
    assert_the_two("1,2.5,0\r\n-3,4e-1,1\r\n", OPTIONS());
    assert_the_two("\xEF\xBB\xBF\n\n 1 ,\t2.50, 0 \n   \n-3,+.4,1\n\r\n", OPTIONS());
    assert_the_two("\"1\",\"2.5\",\"0\"\n\"-3\" , \"4E-01\",\"1\"", OPTIONS());
    assert_the_two("1;2.5;0\n-3;.4;1.0\n", OPTIONS(.delimiter = ';'));
    assert_the_two("1\t2.5\t0\n-3\t0.4\t1\n", OPTIONS(.delimiter = '\t'));
    assert_the_two("a,b,c\n1,2.5,0\n-3,4e-1,1\n", OPTIONS());
    assert_the_two("7,8,9\n1,2.5,0\n-3,4e-1,1\n", OPTIONS(.header = SPK_CSV_HEADER_YES));
    assert_the_two("1,2.5,0\n-3,4e-1,1\n", OPTIONS(.header = SPK_CSV_HEADER_NO));
    assert_the_two("0,1,2.5\n1,-3,4e-1\n", OPTIONS(.label_column = 0));
    assert_the_two("1,0,2.5\n-3,1,4e-1\n", OPTIONS(.label_column = -2));
    assert_the_two("x,\"the \"\"label\"\", quoted\",y\n1,0,2.5\n-3,1,4e-1\n", OPTIONS(.label = "the \"label\", quoted"));
}

/* Names are sorted bytewise; in quotes they hold anything, and keep their spaces. */
Test(csv, labels_that_are_names) {
    static const char *const names[] = {" 10", "2", "Zebra", "a\nb, \"c\"", "ant"};
    static const int64_t labels[] = {4, 3, 2, 4, 0, 1};
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *d = from_text(ctx, "1, ant \n2,\"a\nb, \"\"c\"\"\"\n3,Zebra\n4,ant\n5,\" 10\"\n6,2\n", OPTIONS());
    cr_assert(d, "%s", spk_error(ctx));
    cr_assert_eq(spk_dataset_classes(d), COUNT(names));
    for (int i = 0; i < COUNT(names); i++) cr_assert_str_eq(spk_dataset_class_name(d, i), names[i]);
    for (int i = 0; i < COUNT(labels); i++) cr_assert_eq(spk_dataset_label(d, i), labels[i], "%d", i);
    d = from_text(ctx, "1,-1\n2,1\n", OPTIONS());
    cr_assert(spk_dataset_classes(d) == 2 && spk_dataset_label(d, 0) == 0 && spk_dataset_label(d, 1) == 1, "-1 and 1 are names");
    spk_ctx_destroy(ctx);
}

/* Where numbers have commas, files still have points. */
Test(csv, any_locale) {
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "ru_RU.UTF-8", "de_DE", "C.UTF-8"};
    for (int i = 0; i < COUNT(locales); i++)
        if (setlocale(LC_ALL, locales[i])) break;
    assert_the_two("1,2.5,0\n-3,4e-1,1\n", OPTIONS());
}

Test(csv, options_of_datasets) {
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *d = spk_dataset_csv(ctx, IRIS, .batch = 40, .shuffle = true, .seed = 5, .drop_last = true, .scale = 10);
    cr_assert(d, "%s", spk_error(ctx));
    cr_assert_eq(spk_dataset_batches(d), 3);
    cr_assert_float_eq((double)spk_data(spk_dataset_sample(d, 0))[0], 51, 1e-5);
    spk_batch batch;
    bool mixed = false;
    cr_assert(spk_next_batch(d, &batch));
    for (int i = 0; i < 40; i++) mixed = mixed || spk_data(batch.labels)[i] > 0;
    cr_assert(mixed);
    spk_ctx_destroy(ctx);
}

Test(csv, wrong_files_are_named_by_line_and_column) {
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"a,b,label\n1,2,0\n1,x2,0\n", "line 3, column 2 (b): 'x2' is no finite number"},
        {"1,2,0\n\n1,,0\n", "line 3, column 2: '' is no finite number"},
        {"1,2,0\n1,NaN,0\n", "line 2, column 2: 'NaN' is no finite number"},
        {"1,2,0\n1,inf,0\n", "'inf' is no finite number"},
        {"1,2,0\n1,0x10,0\n", "'0x10' is no finite number"},
        {"1,2,0\n1,1e999,0\n", "'1e999' is no finite number"},
        {"1,2,0\n1,1 000,0\n", "'1 000' is no finite number"},
        {"1,2,0\n1,2,\n", "line 2, column 3: '' is no label"},
        {"1,2,0\n1,2,3,4\n", "line 2 has 4 fields, and line 1 has 3"},
        {"1,2,0\n1,2\n", "line 2 has 2 fields, and line 1 has 3"},
        {"1,2,0\n\"1\n2\",2,0\n", "line 2, column 1: '1\n2' is no finite number"},
        {"1,2,0\n\"1\"x,2,0\n", "line 2, column 1: '1' is followed by something after its closing quote"},
        {"1,2,0\n1,2,\"a\n\n", "line 2, column 3: 'a\n\n' stands in a quote that is not closed"},
        {"\"", "line 1, column 1: '' stands in a quote that is not closed"},
        {"1\n2\n", "line 1 has one column, and a label and an input are needed; is the delimiter ','?"},
        {"", "has no lines"},
        {"\n \n\r\n", "has no lines"},
        {"a,b\n", "has a header and no samples"},
        {"1,16777216\n", "label 0 is 1.67772e+07; labels must be whole numbers from 0 to 2^24 - 1"},
    };
    spk_ctx *ctx = spk_ctx_create();
    for (int i = 0; i < COUNT(wrong); i++) {
        cr_assert_not(from_text(ctx, wrong[i].text, OPTIONS()), "%s", wrong[i].part);
        HAS(spk_error(ctx), "spk_dataset_csv: ");
        HAS(spk_error(ctx), wrong[i].part);
        spk_clear_error(ctx);
    }
    cr_assert_not(from_text(ctx, "a,b\n1,2\n", OPTIONS(.label = "c")));
    HAS(spk_error(ctx), "line 1 names no column 'c'; its columns begin with 'a' and 'b'");
    spk_clear_error(ctx);
    cr_assert_not(from_text(ctx, "1,2\n", OPTIONS(.label_column = 2)));
    HAS(spk_error(ctx), "label_column is 2, and there are 2 columns");
    spk_clear_error(ctx);
    cr_assert_not(from_text(ctx, "1,2\n", OPTIONS(.label_column = -3)));
    HAS(spk_error(ctx), "label_column is -3, and there are 2 columns");
    spk_clear_error(ctx);
    const temporary t = temporary_file("1,\0,2\n", 6, false);
    cr_assert_not(spk_dataset_csv(ctx, t.path));
    HAS(spk_error(ctx), "has a zero byte, as text in UTF-8 has not; save it as UTF-8");
    unlink(t.path);
    spk_clear_error(ctx);
    cr_assert_not(spk_dataset_csv(ctx, t.path));
    HAS(spk_error(ctx), "cannot be opened: No such file");
    spk_ctx_destroy(ctx);
}

/* What float cannot hold is refused there; what it rounds is rounded once. */
Test(csv, numbers_are_those_of_spk_real) {
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *d = from_text(ctx, "0.1,0\n123456789.123456789,0\n", OPTIONS());
    cr_assert_eq(spk_item(spk_dataset_sample(d, 0)), (spk_real)0.1);
    cr_assert_eq(spk_item(spk_dataset_sample(d, 1)), (spk_real)123456789.123456789);
    cr_assert_eq(!from_text(ctx, "1e300,0\n", OPTIONS()), SPK_BY_REAL(true, false));
    spk_ctx_destroy(ctx);
}

static bool iris(spk_ctx *ctx) { return spk_dataset_csv(ctx, IRIS); }
static bool without_header(spk_ctx *ctx) { return from_text(ctx, "1,2,0\n1,2,1\n", OPTIONS()); }

Test(csv, each_allocation_may_fail) {
    refuse_each_allocation(iris);
    refuse_each_allocation(without_header);
}
