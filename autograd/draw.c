/* From the tape to a graph: what a tensor was computed from. */
#include "autograd/draw_internal.h"
#include "autograd/tape.h"
#include "core/context_internal.h"
#include "core/dots_internal.h"
#include "core/text_internal.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Texts. */

/* A text as one line of valid UTF-8, in step memory; "" without memory. */
static const char *line_of(spk_ctx *ctx, const char *text) {
    char *copy = spk_step_header(ctx, strlen(text) + 1);
    if (!copy) return "";
    char *to = copy;
    for (const char *s = text; *s;) {
        const int n = spk_character_bytes(s);
        if (n) memcpy(to, s, (size_t)n);
        else *to = '?';
        to += n ? n : 1, s += n ? n : 1;
    }
    *to = '\0';
    return copy;
}

static void add_line(spk_draw_graph *g, spk_draw_node *node, const char *text) { node->line[node->lines++] = line_of(g->ctx, text); }

/* A shape, and how it is stored. */
static void add_shape(spk_draw_graph *g, spk_draw_node *node, const spk_tensor *x) {
    char text[SPK_SHAPE_TEXT + 32];
    const spk_shape_string shape = x->shape.axes ? spk_shape_text(x->shape) : (spk_shape_string){"scalar"};
    if (x->storage == SPK_REPEATED) snprintf(text, sizeof text, "%s as %" PRId64 " x", shape.text, x->repeat);
    else snprintf(text, sizeof text, "%s%s", shape.text, x->storage == SPK_BITS ? " bits" : "");
    add_line(g, node, text);
}

/* The gradient's 2-norm to four digits. */
static void add_norm(spk_draw_graph *g, spk_draw_node *node, const spk_tensor *gradient) {
    spk_text text = {.ctx = g->ctx};
    spk_text_add(&text, "gradient ");
    spk_text_add_rounded(&text, sqrt(spk_sum_of_squares(gradient->size, spk_reals(gradient))), 4);
    add_line(g, node, text.data ? text.data : "");
    spk_text_free(&text);
    node->norms++;
}

static void describe_call(spk_draw_graph *g, spk_draw_node *node, const spk_record *r) {
    node->path = line_of(g->ctx, r->path);
    add_line(g, node, r->op->name);
    for (int k = 0; k < SPK_MAX_OUTPUTS; k++)
        if (r->out[k]) add_shape(g, node, r->out[k]);
    if (*node->path) {
        node->path_line = node->lines;
        add_line(g, node, node->path);
    }
    for (int k = 0; k < SPK_MAX_OUTPUTS; k++)
        if (r->out[k] && r->out[k]->retains_grad && r->out[k]->grad && !r->out[k]->grad->pending) add_norm(g, node, r->out[k]->grad);
}

/* A leaf belongs to the layer whose call needs it, of which its name may say no more than `weight`. */
static void describe_leaf(spk_draw_graph *g, spk_draw_node *node, const spk_tensor *x, const char *path) {
    char text[SPK_ERROR_TEXT];
    node->kind = x->requires_grad ? SPK_DRAW_PARAMETER : SPK_DRAW_DATA;
    node->path = line_of(g->ctx, path);
    if (x->name) snprintf(text, sizeof text, "%s%s%s", path, *path ? "." : "", x->name);
    else snprintf(text, sizeof text, "%s", x->step ? x->op : x->requires_grad ? "leaf" : "data");
    add_line(g, node, text);
    add_shape(g, node, x);
    if (spk_grad(x)) add_norm(g, node, spk_grad(x));
}

/* What has been reached: records and leaves, by address, in a table with open places. */

typedef struct reached {
    const void *key;
    int node;     /* -1: not drawn */
    int to, edge; /* the last call that had it as an input, and the edge between them */
} reached;

typedef struct table {
    spk_ctx *ctx;
    reached *place;
    size_t places, used; /* places: a power of 2 */
} table;

/* The place of a key, or the open one where it would be. */
static reached *find(const table *t, const void *key) {
    uint64_t hash = (uint64_t)(uintptr_t)key * 0x9e3779b97f4a7c15u;
    size_t i = (size_t)(hash >> 32) & (t->places - 1);
    while (t->place[i].key && t->place[i].key != key) i = (i + 1) & (t->places - 1);
    return &t->place[i];
}

