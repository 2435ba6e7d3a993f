#!/usr/bin/env python3
"""Draw what `make bench` measured: SVG files, and beside them the figures that they show.

    plot.py [--out DIR] FILE...        FILE: bench.json of a run; what a later file has goes before what an earlier one has

Draws stored.svg (bytes after each of 40 versions), replay.svg (operations a second) and mount.svg (reads through
the mount), each as far as there are figures for it, and writes figures.json, from which alone they are drawn: so
`plot.py --out docs/plots docs/plots/figures.json` draws the same again. Needs nothing but Python.
"""
import argparse
import json
from pathlib import Path
from xml.sax.saxutils import escape

COLOURS = {"yester": "#0b6e99", "restic": "#c8553d", "borg": "#588157", "zstd --patch-from": "#8d8d8d"}
OTHER = "#a0a0a0"
INK, FAINT, GRID = "#222222", "#666666", "#e3e3e3"
FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"
MB = 1000 * 1000


# ---- figures


def read(paths):
    """{"machine", "rows": {"row|peer": row}, "curves"} of all files, the last of each."""
    figures = {"machine": {}, "rows": {}, "curves": {}}
    for path in paths:
        found = json.loads(Path(path).read_text())
        rows = found["rows"]
        if isinstance(rows, list):
            rows = {f"{row['row']}|{row['peer_name']}": {"ours": row["ours"], "peer": row["peer"]} for row in rows
                    if row["row"].startswith(("mount, read", "replay of"))}
        figures["rows"].update(rows)
        figures["curves"].update(found.get("curves", {}))
        figures["machine"] = {k: found["machine"][k] for k in ("cpu", "cores", "system", "versions") if k in found["machine"]}
    return figures


def nice_step(top, steps=5):
    """A round number of which about `steps` make `top`."""
    size = 1.0
    while size * 10 <= top / steps:
        size *= 10
    while size > top / steps * 2:
        size /= 10
    return next(size * k for k in (1, 2, 5, 10) if size * k >= top / steps)


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


# ---- drawing


