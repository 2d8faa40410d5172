"""
SpikingJelly: w1 step by step, as its example lif_fc_mnist; the others in multi-step mode, w2 and w4 also with the first
linear layer hoisted by hand (once instead of T times on the constant input). Its neurons are ours.
"""
import json
from importlib.metadata import version

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from spikingjelly.activation_based import encoding, functional, layer, neuron, surrogate

import common
import torch_common


def network(options):
    work, n = options.work, options.width
    spikes = surrogate.PiecewiseQuadratic(alpha=1.0) if work == "w4-triangle" else surrogate.ATan()
    if work == "w1":
        return torch.nn.Sequential(layer.Linear(784, 10, bias=False), neuron.LIFNode(tau=2.0, surrogate_function=spikes))
    if work == "w2":
        def lif(**more):
            return neuron.LIFNode(tau=20.0, decay_input=False, v_reset=None, detach_reset=True, surrogate_function=spikes, **more)
        net = torch.nn.Sequential(layer.Linear(784, 1000), lif(), layer.Linear(1000, 10), lif(store_v_seq=True))
    elif work.startswith("w3"):
        net = torch.nn.Sequential(layer.Linear(n, n), neuron.LIFNode(tau=2.0, surrogate_function=spikes))
    else:
        widths, layers = (784, 800, 800, 10), []
        for fan_in, fan_out in zip(widths, widths[1:]):
            layers += [layer.Linear(fan_in, fan_out), neuron.LIFNode(tau=2.0, surrogate_function=spikes)]
        net = torch.nn.Sequential(*layers)
    functional.set_step_mode(net, "m")
    return net


def loss_function(options, net):
    """loss(x, y) from images [N, 784], for w1 also from spikes [T, N, 784], for w3 from x [T, N, n]."""
    T, work = options.T, options.work
    poisson = encoding.PoissonEncoder()

    def over_time(x):
        return x.unsqueeze(0).expand(T, -1, -1)

    def forward(x):
        return net[1:](over_time(net[0](x))) if options.form == "hoisted" else net(over_time(x))

    def step_by_step(x, y):
        rate = 0.0
        for t in range(T):
            rate = rate + net(x[t] if x.dim() == 3 else poisson(x))
        return F.mse_loss(rate / T, F.one_hot(y, 10).float())

    def membranes(x, y):
        forward(x)
        v = net[3].v_seq
        return sum(F.cross_entropy(v[t], y) for t in range(T))

    def rates(x, y):
        return F.cross_entropy(forward(x).mean(0), y)

    if work.startswith("w3"):
        return lambda x, y: net(x).sum()
    return {"w1": step_by_step, "w2": membranes}.get(work, rates)


def write(options, net, loss_of):
    """
    One step whose weights and input go to a file for `steps WORK --check`. PyTorch's initial weights leave deep layers silent, and
    a silent net agrees with anything: matrices are made larger, so that every layer fires.
    """
    with torch.no_grad():
        for matrix in (p for p in net.parameters() if p.dim() == 2):
            matrix *= 8 if options.work.startswith("w4") else 3
    rates = {}
    for node in (m for m in net if isinstance(m, neuron.LIFNode)):
        node.register_forward_hook(lambda node, args, spikes: rates.update({node: max(rates.get(node, 0), spikes.mean().item())}))
    x, y = torch_common.tensors(options)[0]
    if options.work == "w1":
        x = (torch.rand(options.T, *x.shape) <= x).float()
    loss = loss_of(x, y)
    loss.backward()
    if min(rates.values()) == 0:
        raise SystemExit("a layer is silent: the check would show nothing")
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(p.grad) for p in net.parameters()]))
    entries = {name: p.detach() for name, p in net.named_parameters()}
    save_file({**entries, "x": x.contiguous(), **({} if y is None else {"labels": y.float()})}, options.write)
    print(json.dumps({"work": options.work, "loss": loss.item(), "grad_norm": norm.item()}))


options = common.arguments(["plain", "hoisted"])
torch_common.prepare(options)
net = network(options)
loss_of = loss_function(options, net)
if options.write:
    write(options, net, loss_of)
else:
    torch_common.train(options, net, loss_of, lambda: functional.reset_net(net), peer=f"SpikingJelly {version('spikingjelly')}")
