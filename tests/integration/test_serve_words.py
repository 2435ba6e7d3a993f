"""`yester serve` and what clients send with every command, and with the commands about the server: refused and accepted in the words of a mongod 6.0.27."""
from pathlib import Path

import bson
import peers
import pytest
from bson import SON, Binary, Decimal128, Int64, Timestamp
from serving import Server

FIXTURE = Path(__file__).resolve().parents[1] / "fixture" / "dump"
SESSION = {"id": Binary(b"\1" * 16, 4)}


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    store = peers.Store(tmp_path_factory.mktemp("words") / "store")
    store.ingest(FIXTURE)
    with Server(store.path, "--noauth") as server, server.raw() as connection:
        yield connection


def wrong(owner, name, kind, wanted):
    return 14, f"BSON field '{owner}.{name}' is the wrong type '{kind}', expected {wanted}"


FLAG = "types '[bool, long, int, decimal, double']"
REFUSED = [
    # the fields of every command
    ({"txnNumber": 1}, *wrong("OperationSessionInfo", "txnNumber", "int", "type 'long'")),
    ({"autocommit": 1}, *wrong("OperationSessionInfo", "autocommit", "int", "type 'bool'")),
    ({"startTransaction": "x"}, *wrong("OperationSessionInfo", "startTransaction", "string", "type 'bool'")),
    ({"coordinator": 1}, *wrong("OperationSessionInfo", "coordinator", "int", "type 'bool'")),
    ({"mayBypassWriteBlocking": None}, 13111, "wrong type for field (mayBypassWriteBlocking) null != bool"),
    ({"maxTimeMSOpOnly": 5}, 72, "Can not specify maxTimeMSOpOnly for non internal clients"),
    ({"apiVersion": "2"}, 322, "Cannot accept API version 2"),
    ({"apiVersion": "x"}, 322, 'API version must be "1"'),
    ({"writeConcern": {}}, 72, "Command does not support writeConcern"),
    ({"maxTimeMS": float("nan")}, 2, "maxTimeMS has non-integral value"),
    ({"maxTimeMS": 1.5}, 2, "maxTimeMS has non-integral value"),
    ({"maxTimeMS": Decimal128("Infinity")}, 2, "9223372036854775807 value for maxTimeMS is out of range"),
]
COMMANDS = [
    ({"listIndexes": "orders", "includeBuildUUIDs": "x"}, *wrong("listIndexes", "includeBuildUUIDs", "string", FLAG)),
    ({"listCollections": 1, "includePendingDrops": "x"}, *wrong("listCollections", "includePendingDrops", "string", FLAG)),
    ({"usersInfo": 1, "showCredentials": "x"}, *wrong("usersInfo", "showCredentials", "string", FLAG)),
    ({"usersInfo": 2}, 2, "UserName must be either a string or an object"),
    ({"usersInfo": {"a": 1}}, 2, "UserName contains an unknown field named: 'a"),
    ({"rolesInfo": [1]}, 2, "RoleName must be either a string or an object"),
    ({"getMore": Int64(5), "collection": "orders", "term": 1}, *wrong("getMore", "term", "int", "type 'long'")),
    ({"killCursors": "orders", "cursors": None}, 10065, "invalid parameter: expected an object (cursors)"),
    ({"endSessions": None}, 10065, "invalid parameter: expected an object (endSessions)"),
    ({"killSessions": [1]}, *wrong("KillSessionsCmd.killSessions", "0", "int", "type 'object'")),
    ({"dataSize": "metrics.weather"}, 166, "Namespace metrics.weather is a timeseries collection"),
    ({"dataSize": "shop.orders", "min": {"_id": 1}}, 2, "max must be set if min is set"),
    ({"dataSize": "shop.orders", "max": {"_id": 1}}, 2, "min must be set if max is set"),
    ({"validate": "orders", "metadata": True, "full": True}, 72, "Running the validate command with { metadata: true } is not supported with any other options"),
    ({"validate": "orders", "background": True, "repair": True}, 72, "Running the validate command with both { background: true } and { repair: true } is not supported."),
]
AGGREGATE = {"aggregate": "orders", "pipeline": [{"$limit": 1}], "cursor": {}}
CONCERN = "Command aggregate does not support { readConcern: { level: \"%s\", provenance: \"clientSupplied\" } } :: caused by :: Aggregation stage %s cannot run with a readConcern other than 'local'. Current readConcern: %s"
AGGREGATES = [
    ({"writeConcern": {"x": 1}}, 40415, "BSON field 'WriteConcernOptions.x' is an unknown field."),
    ({"writeConcern": {"j": "x"}}, *wrong("WriteConcernOptions", "j", "string", FLAG)),
    ({"writeConcern": {"w": 51}}, 9, "w has to be a non-negative number and not greater than 50; found: 51"),
    ({"writeConcern": {"w": 50}}, 2, "cannot use 'w' > 1 when a host is not replicated"),
    ({"writeConcern": {"w": True}}, 9, "w has to be a number, string, or object; found: bool"),
    ({"writeConcern": {"w": {}}}, 9, "tagged write concern requires tags"),
    ({"writeConcern": {"w": {"dc1": "x"}}}, 9, 'tags must be a single level document with only number values; found: dc1: "x"'),
    ({"writeConcern": {"w": None}}, 2, "cannot use non-majority 'w' mode \"\" when a host is not a member of a replica set"),
    ({"writeConcern": {"wtimeout": 2**31}}, 9, "wtimeout must be a 32-bit integer"),
    ({"explain": True, "writeConcern": {}}, 9, "Aggregation explain does not support the'writeConcern' option"),
    *(({"pipeline": [{stage: {}}], "readConcern": {"level": level}}, 72, CONCERN % (level, stage, level))
      for stage in ("$planCacheStats", "$listLocalSessions") for level in ("available", "majority", "linearizable", "snapshot")),
]


