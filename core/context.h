/* The context: owner of everything, memory of a training step, the error slot, the random stream. */
#ifndef SPK_CORE_CONTEXT_H
#define SPK_CORE_CONTEXT_H

#include "core/version.h"

SPK_BEGIN_DECLS

/** A context: see spk_ctx_create. */
typedef struct spk_ctx spk_ctx;

/**
 * Where a context gets its memory. Both functions get `user`; allocate returns NULL when there is no memory, blocks aligned as malloc's
 * otherwise. Both are called by the thread that uses the context, never by the library's own.
 *
 * From here comes what the library keeps and computes with: tensors, modules, optimizers, datasets, steps, texts, the bytes of files.
 * What others take is theirs, from malloc or the system: a stream's buffer (the C library) and zlib's (about 64 KB) while a file is
 * open; cJSON's tree of a state file's header while it is read; stacks of the threads of spk_set_threads, once a process; OpenBLAS's work
 * memory. Where one of the first three gets none the call fails with an error, where a thread gets none there are fewer threads.
 */
typedef struct spk_allocator {
    void *(*allocate)(void *user, size_t bytes); /**< as malloc */
    void (*release)(void *user, void *block);    /**< as free */
    void *user;                                  /**< handed to both */
} spk_allocator;

/** Options of spk_ctx_create. */
typedef struct spk_ctx_opts {
    uint64_t seed;           /**< seed of the random stream; default 0 */
    spk_allocator allocator; /**< default: malloc and free */
} spk_ctx_opts;
#define SPK_CTX_DEFAULTS .seed = 0

/* A program compiled for one number type must not link with the library of the other: the first function that it needs differs in name. */
#ifdef SPK_REAL_DOUBLE
#    define spk_ctx_create_with spk_ctx_create_with_double
#else
#    define spk_ctx_create_with spk_ctx_create_with_float
#endif

/**
 * Makes a context: `spk_ctx_create(.seed = 1)`. It owns every tensor, module, optimizer and dataset made from it. One thread uses a
 * context at a time; two threads use two, or hand one over (spk_ctx_take). Never NULL: without memory, and for an allocator that lacks one
 * of its functions, it is a context that has failed already.
 */
#define spk_ctx_create(...) spk_ctx_create_with(SPK_KEYWORDS(spk_ctx_opts, SPK_CTX_DEFAULTS, __VA_ARGS__))
/** The function behind spk_ctx_create. */
SPK_API spk_ctx *spk_ctx_create_with(spk_ctx_opts options);
/** The defaults of spk_ctx_create. */
SPK_API spk_ctx_opts spk_ctx_options(void);
/** Frees the context and all that it owns. NULL is allowed. */
SPK_API void spk_ctx_destroy(spk_ctx *ctx);
/**
 * Hands a context over to the calling thread; the one that had it must have done with it, and a lock or a join lie between. In a debug
 * build (CMAKE_BUILD_TYPE=Debug; spk_build_info then says "debug checks") a context knows whose it is: for any other thread it is one that
 * has failed, with an error that says so, and stays untouched. In other builds nothing is checked, and two threads at a time are a data
 * race.
 */
SPK_API void spk_ctx_take(spk_ctx *ctx);

/**
 * Ends a training step: every step tensor (each op's result) is freed at once, memories keep their values, the tape is empty. The
 * memory is kept for the next step. Pointers from spk_data to step tensors end here. It cannot fail, and takes no memory that is needed.
 * After an error it drops the step, as spk_clear_error does.
 */
SPK_API void spk_end_step(spk_ctx *ctx);

/** True once something has failed; from then on ops give the inert tensor and optimizers do nothing. */
SPK_API bool spk_failed(const spk_ctx *ctx);
/** The first error since the context was made or cleared: op, layer, shapes, remedy. "" without one. Valid until the next call. */
SPK_API const char *spk_error(const spk_ctx *ctx);
/**
 * Forgets the error, drops the unfinished step and lets the context work again. A step that failed, for want of memory or for any other
 * reason, leaves nothing behind:
 * - Parameters, moments, step counts and schedules change in spk_optimizer_step, spk_schedule_step, spk_load and the program's own writes
 *   alone; each of these is done whole or not at all.
 * - Memories (membranes), batch norm's running statistics and the random stream are as they were when the step began: after the last
 *   spk_end_step. spk_reset and spk_detach count at once, and so do draws that fill persistent tensors or the program's arrays.
 * - A backward that failed leaves no gradient, not half of one, to the leaves that it had begun with.
 * - A batch that was taken stays taken: spk_next_batch gives the next one. What was counted (roads, spk_watch_health) stays counted.
 * So the step can be done again, from the same batch, and ends with the same bits as if it had not failed: if spk_optimizer_step was its
 * last call that can fail. What a constructor had made before it failed is freed, or is the context's.
 */
