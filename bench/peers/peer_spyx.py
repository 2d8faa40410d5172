"""
Spyx under jit. Its neuron fires from the membrane before the step's input and then subtracts: V' = beta V + x - S(V -
1), so spikes come one step later, the reset is soft, and the gradient passes through it. There is no decay_input: w3
and w4 halve the currents instead. The surrogate is ours, through spyx.axn.custom. Forms: the whole net in one scan over
time, as in its examples, or the first linear layer hoisted by hand (over all steps at once, or once for a constant
input).
"""
from importlib.metadata import version

import jax
import jax.numpy as jnp
import optax
import spyx
from flax import nnx

import common

options = common.arguments(["scan", "hoisted"])
T, N, width = options.T, options.batch, options.width
hoisted, works3 = options.form == "hoisted", options.work.startswith("w3")
slope = spyx.axn.custom(lambda x: 1 / (1 + (jnp.pi * x) ** 2))  # ATan, alpha 2
rngs = nnx.Rngs(1)


class Scale(nnx.Module):
    def __init__(self, by):
        self.by = by

    def __call__(self, x):
        return self.by * x


def lif(n, beta):
    return spyx.nn.LIF((n,), beta=beta, activation=slope, rngs=rngs)


def layers():
    widths = {"w2": (784, 1000, 10), "w4": (784, 800, 800, 10)}.get(options.work, (width, width))
    beta, by = (0.95, None) if options.work == "w2" else (0.5, 0.5)
    for fan_in, fan_out in zip(widths, widths[1:]):
        yield from [nnx.Linear(fan_in, fan_out, rngs=rngs)] + ([Scale(by)] if by else []) + [lif(fan_out, beta)]


class Membranes(nnx.Module):
    """A last layer that gives its membrane, as w2's loss needs it."""

    def __init__(self, node):
        self.node = node

    def initial_state(self, batch):
        return self.node.initial_state(batch)

    def __call__(self, x, v):
        _, v = self.node(x, v)
        return v, v


class Net(nnx.Module):
    def __init__(self):
        parts = list(layers())
        if options.work == "w2":
            parts[-1] = Membranes(parts[-1])
        self.first = parts.pop(0) if hoisted else None
        self.rest = spyx.nn.Sequential(*parts)

    def __call__(self, x):
        if hoisted:
            x = self.first(x)
        if not works3:
            x = jnp.broadcast_to(x, (T,) + x.shape)
        return spyx.nn.run(self.rest, x, self.rest.initial_state(N))[0]


def cross_entropy(logits, y):
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(-1)


def loss_of(net, x, y):
    out = net(x)
    if works3:
        return out.sum()
    return cross_entropy(out, y[None]).sum() if options.work == "w2" else cross_entropy(out.mean(0), y)


if options.work not in ("w2", "w3-512", "w3-4096", "w4"):
    raise SystemExit(f"peer_spyx: {options.work} is not written for Spyx")
net = Net()
optimizer = None if works3 else nnx.Optimizer(net, optax.adam(options.lr), wrt=nnx.Param)


@nnx.jit
def jitted(net, optimizer, x, y):
    loss, gradients = nnx.value_and_grad(loss_of)(net, x, y)
    if optimizer is None:
        return loss, gradients
    optimizer.update(net, gradients)
    return loss, None


def step(x, y):
    loss, gradients = jitted(net, optimizer, x, y)
    jax.block_until_ready((loss, gradients, nnx.state(net)))
    return loss


def peak_bytes(x, y):
    """XLA's own account: temporaries at their peak, and the results (new weights and moments) that take no argument's place."""
    use = jitted.lower(net, optimizer, x, y).compile().memory_analysis()
    return use.temp_size_in_bytes + use.output_size_in_bytes - use.alias_size_in_bytes


pairs = common.batches(options, 1 if works3 else options.warm_up + options.steps)
data = [(jnp.asarray(x), None if y is None else jnp.asarray(y)) for x, y in pairs]
common.measure(options, step, data, peak_bytes, peer=f"Spyx {version('spyx')}", version=f"JAX {jax.__version__}")
