/* Checkpoints: a run that is saved and loaded goes on to the same bits; what is in the file, and what lies beside it. */
#include "checkpoint_support.h"
#include "nn/optimizer_internal.h"
#include <sys/file.h>

static spk_optimizer *plain_sgd(spk_module *net) { return spk_sgd(net, .lr = 0.1); }
static spk_optimizer *momentum(spk_module *net) { return spk_sgd(net, .lr = 0.1, .momentum = 0.9, .dampening = 0.3); }
static spk_optimizer *nesterov(spk_module *net) { return spk_sgd(net, .lr = 0.1, .momentum = 0.9, .nesterov = true); }
static spk_optimizer *adamw(spk_module *net) { return spk_adamw(net, .lr = 0.01); }
static spk_optimizer *two_groups(spk_module *net) {
    spk_optimizer *opt = spk_adam(net, .lr = 0.01);
    spk_optimizer_add_group(opt, spk_find_module(net, "4"), .lr = 0.03, .weight_decay = 0.1);
    return opt;
}

static void step_lr(spk_optimizer *opt) { spk_step_lr(opt, .step_size = 3, .gamma = 0.7); }
static void cosine(spk_optimizer *opt) { spk_cosine_lr(opt, .steps = 15, .lowest = 0.001); }
static void warm_cosine(spk_optimizer *opt) {
    cosine(opt);
    spk_warmup_lr(opt, .steps = 10, .first = 0.1);
}

static const variant variants[] = {
    {"plain SGD", plain_sgd, NULL},       {"momentum, steps", momentum, step_lr},       {"Nesterov, cosine", nesterov, cosine},
    {"Adam, one cycle", adam, one_cycle}, {"AdamW, two schedules", adamw, warm_cosine}, {"two groups", two_groups, step_lr}};
enum { VARIANTS = sizeof variants / sizeof *variants };

/* A step of the run and of all its schedules, each at a pace of its own. */
static double step(run *r) {
    const double loss = one_step(r);
    int64_t pace = 1;
    for (spk_schedule *s = r->opt->schedules; s; s = s->next, pace++) spk_schedule_set_step(s, spk_schedule_now(s) + pace);
    return loss;
}

/* What only the program's own course changes. */
static void change(run *r) {
    spk_optimizer_set_lr(r->opt, 0, 0.017);
    spk_freeze(spk_find_module(r->net, "0"), true);
    spk_eval(spk_find_module(r->net, "1"));
    spk_set_reset_value(spk_find_module(r->net, "2"), "v", 0.0625);
    if (r->opt->groups > 1) spk_optimizer_add_group(r->opt, spk_find_module(r->net, "1"), .lr = 0.5, .weight_decay = 0.2);
}

static void assert_same_files(const char *a, const char *b, const char *what) {
    static unsigned char first[1 << 16], second[1 << 16];
    const size_t n = read_bytes(a, first, sizeof first);
    cr_assert(n == read_bytes(b, second, sizeof second) && memcmp(first, second, n) == 0, "%s: %s and %s differ", what, a, b);
}

/* Saved after `before` steps and loaded into another run, of another seed, that has gone `own` steps: both go on alike. */
static void resume(const variant *v, int before, int own, bool changed) {
    enum { AFTER = 7 };
    double losses[AFTER];
    run went = run_of(1, v), resumed = run_of(2, v);
    for (int i = 0; i < before; i++) step(&went);
    if (changed) change(&went);
    cr_assert(save(&went, in_folder("a")), "%s: %s", v->name, spk_error(went.ctx));
    for (int i = 0; i < AFTER; i++) losses[i] = step(&went);

    for (int i = 0; i < own; i++) step(&resumed);
    if (changed && v->optimizer == two_groups) spk_optimizer_add_group(resumed.opt, spk_find_module(resumed.net, "4"), .lr = 1);
    cr_assert(load(&resumed, in_folder("a")), "%s: %s", v->name, spk_error(resumed.ctx));
    for (int i = 0; i < AFTER; i++) {
        const double loss = step(&resumed);
        cr_assert(loss == losses[i], "%s: loss %d after %d steps is %.17g, was %.17g", v->name, i, before, loss, losses[i]);
    }
    cr_assert(same_bits(went.net, resumed.net), "%s: other parameters or buffers", v->name);
    cr_assert(save(&went, in_folder("b")) && save(&resumed, in_folder("c")));
    assert_same_files(in_folder("b"), in_folder("c"), v->name); /* memories, moments, counts, rates, random stream, variables */
    for (spk_walk w = spk_memories(went.net); spk_walk_next(&w);) cr_assert(w.slot->tensor, "%s: the membranes do not live", v->name);
    const char *const left[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++) remove(in_folder(left[i]));
    spk_ctx_destroy(went.ctx);
    spk_ctx_destroy(resumed.ctx);
}

