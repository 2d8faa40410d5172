/*
 * Equal work: one step from a safetensors file with the net's parameters under PyTorch's names, "x" ([N, width], or encoded already
 * [T, N, width]) and "labels" [N], which another framework ran too.
 */
#include "steps.h"
#include <math.h>
#include <stdio.h>

/* The entry with this name; sets the error when there is none. */
static const spk_state_entry *entry_of(spk_ctx *ctx, const spk_state_file *file, const char *name) {
    const spk_state_entry *entry = spk_state_file_find(file, name);
    if (!entry) spk_fail(ctx, "check: the file has no '%s'", name);
    return entry;
}

static void load_weights(spk_ctx *ctx, spk_module *net, const spk_state_file *file) {
    for (spk_walk at = spk_parameters(net); !spk_failed(ctx) && spk_walk_next(&at);) {
        const spk_state_entry *entry = entry_of(ctx, file, at.name);
        const spk_shape here = spk_tensor_shape(at.slot->tensor), there = entry ? entry->shape : SPK_SCALAR;
        const spk_shape wanted = at.slot->transposed ? SPK_SHAPE(here.dim[1], here.dim[0]) : here;
        if (!spk_failed(ctx) && !spk_shape_equal(there, wanted))
            spk_fail(ctx, "check: '%s' is %s, the work's is %s", at.name, spk_shape_text(there).text, spk_shape_text(wanted).text);
        if (!spk_failed(ctx)) spk_state_entry_copy(entry, at.slot->transposed, spk_data_mut(at.slot->tensor));
    }
}

/* An entry as a persistent tensor of this shape, which has as many elements. */
static spk_tensor *tensor_of(spk_ctx *ctx, const spk_state_entry *entry, spk_shape shape) {
    spk_tensor *x = spk_tensor_create(ctx, shape);
    if (!spk_failed(ctx)) spk_state_entry_copy(entry, false, spk_data_mut(x));
    return x;
}

/* The work's input [T*N, width]: "x" as it is where it has a time axis, else encoded. */
static spk_tensor *load_input(spk_ctx *ctx, const work *w, const spk_state_file *file) {
    const spk_state_entry *x = entry_of(ctx, file, "x");
    if (!x) return NULL;
    if (spk_shape_equal(x->shape, SPK_SHAPE(w->T, w->batch, w->width))) {
        spk_tensor *encoded = tensor_of(ctx, x, SPK_SHAPE(w->T * w->batch, w->width));
        return w->encode ? spk_bits(encoded) : encoded; /* an encoder would have given spikes */
    }
    if (w->encode && spk_shape_equal(x->shape, SPK_SHAPE(w->batch, w->width)))
        return w->encode(tensor_of(ctx, x, SPK_SHAPE(w->batch, w->width)), w->T);
    spk_fail(ctx, "check: 'x' is %s: %s needs %s%s", spk_shape_text(x->shape).text, w->name,
             spk_shape_text(SPK_SHAPE(w->T, w->batch, w->width)).text, w->encode ? ", or that without its first axis" : "");
    return NULL;
}

static spk_tensor *load_labels(spk_ctx *ctx, const work *w, const spk_state_file *file) {
    const spk_state_entry *labels = w->scores ? entry_of(ctx, file, "labels") : NULL;
    if (!labels) return NULL;
    if (spk_shape_equal(labels->shape, SPK_SHAPE(w->batch))) return tensor_of(ctx, labels, labels->shape);
    spk_fail(ctx, "check: 'labels' is %s: %s needs %s", spk_shape_text(labels->shape).text, w->name,
             spk_shape_text(SPK_SHAPE(w->batch)).text);
    return NULL;
}

bool check_step(spk_ctx *ctx, const options *o) {
    const work *w = o->work;
    spk_module *net = w->net(ctx, w);
    spk_state_file *file = spk_state_file_read(ctx, o->check);
    load_weights(ctx, net, file);
    spk_tensor *input = load_input(ctx, w, file), *labels = load_labels(ctx, w, file);
    if (spk_failed(ctx)) return false;
    spk_tensor *loss = w->loss(net, input, labels, w->T);
    spk_backward(loss);
    const double value = spk_item(loss), norm = spk_clip_grad_norm(net, (double)INFINITY);
    if (!spk_failed(ctx)) printf("{\"work\": \"%s\", \"loss\": %.9g, \"grad_norm\": %.9g}\n", w->name, value, norm);
    return !spk_failed(ctx);
}
