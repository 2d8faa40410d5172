/*
 * Lesson 1: a tape for scalars, without the library. y = (a b + c)^2 and its three derivatives.
 *
 *     build/release/examples/lessons/1_scalar_tape
 */
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 100, NONE = -1 };

typedef struct node {
    const char *op;
    double value;
    double grad;     /* dy / d(this node), found by backward */
    int parent[2];   /* the places on the tape of what it was computed from, or NONE */
    double local[2]; /* d(this node) / d(parent) */
} node;

static node tape[SIZE];
static int used;

static int record(const char *op, double value, int p, double dp, int q, double dq) {
    if (used == SIZE) {
        fprintf(stderr, "the tape is full\n");
        exit(1);
    }
    tape[used] = (node){.op = op, .value = value, .parent = {p, q}, .local = {dp, dq}};
    return used++;
}

static double value(int i) { return tape[i].value; }
static int leaf(double v) { return record("leaf", v, NONE, 0, NONE, 0); }
static int add(int p, int q) { return record("add", value(p) + value(q), p, 1, q, 1); }
static int multiply(int p, int q) { return record("multiply", value(p) * value(q), p, value(q), q, value(p)); }

static void backward(int y) {
    for (int i = 0; i < used; i++) tape[i].grad = 0;
    tape[y].grad = 1; /* dy / dy */
    for (int i = y; i >= 0; i--)
        for (int k = 0; k < 2 && tape[i].parent[k] != NONE; k++) {
            node *parent = &tape[tape[i].parent[k]];
            parent->grad += tape[i].grad * tape[i].local[k];
            printf("  %d gives %.0f * %.0f to %d, which now has %.0f\n", i, tape[i].grad, tape[i].local[k], tape[i].parent[k],
                   parent->grad);
        }
}

static double f(const double in[3]) { return (in[0] * in[1] + in[2]) * (in[0] * in[1] + in[2]); }

int main(void) {
    const double in[3] = {2, 3, -4};
    const int a = leaf(in[0]), b = leaf(in[1]), c = leaf(in[2]);
    const int u = add(multiply(a, b), c);
    const int y = multiply(u, u);

    printf("the tape:\n");
    for (int i = 0; i < used; i++) {
        printf("  %d  %-8s  value %2.0f", i, tape[i].op, tape[i].value);
        for (int k = 0; k < 2 && tape[i].parent[k] != NONE; k++) printf("  d(%d)/d(%d) = %.0f", i, tape[i].parent[k], tape[i].local[k]);
        printf("\n");
    }
    printf("backward:\n");
    backward(y);

    printf("dy/d...  backward  differences\n");
    for (int i = a; i <= c; i++) {
        const double h = 1e-5;
        double above[3] = {in[0], in[1], in[2]}, below[3] = {in[0], in[1], in[2]};
        above[i] += h;
        below[i] -= h;
        printf("  %c      %8.4f     %8.4f\n", "abc"[i], tape[i].grad, (f(above) - f(below)) / (2 * h));
    }
    return 0;
}
