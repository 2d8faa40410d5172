/* autograd/: calls of ops from outside and from within, the tape, gradient checks. */
#include "misuse.h"

/* An op that does in its infer, forward or backward what a row asks for; what it gave is in `result`. */
typedef struct probe {
    void (*infer)(spk_record *r, int64_t *result), (*forward)(spk_record *r, int64_t *result), (*backward)(spk_record *r, int64_t *result);
    bool leaves_output; /* infer is the row's, and sets no output by itself */
    int64_t *result;
} probe;

static bool infer(spk_record *r) {
    const probe *p = r->attributes;
    if (p->infer) p->infer(r, p->result);
    return p->leaves_output || spk_output(r, 0, spk_tensor_shape(r->in[0]));
}

static void forward(spk_record *r) {
    const probe *p = r->attributes;
    if (p->forward) p->forward(r, p->result);
    memset(spk_values(r->out[0]), 0, (size_t)spk_count(r->out[0]) * sizeof(spk_real));
}

static void backward(spk_record *r) {
    const probe *p = r->attributes;
    if (p->backward) p->backward(r, p->result);
    spk_real *to = spk_grad_to(r, 0);
    if (to) memset(to, 0, (size_t)spk_count(r->in[0]) * sizeof(spk_real));
}

static const spk_op probe_op = {.name = "probe",
                                .inputs = 2,
                                .attributes = sizeof(probe),
                                .outputs = 2,
                                .storages = SPK_BITS | SPK_REPEATED,
                                .optional_inputs = 2,
                                .infer = infer,
                                .forward = forward,
                                .backward = backward};

/* Each runs the op and gives what the functions called in it gave: `result |=` something where they should give nothing. */
static int64_t run(world *s, probe p) {
    int64_t result = 0;
    p.result = &result;
    spk_tensor *y = spk_apply(&probe_op, &p, s->leaf, s->vector);
    if (p.backward) spk_backward(y, .gradient = s->x);
    return result;
}
#define IN_INFER(...) run(s, (probe){.infer = __VA_ARGS__, .leaves_output = true})
#define IN_FORWARD(...) run(s, (probe){.forward = __VA_ARGS__})
#define IN_BACKWARD(...) run(s, (probe){.backward = __VA_ARGS__})
#define WITHIN(name, ...) \
    static void name(spk_record *r, int64_t *result) { *result |= (int64_t)(__VA_ARGS__); }

WITHIN(output_2, spk_output(r, 2, SPK_SHAPE(1)))
WITHIN(output_negative, spk_output(r, -1, SPK_SHAPE(1)))
WITHIN(output_many, spk_output(r, INT32_MAX, SPK_SHAPE(1)))
WITHIN(output_large, spk_output(r, 0, SPK_SHAPE((int64_t)1 << 40, (int64_t)1 << 40)))
WITHIN(output_no_shape, spk_output(r, 0, SPK_SHAPE(-1)))
WITHIN(output_without_memory, spk_output(r, 0, SPK_SHAPE((int64_t)1 << 55)))
WITHIN(view_2, spk_output_view(r, 2, SPK_SHAPE(1), 0, 0))
WITHIN(view_input_2, spk_output_view(r, 0, SPK_SHAPE(1), 2, 0))
WITHIN(view_input_negative, spk_output_view(r, 0, SPK_SHAPE(1), -1, 0))
WITHIN(view_past_end, spk_output_view(r, 0, SPK_SHAPE(20), 0, 5))
WITHIN(view_before_begin, spk_output_view(r, 0, SPK_SHAPE(20), 0, -1))
WITHIN(view_large, spk_output_view(r, 0, SPK_SHAPE(20), 0, INT64_MAX))
WITHIN(repeated_2, spk_output_repeated(r, 2, SPK_SHAPE(4), 2))
WITHIN(repeated_0, spk_output_repeated(r, 0, SPK_SHAPE(4), 0))
WITHIN(repeated_3, spk_output_repeated(r, 0, SPK_SHAPE(4), 3))
WITHIN(repeated_scalar, spk_output_repeated(r, 0, SPK_SCALAR, 2))
WITHIN(bits_2, spk_output_bits(r, 2, SPK_SHAPE(4), 4, 1))
WITHIN(bits_row_0, spk_output_bits(r, 0, SPK_SHAPE(4), 0, 1))
WITHIN(bits_row_3, spk_output_bits(r, 0, SPK_SHAPE(4), 3, 1))
WITHIN(bits_row_negative, spk_output_bits(r, 0, SPK_SHAPE(4), -4, 1))
WITHIN(no_output, !r)
WITHIN(wanted_out_of_range, spk_wanted(r, 2) || spk_wanted(r, -1) || spk_wanted(r, 64) || spk_wanted(r, INT32_MAX))

