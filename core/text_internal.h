/* What the library's own texts need: UTF-8, XML, numbers of few digits, texts of a step. */
#ifndef SPK_CORE_TEXT_INTERNAL_H
#define SPK_CORE_TEXT_INTERNAL_H

#include "core/text.h"

/* The bytes of the UTF-8 character at s, which ends with a zero; 0 where none is that XML allows on a line. */
int spk_character_bytes(const char *s);
/* Adds a label for between XML's tags or quotes: escaped, line ends and tabs as spaces, '?' for bytes that are no character. NULL is "". */
void spk_text_add_xml(spk_text *text, const char *label);
/* Adds a number rounded to so many digits. */
void spk_text_add_rounded(spk_text *text, double value, int digits);
/* Hands a text over as text of the current step and frees it; "" after an error. */
const char *spk_text_to_step(spk_text *text);

#endif
