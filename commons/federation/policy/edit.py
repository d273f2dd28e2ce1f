"""Adds entries to lists of federation.yaml, or takes them out; touches nothing else in it, comments included.

The file belongs to its maintainer: it is never written anew from what was read. Only text is inserted or cut
out, the result is read back before it replaces the file, and what cannot be done safely is refused with the
lines to write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import yaml

from commons.errors import InputError
from commons.federation.policy import file as policies
from commons.federation.policy.file import Policy
from commons.format import container
from commons.messages import N_
from commons.messages import translate as _

Entry = dict[str, object]  # texts, lists of texts, and one level of the same


@dataclass(eq=False)
class CannotRemove(InputError):
    """The list is written in a way in which an entry cannot be taken out safely."""

    file: str
    key: str
    entry: str
    template: ClassVar[str] = N_("{file}: the list {key} is written in a way that cannot be changed here.")
    hint_template: ClassVar[str] = N_("Take this out of it yourself:\n{entry}")


@dataclass(eq=False)
class CannotInsert(InputError):
    """The list is written in a way into which nothing can be inserted safely."""

    file: str
    key: str
    lines: str
    template: ClassVar[str] = N_("{file}: the list «{key}» is written in a way that cannot be added to.")
    hint_template: ClassVar[str] = N_("Paste this under «{key}:» yourself:\n{lines}")


def add_entry(path: Path, key: str, entry: Entry) -> Policy:
    """Put `entry` at the end of the list `key` (members, holds) of the file; gives the new policy.

    Raises:
        CannotInsert: nothing was changed.
        InputError: the file is wrong before or would be afterwards; nothing was changed.
    """
    path = path / policies.FILE_NAME if path.is_dir() else path
    policies.load(path)
    return rewrite(path, lambda text: with_entry(text, key, entry, path.name))


def remove_entries(path: Path, key: str, wanted: Callable[[Mapping[str, object]], bool]) -> Policy:
    """Take the entries that are `wanted` out of the list `key`; gives the new policy. Raises InputError."""
    path = path / policies.FILE_NAME if path.is_dir() else path
    policies.load(path)
    return rewrite(path, lambda text: without_entries(text, key, wanted, path.name))


def without_entries(
    text: str, key: str, wanted: Callable[[Mapping[str, object]], bool], file: str = policies.FILE_NAME
) -> str:
    """`text` without some entries of its list `key`. Raises CannotRemove."""
    before = yaml.safe_load(text)
    entries = before.get(key) or ()
    going = [n for n, entry in enumerate(entries) if wanted(entry)]
    if not going:
        return text
    changed = _without_entries(text, key, going)
    try:
        said = yaml.safe_load(changed)
    except yaml.YAMLError:
        said = None
    kept = [entry for n, entry in enumerate(entries) if n not in going]
    if not isinstance(said, dict) or {**said, key: said.get(key) or []} != {**before, key: kept}:
        raise CannotRemove(file, key, "\n".join(_lines(dict(entries[going[0]]))))
    return changed


def _without_entries(text: str, key: str, going: Sequence[int]) -> str:
    """Whole lines, from what is noted above an entry's dash to its last word: comments of others stay."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(node, yaml.MappingNode)
    value = next(v for k, v in node.value if k.value == key)
    rows = text.split("\n")
    if value.flow_style:
        kept = [item for n, item in enumerate(value.value) if n not in going]
        parts = ", ".join(text[item.start_mark.index : item.end_mark.index] for item in kept)
        return text[: value.start_mark.index] + f"[{parts}]" + text[value.end_mark.index :]
    gone: set[int] = set()
    for n in going:
        gone.update(_span(rows, value.value[n], value.start_mark.column))
    return "\n".join(row for at, row in enumerate(rows) if at not in gone)


def _span(rows: list[str], item: yaml.Node, column: int) -> range:
    """The rows of an item whose dash stands in this column: with the comments within, and those right above,
    which speak of it and would stand over another one."""
    last = min(item.end_mark.line, len(rows) - 1)
    if not rows[last][: item.end_mark.column].strip():  # the mark stands before what comes next
        last -= 1
    while last > item.start_mark.line and _between(rows[last], column):
        last -= 1
    first = item.start_mark.line
    while first and rows[first][: column + 1].strip() != "-":  # a dash may stand alone
        first -= 1
    while first and _column(rows[first - 1]) == column and rows[first - 1][column] == "#":
        first -= 1
    return range(first, last + 1)


