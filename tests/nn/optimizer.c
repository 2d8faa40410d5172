/* Optimizers against PyTorch's numbers, and what a step must and must not do. */
#include "nn/optimizer.h"
#include "autograd/ops.h"
#include "autograd/tape.h"
#include "core/random.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE SPK_BY_REAL(2e-5, 1e-12)

static const spk_module_type bag_type = {.name = "bag", .size = sizeof(spk_module)};

/* A module of one parameter `p` with n numbers. */
static spk_module *bag(spk_ctx *ctx, int64_t n) {
    spk_module *module = spk_module_create(ctx, &bag_type);
    spk_register_parameter(module, "p", SPK_SHAPE(n));
    return module;
}

static spk_module *filled_bag(spk_ctx *ctx, int64_t n, double value) {
    spk_module *module = bag(ctx, n);
    spk_fill(spk_find_tensor(module, "p"), value);
    return module;
}

static double value_of(spk_module *module) { return (double)spk_data(spk_find_tensor(module, "p"))[0]; }

/* Adds g to the gradient of a parameter, through the tape. */
static void add_gradient(spk_tensor *parameter, const spk_real *g) {
    spk_ctx *ctx = spk_tensor_ctx(parameter);
    spk_backward(spk_sum(spk_multiply(parameter, spk_step_from(ctx, spk_tensor_shape(parameter), g))));
}

/* One step of an optimizer along the gradient `g`, the same for all numbers of a module's parameter. */
static void step_along(spk_optimizer *opt, spk_module *module, double g) {
    spk_tensor *p = spk_find_tensor(module, "p");
    spk_zero_grad(module);
    spk_backward(spk_sum(spk_scale(p, g)));
    cr_assert(spk_optimizer_step(opt), "%s", spk_error(spk_module_ctx(module)));
    spk_end_step(spk_module_ctx(module));
}

static void assert_close(double got, double wanted, double tolerance, const char *what) {
    cr_assert(fabs(got - wanted) <= tolerance * fmax(1, fabs(wanted)), "%s: %.17g, should be %.17g", what, got, wanted);
}

#define assert_failed(ctx, text)                                                             \
    do {                                                                                     \
        cr_assert(spk_failed(ctx), "no error");                                              \
        cr_assert(strstr(spk_error(ctx), text), "wanted '%s' in: %s", text, spk_error(ctx)); \
        spk_clear_error(ctx);                                                                \
    } while (0)

/* Golden vectors: a small reader of tests/golden/optimizers.txt, whose cases have 6 numbers and 5 gradients. */
enum { N = 6, STEPS = 5 };

typedef struct golden {
    char name[64], optimizer[16];
    double lr, momentum, weight_decay, beta1, beta2, eps;
    bool nesterov;
    double p0[N], g[STEPS * N], p[STEPS * N];
} golden;

static void read_array(FILE *file, golden *c) {
    char name[16], rest[64];
    cr_assert(fscanf(file, "%15s%63[^\n]", name, rest) == 2);
    double *to = strcmp(name, "p0") == 0 ? c->p0 : strcmp(name, "g") == 0 ? c->g : c->p;
    for (int i = 0, n = to == c->p0 ? N : STEPS * N; i < n; i++) cr_assert(fscanf(file, "%lf", &to[i]) == 1, "%s: %s", c->name, name);
}

static void read_setting(FILE *file, golden *c) {
    char key[32], value[32];
    cr_assert(fscanf(file, "%31s %31s", key, value) == 2);
    const struct {
        const char *key;
        double *to;
    } numbers[] = {{"lr", &c->lr},       {"momentum", &c->momentum}, {"weight_decay", &c->weight_decay},
                   {"beta1", &c->beta1}, {"beta2", &c->beta2},       {"eps", &c->eps}};
    if (strcmp(key, "optimizer") == 0) snprintf(c->optimizer, sizeof c->optimizer, "%.15s", value);
    if (strcmp(key, "nesterov") == 0) c->nesterov = true;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(key, numbers[i].key) == 0) *numbers[i].to = atof(value);
}

