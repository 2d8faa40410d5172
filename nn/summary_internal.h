/* What is measured of a net, for summary.c and summary_table.c. */
#ifndef SPK_NN_SUMMARY_INTERNAL_H
#define SPK_NN_SUMMARY_INTERNAL_H

#include "core/trial_internal.h"
#include "nn/module_internal.h"

/* What is counted. */
typedef struct spk_cost {
    int64_t bytes, multiply_adds;
} spk_cost;

/* One layer: what was measured, and what is to be put back. */
typedef struct spk_summary_row {
    spk_module *module;
    bool called;
    spk_shape output;
    spk_storage storage;
    int64_t repeat;
    spk_cost own;                  /* without its parts' */
    spk_cost begun, inner;         /* the call that runs: what was counted when it began, and what of it is of layers called within */
    struct spk_summary_row *outer; /* the call that it is within */
    struct spk_summary_run *summary;
    bool training;
} spk_summary_row;

/* A memory, to be put back. */
typedef struct spk_summary_memory {
    spk_slot *slot;
    spk_tensor *tensor;
    bool ended, had_larger;
} spk_summary_memory;

typedef struct spk_summary_run {
    spk_ctx *ctx;
    spk_module *net;
    spk_shape input;
    int64_t T;
    int rows, memories;
    spk_summary_row *row;
    spk_summary_memory *memory;
    spk_summary_row *running;
    size_t peak;
} spk_summary_run;

/* Writes the table. */
void spk_summary_write(const spk_summary_run *s, spk_text *text);

#endif
