/* The works that steps times: nets, inputs and losses, in the library's public terms. */
#ifndef BENCH_WORKS_H
#define BENCH_WORKS_H

#include <spiketape.h>

#define PIXELS 784
#define CLASSES 10

/* One training work. Inputs of a batch are x [N, width]; encoded they are [T*N, width]. */
typedef struct work {
    const char *name;
    int64_t T, batch, width;
    double lr;                                             /* of Adam; 0: no optimizer */
    spk_module *(*net)(spk_ctx *ctx, const struct work *); /* modules named "0", "1", ... as PyTorch's Sequential */
    spk_tensor *(*encode)(spk_tensor *x, int64_t T);       /* inside of the timed step; NULL: the input is fixed and encoded already */
    spk_tensor *(*scores)(spk_module *net, spk_tensor *input, int64_t T); /* [N, classes], for accuracy; NULL: there are no classes */
    spk_tensor *(*loss)(spk_module *net, spk_tensor *input, spk_tensor *labels, int64_t T); /* labels are NULL without classes */
    const char *surrogate;
} work;

/* The work of this name; NULL when there is none. */
const work *work_find(const char *name);
/* The names of all works in one line, with blanks between. */
const char *work_names(void);
/* A fixed input for works without an encoder: [T*N, width], persistent, normally distributed, from the context's stream. */
spk_tensor *work_fixed_input(spk_ctx *ctx, const work *w);

#endif
