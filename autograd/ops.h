/*
 * The built-in ops. Each takes tensors of one context and gives a step tensor; a wrong shape sets the context's error and gives the inert
 * tensor. Formulas are in doc comments, kernels and adjoints side by side in autograd/ops/.
 */
#ifndef SPK_AUTOGRAD_OPS_H
#define SPK_AUTOGRAD_OPS_H

#include "autograd/op.h"

SPK_BEGIN_DECLS

/** @name Elementwise, with NumPy's broadcasting
 * @{ */
SPK_API spk_tensor *spk_add(spk_tensor *a, spk_tensor *b);      /**< a + b */
SPK_API spk_tensor *spk_subtract(spk_tensor *a, spk_tensor *b); /**< a - b */
SPK_API spk_tensor *spk_multiply(spk_tensor *a, spk_tensor *b); /**< a b */
SPK_API spk_tensor *spk_divide(spk_tensor *a, spk_tensor *b);   /**< a / b */
/** condition != 0 ? a : b; no gradient for the condition. */
SPK_API spk_tensor *spk_where(spk_tensor *condition, spk_tensor *a, spk_tensor *b);
/** @} */

/** @name Elementwise, of one tensor
 * @{ */
SPK_API spk_tensor *spk_negate(spk_tensor *x);                               /**< -x */
SPK_API spk_tensor *spk_scale(spk_tensor *x, double factor);                 /**< factor x */
SPK_API spk_tensor *spk_shift(spk_tensor *x, double offset);                 /**< x + offset */
SPK_API spk_tensor *spk_exp(spk_tensor *x);                                  /**< e^x */
SPK_API spk_tensor *spk_log(spk_tensor *x);                                  /**< ln x */
SPK_API spk_tensor *spk_sqrt(spk_tensor *x);                                 /**< square root */
SPK_API spk_tensor *spk_power(spk_tensor *x, double exponent);               /**< x^exponent */
SPK_API spk_tensor *spk_tanh(spk_tensor *x);                                 /**< tanh x */
SPK_API spk_tensor *spk_sigmoid(spk_tensor *x);                              /**< 1 / (1 + e^-x) */
SPK_API spk_tensor *spk_relu(spk_tensor *x);                                 /**< max(x, 0); slope 0 at 0 */
SPK_API spk_tensor *spk_clamp(spk_tensor *x, double lowest, double highest); /**< x limited; slope 1 on the limits, as PyTorch */
/** @} */

/** @name Products
 * @{ */
/** Options of spk_matmul: read a factor transposed. */
typedef struct spk_matmul_opts {
    bool transpose_a, transpose_b; /**< default false */
} spk_matmul_opts;
#define SPK_MATMUL_DEFAULTS .transpose_a = false
/** a [m, k] b [k, n] = [m, n]; `.transpose_a = true` reads a as stored [k, m], `.transpose_b` b as [n, k]. */
#define spk_matmul(...) spk_matmul_keywords_(__VA_ARGS__, )
#define spk_matmul_keywords_(a, b, ...) spk_matmul_with((a), (b), SPK_KEYWORDS(spk_matmul_opts, SPK_MATMUL_DEFAULTS, __VA_ARGS__))
/** The function behind spk_matmul. */
SPK_API spk_tensor *spk_matmul_with(spk_tensor *a, spk_tensor *b, spk_matmul_opts options);
/** The defaults of spk_matmul. */
SPK_API spk_matmul_opts spk_matmul_options(void);
/** x [..., in] weight [in, out] + bias [out] = [..., out]; bias may be NULL. Takes spikes as bits and repeated rows as they are. */
SPK_API spk_tensor *spk_linear(spk_tensor *x, spk_tensor *weight, spk_tensor *bias);
/** @} */

/** @name Reductions
 * @{ */
