/* The tape in Graphviz's language. */
#include "autograd/draw_internal.h"
#include <string.h>

static const char *const style[] = {
    [SPK_DRAW_CALL] = "shape=box, style=filled, fillcolor=\"#eaf1fb\", color=\"#3d6fb4\"",
    [SPK_DRAW_PARAMETER] = "shape=box, style=\"rounded,filled\", fillcolor=\"#e8f5e6\", color=\"#3f8a3a\"",
    [SPK_DRAW_DATA] = "shape=box, style=\"rounded,filled\", fillcolor=\"#f2f2f0\", color=\"#8a8a84\"",
    [SPK_DRAW_LEFT_OUT] = "shape=box, style=\"rounded,dashed\", color=\"#8a8a84\"",
};

/* A text between quotes. */
static void add_quoted(spk_text *text, const char *s) {
    for (; *s; s++) spk_text_add(text, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
}

static void add_node(spk_text *text, const spk_draw_node *node, int number) {
    spk_text_add(text, "n%d [label=\"", number);
    for (int i = 0; i < node->lines; i++) {
        if (i == node->path_line) continue; /* the cluster says it */
        if (i) spk_text_add(text, "\\n");
        add_quoted(text, node->line[i]);
    }
    spk_text_add(text, "\", %s%s];\n", style[node->kind], node->result ? ", penwidth=2.5" : "");
}

/* A layer's nodes, at the first of them. */
static void add_cluster(spk_text *text, const spk_draw_graph *g, int first) {
    const char *path = g->node[first].path;
    for (int i = 0; i < first; i++)
        if (strcmp(g->node[i].path, path) == 0) return;
    spk_text_add(text, "    subgraph \"cluster_");
    add_quoted(text, path);
    spk_text_add(text, "\" {\n        label=\"");
    add_quoted(text, path);
    spk_text_add(text, "\"; color=\"#b9b9b2\"; style=rounded;\n");
    for (int i = first; i < g->nodes; i++) {
        if (strcmp(g->node[i].path, path) != 0) continue;
        spk_text_add(text, "        ");
        add_node(text, &g->node[i], i);
    }
    spk_text_add(text, "    }\n");
}

static void add_edges(spk_text *text, const spk_draw_graph *g) {
    for (int i = 0; i < g->edges; i++) {
        const spk_draw_edge *e = &g->edge[i];
        spk_text_add(text, "    n%d -> n%d", e->from, e->to);
        if (e->times > 1) spk_text_add(text, " [label=\"%d x\"]", e->times);
        spk_text_add(text, ";\n");
    }
}

static void write_dot(const spk_draw_graph *g, spk_text *text) {
    spk_text_add(text, "digraph tape {\n    label=\"");
    spk_draw_caption(g, text);
    spk_text_add(text, "\"; labelloc=t; fontname=\"Helvetica\"; node [fontname=\"Helvetica\"]; edge [color=\"#6b6b66\"];\n");
    for (int i = 0; i < g->nodes; i++) {
        if (*g->node[i].path) {
            add_cluster(text, g, i);
            continue;
        }
        spk_text_add(text, "    ");
        add_node(text, &g->node[i], i);
    }
    add_edges(text, g);
    spk_text_add(text, "}\n");
}

const char *spk_tape_dot_with(spk_tensor *y, spk_draw_opts options) { return spk_draw_tape(y, options, "spk_tape_dot", write_dot); }
