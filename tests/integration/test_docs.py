"""What documents say of files, verbs and options is so."""
import json
import re
import sys
from xml.etree import ElementTree

import peers
import pytest

DOCS = [peers.ROOT / "README.md", *sorted((peers.ROOT / "docs").glob("*.md")), *sorted((peers.ROOT / "docs" / "format").glob("*.md"))]


@pytest.fixture(scope="module")
def tables():
    found = json.loads(peers.yester("help", "--json").out)
    common = {option["name"] for option in found["options"]}
    return {verb["name"]: common | {option["name"] for option in verb["options"]} for verb in found["verbs"]}


def test_every_format_is_in_the_index_and_every_link_leads_somewhere():
    folder = peers.ROOT / "docs" / "format"
    linked = set(re.findall(r"\]\((\S+\.md)\)", (folder / "README.md").read_text()))
    assert linked == {path.name for path in folder.glob("*.md")} - {"README.md"}
    for path in DOCS:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_files_that_are_named_exist():
    for path in DOCS:
        for name in re.findall(r"(?<![\w/.])((?:docs|packaging|tests)/[\w./-]+\w)", path.read_text()):
            assert (peers.ROOT / name).exists(), f"{path.name}: {name}"


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name if path.parent.name == "docs" else f"{path.parent.name}-{path.name}")
def test_commands_that_are_shown_have_the_options_that_they_use(path, tables):
    """In code: lines of blocks, and `...` in the text."""
    text = path.read_text()
    code = re.findall(r"^    (.+)$", text, re.M) + re.findall(r"^```\w*\n(.*?)^```$", text, re.M | re.S) + re.findall(r"`([^`\n]+)`", text)
    for piece in code:
        for line in piece.splitlines():
            line = line.split("   ")[0].split(" #")[0]
            for verb, rest in re.findall(r"\byester ([a-z-]+)([^|;&]*)", line):
                if verb not in tables:
                    continue  # prose, or a unit's name
                unknown = [name for name in re.findall(r"(?<=\s)--([A-Za-z][\w-]*)", rest) if name not in tables[verb]]
                assert not unknown, f"yester {verb} has no --{unknown[0]}: {line}"


def test_words_that_look_like_verbs_are_verbs(tables):
    for path in DOCS:
        for verb in re.findall(r"`yester ([a-z][a-z-]+)", path.read_text()):
            assert verb in tables, f"{path.name}: yester {verb}"


def test_the_pictures_show_the_figures_beside_them(tmp_path):
    """Drawn again from figures.json they are the same bytes, and well-formed."""
    folder = peers.ROOT / "docs" / "plots"
    peers.run([sys.executable, peers.ROOT / "tests/bench/plot.py", "--out", tmp_path, folder / "figures.json"])
    names = {path.name for path in folder.iterdir()}
    assert names == {path.name for path in tmp_path.iterdir()} == {"figures.json", "stored.svg", "mount.svg", "replay.svg"}
    for name in names:
        assert (folder / name).read_bytes() == (tmp_path / name).read_bytes(), name
    shown = {name: "".join(ElementTree.parse(folder / name).getroot().itertext()) for name in names if name.endswith(".svg")}
    figures = json.loads((folder / "figures.json").read_text())
    for curves in figures["curves"].values():
        for program, values in curves.items():
            assert program == "raw" or f"{program} {values[-1] / 1e6:.3g}" in shown["stored.svg"]
    replay = figures["rows"]["replay of 300 000 entries, new snapshot|mongorestore"]
    assert f"{replay['ours']:,.0f}/s" in shown["replay.svg"] and f"{replay['peer']:,.0f}/s" in shown["replay.svg"]
