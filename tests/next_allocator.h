/*
 * For tests that interpose malloc: the allocator that would have been called without them. SPK_SANITIZED is defined where a sanitizer has
 * malloc already; nothing else is then.
 */
#ifndef SPK_TESTS_NEXT_ALLOCATOR_H
#define SPK_TESTS_NEXT_ALLOCATOR_H

#ifndef _GNU_SOURCE
#    error "define _GNU_SOURCE before any header: RTLD_NEXT needs it"
#endif
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define SPK_SANITIZED 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#        define SPK_SANITIZED 1
#    endif
#endif

#ifndef SPK_SANITIZED

/* What dlsym itself may ask for before it has found the allocator; zero, as calloc wants it. */
static _Alignas(max_align_t) char early[4096];
static size_t early_used;
static void *early_block(size_t bytes) {
    void *block = early + early_used;
    early_used += (bytes + 15) / 16 * 16;
    return early_used <= sizeof early ? block : NULL;
}

/* Sets `variable` to the next definition of a function after this program's; returns an early block of `bytes` while it is looked for. */
#    define NEXT(variable, name, bytes)                                                            \
        if (!variable) {                                                                           \
            static _Thread_local bool looking;                                                     \
            if (looking) return early_block(bytes);                                                \
            looking = true, *(void **)(void *)&variable = dlsym(RTLD_NEXT, name), looking = false; \
        }

static void next_free(void *block) {
    static void (*next)(void *);
    if (!next) *(void **)(void *)&next = dlsym(RTLD_NEXT, "free");
    if ((const char *)block < early || (const char *)block >= early + sizeof early) next(block);
}

#endif

#endif
