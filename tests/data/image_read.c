/* Pictures from files. */
#include "support.h"
#include "data/idx.h"
#include "data/image.h"

#define DIGITS SPK_SOURCE_DIR "/examples/digits/"
#define PICTURES SPK_SOURCE_DIR "/tests/pictures/"

static spk_image reading(spk_ctx *ctx, const char *path, spk_image_opts options) {
    spk_image image;
    cr_assert(spk_image_read_with(ctx, path, &image, options), "%s", spk_error(ctx));
    return image;
}

#define READ(path, ...) reading(ctx, (path), SPK_KEYWORDS(spk_image_opts, SPK_IMAGE_DEFAULTS, __VA_ARGS__))

static void assert_pixels(const spk_image *image, int64_t width, int64_t height, int channels, const uint8_t *pixels, const char *what) {
    cr_assert(image->width == width && image->height == height && image->channels == channels, "%s: %d x %d", what, (int)image->width,
              (int)image->height);
    for (int64_t i = 0; i < width * height * channels; i++)
        cr_assert_eq(image->pixels[i], pixels[i], "%s: byte %d is %d instead of %d", what, (int)i, image->pixels[i], pixels[i]);
}

/* The pictures of examples/digits are MNIST's. */
Test(image_read, png_and_bmp) {
    spk_ctx *ctx = spk_ctx_create();
    spk_idx *images = spk_idx_read(ctx, MNIST "/t10k-images-idx3-ubyte.gz");
    cr_assert(images, "%s", spk_error(ctx));
    const uint8_t *digits = spk_idx_data(images);
    static const char *const names[] = {"test0-is-7.png", "test1-is-2.png", "test2-is-1.png", "test3-is-0.png", "test4-is-4.png"};
    for (int i = 0; i < COUNT(names); i++) {
        char path[300];
        snprintf(path, sizeof path, DIGITS "%s", names[i]);
        const spk_image image = READ(path);
        assert_pixels(&image, 28, 28, 1, digits + 784 * i, names[i]);
        spk_release(ctx, image.pixels);
    }
    const spk_image bmp = READ(PICTURES "seven.bmp");
    assert_pixels(&bmp, 28, 28, 1, digits, "bmp");
    const spk_image jpeg = READ(PICTURES "eight.jpg", .channels = 3);
    cr_assert(jpeg.width == 300 && jpeg.height == 260 && jpeg.pixels[0] > 200 && jpeg.pixels[2] < jpeg.pixels[0], "cream");
    spk_ctx_destroy(ctx);
}

Test(image_read, colours) {
    spk_ctx *ctx = spk_ctx_create();
    const spk_image alpha = READ(PICTURES "alpha.png", .channels = 3), grey = READ(PICTURES "alpha.png");
    assert_pixels(&alpha, 3, 2, 3, (uint8_t[]){255, 0, 0, 127, 127, 127, 255, 255, 255, 255, 255, 255, 255, 255, 255, 10, 20, 30},
                  "on white");
    assert_pixels(&grey, 3, 2, 1, (uint8_t[]){76, 127, 255, 255, 255, 18}, "grey");
    const spk_image sixteen = READ(PICTURES "sixteen_bit.png"), palette = READ(PICTURES "palette.png", .channels = 3);
    assert_pixels(&sixteen, 3, 1, 1, (uint8_t[]){0, 7, 255}, "16 bit");
    assert_pixels(&palette, 2, 1, 3, (uint8_t[]){255, 0, 0, 0, 0, 255}, "palette");
    spk_ctx_destroy(ctx);
}

static spk_image of_bytes(spk_ctx *ctx, const char *bytes, size_t n, spk_image_opts options) {
    const temporary t = temporary_file(bytes, n, false);
    const spk_image image = reading(ctx, t.path, options);
    unlink(t.path);
    return image;
}

#define PGM(text, ...) of_bytes(ctx, (text), sizeof(text) - 1, SPK_KEYWORDS(spk_image_opts, SPK_IMAGE_DEFAULTS, __VA_ARGS__))

Test(image_read, pgm_and_ppm) {
    spk_ctx *ctx = spk_ctx_create();
    const spk_image commented = PGM("P5 # a picture\n#\n2\t1\n3 \1\3"), wide = PGM("P5 2 1 65535 \x80\x80\xff\xff"),
                    grey = PGM("P6 1 1 255 \1\2\4");
    assert_pixels(&commented, 2, 1, 1, (uint8_t[]){85, 255}, "of 3");
    assert_pixels(&wide, 2, 1, 1, (uint8_t[]){128, 255}, "of 16 bit");
    assert_pixels(&grey, 1, 1, 1, (uint8_t[]){1}, "grey"); /* (77 + 300 + 116) / 256 */
    const spk_image pgm = PGM("P5 3 1 255\n\0\x7f\xff"), ppm = PGM("P6 1 1 255\n\1\2\3", .channels = 3);
    assert_pixels(&pgm, 3, 1, 1, (uint8_t[]){0, 127, 255}, "pgm");
    assert_pixels(&ppm, 1, 1, 3, (uint8_t[]){1, 2, 3}, "ppm");
    spk_ctx_destroy(ctx);
}

