"""docs/TUTORIAL.md: every command in it is run, and prints what is shown there."""
import os
import re

import peers
import pytest
import walk

pytestmark = [pytest.mark.fuse, pytest.mark.mongod]

TUTORIAL = (peers.ROOT / "docs" / "TUTORIAL.md").read_text()
LIVE = "\n## With a deployment\n"


@pytest.fixture
def bash(tmp_path):
    """A shell in a checkout as the tutorial's reader has it, with the real tools in PATH."""
    walk.put_tools_into(tmp_path / "bin", ("mongodump", "mongorestore", "mongosh"))
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "build").symlink_to(peers.BUILD)
    (checkout / "tests").symlink_to(peers.ROOT / "tests")
    env = {**os.environ, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(tmp_path), "LC_ALL": "C.UTF-8"}
    env.pop("YESTER_STORE", None)
    made = walk.Bash(checkout, env)
    yield made
    made.close()
    for folder in tmp_path.glob("tmp.*/mnt"):
        if peers.is_mounted(folder):
            peers.run(["fusermount3", "-u", "-z", folder])


def test_the_tutorial_works_as_it_stands(bash):
    alone, live = TUTORIAL.split(LIVE)
    put = {"27099": str(peers.free_port())}
    for step in walk.steps(alone):
        walk.check(bash, step, put)
    with peers.Mongod("6.0.5") as server:
        put["mongodb://localhost:27017/?directConnection=true"] = server.uri
        for step in walk.steps(live):
            walk.check(bash, step, put)


def test_no_command_of_the_tutorial_escapes_the_test():
    fences = re.findall(r"^```(\w*)$", TUTORIAL, re.M)
    assert fences == ["console", ""] * (len(fences) // 2) and len(walk.steps(TUTORIAL)) > 50
    assert not re.search(r"^    \S", walk.BLOCK.sub("", TUTORIAL), re.M), "an indented block would not be run"
