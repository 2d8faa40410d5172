#include "reference.h"
#include <spiketape.h>
#include <string.h>

int main(void) {
    {
        //! [spk_shape_of]
        const int64_t sizes[] = {32, 784};
        spk_shape shape = spk_shape_of(2, sizes); /* SPK_SHAPE(32, 784) where the sizes are known */
        CHECK(shape.axes == 2 && shape.dim[0] == 32 && shape.dim[1] == 784);
        //! [spk_shape_of]
    }
    {
        //! [spk_shape_size]
        CHECK(spk_shape_size(SPK_SHAPE(32, 784)) == 25088);
        CHECK(spk_shape_size(SPK_SCALAR) == 1);
        CHECK(spk_shape_size(SPK_SHAPE(32, -1)) == -1); /* invalid */
        //! [spk_shape_size]
    }
    {
        //! [spk_shape_equal]
        CHECK(spk_shape_equal(SPK_SHAPE(2, 3), SPK_SHAPE(2, 3)));
        CHECK(!spk_shape_equal(SPK_SHAPE(2, 3), SPK_SHAPE(6)));
        //! [spk_shape_equal]
    }
    {
        //! [spk_shape_broadcast]
        spk_shape both;
        CHECK(spk_shape_broadcast(SPK_SHAPE(4, 1, 3), SPK_SHAPE(5, 3), &both));
        CHECK(spk_shape_equal(both, SPK_SHAPE(4, 5, 3)));
        CHECK(!spk_shape_broadcast(SPK_SHAPE(2, 3), SPK_SHAPE(2), &both)); /* aligned at the last axis: 3 and 2 do not fit */
        //! [spk_shape_broadcast]
    }
    {
        //! [spk_shape_text]
        CHECK(strcmp(spk_shape_text(SPK_SHAPE(32, 784)).text, "[32, 784]") == 0);
        //! [spk_shape_text]
    }
    return 0;
}
