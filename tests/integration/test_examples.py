"""Each example that a verb's --help shows is run as it stands there.

Put in are only places (PLACES: /backup/shop is a folder of the test), a real member's URI, and the beginning of an id. The store has
what the examples name: a snapshot before-migration, a customer "anna", the order 507f1f77bcf86cd799439011, the morning of 2026-11-21.
What is not run is in NOT_RUN with the reason; an entry that no help shows any more is a failure.
"""
import json
import os
import re
import secrets
import shutil
import signal
import subprocess

import bson
import peers
import pytest
import walk

PLACES = {"/backup/shop": "store", "/mnt/": "mnt/", "/etc/yester/": "etc/", "/archive/": "archive/", "/safe/": "safe/",
          "/tmp/before": "before", "/run/user/1000/": "run/", "/var/lib/mongodb": "var", "/usr/bin/mongod": "bin/mongod"}
NOT_RUN = {
    "yester backup -s /backup/shop --dbpath": "wants a snapshot of a disk; test_live_secure.py has one",
    "yester replicate -s /backup/shop backup@far.example": "another machine",
    "mongosh shop --quiet": "what a server says to compare with",
}
NEEDS_MEMBER = re.compile(r"uri|URI|^mongo|\| mongorestore|--mongod")
STAYS = re.compile(r"^(\S+=\S+ )?yester (serve|tail)\b(?!.*--once)")  # runs until it is told to end
# What it ends with, if not 0: there is a difference, the store's oplog is of another day.
# Doctor has warnings where a mongod's files are on the same disk.
ENDS_WITH = {"yester diff": (3,), "yester status -s /backup/shop --check": (3,), "yester doctor": (0, 3)}
PORT = re.compile(r"^yester serve(?!.*--socket)")


def examples():
    verbs = json.loads(peers.yester("help", "--json").out)["verbs"]
    for verb in verbs:
        text = peers.yester("help", verb["name"]).out
        shown = []
        for line in re.split(r"\nExamples?\n", text)[1].splitlines():
            if line.startswith("   "):  # the line before goes on
                shown[-1] = shown[-1].removesuffix("\\") + line.strip()
            elif line.strip():
                shown.append(line.strip())
        yield from ((verb["name"], command) for command in shown)


class Place:
    """A folder in which the examples find what they name."""

    def __init__(self, folder):
        self.folder = folder
        self.clean = folder / "clean"
        for name in ("mnt/shop", "mnt/usb", "etc", "archive", "safe", "run", "var", "bin"):
            (folder / name).mkdir(parents=True)
        for name in ("etc/shop.key", "etc/safe.key", "new.key", "a.key", "old.key"):
            self.secret(name, secrets.token_hex(32))
        (folder / "bin" / "pass").write_text(f"#!/bin/sh\necho {secrets.token_hex(32)}\n")
        (folder / "bin" / "pass").chmod(0o755)
        self.secret("key.pem", "")
        self.fill()
        self.id = json.loads(self.yester("snapshots", "-s", self.clean, "--json").out)[-1]["id"]

    def secret(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o600)

    def yester(self, *words, **more):
        return peers.yester(*words, cwd=self.folder, **more)

    def fill(self):
        dump = self.folder / "dump"
        fixture = peers.ROOT / "tests" / "fixture"
        shutil.copytree(fixture / "dump", dump)
        for name, document in (("orders", {"_id": bson.ObjectId("507f1f77bcf86cd799439011"), "status": "paid"}),
                               ("customers", {"_id": "anna", "name": "Anna"}), ("users", {"_id": 5, "name": "Ada"})):
            with open(dump / "shop" / f"{name}.bson", "ab") as to:
                to.write(bson.encode(document))
        shutil.copy(fixture / "slice" / "local" / "oplog.rs.bson", dump / "oplog.bson")
        self.yester("init", "-s", self.clean)
        self.yester("ingest", "-s", self.clean, dump, "--time", "1795248000.1", "--assert-quiesced", "--objcheck", "off")
        self.yester("ingest-oplog", "-s", self.clean, fixture / "slice")
        self.yester("snapshot", "-s", self.clean, "--at", "2026-11-21T09:41:06Z", "--name", "before-migration")
        self.yester("snapshot", "-s", self.clean, "--at", "2026-11-21T09:41:07Z")

    def again(self, verb, command):
        """The store as it was; of init none, of rekey one that is locked with the key that is given."""
        for name in ("store", "archive/shop", "safe/shop", "mnt/usb/shop", "before"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        store = self.folder / "store"
        if verb == "rekey":
            key = re.search(r"--key-file (\S+)", command)[1]
            self.yester("init", "-s", store, "--encrypt", "--key-file", key)
        elif verb != "init":
            shutil.copytree(self.clean, store)
        if verb == "copy" and "init" not in command:
            self.yester("init", "-s", self.folder / "archive" / "shop")
            self.yester("init", "-s", self.folder / "safe" / "shop", "--encrypt", "--key-file", "etc/safe.key")
        if verb in ("ingest", "snapshot"):  # they make it
            self.yester("forget", "-s", store, "before-migration")
        if "/mnt/usb" in command and verb == "repair":
            shutil.copytree(self.clean, self.folder / "mnt" / "usb" / "shop")

    def put(self, command):
        for place, where in PLACES.items():
            command = command.replace(place, f"{self.folder}/{where}")
        command = command.replace("id:1a2b", f"id:{self.id[:4]}")
        return command + " --port 0" if PORT.match(command) else command

    def env(self):
        return {**os.environ, "PATH": f"{self.folder / 'bin'}{os.pathsep}{peers.BUILD}{os.pathsep}{os.environ['PATH']}",
                "PAGER": "cat", "MANPAGER": "cat"}

    def run(self, command):
        wanted = next((status for words, status in ENDS_WITH.items() if command.startswith(words)), (0,))
        if STAYS.match(command):
            self.stays(command)
        else:
            piped = " | head" in command  # yester may be told that nobody reads on
            peers.run(["bash", *(() if piped else ("-o", "pipefail")), "-c", self.put(command)], wanted, cwd=self.folder,
                      env=self.env(), input=b"secret\n" if "passwd" in command else None)

    def stays(self, command):
        with subprocess.Popen(["bash", "-c", f"exec {self.put(command)}"], cwd=self.folder, env=self.env(), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            try:
                line = next((said for said in process.stdout if re.search("^ready|following", said)), "")
                assert line, command
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=120) == 0, command
            finally:
                process.kill()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("examples"))


