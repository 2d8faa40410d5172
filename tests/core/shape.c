/* The arithmetic on shapes. */
#include "support.h"

Test(shape, size) {
    const struct {
        spk_shape shape;
        int64_t size;
    } cases[] = {
        {SPK_SCALAR, 1},
        {SPK_SHAPE(0), 0},
        {SPK_SHAPE(3), 3},
        {SPK_SHAPE(2, 3, 4, 5, 6, 7), 5040},
        {SPK_SHAPE(2, 0, 4), 0},
        {SPK_SHAPE(1, 1, 1, 1, 1, 1, 1), -1},
        {SPK_SHAPE(2, -1), -1},
        {SPK_SHAPE(0, -1), -1},
        {SPK_SHAPE(-1, -1), -1},
        {SPK_SHAPE((int64_t)1 << 56), (int64_t)1 << 56},
        {SPK_SHAPE(((int64_t)1 << 56) + 1), -1},
        {SPK_SHAPE((int64_t)1 << 28, (int64_t)1 << 28, 2), -1},
        {SPK_SHAPE((int64_t)1 << 32, (int64_t)1 << 32), -1}, /* 2^64 wraps to 0 */
        {SPK_SHAPE(INT64_MAX, INT64_MAX), -1},
        {SPK_SHAPE(3037000500, 3037000500), -1},                /* just past 2^63 */
        {SPK_SHAPE((int64_t)1 << 32, (int64_t)1 << 32, 0), -1}, /* refused whatever the order of its axes */
        {SPK_SHAPE(0, (int64_t)1 << 32, (int64_t)1 << 32), -1},
        {{.axes = -1}, -1},
        {{.axes = 7}, -1},
        {{.axes = 1, .dim = {-4}}, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert(spk_shape_size(cases[i].shape) == cases[i].size, "case %d, %s: %lld, should be %lld", (int)i,
                  spk_shape_text(cases[i].shape).text, (long long)spk_shape_size(cases[i].shape), (long long)cases[i].size);
    cr_assert(spk_shape_of(-3, NULL).axes == -1 && spk_shape_of(0, NULL).axes == 0, "spk_shape_of");
}

Test(shape, equal) {
    cr_assert(spk_shape_equal(SPK_SCALAR, SPK_SCALAR) && spk_shape_equal(SPK_SHAPE(2, 3), SPK_SHAPE(2, 3)), "equal");
    cr_assert(!spk_shape_equal(SPK_SHAPE(2, 3), SPK_SHAPE(3, 2)) && !spk_shape_equal(SPK_SHAPE(2), SPK_SHAPE(2, 1)) &&
                  !spk_shape_equal(SPK_SCALAR, SPK_SHAPE(1)),
              "different");
    spk_shape a = SPK_SHAPE(2), b = SPK_SHAPE(2);
    a.dim[3] = 9; /* beyond the axes */
    cr_assert(spk_shape_equal(a, b), "what lies beyond the axes does not count");
}

Test(shape, broadcast) {
    const struct {
        spk_shape a, b, both;
        bool fits;
    } cases[] = {
        {SPK_SCALAR, SPK_SCALAR, SPK_SCALAR, true},
        {SPK_SCALAR, SPK_SHAPE(2, 3), SPK_SHAPE(2, 3), true},
        {SPK_SHAPE(3), SPK_SHAPE(2, 3), SPK_SHAPE(2, 3), true},
        {SPK_SHAPE(2, 1), SPK_SHAPE(1, 3), SPK_SHAPE(2, 3), true},
        {SPK_SHAPE(4, 1, 3), SPK_SHAPE(2, 1), SPK_SHAPE(4, 2, 3), true},
        {SPK_SHAPE(0), SPK_SHAPE(1), SPK_SHAPE(0), true},
        {SPK_SHAPE(2, 0), SPK_SHAPE(2, 1), SPK_SHAPE(2, 0), true},
        {SPK_SHAPE(0), SPK_SHAPE(2), SPK_SCALAR, false},
        {SPK_SHAPE(2, 3), SPK_SHAPE(2), SPK_SCALAR, false},
        {SPK_SHAPE(2, 3), SPK_SHAPE(3, 3), SPK_SCALAR, false},
        {SPK_SHAPE(1, 2, 3, 4, 5, 6), SPK_SHAPE(6), SPK_SHAPE(1, 2, 3, 4, 5, 6), true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int swap = 0; swap < 2; swap++) {
            spk_shape both;
            const bool fits =
                swap ? spk_shape_broadcast(cases[i].b, cases[i].a, &both) : spk_shape_broadcast(cases[i].a, cases[i].b, &both);
            cr_assert(fits == cases[i].fits && (!fits || spk_shape_equal(both, cases[i].both)), "case %d: %s", (int)i,
                      spk_shape_text(both).text);
        }
}

Test(shape, text) {
    cr_assert_str_eq(spk_shape_text(SPK_SCALAR).text, "[]");
    cr_assert_str_eq(spk_shape_text(SPK_SHAPE(32, 784)).text, "[32, 784]");
    cr_assert_str_eq(spk_shape_text(SPK_SHAPE(1, 1, 1, 1, 1, 1, 1)).text, "[invalid]");
    const int64_t most = INT64_MAX;
    const spk_shape_string longest = spk_shape_text(SPK_SHAPE(most, most, most, most, most, most));
    cr_assert(longest.text[strlen(longest.text) - 1] == ']', "the longest shape is cut: %s", longest.text);
}
