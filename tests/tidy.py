"""The tree's own rules, as functions from a file's text to what is wrong with it.

Rule: they read syntax trees and text, they import nothing of ours. `python -m tests.tidy` prints every breach;
`tests/test_tidy.py` shows that each rule bites. The tables at the top are the house's layers: a new file needs a row.
"""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Layer(NamedTuple):
    """What a file, or every file of a folder, may import: of ours, and of libraries; `never`: not even this."""

    ours: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


IMPURE = ("sqlite3", "time", "random", "secrets", "os", "socket", "threading", "asyncio", "logging", "subprocess")
CLIENT_CORE = Layer(
    (
        *("chatd.messages", "chatd.moderation", "chatd.people", "chatd.archive", "chatd.encryption", "chatd.blobs"),
        *("chatd.wire", "chatd.early"),
    ),
    ("msgspec", "vodozemac", "platformdirs"),
    ("sqlite3",),
)
FACE = ("clients.core",)
WORDS = (
    *("chatd.messages", "chatd.moderation", "chatd.people", "chatd.archive"),
    *("chatd.encryption", "chatd.blobs"),
)

# Who may import whom. The longest name that fits a file counts; what a
# row names, it may import too.
LAYERS = {
    "chatd": Layer(),
    "chatd.messages": Layer(libraries=("msgspec",)),
    "chatd.moderation": Layer(("chatd.messages",), ("msgspec",)),
    "chatd.people": Layer(("chatd.messages",), ("msgspec",)),
    "chatd.archive": Layer(("chatd.messages",), ("msgspec",)),
    "chatd.encryption": Layer(("chatd.messages",), ("msgspec",)),
    "chatd.blobs": Layer(("chatd.messages",), ("msgspec",)),
    "chatd.entries": Layer(libraries=("msgspec",)),
    "chatd.sealed": Layer(("chatd.entries",), ("msgspec",)),
    "chatd.wire": Layer(WORDS, ("msgspec",)),
    "chatd.core": Layer((*WORDS, "chatd.entries", "chatd.sealed"), ("msgspec",), IMPURE),
    "chatd.core.names": Layer(("chatd.messages",), ("msgspec", "precis_i18n", "confusable_homoglyphs"), IMPURE),
    "chatd.store": Layer(("chatd.entries", "chatd.sealed"), ("msgspec",)),
    "chatd.bus": Layer(("chatd.messages",), ("msgspec", "twisted")),
    "chatd.journal": Layer(("chatd.entries", "chatd.sealed", "chatd.core.turn", "chatd.store.interface"), ("twisted",)),
    "chatd.straight": Layer(libraries=("twisted", "OpenSSL")),
    "chatd.poller": Layer(),
    "chatd.slack": Layer(),
    "chatd.ports": Layer((*WORDS, "chatd.wire", "chatd.straight", "chatd.poller"), ("twisted", "zope")),
    "chatd.ports.websocket": Layer((*WORDS, "chatd.wire", "chatd.ports"), ("twisted", "zope", "wsproto")),
    "chatd.ports.irc": Layer((*WORDS, "chatd.wire", "chatd.ports"), ("msgspec",)),
    "chatd.lookup": Layer((*WORDS, "chatd.core", "chatd.wire.offer")),
    "chatd.release": Layer((*WORDS, "chatd.entries", "chatd.core")),
    "chatd.news": Layer(("chatd.messages", "chatd.core"), ("twisted",)),
    "chatd.leaving": Layer(("chatd.core",), ("twisted",)),
    "chatd.past": Layer(
        (*WORDS, "chatd.entries", "chatd.core", "chatd.journal", "chatd.store.interface", "chatd.node"), ("twisted",)
    ),
    "chatd.courtesy": Layer(),
    "chatd.early": Layer(),
    "chatd.files": Layer(("chatd.early",)),
    "chatd.transfers": Layer(
        (
            *(*WORDS, "chatd.wire.offer", "chatd.entries", "chatd.core", "chatd.journal", "chatd.files"),
            "chatd.node",
        ),
        ("twisted",),
    ),
    "chatd.filehost": Layer(
        (
            *(*WORDS, "chatd.wire.offer", "chatd.core", "chatd.journal", "chatd.files", "chatd.auth"),
            *("chatd.credentials", "chatd.node"),
        ),
        ("twisted",),
    ),
    "chatd.mailroom": Layer(
        (
            *(*WORDS, "chatd.entries", "chatd.sealed", "chatd.core", "chatd.journal"),
            *("chatd.store.interface", "chatd.node"),
        ),
        ("twisted",),
    ),
    "chatd.throttle": Layer((*WORDS, "chatd.entries", "chatd.core")),
    "chatd.credentials": Layer(
        (*WORDS, "chatd.entries", "chatd.core", "chatd.auth", "chatd.admission", "chatd.node"), ("twisted",)
    ),
    "chatd.sasl": Layer(
        (*WORDS, "chatd.core", "chatd.auth", "chatd.scram", "chatd.credentials", "chatd.admission", "chatd.node")
    ),
    "chatd.admission": Layer(
        (
            *(*WORDS, "chatd.entries", "chatd.core", "chatd.auth"),
            *("chatd.throttle", "chatd.credentials", "chatd.sasl", "chatd.node"),
        ),
        ("twisted",),
    ),
    "chatd.node": Layer(
        (
            *(
                *WORDS,
                "chatd.entries",
                "chatd.sealed",
                "chatd.core",
                "chatd.journal",
                "chatd.store.interface",
                "chatd.bus.interface",
            ),
            *(
                "chatd.admission",
                "chatd.release",
                "chatd.news",
                "chatd.leaving",
                "chatd.past",
                "chatd.mailroom",
                "chatd.auth",
            ),
            *("chatd.files", "chatd.transfers"),
        ),
        ("twisted", "zope"),
    ),
    "chatd.scram": Layer(),
    "chatd.auth": Layer(("chatd.messages", "chatd.scram", "chatd.core.names"), ("twisted", "argon2", "cryptography")),
    "chatd.tls": Layer((), ("twisted", "OpenSSL", "cryptography", "service_identity", "zope")),
    "chatd.config": Layer(("chatd.core.limits",), ("msgspec",)),
    "chatd.data": Layer(("chatd.messages",)),
    "chatd.window": Layer(("chatd.messages",), ("twisted", "zope")),
    "chatd.backup": Layer(("chatd.store", "chatd.data", "chatd.courtesy")),
    "chatd.control": Layer(("chatd.core.turn", "chatd.operations"), ("twisted", "msgspec")),
    "chatd.systemd": Layer(libraries=("twisted",)),
    "chatd.metrics": Layer(
        ("chatd.operations", "chatd.core", "chatd.journal", "chatd.backup"), ("twisted", "prometheus_client")
    ),
    "chatd.admin": Layer(
        (
            *("chatd.messages", "chatd.store", "chatd.config", "chatd.data", "chatd.auth", "chatd.backup"),
            *("chatd.control", "chatd.core", "chatd.courtesy", "chatd.operations"),
        ),
        ("msgspec",),
    ),
    "chatd.operations": Layer(
        (
            *(*WORDS, "chatd.entries", "chatd.core", "chatd.journal", "chatd.store.interface", "chatd.node"),
            *("chatd.auth", "chatd.admission", "chatd.backup", "chatd.config", "chatd.data", "chatd.tls"),
            "chatd.courtesy",
        ),
        ("twisted", "zope", "msgspec"),
    ),
    "chatd.console": Layer(
        (*WORDS, "chatd.wire.inert", "chatd.operations", "chatd.courtesy"), ("twisted", "zope", "msgspec")
    ),
    **dict.fromkeys(
        ("chatd.console.terminal", "chatd.console.shell", "chatd.console.manhole"),
        Layer((*WORDS, "chatd.wire.inert", "chatd.operations", "chatd.console"), ("twisted", "prompt_toolkit")),
    ),
    "chatd.console.keys": Layer(("chatd.console",), ("twisted", "cryptography")),
    "chatd.tap": Layer(("chatd",), ("twisted", "zope", "msgspec")),
    "clients": Layer(),
    "clients.chat": Layer(("clients.line", "clients.screen", "clients.core.collecting")),
    "clients.core": CLIENT_CORE,
    "clients.core.vault": Layer(("clients.core",), ("msgspec", "argon2"), ("sqlite3",)),
    "clients.core.ring": Layer((), ("keyring",), ("sqlite3",)),
    "clients.core.e2ee": Layer(("clients.core.device",), ("msgspec",), IMPURE),
    "clients.core.e2ee.keys": Layer(
        ("clients.core.device", "clients.core.e2ee"), ("msgspec", "vodozemac", "cryptography"), IMPURE
    ),
    "clients.core.connection": Layer(
        (*CLIENT_CORE.ours, "clients.core", "chatd.straight"),
        (*CLIENT_CORE.libraries, "twisted", "zope", "OpenSSL", "cryptography", "service_identity"),
        ("sqlite3",),
    ),
    "clients.core.history": Layer((*CLIENT_CORE.ours, "clients.core"), CLIENT_CORE.libraries),
    "clients.line": Layer(FACE, ("twisted", "zope")),
    "clients.screen": Layer(FACE, ("twisted", "zope", "prompt_toolkit")),
    "clients.tk": Layer(FACE, ("twisted", "zope", "ttkbootstrap", "segno")),
    "twisted_plugins": Layer(libraries=("twisted",)),
}