/* Areas are averaged and rounded; enlarged pixels lie on a line between the middles. */
Test(image_read, resizing) {
    spk_ctx *ctx = spk_ctx_create();
    const spk_image half = PGM("P5 4 2 255\n\0\2\4\6\2\4\6\x9", .width = 2, .height = 1);
    assert_pixels(&half, 2, 1, 1, (uint8_t[]){2, 6}, "half"); /* 8 / 4, 25 / 4 */
    const spk_image part = PGM("P5 3 1 255\n\0\x64\xc8", .width = 2, .height = 1);
    assert_pixels(&part, 2, 1, 1, (uint8_t[]){33, 167}, "two of three"); /* (0 + 100 / 2) / 1.5, (100 / 2 + 200) / 1.5 */
    const spk_image twice = PGM("P5 2 1 255\n\0\x64", .width = 4, .height = 1);
    assert_pixels(&twice, 4, 1, 1, (uint8_t[]){0, 25, 75, 100}, "twice");
    const spk_image both = PGM("P5 1 2 255\n\0\x64", .width = 2, .height = 1);
    assert_pixels(&both, 2, 1, 1, (uint8_t[]){50, 50}, "wider and lower");
    const spk_image colour = PGM("P6 2 1 255\n\1\2\3\3\4\5", .channels = 3, .width = 1, .height = 1);
    assert_pixels(&colour, 1, 1, 3, (uint8_t[]){2, 3, 4}, "three channels");
    const spk_image wide = PGM("P5 4 2 255\n\5\5\5\5\5\5\5\5", .width = 2), high = PGM("P5 4 2 255\n\5\5\5\5\5\5\5\5", .height = 4);
    cr_assert(wide.height == 1 && high.width == 8, "in proportion");
    spk_ctx_destroy(ctx);
}

Test(image_read, what_is_no_picture) {
    static const struct {
        const char *bytes;
        size_t n;
        const char *part;
    } wrong[] = {
        {"", 0, "cannot be read as a picture (unknown image type); PNG, JPEG, BMP, PGM and PPM files can be"},
        {"hello", 5, "unknown image type"},
        {"GIF89a\1\0\1\0\0\0\0", 13, "unknown image type"},
        {"P5 8193 8193 255\n", 17, "its header is not of a PGM or PPM file of at most 16384 pixels a side"},
        {"P5 16385 1 255\n", 15, "cannot be read as a picture"},
        {"P5 2 0 255\nabcd", 15, "cannot be read as a picture"},
        {"P5 2 \xff\xff\xff\xff"
         "5\nabcd",
         15, "cannot be read as a picture"},
        {"P5 2 2 65536\nabcd", 17, "cannot be read as a picture"},
        {"P5 2 2 255", 10, "cannot be read as a picture"},
        {"P5 2 2 255\nabc", 14, "is cut short; copy or download the file again"},
        {"P6 2 2 255\nabcdabcdabc", 22, "is cut short"},
        {"P5 1 1 256\na", 12, "is cut short"},
    };
    spk_ctx *ctx = spk_ctx_create();
    for (int i = 0; i < COUNT(wrong); i++) {
        const temporary t = temporary_file(wrong[i].bytes, wrong[i].n, false);
        spk_image image = {.pixels = (uint8_t[1]){0}};
        cr_assert(!spk_image_read(ctx, t.path, &image) && !image.pixels && !image.width, "%s", wrong[i].part);
        HAS(spk_error(ctx), "spk_image_read: ");
        HAS(spk_error(ctx), t.path);
        HAS(spk_error(ctx), wrong[i].part);
        spk_clear_error(ctx);
        unlink(t.path);
    }
    const temporary t = temporary_file("P5 1 3 255\nabc", 14, false);
    spk_image image;
    cr_assert_not(spk_image_read(ctx, t.path, &image, .width = 16384));
    HAS(spk_error(ctx), "would have 16384 x 49152 pixels, too many");
    unlink(t.path);
    spk_ctx_destroy(ctx);
}

/* A Huffman table of 257 codes, before the scan or after it. */
Test(image_read, jpeg_with_a_table_that_is_too_long) {
    static unsigned char bytes[8192];
    spk_ctx *ctx = spk_ctx_create();
    FILE *file = fopen(PICTURES "eight.jpg", "rb");
    const size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    size_t table = 0;
    while (table + 20 < n && !(bytes[table] == 0xff && bytes[table + 1] == 0xc4)) table++;
    cr_assert(table + 20 < n);
    bytes[table + 20] = 255, bytes[table + 19] = 255; /* codes of 16 and of 15 bits */
    const temporary t = temporary_file(bytes, n, false);
    spk_image image;
    cr_assert_not(spk_image_read(ctx, t.path, &image));
    HAS(spk_error(ctx), "a JPEG file whose Huffman tables are too long");
    unlink(t.path);
    spk_ctx_destroy(ctx);
}

static bool png(spk_ctx *ctx) {
    spk_image image;
    const bool read = spk_image_read(ctx, PICTURES "alpha.png", &image, .width = 7, .height = 5);
    spk_release(ctx, image.pixels);
    return read;
}

static bool jpeg(spk_ctx *ctx) {
    spk_image image;
    const bool read = spk_image_read(ctx, PICTURES "eight.jpg", &image);
    spk_release(ctx, image.pixels);
    return read;
}

Test(image_read, each_allocation_may_fail) {
    refuse_each_allocation(png);
    refuse_each_allocation(jpeg);
}
