/* Encoders: from values to T steps of input, [N, ...] to [T*N, ...]. */
#ifndef SPK_NEURON_ENCODER_H
#define SPK_NEURON_ENCODER_H

#include "core/tensor.h"

SPK_BEGIN_DECLS

/** The same current at every step: spk_repeat_over_time. */
SPK_API spk_tensor *spk_constant_encode(spk_tensor *x, int64_t T);
/** Rate code: at each step a spike with probability x (limited to 0..1), from the context's stream; as bits. No gradient. */
SPK_API spk_tensor *spk_poisson_encode(spk_tensor *x, int64_t T);
/** Latency code: one spike, at step round((T - 1) (1 - x)), x limited to 0..1: the larger, the earlier (SpikingJelly's linear code); as
 * bits. No gradient. */
SPK_API spk_tensor *spk_latency_encode(spk_tensor *x, int64_t T);

SPK_END_DECLS

#endif
