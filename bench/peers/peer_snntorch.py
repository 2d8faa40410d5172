"""
snnTorch: w2 as its tutorial 5 writes it, with the first layer hoisted out of the loop by hand, and that compiled; w3
the same way as Open Neuromorphic's benchmark (the linear over all steps at once, the neuron in a loop). Its neurons
reset one step later: the spike of step t is taken off the membrane at t + 1. It has no decay_input: w3's current is
halved instead, which is the same.
"""
from importlib.metadata import version

import snntorch as snn
import torch
import torch.nn.functional as F

import common
import torch_common


class Tutorial5(torch.nn.Module):
    def __init__(self, T, hoisted):
        super().__init__()
        self.T, self.hoisted = T, hoisted
        self.fc1, self.lif1 = torch.nn.Linear(784, 1000), snn.Leaky(beta=0.95)
        self.fc2, self.lif2 = torch.nn.Linear(1000, 10), snn.Leaky(beta=0.95)

    def forward(self, x):
        mem1, mem2 = self.lif1.init_leaky(), self.lif2.init_leaky()
        spikes, membranes = [], []
        current = self.fc1(x) if self.hoisted else None
        for _ in range(self.T):
            spk1, mem1 = self.lif1(current if self.hoisted else self.fc1(x), mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1), mem2)
            spikes.append(spk2)
            membranes.append(mem2)
        return torch.stack(spikes), torch.stack(membranes)


class LinearLeaky(torch.nn.Module):
    def __init__(self, T, n):
        super().__init__()
        self.T = T
        self.fc, self.lif = torch.nn.Linear(n, n), snn.Leaky(beta=0.5, reset_mechanism="zero")

    def forward(self, x):
        mem, current, spikes = self.lif.init_leaky(), 0.5 * self.fc(x), []
        for t in range(self.T):
            spk, mem = self.lif(current[t], mem)
            spikes.append(spk)
        return torch.stack(spikes)


options = common.arguments(["plain", "hoisted", "compiled"])
torch_common.prepare(options)
if options.work == "w2":
    net = Tutorial5(options.T, options.form != "plain")

    def loss_of(x, y):
        _, membranes = net(x)
        return sum(F.cross_entropy(membranes[t], y) for t in range(options.T))
elif options.work.startswith("w3"):
    net = LinearLeaky(options.T, options.width)

    def loss_of(x, y):
        return net(x).sum()
else:
    raise SystemExit(f"peer_snntorch: {options.work} is not written for snnTorch")
if options.form == "compiled":
    loss_of = torch.compile(loss_of)
torch_common.train(options, net, loss_of, peer=f"snnTorch {version('snntorch')}")
