/* A net as a table: what its layers give, hold and cost. */
#ifndef SPK_NN_SUMMARY_H
#define SPK_NN_SUMMARY_H

#include "nn/module.h"

SPK_BEGIN_DECLS

/** Options of spk_summary. */
typedef struct spk_summary_opts {
    int64_t T; /**< the input is shown at this many time steps, [T*N, ...], as spk_repeat_over_time does; default 1 */
} spk_summary_opts;
#define SPK_SUMMARY_DEFAULTS .T = 1

/**
 * A table of a net's layers for an input of a shape, batch included: `puts(spk_summary(net, SPK_SHAPE(128, 784), .T = 4))`. For each layer
 * it holds the name that spk_find_module takes, the type, the output's shape (with its storage where that is not dense), and what is the
 * layer's own and not its parts': parameters and whether they are trainable, step memory, and the multiplications and additions of its
 * matrix products if no zero were skipped (input that is constant over time is multiplied once). Then the totals.
 *
 * The net runs once on zeros, in evaluation mode, from its reset state; hooks run, monitors and spk_watch_health leave it out. Step memory
 * is what the forward of a training step with this input would take until spk_end_step, but for what only training mode makes; gradients
 * come on top. Nothing of the run stays: mode, memories, running statistics, random stream, tape and gradients are as they were, also in
 * the middle of a step, whose graph may be walked back afterwards. Only what neurons say of their last forward in that step (spk_spikes,
 * spk_v_seq) must be read before. State of a module of one's own that is no memory is not put back.
 *
 * Text of the current step (see spk_end_step), "" after an error: if a layer refuses its input the error is the layer's.
 */
#define spk_summary(...) spk_summary_keywords_(__VA_ARGS__, )
#define spk_summary_keywords_(net, input, ...) \
    spk_summary_with((net), (input), SPK_KEYWORDS(spk_summary_opts, SPK_SUMMARY_DEFAULTS, __VA_ARGS__))
/** The function behind spk_summary. */
SPK_API const char *spk_summary_with(spk_module *net, spk_shape input, spk_summary_opts options);
/** The defaults. */
SPK_API spk_summary_opts spk_summary_options(void);

SPK_END_DECLS

#endif
