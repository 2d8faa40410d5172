"""
Norse: w2's net of LIFBox cells (no synaptic current), the first layer hoisted. The order is ours (charge, fire, reset),
the leak 1/20, the reset by subtraction; the input decays, so currents are multiplied by 20; the surrogate is Norse's
SuperSpike.
"""
from importlib.metadata import version

import norse.torch as norse
import torch
import torch.nn.functional as F
from norse.torch.functional.lif_box import LIFBoxParameters
from norse.torch.functional.reset import reset_subtract

import common
import torch_common


class Net(torch.nn.Module):
    def __init__(self, T):
        super().__init__()
        self.T = T
        parameters = LIFBoxParameters(tau_mem_inv=torch.as_tensor(50.0), reset_method=reset_subtract)  # dt is 1 ms
        self.fc1, self.lif1 = torch.nn.Linear(784, 1000), norse.LIFBoxCell(parameters)
        self.fc2, self.lif2 = torch.nn.Linear(1000, 10), norse.LIFBoxCell(parameters)

    def forward(self, x):
        state1 = state2 = None
        membranes, current = [], 20 * self.fc1(x)
        for _ in range(self.T):
            spikes, state1 = self.lif1(current, state1)
            _, state2 = self.lif2(20 * self.fc2(spikes), state2)
            membranes.append(state2.v)
        return torch.stack(membranes)


options = common.arguments(["hoisted"])
if options.work != "w2":
    raise SystemExit(f"peer_norse: {options.work} is not written for Norse")
torch_common.prepare(options)
net = Net(options.T)
torch_common.train(options, net, lambda x, y: sum(F.cross_entropy(v, y) for v in net(x)), peer=f"Norse {version('norse')}")
