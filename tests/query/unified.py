#!/usr/bin/env python3
"""The read cases of the drivers' unified tests (JSON files in $YESTER_SHARED/data/conformance) against `yester serve`.

Each file's initialData goes through a real mongod, mongodump and ingest; then its tests run with pymongo on our server. A test that writes,
or needs another topology, version or a fail point, is skipped with its reason. Results and errors are checked; the events are the drivers'.

    unified.py [FOLDER/FILE ..]      prints the counts; fails when a case fails
"""
import collections
import contextlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import bson
import pymongo
from bson import json_util
from pymongo import errors

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "integration")]
import peers  # noqa: E402

FOLDERS = ("crud_unified", "collection_management", "run_command", "sessions")
VERSION = (6, 0, 27)
SNAKE = re.compile(r"(?<!^)(?=[A-Z])")


class Skip(Exception):
    """Why a test is not for us."""


class Failure(Exception):
    """What is not as the test wants it."""


# ---- matching: https://github.com/mongodb/specifications, unified test format


def match(want, have, entities, root=True, path="result"):
    if isinstance(want, dict) and len(want) == 1 and next(iter(want)).startswith("$$"):
        return match_special(*next(iter(want.items())), have, entities, root, path)
    if isinstance(want, dict):
        if not isinstance(have, dict):
            raise Failure(f"{path}: wanted {want}, got {have}")
        for key, value in want.items():
            if isinstance(value, dict) and "$$exists" in value:
                if (key in have) != value["$$exists"]:
                    raise Failure(f"{path}.{key}: {'missing' if value['$$exists'] else 'is there'}")
                continue
            if key not in have and not (isinstance(value, dict) and "$$unsetOrMatches" in value):
                raise Failure(f"{path}.{key} is missing in {have}")
            match(value, have.get(key), entities, False, f"{path}.{key}")
        if not root and set(have) - set(want):
            raise Failure(f"{path}: more fields than wanted: {set(have) - set(want)}")
        return None
    if isinstance(want, list):
        if not isinstance(have, list) or len(have) != len(want):
            raise Failure(f"{path}: wanted {want}, got {have}")
        for i, (one, other) in enumerate(zip(want, have)):
            match(one, other, entities, root, f"{path}[{i}]")
        return None
    numbers = isinstance(want, (int, float)) and isinstance(have, (int, float)) and not isinstance(want, bool)
    if (want != have) or (not numbers and want is not None and not isinstance(have, type(want))):
        raise Failure(f"{path}: wanted {want!r}, got {have!r}")
    return None


def match_special(operator, operand, have, entities, root, path):
    if operator == "$$unsetOrMatches":
        return None if have is None else match(operand, have, entities, root, path)
    if operator == "$$type":
        kinds = {"int": int, "long": int, "double": float, "string": str, "object": dict, "array": list, "bool": bool,
                 "objectId": bson.ObjectId, "binData": bytes, "timestamp": bson.Timestamp, "date": object, "number": (int, float)}
        names = operand if isinstance(operand, list) else [operand]
        if not any(isinstance(have, kinds[name]) for name in names):
            raise Failure(f"{path}: wanted a {operand}, got {have!r}")
        return None
    if operator == "$$matchesEntity":
        return match(entities[operand], have, entities, root, path)
    raise Skip(f"matcher {operator}")


# ---- operations


def plain(arguments, *left_out):
    return {SNAKE.sub("_", k).lower(): v for k, v in arguments.items() if k not in left_out and k != "session"}


def sort_list(arguments):
    if "sort" in arguments:
        arguments["sort"] = list(arguments["sort"].items())
    if isinstance(arguments.get("hint"), dict):
        arguments["hint"] = list(arguments["hint"].items())
    return arguments


