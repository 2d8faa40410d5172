/* autograd/: the ops. */
#include "misuse.h"

/* One more than int counts; a size whose square is past any memory. */
#define PAST_INT ((int64_t)INT32_MAX + 1)
#define LARGE ((int64_t)1 << 40)

/* A tensor without elements, however large its other axes are. */
static spk_tensor *empty(world *s, spk_shape shape) { return spk_full(s->ctx, shape, 0); }
/* Labels of which the second is wrong. */
static spk_tensor *labels(world *s, double second) { return spk_step_from(s->ctx, SPK_SHAPE(2), (spk_real[]){0, (spk_real)second}); }

/* Scores of three classes for two samples. */
static spk_tensor *scores(world *s) { return spk_full(s->ctx, SPK_SHAPE(2, 3), 0.5); }

/* A persistent tensor [6] destroyed in this step, of which it was a part. */
static spk_tensor *destroyed(world *s) {
    spk_tensor *x = spk_tensor_create(s->ctx, SPK_SHAPE(6));
    spk_negate(x);
    spk_tensor_destroy(x);
    return x;
}

#define EMPTY(...) empty(s, SPK_SHAPE(__VA_ARGS__))

/* Repeated and bit tensors, whose elements are not all stored. */
static spk_tensor *repeated(world *s) { return spk_repeat_over_time(s->x, 2); }

Test(misuse_ops, of_two_tensors) {
    IGNORE(spk_add, NULL_ARGUMENT, spk_add(NULL, NULL));
    REFUSE(spk_add, NULL_ARGUMENT, "add|a tensor is NULL", spk_add(NULL, s->x));
    REFUSE(spk_add, NULL_ARGUMENT, "add|a tensor is NULL", spk_add(s->x, NULL));
    REFUSE(spk_add, FOREIGN, "add|another context", spk_add(s->x, s->other->x));
    REFUSE(spk_add, ENDED, "add|freed when step", spk_add(s->ended, s->x));
    REFUSE(spk_add, ENDED, "add|freed when step", spk_add(s->x, s->ended));
    REFUSE(spk_add, DESTROYED, "add|was destroyed", spk_add(s->x, destroyed(s)));
    REFUSE(spk_add, WRONG_KIND, "add|inert result of an error that was cleared", spk_add(s->x, s->inert));
    REFUSE(spk_add, WRONG_SHAPE, "add|[4, 6] and [6, 5] do not broadcast", spk_add(s->x, s->matrix));
    REFUSE(spk_add, TOO_LARGE, "add|more elements than memory can hold", spk_add(EMPTY(LARGE, 1, 0), EMPTY(1, LARGE, 0)));
    IGNORE(spk_subtract, NULL_ARGUMENT, spk_subtract(NULL, NULL));
    REFUSE(spk_subtract, NULL_ARGUMENT, "subtract|a tensor is NULL", spk_subtract(NULL, s->x));
    REFUSE(spk_subtract, NULL_ARGUMENT, "subtract|a tensor is NULL", spk_subtract(s->x, NULL));
    REFUSE(spk_subtract, FOREIGN, "subtract|another context", spk_subtract(s->x, s->other->x));
    REFUSE(spk_subtract, ENDED, "subtract|freed when step", spk_subtract(s->ended, s->x));
    REFUSE(spk_subtract, ENDED, "subtract|freed when step", spk_subtract(s->x, s->ended));
    REFUSE(spk_subtract, DESTROYED, "subtract|was destroyed", spk_subtract(s->x, destroyed(s)));
    REFUSE(spk_subtract, WRONG_KIND, "subtract|inert result of an error that was cleared", spk_subtract(s->x, s->inert));
    REFUSE(spk_subtract, WRONG_SHAPE, "subtract|[4, 6] and [6, 5] do not broadcast", spk_subtract(s->x, s->matrix));
    REFUSE(spk_subtract, TOO_LARGE, "subtract|more elements than memory can hold", spk_subtract(EMPTY(LARGE, 1, 0), EMPTY(1, LARGE, 0)));
    IGNORE(spk_multiply, NULL_ARGUMENT, spk_multiply(NULL, NULL));
    REFUSE(spk_multiply, NULL_ARGUMENT, "multiply|a tensor is NULL", spk_multiply(NULL, s->x));
    REFUSE(spk_multiply, NULL_ARGUMENT, "multiply|a tensor is NULL", spk_multiply(s->x, NULL));
    REFUSE(spk_multiply, FOREIGN, "multiply|another context", spk_multiply(s->x, s->other->x));
    REFUSE(spk_multiply, ENDED, "multiply|freed when step", spk_multiply(s->ended, s->x));
    REFUSE(spk_multiply, ENDED, "multiply|freed when step", spk_multiply(s->x, s->ended));
    REFUSE(spk_multiply, DESTROYED, "multiply|was destroyed", spk_multiply(s->x, destroyed(s)));
    REFUSE(spk_multiply, WRONG_KIND, "multiply|inert result of an error that was cleared", spk_multiply(s->x, s->inert));
    REFUSE(spk_multiply, WRONG_SHAPE, "multiply|[4, 6] and [6, 5] do not broadcast", spk_multiply(s->x, s->matrix));
    REFUSE(spk_multiply, TOO_LARGE, "multiply|more elements than memory can hold", spk_multiply(EMPTY(LARGE, 1, 0), EMPTY(1, LARGE, 0)));
    IGNORE(spk_divide, NULL_ARGUMENT, spk_divide(NULL, NULL));
    REFUSE(spk_divide, NULL_ARGUMENT, "divide|a tensor is NULL", spk_divide(NULL, s->x));
    REFUSE(spk_divide, NULL_ARGUMENT, "divide|a tensor is NULL", spk_divide(s->x, NULL));
    REFUSE(spk_divide, FOREIGN, "divide|another context", spk_divide(s->x, s->other->x));
    REFUSE(spk_divide, ENDED, "divide|freed when step", spk_divide(s->ended, s->x));
    REFUSE(spk_divide, ENDED, "divide|freed when step", spk_divide(s->x, s->ended));
    REFUSE(spk_divide, DESTROYED, "divide|was destroyed", spk_divide(s->x, destroyed(s)));
    REFUSE(spk_divide, WRONG_KIND, "divide|inert result of an error that was cleared", spk_divide(s->x, s->inert));
    REFUSE(spk_divide, WRONG_SHAPE, "divide|[4, 6] and [6, 5] do not broadcast", spk_divide(s->x, s->matrix));
    REFUSE(spk_divide, TOO_LARGE, "divide|more elements than memory can hold", spk_divide(EMPTY(LARGE, 1, 0), EMPTY(1, LARGE, 0)));
    IGNORE(spk_where, NULL_ARGUMENT, spk_where(NULL, NULL, NULL));
    REFUSE(spk_where, NULL_ARGUMENT, "where|a tensor is NULL", spk_where(NULL, s->x, s->x));
    REFUSE(spk_where, NULL_ARGUMENT, "where|a tensor is NULL", spk_where(s->x, NULL, s->x));
    REFUSE(spk_where, NULL_ARGUMENT, "where|a tensor is NULL", spk_where(s->x, s->x, NULL));
    REFUSE(spk_where, FOREIGN, "where|another context", spk_where(s->x, s->other->x, s->x));
    REFUSE(spk_where, FOREIGN, "where|another context", spk_where(s->x, s->x, s->other->x));
    REFUSE(spk_where, ENDED, "where|freed when step", spk_where(s->ended, s->x, s->x));
    REFUSE(spk_where, WRONG_SHAPE, "where|they must broadcast", spk_where(s->x, s->matrix, s->x));
    REFUSE(spk_where, TOO_LARGE, "where|memory", spk_where(EMPTY(1, 1, 0), EMPTY(LARGE, 1, 0), EMPTY(1, LARGE, 0)));
}

