/* Where the sparse roads stop being the faster ones. */
#ifndef SPK_CORE_CROSSOVER_INTERNAL_H
#define SPK_CORE_CROSSOVER_INTERNAL_H

#include "core/config.h"

/* The shares of elements that are visited up to which the sparse road is taken, for wide factors and for those of up to SPK_NARROW columns.
 */
typedef struct spk_crossover {
    double wide, narrow;               /* non-zero elements of X in X B */
    double wide_weight, narrow_weight; /* and in X' B */
    double slope;                      /* neuron-steps near their threshold, for the gradient of their spikes */
} spk_crossover;

/* The constants for the instruction set of our kernels and of BLAS's. */
const spk_crossover *spk_crossover_here(void);

#endif
