/* The keys and arrays of a case, as the library wants them. */
#include "golden.h"
#include <math.h>
#include <string.h>

static golden_key *find_key(const golden_case *c, const char *name) {
    for (int i = 0; i < c->n_keys; i++)
        if (strcmp(c->keys[i].name, name) == 0) return &c->keys[i];
    return NULL;
}

static golden_array *find_array(const golden_case *c, const char *name) {
    for (int i = 0; i < c->n_arrays; i++)
        if (strcmp(c->arrays[i].name, name) == 0) return &c->arrays[i];
    return NULL;
}

bool golden_has(const golden_case *c, const char *key) { return find_key(c, key); }
bool golden_has_array(const golden_case *c, const char *name) { return find_array(c, name); }

const char *golden_text(golden_case *c, const char *key, const char *otherwise) {
    golden_key *found = find_key(c, key);
    if (found) found->used = true;
    return found ? found->value : otherwise;
}

static void refuse(golden_case *c, const char *key, const char *value, const char *wanted) {
    spk_fail(c->ctx, "key %s: '%s' is no %s", key, value, wanted);
}

double golden_number(golden_case *c, const char *key, double otherwise) {
    double value;
    const char *text = golden_text(c, key, NULL);
    if (!text) return otherwise;
    if (golden_parse(text, &value)) return value;
    refuse(c, key, text, "finite number");
    return otherwise;
}

bool golden_flag(golden_case *c, const char *key, bool otherwise) {
    const char *text = golden_text(c, key, otherwise ? "1" : "0");
    if (strcmp(text, "0") != 0 && strcmp(text, "1") != 0) refuse(c, key, text, "0 or 1");
    return text[0] == '1';
}

int64_t golden_count(golden_case *c, const char *key, int64_t otherwise) {
    const double value = golden_number(c, key, (double)otherwise);
    if (value >= 1 && value <= 1e6 && value == floor(value)) return (int64_t)value;
    if (golden_has(c, key)) refuse(c, key, golden_text(c, key, ""), "whole number from 1 to 1000000");
    else spk_fail(c->ctx, "key %s is missing", key);
    return 1;
}

double golden_voltage(golden_case *c, const char *key, double otherwise) {
    const char *text = golden_text(c, key, "");
    return strcmp(text, "none") == 0 ? SPK_NONE : golden_number(c, key, otherwise);
}

spk_surrogate golden_surrogate(golden_case *c) {
    const char *name = golden_text(c, "surrogate", "sigmoid");
    const bool k_relu = strcmp(name, "leaky_k_relu") == 0;
    const char *sharpness = k_relu ? "k" : strcmp(name, "fast_sigmoid") == 0 ? "slope" : "alpha";
    const double alpha = golden_number(c, sharpness, SPK_NONE), leak = k_relu ? golden_number(c, "leak", SPK_NONE) : SPK_NONE;
    const spk_surrogate surrogate = spk_surrogate_of(name, .alpha = alpha, .leak = leak);
    if (!surrogate.grad) spk_fail(c->ctx, "surrogate '%s' is unknown, or its %s is out of range", name, sharpness);
    return surrogate;
}

spk_shape golden_shape(golden_case *c, const char *name, int least, int most) {
    const golden_array *a = find_array(c, name);
    spk_shape ones = {.axes = least, .dim = {1, 1, 1, 1, 1, 1}};
    if (a && a->shape.axes >= least && a->shape.axes <= most) return a->shape;
    if (a) spk_fail(c->ctx, "array %s %s must have %d to %d axes", name, spk_shape_text(a->shape).text, least, most);
    else spk_fail(c->ctx, "array %s is missing", name);
    return ones;
}

/* An array that must have a shape; NULL after an error. */
static const golden_array *need(golden_case *c, const char *name, spk_shape shape) {
    golden_array *a = find_array(c, name);
    if (!a) {
        spk_fail(c->ctx, "array %s is missing", name);
        return NULL;
    }
    a->used = true;
    if (!spk_shape_equal(a->shape, shape))
        spk_fail(c->ctx, "array %s has shape %s instead of %s", name, spk_shape_text(a->shape).text, spk_shape_text(shape).text);
    return spk_failed(c->ctx) ? NULL : a;
}

spk_tensor *golden_tensor(golden_case *c, const char *name, spk_shape shape) {
    const golden_array *a = need(c, name, shape);
    spk_tensor *x = spk_tensor_create(c->ctx, shape);
    spk_real *to = a ? spk_data_mut(x) : NULL;
    for (int64_t i = 0; to && i < spk_size(x); i++) to[i] = (spk_real)a->values[i];
    return x;
}

spk_tensor *golden_leaf(golden_case *c, const char *name, spk_shape shape) {
    return spk_set_requires_grad(golden_tensor(c, name, shape), true);
}

void golden_load(golden_case *c, const char *name, spk_tensor *into, bool turned) {
    spk_shape shape = spk_tensor_shape(into);
    if (turned) shape = SPK_SHAPE(shape.dim[1], shape.dim[0]);
    spk_tensor *x = golden_tensor(c, name, shape);
    spk_copy(into, turned ? spk_transpose(x, 0, 1) : x);
    spk_end_step(c->ctx);
}