Test(misuse_tape, in_infer) {
    IGNORE(spk_output, NULL_ARGUMENT, spk_output(NULL, 0, SPK_SCALAR));
    REFUSE(spk_output, OUT_OF_DOMAIN, "probe|no output 2; the op has 2", IN_INFER(output_2));
    REFUSE(spk_output, OUT_OF_DOMAIN, "probe|no output -1", IN_INFER(output_negative));
    REFUSE(spk_output, OUT_OF_DOMAIN, "probe|no output 2147483647", IN_INFER(output_many));
    REFUSE(spk_output, OUT_OF_DOMAIN, "probe|more elements", IN_INFER(output_no_shape));
    REFUSE(spk_output, TOO_LARGE, "probe|more elements than memory can hold", IN_INFER(output_large));
    REFUSE(spk_output, TOO_LARGE, "probe|no memory", IN_INFER(output_without_memory));
    REFUSE(spk_output, WRONG_KIND, "probe|infer has not set output 0", IN_INFER(no_output));
    IGNORE(spk_output_view, NULL_ARGUMENT, spk_output_view(NULL, 0, SPK_SCALAR, 0, 0));
    REFUSE(spk_output_view, OUT_OF_DOMAIN, "probe|no output 2", IN_INFER(view_2));
    REFUSE(spk_output_view, OUT_OF_DOMAIN, "probe|cannot show input 2", IN_INFER(view_input_2));
    REFUSE(spk_output_view, OUT_OF_DOMAIN, "probe|cannot show input -1", IN_INFER(view_input_negative));
    REFUSE(spk_output_view, WRONG_SHAPE, "probe|[20] cannot show input 0 from element 5 on", IN_INFER(view_past_end));
    REFUSE(spk_output_view, OUT_OF_DOMAIN, "probe|from element -1", IN_INFER(view_before_begin));
    REFUSE(spk_output_view, TOO_LARGE, "probe|cannot show input 0", IN_INFER(view_large));
    IGNORE(spk_output_repeated, NULL_ARGUMENT, spk_output_repeated(NULL, 0, SPK_SCALAR, 1));
    REFUSE(spk_output_repeated, OUT_OF_DOMAIN, "probe|no output 2", IN_INFER(repeated_2));
    REFUSE(spk_output_repeated, OUT_OF_DOMAIN, "probe|0 times the same rows", IN_INFER(repeated_0));
    REFUSE(spk_output_repeated, WRONG_SHAPE, "probe|[4] is not 3 times the same rows", IN_INFER(repeated_3));
    REFUSE(spk_output_repeated, WRONG_SHAPE, "probe|2 times the same rows", IN_INFER(repeated_scalar));
    IGNORE(spk_output_bits, NULL_ARGUMENT, spk_output_bits(NULL, 0, SPK_SCALAR, 1, 1));
    REFUSE(spk_output_bits, OUT_OF_DOMAIN, "probe|no output 2", IN_INFER(bits_2));
    REFUSE(spk_output_bits, OUT_OF_DOMAIN, "probe|rows of 0 elements", IN_INFER(bits_row_0));
    REFUSE(spk_output_bits, WRONG_SHAPE, "probe|[4] is not made of rows of 3 elements", IN_INFER(bits_row_3));
    REFUSE(spk_output_bits, OUT_OF_DOMAIN, "probe|rows of -4 elements", IN_INFER(bits_row_negative));
    IGNORE(spk_wanted, NULL_ARGUMENT, spk_wanted(NULL, 0));
    IGNORE(spk_wanted, OUT_OF_DOMAIN, run(s, (probe){.infer = wanted_out_of_range}));
}