def test_what_is_left_out_is_still_shown():
    shown = [command for _, command in examples()]
    assert len(shown) > 70
    for words in (*NOT_RUN, *ENDS_WITH):
        assert any(command.startswith(words) for command in shown), words


@pytest.mark.fuse
def test_the_examples_that_need_no_server_work_as_they_stand(place):
    left = [(verb, command) for verb, command in examples()
            if not NEEDS_MEMBER.search(command) and not command.startswith(tuple(NOT_RUN))]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "cert", "-days", "2",
                    "-subj", "/CN=localhost"], cwd=place.folder, check=True, capture_output=True)
    place.secret("key.pem", (place.folder / "key").read_text() + (place.folder / "cert").read_text())
    for users in ("users", "etc/users"):
        place.yester("passwd", users, "ada", input=b"secret\n")
    before = None
    for verb, command in left:
        if verb not in ("mount", "umount") or before not in ("mount", "umount"):
            place.again(verb, command)
        if verb == "umount":
            place.run("yester mount -s /backup/shop /mnt/shop")
        place.run(command)
        before = verb


@pytest.mark.long
@pytest.mark.fuse
def test_the_examples_that_need_a_server_work_as_they_stand(place, target):
    walk.put_tools_into(place.folder / "bin")
    real = peers.fetched(peers.truth.mongod, target.version)
    (place.folder / "bin" / "mongod").write_text(f"#!/bin/sh\nLD_LIBRARY_PATH={real.library_path} exec {real.path} \"$@\"\n")
    (place.folder / "bin" / "mongod").chmod(0o755)
    for name in ("mongodump", "mongorestore"):
        tool = place.folder / "bin" / name
        tool.write_text(tool.read_text().replace('"$@"', f"--uri '{target.uri}' \"$@\""))
    for name in ("uri", "etc/uri"):
        place.secret(name, target.uri)
    for verb, command in examples():
        if not NEEDS_MEMBER.search(command) or command.startswith(tuple(NOT_RUN)):
            continue
        target.wipe()
        target.client["shop"]["orders"].insert_one({"status": "paid"})
        place.again(verb, command)
        if verb == "mount":
            place.run("yester mount -s /backup/shop /mnt/shop")
        if verb in ("backup", "tail", "verify", "ingest", "ingest-oplog"):
            shutil.rmtree(place.folder / "store")
            place.yester("init", "-s", place.folder / "store")
        if verb in ("tail", "verify"):
            place.yester("backup", "-s", place.folder / "store", "--uri", target.uri)
        place.run(command.replace("mongodb://u:p@h1,h2/?replicaSet=rs0", target.uri))
        if verb == "mount":
            place.run("yester umount /mnt/shop")
