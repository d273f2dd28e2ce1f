"""Values of a record as a person types them and reads them. Knows no command.

What does not fit is never refused: it waits as a draft, and the finding says why.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from commons.catalogue.record import AUTOMATIC, StoredRecord
from commons.catalogue.store import Catalogue
from commons.cli.terminal.naming import candidates_for
from commons.cli.terminal.output import ask, tell
from commons.findings import Finding
from commons.messages import in_language, language
from commons.messages import translate as _
from commons.model import Value
from commons.schema import territory, typed
from commons.schema.spec import Field, RecordType, load_schema
from commons.schema.territory import Territory

CLEAR = "-"
DONE = "."
ALL_CHOICES = "?"
SHOWN_CHOICES = 12


@dataclass
class Editing:
    """A record while it is being written: fields and drafts to put, and what should be looked at."""

    catalogue: Catalogue
    rtype: RecordType
    fields: dict[str, Value]
    drafts: dict[str, str]
    findings: list[Finding] = field(default_factory=list)

    def write(self, target: Field, text: str) -> None:
        """Take `text` for the field; empty or «-» empties it. An earlier good value stays beside a draft."""
        self.drafts.pop(target.name, None)
        if text.strip() in ("", CLEAR):
            self.fields.pop(target.name, None)
            return
        reading = typed.read(
            target, self._as_reference(target, text), lang=language(), territory=place(self.catalogue)
        )
        if reading.value is not None:
            self.fields[target.name] = reading.value
        elif reading.finding is not None:
            self.drafts[target.name] = text
        else:
            self.fields.pop(target.name, None)
        finding = reading.finding or self._dangling(target)
        if finding is not None:
            self.findings.append(dataclasses.replace(finding, type=self.rtype.name, field=target.name))

    def _dangling(self, target: Field) -> Finding | None:
        """An own record that is not there (yet): kept, and told."""
        value = self.fields.get(target.name)
        if target.format != "reference" or not isinstance(value, str) or value.count("/") > 1:
            return None
        kind, slash, record_id = value.rpartition("/")
        found = self.catalogue.get(kind if slash else target.target, record_id)
        return None if found is not None else Finding("reference-dangling", value=value)

    def _as_reference(self, target: Field, text: str) -> str:
        """A record's title where its id is wanted, as long as only one fits."""
        if target.format != "reference" or "/" in text:
            return text
        found = candidates_for(self.catalogue, text, None if target.target == "*" else target.target)
        if len(found) != 1:
            return text
        return f"{found[0].type}/{found[0].id}" if target.target == "*" else found[0].id


def place(catalogue: Catalogue) -> Territory:
    """The territory of the catalogue; none of them where it names none that is known."""
    name = str(catalogue.profile.fields.get("territory") or "none")
    return territory.load(name if name in territory.known_names() else "none")


def shown(catalogue: Catalogue, target: Field, value: Value) -> str:
    """A value for a person to read."""
    if target.type == "datetime" and isinstance(value, str):
        return local_moment(catalogue, value)
    return typed.show(target, value, lang=language(), territory=place(catalogue))


def local_moment(catalogue: Catalogue, instant: str) -> str:
    """An instant on the clock of the catalogue's territory."""
    try:
        moment = datetime.fromisoformat(instant).astimezone(place(catalogue).zone)
    except ValueError:
        return instant
    return f"{moment:%d/%m/%Y %H:%M}" if language() == "es" else f"{moment:%Y-%m-%d %H:%M}"


def local_day(catalogue: Catalogue, instant: str) -> str:
    """The day of an instant on the clock of the catalogue's territory."""
    return local_moment(catalogue, instant).partition(" ")[0]


def prompts(editing: Editing, *, everything: bool) -> None:
    """Ask for the fields one by one; Enter keeps what is there, «-» empties it, «.» asks no more."""
    tell(_("Enter keeps what is there · «-» empties a field · «?» shows all choices · «.» saves now"))
    for target in editing.rtype.fields.values():
        if target.name in AUTOMATIC or target.form == "hidden":
            continue
        if target.form != "main" and not everything and target.name not in editing.drafts:
            continue
        if not _ask_one(editing, target):
            return


def _ask_one(editing: Editing, target: Field) -> bool:
    """Ask for one field until it fits or stays a draft; False where nothing more should be asked."""
    value = editing.fields.get(target.name)
    written = "" if value is None else shown(editing.catalogue, target, value)
    before = editing.drafts.get(target.name) or written
    tell()
    tell(f"{in_language(target.description)} {_example(target)}".strip())
    answer = _answer(target, in_language(target.title), before)
    while answer != before:
        if answer == DONE:
            return False
        known = len(editing.findings)
        editing.write(target, answer)
        for finding in editing.findings[known:]:
            told = dataclasses.replace(finding, field=in_language(target.title))
            tell(f"{told.sentence} {told.hint}".strip())
        if target.name not in editing.drafts:
            return True
        before, answer = answer, _answer(target, _("Enter keeps it as a draft; or write it again"), answer)
        if answer != before:
            del editing.findings[known:]
    return True


def _answer(target: Field, question: str, default: str) -> str:
    while True:
        answer = ask(question, default=default)
        if answer != ALL_CHOICES:
            return answer
        names = _choices(target)
        tell(", ".join(names) if names else _("This field has no list of choices."))


def _choices(target: Field) -> list[str]:
    if not target.vocabulary:
        return []
    return [in_language(term.title) for term in load_schema().vocabularies[target.vocabulary].terms.values()]


def _example(target: Field) -> str:
    names = _choices(target)
    if names:
        return f"({', '.join(names[:SHOWN_CHOICES])}{' …' if len(names) > SHOWN_CHOICES else ''})"
    example = in_language(target.example)
    return _("For example: {example}").format(example=example) if example else ""


def described(record: StoredRecord) -> str:
    """A record in a line: what it is called, and its address within the catalogue."""
    return f"«{record.title}» ({record.type}/{record.id})"


def record_json(record: StoredRecord) -> dict[str, object]:
    """A record for a program."""
    return {
        "type": record.type,
        "id": record.id,
        "fields": dict(record.fields),
        "drafts": dict(record.drafts),
    }


def lines(catalogue: Catalogue, record: StoredRecord) -> Sequence[tuple[str, str]]:
    """Label and text of every field that says something, in the schema's order; drafts are marked."""
    rtype = catalogue.schema.types[record.type]
    found: list[tuple[str, str]] = []
    for target in rtype.fields.values():
        label = in_language(target.title)
        if target.name in AUTOMATIC or target.name == "extra":
            continue
        if target.name in record.fields:
            found.append((label, shown(catalogue, target, record.fields[target.name])))
        if target.name in record.drafts:
            found.append((label, _("draft: {text}").format(text=record.drafts[target.name])))
    extra = record.fields.get("extra")
    if isinstance(extra, Mapping):
        found += [(name, f"{value} ({_('local')})") for name, value in extra.items()]
    found += [
        (n, _("draft: {text}").format(text=t)) for n, t in record.drafts.items() if n not in rtype.fields
    ]
    return found
