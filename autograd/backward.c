/* Backward: one walk over the records in reverse. */
#include "autograd/anomaly_internal.h"
#include "autograd/gradient_internal.h"
#include "autograd/record_internal.h"
#include "core/context_internal.h"
#include <string.h>

static void add(spk_tensor *to, const spk_tensor *g) {
    to->summed = true;
    spk_real *restrict sum = spk_reals(to);
    const spk_real *restrict more = spk_reals(g);
    for (int64_t i = 0; i < to->size; i++) sum[i] += more[i];
}

/* Adds g to x's gradient, taking g over. */
static void deliver(spk_tensor *x, spk_tensor *g) {
    spk_ctx *ctx = x->object.ctx;
    spk_tensor **slot = x->record ? &x->grad : &x->arriving;
    const bool alone = x->record && !*slot && !x->hooks && !x->retains_grad;
    if (!alone && (!spk_gradient_write_out(g) || (*slot && !spk_gradient_write_out(*slot)))) return;
    if (!x->record && !x->hooks) { /* a leaf accumulates over backwards */
        if (!spk_leaf_gradient(x)) return;
        if (g == x->grad) x->grad_ready = true;
        else if (x->grad_ready) add(x->grad, g);
        else memcpy(x->grad->data, g->data, spk_bytes(g->size)), x->grad_ready = true;
        if (g != x->grad) spk_gradient_drop(ctx, g);
    } else if (!*slot) {
        *slot = g;
    } else {
        add(*slot, g);
        spk_gradient_drop(ctx, g);
    }
}

static bool reached(const spk_record *r, uint64_t walk) {
    for (int k = 0; k < SPK_MAX_OUTPUTS; k++)
        if (r->out[k] && r->out[k]->walk == walk) return true;
    return false;
}

/* Ops of many inputs, as concat, have none beyond the word in such a set. */
static bool in_set(unsigned set, int i) { return i < 32 && (set >> i & 1); }

static bool unchanged(spk_record *r, const spk_tensor *x, int i, bool saved, const char *kind, int number) {
    if (!saved || !x || x->owner->version == r->versions[i]) return true;
    return spk_op_fail(r, "backward needs %s %d (shape %s) as it was, but it was changed in place since; write to a copy (spk_keep)", kind,
                       number, spk_shape_text(x->shape).text);
}

/* Marks what y depends on and refuses what cannot be walked, before any gradient changes. */
static bool prepare(spk_ctx *ctx, spk_tensor *y) {
    y->walk = ++ctx->walk;
    y->arriving = NULL;
    for (spk_record *r = ctx->tape; r; r = r->previous) {
        if (!reached(r, ctx->walk)) continue;
        if (r->consumed)
            return spk_op_fail(r, "backward has run over this call before; keep its records with spk_backward(..., .retain = true), or cut "
                                  "the graph with spk_tensor_detach, or spk_detach for a net's memories");
        for (int i = 0; i < r->inputs; i++) {
            if (!unchanged(r, r->in[i], i, in_set(r->op->saved_inputs, i), "input", i)) return false;
            if (!r->in[i] || !r->in[i]->requires_grad) continue;
            r->in[i]->walk = ctx->walk;
            r->in[i]->arriving = NULL; /* of a backward that failed */
        }
        for (int k = 0; k < SPK_MAX_OUTPUTS; k++)
            if (!unchanged(r, r->out[k], r->inputs + k, in_set(r->op->saved_outputs, k), "output", k)) return false;
    }
    return true;
}

/* A retained gradient is that of the last backward: this walk begins with none. */
static void forget_retained(spk_ctx *ctx) {
    for (spk_record *r = ctx->tape; r; r = r->previous)
        for (int k = 0; k < SPK_MAX_OUTPUTS; k++)
            if (r->out[k] && r->out[k]->walk == ctx->walk) r->out[k]->grad = NULL;
}

/* Only a sum of contributions, or a hook, can spoil what was scanned when it was given. */
static void scan_arrived(spk_record *r, spk_tensor *out) {
    if (out->hooks) spk_gradient_is_finite(r, out->grad, "a hook");
    else if (out->grad->summed) spk_gradient_is_finite(r, out->grad, "the sum over its uses");
}

/* Scans the gradients that the adjoint gave and those of leaves that they were added to. */
static void deliver_all(spk_record *r) {
    if (r->ctx->detect_anomaly && !spk_contributions_are_finite(r)) return;
    for (int i = 0; i < r->inputs; i++) {
        spk_tensor *x = r->in[i];
        if (r->contributions[i]) deliver(x, r->contributions[i]);
        r->contributions[i] = NULL;
        if (!r->ctx->detect_anomaly || r->ctx->failed || !x || x->record || !x->grad_ready || !x->grad->summed) continue;
        x->grad->summed = false;
        spk_leaf_gradient_is_finite(x, x->grad, "the sum over all uses");
    }
}

static void empty_gradients(spk_record *r) {
    for (int i = 0; i < r->inputs; i++) (void)spk_grad_to(r, i);
}

