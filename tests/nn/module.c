/* Modules: the tree and its names, slots, walks, hooks, printing, and what is refused. */
#include "../core/support.h"

static spk_tensor *same(spk_module *module, spk_tensor *x) { return (void)module, x; }
static const spk_module_type plain_type = {.name = "plain", .size = sizeof(spk_module), .forward = same};

static spk_module *plain(spk_ctx *ctx) { return spk_module_create(ctx, &plain_type); }

/* net: fc (linear), block (sequential: 0 linear, 1 batch norm) */
static spk_module *tree(spk_ctx *ctx) {
    spk_module *net = plain(ctx);
    spk_module_set_name(net, "net");
    spk_add_child(net, "fc", spk_linear_layer(ctx, 2, 3));
    spk_add_child(net, "block", spk_sequential(ctx, spk_linear_layer(ctx, 3, 4, .bias = false), spk_batch_norm1d(ctx, 4)));
    assert_fine(ctx, "tree");
    return net;
}

Test(module, tree_and_names) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = tree(ctx), *fc = spk_find_module(net, "fc"), *block = spk_find_module(net, "block");
    cr_assert(fc && block && fc->parent == net && net->first_child == fc && fc->next_sibling == block && !block->next_sibling &&
                  !net->parent,
              "links");
    cr_assert_str_eq(net->name, "net");
    cr_assert_str_eq(fc->name, "fc");
    cr_assert_eq(spk_find_module(net, ""), net);
    cr_assert_eq(spk_find_module(net, "block.1"), spk_find_module(block, "1"));
    static const char *const none[] = {"no", "block.2", "block.1.weight", "fc.fc", "f", "fcc", ".", "..", ".fc", "block..1"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) cr_assert_null(spk_find_module(net, none[i]), "'%s' was found", none[i]);
    cr_assert(spk_find_tensor(net, "fc.weight") && spk_dim(spk_find_tensor(net, "fc.weight"), 1) == 3, "fc.weight");
    cr_assert_eq(spk_find_tensor(net, "block.1.running_mean"), spk_find_tensor(block, "1.running_mean"));
    cr_assert_eq(spk_find_tensor(fc, "bias"), spk_find_tensor(net, "fc.bias"));
    static const char *const no_tensor[] = {"weight", "fc", "fc.", "fc.no", "block.0.bias", "no.weight", "", "."};
    for (size_t i = 0; i < sizeof no_tensor / sizeof *no_tensor; i++)
        cr_assert_null(spk_find_tensor(net, no_tensor[i]), "'%s' was found", no_tensor[i]);
    assert_fine(ctx, "looking for what is not there is no error");
    cr_assert_eq(spk_module_ctx(net), ctx);
    spk_ctx_destroy(ctx);
}

Test(module, walks) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = tree(ctx);
    spk_register_parameter(net, "own", SPK_SHAPE(5));
    spk_register_memory(net, "state", 2);
    static const struct {
        unsigned kinds;
        const char *names;
    } cases[] = {
        {SPK_PARAMETER, "own fc.weight fc.bias block.0.weight block.1.weight block.1.bias "},
        {SPK_BUFFER, "block.1.running_mean block.1.running_var "},
        {SPK_MEMORY, "state "},
        {SPK_PARAMETER | SPK_BUFFER | SPK_MEMORY, "own state fc.weight fc.bias block.0.weight block.1.weight "
                                                  "block.1.bias block.1.running_mean block.1.running_var "},
        {0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char names[400] = "";
        for (spk_walk w = spk_walk_slots(net, cases[i].kinds); spk_walk_next(&w);) strcat(strcat(names, w.name), " ");
        cr_assert_str_eq(names, cases[i].names, "kinds %u: %s", cases[i].kinds, names);
    }
    char inner[100] = ""; /* from a part: names begin there, and the walk stays there */
    for (spk_walk w = spk_parameters(spk_find_module(net, "fc")); spk_walk_next(&w);) strcat(strcat(inner, w.name), " ");
    cr_assert_str_eq(inner, "weight bias ");
    char modules[200] = "";
    for (spk_module *m = net; m; m = spk_next_module(net, m)) strcat(strcat(modules, m->name), " ");
    cr_assert_str_eq(modules, "net fc block 0 1 ");
    spk_walk ended = spk_parameters(plain(ctx));
    cr_assert(!spk_walk_next(&ended) && !spk_walk_next(&ended), "an empty walk ends, and stays so");
    spk_ctx_destroy(ctx);
}

