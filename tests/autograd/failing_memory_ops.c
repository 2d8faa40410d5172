/* Every op forward and backward, and gradcheck, with every allocation refused in turn (tests/core/failing_memory.h). */
#include "../core/failing_memory.h"

enum { X, Y, WEIGHT, BIAS, SPIKES, LABELS, MEAN, VARIANCE, TENSORS };

typedef struct work {
    spk_ctx *ctx;
    heap heap;
    spk_tensor *t[TENSORS];
    spk_tensor *(*function)(spk_tensor *const *t);
} work;

#define FUNCTION(name, expression) \
    static spk_tensor *name(spk_tensor *const *t) { return expression; }

FUNCTION(binary, spk_divide(spk_subtract(spk_add(t[X], t[Y]), spk_multiply(t[X], t[BIAS])), spk_shift(spk_exp(t[Y]), 2)))
FUNCTION(unary_a, spk_sqrt(spk_shift(spk_power(spk_log(spk_shift(spk_scale(t[X], 0.5), 3)), 2), 1)))
FUNCTION(unary_b, spk_clamp(spk_relu(spk_tanh(spk_sigmoid(spk_negate(t[X])))), 0.1, 0.9))
FUNCTION(where, spk_where(spk_bits(t[SPIKES]), t[X], spk_repeat_over_time(spk_slice(t[Y], 0, 2), 3)))
FUNCTION(products, spk_add(spk_matmul(t[X], t[WEIGHT]), spk_linear(t[Y], t[WEIGHT], NULL)))
FUNCTION(linear_of_bits, spk_linear(spk_dropout(spk_bits(t[SPIKES]), .p = 0.25), t[WEIGHT], spk_slice(t[BIAS], 0, 3)))
FUNCTION(bits, spk_linear(spk_bits(spk_multiply(t[SPIKES], spk_shift(spk_scale(t[X], 0), 1))), t[WEIGHT], NULL))
FUNCTION(linear_repeated, spk_linear(spk_repeat_over_time(t[X], 4), t[WEIGHT], NULL))
FUNCTION(reduced,
         spk_add(spk_add(spk_sum(t[X], .axes = SPK_AXES(0)), spk_mean(t[Y], .axes = SPK_AXES(0))), spk_max(t[X], .axes = SPK_AXES(0))))
FUNCTION(views, spk_multiply(spk_transpose(spk_reshape(t[X], SPK_SHAPE(4, 6)), 0, 1), spk_reshape(spk_flatten(t[Y]), SPK_SHAPE(6, 4))))
FUNCTION(slices, spk_add(spk_slice(t[X], 0, 3), spk_slice(spk_tanh(t[X]), 2, 5)))
FUNCTION(joined, spk_concat((spk_tensor *[]){t[X], spk_exp(t[X]), spk_repeat_over_time(t[Y], 2), t[X]}, 4, 0))
FUNCTION(stacked, spk_stack((spk_tensor *[]){t[X], t[Y]}, 2, 1))
FUNCTION(in_time, spk_add(spk_sum_over_time(t[X], 3), spk_mean_over_time(spk_repeat_over_time(spk_slice(t[Y], 0, 2), 3), 3)))
FUNCTION(one_step, spk_multiply(spk_time_step(t[X], 3, 1), spk_time_step(spk_dense(spk_repeat_over_time(spk_slice(t[Y], 0, 2), 3)), 3, 2)))
FUNCTION(soft, spk_add(spk_softmax(t[X]), spk_log_softmax(t[Y])))
FUNCTION(losses, spk_add(spk_cross_entropy(t[X], t[LABELS], .label_smoothing = 0.1), spk_mse(t[X], spk_tensor_detach(t[Y]))))
FUNCTION(dropped, spk_dropout(spk_dropout(t[X], .p = 0.3, .T = 3), .p = 0.5))
FUNCTION(normalised, spk_batch_norm(t[X], t[BIAS], t[BIAS], .running_mean = t[MEAN], .running_var = t[VARIANCE], .training = true))
FUNCTION(normalised_by_running,
         spk_batch_norm(spk_repeat_over_time(t[X], 2), t[BIAS], NULL, .running_mean = t[MEAN], .running_var = t[VARIANCE]))
FUNCTION(written_out, spk_multiply(t[X], spk_step_from(spk_tensor_ctx(t[X]), SPK_SHAPE(6, 4), spk_data(spk_bits(t[SPIKES])))))
FUNCTION(filled, spk_fill_normal(spk_full(spk_tensor_ctx(t[X]), SPK_SHAPE(6, 4), 1), 0, 1) ? spk_dropout(t[X]) : t[X])

static spk_tensor *(*const functions[])(spk_tensor *const *t) = {
    binary,  unary_a, unary_b,  where, products, bits,    linear_of_bits, linear_repeated,       reduced,     views, slices, joined,
    stacked, in_time, one_step, soft,  losses,   dropped, normalised,     normalised_by_running, written_out, filled};

static void look_at(spk_tensor *x, int64_t n, spk_real *gradient, void *user) { (void)x, (void)n, (void)gradient, (void)user; }

static bool calculate(void *self) {
    work *w = self;
    for (int i = 0; i < TENSORS; i++) spk_clear_grad(w->t[i]);
    spk_tensor *y = w->function(w->t), *z = spk_tanh(y); /* with a gradient of its own, and one that comes from a product */
    spk_add_grad_hook(spk_retain_grad(z), look_at, NULL);
    spk_backward(spk_sum(spk_multiply(z, y)));
    return !spk_failed(w->ctx);
}

