#!/usr/bin/env python3
"""$near, $nearSphere and $geoNear on collections that have geo indexes: random commands, always those of a seed.

    commands_near.py [--out FILE] [--seed N]

records what a mongod 6.0.27 answers, in the form of record.py: tests/unit/query/near.bson.gz, which tests/unit/query/test_near.c replays.
No two places are equally far from anything: of those mongod has no order.
"""
import argparse
import gzip
import math
from pathlib import Path
import random
import sys

import bson
import pymongo

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "integration"), str(ROOT / "tests" / "query")]
import peers  # noqa: E402
from raw_client import RawClient, with_db  # noqa: E402
import record  # noqa: E402

META = {"d": {"$meta": "geoNearDistance"}, "q": {"$meta": "geoNearPoint"}}
# Of each collection its indexes, and the fields that they are about.
INDEXES = {
    "near1": ([{"keys": [("loc", "2dsphere")]}, {"keys": [("p", "2d")]}], ("loc", "p")),
    "near2": ([{"keys": [("loc", "2dsphere"), ("a", 1)]}, {"keys": [("p", "2d"), ("a", 1)]}], ("loc", "p")),
    "near3": ([{"keys": [("a", 1), ("loc", "2dsphere")]}, {"keys": [("arr.g", "2dsphere")]}], ("loc", "arr.g")),
    "near4": ([{"keys": [("loc", "2dsphere")], "partialFilterExpression": {"a": {"$gte": 1}}}, {"keys": [("sub.at", "2dsphere")]}], ("loc", "sub.at")),
    "near5": ([{"keys": [("sub.at", "2dsphere")], "hidden": True}, {"keys": [("arr.g", "2dsphere"), ("a", 1)], "sparse": True}], ("sub.at", "arr.g")),
    "near6": ([], ("loc",)),
}


