#include "core/tensor_internal.h"
#include "core/bits_internal.h"
#include "core/context_internal.h"
#include "core/poison_internal.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

spk_real spk_inert_data[8];

static void persistent_destroy(spk_object *object) {
    spk_forget(object->ctx, (spk_tensor *)object);
    spk_release(object->ctx, ((spk_tensor *)object)->block);
}

static const spk_object_type persistent_type = {.name = "tensor", .destroy = persistent_destroy};

static bool check_shape(spk_ctx *ctx, const char *who, spk_shape shape) {
    if (spk_shape_size(shape) >= 0) return true;
    spk_fail(ctx, "%s: the shape has more than %d axes, a negative size or more elements than memory can hold", who, SPK_MAX_AXES);
    return false;
}

static spk_tensor *persistent(spk_ctx *ctx, const char *who, spk_shape shape) {
    if (!check_shape(ctx, who, shape)) return &ctx->inert;
    const spk_activity before = spk_doing_function(ctx, ctx->doing.name ? NULL : who);
    spk_tensor *x = spk_object_create(ctx, &persistent_type, sizeof *x);
    const int64_t size = spk_shape_size(shape);
    unsigned char *block = x ? spk_allocate(ctx, spk_bytes(size) + 2 * SPK_ALIGNMENT) : NULL;
    spk_done(ctx, before);
    if (!block) {
        spk_object_destroy(x ? &x->object : NULL);
        return &ctx->inert;
    }
    x->shape = shape, x->size = size;
    x->storage = SPK_DENSE, x->repeat = 1, x->owner = x, x->op = "a persistent tensor";
    x->block = block, x->capacity = size;
    x->data = (void *)(((uintptr_t)block + SPK_ALIGNMENT - 1) / SPK_ALIGNMENT * SPK_ALIGNMENT);
    unsigned char *end = (unsigned char *)x->data + spk_bytes(size);
    spk_poison(end, (size_t)(block + spk_bytes(size) + 2 * SPK_ALIGNMENT - end));
    return x;
}

spk_tensor *spk_tensor_create(spk_ctx *ctx, spk_shape shape) { return persistent(spk_ctx_or_failed(ctx), "spk_tensor_create", shape); }

spk_tensor *spk_tensor_from(spk_ctx *ctx, spk_shape shape, const spk_real *values) {
    ctx = spk_ctx_or_failed(ctx);
    if (!values && spk_shape_size(shape) > 0) spk_fail(ctx, "spk_tensor_from: the values are NULL");
    spk_tensor *x = persistent(ctx, "spk_tensor_from", shape);
    if (x->size) memcpy(x->data, values, spk_bytes(x->size));
    return x;
}

spk_tensor *spk_scalar(spk_ctx *ctx, double value) { return spk_tensor_from(ctx, SPK_SCALAR, &(spk_real){(spk_real)value}); }

spk_tensor *spk_keep(spk_tensor *x) {
    spk_ctx *ctx = spk_tensor_ctx(x);
    if (!spk_tensor_usable(ctx, x, "spk_keep")) return &ctx->inert;
    return spk_tensor_from(ctx, x->shape, spk_data(x));
}

void spk_tensor_free(spk_tensor *x) {
    if (x) spk_object_destroy(&x->object);
}

/* The tape, views and modules of the step may still look at x. */
void spk_tensor_retire(spk_tensor *x) {
    if (!x || x->object.type != &persistent_type || x->destroyed) return;
    spk_ctx *ctx = x->object.ctx;
    spk_tensor_retire(x->grad);              /* a leaf's gradient is persistent as the leaf is */
    if (!ctx->headers[ctx->step & 1].used) { /* nothing has been computed in this step */
        spk_tensor_free(x);
        return;
    }
    x->destroyed = true;
    x->name = NULL; /* its slot may go now */
    x->retired = ctx->retired;
    ctx->retired = x;
}

void spk_tensors_end_step(spk_ctx *ctx) {
    for (spk_tensor *x = ctx->retired, *next; x; x = next) {
        next = x->retired;
        spk_tensor_free(x);
    }
    ctx->retired = NULL;
}

void spk_tensor_destroy(spk_tensor *x) {
    if (!x || x->step) return; /* a step tensor is left to its step */
    if (!x->belongs) {
        spk_tensor_retire(x);
        return;
    }
    spk_fail(x->object.ctx,
             "spk_tensor_destroy: the tensor %s belongs to a module or is a leaf's gradient; it goes with that (spk_module_destroy, "
             "spk_tensor_destroy of the leaf)",
             spk_shape_text(x->shape).text);
}

spk_tensor *spk_tensor_header(spk_ctx *ctx, spk_shape shape) {
    spk_tensor *x = spk_step_header(ctx, sizeof *x);
    if (!x) return NULL;
    memset(x, 0, sizeof *x);
    x->object.ctx = ctx;
    x->shape = shape, x->size = spk_shape_size(shape);
    x->storage = SPK_DENSE, x->repeat = 1, x->scale = 1, x->owner = x, x->step = ctx->step, x->op = "spk_full", x->path = "";
    return x;
}

