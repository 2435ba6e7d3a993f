"""Collections of many documents through the mount: listing, names, sizes, random reads; documents made to hurt.

The short form is the default; YESTER_SCALE=full has the numbers of the issue: a listing of 10 million documents,
documents of 16 MiB. What is measured is printed.
"""
import contextlib
import ctypes
import hashlib
import os
import random
import shutil
import subprocess
import sys
import threading
import time

import peers
import pytest
from peers import Mount, Store
from test_scale import FULL, SEED, driver_of, mib, yester

sys.path[:0] = [str(peers.ROOT / "tests" / "crash"), str(peers.ROOT / "tests" / "fixture")]
import values  # noqa: E402
import crash_workload as workload  # noqa: E402
from crash_workload import MIB  # noqa: E402

LISTED = 10_000_000 if FULL else 300_000
THREADS = 8
LIMIT = 256 * MIB
AT_ONCE = 2  # seconds; ls and find of everything take longer in the long form
LOOKUP_MILLISECONDS = 2  # of the driver's processor time; a walk through the short form's documents takes ten

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600), pytest.mark.fuse]


def plain_memory(pid):
    """RSS without the pages of mapped files, and the peak of all of it."""
    fields = workload.Memory.read(pid)
    return fields["VmRSS"] - fields["RssFile"]


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def at_once(work, count):
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


# ---- a listing of very many


@pytest.fixture(scope="module")
def vast(tmp_path_factory):
    """A collection whose `_id`s are 0 to LISTED - 1, mounted."""
    print(f"\n{'full' if FULL else 'short'} form: {LISTED} documents, seed {SEED}")
    folder = tmp_path_factory.mktemp("vast")
    dump = workload.Dump(folder / "dump")
    dump.add_file("shop", "vast", workload.gen_data("small", folder / "vast", "--count", LISTED, "--seed", SEED))
    store = Store(folder / "store")
    start = time.monotonic()
    peers.run(yester(store, "ingest", dump.path), timeout=1800)
    print(f"  ingest: {time.monotonic() - start:.1f} s")
    with Mount(store.path) as mount:
        yield mount
    shutil.rmtree(folder, ignore_errors=True)


def test_the_head_of_a_listing_comes_at_once(vast):
    folder = vast.latest / "shop" / "vast"
    for command, expected in ((f"ls -U '{folder}' | head -3", ["0.json", "1.json", "2.json"]),
                              (f"find '{folder}' | head -3", [str(folder), f"{folder}/0.json", f"{folder}/1.json"])):
        times = []
        while not times or times[-1] >= AT_ONCE:  # a machine that does other things may stand still at times
            assert len(times) < 5, times
            start = time.monotonic()
            done = peers.run(["bash", "-c", command])
            times.append(time.monotonic() - start)
            assert done.out.splitlines() == expected
        print(f"  {command.replace(str(folder), 'DIR')}: {times[-1]:.2f} s")


LIST_ALL = """
import os, sys
count, wrong = 0, 0
for entry in os.scandir(sys.argv[1]):
    wrong += entry.name != "%d.json" % count
    count += 1
print(count, wrong)
"""


def test_listing_takes_constant_memory(vast):
    """What the driver has after a listing of all is what it had after one of half of it."""
    folder, driver = vast.latest / "shop" / "vast", driver_of(vast)
    subprocess.run(f"ls -U '{folder}' | head -{LISTED // 2} > {os.devnull}", shell=True, check=True)
    before = plain_memory(driver)
    memory = workload.Memory(driver, interval=0.005)
    start, used = time.monotonic(), processor_seconds(driver)
    done = peers.run([sys.executable, "-c", LIST_ALL, folder], timeout=1800)
    seconds, used = time.monotonic() - start, processor_seconds(driver) - used
    memory.end()
    print(f"  {LISTED} names in {seconds:.1f} s, {LISTED / seconds:.0f}/s, driver {used:.1f} s of processor time; "
          f"yesterfs {mib(before)} before, peak {mib(memory.plain)} ({memory.samples} samples)")
    assert done.out.split() == [str(LISTED), "0"], "names are missing, or not in the order of _id"
    assert memory.plain <= LIMIT and memory.plain - before <= 16 * MIB


def libc():
    found = ctypes.CDLL(None, use_errno=True)
    for name, result, *arguments in (("opendir", ctypes.c_void_p, ctypes.c_char_p), ("readdir", ctypes.c_void_p, ctypes.c_void_p),
                                     ("telldir", ctypes.c_long, ctypes.c_void_p), ("closedir", ctypes.c_int, ctypes.c_void_p),
                                     ("seekdir", None, ctypes.c_void_p, ctypes.c_long)):
        getattr(found, name).restype, getattr(found, name).argtypes = result, arguments
    return found


