/* Files: all bytes of one, and one put in the place of another. */
#ifndef SPK_CORE_FILE_INTERNAL_H
#define SPK_CORE_FILE_INTERNAL_H

#include "core/text.h"

/* The bytes of a file, or why there are none. */
typedef struct spk_file_bytes {
    unsigned char *bytes; /* of spk_allocate, a zero after the last one; NULL: see below, or the error is set for want of memory */
    int64_t size;
    const char *failed; /* "cannot be opened", "reading failed": the file is at fault, and no error is set yet */
    int reason;         /* of errno */
} spk_file_bytes;
/* Reads all bytes. The block grows as they arrive, so that it takes no more than twice what the file holds, or a page. */
spk_file_bytes spk_file_read(spk_ctx *ctx, const char *path);

/* A new file on its way to the place of `path`. */
typedef struct spk_replacement {
    spk_ctx *ctx;
    const char *path;
    int file, folder;        /* open: the new file, locked until spk_replace_end, and its folder (or -1) */
    spk_text beside;         /* the new file's name */
    spk_text previous, kept; /* where the old file goes, and its name on the way; empty when it is not kept */
} spk_replacement;
/* Makes the new file; false, and nothing to end, with the error set. */
bool spk_replace_begin(spk_replacement *r, spk_ctx *ctx, const char *path, bool keep_previous);
/* Writes n bytes to the end of the new file; false, with errno, when not all can be. */
bool spk_replace_write(const spk_replacement *r, const void *bytes, size_t n);
/* Puts the file, which is written and on the disk, in its place, if `written`; else removes it, and the error says why, from errno. */
bool spk_replace_end(spk_replacement *r, bool written);

#endif