TOP_LEVEL = {"chatd", "clients", "twisted_plugins", "tests", "setup.cfg", "Makefile", "README.md", "pyproject.toml"}
TOP_LEVEL |= {"LICENSE", "docs"}
MAY_NAME_THE_REACTOR = re.compile(r"chatd/tap\.py|clients/\w+/__main__\.py|tests/(process|bench)\b.*")
NEEDS_NO_TEST = {"__init__.py", "__main__.py", "interface.py"}
NOT_NAMES = {"manager", "handler", "processor", "engine", "helper", "util", "common", "misc"}
NOT_IMPORTED = {"pickle", "cPickle", "shelve", "marshal", "dill"}
LOG_VERBS = {"debug", "info", "warn", "warning", "error", "critical", "failure", "exception", "msg", "err"}
NOT_LOGGED = {"text", "body", "message", "password", "secret", "signature", "token", "verifier"}
LONGEST_FUNCTION = 60
LONGEST_FILE = 600
ELSEWHERE = re.compile(r"(?<![\w.~*/})-])/(?:home|mnt|opt|root|srv|work|workspace|Users)/\w|file:/{3}")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Breach(NamedTuple):
    """One thing that is wrong: where, which rule, and what about it."""

    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


# ---- one file ----------------------------------------------------------------------------------------------------


