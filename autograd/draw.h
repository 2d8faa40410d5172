/* The tape as a picture. */
#ifndef SPK_AUTOGRAD_DRAW_H
#define SPK_AUTOGRAD_DRAW_H

#include "core/tensor.h"

SPK_BEGIN_DECLS

/** Options of spk_tape_dot and spk_tape_svg. */
typedef struct spk_draw_opts {
    int64_t most; /**< so many calls of ops are drawn, the last ones, and four times as many leaves; the rest is one node. 1 to 1000,
                     default 200 */
} spk_draw_opts;
#define SPK_DRAW_DEFAULTS .most = 200

/**
 * All that y was computed from on the tape, as a graph for Graphviz: `fputs(spk_tape_dot(loss), file)`, then `dot -Tsvg`. A call of an op
 * is a box with the op's name, the shapes of its results (with their storage where that is not dense) and the layer that called it. Leaves
 * are round: parameters, named after the layer that uses them, and data. Arrows follow the data. Where there is a gradient its 2-norm is
 * shown: of leaves, and of results under spk_retain_grad. In DOT the calls of a layer form a cluster.
 *
 * It may be called from the forward to spk_end_step, also after spk_backward: the records that backward has walked can be drawn until the
 * step ends, and only then are there gradients. What was computed without a graph is drawn as data.
 *
 * Text of the current step (see spk_end_step), "" after an error. It is UTF-8 and the same in every locale.
 */
#define spk_tape_dot(...) spk_tape_dot_keywords_(__VA_ARGS__, )
#define spk_tape_dot_keywords_(y, ...) spk_tape_dot_with((y), SPK_KEYWORDS(spk_draw_opts, SPK_DRAW_DEFAULTS, __VA_ARGS__))
/** The function behind spk_tape_dot. */
SPK_API const char *spk_tape_dot_with(spk_tensor *y, spk_draw_opts options);
/**
 * The same as SVG, laid out from top to bottom, without any other program: `fputs(spk_tape_svg(loss, .most = 50), file)`. A file of its own
 * or a part of an HTML page; its colours follow the reader's choice of light or dark.
 */
#define spk_tape_svg(...) spk_tape_svg_keywords_(__VA_ARGS__, )
#define spk_tape_svg_keywords_(y, ...) spk_tape_svg_with((y), SPK_KEYWORDS(spk_draw_opts, SPK_DRAW_DEFAULTS, __VA_ARGS__))
/** The function behind spk_tape_svg. */
SPK_API const char *spk_tape_svg_with(spk_tensor *y, spk_draw_opts options);
/** The defaults of both. */
SPK_API spk_draw_opts spk_draw_options(void);

SPK_END_DECLS

#endif
