/* From a call to a record on the tape. */
#include "autograd/record_internal.h"
#include "autograd/ops.h"
#include "autograd/anomaly_internal.h"
#include "autograd/ops_internal.h"
#include "core/context_internal.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A record and its arrays in one block of the step's header memory. */
static spk_record *record_create(spk_ctx *ctx, const spk_op *op, const void *attributes, int n, spk_tensor *const *inputs) {
    const size_t pointers = 2 * (size_t)n * sizeof(spk_tensor *), versions = ((size_t)n + SPK_MAX_OUTPUTS) * sizeof(uint64_t);
    unsigned char *block = spk_step_header(ctx, sizeof(spk_record) + pointers + versions);
    void *copy = op->attributes ? spk_step_header(ctx, op->attributes) : NULL;
    if (!block || (op->attributes && !copy)) return NULL;
    memset(block, 0, sizeof(spk_record) + pointers + versions);
    if (copy) memcpy(copy, attributes, op->attributes);
    spk_record *r = (spk_record *)(void *)block;
    r->op = op, r->ctx = ctx, r->attributes = copy, r->inputs = n;
    r->path = spk_scope_path(ctx);
    r->in = (spk_tensor **)(void *)(block + sizeof *r);
    r->contributions = r->in + n;
    r->versions = (uint64_t *)(void *)(r->contributions + n);
    memcpy(r->in, inputs, (size_t)n * sizeof *inputs);
    return r;
}

/* `linear (net.fc1)`, in step memory. */
static const char *caller(spk_record *r) {
    const size_t length = strlen(r->op->name) + strlen(r->path) + 4;
    char *text = spk_step_header(r->ctx, length);
    if (!text) return r->op->name;
    snprintf(text, length, *r->path ? "%s (%s)" : "%s", r->op->name, r->path);
    return text;
}

static bool check_inputs(spk_record *r) {
    for (int i = 0; i < r->inputs; i++) {
        spk_tensor *x = r->in[i];
        if (!x && i < 32 && (r->op->optional_inputs >> i & 1)) continue;
        if (!spk_tensor_lives(r->ctx, x)) return spk_tensor_usable(r->ctx, x, caller(r));
        if (!(x->storage & (r->op->storages | SPK_DENSE))) r->in[i] = spk_dense(x);
    }
    return !r->ctx->failed;
}

static bool needs_record(const spk_record *r) {
    if (r->ctx->grad_disabled || !r->op->backward) return false;
    for (int i = 0; i < r->inputs; i++)
        if (r->in[i] && r->in[i]->requires_grad) return true;
    return false;
}

static void append(spk_record *r) {
    for (int i = 0; i < r->inputs; i++) r->versions[i] = r->in[i] ? r->in[i]->owner->version : 0;
    for (int k = 0; k < SPK_MAX_OUTPUTS; k++) {
        if (!r->out[k]) continue;
        r->versions[r->inputs + k] = r->out[k]->owner->version;
        r->out[k]->requires_grad = true;
        r->out[k]->record = r;
    }
    r->previous = r->ctx->tape;
    r->ctx->tape = r;
}

bool spk_record_is_empty(const spk_record *r) {
    int64_t elements = 0;
    for (int i = 0; i < r->inputs && !elements; i++) elements = spk_size(r->in[i]);
    for (int k = 0; k < SPK_MAX_OUTPUTS && !elements; k++) elements = spk_size(r->out[k]);
    return !elements;
}

static int outputs_of(const spk_op *op) { return op->outputs ? op->outputs : 1; }

static bool run(spk_record *r) {
    if (!check_inputs(r)) return false;
    r->recorded = needs_record(r);
    if (!r->op->infer(r) || r->ctx->failed) return false;
    for (int k = 0; k < outputs_of(r->op); k++)
        if (!r->out[k] && spk_wanted(r, k)) return spk_op_fail(r, "infer has not set output %d", k);
    if (r->ctx->detect_anomaly && !spk_inputs_are_finite(r)) return false;
    if (r->op->forward && !spk_record_is_empty(r)) r->op->forward(r);
    if (r->ctx->failed || (r->ctx->detect_anomaly && !spk_outputs_are_finite(r))) return false;
    if (r->recorded) append(r);
    if (r->ctx->trial && r->op->multiply_adds) r->ctx->multiply_adds += r->op->multiply_adds(r);
    return true;
}

/* True for a call that can be made, whatever its inputs are. */
static bool check_call(spk_ctx *ctx, const spk_op *op, const void *attributes, int n, unsigned wanted) {
    if (ctx->failed) return false;
    if (!op || !op->name || !op->infer) spk_fail(ctx, "spk_apply: the op is %s", op ? "without a name or an infer function" : "NULL");
    else if (op->outputs < 0 || op->outputs > SPK_MAX_OUTPUTS)
        spk_fail(ctx, "%s: the op has %d outputs; at most %d can be had", op->name, op->outputs, SPK_MAX_OUTPUTS);
    else if (op->inputs && n != op->inputs) spk_fail(ctx, "%s: %d inputs are given; the op takes %d", op->name, n, op->inputs);
    else if (op->attributes && !attributes) spk_fail(ctx, "%s: the attributes are NULL; the op needs them", op->name);
    else if (wanted >> outputs_of(op)) spk_fail(ctx, "%s: an output is wanted past the op's %d", op->name, outputs_of(op));
    return !ctx->failed;
}

