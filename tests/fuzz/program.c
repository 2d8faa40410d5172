/* Random programs of ops, forward and backward: they fail with a message or do what is documented, and the context always works again. */
#include "program.h"
#include "autograd/tape.h"
#include "core/poison_internal.h"
#include "neuron/op_table.h"
#include <math.h>
#include <string.h>

/* Requests above this are refused: it is the memory that runs out, and it keeps programs short. */
#define MOST_AT_ONCE ((size_t)160 << 10)

void program_keep(program *p, spk_tensor *x, bool persistent) {
    if (p->n_tensors == TENSORS) { /* the oldest makes room */
        memmove(p->tensors, p->tensors + 1, (TENSORS - 1) * sizeof *p->tensors);
        p->n_tensors--;
    }
    p->tensors[p->n_tensors++] = (held){.x = x, .persistent = persistent};
}

void program_step_ended(program *p) {
    int n = 0;
    for (int i = 0; i < p->n_tensors; i++) {
        held h = p->tensors[i];
        if (!h.persistent && h.steps_ago++) continue; /* its header is gone */
        p->tensors[n++] = h;
    }
    p->n_tensors = n;
}

/* Decoding. */

static spk_tensor *foreign_tensor(program *p) {
    if (!p->foreign) p->foreign = spk_ctx_create(.allocator = fuzz_allocator(p->memory));
    return spk_set_requires_grad(spk_tensor_create(p->foreign, SPK_SHAPE(2, 3)), true);
}

static spk_tensor *tensor_of(program *p, uint8_t byte) {
    if (byte == 255 || !p->n_tensors) return NULL;
    if (byte == 254) return foreign_tensor(p);
    if (byte == 253) return spk_exp(NULL); /* the inert tensor of no context */
    return p->tensors[p->n_tensors - 1 - byte % p->n_tensors].x;
}

static int64_t size_of(uint8_t byte) {
    static const int64_t odd[] = {-1,
                                  INT64_MIN,
                                  INT64_MAX,
                                  INT64_MAX / 2,
                                  (int64_t)1 << 31,
                                  (int64_t)1 << 32,
                                  (int64_t)1 << 40,
                                  (int64_t)1 << 56,
                                  ((int64_t)1 << 56) + 1,
                                  ((int64_t)1 << 24) + 4,
                                  16,
                                  63,
                                  64,
                                  65,
                                  130,
                                  300};
    return byte < 240 ? byte % 8 : odd[byte - 240];
}

static double number_of(uint8_t byte) {
    static const double numbers[] = {0,
                                     1,
                                     -1,
                                     0.5,
                                     2,
                                     0.1,
                                     0.9,
                                     -0.5,
                                     3,
                                     100,
                                     -0.0,
                                     1e-30,
                                     1e30,
                                     -1e30,
                                     1e300,
                                     1e-300,
                                     1e-8,
                                     4,
                                     (double)NAN,
                                     (double)INFINITY,
                                     -(double)INFINITY};
    return numbers[byte % (sizeof numbers / sizeof *numbers)];
}

/* Up to four axes; the last two kinds are no shapes. */
static spk_shape shape_of(const uint8_t *bytes) {
    const int64_t sizes[8] = {size_of(bytes[4]), size_of(bytes[5]), size_of(bytes[2]), size_of(bytes[3]), 1, 1, 1, 1};
    const int axes = bytes[7] % 7;
    if (axes == 6) return bytes[7] & 128 ? (spk_shape){.axes = 1000} : spk_shape_of(8, sizes);
    return spk_shape_of(axes == 5 ? 6 : axes, sizes);
}

static instruction decode(program *p, const uint8_t *bytes) {
    return (instruction){.bytes = bytes,
                         .a = tensor_of(p, bytes[1]),
                         .b = tensor_of(p, bytes[2]),
                         .c = tensor_of(p, bytes[3]),
                         .i = size_of(bytes[4]),
                         .j = size_of(bytes[5]),
                         .d = number_of(bytes[6]),
                         .shape = shape_of(bytes),
                         .module = p->n_modules && bytes[3] < 250 ? p->modules[bytes[3] % p->n_modules] : NULL,
                         .flags = bytes[7]};
}

/* Invariants. */

static void read_all(spk_tensor *x) {
    if (spk_tensor_storage(x) != SPK_DENSE) return; /* others are written out first: the instruction `read` does so */
    const spk_real *data = spk_data(x);
    (void)data;
    FUZZ_CHECK(!spk_failed(spk_tensor_ctx(x)), "the elements cannot be read: %s", spk_error(spk_tensor_ctx(x)));
#ifdef SPK_ADDRESS_SANITIZER
    FUZZ_CHECK(!spk_size(x) || !__asan_region_is_poisoned((void *)(uintptr_t)data, (size_t)spk_size(x) * sizeof *data),
               "elements of nobody");
#endif
}