Test(module, counts_freezing_and_gradients) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = tree(ctx), *fc = spk_find_module(net, "fc");
    const int64_t all = 2 * 3 + 3 + 3 * 4 + 4 + 4;
    cr_assert_eq(spk_parameter_count(net, false), all);
    cr_assert_eq(spk_parameter_count(net, true), all);
    spk_freeze(fc, true);
    cr_assert_eq(spk_parameter_count(net, false), all);
    cr_assert_eq(spk_parameter_count(net, true), all - 9);
    cr_assert_eq(spk_parameter_count(fc, true), 0);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(5, 2), -1, 1), *weight = spk_find_tensor(net, "fc.weight"),
               *inner = spk_find_tensor(net, "block.0.weight");
    spk_tensor *y = spk_call(spk_find_module(net, "block"), spk_call(fc, x));
    spk_backward(spk_sum(spk_multiply(y, y)));
    cr_assert(!spk_grad(weight) && spk_grad(inner), "a frozen parameter gets no gradient, one after it does");
    spk_freeze(fc, false);
    cr_assert_eq(spk_parameter_count(net, true), all);
    spk_backward(spk_sum(spk_call(fc, x)));
    cr_assert(spk_grad(weight), "thawed");
    spk_zero_grad(net);
    cr_assert(!spk_grad(weight) && !spk_grad(inner), "zero_grad");
    assert_fine(ctx, "freezing");
    spk_ctx_destroy(ctx);
}

Test(module, modes) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = tree(ctx), *block = spk_find_module(net, "block");
    for (spk_module *m = net; m; m = spk_next_module(net, m)) cr_assert(m->training, "%s begins in training mode", m->name);
    spk_eval(block);
    for (spk_module *m = net; m; m = spk_next_module(net, m))
        cr_assert_eq(m->training, m == net || strcmp(m->name, "fc") == 0, "%s: eval of a part reaches its parts only", m->name);
    spk_eval(net);
    for (spk_module *m = net; m; m = spk_next_module(net, m)) cr_assert(!m->training, "%s: eval", m->name);
    spk_train(net);
    for (spk_module *m = net; m; m = spk_next_module(net, m)) cr_assert(m->training, "%s: train", m->name);
    spk_ctx_destroy(ctx);
}

Test(module, repr) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = tree(ctx);
    spk_add_child(net, "drop", spk_dropout_layer(ctx, .p = 0.25, .T = 4));
    spk_add_child(net, "deep", spk_sequential(ctx, spk_sequential(ctx, spk_relu_layer(ctx), spk_flatten_layer(ctx))));
    cr_assert_str_eq(spk_repr(net),
                     "plain(\n"
                     "  (fc): linear(2, 3, bias=true)\n"
                     "  (block): sequential(\n"
                     "    (0): linear(3, 4, bias=false)\n"
                     "    (1): batch_norm1d(4, eps=1e-05, momentum=0.1, affine=true)\n"
                     "  )\n"
                     "  (drop): dropout(p=0.25, T=4)\n"
                     "  (deep): sequential(\n"
                     "    (0): sequential(\n"
                     "      (0): relu()\n"
                     "      (1): flatten()\n"
                     "    )\n"
                     "  )\n"
                     ")",
                     "%s", spk_repr(net));
    cr_assert_str_eq(spk_repr(plain(ctx)), "plain()");
    spk_ctx_destroy(ctx);
}

/* Slots. */

Test(module, slots) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *m = plain(ctx);
    spk_tensor *p = spk_register_parameter(m, "p", SPK_SHAPE(2, 3)), *b = spk_register_buffer(m, "b", SPK_SCALAR);
    cr_assert(spk_requires_grad(p) && !spk_requires_grad(b), "only parameters want gradients");
    cr_assert(spk_size(p) == 6 && spk_size(b) == 1, "shapes");
    for (int i = 0; i < 6; i++) cr_assert(spk_data(p)[i] == 0, "zeros");
    cr_assert(spk_find_tensor(m, "p") == p && spk_find_tensor(m, "b") == b, "found by name");
    cr_assert(spk_register_memory(m, "m", -3), "memory");
    cr_assert_null(spk_find_tensor(m, "m"), "a memory is no tensor of the state");
    static const char *const taken[] = {"p", "b", "m"};
    for (int i = 0; i < 3; i++) {
        assert_inert(spk_register_parameter(m, taken[i], SPK_SHAPE(1)), taken[i]);
        assert_error(ctx, "parameter twice", "plain (plain)", taken[i]);
        assert_inert(spk_register_buffer(m, taken[i], SPK_SHAPE(1)), taken[i]);
        assert_error(ctx, "buffer twice", "plain (plain)", "already");
        cr_assert_not(spk_register_memory(m, taken[i], 0), "%s", taken[i]);
        assert_error(ctx, "memory twice", "plain (plain)", "already");
    }
    assert_inert(spk_register_parameter(m, "bad", SPK_SHAPE(-1)), "negative size");
    assert_error(ctx, "negative size", "'bad'", "[invalid]");
    cr_assert_null(spk_find_tensor(m, "bad"), "no slot without a tensor");
    cr_assert_eq(spk_parameter_count(m, false), 6);
    spk_ctx_destroy(ctx);
}

