"""What the PyTorch peers share."""
import itertools

import torch

import common


def prepare(options):
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)


def tensors(options):
    """The batches as tensors, made before any step is timed."""
    pairs = common.batches(options, options.warm_up + options.steps)
    if options.work.startswith("w3"):
        x = torch.from_numpy(pairs[0][0])
        return [(x, None)]
    return [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in pairs]


def train(options, net, loss_of, after=lambda: None, **more):
    """Times whole steps: zero_grad, loss_of(x, y) (encoding and forward), backward, optimizer step, after() (reset)."""
    optimizer = torch.optim.Adam(net.parameters(), lr=options.lr) if options.lr else None

    def step(x, y):
        net.zero_grad()
        loss = loss_of(x, y)
        loss.backward()
        if optimizer:
            optimizer.step()
        after()
        return loss.detach()

    def peak_bytes(x, y):
        """From the profiler's record of every allocation. The last step's gradients are dropped first, so that the new ones count."""
        net.zero_grad()
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
            step(x, y)
        events = sorted((e.start_ns(), e.nbytes()) for e in profile.profiler.kineto_results.events() if e.name() == "[memory]")
        return max(itertools.accumulate(nbytes for _, nbytes in events))

    common.measure(options, step, tensors(options), peak_bytes, version=f"PyTorch {torch.__version__}", **more)