Test(misuse_ops, of_one_tensor) {
    IGNORE(spk_negate, NULL_ARGUMENT, spk_negate(NULL));
    REFUSE(spk_negate, ENDED, "negate|freed when step", spk_negate(s->ended));
    REFUSE(spk_negate, WRONG_KIND, "negate|inert result", spk_negate(s->inert));
    IGNORE(spk_scale, NULL_ARGUMENT, spk_scale(NULL, 2));
    REFUSE(spk_scale, ENDED, "scale|freed when step", spk_scale(s->ended, 2));
    REFUSE(spk_scale, WRONG_KIND, "scale|inert result", spk_scale(s->inert, 2));
    IGNORE(spk_shift, NULL_ARGUMENT, spk_shift(NULL, 2));
    REFUSE(spk_shift, ENDED, "shift|freed when step", spk_shift(s->ended, 2));
    REFUSE(spk_shift, WRONG_KIND, "shift|inert result", spk_shift(s->inert, 2));
    IGNORE(spk_exp, NULL_ARGUMENT, spk_exp(NULL));
    REFUSE(spk_exp, ENDED, "exp|freed when step", spk_exp(s->ended));
    REFUSE(spk_exp, WRONG_KIND, "exp|inert result", spk_exp(s->inert));
    IGNORE(spk_log, NULL_ARGUMENT, spk_log(NULL));
    REFUSE(spk_log, ENDED, "log|freed when step", spk_log(s->ended));
    REFUSE(spk_log, WRONG_KIND, "log|inert result", spk_log(s->inert));
    IGNORE(spk_sqrt, NULL_ARGUMENT, spk_sqrt(NULL));
    REFUSE(spk_sqrt, ENDED, "sqrt|freed when step", spk_sqrt(s->ended));
    REFUSE(spk_sqrt, WRONG_KIND, "sqrt|inert result", spk_sqrt(s->inert));
    IGNORE(spk_power, NULL_ARGUMENT, spk_power(NULL, 2));
    REFUSE(spk_power, ENDED, "power|freed when step", spk_power(s->ended, 2));
    REFUSE(spk_power, WRONG_KIND, "power|inert result", spk_power(s->inert, 2));
    IGNORE(spk_tanh, NULL_ARGUMENT, spk_tanh(NULL));
    REFUSE(spk_tanh, ENDED, "tanh|freed when step", spk_tanh(s->ended));
    REFUSE(spk_tanh, WRONG_KIND, "tanh|inert result", spk_tanh(s->inert));
    IGNORE(spk_sigmoid, NULL_ARGUMENT, spk_sigmoid(NULL));
    REFUSE(spk_sigmoid, ENDED, "sigmoid|freed when step", spk_sigmoid(s->ended));
    REFUSE(spk_sigmoid, WRONG_KIND, "sigmoid|inert result", spk_sigmoid(s->inert));
    IGNORE(spk_relu, NULL_ARGUMENT, spk_relu(NULL));
    REFUSE(spk_relu, ENDED, "relu|freed when step", spk_relu(s->ended));
    REFUSE(spk_relu, WRONG_KIND, "relu|inert result", spk_relu(s->inert));
    IGNORE(spk_clamp, NULL_ARGUMENT, spk_clamp(NULL, 0, 1));
    REFUSE(spk_clamp, ENDED, "clamp|freed when step", spk_clamp(s->ended, 0, 1));
    REFUSE(spk_clamp, WRONG_KIND, "clamp|inert result", spk_clamp(s->inert, 0, 1));
    IGNORE(spk_softmax, NULL_ARGUMENT, spk_softmax(NULL));
    REFUSE(spk_softmax, ENDED, "softmax|freed when step", spk_softmax(s->ended));
    REFUSE(spk_softmax, WRONG_KIND, "softmax|inert result", spk_softmax(s->inert));
    IGNORE(spk_log_softmax, NULL_ARGUMENT, spk_log_softmax(NULL));
    REFUSE(spk_log_softmax, ENDED, "log_softmax|freed when step", spk_log_softmax(s->ended));
    REFUSE(spk_log_softmax, WRONG_KIND, "log_softmax|inert result", spk_log_softmax(s->inert));
    IGNORE(spk_dense, NULL_ARGUMENT, spk_dense(NULL));
    REFUSE(spk_dense, ENDED, "dense|freed when step", spk_dense(s->ended));
    REFUSE(spk_dense, WRONG_KIND, "dense|inert result", spk_dense(s->inert));
    IGNORE(spk_bits, NULL_ARGUMENT, spk_bits(NULL));
    REFUSE(spk_bits, ENDED, "bits|freed when step", spk_bits(s->ended));
    REFUSE(spk_bits, WRONG_KIND, "bits|inert result", spk_bits(s->inert));
    REFUSE(spk_clamp, OUT_OF_DOMAIN, "clamp|lowest not above highest", spk_clamp(s->x, 1, 0));
    REFUSE(spk_clamp, OUT_OF_DOMAIN, "clamp|lowest not above highest", spk_clamp(s->x, NAN, 0));
    REFUSE(spk_softmax, WRONG_SHAPE, "softmax|axis", spk_softmax(spk_full(s->ctx, SPK_SCALAR, 1)));
    REFUSE(spk_log_softmax, WRONG_SHAPE, "log_softmax|axis", spk_log_softmax(spk_full(s->ctx, SPK_SCALAR, 1)));
    REFUSE(spk_bits, WRONG_KIND, "bits|only zeros and ones", spk_bits(s->x));
    REFUSE(spk_bits, WRONG_SHAPE, "bits|scalar", spk_bits(spk_full(s->ctx, SPK_SCALAR, 1)));
}

