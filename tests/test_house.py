"""The house keeps its plan: imports run downwards, and the two wings never meet."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Lower rooms first; a room may import rooms of a lower number, and itself.
LEVELS = [
    {"errors", "evidence", "folding", "messages", "reasons", "addresses", "findings", "model", "assets"},
    {"format", "schema"},
    {"pool", "catalogue"},
    {"portal", "publish", "imports", "release"},
    {"federation"},
    {"intake"},
    {"link"},
    {"merge"},
    {"review"},
    {"cli"},
]
ORGANISATION = {"catalogue", "imports", "release"}
PUBLIC = {"pool", "portal", "publish"}
# Pure rooms: data in, decisions out.
PURE = [
    "link",
    "merge/fuse.py",
    "merge/act.py",
    "schema/validate.py",
    "federation/trust.py",
    "federation/lock.py",
]
IMPURE_MODULES = {"socket", "httpx", "urllib.request", "random", "secrets", "subprocess", "requests"}


def level_of(room: str) -> int:
    return next(i for i, rooms in enumerate(LEVELS) if room in rooms)


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT / "commons").parts
    return parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(path: Path) -> set[str]:
    names = [name.split(".") for name in imported(path)]
    known = {room for rooms in LEVELS for room in rooms}
    return {n[1] for n in names if n[0] == "commons" and len(n) > 1 and n[1] in known}


FILES = sorted(p for p in (ROOT / "commons").rglob("*.py") if "_data" not in p.parts)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_downwards(path: Path) -> None:
    """A room imports itself and lower rooms; the organisation's and the public's wing never each other."""
    room = room_of(path)
    if room in {"__init__", "__main__"}:
        return
    for other in rooms_imported(path) - {room}:
        assert level_of(other) <= level_of(room), f"{room} imports {other}"
        assert not (room in ORGANISATION and other in PUBLIC), f"{room} imports {other}"
        assert not (room in PUBLIC and other in ORGANISATION), f"{room} imports {other}"


@pytest.mark.parametrize("room", ["cli", "federation", "imports", "merge"])
def test_rooms_within_a_room_have_an_order(room: str) -> None:
    """They do not import each other in a circle; a file beside them counts as one."""
    place = ROOT / "commons" / room
    order: TopologicalSorter[str] = TopologicalSorter()
    for path in place.rglob("*.py"):
        inner = path.relative_to(place).parts[0].removesuffix(".py")
        names = [name.split(".")[2] for name in imported(path) if name.startswith(f"commons.{room}.")]
        there = {n for n in names if (place / n).is_dir() or (place / f"{n}.py").is_file()}
        order.add(inner, *(there - {inner}))
    order.prepare()  # raises CycleError


def test_only_the_terminal_prints_or_exits() -> None:
    """Rooms below `cli` return values and raise errors."""
    for path in FILES:
        if room_of(path) in {"cli", "__main__"}:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"print", "exit", "quit"}, f"{path}:{node.lineno}"
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) != ("sys", "exit"), f"{path}:{node.lineno}"


@pytest.mark.parametrize("place", PURE)
def test_pure_rooms_take_clock_network_and_chance_as_parameters(place: str) -> None:
    """No clock, network or randomness is read where decisions are made."""
    target = ROOT / "commons" / place
    for path in [target] if target.is_file() else sorted(target.rglob("*.py")):
        assert not IMPURE_MODULES & set(imported(path)), path
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"now", "utcnow", "today", "urandom"}, f"{path}:{node.lineno}"


def test_the_plugin_never_reaches_the_organisations_wing_from_the_portal() -> None:
    """The published portal's code cannot open a catalogue."""
    for path in sorted((ROOT / "plugins" / "datasette_commons").rglob("*.py")):
        if "desk" not in path.parts:
            assert not rooms_imported(path) & ORGANISATION, path


UNIX_ONLY = {"fcntl", "grp", "pwd", "resource", "termios", "tty", "pty"}


def test_nothing_is_loaded_that_windows_lacks() -> None:
    """What only some systems have is imported where it is used, beside the sentence for those without."""
    for path in sorted([*(ROOT / "commons").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]):
        for node in ast.parse(path.read_text("utf-8")).body:
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not UNIX_ONLY.intersection(names), path
