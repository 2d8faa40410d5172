/* For the files that make up checkpoints. */
#ifndef SPK_NN_CHECKPOINT_INTERNAL_H
#define SPK_NN_CHECKPOINT_INTERNAL_H

#include "nn/checkpoint.h"
#include "nn/optimizer_internal.h"
#include "nn/state_internal.h"

/* Adds everything that a checkpoint of this module with these options holds. False after an error. */
bool spk_checkpoint_items(spk_state_items *items, spk_module *module, const spk_checkpoint_opts *options);
/* What an optimizer (or NULL) and its schedules were made as, in words that must be the same when a checkpoint is loaded. */
void spk_checkpoint_describe(const spk_optimizer *opt, spk_text *optimizer, spk_text *schedules);

#endif
