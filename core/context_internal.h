/* The context's insides, for the library's own files. */
#ifndef SPK_CORE_CONTEXT_INTERNAL_H
#define SPK_CORE_CONTEXT_INTERNAL_H

#include "core/arena_internal.h"
#include "core/tensor_internal.h"
#include "core/random_internal.h"

#include <stdarg.h>

#define SPK_ERROR_TEXT 768

/* One module on the path to the op that runs: where errors say they happened. Lives on the C stack of the module call. */
typedef struct spk_scope {
    const char *name;
    const struct spk_scope *outer;
} spk_scope;

/* Who asks for memory, for the error when there is none. */
typedef struct spk_activity {
    const char *name; /* an op or a public function; NULL: nobody has said */
    const char *path; /* the layer's; NULL: that of the modules being called */
    bool backward;
} spk_activity;

/* A persistent tensor that an op of this step has written to (batch norm's running statistics), and its numbers before that. */
typedef struct spk_undo {
    spk_tensor *tensor; /* NULL: destroyed since */
    void *numbers;
    struct spk_undo *next;
} spk_undo;

struct spk_ctx {
    spk_allocator allocator;
    size_t held;        /* bytes taken from the allocator */
    spk_object objects; /* head of the ring of owned objects, newest first */

    bool failed;
    char error[SPK_ERROR_TEXT];

    struct spk_tensor *retired; /* persistent tensors that go when the step ends */

    _Atomic uint64_t thread; /* that may use it, as this_thread numbers them: with SPK_DEBUG_CHECKS, but always here, since tests see it */

    uint64_t step;        /* number of the current step, from 1 */
    spk_arena headers[2]; /* tensor headers and records; steps alternate, so that a header outlives its step by one */
    spk_arena data;       /* numbers */
    size_t step_peak;

    spk_road road; /* forced, or SPK_ROAD_AUTO */
    spk_road_counts roads;

    spk_random random;
    spk_random begun; /* where the step's draws began: a step that failed goes back to here */
    spk_undo *undo;   /* of the step, newest first */
    spk_activity doing;
    spk_tensor inert; /* what a failed op returns */

    /* Autograd's: the newest record of the tape, whether results are recorded, the stamp of backward's last walk. */
    struct spk_record *tape;
    bool grad_disabled;
    bool trial;            /* a run of which nothing stays (core/trial_internal.h): who only looks on leaves it out */
    int64_t multiply_adds; /* of the trial */
    bool detect_anomaly;   /* results and gradients are scanned for NaN and infinities */
    uint64_t walk;
    const spk_scope *scope;
};

/* The context itself, or a shared one that has failed, for NULL and (with SPK_DEBUG_CHECKS) where another thread has it: what public
 * functions call first. */
spk_ctx *spk_ctx_or_failed(spk_ctx *ctx);
/* False for the shared ones, which nobody writes to. */
bool spk_ctx_is_real(const spk_ctx *ctx);
/* As spk_allocate, without zeros. */
void *spk_allocate_uninitialised(spk_ctx *ctx, size_t bytes);
/* As that, for memory that can be done without: NULL is no error. */
void *spk_allocate_if_there(spk_ctx *ctx, size_t bytes);
/* Names who asks for memory from here on, and who asked before, for spk_done; `name` NULL: who asked before goes on. */
spk_activity spk_doing(spk_ctx *ctx, spk_activity now);
#define spk_doing_function(ctx, function) spk_doing((ctx), (spk_activity){.name = (function)})
/* The end of it. */
void spk_done(spk_ctx *ctx, spk_activity before);
/* Called before an op writes to a persistent tensor that is no operand: if the step fails, its numbers come back. False without memory. */
bool spk_remember(spk_ctx *ctx, spk_tensor *x);
/* Puts those numbers back. */
void spk_put_back(const spk_undo *undo);
/* The tensor ends: nothing comes back to it. */
void spk_forget(spk_ctx *ctx, const spk_tensor *x);
/* Memory of the current step for headers and for numbers. Once the context has failed there is none for numbers, so that an op whose first
 * block was refused gets no second one; errors still get theirs for headers. */
void *spk_step_header(spk_ctx *ctx, size_t bytes);
void *spk_step_data(spk_ctx *ctx, size_t bytes);
/* As vsnprintf into an error's SPK_ERROR_TEXT characters; what has no room goes from the middle, so that who fails and the remedy, which
 * comes last, are both there. UTF-8 stays UTF-8. */
void spk_error_format(char *text, const char *format, va_list arguments) SPK_PRINTF(2, 0);
/* The path of the modules being called, `net.fc1`, as text of the current step; "" outside of any. */
const char *spk_scope_path(spk_ctx *ctx);

#endif
