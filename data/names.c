#include "data/names_internal.h"
#include "core/context_internal.h"
#include <stdlib.h>
#include <string.h>

bool spk_names_add(spk_names *names, const char *name) {
    if (names->count == names->capacity) {
        const int64_t capacity = 2 * names->capacity + 16;
        char **larger = spk_allocate_uninitialised(names->ctx, (size_t)capacity * sizeof *larger);
        if (!larger) return false;
        if (names->count) memcpy(larger, names->name, (size_t)names->count * sizeof *larger);
        spk_release(names->ctx, names->name);
        names->name = larger, names->capacity = capacity;
    }
    const size_t size = strlen(name) + 1;
    char *copy = spk_allocate_uninitialised(names->ctx, size);
    if (!copy) return false;
    memcpy(copy, name, size);
    names->name[names->count++] = copy;
    return true;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

void spk_names_sort(spk_names *names) {
    if (names->count) qsort(names->name, (size_t)names->count, sizeof *names->name, by_name);
}

void spk_names_free(spk_names *names) {
    for (int64_t i = 0; i < names->count; i++) spk_release(names->ctx, names->name[i]);
    spk_release(names->ctx, names->name);
    *names = (spk_names){.ctx = names->ctx};
}

char **spk_names_pack(spk_ctx *ctx, int64_t n, char *const *names) {
    size_t bytes = (size_t)n * sizeof *names;
    for (int64_t i = 0; i < n; i++) bytes += strlen(names[i]) + 1;
    char **packed = spk_allocate_uninitialised(ctx, bytes + 1);
    char *to = (char *)(packed ? packed + n : NULL);
    for (int64_t i = 0; packed && i < n; i++) {
        const size_t size = strlen(names[i]) + 1;
        packed[i] = memcpy(to, names[i], size);
        to += size;
    }
    return packed;
}
