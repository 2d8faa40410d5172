/*
 * Misuse as tables: each row of a test calls one public function in a wrong way, in a world made for it, and looks at everything that must
 * not have changed. tests/scripts/every_function_is_misused reads the rows: function and kind stand first, one row a line or more.
 *
 *     REFUSE(spk_add, FOREIGN, "add|another context", spk_add(s->x, s->other->x));
 *
 *     REFUSE  sets the error of s->ctx, which begins with the words before '|' (who) and holds those after it (what is wrong, what to do)
 *     IGNORE  no context is known: no error anywhere, and the result is nothing
 *     ALLOW   documented to be right: no error; the result is anything
 *
 * Nothing is NULL, 0, -1, false, NaN, "", the inert tensor or module, a context that has failed. _VOID: for functions without a result.
 */
#ifndef SPK_TESTS_MISUSE_H
#define SPK_TESTS_MISUSE_H

#include "../core/support.h"

/* Kinds of misuse. */
enum misuse {
    NULL_ARGUMENT, /* NULL for one pointer */
    FOREIGN,       /* something of another context */
    ENDED,         /* a tensor of a step that has ended */
    DESTROYED,     /* something that was destroyed */
    WRONG_KIND,    /* a module that is no neuron, labels that are no whole numbers, ... */
    WRONG_SHAPE,
    OUT_OF_DOMAIN, /* a number that means nothing here */
    TOO_LARGE      /* sizes past memory, past size_t, past BLAS's int */
};

/* A context with one of everything, in its second step. */
typedef struct world {
    spk_ctx *ctx;
    spk_tensor *x, *leaf, *labels; /* [4, 6], [4, 6] that wants its gradient, [2]: whole numbers below 3 */
    spk_tensor *vector, *matrix;   /* [6], [6, 5] */
    spk_tensor *bits;              /* [4, 6], dense zeros and ones */
    spk_tensor *ended;             /* [4, 6], the result of an op in the first step */
    spk_tensor *inert;             /* of an error that was cleared */
    spk_module *net, *linear, *neuron, *dropout;
    spk_tensor *weight; /* the linear layer's */
    spk_optimizer *optimizer;
    spk_schedule *schedule;
    spk_dataset *data;
    struct world *other; /* the same in another context */
} world;

/* Makes two worlds; `what` is printed when anything about them is wrong. */
world *misuse_begin(const char *function, const char *call, int line);
/* Looks at the error, then at all that must be as before, and frees the worlds. `says`: "who|what", or NULL for no error. */
void misuse_end(world *s, bool nothing, const char *says);

#define MISUSE_ROW(function, kind, call, says, nothing, ...)    \
    do {                                                        \
        cr_assert(kind >= 0 && (const void *)function != NULL); \
        world *s = misuse_begin(#function, call, __LINE__);     \
        const bool nothing_ = nothing(__VA_ARGS__);             \
        misuse_end(s, nothing_, says);                          \
    } while (0)
#define REFUSE(function, kind, says, ...) MISUSE_ROW(function, kind, #__VA_ARGS__, says, IS_NOTHING, __VA_ARGS__)
#define REFUSE_VOID(function, kind, says, ...) MISUSE_ROW(function, kind, #__VA_ARGS__, says, NO_RESULT, __VA_ARGS__)
#define IGNORE(function, kind, ...) MISUSE_ROW(function, kind, #__VA_ARGS__, NULL, IS_NOTHING, __VA_ARGS__)
#define IGNORE_VOID(function, kind, ...) MISUSE_ROW(function, kind, #__VA_ARGS__, NULL, NO_RESULT, __VA_ARGS__)
#define ALLOW(function, kind, ...) MISUSE_ROW(function, kind, #__VA_ARGS__, NULL, ANY_RESULT, __VA_ARGS__)
#define ALLOW_VOID(function, kind, ...) MISUSE_ROW(function, kind, #__VA_ARGS__, NULL, NO_RESULT, __VA_ARGS__)

bool misuse_no_tensor(spk_tensor *x);
bool misuse_no_module(const spk_module *module);
bool misuse_no_context(const spk_ctx *ctx);
bool misuse_no_text(const char *text);
bool misuse_no_number(double x);
bool misuse_no_count(int64_t n);
bool misuse_no_numbers(const spk_real *numbers);
bool misuse_no_pointer(const void *pointer);
/* Of any pointer or number. */
#define IS_NOTHING(...) \
    _Generic((__VA_ARGS__),             \
        spk_tensor *: misuse_no_tensor, \
        spk_module *: misuse_no_module, \
        spk_ctx *: misuse_no_context,   \
        const char *: misuse_no_text,   \
        double: misuse_no_number,       \
        bool: misuse_no_count,          \
        int: misuse_no_count,           \
        int64_t: misuse_no_count,       \
        spk_real *: misuse_no_numbers,  \
        const spk_real *: misuse_no_numbers, \
        default: misuse_no_pointer)(__VA_ARGS__)
#define NO_RESULT(...) ((__VA_ARGS__), true)
#define ANY_RESULT(...) ((void)(__VA_ARGS__), true)

#endif