WITHIN(fail_without_format, spk_op_fail(r, r ? NULL : ""))
WITHIN(save_all, spk_save_for_backward(r, SIZE_MAX) != NULL)
WITHIN(save_half, spk_save_for_backward(r, SIZE_MAX / 2) != NULL)
WITHIN(scratch_all, spk_scratch(r, SIZE_MAX) != NULL)
WITHIN(scratch_nearly_all, spk_scratch(r, SIZE_MAX - 70) != NULL)

static void done_with_nothing(spk_record *r, int64_t *result) {
    (void)result;
    spk_scratch_done(r, NULL, 100);
    spk_scratch_done(r, NULL, SIZE_MAX);
}

Test(misuse_tape, in_forward) {
    IGNORE(spk_op_fail, NULL_ARGUMENT, spk_op_fail(NULL, "%s", "text"));
    REFUSE(spk_op_fail, NULL_ARGUMENT, "probe|the format is NULL", IN_FORWARD(fail_without_format));
    IGNORE(spk_is_recorded, NULL_ARGUMENT, spk_is_recorded(NULL));
    IGNORE(spk_values, NULL_ARGUMENT, spk_values(NULL));
    REFUSE(spk_values, WRONG_KIND, "spk_values|stored as bits", spk_values(spk_bits(s->bits)));
    REFUSE(spk_values, ENDED, "spk_values|freed when step", spk_values(s->ended));
    IGNORE(spk_count, NULL_ARGUMENT, spk_count(NULL));
    ALLOW(spk_count, ENDED, spk_count(s->ended));
    IGNORE(spk_save_for_backward, NULL_ARGUMENT, spk_save_for_backward(NULL, 10));
    REFUSE(spk_save_for_backward, TOO_LARGE, "probe|no memory", IN_FORWARD(save_all));
    REFUSE(spk_save_for_backward, TOO_LARGE, "probe|no memory", IN_FORWARD(save_half));
    IGNORE(spk_scratch, NULL_ARGUMENT, spk_scratch(NULL, 10));
    REFUSE(spk_scratch, TOO_LARGE, "probe|no memory", IN_FORWARD(scratch_all));
    REFUSE(spk_scratch, TOO_LARGE, "probe|no memory", IN_FORWARD(scratch_nearly_all));
    IGNORE_VOID(spk_scratch_done, NULL_ARGUMENT, spk_scratch_done(NULL, NULL, 10));
    IGNORE(spk_scratch_done, NULL_ARGUMENT, IN_FORWARD(done_with_nothing));
}

/* The op's other input is [6]; a weight that would fit is [outputs of it, 6]. */
static spk_tensor *weight_of(spk_record *r, spk_shape shape) { return spk_full(spk_tensor_ctx(r->in[0]), shape, 1); }

static const spk_real numbers[2] = {1, 2};
WITHIN(check_without_name, spk_check_finite(r, NULL, SPK_SHAPE(2), numbers))
WITHIN(check_without_numbers, spk_check_finite(r, "numbers", SPK_SHAPE(2), NULL))
WITHIN(check_without_shape, spk_check_finite(r, "numbers", SPK_SHAPE(-2), numbers))

Test(misuse_tape, anomalies) {
    IGNORE(spk_detect_anomaly, NULL_ARGUMENT, spk_detect_anomaly(NULL, true));
    IGNORE(spk_detects_anomaly, NULL_ARGUMENT, spk_detects_anomaly(NULL));
    IGNORE(spk_check_finite, NULL_ARGUMENT, spk_check_finite(NULL, "numbers", SPK_SHAPE(2), numbers));
    REFUSE(spk_check_finite, NULL_ARGUMENT, "probe|spk_check_finite: the numbers, or their name, are NULL", IN_FORWARD(check_without_name));
    REFUSE(spk_check_finite, NULL_ARGUMENT, "probe|spk_check_finite: the numbers", IN_FORWARD(check_without_numbers));
    REFUSE(spk_check_finite, OUT_OF_DOMAIN, "probe|the shape is invalid", IN_FORWARD(check_without_shape));
}

