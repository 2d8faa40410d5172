"""Called by mnist_watched: the mnist program on terminals of several widths, in pipes, and its log."""

import gzip
import json
import os
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import fcntl

program, source = os.path.abspath(sys.argv[1]), sys.argv[2]
scratch = tempfile.mkdtemp()
data = os.path.join(scratch, "data")


# Epochs that last as long as some drawings.
long_epochs = ("--data", os.path.join(source, "datasets/mnist"), "--batch", "8", "--epochs", "1000")


def at(name):
    return os.path.join(scratch, name)


def cut_set(name, count):
    """The first `count` images of MNIST."""
    for kind, header, size in (("images-idx3", 16, 784), ("labels-idx1", 8, 1)):
        path = os.path.join(source, "datasets/mnist", f"{name}-{kind}-ubyte")
        whole = open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz")
        with whole, open(os.path.join(data, f"{name}-{kind}-ubyte"), "wb") as part:
            head = bytearray(whole.read(header))
            head[4:8] = struct.pack(">I", count)
            part.write(head + whole.read(count * size))


def command(*options):
    return [program, "--data", data, "--hidden", "24", "--threads", "1", *options]


def environment(**changes):
    return {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8", **changes}


def run(*options, status=0, **how):
    """The program with its output in pipes: what it wrote to both."""
    done = subprocess.run(command(*options), capture_output=True, text=True, errors="replace", env=environment(), timeout=120, **how)
    assert done.returncode == status, (options, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


# A terminal.


class Screen:
    """What a terminal of some width shows. Anything that the program has no reason to send is an error."""

    pieces = re.compile(r"\r|\n|\x1b\[[KJ]|[^\x00-\x1f\x7f]")

    def __init__(self, columns):
        self.columns, self.rows, self.column, self.wrapped = columns, [""], 0, []

    def show(self, text):
        done = 0
        for piece in self.pieces.finditer(text):
            assert piece.start() == done, f"not understood: {text[done:done + 20]!r}"
            done = piece.end()
            self.take(piece.group())
        assert done == len(text), f"not understood: {text[done:done + 20]!r}"

    def take(self, piece):
        row = self.rows[-1]
        if piece == "\r":
            self.column = 0
        elif piece == "\n":
            self.rows.append("")
        elif piece.startswith("\x1b"):
            self.rows[-1] = row[: self.column]
        else:
            if self.column == self.columns:
                self.wrapped.append(row)
                self.rows.append("")
                self.column, row = 0, ""
            self.rows[-1] = row[: self.column].ljust(self.column) + piece + row[self.column + 1 :]
            self.column += 1


def on_terminal(columns, *options, meanwhile=None, **changes):
    """Runs the program on a terminal; gives all that it sent and its exit status. `meanwhile(text, terminal, process)` sees it come."""
    process, terminal = pty.fork()
    if process == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execve(program, command(*options), environment(**changes))
    sent = b""
    while True:
        assert select.select([terminal], [], [], 120)[0], f"nothing for two minutes, after {sent!r}"
        try:
            some = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other side has gone
            break
        if not some:
            break
        sent += some
        assert len(sent) < 1000000, sent[-500:]
        if meanwhile:
            meanwhile(sent.decode(errors="ignore"), terminal, process)
    status = os.waitpid(process, 0)[1]
    os.close(terminal)
    return sent.decode(), os.waitstatus_to_exitcode(status)


drawing = re.compile(r"\r(?:\x1b\[J)?(epoch [^\r\n\x1b]*)\x1b\[K\r")


def after_the_net(text):
    return text[text.index(" threads\r\n") + len(" threads\r\n") :]


def numbers(line):
    """A line without what differs from run to run."""
    return re.sub(r"  [0-9]+ images/s|  [0-9.]+ s$", "", line)


def check_width(columns, plain, fields, **changes):
    """One epoch: the bar fits, nothing of it is left, and the epoch's line has those fields of the plain one that fit."""
    text, status = on_terminal(columns, "--epochs", "1", **changes)
    assert status == 0, text
    text = after_the_net(text)
    drawn = drawing.findall(text)
    assert drawn and all(len(line) < columns for line in drawn), (columns, drawn)
    screen = Screen(columns)
    screen.show(text)
    assert not screen.wrapped, (columns, screen.wrapped)
    epoch, accuracy = plain.splitlines()[-2:]
    parts = re.split("  (?=[a-z])", numbers(epoch))
    wanted = "  ".join(part for part in parts if part.split()[0] in fields)
    shown = [row.rstrip() for row in screen.rows]
    assert [numbers(shown[0]), *shown[1:]] == [wanted, accuracy, ""], (columns, shown, wanted)
    return drawn


def terminals():
    plain, _ = run("--epochs", "1")
    assert not re.search(r"[^\n -~]", plain), "a pipe gets control characters"
    assert re.search(
        r"\nepoch  1  loss \d\.\d{4}  training \d+\.\d\d %  test \d+\.\d\d %  firing \d\.\d{3}  \d+ images/s  \d+\.\d s\n"
        r"test accuracy \d+\.\d\d %\n$",
        plain,
    ), plain
    drawn = check_width(200, plain, {"epoch", "loss", "training", "test", "firing"})
    assert re.match(r"epoch  1/1  \|[█▏▎▍▌▋▊▉ ]+\|  +\d+/\d+  loss \d\.\d{4}  +\d+\.\d\d %", drawn[0]), drawn
    check_width(80, plain, {"epoch", "loss", "training", "test", "firing"})
    check_width(40, plain, {"epoch", "loss", "test"})
    drawn = check_width(24, plain, {"epoch", "test"})
    assert re.match(r"epoch  1/1  \|[█▏▎▍▌▋▊▉ ]{9}\|$", drawn[0]), drawn
    drawn = check_width(24, plain, {"epoch", "test"}, LC_ALL="C")
    assert re.match(r"epoch  1/1  \[=*>? *\]$", drawn[0]), drawn
    # Where nothing can be drawn, what a pipe gets.
    for changes in {"TERM": "dumb"}, {"TERM": ""}:
        text, _ = on_terminal(24, "--epochs", "1", **changes)
        assert [numbers(line) for line in text.split("\r\n")] == [numbers(line) for line in plain.split("\n")], text


def a_window_that_is_resized_and_interrupted():
    """The bar follows the width, and SIGINT leaves its line and nothing else."""
    # Widths to go through, and when one has been reached: a drawing as wide as that.
    widths = [(80, range(60, 80)), (30, range(20, 30)), (120, range(90, 120))]
    seen = []

    def meanwhile(text, terminal, process):
        drawn = drawing.findall(text[seen[-1] if seen else 0 :])
        if len(seen) < len(widths) and any(len(line) in widths[len(seen)][1] for line in drawn):
            seen.append(len(text))
            if len(seen) == len(widths):
                os.write(terminal, b"\x03")  # what ^C sends
            else:
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, widths[len(seen)][0], 0, 0))

    log = at("interrupted.jsonl")
    text, status = on_terminal(80, *long_epochs, "--log", log, meanwhile=meanwhile)
    assert status == 130, (status, text[-500:])
    assert text.count("\r\x1b[J") >= 2, "the old line is not taken away where the width changes"
    screen = Screen(200)
    screen.show(after_the_net(text).replace("^C", ""))
    stopped = [row for row in screen.rows if not row.startswith("epoch ")]
    assert len(stopped) == 2 and not stopped[1], stopped
    assert re.fullmatch(r"stopped by SIGINT after step \d+; nothing is saved \(--checkpoint FILE does\)", stopped[0]), stopped
    assert not any("|" in row for row in screen.rows), "a bar is left"
    assert lines_of(log)[-1]["event"] == "stopped" and lines_of(log)[-1]["signal"] == "SIGINT", lines_of(log)[-1]