class Picture:
    def __init__(self, width, height, title, under):
        self.width, self.height = width, height
        self.parts = []
        self.rectangle(0, 0, width, height, "#ffffff")
        self.text(20, 28, title, size=16, weight="bold")
        self.text(20, 47, under, size=11, fill=FAINT)

    def text(self, x, y, text, size=11, fill=INK, anchor="start", weight="normal"):
        self.parts.append(f"<text x='{x:.1f}' y='{y:.1f}' {FONT} font-size='{size}' font-weight='{weight}' fill='{fill}' "
                          f"text-anchor='{anchor}'>{escape(text)}</text>")

    def line(self, x1, y1, x2, y2, colour=GRID, width=1):
        self.parts.append(f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' stroke-width='{width}'/>")

    def rectangle(self, x, y, width, height, colour):
        self.parts.append(f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' fill='{colour}'/>")

    def path(self, points, colour, width=2.5):
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f"<polyline points='{joined}' fill='none' stroke='{colour}' stroke-width='{width}' "
                          "stroke-linejoin='round' stroke-linecap='round'/>")

    def svg(self):
        return (f"<svg xmlns='http://www.w3.org/2000/svg' width='{self.width}' height='{self.height}' "
                f"viewBox='0 0 {self.width} {self.height}' role='img'>\n" + "\n".join(self.parts) + "\n</svg>\n")


def apart(labels, least=15):
    """[(y, ...)] moved down until no two are nearer than `least`."""
    moved, last = [], None
    for y, *rest in sorted(labels):
        y = y if last is None else max(y, last + least)
        moved.append((y, *rest))
        last = y
    return moved


def curve_panel(picture, x, y, width, height, title, curves):
    """Lines of bytes over versions, each labelled at its end."""
    top = max(max(values) for values in curves.values()) / MB
    count = max(len(values) for values in curves.values())
    step = nice_step(top)
    top = step * -(-top // step)
    picture.text(x, y - 14, title, size=12, weight="bold")
    for k in range(round(top / step) + 1):
        at = y + height - height * k * step / top
        picture.line(x, at, x + width, at, INK if k == 0 else GRID)
        picture.text(x - 6, at + 4, f"{k * step:g}", fill=FAINT, anchor="end")
    for version in (1, count // 2, count):
        picture.text(x + width * (version - 1) / (count - 1), y + height + 17, str(version), fill=FAINT, anchor="middle")
    picture.text(x + width / 4, y + height + 17, "version", fill=FAINT, anchor="middle")
    ends = []
    for name, values in curves.items():
        points = [(x + width * i / (count - 1), y + height - height * value / MB / top) for i, value in enumerate(values)]
        colour = COLOURS.get(name, OTHER)
        picture.path(points, colour, 3.5 if name == "yester" else 2)
        ends.append((points[-1][1] + 4, name, number(values[-1] / MB), colour))
    for at, name, value, colour in apart(ends):
        picture.text(x + width + 8, at, f"{name} {value}", fill=colour, weight="bold" if name == "yester" else "normal")


KINDS_OF_CHANGE = {"scattered": "rows all over the table", "neighbours": "rows next to each other", "real": "a real table (real_versions.py)"}


def draw_stored(figures):
    """One panel for each kind of change; without the raw size, which would press all else to the ground."""
    found = {title: {n: v for n, v in curves.items() if n != "raw"} for title, curves in figures["curves"].items()}
    if not found:
        return None
    count = max(len(v) for curves in found.values() for v in curves.values())
    raw = [curves["raw"][-1] for curves in figures["curves"].values() if "raw" in curves]
    picture = Picture(10 + 455 * len(found), 400, f"Stored after each of {count} versions of a table, in MB",
                      "30,000 rows, of which 5 % change a version, or as many as did" + (f"; {number(max(raw) / MB)} MB of BSON in all" if raw else ""))
    for k, (title, curves) in enumerate(sorted(found.items(), reverse=True)):
        what = next(words for sign, words in KINDS_OF_CHANGE.items() if sign in title)
        curve_panel(picture, 60 + k * 455, 100, 250, 250, what, curves)
    return picture.svg()


def bar_panel(picture, x, y, width, title, bars, show):
    """Horizontal bars with their figures; returns where the panel ends."""
    top = max(value for _, value, _ in bars)
    picture.text(x, y, title, size=12, weight="bold")
    for k, (name, value, colour) in enumerate(bars):
        at = y + 12 + k * 26
        picture.text(x + 150, at + 14, name, anchor="end", weight="bold" if name == "yester" else "normal")
        picture.rectangle(x + 158, at, max(1.0, (width - 240) * value / top), 19, colour)
        picture.text(x + 164 + max(1.0, (width - 240) * value / top), at + 14, show(value))
    return y + 12 + len(bars) * 26 + 26


def draw_bars(figures, title, under, panels, show):
    """`panels`: [(title, row)]; each has ours and every peer that was measured in the same row."""
    shown = []
    for words, row in panels:
        rows = {key.split("|")[1]: value for key, value in figures["rows"].items() if key.split("|")[0] == row}
        if not rows:
            continue
        bars = [("yester", next(iter(rows.values()))["ours"], COLOURS["yester"])]
        bars += [(peer, value["peer"], COLOURS.get(peer.split()[0], OTHER)) for peer, value in rows.items() if value["peer"]]
        shown.append((words, bars))
    if not shown:
        return None
    picture = Picture(760, 66 + sum(38 + 26 * len(bars) for _, bars in shown), title, under)
    y = 80
    for words, bars in shown:
        y = bar_panel(picture, 20, y, 720, words, bars, show)
    return picture.svg()


def draw_mount(figures):
    return draw_bars(figures, "Reading through the mount", "one process, a collection of 665 MB, MB/s; each part has a scale of its own",
                     [("a .bson that is not in memory", "mount, read, cold"), ("a .bson that is", "mount, read, warm"),
                      (".json lines, made while they are read", "mount, read .json, cold")],
                     lambda value: f"{value / MB:,.0f} MB/s")


def draw_replay(figures):
    row = "replay of 300 000 entries, new snapshot"
    return draw_bars(figures, "Replay of an oplog", "300,000 operations over 800,000 documents, to a state that is stored; operations a second",
                     [("from a file of the oplog", row), ("the oplog is in the store already", row + ", the oplog is in the store")],
                     lambda value: f"{value:,.0f}/s")


PICTURES = {"stored.svg": draw_stored, "mount.svg": draw_mount, "replay.svg": draw_replay}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="docs/plots", type=Path)
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    figures = read(args.files)
    args.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(figures, indent=1, sort_keys=True) + "\n"
    (args.out / "figures.json").write_text(text)
    figures = json.loads(text)  # in its order, so that drawn again from there a picture is the same
    for name, draw in PICTURES.items():
        drawn = draw(figures)
        if drawn is not None:
            (args.out / name).write_text(drawn)
            print(args.out / name)


if __name__ == "__main__":
    main()
