/* data/: files that others write and read. */
#include "misuse.h"

#define ARRAYS SPK_SOURCE_DIR "/tests/arrays/"
#define NO_FILE SPK_SOURCE_DIR "/tests/CMakeLists.txt"

Test(misuse_files, npy) {
    IGNORE(spk_npy_load, NULL_ARGUMENT, spk_npy_load(NULL, ARRAYS "bool.npy"));
    REFUSE(spk_npy_load, NULL_ARGUMENT, "spk_npy_load|the path is NULL", spk_npy_load(s->ctx, NULL));
    REFUSE(spk_npy_load, WRONG_KIND, "spk_npy_load|is not a .npy file", spk_npy_load(s->ctx, NO_FILE));
    REFUSE(spk_npy_load, OUT_OF_DOMAIN, "spk_npy_load|cannot be opened", spk_npy_load(s->ctx, ""));
    IGNORE(spk_npy_save, NULL_ARGUMENT, spk_npy_save(NULL, "/nowhere/x.npy"));
    REFUSE(spk_npy_save, NULL_ARGUMENT, "spk_npy_save|the path is NULL", spk_npy_save(s->x, NULL));
    REFUSE(spk_npy_save, ENDED, "spk_npy_save|freed when step", spk_npy_save(s->ended, "/nowhere/x.npy"));
    REFUSE(spk_npy_save, WRONG_KIND, "spk_npy_save|inert", spk_npy_save(s->inert, "/nowhere/x.npy"));
    REFUSE(spk_npy_save, OUT_OF_DOMAIN, "/nowhere/x.npy|cannot be written", spk_npy_save(s->x, "/nowhere/x.npy"));
}

/* Files are of a context of their own: what they say goes there. */
Test(misuse_files, npz) {
    spk_ctx *ctx = spk_ctx_create();
    spk_npz *file = spk_npz_read(ctx, ARRAYS "stored.npz");
    cr_assert(file, "%s", spk_error(ctx));
    IGNORE(spk_npz_read, NULL_ARGUMENT, spk_npz_read(NULL, NO_FILE));
    REFUSE(spk_npz_read, NULL_ARGUMENT, "spk_npz_read|the path is NULL", spk_npz_read(s->ctx, NULL));
    REFUSE(spk_npz_read, WRONG_KIND, "spk_npz_read|is no zip file", spk_npz_read(s->ctx, NO_FILE));
    IGNORE_VOID(spk_npz_destroy, NULL_ARGUMENT, spk_npz_destroy(NULL));
    IGNORE(spk_npz_count, NULL_ARGUMENT, spk_npz_count(NULL));
    IGNORE(spk_npz_entry, NULL_ARGUMENT, spk_npz_entry(NULL, 0));
    IGNORE(spk_npz_entry, OUT_OF_DOMAIN, spk_npz_entry(file, INT64_MIN));
    IGNORE(spk_npz_entry, TOO_LARGE, spk_npz_entry(file, INT64_MAX));
    IGNORE(spk_npz_find, NULL_ARGUMENT, spk_npz_find(NULL, "x"));
    IGNORE(spk_npz_find, NULL_ARGUMENT, spk_npz_find(file, NULL));
    IGNORE(spk_npz_tensor, NULL_ARGUMENT, spk_npz_tensor(NULL, "x"));
    IGNORE(spk_npz_tensor, NULL_ARGUMENT, spk_npz_tensor(file, NULL));
    assert_error(ctx, "no name", "spk_npz_tensor", "the name is NULL");
    IGNORE(spk_npz_integers, NULL_ARGUMENT, spk_npz_integers(NULL, "labels", (int64_t[4]){0}));
    IGNORE(spk_npz_integers, NULL_ARGUMENT, spk_npz_integers(file, NULL, (int64_t[4]){0}));
    assert_error(ctx, "no name", "spk_npz_integers", "the name is NULL");
    IGNORE(spk_npz_integers, NULL_ARGUMENT, spk_npz_integers(file, "labels", NULL));
    assert_error(ctx, "no place", "spk_npz_integers", "out is NULL");
    spk_ctx_destroy(ctx);
}

