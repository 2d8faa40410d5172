"""PyTorch's dense products of w3 alone (forward and weight gradient): the limit of any dense way."""
import torch

import common
import torch_common

options = common.arguments(["products"])
torch_common.prepare(options)
rows, n = options.T * options.batch, options.width
x, weight = torch.randn(rows, n), torch.randn(n, n)
gradient = torch.randn(rows, n)


def step():
    y = x @ weight.T
    g = gradient.T @ x
    return y[0, 0] + g[0, 0]


common.measure(options, step, [()], None, peer="dense products", version=f"PyTorch {torch.__version__}")
