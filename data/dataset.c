#include "core/context_internal.h"
#include "data/dataset_internal.h"
#include "data/element_internal.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Below this, whole numbers are exact as float. */
#define LABEL_LIMIT ((int64_t)1 << 24)
/* Each epoch's order has 2^34 words of a stream of 2^64 for itself. */
#define LAST_EPOCH (((int64_t)1 << 30) - 1)

/* The samples, for all that share them: a dataset and what was split off. */
typedef struct shared {
    int64_t users;
    spk_samples samples;
} shared;

struct spk_dataset {
    spk_object object;
    shared *shared;
    int64_t first, size; /* the run of the samples that is this dataset's */
    int64_t sample;      /* elements of one input */
    spk_dataset_opts options;
    int64_t epoch, position; /* of the next sample, within the epoch */
    int64_t *order;          /* when shuffled: the current epoch's permutation of 0 .. size - 1 */
};

spk_dataset_opts spk_dataset_options(void) { return (spk_dataset_opts){SPK_DATASET_DEFAULTS_}; }

static void samples_free(spk_ctx *ctx, spk_samples *s) {
    spk_idx_destroy(s->inputs);
    spk_idx_destroy(s->labels);
    spk_release(ctx, s->classes);
}

static void shared_leave(spk_ctx *ctx, shared *s) {
    if (!s || --s->users > 0) return;
    samples_free(ctx, &s->samples);
    spk_release(ctx, s);
}

static void dataset_destroy(spk_object *object) {
    spk_dataset *d = (spk_dataset *)object;
    shared_leave(object->ctx, d->shared);
    spk_release(object->ctx, d->order);
}

static const spk_object_type dataset_type = {.name = "dataset", .destroy = dataset_destroy};

bool spk_dataset_check(spk_ctx *ctx, const char *who, const spk_dataset_opts *options) {
    if (options->batch < 1) spk_fail(ctx, "%s: batch is %" PRId64 "; it must be at least 1", who, options->batch);
    if (!isfinite(options->scale)) spk_fail(ctx, "%s: scale is %g; it must be finite", who, options->scale);
    return !ctx->failed;
}

static bool check_batches(spk_ctx *ctx, const char *who, const spk_dataset_opts *options, int64_t size) {
    if (!options->drop_last || options->batch <= size) return true;
    spk_fail(ctx, "%s: drop_last leaves no batch of %" PRId64 " samples, with batch = %" PRId64 "; lower batch or let drop_last be false",
             who, size, options->batch);
    return false;
}

static bool check_labels(spk_ctx *ctx, const char *who, const spk_idx *labels) {
    for (int64_t i = 0; i < labels->size; i++) {
        int64_t label;
        spk_real shown;
        if (spk_element_whole(labels->element, labels->data, i, &label) && label >= 0 && label < LABEL_LIMIT) continue;
        spk_idx_scaled(labels, i, 1, 1, &shown);
        spk_fail(ctx, "%s: label %" PRId64 " is %g; labels must be whole numbers from 0 to 2^24 - 1", who, i, (double)shown);
        return false;
    }
    return true;
}

static bool check_samples(spk_ctx *ctx, const char *who, const spk_idx *inputs, const spk_idx *labels) {
    if (inputs->shape.axes < 1 || inputs->size == 0) {
        spk_fail(ctx, "%s: the inputs are %s, which holds no samples; give [samples, ...]", who, spk_shape_text(inputs->shape).text);
    } else if (labels->shape.axes != 1) {
        spk_fail(ctx, "%s: the labels have shape %s where one axis is due; are the two files exchanged?", who,
                 spk_shape_text(labels->shape).text);
    } else if (labels->shape.dim[0] != inputs->shape.dim[0]) {
        spk_fail(ctx, "%s: there are %" PRId64 " inputs and %" PRId64 " labels; give files of the same set", who, inputs->shape.dim[0],
                 labels->shape.dim[0]);
    }
    return !ctx->failed && check_labels(ctx, who, labels);
}

