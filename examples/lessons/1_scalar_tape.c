/* Lesson 1: a tape for scalars, without the library. y = (a b + c)^2 and its three derivatives. */
#include <assert.h>
#include <stdio.h>

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
    assert(used < SIZE);
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
            const int p = tape[i].parent[k];
            tape[p].grad += tape[i].grad * tape[i].local[k];
            printf("  %d gives %.0f * %.0f to %d, which now has %.0f\n", i, tape[i].grad, tape[i].local[k], p, tape[p].grad);
        }
}

static double f(double a, double b, double c) { return (a * b + c) * (a * b + c); }

int main(void) {
    const int a = leaf(2), b = leaf(3), c = leaf(-4);
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
    const double h = 1e-5;
    printf("  a      %8.4f     %8.4f\n", tape[a].grad, (f(2 + h, 3, -4) - f(2 - h, 3, -4)) / (2 * h));
    printf("  b      %8.4f     %8.4f\n", tape[b].grad, (f(2, 3 + h, -4) - f(2, 3 - h, -4)) / (2 * h));
    printf("  c      %8.4f     %8.4f\n", tape[c].grad, (f(2, 3, -4 + h) - f(2, 3, -4 - h)) / (2 * h));
    return 0;
}