Test(misuse_ops, products) {
    IGNORE(spk_matmul_with, NULL_ARGUMENT, spk_matmul(NULL, NULL));
    REFUSE(spk_matmul_with, NULL_ARGUMENT, "matmul|a tensor is NULL", spk_matmul(NULL, s->matrix));
    REFUSE(spk_matmul_with, NULL_ARGUMENT, "matmul|a tensor is NULL", spk_matmul(s->x, NULL));
    REFUSE(spk_matmul_with, FOREIGN, "matmul|another context", spk_matmul(s->x, s->other->matrix));
    REFUSE(spk_matmul_with, ENDED, "matmul|freed when step", spk_matmul(s->ended, s->matrix));
    REFUSE(spk_matmul_with, WRONG_SHAPE, "matmul|they must be [m, k] and [k, n]", spk_matmul(s->matrix, s->x));
    REFUSE(spk_matmul_with, WRONG_SHAPE, "matmul|they must be [m, k] and [k, n]", spk_matmul(s->x, s->vector));
    REFUSE(spk_matmul_with, WRONG_SHAPE, "matmul|transposed", spk_matmul(s->x, s->matrix, .transpose_a = true));
    REFUSE(spk_matmul_with, TOO_LARGE, "matmul|at most 2147483647", spk_matmul(EMPTY(0, PAST_INT), EMPTY(PAST_INT, 0)));
    REFUSE(spk_matmul_with, TOO_LARGE, "matmul|at most 2147483647", spk_matmul(EMPTY(4, 0), EMPTY(0, PAST_INT)));
    REFUSE(spk_matmul_with, TOO_LARGE, "matmul|at most 2147483647",
           spk_matmul(EMPTY(0, PAST_INT), EMPTY(0, PAST_INT), .transpose_b = true));
    REFUSE(spk_matmul_with, TOO_LARGE, "matmul|at most 2147483647", spk_matmul(EMPTY(0, 4), EMPTY(0, PAST_INT), .transpose_a = true));
    REFUSE(spk_matmul_with, TOO_LARGE, "matmul|memory", spk_matmul(EMPTY((int64_t)1 << 30, 0), EMPTY(0, (int64_t)1 << 30)));
    IGNORE(spk_linear, NULL_ARGUMENT, spk_linear(NULL, NULL, NULL));
    REFUSE(spk_linear, NULL_ARGUMENT, "linear|a tensor is NULL", spk_linear(NULL, s->matrix, NULL));
    REFUSE(spk_linear, NULL_ARGUMENT, "linear|a tensor is NULL", spk_linear(s->x, NULL, NULL));
    ALLOW(spk_linear, NULL_ARGUMENT, spk_linear(s->x, s->matrix, NULL));
    REFUSE(spk_linear, FOREIGN, "linear|another context", spk_linear(s->x, s->other->matrix, NULL));
    REFUSE(spk_linear, FOREIGN, "linear|another context", spk_linear(s->x, s->matrix, s->other->vector));
    REFUSE(spk_linear, ENDED, "linear|freed when step", spk_linear(s->ended, s->matrix, NULL));
    REFUSE(spk_linear, ENDED, "linear|freed when step", spk_linear(s->x, s->ended, NULL));
    REFUSE(spk_linear, WRONG_SHAPE, "linear|the weight is [6]; it must be [in, out]", spk_linear(s->x, s->vector, NULL));
    REFUSE(spk_linear, WRONG_SHAPE, "linear|must have 4 elements", spk_linear(s->x, s->x, NULL));
    REFUSE(spk_linear, WRONG_SHAPE, "linear|the bias must be [5]", spk_linear(s->x, s->matrix, s->vector));
    REFUSE(spk_linear, WRONG_SHAPE, "linear|must have 6 elements", spk_linear(spk_full(s->ctx, SPK_SCALAR, 1), s->matrix, NULL));
    REFUSE(spk_linear, TOO_LARGE, "linear|at most 2147483647", spk_linear(EMPTY(4, 0), EMPTY(0, PAST_INT), NULL));
    REFUSE(spk_linear, TOO_LARGE, "linear|at most 2147483647", spk_linear(EMPTY(0, PAST_INT), EMPTY(PAST_INT, 0), NULL));
    REFUSE(spk_linear, TOO_LARGE, "linear|memory", spk_linear(EMPTY((int64_t)1 << 30, 0), EMPTY(0, (int64_t)1 << 30), NULL));
}

