/* Text that grows: what modules print themselves into. */
#ifndef SPK_CORE_TEXT_H
#define SPK_CORE_TEXT_H

#include "core/context.h"

SPK_BEGIN_DECLS

/** A growing text. Start with {.ctx = ctx}; `data` is NULL until something is added. Free it with spk_text_free. */
typedef struct spk_text {
    spk_ctx *ctx;            /**< whose memory it takes */
    char *data;              /**< the text, which ends with 0; NULL at first */
    size_t length, capacity; /**< characters that it has, and bytes that there is room for */
} spk_text;

/** Adds printf-like; without memory the context's error is set and the text stays as it was. Nothing for a NULL text, or without a ctx. */
SPK_API void spk_text_add(spk_text *text, const char *format, ...) SPK_PRINTF(2, 3);
/** Adds a number with the fewest digits, at least 6, that strtod gives the same number back for; with a point in any locale. */
SPK_API void spk_text_add_number(spk_text *text, double value);
/** Frees the text. NULL is allowed. */
SPK_API void spk_text_free(spk_text *text);

SPK_END_DECLS

#endif