@pytest.mark.parametrize("command", [{"ping": 1}, {"find": "orders"}, {"buildInfo": 1}], ids=lambda c: next(iter(c)))
def test_what_every_command_may_have_is_checked(raw, command):
    for more, code, text in REFUSED:
        reply = raw.command({**command, **more}, "shop")
        assert (reply.get("code"), reply.get("errmsg")) == (code, text), more
    for more in ({"maxTimeMS": Decimal128("1.5")}, {"autocommit": None}, {"txnNumber": None}, {"apiVersion": "1"} if "buildInfo" not in command else {}):
        assert raw.command({**command, **more}, "shop")["ok"] == 1, more


def test_commands_about_the_server_check_their_fields(raw):
    for command, code, text in COMMANDS:
        reply = raw.command(command, "admin" if "Sessions" in next(iter(command)) else "shop")
        assert (reply.get("code"), reply.get("errmsg")) == (code, text), command
    for command in ({"listIndexes": "orders", "includeBuildUUIDs": 0}, {"killSessions": [SESSION], "x": 1}, {"rolesInfo": 1, "showBuiltinRoles": 1}):
        assert raw.command(command, "shop")["ok"] == 1, command


def test_an_aggregate_checks_its_write_concern_and_where_it_may_read(raw):
    for more, code, text in AGGREGATES:
        reply = raw.command({**AGGREGATE, **more}, "shop")
        assert (reply.get("code"), reply.get("errmsg")) == (code, text), more
    assert raw.command({**AGGREGATE, "writeConcern": {"w": "majority", "j": True, "wtimeout": 5}}, "shop")["ok"] == 1


def test_count_and_distinct_of_a_view_end_in_an_int(raw):
    for command in ({"count": "paid"}, {"distinct": "paid", "key": "_id"}, {"count": "weather"}):
        assert type(raw.command(command, "metrics" if command.get("count") == "weather" else "shop")["ok"]) is int
    assert type(raw.command({"count": "orders"}, "shop")["ok"]) is float


