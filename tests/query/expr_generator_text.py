"""More operators for expr_generator.py: strings, regular expressions, conversions, dates. Importing it adds them."""
from bson import Decimal128, Int64, ObjectId

import expr_generator
from bson_values import Date, VALUES, regex

WORDS = ["", "a", "abc", "abcabc", "ABC", "aXbXc", "é", "日本語", "😀x", "  trim me \t", "a b c", "x\0y", "aaaa", "ß", "İ", "a.b.c", "--a--", "\u00a0x\u2003", "foo=1,bar=22"]
PATTERNS = ["a", "^a", "c$", "b+", "(a)(b)?", "(a)|(b)|(c)", "[abc]{2}", "", "a*", "(?i)ABC", "\\d+", "\\w", "\\bfoo", "(foo|bar)=(\\d+)", ".", "^.*$", "é", "\\x{e9}",
            "\\p{L}", "(?<n>a)", "(?P<n>a)", "(a", "a)", "[a", "*a", "a{2,1}", "\\", "(?", "(?z)", "(?<n", "[[:foo:]]", "a**", "(?<=a*)b", "(?P=x)", "\\1", "(?1)", "\\p{Foo}",
            "[z-a]", "x\0", "\\j", "\\Qa.b\\E", "(?=a)a", "(?!a).", "a++", "(?>a+)", "\\R", "\\h", "\\K", "a\\Kb", "(*ACCEPT)", "(*FOO)", "\\c", "\\g", "\\k", "(?(1)a|b|c)", "\\x{110000}",
            "[a-\\d]", "(?#", "a{99999}", "[[.a.]]", "\\N", "[\\N]", "\\u", "\\L", "(?R)", "(?C256)", "(?<1>a)", "(?<n>a)(?<n>b)", "\\8", "\\0", "\\o{101}", "\\o", "\\xzz", "\\x{z}", "(?-i)A", "[^a]", "$", "^"]
LETTERS = ["", "i", "m", "s", "x", "im", "ims", "u", "z", "iz", "g", "i\0", "ii", " "]
ZONES = ["UTC", "GMT", "America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/Santiago", "Africa/Windhoek", "Asia/Tehran", "+05:30",
         "-0830", "+14", "-00:00", "+99:99", "Z", "", "America", "utc", "EST", "EST5EDT", "Etc/GMT+5", "+5", "+05:3", "Antarctica/Troll", "Asia/Kathmandu", "America/Sao_Paulo", "x"]
GOOD_ZONES = ZONES[:14]
FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S.%LZ", "%H:%M:%S:%L", "%j %U %w", "%G-W%V-%u", "%z", "%Z", "%%", "", "plain", "%Y%m%d", "%", "abc%", "%q", "%b", "%B", "%y", "%Y %z %Z %%x", "%é"]
READ_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S.%LZ", "%Y-%m-%d %H:%M:%S", "%G-%V-%u", "%G-%V", "%Y-%m-%d %z", "%Y-%m-%d %Z", "%Y%%%m%%%d", "%Y", "%m", "%u", "%H:%M", "%Y-%m-%d %j", "%Y-%m",
                "%Y%m%d", "%%", "%", "x", "", "%Y-%m-%d %H", "%Y-%m-%dT%H:%M:%S%z", "%L", "%S"]
UNITS = ["year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"]
BAD_UNITS = ["years", "Day", "", "decade"]
DAYS = ["monday", "Mon", "sun", "SUNDAY", "tue", "wednesday", "thu", "Friday", "sat", "saturday"]
NAMES_MONTH = ["jan", "January", "Feb", "mar", "april", "May", "JUN", "july", "aug", "sept", "October", "nov", "dec", "XII", "iv", "IV"]
NUMERALS = ["1", "-1", "1.5", "1e5", "abc", "", " 1", "1 ", "+7", "0x1f", "0X1F", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "1e400", "1e-400", "inf", "-Infinity", "nan",
            "1e6145", "1E-6200", "1234567890123456789012345678901234567", "0.1", ".5", "5.", ".", "-", "--1", "1_0", "5f0000000000000000000001", "5f000000000000000000000g", "zz", "2020-01-01T00:00:00Z",
            "2020-01-01", "2020-13-01", "true", "false", "1,5", "\u0661", "1e", "0e5", "-0", "-0.0", "00012"]
