/*
 * A layered layout, from top to bottom (after Sugiyama, Tagawa and Toda 1981): each call stands one layer below the lowest that it depends
 * on, edges that pass layers get a place in each, each layer is sorted by the mean rank of its neighbours in the one above or below, and
 * then moved to where its neighbours are.
 */
#include "autograd/draw_internal.h"
#include "core/context_internal.h"
#include <string.h>

enum { GAP = 24, BETWEEN = 40, MARGIN = 16, SWEEPS = 12, PLACE_WIDTH = 10 };

/* Layers. */

/* Longest paths: a call's edges stand after those of the calls that depend on it. Leaves stand just above the first who needs them. */
static void set_layers(const spk_draw_graph *g, spk_draw_layout *l) {
    for (int i = g->edges - 1; i >= 0; i--) {
        const spk_draw_edge *e = &g->edge[i];
        spk_draw_item *to = &l->item[e->to];
        const int below = l->item[e->from].layer + 1;
        if (to->layer < below) to->layer = below;
    }
    for (int i = 0; i < g->nodes; i++)
        if (g->node[i].kind != SPK_DRAW_CALL) l->item[i].layer = -1;
    for (int i = 0; i < g->edges; i++) {
        const spk_draw_edge *e = &g->edge[i];
        spk_draw_item *from = &l->item[e->from];
        const int above = l->item[e->to].layer - 1;
        if (g->node[e->from].kind != SPK_DRAW_CALL && (from->layer < 0 || above < from->layer)) from->layer = above;
    }
    for (int i = 0; i < g->nodes; i++) {
        if (l->item[i].layer < 0) l->item[i].layer = 0;
        if (l->item[i].layer >= l->layers) l->layers = l->item[i].layer + 1;
    }
}

/* Places below each node for its long edges, and the pieces of all edges. */
static bool make_pieces(const spk_draw_graph *g, spk_draw_layout *l) {
    int *begin = spk_allocate(l->ctx, (size_t)g->nodes * sizeof *begin); /* how many places a node has, then which is its first */
    int places = 0;
    for (int i = 0; begin && i < g->edges; i++) {
        const spk_draw_edge *e = &g->edge[i];
        const int passed = l->item[e->to].layer - l->item[e->from].layer - 1;
        if (passed > begin[e->from]) begin[e->from] = passed;
    }
    for (int i = 0; begin && i < g->nodes; i++) {
        const int own = begin[i];
        begin[i] = g->nodes + places;
        places += own;
    }
    spk_draw_item *item = begin ? spk_allocate(l->ctx, (size_t)(g->nodes + places) * sizeof *item) : NULL;
    l->piece = item ? spk_allocate(l->ctx, (size_t)(g->edges + places + 1) * sizeof *l->piece) : NULL;
    if (l->piece) {
        memcpy(item, l->item, (size_t)g->nodes * sizeof *item);
        spk_release(l->ctx, l->item);
        l->item = item, l->items = g->nodes + places;
        for (int i = 0; i < g->nodes; i++) {
            const int end = i + 1 < g->nodes ? begin[i + 1] : l->items;
            for (int k = begin[i]; k < end; k++) {
                item[k] = (spk_draw_item){.passed = true, .layer = item[i].layer + 1 + k - begin[i], .width = PLACE_WIDTH};
                l->piece[l->pieces++] = (spk_draw_piece){.from = k == begin[i] ? i : k - 1, .to = k, .times = 1};
            }
        }
        for (int i = 0; i < g->edges; i++) {
            const spk_draw_edge *e = &g->edge[i];
            const int passed = item[e->to].layer - item[e->from].layer - 1;
            l->piece[l->pieces++] =
                (spk_draw_piece){.from = passed ? begin[e->from] + passed - 1 : e->from, .to = e->to, .times = e->times};
        }
    } else {
        spk_release(l->ctx, item);
    }
    spk_release(l->ctx, begin);
    return l->piece != NULL;
}

/* Neighbours. */

/* For each item its pieces upwards, or downwards, one item after the other. */
typedef struct links {
    int *begin, *piece;
} links;
enum { ABOVE, BELOW };

static int end_of(const spk_draw_piece *p, int direction) { return direction == ABOVE ? p->to : p->from; }
static int other_end(const spk_draw_piece *p, int direction) { return direction == ABOVE ? p->from : p->to; }

