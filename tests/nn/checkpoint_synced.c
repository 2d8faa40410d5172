/*
 * The order in which a checkpoint gets to the disk, seen by fsync, link and rename of this program's own, which note each call, and at one
 * of them fail, or end the process as a kill would.
 */
#include "checkpoint_support.h"
#include <errno.h>
#include <sys/wait.h>

typedef enum fate { GOES_ON, FAILS, ENDS_BEFORE, ENDS_AFTER } fate;

static struct {
    char calls[1024]; /* since the last reset */
    int count;
    int64_t synced_bytes; /* of the last file that was synced */
    unsigned char synced[ROOM];
    fate fate;  /* of the call that comes when `number` have been; link always fails where there are no hard links */
    int number; /* -1: none */
    bool no_links;
} watch = {.number = -1};

static const char *last_part(const char *path) { return strrchr(path, '/') ? strrchr(path, '/') + 1 : path; }

/* True if the call is to be made. */
static bool called(const char *what, const char *from, const char *to) {
    const size_t length = strlen(watch.calls);
    const bool chosen = watch.count++ == watch.number;
    snprintf(watch.calls + length, sizeof watch.calls - length, "%s%s %s%s%s", length ? "; " : "", what, last_part(from), *to ? " " : "",
             last_part(to));
    if (chosen && watch.fate == ENDS_BEFORE) _exit(7);
    if (chosen && watch.fate == FAILS) errno = EIO;
    return !chosen || watch.fate != FAILS;
}

static int done(int result) {
    const int reason = errno;
    if (watch.count - 1 == watch.number && watch.fate == ENDS_AFTER) _exit(7);
    errno = reason;
    return result;
}

int fsync(int file) {
    struct stat status;
    const bool is_folder = fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
    if (!called("sync", is_folder ? "folder" : "file", "")) return -1;
    if (!is_folder) watch.synced_bytes = pread(file, watch.synced, sizeof watch.synced, 0);
    return done(fdatasync(file));
}

int rename(const char *from, const char *to) { return called("rename", from, to) ? done(renameat(AT_FDCWD, from, AT_FDCWD, to)) : -1; }

int link(const char *from, const char *to) {
    if (!called("link", from, to)) return -1;
    if (watch.no_links) errno = EPERM;
    return watch.no_links ? -1 : done(linkat(AT_FDCWD, from, AT_FDCWD, to, 0));
}

static void reset(fate f, int number) {
    watch.calls[0] = '\0';
    watch.count = 0, watch.fate = f, watch.number = number;
}

/* The calls with the process's number written as N. */
static const char *calls(void) {
    static char text[sizeof watch.calls];
    char number[32];
    snprintf(number, sizeof number, ".%ld-", (long)getpid());
    text[0] = '\0';
    char *out = text;
    for (const char *c = watch.calls; *c;) {
        const bool is_number = strncmp(c, number, strlen(number)) == 0;
        out += snprintf(out, sizeof text - (size_t)(out - text), is_number ? ".N-" : "%c", *c);
        c += is_number ? strlen(number) : 1;
    }
    return text;
}

static void assert_calls(const char *wanted) { cr_assert(strcmp(calls(), wanted) == 0, "the calls were: %s", calls()); }

/* What was brought to the disk is all of the file. */
static void assert_synced_whole(void) {
    static unsigned char bytes[ROOM];
    const size_t n = read_bytes(in_folder("a"), bytes, sizeof bytes);
    cr_assert(watch.synced_bytes == (int64_t)n && memcmp(bytes, watch.synced, n) == 0, "%" PRId64 " bytes of %zu were synced",
              watch.synced_bytes, n);
}

CheckpointTest(file_then_name_then_folder) {
    run r = run_of(1, &usual);
    reset(GOES_ON, -1);
    cr_assert(save(&r, in_folder("a")), "%s", spk_error(r.ctx));
    assert_calls("sync file; link a a.previous.N-0.tmp; rename a.N-0.tmp a; sync folder"); /* the link finds nothing */
    assert_synced_whole();
    one_step(&r);
    reset(GOES_ON, -1);
    cr_assert(save(&r, in_folder("a")), "%s", spk_error(r.ctx));
    assert_calls("sync file; link a a.previous.N-0.tmp; rename a.previous.N-0.tmp a.previous; rename a.N-0.tmp a; sync folder");
    assert_synced_whole();
    reset(GOES_ON, -1);
    cr_assert(spk_save(r.net, in_folder("a")), "%s", spk_error(r.ctx));
    assert_calls("sync file; rename a.N-0.tmp a; sync folder");
    assert_synced_whole();
    reset(GOES_ON, -1);
    cr_assert(chdir(folder) == 0 && save(&r, "a") && chdir("/") == 0, "%s", spk_error(r.ctx)); /* the folder without a name */
    assert_calls("sync file; link a a.previous.N-0.tmp; rename a.previous.N-0.tmp a.previous; rename a.N-0.tmp a; sync folder");
    spk_ctx_destroy(r.ctx);
}

