/*
 * Memory that belongs to nobody, told to AddressSanitizer where it is compiled in (nothing otherwise): it knows the blocks of the
 * allocator, but not what an arena makes of one. Every block then has a gap behind it, and what was given back or ended is caught when it
 * is used.
 */
#ifndef SPK_CORE_POISON_INTERNAL_H
#define SPK_CORE_POISON_INTERNAL_H

#include "core/config.h"

#if defined(__SANITIZE_ADDRESS__)
#    define SPK_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define SPK_ADDRESS_SANITIZER 1
#    endif
#endif

#ifdef SPK_ADDRESS_SANITIZER
#    include <sanitizer/asan_interface.h>
/* Bytes between one block of an arena and the next. */
#    define SPK_GAP ((size_t)64)
#    define spk_poison(bytes, n) __asan_poison_memory_region((bytes), (n))
#    define spk_unpoison(bytes, n) __asan_unpoison_memory_region((bytes), (n))
#else
#    define SPK_GAP ((size_t)0)
#    define spk_poison(bytes, n) ((void)(bytes), (void)(n))
#    define spk_unpoison(bytes, n) ((void)(bytes), (void)(n))
#endif

#endif
