"""Erases a person from a catalogue: rows, drafts, consents, sources, settings, and what history kept of them.

Not a step that could be undone: a history that remembered what was forgotten would not have forgotten. What
had been released is taken down with the next release by withdrawals of kind `earlier`, which are written as a
step of their own. Afterwards the file is built anew, so that no free page keeps a word.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from commons.catalogue import structure
from commons.catalogue.consent import WHOLE, Mark, mark, marks_of
from commons.catalogue.file import CatalogueFile
from commons.catalogue.file import look as look_at_file
from commons.catalogue.person import Person, texts_of
from commons.catalogue.rows import CONSENT, Rows, State
from commons.model import Value
from commons.schema.spec import Schema

Key = tuple[str, str]
SHOWN = 90  # letters of a text that are shown around what was found


@dataclass(frozen=True, slots=True)
class Place:
    """One place where the person stands. `kind`: record, address (its id), draft, consent, history, note,
    source, setting."""

    kind: str
    type: str = ""
    id: str = ""
    field: str = ""
    text: str = ""


def look(file: CatalogueFile, rows: Rows, person: Person) -> list[Place]:
    """Every place, in the order of the tables; for history and source rows one place each."""
    covering = _covering(file, rows, person)
    return [*_in_records(rows, person), *_in_consents(file, person, covering), *_beside(file, person)]


def beside(file: CatalogueFile, rows: Rows, person: Person) -> list[str]:
    """Telephones and e-mails that stand, or stood once, as the same person's contact beside a name."""
    found: list[str] = []
    for rtype in rows.types():
        names = [f.name for f in rtype.fields.values() if f.personal]
        if not names:
            continue
        once = file.rows('SELECT "before", "after" FROM change WHERE type = ?', (rtype.name,))
        past = [_state(row[n]) for row in list(once) for n in ("before", "after")]
        for state in [*(s for _id, s in rows.all(rtype.name)), *(s for s in past if s is not None)]:
            if any(person.stands_in(state.fields.get(name)) for name in names):
                values = (state.fields.get(name) for name in names if rtype.fields[name].format)
                found += [v for v in values if isinstance(v, str) and not person.stands_in(v)]
    return list(dict.fromkeys(found))


def literally(file: CatalogueFile, rows: Rows, person: Person) -> set[str]:
    """The person as really written anywhere in the file: what no byte of it may say afterwards."""
    texts = [t for rtype in rows.types() for _id, s in rows.all(rtype.name) for t in _texts(s)]
    for table, columns in _TEXTS.items():
        for row in file.rows(f"SELECT {columns} FROM {table}"):
            texts += [str(cell) for cell in tuple(row) if cell is not None]
    return {text[start:end] for text in texts for start, end in person.spans(text)}


def addresses(file: CatalogueFile, person: Person) -> list[Key]:
    """Records of today and of before whose address is made of the person: no address is written anew."""
    every = file.rows("SELECT DISTINCT type, id FROM change ORDER BY type, id")
    return [(row["type"], row["id"]) for row in every if person.spans(row["id"].replace("-", " "))]


_TEXTS = {
    "change": '"before", "after"',
    "step": "note",
    "consent": "whose, asked_by, purpose",
    "source": "location, settings",
    "source_row": "key, fields",
}


def _texts(state: State) -> Iterator[str]:
    yield from texts_of(dict(state.fields))
    yield from state.drafts.values()


def erase(file: CatalogueFile, rows: Rows, schema: Schema, person: Person) -> list[Key]:
    """Take the person out; gives the records that may have left with the person in them.

    Within the caller's transaction. Leaves free pages; see `rebuild`.
    """
    covering = _covering(file, rows, person)  # by the values, while they stand
    released = set(_erase_records(rows, schema, person))
    released |= _erase_history(file, schema, person)
    _erase_consents(file, person, covering)
    _erase_beside(file, person)
    return sorted(released)


def erase_copy(path: Path, schema: Schema, person: Person) -> None:
    """Take the person out of a backup, which stays a backup of its time otherwise.

    Raises NotACatalogue, NewerCatalogue, DamagedCatalogue, CatalogueInUse, CatalogueNotWritable.
    """
    look_at_file(path)
    file = CatalogueFile(path)
    try:
        structure.refuse_newer(file, schema)
        securely(file)
        if not structure.is_current(file, schema):
            structure.bring_up(file, schema)
        with file.writing():
            erase(file, Rows(file, schema), schema, person)
        rebuild(file)
    finally:
        file.close()


def securely(file: CatalogueFile) -> None:
    """What is deleted from now on is overwritten."""
    file.execute("PRAGMA secure_delete=ON")


