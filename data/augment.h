/* Pictures turned, scaled, sheared and shifted: what makes more training images out of those there are. */
#ifndef SPK_DATA_AUGMENT_H
#define SPK_DATA_AUGMENT_H

#include "core/tensor.h"

SPK_BEGIN_DECLS

/**
 * An affine map of a picture. About the picture's centre, y pointing down, a point (x, y) is first sheared, then scaled and turned, then
 * shifted: (x', y') = scale R(rotation) (x + shear y, y) + (shift_x width, shift_y height), with R(r) = [cos r, -sin r; sin r, cos r].
 */
typedef struct spk_affine_opts {
    double rotation;         /**< degrees, clockwise as seen; default 0 */
    double scale;            /**< 0.001 or more; larger than 1 enlarges; default 1 */
    double shear;            /**< pixels to the right for each pixel down; default 0 */
    double shift_x, shift_y; /**< shares of the width, to the right, and of the height, down; default 0 */
} spk_affine_opts;
#define SPK_AFFINE_DEFAULTS .rotation = 0, .scale = 1, .shear = 0, .shift_x = 0, .shift_y = 0
/**
 * Every picture of a batch under one affine map: `spk_affine(x, .rotation = 90)`. x is [N, height, width], or [N, side * side] for square
 * pictures, with sides up to 32768. A result pixel is interpolated bilinearly between the four that its place in the source lies between;
 * outside the source there are zeros. A dense step tensor of x's shape; no gradient passes.
 */
#define spk_affine(...) spk_affine_keywords_(__VA_ARGS__, )
#define spk_affine_keywords_(x, ...) spk_affine_with((x), SPK_KEYWORDS(spk_affine_opts, SPK_AFFINE_DEFAULTS, __VA_ARGS__))
/** The function behind spk_affine. */
SPK_API spk_tensor *spk_affine_with(spk_tensor *x, spk_affine_opts options);
/** The defaults of spk_affine. */
SPK_API spk_affine_opts spk_affine_options(void);

/** The ranges of spk_affine_augment; each is 0 or more. The defaults suit handwritten digits. */
typedef struct spk_affine_augment_opts {
    double rotation;             /**< at most this many degrees either way; default 15 */
    double min_scale, max_scale; /**< the scale is between these, 0.001 or more; default 0.9 and 1.1 */
    double shear;                /**< at most this either way; default 0.1 */
    double shift;                /**< at most this share of the width and of the height, either way; default 0.1 */
} spk_affine_augment_opts;
#define SPK_AFFINE_AUGMENT_DEFAULTS .rotation = 15, .min_scale = 0.9, .max_scale = 1.1, .shear = 0.1, .shift = 0.1
/**
 * Every picture of a training batch under a random affine map of its own: `x = spk_affine_augment(batch.x, .rotation = 15)`, x as for
 * spk_affine. All five numbers of a map are uniform within their ranges and come from the context's stream, so the pictures are a
 * function of the context's seed and of what was drawn before, whatever the number of threads.
 */
#define spk_affine_augment(...) spk_affine_augment_keywords_(__VA_ARGS__, )
#define spk_affine_augment_keywords_(x, ...) \
    spk_affine_augment_with((x), SPK_KEYWORDS(spk_affine_augment_opts, SPK_AFFINE_AUGMENT_DEFAULTS, __VA_ARGS__))
/** The function behind spk_affine_augment. */
SPK_API spk_tensor *spk_affine_augment_with(spk_tensor *x, spk_affine_augment_opts options);
/** The defaults of spk_affine_augment. */
SPK_API spk_affine_augment_opts spk_affine_augment_options(void);

SPK_END_DECLS

#endif
