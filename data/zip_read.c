#include "core/context_internal.h"
#include "data/zip_internal.h"
#include <string.h>
#include <zlib.h>

/* Signatures, and the lengths of what they begin, without names. */
enum { MEMBER = 0x04034b50, ENTRY = 0x02014b50, END = 0x06054b50, END64 = 0x06064b50, LOCATOR = 0x07064b50 };
enum { MEMBER_LENGTH = 30, ENTRY_LENGTH = 46, END_LENGTH = 22, END64_LENGTH = 56, LOCATOR_LENGTH = 20, LONGEST_COMMENT = 65535 };
/* Stands where a number is too large for its field and follows in 64 bits. */
#define ELSEWHERE 0xffffffffu
/* What is asked for before any data has arrived. */
#define FIRST_BLOCK ((uint64_t)4096)
/* zlib counts in unsigned int. */
#define MOST_AT_ONCE ((uint64_t)1 << 30)

static uint64_t number(const unsigned char *bytes, int width) {
    uint64_t value = 0;
    for (int i = width - 1; i >= 0; i--) value = value << 8 | bytes[i];
    return value;
}

static bool damaged(spk_zip *zip, const char *how) {
    zip->failed = how;
    return false;
}

/* True when n bytes from `at` on lie before `end`. */
static bool inside(uint64_t at, uint64_t n, uint64_t end) { return at <= end && n <= end - at; }

/* True when the file has at `at`, within `length` bytes, this signature. */
static bool is_at(const spk_zip *zip, uint64_t at, uint64_t length, uint64_t signature) {
    return inside(at, length, zip->size) && number(zip->bytes + at, 4) == signature;
}

/* The place of the end record, which a comment may follow; zip->size when there is none. */
static uint64_t find_end(const spk_zip *zip) {
    for (uint64_t back = END_LENGTH; back <= zip->size && back <= END_LENGTH + LONGEST_COMMENT; back++) {
        const uint64_t at = zip->size - back;
        if (is_at(zip, at, END_LENGTH, END) && number(zip->bytes + at + 20, 2) == back - END_LENGTH) return at;
    }
    return zip->size;
}

bool spk_zip_open(spk_zip *zip, spk_ctx *ctx, const unsigned char *bytes, int64_t size) {
    *zip = (spk_zip){.ctx = ctx, .bytes = bytes, .size = (uint64_t)size};
    const uint64_t end = find_end(zip);
    if (end == zip->size) return damaged(zip, "is no zip file, or is cut short; copy or download the file again");
    uint64_t length = number(bytes + end + 12, 4), limit = end;
    zip->at = number(bytes + end + 16, 4);
    if (end >= LOCATOR_LENGTH && is_at(zip, end - LOCATOR_LENGTH, LOCATOR_LENGTH, LOCATOR)) {
        limit = number(bytes + end - LOCATOR_LENGTH + 8, 8);
        if (!is_at(zip, limit, END64_LENGTH, END64)) return damaged(zip, "is a damaged zip file: its directory's end is not where it says");
        length = number(bytes + limit + 40, 8), zip->at = number(bytes + limit + 48, 8);
    }
    if (!inside(zip->at, length, limit)) return damaged(zip, "is a damaged zip file: its directory would be longer than the file");
    zip->end = zip->at + length;
    return true;
}

/* Takes the 64-bit forms of what is ELSEWHERE from the entry's extra fields: sizes, then the place. */
static bool read_zip64(const unsigned char *extra, uint64_t length, spk_zip_member *member) {
    uint64_t *const wanted[] = {&member->size, &member->packed, &member->at};
    while (length >= 4) {
        const uint64_t id = number(extra, 2), n = number(extra + 2, 2);
        if (n > length - 4) return false;
        uint64_t used = 0;
        for (int i = 0; id == 1 && i < 3; i++) {
            if (*wanted[i] != ELSEWHERE) continue;
            if (n - used < 8) return false;
            *wanted[i] = number(extra + 4 + used, 8);
            used += 8;
        }
        extra += 4 + n, length -= 4 + n;
    }
    return true;
}