/* Sets of axes filled in by hand. */
static spk_axis_set axes(int count) { return (spk_axis_set){.count = count, .axis = {0, 1}}; }

Test(misuse_ops, reductions) {
    const int many[7] = {0, 1, 2, 3, 4, 5, 6};
    IGNORE(spk_axes_of, NULL_ARGUMENT, spk_axes_of(2, NULL).count);
    IGNORE(spk_axes_of, OUT_OF_DOMAIN, spk_axes_of(-1, many).count);
    IGNORE(spk_axes_of, TOO_LARGE, spk_axes_of(7, many).count);
    IGNORE(spk_sum_with, NULL_ARGUMENT, spk_sum(NULL));
    REFUSE(spk_sum_with, ENDED, "sum|freed when step", spk_sum(s->ended));
    REFUSE(spk_sum_with, OUT_OF_DOMAIN, "sum|axis 2 is not one of the 2 of [4, 6]", spk_sum(s->x, .axes = SPK_AXES(2)));
    REFUSE(spk_sum_with, OUT_OF_DOMAIN, "sum|axis -3 is not one of the 2 of [4, 6]", spk_sum(s->x, .axes = SPK_AXES(-3)));
    REFUSE(spk_sum_with, OUT_OF_DOMAIN, "sum|named twice", spk_sum(s->x, .axes = SPK_AXES(1, -1)));
    REFUSE(spk_sum_with, OUT_OF_DOMAIN, "sum|axis", spk_sum(s->x, .axes = SPK_AXES(INT32_MIN)));
    REFUSE(spk_sum_with, TOO_LARGE, "sum|more than 6", spk_sum(s->x, .axes = axes(7)));
    REFUSE(spk_sum_with, OUT_OF_DOMAIN, "sum|more than 6", spk_sum(s->x, .axes = axes(-1)));
    IGNORE(spk_mean_with, NULL_ARGUMENT, spk_mean(NULL));
    REFUSE(spk_mean_with, ENDED, "mean|freed when step", spk_mean(s->ended));
    REFUSE(spk_mean_with, OUT_OF_DOMAIN, "mean|axis 2 is not one of the 2 of [4, 6]", spk_mean(s->x, .axes = SPK_AXES(2)));
    REFUSE(spk_mean_with, OUT_OF_DOMAIN, "mean|axis -3 is not one of the 2 of [4, 6]", spk_mean(s->x, .axes = SPK_AXES(-3)));
    REFUSE(spk_mean_with, OUT_OF_DOMAIN, "mean|named twice", spk_mean(s->x, .axes = SPK_AXES(1, -1)));
    REFUSE(spk_mean_with, OUT_OF_DOMAIN, "mean|axis", spk_mean(s->x, .axes = SPK_AXES(INT32_MIN)));
    REFUSE(spk_mean_with, TOO_LARGE, "mean|more than 6", spk_mean(s->x, .axes = axes(7)));
    REFUSE(spk_mean_with, OUT_OF_DOMAIN, "mean|more than 6", spk_mean(s->x, .axes = axes(-1)));
    IGNORE(spk_max_with, NULL_ARGUMENT, spk_max(NULL));
    REFUSE(spk_max_with, ENDED, "max|freed when step", spk_max(s->ended));
    REFUSE(spk_max_with, OUT_OF_DOMAIN, "max|axis 2 is not one of the 2 of [4, 6]", spk_max(s->x, .axes = SPK_AXES(2)));
    REFUSE(spk_max_with, OUT_OF_DOMAIN, "max|axis -3 is not one of the 2 of [4, 6]", spk_max(s->x, .axes = SPK_AXES(-3)));
    REFUSE(spk_max_with, OUT_OF_DOMAIN, "max|named twice", spk_max(s->x, .axes = SPK_AXES(1, -1)));
    REFUSE(spk_max_with, OUT_OF_DOMAIN, "max|axis", spk_max(s->x, .axes = SPK_AXES(INT32_MIN)));
    REFUSE(spk_max_with, TOO_LARGE, "max|more than 6", spk_max(s->x, .axes = axes(7)));
    REFUSE(spk_max_with, OUT_OF_DOMAIN, "max|more than 6", spk_max(s->x, .axes = axes(-1)));
    REFUSE(spk_mean_with, WRONG_SHAPE, "mean|empty", spk_mean(EMPTY(0, 3)));
    REFUSE(spk_max_with, WRONG_SHAPE, "max|empty", spk_max(EMPTY(0, 3)));
    ALLOW(spk_sum_with, WRONG_SHAPE, spk_sum(EMPTY(0, 3)));
}