#define X47 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

Test(module, names) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    static const char *const bad[] = {NULL, "", "a.b", ".", X47 "x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *shown = bad[i] ? bad[i] : "(NULL)";
        spk_module *m = plain(ctx);
        cr_assert_not(spk_module_set_name(m, bad[i]), "%s", shown);
        assert_error(ctx, "set_name", "plain (plain)", shown);
        cr_assert_str_eq(m->name, "plain", "%s: kept its name", shown);
        cr_assert_eq(spk_add_child(m, bad[i], plain(ctx)), spk_inert_module(), "%s", shown);
        assert_error(ctx, "add_child", "plain (plain)", shown);
        assert_inert(spk_register_parameter(m, bad[i], SPK_SHAPE(1)), shown);
        assert_error(ctx, "register_parameter", "plain (plain)", shown);
        assert_inert(spk_register_buffer(m, bad[i], SPK_SHAPE(1)), shown);
        assert_error(ctx, "register_buffer", "plain (plain)", shown);
        cr_assert_not(spk_register_memory(m, bad[i], 0), "%s", shown);
        assert_error(ctx, "register_memory", "plain (plain)", shown);
    }
    spk_ctx_destroy(ctx);
}

/* A dotted name is whole, in walks and files: what would make one too long is refused, however it comes about. */
Test(module, dotted_names_have_room) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *root = plain(ctx), *m = root;
    for (int i = 0; i < 5; i++) m = spk_add_child(m, X47, plain(ctx)); /* 239 characters */
    cr_assert(spk_size(spk_register_parameter(m, "weight", SPK_SHAPE(1))) && spk_register_memory(m, "a_name_of_15_ch", 0), "%s",
              spk_error(ctx));
    spk_walk w = spk_walk_slots(root, ~0u);
    cr_assert(spk_walk_next(&w) && strlen(w.name) == 246 && spk_find_tensor(root, w.name) == w.slot->tensor, "%s", w.name);
    cr_assert(spk_walk_next(&w) && strlen(w.name) == SPK_DOTTED_NAME - 1 && strcmp(w.name + 240, "a_name_of_15_ch") == 0, "%s", w.name);
    assert_inert(spk_register_parameter(m, "a_name_of_16_cha", SPK_SHAPE(1)), "a slot");
    assert_error(ctx, "a slot", "'a_name_of_16_cha'", "more than 255 characters");
    cr_assert_eq(spk_add_child(m, X47, plain(ctx)), spk_inert_module());
    assert_error(ctx, "a child", X47, "more than 255 characters");
    spk_module *above = plain(ctx), *other = spk_add_child(plain(ctx), "x", plain(ctx));
    cr_assert_eq(spk_add_child(above, "x", root), spk_inert_module(), "257 characters");
    assert_error(ctx, "a tree below another", "'x'", "more than 255 characters");
    cr_assert(!root->parent && !above->first_child, "nothing was done");
    spk_register_parameter(spk_add_child(other, X47, plain(ctx)), X47, SPK_SHAPE(1)); /* x.X47.X47 */
    spk_module *inner = other;
    for (int i = 0; i < 4; i++) inner = spk_add_child(inner, i ? X47 : "y", plain(ctx));
    spk_register_parameter(inner, X47, SPK_SHAPE(1)); /* x.y.X47.X47.X47.X47: 195 characters */
    assert_fine(ctx, "names that fit");
    spk_module *between = spk_add_child(plain(ctx), X47, plain(ctx)), *last = spk_add_child(between, "short", other->parent);
    cr_assert(last == other->parent && spk_module_set_name(last, "a_long_name"), "255 characters: %s", spk_error(ctx));
    cr_assert_not(spk_module_set_name(last, "a_longer_nam"), "256 characters");
    assert_error(ctx, "a new name", "'a_longer_nam'", "more than 255 characters");
    spk_memory(m, "none"); /* an error with a long path */
    assert_error(ctx, "long path", "plain (plain." X47, X47);
    spk_ctx_destroy(ctx);
}