WITHIN(grad_of_2, spk_grad_of(r, 2) != NULL)
WITHIN(grad_of_negative, spk_grad_of(r, -1) != NULL)
WITHIN(product_of_2, spk_grad_product_of(r, 2) != NULL)
WITHIN(grad_to_others, spk_grad_to(r, 2) || spk_grad_to(r, -1) || spk_grad_to(r, INT32_MIN) || spk_grad_to(r, 1))
WITHIN(grad_add_to_others, spk_grad_add_to(r, 2) || spk_grad_add_to(r, -1) || spk_grad_add_to(r, INT32_MAX) || spk_grad_add_to(r, 1))
WITHIN(uniform_others, spk_grad_uniform(r, 2, 1) || spk_grad_uniform(r, -1, 1) || spk_grad_uniform(r, 0, 1))
WITHIN(product_without_weight, spk_grad_product(r, 0, 0, NULL))
WITHIN(product_of_vector, spk_grad_product(r, 0, 0, weight_of(r, SPK_SHAPE(6))))
WITHIN(product_of_misfit, spk_grad_product(r, 0, 0, weight_of(r, SPK_SHAPE(7, 3))))
WITHIN(product_of_output_2, spk_grad_product(r, 2, 0, weight_of(r, SPK_SHAPE(6, 6))))
WITHIN(product_to_others, spk_grad_product(r, 0, 2, weight_of(r, SPK_SHAPE(6, 6))) || spk_grad_product(r, 0, -1, NULL))

static world *here;
WITHIN(product_of_foreign, spk_grad_product(r, 0, 0, here->other->matrix))
WITHIN(product_of_ended, spk_grad_product(r, 0, 0, here->ended))

static void pass_2(spk_record *r, int64_t *result) { (void)result, spk_grad_pass(r, 2, 0); }
static void pass_to_others(spk_record *r, int64_t *result) { (void)result, spk_grad_pass(r, 0, 2), spk_grad_pass(r, 0, -1); }

static bool sum_infer(spk_record *r) { return spk_output(r, 0, SPK_SCALAR); }
static void sum_forward(spk_record *r) { spk_values(r->out[0])[0] = 0; }
static void pass_misfit(spk_record *r) { spk_grad_pass(r, 0, 0); }
static const spk_op misfit_op = {.name = "misfit", .infer = sum_infer, .forward = sum_forward, .backward = pass_misfit};

Test(misuse_tape, in_backward) {
    IGNORE(spk_grad_of, NULL_ARGUMENT, spk_grad_of(NULL, 0));
    REFUSE(spk_grad_of, OUT_OF_DOMAIN, "probe|no output 2", IN_BACKWARD(grad_of_2));
    REFUSE(spk_grad_of, OUT_OF_DOMAIN, "probe|no output -1", IN_BACKWARD(grad_of_negative));
    IGNORE(spk_grad_to, NULL_ARGUMENT, spk_grad_to(NULL, 0));
    IGNORE(spk_grad_add_to, NULL_ARGUMENT, spk_grad_add_to(NULL, 0));
    IGNORE_VOID(spk_grad_pass, NULL_ARGUMENT, spk_grad_pass(NULL, 0, 0));
    REFUSE(spk_grad_pass, OUT_OF_DOMAIN, "probe|no output 2", IN_BACKWARD(pass_2));
    REFUSE(spk_grad_pass, WRONG_SHAPE, "misfit|the gradient of output 0, [], cannot be that of input 0, [4, 6]",
           spk_backward(spk_apply(&misfit_op, NULL, s->leaf)));
    IGNORE(spk_grad_product, NULL_ARGUMENT, spk_grad_product(NULL, 0, 0, s->matrix));
    REFUSE(spk_grad_product, NULL_ARGUMENT, "spk_grad_product|a tensor is NULL", IN_BACKWARD(product_without_weight));
    REFUSE(spk_grad_product, FOREIGN, "spk_grad_product|another context", (here = s, IN_BACKWARD(product_of_foreign)));
    REFUSE(spk_grad_product, ENDED, "spk_grad_product|freed when step", (here = s, IN_BACKWARD(product_of_ended)));
    REFUSE(spk_grad_product, WRONG_SHAPE, "probe|the weight [6] does not fit", IN_BACKWARD(product_of_vector));
    REFUSE(spk_grad_product, WRONG_SHAPE, "probe|the weight [7, 3] does not fit", IN_BACKWARD(product_of_misfit));
    REFUSE(spk_grad_product, OUT_OF_DOMAIN, "probe|no output 2", IN_BACKWARD(product_of_output_2));
    IGNORE(spk_grad_uniform, NULL_ARGUMENT, spk_grad_uniform(NULL, 0, 1));
    IGNORE(spk_grad_product_of, NULL_ARGUMENT, spk_grad_product_of(NULL, 0));
    REFUSE(spk_grad_product_of, OUT_OF_DOMAIN, "probe|no output 2", IN_BACKWARD(product_of_2));
}