def rebuild(file: CatalogueFile) -> None:
    """Write the file anew, without the pages that held what was erased."""
    file.execute("VACUUM")
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _snippet(text: str, person: Person) -> str:
    spans = person.spans(text)
    if not spans or len(text) <= SHOWN:
        return text.replace("\n", " ")
    start = max(0, spans[0][0] - SHOWN // 3)
    return ("…" if start else "") + text[start : start + SHOWN].replace("\n", " ") + "…"


def _in_records(rows: Rows, person: Person) -> Iterator[Place]:
    for rtype in rows.types():
        for id, state in rows.all(rtype.name):
            if person.spans(id.replace("-", " ")):
                yield Place("address", rtype.name, id, "", id)
            for name, value in state.fields.items():
                for text in texts_of(value):
                    if person.spans(text):
                        yield Place("record", rtype.name, id, name, _snippet(text, person))
            for name, text in state.drafts.items():
                if person.spans(text):
                    yield Place("draft", rtype.name, id, name, _snippet(text, person))


def _covering(file: CatalogueFile, rows: Rows, person: Person) -> frozenset[str]:
    """Ids of the consents for values in which the person stands, or stood once: the person's, whatever short
    name is written there as whose they are."""
    marked = {row["id"]: marks_of(row["covers"]) for row in file.rows("SELECT id, covers FROM consent")}
    if not any(marked.values()):
        return frozenset()
    secret = bytes(next(iter(file.rows("SELECT value FROM meta WHERE key = 'secret'")))["value"])
    theirs: set[Mark] = set()
    for rtype in rows.types():
        names = [f.name for f in rtype.fields.values() if f.release == "consent"]
        if names:
            for id, state in _states(file, rows, rtype.name):
                theirs |= {
                    (rtype.name, id, name, mark(secret, value))
                    for name in names
                    if (value := state.fields.get(name)) is not None and person.stands_in(value)
                }
                if rtype.release == "consent" and any(person.stands_in(state.fields.get(n)) for n in names):
                    theirs.add((rtype.name, id, WHOLE, ""))
    return frozenset(id for id, marks in marked.items() if marks & theirs)


def _states(file: CatalogueFile, rows: Rows, type_name: str) -> Iterator[tuple[str, State]]:
    """What every record of a type says, and said once."""
    yield from rows.all(type_name)
    for row in list(file.rows('SELECT id, "before", "after" FROM change WHERE type = ?', (type_name,))):
        for name in ("before", "after"):
            if (state := _state(row[name])) is not None:
                yield row["id"], state


def _in_consents(file: CatalogueFile, person: Person, covering: Collection[str]) -> Iterator[Place]:
    for row in file.rows("SELECT id, whose, asked_by, purpose FROM consent ORDER BY id"):
        for name in ("whose", "asked_by", "purpose"):
            if person.spans(str(row[name] or "")) or (name == "whose" and row["id"] in covering):
                yield Place("consent", CONSENT, row["id"], name, _snippet(str(row[name]), person))


def _beside(file: CatalogueFile, person: Person) -> Iterator[Place]:
    for row in file.rows('SELECT step, type, id, "before", "after" FROM change ORDER BY step, type, id'):
        if any(person.stands_in(_json(row[name])) for name in ("before", "after")):
            yield Place("history", row["type"], row["id"], str(row["step"]))
    for row in file.rows("SELECT n, note FROM step ORDER BY n"):
        if person.spans(row["note"]):
            yield Place("note", "", str(row["n"]), "", _snippet(row["note"], person))
    for row in file.rows("SELECT source, key, type, id, fields FROM source_row ORDER BY source, key, type"):
        if person.spans(row["key"]) or person.stands_in(_json(row["fields"])):
            yield Place("source", row["type"], row["id"], row["source"])
    for row in file.rows("SELECT name, location, settings FROM source ORDER BY name"):
        if any(person.spans(row[n]) for n in ("name", "location", "settings")):
            yield Place("source", "", "", row["name"])
    for row in file.rows("SELECT key, value FROM meta WHERE key GLOB 'setting:*' ORDER BY key"):
        if person.stands_in(_json(row["value"])):
            yield Place("setting", "", "", row["key"].removeprefix("setting:"))


def _json(text: str | None) -> object:
    return None if text is None else json.loads(text)


def _erased(state: State, personal: Iterable[str], person: Person) -> State:
    """A record's state without the person. `personal`: fields that go together with a contact's name."""
    fields: dict[str, Value] = {}
    alone = {n for n in personal if n in state.fields and person.stands_in(state.fields[n])}
    for name, value in state.fields.items():
        kept = person.erased(value)
        if kept is not None and not (alone and name in personal):
            fields[name] = kept
    drafts = {
        n: t
        for n, text in state.drafts.items()
        if (t := person.without(text)) and not (alone and n in personal)
    }
    return State(fields, drafts)


def _erase_records(rows: Rows, schema: Schema, person: Person) -> Iterator[Key]:
    for rtype in rows.types():
        personal = [f.name for f in rtype.fields.values() if f.personal]
        for id, state in list(rows.all(rtype.name)):
            after = _erased(state, personal, person)
            if after != state:
                rows.write(rtype.name, id, after, over=state)
                if _could_leave(schema, rtype.name, state, after):
                    yield rtype.name, id


def _could_leave(schema: Schema, type_name: str, before: State, after: State) -> bool:
    """Whether a field that changed may ever leave the house."""
    rtype = schema.types.get(type_name)
    if rtype is None:
        return False
    changed = (n for n, v in before.fields.items() if after.fields.get(n) != v)
    return any(n in rtype.released for n in changed)


def _erase_history(file: CatalogueFile, schema: Schema, person: Person) -> set[Key]:
    touched: set[Key] = set()
    for row in list(file.rows("SELECT * FROM change")):
        states = {name: _state(row[name]) for name in ("before", "after")}
        if not any(person.stands_in([dict(s.fields), dict(s.drafts)]) for s in states.values() if s):
            continue
        key = (row["type"], row["id"])
        rtype = schema.types.get(key[0])
        personal = [f.name for f in rtype.fields.values() if f.personal] if rtype else []
        erased = {n: None if s is None else _erased(s, personal, person) for n, s in states.items()}
        for name, state in states.items():
            after = erased[name]
            if state is not None and after is not None and _could_leave(schema, key[0], state, after):
                touched.add(key)
        file.execute(
            'UPDATE change SET "before" = ?, "after" = ? WHERE step = ? AND type = ? AND id = ?',
            (_text(erased["before"]), _text(erased["after"]), row["step"], *key),
        )
    for row in list(file.rows("SELECT n, note FROM step")):
        if person.spans(row["note"]):
            file.execute("UPDATE step SET note = ? WHERE n = ?", (person.without(row["note"]), row["n"]))
    return touched


def _state(text: str | None) -> State | None:
    if text is None:
        return None
    data = json.loads(text)
    return State(data["fields"], data["drafts"])


def _text(state: State | None) -> str | None:
    if state is None:
        return None
    plain = {"fields": dict(state.fields), "drafts": state.drafts}
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


def _erase_consents(file: CatalogueFile, person: Person, covering: Collection[str]) -> None:
    """A person's consents go whole, with the notes of their steps, which say whose they were; elsewhere only
    the name goes (who asked, what for)."""
    for row in list(file.rows("SELECT id, whose, asked_by, purpose FROM consent")):
        if row["id"] in covering or person.spans(str(row["whose"] or "")):
            steps = "SELECT step FROM change WHERE type = ? AND id = ?"
            for n in [found["step"] for found in file.rows(steps, (CONSENT, row["id"]))]:
                file.execute("UPDATE step SET note = '' WHERE n = ? AND note = ?", (n, row["whose"]))
            file.execute("DELETE FROM consent WHERE id = ?", (row["id"],))
            file.execute("DELETE FROM change WHERE type = ? AND id = ?", (CONSENT, row["id"]))
            continue
        for name in ("asked_by", "purpose"):
            if person.spans(str(row[name] or "")):
                text = person.without(str(row[name]))
                file.execute(f"UPDATE consent SET {name} = ? WHERE id = ?", (text, row["id"]))


def _erase_beside(file: CatalogueFile, person: Person) -> None:
    """Remembered rows of sources are unlinked where their key is the person; settings lose their entries."""
    for row in list(file.rows("SELECT source, key, type, fields FROM source_row")):
        where = (row["source"], row["key"], row["type"])
        fields = _json(row["fields"])
        if person.spans(row["key"]):
            file.execute("DELETE FROM source_row WHERE source = ? AND key = ? AND type = ?", where)
        elif isinstance(fields, dict) and person.stands_in(fields):
            text = json.dumps(person.erased(fields) or {}, ensure_ascii=False, sort_keys=True)
            sql = "UPDATE source_row SET fields = ? WHERE source = ? AND key = ? AND type = ?"
            file.execute(sql, (text, *where))
    for row in list(file.rows("SELECT name, location, settings FROM source")):
        changed = {n: person.without(row[n]) for n in ("location", "settings") if person.spans(row[n])}
        for name, text in changed.items():
            kept = json.dumps(person.erased(json.loads(row[name])) or {}) if name == "settings" else text
            file.execute(f"UPDATE source SET {name} = ? WHERE name = ?", (kept, row["name"]))
    for row in list(file.rows("SELECT key, value FROM meta WHERE key GLOB 'setting:*'")):
        value = _json(row["value"])
        if person.stands_in(value) and isinstance(value, str | list | dict):
            kept_value = person.erased(value)
            text = json.dumps(kept_value if kept_value is not None else [], ensure_ascii=False)
            file.execute("UPDATE meta SET value = ? WHERE key = ?", (text, row["key"]))