/** A set of axes; none means all. */
typedef struct spk_axis_set {
    int count;              /**< how many; -1 in an invalid set */
    int axis[SPK_MAX_AXES]; /**< their numbers, negative ones from the last */
} spk_axis_set;
/** `SPK_AXES(0, -1)`: axes by number, negative ones from the last. */
#define SPK_AXES(...) spk_axes_of((int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (const int[]){__VA_ARGS__})
/** The function behind SPK_AXES; count is -1 (invalid) for more than SPK_MAX_AXES axes, or a NULL axis. */
SPK_API spk_axis_set spk_axes_of(int count, const int *axis);
/** Options of the reductions. */
typedef struct spk_reduce_opts {
    spk_axis_set axes; /**< what to reduce; default all axes, to a scalar */
    bool keep;         /**< keep reduced axes with size 1; default false */
} spk_reduce_opts;
#define SPK_REDUCE_DEFAULTS .keep = false
/** The sum over axes: `spk_sum(x)`, `spk_sum(x, .axes = SPK_AXES(0), .keep = true)`. Sums are kept in double. */
#define spk_sum(...) spk_sum_keywords_(__VA_ARGS__, )
#define spk_sum_keywords_(x, ...) spk_sum_with((x), SPK_KEYWORDS(spk_reduce_opts, SPK_REDUCE_DEFAULTS, __VA_ARGS__))
/** The mean over axes. */
#define spk_mean(...) spk_mean_keywords_(__VA_ARGS__, )
#define spk_mean_keywords_(x, ...) spk_mean_with((x), SPK_KEYWORDS(spk_reduce_opts, SPK_REDUCE_DEFAULTS, __VA_ARGS__))
/** The largest element over axes; its gradient goes to the first of equal ones. NaN wins. */
#define spk_max(...) spk_max_keywords_(__VA_ARGS__, )
#define spk_max_keywords_(x, ...) spk_max_with((x), SPK_KEYWORDS(spk_reduce_opts, SPK_REDUCE_DEFAULTS, __VA_ARGS__))
SPK_API spk_tensor *spk_sum_with(spk_tensor *x, spk_reduce_opts options);  /**< The function behind spk_sum. */
SPK_API spk_tensor *spk_mean_with(spk_tensor *x, spk_reduce_opts options); /**< The function behind spk_mean. */
SPK_API spk_tensor *spk_max_with(spk_tensor *x, spk_reduce_opts options);  /**< The function behind spk_max. */
SPK_API spk_reduce_opts spk_reduce_options(void);                          /**< The defaults of the reductions. */
/** @} */

/** @name Shape
 * @{ */
/** The same elements in another shape, as many as before. A view. */
SPK_API spk_tensor *spk_reshape(spk_tensor *x, spk_shape shape);
/** All axes but the first made one: [N, a, b] to [N, a b]. A view. */
SPK_API spk_tensor *spk_flatten(spk_tensor *x);
/** Two axes exchanged (negative ones count from the last); copies. */
SPK_API spk_tensor *spk_transpose(spk_tensor *x, int axis_a, int axis_b);
/** Rows begin .. end - 1 of the first axis. A view. */
SPK_API spk_tensor *spk_slice(spk_tensor *x, int64_t begin, int64_t end);
/**
 * Tensors joined along an axis, `n` of them, at least one; equal in all other axes. Where there is no tensor to tell the context (n < 1, xs
 * NULL or all of it NULL) no context gets an error: the result is the inert tensor of none, and an op that gets it says so.
 */
SPK_API spk_tensor *spk_concat(spk_tensor *const *xs, int n, int axis);
/** Tensors of one shape joined along a new axis; without any tensor as spk_concat. */
SPK_API spk_tensor *spk_stack(spk_tensor *const *xs, int n, int axis);
/** The same values stored densely: what ops that take no bits or repeated rows are given. */
SPK_API spk_tensor *spk_dense(spk_tensor *x);
/** The same values stored as bits, for a tensor of zeros and ones of at least one axis; the gradient passes as it is. */
SPK_API spk_tensor *spk_bits(spk_tensor *x);
/** @} */

/** @name Time: a sequence of T steps is [T*N, ...], row t*N + n
 * @{ */
/** [N, ...] shown at each of T steps: [T*N, ...], stored once. */
SPK_API spk_tensor *spk_repeat_over_time(spk_tensor *x, int64_t T);
/** The sum over the T steps, [T*N, ...] to [N, ...]. */
SPK_API spk_tensor *spk_sum_over_time(spk_tensor *x, int64_t T);
/** The mean over the T steps: of spikes, their rate. */
SPK_API spk_tensor *spk_mean_over_time(spk_tensor *x, int64_t T);
/** Step t of T: rows t*N .. t*N + N - 1. A view. */
SPK_API spk_tensor *spk_time_step(spk_tensor *x, int64_t T, int64_t t);
/** @} */

/** @name Classification and regression
 * @{ */
