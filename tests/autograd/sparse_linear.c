/* linear on bits, on numbers with many zeros and on repeated rows: both roads against a naive product, forward and backward. */
#include "../core/sparse_support.h"

typedef enum storage_kind { BITS, SCALED_BITS, NUMBERS, REPEATED, KINDS } storage_kind;
static const char *const kind_names[] = {"bits", "bits after dropout", "numbers", "repeated rows"};
enum { T = 3 };

typedef struct config {
    storage_kind kind;
    int64_t rows, in, out;
    double density;
    bool bias;
} config;

static const char *text_of(const config *c, spk_road road) {
    static char text[200];
    snprintf(text, sizeof text, "%s [%lld, %lld] of density %g, %lld outputs, bias %d, road %d", kind_names[c->kind], (long long)c->rows,
             (long long)c->in, c->density, (long long)c->out, c->bias, (int)road);
    return text;
}

typedef struct problem {
    spk_ctx *ctx;
    spk_tensor *x, *weight, *bias, *r; /* loss = sum of y r */
} problem;

/* x is a leaf of zeros and ones, or of zeros and other numbers. */
static spk_tensor *leaf_of(spk_ctx *ctx, const config *c, int64_t rows) {
    pattern p = pattern_of(ctx, rows, c->in, c->density, true);
    for (int64_t i = 0; c->kind < NUMBERS && i < rows * c->in; i++) p.numbers[i] = p.numbers[i] != 0;
    spk_tensor *x = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(rows, c->in), p.numbers), true);
    pattern_done(&p);
    return x;
}

static problem problem_of(const config *c) {
    spk_ctx *ctx = spacious(1);
    const int64_t shown = c->kind == REPEATED ? T * c->rows : c->rows;
    return (problem){ctx, leaf_of(ctx, c, c->rows), parameter(ctx, SPK_SHAPE(c->in, c->out)),
                     c->bias ? parameter(ctx, SPK_SHAPE(c->out)) : NULL, uniform(ctx, SPK_SHAPE(shown, c->out), -1, 1)};
}

/* What linear reads. Dropout draws the same mask on each road. */
static spk_tensor *input_of(const problem *p, const config *c) {
    if (c->kind == NUMBERS) return p->x;
    if (c->kind == REPEATED) return spk_repeat_over_time(p->x, T);
    spk_seed(p->ctx, 9);
    return c->kind == BITS ? spk_bits(p->x) : spk_dropout(spk_bits(p->x), .p = 0.25);
}

typedef struct outcome {
    spk_tensor *x, *y, *gx, *gw, *gb;
} outcome;

static spk_tensor *kept_grad(spk_tensor *x) {
    if (!x) return NULL;
    spk_tensor *g = spk_grad(x) ? spk_keep(spk_grad(x)) : NULL;
    spk_clear_grad(x);
    return g;
}

static outcome run(const problem *p, const config *c, spk_road road) {
    const spk_road_counts before = spk_roads_taken(p->ctx);
    spk_set_road(p->ctx, road);
    spk_tensor *x = input_of(p, c), *y = spk_linear(x, p->weight, p->bias);
    cr_assert_eq(spk_tensor_storage(x), c->kind == NUMBERS ? SPK_DENSE : c->kind == REPEATED ? SPK_REPEATED : SPK_BITS, "storage");
    cr_assert(spk_backward(spk_sum(spk_multiply(y, p->r))), "%s: %s", text_of(c, road), spk_error(p->ctx));
    const spk_road_counts now = spk_roads_taken(p->ctx);
    cr_assert_eq(now.sparse - before.sparse, road == SPK_ROAD_SPARSE ? 2 : 0, "%s: counted %lld", text_of(c, road),
                 (long long)(now.sparse - before.sparse));
    cr_assert_eq(now.dense - before.dense, road == SPK_ROAD_DENSE ? 2 : 0, "%s: counted %lld", text_of(c, road),
                 (long long)(now.dense - before.dense));
    const outcome o = {spk_keep(x), spk_keep(y), kept_grad(p->x), kept_grad(p->weight), kept_grad(p->bias)};
    assert_fine(p->ctx, text_of(c, road));
    spk_end_step(p->ctx);
    return o;
}