/* Inputs that are not there get no gradient, and need none: no error, as documented. */
Test(misuse_tape, inputs_that_are_not_there) {
    world *s = misuse_begin("spk_grad_to", "inputs that are not there", __LINE__);
    cr_assert(!IN_BACKWARD(grad_to_others) && !IN_BACKWARD(grad_add_to_others) && !IN_BACKWARD(uniform_others));
    cr_assert(!IN_BACKWARD(product_to_others) && !IN_BACKWARD(pass_to_others));
    cr_assert(!spk_failed(s->ctx), "%s", spk_error(s->ctx));
    spk_ctx_destroy(s->ctx);
    spk_ctx_destroy(s->other->ctx);
}

static const spk_op no_infer_op = {.name = "no_infer"}, no_name_op = {.infer = infer},
                    many_outputs_op = {.name = "many", .outputs = 4, .infer = infer};

Test(misuse_tape, apply) {
    const probe p = {0};
    spk_tensor *outputs[SPK_MAX_OUTPUTS];
#define TWO(a, b) ((spk_tensor *const[]){(a), (b)})
    REFUSE(spk_apply_n, NULL_ARGUMENT, "spk_apply|the op is NULL", spk_apply_n(NULL, &p, 2, TWO(s->x, s->x), 1, outputs));
    REFUSE(spk_apply_n, NULL_ARGUMENT, "probe|the attributes are NULL", spk_apply_n(&probe_op, NULL, 2, TWO(s->x, s->x), 1, outputs));
    IGNORE(spk_apply_n, NULL_ARGUMENT, spk_apply_n(&probe_op, &p, 2, NULL, 1, outputs));
    IGNORE(spk_apply_n, NULL_ARGUMENT, spk_apply_n(&probe_op, &p, 2, TWO(NULL, NULL), 1, outputs));
    REFUSE(spk_apply_n, NULL_ARGUMENT, "probe|a tensor is NULL", spk_apply_n(&probe_op, &p, 2, TWO(NULL, s->x), 1, outputs));
    ALLOW(spk_apply_n, NULL_ARGUMENT, spk_apply_n(&probe_op, &p, 2, TWO(s->x, NULL), 1, NULL));
    IGNORE(spk_apply_n, OUT_OF_DOMAIN, spk_apply_n(&probe_op, &p, 0, TWO(s->x, s->x), 1, outputs));
    IGNORE(spk_apply_n, OUT_OF_DOMAIN, spk_apply_n(&probe_op, &p, -1, TWO(s->x, s->x), 1, outputs));
    REFUSE(spk_apply_n, OUT_OF_DOMAIN, "probe|1 inputs are given; the op takes 2",
           spk_apply_n(&probe_op, &p, 1, TWO(s->x, s->x), 1, outputs));
    REFUSE(spk_apply_n, OUT_OF_DOMAIN, "probe|an output is wanted past the op's 2",
           spk_apply_n(&probe_op, &p, 2, TWO(s->x, s->x), 4, outputs));
    REFUSE(spk_apply_n, WRONG_KIND, "probe|infer has not set output 1", spk_apply_n(&probe_op, &p, 2, TWO(s->x, s->x), 2, outputs));
    REFUSE(spk_apply_n, WRONG_KIND, "spk_apply|without a name or an infer", spk_apply(&no_infer_op, NULL, s->x));
    REFUSE(spk_apply_n, WRONG_KIND, "spk_apply|without a name or an infer", spk_apply(&no_name_op, NULL, s->x));
    REFUSE(spk_apply_n, TOO_LARGE, "many|at most 3", spk_apply(&many_outputs_op, NULL, s->x));
    REFUSE(spk_apply_n, FOREIGN, "probe|another context", spk_apply_n(&probe_op, &p, 2, TWO(s->x, s->other->x), 1, outputs));
    REFUSE(spk_apply_n, ENDED, "probe|freed when step", spk_apply_n(&probe_op, &p, 2, TWO(s->x, s->ended), 1, outputs));
}

