#!/usr/bin/env python3
"""The rules of docs/CODING.md that a program can check; prints file:line: text, fails when there is one.

Layers point left only (LAYERS of the Makefile); each library has one home; every header compiles
alone and begins with a comment; functions and files are short; some calls are banned; what is below
the front ends prints nothing; exported names begin with their file's name, or with the name of a type
that the file's header declares, or with what its first comment says as "Prefix: name_", or with the name of
the folder whose front is FOLDER/FOLDER.h; the format is clang-format 14's. Missing unit tests are counted.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
FUNCTION_LINES = 60
FILE_LINES = 600

# Header (a regular expression of what stands between the quotes or brackets) -> where it may be included.
HOMES = (
    (r"lmdb\.h", ("index/",)),
    (r"fuse.*", ("fs/",)),
    (r"zstd.*|zdict\.h", ("store/pack/", "wire/compress.")),
    (r"mongoc.*", ("tools/", "store/backend/")),
    (r"curl/.*", ("store/backend/",)),
    (r"unicode/.*", ("query/", "base/collation.", "wire/saslprep.")),
    (r"pcre2.*", ("query/",)),
    (r"bid_\w+\.h", ("query/decimal_math.",)),
)
BANNED = "sprintf vsprintf strcpy strcat strtok gmtime localtime alloca gets atoi system".split()
PRINTING = "printf fprintf vprintf vfprintf dprintf puts fputs putchar putc fputc fwrite perror".split()
SILENT_UP_TO = "query"  # layers up to this one print nothing
TESTED_LAYERS = ("base", "index", "store", "oplog")
PEERS = {("fs", "wire"), ("wire", "fs")}

problems = []


def problem(path, line, text):
    problems.append((str(path.relative_to(ROOT)), line, text))


def read_layers():
    found = re.search(r"^LAYERS\s*:?=\s*(.+)$", (ROOT / "Makefile").read_text(), re.M)
    if not found:
        sys.exit("Makefile: no LAYERS := line")
    return found[1].split()


def sources(folders):
    for folder in folders:
        yield from sorted(p for p in (ROOT / folder).rglob("*.[ch]") if p.is_file())


def without_comments(text):
    """The text with comments and the insides of strings blanked, line numbers kept."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def blank(found):
        word = found[0]
        if word[0] in "\"'":
            return word[0] + " " * (len(word) - 2) + word[0]
        return re.sub(r"[^\n]", " ", word)

    return re.sub(pattern, blank, text, flags=re.S)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def check_includes(path, text, layers):
    parts = path.relative_to(ROOT).parts
    if parts[0] in layers:
        own = parts[0]
    elif parts[:2] == ("tests", "unit") and len(parts) > 3 and parts[2] in layers:
        own = parts[2]
    else:
        own = None
    for found in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', text, re.M):
        line, name = line_of(text, found.start()), found[2]
        top = name.split("/")[0]
        if found[1] == '"' and own in layers and top in layers:
            if layers.index(top) > layers.index(own) or (own, top) in PEERS:
                problem(path, line, f"{own}/ includes {name}: a layer sees those left of it only ({' < '.join(layers)})")
        elif found[1] == '"' and top not in layers and parts[0] != "tests" and "/" not in name:
            problem(path, line, f'"{name}": our own headers are named from the top of the tree')
        if parts[0] == "tests":
            continue
        for pattern, homes in HOMES:
            if re.fullmatch(pattern, name) and not str(path.relative_to(ROOT)).startswith(homes):
                problem(path, line, f"{name} has its home in {' and '.join(homes)}")


def check_calls(path, code, layers):
    top = path.relative_to(ROOT).parts[0]
    for found in re.finditer(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED), code):
        problem(path, line_of(code, found.start()), f"{found[1]}() is banned")
    if top in layers and layers.index(top) <= layers.index(SILENT_UP_TO):
        for found in re.finditer(r"(?<![\w.>])(%s)\s*\(" % "|".join(PRINTING), code):
            problem(path, line_of(code, found.start()), f"{found[1]}(): only front ends print")


