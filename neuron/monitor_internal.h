/* What a monitor keeps, for monitor.c and monitor_records.c. */
#ifndef SPK_NEURON_MONITOR_INTERNAL_H
#define SPK_NEURON_MONITOR_INTERNAL_H

#include "core/context.h"
#include "neuron/monitor.h"

enum { SPK_WATCHED_THINGS = 4 };

/* One layer. Its module may be gone before it: nothing here points to it. */
typedef struct spk_monitored {
    spk_monitor *monitor;
    char name[SPK_DOTTED_NAME];
    const char *short_name; /* from the watched module on: the end of `name` */
    uint64_t step;          /* the last in which it was called, */
    int calls;              /* and how often */
    bool recorded;          /* the call that runs */
    bool switched_on;       /* store_v_seq, for the time of a forward */
} spk_monitored;

/* A record, and its numbers behind it. */
typedef struct spk_monitor_entry {
    spk_monitor_record record;
    spk_monitored *layer;
    int64_t size, capacity; /* numbers in use, and that have room */
    struct spk_monitor_entry *next;
} spk_monitor_entry;

/* A gradient that may come in this step: in the step's header memory. */
typedef struct spk_monitor_awaited {
    spk_monitored *layer; /* NULL: the monitor is gone */
    int call;
    bool training;
    struct spk_monitor_awaited *next;
} spk_monitor_awaited;

struct spk_monitor {
    spk_object object;
    spk_monitor_opts options;
    bool disabled;
    int count;
    spk_monitored *layer;
    uint64_t step;                   /* the last in which a layer was called, */
    int64_t steps;                   /* and how many there were */
    spk_monitor_entry *first, *last; /* oldest first */
    spk_monitor_entry *ended;        /* the last one of a step that has ended: what follows is of this step */
    spk_monitor_entry *spare;        /* went at the end of the last recorded step: room for the next one's */
    int64_t bytes, dropped;
    int64_t *counts; /* of each thing of each layer: all 0, room for the end of a step, which can take none */
    spk_monitor_awaited *awaited;
};

/* A new record with room for its numbers, which are not yet set; NULL without memory. */
spk_monitor_entry *spk_monitor_add(spk_monitored *layer, spk_monitor_record record);
/* The end of a step: its records are kept, and the oldest that are too many go. */
void spk_monitor_keep(spk_monitor *monitor);
/* The end of a step that failed: its records go. */
void spk_monitor_forget(spk_monitor *monitor);

#endif