/* Every op of the library refuses another number of inputs than it takes; those that take any number say so. */
Test(misuse_tape, numbers_of_inputs) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = uniform(ctx, SPK_SHAPE(4, 6), 0, 1), *many[] = {x, x, x, x, x, x, x, x};
    const char attributes[512] = {0};
    for (int table = 0; table < 2; table++) {
        int count = 0;
        const spk_op *const *ops = table ? spk_neuron_ops(&count) : spk_autograd_ops(&count);
        for (int i = 0; i < count; i++) {
            cr_assert(ops[i]->inputs >= 1 || strcmp(ops[i]->name, "concat") == 0, "%s does not say how many inputs it takes", ops[i]->name);
            if (!ops[i]->inputs) continue;
            assert_inert(spk_apply_n(ops[i], attributes, ops[i]->inputs + 1, many, 1, NULL), ops[i]->name);
            assert_error(ctx, ops[i]->name, ops[i]->name, "inputs are given; the op takes");
            if (ops[i]->inputs < 2) continue;
            assert_inert(spk_apply_n(ops[i], attributes, ops[i]->inputs - 1, many, 1, NULL), ops[i]->name);
            assert_error(ctx, ops[i]->name, ops[i]->name, "inputs are given; the op takes");
        }
    }
    spk_ctx_destroy(ctx);
}

static void no_hook(spk_tensor *x, int64_t n, spk_real *gradient, void *user) { (void)x, (void)n, (void)gradient, (void)user; }

Test(misuse_tape, tape) {
    IGNORE(spk_requires_grad, NULL_ARGUMENT, spk_requires_grad(NULL));
    ALLOW(spk_requires_grad, ENDED, spk_requires_grad(s->ended));
    IGNORE(spk_set_requires_grad, NULL_ARGUMENT, spk_set_requires_grad(NULL, true));
    REFUSE(spk_set_requires_grad, ENDED, "spk_set_requires_grad|freed when step", spk_set_requires_grad(s->ended, true));
    REFUSE(spk_set_requires_grad, WRONG_KIND, "spk_set_requires_grad|only persistent", spk_set_requires_grad(spk_scale(s->x, 1), true));
    IGNORE(spk_retain_grad, NULL_ARGUMENT, spk_retain_grad(NULL));
    REFUSE(spk_retain_grad, ENDED, "spk_retain_grad|freed when step", spk_retain_grad(s->ended));
    REFUSE(spk_retain_grad, WRONG_KIND, "spk_retain_grad|does not depend", spk_retain_grad(s->x));
    IGNORE(spk_backward_with, NULL_ARGUMENT, spk_backward(NULL));
    REFUSE(spk_backward_with, NULL_ARGUMENT, "spk_backward|pass .gradient", spk_backward(spk_scale(s->leaf, 1)));
    REFUSE(spk_backward_with, ENDED, "spk_backward|freed when step", spk_backward(s->ended));
    REFUSE(spk_backward_with, ENDED, "spk_backward|freed when step", spk_backward(spk_scale(s->leaf, 1), .gradient = s->ended));
    REFUSE(spk_backward_with, FOREIGN, "spk_backward|another context", spk_backward(spk_scale(s->leaf, 1), .gradient = s->other->x));
    REFUSE(spk_backward_with, WRONG_SHAPE, "spk_backward|[6], the tensor [4, 6]",
           spk_backward(spk_scale(s->leaf, 1), .gradient = s->vector));
    REFUSE(spk_backward_with, WRONG_KIND, "spk_backward|does not depend", spk_backward(spk_sum(s->x)));
    IGNORE(spk_grad, NULL_ARGUMENT, spk_grad(NULL));
    IGNORE(spk_grad, ENDED, spk_grad(s->ended));
    IGNORE_VOID(spk_clear_grad, NULL_ARGUMENT, spk_clear_grad(NULL));
    REFUSE_VOID(spk_clear_grad, ENDED, "spk_clear_grad|freed when step", spk_clear_grad(s->ended));
    ALLOW(spk_set_grad_enabled, NULL_ARGUMENT, spk_set_grad_enabled(NULL, true));
    IGNORE(spk_grad_enabled, NULL_ARGUMENT, spk_grad_enabled(NULL));
    IGNORE_VOID(spk_add_grad_hook, NULL_ARGUMENT, spk_add_grad_hook(NULL, no_hook, NULL));
    REFUSE_VOID(spk_add_grad_hook, NULL_ARGUMENT, "spk_add_grad_hook|the hook is NULL", spk_add_grad_hook(s->leaf, NULL, NULL));
    ALLOW_VOID(spk_add_grad_hook, NULL_ARGUMENT, spk_add_grad_hook(spk_scale(s->leaf, 1), no_hook, NULL));
    REFUSE_VOID(spk_add_grad_hook, ENDED, "spk_add_grad_hook|freed when step", spk_add_grad_hook(s->ended, no_hook, NULL));
    REFUSE_VOID(spk_add_grad_hook, WRONG_KIND, "spk_add_grad_hook|does not require", spk_add_grad_hook(s->x, no_hook, NULL));
}

