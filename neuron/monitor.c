/* What a monitor hangs on modules. The list of what it has recorded: monitor_records.c. */
#include "autograd/gradient_internal.h"
#include "core/context_internal.h"
#include "neuron/base_node.h"
#include "neuron/monitor_internal.h"
#include "nn/module_internal.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Recording. */

/* True in a call that is recorded; counts steps, and calls within them. */
static bool begin_call(spk_monitored *layer) {
    spk_monitor *m = layer->monitor;
    const spk_ctx *ctx = m->object.ctx;
    if (m->disabled || ctx->failed || ctx->trial) return false;
    if (m->step != ctx->step) m->step = ctx->step, m->steps++;
    if (layer->step != ctx->step) layer->step = ctx->step, layer->calls = 0;
    layer->calls++;
    return (m->steps - 1) % m->options.every == 0;
}

/* What .function makes of x, without a graph; x itself without a function. NULL after an error. */
static const spk_tensor *applied(spk_monitor *m, spk_tensor *x) {
    spk_ctx *ctx = m->object.ctx;
    if (!m->options.function) return x;
    const bool disabled = ctx->grad_disabled;
    ctx->grad_disabled = true;
    const spk_tensor *y = m->options.function(x);
    ctx->grad_disabled = disabled;
    return spk_tensor_usable(ctx, y, "spk_monitor_on: the result of .function") ? y : NULL;
}

static void record(spk_monitored *layer, spk_watched_thing what, int call, bool training, spk_tensor *x) {
    const spk_tensor *y = applied(layer->monitor, x);
    if (!y) return;
    const spk_monitor_record r = {.what = what, .step = y->object.ctx->step, .call = call, .training = training, .shape = y->shape};
    spk_monitor_entry *e = spk_monitor_add(layer, r);
    if (e) spk_tensor_write_out(y, (spk_real *)(void *)(e + 1));
}

/* A gradient has the shape of what is stored. */
static void record_gradient(spk_tensor *y, int64_t n, spk_real *gradient, void *user) {
    const spk_monitor_awaited *a = user;
    if (!a->layer || a->layer->monitor->disabled) return;
    spk_shape shape = y->shape;
    if (y->repeat > 1) shape.dim[0] /= y->repeat;
    spk_tensor view = {.object = {.ctx = y->object.ctx}, .shape = shape, .size = n, .storage = SPK_DENSE, .repeat = 1, .data = gradient};
    view.owner = &view, view.step = y->step, view.op = "backward", view.path = "";
    record(a->layer, SPK_WATCH_GRADIENT, a->call, a->training, &view);
}

static void await_gradient(spk_monitored *layer, spk_tensor *y, bool training) {
    spk_monitor *m = layer->monitor;
    spk_monitor_awaited *a = spk_step_header(m->object.ctx, sizeof *a);
    if (!a) return;
    *a = (spk_monitor_awaited){layer, layer->calls - 1, training, m->awaited};
    if (spk_observe_grad(y, record_gradient, a)) m->awaited = a;
}

/* Hooks of the module. */

static bool is_over_time(const spk_base_node *node) { return node->parallel_optim && node->T > 1; }

/* A neuron that runs over several steps writes the membrane out only when it is asked to. */
static spk_tensor *before(spk_module *module, spk_tensor *x, void *user) {
    (void)x;
    spk_monitored *layer = user;
    layer->recorded = begin_call(layer);
    if (!layer->recorded || !(layer->monitor->options.what & SPK_WATCH_MEMBRANE)) return NULL;
    spk_base_node *node = (spk_base_node *)module;
    layer->switched_on = is_over_time(node) && !node->store_v_seq;
    if (layer->switched_on) node->store_v_seq = true;
    return NULL;
}

static void record_membrane(spk_monitored *layer, spk_module *module) {
    const spk_base_node *node = (spk_base_node *)module;
    spk_tensor *v = is_over_time(node) ? node->v_seq : spk_memory(module, "v");
    if (layer->switched_on) ((spk_base_node *)module)->store_v_seq = layer->switched_on = false;
    if (v && !spk_failed(module->object.ctx)) record(layer, SPK_WATCH_MEMBRANE, layer->calls - 1, module->training, v);
}

static spk_tensor *after(spk_module *module, spk_tensor *x, spk_tensor *y, void *user) {
    spk_monitored *layer = user;
    if (!layer->recorded) return NULL;
    layer->recorded = false;
    const unsigned what = layer->monitor->options.what;
    const spk_ctx *ctx = module->object.ctx;
    if (what & SPK_WATCH_MEMBRANE) record_membrane(layer, module);
    if (!spk_tensor_lives(ctx, y) || !spk_tensor_lives(ctx, x)) return NULL;
    if (what & SPK_WATCH_INPUT && !ctx->failed) record(layer, SPK_WATCH_INPUT, layer->calls - 1, module->training, x);
    if (what & SPK_WATCH_OUTPUT && !ctx->failed) record(layer, SPK_WATCH_OUTPUT, layer->calls - 1, module->training, y);
    if (what & SPK_WATCH_GRADIENT && !ctx->failed && y->record) await_gradient(layer, y, module->training);
    return NULL;
}

/* The monitor. */

/* Gradients that would still come in this step find no monitor. */
static void forget_awaited(spk_monitor *m) {
    for (spk_monitor_awaited *a = m->awaited; a; a = a->next) a->layer = NULL;
    m->awaited = NULL;
}