SPK_API spk_tensor *spk_softmax(spk_tensor *x);     /**< e^x / sum e^x over the last axis */
SPK_API spk_tensor *spk_log_softmax(spk_tensor *x); /**< ln softmax over the last axis */
/** Options of spk_cross_entropy. */
typedef struct spk_cross_entropy_opts {
    double label_smoothing; /**< s in [0, 1]: the target is 1 - s on the label plus s / classes on every class; default 0 */
} spk_cross_entropy_opts;
#define SPK_CROSS_ENTROPY_DEFAULTS .label_smoothing = 0
/** The mean over the batch of -sum target ln softmax(logits), as PyTorch: logits [N, classes], labels [N] whole numbers from 0. */
#define spk_cross_entropy(...) spk_cross_entropy_keywords_(__VA_ARGS__, )
#define spk_cross_entropy_keywords_(logits, labels, ...) \
    spk_cross_entropy_with((logits), (labels), SPK_KEYWORDS(spk_cross_entropy_opts, SPK_CROSS_ENTROPY_DEFAULTS, __VA_ARGS__))
/** The function behind spk_cross_entropy. */
SPK_API spk_tensor *spk_cross_entropy_with(spk_tensor *logits, spk_tensor *labels, spk_cross_entropy_opts options);
/** The defaults of spk_cross_entropy. */
SPK_API spk_cross_entropy_opts spk_cross_entropy_options(void);
/** The mean over all elements of (x - target)^2; both have one shape. */
SPK_API spk_tensor *spk_mse(spk_tensor *x, spk_tensor *target);
/** @} */

/** @name Regularisation and normalisation
 * @{ */
/** Options of spk_dropout. */
typedef struct spk_dropout_opts {
    double p;  /**< the probability of a zero; default 0.5 */
    int64_t T; /**< one mask for all T steps of [T*N, ...]; default 1 */
} spk_dropout_opts;
#define SPK_DROPOUT_DEFAULTS .p = 0.5, .T = 1
/** Zeroes elements with probability p and scales the others by 1 / (1 - p); bits stay bits. */
#define spk_dropout(...) spk_dropout_keywords_(__VA_ARGS__, )
#define spk_dropout_keywords_(x, ...) spk_dropout_with((x), SPK_KEYWORDS(spk_dropout_opts, SPK_DROPOUT_DEFAULTS, __VA_ARGS__))
/** The function behind spk_dropout. */
SPK_API spk_tensor *spk_dropout_with(spk_tensor *x, spk_dropout_opts options);
/** The defaults of spk_dropout. */
SPK_API spk_dropout_opts spk_dropout_options(void);

/** Options of spk_batch_norm; the tensors are [channels] and persistent. */
typedef struct spk_batch_norm_opts {
    spk_tensor *running_mean, *running_var; /**< updated in training, read in evaluation; NULL: none, batch statistics always */
    bool training;                          /**< default true */
    double momentum;                        /**< default 0.1 */
    double eps;                             /**< default 1e-5 */
} spk_batch_norm_opts;
#define SPK_BATCH_NORM_DEFAULTS .training = true, .momentum = 0.1, .eps = 1e-5
/**
 * Over the rows of x [N, channels]: (x - mean) / sqrt(variance + eps) weight + bias (Ioffe and Szegedy 2015). As PyTorch's BatchNorm1d:
 * normalises with the biased variance and keeps a running mean of the unbiased. Repeated rows count as often as they are shown.
 */
#define spk_batch_norm(...) spk_batch_norm_keywords_(__VA_ARGS__, )
#define spk_batch_norm_keywords_(x, weight, bias, ...) \
    spk_batch_norm_with((x), (weight), (bias), SPK_KEYWORDS(spk_batch_norm_opts, SPK_BATCH_NORM_DEFAULTS, __VA_ARGS__))
/** The function behind spk_batch_norm. */
SPK_API spk_tensor *spk_batch_norm_with(spk_tensor *x, spk_tensor *weight, spk_tensor *bias, spk_batch_norm_opts options);
/** The defaults of spk_batch_norm. */
SPK_API spk_batch_norm_opts spk_batch_norm_options(void);
/** @} */

/** The autograd layer's ops, for tools that go over all of them; sets *count unless it is NULL. */
SPK_API const spk_op *const *spk_autograd_ops(int *count);

SPK_END_DECLS

#endif