bool spk_tensor_take_dense(spk_tensor *x) {
    x->storage = SPK_DENSE;
    return (x->data = spk_step_data(x->object.ctx, spk_bytes(spk_stored(x)))) != NULL;
}

bool spk_tensor_take_bits(spk_tensor *x, int64_t row) {
    x->storage = SPK_BITS, x->row = row;
    const size_t bytes = (size_t)(spk_rows(x) * spk_words_of(row)) * sizeof(uint64_t);
    if (!(x->data = spk_step_data(x->object.ctx, bytes))) return false;
    memset(x->data, 0, bytes);
    return true;
}

void spk_tensor_show(spk_tensor *x, spk_tensor *base, int64_t offset) {
    x->storage = base->storage, x->repeat = base->repeat, x->row = base->row, x->scale = base->scale;
    x->owner = base->owner;
    x->data = offset ? (void *)(spk_reals(base) + offset) : base->data;
}

static spk_tensor *step_tensor(spk_ctx *ctx, spk_shape shape, const char *who) {
    if (ctx->failed || !check_shape(ctx, who, shape)) return NULL;
    const spk_activity before = spk_doing_function(ctx, who);
    spk_tensor *x = spk_tensor_header(ctx, shape);
    const bool there = x && spk_tensor_take_dense(x);
    spk_done(ctx, before);
    if (!there) return NULL;
    x->op = who;
    return x;
}

spk_tensor *spk_full(spk_ctx *ctx, spk_shape shape, double value) {
    ctx = spk_ctx_or_failed(ctx);
    spk_tensor *x = step_tensor(ctx, shape, "spk_full");
    if (!x) return &ctx->inert;
    for (int64_t i = 0; i < x->size; i++) spk_reals(x)[i] = (spk_real)value;
    return x;
}

spk_tensor *spk_step_from(spk_ctx *ctx, spk_shape shape, const spk_real *values) {
    ctx = spk_ctx_or_failed(ctx);
    if (!values && spk_shape_size(shape) > 0) spk_fail(ctx, "spk_step_from: the values are NULL");
    spk_tensor *x = step_tensor(ctx, shape, "spk_step_from");
    if (!x) return &ctx->inert;
    if (x->size) memcpy(x->data, values, spk_bytes(x->size));
    return x;
}

bool spk_tensor_lives(const spk_ctx *ctx, const spk_tensor *x) {
    return x && x->object.ctx == ctx && (!x->step || x->step == ctx->step) && x != &ctx->inert && !x->destroyed;
}

bool spk_tensor_usable(spk_ctx *ctx, const spk_tensor *x, const char *who) {
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed) return false;
    if (spk_tensor_lives(ctx, x)) return true;
    if (!x) {
        spk_fail(ctx, "%s: a tensor is NULL", who);
    } else if (x == &spk_ctx_or_failed(NULL)->inert) {
        spk_fail(ctx, "%s: a tensor is the inert result of a call without a context: it was given NULL or no tensors", who);
    } else if (x->object.ctx != ctx) {
        spk_fail(ctx, "%s: a tensor %s belongs to another context", who, spk_shape_text(x->shape).text);
    } else if (x->destroyed) {
        spk_fail(ctx, "%s: a tensor %s was destroyed before; destroy it after its last use", who, spk_shape_text(x->shape).text);
    } else if (x->step && x->step != ctx->step) {
        spk_fail(ctx,
                 "%s: the result of %s%s%s%s, shape %s, was freed when step %" PRIu64 " ended (now step %" PRIu64
                 "); keep values longer with spk_keep, or call spk_end_step later",
                 who, x->op, *x->path ? " (" : "", x->path, *x->path ? ")" : "", spk_shape_text(x->shape).text, x->step, ctx->step);
    } else {
        spk_fail(ctx, "%s: a tensor is the inert result of an error that was cleared", who);
    }
    return false;
}

spk_ctx *spk_tensor_ctx(const spk_tensor *x) { return spk_ctx_or_failed(x ? x->object.ctx : NULL); }
spk_shape spk_tensor_shape(const spk_tensor *x) { return x ? x->shape : SPK_SHAPE(0); }
int64_t spk_size(const spk_tensor *x) { return x ? x->size : 0; }
int spk_axes(const spk_tensor *x) { return x ? x->shape.axes : 1; }
spk_storage spk_tensor_storage(const spk_tensor *x) { return x ? x->storage : SPK_DENSE; }
int64_t spk_tensor_repeat(const spk_tensor *x) { return x ? x->repeat : 1; }