/* Room for one more key; false without memory. */
static bool make_room(table *t) {
    if (2 * t->used < t->places) return true;
    table larger = {.ctx = t->ctx, .places = t->places ? 4 * t->places : 256, .used = t->used};
    larger.place = spk_allocate(t->ctx, larger.places * sizeof *larger.place);
    if (!larger.place) return false;
    for (size_t i = 0; i < t->places; i++)
        if (t->place[i].key) *find(&larger, t->place[i].key) = t->place[i];
    spk_release(t->ctx, t->place);
    *t = larger;
    return true;
}

/* The key's place, new ones without a node; NULL without memory. */
static reached *reach(table *t, const void *key) {
    if (!make_room(t)) return NULL;
    reached *at = find(t, key);
    if (!at->key) *at = (reached){key, -1, -1, -1}, t->used++;
    return at;
}

/* The graph. */

/* An array with room for one more element than the `used` ones: itself, or one of twice the size, and it is freed. NULL without memory. */
static void *grown(spk_ctx *ctx, void *array, size_t size, int used) {
    if (used & (used - 1) || used == 1) return array; /* room is a power of 2 above 1 */
    void *larger = spk_allocate(ctx, (size_t)(used ? 2 * used : 2) * size);
    if (!larger) return NULL;
    if (used) memcpy(larger, array, (size_t)used * size);
    spk_release(ctx, array);
    return larger;
}

/* A new node; -1 without memory. */
static int add_node(spk_draw_graph *g, spk_draw_kind kind) {
    spk_draw_node *node = grown(g->ctx, g->node, sizeof *node, g->nodes);
    if (!node) return -1;
    g->node = node;
    g->node[g->nodes] = (spk_draw_node){.kind = kind, .path = "", .path_line = -1};
    return g->nodes++;
}

/* The node of a leaf; -1 without memory. */
static int add_leaf(spk_draw_graph *g, const spk_tensor *x, const char *path) {
    if (g->leaves < 4 * g->most) {
        const int node = add_node(g, SPK_DRAW_DATA);
        if (node >= 0) describe_leaf(g, &g->node[node], x, path), g->leaves++;
        return node;
    }
    if (g->more < 0) g->more = add_node(g, SPK_DRAW_LEFT_OUT);
    return g->more;
}

/* An edge to a call, or one more time the one that there is. */
static bool add_edge(spk_draw_graph *g, reached *from, int to) {
    if (from->to == to) {
        g->edge[from->edge].times++;
        return true;
    }
    spk_draw_edge *room = grown(g->ctx, g->edge, sizeof *room, g->edges);
    if (!room) return false;
    g->edge = room;
    g->edge[g->edges] = (spk_draw_edge){.from = from->node, .to = to, .times = 1};
    from->to = to, from->edge = g->edges++;
    return true;
}

/* Reaches an input of a call; the node of what it is may be drawn later (a record: when the walk comes to it) or not at all. */
static bool connect(spk_draw_graph *g, table *t, const spk_tensor *x, const spk_record *call, int node) {
    reached *at = reach(t, x->record ? (const void *)x->record : x);
    if (!at) return false;
    if (node < 0) return true; /* of a call that is not drawn */
    if (at->node < 0) at->node = x->record ? add_node(g, SPK_DRAW_CALL) : add_leaf(g, x, call->path);
    return at->node >= 0 && add_edge(g, at, node);
}

/* A record that the walk has come to: drawn if there is room, and its inputs reached. */
static bool visit(spk_draw_graph *g, table *t, const spk_record *r) {
    int node = find(t, r)->node;
    if (g->calls < g->most) {
        if (node < 0) return false;
        describe_call(g, &g->node[node], r);
        g->calls++;
    } else {
        if (node >= 0) g->node[node].kind = SPK_DRAW_LEFT_OUT;
        node = -1;
    }
    for (int i = 0; i < r->inputs; i++)
        if (r->in[i] && !connect(g, t, r->in[i], r, node)) return false;
    return true;
}

