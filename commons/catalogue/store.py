"""A catalogue: one organisation's records in one file, every act undoable.

    with Catalogue.open(path) as catalogue:
        with catalogue.act("edit", note="new phone", at=now) as act:
            act.put("service", "dental-clinic", fields, drafts={"phones": "call Ana"})

Laws: an act is kept whole or not at all; what was acknowledged survives a kill; saving never fails for what a
value looks like (it waits as a draft); ids once given are never given again; a withdrawn address never comes
back. Does not print, ask, share or guess; clock and randomness come from the caller.
"""

from __future__ import annotations

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from commons import reasons
from commons.catalogue import backup, forget, structure
from commons.catalogue.act import PROFILE, PROFILE_ID, WITHDRAWAL, Act, Context
from commons.catalogue.consent import Consents
from commons.catalogue.errors import CatalogueExists, CatalogueNotWritable, ChangedSince
from commons.catalogue.file import CatalogueFile, look
from commons.catalogue.history import FINAL, History, Step, taken_back
from commons.catalogue.ids import Randomness, instant, salt
from commons.catalogue.own_releases import OwnReleases
from commons.catalogue.person import Person
from commons.catalogue.record import StoredRecord
from commons.catalogue.rows import Rows
from commons.catalogue.settings import Settings
from commons.catalogue.sources import Sources
from commons.folding import folded
from commons.format.keylog import KeyLog
from commons.model import Fields
from commons.schema.spec import Schema, load_schema

SECRET_BYTES = 32


