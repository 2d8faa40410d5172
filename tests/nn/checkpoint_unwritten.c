/* Checkpoints that cannot be written, and no memory: errors, with the files and the run as they were. */
#include "checkpoint_support.h"
#include <sys/wait.h>

/* No room on the disk (here: a limit on the size of files), at every block of the file: the old file stays, and nothing else. */
CheckpointTest(a_full_disk) {
    run r = known();
    static unsigned char before[ROOM], after[ROOM];
    cr_assert(save(&r, in_folder("a")));
    const size_t n = read_bytes(in_folder("a"), before, sizeof before);
    one_step(&r);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit;
    cr_assert(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const rlim_t was = limit.rlim_cur;
    for (size_t room = 0; room < n; room += 1024) {
        limit.rlim_cur = room;
        cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        const bool ok = save(&r, in_folder("a"));
        limit.rlim_cur = was;
        cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        cr_assert(!ok, "%zu bytes were enough", room);
        assert_failed(r.ctx, in_folder("a"), "File too large");
        cr_assert(entries() == 2, "a temporary file was left");
        cr_assert(n == read_bytes(in_folder("a"), after, sizeof after) && memcmp(before, after, n) == 0, "the old file was changed");
    }
    spk_ctx_destroy(r.ctx);
}

CheckpointTest(places_that_cannot_be_written) {
    run r = known();
    cr_assert(!save(&r, in_folder("n/a")));
    assert_failed(r.ctx, in_folder("n/a"), "No such file");
    cr_assert(mkfifo(in_folder("n"), 0600) == 0 && !save(&r, in_folder("n")));
    assert_failed(r.ctx, in_folder("n"), "not a regular file");
    cr_assert(remove(in_folder("n")) == 0);
    cr_assert(mkdir(in_folder("d"), 0755) == 0);
    cr_assert(!save(&r, in_folder("d")));
    assert_failed(r.ctx, in_folder("d"), "not a regular file");
    cr_assert(mkdir(in_folder("a.previous"), 0755) == 0);
    cr_assert(!save(&r, in_folder("a")) && !exists(in_folder("a")));
    assert_failed(r.ctx, in_folder("a.previous"), "not a regular file");
    cr_assert(entries() == 3, "a temporary file was left");
    assert_unchanged(&r, "places");
    spk_ctx_destroy(r.ctx);
}

/* As somebody who may not write there: root may, so it becomes nobody. */
CheckpointTest(a_folder_that_is_read_only) {
    run r = known();
    cr_assert(save(&r, in_folder("a")) && chmod(folder, 0555) == 0);
    const pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(3);
        if (save(&r, in_folder("a")) || !strstr(spk_error(r.ctx), "Permission denied") || !strstr(spk_error(r.ctx), in_folder("a")))
            _exit(1);
        spk_clear_error(r.ctx);
        _exit(load(&r, in_folder("a")) ? 0 : 2);
    }
    int status;
    cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
    cr_assert(chmod(folder, 0700) == 0 && entries() == 2);
    spk_ctx_destroy(r.ctx);
}

/* Memory refused at each request in turn: an error each time, never a run that is changed in half, or a leak. */
static int64_t allowed;

static void *refusing_allocate(void *user, size_t bytes) {
    (void)user;
    return allowed-- > 0 ? malloc(bytes) : NULL;
}

static void plain_release(void *user, void *block) {
    (void)user;
    free(block);
}

CheckpointTest(without_memory) {
    allowed = INT64_MAX;
    spk_ctx *ctx = spk_ctx_create(.seed = 1, .allocator = {refusing_allocate, plain_release, NULL});
    spk_module *net = spk_linear_layer(ctx, 3, 2);
    spk_optimizer *opt = spk_adam(net);
    spk_schedule *schedule = spk_step_lr(opt, .step_size = 2);
    spk_register_memory(net, "v", 0);
    spk_set_memory(net, "v", spk_full(ctx, SPK_SHAPE(5), 3));
    spk_backward(spk_sum(spk_call(net, spk_full(ctx, SPK_SHAPE(1, 3), 1))));
    spk_optimizer_step(opt), spk_schedule_step(schedule), spk_end_step(ctx);
    cr_assert(spk_checkpoint_save(net, in_folder("a"), .optimizer = opt), "%s", spk_error(ctx));
    for (int loading = 0; loading < 2; loading++) {
        fill(net, 0.25);
        spk_schedule_set_step(schedule, 9);
        spk_set_memory(net, "v", spk_full(ctx, SPK_SHAPE(2), 7)), spk_end_step(ctx);
        const size_t before = spk_memory_use(ctx).held;
        bool refused = false, worked = false;
        for (int64_t n = 0; n < 200 && !worked; n++) {
            allowed = n;
            worked = loading ? spk_checkpoint_load(net, in_folder("a"), .optimizer = opt)
                             : spk_checkpoint_save(net, in_folder("b"), .optimizer = opt);
            allowed = INT64_MAX;
            cr_assert(worked == !spk_failed(ctx));
            refused = refused || !worked;
            if (!worked) cr_assert(strstr(spk_error(ctx), "no memory"), "%s", spk_error(ctx));
            spk_clear_error(ctx);
            if (loading && worked) break;
            assert_filled(net, 0.25, "without memory");
            cr_assert(spk_schedule_now(schedule) == 9 && spk_size(spk_memory(net, "v")) == 2 && spk_data(spk_memory(net, "v"))[1] == 7);
            cr_assert(spk_memory_use(ctx).held == before, "after %" PRId64 " requests", n);
            cr_assert(entries() == 1 + exists(in_folder("b")) && exists(in_folder("b")) == (loading || worked));
        }
        cr_assert(refused && worked);
    }
    cr_assert(spk_schedule_now(schedule) == 1 && spk_size(spk_memory(net, "v")) == 5);
    spk_ctx_destroy(ctx);
}
