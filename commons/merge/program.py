"""Names the program that makes pools, to the last line that could decide anything of one. Decides nothing.

That is what the merge's modules import, and what these import: found in the text, so that no list has to be
kept by hand. What tells people of pools, shows them or fetches what goes into them is no part of it, so that
an improvement there costs nobody a merge of everything.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import commons
from commons import assets

# What these modules import of others' packages: each may decide a signature, a word's stem or a likeness.
PACKAGES = ("cryptography", "httpx", "mnemonic", "phonenumbers", "PyStemmer", "PyYAML", "RapidFuzz")
ROOTS = ("commons.merge.renew", "commons.merge.releases.inputs")  # makes a pool; proves what it is made of
# Also within functions. What only looks like one, as in a text, makes the name change too often, no more.
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(commons[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*)|import[ \t]+(commons[^\n#]*))",
    re.MULTILINE,
)
_NAME = re.compile(r"[\w.]+")


@cache
def program() -> str:
    """A digest of the modules that make a pool, the schemas, and what results depend on besides."""
    found = hashlib.sha256()
    for name, path in sorted(modules().items()):
        found.update(f"{name}\n".encode() + path.read_bytes())
    schemas = assets.folder("schemas")
    for path in sorted(p for p in schemas.rglob("*") if p.is_file()):
        found.update(f"{path.relative_to(schemas)}\n".encode() + path.read_bytes())
    system = (sys.version, sys.byteorder)
    versions = (commons.__version__, *system, sqlite3.sqlite_version, unicodedata.unidata_version)
    found.update(repr((*versions, *map(version, PACKAGES))).encode())
    return found.hexdigest()


def modules() -> dict[str, Path]:
    """Every module of this program that `ROOTS` import, directly or not, themselves included."""
    above = Path(commons.__file__).parent.parent
    found: dict[str, Path] = {}
    waiting, known = list(ROOTS), set(ROOTS)
    while waiting:
        name = waiting.pop()
        path = _source(above, name)
        if path is not None:
            found[name] = path
            new = {name.rpartition(".")[0], *imported(path.read_text("utf-8"))} - known
            known |= new
            waiting += new
    return found


def _source(above: Path, name: str) -> Path | None:
    """The file of a module or package; None where the name is neither."""
    place = above.joinpath(*name.split("."))
    paths = (place.with_suffix(".py"), place / "__init__.py") if name else ()
    return next((path for path in paths if path.is_file()), None)


def imported(text: str) -> Iterator[str]:
    """Names that may be modules of this program and that a module's text imports."""
    for package, names, plain in _IMPORT.findall(text):
        if package:
            yield package
            yield from (f"{package}.{name}" for name in _NAME.findall(names))
        else:
            yield from _NAME.findall(plain)
