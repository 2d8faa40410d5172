#include "dump.h"
#include "net.h"

static void numbers(FILE *to, const char *name, int64_t n, const double *values) {
    fprintf(to, ", \"%s\": [", name);
    for (int64_t i = 0; i < n; i++) fprintf(to, i ? ", %.17g" : "%.17g", values[i]);
    fprintf(to, "]");
}

static const char *truth(bool value) { return value ? "true" : "false"; }

static void dump_layer(FILE *to, const net *n, const outcome *o, int i) {
    static const char *const kinds[] = {"if", "lif", "plif"};
    const layer *l = &n->layers[i];
    fprintf(to, "%s{\"in\": %lld, \"out\": %lld, \"kind\": \"%s\", \"tau\": %d, \"threshold\": %.17g, \"reset\": ", i ? ", " : "",
            (long long)l->in, (long long)l->out, kinds[l->kind], 1 << l->log2_tau, l->threshold);
    fprintf(to, l->reset == SOFT ? "null" : "%.17g", layer_reset(l));
    fprintf(to, ", \"decay_input\": %s, \"detach_reset\": %s, \"surrogate\": \"%s\", \"alpha\": %g", truth(l->decay_input),
            truth(l->detach_reset), l->surrogate, l->alpha);
    numbers(to, "weight", l->in * l->out, l->weight);
    if (l->bias) numbers(to, "bias", l->out, l->bias);
    fprintf(to, ", \"results\": {\"layer\": %d", i);
    for (int k = 0; k < o->n; k++)
        if (o->arrays[k].layer == i) numbers(to, o->arrays[k].name, o->arrays[k].n, o->arrays[k].values);
    fprintf(to, "}}");
}

void dump_seed(FILE *to, uint64_t seed) {
    static const char *const losses[] = {"rates", "membranes", "weighted"};
    net n = net_draw(seed);
    const way fused = {.name = "fused"};
    outcome o = library_run(&n, &fused);
    fprintf(to, "{\"seed\": %llu, \"N\": %lld, \"T\": %lld, \"constant\": %s, \"loss\": \"%s\"", (unsigned long long)seed, (long long)n.N,
            (long long)n.T, truth(n.input == CONSTANT), losses[n.loss]);
    numbers(to, "x", net_input_rows(&n) * net_in(&n), n.x);
    fprintf(to, ", \"score_scale\": %.17g", net_score_scale(&n));
    numbers(to, "labels", n.N, n.labels);
    numbers(to, "r_spikes", n.T * n.N * net_out(&n), n.r_spikes);
    numbers(to, "r_v", n.N * net_out(&n), n.r_v);
    fprintf(to, ", \"layers\": [");
    for (int i = 0; i < n.depth; i++) dump_layer(to, &n, &o, i);
    fprintf(to, "]}\n");
    outcome_free(&o);
    net_free(&n);
}
