#include "reference.h"
#include <spiketape.h>
#include <sys/stat.h>
#include <unistd.h>

/* digits/1 and digits/7, with a picture in each. */
static void make_folder(void) {
    static const char *const paths[] = {"digits/1/a.pgm", "digits/7/b.pgm"};
    CHECK(mkdir("digits", 0700) == 0 && mkdir("digits/1", 0700) == 0 && mkdir("digits/7", 0700) == 0);
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(paths[i], "wb");
        CHECK(file && fputs("P5 2 2 255\nabcd", file) >= 0);
        fclose(file);
    }
}

static void remove_folder(void) {
    unlink("digits/1/a.pgm"), unlink("digits/7/b.pgm"), rmdir("digits/1"), rmdir("digits/7"), rmdir("digits");
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    remove_folder();
    make_folder();
    {
        //! [spk_dataset_folder]
        spk_dataset *d = spk_dataset_folder(ctx, "digits", .width = 28, .height = 28, .shuffle = true); /* digits/1/a.pgm, digits/7/b.pgm */
        CHECK(d && spk_dataset_size(d) == 2);                                                           /* inputs are [28, 28] in 0..1 */
        printf("class 1 is %s\n", spk_dataset_class_name(d, 1)); /* 7: the folders' names are sorted */
        //! [spk_dataset_folder]
    }
    {
        //! [spk_folder_options]
        spk_folder_opts options = spk_folder_options(); /* in C++, where there are no keywords */
        options.channels = 3;
        CHECK(spk_dim(spk_dataset_sample(spk_dataset_folder_with(ctx, "digits", options), 0), 0) == 3);
        //! [spk_folder_options]
    }
    remove_folder();
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
