/* What a watch says about its layers. */
#include "neuron/health_internal.h"
#include "core/context_internal.h"
#include <inttypes.h>

static double percent(int64_t part, int64_t whole) { return whole ? 100 * (double)part / (double)whole : 0; }

static void report_spikes(spk_text *text, const spk_health_opts *o, const spk_layer_health *seen) {
    if (!(seen->rate >= 0)) return;
    if (!seen->spikes)
        spk_text_add(text,
                     "%s (%s) was silent: no spike in %" PRId64
                     " neuron-steps. Try a lower v_threshold, larger weights or batch norm before it, more time steps, "
                     "or another tau (smaller under decay_input, else larger)\n",
                     seen->name, seen->type, seen->neuron_steps);
    else if (seen->rate >= o->saturated)
        spk_text_add(text,
                     "%s (%s) was saturated: %.2f %% of %" PRId64
                     " neuron-steps fired. Try a higher v_threshold, or smaller weights or batch norm before it\n",
                     seen->name, seen->type, 100 * seen->rate, seen->neuron_steps);
    else if ((double)seen->never > o->stuck * (double)seen->neurons)
        spk_text_add(
            text,
            "%s (%s): %" PRId64 " of %" PRId64
            " neurons (%.0f %%) never fired. Try batch norm before it, a lower v_threshold or learning rate, or spk_rate_penalty\n",
            seen->name, seen->type, seen->never, seen->neurons, percent(seen->never, seen->neurons));
    else if ((double)seen->always > o->stuck * (double)seen->neurons)
        spk_text_add(text,
                     "%s (%s): %" PRId64 " of %" PRId64
                     " neurons (%.0f %%) fired at every step. Try batch norm before it, a higher v_threshold, or spk_rate_penalty\n",
                     seen->name, seen->type, seen->always, seen->neurons, percent(seen->always, seen->neurons));
}

static void report_slope(spk_text *text, const spk_health_opts *o, const spk_layer_health *seen) {
    if (!(seen->slope < o->slope)) return;
    spk_text_add(text,
                 "%s (%s): the surrogate's gradient vanishes: its mean slope is %.2g of that at the threshold. Membranes are far from "
                 "v_threshold: try a wider surrogate (a smaller alpha), smaller weights, or batch norm before it\n",
                 seen->name, seen->type, seen->slope);
}

/* How the gradient has changed on its way back from the input of the next neurons, `from`, to the input of these. */
static void report_gradient(spk_text *text, const spk_health_opts *o, const spk_layer_health *seen, const spk_layer_health *from) {
    const double ratio = seen->gradient / from->gradient;
    if (!(from->gradient > 0) || !(ratio < o->vanishing || ratio > o->exploding)) return;
    spk_text_add(text, "%s (%s): the gradient %s: at its input the norm is %.2g of that at the input of %s. Try %s\n", seen->name,
                 seen->type, ratio < 1 ? "vanishes" : "explodes", ratio, from->name,
                 ratio < 1 ? "a wider surrogate (a smaller alpha), or larger weights or batch norm between the two"
                           : "spk_clip_grad_norm, detach_reset, a lower surrogate, or smaller weights or batch norm between the two");
}

const char *spk_health_report(spk_health *health) {
    if (!health) return "";
    spk_text_free(&health->report);
    health->report = (spk_text){.ctx = health->object.ctx};
    const spk_activity was = spk_doing_function(health->object.ctx, "spk_health_report");
    const int count = spk_health_layers(health);
    for (int i = 0; i < count; i++) {
        const spk_layer_health seen = spk_health_layer(health, i);
        report_spikes(&health->report, &health->options, &seen);
        report_slope(&health->report, &health->options, &seen);
        for (int next = i + 1; next < count; next++) {
            const spk_layer_health from = spk_health_layer(health, next);
            if (!(from.gradient >= 0)) continue;
            report_gradient(&health->report, &health->options, &seen, &from);
            break;
        }
    }
    spk_done(health->object.ctx, was);
    return health->report.data ? health->report.data : "";
}
