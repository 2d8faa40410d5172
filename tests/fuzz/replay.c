/* Runs the inputs in files and folders through a target, without libFuzzer: `replay_idx seeds/idx findings/idx`. */
#include "fuzz.h"
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static int replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    FUZZ_CHECK(file && fseek(file, 0, SEEK_END) == 0, "%s", path);
    const long size = ftell(file);
    rewind(file);
    uint8_t *data = malloc(size ? (size_t)size : 1); /* of exactly this size: reading past it is seen */
    FUZZ_CHECK(data && fread(data, 1, (size_t)size, file) == (size_t)size, "%s", path);
    fclose(file);
    fprintf(stderr, "%s\n", path); /* the last one printed is the one that broke */
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return 1;
}

static int replay_folder(const char *folder) {
    int inputs = 0;
    DIR *directory = opendir(folder);
    FUZZ_CHECK(directory, "%s", folder);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char path[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        inputs += replay_file(path);
    }
    closedir(directory);
    return inputs;
}

int main(int count, char **arguments) {
    int inputs = 0;
    for (int i = 1; i < count; i++) inputs += is_folder(arguments[i]) ? replay_folder(arguments[i]) : replay_file(arguments[i]);
    printf("%d inputs\n", inputs);
    return inputs ? 0 : 1; /* a test of nothing proves nothing */
}