static bool read_case(FILE *file, golden *c) {
    char word[64];
    *c = (golden){.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    while (fscanf(file, "%63s", word) == 1) {
        if (word[0] == '#') cr_assert(fscanf(file, "%*[^\n]") == 0);
        else if (strcmp(word, "case") == 0) cr_assert(fscanf(file, "%63s", c->name) == 1);
        else if (strcmp(word, "set") == 0) read_setting(file, c);
        else if (strcmp(word, "array") == 0) read_array(file, c);
        else {
            cr_assert(strcmp(word, "end") == 0, "unknown word %s", word);
            return true;
        }
    }
    return false;
}

static spk_optimizer *make(spk_module *net, const golden *c) {
    if (strcmp(c->optimizer, "sgd") == 0)
        return spk_sgd(net, .lr = c->lr, .momentum = c->momentum, .nesterov = c->nesterov, .weight_decay = c->weight_decay);
    if (strcmp(c->optimizer, "adam") == 0)
        return spk_adam(net, .lr = c->lr, .beta1 = c->beta1, .beta2 = c->beta2, .eps = c->eps, .weight_decay = c->weight_decay);
    return spk_adamw(net, .lr = c->lr, .beta1 = c->beta1, .beta2 = c->beta2, .eps = c->eps, .weight_decay = c->weight_decay);
}

static void check_case(const golden *c) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = bag(ctx, N);
    spk_tensor *p = spk_find_tensor(net, "p");
    for (int i = 0; i < N; i++) spk_data_mut(p)[i] = (spk_real)c->p0[i];
    spk_optimizer *opt = make(net, c);
    cr_assert(opt, "%s: %s", c->name, spk_error(ctx));
    for (int t = 0; t < STEPS; t++) {
        spk_real g[N];
        for (int i = 0; i < N; i++) g[i] = (spk_real)c->g[t * N + i];
        spk_zero_grad(net);
        add_gradient(p, g);
        cr_assert(spk_optimizer_step(opt));
        for (int i = 0; i < N; i++) assert_close((double)spk_data(p)[i], c->p[t * N + i], TOLERANCE, c->name);
        spk_end_step(ctx);
    }
    spk_ctx_destroy(ctx);
}

Test(optimizer, golden) {
    FILE *file = fopen(SPK_SOURCE_DIR "/tests/golden/optimizers.txt", "r");
    cr_assert(file);
    int cases = 0;
    for (golden c; read_case(file, &c); cases++) check_case(&c);
    fclose(file);
    cr_assert(cases == 6, "%d cases were read", cases);
}

/* torch.optim.SGD: buf = g first, then buf = 0.5 buf + (1 - 0.25) g. */
Test(optimizer, dampening_leaves_the_first_gradient_whole) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = filled_bag(ctx, 1, 1);
    spk_optimizer *opt = spk_sgd(net, .lr = 0.5, .momentum = 0.5, .dampening = 0.25);
    step_along(opt, net, 2);
    assert_close(value_of(net), 1 - 0.5 * 2, 1e-6, "first");
    step_along(opt, net, 4);
    assert_close(value_of(net), 0 - 0.5 * (0.5 * 2 + 0.75 * 4), 1e-6, "second");
    spk_ctx_destroy(ctx);
}

Test(optimizer, options_are_the_macros_defaults) {
    const spk_sgd_opts sgd = spk_sgd_options();
    const spk_adam_opts adam = spk_adam_options(), adamw = spk_adamw_options();
    cr_assert(sgd.lr == 1e-3 && sgd.momentum == 0 && sgd.dampening == 0 && sgd.weight_decay == 0 && !sgd.nesterov);
    cr_assert(adam.lr == 1e-3 && adam.beta1 == 0.9 && adam.beta2 == 0.999 && adam.eps == 1e-8 && adam.weight_decay == 0);
    cr_assert(adamw.lr == 1e-3 && adamw.beta1 == 0.9 && adamw.beta2 == 0.999 && adamw.eps == 1e-8 && adamw.weight_decay == 0.01);
    cr_assert(spk_is_none(spk_group_options().lr) && spk_is_none(spk_group_options().weight_decay));
}

