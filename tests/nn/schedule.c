/* Schedules against torch.optim.lr_scheduler's documented formulas, with numbers worked out apart from the library. */
#include "nn/schedule.h"
#include "autograd/ops.h"
#include "autograd/tape.h"
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const spk_module_type bag_type = {.name = "bag", .size = sizeof(spk_module)};

static spk_module *bag(spk_ctx *ctx) {
    spk_module *module = spk_module_create(ctx, &bag_type);
    spk_register_parameter(module, "p", SPK_SHAPE(1));
    return module;
}

static void assert_close(double got, double wanted, const char *what, int64_t step) {
    cr_assert(fabs(got - wanted) <= 1e-14 * fmax(fabs(wanted), 1e-3), "%s at step %lld: %.17g, should be %.17g", what, (long long)step, got,
              wanted);
}

#define assert_failed(ctx, text)                                                             \
    do {                                                                                     \
        cr_assert(spk_failed(ctx), "no error");                                              \
        cr_assert(strstr(spk_error(ctx), text), "wanted '%s' in: %s", text, spk_error(ctx)); \
        spk_clear_error(ctx);                                                                \
    } while (0)

/* Steps a schedule through n rates of group 0; each is also what the schedule says of that step beforehand. */
static void assert_rates(spk_optimizer *opt, spk_schedule *schedule, int n, const double *wanted, const char *what) {
    cr_assert(schedule, "%s: no schedule", what);
    for (int step = 0; step < n; step++) {
        cr_assert(spk_schedule_now(schedule) == step);
        assert_close(spk_schedule_lr(schedule, 0, step), wanted[step], what, step);
        assert_close(spk_optimizer_lr(opt, 0), wanted[step], what, step);
        cr_assert(spk_schedule_step(schedule));
    }
}

Test(schedule, step_lr) {
    spk_ctx *ctx = spk_ctx_create();
    spk_optimizer *opt = spk_sgd(bag(ctx), .lr = 0.05);
    const double wanted[] = {0.05, 0.05, 0.05, 0.005, 0.005, 0.005, 0.0005, 0.0005};
    assert_rates(opt, spk_step_lr(opt, .step_size = 3), 8, wanted, "spk_step_lr");
    spk_optimizer *half = spk_sgd(bag(ctx), .lr = 8);
    assert_rates(half, spk_step_lr(half, .step_size = 1, .gamma = 0.5), 4, (double[]){8, 4, 2, 1}, "gamma");
    spk_ctx_destroy(ctx);
}

/* cos of 0, 60, 120, 180 degrees is 1, 1/2, -1/2, -1. */
Test(schedule, cosine_lr) {
    spk_ctx *ctx = spk_ctx_create();
    spk_optimizer *opt = spk_sgd(bag(ctx), .lr = 0.8), *low = spk_sgd(bag(ctx), .lr = 0.5);
    assert_rates(opt, spk_cosine_lr(opt, .steps = 3), 6, (double[]){0.8, 0.6, 0.2, 0, 0, 0}, "spk_cosine_lr");
    assert_rates(low, spk_cosine_lr(low, .steps = 3, .lowest = 0.1), 5, (double[]){0.5, 0.4, 0.2, 0.1, 0.1}, "lowest");
    spk_optimizer *zero = spk_sgd(bag(ctx), .lr = 0);
    assert_rates(zero, spk_cosine_lr(zero, .steps = 3, .lowest = 0.1), 3, (double[]){0, 0, 0}, "base 0");
    spk_ctx_destroy(ctx);
}

Test(schedule, warmup_lr) {
    spk_ctx *ctx = spk_ctx_create();
    spk_optimizer *opt = spk_sgd(bag(ctx), .lr = 0.8), *third = spk_sgd(bag(ctx), .lr = 0.9);
    assert_rates(opt, spk_warmup_lr(opt, .steps = 4, .first = 0), 7, (double[]){0, 0.2, 0.4, 0.6, 0.8, 0.8, 0.8}, "spk_warmup_lr");
    assert_rates(third, spk_warmup_lr(third, .steps = 2), 4, (double[]){0.3, 0.6, 0.9, 0.9}, "default first");
    spk_ctx_destroy(ctx);
}

