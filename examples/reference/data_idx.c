#include "reference.h"
#include <spiketape.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    {
        //! [spk_element_size]
        CHECK(spk_element_size(SPK_U8) == 1 && spk_element_size(SPK_F32) == 4);
        //! [spk_element_size]
    }
    {
        //! [spk_idx_read]
        spk_idx *labels = spk_idx_read(ctx, "datasets/mnist/t10k-labels-idx1-ubyte.gz"); /* plain or gzip */
        CHECK(labels && !spk_failed(ctx));
        //! [spk_idx_read]
        //! [spk_idx_shape]
        CHECK(spk_shape_equal(spk_idx_shape(labels), SPK_SHAPE(10000)));
        //! [spk_idx_shape]
        {
            //! [spk_idx_element]
            CHECK(spk_idx_element(labels) == SPK_U8);
            //! [spk_idx_element]
        }
        {
            //! [spk_idx_data]
            const uint8_t *bytes = spk_idx_data(labels); /* spk_idx_element(labels) is SPK_U8 */
            CHECK(bytes[0] == 7);
            //! [spk_idx_data]
        }
        {
            //! [spk_idx_to_real]
            spk_real first[3];
            CHECK(spk_idx_to_real(labels, 0, 3, first)); /* elements 0, 1 and 2, of whatever type */
            CHECK(first[0] == 7 && first[1] == 2 && first[2] == 1);
            //! [spk_idx_to_real]
        }
        //! [spk_idx_destroy]
        spk_idx_destroy(labels); /* before its context */
        //! [spk_idx_destroy]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