def test_a_list_that_a_batch_takes_whole_leaves_no_cursor(raw):
    count = len(raw.command({"listCollections": 1}, "shop")["cursor"]["firstBatch"])
    for size, is_open in ((count - 1, True), (count, False), (count + 1, False), (0, True)):
        cursor = raw.command({"listCollections": 1, "cursor": {"batchSize": size}}, "shop")["cursor"]
        assert (len(cursor["firstBatch"]), cursor["id"] != 0) == (min(size, count), is_open)
    assert raw.command({"listCollections": 1, "filter": {"name": "none"}, "cursor": {"batchSize": 0}}, "shop")["cursor"]["id"] == 0


def test_a_string_of_sixteen_mebibytes_is_no_value_of_an_expression(raw):
    for text, code in (("a" * (16 << 20), 16493), ("a" * ((16 << 20) - 1), None)):
        reply = raw.command({"aggregate": 1, "pipeline": [{"$documents": [{}]}, {"$project": {"r": {"$strLenBytes": text}}}], "cursor": {}}, "shop")
        assert reply.get("code") == code, reply.get("errmsg")


def test_an_explain_tells_the_parameters_and_a_capped_collection_its_bounds(raw):
    reply = raw.command({"explain": SON([("find", "orders")]), "verbosity": "queryPlanner"}, "shop")
    assert list(reply) == ["explainVersion", "queryPlanner", "command", "serverInfo", "serverParameters", "ok"]
    assert reply["serverParameters"]["internalQueryProhibitBlockingMergeOnMongoS"] == 0
    capped = raw.command({"collStats": "empty"}, "capped")
    assert capped["capped"] is True and "max" in capped and "maxSize" in capped
    assert bson.encode(capped)