/* What a step has computed from a tensor stays right when the tensor is destroyed within the step; its memory goes when the step ends. */
Test(misuse_tape, backward_over_a_destroyed_leaf) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *w = parameter(ctx, SPK_SHAPE(1000));
    spk_end_step(ctx);
    const size_t before = spk_memory_use(ctx).held;
    for (int i = 0; i < 3; i++) {
        spk_tensor *x = parameter(ctx, SPK_SHAPE(1000)), *y = spk_sum(spk_multiply(x, w));
        spk_tensor *kept = spk_keep(x);
        spk_tensor_destroy(x);
        spk_tensor_destroy(x); /* again, within the step */
        cr_assert(spk_backward(y), "%s", spk_error(ctx));
        assert_near(1000, spk_data(spk_grad(w)), spk_data(kept), ROUNDING, "the gradient of what is left");
        spk_clear_grad(w);
        spk_tensor_destroy(kept);
        spk_end_step(ctx);
    }
    const size_t now = spk_memory_use(ctx).held;
    cr_assert(now < before + 1000 * sizeof(spk_real) + (1 << 18), "%zu bytes before, %zu now", before, now);
    spk_ctx_destroy(ctx);
}

static spk_tensor *square(void *user, spk_tensor *const *inputs) { return (void)user, spk_multiply(inputs[0], inputs[0]); }
static spk_tensor *null_function(void *user, spk_tensor *const *inputs) { return (void)user, (void)inputs, NULL; }
static spk_tensor *wrong_function(void *user, spk_tensor *const *inputs) { return (void)inputs, spk_add(inputs[0], user); }
static spk_tensor *foreign_function(void *user, spk_tensor *const *inputs) { return (void)inputs, user; }

/* Fails at the n-th call. */
static int calls;
static spk_tensor *failing_function(void *user, spk_tensor *const *inputs) {
    return spk_add(inputs[0], --calls ? inputs[0] : (spk_tensor *)user);
}

#define CHECKED(...) spk_gradcheck(__VA_ARGS__).passed
#define ONE(x) ((spk_tensor *const[]){(x)})