Test(misuse_files, npz_save) {
    static const char path[] = "/nowhere/x.npz";
    IGNORE(spk_npz_save_of, NULL_ARGUMENT, spk_npz_save(NULL, path, {"x", s->x}));
    REFUSE(spk_npz_save_of, NULL_ARGUMENT, "spk_npz_save|the path is NULL", spk_npz_save(s->ctx, NULL, {"x", s->x}));
    REFUSE(spk_npz_save_of, NULL_ARGUMENT, "spk_npz_save|the items are NULL", spk_npz_save_of(s->ctx, path, 1, NULL));
    REFUSE(spk_npz_save_of, NULL_ARGUMENT, "spk_npz_save|the name of item 0 is NULL", spk_npz_save(s->ctx, path, {NULL, s->x}));
    REFUSE(spk_npz_save_of, NULL_ARGUMENT, "spk_npz_save|a tensor is NULL", spk_npz_save(s->ctx, path, {"x", NULL}));
    REFUSE(spk_npz_save_of, OUT_OF_DOMAIN, "spk_npz_save|is negative", spk_npz_save_of(s->ctx, path, -1, NULL));
    REFUSE(spk_npz_save_of, ENDED, "spk_npz_save|freed when step", spk_npz_save(s->ctx, path, {"x", s->ended}));
    REFUSE(spk_npz_save_of, FOREIGN, "spk_npz_save|another context", spk_npz_save(s->ctx, path, {"x", s->x}, {"y", s->other->x}));
    REFUSE(spk_npz_save_of, OUT_OF_DOMAIN, "spk_npz_save|two items", spk_npz_save(s->ctx, path, {"x", s->x}, {"x", s->x}));
}

Test(misuse_files, datasets) {
    static const char npz[] = ARRAYS "stored.npz", npy[] = ARRAYS "bool.npy";
    IGNORE(spk_dataset_npy_with, NULL_ARGUMENT, spk_dataset_npy(NULL, npy, npy));
    REFUSE(spk_dataset_npy_with, NULL_ARGUMENT, "spk_dataset_npy|the path is NULL", spk_dataset_npy(s->ctx, NULL, npy));
    REFUSE(spk_dataset_npy_with, NULL_ARGUMENT, "spk_dataset_npy|the path is NULL", spk_dataset_npy(s->ctx, npy, NULL));
    REFUSE(spk_dataset_npy_with, WRONG_SHAPE, "spk_dataset_npy|labels have shape [2, 3]", spk_dataset_npy(s->ctx, npy, npy));
    REFUSE(spk_dataset_npy_with, OUT_OF_DOMAIN, "spk_dataset_npy|batch is 0", spk_dataset_npy(s->ctx, npy, npy, .batch = 0));
    IGNORE(spk_dataset_npz_with, NULL_ARGUMENT, spk_dataset_npz(NULL, npz, "x", "labels"));
    REFUSE(spk_dataset_npz_with, NULL_ARGUMENT, "spk_dataset_npz|the path is NULL", spk_dataset_npz(s->ctx, NULL, "x", "labels"));
    REFUSE(spk_dataset_npz_with, NULL_ARGUMENT, "spk_dataset_npz|name of the inputs", spk_dataset_npz(s->ctx, npz, NULL, "labels"));
    REFUSE(spk_dataset_npz_with, NULL_ARGUMENT, "spk_dataset_npz|name of the labels", spk_dataset_npz(s->ctx, npz, "x", NULL));
    REFUSE(spk_dataset_npz_with, WRONG_KIND, "spk_dataset_npz|label 0 is 0.5", spk_dataset_npz(s->ctx, npz, "image", "parts"));
    IGNORE(spk_dataset_classes, NULL_ARGUMENT, spk_dataset_classes(NULL));
    IGNORE(spk_dataset_class_name, NULL_ARGUMENT, spk_dataset_class_name(NULL, 0));
    IGNORE(spk_dataset_class_name, OUT_OF_DOMAIN, spk_dataset_class_name(s->data, -1));
    IGNORE(spk_dataset_class_name, TOO_LARGE, spk_dataset_class_name(s->data, INT64_MAX));
}

