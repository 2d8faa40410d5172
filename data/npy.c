/* One array in a .npy file: from its bytes to numbers of this machine and back. */
#include "core/context_internal.h"
#include "data/element_internal.h"
#include "data/npy_header_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool spk_npy_refuse(const spk_npy_source *source, const char *format, ...) {
    char message[SPK_ERROR_TEXT];
    va_list arguments;
    va_start(arguments, format);
    spk_error_format(message, format, arguments);
    va_end(arguments);
    if (source->member) spk_fail(source->ctx, "%s: %s: %s.npy: %s", source->who, source->path, source->member, message);
    else spk_fail(source->ctx, "%s: %s: %s", source->who, source->path, message);
    return false;
}

/* The types that can be read, as NumPy writes them behind the byte order. */
static const struct type {
    const char *name;
    int64_t width; /* in the file */
    spk_element element;
} types[] = {
    {"f4", 4, SPK_F32}, {"f8", 8, SPK_F64}, {"f2", 2, SPK_F32}, {"i1", 1, SPK_I8},  {"i2", 2, SPK_I16}, {"i4", 4, SPK_I32},
    {"i8", 8, SPK_I64}, {"u1", 1, SPK_U8},  {"u2", 2, SPK_U16}, {"u4", 4, SPK_U32}, {"u8", 8, SPK_U64}, {"b1", 1, SPK_BOOL},
};

static const struct type *type_named(const char *descr) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(descr + 1, types[i].name) == 0 && (strchr("<>", descr[0]) || (descr[0] == '|' && types[i].width == 1))) return &types[i];
    return NULL;
}

/* A float of 16 bits as one of 32, which holds each exactly. */
static uint32_t widened(uint32_t half) {
    const uint32_t sign = (half & 0x8000) << 16;
    uint32_t exponent = half >> 10 & 31, fraction = half & 0x3ff;
    if (exponent == 31) return sign | 0x7f800000 | fraction << 13; /* an infinity or a NaN */
    if (exponent == 0 && fraction == 0) return sign;
    if (exponent == 0) { /* below the least normal number: its leading one moves to its place */
        for (exponent = 1; !(fraction & 0x400); exponent--) fraction <<= 1;
        fraction &= 0x3ff;
    }
    return sign | (exponent + 112) << 23 | fraction << 13;
}

/* One number, from the file's byte order to this machine's. */
static void convert(const unsigned char *from, const struct type *type, bool big_endian, unsigned char *to) {
    uint64_t wide = 0;
    for (int64_t i = 0; i < type->width; i++) wide |= (uint64_t)from[i] << 8 * (big_endian ? type->width - 1 - i : i);
    if (type->width == 8) memcpy(to, &wide, 8);
    else if (type->width == 4) memcpy(to, &(uint32_t){(uint32_t)wide}, 4);
    else if (type->element == SPK_F32) memcpy(to, &(uint32_t){widened((uint32_t)wide)}, 4);
    else if (type->width == 2) memcpy(to, &(uint16_t){(uint16_t)wide}, 2);
    else *to = type->element == SPK_BOOL ? wide != 0 : (unsigned char)wide;
}

/* Goes on to the next element in row-major order; *place is where it lies in an array with these strides. */
static void next_place(spk_shape shape, const int64_t *stride, int64_t *index, int64_t *place) {
    for (int axis = shape.axes - 1; axis >= 0; axis--) {
        *place += stride[axis];
        if (++index[axis] < shape.dim[axis]) return;
        *place -= stride[axis] * shape.dim[axis];
        index[axis] = 0;
    }
}

static void convert_all(const unsigned char *from, const spk_npy_layout *layout, const struct type *type, int64_t n, unsigned char *to) {
    const spk_shape shape = layout->shape;
    const int64_t size = spk_element_size(type->element);
    int64_t stride[SPK_MAX_AXES] = {0}, index[SPK_MAX_AXES] = {0}, place = 0, next = 1;
    for (int k = 0; k < shape.axes && n; k++) { /* without elements the product of some sizes may be anything */
        const int axis = layout->fortran ? k : shape.axes - 1 - k;
        stride[axis] = next;
        next *= shape.dim[axis];
    }
    for (int64_t i = 0; i < n; i++) {
        convert(from + place * type->width, type, layout->descr[0] == '>', to + i * size);
        if (layout->fortran) next_place(shape, stride, index, &place);
        else place++;
    }
}