def test_positions_of_a_listing_are_right(vast):
    c = libc()
    rng = random.Random(SEED)

    def read():
        entry = c.readdir(listing)
        return ctypes.string_at(entry + 19).decode() if entry else None

    listing = c.opendir(os.fsencode(vast.latest / "shop" / "vast"))
    for _ in range(2):
        read()
    first = c.telldir(listing)
    assert read() == "0.json"
    for number in [0, LISTED - 1, *(rng.randrange(LISTED) for _ in range(300))]:
        c.seekdir(listing, first + number)  # docs/format/names.md: a position is the rank plus a constant
        assert c.telldir(listing) == first + number
        length = rng.choice((1, 2, 300))
        for i in range(number, min(number + length, LISTED)):
            at = c.telldir(listing)
            assert read() == f"{i}.json"
        c.seekdir(listing, at)  # and as a program does it, with what telldir said
        assert read() == f"{i}.json"
    c.seekdir(listing, first + LISTED)
    assert read() is None
    c.seekdir(listing, first + LISTED - 1)
    assert read() == f"{LISTED - 1}.json" and read() is None
    c.closedir(listing)


def test_a_name_is_looked_up_without_listing(vast):
    folder, driver, rng = vast.latest / "shop" / "vast", driver_of(vast), random.Random(SEED)
    numbers = [rng.randrange(LISTED) for _ in range(2000)]
    times, used = [], processor_seconds(driver)
    for number in numbers:
        start = time.monotonic()
        fd = os.open(folder / f"{number}.bson", os.O_RDONLY)
        document = os.read(fd, 4096)
        times.append(time.monotonic() - start)
        os.close(fd)
        assert peers.id_element(document) == (0x12, number.to_bytes(8, "little"))
        assert not (folder / f"{number}.5.json").exists()
    used = (processor_seconds(driver) - used) / len(numbers) * 1000
    times.sort()
    print(f"  open and read one of {LISTED}: p50 {times[1000] * 1e6:.0f} us, p99 {times[1980] * 1e6:.0f} us; driver {used:.2f} ms of processor "
          f"time each; yesterfs {mib(plain_memory(driver))}")
    assert used < LOOKUP_MILLISECONDS
    for name in (f"{LISTED}.json", "%-1.json", "0.0.json", "%str,1.json"):
        assert not (folder / name).exists()


# ---- documents made to hurt


def nested(levels, fields):
    """A document whose innermost array has fields of two bytes, each behind all that indentation."""
    kind, body = b"\x04", b"\x0a\0" * fields
    for level in range(levels):
        body = (len(body) + 5).to_bytes(4, "little") + body + b"\0"
        if level < levels - 1:
            body = kind + b"\0" + body
    return body


def with_id(number, *fields):
    return values.raw_document(("_id", values.int32(number)), *fields)


