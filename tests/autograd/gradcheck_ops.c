/* Every op's adjoint against central differences. In the float build the cases only run forward and backward. */
#include "../core/support.h"
#include "core/context_internal.h" /* the tape: to see that a case calls the op that it is filed under */

/* How an input is filled: in generic position, away from kinks and poles. */
typedef enum fill {
    ANY,      /* uniform in [-1, 1) */
    POSITIVE, /* uniform in [0.5, 2) */
    KINKS,    /* as ANY, at least 0.1 away from 0 and from +-0.5 */
    DISTINCT, /* no two closer than 0.05 */
    SPIKES,   /* zeros and ones, constant */
    LABELS    /* whole numbers below 4, constant */
} fill;

typedef struct input {
    fill fill;
    spk_shape shape;
} input;

/* Numbers that a case hands to its function. */
typedef struct numbers {
    int i[4];
    double d[2];
} numbers;

typedef struct gradcheck_case {
    const char *op, *name;
    spk_function function;
    numbers p;
    int n;
    input inputs[4];
} gradcheck_case;

#define FUNCTION(name, expression)                              \
    static spk_tensor *name(void *user, spk_tensor *const *x) { \
        const numbers *p = user;                                \
        (void)p;                                                \
        return expression;                                      \
    }

FUNCTION(add, spk_add(x[0], x[1]))
FUNCTION(subtract, spk_subtract(x[0], x[1]))
FUNCTION(multiply, spk_multiply(x[0], x[1]))
FUNCTION(divide, spk_divide(x[0], x[1]))
FUNCTION(where, spk_where(x[0], x[1], x[2]))
FUNCTION(multiply_repeated, spk_multiply(spk_repeat_over_time(x[0], 3), x[1]))
FUNCTION(multiply_bits, spk_multiply(spk_bits(x[0]), x[1]))
FUNCTION(multiply_itself, spk_multiply(x[0], x[0]))
FUNCTION(divide_repeated, spk_divide(x[0], spk_repeat_over_time(x[1], 3)))
FUNCTION(where_repeated, spk_where(spk_bits(x[0]), spk_repeat_over_time(x[1], 3), x[2]))

FUNCTION(negate, spk_negate(x[0]))
FUNCTION(scale, spk_scale(x[0], p->d[0]))
FUNCTION(shift, spk_shift(x[0], p->d[0]))
FUNCTION(exponential, spk_exp(x[0]))
FUNCTION(logarithm, spk_log(x[0]))
FUNCTION(square_root, spk_sqrt(x[0]))
FUNCTION(power, spk_power(x[0], p->d[0]))
FUNCTION(tangent, spk_tanh(x[0]))
FUNCTION(sigmoid, spk_sigmoid(x[0]))
FUNCTION(relu, spk_relu(x[0]))
FUNCTION(clamp, spk_clamp(x[0], p->d[0], p->d[1]))
FUNCTION(exponential_repeated, spk_exp(spk_repeat_over_time(x[0], 4)))

FUNCTION(matmul, spk_matmul(x[0], x[1], .transpose_a = p->i[0], .transpose_b = p->i[1]))
FUNCTION(matmul_repeated, spk_matmul(spk_repeat_over_time(x[0], 3), x[1]))
FUNCTION(matmul_itself, spk_matmul(x[0], x[0], .transpose_b = true))
FUNCTION(linear, spk_linear(x[0], x[1], x[2]))
FUNCTION(linear_without_bias, spk_linear(x[0], x[1], NULL))
FUNCTION(linear_repeated, spk_linear(spk_repeat_over_time(x[0], 3), x[1], x[2]))
FUNCTION(linear_bits, spk_linear(spk_bits(x[0]), x[1], x[2]))
FUNCTION(linear_dropped_bits, spk_linear(spk_dropout(spk_bits(x[0]), .p = 0.3), x[1], x[2]))
FUNCTION(linear_reshaped_bits, spk_linear(spk_reshape(spk_bits(x[0]), SPK_SHAPE(4, 3)), x[1], x[2]))

