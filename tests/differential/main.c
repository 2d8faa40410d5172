/*
 * Differential tests: random nets, each computed in many ways that must agree.
 *
 *     differential [--seeds FIRST..LAST] [--hash | --dump]
 *
 * --hash prints a hash of all numbers of each seed, to compare builds; --dump prints nets, inputs and results as lines of JSON, for
 * peer_spikingjelly.py. A seed that fails is printed with the net and the command that repeats it.
 */
#include "dump.h"
#include "net.h"
#include <math.h>
#include <string.h>

/* What gradients may differ by: relative to the largest of their array; or where its terms cancel to the largest sum of their absolute
 * values, by 64 roundings of half a unit (on a grid they go the same way, and some 12 steps of 5 operations and the loss follow each other;
 * the largest of 30,000 nets was 34), which less than SELDOM of all arrays need; or where the exponents of float end. */
#define ROUNDING SPK_BY_REAL(1e-5, 1e-12)
#define ROUNDING_OF_TERMS SPK_BY_REAL(0x1p-18, 0x1p-47)
#define NOTHING 1e-30
#define SELDOM 0.01

static const char *program = "differential";

/* The first is compared with plain C, the others with the first. */
static const way ways[] = {
    {.name = "fused, all at once"},
    {.name = "composed", .composed = true},
    {.name = "step by step", .step_by_step = true},
    {.name = "composed, step by step", .composed = true, .step_by_step = true},
    {.name = "sparse", .road = SPK_ROAD_SPARSE},
    {.name = "dense", .road = SPK_ROAD_DENSE},
    {.name = "bits for numbers", .other_bits = true, .written_out = true},
    {.name = "bits for numbers, dense", .other_bits = true, .written_out = true, .road = SPK_ROAD_DENSE},
    {.name = "bits for numbers, sparse, step by step",
     .other_bits = true,
     .written_out = true,
     .road = SPK_ROAD_SPARSE,
     .step_by_step = true},
    {.name = "two threads", .threads = 2, .same_as = 1},
    {.name = "two threads, sparse", .threads = 2, .road = SPK_ROAD_SPARSE, .same_as = 5},
    {.name = "three threads, dense", .threads = 3, .road = SPK_ROAD_DENSE, .same_as = 6},
    {.name = "truncated BPTT with one window", .windows = 1, .same_as = 1},
    {.name = "truncated BPTT with two windows", .windows = 2},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* Of all seeds. */
typedef struct tally {
    int64_t nets, failed, layers, alive; /* alive: layers with a firing rate from 2 % to 98 % */
    int64_t arrays, cancelled;           /* comparisons; those of arrays whose terms cancel */
    double worst;                        /* the largest difference of the others, relative to the largest of its array */
} tally;

typedef struct comparison {
    const net *n;
    const char *name, *with;
    bool same_bits, failed, cancelled;
    tally *sum;
} comparison;

static void fail(comparison *c, const array *a, int64_t i, double got, double wanted, double largest) {
    if (!c->failed)
        printf("seed %llu: %s: %s of layer %d, element %lld is %.9g, %s has %.9g (largest %g)\n", (unsigned long long)c->n->seed, c->name,
               a->name, a->layer, (long long)i, got, c->with, wanted, largest);
    c->failed = true;
}

static bool within(comparison *c, double difference, double largest, double terms) {
    if (difference <= ROUNDING * largest) return true;
    if (!(difference <= ROUNDING_OF_TERMS * terms + NOTHING)) return false;
    c->cancelled = true;
    return true;
}

static void compare_array(comparison *c, const array *a, const array *b) {
    double largest = 0, worst = 0;
    c->cancelled = false;
    for (int64_t i = 0; i < a->n; i++) largest = fmax(largest, fabs(b->values[i]));
    for (int64_t i = 0; i < a->n; i++) {
        const double x = a->values[i], y = b->values[i], difference = fabs(x - y);
        const bool same = c->same_bits ? memcmp(&x, &y, sizeof x) == 0 : a->exact ? x == y : within(c, difference, largest, b->terms);
        if (!same) fail(c, a, i, x, y, largest);
        worst = fmax(worst, difference / largest);
    }
    c->sum->arrays++, c->sum->cancelled += c->cancelled;
    if (!c->cancelled && worst > c->sum->worst) c->sum->worst = worst;
}

/* `all`: every array of b must be in a. */
static void compare(comparison *c, const outcome *a, const outcome *b, bool all) {
    if (a->error[0]) {
        if (!c->failed) printf("seed %llu: %s: %s\n", (unsigned long long)c->n->seed, c->name, a->error);
        c->failed = true;
        return;
    }
    for (int i = 0; i < b->n; i++) {
        const array *wanted = &b->arrays[i], *got = outcome_find(a, wanted->name, wanted->layer);
        if (got && got->n == wanted->n) compare_array(c, got, wanted);
        else if (all || got) fail(c, wanted, -1, got ? (double)got->n : 0, (double)wanted->n, 0);
    }
}

static void count_alive(tally *sum, const net *n, const outcome *o) {
    for (int i = 0; i < n->depth; i++) {
        const array *s = outcome_find(o, "spikes", i);
        double rate = 0;
        for (int64_t e = 0; e < s->n; e++) rate += s->values[e] / (double)s->n;
        sum->alive += rate >= 0.02 && rate <= 0.98;
        sum->layers++;
    }
}

static uint64_t hash_of(uint64_t hash, const outcome *o) {
    for (int i = 0; i < o->n; i++)
        for (int64_t e = 0; e < o->arrays[i].n; e++) {
            uint64_t bits;
            memcpy(&bits, &o->arrays[i].values[e], sizeof bits);
            hash = (hash ^ bits) * 0x100000001B3u; /* FNV-1a, a number at a time */
            hash ^= hash >> 29;
        }
    return hash;
}

static bool runs(const net *n, const way *w) { return !w->windows || n->T % w->windows == 0; }

/* The sizes of the terms, for comparisons with the first way. */
static void take_terms(outcome *o, const outcome *from) {
    for (int i = 0; i < o->n; i++) {
        const array *a = outcome_find(from, o->arrays[i].name, o->arrays[i].layer);
        if (a) o->arrays[i].terms = a->terms;
    }
}

static uint64_t run_seed(uint64_t seed, tally *sum) {
    net n = net_draw(seed);
    outcome plain = plain_run(&n), results[WAYS] = {0};
    uint64_t hash = 0xCBF29CE484222325u;
    bool failed = plain.error[0];
    if (failed) printf("seed %llu: %s\n", (unsigned long long)seed, plain.error);
    for (int i = 0; i < WAYS; i++) {
        const way *w = &ways[i];
        if (!runs(&n, w)) continue;
        results[i] = library_run(&n, w);
        if (i == 0) take_terms(&results[0], &plain);
        const int with = w->same_as ? w->same_as - 1 : 0;
        comparison c = {&n, w->name, i ? ways[with].name : "plain C", w->same_as > 0, false, false, sum};
        compare(&c, &results[i], i ? &results[with] : &plain, w->windows < 2);
        hash = hash_of(hash, &results[i]);
        failed |= c.failed;
    }
    if (failed) {
        printf("  net: ");
        net_print(stdout, &n);
        printf("  repeat: %s --seeds %llu..%llu\n", program, (unsigned long long)seed, (unsigned long long)seed);
    }
    sum->nets++, sum->failed += failed;
    count_alive(sum, &n, &plain);
    for (int i = 0; i < WAYS; i++) outcome_free(&results[i]);
    outcome_free(&plain);
    net_free(&n);
    return hash;
}

static int summary(const tally *sum) {
    const double alive = (double)sum->alive / (double)sum->layers, cancelled = (double)sum->cancelled / (double)sum->arrays;
    printf("%lld nets in %d ways: %lld differ; gradients differ by at most %.1e of their array's largest, but for %.2g %% of the arrays, "
           "whose terms cancel; %.0f %% of the layers fire\n",
           (long long)sum->nets, WAYS + 1, (long long)sum->failed, sum->worst, 100 * cancelled, 100 * alive);
    const bool little = sum->nets >= 100 && (alive < 0.5 || cancelled > SELDOM);
    if (little) printf("too few layers fire, or too many gradients cancel: the nets show little\n");
    return sum->failed > 0 || little;
}

static int usage(void) {
    fprintf(stderr, "usage: %s [--seeds FIRST..LAST] [--hash | --dump]\n", program);
    return 2;
}

int main(int argc, char **argv) {
    if (argc > 0) program = argv[0];
    unsigned long long first = 1, last = 200;
    bool hash = false, dump = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--hash") == 0) hash = true;
        else if (strcmp(argv[i], "--dump") == 0) dump = true;
        else if (strcmp(argv[i], "--seeds") != 0 || ++i == argc || sscanf(argv[i], "%llu..%llu", &first, &last) != 2) return usage();
    }
    if (last < first || (hash && dump)) return usage();
    tally sum = {0};
    for (unsigned long long seed = first; seed <= last; seed++) {
        if (dump) {
            dump_seed(stdout, seed);
            continue;
        }
        const uint64_t numbers = run_seed(seed, &sum);
        if (hash) printf("%llu %016llx\n", seed, (unsigned long long)numbers);
    }
    return dump ? 0 : summary(&sum);
}
