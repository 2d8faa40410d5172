#include "log.h"
#include "../shared/seconds.h"
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* JSON. */

/* The length of the UTF-8 sequence that text begins with; 0 when it is none. */
static size_t utf8_length(const unsigned char *text) {
    const size_t length = *text < 0x80 ? 1 : *text < 0xc2 ? 0 : *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : *text < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    if ((*text == 0xe0 && text[1] < 0xa0) || (*text == 0xed && text[1] > 0x9f) || (*text == 0xf0 && text[1] < 0x90) ||
        (*text == 0xf4 && text[1] > 0x8f))
        return 0;
    return length;
}

/* A string; bytes that are no UTF-8, as the names of files may have, become question marks, because JSON has no way to say them. */
static cJSON *string(const char *text) {
    char *copy = strdup(text);
    if (!copy) return NULL;
    for (unsigned char *at = (unsigned char *)copy; *at;) {
        const size_t length = utf8_length(at);
        if (length == 0) *at = '?';
        at += length ? length : 1;
    }
    cJSON *item = cJSON_CreateString(copy);
    free(copy);
    return item;
}

static void add(cJSON *object, const char *name, cJSON *item) { cJSON_AddItemToObject(object, name, item); }
static void add_string(cJSON *object, const char *name, const char *text) { add(object, name, text ? string(text) : cJSON_CreateNull()); }
static void add_real(cJSON *object, const char *name, double value) { cJSON_AddNumberToObject(object, name, value); } /* NaN: null */

/* To the last digit, which a double would not hold. */
static void add_whole(cJSON *object, const char *name, int64_t value) {
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    add(object, name, cJSON_CreateRaw(digits));
}

/* The file. */

static void say_failed(run_log *log, const char *why) {
    fprintf(stderr, "mnist: --log %s: %s; the log ends here, the training goes on\n", log->path, why);
    log->failed = true;
}

/* Writes an object as a line, whole or not at all, and frees it. */
static void write_line(run_log *log, cJSON *object) {
    char *text = log->file < 0 ? NULL : cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (log->file < 0) return;
    const size_t length = text ? strlen(text) + 1 : 0;
    const off_t before = lseek(log->file, 0, SEEK_END);
    size_t done = 0;
    ssize_t written = 0;
    if (text) text[length - 1] = '\n'; /* in the place of its end */
    for (; done < length && (written = write(log->file, text + done, length - done)) > 0;) done += (size_t)written;
    if (done < length || !text) {
        const char *why = text ? strerror(errno) : "no memory";
        if (done && before >= 0 && ftruncate(log->file, before) != 0) why = "a line was cut";
        say_failed(log, why);
        close(log->file);
        log->file = -1;
    }
    cJSON_free(text);
}

/* A file that was cut in the middle of a line, as when the power went, goes on with a new one. */
static bool ends_within_line(const char *path) {
    FILE *file = fopen(path, "rb");
    const bool within = file && fseek(file, -1, SEEK_END) == 0 && fgetc(file) != '\n';
    if (file) fclose(file);
    return within;
}

/* The lines. */

static cJSON *event(const char *name, const training *t) {
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "event", name);
    add_whole(line, "step", spk_schedule_now(t->schedule));
    return line;
}

static double share(const tally *sum) { return percent(sum) / 100; }
static const char *accuracy_name(const options *o) { return o->validation ? "validation_accuracy" : "test_accuracy"; }

static cJSON *layers(spk_module *net) {
    cJSON *list = cJSON_CreateArray();
    for (spk_module *m = spk_next_module(net, net); m; m = spk_next_module(net, m)) {
        cJSON *layer = cJSON_CreateObject();
        char name[2 * SPK_NAME];
        snprintf(name, sizeof name, "%s.%s", net->name, m->name);
        cJSON_AddStringToObject(layer, "name", name);
        cJSON_AddStringToObject(layer, "type", m->type->name);
        cJSON_AddItemToArray(list, layer);
    }
    return list;
}