/* That the bytes after the header are the elements that it names. */
static bool check_size(const spk_npy_source *source, const spk_npy_layout *layout, const struct type *type, int64_t there) {
    const int64_t n = spk_shape_size(layout->shape);
    const spk_shape_string text = spk_shape_text(layout->shape);
    if (n < 0 || n > INT64_MAX / 8) return spk_npy_refuse(source, "its header says %s, more elements than memory can hold", text.text);
    if (there < n * type->width)
        return spk_npy_refuse(source,
                              "is cut short: its header says %s of '%s', which is %" PRId64 " bytes, and %" PRId64
                              " are there; copy or download the file again",
                              text.text, layout->descr, n * type->width, there);
    if (there > n * type->width)
        return spk_npy_refuse(source, "has %" PRId64 " bytes more than its header says (%s of '%s'); save each array to a file of its own",
                              there - n * type->width, text.text, layout->descr);
    return true;
}

bool spk_npy_parse(const spk_npy_source *source, const unsigned char *bytes, int64_t size, spk_npy *array) {
    spk_npy_layout layout;
    *array = (spk_npy){0};
    const char *wrong = spk_npy_read_layout(bytes, size, &layout);
    if (wrong) return spk_npy_refuse(source, "%s", wrong);
    const struct type *type = type_named(layout.descr);
    if (!type)
        return spk_npy_refuse(source, "its elements are of type '%s'; numbers of 8 to 64 bits and bool can be read: x.astype('float32')",
                              layout.descr);
    if (layout.axes > SPK_MAX_AXES)
        return spk_npy_refuse(source, "has %d axes; at most %d can be read: x.reshape(...)", layout.axes, SPK_MAX_AXES);
    if (!check_size(source, &layout, type, size - layout.data)) return false;
    const int64_t n = spk_shape_size(layout.shape);
    *array = (spk_npy){.element = type->element, .shape = layout.shape};
    array->data = spk_allocate_uninitialised(source->ctx, (size_t)(n * spk_element_size(type->element)) + 1); /* never nothing */
    if (array->data) convert_all(bytes + layout.data, &layout, type, n, array->data);
    return array->data;
}

bool spk_npy_read(spk_ctx *ctx, const char *who, const char *path, spk_npy *array) {
    const spk_npy_source source = {.ctx = ctx, .who = who, .path = path};
    *array = (spk_npy){0};
    if (!path) spk_fail(ctx, "%s: the path is NULL", who);
    if (ctx->failed) return false;
    const spk_file_bytes file = spk_file_read(ctx, path);
    if (file.failed) return spk_npy_refuse(&source, "%s: %s", file.failed, strerror(file.reason));
    const bool read = file.bytes && spk_npy_parse(&source, file.bytes, file.size, array);
    spk_release(ctx, file.bytes);
    return read;
}

spk_tensor *spk_npy_load(spk_ctx *ctx, const char *path) {
    spk_npy array;
    ctx = spk_ctx_or_failed(ctx);
    const spk_activity before = spk_doing_function(ctx, "spk_npy_load");
    spk_tensor *x = &ctx->inert;
    if (!ctx->failed && spk_npy_read(ctx, "spk_npy_load", path, &array)) {
        x = spk_tensor_create(ctx, array.shape);
        if (!ctx->failed) spk_elements_scaled(array.element, array.data, 0, x->size, 1, spk_reals(x));
        spk_release(ctx, array.data);
    }
    spk_done(ctx, before);
    return x;
}

bool spk_npy_put(const spk_real *numbers, int64_t n, bool (*put)(void *to, const void *bytes, size_t n), void *to) {
    enum { WIDTH = sizeof(spk_real), ROOM = 8192 };
    unsigned char block[ROOM];
    size_t used = 0;
    for (int64_t i = 0; i < n; i++) {
        SPK_BY_REAL(uint32_t, uint64_t) bits;
        memcpy(&bits, &numbers[i], WIDTH);
        for (int k = 0; k < WIDTH; k++) block[used++] = (unsigned char)(bits >> 8 * k);
        if (used < ROOM) continue;
        if (!put(to, block, used)) return false;
        used = 0;
    }
    return put(to, block, used);
}

static bool to_file(void *file, const void *bytes, size_t n) { return spk_replace_write(file, bytes, n); }

bool spk_npy_save(spk_tensor *x, const char *path) {
    spk_ctx *ctx = spk_ctx_or_failed(x ? x->object.ctx : NULL);
    if (!spk_tensor_usable(ctx, x, "spk_npy_save")) return false;
    if (!path) spk_fail(ctx, "spk_npy_save: the path is NULL");
    const spk_activity before = spk_doing_function(ctx, "spk_npy_save");
    const spk_real *numbers = ctx->failed ? NULL : spk_tensor_read(x, "spk_npy_save");
    const spk_npy_header header = spk_npy_header_of(x->shape);
    spk_replacement r;
    if (!ctx->failed && spk_replace_begin(&r, ctx, path, false))
        spk_replace_end(&r, spk_replace_write(&r, header.bytes, header.length) && spk_npy_put(numbers, x->size, to_file, &r) &&
                                fsync(r.file) == 0);
    spk_done(ctx, before);
    return !ctx->failed;
}
