"""The part of the bench about JSON lines and documents' files: speeds, single calls, what sizes cost an ingest.

The peers are mongoexport (from a mongod that holds the same documents) and bsondump, both on a tenth of the
data, because they need minutes for all; a speed is of the JSON that came out. They come from tests/setup/truth.py.
"""
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "setup"))
import truth  # noqa: E402 - found by the line above

PIECE = 1024 * 1024
OPENED = 2000  # documents whose files are opened


def numbers(*command):
    """What a command prints, as lists of numbers, one a line."""
    done = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, text=True)
    return [[float(word) for word in line.split()] for line in done.stdout.splitlines()]


def output_speed(command):
    """Bytes a second that come out of a command, from its start to its end."""
    start = time.monotonic()
    total = 0
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        while piece := child.stdout.read(PIECE):
            total += len(piece)
    if child.returncode != 0:
        raise RuntimeError(f"{command[0]}: exit status {child.returncode}")
    return total / (time.monotonic() - start)


@contextlib.contextmanager
def mongod(work):
    """A mongod on a free port, without a replica set; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="mongod-", dir=work) as folder:
        child = subprocess.Popen([truth.mongod("6.0.5").path, "--bind_ip", "127.0.0.1", "--port", str(port),
                                  "--dbpath", folder, "--nounixsocket"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield f"127.0.0.1:{port}"
        finally:
            child.terminate()
            child.wait(60)


def peers_speeds(bench, say):
    """Peer's name -> speeds; empty where the real programs can't be had."""
    speeds = {}
    part = bench.work / "part.bson"
    bench.generate("orders", part, "--count", bench.count // 10)
    try:
        say("json: bsondump")
        speeds["bsondump"] = [output_speed([truth.tool("bsondump").path, "--quiet", part])
                              for _ in range(bench.args.rounds)]
        with mongod(bench.work) as address:
            # It waits until the server answers.
            subprocess.run([truth.tool("mongorestore").path, "--quiet", "--host", address, "--db", "shop",
                            "--collection", "orders", part], check=True)
            say("json: mongoexport")
            speeds["mongoexport"] = [output_speed([truth.tool("mongoexport").path, "--quiet", "--host", address,
                                                   "--db", "shop", "--collection", "orders", "--sort", '{"_id":1}'])
                                     for _ in range(bench.args.rounds)]
    except (truth.TruthError, OSError, subprocess.CalledProcessError, RuntimeError) as problem:
        say(f"json: a peer is left out: {problem}")
    part.unlink()
    return speeds


def show_us(value):
    return f"{value:.0f} us"


def show_names(value):
    return f"{value / 1000:.0f} k/s"


def show_percent(value):
    return f"{value * 100:.1f} %"


def on_mount(bench, tools, folder):
    """Names a second, and microseconds a document: half of them at the first reading and again."""
    names, first, again = [], [], []
    for number in range(bench.args.rounds):
        count, seconds = numbers(tools / "bench_json", "list", folder)[0]
        names.append(count / seconds)
        halves = numbers(tools / "bench_json", "open", folder, OPENED, bench.args.seed + number)
        first.append(halves[0][0])
        again.append(halves[1][0])
    bench.add("mount, names of documents listed", show_names, names, limit=500000, more_is_better=True)
    bench.add("mount, one document, open + read, p50, not read before", show_us, first)
    bench.add("mount, one document, open + read, p50, warm", show_us, again, limit=200)


def run(bench, kit):
    """`kit` is the module with the programs and the mounts."""
    first, _ = bench.orders()
    ours = kit.Ours(bench.work)
    ours.fresh()
    cpu = ours.take(bench.dump_with(first))["cpu"]
    peers = peers_speeds(bench, kit.say)
    speeds = []
    for number in range(bench.args.rounds):
        kit.say(f"json: round {number + 1} of {bench.args.rounds}, ours")
        kit.drop_caches()
        with kit.ours_mounted(ours.store, bench.work / "mnt"):
            path = (bench.work / "mnt/latest").resolve() / "shop/orders.json"
            kit.take_memory()
            speeds.append(path.stat().st_size / kit.read_through(path))
    for name in peers or {"": None}:
        bench.add("mount, read .json, cold", kit.show_speed, speeds, peers.get(name), name, limit=250 * kit.MB,
                  more_is_better=True)
    kit.say("json: documents")
    with kit.ours_mounted(ours.store, bench.work / "mnt"):
        on_mount(bench, kit.BUILD, (bench.work / "mnt/latest").resolve() / "shop/orders")
    kit.say("json: the renderer alone")
    turns = [numbers(kit.BUILD / "bench_json", "sizes", first)[0] for _ in range(bench.args.rounds)]
    bench.add("JSON sizes alone, a core, of BSON", kit.show_speed, [size / took for size, took in turns],
              limit=1000 * kit.MB, more_is_better=True)
    bench.add("ingest, first, processor: more by JSON sizes", show_percent,
              [took / (cpu - took) for _, took in turns], limit=0.25)
    turns = [numbers(kit.BUILD / "bench_json", "render", first)[0] for _ in range(bench.args.rounds)]
    bench.add("JSON rendered, a core, of BSON", kit.show_speed, [size / took for size, took in turns])
