/* Numbers that go wrong: spk_detect_anomaly names the op that made them. */
#include "../core/support.h"

#define BIG SPK_BY_REAL(3e38f, 1.5e308)
#define TINY SPK_BY_REAL(1e-40f, 1e-310)

static spk_tensor *leaf(spk_ctx *ctx, spk_shape shape, const spk_real *values) {
    return spk_set_requires_grad(spk_tensor_from(ctx, shape, values), true);
}

/* An op on x [2, 2], whose numbers are finite, that makes some which are not. */
typedef struct making {
    const char *op, *direction, *found;
    spk_tensor *(*apply)(spk_tensor *x);
    spk_real x[4], g[2]; /* g: what backward starts from, alternating; finite as well */
} making;

#define OP(id, call) \
    static spk_tensor *id(spk_tensor *x) { return call; }
OP(add, spk_add(x, x))
OP(subtract, spk_subtract(x, spk_negate(x)))
OP(multiply, spk_multiply(x, x))
OP(one_over, spk_divide(spk_full(spk_tensor_ctx(x), SPK_SCALAR, 1), x))
OP(nothing_over, spk_divide(spk_full(spk_tensor_ctx(x), SPK_SCALAR, 0), x))
OP(broadcast, spk_where(spk_full(spk_tensor_ctx(x), SPK_SHAPE(3, 2, 2), 1), x, x))
OP(scale, spk_scale(x, 10))
OP(shift, spk_shift(x, (double)BIG))
OP(exponential, spk_exp(x))
OP(logarithm, spk_log(x))
OP(root, spk_sqrt(x))
OP(reciprocal, spk_power(x, -1))
OP(half_power, spk_power(x, 0.5))
OP(clamp, spk_clamp(x, INFINITY, INFINITY))
OP(matmul, spk_matmul(x, x))
OP(linear, spk_linear(x, x, NULL))
OP(sum, spk_sum(x))
OP(mean, spk_mean(x))
OP(sum_over_time, spk_sum_over_time(x, 2))
OP(dense, spk_dense(spk_repeat_over_time(x, 3)))
OP(softmax, spk_softmax(x))
OP(log_softmax, spk_log_softmax(x))
OP(cross_entropy, spk_cross_entropy(x, VECTOR(spk_tensor_ctx(x), 1, 0)))
OP(mse, spk_mse(x, spk_full(spk_tensor_ctx(x), SPK_SHAPE(2, 2), 0)))
OP(dropout, spk_dropout(x, .p = 0.5))
OP(norm, spk_batch_norm(x, NULL, NULL))
OP(norm_in_use, spk_batch_norm(x, NULL, NULL, .training = false, .running_mean = VECTOR(spk_tensor_ctx(x), 0, 0),
                               .running_var = VECTOR(spk_tensor_ctx(x), -1, 1)))
OP(norm_running,
   spk_batch_norm(x, NULL, NULL, .running_mean = VECTOR(spk_tensor_ctx(x), 0, 0), .running_var = VECTOR(spk_tensor_ctx(x), 1, 1)))
OP(neuron, spk_call(spk_if(spk_tensor_ctx(x), .T = 2, .parallel_optim = true), x))
static void no_slope(const spk_surrogate *s, int64_t n, const spk_real *x, spk_real *out) {
    for (int64_t i = 0; i < n; i++) out[i] = s->alpha / (x[i] * 0); /* a surrogate of one's own with a mistake */
}
OP(bad_surrogate, spk_heaviside(x, spk_surrogate_custom("mistaken", no_slope, NULL, NULL)))
OP(neuron_bad_surrogate,
   spk_call(spk_if(spk_tensor_ctx(x), .surrogate_function = spk_surrogate_custom("mistaken", no_slope, NULL, NULL)), x))