/* A dataset of `size` samples from `first` on, which joins the users of s. */
static spk_dataset *dataset_create(spk_ctx *ctx, shared *s, int64_t first, int64_t size, spk_dataset_opts options) {
    spk_dataset *d = spk_object_create(ctx, &dataset_type, sizeof *d);
    if (!d) return NULL;
    d->options = options;
    d->first = first, d->size = size, d->sample = s->samples.inputs->size / s->samples.inputs->shape.dim[0];
    if (options.shuffle && !(d->order = spk_allocate(ctx, (size_t)size * sizeof *d->order))) {
        spk_object_destroy(&d->object);
        return NULL;
    }
    d->shared = s, s->users++;
    return d;
}

spk_dataset *spk_dataset_adopt(spk_ctx *ctx, const char *who, spk_samples samples, spk_dataset_opts options) {
    const spk_idx *x = samples.inputs;
    const bool fit =
        x && samples.labels && check_samples(ctx, who, x, samples.labels) && check_batches(ctx, who, &options, x->shape.dim[0]);
    shared *s = fit ? spk_allocate(ctx, sizeof *s) : NULL;
    if (!s) {
        samples_free(ctx, &samples);
        return NULL;
    }
    *s = (shared){.users = 1, .samples = samples};
    if (options.scale == 0) options.scale = x->element == SPK_U8 ? 1.0 / 255 : 1;
    spk_dataset *d = dataset_create(ctx, s, 0, x->shape.dim[0], options);
    shared_leave(ctx, s); /* d stays the only user; without d the samples go */
    return d;
}

spk_dataset *spk_dataset_idx_with(spk_ctx *ctx, const char *images, const char *labels, spk_dataset_opts options) {
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed || !spk_dataset_check(ctx, "spk_dataset_idx", &options)) return NULL;
    const spk_activity before = spk_doing_function(ctx, "spk_dataset_idx");
    const spk_samples samples = {.inputs = spk_idx_read(ctx, images), .labels = spk_idx_read(ctx, labels)};
    spk_dataset *d = spk_dataset_adopt(ctx, "spk_dataset_idx", samples, options);
    spk_done(ctx, before);
    return d;
}

spk_dataset *spk_dataset_from_with(spk_ctx *ctx, spk_shape shape, const spk_real *x, const int64_t *labels, spk_dataset_opts options) {
    static const char who[] = "spk_dataset_from";
    ctx = spk_ctx_or_failed(ctx);
    if (ctx->failed || !spk_dataset_check(ctx, who, &options)) return NULL;
    const int64_t size = spk_shape_size(shape), count = size > 0 && shape.axes > 0 ? shape.dim[0] : 0;
    if (count < 1) spk_fail(ctx, "%s: the shape is %s, which holds no samples; give [samples, ...]", who, spk_shape_text(shape).text);
    if (!x) spk_fail(ctx, "%s: x is NULL", who);
    if (!labels) spk_fail(ctx, "%s: the labels are NULL", who);
    if (ctx->failed) return NULL;
    const spk_activity before = spk_doing_function(ctx, who);
    spk_real *inputs = spk_allocate_uninitialised(ctx, spk_bytes(size));
    int64_t *answers = spk_allocate_uninitialised(ctx, (size_t)count * sizeof *answers);
    if (inputs) memcpy(inputs, x, spk_bytes(size));
    if (answers) memcpy(answers, labels, (size_t)count * sizeof *answers);
    const spk_samples samples = {.inputs = spk_idx_adopt(ctx, SPK_BY_REAL(SPK_F32, SPK_F64), shape, inputs),
                                 .labels = spk_idx_adopt(ctx, SPK_I64, SPK_SHAPE(count), answers)};
    spk_dataset *d = spk_dataset_adopt(ctx, who, samples, options);
    spk_done(ctx, before);
    return d;
}

