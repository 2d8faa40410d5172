/*
 * Random programs of ops. An input is a list of instructions of 8 bytes: what to do, three operands, two sizes, a number, flags. Operands
 * are tensors of earlier instructions, the newest first, or what no program should use; sizes and numbers may be absurd. Programs are
 * decoded before any call, so that compilers that evaluate arguments in another order run the same ones.
 */
#ifndef SPK_TESTS_FUZZ_PROGRAM_H
#define SPK_TESTS_FUZZ_PROGRAM_H

#include "fuzz.h"

#define INSTRUCTION 8
#define TENSORS 24
#define MODULES 6

/** A tensor that later instructions can use: of this step, of the one before (1: the library must refuse it), or persistent. */
typedef struct held {
    spk_tensor *x;
    int steps_ago;
    bool persistent;
} held;

/** A program that runs. */
typedef struct program {
    spk_ctx *ctx, *foreign; /**< foreign: made when an instruction first asks for a tensor of another context */
    fuzz_memory *memory;
    held tensors[TENSORS];
    int n_tensors;
    spk_module *modules[MODULES];
    int n_modules;
} program;

/** One decoded instruction: tensors a, b, c; sizes i, j; a number d; a module; flags and the raw bytes. */
typedef struct instruction {
    const uint8_t *bytes;
    spk_tensor *a, *b, *c;
    int64_t i, j;
    double d;
    spk_shape shape;
    spk_module *module;
    unsigned flags;
} instruction;

/** What an instruction does. `op` is the op that it calls, or a word for what is none. */
typedef struct generator {
    const char *op;
    spk_tensor *(*run)(program *p, const instruction *in);   /**< NULL: nothing to keep */
    bool (*wanted)(const instruction *in, spk_shape *shape); /**< the shape that the documentation promises; false: none is promised */
} generator;

/** All of them. */
extern const generator generators[];
extern const int n_generators;

/** Keeps a tensor for later instructions. */
void program_keep(program *p, spk_tensor *x, bool persistent);
/** Ends the step, by spk_end_step or because an error was cleared: what is older than one step is forgotten. */
void program_step_ended(program *p);
/** Looks at all gradients after a backward. */
void program_check_gradients(program *p);

#endif