/* Each number against a sum in double. Gradients with respect to x are those of what linear reads; dropout scales and masks them. */
static void assert_naive(const problem *p, const config *c, const outcome *o, spk_road road) {
    const char *name = text_of(c, road);
    const int64_t rows = spk_dim(o->x, 0), in = c->in, out = c->out;
    const spk_real *x = spk_data(o->x), *w = spk_data(p->weight), *r = spk_data(p->r), *leaf = spk_data(p->x);
    for (int64_t i = 0; i < rows * out; i++) {
        exact e = {0, 0};
        if (p->bias) add_term(&e, (double)spk_data(p->bias)[i % out]);
        for (int64_t k = 0; k < in; k++) add_term(&e, (double)x[i / out * in + k] * (double)w[k * out + i % out]);
        assert_rounded((double)spk_data(o->y)[i], e, name, i);
    }
    for (int64_t i = 0; i < in * out; i++) {
        exact e = {0, 0};
        for (int64_t k = 0; k < rows; k++) add_term(&e, (double)x[k * in + i / out] * (double)r[k * out + i % out]);
        assert_rounded((double)spk_data(o->gw)[i], e, name, i);
    }
    for (int64_t i = 0; p->bias && i < out; i++) {
        exact e = {0, 0};
        for (int64_t k = 0; k < rows; k++) add_term(&e, (double)r[k * out + i]);
        assert_rounded((double)spk_data(o->gb)[i], e, name, i);
    }
    for (int64_t i = 0; i < c->rows * in; i++) {
        exact e = {0, 0};
        const bool kept = c->kind != SCALED_BITS || x[i] != 0;
        if (!kept && leaf[i] == 0) continue; /* whether the mask kept it cannot be seen */
        for (int64_t row = i / in; kept && row < rows; row += c->rows)
            for (int64_t k = 0; k < out; k++) add_term(&e, (double)r[row * out + k] * (double)w[i % in * out + k]);
        if (c->kind == SCALED_BITS) e.sum /= 0.75, e.size /= 0.75;
        assert_rounded((double)spk_data(o->gx)[i], e, name, i);
    }
}

Test(sparse_linear, roads_agree_with_a_naive_product) {
    static const int64_t dims[][2] = {{1, 1}, {3, 64}, {20, 65}, {41, 127}, {270, 30}}, outs[] = {1, 10, 16, 17, 64, 70};
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
            for (int d = 0; d < DENSITIES; d++) {
                const config c = {.kind = (storage_kind)kind,
                                  .rows = dims[i][0],
                                  .in = dims[i][1],
                                  .density = densities[d],
                                  .out = outs[(i + (size_t)d * 5) % 6],
                                  .bias = (i + (size_t)d) % 2};
                const problem p = problem_of(&c);
                for (int road = SPK_ROAD_SPARSE; road <= SPK_ROAD_DENSE; road++) {
                    const outcome o = run(&p, &c, (spk_road)road);
                    assert_naive(&p, &c, &o, (spk_road)road);
                }
                spk_ctx_destroy(p.ctx);
            }
}

/* No rows, no inputs, no outputs: sums of nothing, on either road. */
Test(sparse_linear, empty) {
    static const int64_t dims[][3] = {{0, 5, 3}, {4, 0, 3}, {4, 5, 0}, {0, 0, 0}, {4, 0, 0}};
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        for (int m = 0; m < 6; m++) {
            const int road = m / 2;
            spk_ctx *ctx = spk_ctx_create(.seed = 1);
            spk_set_road(ctx, (spk_road)road);
            const int64_t rows = dims[i][0], in = dims[i][1], out = dims[i][2];
            spk_tensor *x = spk_set_requires_grad(spk_tensor_create(ctx, SPK_SHAPE(rows, in)), true);
            spk_tensor *weight = parameter(ctx, SPK_SHAPE(in, out)), *bias = parameter(ctx, SPK_SHAPE(out));
            spk_tensor *y = spk_linear(m % 2 ? spk_bits(x) : x, weight, bias);
            cr_assert(spk_backward(spk_sum(y)), "%s", spk_error(ctx));
            for (int64_t k = 0; k < rows * out; k++) cr_assert(spk_data(y)[k] == spk_data(bias)[k % out], "the bias alone");
            for (int64_t k = 0; k < in * out; k++) cr_assert(spk_data(spk_grad(weight))[k] == 0, "a sum of nothing");
            for (int64_t k = 0; k < rows * in; k++) cr_assert(spk_data(spk_grad(x))[k] == 0, "a sum over no outputs");
            for (int64_t k = 0; k < out; k++) cr_assert(spk_data(spk_grad(bias))[k] == (spk_real)rows, "the bias' gradient");
            assert_fine(ctx, "empty");
            spk_ctx_destroy(ctx);
        }
}

/* Two linears read the same bits, with weights of their own or one shared: gradients add up, on either road. */
Test(sparse_linear, fan_out) {
    for (int m = 0; m < 8; m++) {
        const bool shared = m & 1;
        const spk_road road = m & 2 ? SPK_ROAD_SPARSE : SPK_ROAD_DENSE;
        const config c = {.kind = m & 4 ? BITS : NUMBERS, .rows = 50, .in = 70, .out = shared ? 30 : 12, .density = 0.1, .bias = true};
        const problem p = problem_of(&c);
        spk_tensor *other = shared ? p.weight : parameter(p.ctx, SPK_SHAPE(70, 12)), *g[2][3];
        spk_set_road(p.ctx, road);
        for (int parts = 0; parts < 2; parts++) { /* in one backward, or in two that accumulate */
            spk_tensor *x = input_of(&p, &c), *one = spk_sum(spk_multiply(spk_linear(x, p.weight, p.bias), p.r)),
                       *two = spk_sum(spk_multiply(spk_linear(x, other, NULL), p.r));
            if (!parts) spk_backward(spk_add(one, spk_scale(two, 2)));
            else spk_backward(one, .retain = true), spk_backward(spk_scale(two, 2));
            assert_fine(p.ctx, "fan-out");
            g[parts][0] = kept_grad(p.x), g[parts][1] = kept_grad(p.weight), g[parts][2] = shared ? NULL : kept_grad(other);
            spk_end_step(p.ctx);
        }
        for (int k = 0; k < (shared ? 2 : 3); k++) assert_same(g[0][k], g[1][k], ROUNDING, text_of(&c, road));
        if (shared) { /* (1 + 2) times the gradient of one */
            const outcome o = run(&p, &c, road);
            assert_same(g[0][1], spk_scale(o.gw, 3), ROUNDING, "a shared weight");
            assert_same(g[0][0], spk_scale(o.gx, 3), ROUNDING, "its input");
        }
        spk_ctx_destroy(p.ctx);
    }
}