TYPES = ["double", "string", "object", "array", "binData", "undefined", "objectId", "bool", "date", "null", "regex", "dbPointer", "javascript", "symbol", "javascriptWithScope", "int", "timestamp", "long",
         "decimal", "minKey", "maxKey", "missing", "number", "foo", "", -1, 0, 1, 2, 7, 8, 9, 16, 18, 19, 20, 99, 127, -2, 1.0, 1.5, Int64(2), Decimal128("16"), None, True, [], {}, 2.0**40]
EPOCH_DAYS = [0, -1, 1, 364, 365, 58, 59, 60, -719528, -719162, 2932896, 10956, 10957, 11016, 16800, 17000, 17236, 17471, 18000, 18262, 18628, 19000, 47482, 95026365, -95026237, 95026236 * 1]


def moment(g):
    """A date; mostly of the years 0 to 9999, often at a border."""
    r = g.random
    dice = r.randrange(100)
    if dice < 50:
        return Date(r.randrange(-2208988800000, 4102444800000))
    if dice < 70:
        return Date(r.choice(EPOCH_DAYS[:23]) * 86400000 + r.choice([0, -1, 1, 3600000, 86399999, r.randrange(86400000)]))
    if dice < 80:
        return Date(r.randrange(-62167219200000, 253402300800000))
    if dice < 85:
        return Date(r.randrange(-10**6, 10**6) * 86400000 + r.randrange(2000))
    if dice < 95:
        return Date(r.randrange(-2**53, 2**53))
    return Date(r.choice([2**63 - 1, -2**63, 2**62, -2**62, r.randrange(-2**63, 2**63)]))


def changing(g):
    """A date near a change of summer time in some zone."""
    base = g.random.choice([1509861600000, 1489302000000, 1509238800000, 1490490000000, 1491062400000, 1506787200000, 1325239200000, 1502596800000, 1494730800000])
    return Date(base + g.random.choice([-3600000, 0, 3600000, -1, 1, 1800000, -1800000, 7200000, -86400000, 86400000]))


def either(good, other=8):
    """One of `good` mostly, else something of any type."""

    def make(g, depth):
        if g.chance(other):
            return g.expression("any", depth)
        value = g.random.choice(good) if isinstance(good, list) else good(g)
        if isinstance(value, (str, dict, list)):
            value = {"$literal": value}
        return unknown(value) if g.chance(15) else value

    return make


def unknown(value):
    """The same, but no constant."""
    return {"$ifNull": ["$missing", value]}


def zone(g, depth):
    if g.chance(8):
        return g.expression("any", 0)
    value = g.random.choice(GOOD_ZONES if g.chance(85) else ZONES)
    return unknown(value) if g.chance(15) else value


def word(g):
    r = g.random
    if g.chance(60):
        return r.choice(WORDS)
    return "".join(r.choice("aabbc x\t.é日😀") for _ in range(r.randrange(8)))


def two(n):
    return f"{n:02d}"


