/* The tape seen from outside: gradients, backward, hooks. */
#ifndef SPK_AUTOGRAD_TAPE_H
#define SPK_AUTOGRAD_TAPE_H

#include "core/tensor.h"

SPK_BEGIN_DECLS

/** Whether a tensor takes part in gradients: leaves that were asked to, and every result computed from one. */
SPK_API bool spk_requires_grad(const spk_tensor *x);
/** Asks a leaf (a persistent tensor) for its gradient, or freezes it. An error for an op's result. Returns x, the inert tensor after an
 * error. */
SPK_API spk_tensor *spk_set_requires_grad(spk_tensor *x, bool requires_grad);
/** Keeps the gradient of an op's result readable after backward; leaves keep theirs anyway. Returns x, the inert tensor after an error. */
SPK_API spk_tensor *spk_retain_grad(spk_tensor *x);

/** Options of spk_backward. */
typedef struct spk_backward_opts {
    spk_tensor *gradient; /**< the gradient to start from, of the tensor's shape; default 1, for a scalar */
    bool retain;          /**< keep the records, so that backward can run over them again; default false */
} spk_backward_opts;
#define SPK_BACKWARD_DEFAULTS .retain = false

/**
 * Computes the gradients of all that `y` depends on and adds them to the leaves' (first-order; reverse mode over the tape):
 * `spk_backward(loss)`, `spk_backward(y, .gradient = g, .retain = true)`. The walk consumes its records: reaching one again is an error.
 * False after an error; errors of use are found before any gradient changes.
 */
#define spk_backward(...) spk_backward_keywords_(__VA_ARGS__, )
#define spk_backward_keywords_(y, ...) spk_backward_with((y), SPK_KEYWORDS(spk_backward_opts, SPK_BACKWARD_DEFAULTS, __VA_ARGS__))
/** The function behind spk_backward. */
SPK_API bool spk_backward_with(spk_tensor *y, spk_backward_opts options);
/** The defaults of spk_backward. */
SPK_API spk_backward_opts spk_backward_options(void);

/**
 * The gradient of a leaf, or that of a result under spk_retain_grad from the last backward; NULL when there is none. It has the tensor's
 * shape, except that the gradient of a SPK_REPEATED tensor is summed over its repeats, [N, ...]. A leaf's lives with the leaf, another's
 * with the step.
 */
SPK_API spk_tensor *spk_grad(const spk_tensor *x);
/** Forgets a leaf's gradient (its memory is kept). */
SPK_API void spk_clear_grad(spk_tensor *x);

/** The same values outside of the graph: gradients stop here. A view. */
SPK_API spk_tensor *spk_tensor_detach(spk_tensor *x);

/** Switches recording on or off for a context and returns what it was. */
SPK_API bool spk_set_grad_enabled(spk_ctx *ctx, bool enabled);
/** Whether results are recorded. */
SPK_API bool spk_grad_enabled(const spk_ctx *ctx);
/** `SPK_NO_GRAD(ctx) { ... }` records nothing inside the block. Do not leave the block by return, break or goto. */
#define SPK_NO_GRAD(ctx) SPK_NO_GRAD_((ctx), __LINE__)
#define SPK_NO_GRAD_(ctx, line) SPK_NO_GRAD_AT_(ctx, line) /* so that nested blocks do not shadow each other's variables */
#define SPK_NO_GRAD_AT_(ctx, line) SPK_NO_GRAD_NAMED_(ctx, spk_before_##line##_, spk_once_##line##_)
#define SPK_NO_GRAD_NAMED_(ctx, before, once) \
    for (int before = spk_set_grad_enabled(ctx, false), once = 1; once; once = 0, (void)spk_set_grad_enabled(ctx, before))

/**
 * Switches the search for numbers that go wrong on or off for a context (default: off) and returns what it was. While it is on, every
 * op's inputs from outside (data, parameters, memories) and results, every gradient, every sum of gradients and every parameter after an
 * optimizer's step are scanned. The first NaN or infinity is the context's error: it names the op, forward or backward, the layer, the
 * number's place, how many there are, and what to try; where an op was given it, it names the input instead. From then on the step does
 * nothing, as after every error, and no parameter changes. Healthy nets compute the same bits as without.
 *
 * It costs a pass over what is scanned; off, a branch a call. A whole infinity on purpose, as log 0 behind spk_where, is an error, too.
 */
SPK_API bool spk_detect_anomaly(spk_ctx *ctx, bool detect);
/** Whether anomalies are searched for. */
SPK_API bool spk_detects_anomaly(const spk_ctx *ctx);

/** Looks at (and may change, in place) the gradient of a tensor, `n` numbers, once it is complete. */
typedef void (*spk_grad_hook)(spk_tensor *x, int64_t n, spk_real *gradient, void *user);
/** Calls hook in every backward that reaches x: for a leaf as long as it lives, for a result within its step. */
SPK_API void spk_add_grad_hook(spk_tensor *x, spk_grad_hook hook, void *user);

SPK_END_DECLS

#endif
