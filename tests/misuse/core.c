/* core/: contexts, objects, shapes, tensors, random numbers, text. */
#include "misuse.h"

#define NO_SHAPE (spk_shape_of(-1, NULL))
#define HUGE_SIZE ((int64_t)1 << 62)

static void *allocate(void *user, size_t bytes) { return (void)user, malloc(bytes); }
static void release(void *user, void *block) { (void)user, free(block); }

Test(misuse_core, context) {
    IGNORE(spk_ctx_create_with, NULL_ARGUMENT, spk_ctx_create(.allocator = {.allocate = allocate}));
    IGNORE(spk_ctx_create_with, NULL_ARGUMENT, spk_ctx_create(.allocator = {.release = release}));
    IGNORE_VOID(spk_ctx_destroy, NULL_ARGUMENT, spk_ctx_destroy(NULL));
    IGNORE_VOID(spk_end_step, NULL_ARGUMENT, spk_end_step(NULL));
    ALLOW(spk_failed, NULL_ARGUMENT, spk_failed(NULL));
    ALLOW(spk_error, NULL_ARGUMENT, spk_error(NULL));
    IGNORE_VOID(spk_clear_error, NULL_ARGUMENT, spk_clear_error(NULL));
    IGNORE_VOID(spk_fail, NULL_ARGUMENT, spk_fail(NULL, "%s", "text"));
    REFUSE_VOID(spk_fail, NULL_ARGUMENT, "spk_fail|NULL", spk_fail(s->ctx, s->other ? NULL : ""));
    IGNORE_VOID(spk_seed, NULL_ARGUMENT, spk_seed(NULL, 1));
    IGNORE(spk_memory_use, NULL_ARGUMENT, (int64_t)spk_memory_use(NULL).held);
    IGNORE_VOID(spk_set_road, NULL_ARGUMENT, spk_set_road(NULL, SPK_ROAD_DENSE));
    REFUSE_VOID(spk_set_road, OUT_OF_DOMAIN, "spk_set_road|SPK_ROAD_AUTO", spk_set_road(s->ctx, (spk_road)77));
    IGNORE(spk_roads_taken, NULL_ARGUMENT, spk_roads_taken(NULL).dense + spk_roads_taken(NULL).sparse);
}

Test(misuse_core, threads) {
    const int before = spk_threads();
    ALLOW_VOID(spk_set_threads, OUT_OF_DOMAIN, spk_set_threads(-5));
    cr_assert(spk_threads() == 1, "below 1 means 1");
    ALLOW_VOID(spk_set_threads, TOO_LARGE, spk_set_threads(INT32_MAX));
    cr_assert(spk_threads() >= 1 && spk_threads() < 100000, "%d threads", spk_threads());
    spk_set_threads(before);
}

static const spk_object_type object_type = {.name = "thing"};

Test(misuse_core, objects) {
    IGNORE(spk_object_create, NULL_ARGUMENT, spk_object_create(NULL, &object_type, 100));
    REFUSE(spk_object_create, NULL_ARGUMENT, "spk_object_create|type", spk_object_create(s->ctx, NULL, 100));
    REFUSE(spk_object_create, OUT_OF_DOMAIN, "spk_object_create|spk_object first",
           spk_object_create(s->ctx, &object_type, sizeof(spk_object) - 1));
    REFUSE(spk_object_create, TOO_LARGE, "no memory|bytes", spk_object_create(s->ctx, &object_type, SIZE_MAX));
    IGNORE_VOID(spk_object_destroy, NULL_ARGUMENT, spk_object_destroy(NULL));
    IGNORE(spk_allocate, NULL_ARGUMENT, spk_allocate(NULL, 10));
    REFUSE(spk_allocate, TOO_LARGE, "no memory|bytes", spk_allocate(s->ctx, SIZE_MAX));
    REFUSE(spk_allocate, TOO_LARGE, "no memory|bytes", spk_allocate(s->ctx, SIZE_MAX - 16));
    REFUSE(spk_allocate, TOO_LARGE, "no memory|bytes", spk_allocate(s->ctx, SIZE_MAX / 2));
    IGNORE_VOID(spk_release, NULL_ARGUMENT, spk_release(s->ctx, NULL));
    IGNORE_VOID(spk_release, NULL_ARGUMENT, spk_release(NULL, NULL));
}

