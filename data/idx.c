#include "data/idx_internal.h"
#include "core/context_internal.h"
#include "data/element_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

/* What is asked for before any data has arrived. */
#define FIRST_BLOCK ((int64_t)4096)
/* gzread counts in int. */
#define MOST_AT_ONCE ((int64_t)1 << 30)

static void idx_destroy(spk_object *object) { spk_release(object->ctx, ((spk_idx *)object)->data); }

static const spk_object_type idx_type = {.name = "idx", .destroy = idx_destroy};

spk_idx *spk_idx_adopt(spk_ctx *ctx, spk_element element, spk_shape shape, void *data) {
    spk_idx *idx = data ? spk_object_create(ctx, &idx_type, sizeof *idx) : NULL;
    if (!idx) {
        spk_release(ctx, data);
        return NULL;
    }
    idx->element = element, idx->shape = shape, idx->size = spk_shape_size(shape), idx->data = data;
    return idx;
}

/* A file being read. Its functions set the error and return false. */
typedef struct reader {
    spk_ctx *ctx;
    const char *path;
    gzFile file;
} reader;

static bool unreadable(const reader *r, int status) {
    if (status == Z_DATA_ERROR) spk_fail(r->ctx, "spk_idx_read: %s: its gzip data is damaged; copy or download the file again", r->path);
    else if (status == Z_BUF_ERROR)
        spk_fail(r->ctx, "spk_idx_read: %s: its gzip data ends early; copy or download the file again", r->path);
    else if (status == Z_ERRNO) spk_fail(r->ctx, "spk_idx_read: %s: cannot be read: %s", r->path, strerror(errno));
    else if (status == Z_MEM_ERROR) spk_fail(r->ctx, "spk_idx_read: %s: cannot be unpacked: no memory for zlib", r->path);
    else spk_fail(r->ctx, "spk_idx_read: %s: cannot be unpacked (zlib's error %d)", r->path, status);
    return false;
}

/* Reads n bytes, or what there is before the end of the file. */
static bool read_some(const reader *r, unsigned char *to, int64_t n, int64_t *got) {
    *got = 0;
    while (*got < n) {
        const int64_t left = n - *got;
        const int arrived = gzread(r->file, to + *got, (unsigned)(left < MOST_AT_ONCE ? left : MOST_AT_ONCE));
        if (arrived <= 0) { /* at the end of a file, too, gzip data may have ended before its own end */
            int status = Z_OK;
            gzerror(r->file, &status);
            return status == Z_OK || status == Z_STREAM_END ? true : unreadable(r, status);
        }
        *got += arrived;
    }
    return true;
}

/* n bytes as an unsigned big-endian number. */
static uint64_t big_endian(const unsigned char *bytes, int64_t n) {
    uint64_t value = 0;
    for (int64_t i = 0; i < n; i++) value = value << 8 | bytes[i];
    return value;
}

/* Reads n bytes of the header. */
static bool read_header_bytes(const reader *r, unsigned char *to, int64_t n) {
    int64_t got;
    if (!read_some(r, to, n, &got)) return false;
    if (got < n) spk_fail(r->ctx, "spk_idx_read: %s: ends within its header; copy or download the file again", r->path);
    return got == n;
}

static bool read_header(const reader *r, spk_element *element, spk_shape *shape) {
    unsigned char magic[4] = {0}, sizes[4 * SPK_MAX_AXES] = {0};
    if (!read_header_bytes(r, magic, sizeof magic)) return false;
    *element = (spk_element)magic[2];
    *shape = (spk_shape){.axes = magic[3]};
    if (magic[0] || magic[1]) {
        spk_fail(r->ctx, "spk_idx_read: %s: is not an IDX file: it begins with the bytes 0x%02x 0x%02x where two zeros are due", r->path,
                 magic[0], magic[1]);
    } else if (!spk_element_size(*element)) {
        spk_fail(r->ctx, "spk_idx_read: %s: its element type 0x%02x is none of IDX's (0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E)", r->path,
                 magic[2]);
    } else if (shape->axes > SPK_MAX_AXES) {
        spk_fail(r->ctx, "spk_idx_read: %s: has %d axes; at most %d can be read", r->path, shape->axes, SPK_MAX_AXES);
    }
    if (r->ctx->failed || !read_header_bytes(r, sizes, 4 * (int64_t)shape->axes)) return false;
    for (int i = 0; i < shape->axes; i++) shape->dim[i] = (int64_t)big_endian(sizes + 4 * (size_t)i, 4);
    return true;
}

/* Moves `used` bytes to a larger block. NULL, with the old block released, when there is none. */
static unsigned char *grown(spk_ctx *ctx, unsigned char *block, int64_t used, int64_t bytes) {
    unsigned char *larger = spk_allocate_uninitialised(ctx, (size_t)bytes);
    if (larger && used) memcpy(larger, block, (size_t)used);
    spk_release(ctx, block);
    return larger;
}

