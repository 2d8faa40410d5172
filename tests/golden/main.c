/*
 * golden [DIR]: runs the cases of all *.txt files of a directory and compares the library's answers with
 * theirs. The form of the files is that of the files beside this one: `case NAME`, `set KEY VALUE`, `array
 * NAME DIM...` with values in row-major order, `end`.
 */
#include "golden.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct tally {
    int passed, failed;
} tally;

static void dispatch(golden_case *c) {
    if (golden_has(c, "neuron")) golden_has(c, "loss") ? golden_run_network(c) : golden_run_neuron(c);
    else if (golden_has(c, "optimizer")) golden_run_optimizer(c);
    else if (golden_has(c, "surrogate")) golden_run_surrogate(c);
    else if (golden_has(c, "layer")) golden_run_layer(c);
    else if (golden_has(c, "loss")) golden_run_loss(c);
    else spk_fail(c->ctx, "the kind of the case is unknown: it sets none of neuron, optimizer, surrogate, layer and loss");
    golden_check_used(c);
}

static bool passes(golden_case *c, const char *file) {
    if (!spk_failed(c->ctx)) dispatch(c);
    if (spk_failed(c->ctx)) printf("%s: %s: %s\n", file, c->name, spk_error(c->ctx));
    else if (c->n_different == 1) printf("%s: %s: %s\n", file, c->name, c->worst);
    else if (c->n_different) printf("%s: %s: %s; %d more comparisons differ\n", file, c->name, c->worst, c->n_different - 1);
    return !spk_failed(c->ctx) && !c->n_different;
}

static void run_file(const char *directory, const char *file, tally *sum) {
    char path[4096];
    golden_reader reader;
    golden_case c;
    const int length = snprintf(path, sizeof path, "%s/%s", directory, file);
    if (length < 0 || (size_t)length >= sizeof path || !golden_open(&reader, path)) {
        printf("%s: cannot be read as text\n", file);
        sum->failed++;
        return;
    }
    int cases = 0;
    for (; golden_next(&reader, &c); cases++) {
        passes(&c, file) ? sum->passed++ : sum->failed++;
        golden_free(&c);
    }
    golden_close(&reader);
    if (cases) return;
    printf("%s: holds no case\n", file);
    sum->failed++;
}

static int is_vectors(const struct dirent *entry) {
    const char *dot = strrchr(entry->d_name, '.');
    return dot && strcmp(dot, ".txt") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

int main(int argc, char **argv) {
    const char *directory = argc > 1 ? argv[1] : SPK_SOURCE_DIR "/tests/golden";
    struct dirent **entries;
    tally sum = {0};
    if (argc > 2) {
        fprintf(stderr, "usage: %s [DIR]\n", argv[0]);
        return 1;
    }
    const int n = scandir(directory, &entries, is_vectors, by_name);
    if (n < 0) perror(directory);
    if (n == 0) fprintf(stderr, "%s: holds no .txt file\n", directory);
    for (int i = 0; i < n; i++) {
        run_file(directory, entries[i]->d_name, &sum);
        free(entries[i]);
    }
    if (n >= 0) free(entries);
    printf("%d passed, %d failed\n", sum.passed, sum.failed);
    return sum.failed || !sum.passed;
}
