/* Folders of pictures as datasets. */
#include "support.h"
#include "data/folder.h"
#include <sys/stat.h>

/* A folder that is removed with all that is in it. */
static temporary root;

static void make_root(void) { root = temporary_folder(); }
static void remove_root(void) {
    char command[300];
    snprintf(command, sizeof command, "rm -r %s", root.path);
    cr_assert_eq(system(command), 0);
}

static const char *within(const char *name) {
    static char path[600];
    snprintf(path, sizeof path, "%s/%s", root.path, name);
    return path;
}

static void folder(const char *name) { cr_assert_eq(mkdir(within(name), 0700), 0); }

/* A PGM of width x height whose pixels all are `grey`. */
static void picture(const char *name, int width, int height, int grey) {
    char bytes[256];
    const int head = snprintf(bytes, sizeof bytes, "P5 %d %d 255\n", width, height);
    memset(bytes + head, grey, (size_t)(width * height));
    write_bytes(within(name), bytes, (size_t)(head + width * height));
}

static void two_classes(void) {
    make_root();
    folder("two"), folder("one"), folder(".hidden");
    picture("two/b.pgm", 3, 2, 40);
    picture("two/a.pgm", 3, 2, 30);
    picture("one/10.pgm", 3, 2, 20);
    picture("one/.hidden.pgm", 9, 9, 0);
    write_bytes(within("README"), "no picture", 10);
}

Test(folder, classes_and_samples_in_order, .init = two_classes, .fini = remove_root) {
    spk_ctx *ctx = spk_ctx_create();
    spk_dataset *d = spk_dataset_folder(ctx, root.path);
    cr_assert(d, "%s", spk_error(ctx));
    cr_assert(spk_shape_equal(spk_dataset_sample_shape(d), SPK_SHAPE(2, 3)));
    cr_assert_eq(spk_dataset_size(d), 3);
    cr_assert_eq(spk_dataset_classes(d), 2);
    cr_assert_str_eq(spk_dataset_class_name(d, 0), "one");
    cr_assert_str_eq(spk_dataset_class_name(d, 1), "two");
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(spk_data(spk_dataset_sample(d, i))[5], (spk_real)((20 + 10 * i) / 255.0));
        cr_assert_eq(spk_dataset_label(d, i), i > 0);
    }
    spk_ctx_destroy(ctx);
}

Test(folder, resized_and_in_colour, .init = two_classes, .fini = remove_root) {
    spk_ctx *ctx = spk_ctx_create();
    picture("one/large.pgm", 10, 10, 60);
    write_bytes(within("one/11.ppm"), "P6 2 1 255\n\1\2\3\4\5\6", 17);
    spk_dataset *d = spk_dataset_folder(ctx, within(""), .width = 2, .height = 1, .channels = 3, .scale = 1, .batch = 2, .drop_last = true);
    cr_assert(d, "%s", spk_error(ctx));
    cr_assert(spk_shape_equal(spk_dataset_sample_shape(d), SPK_SHAPE(3, 1, 2)));
    cr_assert_eq(spk_dataset_size(d), 5);
    cr_assert_eq(spk_dataset_batches(d), 2);
    cr_assert_arr_eq(spk_data(spk_dataset_sample(d, 1)), ((spk_real[]){1, 4, 2, 5, 3, 6}), 6 * sizeof(spk_real), "channel by channel");
    spk_ctx_destroy(ctx);
}

static void assert_refused(spk_ctx *ctx, const char *name, const char *part) {
    cr_assert(!spk_dataset_folder(ctx, root.path) && spk_failed(ctx), "%s", part);
    HAS(spk_error(ctx), "spk_dataset_folder: ");
    HAS(spk_error(ctx), *name ? within(name) : root.path);
    HAS(spk_error(ctx), part);
    spk_clear_error(ctx);
}

Test(folder, what_does_not_belong_is_named, .init = make_root, .fini = remove_root) {
    spk_ctx *ctx = spk_ctx_create();
    assert_refused(ctx, "", "has no folders; each class has one, with its pictures in it");
    folder("a"), folder("b");
    assert_refused(ctx, "a", "has no pictures; remove the folder");
    picture("a/1.pgm", 2, 2, 1), picture("b/2.pgm", 2, 3, 1);
    assert_refused(ctx, "b/2.pgm", "is 2 x 3, and ");
    cr_assert_not(spk_dataset_folder(ctx, root.path));
    HAS(spk_error(ctx), "a/1.pgm is 2 x 2; give .width and .height to resize all");
    spk_clear_error(ctx);
    write_bytes(within("a/notes.txt"), "notes", 5);
    assert_refused(ctx, "a/notes.txt", "cannot be read as a picture");
    unlink(within("a/notes.txt"));
    folder("b/more");
    assert_refused(ctx, "b/more", "is a folder within a class's");
    cr_assert_not(spk_dataset_folder(ctx, within("nowhere")));
    HAS(spk_error(ctx), "nowhere: cannot be opened: No such file");
    spk_clear_error(ctx);
    cr_assert_not(spk_dataset_folder(ctx, root.path, .width = 28));
    HAS(spk_error(ctx), "give .width and .height, or none of them");
    spk_clear_error(ctx);
    cr_assert_not(spk_dataset_folder(ctx, root.path, .channels = 2));
    HAS(spk_error(ctx), "channels is 2");
    spk_ctx_destroy(ctx);
}

/* Real pictures: a folder of links to the example's digits. */
Test(folder, digits, .init = make_root, .fini = remove_root) {
    spk_ctx *ctx = spk_ctx_create();
    folder("7"), folder("8");
    cr_assert_eq(symlink(SPK_SOURCE_DIR "/examples/digits/test0-is-7.png", within("7/a.png")), 0);
    cr_assert_eq(symlink(SPK_SOURCE_DIR "/tests/pictures/eight.jpg", within("8/b.jpg")), 0);
    spk_dataset *d = spk_dataset_folder(ctx, root.path, .width = 28, .height = 28);
    cr_assert(d, "%s", spk_error(ctx));
    cr_assert(spk_dataset_size(d) == 2 && spk_shape_equal(spk_dataset_sample_shape(d), SPK_SHAPE(28, 28)));
    spk_ctx_destroy(ctx);
}

static bool both(spk_ctx *ctx) { return spk_dataset_folder(ctx, root.path, .shuffle = true); }

Test(folder, each_allocation_may_fail, .init = two_classes, .fini = remove_root) { refuse_each_allocation(both); }
