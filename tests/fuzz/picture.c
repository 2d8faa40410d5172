/* Pictures: the first byte says how many channels and which size are asked for, the rest is the file. */
#include "data/image.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static fuzz_memory memory;
    if (!size) return 0;
    memory.limit = (size_t)1 << 24; /* larger pictures only cost time: there is no memory for them */
    spk_ctx *ctx = fuzz_begin(&memory);
    spk_image image;
    const int64_t width = data[0] / 2 % 8, height = data[0] / 16 % 8;
    const bool read =
        spk_image_read(ctx, fuzz_file(data + 1, size - 1), &image, .channels = data[0] % 2 ? 3 : 1, .width = width, .height = height);
    FUZZ_CHECK(read == (image.pixels != NULL), "pixels and an error, or neither");
    if (read) {
        FUZZ_CHECK((!width || image.width == width) && (!height || image.height == height), "%lld x %lld", (long long)image.width,
                   (long long)image.height);
        uint64_t sum = 0;
        for (int64_t i = 0; i < image.width * image.height * image.channels; i++) sum += image.pixels[i];
        FUZZ_CHECK(sum <= 255 * (uint64_t)(image.width * image.height * image.channels), "pixels of %llu", (unsigned long long)sum);
    }
    spk_release(ctx, image.pixels);
    FUZZ_CHECK(fuzz_end(&memory) == !read, "a picture and an error, or neither");
    return 0;
}