int64_t spk_dim(const spk_tensor *x, int axis) {
    const int axes = spk_axes(x);
    if (axis < 0) axis += axes;
    return x && axis >= 0 && axis < axes ? x->shape.dim[axis] : 0;
}

void spk_tensor_write_out(const spk_tensor *x, spk_real *out) {
    if (x->storage == SPK_BITS) {
        for (int64_t r = 0; r < spk_rows(x); r++)
            spk_bits_unpack(x->row, (const uint64_t *)x->data + r * spk_words_of(x->row), x->scale, out + r * x->row);
    } else {
        for (int64_t t = 0; x->size && t < x->repeat; t++) memcpy(out + t * spk_stored(x), x->data, spk_bytes(spk_stored(x)));
    }
}

const spk_real *spk_tensor_read(spk_tensor *x, const char *who) {
    if (!spk_tensor_usable(spk_tensor_ctx(x), x, who)) return spk_inert_data;
    if (x->storage == SPK_DENSE) return spk_reals(x);
    if (!x->written_out) {
        spk_ctx *ctx = x->object.ctx;
        const spk_activity before = spk_doing_function(ctx, ctx->doing.name ? NULL : "spk_data");
        x->written_out = spk_step_data(ctx, spk_bytes(x->size));
        spk_done(ctx, before);
        if (!x->written_out) return spk_inert_data;
        spk_tensor_write_out(x, x->written_out);
    }
    return x->written_out;
}

spk_real *spk_tensor_write(spk_tensor *x, const char *who) {
    if (!spk_tensor_usable(spk_tensor_ctx(x), x, who)) return spk_inert_data;
    if (x->storage != SPK_DENSE) {
        spk_fail(x->object.ctx, "%s: the result of %s is stored as %s, which cannot be written; write to a dense copy (spk_dense)", who,
                 x->op, x->storage == SPK_BITS ? "bits" : "repeated rows");
        return spk_inert_data;
    }
    x->owner->version++;
    return spk_reals(x);
}

const spk_real *spk_data(spk_tensor *x) { return spk_tensor_read(x, "spk_data"); }
spk_real *spk_data_mut(spk_tensor *x) { return spk_tensor_write(x, "spk_data_mut"); }

double spk_item(spk_tensor *x) {
    const spk_real *data = spk_tensor_read(x, "spk_item");
    spk_ctx *ctx = spk_tensor_ctx(x);
    if (ctx->failed) return (double)NAN;
    if (x->size == 1) return (double)data[0];
    spk_fail(ctx, "spk_item: the tensor has shape %s, not one element; read others with spk_data", spk_shape_text(x->shape).text);
    return (double)NAN;
}

bool spk_fill(spk_tensor *x, double value) {
    spk_real *data = spk_tensor_write(x, "spk_fill");
    if (spk_tensor_ctx(x)->failed) return false;
    for (int64_t i = 0; i < x->size; i++) data[i] = (spk_real)value;
    return true;
}

/* Draws that fill a step tensor go with its step. */
static bool filled(const spk_tensor *x, spk_random begun) {
    if (x->step) x->object.ctx->begun = begun;
    return true;
}

bool spk_fill_uniform(spk_tensor *x, double low, double high) {
    static const char who[] = "spk_fill_uniform";
    if (x && !spk_random_check_uniform(spk_tensor_ctx(x), who, low, high)) return false;
    spk_real *data = spk_tensor_write(x, who);
    if (spk_tensor_ctx(x)->failed) return false;
    const spk_random begun = x->object.ctx->begun;
    spk_random_uniform(x->object.ctx, x->size, low, high, data);
    return filled(x, begun);
}

bool spk_fill_normal(spk_tensor *x, double mean, double standard_deviation) {
    static const char who[] = "spk_fill_normal";
    if (x && !spk_random_check_normal(spk_tensor_ctx(x), who, mean, standard_deviation)) return false;
    spk_real *data = spk_tensor_write(x, who);
    if (spk_tensor_ctx(x)->failed) return false;
    const spk_random begun = x->object.ctx->begun;
    spk_random_normal(x->object.ctx, x->size, mean, standard_deviation, data);
    return filled(x, begun);
}

bool spk_copy(spk_tensor *to, spk_tensor *from) {
    spk_ctx *ctx = spk_tensor_ctx(to ? to : from);
    if (!spk_tensor_usable(ctx, to, "spk_copy") || !spk_tensor_usable(ctx, from, "spk_copy")) return false;
    if (!spk_shape_equal(to->shape, from->shape)) {
        spk_fail(ctx, "spk_copy: the shapes are %s and %s; they must be equal", spk_shape_text(to->shape).text,
                 spk_shape_text(from->shape).text);
        return false;
    }
    const spk_real *values = spk_data(from);
    spk_real *data = spk_tensor_write(to, "spk_copy");
    if (ctx->failed) return false;
    if (to->size) memmove(data, values, spk_bytes(to->size));
    return true;
}