/* A block must go back to the context that it is of. */
Test(misuse_core, released_to_the_wrong_context) {
    spk_ctx *ctx = spk_ctx_create(), *other = spk_ctx_create();
    const size_t held = spk_memory_use(ctx).held;
    void *block = spk_allocate(ctx, 100);
    spk_release(NULL, block);
    spk_release(other, block);
    assert_error(other, "spk_release", "spk_release", "another context");
    cr_assert(!spk_failed(ctx) && spk_memory_use(ctx).held > held, "the block is still there");
    memset(block, 1, 100);
    spk_release(ctx, block);
    cr_assert(spk_memory_use(ctx).held == held);
    spk_ctx_destroy(ctx);
    spk_ctx_destroy(other);
}

Test(misuse_core, random) {
    spk_real out[8] = {0};
    int64_t order[8] = {0};
    IGNORE_VOID(spk_random_uniform, NULL_ARGUMENT, spk_random_uniform(NULL, 8, 0, 1, out));
    REFUSE_VOID(spk_random_uniform, NULL_ARGUMENT, "spk_random_uniform|NULL", spk_random_uniform(s->ctx, 8, 0, 1, NULL));
    REFUSE_VOID(spk_random_uniform, OUT_OF_DOMAIN, "spk_random_uniform|-1", spk_random_uniform(s->ctx, -1, 0, 1, out));
    REFUSE_VOID(spk_random_uniform, OUT_OF_DOMAIN, "spk_random_uniform|low", spk_random_uniform(s->ctx, 8, 2, 1, out));
    REFUSE_VOID(spk_random_uniform, OUT_OF_DOMAIN, "spk_random_uniform|low", spk_random_uniform(s->ctx, 8, NAN, 1, out));
    REFUSE_VOID(spk_random_uniform, OUT_OF_DOMAIN, "spk_random_uniform|low", spk_random_uniform(s->ctx, 8, 0, INFINITY, out));
    ALLOW_VOID(spk_random_uniform, NULL_ARGUMENT, spk_random_uniform(s->ctx, 0, 0, 1, NULL));
    IGNORE_VOID(spk_random_normal, NULL_ARGUMENT, spk_random_normal(NULL, 8, 0, 1, out));
    REFUSE_VOID(spk_random_normal, NULL_ARGUMENT, "spk_random_normal|NULL", spk_random_normal(s->ctx, 8, 0, 1, NULL));
    REFUSE_VOID(spk_random_normal, OUT_OF_DOMAIN, "spk_random_normal|-1", spk_random_normal(s->ctx, -1, 0, 1, out));
    REFUSE_VOID(spk_random_normal, OUT_OF_DOMAIN, "spk_random_normal|deviation", spk_random_normal(s->ctx, 8, 0, -1, out));
    REFUSE_VOID(spk_random_normal, OUT_OF_DOMAIN, "spk_random_normal|deviation", spk_random_normal(s->ctx, 8, 0, NAN, out));
    REFUSE_VOID(spk_random_normal, OUT_OF_DOMAIN, "spk_random_normal|mean", spk_random_normal(s->ctx, 8, INFINITY, 1, out));
    IGNORE_VOID(spk_random_permutation, NULL_ARGUMENT, spk_random_permutation(NULL, 8, order));
    REFUSE_VOID(spk_random_permutation, NULL_ARGUMENT, "spk_random_permutation|NULL", spk_random_permutation(s->ctx, 8, NULL));
    REFUSE_VOID(spk_random_permutation, OUT_OF_DOMAIN, "spk_random_permutation|-1", spk_random_permutation(s->ctx, -1, order));
    for (int i = 0; i < 8; i++) cr_assert(out[i] == 0 && order[i] == 0, "a refused draw wrote");
}

/* Seven axes, as a struct filled by hand could claim. */
static spk_shape seven(void) { return (spk_shape){.axes = 7, .dim = {1, 1, 1, 1, 1, 1}}; }

