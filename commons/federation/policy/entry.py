"""Sets one key of one member's entry in federation.yaml and leaves the rest of the text as it is.

As `edit` does for lists: the file belongs to its maintainer. Only the text of that one key is replaced, the
result is read back, and where it would say anything else than wanted, nothing is changed and the line to
write is shown instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import yaml

from commons.errors import InputError
from commons.federation.policy import file as policies
from commons.federation.policy.edit import rewrite
from commons.federation.policy.rules import Policy
from commons.messages import N_


@dataclass(eq=False)
class CannotChange(InputError):
    """The member's entry is written in a way that cannot be changed safely."""

    file: str
    member: str
    line: str
    template: ClassVar[str] = N_(
        "{file}: the entry of {member} is written in a way that cannot be changed here."
    )
    hint_template: ClassVar[str] = N_("Write it there yourself:\n{line}")


def set_key(path: Path, member: str, key: str, value: object) -> Policy:
    """Write `key: value` into the entry of `member` (an id); None takes the key out. Gives the new policy.

    Raises:
        CannotChange: nothing was changed.
        InputError: the file is wrong before or would be afterwards; nothing was changed.
    """
    path = path / policies.FILE_NAME if path.is_dir() else path
    policies.load(path)
    return rewrite(path, lambda text: with_key(text, member, key, value, path.name))


def with_key(text: str, member: str, key: str, value: object, file: str = policies.FILE_NAME) -> str:
    """`text` with one key of one member's entry set, or taken out. Raises CannotChange."""
    line = _line(key, value)
    entry = _entry(text, member)
    changed = None if entry is None else _changed(text, entry, key, None if value is None else line)
    if changed is None or _read(changed) != _wanted(text, member, key, value):
        raise CannotChange(file, member, line)
    return changed


def _line(key: str, value: object) -> str:
    dumped = yaml.safe_dump(
        {key: value}, default_flow_style=True, allow_unicode=True, width=1_000_000, sort_keys=False
    )
    return dumped.strip()[1:-1]


def _read(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _wanted(text: str, member: str, key: str, value: object) -> object:
    data = yaml.safe_load(text)
    for entry in data["members"]:
        if entry["id"] == member:
            if value is None:
                entry.pop(key, None)
            else:
                entry[key] = value
    return data


def _entry(text: str, member: str) -> yaml.MappingNode | None:
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(top, yaml.MappingNode):
        return None
    for key, value in top.value:
        if key.value == "members" and isinstance(value, yaml.SequenceNode):
            return next((node for node in value.value if _id_of(node) == member), None)
    return None


def _id_of(node: yaml.Node) -> str | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((str(value.value) for key, value in pairs if key.value == "id"), None)


def _changed(text: str, entry: yaml.MappingNode, key: str, line: str | None) -> str | None:
    """The text with the key's own text replaced by `line`; None where that place is not found."""
    found = next((pair for pair in entry.value if pair[0].value == key), None)
    if found is not None:
        start, end = found[0].start_mark.index, _end(text, found[1], found[0].end_mark.index + 1)
        if line is not None:
            return text[:start] + line + text[end:]
        return _without(text, entry, start, end)
    if line is None:
        return text
    if entry.flow_style:
        at = entry.end_mark.index - 1
        return f"{text[:at].rstrip()}, {line}{text[at:]}"
    at = _end_of_line(text, _end(text, entry, 0))
    indent = " " * entry.value[0][0].start_mark.column
    return f"{text[:at]}\n{indent}{line}{text[at:]}"


def _without(text: str, entry: yaml.MappingNode, start: int, end: int) -> str:
    """Whole lines go; of a line that holds other keys too, only this one's text."""
    line_start = text.rfind("\n", 0, start) + 1
    if entry.flow_style:
        before = re.search(r",\s*\Z", text[:start])
        return text[: before.start()] + text[end:] if before else text[:start] + text[end:].lstrip(", ")
    if text[line_start:start].strip():  # behind the dash
        rest = text[_end_of_line(text, end) + 1 :]
        return text[:start] + rest.lstrip(" ")
    return text[:line_start] + text[_end_of_line(text, end) + 1 :]


def _end(text: str, node: yaml.Node, least: int) -> int:
    """Where the node's own text ends: marks of blocks stand behind the empty lines that follow them."""
    last = list(_leaves(node))[-1]
    end = max(last.end_mark.index, least)
    while end > least and text[end - 1].isspace():
        end -= 1
    return end


def _leaves(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        for _key, value in node.value:
            yield from _leaves(value)
    elif isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        for value in node.value:
            yield from _leaves(value)
    else:
        yield node


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
