/* nn/: optimizers, schedules, state files. */
#include "misuse.h"
#include <unistd.h>

static spk_module *none(void) { return spk_inert_module(); }

Test(misuse_optimizer, constructors) {
    IGNORE(spk_sgd_with, NULL_ARGUMENT, spk_sgd(NULL));
    IGNORE(spk_sgd_with, WRONG_KIND, spk_sgd(none()));
    REFUSE(spk_sgd_with, WRONG_KIND, "spk_sgd|'2' has no parameters", spk_sgd(s->neuron));
    REFUSE(spk_sgd_with, OUT_OF_DOMAIN, "spk_sgd|.lr is -1", spk_sgd(s->net, .lr = -1));
    REFUSE(spk_sgd_with, OUT_OF_DOMAIN, "spk_sgd|.lr", spk_sgd(s->net, .lr = NAN));
    REFUSE(spk_sgd_with, OUT_OF_DOMAIN, "spk_sgd|.lr", spk_sgd(s->net, .lr = INFINITY));
    REFUSE(spk_sgd_with, OUT_OF_DOMAIN, "spk_sgd|.momentum", spk_sgd(s->net, .momentum = -0.5));
    REFUSE(spk_sgd_with, OUT_OF_DOMAIN, "spk_sgd|.momentum", spk_sgd(s->net, .momentum = NAN));
    REFUSE(spk_sgd_with, OUT_OF_DOMAIN, "spk_sgd|.dampening", spk_sgd(s->net, .dampening = 2));
    REFUSE(spk_sgd_with, OUT_OF_DOMAIN, "spk_sgd|.weight_decay", spk_sgd(s->net, .weight_decay = -1));
    REFUSE(spk_sgd_with, OUT_OF_DOMAIN, "spk_sgd|.weight_decay", spk_sgd(s->net, .weight_decay = NAN));
    REFUSE(spk_sgd_with, OUT_OF_DOMAIN, "spk_sgd|.nesterov needs", spk_sgd(s->net, .nesterov = true));
    IGNORE(spk_adam_with, NULL_ARGUMENT, spk_adam(NULL));
    IGNORE(spk_adam_with, WRONG_KIND, spk_adam(none()));
    REFUSE(spk_adam_with, WRONG_KIND, "spk_adam|no parameters", spk_adam(s->neuron));
    REFUSE(spk_adam_with, OUT_OF_DOMAIN, "spk_adam|.lr is -1", spk_adam(s->net, .lr = -1));
    REFUSE(spk_adam_with, OUT_OF_DOMAIN, "spk_adam|.lr", spk_adam(s->net, .lr = NAN));
    REFUSE(spk_adam_with, OUT_OF_DOMAIN, "spk_adam|.beta1", spk_adam(s->net, .beta1 = 1));
    REFUSE(spk_adam_with, OUT_OF_DOMAIN, "spk_adam|.beta1", spk_adam(s->net, .beta1 = NAN));
    REFUSE(spk_adam_with, OUT_OF_DOMAIN, "spk_adam|.beta2", spk_adam(s->net, .beta2 = -0.1));
    REFUSE(spk_adam_with, OUT_OF_DOMAIN, "spk_adam|.eps", spk_adam(s->net, .eps = 0));
    REFUSE(spk_adam_with, OUT_OF_DOMAIN, "spk_adam|.eps", spk_adam(s->net, .eps = NAN));
    REFUSE(spk_adam_with, OUT_OF_DOMAIN, "spk_adam|.weight_decay", spk_adam(s->net, .weight_decay = INFINITY));
    IGNORE(spk_adamw_with, NULL_ARGUMENT, spk_adamw(NULL));
    REFUSE(spk_adamw_with, OUT_OF_DOMAIN, "spk_adamw|.lr", spk_adamw(s->net, .lr = NAN));
    REFUSE(spk_adamw_with, OUT_OF_DOMAIN, "spk_adamw|.weight_decay", spk_adamw(s->net, .weight_decay = -1));
}

