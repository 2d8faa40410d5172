#include "options.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const options defaults = {.data = "datasets/mnist",
                                 .neuron = "lif",
                                 .surrogate = "atan",
                                 .encoder = "constant",
                                 .readout = "current",
                                 .hidden = {1, {800}},
                                 .epochs = -1, /* 60, or 0 with --load */
                                 .T = 4,
                                 .batch = 128,
                                 .seed = 1,
                                 .tau = 2,
                                 .lr = 2e-3,
                                 .label_smoothing = 0.1,
                                 .dropout = 0.2,
                                 .input_dropout = 0.2};

static const char *const neurons[] = {"lif", "if", NULL}, *const encoders[] = {"constant", "poisson", NULL},
                         *const readouts[] = {"current", "spikes", NULL};
static const char *surrogates[32]; /* those that the library has */

#define AT(field) .at = offsetof(options, field)

static const option_row rows[] = {
    {.help = "Data:"},
    {"data", "DIR", "folder of MNIST's four files", &option_text, AT(data)},
    {"validation", "N", "hold out the last N training images, and report on them\ninstead of on the test images", &option_whole,
     AT(validation), .setting = true},

    {.help = "Net:"},
    {"hidden", "N[,N...]", "widths of the hidden layers", &option_widths, AT(hidden), .setting = true},
    {"neuron", "NAME", "lif or if", &option_word, AT(neuron), .words = neurons, .setting = true},
    {"tau", "X", "time constant of lif, above 1", &option_real, AT(tau), .least = 1, .most = 1e9, .setting = true},
    {"T", "N", "time steps", &option_whole, AT(T), .least = 1, .most = 1000000, .setting = true},
    {"encoder", "NAME", "constant or poisson", &option_word, AT(encoder), .words = encoders, .setting = true},
    {"surrogate", "NAME", "atan, sigmoid, piecewise_quadratic, ...", &option_word, AT(surrogate), .words = surrogates, .setting = true},
    {"soft-reset", NULL, "subtract the threshold after a spike", &option_flag, AT(soft_reset), .setting = true},
    {"detach-reset", NULL, "no gradient through the reset", &option_flag, AT(detach_reset), .setting = true},
    {"readout", "NAME",
     "scores: current, the output layer's mean over time, trained by cross entropy;\n"
     "or spikes, the rates of output neurons, trained by their squared error",
     &option_word, AT(readout), .words = readouts, .setting = true},

    {.help = "Training:"},
    {"epochs", "N", "(60; with --load 0, which only tests)", &option_whole, AT(epochs), .most = 1e9, .setting = true},
    {"batch", "N", "images a step", &option_whole, AT(batch), .least = 2, .setting = true},
    {"lr", "X", "peak of the one-cycle schedule", &option_real, AT(lr), .most = 1e9, .setting = true},
    {"label-smoothing", "X", "of the cross entropy", &option_real, AT(label_smoothing), .most = 1, .setting = true},
    {"dropout", "X", "after each hidden layer, one mask for all time steps", &option_real, AT(dropout), .most = 1, .setting = true},
    {"input-dropout", "X", "of pixels", &option_real, AT(input_dropout), .most = 1, .setting = true},
    {"augment", NULL, "turn, scale, shear and shift each image anew:\n+-15 degrees, 0.85 to 1.15, +-0.2, +-5 %", &option_flag, AT(augment),
     .setting = true},
    {"seed", "N", "of all that is drawn", &option_whole, AT(seed), .setting = true},
    {"threads", "N", "results do not depend on it (all processors, or OMP_NUM_THREADS)", &option_whole, AT(threads), .least = 1,
     .most = 4096},
    {"detect-anomaly", NULL, "stop at the first NaN or infinity, and name the op and the layer that made it", &option_flag,
     AT(detect_anomaly)},

    {.help = "Watching:"},
    {"quiet", NULL, "print the final accuracy only", &option_flag, AT(quiet)},
    {"log", "FILE",
     "write a line of JSON for the run, each epoch and the end;\n"
     "a file that is there is not overwritten: --resume appends to it (docs/log.md)",
     &option_text, AT(log)},
    {"report", "FILE", "write a page about the run and what it trained, as HTML, at the end", &option_text, AT(report)},

    {.help = "Files:"},
    {"save", "FILE", "write the trained net, as safetensors", &option_text, AT(save)},
    {"load", "FILE", "begin with this net; give the options under Net that it was trained with", &option_text, AT(load)},
    {"predict", NULL, "classify the pictures that are named (PNG, JPEG, BMP, PGM, PPM); needs --load", &option_flag, AT(predict)},
    {"checkpoint", "FILE", "keep the training's state there after each epoch,\nand when SIGINT or SIGTERM stops it", &option_text,
     AT(checkpoint)},
    {"every", "N", "after every N steps instead", &option_whole, AT(every), .least = 1},
    {"resume", NULL, "go on from the checkpoint, to the same bits;\nfrom the beginning when there is none yet", &option_flag, AT(resume)},
};

