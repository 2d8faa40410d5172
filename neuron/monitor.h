/* Monitors: what passes through layers while a net runs, copied and kept. */
#ifndef SPK_NEURON_MONITOR_H
#define SPK_NEURON_MONITOR_H

#include "nn/module.h"

SPK_BEGIN_DECLS

/** A monitor, owned by its context. */
typedef struct spk_monitor spk_monitor;

/** What is recorded of a layer; as a mask, several things. */
typedef enum spk_watched_thing {
    SPK_WATCH_OUTPUT = 1,   /**< what its forward gave */
    SPK_WATCH_SPIKES = 1,   /**< the same: a neuron's output is its spikes */
    SPK_WATCH_INPUT = 2,    /**< what its forward got */
    SPK_WATCH_MEMBRANE = 4, /**< a neuron's membrane after each of its steps, [T*N, ...] */
    SPK_WATCH_GRADIENT = 8  /**< the gradient at its output, once it is complete */
} spk_watched_thing;

/** Makes of a thing what is recorded of it, as spk_mean(x) for a rate. It runs without a graph. */
typedef spk_tensor *(*spk_monitor_function)(spk_tensor *x);

/** Options of spk_monitor_on and spk_monitor_neurons. */
typedef struct spk_monitor_opts {
    unsigned what; /**< spk_watched_thing, or several: `SPK_WATCH_SPIKES | SPK_WATCH_MEMBRANE`; default SPK_WATCH_SPIKES */
    int64_t every; /**< one of this many steps (spk_end_step) in which a watched layer is called, from the first on; default 1 */
    int64_t most;  /**< records kept of each thing of each layer: the newest; default 100 */
    int64_t bytes; /**< numbers kept in all, in bytes: the oldest go first; default 256 MiB */
    spk_monitor_function function; /**< recorded is what this makes of it; default NULL: the thing itself */
} spk_monitor_opts;
#define SPK_MONITOR_DEFAULTS .what = SPK_WATCH_SPIKES, .every = 1, .most = 100, .bytes = (int64_t)256 << 20

/**
 * Watches one module from now on: `spk_monitor *m = spk_monitor_on(layer, .what = SPK_WATCH_INPUT | SPK_WATCH_GRADIENT, .every = 10)`.
 * NULL after an error, such as SPK_WATCH_MEMBRANE of what is no neuron.
 *
 * Each call of the module through spk_call is recorded, in training and in evaluation. A module that is called T times within a step (a
 * neuron without parallel_optim, say) leaves T records, numbered by `call`. What other hooks have put in place of the input or the output
 * is what is recorded, as far as they were added before. Gradients come in the order of backward, one for each backward; where the output
 * takes none, or is no op's result, there is none.
 *
 * Values are copied when they are made, whatever their storage, and outlive the step. A step that fails (see spk_clear_error) leaves the
 * monitor as it was when it began: what it had recorded goes with it, and what is older than `most` goes only when a step has ended well.
 * So up to one step's records are held on top of the two bounds. No bit of a result changes.
 *
 * What it costs, in steps that are recorded: a copy of each thing as numbers (32 times the memory of spikes that are bits, 64 with double).
 * A membrane makes the neuron write it out in its forward as .store_v_seq does (spk_v_seq then works, too). A gradient that the library
 * would never have stored, as that of spikes, is multiplied out into memory of the step, and the adjoint computes as if it had not been.
 * Other steps cost a branch a call.
 */
#define spk_monitor_on(...) spk_monitor_on_keywords_(__VA_ARGS__, )
#define spk_monitor_on_keywords_(module, ...) \
    spk_monitor_on_with((module), SPK_KEYWORDS(spk_monitor_opts, SPK_MONITOR_DEFAULTS, __VA_ARGS__))
/** The function behind spk_monitor_on. */
SPK_API spk_monitor *spk_monitor_on_with(spk_module *module, spk_monitor_opts options);
/** As spk_monitor_on, of every neuron in a net: `spk_monitor_neurons(net, .what = SPK_WATCH_SPIKES)`. NULL after an error: no neurons. */
#define spk_monitor_neurons(...) spk_monitor_neurons_keywords_(__VA_ARGS__, )
#define spk_monitor_neurons_keywords_(net, ...) \
    spk_monitor_neurons_with((net), SPK_KEYWORDS(spk_monitor_opts, SPK_MONITOR_DEFAULTS, __VA_ARGS__))
/** The function behind spk_monitor_neurons. */
SPK_API spk_monitor *spk_monitor_neurons_with(spk_module *net, spk_monitor_opts options);
/** The defaults of both. */
SPK_API spk_monitor_opts spk_monitor_options(void);

/** One thing of one call. */
typedef struct spk_monitor_record {
    const char *name;       /**< the layer's, `net.2`, as it was when the monitor was made */
    spk_watched_thing what; /**< one of them */
    uint64_t step;          /**< of the context, counted by spk_end_step from 1 on */
    int call;               /**< of the layer within that step, from 0 */
    bool training;          /**< the layer was in training mode */
    spk_shape shape; /**< of values; the gradient of a tensor that is stored as SPK_REPEATED has its N rows, summed over the repeats */
    const spk_real *values; /**< row-major; as long as the record is kept, that is until the next spk_end_step at least */
} spk_monitor_record;

/**
 * How many records of these things (a mask) are kept of a layer. It is named as spk_find_module does from the watched module on (`2`), or
 * in full (`net.2`); NULL means any. 0 for a NULL monitor.
 */
SPK_API int64_t spk_monitor_count(const spk_monitor *monitor, const char *layer, unsigned what);
/** The i-th of them, oldest first; -1 is the newest. All zero, with NULL for values, when there is none. */
SPK_API spk_monitor_record spk_monitor_get(const spk_monitor *monitor, const char *layer, unsigned what, int64_t i);
/** The number of watched layers; 0 for NULL. */
SPK_API int spk_monitor_layers(const spk_monitor *monitor);
/** The name of watched layer i, in the order of a walk over the net; NULL when there is none. */
SPK_API const char *spk_monitor_layer(const spk_monitor *monitor, int i);
/** How many records went because of the bounds. */
SPK_API int64_t spk_monitor_dropped(const spk_monitor *monitor);

/** Records from now on, or not; what is kept stays. Returns what it did before. */
SPK_API bool spk_monitor_enable(spk_monitor *monitor, bool enabled);
/** Forgets all records. NULL is allowed. */
SPK_API void spk_monitor_clear(spk_monitor *monitor);
/** Takes the monitor off its layers, as far as they live, and frees it with its records; so does the context's end. NULL is allowed. */
SPK_API void spk_monitor_destroy(spk_monitor *monitor);

SPK_END_DECLS

#endif
