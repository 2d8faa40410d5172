/* Ops: what one is, and how one is called. The same for the library's and for your own. */
#ifndef SPK_AUTOGRAD_OP_H
#define SPK_AUTOGRAD_OP_H

#include "core/tensor.h"

SPK_BEGIN_DECLS

/** The most outputs of an op. */
#define SPK_MAX_OUTPUTS 3

typedef struct spk_record spk_record;

/**
 * An op: a constant table beside its kernels. `spk_apply(&op, &attributes, x, ...)` checks the inputs, calls infer and forward, and
 * appends a record to the tape if a gradient may be asked for. See examples/custom_op.c.
 */
typedef struct spk_op {
    const char *name;         /**< for messages */
    int inputs;               /**< how many; 0 means any number, which infer then checks */
    size_t attributes;        /**< size of the attributes, which are copied into the record; 0 for none */
    int outputs;              /**< how many, at most SPK_MAX_OUTPUTS; 0 means 1 */
    unsigned storages;        /**< storage kinds that inputs may have besides dense, `SPK_BITS | SPK_REPEATED`; others arrive dense */
    unsigned optional_inputs; /**< bit i: input i may be NULL */
    unsigned saved_inputs;    /**< bit i: backward reads input i, which must not be written in between */
    unsigned saved_outputs;   /**< bit i: backward reads output i */
    /** Checks the inputs' shapes and sets the outputs with spk_output...; false after spk_op_fail. */
    bool (*infer)(spk_record *r);
    /** Computes the outputs. NULL when infer has done all, as for views. Neither this nor backward is called where no input and no output
     * has an element. */
    void (*forward)(spk_record *r);
    /** Computes the inputs' gradients from the outputs'. NULL: gradients do not pass. */
    void (*backward)(spk_record *r);
    /** True when backward would rather have output k's gradient as a product of `out` columns (spk_grad_product_of). NULL: never. */
    bool (*wants_product)(const spk_record *r, int k, int64_t out);
    /** What to do when this op makes a NaN or an infinity: the end of spk_detect_anomaly's message. NULL: nothing to say. */
    const char *remedy;
    /** The multiplications and additions of forward if nothing were skipped, for spk_summary. NULL: none that matter. */
    int64_t (*multiply_adds)(const spk_record *r);
} spk_op;

/** A call of an op: on the tape it is what backward walks. Ops read `in`, `out`, `attributes` and `saved`. */
struct spk_record {
    const spk_op *op;                 /**< what was called */
    const void *attributes;           /**< a copy of those that it was called with */
    int inputs;                       /**< how many */
    spk_tensor **in;                  /**< the inputs; NULL for an optional one that was not given */
    spk_tensor *out[SPK_MAX_OUTPUTS]; /**< NULL for one that nobody asked for */
    void *saved;                      /**< from spk_save_for_backward */

    spk_ctx *ctx;               /**< the context; this and what follows is the tape's own */
    const char *path;           /**< the module that called, for messages */
    spk_record *previous;       /**< on the tape */
    unsigned wanted;            /**< outputs asked for */
    bool recorded;              /**< on the tape */
    bool consumed;              /**< walked by a backward that did not retain */
    spk_tensor **contributions; /**< what backward of this record gives to its inputs' gradients */
    uint64_t *versions;         /**< of the inputs, then of the outputs, when they were recorded */
};

/** Calls an op with one output: `spk_apply(&op, &attributes or NULL, x, y)`. NULL stands for an optional input. */
#define spk_apply(op, attributes, ...)                                                                                                     \
    spk_apply_n((op), (attributes), (int)(sizeof((spk_tensor *[]){__VA_ARGS__}) / sizeof(spk_tensor *)), (spk_tensor *[]){__VA_ARGS__}, 1, \
                NULL)

/**
 * Calls an op on n inputs. `wanted` has bit k for each output to compute; they are put into outputs[SPK_MAX_OUTPUTS] (the others
 * are NULL), which may be NULL itself. Returns output 0. After an error every output is the inert tensor.
 */
SPK_API spk_tensor *spk_apply_n(const spk_op *op, const void *attributes, int n, spk_tensor *const *inputs, unsigned wanted,
                                spk_tensor **outputs);

/*
 * The functions that follow take the record of the call in which they are called. They do nothing, and give NULL, 0 or false, without one;
 * a wrong number k of an output is an error of the op, as are sizes that do not fit.
 */

