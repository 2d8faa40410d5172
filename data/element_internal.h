/* Numbers of every type that files hold, as the numbers that this library computes with. */
#ifndef SPK_DATA_ELEMENT_INTERNAL_H
#define SPK_DATA_ELEMENT_INTERNAL_H

#include "data/idx.h"

/* out = elements first .. first + n - 1 of data, times scale. */
void spk_elements_scaled(spk_element element, const void *data, int64_t first, int64_t n, double scale, spk_real *out);
/* Element i as a whole number; false when it is none, or none that fits. */
bool spk_element_whole(spk_element element, const void *data, int64_t i, int64_t *out);

#endif