static uint64_t fingerprint(const void *self) {
    const work *w = self;
    uint64_t hash = hash_bytes(HASH_START, &w->ctx->random, sizeof w->ctx->random);
    for (int i = 0; i < TENSORS; i++) hash = hash_bytes(hash, w->t[i]->data, spk_bytes(w->t[i]->size));
    return hash;
}

/* A backward that failed leaves no half of a gradient. */
static void no_gradient(void *self) {
    const work *w = self;
    for (int i = 0; i < TENSORS; i++) cr_assert_null(spk_grad(w->t[i]), "tensor %d has a gradient", i);
}

static uint64_t gradients(const work *w) {
    uint64_t hash = HASH_START;
    for (int i = 0; i < TENSORS; i++)
        if (spk_grad(w->t[i])) hash = hash_bytes(hash, spk_grad(w->t[i])->data, spk_bytes(w->t[i]->size));
    return hash_bytes(hash, &w->ctx->random, sizeof w->ctx->random);
}

static void begin(work *w, size_t largest) {
    w->heap = (heap){.largest = largest};
    heap_refuse(&w->heap, 0, -1);
    w->ctx = heap_ctx(&w->heap);
    static const spk_shape shapes[TENSORS] = {[X] = {2, {6, 4}},      [Y] = {2, {6, 4}},   [WEIGHT] = {2, {4, 3}}, [BIAS] = {1, {4}},
                                              [SPIKES] = {2, {6, 4}}, [LABELS] = {1, {6}}, [MEAN] = {1, {4}},      [VARIANCE] = {1, {4}}};
    for (int i = 0; i < TENSORS; i++) {
        w->t[i] = i == SPIKES ? zeros_and_ones(w->ctx, shapes[i]) : uniform(w->ctx, shapes[i], 0.25, 1);
        if (i <= BIAS) spk_set_requires_grad(w->t[i], true);
    }
    spk_fill(w->t[LABELS], 2);
    assert_fine(w->ctx, "tensors");
}

static void end(work *w) {
    spk_ctx_destroy(w->ctx);
    cr_assert_eq(w->heap.live, 0, "%d blocks leak", (int)w->heap.live);
}

/* Marks the ops on the tape. */
static void mark(const spk_ctx *ctx, int n, const spk_op *const *ops, bool *seen) {
    for (const spk_record *r = ctx->tape; r; r = r->previous)
        for (int i = 0; i < n; i++) seen[i] |= ops[i] == r->op;
}

Test(failing_memory_ops, each_op) {
    int n;
    const spk_op *const *ops = spk_autograd_ops(&n);
    bool seen[64] = {false};
    cr_assert(n <= 64);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        char name[32];
        snprintf(name, sizeof name, "function %d", (int)i);
        work plain = {.function = functions[i]}, w = {.function = functions[i]};
        begin(&plain, 0), begin(&w, STINGY);
        cr_assert(calculate(&plain), "%s: %s", name, spk_error(plain.ctx));
        mark(plain.ctx, n, ops, seen);
        const program p = {w.ctx, &w.heap, &w, fingerprint, no_gradient};
        cr_assert(refuse_each(&p, &(phase){name, calculate}) > 10, "%s: few attempts failed", name);
        cr_assert_eq(gradients(&w), gradients(&plain), "%s: other gradients than without failures", name);
        end(&plain), end(&w);
    }
    for (int i = 0; i < n; i++) cr_assert(seen[i] || !ops[i]->backward, "%s is in none of the functions", ops[i]->name);
}

/* What gradcheck changes for a while comes back: inputs, gradients, the random stream, and memory. */

static spk_tensor *checked_function(void *user, spk_tensor *const *x) {
    (void)user;
    return spk_linear(spk_dropout(spk_tanh(x[0]), .p = 0.25), x[1], NULL);
}

static bool check(void *self) {
    work *w = self;
    const spk_gradcheck_report report = spk_gradcheck(checked_function, 2, ((spk_tensor *[]){w->t[X], w->t[WEIGHT]}));
    cr_assert(report.passed == !spk_failed(w->ctx), "passed %d, error %g: %s", report.passed, report.error, spk_error(w->ctx));
    return report.passed;
}

Test(failing_memory_ops, gradcheck) {
    if (sizeof(spk_real) != sizeof(double)) return; /* it is an error there */
    work w = {0};
    begin(&w, STINGY);
    const program p = {w.ctx, &w.heap, &w, fingerprint, no_gradient};
    spk_clear_error(w.ctx);
    const size_t held = spk_memory_use(w.ctx).held;
    for (int64_t k = 1, kept; k < 400; k++) cr_assert(!attempt(&p, &(phase){"gradcheck", check}, k, k, &kept));
    heap_refuse(&w.heap, 0, -1);
    cr_assert(check(&w), "%s", spk_error(w.ctx));
    forget_arenas(w.ctx);
    for (int i = 0; i < TENSORS; i++) { /* what is still there are the leaves' gradients */
        if (w.t[i]->grad) spk_tensor_free(w.t[i]->grad);
        w.t[i]->grad = NULL;
    }
    cr_assert_eq(spk_memory_use(w.ctx).held, held, "%zu bytes are held, once %zu", spk_memory_use(w.ctx).held, held);
    end(&w);
}
