/* A tensor's insides, for the library's own files. */
#ifndef SPK_CORE_TENSOR_INTERNAL_H
#define SPK_CORE_TENSOR_INTERNAL_H

#include "core/tensor.h"

struct spk_record;
struct spk_hook;

struct spk_tensor {
    spk_object object; /* ctx; persistent tensors are linked in its ring */
    spk_shape shape;
    int64_t size;

    spk_storage storage;
    int64_t repeat;        /* SPK_REPEATED: how often the size / repeat stored numbers are shown, else 1 */
    int64_t row;           /* SPK_BITS: elements a row; each row starts at a word of its own */
    spk_real scale;        /* SPK_BITS: the value of a set bit */
    void *data;            /* spk_real, or uint64_t words of bits */
    spk_real *written_out; /* the dense copy that spk_data made of another storage */

    spk_tensor *owner;     /* the tensor whose storage this one shows: itself, or a view's base */
    uint64_t version;      /* of the owner: raised by every write */
    uint64_t step;         /* the step that it lives in; 0 is persistent */
    void *block;           /* persistent: what to release */
    int64_t capacity;      /* persistent: numbers that fit the block */
    bool belongs;          /* persistent: to a module or, as its gradient, to a leaf; only that destroys it */
    bool destroyed;        /* persistent: goes when the step ends, of which it may be a part */
    spk_tensor *retired;   /* the next of those */
    const char *op, *path; /* what made it, for messages */
    const char *name;      /* of the slot that holds it, for messages; NULL for others */

    /* Autograd's. */
    bool requires_grad, retains_grad;
    struct spk_record *record; /* the op call that made it; NULL for a leaf */
    spk_tensor *grad;          /* one number for each stored one; a leaf keeps its memory when cleared */
    bool grad_ready;           /* leaf: grad holds a gradient */
    bool summed;               /* of a gradient: it has had several contributions since it was last scanned */
    spk_tensor *arriving;      /* leaf with hooks: what the running backward has brought so far */
    struct spk_hook *hooks;
    struct spk_hook *observers;  /* of a step's result: see its gradient and change nothing */
    struct spk_pending *pending; /* of a gradient: what is to be multiplied to get it; it has no data then */
    uint64_t walk;               /* the last backward walk that reached it */
};

/* Written by nobody: the inert tensor has no elements. */
extern spk_real spk_inert_data[8];
#define SPK_INERT_TENSOR(context)                                                                                      \
    {                                                                                                                  \
        .object = {.ctx = (context)}, .shape = {.axes = 1}, .storage = SPK_DENSE, .repeat = 1, .data = spk_inert_data, \
        .owner = &(context)->inert, .op = "an earlier error"                                                           \
    }

/* A step tensor's header with its storage not yet set. NULL without memory. */
spk_tensor *spk_tensor_header(spk_ctx *ctx, spk_shape shape);
/* Gives a header dense storage of its own, not initialised. */
bool spk_tensor_take_dense(spk_tensor *x);
/* Gives a header bits for rows of `row` elements, all zero. */
bool spk_tensor_take_bits(spk_tensor *x, int64_t row);
/* Lets a header show another tensor's storage, from the stored number `offset` on (dense only where it is not 0). */
void spk_tensor_show(spk_tensor *x, spk_tensor *base, int64_t offset);
/* Writes the x->size elements of any storage to out. */
void spk_tensor_write_out(const spk_tensor *x, spk_real *out);
/* spk_tensor_destroy for a tensor that belongs to the caller. */
void spk_tensor_retire(spk_tensor *x);
/* Frees a persistent tensor now, whatever the step has computed from it. */
void spk_tensor_free(spk_tensor *x);
/* At the end of a step: frees what was destroyed within it. */
void spk_tensors_end_step(spk_ctx *ctx);
/* spk_data and spk_data_mut whose errors begin with `who`. */
const spk_real *spk_tensor_read(spk_tensor *x, const char *who);
spk_real *spk_tensor_write(spk_tensor *x, const char *who);
/* True when x can be an operand in ctx now. */
bool spk_tensor_lives(const spk_ctx *ctx, const spk_tensor *x);
/* As spk_tensor_lives, and false when ctx has failed; else the error says who was given what. */
bool spk_tensor_usable(spk_ctx *ctx, const spk_tensor *x, const char *who);

/* Numbers stored for a dense or repeated tensor. */
static inline int64_t spk_stored(const spk_tensor *x) { return x->size / x->repeat; }
/* The stored numbers of a dense or repeated tensor. */
static inline spk_real *spk_reals(const spk_tensor *x) { return (spk_real *)x->data; }
static inline int64_t spk_words_of(int64_t row) { return (row + 63) / 64; }
static inline int64_t spk_rows(const spk_tensor *x) { return x->row ? x->size / x->row : 0; }
static inline size_t spk_bytes(int64_t reals) { return (size_t)reals * sizeof(spk_real); }

#endif
