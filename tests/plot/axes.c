/* Ticks are round, few, and between the ends; values lie where they should. */
#include "support.h"

static void assert_ticks(spk_axis axis, const char *wanted) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    for (int64_t k = axis.first; k <= axis.last; k++) {
        if (text.length) spk_text_add(&text, " ");
        spk_axis_number(&text, &axis, k);
    }
    cr_assert_str_eq(text.data, wanted);
    spk_text_free(&text);
    spk_ctx_destroy(ctx);
}

Test(axes, ticks_are_round) {
    assert_ticks(spk_axis_over(0, 1, 5, false), "0 0.2 0.4 0.6 0.8 1");
    assert_ticks(spk_axis_over(1, 0, 5, false), "0 0.2 0.4 0.6 0.8 1"); /* in any order */
    assert_ticks(spk_axis_over(0.123, 0.789, 5, false), "0.2 0.4 0.6");
    assert_ticks(spk_axis_over(-3, 3, 6, false), "-3 -2 -1 0 1 2 3");
    assert_ticks(spk_axis_over(1, 60, 6, true), "10 20 30 40 50 60");
    assert_ticks(spk_axis_over(0, 3, 6, true), "0 1 2 3");
    assert_ticks(spk_axis_over(0, 3, 6, false), "0 0.5 1 1.5 2 2.5 3");
    assert_ticks(spk_axis_over(97.1, 98.6, 5, false), "97.5 98 98.5");
    assert_ticks(spk_axis_over(0, 0.3, 3, false), "0 0.1 0.2 0.3"); /* not 0.30000000000000004 */
    assert_ticks(spk_axis_over(0, 1e-20, 2, false), "0 5e-21 10e-21");
    assert_ticks(spk_axis_over(0, 1e30, 2, false), "0 5e29 10e29");
    assert_ticks(spk_axis_over(-1e6, 1e6, 4, false), "-1000000 -500000 0 500000 1000000");
}

Test(axes, ends_move_out_to_ticks) {
    spk_axis axis = spk_axis_rounded(0.123, 0.789, 5, false, false);
    assert_ticks(axis, "0 0.2 0.4 0.6 0.8");
    cr_assert(axis.low == 0 && axis.high == 0.8);
    axis = spk_axis_rounded(0.123, 0.789, 5, true, false);
    assert_ticks(axis, "0.2 0.4 0.6 0.8");
    cr_assert(axis.low == 0.123 && axis.high == 0.8);
    axis = spk_axis_rounded(0.123, 0.789, 5, false, true);
    cr_assert(axis.low == 0 && axis.high == 0.789);
}

Test(axes, a_constant_gets_room) {
    spk_axis axis = spk_axis_over(5, 5, 5, false);
    cr_assert(axis.low < 5 && axis.high > 5 && axis.last > axis.first);
    axis = spk_axis_over(0, 0, 5, false);
    cr_assert(axis.low == -1 && axis.high == 1);
    axis = spk_axis_over(1e15, 1e15 + 0.125, 5, false); /* less than its digits can tell apart */
    cr_assert(axis.low < 1e15 && axis.high > 1e15 && axis.last - axis.first < 10);
    assert_ticks(spk_axis_over(7, 7, 5, true), "7");
}

/* Whatever the range: few ticks, inside, in order, a step of 1, 2 or 5. */
Test(axes, any_range) {
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    for (int i = 0; i < 2000; i++) {
        spk_real u[4];
        spk_random_uniform(ctx, 4, -1, 1, u);
        const double scale = pow(10, 30 * (double)u[2]), low = scale * (double)u[0],
                     high = low + scale * (double)u[1] * pow(10, 6 * (double)u[3] - 6);
        const int ticks = 2 + i % 9;
        const spk_axis axis = spk_axis_over(low, high, ticks, false), out = spk_axis_rounded(low, high, ticks, false, false);
        cr_assert(axis.low < axis.high && axis.last - axis.first <= ticks && axis.last >= axis.first - 1, "[%g, %g]: %d ticks", low, high,
                  (int)(axis.last - axis.first));
        cr_assert(axis.unit == 1 || axis.unit == 2 || axis.unit == 5);
        const double slack = 1e-5 * (axis.high - axis.low);
        for (int64_t k = axis.first; k <= axis.last; k++)
            cr_assert(spk_axis_tick(&axis, k) >= axis.low - slack && spk_axis_tick(&axis, k) <= axis.high + slack);
        cr_assert(out.low <= axis.low + slack && out.high >= axis.high - slack && out.last - out.first >= 1 &&
                      out.last - out.first <= ticks + 1,
                  "[%g, %g] became [%g, %g]", low, high, out.low, out.high);
    }
    spk_ctx_destroy(ctx);
}

Test(axes, values_lie_in_proportion) {
    spk_axis axis = spk_axis_over(10, 20, 5, false);
    axis.from = 100, axis.to = 0;
    cr_assert(spk_axis_at(&axis, 10) == 100 && spk_axis_at(&axis, 20) == 0 && spk_axis_at(&axis, 12.5) == 75);
}
