"""
Runs the works interleaved with the peers' (ours, peer, ours, peer ... in several rounds), keeps the least time of every
contender and writes the table. Called by bench/peers/run.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

import report

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "build" / "peers"
STEPS = ROOT / "build" / "release" / "bench" / "steps"
TRAINED = HERE / "mnist.safetensors"
LEARNED = 100  # steps after which the nets fire as they do for the rest of the training

# Peers of each work: program, form.
PEERS = {
    "w1": [("spikingjelly", "plain")],
    "w2": [("snntorch", "plain"), ("snntorch", "hoisted"), ("snntorch", "compiled"), ("spikingjelly", "plain"), ("spikingjelly", "hoisted"),
           ("spyx", "scan"), ("spyx", "hoisted"), ("norse", "hoisted")],
    "w3-512": [("spikingjelly", "plain"), ("snntorch", "plain"), ("spyx", "scan"), ("spyx", "hoisted")],
    "w3-4096": [("spikingjelly", "plain"), ("matmul", "products")],
    "w4": [("spikingjelly", "plain"), ("spikingjelly", "hoisted"), ("spyx", "scan"), ("spyx", "hoisted")],
    "w4-triangle": [("spikingjelly", "plain"), ("spikingjelly", "hoisted")],
}
STEPS_TIMED = {"w1": 20, "w2": 20, "w3-512": 5, "w3-4096": 1, "w4": 10, "w4-triangle": 10}
WARM_UP = {"w3-4096": 1}


def environment(threads, **more):
    """As a user has it: no OpenBLAS settings but those given."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS_")}
    env.update(OMP_NUM_THREADS=str(threads), TORCHINDUCTOR_CACHE_DIR=str(HERE / "inductor"), JAX_PLATFORMS="cpu", **more)
    return env


def run(command, env):
    done = subprocess.run([str(part) for part in command], env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nfailed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def peer_command(program, work, threads, *arguments):
    python = HERE / ("jax" if program == "spyx" else "torch") / "bin" / "python"
    # XLA's threads are held to N processors by affinity: it has no setting for all of them.
    pinned = ["taskset", "-c", f"0-{threads - 1}"] if program == "spyx" else []
    return [*pinned, python, f"bench/peers/peer_{program}.py", work, "--threads", threads, *arguments]


def our_blas():
    """OpenBLAS's own choice of kernels, and its AVX2 ones where that choice may be of AVX-512."""
    avx512 = "avx512f" in pathlib.Path("/proc/cpuinfo").read_text()
    return {"": {}, **({"Haswell": {"OPENBLAS_CORETYPE": "Haswell"}} if avx512 else {})}


def contenders(work, quick):
    """name -> (command of threads, environment). Ours: from the initial weights and, where nets learn, after LEARNED steps."""
    steps, warm_up = 2 if quick and work != "w3-4096" else STEPS_TIMED[work], WARM_UP.get(work, 3)
    stages = [("first", warm_up)] + ([] if work.startswith("w3") else [("learned", LEARNED)])
    for blas, setting in our_blas().items():
        for stage, before in stages:
            yield ("spiketape", stage, blas), (
                lambda threads, before=before: [STEPS, work, "--threads", threads, "--steps", steps, "--warm-up", before], setting)
    for program, form in PEERS[work]:
        yield (program, form, ""), (
            lambda threads, program=program, form=form: peer_command(
                program, work, threads, "--form", form, "--steps", steps, "--warm-up", warm_up), {})


def check_equal_work(work):
    """SpikingJelly's step and ours from the same weights and input: the losses agree to 1e-4, or all ends here."""
    file = HERE / f"{work}.safetensors"
    theirs = run(peer_command("spikingjelly", work, 1, "--write", file), environment(1))
    checks = []
    for blas, setting in our_blas().items():
        ours = run([STEPS, work, "--check", file], environment(1, **setting))
        loss, norm = (abs(ours[key] - theirs[key]) / abs(theirs[key]) for key in ("loss", "grad_norm"))
        if not loss <= 1e-4:
            sys.exit(f"{work}: the work is not equal: loss {ours['loss']} here, {theirs['loss']} in SpikingJelly")
        checks.append({"blas": blas, "loss": ours["loss"], "theirs": theirs["loss"], "loss_off": loss, "grad_norm_off": norm})
    file.unlink()
    return checks


def measure(work, quick, rounds):
    result = {"check": check_equal_work(work), "rows": []}
    rows = {}
    for threads in (1, 2):
        for _ in range(rounds):
            for name, (command, setting) in contenders(work, quick):
                line = run(command(threads), environment(threads, **setting))
                print(f"  {threads} thread(s)  {' '.join(name):34} {line['min_ms']:10.2f} ms", flush=True)
                row = rows.setdefault(name, {"name": name, "line": line, "ms": {}})
                row["ms"][threads] = min(line["min_ms"], row["ms"].get(threads, line["min_ms"]))
    for name, row in rows.items():
        if name[0] == "spiketape":
            row["bytes"] = row["line"]["peak_bytes"] + row["line"]["parameter_bytes"]
        elif name[0] != "matmul":
            command = peer_command(name[0], work, 1, "--form", name[1], "--memory", "--warm-up", WARM_UP.get(work, 3))
            row["bytes"] = run(command, environment(1))["step_bytes"]
    result["rows"] = list(rows.values())
    return result


def infer(quick):
    """The mnist program's default net, trained once; under quick for one epoch inside of each run."""
    if not quick and not TRAINED.exists():
        subprocess.run([ROOT / "build/release/examples/mnist", "--save", TRAINED], check=True, cwd=ROOT, env=environment(2))
    load = [] if quick else ["--load", TRAINED]
    return [run([STEPS, "infer", "--threads", threads, "--steps", 200, *load], environment(threads)) for threads in (1, 2)]


def main():
    parser = argparse.ArgumentParser(prog="bench/peers/run")
    parser.add_argument("works", nargs="*", choices=[*PEERS, "infer", []], metavar="WORK", help=f"{' '.join(PEERS)} infer; default: all")
    parser.add_argument("--quick", action="store_true", help="one short round, to build/peers/benchmarks.md")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    store = HERE / ("quick.json" if options.quick else "results.json")
    target = HERE / "benchmarks.md" if options.quick else ROOT / "docs" / "benchmarks.md"
    results = json.loads(store.read_text()) if store.exists() else {}
    for work in options.works or [*PEERS, "infer"]:
        print(work, flush=True)
        machine = report.machine()  # before: its load is what others put on it
        rounds = 1 if options.quick else min(options.rounds, 2) if work == "w3-4096" else options.rounds
        result = {"infer": infer(options.quick)} if work == "infer" else {**measure(work, options.quick, rounds), "rounds": rounds}
        results[work] = {**result, "machine": machine}
        store.write_text(json.dumps(results, indent=1))
        results = json.loads(store.read_text())  # keys and tuples as JSON has them
        target.write_text(report.document(results))
    print(f"wrote {target.relative_to(ROOT)}")


main()