/* Edges between the same nodes, of what has been joined, become one. Those to a call stand together. */
static void join_edges(spk_draw_graph *g, const int *number, int joined) {
    int kept = 0, to = -1; /* the last call that has one from what is left out */
    for (int i = 0; i < g->edges; i++) {
        const spk_draw_edge e = {number[g->edge[i].from], number[g->edge[i].to], g->edge[i].times};
        if (e.from == joined && e.to == to) continue;
        g->edge[kept] = e;
        if (e.from == joined) to = e.to, g->edge[kept].times = 1;
        kept++;
    }
    g->edges = kept;
}

/* All nodes that are left out become one. */
static void join_left_out(spk_draw_graph *g) {
    int *number = spk_allocate(g->ctx, (size_t)g->nodes * sizeof *number), kept = 0, joined = -1;
    if (!number) return;
    for (int i = 0; i < g->nodes; i++) {
        const bool left_out = g->node[i].kind == SPK_DRAW_LEFT_OUT;
        number[i] = left_out && joined >= 0 ? joined : kept;
        if (number[i] < kept) continue;
        g->node[kept] = g->node[i];
        if (left_out) joined = kept;
        kept++;
    }
    g->nodes = kept;
    join_edges(g, number, joined);
    spk_release(g->ctx, number);
    if (joined < 0) return;
    char text[64];
    snprintf(text, sizeof text, "%" PRId64 " more", g->left_out);
    add_line(g, &g->node[joined], text);
}

/* From y back over the tape. */
static bool walk(spk_draw_graph *g, table *t, const spk_tensor *y) {
    reached *start = reach(t, y->record ? (const void *)y->record : y);
    if (!start) return false;
    start->node = add_node(g, SPK_DRAW_CALL);
    if (start->node < 0) return false;
    g->node[start->node].result = true;
    if (!y->record) describe_leaf(g, &g->node[start->node], y, y->path ? y->path : ""), g->leaves++;
    for (const spk_record *r = g->ctx->tape; r; r = r->previous)
        if (find(t, r)->key && !visit(g, t, r)) return false;
    g->left_out = (int64_t)t->used - g->calls - g->leaves;
    if (g->left_out) join_left_out(g);
    return !g->ctx->failed;
}

/* What y depends on; false, with the error set, for what cannot be drawn. */
static bool collect(spk_draw_graph *g, spk_tensor *y, int64_t most, const char *who) {
    spk_ctx *ctx = spk_tensor_ctx(y);
    *g = (spk_draw_graph){.ctx = ctx, .most = most, .more = -1};
    if (!spk_tensor_usable(ctx, y, who)) return false;
    if (most < 1 || most > 1000) spk_fail(ctx, "%s: .most is %" PRId64 "; it is from 1 to 1000", who, most);
    table t = {.ctx = ctx};
    const bool done = !ctx->failed && walk(g, &t, y);
    spk_release(ctx, t.place);
    return done;
}

void spk_draw_caption(const spk_draw_graph *g, spk_text *text) {
    spk_text_add(text, "%" PRId64 " call%s, %" PRId64 " lea%s", g->calls, g->calls == 1 ? "" : "s", g->leaves,
                 g->leaves == 1 ? "f" : "ves");
    if (g->left_out) spk_text_add(text, "; %" PRId64 " more are left out (.most)", g->left_out);
}

const char *spk_draw_tape(spk_tensor *y, spk_draw_opts options, const char *who, void (*write)(const spk_draw_graph *g, spk_text *text)) {
    spk_ctx *ctx = spk_tensor_ctx(y);
    const spk_activity was = spk_doing_function(ctx, who);
    spk_draw_graph g;
    spk_text text = {.ctx = ctx};
    if (collect(&g, y, options.most, who)) write(&g, &text);
    spk_release(ctx, g.node);
    spk_release(ctx, g.edge);
    const char *done = spk_text_to_step(&text);
    spk_done(ctx, was);
    return done;
}

spk_draw_opts spk_draw_options(void) { return (spk_draw_opts){SPK_DRAW_DEFAULTS}; }