UUID = Binary(b"\1" * 16, 4)
MALFORMED = [
    # fields that members of a deployment send
    ({"find": "orders", "runtimeConstants": {}}, 40414, "BSON field 'FindCommandRequest.runtimeConstants.localNow' is missing but a required field"),
    ({**AGGREGATE, "runtimeConstants": {"a": 1}}, 40415, "BSON field 'aggregate.runtimeConstants.a' is an unknown field."),
    ({"count": "orders", "encryptionInformation": {}}, 40414, "BSON field 'count.encryptionInformation.schema' is missing but a required field"),
    ({"find": "orders", "encryptionInformation": {"schema": {}}}, 6371205, "Expected an object for schema in EncryptionInformation"),
    ({"find": "orders", "term": -1}, 2, "cannot supply 'term' without active replication"),
    ({"find": "orders", "collectionUUID": UUID}, 361, "Collection UUID does not match that specified"),
    ({**AGGREGATE, "collectionUUID": Binary(b"12")}, 14, "BSON field 'aggregate.collectionUUID' is the wrong binData type 'general', expected type 'UUID'"),
    ({**AGGREGATE, "needsMerge": False}, 9, "Cannot specify 'needsMerge' without 'fromMongos'"),
    ({**AGGREGATE, "exchange": {"policy": "x"}}, 2, "Enumeration value 'x' for field 'aggregate.exchange.policy' is not a valid value."),
    ({**AGGREGATE, "exchange": {"policy": "roundrobin", "consumers": 0}}, 50901, "Exchange must have at least one consumer"),
    # what is looked at first: the fields of some commands, before times, concerns and sessions
    ({"ping": 1, "unknown": 1, "maxTimeMS": -1}, 40415, "BSON field 'ping.unknown' is an unknown field."),
    ({"listCollections": 1, "unknown": 1, "lsid": 1}, 40415, "BSON field 'listCollections.unknown' is an unknown field."),
    ({**AGGREGATE, "unknown": 1, "readConcern": {"level": "x"}}, 40415, "BSON field 'aggregate.unknown' is an unknown field."),
    ({"buildInfo": 1, "unknown": 1, "maxTimeMS": -1}, 2, "-1 value for maxTimeMS is out of range"),
    ({"ping": 1, "maxTimeMS": None}, 2, "maxTimeMS must be a number"),
    ({"top": 1, "lsid": 1}, 13, "top may only be run against the admin database."),
    ({"getMore": None, "collection": "orders"}, 40414, "BSON field 'getMore.getMore' is missing but a required field"),
    ({"getMore": Int64(5), "collection": "orders", "maxTimeMS": True}, *wrong("getMore", "maxTimeMS", "bool", "types '[long, int, decimal, double']")),
    ({"getMore": Int64(5), "collection": "orders", "lastKnownCommittedOpTime": {"t": Int64(1)}}, 40414, "BSON field 'OpTimeBase.ts' is missing but a required field"),
    ({"getMore": Int64(5), "collection": "."}, 73, "Collection names cannot start with '.': ."),
    ({"explain": None}, 40414, "BSON field 'explain.explain' is missing but a required field"),
    ({"listIndexes": ".x"}, 73, "Collection names cannot start with '.': .x"),
    ({"dbStats": 1, "scale": 1e300}, None, "scale has to be > 0"),
    ({"collStats": "orders", "scale": -1e300}, 51024, "BSON field 'scale' value must be >= 1, actual value '-2147483648'"),
    ({"dbHash": 1, "collections": [1]}, None, "collections entries have to be strings"),
    ({"validate": "orders", "repair": True, "enforceFastCount": True}, 72, "Running the validate command with both { enforceFastCount: true } and { repair: true } is not supported."),
    ({"ping": 1, "readConcern": {"afterOpTime": {"ts": Timestamp(1, 1), "t": None}}}, 14, 'Expected field "t" to have numeric type, but found null'),
    ({"ping": 1, "readConcern": {"afterOpTime": {"ts": Timestamp(1, 1), "t": 1}}}, 123, "node needs to be a replica set member to use read concern"),
    ({"ping": 1, "readConcern": {"afterOpTime": {}}}, 4, 'Missing expected field "ts"'),
    ({"ping": 1, "$readPreference": {"mode": "nearest", "maxStalenessSeconds": 1.5}}, 2, 'Expected field "maxStalenessSeconds" to have a value exactly representable as a 64-bit integer, but found maxStalenessSeconds: 1.5'),
    ({"ping": 1, "lsid": {"id": Binary(b"12")}}, 14, "BSON field 'OperationSessionInfo.lsid.id' is the wrong binData type 'general', expected type 'UUID'"),
    ({"endSessions": [{"id": UUID, "txnNumber": Int64(1)}]}, 72, "Cannot specify txnNumber in lsid without specifying txnUUID"),
    # the handshake, and who is asked for
    ({"isMaster": 1, "saslSupportedMechs": None}, *wrong("hello", "saslSupportedMechs", "null", "types '[string, object']")),
    ({"hello": 1, "saslSupportedMechs": "x"}, 2, "UserName must contain a '.' separated database.user pair"),
    ({"hello": 1, "saslSupportedMechs": {"user": "a"}}, 2, "UserName must contain a field named: db"),
    ({"hello": 1, "topologyVersion": {}}, 40414, "BSON field 'hello.topologyVersion.processId' is missing but a required field"),
    ({"usersInfo": {"user": 1}}, 2, "UserName must contain a string field named: user. But, has type int"),
    ({"usersInfo": 1, "showPrivileges": True}, 20, "Privilege or restriction details require exact-match usersInfo queries"),
    ({"usersInfo": 1, "filter": {"name": {"$in": 1}}}, 2, "$in needs an array"),
    ({"rolesInfo": {"a": 1}}, 2, "RoleName must contain a field named: role"),
    ({"rolesInfo": 1, "showPrivileges": []}, 2, "Failed to parse 'showPrivileges'. 'showPrivileges' should either be a boolean or the string 'asUserFragment', given: showPrivileges: []"),
    ({"listCollections": 1, "filter": {"$where": "1"}}, 2, "$where is not allowed in this context"),
    # hints
    ({"find": "orders", "sort": {"$natural": 1}, "hint": "_id_"}, 2, "index hint not allowed with $natural sort order"),
    ({"find": "orders", "sort": {"$natural": 1}, "hint": {"$natural": 2}}, 2, "$natural hint must be in the same direction as $natural sort order"),
    ({"count": "orders", "hint": {"$natural": 1, "a": 1}}, 2, "Cannot include '$natural' in compound hint: { $natural: 1, a: 1 }"),
]
TAKEN = [
    {"explain": SON([("find", "orders"), ("readConcern", {"level": "x"})]), "verbosity": None, "maxTimeMS": 100000},
    {"dbStats": 1, "scale": False},
    {"usersInfo": 1.9},
    {"rolesInfo": []},
    {"ping": 1, "$readPreference": {"mode": "primary", "maxStalenessSeconds": 0}},
    {"ping": 1, "$readPreference": {"mode": "nearest", "hedge": {"enabled": None}}},
    {"find": "orders", "hint": {"$hint": "_id_"}},
    {"endSessions": [None]},
]


