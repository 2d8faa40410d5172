/* Optimizers: what turns gradients into steps of the parameters. */
#ifndef SPK_NN_OPTIMIZER_H
#define SPK_NN_OPTIMIZER_H

#include "nn/module.h"

SPK_BEGIN_DECLS

/**
 * An optimizer over the parameters of a module, owned by the module's context. It forgets those of a module that is destroyed. Every
 * function takes NULL (what a failed constructor returns) and then does nothing.
 */
typedef struct spk_optimizer spk_optimizer;

/** @name Constructors
 * They take all parameters of the module as their first group: `spk_adam(net, .lr = 1e-3)`. After an error (a module without parameters,
 * an option out of its range) they return NULL; for a NULL or inert module there is no context that could hold the error.
 * @{ */
/** Options of spk_sgd; defaults and formulas of torch.optim.SGD. */
typedef struct spk_sgd_opts {
    double lr;           /**< learning rate, 0 or more; default 1e-3 */
    double momentum;     /**< 0 or more; default 0, which keeps no state */
    double dampening;    /**< share of a new gradient that the momentum leaves out; default 0 */
    double weight_decay; /**< L2 penalty, 0 or more; default 0 */
    bool nesterov;       /**< step along g + momentum b instead of b; needs momentum, and dampening 0; default false */
} spk_sgd_opts;
#define SPK_SGD_DEFAULTS .lr = 1e-3, .momentum = 0, .dampening = 0, .weight_decay = 0, .nesterov = false
/**
 * Stochastic gradient descent (torch.optim.SGD; Sutskever et al., ICML 2013, in PyTorch's variant). With g' = g + weight_decay p:
 * b = momentum b + (1 - dampening) g', at a parameter's first step b = g'; then p -= lr b, with nesterov p -= lr (g' + momentum b), without
 * momentum p -= lr g'.
 */
#define spk_sgd(...) spk_sgd_keywords_(__VA_ARGS__, )
#define spk_sgd_keywords_(module, ...) spk_sgd_with((module), SPK_KEYWORDS(spk_sgd_opts, SPK_SGD_DEFAULTS, __VA_ARGS__))
/** The function behind spk_sgd. */
SPK_API spk_optimizer *spk_sgd_with(spk_module *module, spk_sgd_opts options);
/** The defaults of spk_sgd. */
SPK_API spk_sgd_opts spk_sgd_options(void);

/** Options of spk_adam and spk_adamw; they differ in the default and the meaning of weight_decay. */
typedef struct spk_adam_opts {
    double lr;           /**< learning rate, 0 or more; default 1e-3 */
    double beta1, beta2; /**< decay of the two moments, in [0, 1); default 0.9 and 0.999 */
    double eps;          /**< added to the denominator, above 0; default 1e-8 */
    double weight_decay; /**< 0 or more; default 0 for spk_adam, 0.01 for spk_adamw */
} spk_adam_opts;
#define SPK_ADAM_DEFAULTS .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0
#define SPK_ADAMW_DEFAULTS .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01
/**
 * Adam (Kingma and Ba, ICLR 2015; torch.optim.Adam). With g' = g + weight_decay p and t the parameter's own number of steps:
 * m = beta1 m + (1 - beta1) g', v = beta2 v + (1 - beta2) g'^2, p -= lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps).
 */
#define spk_adam(...) spk_adam_keywords_(__VA_ARGS__, )
#define spk_adam_keywords_(module, ...) spk_adam_with((module), SPK_KEYWORDS(spk_adam_opts, SPK_ADAM_DEFAULTS, __VA_ARGS__))
/** Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019; torch.optim.AdamW): p *= 1 - lr weight_decay, then Adam's step with
 * g. */
#define spk_adamw(...) spk_adamw_keywords_(__VA_ARGS__, )
#define spk_adamw_keywords_(module, ...) spk_adamw_with((module), SPK_KEYWORDS(spk_adam_opts, SPK_ADAMW_DEFAULTS, __VA_ARGS__))
/** The function behind spk_adam. */
SPK_API spk_optimizer *spk_adam_with(spk_module *module, spk_adam_opts options);
/** The function behind spk_adamw. */
SPK_API spk_optimizer *spk_adamw_with(spk_module *module, spk_adam_opts options);
SPK_API spk_adam_opts spk_adam_options(void);  /**< The defaults of spk_adam. */
SPK_API spk_adam_opts spk_adamw_options(void); /**< The defaults of spk_adamw. */
/** @} */

/**
 * Updates every parameter that has a gradient and is not frozen, and raises its version. Does nothing once the context has failed, or when
 * there is no memory for the moments, which are made at a parameter's first update; later steps allocate nothing. Under
 * spk_detect_anomaly a step that would make a parameter or a moment infinite or NaN is an error that names it, and is undone. False after
 * an error.
 */
SPK_API bool spk_optimizer_step(spk_optimizer *optimizer);
/** Frees an optimizer, its moments and its schedules before their context; none of them may be used any more, as with free(). NULL is
 * allowed. */
SPK_API void spk_optimizer_destroy(spk_optimizer *optimizer);

/** @name Parameter groups
 * A group has a learning rate and a weight decay of its own. Groups are numbered from 0, the one that the constructor made.
 * @{ */
/** Options of spk_optimizer_add_group; SPK_NONE (the default) takes what the optimizer was made with. */
typedef struct spk_group_opts {
    double lr, weight_decay; /**< as in the constructor's options */
} spk_group_opts;
#define SPK_GROUP_DEFAULTS .lr = SPK_NONE, .weight_decay = SPK_NONE
/**
 * Puts all parameters of `module` into a new group: `spk_optimizer_add_group(opt, head, .lr = 1e-2)`. They leave the group that they were
 * in (with their moments and step counts), or join the optimizer. Returns the group's number; -1 after an error, which changes nothing.
 */
#define spk_optimizer_add_group(...) spk_optimizer_add_group_keywords_(__VA_ARGS__, )
#define spk_optimizer_add_group_keywords_(optimizer, module, ...) \
    spk_optimizer_add_group_with((optimizer), (module), SPK_KEYWORDS(spk_group_opts, SPK_GROUP_DEFAULTS, __VA_ARGS__))
/** The function behind spk_optimizer_add_group. */
SPK_API int64_t spk_optimizer_add_group_with(spk_optimizer *optimizer, spk_module *module, spk_group_opts options);
/** The defaults of spk_optimizer_add_group. */
SPK_API spk_group_opts spk_group_options(void);
/** The number of groups; 0 for NULL. */
SPK_API int64_t spk_optimizer_groups(const spk_optimizer *optimizer);
/** The learning rate that the next step uses for a group: its base rate times the factors of all schedules. NaN when there is no such
 * group. */
SPK_API double spk_optimizer_lr(const spk_optimizer *optimizer, int64_t group);
/** Sets the base rate of a group; schedules go on multiplying it. False after an error. */
SPK_API bool spk_optimizer_set_lr(spk_optimizer *optimizer, int64_t group, double lr);
/** @} */

/**
 * The 2-norm of all gradients of a module's parameters taken as one vector (summed in double). If max_norm / (norm + 1e-6) is below 1 all
 * gradients are multiplied by it (torch.nn.utils.clip_grad_norm_, whose treatment of infinite and NaN norms is kept). max_norm is 0 or
 * more; INFINITY only measures. Call it between spk_backward and spk_optimizer_step. Returns the norm before; NaN after an error.
 */
SPK_API double spk_clip_grad_norm(spk_module *module, double max_norm);

SPK_END_DECLS

#endif