Test(misuse_core, shapes) {
    const int64_t negative[] = {2, -1}, many[] = {1, 1, 1, 1, 1, 1, 1};
    spk_shape out = SPK_SCALAR;
    ALLOW(spk_shape_of, NULL_ARGUMENT, spk_shape_of(0, NULL).axes);
    IGNORE(spk_shape_of, NULL_ARGUMENT, spk_shape_of(2, NULL).axes);
    IGNORE(spk_shape_of, OUT_OF_DOMAIN, spk_shape_of(-3, NULL).axes);
    IGNORE(spk_shape_of, OUT_OF_DOMAIN, spk_shape_of(2, negative).axes);
    IGNORE(spk_shape_of, TOO_LARGE, spk_shape_of(7, many).axes);
    IGNORE(spk_shape_size, OUT_OF_DOMAIN, spk_shape_size(seven()));
    IGNORE(spk_shape_size, OUT_OF_DOMAIN, spk_shape_size(NO_SHAPE));
    IGNORE(spk_shape_size, TOO_LARGE, spk_shape_size(SPK_SHAPE(INT64_MAX)));
    IGNORE(spk_shape_size, TOO_LARGE, spk_shape_size(SPK_SHAPE((int64_t)1 << 32, (int64_t)1 << 32)));    /* 2^64: SIZE_MAX + 1 */
    IGNORE(spk_shape_size, TOO_LARGE, spk_shape_size(SPK_SHAPE((int64_t)1 << 32, (int64_t)1 << 31)));    /* 2^63: PTRDIFF_MAX + 1 */
    IGNORE(spk_shape_size, TOO_LARGE, spk_shape_size(SPK_SHAPE((int64_t)1 << 62)));                      /* its bytes wrap round to 0 */
    IGNORE(spk_shape_size, TOO_LARGE, spk_shape_size(SPK_SHAPE(0, (int64_t)1 << 32, (int64_t)1 << 32))); /* empty, but not its strides */
    IGNORE(spk_shape_equal, OUT_OF_DOMAIN, spk_shape_equal(seven(), seven()));
    IGNORE(spk_shape_equal, OUT_OF_DOMAIN, spk_shape_equal(NO_SHAPE, NO_SHAPE));
    IGNORE(spk_shape_broadcast, NULL_ARGUMENT, spk_shape_broadcast(SPK_SHAPE(2), SPK_SHAPE(2), NULL));
    IGNORE(spk_shape_broadcast, OUT_OF_DOMAIN, spk_shape_broadcast(seven(), SPK_SHAPE(2), &out));
    IGNORE(spk_shape_broadcast, OUT_OF_DOMAIN, spk_shape_broadcast(SPK_SHAPE(2), NO_SHAPE, &out));
    IGNORE(spk_shape_broadcast, WRONG_SHAPE, spk_shape_broadcast(SPK_SHAPE(2), SPK_SHAPE(3), &out));
    IGNORE(spk_shape_text, OUT_OF_DOMAIN, strcmp(spk_shape_text(seven()).text, "[invalid]"));
    IGNORE(spk_shape_text, OUT_OF_DOMAIN, strcmp(spk_shape_text(NO_SHAPE).text, "[invalid]"));
}

Test(misuse_core, constructors) {
    const spk_real values[6] = {0};
    IGNORE(spk_tensor_create, NULL_ARGUMENT, spk_tensor_create(NULL, SPK_SHAPE(2, 3)));
    REFUSE(spk_tensor_create, OUT_OF_DOMAIN, "spk_tensor_create|negative", spk_tensor_create(s->ctx, SPK_SHAPE(2, -3)));
    REFUSE(spk_tensor_create, OUT_OF_DOMAIN, "spk_tensor_create|more than 6 axes", spk_tensor_create(s->ctx, seven()));
    REFUSE(spk_tensor_create, OUT_OF_DOMAIN, "spk_tensor_create|more than 6 axes",
           spk_tensor_create(s->ctx, SPK_SHAPE(1, 1, 1, 1, 1, 1, 1)));
    REFUSE(spk_tensor_create, TOO_LARGE, "spk_tensor_create|memory", spk_tensor_create(s->ctx, SPK_SHAPE(HUGE_SIZE)));
    REFUSE(spk_tensor_create, TOO_LARGE, "spk_tensor_create|memory", spk_tensor_create(s->ctx, SPK_SHAPE(HUGE_SIZE, HUGE_SIZE)));
    REFUSE(spk_tensor_create, TOO_LARGE, "spk_tensor_create|no memory", spk_tensor_create(s->ctx, SPK_SHAPE((int64_t)1 << 56)));
    ALLOW(spk_tensor_create, WRONG_SHAPE, spk_size(spk_full(s->ctx, SPK_SHAPE(3, 0), 1)) == 0 ? NULL : s->x);
    IGNORE(spk_tensor_from, NULL_ARGUMENT, spk_tensor_from(NULL, SPK_SHAPE(2, 3), values));
    REFUSE(spk_tensor_from, NULL_ARGUMENT, "spk_tensor_from|NULL", spk_tensor_from(s->ctx, SPK_SHAPE(2, 3), NULL));
    REFUSE(spk_tensor_from, TOO_LARGE, "spk_tensor_from|memory", spk_tensor_from(s->ctx, SPK_SHAPE(HUGE_SIZE, 4), values));
    REFUSE(spk_tensor_from, OUT_OF_DOMAIN, "spk_tensor_from|negative", spk_tensor_from(s->ctx, NO_SHAPE, values));
    IGNORE(spk_scalar, NULL_ARGUMENT, spk_scalar(NULL, 1));
    IGNORE(spk_keep, NULL_ARGUMENT, spk_keep(NULL));
    REFUSE(spk_keep, ENDED, "spk_keep|freed when step", spk_keep(s->ended));
    REFUSE(spk_keep, WRONG_KIND, "spk_keep|inert", spk_keep(s->inert));
    IGNORE(spk_full, NULL_ARGUMENT, spk_full(NULL, SPK_SHAPE(2), 1));
    REFUSE(spk_full, TOO_LARGE, "spk_full|memory", spk_full(s->ctx, SPK_SHAPE(HUGE_SIZE, 8), 1));
    REFUSE(spk_full, TOO_LARGE, "spk_full|no memory", spk_full(s->ctx, SPK_SHAPE((int64_t)1 << 55), 1));
    REFUSE(spk_full, OUT_OF_DOMAIN, "spk_full|negative", spk_full(s->ctx, SPK_SHAPE(-2), 1));
    IGNORE(spk_step_from, NULL_ARGUMENT, spk_step_from(NULL, SPK_SHAPE(2, 3), values));
    REFUSE(spk_step_from, NULL_ARGUMENT, "spk_step_from|NULL", spk_step_from(s->ctx, SPK_SHAPE(2, 3), NULL));
    REFUSE(spk_step_from, TOO_LARGE, "spk_step_from|memory", spk_step_from(s->ctx, SPK_SHAPE(HUGE_SIZE, 4), values));
}