def _between(row: str, column: int) -> bool:
    """Whether a row after an item is empty, or a comment that belongs to what comes next."""
    return not row.strip() or (row.lstrip().startswith("#") and _column(row) <= column)


def _column(row: str) -> int:
    return len(row) - len(row.lstrip()) if row.strip() else -1


def rewrite(path: Path, change: Callable[[str], str]) -> Policy:
    """Change the text of federation.yaml, lines ending as before; gives the new policy. Raises InputError."""
    text = path.read_bytes().decode("utf-8-sig")
    ends = "\r\n" if "\r\n" in text else "\n"
    changed = change(text.replace("\r\n", "\n")).replace("\n", ends)
    policy = policies.parse(changed, path.name)
    container.write_bytes(path, changed.encode())
    return policy


def with_entry(text: str, key: str, entry: Entry, file: str = policies.FILE_NAME) -> str:
    """`text` with `entry` at the end of its list `key`. Raises CannotInsert."""
    changed = _with_entry(text, key, entry, file)
    try:  # lines end differently for YAML and for Python, and somebody pastes such a character one day
        said = yaml.safe_load(changed)
    except yaml.YAMLError:
        said = None
    before = yaml.safe_load(text)
    if said != {**before, key: [*(before.get(key) or ()), entry]}:
        raise CannotInsert(file, key, _indented(_lines(entry), 2))
    return changed


def _with_entry(text: str, key: str, entry: Entry, file: str) -> str:
    lines = _lines(entry)
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(node, yaml.MappingNode)
    value = next((v for k, v in node.value if k.value == key), None)
    if value is None:
        return f"{text.rstrip()}\n{key}:\n{_indented(lines, 2)}"
    rows = text.splitlines()
    if isinstance(value, yaml.SequenceNode) and not value.flow_style and value.value:
        last = value.value[-1].end_mark
        at = last.line + 1 if last.column else last.line
        while at and not rows[at - 1].strip():  # the mark stands after empty lines and comments
            at -= 1
        at = _before_comments(rows, at, value.start_mark.column)
        return _inserted(rows, at, _indented(lines, value.start_mark.column))
    row = rows[value.start_mark.line] if value.start_mark.line < len(rows) else ""
    if re.match(rf"{key}:\s*(\[\]|null|~)?\s*(#.*)?$", row):
        rows[value.start_mark.line] = re.sub(r":\s*(\[\]|null|~)", ":", row, count=1)
        return _inserted(rows, value.start_mark.line + 1, _indented(lines, 2))
    raise CannotInsert(file, key, _indented(lines, 2))


def _before_comments(rows: list[str], at: int, column: int) -> int:
    """Comments that belong to what comes after the list stay after it."""
    while at and rows[at - 1].startswith("#") and column > 0:
        at -= 1
    while at and not rows[at - 1].strip():
        at -= 1
    return at


def _inserted(rows: list[str], at: int, entry: str) -> str:
    return "\n".join([*rows[:at], entry.rstrip("\n"), *rows[at:]]).rstrip("\n") + "\n"


def _indented(lines: list[str], column: int) -> str:
    return "".join(f"{' ' * column}{line}\n" for line in lines)


def _lines(entry: Entry) -> list[str]:
    """The entry as YAML of a list's item, keys in the order given."""
    text = yaml.safe_dump(entry, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=None)
    first, *rest = text.rstrip("\n").split("\n")
    return [f"- {first}", *(f"  {line}" for line in rest)]


NEW_FILE = """\
name: {name}
about: {{}}            # {about}
languages: [es, en]
territory: {territory}
members: []
holds: []
"""


def new_text(names: dict[str, str], territory: str) -> str:
    """A federation.yaml to begin with, its remark in the current language."""
    about = _("who: who maintains it, pays: who pays, contact, decisions: how they are made")
    name = yaml.safe_dump(names, allow_unicode=True, default_flow_style=True, width=1000).strip()
    return NEW_FILE.format(name=name, territory=territory, about=about)