/* A net of two bags, `a` and `b`. */
static spk_module *two_bags(spk_ctx *ctx) {
    spk_module *net = spk_module_create(ctx, &bag_type);
    spk_add_child(net, "a", filled_bag(ctx, 1, 1));
    spk_add_child(net, "b", filled_bag(ctx, 1, 1));
    return net;
}

static void gradients_of_one(spk_module *net) {
    spk_zero_grad(net);
    spk_backward(spk_sum(spk_add(spk_find_tensor(net, "a.p"), spk_find_tensor(net, "b.p"))));
}

Test(optimizer, groups_have_rates_and_decay_of_their_own) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = two_bags(ctx), *a = spk_find_module(net, "a"), *b = spk_find_module(net, "b");
    spk_optimizer *opt = spk_sgd(net, .lr = 0.1, .weight_decay = 0.5);
    cr_assert(spk_optimizer_groups(opt) == 1);
    cr_assert(spk_optimizer_add_group(opt, b, .lr = 0.01, .weight_decay = 0) == 1);
    cr_assert(spk_optimizer_groups(opt) == 2);
    cr_assert(spk_optimizer_lr(opt, 0) == 0.1 && spk_optimizer_lr(opt, 1) == 0.01);
    gradients_of_one(net);
    cr_assert(spk_optimizer_step(opt));
    assert_close(value_of(a), 1 - 0.1 * (1 + 0.5), 1e-6, "group 0");
    assert_close(value_of(b), 1 - 0.01, 1e-6, "group 1, taken out of group 0");

    cr_assert(spk_optimizer_set_lr(opt, 1, 0.02));
    cr_assert(spk_optimizer_add_group(opt, a) == 2, "a group that inherits");
    cr_assert(spk_optimizer_lr(opt, 2) == 0.1 && spk_optimizer_lr(opt, 1) == 0.02);
    spk_module *late = filled_bag(ctx, 1, 1);
    cr_assert(spk_optimizer_add_group(opt, late, .lr = 1) == 3, "%s", spk_error(ctx));
    step_along(opt, late, 0.25);
    assert_close(value_of(late), 1 - (0.25 + 0.5 * 1), 1e-6, "a module that joined later, with the inherited decay");
    spk_ctx_destroy(ctx);
}

/* Two optimizers, one of which moves its parameter to an equal group half-way: moments and step counts must go along. */
Test(optimizer, moving_to_a_group_keeps_the_moments) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *still = filled_bag(ctx, 1, 1), *moved = filled_bag(ctx, 1, 1);
    spk_optimizer *first = spk_adam(still, .lr = 0.1), *second = spk_adam(moved, .lr = 0.1);
    for (int t = 0; t < 6; t++) {
        if (t == 3) cr_assert(spk_optimizer_add_group(second, moved) == 1);
        step_along(first, still, 1 - t);
        step_along(second, moved, 1 - t);
    }
    cr_assert(value_of(still) == value_of(moved), "%.17g and %.17g", value_of(still), value_of(moved));
    cr_assert(value_of(still) != 1);
    spk_ctx_destroy(ctx);
}

Test(optimizer, frozen_and_untouched_parameters_stay) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = two_bags(ctx), *a = spk_find_module(net, "a"), *b = spk_find_module(net, "b");
    spk_optimizer *opt = spk_adam(net, .lr = 0.1, .weight_decay = 0.1);
    gradients_of_one(net);
    spk_freeze(a, true);
    cr_assert(spk_optimizer_step(opt));
    cr_assert(value_of(a) == 1 && value_of(b) < 1, "a frozen parameter with a gradient");
    spk_freeze(a, false);
    const double b_was = value_of(b);
    spk_zero_grad(net);
    step_along(opt, a, 1);
    cr_assert(value_of(a) < 1 && value_of(b) == b_was, "a parameter without a gradient");
    /* Each parameter counts its own steps: a's first step is as large as b's was. */
    assert_close(value_of(a), b_was, 1e-6, "bias correction");
    spk_ctx_destroy(ctx);
}