Test(misuse_optimizer, optimizers) {
    IGNORE(spk_optimizer_step, NULL_ARGUMENT, spk_optimizer_step(NULL));
    IGNORE_VOID(spk_optimizer_destroy, NULL_ARGUMENT, spk_optimizer_destroy(NULL));
    IGNORE(spk_optimizer_add_group_with, NULL_ARGUMENT, spk_optimizer_add_group(NULL, s->net));
    REFUSE(spk_optimizer_add_group_with, NULL_ARGUMENT, "spk_optimizer_add_group|NULL", spk_optimizer_add_group(s->optimizer, NULL));
    REFUSE(spk_optimizer_add_group_with, WRONG_KIND, "spk_optimizer_add_group|failed", spk_optimizer_add_group(s->optimizer, none()));
    REFUSE(spk_optimizer_add_group_with, WRONG_KIND, "spk_optimizer_add_group|no parameters",
           spk_optimizer_add_group(s->optimizer, s->neuron));
    REFUSE(spk_optimizer_add_group_with, FOREIGN, "spk_optimizer_add_group|another context",
           spk_optimizer_add_group(s->optimizer, s->other->net));
    REFUSE(spk_optimizer_add_group_with, OUT_OF_DOMAIN, "spk_optimizer_add_group|.lr",
           spk_optimizer_add_group(s->optimizer, s->linear, .lr = -1));
    REFUSE(spk_optimizer_add_group_with, OUT_OF_DOMAIN, "spk_optimizer_add_group|.weight_decay",
           spk_optimizer_add_group(s->optimizer, s->linear, .weight_decay = INFINITY));
    IGNORE(spk_optimizer_groups, NULL_ARGUMENT, spk_optimizer_groups(NULL));
    IGNORE(spk_optimizer_lr, NULL_ARGUMENT, spk_optimizer_lr(NULL, 0));
    IGNORE(spk_optimizer_lr, OUT_OF_DOMAIN, spk_optimizer_lr(s->optimizer, 1));
    IGNORE(spk_optimizer_lr, OUT_OF_DOMAIN, spk_optimizer_lr(s->optimizer, -1));
    IGNORE(spk_optimizer_set_lr, NULL_ARGUMENT, spk_optimizer_set_lr(NULL, 0, 1));
    REFUSE(spk_optimizer_set_lr, OUT_OF_DOMAIN, "spk_optimizer_set_lr|no group 1", spk_optimizer_set_lr(s->optimizer, 1, 1));
    REFUSE(spk_optimizer_set_lr, OUT_OF_DOMAIN, "spk_optimizer_set_lr|no group", spk_optimizer_set_lr(s->optimizer, INT64_MIN, 1));
    REFUSE(spk_optimizer_set_lr, OUT_OF_DOMAIN, "spk_optimizer_set_lr|.lr is -1", spk_optimizer_set_lr(s->optimizer, 0, -1));
    REFUSE(spk_optimizer_set_lr, OUT_OF_DOMAIN, "spk_optimizer_set_lr|.lr", spk_optimizer_set_lr(s->optimizer, 0, NAN));
    IGNORE(spk_clip_grad_norm, NULL_ARGUMENT, spk_clip_grad_norm(NULL, 1));
    IGNORE(spk_clip_grad_norm, WRONG_KIND, spk_clip_grad_norm(none(), 1));
    REFUSE(spk_clip_grad_norm, OUT_OF_DOMAIN, "spk_clip_grad_norm|max_norm is -1", spk_clip_grad_norm(s->net, -1));
    REFUSE(spk_clip_grad_norm, OUT_OF_DOMAIN, "spk_clip_grad_norm|max_norm", spk_clip_grad_norm(s->net, NAN));
}

/* At the last step that can be counted; put back by the row's own call. */
static spk_schedule *at_the_end(world *s) {
    spk_schedule *schedule = spk_step_lr(s->optimizer, .step_size = 1, .gamma = 1);
    spk_schedule_set_step(schedule, INT64_MAX);
    return schedule;
}

