/* The search for NaN and infinities, for record.c and backward.c. Each is called only while the context detects anomalies. */
#ifndef SPK_AUTOGRAD_ANOMALY_INTERNAL_H
#define SPK_AUTOGRAD_ANOMALY_INTERNAL_H

#include "autograd/op.h"
#include "core/tensor_internal.h"

/* Checks what the op is given from outside: inputs that no recorded op made. */
bool spk_inputs_are_finite(spk_record *r);
/* Checks what forward made. */
bool spk_outputs_are_finite(spk_record *r);
/* Checks the gradients that backward gives, pending ones too. */
bool spk_contributions_are_finite(spk_record *r);
/* Checks the gradient g of the result of r's op. `how` says what made it of what was finite. */
bool spk_gradient_is_finite(spk_record *r, const spk_tensor *g, const char *how);
/* Checks the gradient g of a leaf, likewise. */
bool spk_leaf_gradient_is_finite(const spk_tensor *leaf, const spk_tensor *g, const char *how);

#endif