Test(optimizer, accumulated_gradients_equal_one_big_batch) {
    spk_ctx *ctx = spk_ctx_create(.seed = 3);
    enum { IN = 5, ROWS = 8 };
    spk_real x[ROWS * IN];
    spk_random_uniform(ctx, ROWS * IN, -1, 1, x);
    spk_module *parts = filled_bag(ctx, IN, 0.5), *whole = filled_bag(ctx, IN, 0.5);
    spk_optimizer *of_parts = spk_adamw(parts, .lr = 0.1), *of_whole = spk_adamw(whole, .lr = 0.1);
    for (int step = 0; step < 3; step++) {
        spk_zero_grad(parts);
        spk_zero_grad(whole);
        for (int k = 0; k < 4; k++) {
            spk_tensor *rows = spk_step_from(ctx, SPK_SHAPE(ROWS / 4, IN), x + k * IN * ROWS / 4);
            spk_backward(spk_sum(spk_tanh(spk_multiply(rows, spk_find_tensor(parts, "p")))));
        }
        spk_backward(spk_sum(spk_tanh(spk_multiply(spk_step_from(ctx, SPK_SHAPE(ROWS, IN), x), spk_find_tensor(whole, "p")))));
        cr_assert(spk_optimizer_step(of_parts) && spk_optimizer_step(of_whole));
        spk_end_step(ctx);
    }
    const spk_real *a = spk_data(spk_find_tensor(parts, "p")), *b = spk_data(spk_find_tensor(whole, "p"));
    for (int i = 0; i < IN; i++) assert_close((double)a[i], (double)b[i], SPK_BY_REAL(1e-5, 1e-12), "accumulated");
    cr_assert(a[0] != (spk_real)0.5);
    spk_ctx_destroy(ctx);
}

Test(optimizer, loops_over_threads_and_tails_reach_every_number_once) {
    spk_ctx *ctx = spk_ctx_create();
    spk_set_threads(3);
    const int64_t n = 3 * 32768 + 7;
    spk_module *net = filled_bag(ctx, n, 1);
    spk_optimizer *opts[] = {spk_sgd(net, .lr = 0.25), spk_sgd(net, .lr = 0.25, .momentum = 0.5), spk_adam(net, .lr = 0.25)};
    for (int k = 0; k < 3; k++) step_along(opts[k], net, 1);
    const spk_real *p = spk_data(spk_find_tensor(net, "p"));
    for (int64_t i = 0; i < n; i++) cr_assert(fabs((double)p[i] - 0.25) < 1e-6, "number %lld is %g", (long long)i, (double)p[i]);
    spk_ctx_destroy(ctx);
}

Test(optimizer, a_step_raises_the_version) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = filled_bag(ctx, 2, 2);
    spk_tensor *p = spk_find_tensor(net, "p");
    spk_optimizer *opt = spk_sgd(net, .lr = 0.1);
    spk_backward(spk_sum(p));
    spk_tensor *later = spk_sum(spk_multiply(p, p)); /* backward needs the p of now */
    cr_assert(spk_optimizer_step(opt));
    cr_assert(!spk_backward(later) && spk_failed(ctx), "backward took a parameter that a step had changed");
    spk_ctx_destroy(ctx);
}

