#include "reference.h"
#include <spiketape.h>
#include <string.h>

int main(void) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = spk_sequential(ctx, spk_linear_layer(ctx, 8, 6), spk_lif(ctx), spk_linear_layer(ctx, 6, 3));
    spk_tensor *x = spk_full(ctx, SPK_SHAPE(4, 8), 1), *y = spk_call(net, x), *loss = spk_mean(spk_multiply(y, y));
    {
        //! [spk_tape_svg]
        spk_retain_grad(y); /* so that its gradient's norm is shown, as those of the parameters are */
        spk_backward(loss);
        FILE *file = fopen("tape.svg", "w");
        CHECK(file);
        fputs(spk_tape_svg(loss), file); /* before spk_end_step: a browser shows it */
        fclose(file);
        //! [spk_tape_svg]
    }
    {
        //! [spk_tape_dot]
        const char *dot = spk_tape_dot(loss, .most = 50); /* for `dot -Tpng` */
        CHECK(strncmp(dot, "digraph tape {", 14) == 0);
        //! [spk_tape_dot]
    }
    {
        //! [spk_draw_options]
        spk_draw_opts options = spk_draw_options(); /* for callers that fill the struct themselves, as from C++ */
        options.most = 2;
        CHECK(strstr(spk_tape_dot_with(loss, options), "2 calls"));
        //! [spk_draw_options]
    }
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