/* p.i: how many axes, then two axes, then keep. */
static spk_reduce_opts reduction(const numbers *p) { return (spk_reduce_opts){{p->i[0], {p->i[1], p->i[2]}}, p->i[3]}; }
FUNCTION(sum, spk_sum_with(x[0], reduction(p)))
FUNCTION(mean, spk_mean_with(x[0], reduction(p)))
FUNCTION(largest, spk_max_with(x[0], reduction(p)))
FUNCTION(sum_repeated, spk_sum(spk_repeat_over_time(x[0], 3), .axes = SPK_AXES(1)))

FUNCTION(reshape, spk_reshape(x[0], SPK_SHAPE(2, 6)))
FUNCTION(flatten, spk_flatten(x[0]))
FUNCTION(reshape_repeated, spk_reshape(spk_repeat_over_time(x[0], 2), SPK_SHAPE(4, 6)))
FUNCTION(reshape_repeated_rows, spk_reshape(spk_repeat_over_time(x[0], 2), SPK_SHAPE(2, 12)))
FUNCTION(slice, spk_slice(x[0], p->i[0], p->i[1]))
FUNCTION(slice_of_slice, spk_slice(spk_slice(spk_reshape(x[0], SPK_SHAPE(6, 2)), 1, 5), 1, 3))
FUNCTION(slice_of_result, spk_multiply(spk_slice(spk_tanh(x[0]), 0, 2), spk_slice(spk_tanh(x[0]), 1, 3)))
FUNCTION(slice_repeated, spk_slice(spk_repeat_over_time(x[0], 3), p->i[0], p->i[1]))
FUNCTION(time_step, spk_time_step(x[0], 3, 1))
FUNCTION(transpose, spk_transpose(x[0], p->i[0], p->i[1]))
FUNCTION(transpose_repeated, spk_transpose(spk_repeat_over_time(x[0], 2), 0, 1))
FUNCTION(concat, spk_concat(x, 3, p->i[0]))
FUNCTION(stack, spk_stack(x, 3, p->i[0]))

static spk_tensor *concat_shared(void *user, spk_tensor *const *x) {
    (void)user;
    return spk_concat((spk_tensor *[]){x[0], spk_exp(x[0]), spk_repeat_over_time(x[0], 2), x[0]}, 4, 0);
}

FUNCTION(repeat_over_time, spk_repeat_over_time(x[0], p->i[0]))
FUNCTION(repeat_twice, spk_repeat_over_time(spk_repeat_over_time(x[0], 2), 3))
FUNCTION(sum_over_time, spk_sum_over_time(x[0], 3))
FUNCTION(mean_over_time, spk_mean_over_time(x[0], 3))
FUNCTION(sum_repeated_over_time, spk_sum_over_time(spk_repeat_over_time(x[0], 3), 3))
FUNCTION(mean_repeated_over_time, spk_mean_over_time(spk_repeat_over_time(x[0], 3), 3))
FUNCTION(mean_repeated_otherwise, spk_mean_over_time(spk_repeat_over_time(x[0], 3), 2))
FUNCTION(dense, spk_dense(spk_repeat_over_time(x[0], 3)))

FUNCTION(softmax, spk_softmax(x[0]))
FUNCTION(log_softmax, spk_log_softmax(x[0]))
FUNCTION(cross_entropy, spk_cross_entropy(x[0], x[1], .label_smoothing = p->d[0]))
FUNCTION(cross_entropy_repeated, spk_cross_entropy(spk_repeat_over_time(x[0], 2), x[1]))
FUNCTION(mse, spk_mse(x[0], x[1]))
FUNCTION(mse_repeated, spk_mse(spk_repeat_over_time(x[0], 3), x[1]))

FUNCTION(dropout, spk_dropout(x[0], .p = p->d[0], .T = p->i[0]))
FUNCTION(dropout_repeated, spk_dropout(spk_repeat_over_time(x[0], 3), .p = 0.3, .T = p->i[0]))
FUNCTION(batch_norm, spk_batch_norm(x[0], x[1], x[2]))
FUNCTION(batch_norm_plain, spk_batch_norm(x[0], NULL, NULL))
FUNCTION(batch_norm_weight, spk_batch_norm(x[0], x[1], NULL))
FUNCTION(batch_norm_bias, spk_batch_norm(x[0], NULL, x[1]))
FUNCTION(batch_norm_repeated, spk_batch_norm(spk_repeat_over_time(x[0], 3), x[1], x[2]))