Test(misuse_ops, views) {
    IGNORE(spk_reshape, NULL_ARGUMENT, spk_reshape(NULL, SPK_SHAPE(24)));
    REFUSE(spk_reshape, ENDED, "reshape|freed when step", spk_reshape(s->ended, SPK_SHAPE(24)));
    REFUSE(spk_reshape, WRONG_SHAPE, "reshape|24 elements", spk_reshape(s->x, SPK_SHAPE(5, 5)));
    REFUSE(spk_reshape, WRONG_SHAPE, "reshape|[invalid]", spk_reshape(s->x, SPK_SHAPE(-4, -6)));
    REFUSE(spk_reshape, TOO_LARGE, "reshape|must have as many", spk_reshape(s->x, SPK_SHAPE(LARGE, LARGE)));
    REFUSE(spk_reshape, TOO_LARGE, "reshape|must have as many", spk_reshape(s->x, SPK_SHAPE(1, 1, 1, 1, 1, 4, 6)));
    IGNORE(spk_flatten, NULL_ARGUMENT, spk_flatten(NULL));
    REFUSE(spk_flatten, ENDED, "reshape|freed when step", spk_flatten(s->ended));
    IGNORE(spk_transpose, NULL_ARGUMENT, spk_transpose(NULL, 0, 1));
    REFUSE(spk_transpose, ENDED, "transpose|freed when step", spk_transpose(s->ended, 0, 1));
    REFUSE(spk_transpose, OUT_OF_DOMAIN, "transpose|axes 0 and 2", spk_transpose(s->x, 0, 2));
    REFUSE(spk_transpose, OUT_OF_DOMAIN, "transpose|axes -3 and 0", spk_transpose(s->x, -3, 0));
    REFUSE(spk_transpose, OUT_OF_DOMAIN, "transpose|not both among the 2 of", spk_transpose(s->x, INT32_MIN, INT32_MAX));
    IGNORE(spk_slice, NULL_ARGUMENT, spk_slice(NULL, 0, 1));
    REFUSE(spk_slice, ENDED, "slice|freed when step", spk_slice(s->ended, 0, 1));
    REFUSE(spk_slice, OUT_OF_DOMAIN, "slice|rows from 0 to below 5 are not all in x [4, 6]", spk_slice(s->x, 0, 5));
    REFUSE(spk_slice, OUT_OF_DOMAIN, "slice|rows from -1 to below 2", spk_slice(s->x, -1, 2));
    REFUSE(spk_slice, OUT_OF_DOMAIN, "slice|rows from 3 to below 2", spk_slice(s->x, 3, 2));
    REFUSE(spk_slice, WRONG_SHAPE, "slice|rows from 0 to below 1 are not all in x []", spk_slice(spk_full(s->ctx, SPK_SCALAR, 1), 0, 1));
    REFUSE(spk_slice, TOO_LARGE, "slice|rows", spk_slice(s->x, INT64_MIN, INT64_MAX));
    REFUSE(spk_slice, TOO_LARGE, "slice|rows", spk_slice(spk_bits(s->bits), INT64_MAX - 1, INT64_MAX));
    REFUSE(spk_slice, TOO_LARGE, "slice|rows", spk_slice(repeated(s), INT64_MAX - 1, INT64_MAX));
    IGNORE(spk_tensor_detach, NULL_ARGUMENT, spk_tensor_detach(NULL));
    REFUSE(spk_tensor_detach, ENDED, "detach|freed when step", spk_tensor_detach(s->ended));
}

#define LIST(...) ((spk_tensor *const[]){__VA_ARGS__})

