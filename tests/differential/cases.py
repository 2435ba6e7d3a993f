"""The named cases of reference/oplog.md, section 8: from which version on a primary can log each, or why none can."""

V44, V50, V60 = (4, 4), (5, 0), (6, 0)

# What no primary logs, so that no run of this test has it: other tests make these entries by hand.
NOT_MADE = {
    "D19": "a primary refuses an unknown UUID: nothing is logged", "D20": "a primary and members differ",
    "D07": "refused: nothing is logged", "D21": "a primary keeps unique indexes", "D22": "a primary keeps unique indexes",
    "A21": "refused", "A25": "refused", "A26": "refused", "B10": "a server dies of it", "B12": "a server dies of it", "B20": "refused",
    "B15": "refused", "B21": "later servers", "B25": "replay from other states: test_update_model.py",
    "C01": "nothing is logged", "C09": "refused", "C18": "nothing is logged", "C24": "refused", "C25": "refused",
    "C10": "replay of a fuzzy base", "C11": "replay of a fuzzy base", "C12": "replay of a fuzzy base", "C13": "replay of a fuzzy base",
    "C14": "replay of a fuzzy base", "C19": "a primary refuses it", "C22": "needs a cut log", "C36": "no server writes it", "C37": "later servers",
    "K04": "by hand", "K08": "replay of a fuzzy base", "T05": "needs a cut log", "T10": "needs a cut log", "T11": "needs a cut log",
    "T12": "needs a cut log", "T15": "refused: nothing is logged",
    "T16": "a primary and members differ", "T20": "later servers", "T21": "later servers", "T22": "later servers",
    "T23": "replay of a fuzzy base", "T25": "later servers", "F07": "needs a cut log", "F08": "test_cli", "F09": "tail", "F10": "tail",
    "F11": "more than one member", "F13": "more than one member", "F15": "sharded", "F16": "sharded", "F20": "sharded",
}
_COUNTS = {"D": 22, "A": 27, "B": 25, "C": 37, "K": 10, "T": 27, "F": 20}
_SINCE = {"D08": V50, "A22": V50, "C07": (5, 3), "C20": V44, "C21": V44, "C28": V44, "C29": V60, "C31": V44, "C33": V50, "C35": V50, "K03": V50,
          "K05": V50, "K07": V60, "K09": V60, "T03": V44, "F06": V44, "F17": V44, "T27": V60}
# Only in versions before this one.
UNTIL = {"C28": V60, "K02": V50}


def all_cases():
    """{case: the first version that can log it}"""
    found = {}
    for letter, count in _COUNTS.items():
        for number in range(1, count + 1):
            name = f"{letter}{number:02}"
            found[name] = _SINCE.get(name, V50 if letter == "B" else (4, 2))
    return found