/* A weight or a bias that is stored as bits, or as repeated rows, is read as the numbers that it shows. */
Test(sparse_linear, weights_of_other_storages) {
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(4, 6), -1, 1), *ones = spk_set_requires_grad(zeros_and_ones(ctx, SPK_SHAPE(6, 70)), true);
    spk_tensor *row = parameter(ctx, SPK_SHAPE(2, 70)), *bias = spk_set_requires_grad(zeros_and_ones(ctx, SPK_SHAPE(70)), true), *g[4];
    spk_tensor *r = uniform(ctx, SPK_SHAPE(4, 70), -1, 1);
    for (int dense = 0; dense < 2; dense++) {
        spk_tensor *bits = spk_bits(ones), *repeated = spk_repeat_over_time(row, 3), *bias_bits = spk_bits(bias);
        if (dense) bits = spk_dense(bits), repeated = spk_dense(repeated), bias_bits = spk_dense(bias_bits);
        spk_tensor *y = spk_add(spk_linear(x, bits, bias_bits), spk_linear(x, repeated, spk_repeat_over_time(spk_slice(bias, 0, 35), 2)));
        spk_backward(spk_sum(spk_multiply(y, r)));
        assert_fine(ctx, "other storages");
        if (dense) assert_same(y, g[3], ROUNDING, "y");
        spk_tensor *const grads[] = {kept_grad(ones), kept_grad(row), kept_grad(bias), spk_keep(y)};
        for (int k = 0; k < 3 && dense; k++) assert_same(grads[k], g[k], ROUNDING, "gradient");
        memcpy(g, grads, sizeof g);
        spk_end_step(ctx);
    }
    spk_ctx_destroy(ctx);
}

#ifdef SPK_REAL_DOUBLE
static spk_tensor *linear_of(void *user, spk_tensor *const *inputs) {
    return spk_linear(user ? spk_bits(user) : inputs[0], inputs[1], inputs[2]);
}

/* An element that is zero is one no longer when the check moves it: the lists are made anew. */
Test(sparse_linear, gradcheck) {
    static const int64_t outs[] = {3, 16, 19};
    for (int m = 0; m < 12; m++) {
        const config c = {.kind = m & 1 ? BITS : NUMBERS, .rows = 7, .in = 13, .out = outs[m / 4], .density = 0.2, .bias = true};
        const problem p = problem_of(&c);
        spk_set_road(p.ctx, m & 2 ? SPK_ROAD_SPARSE : SPK_ROAD_DENSE);
        if (c.kind == BITS) spk_set_requires_grad(p.x, false);
        spk_tensor *const inputs[] = {p.x, p.weight, p.bias};
        const spk_gradcheck_report report = spk_gradcheck(linear_of, 3, inputs, .user = c.kind == BITS ? p.x : NULL);
        cr_assert(report.passed, "%s: error %g at input %d, element %lld", text_of(&c, (spk_road)(1 + (m & 2) / 2)), report.error,
                  report.input, (long long)report.element);
        assert_fine(p.ctx, "gradcheck");
        spk_ctx_destroy(p.ctx);
    }
}
#endif

Test(sparse_linear, the_choice_follows_the_density) {
    for (int m = 0; m < 12; m++) {
        const bool full = m & 1;
        const config c = {.kind = m / 4 == 0   ? BITS
                                  : m / 4 == 1 ? NUMBERS
                                               : REPEATED,
                          .rows = 128,
                          .in = 300,
                          .out = m & 2 ? 10 : 200,
                          .density = full ? 0.9 : 0.03};
        const problem p = problem_of(&c);
        spk_backward(spk_sum(spk_multiply(spk_linear(input_of(&p, &c), p.weight, NULL), p.r)));
        assert_fine(p.ctx, "auto");
        const spk_road_counts n = spk_roads_taken(p.ctx);
        cr_assert(n.sparse == (full ? 0 : 2) && n.dense == (full ? 2 : 0), "%s: %lld sparse, %lld dense", text_of(&c, SPK_ROAD_AUTO),
                  (long long)n.sparse, (long long)n.dense);
        spk_ctx_destroy(p.ctx);
    }
}
