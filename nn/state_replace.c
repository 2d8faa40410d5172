/* Replacing a file so that at every moment there is a whole one under its name, whatever stops the process or the machine. */
#include "nn/state_internal.h"
#include "core/context_internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Devices and folders are not replaced: who names /dev/null does not mean that. */
static bool replaceable(spk_ctx *ctx, const char *path) {
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) spk_fail(ctx, "%s: cannot be written: it is not a regular file", path);
    return !ctx->failed;
}

/*
 * A new file beside `path`, that nobody else writes, with the mode that fopen gives; its name in *name. With `old`, that file's other name
 * instead. A negative number and errno without one.
 */
static int create_beside(spk_text *name, const char *path, const char *old) {
    for (int i = 0; i < 100 && !name->ctx->failed; i++) { /* a name is taken where a process of this number was stopped half-way */
        name->length = 0;
        spk_text_add(name, "%s.%ld-%d.tmp", path, (long)getpid(), i);
        if (name->ctx->failed) return -1;
        const int file = old ? link(old, name->data) : open(name->data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST) return file;
    }
    return -1;
}

/* The folder of a path, as text to free, and the path's last part. */
static const char *split(const char *path, spk_text *folder) {
    const char *slash = strrchr(path, '/');
    if (!slash) spk_text_add(folder, ".");
    else spk_text_add(folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    return slash ? slash + 1 : path;
}

/* Brings renamings to the disk: file systems that cannot do so keep the old name or the new one, each for a whole file. */
static void sync_folder(spk_ctx *ctx, const char *path) {
    spk_text name = {.ctx = ctx};
    split(path, &name);
    const int folder = ctx->failed ? -1 : open(name.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    spk_text_free(&name);
    if (folder < 0) return;
    (void)fsync(folder);
    close(folder);
}

/* True for PATH.NUMBER-NUMBER.tmp and PATH.previous.NUMBER-NUMBER.tmp, the names of create_beside. */
static bool is_beside(const char *name, const char *base) {
    const size_t length = strlen(base);
    if (strncmp(name, base, length) != 0 || name[length] != '.') return false;
    name += length + 1;
    if (strncmp(name, "previous.", 9) == 0) name += 9;
    const size_t process = strspn(name, "0123456789");
    if (!process || name[process] != '-') return false;
    name += process + 1;
    const size_t count = strspn(name, "0123456789");
    return count && strcmp(name + count, ".tmp") == 0;
}

/* Removes what processes left beside `path` that were stopped while they wrote: they hold no lock any more. */
static void remove_leftovers(spk_ctx *ctx, const char *path) {
    spk_text name = {.ctx = ctx};
    const char *base = split(path, &name);
    DIR *folder = ctx->failed ? NULL : opendir(name.data);
    spk_text_free(&name);
    for (const struct dirent *entry; folder && (entry = readdir(folder));) {
        if (!is_beside(entry->d_name, base)) continue;
        const int file = openat(dirfd(folder), entry->d_name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (file < 0) continue;
        if (flock(file, LOCK_EX | LOCK_NB) == 0) unlinkat(dirfd(folder), entry->d_name, 0);
        close(file);
    }
    if (folder) closedir(folder);
}

bool spk_replace_begin(spk_replacement *r, spk_ctx *ctx, const char *path, bool keep_previous) {
    *r = (spk_replacement){.ctx = ctx, .path = path, .beside = {.ctx = ctx}, .previous = {.ctx = ctx}, .file = -1};
    if (keep_previous) spk_text_add(&r->previous, "%s.previous", path);
    if (!ctx->failed && replaceable(ctx, path) && (!keep_previous || replaceable(ctx, r->previous.data))) {
        if (keep_previous) remove_leftovers(ctx, path);
        r->file = create_beside(&r->beside, path, NULL);
        if (r->file >= 0) (void)flock(r->file, LOCK_EX | LOCK_NB); /* so that it is known to be no leftover */
        else spk_fail(ctx, "%s: cannot be written: %s", path, strerror(errno));
    }
    if (r->file >= 0) return true;
    spk_text_free(&r->beside);
    spk_text_free(&r->previous);
    return false;
}

/*
 * The new file takes the name, and the old one, which has got a second name before, then takes its place as the previous. Where there are
 * no hard links the old one moves first: for a moment there is only the previous, which is whole.
 */
static bool exchange(spk_replacement *r) {
    spk_text kept = {.ctx = r->ctx};
    const char *path = r->path, *previous = r->previous.data;
    bool right = true, linked = false;
    if (previous) {
        linked = create_beside(&kept, previous, path) >= 0;
        right = linked || (!r->ctx->failed && (errno == ENOENT || rename(path, previous) == 0));
    }
    right = right && rename(r->beside.data, path) == 0;
    if (linked && right) right = rename(kept.data, previous) == 0;
    if (linked && !right) {
        const int reason = errno;
        unlink(kept.data);
        errno = reason;
    }
    spk_text_free(&kept);
    return right;
}

bool spk_replace_end(spk_replacement *r, bool written) {
    if (!written || !exchange(r)) {
        spk_fail(r->ctx, "%s: cannot be written: %s", r->path, strerror(errno));
        unlink(r->beside.data);
    } else sync_folder(r->ctx, r->path);
    close(r->file);
    spk_text_free(&r->beside);
    spk_text_free(&r->previous);
    return !r->ctx->failed;
}