static const command_line program = {.program = "mnist",
                                     .usage = "Trains a spiking network on MNIST, tests it, and reads pictures of digits.\n\n"
                                              "usage: @ [options]                      train, then test\n"
                                              "       @ --load FILE [--epochs N]       test a saved net, or train it further\n"
                                              "       @ --load FILE --predict IMAGE... classify pictures of digits\n",
                                     .examples = "examples:\n"
                                                 "  @ --epochs 3 --save digits.safetensors\n"
                                                 "  @ --load digits.safetensors --predict examples/digits/*.png\n"
                                                 "  @ --checkpoint run.safetensors --resume --log run.jsonl\n",
                                     OPTIONS(rows, defaults),
                                     .takes_files = true};

void options_settings(const options *o, bool json, spk_text *text) { command_line_settings(&program, o, json, text); }

/* Why no file can be written in a path's folder; NULL if one can. */
static const char *folder_problem(const char *path) {
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    if (access(folder, W_OK | X_OK) == 0) return NULL;
    return errno == ENOENT ? "there is no such folder; make it first" : strerror(errno);
}

/* Whether a file could be written there: better known before the training than after it. A file that is replaced must be a regular one;
 * what is only written to may be a pipe or a device, too. */
static bool writable(const char *option, const char *path, bool replaced) {
    struct stat status;
    const char *problem;
    if (stat(path, &status) != 0) problem = folder_problem(path);
    else if (S_ISDIR(status.st_mode)) problem = "it is a folder; name a file";
    else if (replaced) problem = S_ISREG(status.st_mode) ? folder_problem(path) : "it is not a regular file; name another";
    else problem = access(path, W_OK) == 0 ? NULL : strerror(errno);
    if (problem) fprintf(stderr, "mnist: --%s %s: cannot be written: %s\n", option, path, problem);
    return !problem;
}

/* Nothing that another run has left is overwritten without a word. */
static bool fresh(const char *option, const char *path, bool exists) {
    if (exists) fprintf(stderr, "mnist: --%s %s: there is one already; add --resume to go on with it, or remove it\n", option, path);
    return !exists;
}

static bool log_exists(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

/* Options that need others. */
static const char *contradiction(const options *o) {
    if (o->predict && (!o->load || !o->n_images)) return "--predict needs --load FILE and at least one image";
    if (o->predict && o->epochs > 0) return "--predict does not train; leave out --epochs";
    if (!o->checkpoint && (o->every || o->resume)) return "--every and --resume need --checkpoint FILE";
    if (o->checkpoint && !o->epochs) return "--checkpoint is for training; give --epochs";
    if (o->report && o->predict) return "--report is about training and testing; leave out --predict";
    if (o->log && !o->epochs) return "--log is for training; give --epochs";
    return NULL;
}

static bool files_are_right(const options *o) {
    if ((o->save && !writable("save", o->save, true)) || (o->checkpoint && !writable("checkpoint", o->checkpoint, true)) ||
        (o->log && !writable("log", o->log, false)) || (o->report && !writable("report", o->report, true)))
        return false;
    if (o->resume) return true;
    return (!o->checkpoint || fresh("checkpoint", o->checkpoint, spk_checkpoint_exists(o->checkpoint))) &&
           (!o->log || fresh("log", o->log, log_exists(o->log)));
}

int options_read(options *o, int argc, char **argv) {
    for (int i = 0; i + 1 < (int)(sizeof surrogates / sizeof *surrogates) && spk_surrogate_name(i); i++)
        surrogates[i] = spk_surrogate_name(i);
    const int status = command_line_read(&program, o, argc, argv);
    if (status >= 0) return status;
    o->images = argv + optind, o->n_images = argc - optind;
    o->command = argv, o->n_command = argc;
    if (o->n_images && !o->predict) {
        fprintf(stderr, "mnist: '%s' belongs to no option; pictures need --predict\n", o->images[0]);
        return 2;
    }
    if (o->epochs < 0) o->epochs = o->load ? 0 : 60;
    const char *wrong = contradiction(o);
    if (wrong) fprintf(stderr, "mnist: %s\n", wrong);
    return !wrong && files_are_right(o) ? -1 : 2;
}