Test(misuse_optimizer, schedules) {
    IGNORE(spk_schedule_step, NULL_ARGUMENT, spk_schedule_step(NULL));
    IGNORE(spk_schedule_set_step, NULL_ARGUMENT, spk_schedule_set_step(NULL, 1));
    REFUSE(spk_schedule_set_step, OUT_OF_DOMAIN, "spk_step_lr|the step is -1; it must be 0 or more", spk_schedule_set_step(s->schedule, -1));
    IGNORE(spk_schedule_now, NULL_ARGUMENT, spk_schedule_now(NULL));
    IGNORE(spk_schedule_lr, NULL_ARGUMENT, spk_schedule_lr(NULL, 0, 0));
    IGNORE(spk_schedule_lr, OUT_OF_DOMAIN, spk_schedule_lr(s->schedule, 1, 0));
    IGNORE(spk_schedule_lr, OUT_OF_DOMAIN, spk_schedule_lr(s->schedule, -1, 0));
    IGNORE(spk_schedule_lr, OUT_OF_DOMAIN, spk_schedule_lr(s->schedule, 0, -1));
    IGNORE(spk_step_lr_with, NULL_ARGUMENT, spk_step_lr(NULL, .step_size = 1));
    REFUSE(spk_step_lr_with, OUT_OF_DOMAIN, "spk_step_lr|.step_size is 0", spk_step_lr(s->optimizer));
    REFUSE(spk_step_lr_with, OUT_OF_DOMAIN, "spk_step_lr|.gamma", spk_step_lr(s->optimizer, .step_size = 1, .gamma = -1));
    REFUSE(spk_step_lr_with, OUT_OF_DOMAIN, "spk_step_lr|.gamma", spk_step_lr(s->optimizer, .step_size = 1, .gamma = NAN));
    IGNORE(spk_cosine_lr_with, NULL_ARGUMENT, spk_cosine_lr(NULL, .steps = 1));
    REFUSE(spk_cosine_lr_with, OUT_OF_DOMAIN, "spk_cosine_lr|.steps is 0", spk_cosine_lr(s->optimizer));
    REFUSE(spk_cosine_lr_with, OUT_OF_DOMAIN, "spk_cosine_lr|.lowest", spk_cosine_lr(s->optimizer, .steps = 1, .lowest = -1));
    IGNORE(spk_one_cycle_lr_with, NULL_ARGUMENT, spk_one_cycle_lr(NULL, .steps = 2));
    REFUSE(spk_one_cycle_lr_with, OUT_OF_DOMAIN, "spk_one_cycle_lr|.steps is 1", spk_one_cycle_lr(s->optimizer, .steps = 1));
    REFUSE(spk_one_cycle_lr_with, OUT_OF_DOMAIN, "spk_one_cycle_lr|.max_lr", spk_one_cycle_lr(s->optimizer, .steps = 9, .max_lr = -1));
    REFUSE(spk_one_cycle_lr_with, OUT_OF_DOMAIN, "spk_one_cycle_lr|.start", spk_one_cycle_lr(s->optimizer, .steps = 9, .start = 2));
    REFUSE(spk_one_cycle_lr_with, OUT_OF_DOMAIN, "spk_one_cycle_lr|.start", spk_one_cycle_lr(s->optimizer, .steps = 9, .start = NAN));
    REFUSE(spk_one_cycle_lr_with, OUT_OF_DOMAIN, "spk_one_cycle_lr|.div_factor",
           spk_one_cycle_lr(s->optimizer, .steps = 9, .div_factor = 0));
    REFUSE(spk_one_cycle_lr_with, OUT_OF_DOMAIN, "spk_one_cycle_lr|.final_div_factor",
           spk_one_cycle_lr(s->optimizer, .steps = 9, .final_div_factor = NAN));
    IGNORE(spk_warmup_lr_with, NULL_ARGUMENT, spk_warmup_lr(NULL, .steps = 1));
    REFUSE(spk_warmup_lr_with, OUT_OF_DOMAIN, "spk_warmup_lr|.steps is 0", spk_warmup_lr(s->optimizer));
    REFUSE(spk_warmup_lr_with, OUT_OF_DOMAIN, "spk_warmup_lr|.first", spk_warmup_lr(s->optimizer, .steps = 1, .first = -1));
    REFUSE(spk_warmup_lr_with, OUT_OF_DOMAIN, "spk_warmup_lr|.first", spk_warmup_lr(s->optimizer, .steps = 1, .first = NAN));

    world *s = misuse_begin("spk_schedule_step", "past the last step", __LINE__);
    cr_assert(!spk_schedule_step(at_the_end(s)));
    assert_error(s->ctx, "past the last step", "spk_step_lr", "no step after");
    spk_ctx_destroy(s->ctx);
    spk_ctx_destroy(s->other->ctx);
}

static double lr_of(spk_optimizer *opt) { return spk_optimizer_lr(opt, 0); }