/* False without memory. */
static bool make_links(const spk_draw_layout *l, int direction, links *to) {
    to->begin = spk_allocate(l->ctx, (size_t)(l->items + 2) * sizeof *to->begin);
    to->piece = spk_allocate(l->ctx, (size_t)(l->pieces + 1) * sizeof *to->piece);
    if (!to->begin || !to->piece) return false;
    int *next = to->begin + 1; /* where the next piece of an item goes; in the end where its pieces end */
    for (int i = 0; i < l->pieces; i++) next[end_of(&l->piece[i], direction) + 1]++;
    for (int i = 0; i < l->items; i++) next[i + 1] += next[i];
    for (int i = 0; i < l->pieces; i++) to->piece[next[end_of(&l->piece[i], direction)]++] = i;
    return true;
}

/* The mean of a value of the neighbours in one direction; the item's own where there are none. */
static double mean_of(const spk_draw_layout *l, const links *to, int direction, int i, bool positions) {
    const int n = to->begin[i + 1] - to->begin[i];
    double sum = 0;
    for (int k = to->begin[i]; k < to->begin[i + 1]; k++) {
        const spk_draw_item *other = &l->item[other_end(&l->piece[to->piece[k]], direction)];
        sum += positions ? other->x : other->rank;
    }
    return n ? sum / n : positions ? l->item[i].x : l->item[i].rank;
}

/* Order within layers. */

static bool make_order(spk_draw_layout *l) {
    l->order = spk_allocate(l->ctx, (size_t)l->items * sizeof *l->order);
    l->first = spk_allocate(l->ctx, (size_t)(l->layers + 2) * sizeof *l->first);
    if (!l->order || !l->first) return false;
    int *next = l->first + 1;
    for (int i = 0; i < l->items; i++) next[l->item[i].layer + 1]++;
    for (int k = 0; k < l->layers; k++) next[k + 1] += next[k];
    for (int i = l->items - 1; i >= 0; i--) l->order[next[l->item[i].layer]++] = i; /* older calls, that is earlier steps, to the left */
    for (int k = 0; k < l->layers; k++)
        for (int i = l->first[k]; i < l->first[k + 1]; i++) l->item[l->order[i]].rank = i - l->first[k];
    return true;
}

/* Sorts a layer by what its items want; equal ones keep their order. */
static void sort_layer(const spk_draw_layout *l, int layer) {
    int *order = l->order + l->first[layer];
    const int n = l->first[layer + 1] - l->first[layer];
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && l->item[order[k]].wanted < l->item[order[k - 1]].wanted; k--) {
            const int other = order[k];
            order[k] = order[k - 1], order[k - 1] = other;
        }
    for (int i = 0; i < n; i++) l->item[order[i]].rank = i;
}

/* Positions. */

/* How far apart the middles of two neighbours are at least. */
static double apart(const spk_draw_item *a, const spk_draw_item *b) {
    return (a->width + b->width) / 2 + (a->passed && b->passed ? 4 : GAP);
}

/*
 * Moves a layer's items to where they want to be, as near as the squares of the distances allow without overlaps: with the least distances
 * taken off, positions must not fall from left to right, and runs that would are put at their mean (pool adjacent violators).
 */
static void settle(const spk_draw_layout *l, int layer, double *mean, int *length) {
    const int *order = l->order + l->first[layer], n = l->first[layer + 1] - l->first[layer];
    double offset = 0;
    int runs = 0;
    for (int i = 0; i < n; i++) {
        if (i) offset += apart(&l->item[order[i - 1]], &l->item[order[i]]);
        mean[runs] = l->item[order[i]].wanted - offset, length[runs++] = 1;
        for (; runs > 1 && mean[runs - 2] > mean[runs - 1]; runs--) {
            const int both = length[runs - 2] + length[runs - 1];
            mean[runs - 2] = (mean[runs - 2] * length[runs - 2] + mean[runs - 1] * length[runs - 1]) / both;
            length[runs - 2] = both;
        }
    }
    offset = 0;
    for (int i = 0, run = 0, in_run = 0; i < n; i++, in_run++) {
        if (i) offset += apart(&l->item[order[i - 1]], &l->item[order[i]]);
        if (in_run == length[run]) run++, in_run = 0;
        l->item[order[i]].x = mean[run] + offset;
    }
}

/* One pass over the layers, down or up: each is sorted, or moved, by its neighbours in the one before. */
static void sweep(const spk_draw_layout *l, const links *to, int direction, bool positions, double *mean, int *length) {
    for (int k = 0; k < l->layers; k++) {
        const int layer = direction == ABOVE ? k : l->layers - 1 - k;
        for (int i = l->first[layer]; i < l->first[layer + 1]; i++)
            l->item[l->order[i]].wanted = mean_of(l, to, direction, l->order[i], positions);
        if (positions) settle(l, layer, mean, length);
        else sort_layer(l, layer);
    }
}

