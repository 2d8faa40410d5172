/* Checks gradients against finite differences. */
#ifndef SPK_AUTOGRAD_GRADCHECK_H
#define SPK_AUTOGRAD_GRADCHECK_H

#include "core/tensor.h"

SPK_BEGIN_DECLS

/** What is checked: a tensor of any shape computed from `inputs`. It is called many times and must give the same each time. */
typedef spk_tensor *(*spk_function)(void *user, spk_tensor *const *inputs);

/** Options of spk_gradcheck. */
typedef struct spk_gradcheck_opts {
    void *user;       /**< handed to the function */
    double eps;       /**< half the distance of the central difference; default 1e-6 */
    double tolerance; /**< the error allowed, relative to the largest gradient of that input or to 1, whichever is larger; default 1e-7 */
} spk_gradcheck_opts;
#define SPK_GRADCHECK_DEFAULTS .eps = 1e-6, .tolerance = 1e-7

/** The worst element that spk_gradcheck saw. */
typedef struct spk_gradcheck_report {
    bool passed;              /**< no error is above the tolerance, and the context has not failed */
    double error;             /**< |analytic - numeric|, relative as the tolerance is */
    int input;                /**< number of the worst element's input */
    int64_t element;          /**< its number there */
    double analytic, numeric; /**< its gradient by backward, and by differences */
} spk_gradcheck_report;

/**
 * Compares backward's gradients of sum(function(inputs) * r), r random in [-1, 1), with central differences, for every element of the
 * `n` inputs that require a gradient (persistent tensors; their values are restored). Each call of the function is followed by
 * spk_end_step, and the gradients of the inputs are cleared. In the double library; in float the differences are too coarse and this
 * is an error.
 */
#define spk_gradcheck(...) spk_gradcheck_keywords_(__VA_ARGS__, )
#define spk_gradcheck_keywords_(function, n, inputs, ...) \
    spk_gradcheck_with((function), (n), (inputs), SPK_KEYWORDS(spk_gradcheck_opts, SPK_GRADCHECK_DEFAULTS, __VA_ARGS__))
/** The function behind spk_gradcheck. */
SPK_API spk_gradcheck_report spk_gradcheck_with(spk_function function, int n, spk_tensor *const *inputs, spk_gradcheck_opts options);
/** The defaults of spk_gradcheck. */
SPK_API spk_gradcheck_opts spk_gradcheck_options(void);

SPK_END_DECLS

#endif
