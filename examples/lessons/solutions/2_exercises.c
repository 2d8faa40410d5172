/*
 * Solutions to lesson 2: a factor for each row, a mean that is taken away, and a line through points.
 *
 *     build/release/examples/lessons/solutions/2_exercises
 */
#include <spiketape.h>
#include <stdio.h>

static void print(const char *name, spk_tensor *x) {
    const spk_real *data = spk_data(x);
    printf("%s %s:", name, spk_shape_text(spk_tensor_shape(x)).text);
    for (int64_t i = 0; i < spk_size(x); i++) printf(" %.3f", (double)data[i]);
    printf("\n");
}

static spk_tensor *scaled_rows(void *user, spk_tensor *const *in) {
    (void)user;
    return spk_multiply(in[0], in[1]);
}

static spk_tensor *centred(void *user, spk_tensor *const *in) {
    (void)user;
    return spk_subtract(in[0], spk_mean(in[0], .axes = SPK_AXES(0)));
}

static const char *verdict(spk_gradcheck_report r) { return r.passed ? "passed" : "failed"; }

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    spk_tensor *x = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(3, 2), (spk_real[]){1, 2, 3, -1, 0, 2}), true);
    spk_tensor *g = spk_tensor_from(ctx, SPK_SHAPE(3, 2), (spk_real[]){2, 1, -2, -1, 1, 2});

    /* Exercise 1: y = s x, with s of shape [3, 1] */
    spk_tensor *s = spk_set_requires_grad(spk_tensor_from(ctx, SPK_SHAPE(3, 1), (spk_real[]){2, -1, 3}), true);
    spk_backward(scaled_rows(NULL, (spk_tensor *[]){x, s}), .gradient = g);
    print("grad s", spk_grad(s));
    spk_end_step(ctx);
    printf("scaled rows %s\n", verdict(spk_gradcheck(scaled_rows, 2, ((spk_tensor *[]){x, s}))));

    /* Exercise 2: y = x - mean of x over the batch */
    spk_backward(centred(NULL, &x), .gradient = g);
    print("grad x", spk_grad(x));
    spk_end_step(ctx);
    printf("centred %s\n", verdict(spk_gradcheck(centred, 1, &x)));

    /* Exercise 3: the line y = w t + b closest to four points */
    spk_tensor *t = spk_tensor_from(ctx, SPK_SHAPE(4, 1), (spk_real[]){0, 1, 2, 3});
    spk_tensor *wanted = spk_tensor_from(ctx, SPK_SHAPE(4, 1), (spk_real[]){1.1, 2.9, 5.2, 6.8});
    spk_tensor *parameter[2] = {spk_tensor_create(ctx, SPK_SHAPE(1, 1)), spk_tensor_create(ctx, SPK_SHAPE(1))}; /* w and b, zero */
    for (int i = 0; i < 2; i++) spk_set_requires_grad(parameter[i], true);
    for (int step = 0; step <= 200; step++) {
        spk_tensor *loss = spk_mse(spk_linear(t, parameter[0], parameter[1]), wanted);
        spk_backward(loss);
        if (step % 50 == 0)
            printf("step %3d: w %.3f, b %.3f, loss %.4f\n", step, spk_item(parameter[0]), spk_item(parameter[1]), spk_item(loss));
        spk_end_step(ctx);
        for (int i = 0; i < 2; i++) {
            spk_data_mut(parameter[i])[0] -= 0.1 * spk_data(spk_grad(parameter[i]))[0];
            spk_clear_grad(parameter[i]);
        }
    }

    const bool failed = spk_failed(ctx);
    if (failed) fprintf(stderr, "%s\n", spk_error(ctx));
    spk_ctx_destroy(ctx);
    return failed;
}
