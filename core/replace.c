/* Replacing a file so that at every moment there is a whole one under its name, whatever stops the process or the machine. */
#include "core/file_internal.h"
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

/* Makes a file beside the path, that nobody else writes, with the mode that fopen gives. False and errno without one. */
static bool create_beside(spk_replacement *r) {
    for (int i = 0; i < 100 && !r->ctx->failed; i++) { /* a name is taken where a process of this number was stopped half-way */
        r->beside.length = r->kept.length = 0;
        spk_text_add(&r->beside, "%s.%ld-%d.tmp", r->path, (long)getpid(), i);
        if (r->previous.data) spk_text_add(&r->kept, "%s.%ld-%d.tmp", r->previous.data, (long)getpid(), i);
        if (!r->ctx->failed) r->file = open(r->beside.data, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (r->file >= 0 || errno != EEXIST) break;
    }
    if (r->file >= 0) (void)flock(r->file, LOCK_EX | LOCK_NB); /* so that it is known to be no leftover */
    return r->file >= 0;
}

/* Who had closed the old file to others finds the new one closed, too. */
static bool keep_mode(const spk_replacement *r) {
    struct stat old;
    return stat(r->path, &old) != 0 || fchmod(r->file, old.st_mode & 0777) == 0;
}

/* Opens the folder of a path, to look into and to sync; the path's last part in *base. */
static int open_folder(spk_ctx *ctx, const char *path, const char **base) {
    spk_text name = {.ctx = ctx};
    const char *slash = strrchr(path, '/');
    if (slash) spk_text_add(&name, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    *base = slash ? slash + 1 : path;
    const int folder = ctx->failed ? -1 : open(slash ? name.data : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    spk_text_free(&name);
    return folder;
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

/* Removes what processes left in the folder that were stopped while they wrote: they hold no lock any more. */
static void remove_leftovers(int folder, const char *base) {
    const int again = dup(folder); /* closing a stream closes its file */
    DIR *names = again < 0 ? NULL : fdopendir(again);
    if (!names && again >= 0) close(again);
    for (const struct dirent *entry; names && (entry = readdir(names));) {
        if (!is_beside(entry->d_name, base)) continue;
        const int file = openat(folder, entry->d_name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
        if (file < 0) continue;
        if (flock(file, LOCK_EX | LOCK_NB) == 0) unlinkat(folder, entry->d_name, 0);
        close(file);
    }
    if (names) closedir(names);
}

/* Closes what is open, keeping errno. */
static void replacement_free(spk_replacement *r) {
    const int reason = errno;
    if (r->file >= 0) close(r->file);
    if (r->folder >= 0) close(r->folder);
    spk_text_free(&r->beside);
    spk_text_free(&r->previous);
    spk_text_free(&r->kept);
    errno = reason;
}

bool spk_replace_begin(spk_replacement *r, spk_ctx *ctx, const char *path, bool keep_previous) {
    *r = (spk_replacement){
        .ctx = ctx, .path = path, .file = -1, .folder = -1, .beside = {.ctx = ctx}, .previous = {.ctx = ctx}, .kept = {.ctx = ctx}};
    if (keep_previous) spk_text_add(&r->previous, "%s.previous", path);
    if (!ctx->failed && replaceable(ctx, path) && (!keep_previous || replaceable(ctx, r->previous.data))) {
        const char *base;
        r->folder = open_folder(ctx, path, &base);
        if (keep_previous && r->folder >= 0) remove_leftovers(r->folder, base);
        const bool made = create_beside(r);
        if (made && keep_mode(r)) return true;
        spk_fail(ctx, "%s: cannot be written: %s", path, strerror(errno));
        if (made) unlink(r->beside.data);
    }
    replacement_free(r);
    return false;
}

/*
 * The old file becomes the previous one, by a second name, and keeps its own until the new one takes that: this call is the last, so that
 * who is stopped before it has something to do again, and who is stopped after it leaves nothing beside. Where there are no hard links the
 * old file moves: for a moment there is only the previous, which is whole.
 */
static bool keep_old(const spk_replacement *r) {
    const char *path = r->path, *previous = r->previous.data, *kept = r->kept.data;
    unlink(kept);
    if (link(path, kept) != 0) return errno == ENOENT || rename(path, previous) == 0 || errno == ENOENT;
    const bool moved = rename(kept, previous) == 0;
    const int reason = errno;
    unlink(kept); /* rename leaves it where the two are one file already */
    errno = reason;
    return moved;
}

bool spk_replace_write(const spk_replacement *r, const void *bytes, size_t n) {
    for (size_t done = 0; done < n;) {
        const ssize_t more = write(r->file, (const char *)bytes + done, n - done);
        if (more > 0) done += (size_t)more;
        else if (more == 0 || errno != EINTR) return false;
    }
    return true;
}

bool spk_replace_end(spk_replacement *r, bool written) {
    if (written && (!r->previous.data || keep_old(r)) && rename(r->beside.data, r->path) == 0) {
        (void)fsync(r->folder); /* file systems that cannot do so keep the old name or the new one, each for a whole file */
    } else {
        spk_fail(r->ctx, "%s: cannot be written: %s", r->path, strerror(errno));
        unlink(r->beside.data);
    }
    replacement_free(r);
    return !r->ctx->failed;
}
