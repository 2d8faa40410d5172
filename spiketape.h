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

#include "autograd/gradcheck.h"
#include "autograd/op.h"
#include "autograd/ops.h"
#include "autograd/tape.h"

#endif