def date_part(g):
    r = g.random
    y = r.choice([1970, 2017, 2000, 1, 9999, 99, 0, 2024, r.randrange(10000)])
    m, d = r.randrange(0, 14) if g.chance(10) else r.randrange(1, 13), r.randrange(0, 33) if g.chance(10) else r.randrange(1, 29)
    month = r.choice(NAMES_MONTH)
    return r.choice([
        f"{y:04d}-{two(m)}-{two(d)}", f"{y:04d}-{two(m)}-{two(d)}", f"{y:04d}-{two(m)}-{two(d)}", f"{m}/{d}/{y}", f"{y:04d}/{m}/{d}", f"{d}.{m}.{y:04d}", f"{d}-{m}-{y:04d}", f"{y:04d}{two(m)}{two(d)}",
        f"{d} {month} {y}", f"{month} {d}, {y}", f"{month} {d}th {y}", f"{month} {y:04d}", f"{y:04d} {month}", f"{y % 100:02d}-{two(m)}-{two(d)}", f"{y:04d}-{m}", f"{y:04d}-W{two(r.randrange(54))}",
        f"{y:04d}W{two(r.randrange(1, 53))}{r.randrange(8)}", f"{y:04d}.{r.randrange(1, 367):03d}", f"{y:04d}{r.randrange(1, 367):03d}", f"{d}-{month}-{y}", f"{y}-{month}-{two(d)}", f"{month}-{two(d)}-{y}",
        f"+{y + 10000}-{two(m)}-{two(d)}", f"-{y:04d}-{two(m)}-{two(d)}", f"@{r.randrange(-10**10, 10**10)}", f"@{r.randrange(10**9)}.{r.randrange(10**6)}", f"{month} {d}", f"{d} {month}", month, f"{y:04d}",
        f"{d}/{r.choice(NAMES_MONTH)}/{y:04d}:10:20:30 +0100", f"{y:04d}:{two(m)}:{two(d)} 10:20:30", f"{m}/{d}", f"{d}.{m}.{y % 100:02d}", f"{d}{r.choice(['st', 'nd', 'rd', 'th'])} {month} {y}",
    ])


def time_part(g):
    r = g.random
    h, i, s = r.randrange(26) if g.chance(10) else r.randrange(24), r.randrange(61) if g.chance(10) else r.randrange(60), r.randrange(62) if g.chance(10) else r.randrange(60)
    return r.choice([f"{two(h)}:{two(i)}:{two(s)}", f"{two(h)}:{two(i)}", f"{h}:{i}:{s}", f"{two(h)}:{two(i)}:{two(s)}.{r.randrange(10**r.randrange(1, 8))}", f"{h}pm", f"{h} a.m.", f"{h}:{two(i)} PM",
                     f"{two(h)}{two(i)}", f"{two(h)}{two(i)}{two(s)}", f"{h}.{two(i)}", "noon", "midnight", f"{h}:{two(i)}:{two(s)}am", f"t{two(h)}{two(i)}", f"T{h}", f"{h}:{two(i)}:{two(s)}:500PM", "back of 7pm", "front of 5am"])


def zone_part(g):
    return g.random.choice(["Z", "z", "UTC", "GMT", "EST", "cest", "+01:00", "-0530", "+5", "GMT+2", "America/New_York", "foo", "(PDT)", "+010203", "A", "J", "+24:60", "-1:5", "Mst", "X", "UTC+1", "hadt", "+1:30:00"])


def relative_part(g):
    r = g.random
    unit = r.choice(["sec", "seconds", "min", "minute", "hours", "day", "days", "week", "weeks", "fortnight", "month", "months", "year", "years", "monday", "sat", "weekday", "weekdays", "ms", "usec", "sundays"])
    return r.choice([f"+{r.randrange(40)} {unit}", f"-{r.randrange(40)} {unit}", f"{r.randrange(400)} {unit} ago", f"next {unit}", f"last {unit}", f"{r.choice(['first', 'third', 'twelfth', 'this', 'previous'])} {unit}",
                     "yesterday", "tomorrow", "today", "now", "monday", "Fri", "first day of", "last day of", "first monday of", "last sat of", "third tue of", "next week", "this week", "last week", "ago",
                     "first day of next month", "+1 week 2 days", "saturday this week", "weekday"])


def date_text(g):
    """A text for $dateFromString without a format."""
    r = g.random
    dice = r.randrange(100)
    if dice < 30:
        return date_part(g) + r.choice(["T", " ", "t", "", ", "]) + time_part(g) + r.choice(["", " ", ""]) + (zone_part(g) if g.chance(40) else "")
    if dice < 50:
        return date_part(g)
    if dice < 85:
        parts = [r.choice([date_part, time_part, zone_part, relative_part])(g) for _ in range(r.randrange(1, 4))]
        if g.chance(60):
            parts.insert(0, date_part(g))
        return r.choice([" ", " ", " ", ", ", "", "\t"]).join(parts)
    if dice < 93:
        whole = list(date_part(g) + " " + time_part(g))
        whole[r.randrange(len(whole))] = r.choice("0123456789 -:./TZx+,()\0\né")
        return "".join(whole)
    return "".join(r.choice("0123456789-:/. TZpm+") for _ in range(r.randrange(14)))