def test_malformed_commands_are_refused_as_a_mongod_refuses_them(raw):
    for command, code, text in MALFORMED:
        reply = raw.command(SON(command), "shop")
        assert (reply.get("code"), reply.get("errmsg")) == (code, text), command
    for command in TAKEN:
        assert raw.command(SON(command), "shop")["ok"] == 1, command
    for command, code in (({"getLog": None}, 40414), ({"getParameter": {"a": 1}}, 40415), ({"getParameter": {"showDetails": "x"}, "quiet": 1}, 14)):
        assert raw.command(SON(command), "admin").get("code") == code, command


def test_roles_that_every_mongod_has_are_found_by_every_way_to_name_them(raw):
    for who in ("read", ["read"], {"role": "read", "db": "shop"}, [{"role": "read", "db": "shop"}]):
        assert [role["role"] for role in raw.command({"rolesInfo": who}, "shop")["roles"]] == ["read"], who


def test_a_uuid_names_a_collection_where_mongod_takes_one(raw):
    listed = raw.command({"listCollections": 1, "filter": {"name": "orders"}}, "shop")["cursor"]["firstBatch"][0]
    uuid = Binary(bytes(listed["info"]["uuid"]), 4)
    assert raw.command({"listIndexes": uuid}, "shop")["cursor"] == raw.command({"listIndexes": "orders"}, "shop")["cursor"]
    for command in ({"listIndexes": Binary(b"\7" * 16, 4)}, {"find": Binary(b"\7" * 16, 4)}):
        reply = raw.command(command, "shop")
        assert (reply["code"], reply["errmsg"]) == (26, "Unable to resolve 07070707-0707-0707-0707-070707070707"), command
    for name in ("listIndexes", "find", "count"):
        reply = raw.command({name: Binary(b"abc", 4)}, "shop")
        assert (reply["code"], reply["errmsg"]) == (207, "uuid must be a 16-byte binary field with UUID (4) subtype"), name
    for command, code in (({"collStats": uuid}, 73), ({"validate": uuid}, 73), ({"killCursors": uuid, "cursors": []}, 2), ({"explain": {"find": uuid}}, 73), ({"explain": {"count": uuid}}, 73),
                          ({"explain": {"distinct": uuid, "key": "a"}}, 73)):
        reply = raw.command(command, "shop")
        assert (reply["code"], reply["errmsg"]) == (code, "Collection name must be provided. UUID is not valid in this context"), command


def test_the_host_is_told_in_the_fields_of_a_mongod(raw):
    reply = raw.command({"hostInfo": 1}, "admin")
    assert list(reply) == ["system", "os", "extra", "ok"] and list(reply["extra"]) == ["extra"]
    assert [(name, type(value).__name__) for name, value in reply["extra"]["extra"].items()] == [
        ("versionString", "str"), ("libcVersion", "str"), ("kernelVersion", "str"), ("pageSize", "Int64"), ("numPages", "int")]
