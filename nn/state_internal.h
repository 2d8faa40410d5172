/* What state files and checkpoints are made of, how they get to the disk, and how they are read. */
#ifndef SPK_NN_STATE_INTERNAL_H
#define SPK_NN_STATE_INTERNAL_H

#include "nn/state.h"
#include "core/file_internal.h"

/* The types of numbers that are written. */
typedef enum spk_state_type { SPK_STATE_F32, SPK_STATE_F64, SPK_STATE_I64, SPK_STATE_U64, SPK_STATE_BOOL, SPK_STATE_TYPES } spk_state_type;
#define SPK_STATE_REAL SPK_BY_REAL(SPK_STATE_F32, SPK_STATE_F64)
/* What files call a type, and its width in bytes, there as in memory. */
extern const struct spk_state_type_info {
    const char *name;
    int width;
} spk_state_type_info[SPK_STATE_TYPES];

/* One entry of a file that is to be written, or that a file is to have. */
typedef struct spk_state_item {
    char name[SPK_DOTTED_NAME + SPK_NAME];
    spk_state_type type;
    spk_shape shape;     /* as in the file */
    bool transposed;     /* a matrix that lies turned round in memory */
    const void *numbers; /* in memory; NULL for a tensor that is absent, and then not written */
    spk_tensor *tensor;  /* whose numbers they are, if they are a parameter's or a buffer's */
    double least, most;  /* what a number on its own may be; of NaN nothing is asked */
    bool optional, any_shape;
    /* Takes a tensor over, or for NULL its absence: of optional items, which belong to `place`. */
    void (*install)(void *place, spk_tensor *value);
    void *place;
} spk_state_item;

/* A growing list of items. Start with {.ctx = ctx}. */
typedef struct spk_state_items {
    spk_ctx *ctx;
    spk_state_item *item;
    int64_t count, capacity;
} spk_state_items;

/* Adds an item named prefix.name (or prefix, when name is ""). Valid until the next one is added; NULL with the error set without memory.
 */
spk_state_item *spk_state_items_add(spk_state_items *items, const char *prefix, const char *name, spk_state_item item);
void spk_state_items_free(spk_state_items *items);
/* A slot's shape as files have it. */
spk_shape spk_state_shape(const spk_slot *slot);
/* True for a text that JSON can hold as it is; else the error says that `what` cannot be saved. */
bool spk_state_text_ok(spk_ctx *ctx, const char *what, const char *text);

/*
 * Writes the items into one safetensors file, with the JSON members `metadata` in its __metadata__: beside, to the disk, renamed, the
 * folder to the disk. A checkpoint begins with its seal, and keeps the file that it replaces as path.previous.
 */
bool spk_state_write(const spk_state_items *items, const char *path, const char *metadata, bool checkpoint);

/*
 * The seal, the first members of a checkpoint's __metadata__: the CRC-32 of the whole file with 00000000 in its place, and the file's
 * length.
 */
#define SPK_SEAL_BEGIN "{\"__metadata__\":{\"checksum\":\""
#define SPK_SEAL SPK_SEAL_BEGIN "%08lx\",\"bytes\":\"%020" PRIu64 "\","
#define SPK_SEAL_EMPTY SPK_SEAL_BEGIN "00000000\",\"bytes\":\"00000000000000000000\","
#define SPK_SEAL_LENGTH (sizeof SPK_SEAL_EMPTY - 1)
/* How far before the seal's end the twenty digits of the length begin. */
#define SPK_SEAL_END (20 + sizeof "\"," - 1)
/* Where in the file the eight digits of the checksum are. */
#define SPK_SEAL_DIGITS (8 + (sizeof SPK_SEAL_BEGIN - 1))

/*
 * Reads a state file, or a checkpoint and then checks its seal before anything else. NULL after an error; *bad tells whether the file is at
 * fault (missing, damaged, of another kind).
 */
spk_state_file *spk_state_file_open(spk_ctx *ctx, const char *path, bool checkpoint, bool *bad);
/* A member of the file's __metadata__, "" when it is not there. */
const char *spk_state_file_metadata(const spk_state_file *file, const char *name);
/* Copies an entry's numbers as they are. */
void spk_state_entry_raw(const spk_state_entry *entry, void *out);

/* What checkpoints say they are. */
#define SPK_CHECKPOINT_FORMAT "spiketape checkpoint 1"

#endif
