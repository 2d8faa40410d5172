/* The state dict of a module: its parameters and buffers, to and from a safetensors file. */
#include "nn/state.h"
#include "core/context_internal.h"
#include "nn/module_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SAVED (SPK_PARAMETER | SPK_BUFFER)

/* A slot's shape as files have it. */
static spk_shape file_shape(const spk_slot *slot) {
    spk_shape shape = slot->tensor->shape;
    if (slot->transposed) shape = SPK_SHAPE(shape.dim[1], shape.dim[0]);
    return shape;
}

/* The JSON, padded so that the numbers begin at a multiple of 8. Names of modules and slots need no escapes but for quotes and the like. */
static void write_header(spk_module *module, spk_text *text) {
    int64_t offset = 0;
    spk_text_add(text, "{\"__metadata__\":{\"format\":\"pt\",\"writer\":\"spiketape " SPK_VERSION "\"}");
    for (spk_walk w = spk_walk_slots(module, SAVED); spk_walk_next(&w);) {
        const spk_shape shape = file_shape(w.slot);
        const int64_t end = offset + spk_size(w.slot->tensor) * (int64_t)sizeof(spk_real);
        if (strpbrk(w.name, "\"\\")) spk_module_fail(module, "the name '%s' cannot be saved: it has a quote or a backslash", w.name);
        spk_text_add(text, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", w.name, SPK_BY_REAL("F32", "F64"));
        for (int i = 0; i < shape.axes; i++) spk_text_add(text, i ? ",%" PRId64 : "%" PRId64, shape.dim[i]);
        spk_text_add(text, "],\"data_offsets\":[%" PRId64 ",%" PRId64 "]}", offset, end);
        offset = end;
    }
    spk_text_add(text, "}");
    while (text->length % 8 && !text->ctx->failed) spk_text_add(text, " ");
}

/* Numbers on their way to a file, little-endian whatever the machine. */
typedef struct block {
    FILE *out;
    size_t used;
    unsigned char bytes[8192];
} block;

static void flush_block(block *b) {
    fwrite(b->bytes, 1, b->used, b->out); /* an error stays with the file: ferror */
    b->used = 0;
}

static void put(block *b, uint64_t value, size_t bytes) {
    if (b->used + bytes > sizeof b->bytes) flush_block(b);
    for (size_t i = 0; i < bytes; i++) b->bytes[b->used++] = (unsigned char)(value >> 8 * i);
}

static void put_slot(block *b, const spk_slot *slot) {
    const spk_shape shape = file_shape(slot);
    const int64_t count = spk_size(slot->tensor), rows = slot->transposed ? shape.dim[0] : 1, columns = rows ? count / rows : 0;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < columns; c++) {
            SPK_BY_REAL(uint32_t, uint64_t) bits;
            memcpy(&bits, &spk_reals(slot->tensor)[c * rows + r], sizeof bits);
            put(b, bits, sizeof bits);
        }
}

/* Everything to a file that is there and empty, brought to the disk. Closes it. */
static bool write_file(spk_module *module, const spk_text *header, int file) {
    block b = {.out = fdopen(file, "wb")};
    if (!b.out) {
        close(file);
        return false;
    }
    put(&b, header->length, 8);
    flush_block(&b);
    fwrite(header->data, 1, header->length, b.out);
    for (spk_walk w = spk_walk_slots(module, SAVED); spk_walk_next(&w);) put_slot(&b, w.slot);
    flush_block(&b);
    const bool right = !ferror(b.out) && fflush(b.out) == 0 && fsync(file) == 0;
    const int reason = errno;
    if (fclose(b.out) == 0 && right) return true;
    if (!right) errno = reason; /* the first failure says why */
    return false;
}

/* A new file beside `path`, that nobody else writes, with the mode that fopen gives; its name in *name. -1 and errno without one. */
static int create_beside(spk_text *name, const char *path) {
    for (int i = 0; i < 100 && !name->ctx->failed; i++) { /* a name is taken where a process of this number was stopped half-way */
        name->length = 0;
        spk_text_add(name, "%s.%ld-%d.tmp", path, (long)getpid(), i);
        const int file = name->ctx->failed ? -1 : open(name->data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST) return file;
    }
    return -1;
}

/* Brings a renaming to the disk: file systems that cannot do so keep the old name or the new one, each for a whole file. */
static void sync_folder(spk_text *path) {
    char *slash = strrchr(path->data, '/');
    if (slash) slash[slash == path->data] = '\0';
    const int folder = open(slash ? path->data : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;
    (void)fsync(folder);
    close(folder);
}

bool spk_save(spk_module *module, const char *path) {
    if (!spk_module_usable(module)) return false;
    spk_ctx *ctx = module->object.ctx;
    if (!path) spk_fail(ctx, "spk_save: the path is NULL");
    const spk_activity before = spk_doing_function(ctx, "spk_save");
    spk_text header = {.ctx = ctx}, beside = {.ctx = ctx};
    write_header(module, &header);
    const int file = ctx->failed ? -1 : create_beside(&beside, path);
    if (!ctx->failed && (file < 0 || !write_file(module, &header, file) || rename(beside.data, path) != 0)) {
        spk_fail(ctx, "%s: cannot be written: %s", path, strerror(errno));
        if (file >= 0) unlink(beside.data);
    }
    if (!ctx->failed) sync_folder(&beside);
    spk_text_free(&header);
    spk_text_free(&beside);
    spk_done(ctx, before);
    return !ctx->failed;
}

/* Every slot has its entry in the right shape, and there are no others. */
static bool fits(spk_module *module, const spk_state_file *file, const char *path) {
    spk_ctx *ctx = module->object.ctx;
    int64_t found = 0;
    for (spk_walk w = spk_walk_slots(module, SAVED); !ctx->failed && spk_walk_next(&w); found++) {
        const spk_state_entry *entry = spk_state_file_find(file, w.name);
        if (!entry) spk_fail(ctx, "%s: '%s' is missing; the file is of another net", path, w.name);
        else if (!spk_shape_equal(entry->shape, file_shape(w.slot)))
            spk_fail(ctx, "%s: '%s' is %s, the net's is %s; the file is of another net", path, w.name, spk_shape_text(entry->shape).text,
                     spk_shape_text(file_shape(w.slot)).text);
    }
    for (int64_t i = 0; !ctx->failed && found < spk_state_file_count(file) && i < spk_state_file_count(file); i++) {
        const char *name = spk_state_file_entry(file, i)->name;
        const spk_tensor *tensor = spk_find_tensor(module, name);
        if (!tensor) spk_fail(ctx, "%s: '%s' is not in the net; the file is of another net", path, name);
    }
    return !ctx->failed;
}

bool spk_load(spk_module *module, const char *path) {
    if (!spk_module_usable(module)) return false;
    spk_state_file *file = spk_state_file_read(module->object.ctx, path);
    const bool right = file && fits(module, file, path);
    for (spk_walk w = spk_walk_slots(module, SAVED); right && spk_walk_next(&w);)
        spk_state_entry_copy(spk_state_file_find(file, w.name), w.slot->transposed, spk_data_mut(w.slot->tensor));
    spk_state_file_destroy(file);
    return right;
}