spk_dataset *spk_dataset_split(spk_dataset *d, int64_t count) {
    if (!d || spk_failed(d->object.ctx)) return NULL;
    spk_ctx *ctx = d->object.ctx;
    if (count < 1 || count >= d->size) {
        spk_fail(ctx, "spk_dataset_split: %" PRId64 " of %" PRId64 " samples cannot be held out; both parts need at least one", count,
                 d->size);
        return NULL;
    }
    const int64_t left = d->size - count;
    if (!check_batches(ctx, "spk_dataset_split", &d->options, left)) return NULL;
    spk_dataset_opts options = d->options;
    options.shuffle = options.drop_last = false;
    const spk_activity before = spk_doing_function(ctx, "spk_dataset_split");
    spk_dataset *held_out = dataset_create(ctx, d->shared, d->first + left, count, options);
    spk_done(ctx, before);
    if (!held_out) return NULL;
    d->size = left, d->position = 0;
    return held_out;
}

void spk_dataset_destroy(spk_dataset *d) { spk_object_destroy(d ? &d->object : NULL); }

/* The order of an epoch (Fisher and Yates, inside-out): words of a stream of its own, 2^34 of them an epoch, two a sample. */
static void shuffle(const spk_dataset *d) {
    enum { WORDS = 256 };
    uint32_t words[WORDS];
    const spk_random draw = {
        .seed = (uint64_t)d->options.seed ^ 0x646174617365742Eu, /* so that a context of the same seed draws other numbers */
        .position = (uint64_t)d->epoch << 34,
    };
    for (int64_t i = 0; i < d->size; i++) {
        const int64_t at = 2 * i % WORDS;
        if (at == 0) spk_random_words(draw, 2 * i, WORDS, words);
        const uint64_t wide = (uint64_t)words[at] << 32 | words[at + 1];
        const int64_t j = (int64_t)(wide % ((uint64_t)i + 1)); /* bias below (i + 1) / 2^64 */
        d->order[i] = d->order[j];
        d->order[j] = i;
    }
}

static int64_t samples_an_epoch(const spk_dataset *d) {
    return d->options.drop_last ? d->size / d->options.batch * d->options.batch : d->size;
}

/* A step tensor, not yet filled; NULL without memory. */
static spk_tensor *step_tensor(spk_ctx *ctx, spk_shape shape, const char *who) {
    const spk_activity before = spk_doing_function(ctx, who);
    spk_tensor *x = spk_tensor_header(ctx, shape);
    const bool there = x && spk_tensor_take_dense(x);
    spk_done(ctx, before);
    if (!there) return NULL;
    x->op = who;
    return x;
}

static void gather(const spk_dataset *d, int64_t n, spk_real *x, spk_real *labels) {
    for (int64_t k = 0; k < n; k++) {
        const int64_t place = d->position + k, i = d->first + (d->order ? d->order[place] : place);
        spk_idx_scaled(d->shared->samples.inputs, i * d->sample, d->sample, d->options.scale, x + k * d->sample);
        spk_idx_scaled(d->shared->samples.labels, i, 1, 1, labels + k);
    }
}

bool spk_next_batch(spk_dataset *d, spk_batch *batch) {
    spk_ctx *ctx = spk_ctx_or_failed(d ? d->object.ctx : NULL);
    if (!batch) {
        spk_fail(ctx, "spk_next_batch: the batch is NULL");
        return false;
    }
    *batch = (spk_batch){.x = &ctx->inert, .labels = &ctx->inert};
    if (ctx->failed) return false;
    const int64_t left = samples_an_epoch(d) - d->position, n = left < d->options.batch ? left : d->options.batch;
    if (n == 0) {
        d->epoch++, d->position = 0;
        return false;
    }
    spk_shape shape = d->shared->samples.inputs->shape;
    shape.dim[0] = n;
    spk_tensor *x = step_tensor(ctx, shape, "spk_next_batch"), *labels = step_tensor(ctx, SPK_SHAPE(n), "spk_next_batch");
    if (!x || !labels) return false;
    if (d->order && d->position == 0) shuffle(d);
    gather(d, n, spk_reals(x), spk_reals(labels));
    d->position += n;
    *batch = (spk_batch){.x = x, .labels = labels, .size = n};
    return true;
}