def what_else_is_said():
    """Findings about layers and errors have lines of their own, and nothing of a bar is left in them."""
    plain, _ = run("--epochs", "1", "--tau", "1000")
    finding = re.search(r"^net\.2 \(lif\) was silent.*$", plain, re.M).group()
    text, _ = on_terminal(80, "--epochs", "1", "--tau", "1000")
    screen = Screen(1000)  # long ones are broken by the terminal
    screen.show(after_the_net(text))
    assert screen.rows[1] == finding, screen.rows

    gone = at("gone")
    os.mkdir(gone)

    def meanwhile(text, terminal, process):
        if drawing.search(text) and os.path.exists(gone):
            os.rename(gone, gone + ".away")  # to remove it would race with a save

    text, status = on_terminal(150, *long_epochs, "--every", "20", "--checkpoint", gone + "/ck", meanwhile=meanwhile)
    screen = Screen(1000)
    screen.show(after_the_net(text))
    assert status == 1 and re.fullmatch(r"mnist: [^|]*gone/ck[^|]*: No such file or directory", screen.rows[-2]), screen.rows[-5:]


def quiet():
    out, err = run("--epochs", "2", "--quiet", "--save", at("quiet"))
    assert re.fullmatch(r"test accuracy \d+\.\d\d %\n", out) and not err, (out, err)
    text, _ = on_terminal(80, "--epochs", "2", "--quiet")
    assert text == out.replace("\n", "\r\n"), text
    # What must be known is said.
    out, _ = run("--epochs", "2", "--quiet", "--checkpoint", at("quiet.ck"), "--resume")
    assert re.fullmatch(r"there is no .*quiet\.ck yet: .*\ntest accuracy .*\n", out), out
    out, _ = run("--epochs", "2", "--quiet", "--checkpoint", at("quiet.ck"), "--resume")
    assert re.fullmatch(r"going on from .*quiet\.ck, after \d+ steps\ntest accuracy .*\n", out), out


