/* The records of a monitor: a list from the oldest to the newest, with two bounds. */
#include "core/context_internal.h"
#include "neuron/monitor_internal.h"
#include <string.h>

static int64_t bytes_of(const spk_monitor_entry *e) { return (int64_t)spk_bytes(e->size); }

/* A block that is left over, or a new one. */
static spk_monitor_entry *take(spk_monitor *m, int64_t size) {
    for (spk_monitor_entry **link = &m->spare; *link; link = &(*link)->next) {
        spk_monitor_entry *e = *link;
        if (e->capacity < size) continue;
        *link = e->next;
        return e;
    }
    spk_monitor_entry *e = spk_allocate_uninitialised(m->object.ctx, sizeof *e + spk_bytes(size));
    if (e) e->capacity = size;
    return e;
}

spk_monitor_entry *spk_monitor_add(spk_monitored *layer, spk_monitor_record record) {
    spk_monitor *m = layer->monitor;
    const int64_t size = spk_shape_size(record.shape);
    const spk_activity was = spk_doing_function(m->object.ctx, "spk_monitor_on");
    spk_monitor_entry *e = take(m, size);
    spk_done(m->object.ctx, was);
    if (!e) return NULL;
    record.name = layer->name;
    record.values = (spk_real *)(void *)(e + 1);
    *e = (spk_monitor_entry){.record = record, .layer = layer, .size = size, .capacity = e->capacity};
    if (m->last) m->last->next = e;
    else m->first = e;
    m->last = e;
    m->bytes += bytes_of(e);
    return e;
}

static void release_list(spk_monitor *m, spk_monitor_entry *e) {
    for (spk_monitor_entry *next; e; e = next) {
        next = e->next;
        spk_release(m->object.ctx, e);
    }
}

/* The number of a thing among SPK_WATCHED_THINGS. */
static int number_of(spk_watched_thing what) {
    int number = 0;
    while (what >> (number + 1)) number++;
    return number;
}

static int64_t *counter(int64_t *counts, const spk_monitor_entry *e) {
    return &counts[(e->layer - e->layer->monitor->layer) * SPK_WATCHED_THINGS + number_of(e->record.what)];
}

/* Moves the entry behind `link` to the spares. */
static void drop(spk_monitor *m, spk_monitor_entry **link) {
    spk_monitor_entry *e = *link;
    *link = e->next;
    m->bytes -= bytes_of(e);
    m->dropped++;
    e->next = m->spare;
    m->spare = e;
}

/* Of each thing the newest `most` stay, and of these as many as the bytes allow. */
static void keep_bounds(spk_monitor *m, int64_t *counts) {
    for (spk_monitor_entry *e = m->first; e; e = e->next) ++*counter(counts, e);
    for (spk_monitor_entry **link = &m->first; *link;) {
        int64_t *count = counter(counts, *link);
        if (*count <= m->options.most) {
            link = &(*link)->next;
            continue;
        }
        --*count;
        drop(m, link);
    }
    while (m->first && m->bytes > m->options.bytes) drop(m, &m->first);
}

void spk_monitor_keep(spk_monitor *m) {
    if (m->last == m->ended) return; /* nothing was recorded */
    release_list(m, m->spare);
    m->spare = NULL;
    keep_bounds(m, m->counts);
    memset(m->counts, 0, (size_t)(m->count * SPK_WATCHED_THINGS) * sizeof *m->counts);
    m->last = m->first;
    while (m->last && m->last->next) m->last = m->last->next;
    m->ended = m->last;
}

void spk_monitor_forget(spk_monitor *m) {
    spk_monitor_entry **link = m->ended ? &m->ended->next : &m->first;
    for (const spk_monitor_entry *e = *link; e; e = e->next) m->bytes -= bytes_of(e);
    release_list(m, *link);
    *link = NULL;
    m->last = m->ended;
}

void spk_monitor_clear(spk_monitor *m) {
    if (!m) return;
    release_list(m, m->first);
    release_list(m, m->spare);
    m->first = m->last = m->ended = m->spare = NULL;
    m->bytes = m->dropped = 0;
}

/* What is read. */

static bool is_of(const spk_monitor_entry *e, const char *layer, unsigned what) {
    return (e->record.what & what) && (!layer || strcmp(e->layer->short_name, layer) == 0 || strcmp(e->layer->name, layer) == 0);
}

int64_t spk_monitor_count(const spk_monitor *monitor, const char *layer, unsigned what) {
    int64_t count = 0;
    for (const spk_monitor_entry *e = monitor ? monitor->first : NULL; e; e = e->next) count += is_of(e, layer, what);
    return count;
}

spk_monitor_record spk_monitor_get(const spk_monitor *monitor, const char *layer, unsigned what, int64_t i) {
    if (i < 0) i += spk_monitor_count(monitor, layer, what);
    for (const spk_monitor_entry *e = monitor ? monitor->first : NULL; e && i >= 0; e = e->next)
        if (is_of(e, layer, what) && i-- == 0) return e->record;
    return (spk_monitor_record){0};
}

int spk_monitor_layers(const spk_monitor *monitor) { return monitor ? monitor->count : 0; }

const char *spk_monitor_layer(const spk_monitor *monitor, int i) {
    return i >= 0 && i < spk_monitor_layers(monitor) ? monitor->layer[i].name : NULL;
}

int64_t spk_monitor_dropped(const spk_monitor *monitor) { return monitor ? monitor->dropped : 0; }
