#!/usr/bin/env python3
"""
Writes the files of this folder, which tests/neuron/pytorch.c compares with: a net trained in PyTorch, its outputs on 20 inputs, and single
neurons of SpikingJelly, snnTorch and Norse on the same currents. Made with PyTorch 2.15.0, SpikingJelly 2.0.0, snnTorch 1.0.0, Norse 1.1.0,
safetensors and NumPy 2.4.6.

    python3 tests/pytorch/make.py
"""
import csv
from pathlib import Path

import norse.torch as norse
import numpy as np
import snntorch
import torch
from spikingjelly.activation_based import functional, neuron, surrogate
from torch import nn

from export import export

here = Path(__file__).parent
T = 8
torch.manual_seed(1)


def iris():
    with open(here.parent / "tables" / "iris.csv") as file:
        rows = list(csv.reader(file))[1:]
    names = sorted({row[4] for row in rows})
    return torch.tensor([[float(x) for x in row[:4]] for row in rows]), torch.tensor([names.index(row[4]) for row in rows])


def outputs_of(net, x):
    """The mean of the last layer's outputs over T steps of the same input, and all spikes."""
    functional.reset_net(net)
    spikes = []
    hooks = [part.register_forward_hook(lambda _, __, y: spikes.append(y)) for part in net if isinstance(part, neuron.BaseNode)]
    y = sum(net(x) for _ in range(T)) / T
    for hook in hooks:
        hook.remove()
    return y, torch.cat([s.detach().flatten() for s in spikes])


x, labels = iris()
net = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), neuron.LIFNode(tau=2.0, surrogate_function=surrogate.ATan()),
                    nn.Linear(32, 16), neuron.ParametricLIFNode(init_tau=2.0, surrogate_function=surrogate.ATan()), nn.Linear(16, 3))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(150):
    loss = nn.functional.cross_entropy(outputs_of(net, x)[0], labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
net.eval()
with torch.no_grad():
    right = (outputs_of(net, x)[0].argmax(1) == labels).float().mean().item()
    chosen = x[::7][:20]
    outputs, spikes = outputs_of(net, chosen)
    outputs64, spikes64 = outputs_of(net.double(), chosen.double())
    assert torch.equal(spikes.double(), spikes64), "a membrane lies so near its threshold that rounding decides: take another seed"
export(net, here / "net.safetensors")
np.savez(here / "outputs.npz", x=chosen.numpy(), outputs=outputs.numpy(), outputs64=outputs64.numpy())
print(f"accuracy {right:.3f}, {spikes.sum():.0f} spikes of {len(spikes)}, tau {1 / net[4].w.sigmoid().item():.3f}")

torch.manual_seed(1)
current = torch.randn(20, 8) * 0.8 + 0.4
arrays = {"current": current.numpy()}


def keep(name, step, membrane):
    """Spikes and membranes of a neuron over the steps; a membrane is the one after the reset."""
    spikes, v = [], []
    for x in current:
        spikes.append(step(x))
        v.append(membrane())
    arrays[name + "_spikes"], arrays[name + "_v"] = torch.stack(spikes).detach().numpy(), torch.stack(v).detach().numpy()


for name, node in {
    "if_hard": neuron.IFNode(),
    "if_soft": neuron.IFNode(v_threshold=0.7, v_reset=None),
    "lif": neuron.LIFNode(tau=3.0, v_threshold=0.5, v_reset=-0.2),
    "lif_soft": neuron.LIFNode(tau=5.0, decay_input=False, v_reset=None),
    "plif": neuron.ParametricLIFNode(init_tau=4.0, v_threshold=0.5),
}.items():
    keep(name, node, lambda: node.v.clone())
for name, threshold, options in (("leaky_subtract", 2.4, dict(reset_mechanism="subtract", reset_delay=False)),
                                 ("leaky_zero", 0.9, dict(reset_mechanism="zero", reset_delay=False)),
                                 ("leaky_zero_late", 0.9, dict(reset_mechanism="zero"))):
    node = snntorch.Leaky(beta=0.8, threshold=threshold, **options)
    state = [node.init_leaky()]

    def leaky(x):
        spikes, state[0] = node(x, state[0])
        return spikes

    keep(name, leaky, lambda: state[0])
assert (arrays["leaky_subtract_v"] < 2.4).all(), "a membrane that is still above its threshold after the reset is treated otherwise"
box, state = norse.LIFBoxCell(p=norse.LIFBoxParameters(tau_mem_inv=torch.tensor(250.0), v_th=torch.tensor(0.5))), [None]


def boxed(x):
    spikes, state[0] = box(x, state[0])
    return spikes


keep("box", boxed, lambda: state[0].v)
np.savez(here / "neurons.npz", **arrays)
for name in sorted(k for k in arrays if k.endswith("_spikes")):
    print(name, int(arrays[name].sum()), "of", arrays[name].size)