Test(misuse_tape, gradcheck) {
    REFUSE(spk_gradcheck_with, NULL_ARGUMENT, "spk_gradcheck|the function is NULL", CHECKED(NULL, 1, ONE(s->leaf)));
    IGNORE(spk_gradcheck_with, NULL_ARGUMENT, CHECKED(square, 1, NULL));
    IGNORE(spk_gradcheck_with, NULL_ARGUMENT, CHECKED(square, 1, ONE(NULL)));
    IGNORE(spk_gradcheck_with, OUT_OF_DOMAIN, CHECKED(square, -1, ONE(s->leaf)));
    REFUSE(spk_gradcheck_with, OUT_OF_DOMAIN, "spk_gradcheck|eps is 0", CHECKED(square, 1, ONE(s->leaf), .eps = 0));
    REFUSE(spk_gradcheck_with, OUT_OF_DOMAIN, "spk_gradcheck|eps", CHECKED(square, 1, ONE(s->leaf), .eps = NAN));
    REFUSE(spk_gradcheck_with, OUT_OF_DOMAIN, "spk_gradcheck|tolerance", CHECKED(square, 1, ONE(s->leaf), .tolerance = NAN));
    if (sizeof(spk_real) == sizeof(float)) {
        REFUSE(spk_gradcheck_with, WRONG_KIND, "spk_gradcheck|double precision", CHECKED(square, 1, ONE(s->leaf)));
        return;
    }
    REFUSE(spk_gradcheck_with, NULL_ARGUMENT, "spk_gradcheck|a tensor is NULL", CHECKED(square, 2, ((spk_tensor *const[]){s->leaf, NULL})));
    REFUSE(spk_gradcheck_with, ENDED, "spk_gradcheck|freed when step", CHECKED(square, 1, ONE(s->ended)));
    REFUSE(spk_gradcheck_with, WRONG_KIND, "spk_gradcheck|op's result", CHECKED(square, 1, ONE(spk_scale(s->leaf, 1))));
    REFUSE(spk_gradcheck_with, FOREIGN, "spk_gradcheck|another context",
           CHECKED(square, 2, ((spk_tensor *const[]){s->leaf, s->other->leaf})));
    REFUSE(spk_gradcheck_with, WRONG_KIND, "spk_gradcheck|result): a tensor is NULL", CHECKED(null_function, 1, ONE(s->leaf)));
    REFUSE(spk_gradcheck_with, FOREIGN, "spk_gradcheck|another context", CHECKED(foreign_function, 1, ONE(s->leaf), .user = s->other->x));
    REFUSE(spk_gradcheck_with, WRONG_SHAPE, "add|do not broadcast", CHECKED(wrong_function, 1, ONE(s->leaf), .user = s->matrix));
    /* At each call: the weights, backward, then two for each of the 24 elements; the inputs are put back. */
    for (int at = 1; at <= 2 + 48; at++)
        REFUSE(spk_gradcheck_with, WRONG_SHAPE, "add|do not broadcast",
               (calls = at, CHECKED(failing_function, 1, ONE(s->leaf), .user = s->matrix)));
}

Test(misuse_tape, drawing) {
    IGNORE(spk_tape_dot_with, NULL_ARGUMENT, spk_tape_dot(NULL));
    REFUSE(spk_tape_dot_with, ENDED, "spk_tape_dot|freed when step", spk_tape_dot(s->ended));
    REFUSE(spk_tape_dot_with, WRONG_KIND, "spk_tape_dot|inert result", spk_tape_dot(s->inert));
    REFUSE(spk_tape_dot_with, OUT_OF_DOMAIN, "spk_tape_dot|.most is 0", spk_tape_dot(s->leaf, .most = 0));
    REFUSE(spk_tape_dot_with, OUT_OF_DOMAIN, "spk_tape_dot|.most is 1001", spk_tape_dot(s->leaf, .most = 1001));
    ALLOW(spk_tape_dot_with, WRONG_SHAPE, spk_tape_dot(spk_full(s->ctx, SPK_SHAPE(0), 1)));
    IGNORE(spk_tape_svg_with, NULL_ARGUMENT, spk_tape_svg(NULL));
    REFUSE(spk_tape_svg_with, ENDED, "spk_tape_svg|freed when step", spk_tape_svg(s->ended));
    REFUSE(spk_tape_svg_with, WRONG_KIND, "spk_tape_svg|inert result", spk_tape_svg(s->inert));
    REFUSE(spk_tape_svg_with, OUT_OF_DOMAIN, "spk_tape_svg|.most is -1", spk_tape_svg(s->leaf, .most = -1));
    ALLOW(spk_tape_svg_with, WRONG_KIND, spk_tape_svg(s->x));
}
