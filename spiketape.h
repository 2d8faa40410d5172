/**
 * spiketape: a tape-based autograd engine in C that trains spiking neural networks. This header includes all public ones.
 */
#ifndef SPIKETAPE_H
#define SPIKETAPE_H

#include "core/config.h"
#include "core/context.h"
#include "core/random.h"
#include "core/shape.h"
#include "core/tensor.h"
#include "core/text.h"
#include "core/version.h"

#include "autograd/gradcheck.h"
#include "autograd/op.h"
#include "autograd/ops.h"
#include "autograd/tape.h"

#include "nn/checkpoint.h"
#include "nn/layers.h"
#include "nn/loss.h"
#include "nn/module.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"
#include "nn/state.h"

#include "neuron/base_node.h"
#include "neuron/encoder.h"
#include "neuron/health.h"
#include "neuron/lif.h"
#include "neuron/monitor.h"
#include "neuron/op_table.h"
#include "neuron/surrogate.h"

#include "data/augment.h"
#include "data/csv.h"
#include "data/dataset.h"
#include "data/folder.h"
#include "data/idx.h"
#include "data/image.h"
#include "data/npy.h"

#endif