def formatted_text(g):
    r = g.random
    y, m, d = r.randrange(10000), r.randrange(14), r.randrange(32)
    return r.choice([f"{y:04d}-{two(m)}-{two(d)}", f"{two(d)}/{two(m)}/{y:04d}", f"{y:04d}-{two(m)}-{two(d)}T01:02:03.456Z", f"{y:04d}-{two(m)}-{two(d)} 01:02:03", f"{y:04d}-{r.randrange(55)}-{r.randrange(9)}",
                     f"{y:04d}-{two(r.randrange(54))}", f"{y:04d}-{two(m)}-{two(d)} {zone_part(g)}", f"{y:04d}-{two(m)}-{two(d)} {r.choice(['+', '-', ''])}{r.randrange(1500)}", f"{y:04d}%{m}%{d}", f"{y}", "5", "12:30",
                     f"{y:04d}{two(m)}{two(d)}", "x", "", f"{y:04d}-{two(m)}-{two(d)} 2", f"{y:04d}-{two(m)}-{two(d)}T01:02:03+01:00", "123", f"{y}-{m}-{d}", "2017-01-0x", " 2017-01-02", f"{y:04d}-{two(m)}"])


def part(least, most):
    def make(g):
        if g.chance(6):
            return g.random.choice([0, -1, 32767, -32768, 32768, -32769, 1.0, 1.5, Int64(5), 10**6, Int64(2**62), Int64(-(2**63)), Decimal128("3"), 1e300, float("nan")])
        return g.random.randrange(least, most)

    return make


def amount(g):
    r = g.random
    if g.chance(15):
        return r.choice([Int64(2**63 - 1), Int64(-(2**63)), Int64(2**40), 1.5, 2.0, Decimal128("3"), Int64(10**15), 10**9, Int64(-(10**12)), Int64(584942417), Int64(2**53)])
    return r.choice([0, 1, -1, 2, 3, 7, 12, 13, 24, 30, 31, 48, 100, -100, 365, 1000, -13, 11, 400, 4800, r.randrange(-10**5, 10**5)])


def bin_size(g):
    if g.chance(12):
        return g.random.choice([0, -1, Int64(2**40), Int64(2**63 - 1), 1.5, 2.0, Decimal128("2"), Int64(100000000000), Int64(99999999999), 2**31 - 1])
    return g.random.choice([1, 1, 2, 3, 5, 7, 10, 12, 24, 60, 100, 1000])


def regex_argument(g):
    r = g.random
    if g.chance(40):
        pattern, flags = r.choice(PATTERNS), r.choice(["", "", "i", "m", "s", "x", "imsx"])
        return regex(pattern.replace("\0", ""), flags)
    return r.choice(PATTERNS)


DATE_ANY = either(lambda g: g.random.choice([moment, moment, changing])(g))
expr_generator.SPECIALS.update({
    "text": either(word, 12),
    "chars": either(["a", "", " ", "ab", "é", "日x", "-", "\t ", "😀", "\0"], 10),
    "index": either([0, 1, 2, 3, 5, 10, -1, 1.0, 2.5, Int64(1), Decimal128("2"), 2**31 - 1, Int64(2**31), Int64(-(2**40)), 1e30, float("nan"), float("-inf")], 8),
    "subject": either(word, 10),
    "pattern": either(regex_argument, 8),
    "letters": either(LETTERS, 8),
    "numeral": either(NUMERALS, 30),
    "type": either(TYPES, 5),
    "moment": DATE_ANY,
    "changing": either(changing, 2),
    "zone": zone,
    "format": either(FORMATS, 6),
    "read_format": either(READ_FORMATS, 5),
    "date_text": either(date_text, 3),
    "formatted": either(formatted_text, 3),
    "unit": either(lambda g: g.random.choice(UNITS if g.chance(93) else BAD_UNITS), 4),
    "weekday": either(lambda g: g.random.choice(DAYS if g.chance(92) else ["mo", "", "day", "mond"]), 5),
    "amount": either(amount, 5),
    "bin": either(bin_size, 4),
    "year": either(part(1, 10000), 5),
    "month": either(part(-30, 40), 5),
    "day": either(part(-50, 80), 5),
    "hour": either(part(-40, 60), 5),
    "milli": either(part(-5000, 5000), 5),
    "flag2": either([True, False, True, None], 8),
})