static const making makings[] = {
    {"add", "forward", "inf at [1, 0] of [2, 2] (1 of 4", add, {1, 2, BIG, 3}, {0}},
    {"subtract", "forward", "-inf at [0, 1]", subtract, {1, -BIG, 0, 0}, {0}},
    {"multiply", "forward", "inf at [1, 1]", multiply, {1, 2, 3, BIG}, {0}},
    {"multiply", "backward", "inf at [0, 0]", multiply, {1000, 0, 0, 0}, {BIG, 0}},
    {"divide", "forward", "inf at [0, 0] of [2, 2] (2 of 4", one_over, {0, 0, 1, 1}, {0}},
    {"divide", "backward", "nan at [1, 1]", nothing_over, {1, 1, 1, TINY}, {1, 1}},
    {"where", "backward", "inf at [0, 0]", broadcast, {0}, {BIG, 0}},
    {"scale", "forward", "inf at [0, 0]", scale, {BIG}, {0}},
    {"scale", "backward", "-inf at [0, 1]", scale, {0}, {1, -BIG}},
    {"shift", "forward", "inf at [0, 0]", shift, {BIG}, {0}},
    {"exp", "forward", "inf at [0, 1]", exponential, {0, 1000, 0, 0}, {0}},
    {"exp", "backward", "inf at [0, 0]", exponential, {20, 0, 0, 0}, {BIG, 0}},
    {"log", "forward", "-inf at [0, 0] of [2, 2] (1 of 4", logarithm, {0, 1, 1, 1}, {0}},
    {"log", "forward", "nan at [0, 1] of [2, 2] (1 of 4", logarithm, {1, -1, 1, 1}, {0}},
    {"log", "backward", "inf at [1, 0]", logarithm, {1, 1, TINY, 1}, {1, 1}},
    {"sqrt", "forward", "nan at [0, 0]", root, {-1, 1, 1, 1}, {0}},
    {"sqrt", "backward", "inf at [1, 1]", root, {1, 1, 1, 0}, {1, 1}},
    {"sqrt", "backward", "nan at [1, 1]", root, {1, 1, 1, 0}, {1, 0}},
    {"power", "forward", "inf at [0, 0]", reciprocal, {0, 1, 1, 1}, {0}},
    {"power", "backward", "inf at [0, 1]", half_power, {1, 0, 1, 1}, {1, 1}},
    {"clamp", "forward", "(4 of 4", clamp, {1, 1, 1, 1}, {0}},
    {"matmul", "forward", "inf at [0, 0]", matmul, {BIG, 0, 0, 0}, {0}},
    {"matmul", "backward", "inf at", matmul, {2, 0, 0, 0}, {BIG, BIG}},
    {"linear", "forward", "inf at [0, 0]", linear, {BIG, 0, 0, 0}, {0}},
    {"linear", "backward", "inf at", linear, {2, 2, 2, 2}, {BIG, BIG}},
    {"sum", "forward", "inf at [] of [] (1 of 1", sum, {BIG, BIG, BIG, BIG}, {0}},
#ifdef SPK_REAL_DOUBLE /* the mean of floats, summed in double, is none too large */
    {"mean", "forward", "inf at [] of [] (1 of 1", mean, {BIG, BIG, BIG, BIG}, {0}},
#else
    {"mean", NULL, NULL, mean, {BIG, BIG, BIG, BIG}, {BIG, BIG}},
#endif
    {"sum_over_time", "forward", "inf at [0, 1] of [1, 2]", sum_over_time, {0, BIG, 0, BIG}, {0}},
    {"dense", "backward", "inf at [0, 0]", dense, {0}, {BIG, 1}},
    {"softmax", NULL, NULL, softmax, {BIG, -BIG, 0, 0}, {1, 2}},
    {"softmax", "backward", "-inf at [0, 1]", softmax, {50, 0, 0, 0}, {BIG, -BIG}},
    {"log_softmax", "forward", "-inf at [0, 1]", log_softmax, {BIG, -BIG, 0, 0}, {0}},
    {"cross_entropy", "forward", "inf at [] of [] (1 of 1", cross_entropy, {BIG, -BIG, 0, 0}, {0}},
    {"mse", "forward", "inf at [] of []", mse, {BIG, 0, 0, 0}, {0}},
    {"mse", "backward", "(4 of 4", mse, {0, 4, 0, 0}, {BIG, 0}},
    {"dropout", "forward", "inf at", dropout, {BIG, BIG, BIG, BIG}, {0}},
    {"batch_norm", "backward", "", norm, {1, 1, 1, 1}, {BIG, BIG}},
    {"batch_norm", "forward", "nan at [0, 0]", norm_in_use, {1, 1, 1, 1}, {0}},
    {"batch_norm", "running_var", "inf at [0] of [2]", norm_running, {BIG / 4, 1, -BIG / 4, 1}, {0}},
    {"leaky", "forward", "-inf at [0, 0] of [1, 2]", neuron, {-BIG, 0, -BIG, 0}, {0}},
    {"leaky", "backward", "", neuron_bad_surrogate, {0, 1, 2, 3}, {1, 1}},
    {"heaviside", "backward", "", bad_surrogate, {0, 1, 2, 3}, {1, 1}},
};
enum { MAKINGS = sizeof makings / sizeof *makings };

