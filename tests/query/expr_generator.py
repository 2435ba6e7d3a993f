"""Random aggregation expressions: every operator, arguments of every type, wrong counts, unknown and missing parameters.

`Generator(seed).expression()` gives a value for bson_values.document(). OPERATORS says of each operator what it likes to get;
mostly it does, often enough not. Others add their operators to OPERATORS.
"""
import random

from bson import Int64

from bson_values import NUMBERS, VALUES, every_value

FIELDS = [name for name, _ in every_value()]
KINDS = {
    "number": list(NUMBERS),
    "int": ["int", "long"],
    "array": ["array"],
    "object": ["object"],
    "string": ["string"],
    "date": ["date"],
    "bool": ["bool"],
    "timestamp": ["timestamp"],
    "binary": ["binary", "string"],
    "any": list(VALUES),
}
ONE_NUMBER = [["number"]]
# Kinds of arguments that others add: name -> function(generator, depth) that gives one.
SPECIALS = {}

# Operator -> argument kinds by count of arguments (a list of lists), or a dict of named parameters; a kind that ends in "*" may be repeated.
OPERATORS = {
    **{"$" + name: ONE_NUMBER for name in (
        "abs ceil floor exp ln log10 sqrt acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh "
        "degreesToRadians radiansToDegrees").split()},
    "$add": [["number*"], ["date", "number"], ["number", "date"], ["number", "date", "number"]],
    "$multiply": [["number*"]],
    "$subtract": [["number", "number"], ["date", "number"], ["date", "date"]],
    "$divide": [["number", "number"]],
    "$mod": [["number", "number"]],
    "$pow": [["number", "number"]],
    "$log": [["number", "number"]],
    "$atan2": [["number", "number"]],
    "$round": [["number"], ["number", "int"]],
    "$trunc": [["number"], ["number", "int"]],
    **{"$" + name: [["any", "any"]] for name in "cmp eq ne gt gte lt lte".split()},
    "$and": [["any*"]],
    "$or": [["any*"]],
    "$not": [["any"]],
    "$ifNull": [["any", "any"], ["any", "any", "any"]],
    "$cond": [["any", "any", "any"], {"if": "any", "then": "any", "else": "any"}],
    "$switch": [{"branches": "branches", "default?": "any"}],
    "$arrayElemAt": [["array", "int"]],
    "$arrayToObject": [["array"]],
    "$objectToArray": [["object"]],
    "$concatArrays": [["array*"]],
    "$first": [["array"]],
    "$last": [["array"]],
    "$in": [["any", "array"]],
    "$indexOfArray": [["array", "any"], ["array", "any", "int"], ["array", "any", "int", "int"]],
    "$isArray": [["any"]],
    "$range": [["small", "small"], ["small", "small", "small"], ["any", "small", "small"]],
    "$reverseArray": [["array"]],
    "$size": [["array"]],
    "$slice": [["array", "int"], ["array", "int", "int"]],
    "$filter": [{"input": "array", "cond": "in_loop", "as?": "as", "limit?": "int"}],
    "$map": [{"input": "array", "in": "in_loop", "as?": "as"}],
    "$reduce": [{"input": "array", "initialValue": "any", "in": "in_reduce"}],
    "$zip": [{"inputs": "list", "defaults?": "list", "useLongestLength?": "flag"}],
    "$sortArray": [{"input": "array", "sortBy": "sort"}],
    **{"$" + name: [{"n": "int", "input": "array"}] for name in "firstN lastN maxN minN".split()},
    **{"$" + name: [["array"], ["number*"], ["any"]] for name in "sum avg min max stdDevPop stdDevSamp".split()},
    "$mergeObjects": [["object*"], ["array"]],
    **{"$" + name: [["array", "array"]] for name in "setDifference setIsSubset".split()},
    **{"$" + name: [["array*"]] for name in "setEquals setIntersection setUnion".split()},
    "$allElementsTrue": [["array"]],
    "$anyElementTrue": [["array"]],
    "$getField": [{"field": "name", "input": "object"}, ["name"]],
    "$setField": [{"field": "name", "input": "object", "value": "any"}],
    "$unsetField": [{"field": "name", "input": "object"}],
    "$let": [{"vars": "vars", "in": "in_let"}],
    "$literal": [["raw"]],
    "$const": [["raw"]],
    "$bsonSize": [["object"]],
    "$binarySize": [["binary"]],
    "$toHashedIndexKey": [["any"]],
    "$tsSecond": [["timestamp"]],
    "$tsIncrement": [["timestamp"]],
    "$foo": [["any"]],
}