Test(misuse_ops, joins) {
    IGNORE(spk_concat, NULL_ARGUMENT, spk_concat(NULL, 2, 0));
    IGNORE(spk_concat, NULL_ARGUMENT, spk_concat(LIST(NULL, NULL), 2, 0));
    REFUSE(spk_concat, NULL_ARGUMENT, "concat|tensor 0 of 2 is NULL", spk_concat(LIST(NULL, s->x), 2, 0));
    REFUSE(spk_concat, NULL_ARGUMENT, "concat|tensor 1 of 2 is NULL", spk_concat(LIST(s->x, NULL), 2, 0));
    IGNORE(spk_concat, OUT_OF_DOMAIN, spk_concat(LIST(s->x), 0, 0));
    IGNORE(spk_concat, OUT_OF_DOMAIN, spk_concat(LIST(s->x), -1, 0));
    REFUSE(spk_concat, OUT_OF_DOMAIN, "concat|axis 2 is not one of the 2 of [4, 6]", spk_concat(LIST(s->x), 1, 2));
    REFUSE(spk_concat, OUT_OF_DOMAIN, "concat|axis -3", spk_concat(LIST(s->x), 1, -3));
    REFUSE(spk_concat, FOREIGN, "concat|another context", spk_concat(LIST(s->x, s->other->x), 2, 0));
    REFUSE(spk_concat, ENDED, "concat|freed when step", spk_concat(LIST(s->x, s->ended), 2, 0));
    REFUSE(spk_concat, WRONG_SHAPE, "concat|tensor 1 is [6], tensor 0 is [4, 6]", spk_concat(LIST(s->x, s->vector), 2, 0));
    IGNORE(spk_stack, NULL_ARGUMENT, spk_stack(NULL, 2, 0));
    IGNORE(spk_stack, NULL_ARGUMENT, spk_stack(LIST(NULL, NULL), 2, 0));
    REFUSE(spk_stack, NULL_ARGUMENT, "stack|tensor 0 of 2 is NULL", spk_stack(LIST(NULL, s->x), 2, 0));
    REFUSE(spk_stack, NULL_ARGUMENT, "stack|tensor 1 of 2 is NULL", spk_stack(LIST(s->x, NULL), 2, 0));
    IGNORE(spk_stack, OUT_OF_DOMAIN, spk_stack(LIST(s->x), 0, 0));
    IGNORE(spk_stack, OUT_OF_DOMAIN, spk_stack(LIST(s->x), -1, 0));
    REFUSE(spk_stack, OUT_OF_DOMAIN, "stack|axis 3 cannot be a new one of [4, 6]", spk_stack(LIST(s->x), 1, 3));
    REFUSE(spk_stack, OUT_OF_DOMAIN, "stack|axis -4 cannot be a new one of [4, 6]", spk_stack(LIST(s->x), 1, -4));
    REFUSE(spk_stack, FOREIGN, "stack|another context", spk_stack(LIST(s->x, s->other->x), 2, 0));
    REFUSE(spk_stack, ENDED, "stack|freed when step", spk_stack(LIST(s->x, s->ended), 2, 0));
    REFUSE(spk_stack, WRONG_SHAPE, "stack|tensor 1 is [6], tensor 0 is [4, 6]", spk_stack(LIST(s->x, s->vector), 2, 0));
    REFUSE(spk_concat, TOO_LARGE, "concat|memory", spk_concat(LIST(EMPTY((int64_t)1 << 55, 0), EMPTY((int64_t)1 << 56, 0)), 2, 0));
    REFUSE(spk_stack, TOO_LARGE, "stack|a new one", spk_stack(LIST(EMPTY(1, 1, 1, 1, 1, 1)), 1, 0));
}

Test(misuse_ops, time) {
    IGNORE(spk_repeat_over_time, NULL_ARGUMENT, spk_repeat_over_time(NULL, 2));
    REFUSE(spk_repeat_over_time, ENDED, "repeat_over_time|freed when step", spk_repeat_over_time(s->ended, 2));
    REFUSE(spk_repeat_over_time, OUT_OF_DOMAIN, "repeat_over_time|T is 0", spk_repeat_over_time(s->x, 0));
    REFUSE(spk_repeat_over_time, OUT_OF_DOMAIN, "repeat_over_time|T is -9223372036854775808", spk_repeat_over_time(s->x, INT64_MIN));
    REFUSE(spk_repeat_over_time, WRONG_SHAPE, "repeat_over_time|scalar", spk_repeat_over_time(spk_full(s->ctx, SPK_SCALAR, 1), 1));
    IGNORE(spk_sum_over_time, NULL_ARGUMENT, spk_sum_over_time(NULL, 2));
    REFUSE(spk_sum_over_time, ENDED, "sum_over_time|freed when step", spk_sum_over_time(s->ended, 2));
    REFUSE(spk_sum_over_time, OUT_OF_DOMAIN, "sum_over_time|T = 0", spk_sum_over_time(s->x, 0));
    REFUSE(spk_sum_over_time, OUT_OF_DOMAIN, "sum_over_time|T = -9223372036854775808", spk_sum_over_time(s->x, INT64_MIN));
    REFUSE(spk_sum_over_time, WRONG_SHAPE, "sum_over_time|T = 1 does not divide", spk_sum_over_time(spk_full(s->ctx, SPK_SCALAR, 1), 1));
    IGNORE(spk_mean_over_time, NULL_ARGUMENT, spk_mean_over_time(NULL, 2));
    REFUSE(spk_mean_over_time, ENDED, "sum_over_time|freed when step", spk_mean_over_time(s->ended, 2));
    REFUSE(spk_mean_over_time, OUT_OF_DOMAIN, "sum_over_time|T = 0", spk_mean_over_time(s->x, 0));
    REFUSE(spk_mean_over_time, OUT_OF_DOMAIN, "sum_over_time|T = -9223372036854775808", spk_mean_over_time(s->x, INT64_MIN));
    REFUSE(spk_mean_over_time, WRONG_SHAPE, "sum_over_time|T = 1 does not divide", spk_mean_over_time(spk_full(s->ctx, SPK_SCALAR, 1), 1));
    REFUSE(spk_repeat_over_time, TOO_LARGE, "repeat_over_time|memory", spk_repeat_over_time(s->x, INT64_MAX));
    REFUSE(spk_repeat_over_time, TOO_LARGE, "repeat_over_time|memory", spk_repeat_over_time(EMPTY(0, 3), INT64_MAX));
    REFUSE(spk_repeat_over_time, TOO_LARGE, "repeat_over_time|memory", spk_repeat_over_time(EMPTY(3, 0), LARGE << 16));
    REFUSE(spk_sum_over_time, WRONG_SHAPE, "sum_over_time|T = 3 does not divide the first axis of x [4, 6]", spk_sum_over_time(s->x, 3));
    REFUSE(spk_mean_over_time, WRONG_SHAPE, "sum_over_time|T = 3 does not divide", spk_mean_over_time(s->x, 3));
    IGNORE(spk_time_step, NULL_ARGUMENT, spk_time_step(NULL, 2, 0));
    REFUSE(spk_time_step, ENDED, "slice|freed when step", spk_time_step(s->ended, 2, 0));
    REFUSE(spk_time_step, OUT_OF_DOMAIN, "time_step|step 2 of T = 2", spk_time_step(s->x, 2, 2));
    REFUSE(spk_time_step, OUT_OF_DOMAIN, "time_step|step -1 of T = 2", spk_time_step(s->x, 2, -1));
    REFUSE(spk_time_step, OUT_OF_DOMAIN, "time_step|T = 0", spk_time_step(s->x, 0, 0));
    REFUSE(spk_time_step, WRONG_SHAPE, "time_step|no step 0 of T = 3 in x [4, 6]", spk_time_step(s->x, 3, 0));
    REFUSE(spk_time_step, TOO_LARGE, "time_step|the first axis must be T*N", spk_time_step(s->x, INT64_MAX, INT64_MAX - 1));
}

