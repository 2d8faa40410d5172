/*
 * Stored members. All sizes and places are written in the 64-bit form, which NumPy, Python and unzip read, so that there is one form, and
 * the one for files past 4 GB is the one that is tested.
 */
#include "data/zip_internal.h"
#include <string.h>

/* A number and its width in bytes, little-endian. */
typedef struct field {
    uint64_t value;
    int width;
} field;

static bool write_fields(spk_zip_writer *w, int n, const field *fields) {
    unsigned char bytes[128];
    size_t length = 0;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < fields[i].width; k++) bytes[length++] = (unsigned char)(fields[i].value >> 8 * k);
    return spk_zip_write(w, bytes, length);
}
#define WRITE(w, ...) write_fields((w), (int)(sizeof((const field[]){__VA_ARGS__}) / sizeof(field)), (const field[]){__VA_ARGS__})

/* Version 4.5 (sizes of 64 bits). */
#define VERSION \
    { 45, 2 }
/* Stands where a number follows in 64 bits. */
#define ELSEWHERE \
    { UINT32_MAX, 4 }
/* No flags, stored, on 1980-01-01: files of the same content are the same; the checksum, the two sizes, the length of the name. */
#define ABOUT(member) \
    {0, 2}, {0, 2}, {0, 2}, {33, 2}, {(member)->checksum, 4}, ELSEWHERE, ELSEWHERE, { strlen((member)->name), 2 }
/* An extra field of 64-bit numbers: its id and length. */
#define NUMBERS(n) \
    {1, 2}, { (uint64_t)8 * (n), 2 }

bool spk_zip_write(spk_zip_writer *w, const void *bytes, size_t n) {
    w->at += n;
    return spk_replace_write(w->file, bytes, n);
}

static bool write_name(spk_zip_writer *w, const spk_zip_member *m) { return spk_zip_write(w, m->name, strlen(m->name)); }

bool spk_zip_begin_member(spk_zip_writer *w, spk_zip_member *m) {
    m->at = w->at;
    return WRITE(w, {0x04034b50, 4}, VERSION, ABOUT(m), {20, 2}) && write_name(w, m) && WRITE(w, NUMBERS(2), {m->size, 8}, {m->size, 8});
}

static bool write_entry(spk_zip_writer *w, const spk_zip_member *m) {
    return WRITE(w, {0x02014b50, 4}, VERSION, VERSION, ABOUT(m), {28, 2}, {0, 2}, {0, 2}, {0, 2}, {0, 4}, ELSEWHERE) && write_name(w, m) &&
           WRITE(w, NUMBERS(3), {m->size, 8}, {m->size, 8}, {m->at, 8});
}

bool spk_zip_finish(spk_zip_writer *w, const spk_zip_member *members, int64_t n) {
    const uint64_t begin = w->at, count = (uint64_t)n;
    for (int64_t i = 0; i < n; i++)
        if (!write_entry(w, &members[i])) return false;
    const uint64_t end = w->at;
    return WRITE(w, {0x06064b50, 4}, {44, 8}, VERSION, VERSION, {0, 4}, {0, 4}, {count, 8}, {count, 8}, {end - begin, 8}, {begin, 8}) &&
           WRITE(w, {0x07064b50, 4}, {0, 4}, {end, 8}, {1, 4}) &&
           WRITE(w, {0x06054b50, 4}, {0, 2}, {0, 2}, {UINT16_MAX, 2}, {UINT16_MAX, 2}, ELSEWHERE, ELSEWHERE, {0, 2});
}