Test(module, children_that_are_refused) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1), *other = spk_ctx_create();
    spk_module *net = tree(ctx), *fc = spk_find_module(net, "fc"), *block = spk_find_module(net, "block");
#define REFUSED(parent, name, child, a, b)                                                   \
    do {                                                                                     \
        cr_assert_eq(spk_add_child((parent), (name), (child)), spk_inert_module(), "%s", b); \
        assert_error(ctx, "add_child", a, b);                                                \
    } while (0)
    REFUSED(net, "x", NULL, "plain (net)", "NULL");
    REFUSED(net, "x", spk_inert_module(), "plain (net)", "constructor that failed");
    REFUSED(net, "x", plain(other), "plain (net)", "another context");
    REFUSED(net, "x", fc, "plain (net)", "a part of a module already");
    REFUSED(block, "x", fc, "sequential (net.block)", "a part of a module already");
    REFUSED(net, "fc", plain(ctx), "plain (net)", "there is a child 'fc' already");
    REFUSED(net, "x", net, "plain (net)", "itself");
    REFUSED(block, "x", net, "sequential (net.block)", "contains it"); /* a ring */
    REFUSED(spk_find_module(net, "block.1"), "x", net, "batch_norm1d (net.block.1)", "contains it");
    cr_assert_eq(spk_sequential(ctx, fc), spk_inert_module());
    assert_error(ctx, "sequential", "sequential", "a part of a module already");
    spk_module *twice = plain(ctx);
    cr_assert_eq(spk_sequential(ctx, twice, twice), spk_inert_module());
    assert_error(ctx, "sequential", "sequential", "a part of a module already");
    cr_assert_not(spk_module_set_name(fc, "block"), "a sibling's name");
    assert_error(ctx, "set_name", "linear (net.fc)", "'block'");
    cr_assert(spk_module_set_name(fc, "fc") && spk_module_set_name(fc, "first") && spk_find_module(net, "first") == fc, "renamed");
    spk_ctx_destroy(ctx), spk_ctx_destroy(other);
}

/* Hooks. */

typedef struct trace {
    char calls[100];
} trace;

#define HOOKS(letter, factor)                                                                         \
    static spk_tensor *before_##letter(spk_module *module, spk_tensor *x, void *user) {               \
        (void)module;                                                                                 \
        strcat(((trace *)user)->calls, "<" #letter);                                                  \
        return (factor) ? spk_scale(x, (factor)) : NULL;                                              \
    }                                                                                                 \
    static spk_tensor *after_##letter(spk_module *module, spk_tensor *x, spk_tensor *y, void *user) { \
        (void)module, (void)x;                                                                        \
        strcat(((trace *)user)->calls, ">" #letter);                                                  \
        return (factor) ? spk_shift(y, (factor)) : NULL;                                              \
    }
HOOKS(a, 0)
HOOKS(b, 3)
HOOKS(c, 5)

static spk_tensor *sees_both(spk_module *module, spk_tensor *x, spk_tensor *y, void *user) {
    (void)module, (void)user;
    return spk_subtract(y, x);
}

Test(module, hooks) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    trace t = {""};
    spk_module *m = plain(ctx);
    spk_add_forward_hook(m, after_b, &t), spk_add_forward_pre_hook(m, before_a, &t), spk_add_forward_pre_hook(m, before_b, &t);
    spk_add_forward_hook(m, after_a, &t), spk_add_forward_pre_hook(m, before_c, &t), spk_add_forward_hook(m, after_c, &t);
    assert_values(spk_call(m, VECTOR(ctx, 1, 2)), "hooked", 1 * 15 + 8, 2 * 15 + 8);
    cr_assert_str_eq(t.calls, "<a<b<c>b>a>c", "%s", t.calls); /* each kind in the order in which it was added */
    spk_add_forward_hook(m, sees_both, NULL);
    assert_values(spk_call(m, VECTOR(ctx, 1, 2)), "the input that forward got", 8, 8);
    t.calls[0] = '\0';
    spk_module *outer = spk_sequential(ctx, m);
    spk_add_forward_hook(outer, after_c, &t);
    assert_values(spk_call(outer, VECTOR(ctx, 1)), "nested", 8 + 5);
    cr_assert_str_eq(t.calls, "<a<b<c>b>a>c>c", "%s", t.calls);
    cr_assert_not(spk_add_forward_hook(m, NULL, NULL));
    assert_error(ctx, "NULL hook", "plain", "NULL");
    cr_assert_not(spk_add_forward_pre_hook(m, NULL, NULL));
    assert_error(ctx, "NULL pre-hook", "plain", "NULL");
    spk_ctx_destroy(ctx);
}

