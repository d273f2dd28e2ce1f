"""The name of the program that makes pools changes with every line that could decide anything of one."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from commons.merge import program
from commons.merge.program import imported, modules
from tests.test_house import ROOT
from tests.test_house import imported as parsed

PROGRAM = sorted((ROOT / "commons").rglob("*.py"))
FOUND = modules()
ELSEWHERE = {"catalogue", "cli", "imports", "portal", "publish", "release", "review"}
_DOTTED = re.compile(r"commons(\.\w+)+\Z")


def test_what_is_found_in_the_text_is_what_is_imported() -> None:
    """In every module of the program, however its imports are written."""
    for path in PROGRAM:
        read = {name for name in parsed(path) if name.partition(".")[0] == "commons"}
        assert read <= set(imported(path.read_text("utf-8"))), path


def test_everything_that_a_merge_imports_counts() -> None:
    """Asked of Python itself, in a fresh one; and what is imported late stands in the text, too."""
    names = ", ".join(program.ROOTS)
    told = subprocess.run(
        [sys.executable, "-c", f"import {names}, sys; print(*sys.modules)"],
        check=True, capture_output=True, text=True, cwd=ROOT,
    ).stdout.split()  # fmt: skip
    loaded = {name for name in told if name.partition(".")[0] == "commons"}
    assert loaded <= FOUND.keys() and {"commons.merge.act", "commons.link.score"} <= loaded


def test_packages_of_others_count_by_their_versions() -> None:
    """Another stemmer or another measure of likeness makes another pool, of the same lines of ours."""
    told = {name.partition(".")[0] for path in FOUND.values() for name in parsed(path)}
    known = packages_distributions()
    others = {known[name][0] for name in told - set(sys.stdlib_module_names) if name != "commons"}
    assert others == set(program.PACKAGES)


def test_nothing_is_imported_by_a_name_that_is_made_up() -> None:
    """Nor run by one that is not counted: the text would not tell."""
    for name, path in FOUND.items():
        tree = ast.parse(path.read_text("utf-8"))
        called = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        called |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        assert not called & {"import_module", "__import__", "exec", "eval", "runpy"}, name
        said = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
        named = {text for text in said if _DOTTED.match(text) and program._source(ROOT, text)}
        assert named <= FOUND.keys(), name
        assert not any(isinstance(n, ast.ImportFrom) and n.level for n in ast.walk(tree)), name


def test_what_makes_no_pool_does_not_count() -> None:
    """The portal may be made nicer every week, and nobody merges everything anew for it."""
    rooms = {name.split(".")[1] for name in FOUND if name != "commons"}
    assert {"merge", "link", "intake", "format", "schema", "pool"} <= rooms and not rooms & ELSEWHERE


@pytest.mark.parametrize("name, counts", [("merge/act.py", True), ("cli/main.py", False)])
def test_a_line_more_is_another_program(
    name: str, counts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment is enough, where pools are made."""
    before = program.program.__wrapped__()
    copy = tmp_path / "commons"
    for path in PROGRAM:
        place = copy / path.relative_to(ROOT / "commons")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    monkeypatch.setattr(program.commons, "__file__", str(copy / "__init__.py"))
    assert program.program.__wrapped__() == before
    with (copy / name).open("a", encoding="utf-8") as file:
        file.write("# one more\n")
    assert (program.program.__wrapped__() != before) is counts
