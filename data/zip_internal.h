/*
 * Zip files, as far as .npz files need them: members stored or deflated, read from memory; members stored, written. zlib inflates and
 * checks. A library for zip (libzip, minizip) would be one more thing to install for what are some 200 lines here, and takes its memory
 * from malloc, its files from stdio and says less about what is wrong.
 */
#ifndef SPK_DATA_ZIP_INTERNAL_H
#define SPK_DATA_ZIP_INTERNAL_H

#include "core/file_internal.h"

/* The longest name of a member that is taken. */
#define SPK_ZIP_NAME 255

/* A file being read: one member after another. */
typedef struct spk_zip {
    spk_ctx *ctx;
    const unsigned char *bytes; /* the whole file */
    uint64_t size;
    uint64_t at, end;   /* the directory: its next entry and its end */
    uint64_t used;      /* bytes of the members so far, which cannot be more than the file has */
    const char *failed; /* what is wrong with the file; NULL */
} spk_zip;

/* A member as the directory names it. */
typedef struct spk_zip_member {
    char name[SPK_ZIP_NAME + 1];
    uint64_t packed, size; /* bytes in the file, and without compression */
    uint64_t at;           /* of its own header in the file */
    uint32_t checksum;
    int method;
} spk_zip_member;

/* Finds the directory. False, with zip->failed, when this is no zip file. */
bool spk_zip_open(spk_zip *zip, spk_ctx *ctx, const unsigned char *bytes, int64_t size);
/* The next member; false at the end and, with zip->failed, when the directory is damaged. */
bool spk_zip_next(spk_zip *zip, spk_zip_member *member);
/*
 * The content of a member. *block is to be released; for a stored member it is NULL and the content lies in the file. The block grows as
 * bytes arrive, whatever the directory says. NULL with zip->failed, or with the context's error for want of memory.
 */
const unsigned char *spk_zip_content(spk_zip *zip, const spk_zip_member *member, unsigned char **block);

/* A file being written. Its functions return false, with errno, when not all can be written. */
typedef struct spk_zip_writer {
    spk_replacement *file;
    uint64_t at; /* bytes so far */
} spk_zip_writer;
/* Begins a member of this name, size and checksum (zlib's crc32), and remembers where; its bytes follow. */
bool spk_zip_begin_member(spk_zip_writer *writer, spk_zip_member *member);
bool spk_zip_write(spk_zip_writer *writer, const void *bytes, size_t n);
/* The directory of all members, after the last one. */
bool spk_zip_finish(spk_zip_writer *writer, const spk_zip_member *members, int64_t n);

#endif