static spk_tensor *failing(spk_module *module, spk_tensor *x, void *user) {
    (void)user;
    spk_fail(spk_module_ctx(module), "hook of %s failed", module->name);
    return x;
}

Test(module, a_failing_hook) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *m = plain(ctx);
    spk_add_forward_pre_hook(m, failing, NULL);
    assert_inert(spk_call(m, VECTOR(ctx, 1)), "failed in a hook");
    assert_error(ctx, "failing hook", "hook of plain", "failed");
    spk_ctx_destroy(ctx);
}

/* Calls. */

static spk_tensor *gives_null(spk_module *module, spk_tensor *x) { return (void)module, (void)x, NULL; }

Test(module, calls) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1), *other = spk_ctx_create();
    static const spk_module_type no_forward = {.name = "no_forward", .size = sizeof(spk_module)};
    static const spk_module_type null_forward = {.name = "null_forward", .size = sizeof(spk_module), .forward = gives_null};
    spk_tensor *x = VECTOR(ctx, 1, 2);
    assert_inert(spk_call(spk_module_create(ctx, &no_forward), x), "no forward");
    assert_error(ctx, "no forward", "no_forward", "no forward");
    assert_inert(spk_call(spk_module_create(ctx, &null_forward), x), "forward gives NULL");
    assert_error(ctx, "null forward", "null_forward", "NULL");

    spk_module *net = tree(ctx);
    assert_inert(spk_call(net, NULL), "NULL");
    assert_error(ctx, "NULL", "plain (net)", "NULL");
    assert_inert(spk_call(net, spk_scalar(other, 1)), "another context");
    assert_error(ctx, "another context", "plain (net)", "another context");
    spk_tensor *old = spk_shift(x, 1);
    spk_end_step(ctx);
    assert_inert(spk_call(net, old), "freed");
    assert_error(ctx, "freed", "plain (net)", "shift");
    /* An op's error inside names the path, whichever module the call began at. */
    assert_inert(spk_call(spk_find_module(net, "block"), VECTOR(ctx, 1, 2, 3, 4, 5)), "shape");
    cr_assert(strstr(spk_error(ctx), "0"), "%s", spk_error(ctx));
    assert_error(ctx, "shape", "linear (block.0)", "[5]");
    cr_assert_eq(spk_call(net, x), x, "after all that");
    assert_fine(ctx, "after all that");

    /* A net whose constructor failed does not stay silent once the error is cleared. */
    assert_inert(spk_call(spk_inert_module(), x), "inert");
    assert_error(ctx, "inert", "spk_call", "constructor that failed");
    assert_inert(spk_call(NULL, x), "NULL module");
    assert_error(ctx, "NULL module", "spk_call", "NULL");
    spk_ctx_destroy(ctx), spk_ctx_destroy(other);
}

/* Lifetimes. */

Test(module, destroy_early) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_tensor *x = uniform(ctx, SPK_SHAPE(2, 3), -1, 1);
    const size_t before = spk_memory_use(ctx).held;
    spk_module *net = spk_sequential(ctx, spk_flatten_layer(ctx), spk_linear_layer(ctx, 3, 3),
                                     spk_sequential(ctx, spk_linear_layer(ctx, 3, 3), spk_lif(ctx)), spk_relu_layer(ctx));
    trace t = {""};
    spk_add_forward_hook(spk_find_module(net, "2.0"), after_a, &t);
    spk_backward(spk_sum(spk_call(net, x)));
    spk_end_step(ctx); /* the membrane has storage of its own now, the weights have gradients */
    spk_reset(net);
    spk_module_destroy(spk_find_module(net, "2"));
    cr_assert(!spk_find_module(net, "2") && spk_find_module(net, "3") == spk_find_module(net, "1")->next_sibling, "the parent forgot it");
    cr_assert_eq(spk_parameter_count(net, false), 12);
    spk_call(net, x);
    assert_fine(ctx, "the rest works");
    spk_module_destroy(spk_find_module(net, "0")); /* the first child */
    spk_module_destroy(spk_find_module(net, "3")); /* the last */
    spk_call(net, x);
    spk_end_step(ctx);
    spk_module_destroy(net);
    assert_fine(ctx, "destroyed");
    const size_t arenas = spk_memory_use(ctx).held - before;
    for (int i = 0; i < 20; i++) {
        spk_module *again = spk_sequential(ctx, spk_linear_layer(ctx, 3, 3), spk_lif(ctx), spk_batch_norm1d(ctx, 3));
        spk_backward(spk_sum(spk_call(again, x)));
        spk_end_step(ctx);
        spk_module_destroy(again);
    }
    assert_fine(ctx, "again and again");
    cr_assert_eq(spk_memory_use(ctx).held - before, arenas, "destroyed modules left %zu bytes", spk_memory_use(ctx).held - before - arenas);
    spk_module_destroy(NULL), spk_module_destroy(spk_inert_module());
    spk_ctx_destroy(ctx);
}

