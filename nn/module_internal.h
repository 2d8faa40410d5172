/* For the files of nn/ that make up a module. */
#ifndef SPK_NN_MODULE_INTERNAL_H
#define SPK_NN_MODULE_INTERNAL_H

#include "nn/module.h"

/* True for a module that can be used; false for NULL and the inert one, and when its context has failed. */
bool spk_module_usable(const spk_module *module);
/* The slot of this module (not of its parts) with a name and one of these kinds, or NULL. */
spk_slot *spk_find_slot(const spk_module *module, const char *name, unsigned kinds);
/* The path of a module from its root, `net.fc1`, in step memory. */
const char *spk_module_path(const spk_module *module);
/* The path of a parameter or buffer from the root of its module, `net.fc1.weight`, in step memory; "a parameter" without a module. */
const char *spk_slot_path(const spk_tensor *tensor);
/* Sets the error `lif (net.2): message`. */
void spk_module_fail(const spk_module *module, const char *format, ...) SPK_PRINTF(2, 3);
/* True when the module has this hook. */
bool spk_has_forward_hook(const spk_module *module, spk_forward_hook hook);
/* Takes the hooks with this user pointer off a module again. */
void spk_remove_hooks(spk_module *module, const void *user);
/* The same for every module of a context. */
void spk_remove_hooks_everywhere(spk_ctx *ctx, const void *user);
/* Called at the end of a step: memories copy their values out of the step's memory. */
void spk_memories_end_step(spk_module *module);
/* Called at the end of a step that failed: memories are what they were when it began. */
void spk_memories_drop_step(spk_module *module);
/* The module, or the inert one when something has failed meanwhile; it is freed then. How a constructor ends. NULL is allowed. */
spk_module *spk_module_or_inert(spk_module *module);

#endif
