/*
 * What the examples of the reference share. There is one program for each public header, examples/reference/LAYER_HEADER.c, and in it for
 * each function a snippet between two lines `//! [spk_function_name]`, which the function's page shows. A keyword macro and the function
 * behind it (spk_backward, spk_backward_with) share the macro's name. tests/scripts/every_function_has_an_example says what is missing.
 *
 * A program is run (ctest -R reference_) in a folder of its own in the build tree, in which `datasets` and `examples` are those of the
 * source tree, so that snippets read "datasets/mnist" and write "net.safetensors". It includes <spiketape.h> and this header only.
 */
#ifndef SPK_EXAMPLES_REFERENCE_H
#define SPK_EXAMPLES_REFERENCE_H

#include <stdio.h>
#include <stdlib.h>

/** Ends the program with status 1 if the condition does not hold, after naming it with its file and line. */
#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: CHECK(%s) failed\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

#endif
