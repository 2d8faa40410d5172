#include "reference.h"
#include <spiketape.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    {
        //! [spk_npy_save]
        spk_tensor *x = spk_tensor_from(ctx, SPK_SHAPE(2, 3), (spk_real[]){0, 1, 2, 3, 4, 5});
        CHECK(spk_npy_save(x, "x.npy")); /* in Python: numpy.load("x.npy") */
        //! [spk_npy_save]
    }
    {
        //! [spk_npy_load]
        spk_tensor *x = spk_npy_load(ctx, "x.npy"); /* in Python: numpy.save("x.npy", x) */
        CHECK(spk_shape_equal(spk_tensor_shape(x), SPK_SHAPE(2, 3)) && spk_data(x)[5] == 5);
        //! [spk_npy_load]
    }
    {
        spk_tensor *x = spk_full(ctx, SPK_SHAPE(2, 3), 1), *labels = spk_step_from(ctx, SPK_SHAPE(2), (spk_real[]){1, 0});
        //! [spk_npz_save_of]
        CHECK(spk_npz_save(ctx, "set.npz", {"x", x}, {"labels", labels})); /* in Python: numpy.load("set.npz")["labels"] */
        CHECK(spk_npz_save_of(ctx, "set.npz", 2, (spk_npz_item[]){{"x", x}, {"labels", labels}})); /* the same */
        //! [spk_npz_save_of]
    }
    {
        //! [spk_npz_read]
        spk_npz *file = spk_npz_read(ctx, "set.npz"); /* in Python: numpy.savez("set.npz", x=x, labels=labels) */
        CHECK(file && !spk_failed(ctx));
        //! [spk_npz_read]
        //! [spk_npz_count]
        //! [spk_npz_entry]
        for (int64_t i = 0; i < spk_npz_count(file); i++) { /* in the order of names */
            const spk_npz_array *array = spk_npz_entry(file, i);
            printf("%s: %s\n", array->name, spk_shape_text(array->shape).text); /* labels: [2], then x: [2, 3] */
        }
        //! [spk_npz_entry]
        //! [spk_npz_count]
        CHECK(spk_npz_count(file) == 2);
        {
            //! [spk_npz_find]
            const spk_npz_array *x = spk_npz_find(file, "x");
            CHECK(x && x->element == SPK_BY_REAL(SPK_F32, SPK_F64) && ((const spk_real *)x->data)[0] == 1);
            CHECK(!spk_npz_find(file, "y")); /* no error */
            //! [spk_npz_find]
        }
        {
            //! [spk_npz_tensor]
            spk_tensor *x = spk_npz_tensor(file, "x"); /* of any element type, rounded to spk_real */
            CHECK(spk_dim(x, 0) == 2);
            //! [spk_npz_tensor]
        }
        {
            //! [spk_npz_integers]
            int64_t labels[2]; /* spk_npz_find(file, "labels")->shape is [2] */
            CHECK(spk_npz_integers(file, "labels", labels) && labels[0] == 1 && labels[1] == 0);
            //! [spk_npz_integers]
        }
        //! [spk_npz_destroy]
        spk_npz_destroy(file); /* tensors made of it stay */
        //! [spk_npz_destroy]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