static void arrange(const spk_draw_layout *l, const links to[2], double *mean, int *length) {
    for (int i = 0; i < SWEEPS; i++) sweep(l, &to[i % 2], i % 2, false, mean, length);
    for (int i = 0; i < l->items; i++) l->item[i].wanted = 0;
    for (int k = 0; k < l->layers; k++) settle(l, k, mean, length); /* all to the middle */
    for (int i = 0; i < SWEEPS; i++) sweep(l, &to[(i + 1) % 2], (i + 1) % 2, true, mean, length);
}

/* The layers' heights, and everything from the margin on. */
static void set_heights(spk_draw_layout *l) {
    double y = MARGIN, left = 0, right = 0;
    for (int k = 0; k < l->layers; k++) {
        double tall = 0;
        for (int i = l->first[k]; i < l->first[k + 1]; i++)
            if (l->item[l->order[i]].height > tall) tall = l->item[l->order[i]].height;
        for (int i = l->first[k]; i < l->first[k + 1]; i++) {
            spk_draw_item *item = &l->item[l->order[i]];
            if (item->passed) item->height = tall;
            item->y = y + (tall - item->height) / 2;
            if (item->x - item->width / 2 < left || (k == 0 && i == 0)) left = item->x - item->width / 2;
            if (item->x + item->width / 2 > right || (k == 0 && i == 0)) right = item->x + item->width / 2;
        }
        y += tall + BETWEEN;
    }
    for (int i = 0; i < l->items; i++) l->item[i].x += MARGIN - left;
    l->width = right - left + 2 * MARGIN;
    l->height = y - BETWEEN + MARGIN;
}

/* Pieces leave and enter a box side by side, in the order of where they come from or go to. */
static void set_ends(const spk_draw_layout *l, const links *to, int direction) {
    for (int i = 0; i < l->items; i++) {
        int *piece = to->piece + to->begin[i];
        const int n = to->begin[i + 1] - to->begin[i];
        const spk_draw_item *item = &l->item[i];
        for (int a = 1; a < n; a++)
            for (int k = a;
                 k > 0 && l->item[other_end(&l->piece[piece[k]], direction)].x < l->item[other_end(&l->piece[piece[k - 1]], direction)].x;
                 k--) {
                const int other = piece[k];
                piece[k] = piece[k - 1], piece[k - 1] = other;
            }
        const double room = item->passed ? 0 : (item->width - 16) / n, step = room < 16 ? room : 16;
        for (int k = 0; k < n; k++) {
            const double x = item->x + (k - (n - 1) / 2.0) * step;
            if (direction == ABOVE) l->piece[piece[k]].x_to = x;
            else l->piece[piece[k]].x_from = x;
        }
    }
}

bool spk_draw_lay_out(const spk_draw_graph *g, void (*measure)(const spk_draw_node *node, double *width, double *height),
                      spk_draw_layout *l) {
    *l = (spk_draw_layout){.ctx = g->ctx};
    l->item = spk_allocate(g->ctx, (size_t)g->nodes * sizeof *l->item);
    if (!l->item) return false;
    for (int i = 0; i < g->nodes; i++) measure(&g->node[i], &l->item[i].width, &l->item[i].height);
    set_layers(g, l);
    links to[2] = {0};
    double *mean = NULL;
    int *length = NULL;
    if (make_pieces(g, l) && make_order(l) && make_links(l, ABOVE, &to[ABOVE]) && make_links(l, BELOW, &to[BELOW])) {
        mean = spk_allocate(g->ctx, (size_t)l->items * sizeof *mean);
        length = spk_allocate(g->ctx, (size_t)l->items * sizeof *length);
    }
    const bool done = mean && length;
    if (done) {
        arrange(l, to, mean, length);
        set_heights(l);
        set_ends(l, &to[ABOVE], ABOVE);
        set_ends(l, &to[BELOW], BELOW);
    }
    for (int i = 0; i < 2; i++) spk_release(g->ctx, to[i].begin), spk_release(g->ctx, to[i].piece);
    spk_release(g->ctx, mean);
    spk_release(g->ctx, length);
    return done;
}

void spk_draw_layout_free(spk_draw_layout *l) {
    spk_release(l->ctx, l->item);
    spk_release(l->ctx, l->piece);
    spk_release(l->ctx, l->order);
    spk_release(l->ctx, l->first);
}