/* OneCycleLR(max_lr=1, total_steps=10, pct_start=0.4): up from 1/25 at step 0 to 1 at 3, down to 1/25/1e4 at 9, by thirds and sixths of
 * half a turn, whose cosines are 1/2, -1/2 and sqrt(3)/2, 1/2, 0, -1/2, -sqrt(3)/2. */
Test(schedule, one_cycle_lr) {
    spk_ctx *ctx = spk_ctx_create();
    const double first = 0.04, last = 4e-6, s = sqrt(3) / 2;
    const double up = (1 - first) / 2, down = (1 - last) / 2;
    const double wanted[] = {first,
                             1 - up * 1.5,
                             1 - up * 0.5,
                             1,
                             last + down * (1 + s),
                             last + down * 1.5,
                             last + down,
                             last + down * 0.5,
                             last + down * (1 - s),
                             last,
                             last,
                             last};
    spk_optimizer *opt = spk_adam(bag(ctx), .lr = 0.3);
    assert_rates(opt, spk_one_cycle_lr(opt, .max_lr = 1, .steps = 10, .start = 0.4), 12, wanted, "spk_one_cycle_lr");

    /* Without max_lr each group peaks at its own rate. */
    spk_optimizer *two = spk_adam(bag(ctx), .lr = 0.5);
    spk_optimizer_add_group(two, bag(ctx), .lr = 0.25);
    spk_schedule *schedule = spk_one_cycle_lr(two, .steps = 10, .start = 0.4, .div_factor = 10, .final_div_factor = 2);
    assert_close(spk_optimizer_lr(two, 0), 0.05, "first rate", 0);
    assert_close(spk_schedule_lr(schedule, 0, 3), 0.5, "peak of group 0", 3);
    assert_close(spk_schedule_lr(schedule, 1, 3), 0.25, "peak of group 1", 3);
    assert_close(spk_schedule_lr(schedule, 1, 9), 0.25 / 20, "last rate", 9);
    spk_ctx_destroy(ctx);
}

/* Peaks between steps, at the first and at the last step: torch's end of the climb is start * steps - 1. */
Test(schedule, one_cycle_lr_at_its_borders) {
    spk_ctx *ctx = spk_ctx_create();
    spk_optimizer *opt = spk_sgd(bag(ctx), .lr = 1);
    const double pi = acos(-1.0);
    spk_schedule *broken = spk_one_cycle_lr(opt, .steps = 5, .start = 0.3); /* the peak is at 0.5 */
    assert_close(spk_schedule_lr(broken, 0, 0), 0.04, "start 0.3", 0);
    assert_close(spk_schedule_lr(broken, 0, 1), 4e-6 + (1 - 4e-6) * (1 + cos(pi * 0.5 / 3.5)) / 2, "start 0.3", 1);
    spk_schedule *at_once = spk_one_cycle_lr(opt, .steps = 5, .start = 0.2); /* at 0 */
    assert_close(spk_schedule_lr(at_once, 0, 0), 1, "start 0.2", 0);
    spk_schedule *down = spk_one_cycle_lr(opt, .steps = 5, .start = 0); /* at -1 */
    assert_close(spk_schedule_lr(down, 0, 0), 4e-6 + (1 - 4e-6) * (1 + cos(pi / 5)) / 2, "start 0", 0);
    assert_close(spk_schedule_lr(down, 0, 4), 4e-6, "start 0", 4);
    spk_schedule *up = spk_one_cycle_lr(opt, .steps = 5, .start = 1); /* at 4 */
    assert_close(spk_schedule_lr(up, 0, 2), 0.52, "start 1", 2);
    assert_close(spk_schedule_lr(up, 0, 4), 1, "start 1", 4);
    assert_close(spk_schedule_lr(up, 0, 9), 1, "start 1", 9);
    spk_ctx_destroy(ctx);
}