class Catalogue:
    """An open catalogue; use as a context manager. Made by `create` or `open`."""

    def __init__(self, file: CatalogueFile, schema: Schema, randomness: Randomness) -> None:
        self.path = file.path
        self.schema = schema
        self._file = file
        self._randomness = randomness
        self.rows = Rows(file, schema)
        self._history = History(file)
        self.settings = Settings(file)
        self.releases = OwnReleases(file)
        self.sources = Sources(file)
        self.consents = Consents(file, self.rows, self.secret)

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        keylog: bytes,
        profile: Fields,
        at: datetime,
        schema: Schema | None = None,
        randomness: Randomness = secrets.token_bytes,
    ) -> Self:
        """A new catalogue that knows who it is: its key log's bytes and its own `catalogue` record.

        Written under another name first, so that a half-made catalogue is never found at `path`.
        Raises CatalogueExists, CatalogueNotWritable, KeyLogRefused.
        """
        KeyLog.parse(keylog)
        if path.exists():
            raise CatalogueExists(path)
        if not path.parent.is_dir():
            raise CatalogueNotWritable(path, reasons.within(FileNotFoundError(errno.ENOENT, "")))
        draft = path.with_name(f".{path.name}.new")
        draft.unlink(missing_ok=True)
        try:
            known = schema or load_schema()
            file = _new_file(draft, known, keylog, randomness)
            with cls(file, known, randomness) as new, new.act("init", at=at) as act:
                act.put(PROFILE, PROFILE_ID, profile)
            draft.rename(path)
        except CatalogueNotWritable as error:
            draft.unlink(missing_ok=True)
            raise CatalogueNotWritable(path, error.reason) from error  # by the name that people know
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        return cls.open(path, schema=schema, randomness=randomness)

    @classmethod
    def open(
        cls, path: Path, *, schema: Schema | None = None, randomness: Randomness = secrets.token_bytes
    ) -> Self:
        """Open a catalogue; an older one is brought up to date after a backup.

        Raises CatalogueMissing, NotACatalogue, NewerCatalogue, DamagedCatalogue, CatalogueInUse.
        """
        look(path)
        known = schema or load_schema()
        file = CatalogueFile(path)
        try:
            structure.refuse_newer(file, known)
            if not structure.is_current(file, known):
                if not structure.is_empty(file):
                    backup.make(file, when=None)
                structure.bring_up(file, known)
            return cls(file, known, randomness)
        except BaseException:
            file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave one plain file. What stands outside an act was never there."""
        self._file.close()

    # who we are

    @property
    def keylog(self) -> bytes:
        """The key log's bytes; nothing in it is secret."""
        return self._meta("keylog")

    def set_keylog(self, data: bytes) -> None:
        """Keep a longer key log (after a rotation). Raises KeyLogRefused; ValueError if it is not ours."""
        if not KeyLog.parse(data).extends(KeyLog.parse(self.keylog)):
            raise ValueError("a key log only grows")
        with self._file.writing():
            self._file.execute("UPDATE meta SET value = ? WHERE key = 'keylog'", (data,))

    @property
    def member_id(self) -> str:
        """The 26 characters that name this catalogue."""
        return KeyLog.parse(self.keylog).member_id

    @property
    def secret(self) -> bytes:
        """The key of private ids; it never leaves the catalogue."""
        return self._meta("secret")

    @property
    def profile(self) -> StoredRecord:
        """The one `catalogue` record: who we are, licence, language, territory."""
        return self.get(PROFILE, PROFILE_ID) or StoredRecord(PROFILE, PROFILE_ID, {}, {})

    def _meta(self, key: str) -> bytes:
        value = self._file.scalar("SELECT value FROM meta WHERE key = ?", (key,))
        assert isinstance(value, bytes)
        return value

    # reading

    def get(self, type_name: str, record_id: str) -> StoredRecord | None:
        """One record, or None. Raises UnknownType."""
        self.rows.type(type_name)
        state = self.rows.read(type_name, record_id)
        return None if state is None else StoredRecord(type_name, record_id, state.fields, state.drafts)

    def records(self, type_name: str | None = None, search: str | None = None) -> Iterator[StoredRecord]:
        """Records in the schema's order of types, then by id; `search`: all its words, accents aside.

        Raises UnknownType.
        """
        names = list(self.schema.types) if type_name is None else [self.rows.type(type_name).name]
        words = folded(search or "").split()
        with self._file.reading():
            for name in names:
                for record_id, state in self.rows.all(name):
                    record = StoredRecord(name, record_id, state.fields, state.drafts)
                    if all(word in record.folded_text for word in words):
                        yield record

    def count(self, type_name: str) -> int:
        """How many records of a type there are. Raises UnknownType."""
        n = self._file.scalar(f'SELECT count(*) FROM "{self.rows.type(type_name).name}"')
        return n if isinstance(n, int) else 0

    # writing

    @contextmanager
    def act(self, kind: str, *, note: str = "", at: datetime, undoes: int | None = None) -> Iterator[Act]:
        """One step of the history: whole or not at all. Others may read meanwhile, not write.

        Raises CatalogueInUse, CatalogueNotWritable.
        """
        context = Context(kind, note, instant(at), self.member_id, self.secret, self._randomness, undoes)
        with self._file.writing():
            act = Act(self.rows, self._history, self._file, context)
            if undoes is None:
                act.adopt()
            yield act
            act.close()

    def undo(self, n: int | None = None, *, redo: bool = False, at: datetime) -> Step:
        """Take back the newest step in force, or step `n`; with `redo` the newest undo.

        What was changed again since stays and is listed in `Step.kept`.
        Raises NothingToUndo, NothingToRedo, NoSuchStep, ChangedSince, AlreadyShared.
        """
        with self._file.writing():
            if n is None:
                n = self._history.to_redo() if redo else self._history.to_undo()
            target = self._history.step(n)
            if target.undone or target.kind in FINAL:
                raise ChangedSince(target.n)
            kept: list[tuple[str, str, str | None]] = []
            root = self._history.root(target)
            with self.act("redo" if redo else "undo", note=root.note, at=at, undoes=target.n) as act:
                act.refuse_shared(target)
                for change in target.changes:
                    now = self.rows.read(change.type, change.id)
                    state, left = taken_back(change, now, instant(at))
                    if state is not None and act.is_shared_withdrawal(change.type, change.id):
                        state, left = now, [None]  # withdrawn and said since: it does not come back
                    kept += [(change.type, change.id, name) for name in left]
                    act.restore(change.type, change.id, state)
                act.close()
                if act.step is None:
                    raise ChangedSince(target.n)
            step = self._history.step(act.step)
        return Step(
            step.n, step.uid, step.kind, step.note, step.at, step.undoes, False, step.changes, tuple(kept)
        )

    def history(self, type_name: str | None = None, record_id: str | None = None) -> Iterator[Step]:
        """Steps, newest first, without their changes; only those of one type or record if named."""
        return self._history.steps(type_name, record_id)

    def step(self, n: int) -> Step:
        """One step with what it changed. Raises NoSuchStep."""
        return self._history.step(n)

    def origin(self, step: Step) -> Step:
        """The act that a chain of undos and redos is about."""
        return self._history.root(step)

    # copies

    def backup(self, *, at: datetime) -> Path:
        """A copy beside the catalogue, also while it is in use; the newest ten are kept."""
        return backup.make(self._file, when=at)

    def copy_to(self, target: Path) -> None:
        """A copy at a place of the caller's choice, which must be free. Raises CatalogueNotWritable."""
        backup.write(self._file, target)

    def restore(self, copy: Path, *, at: datetime) -> Path:
        """Bring back a backup; the state of now is backed up first, and its path returned.

        The key log and the list of own releases stay as they are now: numbers are never used twice.
        Raises OtherCatalogue and what `open` raises for `copy`.
        """
        with Catalogue.open(copy, schema=self.schema):
            pass
        before = self.backup(at=at)
        backup.restore(self._file, copy)
        with self.act("restore", note=copy.name, at=at) as act:
            for record in list(self.records()):
                if act.is_withdrawn(record.type, record.id):
                    act.remove(record.type, record.id)
        return before

    # forgetting a person

    def places_of(self, person: Person) -> list[forget.Place]:
        """Everywhere that a person stands in this catalogue."""
        return forget.look(self._file, self.rows, person)

    def known_beside(self, person: Person) -> list[str]:
        """Telephones and e-mails that stand, or stood, as a contact beside the person's name."""
        return forget.beside(self._file, self.rows, person)

    def written_as(self, person: Person) -> set[str]:
        """The person as literally written here."""
        return forget.literally(self._file, self.rows, person)

    def addresses_of(self, person: Person) -> list[tuple[str, str]]:
        """Records, also former ones, whose address is made of the person."""
        return forget.addresses(self._file, person)

    def forget(self, person: Person, *, at: datetime) -> list[tuple[str, str]]:
        """Erase a person, also from the history; gives the records whose earlier versions are taken down
        everywhere with the next release. Backups are `forget.erase_copy`'s.
        """
        forget.securely(self._file)
        forget.rebuild(self._file)  # a disk without room for it says so before anything is erased, not after
        with self.act("forget", at=at) as act:
            erased = forget.erase(self._file, self.rows, self.schema, person)
            down = erased if self.releases.latest is not None else []
            for key in down:
                if key[0] != WITHDRAWAL:
                    act.withdraw(*key, "earlier")
        forget.rebuild(self._file)
        return down

    def damage(self) -> list[str]:
        """What SQLite finds broken in the file; empty when it is sound."""
        return [str(r[0]) for r in self._file.rows("PRAGMA integrity_check(20)") if r[0] != "ok"]


def _new_file(path: Path, schema: Schema, keylog: bytes, randomness: Randomness) -> CatalogueFile:
    file = CatalogueFile(path)
    try:
        structure.bring_up(file, schema)
        with file.writing():
            for key, value in (
                ("secret", randomness(SECRET_BYTES)),
                ("keylog", keylog),
                ("copy", salt(randomness)),
            ):
                file.execute("INSERT INTO meta VALUES (?, ?)", (key, value))
    except BaseException:
        file.close()
        raise
    return file