/* Runs one record's adjoint if a gradient has come to it. */
static void step_back(spk_record *r) {
    bool any = false;
    for (int k = 0; k < SPK_MAX_OUTPUTS; k++) {
        spk_tensor *out = r->out[k];
        if (!out || !out->grad) continue;
        if ((out->hooks || out->retains_grad) && !spk_gradient_write_out(out->grad))
            return; /* a hook may have asked for either since it arrived */
        spk_gradient_hooks(out, out->grad);
        spk_gradient_show(out, out->grad);
        if (r->ctx->detect_anomaly) scan_arrived(r, out);
        any = true;
    }
    if (!any || r->ctx->failed) return;
    r->ctx->doing = (spk_activity){r->op->name, r->path, .backward = true};
    if (spk_record_is_empty(r)) empty_gradients(r);
    else r->op->backward(r);
    if (!r->ctx->failed) deliver_all(r);
    if (r->ctx->failed) return;
    for (int k = 0; k < SPK_MAX_OUTPUTS; k++) {
        spk_tensor *out = r->out[k];
        if (!out || !out->grad || out->retains_grad) continue;
        spk_gradient_drop(r->ctx, out->grad);
        out->grad = NULL;
    }
}

/* A gradient that is not whole is none: what this walk may have written is not for an optimizer. */
static void drop_gradients(spk_ctx *ctx, spk_tensor *y) {
    if (!y->record) y->grad_ready = false;
    for (spk_record *r = ctx->tape; r; r = r->previous)
        for (int i = 0; i < r->inputs; i++)
            if (r->in[i] && !r->in[i]->record && r->in[i]->walk == ctx->walk) r->in[i]->grad_ready = false;
}

/* A leaf with hooks gets what this backward brought, once it is whole. */
static void release_arrival(spk_ctx *ctx, spk_tensor *leaf) {
    if (ctx->failed || !leaf || leaf->walk != ctx->walk || !leaf->arriving) return; /* of another walk: a backward that failed */
    spk_gradient_hooks(leaf, leaf->arriving);
    if (ctx->detect_anomaly && !spk_leaf_gradient_is_finite(leaf, leaf->arriving, "a hook, or the sum over all uses,")) return;
    if (!spk_leaf_gradient(leaf)) return;
    if (leaf->grad_ready) add(leaf->grad, leaf->arriving);
    else memcpy(leaf->grad->data, leaf->arriving->data, spk_bytes(leaf->size)), leaf->grad_ready = true;
    leaf->arriving = NULL;
    if (ctx->detect_anomaly) spk_leaf_gradient_is_finite(leaf, leaf->grad, "the sum over backwards");
}

static void release_arrivals(spk_ctx *ctx, spk_tensor *y) {
    release_arrival(ctx, y);
    for (spk_record *r = ctx->tape; r; r = r->previous)
        for (int i = 0; i < r->inputs; i++) release_arrival(ctx, r->in[i]);
}

static spk_tensor *seed(spk_tensor *y, spk_tensor *gradient) {
    spk_ctx *ctx = y->object.ctx;
    if (gradient && spk_tensor_usable(ctx, gradient, "spk_backward") && !spk_shape_equal(gradient->shape, y->shape))
        spk_fail(ctx, "spk_backward: the given gradient has shape %s, the tensor %s", spk_shape_text(gradient->shape).text,
                 spk_shape_text(y->shape).text);
    else if (!gradient && y->size != 1)
        spk_fail(ctx, "spk_backward: the tensor has shape %s, not one element; reduce it (spk_sum, spk_mean) or pass .gradient",
                 spk_shape_text(y->shape).text);
    const spk_real *values = gradient && !ctx->failed ? spk_data(gradient) : NULL;
    spk_tensor *g = ctx->failed ? NULL : spk_gradient_create(y);
    if (!g) return NULL;
    spk_real *to = spk_reals(g);
    for (int64_t i = 0; i < g->size; i++) to[i] = values ? values[i] : 1;
    for (int64_t i = g->size; values && i < y->size; i++) to[i % g->size] += values[i]; /* repeated: summed over its repeats */
    return g;
}

static void walk_back(spk_ctx *ctx, spk_tensor *y, spk_tensor *g, bool retain) {
    forget_retained(ctx);
    deliver(y, g);
    for (spk_record *r = ctx->tape; r && !ctx->failed; r = r->previous) {
        if (!reached(r, ctx->walk)) continue;
        step_back(r);
        r->consumed = !retain;
    }
    if (!ctx->failed) release_arrivals(ctx, y);
    if (ctx->failed) drop_gradients(ctx, y);
}

spk_backward_opts spk_backward_options(void) { return (spk_backward_opts){SPK_BACKWARD_DEFAULTS}; }

bool spk_backward_with(spk_tensor *y, spk_backward_opts options) {
    spk_ctx *ctx = spk_tensor_ctx(y);
    if (!spk_tensor_usable(ctx, y, "spk_backward")) return false;
    if (!y->requires_grad) {
        spk_fail(ctx, "spk_backward: the result of %s does not depend on a tensor that requires a gradient", y->op);
        return false;
    }
    const spk_activity before = spk_doing_function(ctx, "spk_backward");
    spk_tensor *g = prepare(ctx, y) ? seed(y, options.gradient) : NULL;
    if (g && (!ctx->detect_anomaly || spk_leaf_gradient_is_finite(y, g, "the given gradient"))) walk_back(ctx, y, g, options.retain);
    spk_done(ctx, before);
    return g && !ctx->failed;
}