static bool seek(spk_dataset *d, const char *who, int64_t epoch, int64_t batch) {
    if (!d || spk_failed(d->object.ctx)) return false;
    const int64_t batches = spk_dataset_batches(d);
    if (epoch < 0 || epoch > LAST_EPOCH)
        spk_fail(d->object.ctx, "%s: the epoch is %" PRId64 "; it must be from 0 to %" PRId64, who, epoch, LAST_EPOCH);
    else if (batch < 0 || batch > batches)
        spk_fail(d->object.ctx, "%s: the batch is %" PRId64 "; it must be from 0 to %" PRId64 ", the batches of an epoch", who, batch,
                 batches);
    if (spk_failed(d->object.ctx)) return false;
    d->epoch = epoch, d->position = batch < batches ? batch * d->options.batch : samples_an_epoch(d);
    if (d->order && batch > 0) shuffle(d); /* at the first batch spk_next_batch does it */
    return true;
}

void spk_dataset_rewind(spk_dataset *d, int64_t epoch) { seek(d, "spk_dataset_rewind", epoch, 0); }
bool spk_dataset_seek(spk_dataset *d, int64_t epoch, int64_t batch) { return seek(d, "spk_dataset_seek", epoch, batch); }
int64_t spk_dataset_position(const spk_dataset *d) { return d ? d->position / d->options.batch + (d->position % d->options.batch > 0) : 0; }

int64_t spk_dataset_classes(const spk_dataset *d) { return d ? d->shared->samples.count : 0; }

const char *spk_dataset_class_name(const spk_dataset *d, int64_t label) {
    return label >= 0 && label < spk_dataset_classes(d) ? d->shared->samples.classes[label] : "";
}

int64_t spk_dataset_size(const spk_dataset *d) { return d ? d->size : 0; }
int64_t spk_dataset_epoch(const spk_dataset *d) { return d ? d->epoch : 0; }
int64_t spk_dataset_batches(const spk_dataset *d) { return d ? (samples_an_epoch(d) - 1) / d->options.batch + 1 : 0; }

spk_shape spk_dataset_sample_shape(const spk_dataset *d) {
    if (!d) return SPK_SHAPE(0);
    const spk_shape whole = d->shared->samples.inputs->shape;
    return spk_shape_of(whole.axes - 1, whole.dim + 1);
}

static bool has_sample(spk_dataset *d, const char *who, int64_t i) {
    if (!d || spk_failed(d->object.ctx)) return false;
    if (i >= 0 && i < d->size) return true;
    spk_fail(d->object.ctx, "%s: there is no sample %" PRId64 "; the dataset has %" PRId64 ", from 0", who, i, d->size);
    return false;
}

spk_tensor *spk_dataset_sample(spk_dataset *d, int64_t i) {
    spk_ctx *ctx = spk_ctx_or_failed(d ? d->object.ctx : NULL);
    if (!has_sample(d, "spk_dataset_sample", i)) return &ctx->inert;
    spk_tensor *x = step_tensor(ctx, spk_dataset_sample_shape(d), "spk_dataset_sample");
    if (!x) return &ctx->inert;
    spk_idx_scaled(d->shared->samples.inputs, (d->first + i) * d->sample, d->sample, d->options.scale, spk_reals(x));
    return x;
}

int64_t spk_dataset_label(spk_dataset *d, int64_t i) {
    spk_real label = -1;
    if (has_sample(d, "spk_dataset_label", i)) spk_idx_scaled(d->shared->samples.labels, d->first + i, 1, 1, &label);
    return (int64_t)label;
}