Test(schedule, several_multiply_in_any_order) {
    spk_ctx *ctx = spk_ctx_create();
    spk_optimizer *opt = spk_sgd(bag(ctx), .lr = 0.8);
    spk_optimizer_add_group(opt, bag(ctx), .lr = 0.08);
    spk_schedule *warmup = spk_warmup_lr(opt, .steps = 4, .first = 0.5), *cosine = spk_cosine_lr(opt, .steps = 3),
                 *drops = spk_step_lr(opt, .step_size = 2, .gamma = 0.1);
    assert_close(spk_optimizer_lr(opt, 0), 0.4, "at first", 0);
    spk_schedule_step(warmup);
    spk_schedule_step(cosine);
    assert_close(spk_optimizer_lr(opt, 0), 0.8 * 0.625 * 0.75, "warm-up and cosine", 1);
    spk_schedule_set_step(drops, 2);
    assert_close(spk_optimizer_lr(opt, 0), 0.8 * 0.625 * 0.75 * 0.1, "and a drop", 1);
    assert_close(spk_optimizer_lr(opt, 1), 0.08 * 0.625 * 0.75 * 0.1, "the other group", 1);
    assert_close(spk_schedule_lr(cosine, 1, 1), 0.08 * 0.75, "one alone", 1);
    cr_assert(spk_optimizer_set_lr(opt, 0, 1));
    assert_close(spk_optimizer_lr(opt, 0), 0.625 * 0.75 * 0.1, "the base changed", 1);
    spk_ctx_destroy(ctx);
}

Test(schedule, stepping_does_not_drift) {
    spk_ctx *ctx = spk_ctx_create();
    spk_optimizer *walked = spk_sgd(bag(ctx), .lr = 0.7), *jumped = spk_sgd(bag(ctx), .lr = 0.7);
    const int64_t steps = 300001;
    spk_schedule *a = spk_cosine_lr(walked, .steps = 400000), *b = spk_cosine_lr(jumped, .steps = 400000);
    for (int64_t i = 0; i < steps; i++) spk_schedule_step(a);
    cr_assert(spk_schedule_set_step(b, steps));
    cr_assert(spk_optimizer_lr(walked, 0) == spk_optimizer_lr(jumped, 0));
    assert_close(spk_optimizer_lr(walked, 0), 0.7 * (1 + cos(acos(-1.0) * 300001 / 400000)) / 2, "far on", steps);
    spk_ctx_destroy(ctx);
}

Test(schedule, an_optimizer_step_uses_the_rate) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = bag(ctx);
    spk_tensor *p = spk_find_tensor(net, "p");
    spk_optimizer *opt = spk_sgd(net, .lr = 1);
    spk_schedule *schedule = spk_warmup_lr(opt, .steps = 2, .first = 0.25);
    const double wanted[] = {-0.25, -0.25 - 0.625, -0.25 - 0.625 - 1};
    for (int i = 0; i < 3; i++) {
        spk_zero_grad(net);
        spk_backward(spk_sum(p));
        cr_assert(spk_optimizer_step(opt) && spk_schedule_step(schedule));
        cr_assert((double)spk_data(p)[0] == wanted[i], "step %d: %g", i, (double)spk_data(p)[0]);
        spk_end_step(ctx);
    }
    spk_ctx_destroy(ctx);
}

