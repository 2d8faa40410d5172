/* What the functions for C++ and bindings give as defaults are the keywords' defaults. */
#include "../core/support.h"

Test(options, are_the_keywords_defaults) {
    cr_assert(spk_ctx_options().seed == 0 && !spk_ctx_options().allocator.allocate && !spk_ctx_options().allocator.release);
    cr_assert(!spk_backward_options().gradient && !spk_backward_options().retain);
    cr_assert(!spk_gradcheck_options().user && spk_gradcheck_options().eps == 1e-6 && spk_gradcheck_options().tolerance == 1e-7);
    cr_assert(!spk_matmul_options().transpose_a && !spk_matmul_options().transpose_b);
    cr_assert(spk_reduce_options().axes.count == 0 && !spk_reduce_options().keep);
    cr_assert(spk_cross_entropy_options().label_smoothing == 0);
    cr_assert(spk_dropout_options().p == 0.5 && spk_dropout_options().T == 1);
    const spk_batch_norm_opts norm = spk_batch_norm_options();
    cr_assert(!norm.running_mean && !norm.running_var && norm.training && norm.momentum == 0.1 && norm.eps == 1e-5);
}
