/* Modules: what a network is built from. */
#ifndef SPK_NN_MODULE_H
#define SPK_NN_MODULE_H

#include "core/tensor.h"
#include "core/text.h"

SPK_BEGIN_DECLS

/** The most characters of a module's or slot's own name, with its end. Longer ones are refused, never cut. */
#define SPK_NAME 48
/** The most characters of a dotted name, with its end. */
#define SPK_DOTTED_NAME 256

/** What a slot holds; as a mask, what a walk visits. */
typedef enum spk_slot_kind {
    SPK_PARAMETER = 1, /**< learned: requires a gradient, is in the state dict */
    SPK_BUFFER = 2,    /**< kept but not learned (running statistics): in the state dict */
    SPK_MEMORY = 4     /**< a stateful variable of a neuron, such as its membrane: not in the state dict; reset and detach act on it */
} spk_slot_kind;

/** A named tensor of a module. Read `tensor` of parameters and buffers; use the functions below for memories. */
typedef struct spk_slot {
    char name[SPK_NAME];   /**< its name in the module */
    spk_slot_kind kind;    /**< what it holds */
    bool transposed;       /**< written to files with its two axes exchanged: a linear weight, [in, out] here, [out, in] there */
    spk_tensor *tensor;    /**< a memory's is NULL while it is at its reset value */
    double reset_value;    /**< of a memory */
    spk_tensor *kept;      /**< a memory's own storage between steps */
    spk_tensor *larger;    /**< storage that takes kept's place at the end of the step, where that is too small */
    bool ended;            /**< a memory whose graph was freed by spk_end_step: spk_reset or spk_detach must come before the next forward */
    spk_tensor *before;    /**< a memory when the step began: where a step that fails puts it back */
    bool before_ended;     /**< `ended` at that time */
    struct spk_slot *next; /**< of the module */
} spk_slot;

typedef struct spk_module spk_module;

/** Runs before forward; gives the input to use instead, or NULL to leave it. */
typedef spk_tensor *(*spk_pre_hook)(spk_module *module, spk_tensor *x, void *user);
/** Runs after forward; gives the output to use instead, or NULL to leave it. */
typedef spk_tensor *(*spk_forward_hook)(spk_module *module, spk_tensor *x, spk_tensor *y, void *user);

/** The type of a module. */
typedef struct spk_module_type {
    const char *name; /**< as spk_repr prints it */
    size_t size;      /**< of the struct that embeds spk_module first */
    /** y from x. Call modules with spk_call, which runs the hooks; forward itself runs none. */
    spk_tensor *(*forward)(spk_module *module, spk_tensor *x);
    /** Adds the module's own parameters to its printed line, `784, 10, bias=true`; may be NULL. */
    void (*extra_repr)(const spk_module *module, spk_text *text);
    /** Called by spk_reset after the memories are reset, for state that is no tensor; may be NULL. */
    void (*reset)(spk_module *module);
} spk_module_type;

/** A module; embed it first in a struct of one's own. Fields are for reading; functions change them. */
struct spk_module {
    spk_object object;                               /**< what the context knows of it */
    const spk_module_type *type;                     /**< what it is */
    char name[SPK_NAME];                             /**< its name in its parent */
    spk_module *parent, *first_child, *next_sibling; /**< its place in the tree; NULL for none */
    spk_slot *slots;                                 /**< its own, in the order of registration */
    bool training;                                   /**< training mode */
    struct spk_module_hook *hooks;                   /**< its hooks */
};

/**
 * A module of a type, zeroed after the spk_module, in training mode and owned by ctx; NULL after an error. A constructor made of it returns
 * spk_inert_module() for NULL, so that nested constructors need no checks.
 */
SPK_API void *spk_module_create(spk_ctx *ctx, const spk_module_type *type);
/** The module of failed constructors: calls of it give inert tensors, everything else does nothing. */
SPK_API spk_module *spk_inert_module(void);
/**
 * Frees a module, its children and all their tensors before their context; a parent forgets it, and optimizers forget its parameters. What
 * the unfinished step has computed with it stays right (see spk_tensor_destroy); the module itself is gone, as with free(). NULL is
 * allowed.
 */
SPK_API void spk_module_destroy(spk_module *module);
/** The context of a module. */
SPK_API spk_ctx *spk_module_ctx(const spk_module *module);

/** Names a module (the root of a net, for messages); at first the type's name. Dots are refused. */
SPK_API bool spk_module_set_name(spk_module *module, const char *name);
/** Makes child a named part of module. A child has one parent. Returns child. */
SPK_API spk_module *spk_add_child(spk_module *module, const char *name, spk_module *child);
/** The part with a dotted name, `fc1` or `block.0.fc`; the module itself for "". NULL when there is none (no error). */
SPK_API spk_module *spk_find_module(spk_module *module, const char *name);

