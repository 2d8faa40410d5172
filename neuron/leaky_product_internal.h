/* The gradient of a tile's spikes where it comes as a product (leaky_adjoint.c). */
#ifndef SPK_NEURON_LEAKY_PRODUCT_INTERNAL_H
#define SPK_NEURON_LEAKY_PRODUCT_INTERNAL_H

#include "neuron/leaky_tile_internal.h"

/* gS = g W', the gradient of the next layer's output times its weight. */
typedef struct spk_spike_product {
    const spk_product *q;
    spk_real *transposed; /* W as [out, in], for narrow products: all neurons of a step at once */
    spk_real support;     /* for wide ones: only neurons this near to their threshold have a slope, so only for those it is computed */
} spk_spike_product;

/* True when a product of `out` columns is worth taking. */
bool spk_spike_product_wanted(const spk_leaky *a, int64_t out);
/* True when it costs less to multiply out here than by BLAS: when narrow, or when few enough neurons have a slope. */
bool spk_spike_product_pays(spk_record *r, const spk_leaky_run *w, const spk_product *q);
/* Prepares for a product; false without memory. spk_spike_product_done gives the memory back. */
bool spk_spike_product_begin(spk_record *r, const spk_product *q, spk_spike_product *product);
void spk_spike_product_done(spk_record *r, const spk_spike_product *product);
/* The gradient of a tile's spikes at all T steps: row t of gs, the rows w->tile apart. h holds the membranes likewise. */
void spk_spike_product_tile(const spk_spike_product *product, const spk_leaky_run *w, spk_leaky_tile p, const spk_real *h, spk_real *gs);

#endif