# The log.


def strict(text):
    def wrong(name):
        raise ValueError(f"{name} is no JSON")

    return json.loads(text, parse_constant=wrong)


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert text.endswith("\n"), text[-100:]
    return [strict(line) for line in text.splitlines()]


epoch_keys = {
    *("event", "step", "epoch", "loss", "train_accuracy", "test_accuracy", "firing_rate", "synops_per_image", "learning_rate"),
    *("images_per_second", "seconds", "health"),
}


def log():
    path, checkpoint = at("log.jsonl"), at("log.ck")
    odd = b'odd "name" \\ \xff \xc3\xa4\x01'
    options = ("--hidden", "24,12", "--augment", "--epochs", "2", "--log", path)
    out, _ = run(*options, "--checkpoint", checkpoint, "--save", os.path.join(os.fsencode(scratch), odd))
    first, *epochs, end = lines_of(path)
    assert first["event"] == "run" and first["step"] == 0 and first["version"].startswith("spiketape ")
    assert first["command"][1:] == ["--data", data, "--hidden", "24", "--threads", "1", *options, "--checkpoint", checkpoint, "--save",
                                    scratch + '/odd "name" \\ ? ä\x01']
    assert first["settings"]["hidden"] == [24, 12] and first["settings"]["lr"] == 0.002 and first["settings"]["neuron"] == "lif"
    assert first["settings"]["augment"] is True and first["settings"]["soft-reset"] is False
    assert first["settings"]["seed"] == 1 and first["threads"] == 1 and first["data"] == data
    assert first["training_images"] == 480 and first["test_images"] == 100 and first["steps_per_epoch"] == 3
    assert first["parameters"] == 784 * 24 + 24 + 48 + 24 * 12 + 12 + 24 + 120 + 10
    assert [layer["type"] for layer in first["layers"]] == ["linear", "batch_norm1d", "lif", "dropout"] * 2 + ["linear"]
    assert [epoch["epoch"] for epoch in epochs] == [1, 2] and [epoch["step"] for epoch in epochs] == [3, 6]
    names = [layer["name"] for layer in first["layers"] if layer["type"] == "lif"]
    for epoch, line in zip(epochs, re.findall(r"^epoch.*$", out, re.M)):
        assert epoch.keys() == epoch_keys and list(epoch["firing_rate"]) == names, epoch
        rates = epoch["firing_rate"].values()
        assert line.startswith(f"epoch  {epoch['epoch']}  loss {epoch['loss']:.4f}  training {100 * epoch['train_accuracy']:.2f} %  "
                               f"test {100 * epoch['test_accuracy']:.2f} %  firing {' '.join(f'{rate:.3f}' for rate in rates)}  "), line
        synops = 4 * sum(rate * share for rate, share in zip(rates, (24 * 12, 12 * 10)))
        assert abs(epoch["synops_per_image"] - synops) <= 1e-9 * synops, epoch
    assert [tuple(end)[:2], end["event"]] == [("event", "step"), "end"] and end["step"] == 6
    assert out.endswith(f"test accuracy {100 * end['test_accuracy']:.2f} %\n") and end["saved"].startswith(scratch)

    # It is not overwritten; a run that goes on appends, on a new line even where the last one was cut.
    with open(path, "rb") as file:
        before = file.read()
    _, err = run(*options, status=2)
    assert f"--log {path}: there is one already" in err, err
    with open(path, "ab") as file:
        file.write(b'{"event":"ep')
    run(*options, "--checkpoint", checkpoint, "--resume")
    with open(path, "rb") as file:
        after = file.read()
    assert after.startswith(before + b'{"event":"ep\n')
    resume, epoch, end = [strict(line) for line in after[len(before) :].splitlines()[1:]]
    assert resume["event"] == "resume" and resume["step"] == 6 and end["event"] == "end", (resume, end)
    for key in epoch_keys - {"images_per_second", "seconds"}:  # the checkpoint was written before the epoch's line
        assert epoch[key] == epochs[1][key], key


