/* The layers of fully connected networks. */
#ifndef SPK_NN_LAYERS_H
#define SPK_NN_LAYERS_H

#include "nn/module.h"

SPK_BEGIN_DECLS

/** Modules run one after another; they become its parts "0", "1", ... `spk_sequential(ctx, a, b, c)`. */
#define spk_sequential(ctx, ...) \
    spk_sequential_of((ctx), (int)(sizeof((spk_module *[]){__VA_ARGS__}) / sizeof(spk_module *)), (spk_module *[]){__VA_ARGS__})
/** The function behind spk_sequential: n modules. */
SPK_API spk_module *spk_sequential_of(spk_ctx *ctx, int n, spk_module *const *modules);

/** Options of spk_linear_layer. */
typedef struct spk_linear_opts {
    bool bias; /**< default true */
} spk_linear_opts;
#define SPK_LINEAR_DEFAULTS .bias = true
/**
 * y = x weight + bias over the last axis: parameters `weight` [in, out] and `bias` [out], both drawn from the context's stream, uniform in
 * +-1/sqrt(in) (PyTorch's default).
 */
#define spk_linear_layer(...) spk_linear_layer_keywords_(__VA_ARGS__, )
#define spk_linear_layer_keywords_(ctx, in, out, ...) \
    spk_linear_layer_with((ctx), (in), (out), SPK_KEYWORDS(spk_linear_opts, SPK_LINEAR_DEFAULTS, __VA_ARGS__))
SPK_API spk_module *spk_linear_layer_with(spk_ctx *ctx, int64_t in, int64_t out, spk_linear_opts options); /**< The function behind it. */
SPK_API spk_linear_opts spk_linear_options(void);                                                          /**< The defaults. */

/** Options of spk_batch_norm1d. */
typedef struct spk_batch_norm1d_opts {
    double eps;      /**< added to the variance; default 1e-5 */
    double momentum; /**< weight of the newest batch in the running statistics; default 0.1 */
    bool affine;     /**< learn a scale and an offset; default true */
} spk_batch_norm1d_opts;
#define SPK_BATCH_NORM1D_DEFAULTS .eps = 1e-5, .momentum = 0.1, .affine = true
/** Batch norm over the rows of [N, channels] (see spk_batch_norm): parameters `weight`, `bias`, buffers `running_mean`, `running_var`. */
#define spk_batch_norm1d(...) spk_batch_norm1d_keywords_(__VA_ARGS__, )
#define spk_batch_norm1d_keywords_(ctx, channels, ...) \
    spk_batch_norm1d_with((ctx), (channels), SPK_KEYWORDS(spk_batch_norm1d_opts, SPK_BATCH_NORM1D_DEFAULTS, __VA_ARGS__))
SPK_API spk_module *spk_batch_norm1d_with(spk_ctx *ctx, int64_t channels, spk_batch_norm1d_opts options); /**< The function behind it. */
SPK_API spk_batch_norm1d_opts spk_batch_norm1d_options(void);                                             /**< The defaults. */

/** Options of spk_dropout_layer. */
typedef struct spk_dropout_layer_opts {
    double p;  /**< the probability of a zero; default 0.5 */
    int64_t T; /**< one mask for all T steps of [T*N, ...]; default 1 */
} spk_dropout_layer_opts;
#define SPK_DROPOUT_LAYER_DEFAULTS .p = 0.5, .T = 1
/** Dropout in training mode, nothing in evaluation mode. */
#define spk_dropout_layer(...) spk_dropout_layer_keywords_(__VA_ARGS__, )
#define spk_dropout_layer_keywords_(ctx, ...) \
    spk_dropout_layer_with((ctx), SPK_KEYWORDS(spk_dropout_layer_opts, SPK_DROPOUT_LAYER_DEFAULTS, __VA_ARGS__))
SPK_API spk_module *spk_dropout_layer_with(spk_ctx *ctx, spk_dropout_layer_opts options); /**< The function behind it. */
SPK_API spk_dropout_layer_opts spk_dropout_layer_options(void);                           /**< The defaults. */

/** [N, ...] to [N, everything else]. */
SPK_API spk_module *spk_flatten_layer(spk_ctx *ctx);
/** max(x, 0). */
SPK_API spk_module *spk_relu_layer(spk_ctx *ctx);

SPK_END_DECLS

#endif