DOCUMENT = 16 * MIB - 200_000 if FULL else 4 * MIB  # bytes of BSON; what they become is up to 200 times that


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "dump" / "db").mkdir(parents=True)
    pattern = values.regex("")
    documents = [
        with_id(0, ("a", values.Value(values.ARRAY, nested(199, DOCUMENT // 2)))),
        with_id(1, ("a", values.Value(values.ARRAY, values.raw_document(*[("", pattern)] * (DOCUMENT // 4))))),
        with_id(2, ("a", values.string("\x01" * DOCUMENT))),
        with_id(3, ("\x02" * (DOCUMENT // 2), values.code("\x03" * (DOCUMENT // 2)))),
        with_id(4, ("a", values.binary(bytes(DOCUMENT)))),
        with_id(5, ("a", values.scoped("f", *[("", values.Value(values.MAX_KEY))] * (DOCUMENT // 2)))),
    ]
    (folder / "dump" / "db" / "hostile.bson").write_bytes(b"".join(documents))
    store = Store(folder / "store")
    peers.run(yester(store, "ingest", folder / "dump"), timeout=600)
    yield store, documents
    shutil.rmtree(folder, ignore_errors=True)


def read_ends(path, size):
    """The first and the last bytes of a file, and some from its middle."""
    with open(path, "rb", buffering=0) as file:
        parts = [os.pread(file.fileno(), MIB, at) for at in (0, size // 2, size - MIB)]
        assert os.pread(file.fileno(), 10, size) == b""
    return parts


def test_hostile_documents_are_read_in_little_memory(hostile):
    """Their text is up to gigabytes: neither stat nor a read has all of it."""
    store, documents = hostile
    with Mount(store.path) as mount:
        memory = workload.Memory(driver_of(mount), interval=0.005)
        folder, sizes = mount.latest / "db" / "hostile", {}
        for number in range(len(documents)):
            start = time.monotonic()
            size = (folder / f"{number}.json").stat().st_size
            first, _, last = read_ends(folder / f"{number}.json", size)
            sizes[number] = size
            assert first.startswith(b'{\n  "_id": %d,\n' % number) and last.endswith(b"\n}\n")
            print(f"  document {number}: {mib(len(documents[number]))} of BSON, {mib(size)} of pretty text; stat, head, middle, tail "
                  f"{time.monotonic() - start:.1f} s")
            assert (folder / f"{number}.bson").read_bytes() == documents[number]
        assert sizes[0] > 90 * len(documents[0])
        path = mount.latest / "db" / "hostile.json"
        lines = read_ends(path, path.stat().st_size)
        assert lines[0].startswith(b'{"_id":0,"a":[[[') and lines[2].endswith(b'{"$maxKey":1}}}}\n')

        def reader(number):
            read_ends(folder / f"{number % len(documents)}.json", sizes[number % len(documents)])
            read_ends(path, path.stat().st_size)

        at_once(reader, THREADS)
        memory.end()
    print(f"  yesterfs, with {THREADS} readers at once: peak {mib(memory.plain)}")
    assert memory.plain <= LIMIT


def test_hostile_documents_are_printed_in_little_memory(hostile):
    store, documents = hostile
    for form in ("pretty", "json", "canonical"):
        status, seconds, memory, err = workload.measured(yester(store, "cat", "db.hostile", "--format", form))
        print(f"  cat --format {form}: {seconds:.1f} s, peak {mib(memory.plain)}")
        assert status == 0 and memory.plain <= LIMIT, err


def test_the_json_of_hostile_documents_is_the_same_in_parts_and_at_once(hostile):
    store, documents = hostile
    printed = peers.run(["bash", "-c", f"'{peers.program('yester')}' cat -s '{store.path}' db.hostile | sha256sum"]).out
    with Mount(store.path) as mount:
        assert peers.run(["bash", "-c", f"sha256sum < '{mount.latest}/db/hostile.json'"]).out == printed


# ---- many files of large documents, open at once

OPEN, TEXTS = 40, 96  # files; a text of 128 KiB each


def test_many_large_documents_that_are_open_take_little_memory(tmp_path):
    """12 MiB each, 480 MiB together: all are read a bit in turns, then some to the end at once."""
    (tmp_path / "dump" / "db").mkdir(parents=True)
    with open(tmp_path / "dump" / "db" / "large.bson", "wb") as file:
        for number in range(OPEN):
            texts = [(f"t{i}", values.string(f"{number}.{i} " + "x" * 128 * 1024)) for i in range(TEXTS)]
            file.write(with_id(number, *texts))
    store = Store(tmp_path / "store")
    peers.run(yester(store, "ingest", tmp_path / "dump"), timeout=600)

    def line(number, i):
        return f'  "t{i}": "{number}.{i} {"x" * 128 * 1024}"{"," if i < TEXTS - 1 else ""}\n'.encode()

    with Mount(store.path) as mount, contextlib.ExitStack() as stack:
        memory = workload.Memory(driver_of(mount), interval=0.005)
        folder = mount.latest / "db" / "large"
        files = [stack.enter_context(open(folder / f"{number}.json", "rb", buffering=0)) for number in range(OPEN)]
        heads = [f'{{\n  "_id": {number},\n'.encode() for number in range(OPEN)]
        places = [len(head) for head in heads]
        assert [os.pread(file.fileno(), len(head), 0) for file, head in zip(files, heads)] == heads
        for i in (0, 8, 16):
            for number, file in enumerate(files):
                want = b"".join(line(number, k) for k in range(i, i + 8))
                assert os.pread(file.fileno(), len(want), places[number]) == want
                places[number] += len(want)
        wrong = []

        def read_all(number):
            text = (folder / f"{number}.json").read_bytes()
            if text != heads[number] + b"".join(line(number, i) for i in range(TEXTS)) + b"}\n":
                wrong.append(number)

        at_once(read_all, THREADS)

        # Each piece was decoded anew when all read at once in small pieces, as the others pushed it out; and there was no bound.
        begin, before = threading.Barrier(OPEN), processor_seconds(driver_of(mount))

        def read_pieces(number):
            with open(folder / f"{number}.bson", "rb", buffering=0) as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
                begin.wait()
                got = hashlib.sha256()
                while piece := file.read(128 * 1024):
                    got.update(piece)
            texts = [(f"t{i}", values.string(f"{number}.{i} " + "x" * 128 * 1024)) for i in range(TEXTS)]
            if got.digest() != hashlib.sha256(with_id(number, *texts)).digest():
                wrong.append(number)

        at_once(read_pieces, OPEN)
        used = processor_seconds(driver_of(mount)) - before
        memory.end()
    assert wrong == []
    print(f"  {OPEN} files in small pieces: {used:.1f} s of the processor")
    assert used < 10
    print(f"  {OPEN} open files: peak {mib(memory.plain)}")
    assert memory.plain <= LIMIT
    shutil.rmtree(tmp_path, ignore_errors=True)