Test(module, null_and_inert_everywhere) {
    spk_module *const none[] = {NULL, spk_inert_module()};
    for (int i = 0; i < 2; i++) {
        spk_module *m = none[i];
        spk_tensor *value;
        cr_assert(spk_failed(spk_module_ctx(m)), "%d: context", i);
        cr_assert(!spk_module_set_name(m, "x") && spk_add_child(m, "x", m) == spk_inert_module(), "%d: names", i);
        cr_assert(spk_find_module(m, "x") == NULL && spk_find_tensor(m, "x") == NULL && spk_find_module(m, NULL) == NULL, "%d: find", i);
        assert_inert(spk_register_parameter(m, "x", SPK_SHAPE(1)), "parameter");
        assert_inert(spk_register_buffer(m, "x", SPK_SHAPE(1)), "buffer");
        cr_assert(!spk_register_memory(m, "x", 0) && !spk_add_forward_pre_hook(m, before_a, NULL) &&
                      !spk_add_forward_hook(m, after_a, NULL),
                  "%d: add", i);
        assert_inert(spk_call(m, NULL), "call");
        cr_assert_str_eq(spk_repr(m), "");
        for (spk_walk w = spk_parameters(m); spk_walk_next(&w);) cr_assert_fail("%d: a slot", i);
        cr_assert_eq(spk_parameter_count(m, false), 0);
        spk_train(m), spk_eval(m), spk_zero_grad(m), spk_freeze(m, true), spk_reset(m), spk_detach(m), spk_module_destroy(m);
        cr_assert(!spk_memory(m, "v") && !spk_set_memory(m, "v", NULL) && isnan(spk_reset_value(m, "v")) && !spk_set_reset_value(m, "v", 1),
                  "%d: memory", i);
        cr_assert_not(spk_memory_check(m, "v", SPK_SHAPE(1), &value));
        cr_assert_null(value);
        assert_inert(spk_memory_like(m, "v", NULL), "memory_like");
    }
    cr_assert_null(spk_module_create(NULL, &plain_type));
    cr_assert(spk_inert_module()->training == false && strcmp(spk_inert_module()->name, "inert") == 0, "nothing wrote to the inert module");
    spk_ctx *ctx = spk_ctx_create();
    spk_module *m = plain(ctx);
    cr_assert(!spk_find_module(m, NULL) && !spk_find_tensor(m, NULL), "NULL name");
    spk_memory(m, NULL);
    assert_error(ctx, "NULL memory", "plain", "(NULL)");
    spk_ctx_destroy(ctx);
}

Test(module, in_a_failed_context) {
    spk_ctx *ctx = spk_ctx_create(.seed = 1);
    spk_module *net = tree(ctx);
    spk_register_memory(net, "state", 0);
    spk_fail(ctx, "the first error");
    cr_assert_null(spk_module_create(ctx, &plain_type));
    cr_assert_eq(spk_linear_layer(ctx, 2, 3), spk_inert_module());
    assert_inert(spk_call(net, VECTOR(ctx, 1)), "call");
    assert_inert(spk_register_parameter(net, "late", SPK_SHAPE(1)), "parameter");
    spk_eval(net), spk_freeze(net, true), spk_zero_grad(net), spk_reset(net), spk_detach(net);
    cr_assert_str_eq(spk_repr(net), "");
    cr_assert_str_eq(spk_error(ctx), "the first error");
    spk_clear_error(ctx);
    cr_assert_null(spk_find_tensor(net, "late"));
    spk_register_parameter(net, "late", SPK_SHAPE(1));
    assert_fine(ctx, "after clearing");
    spk_ctx_destroy(ctx);
}
