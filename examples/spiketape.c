/* The command `spiketape`: which release is installed, and what is in a saved net. */
#include <inttypes.h>
#include <spiketape.h>
#include <stdio.h>
#include <string.h>

static void help(void) {
    puts("usage: spiketape info FILE   what is in a safetensors file, such as a saved net: names, shapes, number types\n"
         "       spiketape --version   the release, and how the library was built\n"
         "       spiketape --help      this\n"
         "\n"
         "example: spiketape info digits.safetensors");
}

/* A name from a file, padded; what would steer a terminal is shown as '?'. */
static void print_name(const char *name, int width) {
    for (const char *c = name; *c; c++) putchar((unsigned char)*c < ' ' || *c == 127 ? '?' : *c);
    printf("%*s", width - (int)strlen(name), "");
}

static int widest_name(const spk_state_file *file) {
    int widest = (int)strlen("name");
    for (int64_t i = 0; i < spk_state_file_count(file); i++) {
        const int width = (int)strlen(spk_state_file_entry(file, i)->name);
        if (width > widest) widest = width;
    }
    return widest;
}

/* One line for each entry, and their sums. */
static void print_file(const spk_state_file *file) {
    const int width = widest_name(file);
    int64_t numbers = 0, bytes = 0;
    printf("%-*s  %-16s  type\n", width, "name", "shape");
    for (int64_t i = 0; i < spk_state_file_count(file); i++) {
        const spk_state_entry *entry = spk_state_file_entry(file, i);
        print_name(entry->name, width);
        printf("  %-16s  %s\n", spk_shape_text(entry->shape).text, entry->dtype);
        numbers += spk_shape_size(entry->shape);
        bytes += spk_shape_size(entry->shape) * entry->width;
    }
    printf("entries: %" PRId64 ", numbers: %" PRId64 ", bytes: %" PRId64 "\n", spk_state_file_count(file), numbers, bytes);
}

/* The program's exit status. */
static int info(const char *path) {
    spk_ctx *ctx = spk_ctx_create();
    const spk_state_file *file = spk_state_file_read(ctx, path);
    if (file) print_file(file);
    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "spiketape: %s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}

int main(int argc, char **argv) {
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "info") == 0 && argc == 3) return info(argv[2]);
    if (strcmp(command, "--version") == 0 && argc == 2) return printf("spiketape %s\n%s\n", spk_version(), spk_build_info()) < 0;
    if (strcmp(command, "--help") == 0 && argc == 2) return help(), 0;
    if (strcmp(command, "info") == 0) fprintf(stderr, "spiketape: info takes one file; spiketape --help shows how\n");
    else if (argc == 1) fprintf(stderr, "spiketape: a command is missing; spiketape --help shows them\n");
    else fprintf(stderr, "spiketape: there is no command '%s'; spiketape --help shows them\n", command);
    return 2;
}
