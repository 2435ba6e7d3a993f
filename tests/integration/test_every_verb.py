"""What holds for every verb: slips are told, --json is JSON whatever the names are, nothing but a terminal gets colours."""
import json
import os
import struct

import bson
import peers
import pytest
from bson.timestamp import Timestamp
from test_cli import HOSTILE, document, hint_of, on_terminal, write_dump

BEGIN = 1_790_000_000
NAMES = (*HOSTILE, "\x7f\x85", "\u2028", "nul\u2400", "\U0001f600", "a" * 200, "$not", "..")
UUID = bson.Binary(bytes(range(16)), 4)


def tables():
    return json.loads(peers.yester("help", "--json").out)


VERBS = tables()["verbs"]
COMMON = [option["name"] for option in tables()["options"]]


def slip_of(word, others):
    """Two letters in the wrong order, as fingers make it, or one left out."""
    for at in range(len(word) // 2, 0, -1):
        slip = word[:at - 1] + word[at] + word[at - 1] + word[at + 1:]
        if slip != word and slip not in others:
            return slip
    return word[1:]


@pytest.mark.parametrize("verb", VERBS, ids=[verb["name"] for verb in VERBS])
def test_a_slip_in_a_verb_or_an_option_is_told(verb):
    name = verb["name"]
    done = peers.yester(slip_of(name, ()), check=2)
    # Another one may be as near to a short one.
    assert done.out == "" and (hint_of(done) == f"did you mean '{name}'?" or len(name) < 4 and "did you mean" in done.err), done.err
    own = [option["name"] for option in verb["options"]]
    for option in (own[0], "json") if own else ("json", "quiet"):
        slip = slip_of(option, own + COMMON)
        done = peers.yester(name, f"--{slip}", check=2)
        assert done.out == "" and done.err.startswith(f"yester: {name}: there is no option --{slip}\n"), done.err
        assert hint_of(done) == f"did you mean --{option}?" or len(option) < 4, f"{name} --{slip}: {hint_of(done)}"
        assert f"\nusage: yester {name}" in done.err


def entry(second, op, name, **fields):
    return bson.encode({"op": op, "ns": f"db.{name}", "ui": UUID, "ts": Timestamp(BEGIN + second, 1), "t": bson.Int64(1), "v": bson.Int64(2),
                        "wall": bson.datetime.datetime(2026, 1, 1), **fields})


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A store in which every name is odd: collections, `_id`s, fields, values, indexes, snapshots, tags; and an oplog of them."""
    folder = tmp_path_factory.mktemp("odd")
    store = peers.Store(folder / "store")
    dump = write_dump(folder / "dump", {("db", name): [document(_id=name, **{name: name}), document(_id=2, n=n)] for n, name in enumerate(NAMES)})
    first = NAMES[0]
    stem = dump / "db" / peers.escape(first)
    # Text that is none: bytes that are not UTF-8, in a value and in a name.
    with open(f"{stem}.bson", "ab") as file:
        file.write(struct.pack("<i", 25) + b"\x10_id\0\x03\0\0\0\x02b\xff\0\x03\0\0\0\xfe\xc0\0\0")
    metadata = json.loads(open(f"{stem}.metadata.json").read())
    metadata["uuid"] = UUID.hex()
    metadata["indexes"].append({"v": 2, "key": {first: 1}, "name": first})
    metadata["options"] = {"validator": {first: {"$exists": True}}}
    with open(f"{stem}.metadata.json", "w") as file:
        json.dump(metadata, file)
    store.ingest(dump, "--name", "odd-name", "--tag", "t\"ag", "--time", f"{BEGIN}.1", "--assert-quiesced", "--objcheck", "off")
    (folder / "log.bson").write_bytes(
        entry(0, "n", "", o={}) +
        b"".join(entry(1 + n, "i", first, o={"_id": f"new {name}", name: name}) for n, name in enumerate(NAMES) if name != "$not") +
        b"".join(entry(30 + n, "d", first, o={"_id": f"new {name}"}) for n, name in enumerate(HOSTILE)) +
        entry(60, "u", first, o={"$v": 2, "diff": {"u": {first: "\x1b"}}}, o2={"_id": 2}))
    store.run("ingest-oplog", folder / "log.bson", check=(0, 3))
    store.ns = f"db.{first}"
    return store


READING = [
    ("snapshots",), ("ranges",), ("gaps",), ("status",), ("stats",), ("stats", "--dbhash"), ("show",), ("show", "odd-name"), ("ls",), ("ls", "db"),
    ("ls", "NS"), ("ls", "-d", "NS"), ("count",), ("count", "NS"), ("cat", "NS"), ("log",), ("log", "-v"), ("log", "--bursts"), ("log", "NS", "2"),
    ("log", "NS", "--op", "d"), ("diff", f"{BEGIN}.1", "latest"), ("check", "--read-data"), ("doctor",),
    ("forget", "--keep-last", "9", "--dry-run"), ("prune", "--dry-run")]


def words_of(store, words):
    return [store.ns if word == "NS" else word for word in words]


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_json_is_json_and_only_a_terminal_gets_escapes(odd, words):
    words = words_of(odd, words)
    done = odd.run(*words, "--json", check=(0, 3))
    if words[0] in ("log", "diff", "cat"):  # a line each
        assert all(json.loads(line) for line in done.raw.split(b"\n")[:-1]) and done.raw.endswith(b"}\n")
    else:
        json.loads(done.raw)  # strict: it is UTF-8, and no control byte is in a text
    plain = odd.run(*words, check=(0, 3), env={**os.environ, "TERM": "xterm", "CLICOLOR_FORCE": "1"})
    # A document's bytes are its own: cat to a pipe gives them.
    assert words[0] == "cat" or "\x1b" not in plain.out + plain.err
    assert "\x1b" not in on_terminal(peers.program("yester"), words[0], "-s", odd.path, *words[1:], NO_COLOR="1")[0]
