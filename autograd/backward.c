/* Backward: one walk over the records in reverse. */
#include "autograd/anomaly_internal.h"
#include "autograd/ops_internal.h"
#include "autograd/record_internal.h"
#include "autograd/tape.h"
#include "core/blas_internal.h"
#include "core/context_internal.h"
#include <string.h>

struct spk_hook {
    spk_grad_hook call;
    void *user;
    struct spk_hook *next;
};

bool spk_requires_grad(const spk_tensor *x) { return x && x->requires_grad; }

spk_tensor *spk_set_requires_grad(spk_tensor *x, bool requires_grad) {
    spk_ctx *ctx = spk_tensor_ctx(x);
    if (!spk_tensor_usable(ctx, x, "spk_set_requires_grad")) return &ctx->inert;
    if (x->step)
        spk_fail(ctx, "spk_set_requires_grad: the tensor is a result of %s; only persistent tensors are leaves (spk_keep makes one)",
                 x->op);
    else x->requires_grad = requires_grad;
    return ctx->failed ? &ctx->inert : x;
}

spk_tensor *spk_retain_grad(spk_tensor *x) {
    spk_ctx *ctx = spk_tensor_ctx(x);
    if (!spk_tensor_usable(ctx, x, "spk_retain_grad")) return &ctx->inert;
    if (!x->requires_grad) spk_fail(ctx, "spk_retain_grad: the result of %s does not depend on a tensor that requires a gradient", x->op);
    else x->retains_grad = true;
    return ctx->failed ? &ctx->inert : x;
}

bool spk_set_grad_enabled(spk_ctx *ctx, bool enabled) {
    ctx = spk_ctx_or_failed(ctx);
    const bool before = !ctx->grad_disabled;
    if (spk_ctx_is_real(ctx)) ctx->grad_disabled = !enabled; /* also after an error: SPK_NO_GRAD puts back what was */
    return before;
}

bool spk_grad_enabled(const spk_ctx *ctx) { return ctx && !ctx->grad_disabled; }

spk_tensor *spk_grad(const spk_tensor *x) {
    if (!x || !x->grad || (x->step ? !spk_tensor_lives(x->object.ctx, x) : !x->grad_ready)) return NULL;
    return x->grad;
}

void spk_clear_grad(spk_tensor *x) {
    if (spk_tensor_usable(spk_tensor_ctx(x), x, "spk_clear_grad")) x->grad_ready = false;
}

void spk_add_grad_hook(spk_tensor *x, spk_grad_hook hook, void *user) {
    spk_ctx *ctx = spk_tensor_ctx(x);
    if (!spk_tensor_usable(ctx, x, "spk_add_grad_hook")) return;
    if (!hook || !x->requires_grad) {
        spk_fail(ctx, "spk_add_grad_hook: %s", hook ? "the tensor does not require a gradient" : "the hook is NULL");
        return;
    }
    static const spk_object_type owned = {.name = "gradient hook"};
    const spk_activity before = spk_doing_function(ctx, "spk_add_grad_hook");
    spk_object *home = x->step ? NULL : spk_object_create(ctx, &owned, sizeof(spk_object) + sizeof(struct spk_hook));
    struct spk_hook *h = x->step ? spk_step_header(ctx, sizeof *h) : (struct spk_hook *)(void *)(home ? home + 1 : NULL);
    spk_done(ctx, before);
    if (!h) return;
    *h = (struct spk_hook){hook, user, x->hooks};
    x->hooks = h;
}

bool spk_observe_grad(spk_tensor *x, spk_grad_hook observer, void *user) {
    struct spk_hook *h = spk_step_header(x->object.ctx, sizeof *h);
    if (!h) return false;
    *h = (struct spk_hook){observer, user, x->observers};
    x->observers = h;
    return true;
}

static void run_hooks(spk_tensor *x, spk_tensor *gradient) {
    for (struct spk_hook *h = x->hooks; h; h = h->next) h->call(x, gradient->size, spk_reals(gradient), h->user);
}

/* A gradient has as many numbers as x stores, in x's shape where that is the same. */
static spk_shape gradient_shape(const spk_tensor *x) {
    spk_shape shape = x->shape;
    if (x->repeat > 1 && shape.axes) shape.dim[0] /= x->repeat;
    return shape;
}

static spk_tensor *gradient_create(spk_tensor *x) {
    spk_tensor *g = spk_tensor_header(x->object.ctx, gradient_shape(x));
    if (!g || !spk_tensor_take_dense(g)) return NULL;
    g->op = "backward";
    return g;
}

static void gradient_drop(spk_ctx *ctx, spk_tensor *g) {
    if (g->pending) g = g->pending->factor;
    spk_arena_give(&ctx->data, g->data, spk_bytes(g->size));
}

static void multiply_out(const spk_product *q, spk_real *to) { spk_gemm(false, true, q->rows, q->in, q->out, q->g, q->weight, 0, to); }