CORE = list(OPERATORS)


class Generator:
    def __init__(self, seed, operators=None):
        self.random = random.Random(seed)
        self.operators = {name: OPERATORS[name] for name in operators or OPERATORS}
        self.names = list(self.operators)
        self.variables = ["ROOT", "CURRENT", "NOW", "REMOVE", "letNumber", "letArray"]

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def literal(self, kind):
        group = self.random.choice(KINDS.get(kind, KINDS["any"]))
        value = self.random.choice(VALUES[group])
        return value

    def field(self, kind):
        """The name of a field of the document whose value is of the kind."""
        group = self.random.choice(KINDS.get(kind, KINDS["any"]))
        return f"${group}{self.random.randrange(len(VALUES[group]))}"

    def path(self):
        choice = self.random.choice
        return choice(["$missing", "$object0", "$object3.a.b", "$array12.a", "$array10.k", "$object10.x.y.z", "$$ROOT.object1", "$array25.a.b",
                       "$object2.a", "$int0.x", "$nested.deep", "$" + choice(self.names)[1:], "$$" + choice(self.variables),
                       "$$" + choice(self.variables) + ".a", "$array8.0", "$$CURRENT.int3", "$object9.a", "$a..b", "$a.", "$", "$$", "$$nope",
                       "$$1", "$$A-b", "$.a", "$a.$b"] if self.chance(30) else [
                           "$missing", "$object3.a.b", "$array12.a", "$array10.k", "$object10.x.y.z", "$$ROOT.object1", "$array25.a.b", "$$REMOVE"])

    def expression(self, kind="any", depth=2):
        """Something for an argument that wants `kind`."""
        if not self.chance(80):
            kind = "any"
        dice = self.random.randrange(100)
        if depth > 0 and dice < 30:
            return self.operator(depth - 1)
        if dice < 36:
            return self.path()
        if dice < 40:
            return self.structure(depth)
        if dice < 68:
            return self.field(kind)
        value = self.literal(kind)
        if isinstance(value, str) and value.startswith("$"):
            return {"$literal": value}
        return value

    def structure(self, depth):
        if depth == 0:
            return {}
        if self.chance(50):
            return [self.expression("any", depth - 1) for _ in range(self.random.randrange(4))]
        return {self.random.choice("abcdef") + str(i): self.expression("any", depth - 1) for i in range(self.random.randrange(3))}

    def special(self, kind, depth):
        """Parameters that are no expressions, or expressions with variables."""
        choice = self.random.choice
        if kind == "small":
            if self.chance(80):
                return choice([0, 1, 5, -3, 10, Int64(4), 2.0, 3.5, "$int3", "$int5", None, "$long5"])
            return choice(["$string0", "$double4", "$double13", "$missing", "x", "$decimal4"])
        if kind == "as":
            return choice(["this", "x", "x", "x", "x_1", "X", "", "x-y", 5, "é", "CURRENT"])
        if kind == "in_loop":
            return choice(["$$this", "$$x", "$$this.a", {"$gt": ["$$this", 1]}, {"$add": ["$$x", 1]}, {"$eq": ["$$this", "$int1"]}, "$a", "$$CURRENT",
                           {"$type": "$$this"}, True, self.expression("any", depth)])
        if kind == "in_reduce":
            return choice(["$$this", "$$value", {"$add": ["$$this", "$$value"]}, {"$concatArrays": ["$$value", ["$$this"]]},
                           {"$cond": [{"$gt": ["$$this", "$$value"]}, "$$this", "$$value"]}, self.expression("any", depth)])
        if kind == "in_let":
            return choice(["$$x", "$$y", {"$add": ["$$x", "$$y"]}, "$$x.a", "$a", "$$CURRENT", ["$$x", "$$y"], self.expression("any", depth)])
        if kind == "vars":
            if self.chance(5):
                return self.literal("any")
            names = self.random.sample(["x", "y", "X", "CURRENT", "x.y", ""], 2) if self.chance(20) else ["x", "y"]
            return {name: self.expression("any", depth) for name in names}
        if kind == "branches":
            if self.chance(5):
                return self.literal("any")
            return [self.branch(depth) for _ in range(self.random.randrange(4))]
        if kind == "list":
            if self.chance(8):
                return self.expression("any", 0)
            return [self.expression("array", depth) for _ in range(self.random.choice([0, 1, 2, 2, 2, 3]))]
        if kind == "flag":
            return choice([True, True, True, False, 1, None])
        if kind == "sort":
            return choice([1, -1, {"a": 1}, {"a": -1}, {"a": 1, "b": -1}, {"k": -1}, {"a.b": 1}, {"a.0": -1}, 2, 0, {}, "a", {"a": 2}, {"": 1}, {"a.": 1},
                           {".a": 1}, {"a..b": 1}, None, 1.0, Int64(-1), True, {"a": "x"}, {"a": {"$meta": "x"}}, [], {"$a": 1}])
        if kind == "name":
            return choice(["a", "b", "a.b", "", "$a", {"$literal": "$a"}, {"$concat": ["a", "b"]}, 5, None, "$string1", {"$const": "k"}, "x",
                           {"$literal": "a.b"}, ["a"], {"x": 1}, "$missing"])
        if kind == "raw":
            return choice(["$a", {"$add": [1, 2]}, {"$foo": 1}, ["$a"], self.literal("any")])
        raise KeyError(kind)

    def branch(self, depth):
        if self.chance(5):
            return self.literal("any")
        branch = {"case": self.expression("bool", depth), "then": self.expression("any", depth)}
        if self.chance(5):
            branch.pop(self.random.choice(["case", "then"]))
        if self.chance(3):
            branch["when"] = 1
        return branch

    def argument(self, kind, depth):
        if kind in KINDS:
            return self.expression(kind, depth)
        if kind in SPECIALS:
            return SPECIALS[kind](self, depth)
        return self.special(kind, depth)

    def operator(self, depth=2, name=None):
        name = name or self.random.choice(self.names)
        shape = self.random.choice(self.operators[name])
        if isinstance(shape, dict):
            return {name: self.named(shape, depth)}
        kinds = []
        for kind in shape:
            if kind.endswith("*"):
                kinds += [kind[:-1]] * self.random.choice([0, 1, 2, 2, 3, 3, 4])
            else:
                kinds.append(kind)
        if self.chance(4):
            kinds = kinds[:-1] if self.chance(50) else kinds + ["any"]
        args = [self.argument(kind, depth) for kind in kinds]
        if self.chance(1):
            return {name: args, "$and": []}
        if len(args) == 1 and self.chance(50):
            return {name: args[0]}
        return {name: args}

    def named(self, shape, depth):
        if self.chance(3):
            return self.literal("any")
        args = {}
        for name, kind in shape.items():
            if name.endswith("?"):
                if not self.chance(50):
                    continue
                name = name[:-1]
            elif self.chance(3):
                continue
            args[name] = self.argument(kind, depth)
        if self.chance(3):
            args["unknown"] = 1
        if self.chance(20):
            items = list(args.items())
            self.random.shuffle(items)
            args = dict(items)
        return args


LET = {"letNumber": 5, "letArray": [1, {"a": 2}]}