def log_of_a_net_without_numbers():
    """NaN is null, and an error is the last line."""
    net = at("nan.safetensors")
    run("--epochs", "1", "--save", net)
    with open(net, "r+b") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        file.seek(header["4.bias"]["data_offsets"][0], os.SEEK_CUR)
        file.write(struct.pack("<f", float("nan")))
    run("--load", net, "--epochs", "1", "--log", at("nan.jsonl"))
    assert [line["loss"] for line in lines_of(at("nan.jsonl")) if line["event"] == "epoch"] == [None]
    _, err = run("--load", net, "--epochs", "1", "--detect-anomaly", "--log", at("anomaly.jsonl"), status=1)
    last = lines_of(at("anomaly.jsonl"))[-1]
    assert last["event"] == "error" and err == f"mnist: {last['error']}\n", (last, err)


def limited():
    """A limit of a file's size, which stands for a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))


def full_disk():
    """The error names the file, its lines are whole, and the training is not lost."""
    path = at("full.jsonl")
    out, err = run("--epochs", "5", "--log", path, status=1, preexec_fn=limited)
    assert re.search(r"\nepoch  5 .*\ntest accuracy .*\n$", out), out
    assert f"--log {path}: File too large" in err and err.count("\n") == 1, err
    assert [line["event"] for line in lines_of(path)][:2] == ["run", "epoch"]
    with open(at("full"), "w") as file:
        done = subprocess.run(command("--epochs", "40"), stdout=file, stderr=subprocess.PIPE, text=True, preexec_fn=limited, timeout=120)
    assert done.returncode == 1 and done.stderr == "mnist: standard output could not be written: File too large\n", done
    _, err = run("--epochs", "1", "--log", at("no/such/folder"), status=2)
    assert "no such folder" in err, err


os.mkdir(data)
cut_set("train", 480)
cut_set("t10k", 100)
try:
    for test in (terminals, a_window_that_is_resized_and_interrupted, what_else_is_said, quiet, log, log_of_a_net_without_numbers, full_disk):
        test()
finally:
    subprocess.run(["rm", "-rf", scratch], check=True)
