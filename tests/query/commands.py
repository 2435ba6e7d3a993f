"""Commands put by hand for record.py: what the random generators do not make, or make too seldom. And the collections that they read.

Left out is what we do otherwise on purpose: $where, indexes that order places (commands_near.py has them; here $near and $geoNear are refused, as without an index),
what comes from an index, the orders of groups, parsedQuery with what a mongod makes of $expr and $jsonSchema to use an index.
"""
import datetime

from bson import Binary, Decimal128, Int64, ObjectId, Regex

DAY = datetime.datetime(2021, 5, 5)
CIRCLE = [[-5, -5], [5, -5], [5, 5], [-5, 5], [-5, -5]]


def hours(n):
    return DAY + datetime.timedelta(hours=n)


def fill(database):
    database.create_collection("empty")
    database.create_collection("french", collation={"locale": "fr", "strength": 1})
    database.french.insert_many([{"_id": i, "s": s, "n": i % 3} for i, s in enumerate(["cote", "côte", "coté", "Côté", "b", "B", "z"])])
    database.create_collection("capped", capped=True, size=1 << 16, max=50)
    database.capped.insert_many([{"_id": i * 7 % 20, "a": i} for i in range(20)])
    database.places.insert_many([{"_id": i, "at": {"type": "Point", "coordinates": [i * 7 % 20 - 10, i * 3 % 14 - 7]}, "flat": [i, 20 - i],
                                  "kind": "xyz"[i % 3], "more": [{"p": [i, i]}, {"p": [i + 1, -i]}]} for i in range(18)])
    database.staff.insert_many([{"_id": i, "name": f"n{i}", "boss": (i - 1) // 2 if i else None, "friends": [f"n{i * 3 % 9}", f"n{(i + 4) % 9}"], "grade": i % 4}
                                for i in range(9)])
    database.series.insert_many([{"_id": i, "at": hours(i * i % 30), "v": v, "g": "ab"[i % 2], "price": i * 1.25} for i, v in enumerate(
        [1, 4, None, 2.5, Int64(7), Decimal128("3.5"), None, 0, -2, 10, 5, 5])])
    database.tree.insert_many([
        {"_id": 1, "level": 1, "acl": ["a"], "part": {"acl": ["a", "b"], "x": 1, "list": [{"acl": ["b"], "v": 1}, {"acl": ["c"], "v": 2}, 5]}},
        {"_id": 2, "level": 5, "acl": ["b"], "part": {"acl": [], "x": 2}}, {"_id": 3, "acl": ["a", "b"], "part": [[{"acl": ["a"]}], {"x": 3}]}])
    database.sales.insert_many([{"_id": i, "item": f"i{i % 4}", "amount": [5, 1.5, Int64(3), Decimal128("2.25")][i % 4], "tags": ["t%d" % (i % 3), "t%d" % (i % 2)],
                                 "size": {"h": i, "w": i % 5}} for i in range(16)])
    # Regular expressions as values: equal to themselves in a join.
    database.patterns.insert_many([{"_id": i, "x": x} for i, x in enumerate([[Regex("b", 2), 2], Regex("b", 2), 2, [Regex("b", 2)], "b", [[Regex("b", 2)], 3]])])
    database.create_collection("ts", timeseries={"timeField": "t", "metaField": "m", "granularity": "seconds"})
    database.ts.insert_many([{"t": hours(0) + datetime.timedelta(seconds=i * 5), "m": {"s": i % 2}, "_id": ObjectId(f"{i:024x}"), "v": i % 4, "w": f"x{i % 3}"} for i in range(24)])
    database.command("create", "high", viewOn="sales", pipeline=[{"$match": {"size.h": {"$gt": 7}}}])
    database.command("create", "higher", viewOn="high", pipeline=[{"$project": {"item": 1, "h": "$size.h"}}, {"$sort": {"h": -1}}])
    database.command("create", "joined", viewOn="staff", pipeline=[
        {"$lookup": {"from": "high", "localField": "_id", "foreignField": "size.w", "as": "l"}}, {"$set": {"l": {"$size": "$l"}}}])
    database.command("create", "late", viewOn="ts", pipeline=[{"$match": {"v": {"$gt": 1}}}])
    database.command("create", "accents", viewOn="french", pipeline=[], collation={"locale": "fr", "strength": 1})


def aggregate(name, *stages, **more):
    return {"aggregate": name, "pipeline": list(stages), "cursor": {"batchSize": 1000}, **more}


def finds():
    yield from ({"find": "sales", **more} for more in (
        {}, {"batchSize": 0}, {"batchSize": 5}, {"batchSize": 16}, {"limit": 5}, {"limit": 5, "batchSize": 5}, {"limit": 7, "batchSize": 5}, {"limit": 3, "singleBatch": True},
        {"limit": -3}, {"skip": 14}, {"skip": 20}, {"skip": -1}, {"sort": {"size.w": 1, "_id": -1}}, {"sort": {"size.w": 1, "_id": 1}, "limit": 4, "skip": 2},
        {"sort": {"$natural": -1}}, {"sort": {"$natural": 2}}, {"sort": {"a": 0}}, {"sort": {"a": "x"}}, {"sort": {"": 1}}, {"sort": {"a.": 1}}, {"sort": {"$x": 1}},
        {"sort": {"r": {"$meta": "textScore"}}}, {"sort": {"r": {"$meta": "randVal"}}, "limit": 0, "filter": {"_id": -1}}, {"sort": {"r": {"$meta": "x"}}},
        {"hint": {"_id": 1}, "min": {"_id": 3}, "max": {"_id": 6}}, {"hint": {"_id": -1}, "min": {"_id": 3}}, {"min": {"_id": 3}}, {"hint": {"_id": 1}, "min": {"a": 1}},
        {"hint": {"_id": 1}, "min": {"_id": 7}, "max": {"_id": 2}}, {"hint": "nothing"}, {"hint": {"x": 1}}, {"hint": {"$natural": -1}}, {"hint": {"$natural": 1, "x": 1}},
        {"hint": 5}, {"returnKey": True}, {"returnKey": True, "hint": {"_id": 1}, "limit": 2}, {"showRecordId": True, "limit": 2}, {"returnKey": True, "sort": {"_id": 1}, "limit": 2},
        {"tailable": True}, {"awaitData": True}, {"tailable": True, "singleBatch": True}, {"noCursorTimeout": True}, {"allowPartialResults": True}, {"maxTimeMS": -1},
        {"maxTimeMS": 1 << 40}, {"maxTimeMS": "x"}, {"readConcern": {"level": "local"}}, {"readConcern": {"level": "linearizable"}}, {"readConcern": 5}, {"foo": 1},
        {"filter": {"item": "i1"}, "filter2": 1}, {"let": {"x": 3}, "filter": {"$expr": {"$gt": ["$size.h", {"$multiply": ["$$x", 4]}]}}}, {"let": {"1x": 3}}, {"let": 5},
        {"let": {"x": "$item"}}, {"filter": {"$expr": {"$eq": ["$$y", 1]}}}, {"filter": {"$text": {"$search": "x"}}}, {"filter": {"$comment": "x", "item": "i2"}},
        {"filter": {"$and": []}}, {"filter": {"$and": [1]}}, {"filter": {"$nor": [{"item": "i1"}, {"size.h": {"$gt": 3}}]}}, {"filter": {"$x": 1}}, {"filter": {"item": {"$x": 1}}},
        {"filter": {"$sampleRate": 2}}, {"filter": {"$alwaysTrue": 1}}, {"filter": {"$alwaysFalse": 1}}, {"filter": {"$alwaysTrue": 2}},
        {"collation": {"locale": "en", "strength": 2}, "filter": {"item": "I1"}}, {"collation": {"locale": "xx"}}, {"collation": {"locale": "en", "strength": 9}},
        {"collation": {"locale": "en", "caseFirst": "upper", "alternate": "shifted", "maxVariable": "space", "backwards": True, "normalization": True}, "limit": 1},
        {"collation": {"strength": 1}}, {"collation": {"locale": "simple", "strength": 1}}, {"collation": {"locale": "en", "foo": 1}}, {"collation": 1}))
    yield from ({"find": "sales", "limit": 3, "filter": {"_id": {"$gte": 2}}, "projection": p} for p in (
        {"item": 1}, {"item": 0}, {"item": 1, "_id": 0}, {"size": {"h": 1}}, {"size.h": 0}, {"tags": {"$slice": 1}}, {"tags": {"$slice": [-1, 1]}}, {"tags": {"$slice": "x"}},
        {"tags": {"$slice": [1, 0]}}, {"tags": {"$slice": ["$tags", 1]}}, {"tags": {"$elemMatch": {"$eq": "t2"}}}, {"tags.$": 1}, {"item": "$size.h"}, {"x": {"$add": ["$_id", 1]}},
        {"x": {"$literal": 1}, "item": 1}, {"x": "text", "item": 1}, {"item": 1, "size": 0}, {"size": 1, "size.h": 1}, {"size.h": 1, "size": 1}, {"$x": 1}, {"a.$b": 1},
        {"a..b": 1}, {"size": {}}, {"k": {"$meta": "recordId"}}, {"k": {"$meta": "sortKey"}}, {"k": {"$meta": "foo"}}, {"tags.$": 1, "size.$": 1},
        {"tags": {"$elemMatch": 5}}, {"a": {"$elemMatch": {"x": 1}}, "a.b": 1}, {"size": {"h": "$item", "q": {"$toString": "$size.w"}}}, {"size.h": True, "size.z": "$item"},
        {"_id": 0, "size.h": 0}, {"_id": 1, "item": 0}, {"_id": "$item"}, {"_id": {"a": "$item"}}))
    yield from ({"find": "sales", "projection": {"tags.$": 1}, "filter": f} for f in (
        {"tags": "t1"}, {"tags": {"$gt": "t1"}}, {"tags": {"$elemMatch": {"$eq": "t2"}}}, {"$or": [{"tags": "t1"}]}, {"tags": {"$nin": ["t1"]}}, {"tags": "t0", "item": "i1"}))
    for name in ("empty", "missing", "high", "higher", "joined", "accents", "ts", "capped", "french", "system.buckets.ts"):
        yield {"find": name, "projection": {"_id": 1} if name.startswith("system") else {}}
        yield {"find": name, "filter": {"_id": 2}}
        yield {"count": name}
        yield {"aggregate": name, "pipeline": [{"$count": "n"}], "cursor": {}}
        yield {"find": name, "sort": {"_id": -1}, "limit": 2, "projection": {"_id": 1}}
    yield from ({"find": "french", **more} for more in (
        {"filter": {"s": "cote"}}, {"filter": {"s": {"$gt": "b"}}}, {"filter": {"s": "cote"}, "collation": {"locale": "simple"}}, {"sort": {"s": 1, "_id": 1}},
        {"filter": {"s": {"$in": ["B", "COTE"]}}}, {"filter": {"s": Regex("^c")}}, {"sort": {"s": -1, "_id": 1}, "collation": {"locale": "fr", "strength": 3, "backwards": True}},
        {"filter": {"$expr": {"$eq": ["$s", "COTE"]}}}, {"filter": {"s": {"$not": {"$lte": "c"}}}}))
    yield from ({"find": "capped", **more} for more in ({"tailable": True}, {"tailable": True, "awaitData": True}, {"tailable": True, "sort": {"$natural": -1}},
                                                         {"sort": {"$natural": -1}, "limit": 3}, {"hint": {"$natural": -1}, "limit": 3}, {"filter": {"a": {"$gt": 16}}}, {"filter": {"_id": {"$lt": 3}}},
                                                         {"hint": {"_id": 1}, "limit": 3}, {"filter": {"_id": {"$in": [3, 5]}}, "sort": {"_id": 1}}))
    yield from ({"find": "ts", "projection": {"_id": 0, "v": 1, "w": 1}, **more} for more in (
        {"filter": {"m.s": 1}}, {"filter": {"t": {"$gt": hours(0) + datetime.timedelta(seconds=90)}}}, {"filter": {"v": 3}, "sort": {"t": -1}}, {"filter": {"w": "x1", "v": {"$lt": 2}}},
        {"sort": {"t": 1}, "limit": 3}, {"hint": {"$natural": 1}}, {"filter": {"_id": ObjectId(f"{4:024x}")}}))
    yield from ({"find": name} for name in ("", "a\0b", "$x", 5, None, {"x": 1}))


def geos():
    point = {"type": "Point", "coordinates": [1, 1]}
    yield from ({"find": "places", "projection": {"_id": 1}, "filter": f} for f in (
        {"at": {"$near": {"$geometry": point}}}, {"at": {"$nearSphere": {"$geometry": point, "$maxDistance": 900000}}}, {"at": {"$near": {"$geometry": point, "$minDistance": 500000, "$maxDistance": 1200000}}},
        {"flat": {"$near": [3, 3]}}, {"flat": {"$near": [3, 3], "$maxDistance": 15}}, {"at": {"$nearSphere": [1, 1], "$maxDistance": 0.15}}, {"at": {"$near": {"$geometry": point}}, "kind": "x"},
        {"nothing": {"$near": {"$geometry": point}}}, 
        {"at": {"$near": 5}},
        {"at": {"$geoWithin": {"$geometry": {"type": "Polygon", "coordinates": [CIRCLE]}}}}, {"at": {"$geoWithin": {"$centerSphere": [[0, 0], 0.1]}}}, {"flat": {"$geoWithin": {"$box": [[2, 2], [12, 19]]}}},
        {"flat": {"$geoWithin": {"$polygon": [[0, 0], [20, 0], [10, 20]]}}}, {"flat": {"$within": {"$center": [[5, 15], 4]}}}, {"more.p": {"$geoWithin": {"$box": [[0, -5], [4, 3]]}}},
        {"at": {"$geoIntersects": {"$geometry": {"type": "LineString", "coordinates": [[-10, -7], [10, 7]]}}}}, {"at": {"$geoIntersects": {"$geometry": point}}},
        {"at": {"$geoIntersects": {"$geometry": {"type": "Polygon", "coordinates": [CIRCLE], "crs": {"type": "name", "properties": {"name": "urn:x-mongodb:crs:strictwinding:EPSG:4326"}}}}}},
        {"at": {"$geoWithin": {"$geometry": point}}}, {"at": {"$geoWithin": {"$geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}}}}, {"at": {"$geoWithin": {"foo": 1}}}, {"at": {"$geoWithin": 1}},
        {"at": {"$geoWithin": {"$geometry": {"type": "Polygon", "coordinates": [[[0, 0], [4, 4], [4, 0], [0, 4], [0, 0]]]}}}}, {"at": {"$geoIntersects": {"$geometry": {"type": "Circle", "coordinates": [0, 0]}}}},
        {"at": {"$geoIntersects": {"$geometry": {"type": "Point", "coordinates": [200, 1]}}}}, {"at": {"$geoWithin": {"$centerSphere": [[0, 0], -1]}}}, {"at": {"$geoWithin": {"$box": [[0, 0]]}}},
        {"at": {"$geoWithin": {"$center": [[0, 0], "x"]}}}, {"at": {"$geoWithin": {"$polygon": [[0, 0], [1, 1]]}}}, {"at": {"$geoIntersects": {"$box": [[0, 0], [1, 1]]}}}))
    near = {"near": point, "distanceField": "far", "key": "at", "spherical": True}
    yield aggregate("sales", {"$geoNear": {k: v for k, v in near.items() if k != "key"}})
    yield aggregate("places", {"$geoNear": {k: v for k, v in near.items() if k != "key"}})
    yield {"count": "places", "query": {"at": {"$near": {"$geometry": point}}}}
    yield aggregate("places", {"$match": {"at": {"$near": {"$geometry": point}}}})


def joins():
    yield from (aggregate("staff", {"$sort": {"_id": 1}}, *stages) for stages in (
        [{"$graphLookup": {"from": "staff", "startWith": "$boss", "connectFromField": "boss", "connectToField": "_id", "as": "up", "depthField": "d"}},
         {"$set": {"up": {"$sortArray": {"input": {"$map": {"input": "$up", "in": ["$$this._id", "$$this.d"]}}, "sortBy": 1}}}}],
        [{"$graphLookup": {"from": "staff", "startWith": "$name", "connectFromField": "friends", "connectToField": "name", "as": "net", "maxDepth": 1, "restrictSearchWithMatch": {"grade": {"$lt": 3}}}},
         {"$project": {"n": {"$size": "$net"}, "ids": {"$sortArray": {"input": "$net._id", "sortBy": 1}}}}],
        [{"$graphLookup": {"from": "higher", "startWith": "$_id", "connectFromField": "h", "connectToField": "_id", "as": "v"}}, {"$project": {"v": {"$size": "$v"}}}],
        [{"$graphLookup": {"from": "staff", "startWith": "$boss", "connectFromField": "boss", "connectToField": "_id", "as": "up"}}, {"$unwind": "$up"}, {"$sort": {"_id": 1, "up._id": 1}}, {"$limit": 5}],
        [{"$graphLookup": {"from": "missing", "startWith": "$boss", "connectFromField": "boss", "connectToField": "_id", "as": "up"}}, {"$limit": 1}],
        [{"$lookup": {"from": "higher", "localField": "_id", "foreignField": "_id", "as": "l"}}], [{"$lookup": {"from": "missing", "localField": "a", "foreignField": "b", "as": "l"}}, {"$limit": 1}],
        [{"$lookup": {"from": "sales", "localField": "_id", "foreignField": "size.w", "pipeline": [{"$sort": {"_id": -1}}, {"$limit": 1}, {"$project": {"item": 1}}], "as": "l"}}],
        [{"$lookup": {"from": "sales", "let": {"g": "$grade"}, "pipeline": [{"$match": {"$expr": {"$eq": ["$size.w", "$$g"]}}}, {"$group": {"_id": None, "n": {"$sum": "$amount"}}}], "as": "l"}}],
        [{"$lookup": {"from": "sales", "pipeline": [{"$count": "n"}], "as": "l"}}, {"$unwind": "$l"}], [{"$lookup": {"from": "sales", "localField": "friends", "foreignField": "tags", "as": "l"}}],
        [{"$lookup": {"pipeline": [{"$documents": [{"x": 1}, {"x": 2}]}], "as": "l"}}, {"$limit": 1}],
        [{"$lookup": {"from": "sales", "localField": "grade", "foreignField": "_id", "as": "l"}}, {"$unwind": {"path": "$l", "includeArrayIndex": "i"}}, {"$match": {"l.item": "i1"}}],
        [{"$lookup": {"from": "sales", "localField": "grade", "foreignField": "_id", "as": "l"}}, {"$unwind": "$l"}, {"$match": {"l.size.w": {"$gt": 1}, "grade": 2}}],
        [{"$unionWith": "higher"}, {"$group": {"_id": None, "n": {"$sum": 1}}}], [{"$unionWith": {"coll": "sales", "pipeline": [{"$match": {"_id": {"$lt": 2}}}, {"$project": {"item": 1}}]}}, {"$skip": 7}],
        [{"$unionWith": "missing"}, {"$count": "n"}], [{"$unionWith": {"coll": "staff", "pipeline": [{"$unionWith": "staff"}]}}, {"$count": "n"}], [{"$unionWith": {"pipeline": [{"$documents": [{"q": 1}]}]}}, {"$skip": 8}],
        [{"$facet": {"a": [{"$lookup": {"from": "staff", "localField": "boss", "foreignField": "_id", "as": "b"}}, {"$match": {"b": []}}], "b": [{"$unionWith": "staff"}, {"$count": "n"}]}}]))
    bad = {"from": "sales", "localField": "a", "foreignField": "b", "as": "l"}
    yield from (aggregate("staff", {"$lookup": spec}) for spec in (
        5, {}, {**bad, "as": "$l"}, {**bad, "as": 5}, {**bad, "foo": 1}, {**bad, "localField": "$a"}, {**bad, "localField": ""}, {**bad, "let": 5}, {**bad, "let": {"A": 1}, "pipeline": []}, {**bad, "pipeline": 5},
        {**bad, "pipeline": [{"$out": "x"}]}, {**bad, "from": 5}, {**bad, "from": {"db": "x", "coll": "y"}}, {"from": "sales", "as": "l", "localField": "x"}, {"from": "sales", "as": "l"}, {**bad, "foreignField": "a..b"}))
    graph = {"from": "staff", "startWith": "$boss", "connectFromField": "boss", "connectToField": "_id", "as": "up"}
    yield from (aggregate("staff", {"$graphLookup": spec}) for spec in (
        5, {}, {**graph, "maxDepth": -1}, {**graph, "maxDepth": 1.5}, {**graph, "maxDepth": "x"}, {**graph, "depthField": "$x"}, {**graph, "as": "$x"}, {**graph, "foo": 1}, {**graph, "restrictSearchWithMatch": 5},
        {**graph, "restrictSearchWithMatch": {"$x": 1}}, {**graph, "connectFromField": "$a"}, {**graph, "from": 5}, {k: v for k, v in graph.items() if k != "startWith"}))
    yield from (aggregate("staff", {"$unionWith": spec}) for spec in (5, {}, {"coll": 5}, {"coll": "x", "pipeline": 5}, {"coll": "x", "pipeline": [{"$merge": "y"}]}, {"coll": "x", "foo": 1}, {"pipeline": []}))


WINDOW_INPUTS = ("$v", "$price")


def windows():
    bounds = ({"documents": ["unbounded", "current"]}, {"documents": [-1, 1]}, {"documents": ["current", "unbounded"]}, {"documents": [1, 3]}, {"documents": [-3, -1]}, {"documents": ["unbounded", "unbounded"]},
              {"range": [-5, 5], "unit": "hour"}, {"range": ["unbounded", "current"], "unit": "hour"}, {"range": [-1, 0], "unit": "day"}, {"range": [1, 9], "unit": "hour"})
    functions = ["$sum", "$avg", "$min", "$max", "$push", "$first", "$last", "$stdDevPop", "$stdDevSamp"]
    for name in functions:
        for bound in bounds:
            yield aggregate("series", {"$setWindowFields": {"partitionBy": "$g", "sortBy": {"at": 1}, "output": {"r": {name: "$v" if name != "$push" else "$_id", "window": bound}}}},
                            {"$sort": {"_id": 1}}, {"$project": {"r": 1}})
    more = [{"$count": {}}, {"$covariancePop": ["$v", "$price"]}, {"$covarianceSamp": ["$v", "$price"]}, {"$firstN": {"input": "$v", "n": 2}}, {"$lastN": {"input": "$v", "n": 2}}, {"$minN": {"input": "$v", "n": 2}},
            {"$maxN": {"input": "$v", "n": 2}}, {"$top": {"sortBy": {"price": -1}, "output": "$v"}}, {"$bottom": {"sortBy": {"price": -1}, "output": "$v"}}, {"$topN": {"n": 2, "sortBy": {"price": -1}, "output": "$_id"}},
            {"$bottomN": {"n": 2, "sortBy": {"price": -1}, "output": "$_id"}}, {"$integral": {"input": "$price", "unit": "hour"}}, {"$derivative": {"input": "$price", "unit": "minute"}}]
    for function in more:
        for bound in bounds[:3] + bounds[6:8]:
            yield aggregate("series", {"$setWindowFields": {"sortBy": {"at": 1}, "output": {"r": {**function, "window": bound}}}}, {"$sort": {"_id": 1}}, {"$project": {"r": 1}})
    for function in ({"$rank": {}}, {"$denseRank": {}}, {"$documentNumber": {}}, {"$shift": {"output": "$v", "by": 1, "default": "none"}}, {"$shift": {"output": "$v", "by": -2}}, {"$expMovingAvg": {"input": "$v", "N": 3}},
                     {"$expMovingAvg": {"input": "$price", "alpha": 0.25}}, {"$locf": "$v"}, {"$linearFill": "$v"}, {"$linearFill": "$price"}):
        for sort in ({"at": 1}, {"price": -1}):
            yield aggregate("series", {"$setWindowFields": {"partitionBy": "$g", "sortBy": sort, "output": {"r": function}}}, {"$sort": {"_id": 1}}, {"$project": {"r": 1}})
    good = {"sortBy": {"at": 1}, "output": {"r": {"$sum": "$v"}}}
    for spec in (5, {}, {"output": 5}, {"output": {}}, {**good, "foo": 1}, {**good, "sortBy": 5}, {**good, "partitionBy": []}, {**good, "partitionBy": "$tags"}, {"output": {"r": {"$rank": {}}}}, {"output": {"r": {"$foo": 1}}},
                 {"output": {"r": {"$sum": "$v", "$avg": "$v"}}}, {"output": {"r": 5}}, {"output": {"$r": {"$sum": 1}}}, {"output": {"r": {"$sum": 1, "window": 5}}}, {"output": {"r": {"$sum": 1, "window": {"documents": [1]}}}},
                 {"output": {"r": {"$sum": 1, "window": {"documents": [2, 1]}}}}, {"output": {"r": {"$sum": 1, "window": {"documents": ["x", 1]}}}}, {"output": {"r": {"$sum": 1, "window": {"documents": [0.5, 1]}}}},
                 {"output": {"r": {"$sum": 1, "window": {"range": [0, 1]}}}}, {"sortBy": {"at": 1}, "output": {"r": {"$sum": 1, "window": {"range": [0, 1], "unit": "foo"}}}},
                 {"sortBy": {"at": 1}, "output": {"r": {"$sum": 1, "window": {"range": [0, 1], "documents": [0, 1]}}}}, {"sortBy": {"at": 1}, "output": {"r": {"$sum": 1, "window": {"documents": [0, 1], "unit": "hour"}}}},
                 {"sortBy": {"v": 1}, "output": {"r": {"$sum": 1, "window": {"range": [0, 1]}}}}, {"sortBy": {"g": 1}, "output": {"r": {"$sum": 1, "window": {"range": [0, 1], "unit": "hour"}}}},
                 {"sortBy": {"at": 1}, "output": {"r": {"$rank": {"x": 1}}}}, {"sortBy": {"at": 1, "v": 1}, "output": {"r": {"$rank": {}}}}, {"sortBy": {"at": 1}, "output": {"r": {"$shift": {"output": 1}}}},
                 {"sortBy": {"at": 1}, "output": {"r": {"$shift": {"output": 1, "by": 1.5}}}}, {"sortBy": {"at": 1}, "output": {"r": {"$shift": {"output": 1, "by": 1, "default": "$v"}}}},
                 {"sortBy": {"at": 1}, "output": {"r": {"$expMovingAvg": {"input": "$v"}}}}, {"sortBy": {"at": 1}, "output": {"r": {"$expMovingAvg": {"input": "$v", "N": 1.5}}}},
                 {"sortBy": {"at": 1}, "output": {"r": {"$expMovingAvg": {"input": "$v", "alpha": 2}}}}, {"sortBy": {"at": 1}, "output": {"r": {"$derivative": {"input": "$v"}, "window": {"documents": [-1, 0]}}}},
                 {"sortBy": {"at": 1}, "output": {"r": {"$derivative": {"input": "$v", "unit": "month"}, "window": {"documents": [-1, 0]}}}}, {"sortBy": {"at": 1}, "output": {"r": {"$integral": {"input": "$g"}}}},
                 {"sortBy": {"at": 1}, "output": {"r": {"$derivative": {"input": "$v", "unit": "hour"}}}}, {"sortBy": {"at": 1}, "output": {"r": {"$locf": "$v", "window": {"documents": [0, 1]}}}},
                 {"sortBy": {"at": 1}, "output": {"r": {"$linearFill": "$g"}}}, {"output": {"r": {"$linearFill": "$v"}}}, {"sortBy": {"_id": -1}, "output": {"r": {"$sum": "$v", "window": {"range": [-2, 2]}}}},
                 {"sortBy": {"price": 1}, "output": {"r": {"$sum": "$v", "window": {"range": [-2.5, 0]}}, "q.w": {"$max": "$v", "window": {"range": ["current", 3]}}}},
                 {"output": {"a": {"$sum": 1}, "a.b": {"$sum": 1}}}, {"sortBy": {"_id": 1}, "output": {"r": {"$integral": {"input": "$price"}, "window": {"range": [-2, 2]}}, "d": {"$derivative": {"input": "$price"}, "window": {"documents": [-1, 1]}}}}):
        yield aggregate("series", {"$setWindowFields": spec}, {"$sort": {"_id": 1}}, {"$limit": 4})


def gaps():
    step = {"step": 1, "bounds": "full"}
    hourly = {"step": 4, "unit": "hour", "bounds": "full"}
    yield from (aggregate("series", {"$densify": spec}, {"$sort": {"at": 1, "_id": 1, "price": 1, "g": 1}}, {"$project": {"at": 1, "price": 1, "g": 1}}) for spec in (
        {"field": "at", "range": hourly}, {"field": "at", "range": {**hourly, "bounds": "partition"}, "partitionByFields": ["g"]}, {"field": "at", "range": {**hourly, "bounds": [hours(-3), hours(9)]}},
        {"field": "at", "range": {"step": 1, "unit": "day", "bounds": [hours(0), hours(80)]}, "partitionByFields": ["g"]}, {"field": "at", "range": {"step": 1, "unit": "month", "bounds": [hours(-2000), hours(2000)]}},
        {"field": "price", "range": step}, {"field": "price", "range": {"step": Decimal128("2.5"), "bounds": [0, 5]}}, {"field": "price", "range": {"step": Int64(3), "bounds": "partition"}, "partitionByFields": ["g"]},
        {"field": "price", "range": {"step": 0.5, "bounds": [20, 22]}, "partitionByFields": ["g"]}, {"field": "v", "range": step}, {"field": "g", "range": step}, {"field": "at", "range": step}, {"field": "price", "range": hourly},
        {"field": "at", "range": {**hourly, "step": 1.5}}, {"field": "at", "range": {**hourly, "step": 0}}, {"field": "at", "range": {**hourly, "unit": "foo"}}, {"field": "at", "range": {**hourly, "bounds": "foo"}},
        {"field": "at", "range": {**hourly, "bounds": [hours(3), hours(1)]}}, {"field": "at", "range": {**hourly, "bounds": [1, hours(1)]}}, {"field": "at", "range": {**hourly, "bounds": [hours(1)]}},
        {"field": "at", "range": {**hourly, "bounds": "partition"}}, {"field": "$at", "range": hourly}, {"field": "", "range": step}, {"field": 5, "range": step}, {"field": "at"}, {"range": step}, 5, {"field": "at", "range": 5},
        {"field": "at", "range": hourly, "foo": 1}, {"field": "at", "range": {**hourly, "foo": 1}}, {"field": "at", "range": hourly, "partitionByFields": "g"}, {"field": "at", "range": hourly, "partitionByFields": ["at"]},
        {"field": "at", "range": hourly, "partitionByFields": ["at.x"]}, {"field": "at", "range": hourly, "partitionByFields": [5]}, {"field": "at", "range": hourly, "partitionByFields": ["$g"]}))
    yield from (aggregate("series", {"$fill": spec}, {"$sort": {"_id": 1}}, {"$project": {"v": 1, "q": 1}}) for spec in (
        {"output": {"v": {"value": 0}}}, {"sortBy": {"at": 1}, "output": {"v": {"method": "locf"}}}, {"sortBy": {"price": 1}, "output": {"v": {"method": "linear"}}},
        {"sortBy": {"at": 1}, "partitionByFields": ["g"], "output": {"v": {"method": "locf"}, "q": {"value": "$g"}}}, {"sortBy": {"price": -1}, "partitionBy": {"x": "$g"}, "output": {"v": {"method": "linear"}}},
        5, {}, {"output": {}}, {"output": 5}, {"output": {"v": {"method": "linear"}}}, {"output": {"v": {"method": "foo"}}}, {"output": {"v": 5}}, {"output": {"v": {}}}, {"output": {"v": {"value": 1, "method": "locf"}}},
        {"output": {"v": {"value": 1}}, "partitionBy": "x", "partitionByFields": ["g"]}, {"output": {"v": {"value": 1}}, "foo": 1}, {"output": {"v": {"value": 1}}, "partitionByFields": ["$g"]},
        {"sortBy": {"at": 1, "price": 1}, "output": {"v": {"method": "linear"}}}, {"output": {"v": {"value": 1}}, "sortBy": 5}))


def groups():
    for name in ("R5", "R10", "R20", "R40", "R80", "1-2-5", "E6", "E12", "E24", "E48", "E96", "E192", "POWERSOF2"):
        for buckets in (2, 4):
            yield aggregate("sales", {"$bucketAuto": {"groupBy": "$size.h", "buckets": buckets, "granularity": name}})
            yield aggregate("sales", {"$bucketAuto": {"groupBy": {"$divide": [{"$add": ["$size.h", 1]}, 7]}, "buckets": buckets, "granularity": name}})
    yield from (aggregate("sales", {"$bucketAuto": spec}) for spec in (
        {"groupBy": "$item", "buckets": 3, "output": {"ids": {"$push": "$_id"}, "a": {"$avg": "$amount"}}}, {"groupBy": "$item", "buckets": 2, "granularity": "R5"}, {"groupBy": {"$subtract": ["$size.h", 4]}, "buckets": 2, "granularity": "R5"},
        {"groupBy": "$item", "buckets": 0}, {"groupBy": "$item", "buckets": "x"}, {"groupBy": "$item", "buckets": 1.5}, {"groupBy": "item", "buckets": 1}, {"buckets": 1}, {"groupBy": "$item"}, {"groupBy": "$item", "buckets": 2, "granularity": "foo"},
        {"groupBy": "$item", "buckets": 2, "granularity": 5}, {"groupBy": "$item", "buckets": 2, "foo": 5}, {"groupBy": "$item", "buckets": 2, "output": 5}, {"groupBy": "$item", "buckets": 2, "output": {"$a": {"$sum": 1}}}, 5))
    yield from (aggregate("sales", {"$bucket": spec}) for spec in (
        {"groupBy": "$size.h", "boundaries": [0, 4, 8, 16]}, {"groupBy": "$size.h", "boundaries": [0, 4], "default": "x"}, {"groupBy": "$size.h", "boundaries": [0, 4]}, {"groupBy": "$size.h", "boundaries": [4, 0]}, {"groupBy": "$size.h", "boundaries": [0]},
        {"groupBy": "$size.h", "boundaries": [0, "x"]}, {"groupBy": "$size.h", "boundaries": [0, 4], "default": 2}, {"groupBy": "$size.h"}, {"groupBy": 5, "boundaries": [0, 1]}, {"groupBy": "$size.h", "boundaries": 5}, 5,
        {"groupBy": "$size.h", "boundaries": [0, 4], "default": "x", "output": {"n": {"$max": "$amount"}}}, {"groupBy": "$size.h", "boundaries": [0, 4], "foo": "x"}, {"groupBy": "$size.h", "boundaries": [0, 4], "output": 5}))
    order = {"$sort": {"_id": 1}}
    accumulators = ({"$sum": "$amount"}, {"$sum": 1}, {"$avg": "$amount"}, {"$min": "$amount"}, {"$max": "$size"}, {"$first": "$_id"}, {"$last": "$_id"}, {"$push": {"i": "$_id", "m": "$missing"}}, {"$stdDevPop": "$amount"}, {"$stdDevSamp": "$size.h"},
                    {"$mergeObjects": "$size"}, {"$count": {}}, {"$firstN": {"input": "$_id", "n": 2}}, {"$lastN": {"input": "$_id", "n": 2}}, {"$minN": {"input": "$size.h", "n": 2}}, {"$maxN": {"input": "$size.h", "n": {"$add": [1, 1]}}},
                    {"$top": {"sortBy": {"size.h": -1}, "output": "$_id"}}, {"$bottom": {"sortBy": {"size.h": -1}, "output": ["$_id", "$item"]}}, {"$topN": {"n": 2, "sortBy": {"size.w": 1, "_id": -1}, "output": "$_id"}},
                    {"$bottomN": {"n": 2, "sortBy": {"size.w": 1, "_id": -1}, "output": "$_id"}}, {"$mergeObjects": "$item"}, {"$count": {"x": 1}}, {"$foo": 1}, {"$sum": 1, "$avg": 1}, 5, {"$firstN": {"input": "$_id"}},
                    {"$firstN": {"input": "$_id", "n": 0}}, {"$firstN": {"input": "$_id", "n": "x"}}, {"$firstN": {"n": 1}}, {"$firstN": 5}, {"$firstN": {"input": 1, "n": 1, "foo": 1}}, {"$top": {"output": 1}}, {"$top": {"sortBy": 5, "output": 1}},
                    {"$top": {"sortBy": {"a": 1}}}, {"$topN": {"sortBy": {"a": 1}, "output": 1}}, {"$top": {"n": 1, "sortBy": {"a": 1}, "output": 1}})
    for one in accumulators:
        yield aggregate("sales", order, {"$group": {"_id": "$item", "r": one}}, order)
        yield aggregate("sales", order, {"$group": {"_id": None, "r": one}})
    yield from (aggregate("sales", order, {"$group": spec}, order) for spec in ({"_id": {"$add": ["$size.w", 0.0]}}, {"_id": {"a": "$item", "b": "$missing"}}, {"_id": ["$item", "$missing"]}, {"_id": "$amount"}, {}, 5, {"_id": "$item", "a.b": {"$sum": 1}},
                                                                                   {"_id": "$item", "$a": {"$sum": 1}}, {"_id": "$item", "a": {"$sum": ["$size.h", 1]}}))
    yield aggregate("french", {"$group": {"_id": "$s", "n": {"$sum": 1}}}, order)
    yield aggregate("french", {"$group": {"_id": "$s", "n": {"$sum": 1}}}, order, collation={"locale": "simple"})
    yield aggregate("sales", {"$sortByCount": "$size.w"}, {"$sort": {"count": -1, "_id": 1}})


def others():
    yield from (aggregate("tree", {"$redact": spec}) for spec in (
        {"$cond": [{"$in": ["a", {"$ifNull": ["$acl", []]}]}, "$$DESCEND", "$$PRUNE"]}, {"$cond": [{"$gt": ["$level", 3]}, "$$PRUNE", "$$DESCEND"]}, {"$switch": {"branches": [{"case": {"$eq": ["$x", 1]}, "then": "$$PRUNE"}], "default": "$$DESCEND"}},
        "$$KEEP", "$$PRUNE", "$$DESCEND", 5, "$level", {"$cond": [{"$isArray": "$acl"}, "$$DESCEND", "$$KEEP"]}))
    yield from (aggregate("sales", {"$sort": {"_id": 1}}, *stages) for stages in (
        [{"$replaceRoot": {"newRoot": "$size"}}], [{"$replaceRoot": {"newRoot": "$item"}}], [{"$replaceRoot": {}}], [{"$replaceRoot": {"newRoot": "$size", "x": 1}}], [{"$replaceWith": {"$arrayToObject": [[["a", "$item"]]]}}, {"$limit": 2}], [{"$replaceWith": "$missing"}],
        [{"$replaceWith": {"$setField": {"field": "a.b", "input": "$$ROOT", "value": 1}}}, {"$limit": 1}], [{"$replaceWith": {"$unsetField": {"field": "size", "input": "$$ROOT"}}}, {"$limit": 2}],
        [{"$unwind": "$tags"}, {"$limit": 3}], [{"$unwind": {"path": "$tags", "includeArrayIndex": "size.i"}}, {"$limit": 3}], [{"$unwind": "tags"}], [{"$unwind": {"path": "$x", "preserveNullAndEmptyArrays": True}}, {"$limit": 1}], [{"$unwind": {"foo": 1}}], [{"$unwind": 5}],
        [{"$unwind": {"path": "$tags", "includeArrayIndex": "$x"}}], [{"$unwind": {"path": "$tags", "preserveNullAndEmptyArrays": 5}}], [{"$project": {"a": {"b": {"c": "$item"}}, "size.h": 1}}, {"$limit": 2}], [{"$project": {}}], [{"$project": 5}], [{"$project": {"a": {"$foo": 1}}}],
        [{"$addFields": {"size.q": "$item", "n.e.w": 1, "tags.x": 1}}, {"$limit": 2}], [{"$addFields": {"a": 1, "a.b": 1}}], [{"$set": 5}], [{"$set": {}}], [{"$unset": "size.h"}, {"$limit": 2}], [{"$unset": ["size.h", "tags"]}, {"$limit": 1}], [{"$unset": 5}], [{"$unset": []}], [{"$unset": ["a", 5]}],
        [{"$limit": 0}], [{"$limit": -1}], [{"$limit": "x"}], [{"$limit": 1.5}], [{"$skip": -1}], [{"$skip": 15}], [{"$skip": 2}, {"$limit": 3}, {"$skip": 1}, {"$limit": 9}], [{"$count": ""}], [{"$count": "$a"}], [{"$count": "a.b"}], [{"$count": 5}], [{"$match": {"size.h": 99}}, {"$count": "n"}],
        [{"$sort": {"size.w": -1, "_id": 1}}, {"$limit": 4}], [{"$sort": {}}], [{"$sort": 5}], [{"$sort": {"a": {"$meta": "textScore"}}}], [{"$sort": {"tags": 1, "_id": -1}}, {"$limit": 5}, {"$project": {"tags": 1}}], [{"$facet": {}}], [{"$facet": {"a": 5}}], [{"$facet": {"a.b": []}}],
        [{"$facet": {"a": [{"$facet": {}}]}}], [{"$facet": {"a": [{"$out": "x"}]}}], [{"$facet": {"a": [{"$match": {"item": "i1"}}, {"$count": "n"}], "b": [{"$bucket": {"groupBy": "$size.h", "boundaries": [0, 9], "default": "o"}}], "c": []}}, {"$project": {"a": 1, "b": 1, "c": {"$size": "$c"}}}],
        [{"$foo": 1}], [{"$match": 5}], [{}], [{"$limit": 1, "$skip": 1}], [5], [{"$sample": {"size": 0}}], [{"$sample": {"size": -1}}], [{"$sample": 5}], [{"$sample": {"foo": 1}}], [{"$sample": {"size": 100}}, {"$count": "n"}],
        [{"$collStats": {}}], [{"$indexStats": {}}], [{"$currentOp": {}}], [{"$listSessions": {}}], [{"$changeStream": {}}], [{"$planCacheStats": {}}], [{"$documents": []}],
        [{"$match": {"$expr": {"$gt": ["$amount", 2]}}}, {"$project": {"amount": 1}}], [{"$project": {"r": {"$reduce": {"input": "$tags", "initialValue": "", "in": {"$concat": ["$$value", "$$this"]}}}}}, {"$limit": 2}],
        [{"$project": {"big": {"$range": [0, 5]}, "a": {"$cond": {"if": {"$gte": ["$size.h", 8]}, "then": "high", "else": "low"}}}}, {"$match": {"a": "high"}}, {"$sort": {"_id": -1}}, {"$limit": 2}]))
    yield {"aggregate": 1, "pipeline": [{"$documents": [{"a": 1}, {"a": {"$add": [1, 2]}}]}, {"$set": {"b": 2}}], "cursor": {}}
    yield {"aggregate": 1, "pipeline": [{"$documents": 5}], "cursor": {}}
    yield {"aggregate": 1, "pipeline": [{"$documents": [5]}], "cursor": {}}
    yield {"aggregate": 2, "pipeline": [], "cursor": {}}
    for more in ({}, {"cursor": 5}, {"cursor": {"batchSize": -1}}, {"cursor": {"foo": 1}}, {"cursor": {}, "pipeline": 5}, {"cursor": {}, "foo": 1}, {"cursor": {}, "let": {"x": 5}, "pipeline": [{"$project": {"r": "$$x"}}, {"$limit": 1}]}, {"cursor": {}, "hint": "x"},
                 {"cursor": {}, "hint": {"_id": 1}, "pipeline": [{"$limit": 1}]}, {"cursor": {"batchSize": 3}}, {"cursor": {"batchSize": 0}}, {"cursor": {}, "collation": {"locale": "en", "strength": 2}, "pipeline": [{"$match": {"item": "I2"}}, {"$count": "n"}]},
                 {"cursor": {}, "allowDiskUse": 5}, {"cursor": {}, "maxTimeMS": 1000}, {"cursor": {}, "explain": 5}, {"cursor": {}, "bypassDocumentValidation": True}):
        yield {"aggregate": "sales", "pipeline": [], **more}
    for name in ("high", "higher", "joined", "accents"):
        yield aggregate(name, {"$sort": {"_id": 1}}, {"$limit": 3})
        yield aggregate(name, {"$match": {"item": "i1"}}, {"$group": {"_id": None, "n": {"$sum": 1}}})
        yield {"count": name, "query": {"_id": {"$gt": 3}}, "limit": 2}
    yield aggregate("accents", {"$match": {"s": "COTE"}}, collation={"locale": "fr", "strength": 1})
    yield aggregate("accents", {"$match": {"s": "COTE"}}, collation={"locale": "en"})
    yield from (aggregate("ts", *stages) for stages in (
        [{"$group": {"_id": "$m.s", "n": {"$sum": "$v"}, "first": {"$min": "$t"}}}, {"$sort": {"_id": 1}}], [{"$match": {"m.s": 0, "v": {"$gte": 2}}}, {"$project": {"_id": 0, "v": 1, "w": 1}}], [{"$match": {"t": {"$lt": hours(0) + datetime.timedelta(seconds=20)}}}, {"$project": {"w": 1}}],
        [{"$sort": {"t": -1}}, {"$limit": 2}, {"$project": {"t": 1}}], [{"$lookup": {"from": "sales", "localField": "v", "foreignField": "_id", "as": "l"}}, {"$project": {"l.item": 1}}, {"$sort": {"_id": 1}}, {"$limit": 3}], [{"$unset": "m"}, {"$match": {"v": 1}}, {"$count": "n"}]))


def counts():
    yield from ({"count": "sales", **more} for more in ({}, {"query": {"item": "i1"}}, {"limit": 3}, {"limit": -3}, {"skip": 14}, {"skip": 2, "limit": 20}, {"skip": -1}, {"query": 5}, {"query": {"$x": 1}}, {"hint": {"_id": 1}}, {"hint": "x"}, {"foo": 1}, {"limit": "x"},
                                                         {"query": {"item": "I1"}, "collation": {"locale": "en", "strength": 2}}, {"query": {"_id": {"$in": [1, 2, 99]}}}, {"query": {"tags": "t1", "size.h": {"$lt": 9}}}, {"fields": {"a": 1}}, {"maxTimeMS": 10000}))
    yield from ({"distinct": "sales", **more} for more in ({"key": "item"}, {"key": "tags"}, {"key": "size"}, {"key": "size.w", "query": {"_id": {"$lt": 5}}}, {"key": "amount"}, {"key": "missing"}, {"key": "tags.0"}, {"key": ""}, {"key": 5}, {}, {"key": "item", "query": 5},
                                                            {"key": "item", "query": {"$x": 1}}, {"key": "item", "foo": 1}, {"key": "item", "collation": {"locale": "en", "strength": 2}}, {"key": "_id", "query": {"tags": "t2"}}))
    yield {"distinct": "french", "key": "s"}
    yield {"distinct": "french", "key": "s", "collation": {"locale": "simple"}}
    yield {"distinct": "missing", "key": "w"}
    yield {"count": "missing"}
    yield {"count": 5}
    yield {"distinct": 5, "key": "a"}
    yield {"distinct": "typed", "key": "a"}
    yield {"distinct": "data", "key": "arr"}
    for name in ("find", "count", "distinct"):
        for query in ({}, {"item": "i1"}, {"$or": [{"item": "i1"}, {"_id": {"$gt": 3}}]}, {"_id": {"$in": [1, 2]}}, {"item": {"$not": {"$regex": "^i"}}, "tags": {"$elemMatch": {"$gt": "a"}}}, {"$x": 1}):
            yield {"explain": {name: "sales", "filter" if name == "find" else "query": query, **({"key": "item"} if name == "distinct" else {})}, "verbosity": "queryPlanner"}
    yield {"explain": {"find": "missing"}, "verbosity": "queryPlanner"}
    yield {"explain": {"find": "sales"}, "verbosity": "foo"}
    yield {"explain": {"foo": "sales"}}
    yield {"explain": 5}
    yield {"explain": {}}
    yield {"explain": {"find": "sales", "foo": 1}}
    yield {"explain": {"aggregate": "sales", "pipeline": [{"$match": {"item": "i1"}}], "cursor": {}}, "verbosity": "queryPlanner"}


def types():
    """Values that only $convert, comparisons and arithmetic tell apart."""
    values = [0, -1, 2**31 - 1, Int64(2**63 - 1), Int64(-2**63), 1.5, -0.0, 1e19, float("nan"), float("inf"), Decimal128("1.5"), Decimal128("-0"), Decimal128("NaN"), Decimal128("1E+30"), "12", "1.5e3", "0x1f", "", "x", "507f1f77bcf86cd799439011",
              True, None, DAY, ObjectId("507f1f77bcf86cd799439011"), Binary(b"ab"), Regex("a"), [1], {"a": 1}]
    for value in values:
        to = {f"r{i}": {"$convert": {"input": {"$literal": value}, "to": kind, "onError": "bad", "onNull": "null"}} for i, kind in enumerate(("double", "string", "objectId", "bool", "date", "int", "long", "decimal"))}
        yield aggregate("empty", {"$unionWith": {"pipeline": [{"$documents": [{"x": 1}]}]}}, {"$project": to})
    for name in ("$add", "$subtract", "$multiply", "$divide", "$mod", "$pow", "$log", "$atan2", "$cmp", "$trunc", "$round"):
        for a in (7, Int64(2**62), -2.5, Decimal128("3.25"), DAY, None, "x"):
            yield aggregate("empty", {"$unionWith": {"pipeline": [{"$documents": [{"x": 1}]}]}}, {"$project": {f"r{i}": {name: [{"$literal": a}, {"$literal": b}]} for i, b in enumerate((2, Int64(3), 1.0, Decimal128("2"))[:1 if a in (DAY, "x") else 4])}})


EXPRESSIONS = """abs acos acosh add allElementsTrue and anyElementTrue arrayElemAt arrayToObject asin asinh atan atan2 atanh avg binarySize bsonSize
    ceil cmp concat concatArrays cond convert cos cosh dateAdd dateDiff dateFromParts dateFromString dateSubtract dateToParts dateToString dateTrunc
    dayOfMonth dayOfWeek dayOfYear degreesToRadians divide eq exp filter first firstN floor getField gt gte hour ifNull in indexOfArray indexOfBytes
    indexOfCP isArray isNumber isoDayOfWeek isoWeek isoWeekYear last lastN let literal ln log log10 lt lte ltrim map max maxN mergeObjects meta
    millisecond min minN minute mod month multiply ne not objectToArray or pow radiansToDegrees range reduce regexFind regexFindAll regexMatch
    replaceAll replaceOne reverseArray round rtrim second setDifference setEquals setField setIntersection setIsSubset setUnion sin sinh size
    slice sortArray split sqrt stdDevPop stdDevSamp strcasecmp strLenBytes strLenCP substr substrBytes substrCP subtract sum switch tan tanh
    toBool toDate toDecimal toDouble toInt toLong toLower toObjectId toString toUpper trim trunc tsIncrement tsSecond type unsetField week year zip""".split()
OPERANDS = (5, "$item", None, [], [1], [1, 2], [1, 2, 3, 4, 5], {}, {"foo": 1}, {"input": 1}, {"input": "$tags", "foo": 1}, {"date": 1, "foo": 1},
            {"input": "$tags", "n": 0}, {"input": "$tags", "n": "x"}, {"input": "$item", "regex": 5}, {"input": "$tags", "sortBy": "x"}, {"input": "$item", "find": 1, "replacement": 2},
            {"input": "$tags", "as": "X", "in": 1, "cond": 1}, {"input": "$item", "initialValue": 1, "in": 2}, {"startDate": DAY, "unit": "foo", "amount": 1, "endDate": DAY},
            {"startDate": DAY, "unit": "day", "amount": "x", "endDate": 5}, {"date": DAY, "unit": "day", "timezone": "x"}, {"date": DAY, "format": 5}, {"dateString": 5}, {"year": "x"}, {"year": 2020, "isoWeek": 1},
            {"inputs": 5}, {"inputs": ["$tags"], "defaults": [1]}, {"vars": 5, "in": 1}, {"vars": {"A": 1}, "in": 1}, {"if": 1}, {"branches": 5}, {"branches": [{"case": 1}]}, {"field": "$x", "input": "$size", "value": 1}, [[1, 2], "x"], ["x", -1, 1])
STAGES = """match project addFields set unset replaceRoot replaceWith group sort limit skip count unwind sortByCount bucket bucketAuto facet lookup graphLookup unionWith
    redact setWindowFields densify fill sample documents""".split()


def shapes():
    """Each operator with operands of every shape: mostly errors, in mongod's words."""
    for name in EXPRESSIONS:
        for operand in OPERANDS:
            yield aggregate("sales", {"$limit": 1}, {"$project": {"r": {"$" + name: operand}}})
    for name in STAGES:
        for operand in (5, "x", "$item", None, [], [1], {}, {"foo": 1}, True, -1, {"_id": 0}, {"_id": {"$foo": 1}}, {"a": {"$first": "$tags"}}):
            # Of the most frequent ones any may be the first.
            if (name != "documents" or not isinstance(operand, dict)) and (name, operand) != ("sortByCount", "$item"):
                yield aggregate("sales", {"$sort": {"_id": 1}}, {"$" + name: operand}, {"$limit": 1})


def numbers():
    for name in ("R5", "R20", "1-2-5", "E6", "POWERSOF2"):
        for value in ({"$toDecimal": {"$add": ["$size.h", 1]}}, {"$multiply": ["$size.h", Decimal128("1234.5")]}, {"$divide": ["$size.h", 1e7]}, {"$multiply": ["$size.h", 1e9]}, {"$toDecimal": {"$divide": ["$size.h", 900]}}):
            yield aggregate("sales", {"$bucketAuto": {"groupBy": value, "buckets": 3, "granularity": name}})
    for of in ("$size.w", "$tags", "$missing", "$amount", {"a": "$item"}):
        yield aggregate("sales", {"$group": {"_id": None, "r": {"$addToSet": of}}}, {"$project": {"r": {"$sortArray": {"input": "$r", "sortBy": 1}}}})
    yield aggregate("french", {"$group": {"_id": None, "r": {"$addToSet": "$s"}}}, {"$project": {"r": {"$size": "$r"}}})
    yield from ({"find": "tree", "sort": sort, "projection": {"_id": 1}} for sort in ({"part.0": 1, "_id": 1}, {"part.list.v": -1, "_id": 1}, {"part.list.0": 1}, {"acl": 1, "_id": 1}, {"part.list": 1, "_id": 1}, {"part.list.acl": 1, "acl": 1}))
    yield from ({"find": "data", "sort": sort, "projection": {"_id": 1}} for sort in ({"arr": 1, "_id": 1}, {"arr": 1, "nums": 1}, {"arr.0": -1, "_id": 1}, {"o.b": 1, "_id": 1}, {"deep.p.q": 1, "_id": -1}, {"x": 1, "_id": 1}, {"arr.a": 1, "_id": 1}))


def places():
    """Stages where they may not stand, beside others that are wrong: which error is told; and what is accepted."""
    stages = ({"$match": {}}, {"$documents": [{"a": 1}]}, {"$out": "x"}, {"$merge": {"into": "x"}}, {"$collStats": {}}, {"$group": {"_id": 1}}, {"$search": {}}, {"$foo": 1}, {"$listCatalog": {}},
              {"$facet": {"a": [{"$limit": 1}]}}, {"$unionWith": "tree"}, {"$planCacheStats": {}}, {"$listLocalSessions": {}}, {"$changeStream": {}}, {"$geoNear": {"near": [0, 0], "distanceField": "d"}}, {"$setWindowFields": {"output": {}}})
    for coll in (1, "sales"):
        for a in stages:
            for b in stages:
                # What would be answered is another test's, and what would be written is refused.
                if any(name in a for name in ("$match", "$unionWith", "$facet", "$group", "$setWindowFields")) and any(name in b for name in ("$out", "$merge", "$facet", "$group", "$unionWith", "$match", "$setWindowFields")) and coll != 1:
                    continue
                if any(name in a for name in ("$collStats", "$listCatalog", "$listLocalSessions", "$documents", "$planCacheStats")) and "$foo" not in b:
                    continue
                yield {"aggregate": coll, "pipeline": [a, b], "cursor": {}}
            yield {"aggregate": coll, "pipeline": [{"$facet": {"q": [a], "$r": []}}], "cursor": {}}
    for wrong in (5, {"db": "d"}, "", {"db": "d", "coll": "x", "z": 1}, "system.x", {"db": "admin", "coll": "x"}):
        yield aggregate("sales", {"$out": wrong})
    for wrong in (5, {}, {"into": "x", "foo": 1}, {"into": "x", "on": 5}, {"into": "x", "on": []}, {"into": "x", "whenMatched": "foo"}, {"into": "x", "whenNotMatched": "foo"}, {"into": "x", "let": 5}, {"into": {"db": "d"}}, {"into": {"db": "d", "coll": "x", "y": 1}},
                  {"into": "x", "whenMatched": [{"$foo": 1}]}, {"into": "x", "whenMatched": "replace", "let": {"a": 1}}, {"into": "x", "whenMatched": "fail", "whenNotMatched": "fail"}):
        yield aggregate("sales", {"$merge": wrong})
    yield aggregate("sales", {"$limit": 1}, {"$lookup": {"from": "tree", "as": "l", "pipeline": [{"$documents": [{"a": 1}]}]}}, {"$project": {"l": 1}})
    yield aggregate("sales", {"$limit": 1}, {"$unionWith": {"coll": "tree", "pipeline": [{"$documents": [{"a": 1}]}]}}, {"$project": {"item": 1, "a": 1}})
    yield aggregate("sales", {"$limit": 1}, hint={"$natural": 1, "a": 1})
    yield aggregate("missing", {"$planCacheStats": {}})
    for locale in ("zh@collation=pinyin", "zh@collation=stroke", "de@collation=phonebook", "de@collation=PHONEBOOK", "en@collation=search", "en@foo=bar", "de@phonebook", "sv@collation=reformed", "zh_Hant@collation=pinyin", "en@collation=searchjl"):
        yield {"find": "sales", "filter": {}, "limit": 1, "sort": {"_id": 1}, "collation": {"locale": locale}}
    yield from ({"find": "data", "sort": {"o": 1, "_id": -1}, "projection": projection} for projection in ({"o": {"a": 1}}, {"o.a": 1}, {"o": 1}, {"o": {"a": 1}, "_id": 0}))
    yield aggregate("sales", {"$group": {"_id": "$item", "r": {"$maxN": {"input": "$_id", "n": 0}}}}, {"$match": {"$expr": {"$and": [False, "$t"]}}})
    yield aggregate("sales", {"$sort": {"_id": 1}}, {"$setWindowFields": {"sortBy": {"item": 1}, "output": {"w": {"$avg": {"$multiply": ["$item", 1]}, "window": {"range": [-1, 1]}}}}})
    window = {"documents": [-1, 1]}
    for values in ([Decimal128("0.1"), 1.0, -13, 0, Int64(-2**63), -1], [-13, 0, Int64(-2**63), -1, 1], [1.0, 3, Int64(-2**63), -13, 5, 7], [1.5, 1, 2, 3, Decimal128("2.5"), 4, 5, 6]):
        for name in ("$sum", "$avg", "$stdDevPop", "$stdDevSamp"):
            yield {"aggregate": 1, "pipeline": [{"$documents": [{"_id": i, "v": v} for i, v in enumerate(values)]}, {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"w": {name: "$v", "window": window}}}}], "cursor": {}}
    yield {"aggregate": 1, "pipeline": [{"$documents": [{"_id": i, "v": v} for i, v in enumerate((1.0, 1, 0, 1e300, -1, 5))]}, {"$setWindowFields": {"sortBy": {"_id": 1}, "output": {"w": {"$stdDevPop": "$v", "window": window}}}}], "cursor": {}}
    for query in ({"$expr": {"$eq": ["$item", "i1"]}}, {"$jsonSchema": {"required": ["item"], "properties": {"item": {"type": "string", "minLength": 2}}}}, {"$expr": {"$or": [{"$or": [{"$gt": ["$_id", 3]}]}, False]}}):
        yield {"explain": {"find": "sales", "filter": query}, "verbosity": "queryPlanner", "readConcern": {"level": "local"}}


def commands():
    for part in (finds, geos, joins, windows, gaps, groups, others, counts, types, numbers, places):
        yield from part()