Test(optimizer, a_failed_context_changes_no_parameter) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = filled_bag(ctx, 2, 1);
    spk_optimizer *opt = spk_sgd(net, .lr = 0.1, .momentum = 0.9);
    spk_backward(spk_sum(spk_find_tensor(net, "p")));
    spk_fail(ctx, "a bad batch");
    cr_assert(!spk_optimizer_step(opt));
    cr_assert(isnan(spk_clip_grad_norm(net, 1e-3)));
    cr_assert(!spk_optimizer_set_lr(opt, 0, 7));
    cr_assert(spk_optimizer_add_group(opt, net, .lr = 7) == -1);
    cr_assert(spk_adam(net) == NULL);
    cr_assert_str_eq(spk_error(ctx), "a bad batch");
    spk_clear_error(ctx);
    cr_assert(value_of(net) == 1 && spk_optimizer_lr(opt, 0) == 0.1 && spk_optimizer_groups(opt) == 1);
    assert_close((double)spk_data(spk_grad(spk_find_tensor(net, "p")))[0], 1, 0, "the gradient was not clipped");
    cr_assert(spk_optimizer_step(opt) && value_of(net) < 1, "the cleared context works on");
    spk_ctx_destroy(ctx);
}

/* With its moments there already, a refused step must not count: the next one's bias correction is as if it had not been asked for. */
Test(optimizer, a_refused_step_does_not_count) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = filled_bag(ctx, 100, 1), *twin = filled_bag(ctx, 100, 1);
    spk_optimizer *opt = spk_adam(net, .lr = 0.1), *other = spk_adam(twin, .lr = 0.1);
    step_along(opt, net, 1);
    step_along(other, twin, 1);
    spk_fail(ctx, "a bad batch");
    cr_assert(!spk_optimizer_step(opt));
    spk_clear_error(ctx);
    step_along(opt, net, -0.5);
    step_along(other, twin, -0.5);
    cr_assert(value_of(net) == value_of(twin), "%.17g and %.17g", value_of(net), value_of(twin));
    spk_ctx_destroy(ctx);
}

/* An allocator that counts, and can refuse. */
typedef struct counter {
    int64_t calls, allowed;
} counter;

static void *counting_allocate(void *user, size_t bytes) {
    counter *c = user;
    c->calls++;
    return c->allowed-- > 0 ? malloc(bytes) : NULL;
}

static void counting_release(void *user, void *block) {
    (void)user;
    free(block);
}

static spk_ctx *counted_ctx(counter *c) { return spk_ctx_create(.allocator = {counting_allocate, counting_release, c}); }

Test(optimizer, later_steps_allocate_nothing) {
    counter c = {.allowed = INT64_MAX};
    spk_ctx *ctx = counted_ctx(&c);
    spk_module *net = two_bags(ctx);
    spk_optimizer *opts[] = {spk_sgd(net), spk_sgd(net, .momentum = 0.9), spk_adam(net), spk_adamw(net)};
    int64_t first = 0, before = 0;
    for (int t = 0; t < 4; t++) {
        if (t < 2) gradients_of_one(net);
        before = c.calls;
        for (int k = 0; k < 4; k++) cr_assert(spk_optimizer_step(opts[k]));
        cr_assert(spk_clip_grad_norm(net, 0.1) > 0);
        if (t == 0) first = c.calls - before;
        else cr_assert(c.calls == before, "step %d allocated %lld times", t + 1, (long long)(c.calls - before));
    }
    cr_assert(first == 2 * 2 * (1 + 2 + 2), "the first step makes two blocks for each moment, not %lld", (long long)first);
    spk_ctx_destroy(ctx);
}