CheckpointTest(every_variant_goes_on_to_the_same_bits) {
    for (int i = 0; i < VARIANTS; i++) {
        resume(&variants[i], 7, 0, false); /* into a run that has made no moments */
        resume(&variants[i], 7, 3, true);
    }
}

/* Before the first step, at an epoch's end and in the middle; a run with moments and membranes of its own goes back to none. */
CheckpointTest(every_moment_is_right) {
    for (int before = 0; before < 7; before++) resume(&variants[3], before, before % 3, false);
    resume(&variants[1], 0, 3, true);
}

/* A checkpoint may be loaded in the middle of a step, whose graph and gradients go. */
CheckpointTest(loading_ends_the_step) {
    run r = run_of(1, &variants[3]);
    one_step(&r);
    cr_assert(save(&r, in_folder("a")));
    spk_batch batch;
    spk_next_batch(r.data, &batch);
    spk_tensor *y = spk_call(r.net, spk_poisson_encode(batch.x, 1));
    spk_backward(spk_mse(y, spk_one_hot(batch.labels, 3)));
    cr_assert(load(&r, in_folder("a")), "%s", spk_error(r.ctx));
    for (spk_walk w = spk_parameters(r.net); spk_walk_next(&w);) cr_assert(!spk_grad(w.slot->tensor), "%s has a gradient", w.name);
    spk_mean(y);
    cr_assert(spk_failed(r.ctx), "a tensor of the step before is used");
    spk_clear_error(r.ctx);
    one_step(&r);
    cr_assert(!spk_failed(r.ctx), "%s", spk_error(r.ctx));
    spk_ctx_destroy(r.ctx);
}

/* A step that fails puts random stream and membranes back to where it began: after loading, to what was loaded. */
CheckpointTest(a_failed_step_goes_back_to_what_was_loaded) {
    run went = run_of(1, &variants[3]), resumed = run_of(2, &variants[3]);
    for (int i = 0; i < 3; i++) one_step(&went);
    cr_assert(save(&went, in_folder("a")));
    const double loss = one_step(&went);
    for (int i = 0; i < 2; i++) one_step(&resumed);
    cr_assert(load(&resumed, in_folder("a")), "%s", spk_error(resumed.ctx));
    spk_batch batch;
    spk_next_batch(resumed.data, &batch);
    spk_call(resumed.net, spk_poisson_encode(batch.x, 1));
    spk_fail(resumed.ctx, "as if there was no memory");
    spk_clear_error(resumed.ctx);
    cr_assert(spk_dataset_seek(resumed.data, resumed.epoch, resumed.batch));
    cr_assert(one_step(&resumed) == loss && same_bits(went.net, resumed.net), "%s", spk_error(resumed.ctx));
    spk_ctx_destroy(went.ctx);
    spk_ctx_destroy(resumed.ctx);
}

/* A module by itself: parameters, memories, the random stream. */
CheckpointTest(a_module_alone) {
    spk_ctx *ctx = spk_ctx_create(.seed = 4);
    spk_module *net = net_filled(ctx), *copy = net_of(ctx, 2);
    spk_real before[5], after[5];
    cr_assert(spk_checkpoint_save(net, in_folder("a")), "%s", spk_error(ctx));
    spk_random_uniform(ctx, 5, 0, 1, before);
    cr_assert(spk_checkpoint_load(copy, in_folder("a")), "%s", spk_error(ctx));
    spk_random_uniform(ctx, 5, 0, 1, after);
    cr_assert(same_bits(net, copy) && memcmp(before, after, sizeof before) == 0);
    spk_ctx_destroy(ctx);
}

/* The safetensors package needs strings in __metadata__, names once, numbers without holes; the reader of state files checks the latter. */
CheckpointTest(the_file_says_what_it_holds) {
    static const char *const wanted[] = {"\"format\":\"spiketape checkpoint 1\"",
                                         "\"optimizer\":\"spk_adam(beta1=0.9, beta2=0.999, eps=1e-08)\"",
                                         "\"schedules\":\"spk_one_cycle_lr(steps=20, start=0.3, div_factor=25, final_div_factor=10000)\"",
                                         "\"settings\":\"T=1 lr=0.01\"",
                                         "\"module.4.weight\":{\"dtype\":\"" DTYPE "\",\"shape\":[3,8]",
                                         "\"optimizer.moment1.4.weight\":{\"dtype\":\"" DTYPE "\",\"shape\":[3,8]",
                                         "\"module.1.running_var\":{",
                                         "\"module.2.v\":{\"dtype\":\"" DTYPE "\",\"shape\":[8,8]",
                                         "\"optimizer.steps.0.bias\":{\"dtype\":\"I64\",\"shape\":[]",
                                         "\"requires_grad.0.bias\":{\"dtype\":\"BOOL\",\"shape\":[]",
                                         "\"training.3\":{",
                                         "\"random\":{\"dtype\":\"U64\",\"shape\":[2]",
                                         "\"variable.sum\":{\"dtype\":\"F64\",\"shape\":[]"};
    run r = run_of(1, &variants[3]);
    one_step(&r);
    cr_assert(save(&r, in_folder("a")));
    static char bytes[1 << 16];
    const size_t n = read_bytes(in_folder("a"), (unsigned char *)bytes, sizeof bytes);
    const size_t header = (unsigned char)bytes[0] + 256u * (unsigned char)bytes[1];
    cr_assert(header % 8 == 0 && 8 + header < n);
    bytes[8 + header] = '\0';
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        cr_assert(strstr(bytes + 8, wanted[i]), "no %s in %s", wanted[i], bytes + 8);
    spk_ctx_destroy(r.ctx);
}