spk_tensor *spk_apply_n(const spk_op *op, const void *attributes, int n, spk_tensor *const *inputs, unsigned wanted, spk_tensor **outputs) {
    spk_ctx *ctx = NULL;
    for (int i = 0; inputs && i < n && !spk_ctx_is_real(ctx); i++) /* a call without a context may have given one of the inputs */
        if (inputs[i]) ctx = inputs[i]->object.ctx;
    ctx = spk_ctx_or_failed(ctx);
    const bool right = check_call(ctx, op, attributes, n, wanted);
    const spk_activity before = spk_doing_function(ctx, right ? op->name : NULL);
    spk_record *r = right ? record_create(ctx, op, attributes, n, inputs) : NULL;
    if (r) r->wanted = wanted | 1;
    const bool done = r && run(r);
    spk_done(ctx, before);
    for (int k = 0; outputs && k < SPK_MAX_OUTPUTS; k++) outputs[k] = !(wanted >> k & 1) ? NULL : done ? r->out[k] : &ctx->inert;
    return done ? r->out[0] : &ctx->inert;
}

/* Sets the header of output k; NULL after an error. */
static spk_tensor *output(spk_record *r, int k, spk_shape shape) {
    if (!spk_has_output(r, k)) return NULL;
    if (spk_shape_size(shape) < 0) {
        spk_op_fail(r, "the result would have more elements than memory can hold");
        return NULL;
    }
    spk_tensor *out = spk_tensor_header(r->ctx, shape);
    if (!out) return NULL;
    out->op = r->op->name, out->path = r->path;
    return r->out[k] = out;
}

bool spk_output(spk_record *r, int k, spk_shape shape) {
    spk_tensor *out = output(r, k, shape);
    return out && spk_tensor_take_dense(out);
}

bool spk_output_view(spk_record *r, int k, spk_shape shape, int i, int64_t offset) {
    spk_tensor *out = output(r, k, shape);
    if (!out) return false;
    const spk_tensor *x = i >= 0 && i < r->inputs ? r->in[i] : NULL;
    const int64_t stored = !x ? -1 : x->storage == SPK_BITS ? x->size : spk_stored(x); /* of which a view may show a part */
    if (offset < 0 || offset > stored || spk_shape_size(shape) / (x->storage == SPK_REPEATED ? x->repeat : 1) > stored - offset) {
        r->out[k] = NULL;
        return spk_op_fail(r, "output %d %s cannot show input %d from element %lld on", k, spk_shape_text(shape).text, i,
                           (long long)offset);
    }
    spk_tensor_show(out, r->in[i], offset);
    return true;
}

bool spk_output_repeated(spk_record *r, int k, spk_shape shape, int64_t repeat) {
    spk_tensor *out = output(r, k, shape);
    if (!out) return false;
    if (repeat < 1 || (repeat > 1 && (shape.axes < 1 || shape.dim[0] % repeat)))
        return spk_op_fail(r, "output %d %s is not %lld times the same rows", k, spk_shape_text(shape).text, (long long)repeat);
    out->repeat = repeat;
    if (!spk_tensor_take_dense(out)) return false;
    out->storage = repeat > 1 ? SPK_REPEATED : SPK_DENSE;
    return true;
}

bool spk_output_bits(spk_record *r, int k, spk_shape shape, int64_t row, spk_real scale) {
    spk_tensor *out = output(r, k, shape);
    if (out && out->size && (row < 1 || out->size % row))
        return spk_op_fail(r, "output %d %s is not made of rows of %lld elements", k, spk_shape_text(shape).text, (long long)row);
    if (!out || !spk_tensor_take_bits(out, row)) return false;
    out->scale = scale;
    return true;
}

static spk_real *no_values(const spk_tensor *x) {
    if (x && spk_tensor_usable(x->object.ctx, x, "spk_values"))
        spk_fail(x->object.ctx, "spk_values: a tensor %s is stored as bits; leave SPK_BITS out of the op's storages",
                 spk_shape_text(x->shape).text);
    return NULL;
}

bool spk_wanted(const spk_record *r, int k) { return r && k >= 0 && k < SPK_MAX_OUTPUTS && (r->wanted >> k & 1); }
bool spk_is_recorded(const spk_record *r) { return r && r->recorded; }
spk_real *spk_values(spk_tensor *x) {
    const bool there = x && x->storage != SPK_BITS && (!x->step || x->step == x->object.ctx->step);
    return there ? spk_reals(x) : no_values(x);
}
int64_t spk_count(const spk_tensor *x) { return x ? spk_stored(x) : 0; }
void *spk_save_for_backward(spk_record *r, size_t bytes) { return r ? r->saved = spk_step_data(r->ctx, bytes) : NULL; }
void *spk_scratch(spk_record *r, size_t bytes) { return r ? spk_step_data(r->ctx, bytes) : NULL; }
void spk_scratch_done(spk_record *r, void *block, size_t bytes) {
    if (r) spk_arena_give(&r->ctx->data, block, bytes);
}

bool spk_has_output(spk_record *r, int k) {
    if (!r) return false;
    return (k >= 0 && k < outputs_of(r->op)) || spk_op_fail(r, "there is no output %d; the op has %d, from 0", k, outputs_of(r->op));
}

bool spk_op_fail(spk_record *r, const char *format, ...) {
    if (!r) return false;
    if (!format) format = "spk_op_fail: the format is NULL";
    char message[SPK_ERROR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    spk_error_format(message, format, arguments);
    va_end(arguments);
    spk_fail(r->ctx, "%s: %s", caller(r), message);
    return false;
}
