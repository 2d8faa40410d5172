/* The run of a net that spk_summary measures. The table: summary_table.c. */
#include "nn/summary.h"
#include "autograd/ops.h"
#include "core/text_internal.h"
#include "nn/summary_internal.h"
#include <inttypes.h>

/* What the trial has counted up to now. */
static spk_cost counted(const spk_ctx *ctx) { return (spk_cost){(int64_t)ctx->data.used, ctx->multiply_adds}; }

static spk_tensor *before(spk_module *module, spk_tensor *x, void *user) {
    spk_summary_row *row = user;
    (void)x;
    row->outer = row->summary->running;
    row->summary->running = row;
    row->inner = (spk_cost){0};
    row->begun = counted(module->object.ctx);
    return NULL;
}

static spk_tensor *after(spk_module *module, spk_tensor *x, spk_tensor *y, void *user) {
    spk_summary_row *row = user;
    (void)x;
    if (!spk_tensor_lives(module->object.ctx, y)) return NULL;
    const spk_cost now = counted(module->object.ctx);
    const spk_cost whole = {now.bytes - row->begun.bytes, now.multiply_adds - row->begun.multiply_adds};
    row->own.bytes += whole.bytes - row->inner.bytes;
    row->own.multiply_adds += whole.multiply_adds - row->inner.multiply_adds;
    row->summary->running = row->outer;
    if (row->outer) row->outer->inner.bytes += whole.bytes, row->outer->inner.multiply_adds += whole.multiply_adds;
    row->called = true;
    row->output = y->shape, row->storage = y->storage, row->repeat = y->repeat;
    return NULL;
}

/* Room for all layers and memories; false without it. */
static bool make_room(spk_summary_run *s) {
    int rows = 0, memories = 0;
    for (spk_module *m = s->net; m; m = spk_next_module(s->net, m)) rows++;
    for (spk_walk w = spk_memories(s->net); spk_walk_next(&w);) memories++;
    s->row = spk_allocate(s->ctx, (size_t)rows * sizeof *s->row);
    s->memory = spk_allocate(s->ctx, (size_t)(memories + 1) * sizeof *s->memory);
    return !s->ctx->failed;
}

/* Evaluation mode, memories at their reset values, and hooks that measure. */
static bool prepare(spk_summary_run *s) {
    if (!make_room(s)) return false;
    for (spk_module *m = s->net; m; m = spk_next_module(s->net, m)) {
        s->row[s->rows++] = (spk_summary_row){.module = m, .summary = s, .training = m->training};
        m->training = false;
    }
    for (spk_walk w = spk_memories(s->net); spk_walk_next(&w);) {
        spk_slot *slot = w.slot;
        s->memory[s->memories++] = (spk_summary_memory){slot, slot->tensor, slot->ended, slot->larger != NULL};
        slot->tensor = NULL;
        slot->ended = false;
    }
    for (int i = 0; i < s->rows; i++)
        if (!spk_add_forward_pre_hook(s->row[i].module, before, &s->row[i]) || !spk_add_forward_hook(s->row[i].module, after, &s->row[i]))
            return false;
    return true;
}

static void run(spk_summary_run *s) {
    spk_trial trial;
    spk_trial_begin(s->ctx, &trial);
    spk_tensor *x = spk_full(s->ctx, s->input, 0);
    spk_call(s->net, s->T > 1 ? spk_repeat_over_time(x, s->T) : x);
    s->peak = s->ctx->step_peak;
    spk_trial_end(s->ctx, &trial);
}

static void put_back(spk_summary_run *s) {
    for (int i = 0; i < s->rows; i++) {
        spk_remove_hooks(s->row[i].module, &s->row[i]);
        s->row[i].module->training = s->row[i].training;
    }
    for (int i = 0; i < s->memories; i++) {
        const spk_summary_memory *m = &s->memory[i];
        m->slot->tensor = m->tensor;
        m->slot->ended = m->ended;
        if (m->had_larger || !m->slot->larger) continue; /* room that grew is as good as before */
        spk_tensor_free(m->slot->larger);
        m->slot->larger = NULL;
    }
}

static const char *table(spk_summary_run *s) {
    spk_text text = {.ctx = s->ctx};
    spk_summary_write(s, &text);
    return spk_text_to_step(&text);
}

const char *spk_summary_with(spk_module *net, spk_shape input, spk_summary_opts options) {
    static const char who[] = "spk_summary";
    if (!spk_module_usable(net)) return "";
    spk_ctx *ctx = net->object.ctx;
    if (options.T < 1) spk_fail(ctx, "%s: T is %" PRId64 ": there is at least one step", who, options.T);
    if (spk_shape_size(input) < 0) spk_fail(ctx, "%s: the input's shape is invalid, or memory cannot hold it", who);
    if (ctx->failed) return "";
    spk_summary_run s = {.ctx = ctx, .net = net, .input = input, .T = options.T};
    const spk_activity was = spk_doing_function(ctx, who);
    if (prepare(&s)) run(&s);
    put_back(&s);
    const char *text = ctx->failed ? "" : table(&s);
    spk_release(ctx, s.row);
    spk_release(ctx, s.memory);
    spk_done(ctx, was);
    return text;
}

spk_summary_opts spk_summary_options(void) { return (spk_summary_opts){SPK_SUMMARY_DEFAULTS}; }