CheckpointTest(the_file_before_is_kept) {
    run r = run_of(1, &variants[3]), other = run_of(2, &variants[3]);
    const char *notice = "";
    cr_assert(!spk_checkpoint_exists(in_folder("a")) && !spk_checkpoint_exists(NULL) && !spk_checkpoint_exists(""));
    cr_assert(save(&r, in_folder("a")));
    cr_assert(spk_checkpoint_exists(in_folder("a")) && entries() == 1, "nothing was there to be kept");
    for (int i = 0; i < 3; i++) {
        cr_assert(rename(in_folder("a"), in_folder("b")) == 0 && link(in_folder("b"), in_folder("a")) == 0);
        one_step(&r);
        cr_assert(save(&r, in_folder("a")));
        assert_same_files(in_folder("a.previous"), in_folder("b"), "the file before");
        cr_assert(load_noticed(&other, in_folder("a"), &notice) && !notice && same_bits(r.net, other.net));
        cr_assert(entries() == 3, "%d files", entries());
    }
    remove(in_folder("a")), remove(in_folder("b"));
    cr_assert(spk_checkpoint_exists(in_folder("a")), "the previous one is there");
    spk_ctx_destroy(r.ctx);
    spk_ctx_destroy(other.ctx);
}

/* What killed processes left is removed, but not what a living one writes, nor what only looks like it. */
CheckpointTest(leftovers_are_removed) {
    static const char *const left[] = {"a.1-0.tmp", "a.123456-99.tmp", "a.previous.7-1.tmp"};
    static const char *const stay[] = {"a.7.tmp", "a.x-1.tmp", "a.1-0.tmp2", "a.-.tmp", "ab.1-0.tmp", "a.1-0", "a.7-0.tmp"};
    run r = run_of(1, &variants[3]);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) write_bytes(in_folder(left[i]), "x", 1);
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++) write_bytes(in_folder(stay[i]), "x", 1);
    const int living = open(in_folder("a.7-0.tmp"), O_RDONLY);
    cr_assert(living >= 0 && flock(living, LOCK_EX) == 0);
    cr_assert(save(&r, in_folder("a")), "%s", spk_error(r.ctx));
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) cr_assert(!exists(in_folder(left[i])), "%s", left[i]);
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++) cr_assert(remove(in_folder(stay[i])) == 0, "%s", stay[i]);
    cr_assert(entries() == 1);
    close(living);
    spk_ctx_destroy(r.ctx);
}

CheckpointTest(saving_and_loading_keep_no_memory) {
    run r = run_of(1, &variants[3]);
    one_step(&r);
    cr_assert(save(&r, in_folder("a")) && load(&r, in_folder("a")));
    const size_t before = spk_memory_use(r.ctx).held;
    cr_assert(save(&r, in_folder("a")) && load(&r, in_folder("a")));
    cr_assert(spk_memory_use(r.ctx).held == before, "%zu bytes, %zu before", spk_memory_use(r.ctx).held, before);
    spk_ctx_destroy(r.ctx);
}

/* Each option by itself, and values that six digits do not tell apart. */
CheckpointTest(options_are_written_so_that_they_differ) {
    spk_ctx *ctx = spk_ctx_create();
    spk_text text = {.ctx = ctx};
    spk_add_option(&text, "a", 0.1);
    spk_add_option(&text, "b", 0.1 + 1e-17 * 2);
    spk_add_option(&text, "c", 1.0 / 3);
    spk_add_option(&text, "d", -0.0);
    spk_add_option(&text, "e", 27000);
    cr_assert(strcmp(text.data, "a=0.1, b=0.10000000000000002, c=0.3333333333333333, d=-0, e=27000") == 0, "%s", text.data);
    spk_text_free(&text);
    spk_ctx_destroy(ctx);
}
