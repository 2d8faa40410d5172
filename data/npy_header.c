/* The header of a .npy file: eight bytes, a length, a literal of Python's: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }. */
#include "data/npy_header_internal.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_LENGTH 6

/* What is left of the literal. Each function below goes past what it takes, and past the white space before it. */
typedef struct literal {
    const char *at, *end;
} literal;

static void skip_space(literal *l) {
    while (l->at < l->end && strchr(" \t\r\n", *l->at)) l->at++;
}

/* True, and past it, when the next thing is this text. */
static bool take(literal *l, const char *text) {
    skip_space(l);
    const size_t length = strlen(text);
    if ((size_t)(l->end - l->at) < length || memcmp(l->at, text, length) != 0) return false;
    l->at += length;
    return true;
}

/* A text in quotes, without escapes, of less than `room` characters. */
static bool take_text(literal *l, char *text, size_t room) {
    skip_space(l);
    if (l->at == l->end || (*l->at != '\'' && *l->at != '"')) return false;
    const char *begin = l->at + 1, *end = memchr(begin, *l->at, (size_t)(l->end - begin));
    if (!end || (size_t)(end - begin) >= room || memchr(begin, '\\', (size_t)(end - begin)) || memchr(begin, 0, (size_t)(end - begin)))
        return false;
    memcpy(text, begin, (size_t)(end - begin));
    text[end - begin] = 0;
    l->at = end + 1;
    return true;
}

/* A whole number from 0 to INT64_MAX; Python 2 wrote an L behind large ones. */
static bool take_size(literal *l, int64_t *size) {
    skip_space(l);
    const char *begin = l->at;
    for (*size = 0; l->at < l->end && *l->at >= '0' && *l->at <= '9'; l->at++)
        if (__builtin_mul_overflow(*size, 10, size) || __builtin_add_overflow(*size, *l->at - '0', size)) return false;
    const bool any = l->at > begin;
    if (any) (void)take(l, "L");
    return any;
}

/* A tuple of sizes. *axes counts all of them, of which the shape has those that it can. */
static bool take_shape(literal *l, spk_shape *shape, int *axes) {
    if (!take(l, "(")) return false;
    for (*axes = 0; !take(l, ")"); ++*axes) {
        int64_t size;
        if (*axes && !take(l, ",")) return false;
        if (*axes && take(l, ")")) break; /* (3,) */
        if (!take_size(l, &size)) return false;
        if (*axes < SPK_MAX_AXES) shape->dim[*axes] = size;
    }
    shape->axes = *axes < SPK_MAX_AXES ? *axes : SPK_MAX_AXES;
    return true;
}

static bool take_order(literal *l, bool *fortran) {
    *fortran = take(l, "True");
    return *fortran || take(l, "False");
}

/* The dictionary: three keys, each once, in any order. NULL, or what is wrong. */
static const char *read_dictionary(literal *l, spk_npy_layout *layout) {
    bool descr = false, order = false, shape = false;
    if (!take(l, "{")) return "its header is no dictionary";
    while (!take(l, "}")) {
        char key[16];
        if ((descr || order || shape) && !take(l, ",")) return "its header cannot be read";
        if (take(l, "}")) break;
        if (!take_text(l, key, sizeof key) || !take(l, ":")) return "its header cannot be read";
        if (strcmp(key, "descr") == 0 && !descr) {
            descr = true;
            if (!take_text(l, layout->descr, sizeof layout->descr)) return "its elements are records or of a type that cannot be read";
        } else if (strcmp(key, "fortran_order") == 0 && !order) {
            if (!(order = take_order(l, &layout->fortran))) return "its fortran_order is neither True nor False";
        } else if (strcmp(key, "shape") == 0 && !shape) {
            if (!(shape = take_shape(l, &layout->shape, &layout->axes))) return "its shape cannot be read";
        } else return "its header has a key that is unknown or there twice";
    }
    skip_space(l);
    if (l->at != l->end) return "its header goes on after the dictionary";
    return descr && order && shape ? NULL : "its header lacks one of descr, fortran_order and shape";
}

const char *spk_npy_read_layout(const unsigned char *bytes, int64_t size, spk_npy_layout *layout) {
    *layout = (spk_npy_layout){0};
    if (size >= 4 && memcmp(bytes, "PK\3\4", 4) == 0) return "is a .npz file, of several arrays; spk_npz_read reads it";
    if (size < MAGIC_LENGTH + 2 || memcmp(bytes, MAGIC, MAGIC_LENGTH) != 0) return "is not a .npy file: it does not begin with \\x93NUMPY";
    const int version = bytes[MAGIC_LENGTH], width = version == 1 ? 2 : 4;
    if (version < 1 || version > 3) return "is of a version of the .npy format that is not known; 1.0, 2.0 and 3.0 can be read";
    const int64_t begin = MAGIC_LENGTH + 2 + width;
    uint64_t length = 0;
    for (int i = width - 1; i >= 0 && begin <= size; i--) length = length << 8 | bytes[MAGIC_LENGTH + 2 + i];
    if (begin > size || length > (uint64_t)(size - begin)) return "ends within its header; copy or download the file again";
    literal l = {(const char *)bytes + begin, (const char *)bytes + begin + length};
    layout->data = begin + (int64_t)length;
    return read_dictionary(&l, layout);
}

spk_npy_header spk_npy_header_of(spk_shape shape) {
    spk_npy_header header = {0};
    char *text = (char *)header.bytes, sizes[SPK_MAX_AXES * 22 + 1] = "";
    size_t used = 0;
    for (int i = 0; i < shape.axes; i++)
        used += (size_t)snprintf(sizes + used, sizeof sizes - used, "%" PRId64 "%s", shape.dim[i], i && i == shape.axes - 1 ? "" : ", ");
    if (shape.axes == 1) sizes[used - 1] = 0;   /* (3,) */
    memcpy(text, MAGIC "\1", MAGIC_LENGTH + 2); /* 1.0 */
    size_t length = 10 + (size_t)snprintf(text + 10, sizeof header.bytes - 10, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
                                          SPK_BY_REAL("<f4", "<f8"), sizes);
    while ((length + 1) % 64) text[length++] = ' '; /* the numbers begin at a multiple of 64 */
    text[length++] = '\n';
    header.bytes[8] = (unsigned char)(length - 10), header.bytes[9] = (unsigned char)((length - 10) >> 8);
    header.length = length;
    return header;
}
