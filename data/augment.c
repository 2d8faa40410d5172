#include "data/augment.h"
#include "core/context_internal.h"
#include "core/numeric_internal.h"
#include "core/parallel_internal.h"

/* Words drawn for each picture's map, a multiple of 4; five of them are used. */
#define WORDS 8
/* Smaller pictures would be all but gone, and their maps overflow. */
#define LEAST_SCALE 1e-3
/* The longest side: its places still have 8 bits behind the point as float, and all pixels can be counted in 32 bits. */
#define MOST_SIDE 32768
/* Result pixels whose places are worked out at a time: a row of MNIST's in one go. */
#define PIECE 32
/* Below this many pixels a thread costs more than it saves. */
#define GRAIN_PIXELS 4096

spk_affine_opts spk_affine_options(void) { return (spk_affine_opts){SPK_AFFINE_DEFAULTS}; }
spk_affine_augment_opts spk_affine_augment_options(void) { return (spk_affine_augment_opts){SPK_AFFINE_AUGMENT_DEFAULTS}; }

/* Where a result pixel (x, y) comes from: column x_of[0] x + x_of[1] y + x_of[2] of the source, row likewise. */
typedef struct source_map {
    spk_real x_of[3], y_of[3];
} source_map;

/*
 * The inverse of the affine map, from pixel to pixel: (x', y') = s R(r) (x + k y, y) + t is undone by (u, v) = R(-r) ((x', y') - t) / s,
 * then y = v and x = u - k v.
 */
static source_map inverse(const spk_affine_opts *o, int64_t width, int64_t height) {
    const double angle = o->rotation * (3.14159265358979323846 / 180), c = cos(angle) / o->scale, s = sin(angle) / o->scale;
    const double middle_x = 0.5 * (double)(width - 1), middle_y = 0.5 * (double)(height - 1);
    const double from_x = middle_x + o->shift_x * (double)width, from_y = middle_y + o->shift_y * (double)height;
    const double across[2] = {c + o->shear * s, s - o->shear * c}, down[2] = {-s, c};
    return (source_map){
        .x_of = {(spk_real)across[0], (spk_real)across[1], (spk_real)(middle_x - across[0] * from_x - across[1] * from_y)},
        .y_of = {(spk_real)down[0], (spk_real)down[1], (spk_real)(middle_y - down[0] * from_x - down[1] * from_y)},
    };
}

/* All without branches, so that the loop over them vectorises. */
SPK_INLINE int32_t within(int32_t i, int32_t size) {
    i = i > 0 ? i : 0;
    return i < size ? i : size - 1;
}
SPK_INLINE spk_real limited(spk_real x, spk_real most) {
    x = x > -1 ? x : -1; /* a NaN, too, is outside */
    return x < most ? x : most;
}
/* The shares of the two neighbours `at` and `at + 1`, 0 for one that is outside of the source; at is -1 to size. */
SPK_INLINE spk_real share_of_first(spk_real part, int32_t at, int32_t size) { return (1 - part) * (spk_real)((at >= 0) & (at < size)); }
SPK_INLINE spk_real share_of_second(spk_real part, int32_t at, int32_t size) { return part * (spk_real)(at + 1 < size); }

/* Where PIECE result pixels of a row come from: the upper left source pixel, the steps from it to its neighbours, and the four shares. */
typedef struct places {
    int32_t at[PIECE], right[PIECE], down[PIECE];
    spk_real upper_left[PIECE], upper_right[PIECE], lower_left[PIECE], lower_right[PIECE];
} places;

/*
 * Source places are limited to -1 .. size, one pixel outside, where all shares are 0; adding 1 before truncation makes it a floor. The
 * arithmetic has a loop of its own, which vectorises, apart from the reads, which do not.
 */
SPK_INLINE void find_places(places *p, const source_map *m, int32_t row, int32_t first, int32_t width, int32_t height) {
    const spk_real x_start = m->x_of[1] * (spk_real)row + m->x_of[2], y_start = m->y_of[1] * (spk_real)row + m->y_of[2];
    for (int32_t i = 0; i < PIECE; i++) {
        const spk_real x = limited(m->x_of[0] * (spk_real)(first + i) + x_start, (spk_real)width);
        const spk_real y = limited(m->y_of[0] * (spk_real)(first + i) + y_start, (spk_real)height);
        const int32_t left = (int32_t)(x + 1) - 1, top = (int32_t)(y + 1) - 1;
        const spk_real right_part = x - (spk_real)left, lower_part = y - (spk_real)top;
        const spk_real w_left = share_of_first(right_part, left, width), w_right = share_of_second(right_part, left, width);
        const spk_real w_upper = share_of_first(lower_part, top, height), w_lower = share_of_second(lower_part, top, height);
        const int32_t column = within(left, width), line = within(top, height);
        p->at[i] = line * width + column;
        p->right[i] = within(left + 1, width) - column;
        p->down[i] = (within(top + 1, height) - line) * width;
        p->upper_left[i] = w_upper * w_left, p->upper_right[i] = w_upper * w_right;
        p->lower_left[i] = w_lower * w_left, p->lower_right[i] = w_lower * w_right;
    }
}