class Near:
    def __init__(self, seed):
        self.rng = random.Random(seed)

    def pick(self, *values):
        return self.rng.choice(values)

    def some(self, share):
        return self.rng.random() < share

    def place(self, x=0.0, y=0.0, around=None):
        if around is None:
            around = self.pick(8, 40, 40, 170)
        return [x + self.rng.uniform(-around, around), max(-89.0, min(89.0, y + self.rng.uniform(-around / 2, around / 2)))]

    def flat(self):
        return [self.rng.uniform(-40, 40), self.rng.uniform(-40, 40)]

    def point(self):
        return {"type": "Point", "coordinates": self.place()}

    def ring(self, x, y, radius):
        while True:
            at = sorted(self.rng.uniform(0, 2 * math.pi) for _ in range(self.rng.randint(3, 6)))
            if max((b - a) % (2 * math.pi) for a, b in zip(at, at[1:] + at[:1])) < 2.6:
                corners = [[x + radius * math.cos(t), y + radius * math.sin(t)] for t in at]
                return [*corners, corners[0]]

    def geometry(self):
        """Polygons are small: the centre of no query lies in two of them."""
        kind = self.pick("Point", "Point", "Point", "LineString", "Polygon", "MultiPoint", "GeometryCollection")
        if kind == "LineString":
            x, y = self.place()
            return {"type": kind, "coordinates": [self.place(x, y, 3) for _ in range(self.rng.randint(2, 4))]}
        if kind == "Polygon":
            return {"type": kind, "coordinates": [self.ring(*self.place(around=60), self.rng.uniform(0.01, 0.4))]}
        if kind == "MultiPoint":
            return {"type": kind, "coordinates": [self.place() for _ in range(self.rng.randint(1, 3))]}
        if kind == "GeometryCollection":
            return {"type": kind, "geometries": [self.point(), {"type": "LineString", "coordinates": [self.place(1, 1, 2), self.place(3, 3, 2)]}]}
        return self.point()

    def legacy(self):
        x, y = self.flat()
        return self.pick([x, y], [x, y], {"x": x, "y": y}, [x, y, 7])

    def document(self, number):
        doc = {"_id": number, "a": self.rng.randint(0, 3), "s": self.pick("x", "y", "Z", None, 5)}
        if self.some(0.9):
            doc["loc"] = self.geometry() if self.some(0.8) else self.legacy()
        if self.some(0.9):
            doc["p"] = self.legacy() if self.some(0.8) else [self.flat() for _ in range(self.rng.randint(2, 3))]
        if self.some(0.8):
            doc["arr"] = [{"g": self.geometry()} for _ in range(self.rng.randint(0, 3))]
        if self.some(0.8):
            doc["sub"] = {"at": self.geometry()}
        return doc

    def fill(self, database, count):
        for name, (indexes, _) in INDEXES.items():
            for index in indexes:
                rest = dict(index)
                database[name].create_index(rest.pop("keys"), **rest)
            for number in range(count):
                try:
                    database[name].insert_one(self.document(number))
                except pymongo.errors.WriteError:
                    pass  # mongod does not take each of the shapes
        database.command({"create": "nearview", "viewOn": "near1", "pipeline": [{"$geoNear": {"near": self.point(), "distanceField": "d", "key": "loc"}}]})
        database.command({"create": "nearpart", "viewOn": "near1", "pipeline": [{"$match": {"a": {"$gte": 1}}}]})

    def distance(self, unit):
        if self.some(0.06):
            return self.pick(-1, float("nan"), "x", None)
        if unit == "metres":
            return self.pick(1e5, 1e6, 2.1e7, self.rng.uniform(0, 5e6))
        return self.pick(0.1, 1, 3.2, self.rng.uniform(0, 1)) if unit == "radians" else self.pick(1, 5, 50, 600, self.rng.uniform(0, 40))

    def near(self, field):
        """{$near: ..} and its siblings."""
        word, flat = self.pick("$near", "$near", "$nearSphere"), field == "p"
        limits = {name: None for name, share in (("$maxDistance", 0.4), ("$minDistance", 0.3)) if self.some(share)}
        if self.some(0.5):
            unit, query = "metres", {"$geometry": self.point()}
            inner = {**query, **{name: self.distance(unit) for name in limits}}
            return {word: inner}
        unit = "radians" if word == "$nearSphere" else "degrees"
        return {word: self.flat() if flat else self.place(), **{name: self.distance(unit) for name in limits}}

    def other(self):
        return self.pick({}, {}, {}, {"a": self.pick(1, {"$gt": 0}, {"$gte": 1}, {"$in": [1, 2]}, {"$ne": 1}, {"$exists": True}, {"$gte": 2})},
                         {"_id": {"$lt": self.rng.randint(0, 60)}}, {"s": self.pick("x", None, {"$in": ["x", 5]})}, {"$or": [{"a": 1}, {"s": "x"}]}, {"$expr": {"$gt": ["$a", 0]}})

    def stage(self, field):
        stage = {"near": self.point() if self.some(0.6) else self.flat(), "distanceField": self.pick("d", "x.d")}
        if self.some(0.8):
            stage["key"] = field
        if self.some(0.5):
            stage["spherical"] = self.pick(True, False)
        if self.some(0.3):
            stage["query"] = self.other()
        unit = "metres" if isinstance(stage["near"], dict) else "radians" if stage.get("spherical") else "degrees"
        for name in ("minDistance", "maxDistance"):
            if self.some(0.3):
                stage[name] = self.distance(unit)
        if self.some(0.3):
            stage["distanceMultiplier"] = self.pick(0.001, 2, 1)
        if self.some(0.7):
            stage["includeLocs"] = "q"
        return {"$geoNear": stage}

    def pipeline(self, field):
        tail = self.pick([], [], [{"$limit": 3}], [{"$match": {"a": 1}}], [{"$skip": 2}, {"$limit": 3}], [{"$project": {"_id": 1, **META}}], [{"$addFields": META}, {"$limit": 5}], [{"$sort": {"_id": -1}}],
                         [{"$count": "n"}], [{"$unset": ["loc", "p"]}], [{"$facet": {"a": [{"$project": META}], "b": [{"$count": "n"}]}}], [{"$unwind": "$arr"}, {"$project": META}], [{"$sort": {"x": {"$meta": "geoNearDistance"}}}],
                         [{"$lookup": {"from": "near2", "pipeline": [self.stage("loc"), {"$limit": 2}, {"$project": META}], "as": "l"}}, {"$limit": 3}], [{"$unionWith": {"coll": "near2", "pipeline": [self.stage("loc")]}}])
        return [*([{"$match": self.other()}] if self.some(0.05) else []), self.stage(field), *tail]

    def command(self):
        name = self.pick(*list(INDEXES)[:5] * 4, "near6", "nearview", "nearpart", "nearnone")
        fields = INDEXES.get(name, INDEXES["near1"])[1]
        field = self.pick(*fields) if self.some(0.93) else self.pick("loc", "p", "sub.at", "arr.g", "nothing")
        query = {**self.other(), field: self.near(field)}
        if name == "nearview" and self.some(0.7):
            return {"aggregate": name, "pipeline": [self.pick({"$limit": 5}, {"$match": {"a": 1}}, {"$project": META})], "cursor": {"batchSize": 1000}}
        kind = self.pick(*["find"] * 8, "count", "distinct", *["aggregate"] * 6)
        if kind == "count":
            return {"count": name, "query": query, **({"limit": 3} if self.some(0.2) else {})}
        if kind == "distinct":
            return {"distinct": name, "key": "_id", "query": {**query, "_id": self.rng.randint(0, 60)}}  # of more it has no order
        if kind == "aggregate":
            return {"aggregate": name, "pipeline": self.pipeline(field), "cursor": {"batchSize": 1000}}
        command = {"find": name, "filter": query, "batchSize": 1000}
        for key, share, value in (("projection", 0.8, {"_id": 1, **META}), ("limit", 0.3, self.rng.randint(1, 10)), ("skip", 0.2, self.rng.randint(1, 5)), ("sort", 0.15, self.pick({"a": 1, "_id": 1}, {"_id": -1}, {"$natural": 1})),
                                  ("hint", 0.05, self.pick("loc_2dsphere", {"_id": 1}, {"$natural": 1}, "p_2d")), ("collation", 0.05, {"locale": "en", "strength": 2})):
            if self.some(share):
                command[key] = value
        return command


