#include "mnist_options.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void help(void) {
    puts("usage: mnist [options]                      train on MNIST, then test\n"
         "       mnist --load FILE [--epochs N]       test a saved net, or train it further\n"
         "       mnist --load FILE --predict IMAGE... classify pictures of digits\n"
         "\n"
         "data      --data DIR            folder of MNIST's four files (datasets/mnist)\n"
         "          --validation N        hold out the last N training images and report accuracy on them (0: report on the test set)\n"
         "net       --hidden N[,N...]     widths of the hidden layers (800)\n"
         "          --neuron lif|if       (lif)\n"
         "          --tau X               time constant of lif, > 1 (2)\n"
         "          --T N                 time steps (4)\n"
         "          --encoder NAME        constant or poisson (constant)\n"
         "          --surrogate NAME      atan, sigmoid, piecewise_quadratic, ... (atan)\n"
         "          --soft-reset          subtract the threshold after a spike\n"
         "          --detach-reset        no gradient through the reset\n"
         "          --readout NAME        the scores, averaged over time: current, of the output layer, trained by cross entropy; or "
         "spikes,\n"
         "                                of output neurons, trained by the squared error of their rates (current)\n"
         "training  --epochs N            (60)\n"
         "          --batch N             (128)\n"
         "          --lr R                peak of the one-cycle schedule (0.002)\n"
         "          --label-smoothing S   of the cross entropy (0.1)\n"
         "          --dropout P           after each hidden layer, one mask for all steps (0.2)\n"
         "          --input-dropout P     of pixels (0.2)\n"
         "          --augment             turn, scale, shear and shift each image anew: +-15 degrees, 0.85 to 1.15, +-0.2, +-5 %\n"
         "          --seed N              (1)\n"
         "          --threads N           (all)\n"
         "          --detect-anomaly      stop at the first NaN or infinity, and name the op and the layer that made it\n"
         "files     --save FILE           write the net, as safetensors\n"
         "          --load FILE           read it; give the same --hidden, and the same net options as it was trained with\n"
         "          --checkpoint FILE     keep the training's state there, once an epoch, and when SIGINT or SIGTERM stops it\n"
         "          --every N             every N steps instead\n"
         "          --resume              go on from the checkpoint, to the same bits; from the beginning when there is none yet\n"
         "\n"
         "example: mnist --epochs 3 --save digits.safetensors && mnist --load digits.safetensors --predict examples/digits/*.png");
}

/* Values read by strtoll or strtod, with what they must obey. */
static bool whole(const char *name, const char *text, int64_t least, int64_t *out) {
    char *end;
    const long long value = strtoll(text, &end, 10);
    *out = value;
    if (*text && !*end && value >= least) return true;
    fprintf(stderr, "mnist: --%s takes a whole number of at least %lld, not '%s'\n", name, (long long)least, text);
    return false;
}

static bool real(const char *name, const char *text, double least, double most, double *out) {
    char *end;
    *out = strtod(text, &end);
    if (*text && !*end && *out >= least && *out <= most) return true;
    fprintf(stderr, "mnist: --%s takes a number from %g to %g, not '%s'\n", name, least, most, text);
    return false;
}

static bool one_of(const char *name, const char *text, const char *a, const char *b, const char **out) {
    *out = text;
    if (strcmp(text, a) == 0 || strcmp(text, b) == 0) return true;
    fprintf(stderr, "mnist: --%s takes %s or %s, not '%s'\n", name, a, b, text);
    return false;
}

static bool known_surrogate(const char *text, const char **out) {
    *out = text;
    for (int i = 0; spk_surrogate_name(i); i++)
        if (strcmp(text, spk_surrogate_name(i)) == 0) return true;
    fprintf(stderr, "mnist: --surrogate takes");
    for (int i = 0; spk_surrogate_name(i); i++) fprintf(stderr, "%s %s", i ? "," : "", spk_surrogate_name(i));
    fprintf(stderr, "; not '%s'\n", text);
    return false;
}

