/*
 * Solutions to lesson 1: the tape of 1_scalar_tape.c, which prints nothing on its way back and has two more ops, and what the exercises
 * ask.
 *
 *     build/release/examples/lessons/solutions/1_exercises
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 100, NONE = -1 };

typedef struct node {
    double value, grad;
    int parent[2];
    double local[2];
} node;

static node tape[SIZE];
static int used;

static int record(double value, int p, double dp, int q, double dq) {
    if (used == SIZE) {
        fprintf(stderr, "the tape is full\n");
        exit(1);
    }
    tape[used] = (node){.value = value, .parent = {p, q}, .local = {dp, dq}};
    return used++;
}

static double value(int i) { return tape[i].value; }
static int leaf(double v) { return record(v, NONE, 0, NONE, 0); }
static int add(int p, int q) { return record(value(p) + value(q), p, 1, q, 1); }
static int multiply(int p, int q) { return record(value(p) * value(q), p, value(q), q, value(p)); }

static int subtract(int p, int q) { return record(value(p) - value(q), p, 1, q, -1); }
static int tanh_of(int p) {
    const double t = tanh(value(p));
    return record(t, p, 1 - t * t, NONE, 0);
}

static void backward(int y, int adds) {
    for (int i = 0; i < used; i++) tape[i].grad = 0;
    tape[y].grad = 1;
    for (int i = y; i >= 0; i--)
        for (int k = 0; k < 2 && tape[i].parent[k] != NONE; k++) {
            double *grad = &tape[tape[i].parent[k]].grad;
            *grad = adds * *grad + tape[i].grad * tape[i].local[k];
        }
}

int main(void) {
    /* Exercise 1: y = a a + a at a = 3, with += and with = */
    int a = leaf(3);
    int y = add(multiply(a, a), a);
    backward(y, 1);
    printf("dy/da with +=: %.0f", tape[a].grad);
    backward(y, 0);
    printf(", with =: %.0f\n", tape[a].grad);

    /* Exercise 2: y = tanh(w x + b) */
    used = 0;
    const int w = leaf(0.5), x = leaf(2), b = leaf(-0.25);
    y = tanh_of(add(multiply(w, x), b));
    backward(y, 1);
    printf("y %.4f  dy/dw %.4f  dy/dx %.4f  dy/db %.4f\n", value(y), tape[w].grad, tape[x].grad, tape[b].grad);

    /* Exercise 3: minimise (a^2 - 2)^2 */
    double now = 1;
    for (int step = 0; step <= 10; step++) {
        used = 0; /* an empty tape for each step */
        a = leaf(now);
        const int error = subtract(multiply(a, a), leaf(2));
        const int loss = multiply(error, error);
        backward(loss, 1);
        if (step % 2 == 0) printf("step %2d: a = %.4f, loss %.6f\n", step, now, value(loss));
        now -= 0.1 * tape[a].grad;
    }
    return 0;
}