def kept(reply):
    """record.kept() and the text of 291: there it is the query's own."""
    return {**record.kept(reply), **({"errmsg": reply["errmsg"]} if reply.get("ok") != 1 else {})}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "unit" / "query" / "near.bson.gz")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500)
    options = parser.parse_args()
    near = Near(options.seed)
    with peers.Mongod("6.0.27", replset=False) as server, open(options.out, "wb") as packed:
        database = pymongo.MongoClient(server.uri)[record.DB]
        near.fill(database, 40)
        with gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=0) as out, RawClient(f"mongodb://{server.address}") as real:
            for entry in sorted(database.command("listCollections")["cursor"]["firstBatch"], key=lambda e: e["name"].encode()):
                out.write(bson.encode(record.collection_of(database, entry)))
            explains = [{"explain": {"find": name, "filter": {"loc": {"$near": {"$geometry": near.point()}}}}, "verbosity": "queryPlanner"} for name in ("near1", "near6")]
            for command in [*explains, *(near.command() for _ in range(options.count))]:
                raw = with_db(bson.encode(command), record.DB)
                out.write(bson.encode({"command": bson.raw_bson.RawBSONDocument(raw), "reply": kept(bson.decode(real.raw(raw), record.RAW))}))
        print(packed.tell(), "bytes", options.out)


if __name__ == "__main__":
    main()