class Runner:
    def __init__(self, client, entities):
        self.client, self.entities = client, entities

    def make_entities(self, described):
        for entity in described:
            (kind, value), = entity.items()
            if kind == "client":
                self.entities[value["id"]] = self.client
            elif kind == "database":
                self.entities[value["id"]] = self.client[value["databaseName"]]
            elif kind == "collection":
                self.entities[value["id"]] = self.entities[value["database"]][value["collectionName"]]
            elif kind == "session":
                self.entities[value["id"]] = self.client.start_session(**plain(value.get("sessionOptions", {})))
            else:
                raise Skip(f"entity {kind}")

    def operate(self, operation):
        run = getattr(self, "do_" + SNAKE.sub("_", operation["name"]).lower(), None)
        if run is None:
            raise Skip(f"operation {operation['name']}")
        arguments = dict(operation.get("arguments", {}))
        if "session" in arguments:
            arguments["session"] = self.entities[arguments["session"]]
        return run(self.entities[operation["object"]], arguments)

    def session(self, arguments):
        return {"session": arguments["session"]} if "session" in arguments else {}

    def do_find(self, target, arguments):
        return list(target.find(arguments["filter"], **sort_list(plain(arguments, "filter")), **self.session(arguments)))

    def do_find_one(self, target, arguments):
        return target.find_one(arguments["filter"], **sort_list(plain(arguments, "filter")), **self.session(arguments))

    def do_aggregate(self, target, arguments):
        options = {k: v for k, v in arguments.items() if k not in ("pipeline", "session")}  # as in the command
        return list(target.aggregate(arguments["pipeline"], **options, **self.session(arguments)))

    def do_count_documents(self, target, arguments):
        return target.count_documents(arguments["filter"], **plain(arguments, "filter"), **self.session(arguments))

    def do_count(self, target, arguments):
        raise Skip("the count helper is not in pymongo")

    def do_estimated_document_count(self, target, arguments):
        return target.estimated_document_count(**{**plain(arguments, "maxTimeMS"), **({"maxTimeMS": arguments["maxTimeMS"]} if "maxTimeMS" in arguments else {})})

    def do_distinct(self, target, arguments):
        return target.distinct(arguments["fieldName"], arguments.get("filter", {}), **plain(arguments, "fieldName", "filter"), **self.session(arguments))

    def do_run_command(self, target, arguments):
        if "readPreference" in arguments:
            raise Skip("read preferences are the driver's")
        return target.command(arguments["command"], **self.session(arguments))

    def do_run_cursor_command(self, target, arguments):
        return list(self.cursor(target, arguments))

    def cursor(self, target, arguments):
        if {"timeoutMS", "timeoutMode", "cursorType"} & set(arguments):
            raise Skip("timeouts and tailing are the driver's")
        cursor = target.cursor_command(arguments["command"], **self.session(arguments),
                                       **({"comment": arguments["comment"]} if "comment" in arguments else {}),
                                       **({"max_await_time_ms": arguments["maxTimeMS"]} if "maxTimeMS" in arguments else {}))
        if "batchSize" in arguments:
            cursor.batch_size(arguments["batchSize"])
        return cursor

    def do_list_collections(self, target, arguments):
        return [dict(c) for c in target.list_collections(**plain(arguments), **self.session(arguments))]

    def do_list_indexes(self, target, arguments):
        return [dict(i) for i in target.list_indexes(**self.session(arguments))]

    def do_list_databases(self, target, arguments):
        return list(target.list_databases(**self.session(arguments)))


def run_test(runner, test):
    for operation in test["operations"]:
        wanted = operation.get("expectError")
        try:
            result = runner.operate(operation)
        except (errors.PyMongoError, bson.errors.BSONError, TypeError, ValueError) as error:
            if operation.get("ignoreResultAndError"):
                continue
            if wanted is None:
                raise Failure(f"{operation['name']}: {type(error).__name__}: {error}") from error
            check_error(wanted, error)
            continue
        if wanted is not None:
            raise Failure(f"{operation['name']}: no error; wanted {wanted}")
        if "saveResultAsEntity" in operation:
            runner.entities[operation["saveResultAsEntity"]] = result
        if "expectResult" in operation:
            match(operation["expectResult"], result, runner.entities)


def check_error(wanted, error):
    code, name = getattr(error, "code", None), (getattr(error, "details", None) or {}).get("codeName")
    if wanted.get("isClientError") and isinstance(error, errors.OperationFailure):
        raise Failure(f"the server's, not the client's: {error}")
    for key, have in (("errorCode", code), ("errorCodeName", name)):
        if key in wanted and wanted[key] != have:
            raise Failure(f"{key}: wanted {wanted[key]}, got {have}: {error}")
    if "errorContains" in wanted and wanted["errorContains"].lower() not in str(error).lower():
        raise Failure(f"wanted \"{wanted['errorContains']}\" in {error}")


