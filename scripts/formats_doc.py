"""Put the worked examples of schemas/v1/vectors.json into docs/formats.md; `--check` only compares.

Between `<!-- example NAME -->` and `<!-- end -->` stands what the vectors say, so that the page cannot drift.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "formats.md"
VECTORS = ROOT / "schemas" / "v1" / "vectors.json"
_EXAMPLE = re.compile(r"(<!-- example ([a-z-]+) -->\n)(.*?)(<!-- end -->)", re.S)


def _named(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(row for row in rows if row["name"] == name)


def _block(text: str, language: str = "text") -> str:
    return f"```{language}\n{text.rstrip()}\n```\n"


def _canonical(v: dict[str, Any]) -> str:
    row = _named(v["canonical"]["accepted"], "empty values are left out at every level")
    fields = json.dumps(row["fields"], ensure_ascii=False)
    return _block(
        f"type    {row['type']}\nid      {row['id']}\nfields  {fields}\n\nbytes   {row['bytes']}\n"
        f"leaf    {row['leaf']}"
    )


def _tree(v: dict[str, Any]) -> str:
    row = next(row for row in v["merkle"] if len(row["leaves"]) == 3)
    lines = [f"leaf {n}  {leaf}" for n, leaf in enumerate(row["leaves"])]
    return _block(
        "\n".join([*lines, f"root    {row['root']}", "", "root = node(node(leaf 0, leaf 1), leaf 2)"])
    )


def _address(v: dict[str, Any]) -> str:
    row = v["addresses"][0]
    return _block(
        f"address     {row['address']}\ntombstone   {row['tombstone']}\nshort code  {row['short_code']}"
    )


def _key(v: dict[str, Any]) -> str:
    row = v["keys"][0]
    return _block(
        f"private key  SHA-256 of the text «{row['from']}»\npublic key   {row['public']}\n"
        f"its digest   {row['public_digest']}\n24 words     {row['words']}\n8 words      {row['fingerprint']}"
    )


def _keylog(v: dict[str, Any]) -> str:
    row = _named(v["keylog"]["accepted"], "recovered once")
    voids = json.dumps(row["voids"])
    return _block(row["text"], "json") + _block(
        f"member  {row['member']}\nhead    {row['head']}\nepoch   {row['epoch']}\nvoids   {voids}"
    )


def _manifest(v: dict[str, Any]) -> str:
    row = v["release"]
    return _block(row["release.json"], "json") + _block(f"release digest  {row['digest']}")


def _signature(v: dict[str, Any]) -> str:
    return _block(v["release"]["release.json.sig"])


def _one_file(v: dict[str, Any]) -> str:
    row = v["release"]["one_file"]
    return _block(f"size    {row['size']}\nsha256  {row['sha256']}")


def _pruned(v: dict[str, Any]) -> str:
    return _block(v["release"]["pruned"]["records.jsonl"], "json")


EXAMPLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "canonical": _canonical,
    "tree": _tree,
    "address": _address,
    "key": _key,
    "keylog": _keylog,
    "manifest": _manifest,
    "signature": _signature,
    "one-file": _one_file,
    "pruned": _pruned,
}


def filled(page: str) -> str:
    """The page with every example of the vectors in its place; other examples are left as they are."""
    vectors = json.loads(VECTORS.read_text("ascii"))

    def put(match: re.Match[str]) -> str:
        make = EXAMPLES.get(match[2])
        return match[1] + (make(vectors) if make else match[3]) + match[4]

    return _EXAMPLE.sub(put, page)


def main(arguments: list[str]) -> int:
    page = PAGE.read_text("utf-8")
    if "--check" in arguments:
        return 0 if filled(page) == page else 1
    PAGE.write_text(filled(page), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