static bool widths(options *o, const char *text) {
    char copy[256];
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy) {
        fprintf(stderr, "mnist: --hidden takes widths of at most %zu characters in all\n", sizeof copy - 1);
        return false;
    }
    o->hidden_layers = 0;
    for (char *part = strtok(copy, ","); part; part = strtok(NULL, ",")) {
        if (o->hidden_layers == MOST_HIDDEN) {
            fprintf(stderr, "mnist: --hidden takes at most %d widths\n", MOST_HIDDEN);
            return false;
        }
        if (!whole("hidden", part, 1, &o->hidden[o->hidden_layers++])) return false;
    }
    return o->hidden_layers > 0 || whole("hidden", text, 1, o->hidden);
}

enum {
    DATA = 256,
    VALIDATION,
    HIDDEN,
    NEURON,
    TAU,
    STEPS,
    ENCODER,
    SURROGATE,
    SOFT,
    DETACH,
    READOUT,
    EPOCHS,
    BATCH,
    LR,
    LABEL_SMOOTHING,
    DROPOUT,
    INPUT_DROPOUT,
    AUGMENT,
    SEED,
    THREADS,
    DETECT_ANOMALY,
    SAVE,
    LOAD,
    CHECKPOINT,
    EVERY,
    RESUME,
    PREDICT,
    HELP
};

static const struct option table[] = {{"data", 1, NULL, DATA},
                                      {"validation", 1, NULL, VALIDATION},
                                      {"hidden", 1, NULL, HIDDEN},
                                      {"neuron", 1, NULL, NEURON},
                                      {"tau", 1, NULL, TAU},
                                      {"T", 1, NULL, STEPS},
                                      {"encoder", 1, NULL, ENCODER},
                                      {"surrogate", 1, NULL, SURROGATE},
                                      {"soft-reset", 0, NULL, SOFT},
                                      {"detach-reset", 0, NULL, DETACH},
                                      {"readout", 1, NULL, READOUT},
                                      {"epochs", 1, NULL, EPOCHS},
                                      {"batch", 1, NULL, BATCH},
                                      {"lr", 1, NULL, LR},
                                      {"label-smoothing", 1, NULL, LABEL_SMOOTHING},
                                      {"dropout", 1, NULL, DROPOUT},
                                      {"input-dropout", 1, NULL, INPUT_DROPOUT},
                                      {"augment", 0, NULL, AUGMENT},
                                      {"seed", 1, NULL, SEED},
                                      {"threads", 1, NULL, THREADS},
                                      {"detect-anomaly", 0, NULL, DETECT_ANOMALY},
                                      {"save", 1, NULL, SAVE},
                                      {"load", 1, NULL, LOAD},
                                      {"checkpoint", 1, NULL, CHECKPOINT},
                                      {"every", 1, NULL, EVERY},
                                      {"resume", 0, NULL, RESUME},
                                      {"predict", 0, NULL, PREDICT},
                                      {"help", 0, NULL, HELP},
                                      {NULL, 0, NULL, 0}};

static bool read_one(options *o, int option, const char *value) {
    int64_t threads = 0;
    bool right;
    switch (option) {
    case DATA:
        o->data = value;
        return true;
    case VALIDATION:
        return whole("validation", value, 0, &o->validation);
    case HIDDEN:
        return widths(o, value);
    case NEURON:
        return one_of("neuron", value, "lif", "if", &o->neuron);
    case TAU:
        return real("tau", value, 1, 1e9, &o->tau);
    case STEPS:
        return whole("T", value, 1, &o->T);
    case ENCODER:
        return one_of("encoder", value, "constant", "poisson", &o->encoder);
    case SURROGATE:
        return known_surrogate(value, &o->surrogate);
    case SOFT:
        return o->soft_reset = true;
    case DETACH:
        return o->detach_reset = true;
    case READOUT:
        return one_of("readout", value, "current", "spikes", &o->readout);
    case EPOCHS:
        return whole("epochs", value, 0, &o->epochs);
    case BATCH:
        return whole("batch", value, 2, &o->batch);
    case LR:
        return real("lr", value, 0, 1e9, &o->lr);
    case LABEL_SMOOTHING:
        return real("label-smoothing", value, 0, 1, &o->label_smoothing);
    case DROPOUT:
        return real("dropout", value, 0, 1, &o->dropout);
    case INPUT_DROPOUT:
        return real("input-dropout", value, 0, 1, &o->input_dropout);
    case AUGMENT:
        return o->augment = true;
    case SEED:
        return whole("seed", value, 0, &o->seed);
    case THREADS:
        right = whole("threads", value, 1, &threads) && threads <= 4096;
        o->threads = (int)threads;
        return right;
    case DETECT_ANOMALY:
        return o->detect_anomaly = true;
    case SAVE:
        o->save = value;
        return true;
    case LOAD:
        o->load = value;
        return true;
    case CHECKPOINT:
        o->checkpoint = value;
        return true;
    case EVERY:
        return whole("every", value, 1, &o->every);
    case RESUME:
        return o->resume = true;
    default:
        return false;
    }
}

