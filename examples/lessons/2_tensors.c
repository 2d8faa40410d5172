/*
 * Lesson 2: tensors. Backward of a matrix product and of a bias that is broadcast over the batch, by the library and by hand; a check by
 * differences, the memory of a step, and a mistake on purpose. With double, for the differences. A file name as argument gets a drawing of
 * the tape.
 *
 *     build/release/examples/lessons/2_tensors [tape.svg]
 */
#include <spiketape.h>
#include <stdio.h>

enum { BATCH = 3, IN = 2, OUT = 2 };

static void print(const char *name, spk_tensor *x) {
    const spk_real *data = spk_data(x);
    const int64_t columns = spk_dim(x, -1);
    printf("  %-8s %-7s", name, spk_shape_text(spk_tensor_shape(x)).text);
    for (int64_t i = 0; i < spk_size(x); i++) printf("%s%4.0f", i > 0 && i % columns == 0 ? "  |" : "", (double)data[i]);
    printf("\n");
}

static spk_tensor *parameter(spk_ctx *ctx, spk_shape shape, const spk_real *values) {
    return spk_set_requires_grad(spk_tensor_from(ctx, shape, values), true);
}

/* The three sums of the page as loops, from the gradient g of y. */
static void by_hand(const spk_real *x, const spk_real *W, const spk_real *g) {
    double gW[IN][OUT] = {0}, gb[OUT] = {0}, gx[BATCH][IN] = {0};
    for (int n = 0; n < BATCH; n++)
        for (int j = 0; j < OUT; j++) {
            gb[j] += g[n * OUT + j]; /* b[j] is used once for each n */
            for (int i = 0; i < IN; i++) {
                gW[i][j] += x[n * IN + i] * g[n * OUT + j];
                gx[n][i] += W[i * OUT + j] * g[n * OUT + j];
            }
        }
    printf("by hand:\n");
    printf("  grad W          %4.0f%4.0f  |%4.0f%4.0f\n", gW[0][0], gW[0][1], gW[1][0], gW[1][1]);
    printf("  grad b          %4.0f%4.0f\n", gb[0], gb[1]);
    printf("  grad x          %4.0f%4.0f  |%4.0f%4.0f  |%4.0f%4.0f\n", gx[0][0], gx[0][1], gx[1][0], gx[1][1], gx[2][0], gx[2][1]);
}

/* Functions for spk_gradcheck: the layer, and one whose gradient is wrong, because half of x^2 = x x is cut from the graph. */
static spk_tensor *layer(void *user, spk_tensor *const *in) {
    (void)user;
    return spk_add(spk_matmul(in[0], in[1]), in[2]);
}

static spk_tensor *wrong_square(void *user, spk_tensor *const *in) {
    (void)user;
    return spk_multiply(in[0], spk_tensor_detach(in[0]));
}

static void check(const char *name, spk_gradcheck_report r) {
    printf("  %-13s %s", name, r.passed ? "passed\n" : "failed");
    if (!r.passed) printf(": input %d, element %d: backward %.4f, differences %.4f\n", r.input, (int)r.element, r.analytic, r.numeric);
}

static bool draw(spk_tensor *result, const char *name) {
    FILE *file = fopen(name, "w");
    if (!file) return perror(name), false;
    fputs(spk_tape_svg(result), file);
    return fclose(file) == 0;
}

int main(int argc, char **argv) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *x = parameter(ctx, SPK_SHAPE(BATCH, IN), (spk_real[]){1, 2, 3, -1, 0, 2});
    spk_tensor *W = parameter(ctx, SPK_SHAPE(IN, OUT), (spk_real[]){1, -1, 2, 0});
    spk_tensor *b = parameter(ctx, SPK_SHAPE(OUT), (spk_real[]){-3, 2});

    spk_tensor *xW = spk_matmul(x, W);
    spk_tensor *y = spk_retain_grad(spk_add(xW, b)); /* [3, 2] + [2]: b is added to every row */
    spk_tensor *loss = spk_scale(spk_sum(spk_multiply(y, y)), 0.5);
    spk_backward(loss);
    printf("forward:\n");
    print("x", x), print("W", W), print("b", b), print("x W", xW), print("y", y), print("loss", loss);
    printf("backward:\n");
    print("grad y", spk_grad(y)), print("grad W", spk_grad(W)), print("grad b", spk_grad(b)), print("grad x", spk_grad(x));
    if (!spk_failed(ctx)) by_hand(spk_data(x), spk_data(W), spk_data(spk_grad(y)));

    if (argc > 1 && !draw(loss, argv[1])) return 1;

    printf("spk_gradcheck:\n");
    spk_end_step(ctx); /* y, loss and the tape are freed; x, W, b and their gradients stay */
    check("x W + b", spk_gradcheck(layer, 3, ((spk_tensor *[]){x, W, b})));
    check("wrong square", spk_gradcheck(wrong_square, 1, &x));

    printf("memory:\n");
    size_t second = 0;
    for (int step = 1; step <= 1000; step++) {
        spk_backward(spk_sum(layer(NULL, (spk_tensor *[]){x, W, b})));
        if (step == 1000) printf("  in use before spk_end_step: %s\n", spk_memory_use(ctx).step > 0 ? "some" : "none");
        spk_end_step(ctx);
        if (step == 2) second = spk_memory_use(ctx).held;
    }
    printf("  in use after it: %s\n", spk_memory_use(ctx).step > 0 ? "some" : "none");
    printf("  taken from the system between steps 2 and 1000: %d bytes\n", (int)(spk_memory_use(ctx).held - second));
    printf("  grad b, 1000 times the number of rows: %.0f\n", (double)spk_data(spk_grad(b))[0]);

    printf("a mistake:\n");
    spk_tensor *bad = spk_matmul(W, x); /* [2, 2] times [3, 2] */
    spk_tensor *later = spk_sum(spk_multiply(bad, b));
    spk_backward(later);
    printf("  failed: %s\n  %s\n", spk_failed(ctx) ? "yes" : "no", spk_error(ctx));
    spk_clear_error(ctx);
    y = layer(NULL, (spk_tensor *[]){x, W, b});
    printf("  after spk_clear_error, y has the shape %s again\n", spk_shape_text(spk_tensor_shape(y)).text);
    spk_end_step(ctx);
    spk_sum(y); /* too late */
    printf("  %s\n", spk_error(ctx));

    spk_ctx_destroy(ctx);
    return 0;
}
