#!/usr/bin/env python3
"""
The random nets of the differential tests in SpikingJelly 2.0.0, in double precision: the same spikes and membranes, and gradients to 1e-5
of their array's largest (1e-9 for the double library). Not part of the tests.

    build/release/tests/differential --seeds 1..500 --dump | python3 tests/differential/peer_spikingjelly.py [--tolerance 1e-9]

Nets with the surrogate that SpikingJelly has not (fast_sigmoid) are counted and left out. Exits with 1 if a net differs.
"""
import argparse
import json
import sys

import torch
import torch.nn.functional as F
from spikingjelly.activation_based import neuron, surrogate

torch.set_num_threads(1)
SURROGATES = {
    "sigmoid": surrogate.Sigmoid,
    "atan": surrogate.ATan,
    "piecewise_quadratic": surrogate.PiecewiseQuadratic,
    "rect": surrogate.Rect,
    "piecewise_exp": surrogate.PiecewiseExp,
    "soft_sign": surrogate.SoftSign,
    "super_spike": surrogate.SuperSpike,
    "erf": surrogate.Erf,
    "leaky_k_relu": lambda alpha: surrogate.LeakyKReLU(leak=0.0, k=alpha),
}


def spiking(entry):
    reset = None if entry["reset"] is None else float(entry["reset"])
    options = dict(v_threshold=float(entry["threshold"]), v_reset=reset, detach_reset=entry["detach_reset"], step_mode="m",
                   surrogate_function=SURROGATES[entry["surrogate"]](alpha=float(entry["alpha"])), store_v_seq=True)
    if entry["kind"] == "if":
        return neuron.IFNode(**options)
    if entry["kind"] == "lif":
        return neuron.LIFNode(tau=float(entry["tau"]), decay_input=entry["decay_input"], **options)
    return neuron.ParametricLIFNode(init_tau=float(entry["tau"]), decay_input=entry["decay_input"], **options)


def numbers(values, *shape):
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def loss_of(net, spikes, node):
    """As library.c has it."""
    labels, out = numbers(net["labels"], net["N"]).long(), net["layers"][-1]["out"]
    if net["loss"] == "weighted":
        r_spikes, r_v = numbers(net["r_spikes"], net["T"], net["N"], out), numbers(net["r_v"], net["N"], out)
        return (spikes * r_spikes).sum() + (node.v * r_v).sum()
    if net["loss"] == "rates":
        return F.cross_entropy(spikes.mean(0), labels)
    return sum(F.cross_entropy(v * net["score_scale"], labels) for v in node.v_seq)


def run(net):
    """(layer, name) -> array, as the dump has them."""
    T, N, results = net["T"], net["N"], {}
    x = numbers(net["x"], *(() if net["constant"] else (T,)), N, net["layers"][0]["in"]).requires_grad_()
    y, gradients = x.expand(T, *x.shape) if net["constant"] else x, {(0, "x"): x}
    for i, entry in enumerate(net["layers"]):
        weight = gradients[i, "weight"] = numbers(entry["weight"], entry["in"], entry["out"]).requires_grad_()
        y = y @ weight
        if "bias" in entry:
            bias = gradients[i, "bias"] = numbers(entry["bias"], entry["out"]).requires_grad_()
            y = y + bias
        node = spiking(entry).double()
        if entry["kind"] == "plif":
            gradients[i, "w"] = node.w
        y = node(y)
        results[i, "spikes"], results[i, "v"] = y, node.v
    loss = results[0, "loss"] = loss_of(net, y, node)
    loss.backward()
    results.update({key: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for key, leaf in gradients.items()})
    return results


def differences(net, tolerance):
    """What differs, and the largest difference of gradients relative to the largest of their array."""
    problems, worst, theirs = [], 0.0, run(net)
    ours = {(i, name): values for i, entry in enumerate(net["layers"]) for name, values in entry["results"].items() if name != "layer"}
    if ours.keys() != theirs.keys():
        problems.append(f"arrays {sorted(ours.keys() ^ theirs.keys())} are missing in one")
    for key in ours.keys() & theirs.keys():
        a, b = numbers(ours[key], -1), theirs[key].detach().reshape(-1)
        exact, difference, largest = key[1] in ("spikes", "v"), (a - b).abs().max().item(), b.abs().max().item()
        relative = difference / largest if largest > 1e-30 else 0.0
        if difference != 0 if exact else relative > tolerance:
            problems.append(f"{key[1]} of layer {key[0]} differs by {difference:.3g} (largest {largest:.3g})")
        if not exact and key[1] != "loss":
            worst = max(worst, relative)
    return problems, worst


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--tolerance", type=float, default=1e-5)
tolerance = parser.parse_args().tolerance
compared = left_out = differ = 0
worst = 0.0
for line in sys.stdin:
    net = json.loads(line)
    if any(entry["surrogate"] not in SURROGATES for entry in net["layers"]):
        left_out += 1
        continue
    problems, difference = differences(net, tolerance)
    compared, differ, worst = compared + 1, differ + bool(problems), max(worst, difference)
    if problems:
        print(f"seed {net['seed']}: " + "; ".join(problems))
print(f"{compared} nets compared with SpikingJelly, {left_out} left out; {differ} differ; gradients by at most {worst:.1e}")
sys.exit(differ > 0 or compared == 0)
