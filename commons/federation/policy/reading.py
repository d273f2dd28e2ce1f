"""A strict reader of small YAML files (and of plain values): each value with its line, each key by name.

It knows nothing of federations; `file` and `lock` say which keys exist. Anchors, aliases, tags and double
keys are refused, dates stay text, and whatever no key was asked for is refused by name and line.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import yaml

from commons.errors import InputError
from commons.messages import N_, language, translate

Plain: TypeAlias = "dict[str, Spot] | list[Spot] | str | int | float | bool | None"


@dataclass(eq=False)
class AtPlace(InputError):
    """Something is wrong at a place of a file; line 0 where lines say nothing, as in a lock."""

    file: str
    line: int
    template: ClassVar[str] = N_("{place}: this cannot be used as it is.")

    def _details(self) -> dict[str, object]:
        place = translate(N_("{file}, line {line}")) if self.line else "{file}"
        return {**super()._details(), "place": place.format(file=self.file, line=self.line)}


@dataclass(eq=False)
class NotReadable(AtPlace):
    """The file is not well-formed."""

    problem: str
    template: ClassVar[str] = N_("{place}: this cannot be read ({problem}).")
    hint_template: ClassVar[str] = N_("Look at that line and the one before it: indentation, quotes, colons.")


@dataclass(eq=False)
class UnknownKey(AtPlace):
    """The file has a key that nobody knows."""

    key: str
    near: str
    template: ClassVar[str] = N_("{place}: there is no key «{key}».")
    hint_template: ClassVar[str] = N_("Take it out, or write one of: {near}.")


@dataclass(eq=False)
class WrongValue(AtPlace):
    """A key has a value that it cannot have. `needed` is a sentence fragment, English."""

    key: str
    needed: str
    template: ClassVar[str] = N_("{place}: «{key}» must be {needed}.")
    hint_template: ClassVar[str] = N_("Correct that place and try again.")

    def _details(self) -> dict[str, object]:
        return {**super()._details(), "needed": translate(self.needed)}


@dataclass(eq=False)
class NotYet(AtPlace):
    """The key is known, but this version follows only its default."""

    key: str
    template: ClassVar[str] = N_("{place}: this version does not follow «{key}» yet.")
    hint_template: ClassVar[str] = N_("Leave it out; nothing is merged by a rule that is not followed.")


@dataclass(frozen=True, slots=True)
class Spot:
    """A value and the line on which it stands (0 where nobody counted)."""

    value: Plain
    line: int = 0


_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,15})\Z")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_DEEP = 3_000  # levels


def read_yaml(text: str, file: str) -> Spot:
    """The whole file; an empty one is an empty section. Raises NotReadable."""
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotReadable(file, mark.line + 1 if mark else 1, _why(error.problem)) from error
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise NotReadable(file, 1, _why(str(error).splitlines()[0])) from error
    except RecursionError as error:
        raise NotReadable(file, 1, "nesting") from error
    return _spot(node, file, set(), 0) if node is not None else Spot({}, 1)


def _why(problem: str | None) -> str:
    """The reader of YAML gives its reason in English: who reads another language is spared it."""
    return problem if problem and language() == "en" else translate(N_("it is not YAML"))


def _composed(text: str) -> yaml.Node | None:
    """The tree of a file, read by libyaml where it is installed, ten times as fast.

    What libyaml cannot read the other reader tells, so that the sentences are the same everywhere. It nests
    on the machine's own stack and gets nothing that could be nested deeply: the length of a line and the
    brackets of a file bound how deeply.
    """
    quick = getattr(yaml, "CSafeLoader", None)
    lines = text.split("\n")
    deepest = max(map(len, lines)) + text.count("[") + text.count("{")
    if quick is not None and deepest < _DEEP and all(map(str.isprintable, lines)):
        with contextlib.suppress(yaml.YAMLError):
            return yaml.compose(text, Loader=quick)
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _spot(node: yaml.Node, file: str, seen: set[int], depth: int) -> Spot:
    line = node.start_mark.line + 1
    if id(node) in seen or depth > 12:
        raise NotReadable(file, line, "alias, nesting")
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        plain = not node.style
        return Spot(_scalar(node.value) if plain else node.value, line)
    if isinstance(node, yaml.SequenceNode):
        return Spot([_spot(item, file, seen, depth + 1) for item in node.value], line)
    assert isinstance(node, yaml.MappingNode)
    pairs: dict[str, Spot] = {}
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if not name or name in pairs:
            raise NotReadable(file, key.start_mark.line + 1, f"{name}:")
        pairs[name] = _spot(value, file, seen, depth + 1)
    return Spot(pairs, line)


def _scalar(text: str) -> str | int | bool | None:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    return int(text) if _INTEGER.match(text) else text


def spots(data: object) -> Spot:
    """Plain values, wrapped so that they can be read with the same questions."""
    if isinstance(data, dict):
        return Spot({str(k): spots(v) for k, v in data.items()})
    if isinstance(data, list | tuple):
        return Spot([spots(v) for v in data])
    assert data is None or isinstance(data, str | int | float | bool)
    return Spot(data)


@dataclass(slots=True)
class Section:
    """The keys of one place in the file. Ask for each key, then call `done`; both refuse what is wrong."""

    pairs: dict[str, Spot]
    line: int
    file: str
    path: str = ""
    asked: set[str] = dataclasses.field(default_factory=set)

    @classmethod
    def of(cls, spot: Spot, file: str, path: str = "") -> Section:
        if not isinstance(spot.value, dict):
            raise WrongValue(file, spot.line, path or file, N_("a section of keys and values"))
        return cls(spot.value, spot.line, file, path)

    def name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def spot(self, key: str) -> Spot | None:
        """The value as it stands; None where the key is missing or null."""
        self.asked.add(key)
        found = self.pairs.get(key)
        return found if found is not None and found.value is not None else None

    def wrong(self, key: str, needed: str) -> WrongValue:
        line = self.pairs[key].line if key in self.pairs else self.line
        return WrongValue(self.file, line, self.name(key), needed)

    def not_yet(self, key: str) -> NotYet:
        line = self.pairs[key].line if key in self.pairs else self.line
        return NotYet(self.file, line, self.name(key))

    def text(self, key: str, *, pattern: re.Pattern[str] | None = None, needed: str = "") -> str | None:
        """A text (numbers and words such as `no` count as text); `pattern` must match all of it."""
        spot = self.spot(key)
        if spot is None:
            return None
        if isinstance(spot.value, dict | list | bool | float):
            raise self.wrong(key, needed or N_("a text"))
        text = str(spot.value)
        if pattern is not None and not pattern.fullmatch(text):
            raise self.wrong(key, needed)
        return text

    def needed_text(self, key: str, *, pattern: re.Pattern[str] | None = None, needed: str = "") -> str:
        found = self.text(key, pattern=pattern, needed=needed)
        if found is None or not found.strip():
            raise self.wrong(key, needed or N_("written: it is needed"))
        return found

    def integer(self, key: str, default: int, *, least: int = 0) -> int:
        spot = self.spot(key)
        if spot is None:
            return default
        if isinstance(spot.value, bool) or not isinstance(spot.value, int) or spot.value < least:
            raise self.wrong(key, N_("a whole number") if least <= 0 else N_("a whole number, 1 or more"))
        return spot.value

    def boolean(self, key: str, default: bool) -> bool:
        spot = self.spot(key)
        if spot is None:
            return default
        if not isinstance(spot.value, bool):
            raise self.wrong(key, N_("true or false"))
        return spot.value

    def section(self, key: str) -> Section | None:
        spot = self.spot(key)
        return None if spot is None else Section.of(spot, self.file, self.name(key))

    def items(self, key: str) -> list[Spot]:
        spot = self.spot(key)
        if spot is None:
            return []
        if not isinstance(spot.value, list):
            raise self.wrong(key, N_("a list"))
        return spot.value

    def texts(self, key: str, allowed: Callable[[str], bool] = bool, needed: str = "") -> tuple[str, ...]:
        """A list of texts; `allowed` judges each."""
        found = []
        for item in self.items(key):
            text = str(item.value) if isinstance(item.value, str | int) else ""
            if isinstance(item.value, bool) or not allowed(text):
                raise WrongValue(self.file, item.line, self.name(key), needed or N_("a list of texts"))
            found.append(text)
        return tuple(found)

    def sections(self, key: str) -> Iterator[Section]:
        for number, item in enumerate(self.items(key)):
            yield Section.of(item, self.file, f"{self.name(key)}[{number + 1}]")

    def done(self) -> None:
        """Refuse keys that nobody asked for."""
        for key, spot in self.pairs.items():
            if key not in self.asked:
                near = difflib.get_close_matches(key, sorted(self.asked), n=3, cutoff=0.6)
                raise UnknownKey(self.file, spot.line, self.name(key), ", ".join(near or sorted(self.asked)))