Test(misuse_core, getters) {
    IGNORE(spk_tensor_ctx, NULL_ARGUMENT, spk_tensor_ctx(NULL));
    ALLOW(spk_tensor_ctx, ENDED, spk_tensor_ctx(s->ended) == s->ctx);
    IGNORE(spk_tensor_shape, NULL_ARGUMENT, spk_shape_size(spk_tensor_shape(NULL)));
    ALLOW(spk_tensor_shape, ENDED, spk_tensor_shape(s->ended).axes);
    IGNORE(spk_size, NULL_ARGUMENT, spk_size(NULL));
    ALLOW(spk_size, ENDED, spk_size(s->ended));
    ALLOW(spk_axes, NULL_ARGUMENT, spk_axes(NULL));
    ALLOW(spk_axes, ENDED, spk_axes(s->ended));
    IGNORE(spk_dim, NULL_ARGUMENT, spk_dim(NULL, 0));
    IGNORE(spk_dim, OUT_OF_DOMAIN, spk_dim(s->x, 2));
    IGNORE(spk_dim, OUT_OF_DOMAIN, spk_dim(s->x, -3));
    IGNORE(spk_dim, OUT_OF_DOMAIN, spk_dim(s->x, INT32_MAX));
    IGNORE(spk_dim, OUT_OF_DOMAIN, spk_dim(s->x, INT32_MIN));
    ALLOW(spk_dim, ENDED, spk_dim(s->ended, 0));
    ALLOW(spk_tensor_storage, NULL_ARGUMENT, spk_tensor_storage(NULL));
    ALLOW(spk_tensor_storage, ENDED, spk_tensor_storage(s->ended));
    ALLOW(spk_tensor_repeat, NULL_ARGUMENT, spk_tensor_repeat(NULL));
    ALLOW(spk_tensor_repeat, ENDED, spk_tensor_repeat(s->ended));
}

