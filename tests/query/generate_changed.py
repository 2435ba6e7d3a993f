"""What the other generators give with something in it changed, for differential.py --changed.

One or two of a command's values or names are replaced by wrong or strange ones: so every check of an argument is met, also those that
nobody thought of.
"""
import copy
import datetime

from bson import Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

STRANGE = [None, True, False, 0, 1, -1, 2, 1.5, 2.0, -0.0, Int64(2), Int64(2**40), 2**31 - 1, 1e300, float("nan"), float("inf"), Decimal128("2"), Decimal128("2.5"), Decimal128("NaN"), "", "x", "a.b", "$m", "$a.b", "$", "$$ROOT",
           "$$v", "$$nope", "$$REMOVE", "a..b", ".a", "$.a", "\0", {}, [], [[]], {"a": 1}, {"$foo": 1}, {"$add": [1, "$m"]}, {"$literal": 2}, ["$m"], [1, 2], {"$numberInt": 1}, {"": 1}, {"a.b": 1}, {"$a": 1},
           ObjectId("0" * 24), Timestamp(1, 1), Regex("a", "i"), MinKey(), MaxKey(), datetime.datetime(2020, 1, 1)]
NAMES = ["", "x", "$x", "a.b", "$eq", "$expr", "$and", "$sum", "$match", "input", "as", "in", "from", "n", "_id", "$literal", "unit", "$meta", "date"]


def places(value, path=()):
    """Paths to all values in a command but the names of its command and collection, and to none of those that decide the order of what comes."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        if key in ("$sort", "sort", "batchSize", "$sample") or path == () and key in ("aggregate", "find", "count", "distinct", "cursor"):
            continue
        yield (*path, key)
        yield from places(inner, (*path, key))


def changed(g, command):
    """A copy of the command that is changed in one place or two."""
    command = copy.deepcopy(command)
    for _ in range(g.pick([1, 1, 2])):
        all_places = list(places(command))
        if not all_places:
            break
        path = g.pick(all_places)
        holder = command
        for key in path[:-1]:
            holder = holder[key]
        change_one(g, command, holder, path)
    return command


def change_one(g, command, holder, path):
    key, kind = path[-1], g.random.random()
    stage = len(path) == 2 and path[0] == "pipeline"
    if kind < 0.55 or stage:
        holder[key] = copy.deepcopy(g.pick(STRANGE))
    elif kind < 0.7 and isinstance(holder, dict):
        renamed = [(g.pick(NAMES) if k == key else k, v) for k, v in holder.items()]
        holder.clear()
        holder.update(renamed)
    elif kind < 0.8 and isinstance(holder, dict):
        del holder[key]
    elif kind < 0.9 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(g.pick(STRANGE)))
    elif isinstance(holder, dict):
        holder[g.pick(NAMES)] = copy.deepcopy(g.pick(STRANGE))
    else:
        holder[key] = [holder[key]]
