/* Losses on what spiking networks give: spikes, rates and membranes over T steps, [T*N, classes] with row t*N + n. */
#ifndef SPK_NN_LOSS_H
#define SPK_NN_LOSS_H

#include "core/tensor.h"

SPK_BEGIN_DECLS

/** Cross entropy of the mean spikes: spikes [T*N, classes], labels [N] (SpikingJelly's and snngrow's usual loss on rates). */
SPK_API spk_tensor *spk_spike_cross_entropy(spk_tensor *spikes, spk_tensor *labels, int64_t T, double label_smoothing);
/** The sum over time of the cross entropy of the membrane after each step: v_seq [T*N, classes] (snnTorch's tutorial 5). */
SPK_API spk_tensor *spk_membrane_cross_entropy(spk_tensor *v_seq, spk_tensor *labels, int64_t T);
/** The mean squared error between the mean spikes and the labels' one-hot rows: 1 for the class, 0 for the others. */
SPK_API spk_tensor *spk_rate_mse(spk_tensor *spikes, spk_tensor *labels, int64_t T);
/**
 * A penalty on firing rates outside of a band: with r the mean of each neuron's spikes over time and batch, the mean over neurons of
 * max(0, lowest - r)^2 + max(0, r - highest)^2. spikes [T*N, neurons]. Add it, scaled, to the loss.
 */
SPK_API spk_tensor *spk_rate_penalty(spk_tensor *spikes, double lowest, double highest);
/** Labels [N] as rows of zeros with a one at the label, [N, classes]. */
SPK_API spk_tensor *spk_one_hot(spk_tensor *labels, int64_t classes);
/** How many rows of scores [N, classes] have their largest element at the label: the numerator of accuracy. A label that
 * is no class is never right. -1 after an error. */
SPK_API int64_t spk_count_correct(spk_tensor *scores, spk_tensor *labels);

SPK_END_DECLS

#endif