/* Reads `bytes` bytes. A header can claim terabytes, so the block doubles each time that the file has filled it. */
static unsigned char *read_body(const reader *r, spk_shape shape, int64_t bytes) {
    unsigned char *block = NULL;
    int64_t used = 0, room = 0;
    do {
        int64_t got;
        room = room ? 2 * room : FIRST_BLOCK;
        if (room > bytes) room = bytes;
        if (!(block = grown(r->ctx, block, used, room))) return NULL;
        const bool readable = read_some(r, block + used, room - used, &got);
        used += got;
        if (readable && used < room)
            spk_fail(r->ctx,
                     "spk_idx_read: %s: is cut short: its header says %s, which is %" PRId64 " bytes, and %" PRId64
                     " are there; copy or download the file again",
                     r->path, spk_shape_text(shape).text, bytes, used);
        if (!readable || used < room) {
            spk_release(r->ctx, block);
            return NULL;
        }
    } while (room < bytes);
    return block;
}

/* At the end: nothing follows, and gzip's own check sum, which comes last, is right. */
static bool read_end(const reader *r, spk_shape shape) {
    unsigned char more;
    int64_t got;
    if (!read_some(r, &more, 1, &got)) return false;
    if (got)
        spk_fail(r->ctx, "spk_idx_read: %s: has more data than its header says (%s); copy or download the file again", r->path,
                 spk_shape_text(shape).text);
    return !got;
}

/* Big-endian, as in the file, to this machine's order, whichever that is. */
static void to_native(unsigned char *data, int64_t n, int64_t width) {
    for (int64_t i = 0; i < n; i++, data += width) {
        const uint64_t wide = big_endian(data, width);
        if (width == 2) memcpy(data, &(uint16_t){(uint16_t)wide}, 2);
        else if (width == 4) memcpy(data, &(uint32_t){(uint32_t)wide}, 4);
        else memcpy(data, &wide, 8);
    }
}

static spk_idx *read_all(const reader *r) {
    spk_element element;
    spk_shape shape;
    if (!read_header(r, &element, &shape)) return NULL;
    const int64_t n = spk_shape_size(shape), width = spk_element_size(element);
    if (n < 0) {
        spk_fail(r->ctx, "spk_idx_read: %s: its header says %s, more elements than memory can hold", r->path, spk_shape_text(shape).text);
        return NULL;
    }
    unsigned char *data = read_body(r, shape, n * width);
    if (!data) return NULL;
    if (!read_end(r, shape)) {
        spk_release(r->ctx, data);
        return NULL;
    }
    if (width > 1) to_native(data, n, width);
    return spk_idx_adopt(r->ctx, element, shape, data);
}

spk_idx *spk_idx_read(spk_ctx *ctx, const char *path) {
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed) return NULL;
    if (!path) {
        spk_fail(ctx, "spk_idx_read: the path is NULL");
        return NULL;
    }
    errno = 0;
    const reader r = {.ctx = ctx, .path = path, .file = gzopen(path, "rb")};
    if (!r.file) {
        spk_fail(ctx, "spk_idx_read: %s: cannot be opened: %s", path, errno ? strerror(errno) : "no memory for zlib");
        return NULL;
    }
    const spk_activity before = spk_doing_function(ctx, "spk_idx_read");
    spk_idx *idx = read_all(&r);
    spk_done(ctx, before);
    gzclose_r(r.file); /* what it could report, read_end has seen */
    return idx;
}

void spk_idx_destroy(spk_idx *idx) { spk_object_destroy(idx ? &idx->object : NULL); }
spk_shape spk_idx_shape(const spk_idx *idx) { return idx ? idx->shape : SPK_SHAPE(0); }
spk_element spk_idx_element(const spk_idx *idx) { return idx ? idx->element : SPK_U8; }
const void *spk_idx_data(const spk_idx *idx) { return idx ? idx->data : NULL; }

void spk_idx_scaled(const spk_idx *idx, int64_t first, int64_t n, double scale, spk_real *out) {
    spk_elements_scaled(idx->element, idx->data, first, n, scale, out);
}

bool spk_idx_to_real(const spk_idx *idx, int64_t first, int64_t n, spk_real *out) {
    if (!idx || spk_failed(idx->object.ctx)) return false;
    if (first < 0 || n < 0 || n > idx->size - first) {
        spk_fail(idx->object.ctx, "spk_idx_to_real: %" PRId64 " elements from element %" PRId64 " on are not all in the array %s", n, first,
                 spk_shape_text(idx->shape).text);
        return false;
    }
    if (!out && n) {
        spk_fail(idx->object.ctx, "spk_idx_to_real: out is NULL");
        return false;
    }
    spk_idx_scaled(idx, first, n, 1, out);
    return true;
}