/* Multiplies a pending gradient out. False without memory. */
static bool write_out(spk_tensor *g) {
    if (!g->pending) return true;
    if (!spk_tensor_take_dense(g)) return false;
    multiply_out(&g->pending->product, spk_reals(g));
    gradient_drop(g->object.ctx, g);
    g->pending = NULL;
    return true;
}

static void add(spk_tensor *to, const spk_tensor *g) {
    to->summed = true;
    spk_real *restrict sum = spk_reals(to);
    const spk_real *restrict more = spk_reals(g);
    for (int64_t i = 0; i < to->size; i++) sum[i] += more[i];
}

/* The leaf's own gradient memory, made when the first gradient arrives. */
static spk_tensor *leaf_gradient(spk_tensor *leaf) {
    if (!leaf->grad) {
        spk_tensor *g = spk_tensor_create(leaf->object.ctx, leaf->shape);
        if (leaf->object.ctx->failed) return NULL;
        leaf->grad = g;
        g->belongs = true;
    }
    return leaf->grad;
}

/* Adds g to x's gradient, taking g over. */
static void deliver(spk_tensor *x, spk_tensor *g) {
    spk_ctx *ctx = x->object.ctx;
    spk_tensor **slot = x->record ? &x->grad : &x->arriving;
    const bool alone = x->record && !*slot && !x->hooks && !x->retains_grad;
    if (!alone && (!write_out(g) || (*slot && !write_out(*slot)))) return;
    if (!x->record && !x->hooks) { /* a leaf accumulates over backwards */
        if (!leaf_gradient(x)) return;
        if (g == x->grad) x->grad_ready = true;
        else if (x->grad_ready) add(x->grad, g);
        else memcpy(x->grad->data, g->data, spk_bytes(g->size)), x->grad_ready = true;
        if (g != x->grad) gradient_drop(ctx, g);
    } else if (!*slot) {
        *slot = g;
    } else {
        add(*slot, g);
        gradient_drop(ctx, g);
    }
}

const spk_real *spk_grad_of(spk_record *r, int k) {
    spk_tensor *g = spk_has_output(r, k) && r->out[k] ? r->out[k]->grad : NULL;
    return g && write_out(g) ? spk_reals(g) : NULL;
}

const spk_product *spk_grad_product_of(spk_record *r, int k) {
    const spk_tensor *g = spk_has_output(r, k) && r->out[k] ? r->out[k]->grad : NULL;
    return g && g->pending ? &g->pending->product : NULL;
}

/* An earlier input of this record that is the same tensor and has its contribution already, or -1. */
static int twin(const spk_record *r, int i) {
    for (int j = 0; j < r->inputs; j++)
        if (j != i && r->in[j] == r->in[i] && r->contributions[j]) return j;
    return -1;
}

/* True when no other input of this record is the same tensor. */
static bool alone(const spk_record *r, int i) {
    for (int j = 0; j < r->inputs; j++)
        if (j != i && r->in[j] == r->in[i]) return false;
    return true;
}

/* The input whose gradient somebody needs, or NULL. */
static spk_tensor *needs_gradient(const spk_record *r, int i) {
    spk_tensor *x = r && i >= 0 && i < r->inputs ? r->in[i] : NULL;
    return x && x->requires_grad && !r->ctx->failed ? x : NULL;
}

spk_real *spk_grad_to(spk_record *r, int i) {
    spk_tensor *x = needs_gradient(r, i);
    if (!x) return NULL;
    const bool straight = !x->record && !x->hooks && !x->grad_ready && alone(r, i);
    r->contributions[i] = straight ? leaf_gradient(x) : gradient_create(x);
    return r->contributions[i] ? spk_reals(r->contributions[i]) : NULL;
}

spk_real *spk_grad_add_to(spk_record *r, int i) {
    spk_tensor *x = needs_gradient(r, i);
    if (!x) return NULL;
    const int j = twin(r, i);
    if (j >= 0) return spk_reals(r->contributions[j]);
    const bool begun = x->record ? x->grad != NULL : !x->hooks && x->grad_ready;
    if (begun) x->grad->summed = true;
    if (begun) return write_out(x->grad) ? spk_reals(x->grad) : NULL;
    spk_real *g = spk_grad_to(r, i);
    return g ? memset(g, 0, spk_bytes(spk_stored(x))) : NULL;
}

void spk_grad_pass(spk_record *r, int k, int i) {
    spk_tensor *x = needs_gradient(r, i), *y = spk_has_output(r, k) ? r->out[k] : NULL;
    if (!x || !y || !y->grad || !write_out(y->grad)) return;
    if (y->grad->size != spk_stored(x)) {
        spk_op_fail(r, "the gradient of output %d, %s, cannot be that of input %d, %s", k, spk_shape_text(y->grad->shape).text, i,
                    spk_shape_text(x->shape).text);
        return;
    }
    if (x->record && !y->retains_grad) { /* the gradient moves: y's is complete, and nobody reads it after this record */
        r->contributions[i] = y->grad;
        y->grad->shape = gradient_shape(x);
        y->grad = NULL;
    } else {
        spk_real *g = spk_grad_to(r, i);
        if (g) memcpy(g, y->grad->data, spk_bytes(y->grad->size));
    }
}

