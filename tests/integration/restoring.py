"""What tests of yester restore share: a server of each version, and what it holds."""
import json

import peers
import pytest

LONG = pytest.mark.long


@pytest.fixture(scope="module", params=["6.0.27", *(pytest.param(v, marks=LONG) for v in ("4.2.6", "4.4.2", "5.0.4"))])
def server(request):
    with peers.Mongod(request.param) as one:
        yield one


@pytest.fixture
def member(server):
    server.wipe()
    return server


def restore(store, server, *options, check=0, **more):
    return store.run("restore", "--uri", server.uri, "-y", *options, check=check, **more)


def restored(store, server, *options, check=0):
    return json.loads(restore(store, server, "--json", *options, check=check).out)


def state_of(server):
    """All that a restore makes, to be compared."""
    return {
        "hashes": {(db, name): md5 for db in server.user_databases()
                   for name, md5 in peers.dbhash(server.client, db).items()},
        "schema": peers.schema(server),
    }


def assert_same(ours, theirs):
    for part in theirs:
        keys = set(ours[part]) | set(theirs[part])
        differ = {k: (ours[part].get(k), theirs[part].get(k)) for k in keys if ours[part].get(k) != theirs[part].get(k)}
        assert not differ, f"{part} differ in {len(differ)} of {len(keys)} (ours, theirs): {dict(list(differ.items())[:3])}"


def raw(server, db, coll):
    return sorted(d.raw for d in server.client.get_database(db, codec_options=peers.RAW)[coll].find())


def fill(member, count=3000):
    db = member.client["shop"]
    db["orders"].insert_many([{"_id": i, "n": i, "pad": "x" * (i % 300)} for i in range(count)])
    db["orders"].create_index("n", unique=True)
    db["carts"].insert_many([{"_id": f"c{i}", "items": [i, i + 1]} for i in range(200)])


def backed_up(store, member):
    store.run("backup", "--uri", member.uri)