Test(misuse_core, elements) {
    IGNORE(spk_data, NULL_ARGUMENT, spk_data(NULL));
    REFUSE(spk_data, ENDED, "spk_data|scale, shape [4, 6], was freed when step", spk_data(s->ended));
    REFUSE(spk_data, WRONG_KIND, "spk_data|inert", spk_data(s->inert));
    IGNORE(spk_data_mut, NULL_ARGUMENT, spk_data_mut(NULL));
    REFUSE(spk_data_mut, ENDED, "spk_data_mut|spk_keep", spk_data_mut(s->ended));
    REFUSE(spk_data_mut, WRONG_KIND, "spk_data_mut|spk_dense", spk_data_mut(spk_bits(s->bits)));
    REFUSE(spk_data_mut, WRONG_KIND, "spk_data_mut|spk_dense", spk_data_mut(spk_repeat_over_time(s->x, 2)));
    IGNORE(spk_item, NULL_ARGUMENT, spk_item(NULL));
    REFUSE(spk_item, ENDED, "spk_item|freed when step", spk_item(s->ended));
    REFUSE(spk_item, WRONG_SHAPE, "spk_item|[4, 6]", spk_item(s->x));
    IGNORE(spk_fill, NULL_ARGUMENT, spk_fill(NULL, 1));
    REFUSE(spk_fill, ENDED, "spk_fill|freed when step", spk_fill(s->ended, 1));
    REFUSE(spk_fill, WRONG_KIND, "spk_fill|spk_dense", spk_fill(spk_bits(s->bits), 1));
    IGNORE(spk_fill_uniform, NULL_ARGUMENT, spk_fill_uniform(NULL, 0, 1));
    REFUSE(spk_fill_uniform, ENDED, "spk_fill_uniform|freed when step", spk_fill_uniform(s->ended, 0, 1));
    REFUSE(spk_fill_uniform, OUT_OF_DOMAIN, "spk_fill_uniform|low", spk_fill_uniform(s->x, 1, 0));
    REFUSE(spk_fill_uniform, OUT_OF_DOMAIN, "spk_fill_uniform|low", spk_fill_uniform(s->x, 0, NAN));
    REFUSE(spk_fill_uniform, OUT_OF_DOMAIN, "spk_fill_uniform|low", spk_fill_uniform(s->x, -INFINITY, 0));
    IGNORE(spk_fill_normal, NULL_ARGUMENT, spk_fill_normal(NULL, 0, 1));
    REFUSE(spk_fill_normal, ENDED, "spk_fill_normal|freed when step", spk_fill_normal(s->ended, 0, 1));
    REFUSE(spk_fill_normal, OUT_OF_DOMAIN, "spk_fill_normal|deviation", spk_fill_normal(s->x, 0, -1));
    REFUSE(spk_fill_normal, OUT_OF_DOMAIN, "spk_fill_normal|mean", spk_fill_normal(s->x, NAN, 1));
    IGNORE(spk_copy, NULL_ARGUMENT, spk_copy(NULL, NULL));
    REFUSE(spk_copy, NULL_ARGUMENT, "spk_copy|NULL", spk_copy(s->x, NULL));
    REFUSE(spk_copy, NULL_ARGUMENT, "spk_copy|NULL", spk_copy(NULL, s->x));
    REFUSE(spk_copy, FOREIGN, "spk_copy|another context", spk_copy(s->x, s->other->x));
    REFUSE(spk_copy, ENDED, "spk_copy|freed when step", spk_copy(s->x, s->ended));
    REFUSE(spk_copy, ENDED, "spk_copy|freed when step", spk_copy(s->ended, s->x));
    REFUSE(spk_copy, WRONG_SHAPE, "spk_copy|[4, 6] and [6]", spk_copy(s->x, s->vector));
    REFUSE(spk_copy, WRONG_KIND, "spk_copy|spk_dense", spk_copy(spk_bits(s->bits), s->x));
}

/* Destroying what others still hold. */
Test(misuse_core, destroyed_tensors) {
    IGNORE_VOID(spk_tensor_destroy, NULL_ARGUMENT, spk_tensor_destroy(NULL));
    ALLOW_VOID(spk_tensor_destroy, ENDED, spk_tensor_destroy(s->ended));
    ALLOW_VOID(spk_tensor_destroy, WRONG_KIND, spk_tensor_destroy(spk_scale(s->x, 1)));
    ALLOW_VOID(spk_tensor_destroy, WRONG_KIND, spk_tensor_destroy(s->inert));
    REFUSE_VOID(spk_tensor_destroy, WRONG_KIND, "spk_tensor_destroy|spk_module_destroy", spk_tensor_destroy(s->weight));
    IGNORE_VOID(spk_tensor_destroy, WRONG_KIND, spk_tensor_destroy(spk_full(NULL, SPK_SCALAR, 0)));
}

Test(misuse_core, text) {
    spk_text none = {0};
    IGNORE_VOID(spk_text_add, NULL_ARGUMENT, spk_text_add(NULL, "%s", "x"));
    IGNORE_VOID(spk_text_add, NULL_ARGUMENT, spk_text_add(&none, "%s", "x"));
    REFUSE_VOID(spk_text_add, NULL_ARGUMENT, "spk_text_add|NULL", spk_text_add(&(spk_text){.ctx = s->ctx}, s->other ? NULL : ""));
    IGNORE_VOID(spk_text_add_number, NULL_ARGUMENT, spk_text_add_number(NULL, 1));
    IGNORE_VOID(spk_text_free, NULL_ARGUMENT, spk_text_free(NULL));
    cr_assert(!none.data);
}
