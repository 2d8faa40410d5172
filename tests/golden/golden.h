/* The golden-vector program: a case read from a file, and what the families of cases do with it. */
#ifndef GOLDEN_H
#define GOLDEN_H

#include <spiketape.h>

/* The error that an array may have, relative to its largest element. */
#define GOLDEN_TOLERANCE SPK_BY_REAL(2e-5, 1e-12)
/* For spikes. */
#define GOLDEN_EXACT 0.0

/* A `set KEY VALUE` line. `used` is set by whoever reads it: what nobody reads is an error. */
typedef struct golden_key {
    const char *name, *value;
    bool used;
} golden_key;

typedef struct golden_array {
    const char *name;
    spk_shape shape;
    double *values;
    bool used;
} golden_array;

/* A case. What is wrong with it, be it the file, a key or the library, is the error of its context: the first
 * one counts. */
typedef struct golden_case {
    const char *name;
    spk_ctx *ctx;
    golden_key *keys;
    golden_array *arrays;
    int n_keys, n_arrays;
    /* The arrays that differ, and the worst of them. */
    int n_different;
    double worst_ratio;
    char worst[256];
} golden_case;

/* A file being read; cases point into its text. */
typedef struct golden_reader {
    char *text, *next;
    size_t size;
    int line;
} golden_reader;

/* reader.c: false if the file cannot be read. */
bool golden_open(golden_reader *reader, const char *path);
void golden_close(golden_reader *reader);
/* Reads the next case; false when there is no more. A malformed one has a failed context, and the next call
 * goes on after it. */
bool golden_next(golden_reader *reader, golden_case *c);
/* Frees a case and its context. */
void golden_free(golden_case *c);
/* A whole text as a finite number. */
bool golden_parse(const char *text, double *value);

/* access.c: keys. A key with a value that cannot be read fails the case and gives the default. */
bool golden_has(const golden_case *c, const char *key);
const char *golden_text(golden_case *c, const char *key, const char *otherwise);
double golden_number(golden_case *c, const char *key, double otherwise);
bool golden_flag(golden_case *c, const char *key, bool otherwise);
/* A whole number of at least 1; required if `otherwise` is 0. */
int64_t golden_count(golden_case *c, const char *key, int64_t otherwise);
/* A voltage, or `none` for SPK_NONE. */
double golden_voltage(golden_case *c, const char *key, double otherwise);
/* The `surrogate` key with its parameters; the library's default without the key. */
spk_surrogate golden_surrogate(golden_case *c);

/* access.c: arrays. A missing array, or one of another shape, fails the case; tensors are inert then. */
bool golden_has_array(const golden_case *c, const char *name);
/* The shape of an array of at least `least` and at most `most` axes; [1, 1, ...] after an error. */
spk_shape golden_shape(golden_case *c, const char *name, int least, int most);
/* An array of a shape as a persistent tensor. */
spk_tensor *golden_tensor(golden_case *c, const char *name, spk_shape shape);
/* The same as a leaf that takes a gradient. */
spk_tensor *golden_leaf(golden_case *c, const char *name, spk_shape shape);
/* Copies an array into a tensor; `turned` from [out, in] to [in, out]. */
void golden_load(golden_case *c, const char *name, spk_tensor *into, bool turned);

/* compare.c: compares values with an array of the case, which must have this shape. `path` says how they were
 * computed. */
void golden_compare(golden_case *c, const char *path, const char *name, spk_shape shape, const spk_real *values, double tolerance);
/* The same for a tensor, which may be NULL: that is an error. */
void golden_compare_tensor(golden_case *c, const char *path, const char *name, spk_tensor *x, double tolerance);
/* The same for a matrix that is [out, in] in the file. */
void golden_compare_turned(golden_case *c, const char *path, const char *name, spk_tensor *x);
/* Fails the case if it has keys or arrays that nobody has used. */
void golden_check_used(golden_case *c);

/* neurons.c: the ways in which a neuron can be run. */
typedef struct golden_path {
    const char *name;
    bool own;       /* a neuron type of our own, composed of ops, instead of the library's */
    bool steps;     /* one call for each time step instead of parallel_optim */
    bool spike_out; /* spikes as bits */
} golden_path;
extern const golden_path golden_paths[];
extern const int golden_n_paths;
/* The neuron that the keys describe. */
spk_module *golden_neuron(golden_case *c, golden_path path, int64_t T);

/* optimizers.c: the optimizer that the keys describe; NULL after an error. */
spk_optimizer *golden_optimizer(golden_case *c, spk_module *module);

/* The families of cases. */
void golden_run_surrogate(golden_case *c);
void golden_run_neuron(golden_case *c);
void golden_run_network(golden_case *c);
void golden_run_optimizer(golden_case *c);
void golden_run_layer(golden_case *c);
void golden_run_loss(golden_case *c);

#endif