static void check_shape(const char *op, const spk_tensor *x, spk_shape wanted) {
    const spk_shape shape = spk_tensor_shape(x);
    FUZZ_CHECK(spk_shape_equal(shape, wanted), "%s gives %s instead of %s", op, spk_shape_text(shape).text, spk_shape_text(wanted).text);
}

static void check_result(program *p, const generator *g, const instruction *in, spk_tensor *x) {
    const spk_ctx *ctx = spk_tensor_ctx(x);
    spk_shape wanted;
    if (spk_failed(ctx)) {
        FUZZ_CHECK(*spk_error(ctx), "%s fails without a word", g->op);
        FUZZ_CHECK(!g->wanted || spk_size(x) == 0, "%s fails and gives %s", g->op, spk_shape_text(spk_tensor_shape(x)).text);
        return;
    }
    FUZZ_CHECK(spk_size(x) == spk_shape_size(spk_tensor_shape(x)), "%s gives a wrong size", g->op);
    if (g->wanted && g->wanted(in, &wanted)) check_shape(g->op, x, wanted);
    read_all(x);
    if (ctx == p->ctx) program_keep(p, x, false);
}

void program_check_gradients(program *p) {
    for (int i = 0; i < p->n_tensors; i++) {
        spk_tensor *x = p->tensors[i].x, *gradient = spk_grad(x);
        if (!gradient) continue;
        spk_shape wanted = spk_tensor_shape(x);
        if (spk_tensor_repeat(x) > 1) wanted.dim[0] /= spk_tensor_repeat(x);
        check_shape("backward", gradient, wanted);
        read_all(gradient);
    }
}

/* Every op of the library has an instruction. */
static void check_table(const spk_op *const *ops, int n) {
    for (int i = 0; i < n; i++) {
        int at = 0;
        while (at < n_generators && strcmp(generators[at].op, ops[i]->name) != 0) at++;
        FUZZ_CHECK(at < n_generators, "no instruction calls the op %s: add it to program_ops.c", ops[i]->name);
    }
}

static void check_tables(void) {
    static bool done;
    int n;
    if (done) return;
    const spk_op *const *ops = spk_autograd_ops(&n);
    check_table(ops, n);
    ops = spk_neuron_ops(&n);
    check_table(ops, n);
    done = true;
}

/* With SPK_FUZZ_TRACE in the environment every instruction says what it gave: what a finding did. */
static void trace(const program *p, const generator *g, const spk_tensor *x) {
    static int wanted = -1;
    if (wanted < 0) wanted = getenv("SPK_FUZZ_TRACE") != NULL;
    if (wanted) fprintf(stderr, "  %s %s %s\n", g->op, x ? spk_shape_text(spk_tensor_shape(x)).text : "", spk_error(p->ctx));
}

/* Running. Half of the instruction codes go on after an error, where nothing may happen. */
static void run(program *p, const uint8_t *bytes) {
    if (spk_failed(p->ctx) && bytes[0] < 128) {
        p->memory->refuse = 0;
        spk_clear_error(p->ctx);
        program_step_ended(p);
    }
    const generator *g = &generators[bytes[0] % 128 % n_generators];
    const instruction in = decode(p, bytes);
    spk_tensor *x = g->run(p, &in);
    trace(p, g, x);
    if (x) check_result(p, g, &in, x);
    if (spk_failed(p->foreign)) spk_clear_error(p->foreign);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static fuzz_memory memory = {.limit = MOST_AT_ONCE, .runs_of_a_context = 1}; /* what an input does depends on nothing before it */
    check_tables();
    program p = {.ctx = fuzz_begin(&memory), .memory = &memory};
    for (size_t at = 0; at + INSTRUCTION <= size; at += INSTRUCTION) run(&p, data + at);
    spk_ctx_destroy(p.foreign);
    fuzz_end(&memory);
    return 0;
}

#ifdef SPK_FUZZER

/* Half of the changes move, repeat, drop or replace whole instructions. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    const size_t n = size / INSTRUCTION;
    if (seed % 2 || n < 2) return LLVMFuzzerMutate(data, size, max_size);
    uint8_t *to = data + (seed >> 4) % n * INSTRUCTION, *from = data + (seed >> 14) % n * INSTRUCTION, copy[INSTRUCTION];
    const size_t after = (size_t)(data + size - to);
    memcpy(copy, from, INSTRUCTION);
    switch (seed / 2 % 4) {
    case 0: /* a copy of another is put in */
        if (size + INSTRUCTION > max_size) return size;
        memmove(to + INSTRUCTION, to, after);
        memcpy(to, copy, INSTRUCTION);
        return size + INSTRUCTION;
    case 1: /* one goes */
        memmove(to, to + INSTRUCTION, after - INSTRUCTION);
        return size - INSTRUCTION;
    case 2: /* two change places */
        memcpy(from, to, INSTRUCTION);
        memcpy(to, copy, INSTRUCTION);
        return size;
    default: /* one changes within */
        LLVMFuzzerMutate(to, INSTRUCTION, INSTRUCTION);
        return size;
    }
}

#endif