/* True when the op that made x takes its gradient as a product of `out` columns. */
static bool takes_product(const spk_tensor *x, int64_t out) {
    const spk_record *r = x->record;
    for (int k = 0; r && r->op->wants_product && k < SPK_MAX_OUTPUTS; k++)
        if (r->out[k] == x) return r->op->wants_product(r, k, out);
    return false;
}

/* Gives input i a product that is not multiplied out; `factor` owns what the product points to. */
static bool give_product(spk_record *r, int i, spk_product product, spk_tensor *factor) {
    spk_tensor *g = spk_tensor_header(r->ctx, gradient_shape(r->in[i]));
    struct spk_pending *pending = spk_step_header(r->ctx, sizeof *pending);
    if (!g || !pending) return false;
    *pending = (struct spk_pending){product, factor};
    g->op = "backward", g->pending = pending;
    r->contributions[i] = g;
    return true;
}

bool spk_grad_product(spk_record *r, int k, int i, spk_tensor *weight) {
    spk_tensor *x = needs_gradient(r, i), *y = spk_has_output(r, k) ? r->out[k] : NULL;
    if (!x || !y || !y->grad || y->retains_grad) return false;
    if (!spk_tensor_usable(r->ctx, weight, "spk_grad_product")) return false;
    if (weight->shape.axes != 2 || weight->storage != SPK_DENSE ||
        spk_stored(x) * weight->shape.dim[1] != y->grad->size * weight->shape.dim[0])
        return spk_op_fail(r, "spk_grad_product: the weight %s does not fit the gradient %s and input %d, %s",
                           spk_shape_text(weight->shape).text, spk_shape_text(y->grad->shape).text, i, spk_shape_text(x->shape).text);
    if (weight->shape.dim[1] < 1 || !takes_product(x, weight->shape.dim[1])) return false;
    const int64_t in = weight->shape.dim[0], out = weight->shape.dim[1];
    if (!give_product(r, i, (spk_product){y->grad->size / out, in, out, spk_reals(y->grad), spk_reals(weight)}, y->grad)) return false;
    y->grad = NULL;
    return true;
}

/* The product of a column of values and a row of ones. */
bool spk_grad_uniform(spk_record *r, int i, spk_real value) {
    spk_tensor *x = needs_gradient(r, i);
    if (!x || x->storage != SPK_BITS || x->row < 1 || !takes_product(x, 1)) return false;
    const int64_t rows = x->size / x->row;
    spk_tensor *factor = spk_tensor_header(r->ctx, SPK_SHAPE(rows + x->row));
    if (!factor || !spk_tensor_take_dense(factor)) return false;
    spk_real *g = spk_reals(factor), *ones = g + rows;
    for (int64_t j = 0; j < rows; j++) g[j] = value;
    for (int64_t j = 0; j < x->row; j++) ones[j] = 1;
    return give_product(r, i, (spk_product){rows, x->row, 1, g, ones}, factor);
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

/* Observers see numbers, but a product stays one for the adjoint, so that not a bit of what it computes depends on who looks on. */
static void show(spk_tensor *x, const spk_tensor *gradient) {
    spk_ctx *ctx = x->object.ctx;
    const struct spk_pending *pending = gradient->pending;
    spk_real *numbers = !x->observers ? NULL : pending ? spk_step_data(ctx, spk_bytes(gradient->size)) : spk_reals(gradient);
    if (!numbers) return;
    if (pending) multiply_out(&pending->product, numbers);
    for (const struct spk_hook *h = x->observers; h; h = h->next) h->call(x, gradient->size, numbers, h->user);
    if (pending) spk_arena_give(&ctx->data, numbers, spk_bytes(gradient->size));
}

/* Runs one record's adjoint if a gradient has come to it. */
static void step_back(spk_record *r) {
    bool any = false;
    for (int k = 0; k < SPK_MAX_OUTPUTS; k++) {
        spk_tensor *out = r->out[k];
        if (!out || !out->grad) continue;
        if ((out->hooks || out->retains_grad) && !write_out(out->grad)) return; /* a hook may have asked for either since it arrived */
        run_hooks(out, out->grad);
        show(out, out->grad);
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
        gradient_drop(r->ctx, out->grad);
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
    run_hooks(leaf, leaf->arriving);
    if (ctx->detect_anomaly && !spk_leaf_gradient_is_finite(leaf, leaf->arriving, "a hook, or the sum over all uses,")) return;
    if (!leaf_gradient(leaf)) return;
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
    spk_tensor *g = ctx->failed ? NULL : gradient_create(y);
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
