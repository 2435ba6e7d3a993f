"""The commands of docs/OPERATIONS.md, of the README behind its walk, of the FAQ and the comparison are run as they stand there.

Put in are only places, as for the examples of --help (test_examples.py). What is not run is in NOT_RUN with the reason; an entry
that no document shows any more is a failure.
"""
import re
import secrets
import shutil

import peers
import pytest
from test_examples import STAYS, Place

FAR = "backup@far.example:/srv/shop"
NOT_RUN = {
    "lvcreate": "a volume group", "mount -o ro": "the same", "umount /mnt/db-snap": "the same", "aws ": "a cloud", "mount /dev/xvdf": "the same",
    "mongosh --host db3": "a third machine", "install -m 644 packaging": "belongs to this machine; test_package.py has the units",
    "echo 'YESTER_": "the same", "systemctl": "the same", "yester backup -s /backup/shop --dbpath": "a snapshot of a disk; test_live_secure.py has one",
    "yester serve": "test_examples.py and test_tutorial.py have it", "make ": "this is a part of it", "…snapshot all volumes": "no command"}
NEEDS_MEMBER = re.compile(r"--uri|--mongod")
# A store of another day has its warnings; so has a restore into a collection that lives.
ENDS_WITH = {"yester status": (0, 3), "yester doctor": (0, 3), "yester restore": (0, 3)}
CRON = re.compile(r"^(?:[*/\d]+ ){5} *")
PROGRAMS = re.compile(r"(yester|rsync|\(umask|install|echo|systemctl|lvcreate|u?mount|aws|mongosh|make|…snapshot)\b")


def commands():
    """Indented lines, and `yester …` in the text where it says on which store."""
    for name in ("docs/OPERATIONS.md", "README.md", "docs/FAQ.md", "docs/COMPARISON.md"):
        text = (peers.ROOT / name).read_text()
        for line in re.findall(r"^    (\S.*)$", text, re.M):
            line = CRON.sub("", re.split(r"\s{2,}#", line)[0].strip())
            if PROGRAMS.match(line):
                yield line
        yield from (line for line in re.findall(r"`(yester [^`…]*)`", text) if "/backup/shop" in line)


def to_run(with_member):
    return [line for line in commands()
            if not line.startswith(tuple(NOT_RUN)) and bool(NEEDS_MEMBER.search(line)) == with_member]


class Documented(Place):
    """The places of the examples; the store may also be given by the environment, and $AT is set."""

    def put(self, command):
        return super().put(command).replace(FAR, f"{self.folder}/far/shop")

    def env(self):
        return {**super().env(), "YESTER_STORE": str(self.folder / "store"), "AT": "2026-11-21T09:41:06Z"}

    def again(self, verb, command):
        super().again(verb, command)
        shutil.rmtree(self.folder / "far", ignore_errors=True)
        (self.folder / "far").mkdir()

    def run(self, command):
        if STAYS.match(command):
            self.stays(command)
            return
        wanted = next((status for words, status in ENDS_WITH.items() if command.startswith(words)), (0,))
        peers.run(["bash", "-o", "pipefail", "-c", self.put(command)], wanted, cwd=self.folder, env=self.env())


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    made = Documented(tmp_path_factory.mktemp("documents"))
    made.secret("b.key", secrets.token_hex(32))
    return made


def verb_of(command):
    return command.split()[1] if command.startswith("yester") else ""


def test_what_is_left_out_is_still_shown():
    shown = list(commands())
    assert len(shown) > 50
    for words in NOT_RUN:
        assert any(command.startswith(words) for command in shown), words


def test_the_commands_that_need_no_server_work_as_they_stand(place):
    for command in to_run(with_member=False):
        if not shutil.which("rsync") and (" replicate " in command or command.startswith("rsync")):
            continue
        print(command)
        place.again(verb_of(command), command)
        place.run(command)


@pytest.mark.long
@pytest.mark.mongod
def test_the_commands_that_need_a_member_work_as_they_stand(place, target):
    real = peers.fetched(peers.truth.mongod, target.version)
    (place.folder / "bin" / "mongod").write_text(f"#!/bin/sh\nLD_LIBRARY_PATH={real.library_path} exec {real.path} \"$@\"\n")
    (place.folder / "bin" / "mongod").chmod(0o755)
    for name in ("uri", "etc/shop.uri"):
        place.secret(name, target.uri)
    for command in to_run(with_member=True):
        print(command)
        verb = verb_of(command)
        target.wipe()
        target.client["shop"]["orders"].insert_one({"status": "paid"})
        place.again(verb, command)
        if verb in ("backup", "tail", "verify"):
            shutil.rmtree(place.folder / "store")
            place.yester("init", "-s", place.folder / "store")
        if verb in ("tail", "verify"):
            place.yester("backup", "-s", place.folder / "store", "--uri", target.uri)
        place.run(command)
