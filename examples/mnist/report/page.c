#include "report.h"
#include "../../shared/seconds.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

void page_escaped(spk_text *page, const char *text) {
    for (const char *s = text; *s; s++) {
        if (*s == '&') spk_text_add(page, "&amp;");
        else if (*s == '<') spk_text_add(page, "&lt;");
        else if (*s == '>') spk_text_add(page, "&gt;");
        else if (*s == '"') spk_text_add(page, "&quot;");
        else spk_text_add(page, (unsigned char)*s < ' ' && *s != '\n' ? "?" : "%c", *s);
    }
}

static void fact(spk_text *page, const char *value, const char *name) {
    spk_text_add(page, "<div><b>%s</b><span>%s</span></div>\n", value, name);
}

/* The numbers that one looks for first. */
static void facts(spk_text *page, const report *r, const training *t, const tally *tested) {
    char value[64];
    spk_text_add(page, "<div class=\"facts\">\n");
    snprintf(value, sizeof value, "%.2f %%", percent(tested));
    fact(page, value, t->o->validation ? "validation accuracy" : "test accuracy");
    snprintf(value, sizeof value, "%lld", (long long)spk_parameter_count(t->net, true));
    fact(page, value, "parameters");
    snprintf(value, sizeof value, "%lld", (long long)t->o->T);
    fact(page, value, "time steps");
    if (r->n_points) {
        snprintf(value, sizeof value, "%lld", (long long)r->n_points);
        fact(page, value, "epochs in this run");
        snprintf(value, sizeof value, "%.1f s", r->training_seconds);
        fact(page, value, "training");
    }
    spk_text_add(page, "</div>\n");
}

/* A word of the command line, as a shell needs it. */
static void word(spk_text *page, const char *argument) {
    const bool plain =
        *argument && strspn(argument, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./,:=+@%") == strlen(argument);
    if (!plain) spk_text_add(page, "'");
    for (const char *s = argument; *s; s++) {
        const char one[] = {*s, 0};
        if (*s == '\'') spk_text_add(page, "'\\''");
        else page_escaped(page, one);
    }
    if (!plain) spk_text_add(page, "'");
}

static void run(spk_text *page, const report *r, const training *t) {
    char date[32];
    const time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&now, &utc));
    spk_text_add(page, "<h2>The run</h2>\n<pre>");
    for (int i = 0; i < t->o->n_command; i++) {
        if (i) spk_text_add(page, " ");
        word(page, t->o->command[i]);
    }
    spk_text_add(page, "</pre>\n<h3>The net</h3>\n<pre>");
    page_escaped(page, spk_repr(t->net));
    spk_text_add(page, "</pre>\n<h3>Settings</h3>\n<p class=\"settings\">");
    spk_text settings = {.ctx = t->ctx};
    options_settings(t->o, false, &settings);
    if (settings.data) page_escaped(page, settings.data);
    spk_text_free(&settings);
    spk_text_add(page, "</p>\n<p>Made on %s by ", date);
    page_escaped(page, spk_build_info());
    spk_text_add(page, "; %d threads; seed %lld; %.1f s in all", spk_threads(), (long long)t->o->seed, seconds() - r->since);
    if (r->n_points) spk_text_add(page, ", of which %.1f s training, without the tests after each epoch", r->training_seconds);
    spk_text_add(page, ".</p>\n");
}

void report_page(spk_text *page, const report *r, const training *t, const tally *tested) {
    spk_text_add(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\"/>\n<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>mnist: %.2f %%</title>\n<style>%s</style>\n"
        "</head>\n<body>\n<h1>A spiking network that reads digits</h1>\n",
        percent(tested), report_style);
    facts(page, r, t, tested);
    report_curves(page, r, t);
    report_mistakes(page, r, t);
    report_sample(page, t);
    report_weights(page, t);
    report_cost(page, r, t, tested);
    run(page, r, t);
    spk_text_add(page, "</body>\n</html>\n");
}
