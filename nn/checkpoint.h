/* Checkpoints: everything that a training run needs to go on to the same bits as if it had never stopped. */
#ifndef SPK_NN_CHECKPOINT_H
#define SPK_NN_CHECKPOINT_H

#include "nn/optimizer.h"

SPK_BEGIN_DECLS

/** A variable of the program that a checkpoint keeps: one of the two is set, and is read by saving and written by loading. */
typedef struct spk_variable {
    const char *name; /**< its name in the file */
    int64_t *whole;   /**< where a whole number is, or NULL */
    double *real;     /**< where a real one is, or NULL */
} spk_variable;

/** Options of spk_checkpoint_save and spk_checkpoint_load; give both the same. */
typedef struct spk_checkpoint_opts {
    spk_optimizer *optimizer;      /**< with its schedules; the module must hold all its parameters. Default NULL: none */
    const spk_variable *variables; /**< the program's own: epoch, position in the dataset, sums. Default NULL: none */
    int64_t n_variables;           /**< how many; default 0 */
    /**
     * What the run was started with, as words that spaces part (`T=4 lr=0.002`): loading with other words is refused, naming the first that
     * differs. Without quotes, backslashes and line ends. Default NULL: none.
     */
    const char *settings;
    /** spk_checkpoint_load: set to NULL, or to why path.previous was taken; valid until the next spk_end_step. Default NULL: not told */
    const char **notice;
} spk_checkpoint_opts;
#define SPK_CHECKPOINT_DEFAULTS .optimizer = NULL, .variables = NULL, .n_variables = 0, .settings = NULL, .notice = NULL
/** The defaults, for callers that fill the struct themselves. */
SPK_API spk_checkpoint_opts spk_checkpoint_options(void);

/**
 * Writes the whole state of a run into one safetensors file: `spk_checkpoint_save(net, "run.ckpt", .optimizer = opt, .variables = v,
 * .n_variables = 2)`. It holds the module's parameters, buffers and memories (with their reset values), which parts train and which
 * parameters are frozen, the optimizer's moments, step counts, groups, rates and schedules, the context's random stream, and the variables.
 * Call it between steps: gradients and graphs are not kept, nor is state that a module of one's own holds outside of its slots.
 *
 * The file is sealed by a checksum over all of it, written beside (`path`.PROCESS-NUMBER.tmp) and brought to the disk; the file that was
 * there becomes `path`.previous, too, then the new one takes its name, and the folder is brought to the disk. At every moment `path` is whole
 * (where the file system has no hard links, for a moment only the previous). What killed processes left half-written is removed. False
 * after an error, and for a NULL or inert module; the old file, or the new one, is then there as a whole.
 */
#define spk_checkpoint_save(...) spk_checkpoint_save_keywords_(__VA_ARGS__, )
#define spk_checkpoint_save_keywords_(module, path, ...) \
    spk_checkpoint_save_with((module), (path), SPK_KEYWORDS(spk_checkpoint_opts, SPK_CHECKPOINT_DEFAULTS, __VA_ARGS__))
/** The function behind spk_checkpoint_save. */
SPK_API bool spk_checkpoint_save_with(spk_module *module, const char *path, spk_checkpoint_opts options);

/**
 * Puts a run back to where spk_checkpoint_save was called: a module, an optimizer and schedules built as they were then go on to the
 * same bits, with the same library on the same kind of machine, whatever the number of threads. When the file is missing or is no whole
 * checkpoint, `path`.previous is taken and *notice says why; a checkpoint of another net, optimizer, number type or other settings is
 * refused. Everything is checked before anything is changed: after an error, which says what is wrong where, all is as it was. Otherwise
 * the current step ends (spk_end_step) and gradients are forgotten.
 */
#define spk_checkpoint_load(...) spk_checkpoint_load_keywords_(__VA_ARGS__, )
#define spk_checkpoint_load_keywords_(module, path, ...) \
    spk_checkpoint_load_with((module), (path), SPK_KEYWORDS(spk_checkpoint_opts, SPK_CHECKPOINT_DEFAULTS, __VA_ARGS__))
/** The function behind spk_checkpoint_load. */
SPK_API bool spk_checkpoint_load_with(spk_module *module, const char *path, spk_checkpoint_opts options);
/** True if there is something to load: a file `path` or `path`.previous, whole or not. */
SPK_API bool spk_checkpoint_exists(const char *path);

SPK_END_DECLS

#endif