bool spk_zip_next(spk_zip *zip, spk_zip_member *member) {
    if (zip->failed || zip->at == zip->end) return false;
    const unsigned char *entry = zip->bytes + zip->at;
    if (!inside(zip->at, ENTRY_LENGTH, zip->end) || number(entry, 4) != ENTRY)
        return damaged(zip, "is a damaged zip file: its directory cannot be read");
    const uint64_t name = number(entry + 28, 2), extra = number(entry + 30, 2), all = ENTRY_LENGTH + name + extra + number(entry + 32, 2);
    if (!inside(zip->at, all, zip->end)) return damaged(zip, "is a damaged zip file: its directory cannot be read");
    if (name > SPK_ZIP_NAME || memchr(entry + ENTRY_LENGTH, 0, (size_t)name))
        return damaged(zip, "has a member whose name is longer than 255 bytes or has a zero in it");
    if (number(entry + 8, 2) & 1) return damaged(zip, "is encrypted");
    *member = (spk_zip_member){
        .packed = number(entry + 20, 4),
        .size = number(entry + 24, 4),
        .at = number(entry + 42, 4),
        .checksum = (uint32_t)number(entry + 16, 4),
        .method = (int)number(entry + 10, 2),
    };
    memcpy(member->name, entry + ENTRY_LENGTH, (size_t)name);
    if (!read_zip64(entry + ENTRY_LENGTH + name, extra, member)) return damaged(zip, "is a damaged zip file: its directory cannot be read");
    if (!inside(0, member->packed, zip->size - zip->used)) return damaged(zip, "is a damaged zip file: its members overlap");
    zip->used += member->packed;
    zip->at += all;
    return true;
}

/* Where the member's bytes begin; NULL when they are not all there. */
static const unsigned char *find_bytes(const spk_zip *zip, const spk_zip_member *member) {
    if (!is_at(zip, member->at, MEMBER_LENGTH, MEMBER)) return NULL;
    const unsigned char *header = zip->bytes + member->at;
    const uint64_t begin = member->at + MEMBER_LENGTH + number(header + 26, 2) + number(header + 28, 2);
    return inside(begin, member->packed, zip->size) ? zip->bytes + begin : NULL;
}

/* Gives zlib the next piece of what it takes and of what it fills; both count past 32 bits. */
static int inflate_some(z_stream *z, uint64_t *left, unsigned char *to, uint64_t room, uint64_t *made) {
    const uInt in = (uInt)(*left < MOST_AT_ONCE ? *left : MOST_AT_ONCE), out = (uInt)(room < MOST_AT_ONCE ? room : MOST_AT_ONCE);
    z->avail_in = in, z->next_out = to, z->avail_out = out;
    const int status = inflate(z, Z_NO_FLUSH);
    *left -= in - z->avail_in, *made = out - z->avail_out;
    return status;
}

/* All `size` bytes; the block doubles each time that it is full, up to one byte more than the directory says. */
static unsigned char *inflate_all(spk_zip *zip, z_stream *z, uint64_t packed, uint64_t size) {
    unsigned char *block = NULL;
    uint64_t used = 0, room = 0, made;
    int status = Z_OK;
    while (status == Z_OK) { /* without more bytes to take it is Z_BUF_ERROR */
        if (used == room) {
            room = room ? 2 * room : FIRST_BLOCK;
            if (room > size) room = size + 1;
            unsigned char *larger = spk_allocate_uninitialised(zip->ctx, (size_t)room);
            if (larger && used) memcpy(larger, block, (size_t)used);
            spk_release(zip->ctx, block);
            if (!(block = larger)) return NULL;
        }
        status = inflate_some(z, &packed, block + used, room - used, &made);
        used += made;
        if (used > size) break;
    }
    if (status == Z_STREAM_END && used == size && packed == 0) return block;
    damaged(zip, status == Z_MEM_ERROR ? "cannot be unpacked: no memory for zlib" : "is damaged: its data cannot be unpacked");
    spk_release(zip->ctx, block);
    return NULL;
}

const unsigned char *spk_zip_content(spk_zip *zip, const spk_zip_member *member, unsigned char **block) {
    const unsigned char *content = find_bytes(zip, member);
    *block = NULL;
    if (!content) {
        damaged(zip, "is damaged: its bytes are not where the directory says");
    } else if (member->method == 8) {
        z_stream z = {.next_in = (z_const Bytef *)content};
        const int status = inflateInit2(&z, -15);
        if (status == Z_OK) *block = inflate_all(zip, &z, member->packed, member->size);
        else damaged(zip, "cannot be unpacked: no memory for zlib");
        inflateEnd(&z);
        content = *block;
    } else if (member->method != 0) {
        damaged(zip, "is compressed in another way than deflate; numpy.savez_compressed writes what can be read");
    } else if (member->size != member->packed) {
        damaged(zip, "is damaged: it is stored, and has two sizes");
    }
    if (content && !zip->failed && crc32_z(crc32(0, NULL, 0), content, (size_t)member->size) != member->checksum)
        damaged(zip, "is damaged: its checksum is wrong");
    if (!zip->failed) return content;
    spk_release(zip->ctx, *block);
    return *block = NULL;
}
