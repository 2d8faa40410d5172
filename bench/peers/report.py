"""The text of docs/benchmarks.md, from what compare.py measured."""
import datetime
import os
import pathlib
import subprocess

TITLES = {
    "w1": "w1: SpikingJelly's lif_fc_mnist: 784-10, Poisson code, T = 100, batch 64",
    "w2": "w2: snnTorch's tutorial 5: 784-1000-10, constant input, T = 25, batch 128",
    "w3-512": "w3-512: Open Neuromorphic's benchmark: Linear(512, 512) + LIF, T = 500, batch 16",
    "w3-4096": "w3-4096: the same with 4096",
    "w4": "w4: 784-800-800-10, constant input, T = 16, batch 128",
    "w4-triangle": "w4-triangle: the same with the triangle as surrogate",
}
NAMES = {
    ("spikingjelly", "plain"): "SpikingJelly, multi-step",
    ("spikingjelly", "hoisted"): "SpikingJelly, multi-step, first layer hoisted",
    ("snntorch", "plain"): "snnTorch, as written (1)",
    ("snntorch", "hoisted"): "snnTorch, first layer hoisted (1)",
    ("snntorch", "compiled"): "snnTorch, hoisted, torch.compile (1)",
    ("spyx", "scan"): "Spyx, jit, one scan (2)",
    ("spyx", "hoisted"): "Spyx, jit, first layer hoisted (2)",
    ("norse", "hoisted"): "Norse, LIFBox, first layer hoisted (3)",
    ("matmul", "products"): "PyTorch, the dense products alone (4)",
}

HEAD = """# Benchmarks

Written by `bench/peers/run` from one run's measurements; not edited by hand. The works are described in `bench/works.c`, what is timed
in `bench/steps.c`: whole training steps, the batch being in memory. Times are the least of all timed steps of all rounds, ours and the
peers' runs taking turns. Columns headed `/ first` and `/ learned` divide a row's time by ours of the rows so named, with OpenBLAS's
own choice of kernels.

- **first**: steps from PyTorch's initial weights, which leave deep layers nearly silent; **learned**: after 100 training steps, when
  the nets fire as they do from then on. Our times depend on the rates (they stand beside each row, of the run's last step); the peers'
  kernels are dense.
- **memory**: what the tensors of one step need at their peak, new gradients included, weights, moments and the batch's images left
  out: of ours the context's step peak (which has the images) and the parameters' gradients; of PyTorch from its profiler's record of
  every allocation; of Spyx by XLA's account (its results, new weights and moments, are part of it).
- **equal work**: before timing, SpikingJelly runs a step with larger weights, so that every layer fires, and ours must give its loss
  to 1e-4.

Where semantics differ: (1) snnTorch resets one step later; its reset is detached. (2) Spyx fires from the membrane before the step's
input and subtracts after the spike; the reset is soft and its gradient not detached; w3 and w4 halve the current for decay_input;
SpikingJelly's ATan as a custom surrogate; the leak is a parameter. (3) Norse's LIFBox cell: reset by subtraction, the decaying input
made 20 times larger, SuperSpike as surrogate. (4) forward and weight gradient as two matrix products: what no dense way can beat.
"""


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    cpu = {key.strip(): value.strip() for key, value in (line.split(":", 1) for line in info.splitlines() if ":" in line)}
    system = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False).stdout.strip()
    name = f"{cpu['model name']} (family {cpu.get('cpu family')}, model {cpu.get('model')})"
    return {"cpu": name, "cores": info.count("processor\t"), "system": system["PRETTY_NAME"].strip('"'), "commit": commit,
            "date": datetime.date.today().isoformat(), "load": os.getloadavg()[0]}


def label(work, row):
    program, form, blas = row["name"]
    if program != "spiketape":
        return "SpikingJelly, step by step as written" if work == "w1" else NAMES[program, form]
    rates = ", ".join(f"{100 * rate:.1f} %" for rate in row["line"]["spike_rate"])
    return f"**spiketape, {form}**{f', OPENBLAS_CORETYPE={blas}' if blas else ''} (fires {rates})"


def table(work, rows):
    own = {row["name"][1]: row for row in rows if row["name"][0] == "spiketape" and not row["name"][2]}
    heads = [f"{threads}, ms{''.join(f' | / {stage}' for stage in own)}" for threads in ("1 thread", "2 threads")]
    yield f"| | {' | '.join(heads)} | memory, MB | / ours |"
    yield "| --- |" + " ---: |" * (2 * (1 + len(own)) + 2)
    for row in rows:
        cells = [label(work, row)]
        for threads in ("1", "2"):
            cells += [f"{row['ms'][threads]:.2f}"] + [f"{row['ms'][threads] / mine['ms'][threads]:.2f}" for mine in own.values()]
        mine = next(iter(own.values()))["bytes"]
        cells += [f"{row['bytes'] / 1e6:.1f}", f"{row['bytes'] / mine:.1f}"] if "bytes" in row else ["", ""]
        yield "| " + " | ".join(cells) + " |"


def place(where):
    # The run itself and its build are a load of about 2.
    busy = " (**other programs were using the machine: these figures compare nothing**)" if where["load"] > 3 else ""
    return (f"{where['date']}, commit {where['commit']}, {where['cpu']}, {where['cores']} cores, {where['system']}, load average before "
            f"{where['load']:.1f}{busy}")


def ran_on(result, rows):
    peers = sorted({f"{r['line']['peer']} with {r['line']['version']}" for r in rows if "peer" in r["line"]})
    builds = "; ".join(dict.fromkeys(r["line"]["build"] for r in rows if "build" in r["line"]))
    return f"{place(result['machine'])}, {result['rounds']} round(s). {builds}. {', '.join(peers)}."


def section(work, result):
    rows = result["rows"]
    yield f"\n## {TITLES[work]}\n"
    yield from table(work, rows)
    check = ", ".join(f"{c['loss']:.6g}{' (' + c['blas'] + ')' if c['blas'] else ''}" for c in result["check"])
    off = max(c["loss_off"] for c in result["check"]), max(c["grad_norm_off"] for c in result["check"])
    yield (f"\nEqual work: loss {check} against SpikingJelly's {result['check'][0]['theirs']:.6g}, off by {off[0]:.1e}; the norm of all "
           f"gradients is off by {off[1]:.1e}.\n")
    yield ran_on(result, rows)


def infer(result):
    yield "\n## infer: the mnist program's default net (784-800-10, T = 4), trained, evaluation mode\n"
    yield "| | images/s, one by one | images/s, batches of 256 |\n| --- | ---: | ---: |"
    for line in result["infer"]:
        yield (f"| {line['threads']} thread(s) | {line['batch_1']['images_per_second']} | {line['batch_256']['images_per_second']} |")
    line = result["infer"][0]
    yield f"\n{line['spikes_per_image']:.0f} spikes an image (both layers, all 4 steps); {line['test_accuracy']} % of the test images.\n"
    yield f"{place(result['machine'])}. {line['build']}."


def document(results):
    lines = [HEAD.rstrip("\n")]
    for work in TITLES:
        if work in results:
            lines += section(work, results[work])
    if "infer" in results:
        lines += infer(results["infer"])
    return "\n".join(lines) + "\n"
