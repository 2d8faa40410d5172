/* IDX files: the input is the file. */
#include "idx_support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return check_idx(data, size); }
