#include "net.h"
#include <stdlib.h>
#include <string.h>

array *outcome_add(outcome *o, const char *name, int layer_index, bool exact, int64_t n) {
    array *a = &o->arrays[o->n++];
    *a = (array){.layer = layer_index, .exact = exact, .n = n, .values = calloc((size_t)n + 1, sizeof(double))};
    snprintf(a->name, sizeof a->name, "%s", name);
    return a;
}

const array *outcome_find(const outcome *o, const char *name, int layer_index) {
    for (int i = 0; i < o->n; i++)
        if (o->arrays[i].layer == layer_index && strcmp(o->arrays[i].name, name) == 0) return &o->arrays[i];
    return NULL;
}

void outcome_free(outcome *o) {
    for (int i = 0; i < o->n; i++) free(o->arrays[i].values);
    o->n = 0;
}