SPK_API void spk_clear_error(spk_ctx *ctx);
/** Sets the error slot unless an error is there already (the first wins); printf-like. For ops and modules of one's own. `format` must fit
 * what follows, as with printf. */
SPK_API void spk_fail(spk_ctx *ctx, const char *format, ...) SPK_PRINTF(2, 3);

/** Restarts the random stream from a seed. */
SPK_API void spk_seed(spk_ctx *ctx, uint64_t seed);

/** Memory of a context, in bytes. */
typedef struct spk_memory_report {
    size_t held;      /**< taken from the allocator now */
    size_t step;      /**< in use by the unfinished step */
    size_t step_peak; /**< the most that any step has used */
} spk_memory_report;
/** How much memory the context holds. */
SPK_API spk_memory_report spk_memory_use(const spk_ctx *ctx);

/** Roads that a product with a matrix of many zeros can take; both give the same result to rounding. */
typedef enum spk_road {
    SPK_ROAD_AUTO,   /**< the faster one, by the share of non-zero elements: the default */
    SPK_ROAD_SPARSE, /**< visit only what is not zero */
    SPK_ROAD_DENSE   /**< visit everything, through BLAS */
} spk_road;
/** Forces a road, for tests and benchmarks, or gives the choice back. An error for what is none. */
SPK_API void spk_set_road(spk_ctx *ctx, spk_road road);
/** How many products took each road since the context was made: with inputs, for weights, and for spikes under a surrogate of compact
 * support. */
typedef struct spk_road_counts {
    int64_t sparse, dense; /**< products that took the road */
} spk_road_counts;
/** The counts; zeros for NULL. */
SPK_API spk_road_counts spk_roads_taken(const spk_ctx *ctx);

/**
 * How many threads the library's loops and its matrix products use, in all contexts: the one process-wide setting. At first
 * OMP_NUM_THREADS, or the number of processors. Values below 1 mean 1. Results do not depend on it, to the last bit.
 */
SPK_API void spk_set_threads(int threads);
/** The number of threads in use. */
SPK_API int spk_threads(void);

/** Version, number type, compiler, BLAS and instruction set of this build, as one line; never NULL, never freed. For any thread. */
SPK_API const char *spk_build_info(void);

/** What a context knows of the things that it owns; embed it first in a struct of one's own. */
typedef struct spk_object {
    const struct spk_object_type *type; /**< what it is */
    spk_ctx *ctx;                       /**< whose it is */
    struct spk_object *previous, *next; /**< the context's list */
} spk_object;

/** The type of an owned thing. */
typedef struct spk_object_type {
    const char *name;                      /**< for messages */
    void (*destroy)(spk_object *object);   /**< frees what the object holds besides its own block; may be NULL */
    void (*end_step)(spk_object *object);  /**< called by spk_end_step before step tensors go; may be NULL. It must need no memory */
    void (*drop_step)(spk_object *object); /**< called instead when the step has failed; NULL: end_step is */
} spk_object_type;

/** A zeroed object of `size` bytes, at least those of spk_object, owned by ctx; NULL (with the error set) without memory or when ctx has
 * failed. */
SPK_API void *spk_object_create(spk_ctx *ctx, const spk_object_type *type, size_t size);
/** Destroys an object of a type of one's own before its context (the library's things have functions of their own for it). Only once: as
 * with free(), nothing can tell what was destroyed. NULL is allowed. */
SPK_API void spk_object_destroy(spk_object *object);
/** Memory from the context's allocator, zeroed; NULL (with the error set) when there is none. Free it with spk_release. */
SPK_API void *spk_allocate(spk_ctx *ctx, size_t bytes);
/** Gives memory of spk_allocate back, once, to the context that it is of (an error otherwise). NULL is allowed. */
SPK_API void spk_release(spk_ctx *ctx, void *block);

SPK_END_DECLS

#endif
