/* copy_arrays IN.npy OUT.npy IN.npz OUT.npz: reads files of NumPy and writes what was read, for tests/scripts/files_in_python. */
#include <spiketape.h>
#include <stdio.h>

enum { MOST = 64 };

int main(int count, char **arguments) {
    if (count != 5) return 2;
    spk_ctx *ctx = spk_ctx_create();
    spk_npz_item items[MOST];
    int64_t n = 0;
    spk_npy_save(spk_npy_load(ctx, arguments[1]), arguments[2]);
    spk_npz *file = spk_npz_read(ctx, arguments[3]);
    for (; n < spk_npz_count(file) && n < MOST; n++) {
        items[n].name = spk_npz_entry(file, n)->name;
        items[n].x = spk_npz_tensor(file, items[n].name);
    }
    spk_npz_save_of(ctx, arguments[4], n, items);
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