/* Memory refused at each call in turn: an error, and either all parameters were updated or none. */
Test(optimizer, without_memory_a_step_is_taken_whole_or_not_at_all) {
    bool refused = false, worked = false;
    for (int64_t allowed = 0; allowed < 10; allowed++) {
        counter c = {.allowed = INT64_MAX};
        spk_ctx *ctx = counted_ctx(&c);
        spk_module *net = two_bags(ctx);
        spk_optimizer *opt = spk_adam(net, .lr = 0.5);
        gradients_of_one(net);
        c.allowed = allowed;
        const bool ok = spk_optimizer_step(opt);
        c.allowed = INT64_MAX;
        cr_assert(ok == !spk_failed(ctx));
        spk_clear_error(ctx);
        const double a = value_of(spk_find_module(net, "a")), b = value_of(spk_find_module(net, "b"));
        cr_assert(a == b && (a < 1) == ok, "after %lld calls: %g and %g", (long long)allowed, a, b);
        refused = refused || !ok;
        worked = worked || ok;
        spk_ctx_destroy(ctx);
    }
    cr_assert(refused && worked);
}

Test(optimizer, destroying_gives_all_memory_back) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = two_bags(ctx);
    gradients_of_one(net);
    const size_t before = spk_memory_use(ctx).held;
    spk_optimizer *opt = spk_adam(net);
    spk_optimizer_add_group(opt, spk_find_module(net, "b"));
    cr_assert(spk_optimizer_step(opt) && spk_memory_use(ctx).held > before);
    spk_optimizer_destroy(opt);
    cr_assert(spk_memory_use(ctx).held == before);
    spk_ctx_destroy(ctx);
}

/* The norm of (3, 3, ...) over 11 + 11 numbers, by hand: sqrt(22 * 9). */
Test(optimizer, clipping) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = spk_module_create(ctx, &bag_type);
    spk_add_child(net, "a", bag(ctx, 11));
    spk_add_child(net, "b", bag(ctx, 11));
    spk_add_child(net, "without_gradient", bag(ctx, 4));
    cr_assert(spk_clip_grad_norm(net, 1) == 0, "no gradients");
    spk_tensor *a = spk_find_tensor(net, "a.p"), *b = spk_find_tensor(net, "b.p");
    spk_backward(spk_sum(spk_scale(spk_add(a, b), 3)));
    const double norm = sqrt(22.0 * 9);
    assert_close(spk_clip_grad_norm(net, INFINITY), norm, 1e-12, "measured");
    assert_close(spk_clip_grad_norm(net, 2 * norm), norm, 1e-12, "below the limit");
    cr_assert(spk_data(spk_grad(a))[10] == 3 && spk_data(spk_grad(b))[0] == 3, "gradients below the limit stay");
    assert_close(spk_clip_grad_norm(net, 2), norm, 1e-12, "the norm before");
    for (int i = 0; i < 11; i++) {
        assert_close((double)spk_data(spk_grad(a))[i], 3 * 2 / (norm + 1e-6), SPK_BY_REAL(1e-6, 1e-15), "clipped a");
        assert_close((double)spk_data(spk_grad(b))[i], 3 * 2 / (norm + 1e-6), SPK_BY_REAL(1e-6, 1e-15), "clipped b");
    }
    assert_close(spk_clip_grad_norm(spk_find_module(net, "b"), INFINITY), 2 / sqrt(2), 1e-6, "a part");
    const double bad[] = {-1, NAN};
    for (int i = 0; i < 2; i++) {
        cr_assert(isnan(spk_clip_grad_norm(net, bad[i])));
        assert_failed(ctx, "max_norm");
    }
    cr_assert(isnan(spk_clip_grad_norm(NULL, 1)) && isnan(spk_clip_grad_norm(spk_inert_module(), 1)));
    spk_ctx_destroy(ctx);
}

