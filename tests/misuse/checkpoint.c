/* nn/checkpoint.h. */
#include "misuse.h"

static const char nowhere[] = "/nowhere/at/all.ckpt", no_checkpoint[] = SPK_SOURCE_DIR "/tests/CMakeLists.txt";
static int64_t whole;
static double real;
static const spk_variable nameless = {.whole = &whole}, empty = {.name = "x"}, both = {.name = "x", .whole = &whole, .real = &real};

static spk_checkpoint_opts none(void) { return spk_checkpoint_options(); }

static bool save(const world *s, spk_checkpoint_opts options) { return spk_checkpoint_save_with(s->net, nowhere, options); }
static bool load(const world *s, spk_checkpoint_opts options) { return spk_checkpoint_load_with(s->net, nowhere, options); }

Test(misuse_checkpoint, save) {
    IGNORE(spk_checkpoint_save_with, NULL_ARGUMENT, spk_checkpoint_save_with(NULL, nowhere, none()));
    REFUSE(spk_checkpoint_save_with, NULL_ARGUMENT, "spk_checkpoint_save|the path is NULL", spk_checkpoint_save_with(s->net, NULL, none()));
    REFUSE(spk_checkpoint_save_with, NULL_ARGUMENT, "spk_checkpoint|.n_variables is 1", save(s, (spk_checkpoint_opts){.n_variables = 1}));
    REFUSE(spk_checkpoint_save_with, OUT_OF_DOMAIN, "spk_checkpoint|.n_variables is -1",
           save(s, (spk_checkpoint_opts){.n_variables = -1, .variables = &both}));
    REFUSE(spk_checkpoint_save_with, NULL_ARGUMENT, "spk_checkpoint|needs a name",
           save(s, (spk_checkpoint_opts){.n_variables = 1, .variables = &nameless}));
    REFUSE(spk_checkpoint_save_with, OUT_OF_DOMAIN, "spk_checkpoint|either .whole or .real",
           save(s, (spk_checkpoint_opts){.n_variables = 1, .variables = &empty}));
    REFUSE(spk_checkpoint_save_with, OUT_OF_DOMAIN, "spk_checkpoint|either .whole or .real",
           save(s, (spk_checkpoint_opts){.n_variables = 1, .variables = &both}));
    REFUSE(spk_checkpoint_save_with, OUT_OF_DOMAIN, "the settings|a quote", save(s, (spk_checkpoint_opts){.settings = "a\"b"}));
    REFUSE(spk_checkpoint_save_with, FOREIGN, "spk_checkpoint|another context",
           save(s, (spk_checkpoint_opts){.optimizer = s->other->optimizer}));
    REFUSE(spk_checkpoint_save_with, OUT_OF_DOMAIN, "/nowhere/at/all.ckpt|cannot be written", save(s, none()));
    REFUSE(spk_checkpoint_save_with, WRONG_KIND, "/dev|not a regular file", spk_checkpoint_save_with(s->net, "/dev", none()));
}

Test(misuse_checkpoint, load) {
    IGNORE(spk_checkpoint_load_with, NULL_ARGUMENT, spk_checkpoint_load_with(NULL, nowhere, none()));
    REFUSE(spk_checkpoint_load_with, NULL_ARGUMENT, "spk_checkpoint_load|the path is NULL", spk_checkpoint_load_with(s->net, NULL, none()));
    REFUSE(spk_checkpoint_load_with, NULL_ARGUMENT, "spk_checkpoint|.n_variables is 1", load(s, (spk_checkpoint_opts){.n_variables = 1}));
    REFUSE(spk_checkpoint_load_with, OUT_OF_DOMAIN, "spk_checkpoint|either .whole or .real",
           load(s, (spk_checkpoint_opts){.n_variables = 1, .variables = &both}));
    REFUSE(spk_checkpoint_load_with, FOREIGN, "spk_checkpoint|another context",
           load(s, (spk_checkpoint_opts){.optimizer = s->other->optimizer}));
    REFUSE(spk_checkpoint_load_with, OUT_OF_DOMAIN, "/nowhere/at/all.ckpt|No such file", load(s, none()));
    REFUSE(spk_checkpoint_load_with, WRONG_KIND, SPK_SOURCE_DIR "/tests/CMakeLists.txt|no checkpoint",
           spk_checkpoint_load_with(s->net, no_checkpoint, none()));
    REFUSE(spk_checkpoint_load_with, WRONG_KIND, "/dev|reading failed", spk_checkpoint_load_with(s->net, "/dev", none()));
}

Test(misuse_checkpoint, exists) {
    IGNORE(spk_checkpoint_exists, NULL_ARGUMENT, spk_checkpoint_exists(NULL));
    IGNORE(spk_checkpoint_exists, OUT_OF_DOMAIN, spk_checkpoint_exists(nowhere));
}
