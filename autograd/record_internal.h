/* What backward and the making of records share. */
#ifndef SPK_AUTOGRAD_RECORD_INTERNAL_H
#define SPK_AUTOGRAD_RECORD_INTERNAL_H

#include "autograd/op.h"
#include "autograd/tape.h"

/*
 * True when neither an input nor an output has an element: there is nothing to compute then, neither forward nor backward. Ops are not
 * called, since their loops over what has no elements may be long: [2^40, 0] is a shape, and so are [0, 3] rows of 2^40 steps.
 */
bool spk_record_is_empty(const spk_record *r);

#endif
