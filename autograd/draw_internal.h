/* The graph behind spk_tape_dot and spk_tape_svg, for draw*.c. */
#ifndef SPK_AUTOGRAD_DRAW_INTERNAL_H
#define SPK_AUTOGRAD_DRAW_INTERNAL_H

#include "autograd/draw.h"
#include "autograd/op.h"
#include "core/text.h"

typedef enum spk_draw_kind { SPK_DRAW_CALL, SPK_DRAW_PARAMETER, SPK_DRAW_DATA, SPK_DRAW_LEFT_OUT } spk_draw_kind;

/* The lines of a node: its name, the shapes of its results, its layer, the norms of its gradients. */
enum { SPK_DRAW_LINES = 2 + 2 * SPK_MAX_OUTPUTS };

/* A call of an op, a leaf, or all that is left out. */
typedef struct spk_draw_node {
    spk_draw_kind kind;
    bool result;                      /* y */
    const char *path;                 /* the layer's; "" outside of any */
    const char *line[SPK_DRAW_LINES]; /* valid UTF-8 without control characters, in the step's memory */
    int lines;
    int path_line; /* the line that is the path, or -1 */
    int norms;     /* so many lines at the end are gradients */
} spk_draw_node;

/* Data that goes from one node to another. */
typedef struct spk_draw_edge {
    int from, to;
    int times; /* how many of the op's inputs it is */
} spk_draw_edge;

/* Calls stand before what they depend on: the newest first. */
typedef struct spk_draw_graph {
    spk_ctx *ctx;
    spk_draw_node *node;
    spk_draw_edge *edge;
    int nodes, edges;
    int64_t most;                    /* calls to be drawn; of leaves four times as many */
    int more;                        /* the node of leaves that are left out, or -1 */
    int64_t calls, leaves, left_out; /* drawn, drawn, not drawn */
} spk_draw_graph;

/* The graph of what y depends on, written by `write`: text of the step, "" after an error. */
const char *spk_draw_tape(spk_tensor *y, spk_draw_opts options, const char *who, void (*write)(const spk_draw_graph *g, spk_text *text));
/* `12 calls, 7 leaves; 30 more are left out (.most)`. */
void spk_draw_caption(const spk_draw_graph *g, spk_text *text);

/* A node's box, or a place that an edge passes between two layers that it joins. In pixels. */
typedef struct spk_draw_item {
    bool passed; /* a place */
    int layer;   /* from the top */
    int rank;    /* within the layer, from the left */
    double x, y; /* the middle of the top */
    double width, height;
    double wanted; /* where its neighbours would have it; sort key */
} spk_draw_item;

/* A piece of an edge, from one layer to the next. All edges of a node share the places that they pass. */
typedef struct spk_draw_piece {
    int from, to;        /* items */
    int times;           /* as the edge's, at its end; else 1 */
    double x_from, x_to; /* where it leaves and enters */
} spk_draw_piece;

/* The items stand in the order of nodes, places after them. */
typedef struct spk_draw_layout {
    spk_ctx *ctx;
    spk_draw_item *item;
    spk_draw_piece *piece;
    int items, pieces, layers;
    int *order, *first; /* items by layer and rank; where each layer begins, and the end */
    double width, height;
} spk_draw_layout;

/* Places boxes whose sizes are set by `measure`. False without memory. Free it in any case. */
bool spk_draw_lay_out(const spk_draw_graph *g, void (*measure)(const spk_draw_node *node, double *width, double *height),
                      spk_draw_layout *l);
void spk_draw_layout_free(spk_draw_layout *l);

#endif
