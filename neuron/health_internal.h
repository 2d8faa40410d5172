/* What a watch keeps of its layers, for health.c and health_report.c. */
#ifndef SPK_NEURON_HEALTH_INTERNAL_H
#define SPK_NEURON_HEALTH_INTERNAL_H

#include "core/context.h"
#include "core/text.h"
#include "neuron/health.h"
#include "neuron/surrogate.h"
#include <stdatomic.h>

/* One layer. Its module may be gone before it: nothing here points to it. */
typedef struct spk_watched {
    char name[SPK_DOTTED_NAME];
    const char *type;
    int64_t neuron_steps, spikes, neurons;
    uint64_t *words; /* sets of a sample's neurons, as bits */
    int64_t n_words; /* of each set */
    bool changed;    /* samples had different numbers of neurons: sets are not kept */
    bool smooth;     /* the outputs are no spikes */
    bool has_gradient;
    int64_t every;                          /* as the option */
    uint64_t step;                          /* the last in which the layer was called */
    int64_t steps;                          /* how many there were */
    double squares;                         /* of the gradient at the input */
    _Atomic(int64_t) slopes, slope_count;   /* the sum of slopes, and over how many */
    double peak;                            /* the surrogate's slope at the threshold */
    spk_surrogate_function grad, primitive; /* the surrogate that is watched */
    void *user;
} spk_watched;

struct spk_health {
    spk_object object;
    spk_health_opts options;
    int count;
    spk_watched *layer;
    spk_text report;
};

#endif
