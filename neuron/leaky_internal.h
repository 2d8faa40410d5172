/* The fused neuron: T steps of a leaky integrate-and-fire neuron in one op. */
#ifndef SPK_NEURON_LEAKY_INTERNAL_H
#define SPK_NEURON_LEAKY_INTERNAL_H

#include "neuron/surrogate.h"

/* The neuron's constants. Charge: H = (v + c x) - k (v - v_rest), c = k with decay_input, else 1; k = 0 is the IF neuron. */
typedef struct spk_leaky {
    int64_t T;
    spk_real k;       /* used when the op has no input for it */
    spk_real v_start; /* the membrane before the first step, used when the op has no input for it */
    spk_real v_threshold, v_rest, v_reset;
    bool decay_input, hard, detach_reset, spike_out;
    spk_surrogate surrogate;
} spk_leaky;

/* Outputs. */
enum { SPK_LEAKY_SPIKES, SPK_LEAKY_V_SEQ, SPK_LEAKY_V_LAST };

/* Runs the neuron on x [T*N, ...]; v_start [N, ...] and k (one element) may be NULL. Spikes and the last membrane are always computed, the
 * membrane after each step only if v_seq is given. */
spk_tensor *spk_leaky_forward(const spk_leaky *neuron, spk_tensor *x, spk_tensor *v_start, spk_tensor *k, spk_tensor **v_seq,
                              spk_tensor **v_last);

#endif