/* One picture. */
SPK_CLONES static void warp(const spk_real *restrict in, const source_map *m, int32_t width, int32_t height, spk_real *restrict out) {
    places p;
    for (int32_t row = 0; row < height; row++) {
        for (int32_t first = 0; first < width; first += PIECE) {
            const int32_t n = width - first < PIECE ? width - first : PIECE;
            find_places(&p, m, row, first, width, height);
            for (int32_t i = 0; i < n; i++) {
                const spk_real *upper = in + p.at[i], *lower = upper + p.down[i];
                *out++ = p.upper_left[i] * upper[0] + p.upper_right[i] * upper[p.right[i]] + p.lower_left[i] * lower[0] +
                         p.lower_right[i] * lower[p.right[i]];
            }
        }
    }
}

typedef struct work {
    const spk_real *in;
    spk_real *out;
    int64_t width, height;
    const spk_affine_opts *same;           /* all pictures under this map */
    const spk_affine_augment_opts *ranges; /* or each under one of its own, of this draw */
    spk_random draw;
} work;

static double between(uint32_t word, double low, double high) { return low + (high - low) * (double)spk_unit(word); }

static spk_affine_opts drawn(const work *w, int64_t picture) {
    const spk_affine_augment_opts *o = w->ranges;
    uint32_t words[WORDS];
    spk_random_words(w->draw, picture * WORDS, WORDS, words);
    return (spk_affine_opts){
        .rotation = between(words[0], -o->rotation, o->rotation),
        .scale = between(words[1], o->min_scale, o->max_scale),
        .shear = between(words[2], -o->shear, o->shear),
        .shift_x = between(words[3], -o->shift, o->shift),
        .shift_y = between(words[4], -o->shift, o->shift),
    };
}

static void warp_pictures(void *v, int64_t begin, int64_t end) {
    const work *w = v;
    for (int64_t i = begin; i < end; i++) {
        const spk_affine_opts map = w->same ? *w->same : drawn(w, i);
        const int64_t first = i * w->width * w->height;
        const source_map m = inverse(&map, w->width, w->height);
        warp(w->in + first, &m, (int32_t)w->width, (int32_t)w->height, w->out + first);
    }
}

/* The sides of x's pictures. */
static bool sides(spk_ctx *ctx, const char *who, const spk_tensor *x, work *w) {
    const spk_shape s = x->shape;
    if (s.axes == 3) {
        w->height = s.dim[1], w->width = s.dim[2];
    } else if (s.axes == 2) {
        const int64_t side = (int64_t)(sqrt((double)s.dim[1]) + 0.5);
        w->height = w->width = side * side == s.dim[1] ? side : 0;
    }
    if (w->height > 0 && w->width > 0 && w->height <= MOST_SIDE && w->width <= MOST_SIDE) return true;
    spk_fail(ctx, "%s: x is %s; it must be pictures [N, height, width], or [N, side * side] for square ones, with sides of 1 to %d", who,
             spk_shape_text(s).text, MOST_SIDE);
    return false;
}

/* Checks x, then maps it as w->same or w->ranges says. */
static spk_tensor *mapped(const char *who, spk_tensor *x, work w) {
    spk_ctx *ctx = spk_tensor_ctx(x);
    if (!spk_tensor_usable(ctx, x, who) || !sides(ctx, who, x, &w)) return &ctx->inert;
    const spk_activity before = spk_doing_function(ctx, who);
    w.in = spk_data(x);
    spk_tensor *y = ctx->failed ? NULL : spk_tensor_header(ctx, x->shape);
    const bool there = y && spk_tensor_take_dense(y);
    spk_done(ctx, before);
    if (!there) return &ctx->inert;
    y->op = who;
    w.out = spk_reals(y);
    if (w.ranges) w.draw = spk_random_take(ctx, x->shape.dim[0] * WORDS);
    spk_parallel(x->shape.dim[0], 1 + GRAIN_PIXELS / (w.width * w.height), warp_pictures, &w);
    return y;
}

/* The error unless low <= value < infinity. */
static void check(spk_ctx *ctx, const char *who, const char *option, double value, double low) {
    if (isfinite(value) && value >= low) return;
    if (isfinite(low)) spk_fail(ctx, "%s: %s is %g; it must be a finite number of at least %g", who, option, value, low);
    else spk_fail(ctx, "%s: %s is %g; it must be a finite number", who, option, value);
}

spk_tensor *spk_affine_with(spk_tensor *x, spk_affine_opts o) {
    static const char who[] = "spk_affine";
    spk_ctx *ctx = spk_tensor_ctx(x);
    check(ctx, who, "rotation", o.rotation, -INFINITY);
    check(ctx, who, "scale", o.scale, LEAST_SCALE);
    check(ctx, who, "shear", o.shear, -INFINITY);
    check(ctx, who, "shift_x", o.shift_x, -INFINITY);
    check(ctx, who, "shift_y", o.shift_y, -INFINITY);
    return ctx->failed ? &ctx->inert : mapped(who, x, (work){.same = &o});
}

spk_tensor *spk_affine_augment_with(spk_tensor *x, spk_affine_augment_opts o) {
    static const char who[] = "spk_affine_augment";
    spk_ctx *ctx = spk_tensor_ctx(x);
    check(ctx, who, "rotation", o.rotation, 0);
    check(ctx, who, "min_scale", o.min_scale, LEAST_SCALE);
    check(ctx, who, "max_scale", o.max_scale, LEAST_SCALE);
    if (o.min_scale > o.max_scale) spk_fail(ctx, "%s: min_scale is %g, above max_scale, %g", who, o.min_scale, o.max_scale);
    check(ctx, who, "shear", o.shear, 0);
    check(ctx, who, "shift", o.shift, 0);
    return ctx->failed ? &ctx->inert : mapped(who, x, (work){.ranges = &o});
}