def module_name(path: str) -> str:
    """`chatd/core/hub.py` is `chatd.core.hub`; a folder's `__init__.py` is the folder."""
    parts = path.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def inside(name: str, package: str) -> bool:
    """Is a dotted name this package or something in it?"""
    return name == package or name.startswith(package + ".")


def imports(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every imported name in full: `from a import b` is `a.b`, which may be a module or not."""
    package = module_name(path).split(".")
    if not path.endswith("__init__.py"):
        package = package[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*origin, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def layer_of(path: str) -> tuple[str, Layer] | None:
    """The row that fits a file best; the rows of the top packages are for their `__init__.py` alone."""
    name = module_name(path)
    rows = [row for row in LAYERS if inside(name, row) and (row not in ("chatd", "clients") or name == row)]
    best = max(rows, key=len, default=None)
    return (best, LAYERS[best]) if best else None


def check_layers(path: str, tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Who may import whom."""
    if path.startswith("tests/"):
        return
    found = layer_of(path)
    if found is None:
        yield 1, "layers", "this file has no row in LAYERS of tests/tidy.py"
        return
    row, layer = found
    for line, name in imports(path, tree):
        top = name.split(".")[0]
        if inside(name, "chatd.tap"):
            yield line, "layers", "only the plugin knows chatd.tap, by its name"
        elif any(inside(name, banned) for banned in layer.never):
            yield line, "layers", f"{row} may not import {name}"
        elif top in ("chatd", "clients", "tests"):
            if not any(inside(name, allowed) for allowed in (*layer.ours, row)):
                yield line, "layers", f"{row} may not import {name}"
        elif top not in sys.stdlib_module_names and top not in layer.libraries:
            yield line, "layers", f"{row} may not import {name}"


def check_imports(path: str, tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """The reactor is named in few places; nothing is pickled; fakes, not mocks."""
    for line, name in imports(path, tree):
        if inside(name, "twisted.internet.reactor") and not MAY_NAME_THE_REACTOR.fullmatch(path):
            yield line, "reactor", "the reactor is given, not imported"
        if name.split(".")[0] in NOT_IMPORTED:
            yield line, "pickle", f"{name} runs what it reads"
        if name.split(".")[0] == "mock" or inside(name, "unittest.mock"):
            yield line, "mock", "a recording object of tests/kit.py instead"


def definitions(tree: ast.AST) -> Iterator[tuple[Definition, bool]]:
    """Every function and class, and whether it is public: its name and all around it, and not inside a function."""

    def walk(node: ast.AST, public: bool) -> Iterator[tuple[Definition, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Definition):
                open_ = public and not child.name.startswith("_")
                yield child, open_
                yield from walk(child, open_ and isinstance(child, ast.ClassDef))
            else:
                yield from walk(child, public)

    yield from walk(tree, True)


def check_lengths(path: str, tree: ast.AST, source: str) -> Iterator[tuple[int, str, str]]:
    """Short functions (docstring not counted), short files."""
    lines = source.count("\n")
    if lines > LONGEST_FILE:
        yield lines, "long file", f"{lines} lines, at most {LONGEST_FILE}"
    for node, _ in definitions(tree):
        if isinstance(node, ast.ClassDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if ast.get_docstring(node) is not None:
            said = node.body[0]
            length -= (said.end_lineno or said.lineno) - said.lineno + 1
        if length > LONGEST_FUNCTION:
            yield node.lineno, "long function", f"{node.name} has {length} lines, at most {LONGEST_FUNCTION}"


def words(name: str) -> set[str]:
    """`FileHandlers_old` is file, handler, old."""
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {word.lower().removesuffix("s") for word in found} | {word.lower() for word in found}


def check_names(path: str, tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Words that say nothing are not used in names."""
    for part in path.removesuffix(".py").split("/"):
        for word in words(part) & NOT_NAMES:
            yield 1, "names", f"{word} in {part}"
    for node, _ in definitions(tree):
        for word in words(node.name) & NOT_NAMES:
            yield node.lineno, "names", f"{word} in {node.name}"


def check_docstrings(path: str, tree: ast.Module, promised: Set[str]) -> Iterator[tuple[int, str, str]]:
    """Every file says what it is; so does everything public in chatd and clients.

    Two kinds of methods are explained elsewhere: Twisted's (the ones in camelCase), and those a Protocol of ours
    promises (`promised` has the documented ones).
    """
    if tree.body and ast.get_docstring(tree) is None:
        yield 1, "docstring", "the file does not say what it is"
    if not path.startswith(("chatd/", "clients/")):
        return
    for node, public in definitions(tree):
        twisted = not isinstance(node, ast.ClassDef) and not node.name.islower()
        if public and not twisted and node.name not in promised and ast.get_docstring(node) is None:
            yield node.lineno, "docstring", f"{node.name} has none"


def promises(tree: ast.AST) -> set[str]:
    """The documented methods of this file's Protocols."""
    found = set()
    for node, _ in definitions(tree):
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases):
            methods = (child for child in node.body if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))
            found |= {method.name for method in methods if ast.get_docstring(method) is not None}
    return found


def check_logs(path: str, tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """A log call has a fixed format and named values, and none of them is what people wrote or keep secret."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_VERBS):
            continue
        if not re.search(r"\b_?(log|logger)$", ast.unparse(node.func.value)):
            continue
        for value in (*node.args, *(keyword.value for keyword in node.keywords)):
            built = isinstance(value, ast.JoinedStr | ast.BinOp) or ".format(" in ast.unparse(value)
            if built:
                yield node.lineno, "log", "the format is fixed, the values are named"
        for keyword in node.keywords:
            if keyword.arg in NOT_LOGGED:
                yield node.lineno, "log", f"{keyword.arg} is not for a log"


def check_python(path: str, source: str, promised: Set[str] = frozenset()) -> list[Breach]:
    """Every rule about one Python file."""
    tree = ast.parse(source, path)
    found = [
        *check_layers(path, tree),
        *check_imports(path, tree),
        *check_lengths(path, tree, source),
        *check_names(path, tree),
        *check_docstrings(path, tree, promised),
        *check_logs(path, tree),
    ]
    return [Breach(path, *breach) for breach in found]


def check_text(path: str, text: str) -> list[Breach]:
    """No file, of whatever kind, names a folder of the machine it was written on."""
    lines = enumerate(text.splitlines(), 1)
    hits = ((number, hit) for number, line in lines if (hit := ELSEWHERE.search(line)))
    return [Breach(path, number, "machine", f"{hit[0]}... is a folder of one machine") for number, hit in hits]


# ---- the tree ----------------------------------------------------------------------------------------------------


def its_test(path: str) -> str:
    """`chatd/core/hub.py` is tested by `tests/core/test_hub.py`, `clients/x.py` by `tests/clients/test_x.py`."""
    *folders, name = path.removeprefix("chatd/").split("/")
    if re.match(r"v\d+_", name):  # one of a series, such as the migrations: the folder's test is theirs
        name = folders.pop() + ".py"
    return "/".join(["tests", *folders, f"test_{name}"])


def check_tree(paths: Iterable[str], packages: Iterable[str]) -> list[Breach]:
    """The fixed top level, a test for every source, and setup.cfg's list of packages."""
    paths = set(paths)
    found = []
    for path in sorted(paths):
        top = path.split("/")[0]
        if top not in TOP_LEVEL and not top.startswith("."):
            found.append(Breach(path, 1, "top level", f"{top} does not belong there"))
        source = path.startswith(("chatd/", "clients/")) and path.endswith(".py")
        if source and path.split("/")[-1] not in NEEDS_NO_TEST and its_test(path) not in paths:
            found.append(Breach(path, 1, "untested", f"{its_test(path)} is missing"))
    sources = {path for path in paths if path.startswith(("chatd/", "clients/"))}
    folders = {path.rsplit("/", 1)[0].replace("/", ".") for path in sources}
    for package in sorted(folders ^ (set(packages) - {"twisted.plugins"})):
        found.append(Breach("setup.cfg", 1, "packages", f"{package} is listed without being there, or not listed"))
    return found


def tree_files(root: Path = ROOT) -> list[str]:
    """What git keeps, or would keep if it were added; without git, what lies in the known places."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(asked, cwd=root, capture_output=True, check=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        places = [root / name for name in (*TOP_LEVEL, ".ci", ".lock")]
        walked = [file for place in places for file in (place, *place.rglob("*")) if "__pycache__" not in file.parts]
        listed = [file.relative_to(root).as_posix() for file in walked]
    return sorted(name for name in set(listed) if (root / name).is_file())


def packages_of(root: Path = ROOT) -> list[str]:
    """The packages that setup.cfg lists."""
    parser = configparser.ConfigParser()
    parser.read_string((root / "setup.cfg").read_text("utf-8"))
    return parser["options"]["packages"].split()


def breaches(root: Path = ROOT) -> list[Breach]:
    """Everything that is wrong with the tree."""
    paths = tree_files(root)
    found = check_tree(paths, packages_of(root))
    python = {path: (root / path).read_text("utf-8") for path in paths if path.endswith(".py")}
    promised: set[str] = set()
    for path, source in python.items():
        promised |= promises(ast.parse(source, path))
    for path, source in python.items():
        found += check_python(path, source, promised)
    for path in paths:
        content = (root / path).read_bytes()
        if b"\0" not in content:
            found += check_text(path, content.decode("utf-8", "replace"))
    return sorted(found)


def main() -> int:
    """Print every breach; 1 if there is any."""
    found = breaches()
    for breach in found:
        print(breach)
    print(f"tidy: {len(tree_files())} files, {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