/* Modules, their parts and their optimizers may be destroyed in any order, within a step, too. */
Test(misuse_optimizer, destroyed_modules) {
    world *s = misuse_begin("spk_module_destroy", "the net of an optimizer", __LINE__);
    spk_optimizer *sgd = spk_sgd(s->net, .lr = 0.1, .momentum = 0.9);
    spk_reset(s->net);
    spk_tensor *loss = spk_sum(spk_call(s->net, s->x));
    const int64_t before = spk_parameter_count(s->net, false), gone = spk_parameter_count(s->linear, false);
    spk_module_destroy(s->linear);
    cr_assert(spk_parameter_count(s->net, false) == before - gone && !spk_find_module(s->net, "0"));
    cr_assert(spk_backward(loss), "over a destroyed layer: %s", spk_error(s->ctx));
    cr_assert(spk_optimizer_step(s->optimizer) && spk_optimizer_step(sgd), "%s", spk_error(s->ctx));
    spk_end_step(s->ctx);
    cr_assert(spk_optimizer_step(s->optimizer) && spk_optimizer_step(sgd), "%s", spk_error(s->ctx));
    spk_module_destroy(s->net);
    cr_assert(spk_optimizer_step(s->optimizer) && lr_of(sgd) == 0.1 && !spk_failed(s->ctx), "without any parameter");
    spk_optimizer_destroy(s->optimizer);
    spk_optimizer_destroy(sgd);
    spk_ctx_destroy(s->ctx);
    spk_ctx_destroy(s->other->ctx);
}

static const char nowhere[] = "/nowhere/at/all.safetensors";
#define FOLDER SPK_SOURCE_DIR "/tests"

Test(misuse_optimizer, state_files) {
    spk_real out[4] = {0};
    const spk_state_entry scalar = {.name = "x", .shape = SPK_SCALAR, .bytes = (const unsigned char[8]){0}, .width = 4};
    IGNORE(spk_save, NULL_ARGUMENT, spk_save(NULL, nowhere));
    REFUSE(spk_save, NULL_ARGUMENT, "spk_save|the path is NULL", spk_save(s->net, NULL));
    IGNORE(spk_save, WRONG_KIND, spk_save(none(), nowhere));
    REFUSE(spk_save, OUT_OF_DOMAIN, "/nowhere/at/all.safetensors|cannot be written", spk_save(s->net, nowhere));
    IGNORE(spk_load, NULL_ARGUMENT, spk_load(NULL, nowhere));
    REFUSE(spk_load, NULL_ARGUMENT, "spk_state_file_read|the path is NULL", spk_load(s->net, NULL));
    IGNORE(spk_load, WRONG_KIND, spk_load(none(), nowhere));
    REFUSE(spk_load, OUT_OF_DOMAIN, "/nowhere/at/all.safetensors|cannot be opened", spk_load(s->net, nowhere));
    IGNORE(spk_state_file_read, NULL_ARGUMENT, spk_state_file_read(NULL, nowhere));
    REFUSE(spk_state_file_read, NULL_ARGUMENT, "spk_state_file_read|NULL", spk_state_file_read(s->ctx, NULL));
    REFUSE(spk_state_file_read, WRONG_KIND, FOLDER "|reading failed", spk_state_file_read(s->ctx, FOLDER));
    REFUSE(spk_state_file_read, WRONG_KIND, FOLDER "/CMakeLists.txt|no safetensors file",
           spk_state_file_read(s->ctx, FOLDER "/CMakeLists.txt"));
    IGNORE_VOID(spk_state_file_destroy, NULL_ARGUMENT, spk_state_file_destroy(NULL));
    IGNORE(spk_state_file_count, NULL_ARGUMENT, spk_state_file_count(NULL));
    IGNORE(spk_state_file_entry, NULL_ARGUMENT, spk_state_file_entry(NULL, 0));
    IGNORE(spk_state_file_find, NULL_ARGUMENT, spk_state_file_find(NULL, "x"));
    IGNORE(spk_state_file_find, NULL_ARGUMENT, spk_state_file_find(NULL, NULL));
    IGNORE_VOID(spk_state_entry_copy, NULL_ARGUMENT, spk_state_entry_copy(NULL, false, out));
    IGNORE_VOID(spk_state_entry_copy, NULL_ARGUMENT, spk_state_entry_copy(&scalar, false, NULL));
    IGNORE_VOID(spk_state_entry_copy, WRONG_SHAPE, spk_state_entry_copy(&scalar, true, out));
}

static const char *notice;
static int64_t epoch;
static const spk_variable variable = {.name = "epoch", .whole = &epoch}, nameless = {.whole = &epoch}, empty = {.name = "epoch"};