/* Running statistics made from the case's constants: in training they are updated, in evaluation read. */
static spk_tensor *batch_norm_running(void *user, spk_tensor *const *x) {
    const numbers *p = user;
    spk_ctx *ctx = spk_tensor_ctx(x[0]);
    spk_tensor *mean = spk_tensor_create(ctx, SPK_SHAPE(3)), *var = spk_tensor_create(ctx, SPK_SHAPE(3));
    spk_fill(mean, 0.2), spk_fill(var, 0.7);
    spk_tensor *in = p->i[1] > 1 ? spk_repeat_over_time(x[0], p->i[1]) : x[0];
    return spk_batch_norm(in, x[1], x[2], .training = p->i[0], .running_mean = mean, .running_var = var);
}

#define S(...)                                                                     \
    {                                                                              \
        (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), { __VA_ARGS__ } \
    }
#define SCALAR   \
    {            \
        0, { 0 } \
    }

/* clang-format off */
#define BROADCASTS(op, second)                                                        \
    {#op, "equal shapes", op, {{0}, {0}}, 2, {{ANY, S(3, 4)}, {second, S(3, 4)}}},    \
    {#op, "row", op, {{0}, {0}}, 2, {{ANY, S(3, 4)}, {second, S(4)}}},                \
    {#op, "column", op, {{0}, {0}}, 2, {{ANY, S(3, 1)}, {second, S(3, 4)}}},          \
    {#op, "outer", op, {{0}, {0}}, 2, {{ANY, S(3, 1)}, {second, S(1, 4)}}},           \
    {#op, "scalar", op, {{0}, {0}}, 2, {{ANY, S(2, 3)}, {second, SCALAR}}},           \
    {#op, "inner and outer axes", op, {{0}, {0}}, 2, {{ANY, S(2, 1, 3, 1)}, {second, S(4, 1, 2)}}}

#define REDUCTIONS(op, function, fill)                                               \
    {#op, "all axes", function, {{0}, {0}}, 1, {{fill, S(2, 3, 4)}}},                \
    {#op, "all axes kept", function, {{0, 0, 0, 1}, {0}}, 1, {{fill, S(2, 3, 4)}}},  \
    {#op, "axis 0", function, {{1, 0}, {0}}, 1, {{fill, S(2, 3, 4)}}},               \
    {#op, "axis 1 kept", function, {{1, 1, 0, 1}, {0}}, 1, {{fill, S(2, 3, 4)}}},    \
    {#op, "axis -1", function, {{1, -1}, {0}}, 1, {{fill, S(2, 3, 4)}}},             \
    {#op, "axes 0 and -1", function, {{2, 0, -1}, {0}}, 1, {{fill, S(2, 3, 4)}}},    \
    {#op, "axes 2, 1 kept", function, {{2, 2, 1, 1}, {0}}, 1, {{fill, S(2, 3, 4)}}}, \
    {#op, "scalar", function, {{0}, {0}}, 1, {{fill, SCALAR}}}

static const gradcheck_case cases[] = {
    BROADCASTS(add, ANY),
    BROADCASTS(subtract, ANY),
    BROADCASTS(multiply, ANY),
    BROADCASTS(divide, POSITIVE),
    {"multiply", "repeated", multiply_repeated, {{0}, {0}}, 2, {{ANY, S(2, 3)}, {ANY, S(6, 3)}}},
    {"multiply", "bits", multiply_bits, {{0}, {0}}, 2, {{SPIKES, S(4, 5)}, {ANY, S(5)}}},
    {"multiply", "with itself", multiply_itself, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"divide", "repeated", divide_repeated, {{0}, {0}}, 2, {{ANY, S(6, 2)}, {POSITIVE, S(2, 2)}}},
    {"where", "equal shapes", where, {{0}, {0}}, 3, {{SPIKES, S(3, 4)}, {ANY, S(3, 4)}, {ANY, S(3, 4)}}},
    {"where", "condition broadcasts", where, {{0}, {0}}, 3, {{SPIKES, S(4)}, {ANY, S(3, 4)}, {ANY, S(3, 1)}}},
    {"where", "all broadcast", where, {{0}, {0}}, 3, {{SPIKES, S(2, 1, 4)}, {ANY, S(3, 1)}, {ANY, SCALAR}}},
    {"where", "bits and repeated", where_repeated, {{0}, {0}}, 3, {{SPIKES, S(6, 3)}, {ANY, S(2, 3)}, {ANY, S(3)}}},

    {"negate", "", negate, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"scale", "", scale, {{0}, {-1.7}}, 1, {{ANY, S(2, 3)}}},
    {"shift", "", shift, {{0}, {0.3}}, 1, {{ANY, S(2, 3)}}},
    {"exp", "", exponential, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"exp", "repeated", exponential_repeated, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"log", "", logarithm, {{0}, {0}}, 1, {{POSITIVE, S(2, 3)}}},
    {"sqrt", "", square_root, {{0}, {0}}, 1, {{POSITIVE, S(2, 3)}}},
    {"power", "2.5", power, {{0}, {2.5}}, 1, {{POSITIVE, S(2, 3)}}},
    {"power", "-1", power, {{0}, {-1}}, 1, {{POSITIVE, S(2, 3)}}},
    {"power", "3, negative base", power, {{0}, {3}}, 1, {{ANY, S(2, 3)}}},
    {"power", "0", power, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"tanh", "", tangent, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"sigmoid", "", sigmoid, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"relu", "", relu, {{0}, {0}}, 1, {{KINKS, S(4, 5)}}},
    {"clamp", "", clamp, {{0}, {-0.5, 0.5}}, 1, {{KINKS, S(4, 5)}}},

    {"matmul", "a b", matmul, {{0, 0}, {0}}, 2, {{ANY, S(3, 4)}, {ANY, S(4, 2)}}},
    {"matmul", "a' b", matmul, {{1, 0}, {0}}, 2, {{ANY, S(4, 3)}, {ANY, S(4, 2)}}},
    {"matmul", "a b'", matmul, {{0, 1}, {0}}, 2, {{ANY, S(3, 4)}, {ANY, S(2, 4)}}},
    {"matmul", "a' b'", matmul, {{1, 1}, {0}}, 2, {{ANY, S(4, 3)}, {ANY, S(2, 4)}}},
    {"matmul", "repeated", matmul_repeated, {{0}, {0}}, 2, {{ANY, S(2, 4)}, {ANY, S(4, 2)}}},
    {"matmul", "with itself", matmul_itself, {{0}, {0}}, 1, {{ANY, S(3, 4)}}},
    {"linear", "with bias", linear, {{0}, {0}}, 3, {{ANY, S(3, 4)}, {ANY, S(4, 2)}, {ANY, S(2)}}},
    {"linear", "without bias", linear_without_bias, {{0}, {0}}, 2, {{ANY, S(3, 4)}, {ANY, S(4, 2)}}},
    {"linear", "three axes", linear, {{0}, {0}}, 3, {{ANY, S(2, 3, 4)}, {ANY, S(4, 2)}, {ANY, S(2)}}},
    {"linear", "one axis", linear, {{0}, {0}}, 3, {{ANY, S(4)}, {ANY, S(4, 2)}, {ANY, S(2)}}},
    {"linear", "repeated", linear_repeated, {{0}, {0}}, 3, {{ANY, S(2, 4)}, {ANY, S(4, 2)}, {ANY, S(2)}}},
    {"linear", "repeated, three axes", linear_repeated, {{0}, {0}}, 3, {{ANY, S(2, 2, 4)}, {ANY, S(4, 2)}, {ANY, S(2)}}},
    {"linear", "bits", linear_bits, {{0}, {0}}, 3, {{SPIKES, S(5, 4)}, {ANY, S(4, 2)}, {ANY, S(2)}}},
    {"linear", "dropped bits", linear_dropped_bits, {{0}, {0}}, 3, {{SPIKES, S(5, 4)}, {ANY, S(4, 2)}, {ANY, S(2)}}},
    {"linear", "reshaped bits", linear_reshaped_bits, {{0}, {0}}, 3, {{SPIKES, S(2, 6)}, {ANY, S(3, 2)}, {ANY, S(2)}}},

    REDUCTIONS(sum, sum, ANY),
    REDUCTIONS(mean, mean, ANY),
    REDUCTIONS(max, largest, DISTINCT),
    {"sum", "repeated", sum_repeated, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},

    {"reshape", "", reshape, {{0}, {0}}, 1, {{ANY, S(3, 4)}}},
    {"reshape", "flatten", flatten, {{0}, {0}}, 1, {{ANY, S(2, 3, 2)}}},
    {"reshape", "repeated", reshape_repeated, {{0}, {0}}, 1, {{ANY, S(2, 3, 2)}}},
    {"reshape", "repeated to other rows", reshape_repeated_rows, {{0}, {0}}, 1, {{ANY, S(2, 3, 2)}}},
    {"slice", "middle", slice, {{1, 3}, {0}}, 1, {{ANY, S(4, 3)}}},
    {"slice", "all", slice, {{0, 4}, {0}}, 1, {{ANY, S(4, 3)}}},
    {"slice", "of a slice of a reshape", slice_of_slice, {{0}, {0}}, 1, {{ANY, S(3, 4)}}},
    {"slice", "two overlapping of results", slice_of_result, {{0}, {0}}, 1, {{ANY, S(3, 2)}}},
    {"slice", "inside one repeat", slice_repeated, {{3, 5}, {0}}, 1, {{ANY, S(3, 2)}}},
    {"slice", "over two repeats", slice_repeated, {{2, 5}, {0}}, 1, {{ANY, S(3, 2)}}},
    {"slice", "time step", time_step, {{0}, {0}}, 1, {{ANY, S(6, 2)}}},
    {"transpose", "matrix", transpose, {{0, 1}, {0}}, 1, {{ANY, S(3, 4)}}},
    {"transpose", "outer and inner", transpose, {{0, -1}, {0}}, 1, {{ANY, S(2, 3, 4)}}},
    {"transpose", "first two", transpose, {{1, 0}, {0}}, 1, {{ANY, S(2, 3, 4)}}},
    {"transpose", "middle of four", transpose, {{-2, 1}, {0}}, 1, {{ANY, S(2, 3, 4, 2)}}},
    {"transpose", "with itself", transpose, {{1, 1}, {0}}, 1, {{ANY, S(2, 3, 2)}}},
    {"transpose", "repeated", transpose_repeated, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"concat", "axis 0", concat, {{0}, {0}}, 3, {{ANY, S(1, 2, 2)}, {ANY, S(3, 2, 2)}, {ANY, S(2, 2, 2)}}},
    {"concat", "axis 1", concat, {{1}, {0}}, 3, {{ANY, S(2, 1, 2)}, {ANY, S(2, 3, 2)}, {ANY, S(2, 2, 2)}}},
    {"concat", "axis -1", concat, {{-1}, {0}}, 3, {{ANY, S(2, 2, 3)}, {ANY, S(2, 2, 1)}, {ANY, S(2, 2, 2)}}},
    {"concat", "one tensor in several places", concat_shared, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"concat", "stack at 0", stack, {{0}, {0}}, 3, {{ANY, S(2, 3)}, {ANY, S(2, 3)}, {ANY, S(2, 3)}}},
    {"concat", "stack at 1", stack, {{1}, {0}}, 3, {{ANY, S(2, 3)}, {ANY, S(2, 3)}, {ANY, S(2, 3)}}},
    {"concat", "stack at -1", stack, {{-1}, {0}}, 3, {{ANY, S(2, 3)}, {ANY, S(2, 3)}, {ANY, S(2, 3)}}},
    {"concat", "stack of scalars", stack, {{0}, {0}}, 3, {{ANY, SCALAR}, {ANY, SCALAR}, {ANY, SCALAR}}},

    {"repeat_over_time", "3 steps", repeat_over_time, {{3}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"repeat_over_time", "1 step", repeat_over_time, {{1}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"repeat_over_time", "twice", repeat_twice, {{0}, {0}}, 1, {{ANY, S(2, 2)}}},
    {"sum_over_time", "sum", sum_over_time, {{0}, {0}}, 1, {{ANY, S(6, 2)}}},
    {"sum_over_time", "mean", mean_over_time, {{0}, {0}}, 1, {{ANY, S(6, 2)}}},
    {"sum_over_time", "sum of repeated", sum_repeated_over_time, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"sum_over_time", "mean of repeated", mean_repeated_over_time, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"sum_over_time", "other T than repeated", mean_repeated_otherwise, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},
    {"dense", "of repeated", dense, {{0}, {0}}, 1, {{ANY, S(2, 3)}}},

    {"softmax", "", softmax, {{0}, {0}}, 1, {{ANY, S(3, 4)}}},
    {"softmax", "one axis", softmax, {{0}, {0}}, 1, {{ANY, S(4)}}},
    {"log_softmax", "", log_softmax, {{0}, {0}}, 1, {{ANY, S(2, 2, 4)}}},
    {"cross_entropy", "", cross_entropy, {{0}, {0}}, 2, {{ANY, S(5, 4)}, {LABELS, S(5)}}},
    {"cross_entropy", "smoothing", cross_entropy, {{0}, {0.2}}, 2, {{ANY, S(5, 4)}, {LABELS, S(5)}}},
    {"cross_entropy", "repeated", cross_entropy_repeated, {{0}, {0}}, 2, {{ANY, S(3, 4)}, {LABELS, S(6)}}},
    {"mse", "", mse, {{0}, {0}}, 2, {{ANY, S(3, 4)}, {ANY, S(3, 4)}}},
    {"mse", "repeated", mse_repeated, {{0}, {0}}, 2, {{ANY, S(2, 2)}, {ANY, S(6, 2)}}},

    {"dropout", "0.3", dropout, {{1}, {0.3}}, 1, {{ANY, S(6, 5)}}},
    {"dropout", "one mask for 3 steps", dropout, {{3}, {0.3}}, 1, {{ANY, S(6, 5)}}},
    {"dropout", "nothing", dropout, {{1}, {0}}, 1, {{ANY, S(3, 2)}}},
    {"dropout", "everything", dropout, {{1}, {1}}, 1, {{ANY, S(3, 2)}}},
    {"dropout", "repeated", dropout_repeated, {{1}, {0}}, 1, {{ANY, S(2, 5)}}},
    {"dropout", "repeated, one mask", dropout_repeated, {{3}, {0}}, 1, {{ANY, S(2, 5)}}},
    {"batch_norm", "training", batch_norm, {{0}, {0}}, 3, {{ANY, S(6, 3)}, {ANY, S(3)}, {ANY, S(3)}}},
    {"batch_norm", "plain", batch_norm_plain, {{0}, {0}}, 1, {{ANY, S(6, 3)}}},
    {"batch_norm", "weight only", batch_norm_weight, {{0}, {0}}, 2, {{ANY, S(6, 3)}, {ANY, S(3)}}},
    {"batch_norm", "bias only", batch_norm_bias, {{0}, {0}}, 2, {{ANY, S(6, 3)}, {ANY, S(3)}}},
    {"batch_norm", "running, training", batch_norm_running, {{1, 1}, {0}}, 3, {{ANY, S(6, 3)}, {ANY, S(3)}, {ANY, S(3)}}},
    {"batch_norm", "running, evaluation", batch_norm_running, {{0, 1}, {0}}, 3, {{ANY, S(6, 3)}, {ANY, S(3)}, {ANY, S(3)}}},
    {"batch_norm", "repeated", batch_norm_repeated, {{0}, {0}}, 3, {{ANY, S(4, 3)}, {ANY, S(3)}, {ANY, S(3)}}},
    {"batch_norm", "repeated, running", batch_norm_running, {{1, 3}, {0}}, 3, {{ANY, S(4, 3)}, {ANY, S(3)}, {ANY, S(3)}}},
    {"batch_norm", "repeated, evaluation", batch_norm_running, {{0, 3}, {0}}, 3, {{ANY, S(4, 3)}, {ANY, S(3)}, {ANY, S(3)}}},
};
/* clang-format on */
enum { CASES = sizeof cases / sizeof *cases };

/* Ops that finite differences cannot show: the gradient of `detach` is none, that of `bits` passes as it is.
 * Tests below. */
static const char *const analytic[] = {"detach", "bits"};

static spk_tensor *make_input(spk_ctx *ctx, input in) {
    spk_tensor *x = in.fill == SPIKES ? zeros_and_ones(ctx, in.shape)
                                      : uniform(ctx, in.shape, in.fill == POSITIVE ? 0.5 : -1, in.fill == POSITIVE ? 2 : 1);
    spk_real *v = spk_data_mut(x);
    int64_t order[64];
    if (in.fill == DISTINCT) spk_random_permutation(ctx, spk_size(x), order);
    for (int64_t i = 0; i < spk_size(x); i++) {
        const double magnitude = fabs((double)v[i]);
        if (in.fill == KINKS) v[i] = (spk_real)copysign(magnitude < 0.5 ? 0.1 + 0.6 * magnitude : 0.2 + 0.8 * magnitude, (double)v[i]);
        if (in.fill == DISTINCT) v[i] = (spk_real)(0.1 * (double)order[i] - 1 + 0.02 * (double)v[i]);
        if (in.fill == LABELS) v[i] = (spk_real)floor(2 + 2 * (double)v[i]);
    }
    return spk_set_requires_grad(x, in.fill != SPIKES && in.fill != LABELS);
}

static void make_inputs(spk_ctx *ctx, const gradcheck_case *c, spk_tensor **inputs) {
    for (int i = 0; i < c->n; i++) inputs[i] = make_input(ctx, c->inputs[i]);
}

Test(gradcheck, every_case) {
    for (int i = 0; i < CASES; i++) {
        const gradcheck_case *c = &cases[i];
        numbers p = c->p;
        spk_ctx *ctx = spk_ctx_create(.seed = (uint64_t)i + 1);
        spk_tensor *inputs[4];
        make_inputs(ctx, c, inputs);
        const spk_gradcheck_report r = spk_gradcheck(c->function, c->n, inputs, .user = &p);
        if (sizeof(spk_real) == sizeof(double)) {
            cr_assert(!spk_failed(ctx), "%s (%s): %s", c->op, c->name, spk_error(ctx));
            cr_assert(r.passed, "%s (%s): input %d element %lld has gradient %.12g, by differences %.12g (error %g)", c->op, c->name,
                      r.input, (long long)r.element, r.analytic, r.numeric, r.error);
        } else {
            cr_assert(!r.passed, "%s (%s): passed in float", c->op, c->name);
            assert_error(ctx, c->op, "spk_gradcheck", "double");
        }
        spk_ctx_destroy(ctx);
    }
}

/* Forward and backward of every case: no error, every input gets a gradient, and the tape has the op that the
 * case is filed under. */
Test(gradcheck, cases_call_their_op) {
    for (int i = 0; i < CASES; i++) {
        const gradcheck_case *c = &cases[i];
        numbers p = c->p;
        spk_ctx *ctx = spk_ctx_create(.seed = (uint64_t)i + 1);
        spk_tensor *inputs[4];
        make_inputs(ctx, c, inputs);
        spk_tensor *y = c->function(&p, inputs);
        bool found = false;
        for (spk_record *r = ctx->tape; r; r = r->previous) found = found || strcmp(r->op->name, c->op) == 0;
        cr_assert(found, "%s (%s): the op is not on the tape", c->op, c->name);
        cr_assert(spk_backward(spk_sum(y)), "%s (%s): %s", c->op, c->name, spk_error(ctx));
        for (int k = 0; k < c->n; k++) {
            cr_assert(!spk_grad(inputs[k]) == !spk_requires_grad(inputs[k]), "%s (%s): gradient of input %d", c->op, c->name, k);
            for (int64_t e = 0; spk_grad(inputs[k]) && e < spk_size(inputs[k]); e++)
                cr_assert(isfinite((double)spk_data(spk_grad(inputs[k]))[e]), "%s (%s): gradient of input %d, element %lld", c->op, c->name,
                          k, (long long)e);
        }
        spk_ctx_destroy(ctx);
    }
}

/* The gradients of sum(f r), or of sum((f + f) r): twice as large when both calls give theirs to the same leaves. */
static void gradients_of(spk_ctx *ctx, const gradcheck_case *c, spk_tensor *const *inputs, int calls, spk_tensor **gradients) {
    numbers p = c->p;
    spk_tensor *y = NULL;
    for (int i = 0; i < calls; i++) {
        spk_seed(ctx, 7); /* dropout's mask is the same in each call */
        spk_tensor *one = c->function(&p, inputs);
        y = y ? spk_add(y, one) : one;
    }
    spk_tensor *r = spk_full(ctx, spk_tensor_shape(y), 0);
    for (int64_t i = 0; i < spk_size(r); i++) spk_data_mut(r)[i] = (spk_real)(i % 5 - 2);
    cr_assert(spk_backward(y, .gradient = r), "%s (%s): %s", c->op, c->name, spk_error(ctx));
    for (int k = 0; k < c->n; k++) {
        gradients[k] = spk_grad(inputs[k]) ? spk_keep(spk_grad(inputs[k])) : NULL;
        spk_clear_grad(inputs[k]);
    }
    spk_end_step(ctx);
}

/* Every op, used twice on the same leaves. */
Test(gradcheck, every_case_fans_out) {
    for (int i = 0; i < CASES; i++) {
        const gradcheck_case *c = &cases[i];
        spk_ctx *ctx = spk_ctx_create(.seed = (uint64_t)i + 1);
        spk_tensor *inputs[4], *once[4], *twice[4];
        make_inputs(ctx, c, inputs);
        gradients_of(ctx, c, inputs, 1, once);
        gradients_of(ctx, c, inputs, 2, twice);
        for (int k = 0; k < c->n; k++)
            for (int64_t e = 0; once[k] && e < spk_size(once[k]); e++)
                cr_assert(close_to((double)spk_data(twice[k])[e], 2 * (double)spk_data(once[k])[e], ROUNDING),
                          "%s (%s): input %d element %lld has gradient %g once, %g used twice", c->op, c->name, k, (long long)e,
                          (double)spk_data(once[k])[e], (double)spk_data(twice[k])[e]);
        spk_ctx_destroy(ctx);
    }
}

Test(gradcheck, every_op_has_a_case) {
    int count;
    const spk_op *const *ops = spk_autograd_ops(&count);
    cr_assert(count >= 36, "the table has %d ops", count);
    for (int k = 0; k < count; k++) {
        bool found = false;
        for (int i = 0; i < CASES; i++) found = found || strcmp(cases[i].op, ops[k]->name) == 0;
        for (size_t i = 0; i < sizeof analytic / sizeof *analytic; i++) found = found || strcmp(analytic[i], ops[k]->name) == 0;
        cr_assert(found, "op %s has no gradcheck case in this file", ops[k]->name);
    }
    for (int i = 0; i < CASES; i++) {
        bool known = false;
        for (int k = 0; k < count; k++) known = known || strcmp(cases[i].op, ops[k]->name) == 0;
        cr_assert(known, "case %s (%s) names no op of the table", cases[i].op, cases[i].name);
    }
}

Test(gradcheck, detach_passes_no_gradient) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *x = parameter(ctx, SPK_SHAPE(2, 3)), *cut = spk_tensor_detach(spk_exp(x));
    cr_assert(!spk_requires_grad(cut), "detach: the result requires a gradient");
    cr_assert(spk_backward(spk_sum(spk_multiply(cut, x))), "%s", spk_error(ctx));
    assert_same(spk_grad(x), cut, 0, "detach: x cut(exp x) has gradient exp x, not exp x + x exp x");
    spk_ctx_destroy(ctx);
}

Test(gradcheck, bits_pass_the_gradient_as_it_is) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *x = spk_set_requires_grad(zeros_and_ones(ctx, SPK_SHAPE(3, 70)), true), *w = uniform(ctx, SPK_SHAPE(3, 70), -1, 1);
    spk_tensor *spikes = spk_bits(x);
    cr_assert(spk_tensor_storage(spikes) == SPK_BITS, "bits: not stored as bits");
    cr_assert(spk_backward(spk_sum(spk_multiply(spikes, w))), "%s", spk_error(ctx));
    assert_same(spk_grad(x), w, 0, "bits: gradient");

    /* Through what keeps bits as bits: reshape, slice, sum over time, dropout with the mask of its own
     * forward. */
    spk_clear_grad(x);
    spk_tensor *dropped = spk_dropout(spk_reshape(spk_bits(x), SPK_SHAPE(6, 35)), .p = 0.5, .T = 1);
    cr_assert(spk_backward(spk_sum(spk_slice(dropped, 2, 4))), "%s", spk_error(ctx));
    for (int64_t i = 0; i < 210; i++) {
        const double g = (double)spk_data(spk_grad(x))[i], y = (double)spk_data(dropped)[i];
        if (i < 70 || i >= 140) cr_assert(g == 0, "bits, dropout, slice: element %lld outside has gradient %g", (long long)i, g);
        else
            cr_assert(spk_data(x)[i] != 0 ? g == y : g == 0 || g == 2, "bits, dropout, slice: element %lld has gradient %g", (long long)i,
                      g);
    }
    spk_ctx_destroy(ctx);
}
