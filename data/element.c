#include "data/element_internal.h"
#include <math.h>

/* Past this, all numbers of floating point are whole and none fits int64_t. */
#define TWO_TO_63 9223372036854775808.0

static bool whole_of_real(double value, int64_t *out) {
    if (!(value >= -TWO_TO_63 && value < TWO_TO_63 && value == trunc(value))) return false;
    *out = (int64_t)value;
    return true;
}

static bool whole_of_unsigned(uint64_t value, int64_t *out) {
    *out = (int64_t)value;
    return value <= INT64_MAX;
}

static bool whole_of_signed(int64_t value, int64_t *out) {
    *out = value;
    return true;
}

#define ELEMENT(type, kind)                                                                              \
    static void scaled_##type(const void *data, int64_t first, int64_t n, double scale, spk_real *out) { \
        const type *from = (const type *)data + first;                                                   \
        for (int64_t i = 0; i < n; i++) out[i] = (spk_real)((double)from[i] * scale);                    \
    }                                                                                                    \
    static bool whole_##type(const void *data, int64_t i, int64_t *out) { return whole_of_##kind(((const type *)data)[i], out); }

ELEMENT(uint8_t, unsigned)
ELEMENT(int8_t, signed)
ELEMENT(uint16_t, unsigned)
ELEMENT(int16_t, signed)
ELEMENT(uint32_t, unsigned)
ELEMENT(int32_t, signed)
ELEMENT(uint64_t, unsigned)
ELEMENT(int64_t, signed)
ELEMENT(float, real)
ELEMENT(double, real)

static const struct type {
    spk_element element;
    int64_t size;
    void (*scaled)(const void *data, int64_t first, int64_t n, double scale, spk_real *out);
    bool (*whole)(const void *data, int64_t i, int64_t *out);
} types[] = {
#define TYPE(element, type) \
    { element, sizeof(type), scaled_##type, whole_##type }
    TYPE(SPK_U8, uint8_t),   TYPE(SPK_I8, int8_t),    TYPE(SPK_I16, int16_t),  TYPE(SPK_I32, int32_t),
    TYPE(SPK_F32, float),    TYPE(SPK_F64, double),   TYPE(SPK_BOOL, uint8_t), TYPE(SPK_U16, uint16_t),
    TYPE(SPK_U32, uint32_t), TYPE(SPK_U64, uint64_t), TYPE(SPK_I64, int64_t),
};

static const struct type *type_of(spk_element element) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].element == element) return &types[i];
    return NULL;
}

int64_t spk_element_size(spk_element element) {
    const struct type *type = type_of(element);
    return type ? type->size : 0;
}

void spk_elements_scaled(spk_element element, const void *data, int64_t first, int64_t n, double scale, spk_real *out) {
    type_of(element)->scaled(data, first, n, scale, out);
}

bool spk_element_whole(spk_element element, const void *data, int64_t i, int64_t *out) { return type_of(element)->whole(data, i, out); }
