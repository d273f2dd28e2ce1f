"""Mapping files: small YAML that a person can correct. Loading is strict; every complaint names the line.

Does not look at a table: whether the columns exist is asked when the mapping meets a file.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import yaml

from commons.errors import InputError
from commons.imports.mapping.dates import FORMATS, is_day
from commons.imports.mapping.rules import (
    Box,
    Condition,
    Consent,
    Each,
    Mapping,
    Owner,
    RecordPlan,
    Rule,
    is_by_name,
)
from commons.imports.mapping.week import FIRST_DAYS, WAYS, Way
from commons.messages import N_, _, language
from commons.schema.spec import RecordType, Schema

_MAX_PATTERN = 500


@dataclass(eq=False)
class MappingRefused(InputError):
    """The mapping file does not say what it should; `line` counts from 1."""

    file: str
    line: int
    problem: str
    template: ClassVar[str] = N_("{file}, line {line}: {problem}")
    hint_template: ClassVar[str] = N_(
        "Correct that line; docs/importing.md lists everything a mapping may say."
    )


@dataclass(frozen=True)
class _Node:
    """One YAML node with its place, so that every complaint can name a line."""

    node: yaml.Node
    file: str

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def refuse(self, problem: str) -> MappingRefused:
        return MappingRefused(self.file, self.line, problem)

    def text(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.refuse(_("a text is expected here."))
        return str(self.node.value)

    def texts(self) -> tuple[str, ...]:
        """One text or a list of texts."""
        if isinstance(self.node, yaml.SequenceNode):
            return tuple(item.text() for item in self.items())
        return (self.text(),)

    def items(self) -> list[_Node]:
        if not isinstance(self.node, yaml.SequenceNode):
            return [self]
        return [_Node(item, self.file) for item in self.node.value]

    def is_map(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    def map(self, allowed: Iterable[str] | None = None) -> dict[str, _Node]:
        """Keys to nodes; a key that is not `allowed`, or stands twice, is refused."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.refuse(_("names with a colon are expected here."))
        found: dict[str, _Node] = {}
        known = None if allowed is None else tuple(allowed)
        for key_node, value_node in self.node.value:
            key = _Node(key_node, self.file)
            name = key.text()
            if known is not None and name not in known:
                raise key.refuse(
                    _("“{name}” is not known here; known are: {known}.").format(
                        name=name, known=", ".join(known)
                    )
                )
            if name in found:
                raise key.refuse(_("“{name}” stands here twice.").format(name=name))
            found[name] = _Node(value_node, self.file)
        return found

    def whole(self) -> int:
        if not re.fullmatch(r"-?\d{1,6}", self.text()):
            raise self.refuse(_("a whole number is expected here."))
        return int(self.text())

    def degrees(self) -> float:
        try:
            return float(self.text())
        except ValueError:
            raise self.refuse(_("a number is expected here.")) from None

    def yes(self) -> bool:
        if self.text().lower() not in ("true", "false", "yes", "no", "sí", "si"):
            raise self.refuse(_("yes or no is expected here."))
        return self.text().lower() in ("true", "yes", "sí", "si")


_TOP = (
    "type", "fields", "records", "key", "id", "key_of_person", "skip", "blank", "dates", "year", "time_zone",
    "phone_region", "whole_numbers", "within", "extra", "ignore", "sheet",
)  # fmt: skip
_SOURCES = ("column", "columns", "value", "template", "marks", "together", "record")
_RULE = (
    *_SOURCES, "key", "first", "join", "split", "part", "pattern", "replace", "values", "only_known",
    "otherwise", "dates", "year", "plus_days", "digits", "hours", "first_day", "unread", "only", "owner",
    "unless", "consent", "phone_region", "make",
)  # fmt: skip
_OWNERS: dict[str, Owner] = {
    "organisation": "organisation",
    "organization": "organisation",
    "organización": "organisation",
    "person": "person",
    "persona": "person",
}


