/* Making datasets out of arrays. */
#ifndef SPK_DATA_DATASET_INTERNAL_H
#define SPK_DATA_DATASET_INTERNAL_H

#include "data/dataset.h"
#include "data/idx_internal.h"

/* What a dataset is made of. */
typedef struct spk_samples {
    spk_idx *inputs, *labels;
    char **classes; /* the names of the labels 0 .. count - 1, in one block of spk_allocate; NULL: they have none */
    int64_t count;
} spk_samples;

/* False with the error set for options that are wrong. `who` names the public function in messages. */
bool spk_dataset_check(spk_ctx *ctx, const char *who, const spk_dataset_opts *options);
/* A dataset of these samples, which it takes over, even when it fails; inputs or labels that are NULL (reading failed) give NULL. */
spk_dataset *spk_dataset_adopt(spk_ctx *ctx, const char *who, spk_samples samples, spk_dataset_opts options);

/* The options of a dataset from an options struct that has their fields, too. */
#define SPK_DATASET_PART(o) \
    ((spk_dataset_opts){.batch = (o).batch, .shuffle = (o).shuffle, .seed = (o).seed, .drop_last = (o).drop_last, .scale = (o).scale})

#endif
