"""What the peers share: arguments, MNIST, the timing loop, the JSON line."""
import argparse
import gzip
import json
import pathlib
import time

import numpy as np

DATA = pathlib.Path(__file__).resolve().parents[2] / "datasets" / "mnist"

# T, batch, inputs, learning rate of Adam (None: no optimizer), as in bench/works.c.
WORKS = {
    "w1": (100, 64, 784, 1e-3),
    "w2": (25, 128, 784, 5e-4),
    "w3-512": (500, 16, 512, None),
    "w3-4096": (500, 16, 4096, None),
    "w4": (16, 128, 784, 1e-3),
    "w4-triangle": (16, 128, 784, 1e-3),
}


def arguments(forms):
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("--form", choices=forms, default=forms[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="report the memory of one step instead of times")
    parser.add_argument("--write", metavar="FILE", help="write weights and input of one step, and report its loss (SpikingJelly)")
    options = parser.parse_args()
    options.T, options.batch, options.width, options.lr = WORKS[options.work]
    return options


def read_idx(name):
    with gzip.open(DATA / name) as file:
        raw = file.read()
    shape = np.frombuffer(raw, ">i4", raw[3], 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def batches(options, count):
    """`count` batches of training images in 0..1 with their labels; for w3 one fixed normal input [T, N, width] again and again."""
    if options.work.startswith("w3"):
        x = np.random.default_rng(1).standard_normal((options.T, options.batch, options.width), np.float32)
        return [(x, None)] * count
    images = read_idx("train-images-idx3-ubyte.gz").reshape(-1, options.width)
    labels = read_idx("train-labels-idx1-ubyte.gz")
    rows = [slice(i * options.batch, (i + 1) * options.batch) for i in range(min(count, len(labels) // options.batch))]
    return [(images[r].astype(np.float32) / 255, labels[r].astype(np.int64)) for r in rows]


def measure(options, step, data, peak_bytes, **more):
    """
    Runs step(x, y) and prints the JSON line; steps give the loss after all their work is done. Under --memory: peak_bytes(x, y),
    what the tensors of one step need at their peak, after warm-up.
    """
    line = {"work": options.work, "form": options.form, "threads": options.threads, "warm_up": options.warm_up, **more}
    first = None
    for i in range(options.warm_up):
        loss = step(*data[i % len(data)])
        first = loss if first is None else first
    line["loss"] = None if first is None else float(first)
    if options.memory:
        line["step_bytes"] = peak_bytes(*data[0])
    else:
        times = []
        for i in range(options.steps):
            batch = data[(options.warm_up + i) % len(data)]
            start = time.perf_counter()
            step(*batch)
            times.append(1e3 * (time.perf_counter() - start))
        times.sort()
        line.update(steps=options.steps, min_ms=round(times[0], 3), median_ms=round(times[len(times) // 2], 3))
    print(json.dumps(line), flush=True)