/* Whether a file could be written there: better known before the training than after it. */
static bool writable(const char *option, const char *path) {
    struct stat status;
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    const bool other = stat(path, &status) == 0 && !S_ISREG(status.st_mode);
    if (!other && access(folder, W_OK | X_OK) == 0) return true;
    fprintf(stderr, "mnist: --%s %s: cannot be written: %s\n", option, path, other ? "it is not a regular file" : strerror(errno));
    return false;
}

/* Options that need others, and files that could not be written. */
static bool consistent(const options *o) {
    const char *wrong = NULL;
    if (!o->checkpoint && (o->every || o->resume)) wrong = "--every and --resume need --checkpoint FILE";
    else if (o->checkpoint && !o->epochs) wrong = "--checkpoint needs --epochs";
    if (wrong) fprintf(stderr, "mnist: %s\n", wrong);
    if (wrong || (o->save && !writable("save", o->save)) || (o->checkpoint && !writable("checkpoint", o->checkpoint))) return false;
    if (!o->checkpoint || o->resume || !spk_checkpoint_exists(o->checkpoint)) return true;
    fprintf(stderr, "mnist: --checkpoint %s: there is one already; add --resume to go on from it, or remove it\n", o->checkpoint);
    return false;
}

void options_settings(const options *o, spk_text *text) {
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"tau", o->tau},
                   {"lr", o->lr},
                   {"label-smoothing", o->label_smoothing},
                   {"dropout", o->dropout},
                   {"input-dropout", o->input_dropout}};
    spk_text_add(text, "hidden=");
    for (int i = 0; i < o->hidden_layers; i++) spk_text_add(text, i ? ",%lld" : "%lld", (long long)o->hidden[i]);
    spk_text_add(
        text,
        " neuron=%s T=%lld encoder=%s surrogate=%s soft-reset=%d detach-reset=%d readout=%s epochs=%lld batch=%lld augment=%d seed=%lld "
        "validation=%lld",
        o->neuron, (long long)o->T, o->encoder, o->surrogate, o->soft_reset, o->detach_reset, o->readout, (long long)o->epochs,
        (long long)o->batch, o->augment, (long long)o->seed, (long long)o->validation);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        spk_text_add(text, " %s=", numbers[i].name);
        spk_text_add_number(text, numbers[i].value);
    }
}

int options_read(options *o, int argc, char **argv) {
    *o = (options){.data = "datasets/mnist",
                   .neuron = "lif",
                   .surrogate = "atan",
                   .encoder = "constant",
                   .readout = "current",
                   .hidden = {800},
                   .hidden_layers = 1,
                   .epochs = -1,
                   .T = 4,
                   .batch = 128,
                   .seed = 1,
                   .tau = 2,
                   .lr = 2e-3,
                   .label_smoothing = 0.1,
                   .dropout = 0.2,
                   .input_dropout = 0.2};
    bool predicting = false;
    for (int option; (option = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        if (option == HELP) {
            help();
            return 0;
        }
        if (option == PREDICT) predicting = true;
        else if (!read_one(o, option, optarg)) {
            fprintf(stderr, "mnist: see mnist --help\n");
            return 2;
        }
    }
    o->images = argv + optind;
    o->n_images = argc - optind;
    if (predicting != (o->n_images > 0) || (predicting && !o->load)) {
        fprintf(stderr,
                predicting ? "mnist: --predict needs --load FILE and at least one image\n" : "mnist: unexpected '%s'; see mnist --help\n",
                argv[optind]);
        return 2;
    }
    if (o->epochs < 0) o->epochs = o->load ? 0 : 60;
    return consistent(o) ? -1 : 2;
}
