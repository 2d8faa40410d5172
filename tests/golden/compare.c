/* Compares answers with a case's arrays, and keeps the worst difference. */
#include "golden.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static golden_array *answer(golden_case *c, const char *path, const char *name, spk_shape shape) {
    for (int i = 0; i < c->n_arrays; i++) {
        golden_array *a = &c->arrays[i];
        if (strcmp(a->name, name) != 0) continue;
        a->used = true;
        if (spk_shape_equal(a->shape, shape)) return a;
        spk_fail(c->ctx, "array %s has shape %s, the answer (%s) %s", name, spk_shape_text(a->shape).text, path,
                 spk_shape_text(shape).text);
        return NULL;
    }
    spk_fail(c->ctx, "array %s is missing", name);
    return NULL;
}

/* The largest difference over the largest reference; infinite if there is a NaN. */
static double error_of(int64_t n, const double *reference, const spk_real *values) {
    double difference = 0, scale = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = fabs((double)values[i] - reference[i]);
        if (isnan(d)) return INFINITY;
        difference = fmax(difference, d);
        scale = fmax(scale, fabs(reference[i]));
    }
    return scale > 0 ? difference / scale : difference;
}

static void note(golden_case *c, const char *path, const char *name, double error, double tolerance) {
    const double ratio = tolerance > 0 ? error / tolerance : INFINITY;
    if (error <= tolerance) return;
    if (c->n_different++ && ratio <= c->worst_ratio) return;
    c->worst_ratio = ratio;
    snprintf(c->worst, sizeof c->worst, "%s (%s): worst difference %.3g, tolerance %.3g", name, path, error, tolerance);
}

void golden_compare(golden_case *c, const char *path, const char *name, spk_shape shape, const spk_real *values, double tolerance) {
    if (spk_failed(c->ctx)) return;
    const golden_array *a = answer(c, path, name, shape);
    if (a) note(c, path, name, error_of(spk_shape_size(shape), a->values, values), tolerance);
}

void golden_compare_tensor(golden_case *c, const char *path, const char *name, spk_tensor *x, double tolerance) {
    if (!x) spk_fail(c->ctx, "%s (%s): the library gives none", name, path);
    if (x) golden_compare(c, path, name, spk_tensor_shape(x), spk_data(x), tolerance);
}

void golden_compare_turned(golden_case *c, const char *path, const char *name, spk_tensor *x) {
    golden_compare_tensor(c, path, name, x ? spk_transpose(spk_tensor_detach(x), 0, 1) : NULL, GOLDEN_TOLERANCE);
}

void golden_check_used(golden_case *c) {
    for (int i = 0; i < c->n_keys; i++)
        if (!c->keys[i].used) spk_fail(c->ctx, "key %s is unknown in this kind of case", c->keys[i].name);
    for (int i = 0; i < c->n_arrays; i++)
        if (!c->arrays[i].used) spk_fail(c->ctx, "array %s is unknown in this kind of case", c->arrays[i].name);
}