# ---- files


def version(text):
    return tuple(int(part) for part in text.split("."))


def check_requirements(requirements):
    reasons = []
    for r in requirements:
        if version(r.get("minServerVersion", "0")) > VERSION or version(r.get("maxServerVersion", "99")) < VERSION:
            reasons.append("another server version")
        elif "single" not in r.get("topologies", ["single"]):
            reasons.append("another topology")
        elif r.get("auth") or r.get("serverless") == "require" or "csfle" in r:
            reasons.append("another deployment")
        else:
            return
    if reasons:
        raise Skip(reasons[0])


def check_reads(test):
    text = json.dumps(test["operations"], default=str)
    for operation in test["operations"]:
        if not hasattr(Runner, "do_" + SNAKE.sub("_", operation["name"]).lower()):
            raise Skip("it writes, or is about the driver")
        command = operation.get("arguments", {}).get("commandName", "find")
        if command in ("insert", "update", "delete", "create", "findAndModify", "drop"):
            raise Skip("it writes, or is about the driver")
    if '"$out"' in text or '"$merge"' in text:
        raise Skip("it writes, or is about the driver")


@contextlib.contextmanager
def served(data, server):
    """`yester serve` over this initialData; gives its URI."""
    with tempfile.TemporaryDirectory(prefix="yester-unified-") as work:
        client = pymongo.MongoClient(server.uri)
        for database in {one["databaseName"] for one in data}:
            client.drop_database(database)
        for one in data:
            collection = client[one["databaseName"]].create_collection(one["collectionName"], **one.get("createOptions", {}))
            if one["documents"]:
                collection.insert_many(one["documents"])
        client.admin["of the test"].replace_one({"_id": 1}, {"_id": 1}, upsert=True)  # a dump of nothing is none
        peers.tools.mongodump("--quiet", "--uri", server.uri, "--out", work + "/dump")
        peers.yester("init", work + "/store")
        peers.yester("ingest", "-s", work + "/store", work + "/dump")
        port = peers.free_port()
        process = subprocess.Popen([peers.program("yester"), "serve", "-s", work + "/store", "--noauth", "--port", str(port)],
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if line.startswith("ready"):
                    break
            else:
                raise AssertionError("yester serve did not start: " + "".join(said))
            yield f"mongodb://127.0.0.1:{port}/?directConnection=true"
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()


def run_file(path, server, counts, failures):
    spec = json_util.loads(path.read_text())
    ready = []
    for test in spec["tests"]:
        try:
            check_requirements(spec.get("runOnRequirements", []))
            check_requirements(test.get("runOnRequirements", []))
            if "skipReason" in test:
                raise Skip("skipped by the test itself")
            check_reads(test)
            ready.append(test)
        except Skip as reason:
            counts[f"skipped: {reason}"] += 1
    if not ready:
        return
    with served(spec.get("initialData", []), server) as uri:
        for test in ready:
            with pymongo.MongoClient(uri) as client:
                runner = Runner(client, {})
                try:
                    runner.make_entities(spec.get("createEntities", []))
                    run_test(runner, test)
                    counts["passed"] += 1
                except Skip as reason:
                    counts[f"skipped: {reason}"] += 1
                except Failure as failure:
                    counts["failed"] += 1
                    failures.append(f"{path.parent.name}/{path.name}: {test['description']}: {failure}")


def run(names=()):
    """(counts, failures) of all files, or of those named FOLDER/FILE."""
    data = peers.SHARED / "data" / "conformance"
    files = [data / name for name in names] or sorted(p for f in FOLDERS for p in (data / f).rglob("*.json"))
    counts, failures = collections.Counter(), []
    with peers.Mongod("6.0.27", replset=False) as server:
        for path in files:
            run_file(path, server, counts, failures)
    return counts, failures


def main():
    counts, failures = run(sys.argv[1:])
    for name, number in counts.most_common():
        print(f"  {number:5} {name}")
    print(*failures, sep="\n")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