CheckpointTest(without_hard_links) {
    run r = run_of(1, &usual), other = run_of(2, &usual);
    cr_assert(save(&r, in_folder("a")));
    one_step(&r);
    watch.no_links = true;
    reset(GOES_ON, -1);
    cr_assert(save(&r, in_folder("a")), "%s", spk_error(r.ctx));
    assert_calls("sync file; link a a.previous.N-0.tmp; rename a a.previous; rename a.N-0.tmp a; sync folder");
    cr_assert(load(&other, in_folder("a")) && same_bits(r.net, other.net) && entries() == 2);
    spk_ctx_destroy(r.ctx), spk_ctx_destroy(other.ctx);
}

/* Old or new, after n steps or n + 1: what a run that was stopped in between must find. */
static int steps_found(const char **notice) {
    run r = run_of(9, &usual);
    cr_assert(load_noticed(&r, in_folder("a"), notice), "%s", spk_error(r.ctx));
    const int steps = (int)(r.epoch * 5 + r.batch);
    spk_ctx_destroy(r.ctx);
    return steps;
}

/* A process that ends at any of the calls leaves the old checkpoint or the new one under the name, or under the previous name with a word.
 */
CheckpointTest(ended_at_every_call) {
    for (int no_links = 0; no_links < 2; no_links++) {
        int steps = 2, ended = 0, old = 0;
        run r = run_of(1, &usual);
        watch.no_links = no_links;
        for (int i = 0; i < steps; i++) one_step(&r);
        cr_assert(save(&r, in_folder("a")) && save(&r, in_folder("a")));
        for (int number = 0; number < 6; number++)
            for (fate f = ENDS_BEFORE; f <= ENDS_AFTER; f++) {
                one_step(&r);
                steps++;
                const pid_t child = fork();
                if (child == 0) {
                    reset(f, number);
                    _exit(save(&r, in_folder("a")) ? 0 : 1);
                }
                int status;
                cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) != 1, "status %d", status);
                ended += WEXITSTATUS(status) == 7;
                const char *notice;
                const int found = steps_found(&notice);
                cr_assert(found == steps || found == steps - 1, "call %d: %d steps are in the file of %d", number, found, steps);
                cr_assert(!notice || no_links, "call %d: there was a moment without a file: %s", number, notice);
                old += found < steps;
                cr_assert(found < steps || entries() == 2, "call %d: the new file is there, so nothing may come to tidy up", number);
                reset(GOES_ON, -1);
                cr_assert(save(&r, in_folder("a")), "%s", spk_error(r.ctx));
                cr_assert(steps_found(&notice) == steps && !notice && entries() == 2, "call %d: %d files", number, entries());
            }
        cr_assert(ended >= 9 && old >= 4 && old < ended, "%d ended, %d of them with the old file", ended, old);
        spk_ctx_destroy(r.ctx);
        remove(in_folder("a")), remove(in_folder("a.previous"));
    }
}

/* Any of the calls fails: an error, no file but the two, and the old or the new one whole. */
CheckpointTest(failing_at_every_call) {
    run r = run_of(1, &usual);
    int steps = 0, failed = 0;
    cr_assert(save(&r, in_folder("a")) && save(&r, in_folder("a")));
    for (int number = 0; number < 5; number++) {
        one_step(&r);
        steps++;
        reset(FAILS, number);
        const bool ok = save(&r, in_folder("a"));
        reset(GOES_ON, -1);
        failed += !ok;
        if (!ok) assert_failed(r.ctx, in_folder("a"), "cannot be written: Input/output error");
        const char *notice;
        const int found = steps_found(&notice);
        cr_assert(found == steps || (!ok && found == steps - 1), "call %d: %d of %d", number, found, steps);
        cr_assert(entries() == 2 && !notice, "call %d: %d files", number, entries());
        cr_assert(save(&r, in_folder("a")));
    }
    cr_assert(failed == 3, "%d", failed); /* without a link the old file is moved; of a folder that cannot be synced nothing is said */
    spk_ctx_destroy(r.ctx);
}