Test(misuse_optimizer, checkpoints) {
    IGNORE(spk_checkpoint_save_with, NULL_ARGUMENT, spk_checkpoint_save(NULL, nowhere));
    REFUSE(spk_checkpoint_save_with, NULL_ARGUMENT, "spk_checkpoint_save|the path is NULL", spk_checkpoint_save(s->net, NULL));
    REFUSE(spk_checkpoint_save_with, NULL_ARGUMENT, "spk_checkpoint|.n_variables",
           spk_checkpoint_save(s->net, nowhere, .variables = NULL, .n_variables = 2));
    REFUSE(spk_checkpoint_save_with, NULL_ARGUMENT, "spk_checkpoint|a variable needs a name",
           spk_checkpoint_save(s->net, nowhere, .variables = &nameless, .n_variables = 1));
    REFUSE(spk_checkpoint_save_with, NULL_ARGUMENT, "spk_checkpoint|either .whole or .real",
           spk_checkpoint_save(s->net, nowhere, .variables = &empty, .n_variables = 1));
    IGNORE(spk_checkpoint_save_with, WRONG_KIND, spk_checkpoint_save(none(), nowhere));
    REFUSE(spk_checkpoint_save_with, FOREIGN, "spk_checkpoint|another context",
           spk_checkpoint_save(s->net, nowhere, .optimizer = s->other->optimizer));
    REFUSE(spk_checkpoint_save_with, OUT_OF_DOMAIN, "spk_checkpoint|.n_variables is -1",
           spk_checkpoint_save(s->net, nowhere, .variables = &variable, .n_variables = -1));
    REFUSE(spk_checkpoint_save_with, OUT_OF_DOMAIN, "/nowhere/at/all.safetensors|cannot be written", spk_checkpoint_save(s->net, nowhere));
    IGNORE(spk_checkpoint_load_with, NULL_ARGUMENT, spk_checkpoint_load(NULL, nowhere, .notice = &notice));
    REFUSE(spk_checkpoint_load_with, NULL_ARGUMENT, "spk_checkpoint_load|the path is NULL", spk_checkpoint_load(s->net, NULL));
    REFUSE(spk_checkpoint_load_with, NULL_ARGUMENT, "spk_checkpoint|.n_variables",
           spk_checkpoint_load(s->net, nowhere, .variables = NULL, .n_variables = 2));
    IGNORE(spk_checkpoint_load_with, WRONG_KIND, spk_checkpoint_load(none(), nowhere));
    REFUSE(spk_checkpoint_load_with, FOREIGN, "spk_checkpoint|another context",
           spk_checkpoint_load(s->net, nowhere, .optimizer = s->other->optimizer));
    REFUSE(spk_checkpoint_load_with, OUT_OF_DOMAIN, "/nowhere/at/all.safetensors|cannot be opened", spk_checkpoint_load(s->net, nowhere));
    REFUSE(spk_checkpoint_load_with, WRONG_KIND, FOLDER "/CMakeLists.txt|no checkpoint",
           spk_checkpoint_load(s->net, FOLDER "/CMakeLists.txt"));
    IGNORE(spk_checkpoint_exists, NULL_ARGUMENT, spk_checkpoint_exists(NULL));
    IGNORE(spk_checkpoint_exists, OUT_OF_DOMAIN, spk_checkpoint_exists(nowhere));
}

/* A file that is there: entries and names that are not in it. */
Test(misuse_optimizer, a_state_file_that_is_there) {
    world *s = misuse_begin("spk_state_file_find", "a file that is there", __LINE__);
    char path[] = "/tmp/spk-misuse-XXXXXX";
    const int file = mkstemp(path);
    cr_assert(file >= 0 && spk_save(s->net, path), "%s", spk_error(s->ctx));
    close(file);
    spk_state_file *content = spk_state_file_read(s->ctx, path);
    cr_assert(spk_state_file_count(content) > 0 && !spk_state_file_find(content, NULL) && !spk_state_file_find(content, "x"));
    cr_assert(!spk_state_file_entry(content, -1) && !spk_state_file_entry(content, spk_state_file_count(content)));
    cr_assert(!spk_state_file_entry(content, INT64_MIN) && !spk_state_file_entry(content, INT64_MAX));
    cr_assert(!spk_load(s->linear, path));
    assert_error(s->ctx, "another net's file", path, "is missing");
    spk_state_file_destroy(content);
    misuse_end(s, true, NULL);
    unlink(path);
}