Test(misuse_ops, losses) {
    IGNORE(spk_cross_entropy_with, NULL_ARGUMENT, spk_cross_entropy(NULL, NULL));
    REFUSE(spk_cross_entropy_with, NULL_ARGUMENT, "cross_entropy|a tensor is NULL", spk_cross_entropy(NULL, s->labels));
    REFUSE(spk_cross_entropy_with, NULL_ARGUMENT, "cross_entropy|a tensor is NULL", spk_cross_entropy(scores(s), NULL));
    REFUSE(spk_cross_entropy_with, FOREIGN, "cross_entropy|another context", spk_cross_entropy(scores(s), s->other->labels));
    REFUSE(spk_cross_entropy_with, ENDED, "cross_entropy|freed when step", spk_cross_entropy(s->ended, s->labels));
    REFUSE(spk_cross_entropy_with, WRONG_SHAPE, "cross_entropy|[N, classes] and [N]", spk_cross_entropy(s->x, s->labels));
    REFUSE(spk_cross_entropy_with, WRONG_SHAPE, "cross_entropy|[N, classes] and [N]", spk_cross_entropy(s->vector, s->labels));
    REFUSE(spk_cross_entropy_with, WRONG_SHAPE, "cross_entropy|[N, classes] and [N]", spk_cross_entropy(scores(s), scores(s)));
    REFUSE(spk_cross_entropy_with, WRONG_SHAPE, "cross_entropy|empty", spk_cross_entropy(EMPTY(0, 3), EMPTY(0)));
    REFUSE(spk_cross_entropy_with, WRONG_KIND, "cross_entropy|label 1 is 0.5", spk_cross_entropy(scores(s), labels(s, 0.5)));
    REFUSE(spk_cross_entropy_with, WRONG_KIND, "cross_entropy|label 1 is 3", spk_cross_entropy(scores(s), labels(s, 3)));
    REFUSE(spk_cross_entropy_with, WRONG_KIND, "cross_entropy|label 1 is -1", spk_cross_entropy(scores(s), labels(s, -1)));
    REFUSE(spk_cross_entropy_with, WRONG_KIND, "cross_entropy|label 1 is", spk_cross_entropy(scores(s), labels(s, NAN)));
    REFUSE(spk_cross_entropy_with, WRONG_KIND, "cross_entropy|label 1 is inf", spk_cross_entropy(scores(s), labels(s, INFINITY)));
    REFUSE(spk_cross_entropy_with, WRONG_KIND, "cross_entropy|label 1 is 1e+30", spk_cross_entropy(scores(s), labels(s, 1e30)));
    REFUSE(spk_cross_entropy_with, OUT_OF_DOMAIN, "cross_entropy|label_smoothing",
           spk_cross_entropy(scores(s), s->labels, .label_smoothing = 1.5));
    REFUSE(spk_cross_entropy_with, OUT_OF_DOMAIN, "cross_entropy|label_smoothing",
           spk_cross_entropy(scores(s), s->labels, .label_smoothing = NAN));
    IGNORE(spk_mse, NULL_ARGUMENT, spk_mse(NULL, NULL));
    REFUSE(spk_mse, NULL_ARGUMENT, "mse|a tensor is NULL", spk_mse(NULL, s->x));
    REFUSE(spk_mse, NULL_ARGUMENT, "mse|a tensor is NULL", spk_mse(s->x, NULL));
    REFUSE(spk_mse, FOREIGN, "mse|another context", spk_mse(s->x, s->other->x));
    REFUSE(spk_mse, ENDED, "mse|freed when step", spk_mse(s->x, s->ended));
    REFUSE(spk_mse, WRONG_SHAPE, "mse|x is [4, 6], the target [6]", spk_mse(s->x, s->vector));
    REFUSE(spk_mse, WRONG_SHAPE, "mse|empty", spk_mse(EMPTY(0, 3), EMPTY(0, 3)));
}