#define refused(ctx, call, text)          \
    do {                                  \
        cr_assert((call) == NULL, #call); \
        assert_failed(ctx, text);         \
    } while (0)

Test(optimizer, bad_options) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = filled_bag(ctx, 1, 1), *empty = spk_module_create(ctx, &bag_type);
    const size_t before = spk_memory_use(ctx).held;
    refused(ctx, spk_sgd(empty), "no parameters");
    refused(ctx, spk_sgd(net, .lr = -1), ".lr is -1");
    refused(ctx, spk_sgd(net, .lr = SPK_NONE), ".lr is");
    refused(ctx, spk_sgd(net, .lr = INFINITY), ".lr is inf");
    refused(ctx, spk_sgd(net, .momentum = -0.5), ".momentum");
    refused(ctx, spk_sgd(net, .momentum = 0.5, .dampening = 2), ".dampening");
    refused(ctx, spk_sgd(net, .weight_decay = -1), ".weight_decay");
    refused(ctx, spk_sgd(net, .nesterov = true), ".nesterov needs .momentum");
    refused(ctx, spk_sgd(net, .nesterov = true, .momentum = 0.9, .dampening = 0.1), ".nesterov needs");
    refused(ctx, spk_adam(net, .lr = -1), "spk_adam: .lr");
    refused(ctx, spk_adam(net, .beta1 = 1), ".beta1 is 1; it must be in [0, 1)");
    refused(ctx, spk_adam(net, .beta1 = NAN), ".beta1");
    refused(ctx, spk_adamw(net, .beta2 = -0.1), "spk_adamw: .beta2");
    refused(ctx, spk_adamw(net, .eps = 0), ".eps");
    refused(ctx, spk_adamw(net, .eps = SPK_BY_REAL(1e-60, -1)), ".eps");
    refused(ctx, spk_adamw(net, .weight_decay = INFINITY), ".weight_decay");
    cr_assert(spk_memory_use(ctx).held == before, "failed constructors keep no memory");
    cr_assert(spk_sgd(net, .lr = 0) && spk_adam(net, .beta1 = 0, .beta2 = 0), "%s", spk_error(ctx));
    spk_ctx_destroy(ctx);
}

Test(optimizer, bad_groups) {
    spk_ctx *ctx = spk_ctx_create(), *other = spk_ctx_create();
    spk_module *net = filled_bag(ctx, 1, 1);
    spk_optimizer *opt = spk_sgd(net, .lr = 0.5);
    spk_module *const modules[] = {NULL, spk_inert_module(), bag(other, 1), spk_module_create(ctx, &bag_type)};
    const char *const messages[] = {"NULL", "failed", "another context", "no parameters"};
    for (int i = 0; i < 4; i++) {
        cr_assert(spk_optimizer_add_group(opt, modules[i]) == -1);
        assert_failed(ctx, messages[i]);
    }
    cr_assert(spk_optimizer_add_group(opt, net, .lr = -1) == -1);
    assert_failed(ctx, ".lr");
    cr_assert(spk_optimizer_add_group(opt, net, .weight_decay = -1) == -1);
    assert_failed(ctx, ".weight_decay");
    const int64_t groups[] = {-1, 1};
    for (int i = 0; i < 2; i++) {
        cr_assert(isnan(spk_optimizer_lr(opt, groups[i])) && !spk_failed(ctx));
        cr_assert(!spk_optimizer_set_lr(opt, groups[i], 1));
        assert_failed(ctx, "no group");
    }
    cr_assert(!spk_optimizer_set_lr(opt, 0, -1));
    assert_failed(ctx, ".lr");
    cr_assert(spk_optimizer_groups(opt) == 1 && spk_optimizer_lr(opt, 0) == 0.5, "errors change nothing");
    spk_ctx_destroy(ctx);
    spk_ctx_destroy(other);
}

Test(optimizer, null_is_taken_everywhere) {
    cr_assert(!spk_sgd(NULL) && !spk_adam(NULL) && !spk_adamw(NULL));
    cr_assert(!spk_sgd(spk_inert_module()) && !spk_adam(spk_inert_module()) && !spk_adamw(spk_inert_module()));
    cr_assert(!spk_optimizer_step(NULL) && !spk_optimizer_set_lr(NULL, 0, 1) && isnan(spk_optimizer_lr(NULL, 0)));
    cr_assert(spk_optimizer_groups(NULL) == 0 && spk_optimizer_add_group(NULL, NULL) == -1);
    spk_optimizer_destroy(NULL);
}
