"""usage: report_check.py PAGE PRINTED: whether the mnist program's report is right in itself, and agrees with what the program printed."""
import base64
import re
import struct
import sys
import xml.etree.ElementTree as xml
import zlib
from html.parser import HTMLParser

page, printed = (open(name, encoding="utf-8").read() for name in sys.argv[1:3])
SVG = "{http://www.w3.org/2000/svg}"


class Tags(HTMLParser):
    """Every tag closes the one that was opened last."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.getpos())

    def handle_startendtag(self, tag, attributes):
        pass


tags = Tags()
tags.feed(page)
assert not tags.open, tags.open
root = xml.fromstring(page)

# Nothing from elsewhere, nothing that runs.
for element in root.iter():
    assert element.tag not in ("script", "link", "iframe", "object"), element.tag
    for name, value in element.attrib.items():
        assert name not in ("href", "action", "onload", "onclick"), name
        if name == "src":
            assert value.startswith("data:image/png;base64,"), value[:40]
assert "url(" not in page and "@import" not in page
assert set(re.findall(r"https?://[^\"' ]*", page)) <= {"http://www.w3.org/2000/svg"}
assert not re.search(r"\b(nan|inf)\b", re.sub(r"base64,[^\"]*", "", page)), "a number is none"

# Each image is a PNG whose rows are all there.
images = [element for element in root.iter("img")]
for image in images:
    assert image.get("alt")
    data = base64.b64decode(image.get("src").split(",")[1], validate=True)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    rows, at = b"", 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        assert zlib.crc32(data[at + 4 : at + 8 + length]) == struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]
        rows += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    assert depth == 8 and len(zlib.decompress(rows)) == height * (1 + width * {0: 1, 6: 4}[colour])

# What was printed.
kind, accuracy = re.search(r"^(test|validation) accuracy ([0-9.]+) %$", printed, re.M).groups()
facts = {span.text: bold.text for bold, span in (fact for fact in root.iter("div") if len(fact) == 2 and fact[0].tag == "b")}
assert facts[kind + " accuracy"] == accuracy + " %", facts
plots = {svg.find(SVG + "title").text: svg for svg in root.iter(SVG + "svg") if svg.find(SVG + "title") is not None}
assert all(svg.get("role") == "img" and svg.find(SVG + "desc") is not None for svg in plots.values())
cells = [int(text.text) for text in plots["Confusion"].iter(SVG + "text") if text.get("class") in (None, "spk-faint")]
assert len(cells) == 100, len(cells)
tested = sum(cells)
assert "%.2f" % (100 * sum(cells[::11]) / tested) == accuracy
assert tested == (10000 if kind == "test" else int(re.search(r"validation=(\d+)", page).group(1))), tested
assert "%d of %d" % (tested - sum(cells[::11]), tested) in page
mistakes = [figure for figure in root.iter("figure") if figure.find("figcaption/b") is not None]
assert len(mistakes) == min(24, tested - sum(cells[::11]))
scores = [float(figure.find("figcaption/br").tail.split(", not ")[0]) for figure in mistakes]
assert scores == sorted(scores, reverse=True)
for figure in mistakes:
    true, predicted = (int(b.text) for b in figure.iter("b"))
    assert true != predicted and cells[10 * true + predicted] > 0

# A point of the curves for each epoch that was printed, and the last accuracy where it should be.
epochs = [(float(a), float(b)) for a, b in re.findall(r"^epoch .* loss ([0-9.]+) .*%s ([0-9.]+) %%" % kind, printed, re.M)]
if epochs:
    dots = [dot for dot in plots["Accuracy, %"].iter(SVG + "circle") if dot.get("class") == "spk-dot spk-2"]
    assert len(dots) == len(epochs), (len(dots), len(epochs))
    ticks = [(float(text.get("y")) - 4, float(text.text)) for text in plots["Accuracy, %"].iter(SVG + "text") if text.get("text-anchor") == "end"]
    (y0, v0), (y1, v1) = ticks[0], ticks[-1]
    for dot, (_, wanted) in zip(dots, epochs):
        drawn = v0 + (float(dot.get("cy")) - y0) / (y1 - y0) * (v1 - v0)
        assert abs(drawn - wanted) < 1.5 * abs((v1 - v0) / (y1 - y0)), (drawn, wanted)
else:
    assert "Nothing was trained" in page

# A membrane goes above the threshold as often as its neuron has spikes, and each time a spike takes it down.
membranes = [svg for svg in root.iter(SVG + "svg") if svg.findtext(SVG + "title") == "Membranes of some neurons"]
assert membranes
for plot in membranes:
    threshold = [float(path.get("d").split()[-1]) for path in plot if path.get("class") == "spk-guide"][-1]
    spikes = [int(n) for n in re.findall(r"neuron \d+, (\d+) spike", " ".join(text.text for text in plot.iter(SVG + "text")))]
    curves = [path.get("d") for path in plot.find(SVG + "svg") if path.get("class", "").startswith("spk-curve")]
    assert len(spikes) == len(curves) > 0
    for wanted, curve in zip(spikes, curves):
        points = [float(pair.split()[1]) for pair in re.split("[ML]", curve)[2:]]
        charged, after = points[::2], points[1::2]
        surely, perhaps = (sum(h < threshold + slack for h in charged) for slack in (-0.15, 0.15))
        assert len(charged) == len(after) and surely <= wanted <= perhaps, (wanted, surely, perhaps)
        assert sum(v > h + 0.15 for h, v in zip(charged, after)) >= surely

# Operations: spikes times the neurons that each reaches, MACs where the input is real, sums below.
table = [[cell.text for cell in row] for row in root.iter("tr")][1:]
for name, spikes, synops, macs, dense, energy in table[:-1]:
    inputs, outputs = (int(n) for n in name.split(" to "))
    assert int(dense) == inputs * outputs
    if spikes == "real numbers":
        assert int(synops) == 0 and int(macs) == inputs * outputs
    else:
        assert int(macs) == 0 and abs(int(synops) - int(spikes) * outputs) <= outputs / 2 + 1, name
    assert abs(float(energy) - (0.9 * int(synops) + 4.6 * int(macs)) / 1000) < 0.06
for column in 2, 3, 4:
    assert abs(int(table[-1][column]) - sum(int(row[column]) for row in table[:-1])) <= len(table) / 2
assert "mnist" in page.split("<h2>The run</h2>")[1].split("</pre>")[0] and "--report" in page