Test(misuse_ops, regularisation) {
    IGNORE(spk_dropout_with, NULL_ARGUMENT, spk_dropout(NULL));
    REFUSE(spk_dropout_with, ENDED, "dropout|freed when step", spk_dropout(s->ended));
    REFUSE(spk_dropout_with, OUT_OF_DOMAIN, "dropout|p is -0.1", spk_dropout(s->x, .p = -0.1));
    REFUSE(spk_dropout_with, OUT_OF_DOMAIN, "dropout|p is 1.5", spk_dropout(s->x, .p = 1.5));
    REFUSE(spk_dropout_with, OUT_OF_DOMAIN, "dropout|from 0 to 1", spk_dropout(s->x, .p = NAN));
    REFUSE(spk_dropout_with, OUT_OF_DOMAIN, "dropout|T = 0", spk_dropout(s->x, .T = 0));
    REFUSE(spk_dropout_with, WRONG_SHAPE, "dropout|T = 3 does not divide", spk_dropout(s->x, .T = 3));
    REFUSE(spk_dropout_with, TOO_LARGE, "dropout|does not divide", spk_dropout(s->x, .T = INT64_MAX));
    IGNORE(spk_batch_norm_with, NULL_ARGUMENT, spk_batch_norm(NULL, NULL, NULL));
    REFUSE(spk_batch_norm_with, NULL_ARGUMENT, "batch_norm|a tensor is NULL", spk_batch_norm(NULL, s->vector, NULL));
    ALLOW(spk_batch_norm_with, NULL_ARGUMENT, spk_batch_norm(s->x, NULL, s->vector));
    ALLOW(spk_batch_norm_with, NULL_ARGUMENT, spk_batch_norm(s->x, s->vector, NULL));
    REFUSE(spk_batch_norm_with, NULL_ARGUMENT, "batch_norm|give both, or none",
           spk_batch_norm(s->x, NULL, NULL, .running_mean = s->vector));
    REFUSE(spk_batch_norm_with, NULL_ARGUMENT, "batch_norm|give both, or none", spk_batch_norm(s->x, NULL, NULL, .running_var = s->vector));
    REFUSE(spk_batch_norm_with, FOREIGN, "batch_norm|another context", spk_batch_norm(s->x, s->other->vector, NULL));
    REFUSE(spk_batch_norm_with, FOREIGN, "batch_norm|another context", spk_batch_norm(s->x, NULL, s->other->vector));
    REFUSE(spk_batch_norm_with, FOREIGN, "batch_norm|the running mean [6] belongs to another context",
           spk_batch_norm(s->x, NULL, NULL, .running_mean = s->other->vector, .running_var = s->vector));
    REFUSE(spk_batch_norm_with, FOREIGN, "batch_norm|the running variance [6] belongs to another context",
           spk_batch_norm(s->x, NULL, NULL, .running_mean = s->vector, .running_var = s->other->vector));
    REFUSE(spk_batch_norm_with, ENDED, "batch_norm|freed when step", spk_batch_norm(s->ended, NULL, NULL));
    REFUSE(spk_batch_norm_with, ENDED, "batch_norm|ends with its step",
           spk_batch_norm(s->x, NULL, NULL, .running_mean = s->ended, .running_var = s->vector));
    REFUSE(spk_batch_norm_with, DESTROYED, "batch_norm|was destroyed",
           spk_batch_norm(s->x, NULL, NULL, .running_mean = s->vector, .running_var = destroyed(s)));
    REFUSE(spk_batch_norm_with, WRONG_SHAPE, "batch_norm|it must be [N, channels]", spk_batch_norm(s->vector, NULL, NULL));
    REFUSE(spk_batch_norm_with, WRONG_SHAPE, "batch_norm|the weight is [2]; for x [4, 6] it must be [6]",
           spk_batch_norm(s->x, s->labels, NULL));
    REFUSE(spk_batch_norm_with, WRONG_SHAPE, "batch_norm|at least 2 rows", spk_batch_norm(spk_slice(s->x, 0, 1), NULL, NULL));
    REFUSE(spk_batch_norm_with, OUT_OF_DOMAIN, "batch_norm|eps is -1", spk_batch_norm(s->x, NULL, NULL, .eps = -1));
    REFUSE(spk_batch_norm_with, OUT_OF_DOMAIN, "batch_norm|eps", spk_batch_norm(s->x, NULL, NULL, .eps = NAN));
    REFUSE(spk_batch_norm_with, OUT_OF_DOMAIN, "batch_norm|momentum is 2", spk_batch_norm(s->x, NULL, NULL, .momentum = 2));
    REFUSE(spk_batch_norm_with, OUT_OF_DOMAIN, "batch_norm|momentum", spk_batch_norm(s->x, NULL, NULL, .momentum = NAN));
}

Test(misuse_ops, table) {
    int count = 0;
    ALLOW(spk_autograd_ops, NULL_ARGUMENT, spk_autograd_ops(NULL));
    cr_assert(spk_autograd_ops(&count) && count > 20);
}