/* Ops that make nothing of finite numbers that is not finite. */
static const char *const harmless[] = {"negate", "tanh",      "sigmoid",          "relu", "max",     "reshape", "slice", "detach",
                                       "concat", "transpose", "repeat_over_time", "bits", "poisson", "latency"};

static void run(const making *m, spk_ctx *ctx) {
    spk_tensor *y = m->apply(leaf(ctx, SPK_SHAPE(2, 2), m->x));
    if (spk_failed(ctx)) return;
    spk_tensor *g = spk_tensor_create(ctx, spk_tensor_shape(y));
    for (int64_t i = 0; i < spk_size(g); i++) spk_data_mut(g)[i] = m->g[i % 2];
    spk_backward(y, .gradient = g);
}

static const spk_op *op_named(const char *name) {
    for (int layer = 0; layer < 2; layer++) {
        int count;
        const spk_op *const *ops = layer ? spk_neuron_ops(&count) : spk_autograd_ops(&count);
        for (int k = 0; k < count; k++)
            if (strcmp(ops[k]->name, name) == 0) return ops[k];
    }
    return NULL;
}

Test(anomaly, each_op_is_named) {
    for (int i = 0; i < MAKINGS; i++) {
        const making *m = &makings[i];
        for (int on = 0; on < 2; on++) {
            spk_ctx *ctx = spk_ctx_create(.seed = 1);
            spk_detect_anomaly(ctx, on);
            run(m, ctx);
            const char *error = spk_error(ctx);
            cr_assert(spk_failed(ctx) == (on && m->direction), "case %d, %s, detection %d: %s", i, m->op, on, error);
            if (on && m->direction) {
                const size_t n = strlen(m->op);
                cr_assert(strncmp(error, m->op, n) == 0 && (error[n] == ':' || error[n] == ' '), "case %d: %s is not named: %s", i, m->op,
                          error);
                cr_assert(strstr(error, m->direction) && strstr(error, m->found), "case %d: %s and %s in: %s", i, m->direction, m->found,
                          error);
                cr_assert(op_named(m->op)->remedy && strstr(error, op_named(m->op)->remedy), "case %d: no remedy in: %s", i, error);
            }
            spk_ctx_destroy(ctx);
        }
    }
}

Test(anomaly, every_op_has_a_case) {
    for (int layer = 0; layer < 2; layer++) {
        int count;
        const spk_op *const *ops = layer ? spk_neuron_ops(&count) : spk_autograd_ops(&count);
        for (int k = 0; k < count; k++) {
            bool is_harmless = false, has_case = false;
            for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) is_harmless = is_harmless || !strcmp(harmless[i], ops[k]->name);
            for (int i = 0; i < MAKINGS; i++) has_case = has_case || !strcmp(makings[i].op, ops[k]->name);
            cr_assert(is_harmless != has_case, "op %s is %s", ops[k]->name, has_case ? "not harmless" : "not in the table");
            cr_assert(is_harmless == !ops[k]->remedy, "op %s: a remedy belongs to ops that can go wrong", ops[k]->name);
        }
    }
}