def check_lengths(path, text, code):
    lines = code.split("\n")
    count = text.count("\n")
    if count > FILE_LINES:
        problem(path, FILE_LINES + 1, f"{count} lines; a file has at most {FILE_LINES}")
    begin = None
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{":
            begin = number
            while begin > 1 and lines[begin - 2].strip() and not lines[begin - 2].startswith(("}", "#")):
                begin -= 1
        elif line.startswith("}") and begin:
            if number - begin + 1 > FUNCTION_LINES:
                problem(path, begin, f"this function has {number - begin + 1} lines; the most is {FUNCTION_LINES}")
            begin = None


def check_header_comment(path, text):
    if not text.startswith("/*"):
        problem(path, 1, "a header begins with a comment that says what it is for")


def check_headers_alone(headers, warn):
    """Compile each header by itself."""
    compiler = shutil.which(os.environ.get("CC", "cc")) or shutil.which("gcc")
    names = re.findall(r"^PKGS_\w+\s*:=\s*(.+)$", (ROOT / "Makefile").read_text(), re.M)
    asked = subprocess.run(["pkg-config", "--cflags", *" ".join(names).split()],
                           capture_output=True, text=True) if shutil.which("pkg-config") else None
    if not compiler or not asked or asked.returncode != 0:
        warn("headers were not compiled: no compiler, or pkg-config lacks one of " + " ".join(names))
        return
    flags = ["-std=gnu17", "-D_GNU_SOURCE", "-D_FILE_OFFSET_BITS=64", "-pthread", "-Wall", "-Wextra",
             "-Wstrict-prototypes", "-I" + str(ROOT), *asked.stdout.replace("-I", "-isystem").split()]

    def compile_one(path):
        name = str(path.relative_to(ROOT))
        done = subprocess.run([compiler, *flags, "-fsyntax-only", "-x", "c", "-"],
                              input=f'#include "{name}"\n', capture_output=True, text=True, cwd=ROOT)
        return path, done.returncode, done.stderr

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, status, said in pool.map(compile_one, headers):
            if status == 0 and not said:
                continue
            found = re.search(r"^([^\s:]+):(\d+):(?:\d+:)? *((?:fatal )?(?:error|warning): .*)$", said, re.M)
            at = ROOT / found[1] if found and (ROOT / found[1]).is_file() else path
            problem(at, int(found[2]) if found else 1,
                    f"{path.relative_to(ROOT)} does not compile alone: {found[3] if found else said.strip()[:200]}")


def allowed_prefixes(path):
    """The file's name; types its header declares; 'Prefix: a_, b_' in a first comment; store/store.h's files: store_."""
    allowed = {path.stem}
    if (path.parent / f"{path.parent.name}.h").exists():
        allowed.add(path.parent.name)
    for near in (path, path.with_suffix(".h")):
        if not near.exists():
            continue
        text = near.read_text(errors="replace")
        comment = re.match(r"/\*.*?\*/", text, re.S)
        for found in re.finditer(r"\bPrefix(?:es)?: ([\w, *`]+)", comment[0] if comment else ""):
            allowed.update(word.strip("`*, ").rstrip("_") for word in found[1].split(","))
        if near.suffix == ".h":
            allowed.update(re.findall(r"^(?:struct|enum|union) (\w+)\s*[;{]", text, re.M))
    allowed.discard("")
    return allowed


def check_exports(paths, warn):
    """Names that an object file exports begin with its prefix. Only for objects that are built."""
    if not shutil.which("nm"):
        return warn("exported names were not checked: no nm")
    built = [(p, BUILD / p.relative_to(ROOT).with_suffix(".o")) for p in paths]
    built = [(p, o) for p, o in built if o.exists()]
    missing = len(paths) - len(built)
    if missing:
        warn(f"exported names of {missing} files were not checked: they are not built")
    for path, object_file in built:
        listed = subprocess.run(["nm", "-g", "--defined-only", str(object_file)], capture_output=True, text=True)
        allowed = allowed_prefixes(path)
        text = path.read_text(errors="replace")
        for row in listed.stdout.splitlines():
            name = row.split()[-1]
            if name == "main" or name.startswith(("__", "_")) or any(
                re.match(re.escape(p) + r"(_|\d|$)", name) for p in allowed
            ):
                continue
            if str(path.relative_to(ROOT)) == "base/buf.c" and name.startswith("x"):
                continue
            defined = re.search(r"^[^\s#/*].*\b%s\b" % re.escape(name), text, re.M)
            if not defined:
                continue  # the object is older than the source
            problem(path, line_of(text, defined.start()),
                    f"{name} is exported, but does not begin with {' or '.join(sorted(a + '_' for a in allowed))}")


def check_format(paths, warn):
    program = shutil.which(os.environ.get("CLANG_FORMAT", "clang-format-14"))
    if not program:
        return warn("the format was not checked: there is no clang-format-14")
    done = subprocess.run([program, "--dry-run", *map(str, paths)], capture_output=True, text=True, cwd=ROOT)
    seen = set()
    for found in re.finditer(r"^(.+?):(\d+):\d+: (?:warning|error): .*clang-format", done.stderr, re.M):
        if found[1] not in seen:
            seen.add(found[1])
            problem(Path(found[1]), int(found[2]), "the format differs (make format)")


def count_untested(layers, warn):
    untested = []
    for path in sources(layer for layer in TESTED_LAYERS if layer in layers):
        top = path.relative_to(ROOT).parts[0]
        if path.suffix == ".c" and not (ROOT / "tests" / "unit" / top / f"test_{path.stem}.c").exists():
            untested.append(str(path.relative_to(ROOT)))
    if untested:
        more = f" and {len(untested) - 8} more" if len(untested) > 8 else ""
        warn(f"{len(untested)} files have no unit test: {' '.join(untested[:8])}{more}")


def main():
    warnings = []
    layers = read_layers()
    ours = list(sources(layers))
    tests = list(sources(["tests"]))
    for path in ours + tests:
        text = path.read_text(errors="replace")
        code = without_comments(text)
        check_includes(path, text, layers)
        check_calls(path, code, layers)
        check_lengths(path, text, code)
        if path.suffix == ".h":
            check_header_comment(path, text)
    check_headers_alone([p for p in ours + tests if p.suffix == ".h"], warnings.append)
    check_exports([p for p in ours if p.suffix == ".c"], warnings.append)
    if ours + tests:
        check_format(ours + tests, warnings.append)
    count_untested(layers, warnings.append)
    for text in warnings:
        print(f"lint: warning: {text}")
    for path, line, text in sorted(problems):
        print(f"{path}:{line}: {text}")
    print(f"lint: {len(ours) + len(tests)} files, {len(problems)} problems, {len(warnings)} warnings")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
