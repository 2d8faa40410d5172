/* The gradient of spikes that comes as a product of two matrices and is multiplied out in the neuron's adjoint, for all neurons or only for
 * those near their threshold: the same gradients as where it is computed for all spikes by BLAS. */
#include "product_support.h"

/* Every variant against the reference. Returns the firing rate. */
static double check(const config *c) {
    const problem p = problem_of(c);
    spk_module *dense = neuron_of(p.ctx, c, false), *bits = neuron_of(p.ctx, c, true);
    const outcome wanted = run_net(&p, c, dense, REFERENCE, 1);
    cr_assert(wanted.grad[X] && wanted.grad[V0] && wanted.grad[WEIGHT], "%s: gradients are missing", text_of(c, REFERENCE));
    for (int v = PLAIN; v < VARIANTS; v++) {
        const outcome got = run_net(&p, c, bits, (variant)v, 1);
        assert_outcome(&got, &wanted, 1, text_of(c, (variant)v));
    }
    spk_ctx_destroy(p.ctx);
    return wanted.rate;
}

static const struct {
    const char *name;
    double alpha;
} surrogates[] = {{"piecewise_quadratic", 1}, {"rect", 1}, {"piecewise_quadratic", 7}, {"rect", 3}, {"atan", 2}, {"sigmoid", 4}};
enum { SURROGATES = sizeof surrogates / sizeof *surrogates };
static const int64_t outs[] = {1, 10, 16, 17, 40, 130}, steps[] = {1, 3, 16, 100};
static const struct {
    int axes;
    int64_t dim[3];
} shapes[] = {{2, {3, 37}}, {2, {2, 64}}, {2, {1, 1}}, {3, {2, 3, 65}}, {2, {2, 200}}, {2, {1, 600}}, {2, {3, 130}}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static spk_shape shape_of(size_t i) {
    spk_shape shape = {.axes = shapes[i % SHAPES].axes};
    memcpy(shape.dim, shapes[i % SHAPES].dim, sizeof shapes[i % SHAPES].dim);
    return shape;
}

/* Every surrogate, width and T; the other choices take turns. Long runs detach the reset, whose slopes multiply up
 * to infinity otherwise. */
static void check_all(second_kind second, unsigned rounds) {
    unsigned turn = 0;
    for (unsigned round = 0; round < rounds; round++)
        for (size_t s = 0; s < SURROGATES; s++)
            for (size_t o = 0; o < 6; o++)
                for (size_t t = 0; t < 4; t++, turn++) {
                    const unsigned m = turn * 2654435761u >> 8;
                    const config c = {.kind = (neuron_kind)(m % 3),
                                      .reset = (reset_kind)(m / 3 % RESETS),
                                      .surrogate = surrogates[s].name,
                                      .alpha = surrogates[s].alpha,
                                      .detach = steps[t] == 100 || (m >> 5 & 1),
                                      .decay = m % 3 != IF && (m >> 6 & 1),
                                      .constant = m >> 7 & 1,
                                      .derived = m >> 8 & 1,
                                      .membrane = m >> 9 & 1,
                                      .second = second,
                                      .between = turn % 5 == 4 ? (between_kind)(1 + (m >> 10 & 1)) : NOTHING,
                                      .T = steps[t],
                                      .out = outs[o],
                                      .step = shape_of(steps[t] == 100 ? m % 4 : m % SHAPES)};
                    check(&c);
                }
}

Test(product, equals_dense) { check_all(NOBODY, 2); }
Test(product, equals_dense_beside_a_product) { check_all(A_PRODUCT, 1); }
Test(product, equals_dense_beside_a_linear) { check_all(A_LINEAR, 1); }
Test(product, equals_dense_beside_a_sum) { check_all(A_SUM, 1); }
Test(product, equals_dense_beside_a_linear_of_one_step) { check_all(A_STEP, 1); }

/* The same number for all spikes, of their sum or mean: as where the spikes are numbers, whose gradients are written out. */
Test(product, equals_dense_for_a_sum) {
    for (size_t s = 0; s < SURROGATES; s++)
        for (size_t shape = 0; shape < SHAPES; shape++)
            for (int m = 0; m < 16; m++) {
                const config c = {.kind = (neuron_kind)((s + shape) % 3),
                                  .reset = (reset_kind)(shape % RESETS),
                                  .surrogate = surrogates[s].name,
                                  .alpha = surrogates[s].alpha,
                                  .decay = (s + shape) % 3 != IF,
                                  .constant = m & 4,
                                  .T = m & 8 ? 1 : 6,
                                  .out = 1,
                                  .step = shape_of(shape)};
                const problem p = problem_of(&c);
                spk_tensor *grad[2][PARTS];
                for (int bits = 0; bits < 2; bits++) {
                    spk_module *neuron = neuron_of(p.ctx, &c, bits);
                    spk_set_memory(neuron, "v", p.leaf[V0]);
                    spk_tensor *spikes = spk_call(neuron, c.constant ? spk_repeat_over_time(p.leaf[X], c.T) : p.leaf[X]);
                    spk_tensor *loss = m & 1 ? spk_mean(spikes) : spk_sum(spikes);
                    if (m & 2) loss = spk_add(loss, spk_sum(spikes)); /* read twice: the two add up */
                    cr_assert(spk_backward(spk_scale(loss, -2.5)), "%s", spk_error(p.ctx));
                    for (int k = X; k <= V0; k++) grad[bits][k] = kept_grad(p.leaf[k]);
                }
                for (int k = X; k <= V0; k++) assert_gradient(grad[1][k], grad[0][k], 1, 0, part_names[k], text_of(&c, PLAIN));
                spk_ctx_destroy(p.ctx);
            }
}

/* Gradients are linear in that of the spikes: read twice, they are the sum of those read once. */
Test(product, two_contributions_add_up) {
    for (int m = 0; m < 8; m++) {
        config c = {.kind = LIF,
                    .surrogate = m & 1 ? "rect" : "atan",
                    .alpha = 2,
                    .decay = true,
                    .T = 4,
                    .out = m & 2 ? 10 : 33,
                    .constant = m & 4,
                    .step = SPK_SHAPE(3, 70)};
        const problem p = problem_of(&c);
        spk_module *neuron = neuron_of(p.ctx, &c, true);
        spk_tensor *spikes_only[PARTS];
        const outcome one = run_net(&p, &c, neuron, SPARSE, 1);
        spk_set_memory(neuron, "v", p.leaf[V0]);
        spk_backward(spk_sum(spk_multiply(spk_call(neuron, c.constant ? spk_repeat_over_time(p.leaf[X], c.T) : p.leaf[X]), p.r_spikes)));
        for (int k = 0; k < PARTS; k++) spikes_only[k] = kept_grad(p.leaf[k]);
        spk_reset(neuron);
        spk_end_step(p.ctx);
        c.second = A_PRODUCT;
        const outcome both = run_net(&p, &c, neuron, SPARSE, 1);
        for (int k = X; k <= V0; k++)
            assert_gradient(both.grad[k], spk_add(one.grad[k], spikes_only[k]), 1, 0, part_names[k], text_of(&c, SPARSE));
        spk_ctx_destroy(p.ctx);
    }
}

/* Backward again over the same records gives the same again, which the leaves add up. */
Test(product, backward_twice) {
    for (int m = 0; m < 12; m++) {
        const config c = {.kind = PLIF,
                          .surrogate = m & 1 ? "piecewise_quadratic" : "sigmoid",
                          .alpha = 3,
                          .decay = true,
                          .T = 5,
                          .out = m & 2 ? 10 : 33,
                          .second = m / 4 == 2 ? A_LINEAR : NOBODY,
                          .derived = m / 4 == 1,
                          .membrane = true,
                          .step = SPK_SHAPE(3, 70)};
        const problem p = problem_of(&c);
        spk_module *neuron = neuron_of(p.ctx, &c, true);
        for (int v = PLAIN; v < VARIANTS; v++) {
            const outcome once = run_net(&p, &c, neuron, (variant)v, 1), twice = run_net(&p, &c, neuron, (variant)v, 2);
            assert_outcome(&twice, &once, 2, text_of(&c, (variant)v));
        }
        spk_ctx_destroy(p.ctx);
    }
}

Test(product, threads_give_the_same_bits) {
    static const int64_t dims[][3] = {{16, 300, 16}, {3, 1100, 12}, {40, 67, 15}, {128, 200, 3}};
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        for (int m = 0; m < 8; m++) {
            const config c = {.kind = PLIF,
                              .surrogate = m & 1 ? "rect" : "piecewise_quadratic",
                              .alpha = 2,
                              .decay = true,
                              .T = dims[i][2],
                              .out = m & 2 ? 10 : 33,
                              .constant = m & 4,
                              .membrane = true,
                              .step = SPK_SHAPE(dims[i][0], dims[i][1])};
            const problem p = problem_of(&c);
            spk_module *neuron = neuron_of(p.ctx, &c, true);
            spk_set_threads(1);
            const outcome one = run_net(&p, &c, neuron, SPARSE, 1);
            for (int threads = 2; threads <= 3; threads++) {
                spk_set_threads(threads);
                const outcome more = run_net(&p, &c, neuron, SPARSE, 1);
                const char *name = text_of(&c, SPARSE);
                for (int k = 0; k < BIAS; k++) assert_bits_equal(more.grad[k], one.grad[k], part_names[k], name);
                assert_bits_equal(more.grad[BIAS], one.grad[BIAS], "gradient of the bias", name);
                assert_bits_equal(more.gw, one.gw, "gradient of w", name);
            }
            spk_set_threads(1);
            spk_ctx_destroy(p.ctx);
        }
}

/* Membranes that lie on the support's end, and beside it by the least amount, on either side of the threshold and on it. */
Test(product, at_the_end_of_the_support) {
    static const double alphas[] = {1, 2, 3, 7, 0.3, 1.1, 13.7};
    static const double thetas[] = {1, 0.8, -0.3};
    for (size_t k = 0; k < 2 * 3 * sizeof alphas / sizeof *alphas; k++) {
        const spk_surrogate s = spk_surrogate_of(k % 2 ? "rect" : "piecewise_quadratic", .alpha = alphas[k / 6]);
        const double theta = thetas[k / 2 % 3];
        spk_ctx *ctx = spk_ctx_create(.seed = 2);
        spk_tensor *x = spk_set_requires_grad(spk_tensor_create(ctx, SPK_SHAPE(2, 67)), true), *w = parameter(ctx, SPK_SHAPE(67, 20)),
                   *g[2];
        for (int i = 0; i < 134; i++) { /* v = 0 and one step: the membrane is x */
            spk_real at = (spk_real)theta + (i % 3 == 2 ? 0 : i % 3 ? s.support : -s.support);
            for (int steps_away = i / 3 % 7 - 3; steps_away; steps_away += steps_away < 0 ? 1 : -1)
                at = SPK_BY_REAL(nextafterf, nextafter)(at, (spk_real)(steps_away < 0 ? -100 : 100));
            spk_data_mut(x)[i] = at;
        }
        for (int bits = 0; bits < 2; bits++) {
            spk_module *neuron = spk_if(ctx, .v_threshold = theta, .surrogate_function = s, .spike_out = bits, .parallel_optim = true);
            spk_set_road(ctx, bits ? SPK_ROAD_SPARSE : SPK_ROAD_DENSE);
            spk_tensor *y = spk_linear(spk_call(neuron, x), w, NULL);
            spk_backward(spk_sum(spk_multiply(y, y)));
            g[bits] = kept_grad(x);
            assert_fine(ctx, "end of the support");
            spk_end_step(ctx);
        }
        cr_assert(largest_of(g[0]) > 0, "nothing has a slope");
        for (int i = 0; i < 134; i++) /* what has no slope on the dense road has none on the sparse one, and the other way round */
            cr_assert_eq(spk_data(g[0])[i] != 0, spk_data(g[1])[i] != 0, "%s(%g), threshold %g: membrane %.9g", s.name, alphas[k / 6],
                         theta, (double)spk_data(x)[i]);
        assert_gradient(g[1], g[0], 1, 0, "x", s.name);
        spk_ctx_destroy(ctx);
    }
}

/* A surrogate that was filled by hand, without a support, has a slope everywhere. */
Test(product, surrogates_filled_by_hand) {
    const spk_surrogate atan = spk_surrogate_of("atan");
    const spk_surrogate mine = {.grad = atan.grad, .primitive = atan.primitive, .alpha = 2, .spiking = true};
    for (int m = 0; m < 4; m++) {
        spk_ctx *ctx = spk_ctx_create(.seed = 3);
        spk_tensor *x = parameter(ctx, SPK_SHAPE(8, 50)), *w = parameter(ctx, SPK_SHAPE(50, m & 1 ? 10 : 40)), *g[2];
        spk_set_road(ctx, m & 2 ? SPK_ROAD_SPARSE : SPK_ROAD_AUTO);
        for (int bits = 0; bits < 2; bits++) {
            spk_module *neuron = spk_lif(ctx, .T = 4, .surrogate_function = bits ? mine : atan, .spike_out = bits, .parallel_optim = true);
            spk_backward(spk_sum(spk_linear(spk_call(neuron, x), w, NULL)));
            g[bits] = kept_grad(x);
            assert_fine(ctx, "by hand");
            spk_end_step(ctx);
        }
        assert_gradient(g[1], g[0], 1, 0, "x", m & 1 ? "narrow" : "wide");
        spk_ctx_destroy(ctx);
    }
}

/* No outputs, no neurons, no batch. */
Test(product, empty) {
    static const int64_t dims[][3] = {{2, 7, 0}, {2, 0, 5}, {0, 7, 5}, {0, 0, 0}, {2, 0, 40}, {0, 7, 40}};
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
        for (int m = 0; m < 4; m++) {
            const config c = {.kind = LIF,
                              .surrogate = m & 1 ? "rect" : "atan",
                              .decay = true,
                              .constant = m & 2,
                              .T = 3,
                              .out = dims[i][2],
                              .step = SPK_SHAPE(dims[i][0], dims[i][1])};
            const problem p = problem_of(&c);
            spk_module *neuron = neuron_of(p.ctx, &c, true);
            for (int v = PLAIN; v < VARIANTS; v++) {
                const outcome o = run_net(&p, &c, neuron, (variant)v, 1);
                cr_assert(largest_of(o.grad[X]) == 0, "%s: a gradient from nowhere", text_of(&c, (variant)v));
            }
            spk_ctx_destroy(p.ctx);
        }
}

/* Hooks and spk_retain_grad that are asked for while backward runs find the gradient written out. */
typedef struct late {
    spk_tensor *spikes;
    int64_t seen;
    bool retain;
} late;

static void ask_late(spk_tensor *x, int64_t n, spk_real *gradient, void *user) {
    (void)x, (void)n, (void)gradient;
    late *l = user;
    if (l->retain) spk_retain_grad(l->spikes);
    else spk_add_grad_hook(l->spikes, count_call, &l->seen);
}

Test(product, asked_for_late) {
    for (int retain = 0; retain < 2; retain++) {
        spk_ctx *ctx = spk_ctx_create(.seed = 4);
        spk_tensor *x = parameter(ctx, SPK_SHAPE(8, 50)), *w = parameter(ctx, SPK_SHAPE(50, 10)), *z = parameter(ctx, SPK_SHAPE(3));
        spk_module *neuron = spk_lif(ctx, .T = 4, .spike_out = true, .parallel_optim = true);
        spk_tensor *other = spk_tanh(z), *spikes; /* its record is walked before the linear's, or after it and before the neuron's */
        spikes = spk_call(neuron, x);
        other = spk_scale(other, 2);
        spk_tensor *y = spk_linear(spikes, w, NULL);
        late l = {.spikes = spikes, .retain = retain};
        spk_add_grad_hook(other, ask_late, &l);
        cr_assert(spk_backward(spk_add(spk_sum(y), spk_sum(other))), "%s", spk_error(ctx));
        if (retain) cr_assert(spk_grad(spikes) && spk_data(spk_grad(spikes)), "not retained");
        else cr_assert_eq(l.seen, 400, "the hook saw %lld numbers", (long long)l.seen);
        assert_fine(ctx, "late");
        spk_ctx_destroy(ctx);
    }
}

/* Three products read the spikes or make their gradient: forward, the weight's gradient, and under compact support the spikes'. */
Test(product, roads_are_counted) {
    for (int road = SPK_ROAD_SPARSE; road <= SPK_ROAD_DENSE; road++) {
        spk_ctx *ctx = spk_ctx_create(.seed = 3);
        spk_set_road(ctx, (spk_road)road);
        spk_tensor *x = spk_set_requires_grad(spk_tensor_create(ctx, SPK_SHAPE(16, 70)), true),
                   *weight = spk_tensor_create(ctx, SPK_SHAPE(70, 40));
        spk_fill_uniform(x, 0, 3);
        spk_fill_uniform(weight, -1, 1);
        spk_set_requires_grad(weight, true);
        spk_module *neuron = spk_lif(ctx, .spike_out = true, .surrogate_function = spk_surrogate_of("rect"));
        cr_assert(spk_backward(spk_sum(spk_linear(spk_call(neuron, x), weight, NULL))), "%s", spk_error(ctx));
        const spk_road_counts n = spk_roads_taken(ctx);
        cr_assert(n.sparse == (road == SPK_ROAD_SPARSE ? 3 : 0) && n.dense == (road == SPK_ROAD_DENSE ? 3 : 0),
                  "road %d: %lld sparse, %lld dense", road, (long long)n.sparse, (long long)n.dense);
        spk_ctx_destroy(ctx);
    }
}