/** In infer: output k is dense, of this shape. */
SPK_API bool spk_output(spk_record *r, int k, spk_shape shape);
/** In infer: output k has this shape and shows input i's elements from number `offset` on, without a copy. */
SPK_API bool spk_output_view(spk_record *r, int k, spk_shape shape, int i, int64_t offset);
/** In infer: output k is [T*N, ...] with only N rows stored: `shape` has T*N rows, `repeat` is T. */
SPK_API bool spk_output_repeated(spk_record *r, int k, spk_shape shape, int64_t repeat);
/** In infer: output k is stored as bits of this value, in rows of `row` elements; all zero before forward. */
SPK_API bool spk_output_bits(spk_record *r, int k, spk_shape shape, int64_t row, spk_real scale);
/** In infer: true for an output that somebody asked for. */
SPK_API bool spk_wanted(const spk_record *r, int k);

/** Sets the error `name (module): message`, printf-like, and returns false. */
SPK_API bool spk_op_fail(spk_record *r, const char *format, ...) SPK_PRINTF(2, 3);

/**
 * In forward or backward: checks numbers that are neither an output nor a gradient, such as running statistics. False, with the error set,
 * when spk_detect_anomaly is on and one of them is not finite; `what` names them in the message.
 */
SPK_API bool spk_check_finite(spk_record *r, const char *what, spk_shape shape, const spk_real *values);

/** True while a forward runs whose backward may be called: only then is anything to be saved. */
SPK_API bool spk_is_recorded(const spk_record *r);

/** Stored numbers of an input or output: all of a dense tensor, the N rows of a repeated one. Writable only in forward, for outputs. NULL
 * for NULL, and (with the error set) for bits. */
SPK_API spk_real *spk_values(spk_tensor *x);
/** How many numbers spk_values has. */
SPK_API int64_t spk_count(const spk_tensor *x);

/** In forward: memory for backward, freed with the step; kept in r->saved. NULL without memory: return at once. */
SPK_API void *spk_save_for_backward(spk_record *r, size_t bytes);
/** In forward or backward: memory for this call only, not initialised. NULL without memory. Give it back with spk_scratch_done. */
SPK_API void *spk_scratch(spk_record *r, size_t bytes);
/** Gives scratch memory back within the step. */
SPK_API void spk_scratch_done(spk_record *r, void *block, size_t bytes);

/**
 * In backward: the gradient of output k, spk_count(out[k]) numbers (that of a repeated tensor is summed over its repeats), or NULL when
 * none arrived. An op of one output is only called with a gradient.
 */
SPK_API const spk_real *spk_grad_of(spk_record *r, int k);
/**
 * In backward: where to write the gradient of input i, spk_count(in[i]) numbers to be assigned, all of them; NULL when nobody needs it, or
 * there is no such input.
 * Adding to other contributions is the tape's task.
 */
SPK_API spk_real *spk_grad_to(spk_record *r, int i);
/**
 * In backward: hands the gradient of output k over as the gradient of input i, without a copy where nobody else keeps it. Call it after the
 * last use of spk_grad_of(r, k). Both have the same spk_count.
 */
SPK_API void spk_grad_pass(spk_record *r, int k, int i);
/** A gradient that is not multiplied out: g [rows, out] times the transpose of weight [in, out]. */
typedef struct spk_product {
    int64_t rows, in, out;      /**< the sizes */
    const spk_real *g, *weight; /**< the factors */
} spk_product;
/**
 * In backward: gives input i, of `rows` rows of `in` elements, the product of output k's gradient and the weight's transpose as its
 * gradient without computing it. False when the op that made the input does not take products: compute it then. Call it after the last use
 * of spk_grad_of(r, k).
 */
SPK_API bool spk_grad_product(spk_record *r, int k, int i, spk_tensor *weight);
/**
 * In backward: gives input i the same gradient everywhere without writing it out, as a product. False when the op that made the input does
 * not take products, or without memory: write it then.
 */
SPK_API bool spk_grad_uniform(spk_record *r, int i, spk_real value);
/** In backward: the gradient of output k as a product, if it came as one and nobody else contributed to it or reads it; else NULL. */
SPK_API const spk_product *spk_grad_product_of(spk_record *r, int k);
/** In backward: as spk_grad_to, but to be added to: it holds zeros or what has arrived so far. For ops that touch few elements. */
SPK_API spk_real *spk_grad_add_to(spk_record *r, int i);

SPK_END_DECLS

#endif