/** Adds a parameter of zeros that requires a gradient; returns its tensor. */
SPK_API spk_tensor *spk_register_parameter(spk_module *module, const char *name, spk_shape shape);
/** Adds a buffer of zeros; returns its tensor. */
SPK_API spk_tensor *spk_register_buffer(spk_module *module, const char *name, spk_shape shape);
/** Adds a memory (snngrow: register_memory): after each spk_reset all its elements are `value`. False after an error. */
SPK_API bool spk_register_memory(spk_module *module, const char *name, double value);
/** The parameter or buffer with a dotted name; NULL when there is none (no error). */
SPK_API spk_tensor *spk_find_tensor(spk_module *module, const char *name);

/** Runs a module on x: pre-hooks, forward, hooks. Errors inside name the module's path. */
SPK_API spk_tensor *spk_call(spk_module *module, spk_tensor *x);
/** Adds a pre-hook, for as long as the module lives. */
SPK_API bool spk_add_forward_pre_hook(spk_module *module, spk_pre_hook hook, void *user);
/** Adds a forward hook, for as long as the module lives. */
SPK_API bool spk_add_forward_hook(spk_module *module, spk_forward_hook hook, void *user);

/** The module and its parts printed as an indented tree, with extra_repr; text of the current step (see spk_end_step), "" after an error.
 */
SPK_API const char *spk_repr(spk_module *module);

/** @name Walks over a module and all its parts
 * @{ */
/** A place in a walk over slots: `for (spk_walk w = spk_walk_slots(net, SPK_PARAMETER); spk_walk_next(&w);) use(w.name, w.slot->tensor);`
 */
typedef struct spk_walk {
    spk_module *root, *module;  /**< where the walk began, and the module of the slot */
    spk_slot *slot;             /**< the slot visited */
    unsigned kinds;             /**< what is visited: a mask of spk_slot_kind */
    char name[SPK_DOTTED_NAME]; /**< its dotted name from the root, `fc1.weight` */
} spk_walk;
/** A walk over the slots of these kinds (a mask), parents before children, in the order of registration. */
SPK_API spk_walk spk_walk_slots(spk_module *module, unsigned kinds);
/** Goes to the next slot; false at the end, and for NULL. */
SPK_API bool spk_walk_next(spk_walk *walk);
/** All stateful variables with their names (snngrow: memories, named_memories). */
#define spk_memories(module) spk_walk_slots((module), SPK_MEMORY)
/** All parameters with their names. */
#define spk_parameters(module) spk_walk_slots((module), SPK_PARAMETER)
/** The module after `module` in a walk over root's tree, parents first; start with root, NULL at the end, and for NULL. */
SPK_API spk_module *spk_next_module(const spk_module *root, const spk_module *module);
/** The number of elements of all parameters; only those that require a gradient if `trainable`. */
SPK_API int64_t spk_parameter_count(spk_module *module, bool trainable);
/** Training mode (dropout drops, batch norm uses and updates statistics of the batch). */
SPK_API void spk_train(spk_module *module);
/** Evaluation mode. */
SPK_API void spk_eval(spk_module *module);
/** Forgets all gradients. */
SPK_API void spk_zero_grad(spk_module *module);
/** Freezes all parameters, or thaws them. */
SPK_API void spk_freeze(spk_module *module, bool frozen);
/** Sets all stateful variables to their reset values: between samples. */
SPK_API void spk_reset(spk_module *module);
/** Cuts the graph behind all stateful variables and keeps their values: between the windows of truncated BPTT. */
SPK_API void spk_detach(spk_module *module);
/** @} */

/** @name Memories of one module
 * @{ */
/** The current value of a memory; NULL while it is at its reset value (no error), or after an error. */
SPK_API spk_tensor *spk_memory(spk_module *module, const char *name);
/**
 * The value of a memory for an input like x: as spk_memory, or at the reset value a tensor of it in x's shape (snngrow: v_float_to_tensor).
 * An error that names the module and the remedy if the memory holds a finished step's graph or has another shape.
 */
SPK_API spk_tensor *spk_memory_like(spk_module *module, const char *name, spk_tensor *x);
/** As spk_memory_like, but NULL while the memory is at its reset value: for kernels that fill it in themselves. */
SPK_API bool spk_memory_check(spk_module *module, const char *name, spk_shape shape, spk_tensor **value);
/** Sets the value of a memory, with its graph. */
SPK_API bool spk_set_memory(spk_module *module, const char *name, spk_tensor *value);
/** The value that spk_reset gives a memory; NaN when there is no such memory. */
SPK_API double spk_reset_value(spk_module *module, const char *name);
/** Changes it; the current value stays. */
SPK_API bool spk_set_reset_value(spk_module *module, const char *name, double value);
/** @} */

SPK_END_DECLS

#endif