def parse_mapping(text: str, schema: Schema, *, file: str) -> Mapping:
    """The mapping written in `text`. Raises MappingRefused."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if any(isinstance(t, yaml.AliasToken) for t in yaml.scan(text)):
            raise MappingRefused(file, 1, _("shortcuts with & and * are not used in mappings."))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingRefused(file, line, _not_yaml(error.problem)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise MappingRefused(file, 1, _not_yaml(error)) from error
    if node is None:
        raise MappingRefused(file, 1, _("the file is empty."))
    return _mapping(_Node(node, file), schema)


def _not_yaml(why: object) -> str:
    """The reader of YAML gives its reason in English: who reads another language is spared it."""
    if language() == "en":
        return _("this is not YAML: {why}.").format(why=why)
    return _("this is not YAML: look at indentation, quotes and colons.")


def _mapping(whole: _Node, schema: Schema) -> Mapping:
    top = whole.map(_TOP)
    if ("records" in top) == ("fields" in top):
        raise whole.refuse(_("write either “type” and “fields”, or “records”."))
    if "fields" in top and "type" not in top:
        raise whole.refuse(_("“type” says what each row is: place, service, need …"))
    key = top["key"].texts() if "key" in top else ()
    if key and "id" in top:
        raise top["id"].refuse(_("write either “key” or “id”: an id is one already, of a key one is made."))
    if "fields" in top:
        rtype = _type(top["type"], schema)
        plans: tuple[RecordPlan, ...] = (
            RecordPlan(rtype.name, rtype.name, _fields(top["fields"], rtype, set()), key),
        )
    else:
        plans = _records(top["records"], schema, key)
    mapping = Mapping(
        records=plans,
        id=top["id"].text() if "id" in top else None,
        key_of_person="key_of_person" in top and top["key_of_person"].yes(),
        skip=tuple(_condition(n) for n in top["skip"].items()) if "skip" in top else (),
        whole_numbers=top["whole_numbers"].texts() if "whole_numbers" in top else (),
        blank=top["blank"].texts() if "blank" in top else (),
        dates=_date_formats(top["dates"]) if "dates" in top else (),
        year=top["year"].whole() if "year" in top else None,
        time_zone=_time_zone(top["time_zone"]) if "time_zone" in top else None,
        phone_region=_phone_region(top["phone_region"]) if "phone_region" in top else None,
        within=tuple(_box(n) for n in top["within"].items()) if "within" in top else (),
        extra=top["extra"].texts() if "extra" in top else (),
        ignore=top["ignore"].texts() if "ignore" in top else (),
        sheet=top["sheet"].text() if "sheet" in top else None,
    )
    for name in mapping.ignore:
        if name in mapping.columns_used() or name in mapping.extra:
            raise top["ignore"].refuse(
                _("the column “{name}” is used and ignored at once.").format(name=name)
            )
    return mapping


def _records(node: _Node, schema: Schema, key: tuple[str, ...]) -> tuple[RecordPlan, ...]:
    named = node.map()
    plans = []
    for at, (name, item) in enumerate(named.items()):
        parts = item.map(("type", "fields", "key", "when", "each", "needs"))
        elsewhere = at > 0 and "key" in parts and "fields" not in parts  # another file tells what it is
        if "type" not in parts or not ("fields" in parts or elsewhere):
            raise item.refuse(_("“type” and “fields” are needed here."))
        rtype = _type(parts["type"], schema)
        own = parts["key"].texts() if "key" in parts else (key if at == 0 else ())
        when = tuple(_condition(n) for n in parts["when"].items()) if "when" in parts else ()
        fields = {} if elsewhere else _fields(parts["fields"], rtype, set(named))
        needs = parts["needs"].texts() if "needs" in parts else ()
        for field in needs:
            if field not in fields:
                raise parts["needs"].refuse(_("“{name}” is none of the fields above.").format(name=field))
        each = _each(parts["each"]) if "each" in parts else None
        if each is not None and at == 0:
            raise parts["each"].refuse(_("the first record is the row's own; lists make the ones below it."))
        plans.append(RecordPlan(name, rtype.name, fields, own, when, needs, each))
    if not plans:
        raise node.refuse(_("at least one record is needed here."))
    return tuple(plans)


def _each(node: _Node) -> Each:
    if not node.is_map():
        return Each(node.text())
    keys = node.map(("column", "split"))
    if "column" not in keys:
        raise node.refuse(_("“column” says where the list stands."))
    return Each(keys["column"].text(), keys["split"].texts() if "split" in keys else ())


def _type(node: _Node, schema: Schema) -> RecordType:
    name = node.text()
    if name not in schema.types:
        known = ", ".join(n for n, t in schema.types.items() if not t.small)
        raise node.refuse(
            _("“{name}” is no type of record; there are: {known}.").format(name=name, known=known)
        )
    return schema.types[name]


def _fields(node: _Node, rtype: RecordType, records: set[str]) -> dict[str, Rule]:
    rules = {}
    settable = [n for n in (*rtype.fields, *_POSITION) if n not in ("salt", "extra")]
    for name, item in node.map(settable).items():
        rule = _rule(item)
        if rule.unread is not None and rule.unread not in rtype.fields:
            raise item.refuse(_("“{name}” is none of the fields above.").format(name=rule.unread))
        if rule.record is not None and rule.record not in records:
            raise item.refuse(_("there is no record called “{name}” here.").format(name=rule.record))
        if rule.make and not is_by_name(rtype.fields.get(name), rule):
            raise item.refuse(
                _("“make” is for fields that name one record: {known}.").format(
                    known=", ".join(n for n, spec in rtype.fields.items() if is_by_name(spec, Rule()))
                )
            )
        rules[name] = rule
    if not rules:
        raise node.refuse(_("at least one field is needed here."))
    return rules


_POSITION = ("latitude", "longitude")  # in degrees; become latitude_e6 and longitude_e6


def _rule(node: _Node) -> Rule:
    if not node.is_map():
        return Rule(columns=node.texts(), line=node.line)
    keys = node.map(_RULE)
    sources = [k for k in _SOURCES if k in keys]
    if len(sources) != 1:
        raise node.refuse(
            _("exactly one of these is needed here: {known}.").format(known=", ".join(_SOURCES))
        )

    def of(key: str, read: Callable[[_Node], object], default: object = None) -> object:
        return read(keys[key]) if key in keys else default

    source = keys[sources[0]]
    return Rule(
        columns=source.texts() if sources[0] in ("column", "columns") else (),
        value=source.text() if sources[0] == "value" else None,
        template=_template(source) if sources[0] == "template" else None,
        record=source.text() if sources[0] == "record" else None,
        key=_texts(of("key", _Node.texts, ())),
        marks={c: v.text() for c, v in source.map().items()} if sources[0] == "marks" else {},
        together=tuple(_rule(item) for item in source.items()) if sources[0] == "together" else (),
        first=bool(of("first", _Node.yes, False)),
        join=str(of("join", _Node.text, " ")),
        split=_texts(of("split", _Node.texts, ())),
        part=_whole(of("part", _positive)),
        pattern=_text(of("pattern", _pattern)),
        replace=_replace(keys["replace"]) if "replace" in keys else (),
        values={k: v.text() for k, v in keys["values"].map().items()} if "values" in keys else {},
        only_known=bool(of("only_known", _Node.yes, False)),
        otherwise=_text(of("otherwise", _Node.text)),
        dates=_texts(of("dates", _date_formats, ())),
        year=_whole(of("year", _Node.whole)),
        plus_days=_whole(of("plus_days", _Node.whole)) or 0,
        phone_region=_text(of("phone_region", _phone_region)),
        digits=_whole(of("digits", _positive)),
        hours=_way(keys["hours"]) if "hours" in keys else None,
        first_day=_one_of(keys["first_day"], FIRST_DAYS) if "first_day" in keys else FIRST_DAYS[0],
        unread=_text(of("unread", _Node.text)),
        only=tuple(_condition(n) for n in keys["only"].items()) if "only" in keys else (),
        owner=_owner(keys["owner"]) if "owner" in keys else None,
        unless=_condition(keys["unless"]) if "unless" in keys else None,
        consent=_consent(keys["consent"]) if "consent" in keys else None,
        make=bool(of("make", _Node.yes, False)),
        line=node.line,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _texts(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _one_of(node: _Node, known: Sequence[str]) -> str:
    if node.text().lower() not in known:
        raise node.refuse(_("one of these is expected here: {known}.").format(known=", ".join(known)))
    return node.text().lower()


def _way(node: _Node) -> Way:
    name = _one_of(node, WAYS)
    return next(way for way in WAYS if way == name)


def _positive(node: _Node) -> int:
    if node.whole() < 1:
        raise node.refuse(_("count from 1 here."))
    return node.whole()


def _owner(node: _Node) -> Owner:
    if node.text().lower() not in _OWNERS:
        raise node.refuse(_("“owner” is organisation or person."))
    return _OWNERS[node.text().lower()]


def _template(node: _Node) -> str:
    try:
        for _literal, name, spec, conversion in string.Formatter().parse(node.text()):
            if name is not None and (not name or spec or conversion):
                raise ValueError
    except ValueError:
        raise node.refuse(_("columns stand in braces here: «{{street}}, {{number}}».").format()) from None
    return node.text()


def _pattern(node: _Node, *, takes: bool = True) -> str:
    try:
        compiled = re.compile(node.text())
    except (re.error, RecursionError, OverflowError) as error:
        raise node.refuse(_("this pattern cannot be read: {why}.").format(why=error)) from None
    # nested repetition can take for ever on one cell: ((a+)+)+
    if len(node.text()) > _MAX_PATTERN or re.search(r"[+*}]\)[+*{]", node.text()):
        raise node.refuse(_("this pattern is too complicated."))
    if takes and compiled.groups > 1:
        raise node.refuse(_("a pattern has one pair of brackets: around what is wanted."))
    return node.text()


def _replace(node: _Node) -> tuple[tuple[str, str], ...]:
    return tuple((old, new.text()) for old, new in node.map().items())


def _condition(node: _Node) -> Condition:
    keys = node.map(("column", "is", "matches", "not"))
    if "column" not in keys or len(keys) != 2:
        raise node.refuse(_("a condition names a column and one of: is, matches, not."))
    negative = "not" in keys
    texts = keys["not"].texts() if negative else keys["is"].texts() if "is" in keys else ()
    matches = _pattern(keys["matches"], takes=False) if "matches" in keys else None
    return Condition(keys["column"].text(), texts, matches, negative)


def _consent(node: _Node) -> Consent:
    keys = node.map(("asked_by", "when", "purpose"))
    if len(keys) != 3:
        raise node.refuse(_("consent says asked_by, when and purpose."))
    if not is_day(keys["when"].text()):
        raise keys["when"].refuse(_("a date like 2026-11-21 is expected here."))
    return Consent(keys["asked_by"].text(), keys["when"].text(), keys["purpose"].text())


def _date_formats(node: _Node) -> tuple[str, ...]:
    for item in node.items():
        if item.text().lower() not in FORMATS:
            raise item.refuse(
                _("“{name}” is no way of writing dates known here; known are: {known}.").format(
                    name=item.text(), known=", ".join(FORMATS)
                )
            )
    return tuple(name.lower() for name in node.texts())


def _time_zone(node: _Node) -> str:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(node.text())
    except (OSError, ValueError, KeyError):  # unknown names come as KeyError, odd ones as the others
        raise node.refuse(
            _("“{name}” is no time zone, as in America/Mexico_City.").format(name=node.text())
        ) from None
    return node.text()


def _phone_region(node: _Node) -> str:
    from phonenumbers import SUPPORTED_REGIONS

    code = node.text().strip().upper()
    if code not in SUPPORTED_REGIONS:
        problem = _(
            "“{name}” is no country whose telephones are known; write its two letters, as in US or MX."
        )
        raise node.refuse(problem.format(name=node.text()))
    return code


def _box(node: _Node) -> Box:
    sides = ("south", "west", "north", "east")
    keys = node.map((*sides, "when"))
    if not all(side in keys for side in sides):
        raise node.refuse(_("south, west, north and east are needed here."))
    when = tuple(_condition(n) for n in keys["when"].items()) if "when" in keys else ()
    south, west, north, east = (keys[side].degrees() for side in sides)
    box = Box(south, west, north, east, when)
    if box.south >= box.north or box.west >= box.east:
        raise node.refuse(_("south must be below north, and west below east."))
    return box