#define refused(ctx, call, text)          \
    do {                                  \
        cr_assert((call) == NULL, #call); \
        assert_failed(ctx, text);         \
    } while (0)

Test(schedule, bad_options) {
    spk_ctx *ctx = spk_ctx_create();
    spk_optimizer *opt = spk_sgd(bag(ctx), .lr = 0.5);
    refused(ctx, spk_step_lr(opt), "spk_step_lr: .step_size is 0");
    refused(ctx, spk_step_lr(opt, .step_size = 2, .gamma = -1), ".gamma");
    refused(ctx, spk_cosine_lr(opt), "spk_cosine_lr: .steps is 0");
    refused(ctx, spk_cosine_lr(opt, .steps = 3, .lowest = NAN), ".lowest");
    refused(ctx, spk_one_cycle_lr(opt, .max_lr = 1), "spk_one_cycle_lr: .steps is 0");
    refused(ctx, spk_one_cycle_lr(opt, .steps = 1, .max_lr = 1), "at least 2");
    refused(ctx, spk_one_cycle_lr(opt, .steps = 9, .max_lr = -1), ".max_lr");
    refused(ctx, spk_one_cycle_lr(opt, .steps = 9, .max_lr = 1, .start = 1.5), ".start");
    refused(ctx, spk_one_cycle_lr(opt, .steps = 9, .max_lr = 1, .div_factor = 0), ".div_factor");
    refused(ctx, spk_one_cycle_lr(opt, .steps = 9, .max_lr = 1, .final_div_factor = NAN), ".final_div_factor");
    refused(ctx, spk_warmup_lr(opt, .steps = -4), "spk_warmup_lr: .steps is -4");
    refused(ctx, spk_warmup_lr(opt, .steps = 4, .first = 2), ".first");
    cr_assert(spk_optimizer_lr(opt, 0) == 0.5, "errors change no rate");
    spk_schedule *schedule = spk_step_lr(opt, .step_size = 1);
    cr_assert(!spk_schedule_set_step(schedule, -1) && spk_schedule_now(schedule) == 0);
    assert_failed(ctx, "0 or more");
    cr_assert(isnan(spk_schedule_lr(schedule, 1, 0)) && isnan(spk_schedule_lr(schedule, -1, 0)) && isnan(spk_schedule_lr(schedule, 0, -1)));
    spk_ctx_destroy(ctx);
}

Test(schedule, a_failed_context_steps_no_schedule) {
    spk_ctx *ctx = spk_ctx_create();
    spk_optimizer *opt = spk_sgd(bag(ctx), .lr = 0.5);
    spk_schedule *schedule = spk_step_lr(opt, .step_size = 1);
    spk_fail(ctx, "a bad batch");
    cr_assert(!spk_schedule_step(schedule) && spk_schedule_now(schedule) == 0);
    cr_assert(!spk_one_cycle_lr(opt, .steps = 4, .max_lr = 3));
    spk_clear_error(ctx);
    cr_assert(spk_optimizer_lr(opt, 0) == 0.5);
    spk_ctx_destroy(ctx);
}

Test(schedule, destroying_the_optimizer_frees_its_schedules) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = bag(ctx);
    const size_t before = spk_memory_use(ctx).held;
    spk_optimizer *opt = spk_sgd(net);
    cr_assert(spk_step_lr(opt, .step_size = 1) && spk_cosine_lr(opt, .steps = 1) && spk_memory_use(ctx).held > before);
    spk_optimizer_destroy(opt);
    cr_assert(spk_memory_use(ctx).held == before);
    spk_ctx_destroy(ctx);
}

Test(schedule, null_is_taken_everywhere) {
    cr_assert(!spk_step_lr(NULL, .step_size = 1) && !spk_cosine_lr(NULL, .steps = 1) && !spk_one_cycle_lr(NULL, .steps = 2));
    cr_assert(!spk_warmup_lr(NULL, .steps = 1) && !spk_schedule_step(NULL) && !spk_schedule_set_step(NULL, 3));
    cr_assert(spk_schedule_now(NULL) == -1 && isnan(spk_schedule_lr(NULL, 0, 0)));
}

Test(schedule, options_are_the_macros_defaults) {
    cr_assert(spk_step_lr_options().gamma == 0.1 && spk_step_lr_options().step_size == 0);
    cr_assert(spk_cosine_lr_options().steps == 0 && spk_cosine_lr_options().lowest == 0);
    const spk_one_cycle_lr_opts cycle = spk_one_cycle_lr_options();
    cr_assert(cycle.steps == 0 && spk_is_none(cycle.max_lr) && cycle.start == 0.3 && cycle.div_factor == 25 &&
              cycle.final_div_factor == 1e4);
    cr_assert(spk_warmup_lr_options().steps == 0 && spk_warmup_lr_options().first == 1.0 / 3);
}
