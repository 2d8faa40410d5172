#include "reference.h"
#include <spiketape.h>
#include <string.h>

static spk_module *net_of(spk_ctx *ctx) { return spk_sequential(ctx, spk_linear_layer(ctx, 4, 3), spk_lif(ctx, .tau = 2.0)); }

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = net_of(ctx);
    {
        //! [spk_save]
        CHECK(spk_save(net, "net.safetensors")); /* parameters and buffers under their names: 0.weight, 0.bias */
        //! [spk_save]
    }
    {
        //! [spk_load]
        spk_module *other = net_of(ctx); /* built in the same way, with other numbers in it */
        CHECK(spk_load(other, "net.safetensors"));
        CHECK(spk_data(spk_find_tensor(other, "0.bias"))[2] == spk_data(spk_find_tensor(net, "0.bias"))[2]);
        //! [spk_load]
    }
    {
        //! [spk_state_file_read]
        spk_state_file *file = spk_state_file_read(ctx, "net.safetensors"); /* without a module */
        CHECK(spk_state_file_count(file) == 2);
        //! [spk_state_file_read]
        //! [spk_state_file_count]
        for (int64_t i = 0; i < spk_state_file_count(file); i++) {
            const spk_state_entry *entry = spk_state_file_entry(file, i);
            printf("%s %s %s\n", entry->name, entry->dtype, spk_shape_text(entry->shape).text);
        }
        //! [spk_state_file_count]
        //! [spk_state_file_entry]
        CHECK(strcmp(spk_state_file_entry(file, 0)->name, "0.bias") == 0); /* in the order of names */
        CHECK(spk_state_file_entry(file, 2) == NULL);
        //! [spk_state_file_entry]
        {
            //! [spk_state_file_find]
            const spk_state_entry *weight = spk_state_file_find(file, "0.weight");
            CHECK(spk_shape_equal(weight->shape, SPK_SHAPE(3, 4))); /* [out, in] in the file, as PyTorch has it */
            //! [spk_state_file_find]
            //! [spk_state_entry_copy]
            spk_real matrix[4 * 3];
            spk_state_entry_copy(weight, true, matrix); /* turned round: [in, out], as the layer has it */
            CHECK(matrix[3 * 1 + 2] == spk_data(spk_find_tensor(net, "0.weight"))[3 * 1 + 2]);
            //! [spk_state_entry_copy]
        }
        //! [spk_state_file_destroy]
        spk_state_file_destroy(file); /* before its context */
        //! [spk_state_file_destroy]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