static void release(spk_object *object) {
    spk_monitor *m = (spk_monitor *)object;
    for (int i = 0; i < m->count; i++) spk_remove_hooks_everywhere(object->ctx, &m->layer[i]);
    forget_awaited(m);
    spk_monitor_clear(m);
    spk_release(object->ctx, m->layer);
    spk_release(object->ctx, m->counts);
}

static void end_step(spk_object *object) {
    spk_monitor *m = (spk_monitor *)object;
    m->awaited = NULL;
    spk_monitor_keep(m);
}

/* The step done again is recorded if the one that failed was. */
static void drop_step(spk_object *object) {
    spk_monitor *m = (spk_monitor *)object;
    m->awaited = NULL;
    spk_monitor_forget(m);
    if (m->step == object->ctx->step) m->steps--;
}

static const spk_object_type monitor_object = {.name = "monitor", .destroy = release, .end_step = end_step, .drop_step = drop_step};

static bool options_are_right(spk_ctx *ctx, const spk_monitor_opts *o, const char *who) {
    const struct {
        const char *name;
        int64_t value;
    } from_1[] = {{"every", o->every}, {"most", o->most}, {"bytes", o->bytes}};
    for (size_t i = 0; i < sizeof from_1 / sizeof *from_1; i++)
        if (from_1[i].value < 1) spk_fail(ctx, "%s: .%s is %" PRId64 "; it must be at least 1", who, from_1[i].name, from_1[i].value);
    if (!o->what || o->what >> SPK_WATCHED_THINGS)
        spk_fail(ctx, "%s: .what is %u; it must be SPK_WATCH_OUTPUT, _SPIKES, _INPUT, _MEMBRANE, _GRADIENT or several, joined by |", who,
                 o->what);
    return !ctx->failed;
}

/* Hangs the next layer's hooks on a module. */
static bool hang(spk_monitor *m, const spk_module *root, spk_module *module) {
    spk_monitored *layer = &m->layer[m->count++];
    layer->monitor = m;
    snprintf(layer->name, sizeof layer->name, "%s", spk_module_path(module));
    layer->short_name = layer->name + strlen(layer->name);
    if (module != root) layer->short_name = layer->name + strlen(spk_module_path(root)) + 1;
    return spk_add_forward_pre_hook(module, before, layer) && spk_add_forward_hook(module, after, layer);
}

static bool every_module(spk_module *module) { return (void)module, true; }
static bool is_neuron(spk_module *module) { return spk_as_node(module) != NULL; }

/* A monitor on those modules from `first` to the end of its parts, or of it alone, that fit. */
static spk_monitor *create(spk_module *root, bool parts, bool (*fits)(spk_module *), spk_monitor_opts options) {
    spk_ctx *ctx = root->object.ctx;
    size_t count = 0;
    for (spk_module *i = root; i; i = parts ? spk_next_module(root, i) : NULL) count += fits(i);
    spk_monitor *m = spk_object_create(ctx, &monitor_object, sizeof *m);
    if (!m) return NULL;
    m->options = options;
    m->layer = spk_allocate(ctx, count * sizeof *m->layer);
    m->counts = spk_allocate(ctx, count * SPK_WATCHED_THINGS * sizeof *m->counts);
    bool whole = m->counts != NULL;
    for (spk_module *i = root; i && whole; i = parts ? spk_next_module(root, i) : NULL)
        if (fits(i)) whole = hang(m, root, i);
    if (whole) return m;
    spk_object_destroy(&m->object);
    return NULL;
}

static spk_monitor *monitor(const char *who, spk_module *root, bool parts, bool (*fits)(spk_module *), spk_monitor_opts options) {
    const spk_activity was = spk_doing_function(root->object.ctx, who);
    spk_monitor *m = create(root, parts, fits, options);
    spk_done(root->object.ctx, was);
    return m;
}

spk_monitor *spk_monitor_on_with(spk_module *module, spk_monitor_opts options) {
    static const char who[] = "spk_monitor_on";
    if (!spk_module_usable(module) || !options_are_right(module->object.ctx, &options, who)) return NULL;
    if (options.what & SPK_WATCH_MEMBRANE && !is_neuron(module)) {
        spk_module_fail(module, "%s: it has no membrane; give a neuron, leave SPK_WATCH_MEMBRANE out, or use spk_monitor_neurons", who);
        return NULL;
    }
    return monitor(who, module, false, every_module, options);
}

spk_monitor *spk_monitor_neurons_with(spk_module *net, spk_monitor_opts options) {
    static const char who[] = "spk_monitor_neurons";
    if (!spk_module_usable(net) || !options_are_right(net->object.ctx, &options, who)) return NULL;
    const spk_module *neuron = net;
    while (neuron && !is_neuron((spk_module *)neuron)) neuron = spk_next_module(net, neuron);
    if (neuron) return monitor(who, net, true, is_neuron, options);
    spk_module_fail(net, "%s: there are no neurons in it", who);
    return NULL;
}

spk_monitor_opts spk_monitor_options(void) { return (spk_monitor_opts){SPK_MONITOR_DEFAULTS}; }

bool spk_monitor_enable(spk_monitor *m, bool enabled) {
    if (!m) return false;
    const bool was = !m->disabled;
    m->disabled = !enabled;
    return was;
}

void spk_monitor_destroy(spk_monitor *m) {
    if (m) spk_object_destroy(&m->object);
}
