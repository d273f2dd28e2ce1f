"""Compile the message catalogues, and say what lacks a translation.

`python scripts/messages.py` writes commons/locale/es.mo from commons/locale/es/*.po;
`--check` writes nothing and fails where a sentence lacks Spanish or the compiled file is old;
`--missing` lists the untranslated sentences with their places.
"""

from __future__ import annotations

import io
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "commons" / "locale"
WRITTEN_AT = datetime(2026, 1, 1, tzinfo=UTC)
KEYWORDS = {"_": None, "N_": None, "translate": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]


def sentences() -> dict[str | tuple[str, ...], str]:
    """Every sentence of the source, with the first place it stands."""
    found: dict[str | tuple[str, ...], str] = {}
    for folder in ("commons", "plugins"):
        for name, line, message, _c, _x in extract_from_dir(
            ROOT / folder,
            METHODS,
            keywords=KEYWORDS,
            options_map={"**.html": {"extensions": "jinja2.ext.do", "silent": "false"}},
        ):
            if message:
                found.setdefault(
                    tuple(message) if isinstance(message, (list, tuple)) else message,
                    f"{folder}/{name}:{line}",
                )
    return found


def spanish() -> Catalog:
    """All Spanish files as one catalogue."""
    # One date for ever: the compiled file depends on its sentences alone, so that a test can compare it.
    whole = Catalog(locale="es", header_comment="", creation_date=WRITTEN_AT, revision_date=WRITTEN_AT)
    for path in sorted((LOCALE / "es").glob("*.po")):
        for message in read_po(io.BytesIO(path.read_bytes()), locale="es"):
            if message.id:
                whole.add(message.id, message.string)
    return whole


def untranslated(whole: Catalog) -> list[str]:
    lacking = []
    for sentence, place in sorted(sentences().items(), key=lambda item: item[1]):
        entry = whole.get(sentence[0] if isinstance(sentence, tuple) else sentence)
        complete = entry is not None and (
            all(entry.string) if isinstance(entry.string, tuple) else bool(entry.string)
        )
        if not complete:
            lacking.append(f"{place}: {sentence}")
    return lacking


def compiled(whole: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, whole)
    return out.getvalue()


def main(arguments: list[str]) -> int:
    whole = spanish()
    lacking = untranslated(whole)
    if "--missing" in arguments or "--check" in arguments:
        for line in lacking:
            print(line)
    target = LOCALE / "es.mo"
    if "--check" in arguments:
        old = not target.exists() or target.read_bytes() != compiled(whole)
        if old:
            print("commons/locale/es.mo is old: run make messages")
        return 1 if lacking or old else 0
    with tempfile.NamedTemporaryFile(dir=LOCALE, delete=False) as file:
        file.write(compiled(whole))
    written = Path(file.name)
    written.chmod(0o644)
    written.replace(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