Test(misuse_files, csv) {
    static const char csv[] = SPK_SOURCE_DIR "/tests/tables/iris.csv";
    IGNORE(spk_dataset_csv_with, NULL_ARGUMENT, spk_dataset_csv(NULL, csv));
    REFUSE(spk_dataset_csv_with, NULL_ARGUMENT, "spk_dataset_csv|the path is NULL", spk_dataset_csv(s->ctx, NULL));
    REFUSE(spk_dataset_csv_with, WRONG_KIND, "spk_dataset_csv|line ", spk_dataset_csv(s->ctx, NO_FILE));
    REFUSE(spk_dataset_csv_with, OUT_OF_DOMAIN, "spk_dataset_csv|batch is 0", spk_dataset_csv(s->ctx, csv, .batch = 0));
    REFUSE(spk_dataset_csv_with, OUT_OF_DOMAIN, "spk_dataset_csv|the delimiter is", spk_dataset_csv(s->ctx, csv, .delimiter = 0));
    REFUSE(spk_dataset_csv_with, OUT_OF_DOMAIN, "spk_dataset_csv|the delimiter is", spk_dataset_csv(s->ctx, csv, .delimiter = '.'));
    REFUSE(spk_dataset_csv_with, OUT_OF_DOMAIN, "spk_dataset_csv|header is 7", spk_dataset_csv(s->ctx, csv, .header = (spk_csv_header)7));
    REFUSE(spk_dataset_csv_with, TOO_LARGE, "spk_dataset_csv|label_column is 2147483647",
           spk_dataset_csv(s->ctx, csv, .label_column = INT32_MAX));
    REFUSE(spk_dataset_csv_with, TOO_LARGE, "spk_dataset_csv|label_column is -2147483648",
           spk_dataset_csv(s->ctx, csv, .label_column = INT32_MIN));
    REFUSE(spk_dataset_csv_with, OUT_OF_DOMAIN, "spk_dataset_csv|without a header no column is named",
           spk_dataset_csv(s->ctx, csv, .label = "species", .header = SPK_CSV_HEADER_NO));
}

Test(misuse_files, pictures) {
    static const char png[] = SPK_SOURCE_DIR "/examples/digits/test0-is-7.png";
    spk_image image;
    IGNORE(spk_image_read_with, NULL_ARGUMENT, spk_image_read(NULL, png, &image));
    REFUSE(spk_image_read_with, NULL_ARGUMENT, "spk_image_read|the path is NULL", spk_image_read(s->ctx, NULL, &image));
    REFUSE(spk_image_read_with, NULL_ARGUMENT, "spk_image_read|the image is NULL", spk_image_read(s->ctx, png, NULL));
    REFUSE(spk_image_read_with, WRONG_KIND, "spk_image_read|cannot be read as a picture", spk_image_read(s->ctx, NO_FILE, &image));
    REFUSE(spk_image_read_with, OUT_OF_DOMAIN, "spk_image_read|channels is 4", spk_image_read(s->ctx, png, &image, .channels = 4));
    REFUSE(spk_image_read_with, OUT_OF_DOMAIN, "spk_image_read|the size is -1 x 0", spk_image_read(s->ctx, png, &image, .width = -1));
    REFUSE(spk_image_read_with, TOO_LARGE, "spk_image_read|sides are", spk_image_read(s->ctx, png, &image, .height = INT64_MAX));
    REFUSE(spk_image_read_with, TOO_LARGE, "spk_image_read|more than 67108864",
           spk_image_read(s->ctx, png, &image, .width = 16384, .height = 16384));
    IGNORE(spk_dataset_folder_with, NULL_ARGUMENT, spk_dataset_folder(NULL, SPK_SOURCE_DIR));
    REFUSE(spk_dataset_folder_with, NULL_ARGUMENT, "spk_dataset_folder|the path is NULL", spk_dataset_folder(s->ctx, NULL));
    REFUSE(spk_dataset_folder_with, WRONG_KIND, "spk_dataset_folder|has no folders", spk_dataset_folder(s->ctx, ARRAYS));
    REFUSE(spk_dataset_folder_with, WRONG_KIND, "spk_dataset_folder|cannot be opened", spk_dataset_folder(s->ctx, NO_FILE));
    REFUSE(spk_dataset_folder_with, OUT_OF_DOMAIN, "spk_dataset_folder|batch is 0", spk_dataset_folder(s->ctx, ARRAYS, .batch = 0));
    REFUSE(spk_dataset_folder_with, OUT_OF_DOMAIN, "spk_dataset_folder|channels is 0", spk_dataset_folder(s->ctx, ARRAYS, .channels = 0));
    REFUSE(spk_dataset_folder_with, OUT_OF_DOMAIN, "spk_dataset_folder|or none", spk_dataset_folder(s->ctx, ARRAYS, .height = 28));
}