static void begins(observer *self, const training *t) {
    char time_text[32];
    const time_t now = time(NULL);
    struct tm utc;
    spk_text settings = {.ctx = t->ctx};
    strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    options_settings(t->o, true, &settings);
    cJSON *line = event(t->resumed ? "resume" : "run", t), *command = cJSON_AddArrayToObject(line, "command");
    for (int i = 0; i < t->o->n_command; i++) cJSON_AddItemToArray(command, string(t->o->command[i]));
    add_string(line, "time", time_text);
    add_string(line, "version", spk_build_info());
    add(line, "settings", settings.data ? cJSON_CreateRaw(settings.data) : cJSON_CreateNull());
    add_string(line, "data", t->o->data);
    add_whole(line, "training_images", spk_dataset_size(t->images));
    add_whole(line, t->o->validation ? "validation_images" : "test_images", spk_dataset_size(t->test));
    add_whole(line, "steps_per_epoch", spk_dataset_batches(t->images));
    add_whole(line, "parameters", spk_parameter_count(t->net, true));
    add_whole(line, "threads", spk_threads());
    add(line, "layers", layers(t->net));
    write_line((run_log *)self, line);
    spk_text_free(&settings);
}

/* Additions of a weight that the hidden layers' spikes make in the layers after them, an image. */
static double synops(const tally *sum, const options *o) {
    double operations = 0;
    for (int i = 0; i < o->hidden.n; i++) {
        const int64_t outputs = i + 1 < o->hidden.n ? o->hidden.number[i + 1] : CLASSES;
        operations += sum->rate[i] / (double)sum->images * (double)(o->T * o->hidden.number[i] * outputs);
    }
    return operations;
}

static void add_lines(cJSON *list, const char *text) {
    char line[512];
    for (size_t length; *text; text += length + (text[length] != 0)) {
        length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        cJSON_AddItemToArray(list, string(line));
    }
}

static void epoch_done(observer *self, const training *t, const epoch_result *e) {
    cJSON *line = event("epoch", t);
    add_whole(line, "epoch", e->number);
    add_real(line, "loss", e->trained.loss / (double)e->trained.images);
    add_real(line, "train_accuracy", share(&e->trained));
    add_real(line, accuracy_name(t->o), share(&e->tested));
    cJSON *rates = cJSON_AddObjectToObject(line, "firing_rate");
    for (int i = 0; i < spk_health_layers(t->health); i++)
        add_real(rates, spk_health_layer(t->health, i).name, e->tested.rate[i] / (double)e->tested.images);
    add_real(line, "synops_per_image", synops(&e->tested, t->o));
    add_real(line, "learning_rate", e->learning_rate);
    add_real(line, "images_per_second", e->images_per_second);
    add_real(line, "seconds", e->seconds);
    add_lines(cJSON_AddArrayToObject(line, "health"), e->health);
    write_line((run_log *)self, line);
}

static void ends(observer *self, const training *t, const outcome *how) {
    cJSON *line = event(*how->error ? "error" : how->signal ? "stopped" : "end", t);
    if (*how->error) add_string(line, "error", how->error);
    else if (how->signal) add_string(line, "signal", how->signal == SIGINT ? "SIGINT" : "SIGTERM");
    else add_real(line, accuracy_name(t->o), share(how->tested));
    add_string(line, "saved", how->saved);
    add_real(line, "seconds", seconds() - ((run_log *)self)->since);
    write_line((run_log *)self, line);
}

bool run_log_open(run_log *log, const options *o) {
    *log = (run_log){.path = o->log, .file = -1, .since = seconds()};
    if (!o->log) return true;
    const bool within_line = ends_within_line(o->log);
    log->observer = (observer){.begins = begins, .epoch_done = epoch_done, .ends = ends};
    log->file = open(o->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (log->file >= 0 && (!within_line || write(log->file, "\n", 1) == 1)) return true;
    fprintf(stderr, "mnist: --log %s: cannot be written: %s\n", o->log, strerror(errno));
    return false;
}

bool run_log_close(run_log *log) {
    if (log->file >= 0 && close(log->file) != 0) say_failed(log, strerror(errno));
    log->file = -1;
    return !log->failed;
}
