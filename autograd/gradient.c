/* A tensor's gradient: whether there is one, its memory, and who looks at it. */
#include "autograd/gradient_internal.h"
#include "core/blas_internal.h"
#include "core/context_internal.h"

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

spk_shape spk_gradient_shape(const spk_tensor *x) {
    spk_shape shape = x->shape;
    if (x->repeat > 1 && shape.axes) shape.dim[0] /= x->repeat;
    return shape;
}

spk_tensor *spk_gradient_create(spk_tensor *x) {
    spk_tensor *g = spk_tensor_header(x->object.ctx, spk_gradient_shape(x));
    if (!g || !spk_tensor_take_dense(g)) return NULL;
    g->op = "backward";
    return g;
}

void spk_gradient_drop(spk_ctx *ctx, spk_tensor *g) {
    if (g->pending) g = g->pending->factor;
    spk_arena_give(&ctx->data, g->data, spk_bytes(g->size));
}

static void multiply_out(const spk_product *q, spk_real *to) { spk_gemm(false, true, q->rows, q->in, q->out, q->g, q->weight, 0, to); }

bool spk_gradient_write_out(spk_tensor *g) {
    if (!g->pending) return true;
    if (!spk_tensor_take_dense(g)) return false;
    multiply_out(&g->pending->product, spk_reals(g));
    spk_gradient_drop(g->object.ctx, g);
    g->pending = NULL;
    return true;
}

spk_tensor *spk_leaf_gradient(spk_tensor *leaf) {
    if (!leaf->grad) {
        spk_tensor *g = spk_tensor_create(leaf->object.ctx, leaf->shape);
        if (leaf->object.ctx->failed) return NULL;
        leaf->grad = g;
        g->belongs = true;
    }
    return leaf->grad;
}

void spk_gradient_hooks(spk_tensor *x, spk_tensor *gradient) {
    for (struct spk_hook *h = x->hooks; h; h = h->next) h->call(x, gradient->size, spk_reals(gradient), h->user);
}

void spk_gradient_show(spk_tensor *x, const spk_tensor *gradient) {
    spk_ctx *ctx = x->object.ctx;
    const struct spk_pending *pending = gradient->pending;
    spk_real *numbers = !x->observers ? NULL : pending ? spk_step_data(ctx, spk_bytes(gradient->size)) : spk_reals(gradient);
    if (!numbers) return;
    if (pending) multiply_out(&pending->product, numbers);
    for (const struct spk_hook *h = x->observers; h; h = h->next) h->call(x, gradient->size, numbers, h->user);
    if (pending) spk_arena_give(&ctx->data, numbers, spk_bytes(gradient->size));
}
