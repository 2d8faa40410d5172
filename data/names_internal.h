/* Lists of names: of files and folders, of classes. */
#ifndef SPK_DATA_NAMES_INTERNAL_H
#define SPK_DATA_NAMES_INTERNAL_H

#include "core/context.h"

/* A growing list. Start with {.ctx = ctx}. */
typedef struct spk_names {
    spk_ctx *ctx;
    char **name; /* blocks of spk_allocate */
    int64_t count, capacity;
} spk_names;

/* Adds a copy. False, with the error set, without memory. */
bool spk_names_add(spk_names *names, const char *name);
/* Brings them into the order of strcmp. */
void spk_names_sort(spk_names *names);
void spk_names_free(spk_names *names);
/* Copies n names into one block of spk_allocate, which begins with the pointers. NULL, with the error set, without memory. */
char **spk_names_pack(spk_ctx *ctx, int64_t n, char *const *names);

#endif