PARTS = "year month dayOfMonth hour minute second millisecond dayOfWeek dayOfYear week isoDayOfWeek isoWeek isoWeekYear".split()
OPERATORS = {
    "$concat": [["text*"], ["string*"]],
    "$toLower": [["text"], ["any"]],
    "$toUpper": [["text"], ["any"]],
    "$strcasecmp": [["text", "text"], ["any", "any"]],
    "$substr": [["text", "index", "index"]],
    "$substrBytes": [["text", "index", "index"]],
    "$substrCP": [["text", "index", "index"]],
    "$strLenBytes": [["text"]],
    "$strLenCP": [["text"]],
    "$split": [["text", "chars"], ["text", "text"]],
    "$indexOfBytes": [["text", "text"], ["text", "chars", "index"], ["text", "chars", "index", "index"]],
    "$indexOfCP": [["text", "text"], ["text", "chars", "index"], ["text", "chars", "index", "index"]],
    **{name: [{"input": "text", "chars?": "chars"}] for name in ("$trim", "$ltrim", "$rtrim")},
    **{name: [{"input": "text", "find": "chars", "replacement": "text"}] for name in ("$replaceOne", "$replaceAll")},
    **{name: [{"input": "subject", "regex": "pattern", "options?": "letters"}] for name in ("$regexMatch", "$regexFind", "$regexFindAll")},
    "$convert": [{"input": "numeral", "to": "type", "onError?": "any", "onNull?": "any"}, {"input": "any", "to": "type"}, {"input": "number", "to": "type"}],
    **{"$to" + name: [["numeral"], ["any"], ["number"]] for name in "Int Long Double Decimal String Bool ObjectId Date".split()},
    "$toDate": [["date_text"], ["any"], ["number"]],
    "$isNumber": [["any"]],
    "$type": [["any"]],
    "$dateToString": [{"date": "moment", "format?": "format", "timezone?": "zone", "onNull?": "any"}],
    "$dateFromString": [{"dateString": "date_text", "timezone?": "zone", "onNull?": "any", "onError?": "any"}, {"dateString": "date_text"}, {"dateString": "formatted", "format": "read_format"},
                        {"dateString": "formatted", "format": "read_format", "timezone?": "zone", "onError?": "any"}],
    "$dateToParts": [{"date": "moment", "timezone?": "zone", "iso8601?": "flag2"}],
    "$dateFromParts": [{"year": "year", "month?": "month", "day?": "day", "hour?": "hour", "minute?": "day", "second?": "milli", "millisecond?": "milli", "timezone?": "zone"},
                       {"isoWeekYear": "year", "isoWeek?": "month", "isoDayOfWeek?": "day", "hour?": "hour", "minute?": "day", "second?": "milli", "millisecond?": "milli", "timezone?": "zone"}],
    "$dateAdd": [{"startDate": "moment", "unit": "unit", "amount": "amount", "timezone?": "zone"}, {"startDate": "changing", "unit": "unit", "amount": "amount", "timezone": "zone"}],
    "$dateSubtract": [{"startDate": "moment", "unit": "unit", "amount": "amount", "timezone?": "zone"}],
    "$dateDiff": [{"startDate": "moment", "endDate": "moment", "unit": "unit", "timezone?": "zone", "startOfWeek?": "weekday"},
                  {"startDate": "changing", "endDate": "changing", "unit": "unit", "timezone": "zone"}],
    "$dateTrunc": [{"date": "moment", "unit": "unit", "binSize?": "bin", "timezone?": "zone", "startOfWeek?": "weekday"},
                   {"date": "changing", "unit": "unit", "binSize?": "bin", "timezone": "zone", "startOfWeek?": "weekday"}],
    **{"$" + name: [["moment"], {"date": "moment", "timezone?": "zone"}] for name in PARTS},
}
expr_generator.OPERATORS.update(OPERATORS)
NAMES = list(OPERATORS)
