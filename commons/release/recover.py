"""A catalogue made again after its computer is gone: from a copy, from the newest good release, or from both.

Law: nothing is made up. What a release does not hold (private records and fields, consents, drafts, later
edits) is not there afterwards; what a newer release says otherwise than the copy is taken from the release,
and what it no longer holds stays at home. Salts are kept, so that an unchanged record keeps its digest and
its address. Keys, words and questions are the caller's; whether a release proves itself, too.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from commons.catalogue import backup
from commons.catalogue.act import Act
from commons.catalogue.copies import Copy
from commons.catalogue.errors import CatalogueExists, NewerCatalogue
from commons.catalogue.own_releases import OwnRelease
from commons.catalogue.rows import State
from commons.catalogue.store import Catalogue
from commons.errors import InputError
from commons.format.keylog import KeyLog
from commons.format.keys import PrivateKey, PublicKey
from commons.messages import N_
from commons.model import Value
from commons.release import build, keys
from commons.release.outgoing import PROFILE, WITHDRAWAL, Key
from commons.schema.spec import Field, RecordType, load_schema

Version = tuple[int, int]
LEADING = {"reference", "address", "member_or_address"}  # formats of what leads to a record


@dataclass(eq=False)
class KeysDisagree(InputError):
    """Two key logs of one catalogue go on differently after the same beginning."""

    member: str
    template: ClassVar[str] = N_("The key of {member} was changed in two different ways.")
    hint_template: ClassVar[str] = N_(
        "Somebody else may have the recovery sheet. Name only what you know to be yours, and tell the "
        "federations that show you."
    )


@dataclass(eq=False)
class NothingGood(InputError):
    """Whatever was named was made after the catalogue was no longer in good hands."""

    version: str
    template: ClassVar[str] = N_("All of these were made at or after release {version}, which was not yours.")
    hint_template: ClassVar[str] = N_(
        "Look for an older copy, or ask a federation for your last good release."
    )


@dataclass(frozen=True, slots=True)
class Offered:
    """A release as its first two files tell of it: enough to choose, without its records."""

    path: Path
    version: Version
    keylog: KeyLog


@dataclass(frozen=True, slots=True)
class Shared:
    """One release of the lost catalogue, proven: what it held, as its records were signed."""

    name: str
    digest: str
    version: Version
    issued_at: str
    keylog: KeyLog
    records: Mapping[Key, Mapping[str, Value]]
    leaves: Mapping[Key, str]  # hexadecimal
    hidden: int = 0  # records that a pruned release does not show


@dataclass(frozen=True, slots=True)
class Sources:
    """What a catalogue is made again from. At least one of the two."""

    keylog: KeyLog
    copy: Copy | None
    shared: Shared | None

    @property
    def catching_up(self) -> bool:
        """Whether the release tells more than the copy."""
        return self.copy is not None and self.shared is not None and self.shared.version > self.copy.latest


@dataclass(frozen=True, slots=True)
class Recovered:
    """What came back. `updated`, `kept_home`: records that a newer release changed, or no longer held."""

    records: int
    updated: tuple[Key, ...] = ()
    kept_home: tuple[Key, ...] = ()
    held: int = 0  # values that a first release would hold back for want of a consent
    counts: Mapping[str, int] = field(default_factory=dict)


def log_for(key: PublicKey, logs: Sequence[KeyLog]) -> KeyLog | None:
    """The whole key log of the catalogue for which this is the next key, or the one in use; None: of none.

    Whoever looks through a stick or a folder of downloads finds other organisations' files there, too.

    Raises:
        KeysDisagree.
    """
    announced = {key.digest}
    members = {log.member_id for log in logs if announced & {log.next_digest, log.current.digest}}
    for member in sorted(members):
        log = _longest([log for log in logs if log.member_id == member])
        if announced & {log.next_digest, log.current.digest}:
            return log
    return None


def choose(
    log: KeyLog,
    copies: Sequence[Copy],
    offered: Sequence[Offered],
    *,
    void_from: Version | None = None,
) -> tuple[Copy | None, list[Offered]]:
    """The copy of this catalogue that goes furthest, and its releases, newest first, without what is void.

    Args:
        void_from: (epoch, number) from which releases were not the catalogue's own.
    Raises:
        NothingGood: only void things were named.
    """
    own = [c for c in copies if c.keylog.member_id == log.member_id]
    good = [c for c in own if not any(_is_void(v, log, void_from) for v in c.releases)]
    shared = [o for o in offered if o.keylog.member_id == log.member_id]
    shared = [o for o in shared if not _is_void(o.version, log, void_from)]
    if not good and not shared:
        raise NothingGood(_version(void_from or (0, 0)))
    best = max(good, key=lambda c: (c.latest, c.last_at), default=None)
    return best, sorted(shared, key=lambda o: o.version, reverse=True)


def _is_void(version: Version, log: KeyLog, void_from: Version | None) -> bool:
    return log.is_void(*version) or (void_from is not None and version >= void_from)


def _version(version: Version) -> str:
    epoch, number = version
    return f"{epoch}.{number}" if epoch else str(number)


def _longest(logs: Sequence[KeyLog]) -> KeyLog:
    """The key log that all others of one catalogue begin. Raises KeysDisagree."""
    best = max(logs, key=lambda log: log.epoch)
    if not all(best.extends(log) for log in logs):
        raise KeysDisagree(best.member_id)
    return best


def refuse_occupied(path: Path, key: PrivateKey) -> None:
    """Raises CatalogueExists, KeyExists: nothing is overwritten. An interrupted recovery left its own key."""
    if path.exists():
        raise CatalogueExists(path)
    beside = keys.key_path(path)
    if beside.exists() and keys.load(beside) != key:
        raise keys.KeyExists(str(beside))


def recover(
    path: Path, sources: Sources, rotation: keys.Rotation | None, *, key: PrivateKey, at: datetime
) -> Recovered:
    """Make the catalogue at `path` with the key in use beside it, both or nothing.

    Args:
        rotation: the change that brings the sheet's key into use; None where it is in use already.
        key: the key in use from now on.
    Raises:
        CatalogueExists, CatalogueNotWritable, KeyExists, and what a damaged copy raises.
    """
    refuse_occupied(path, key)
    log = rotation.keylog if rotation is not None else sources.keylog
    with _draft(path) as draft:
        found = (
            _from_copy(draft, sources.copy, sources, log, at=at)
            if sources.copy is not None
            else _from_release(draft, _needed(sources.shared), log, at=at)
        )
        if not keys.key_path(path).exists():
            keys.save(keys.key_path(path), key)
        draft.rename(path)
    return found


def _needed(shared: Shared | None) -> Shared:
    assert shared is not None, "`choose` gives a copy or a release"
    return shared


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A name beside `path` under which the catalogue is made; nothing of it is left if that fails."""
    draft = path.with_name(f".{path.name}.recovering")
    try:
        draft.unlink(missing_ok=True)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
        shutil.rmtree(backup.folder(draft), ignore_errors=True)  # of a copy that was brought up to date


def _from_release(draft: Path, shared: Shared, log: KeyLog, *, at: datetime) -> Recovered:
    """Public rows only."""
    member, rtype = log.member_id, load_schema().types[PROFILE]
    profile = led_home(rtype, shared.records[PROFILE, PROFILE], member, member)
    with Catalogue.create(draft, keylog=log.to_bytes(), profile=profile, at=at) as made:
        fill(made, shared, at=at)
        _note(made, shared)
        held = len(build.preview(made, at=at).waiting)
    counts = shared_counts(shared)
    return Recovered(sum(counts.values()), held=held, counts=counts)


def fill(catalogue: Catalogue, shared: Shared, *, at: datetime) -> None:
    """Put what a release holds into a new catalogue: its own, or that of whoever continues its work.

    What left then was the organisation's to say, so nobody is asked about it again.
    """
    _put_records(catalogue, shared, at=at)
    shown = build.preview(catalogue, at=at)
    build.remember(catalogue, {question.found.key for question in shown.questions})


def shared_counts(shared: Shared) -> dict[str, int]:
    """How many records of which type a release holds, its own bookkeeping aside."""
    counts: dict[str, int] = {}
    for type_name, _id in shared.records:
        if type_name not in (PROFILE, WITHDRAWAL):
            counts[type_name] = counts.get(type_name, 0) + 1
    return counts


def _put_records(catalogue: Catalogue, shared: Shared, *, at: datetime) -> None:
    """As one step that no undo takes back. Another identity's withdrawals are not ours to repeat."""
    types, member = catalogue.schema.types, shared.keylog.member_id
    own = member == catalogue.member_id
    with catalogue.act("restore", note=shared.name, at=at) as act:
        for (type_name, record_id), fields in shared.records.items():
            if type_name in types and type_name != PROFILE and (own or type_name != WITHDRAWAL):
                rtype = types[type_name]
                led = led_home(rtype, fields, member, catalogue.member_id)
                act.restore(type_name, record_id, State(led))  # dates and salt as they were signed


def led_home(rtype: RecordType, fields: Mapping[str, Value], member: str, here: str) -> dict[str, Value]:
    """References to records of `member`, whose release it is, as the catalogue `here` writes its own."""

    def led(text: str, spec: Field) -> str:
        whose, _, rest = text.partition("/")
        if whose != member or not rest:
            return text
        if spec.format != "reference":
            return f"{here}/{rest}"
        type_name, _, record_id = rest.partition("/")
        return record_id if type_name == spec.target else rest

    found = dict(fields)
    for name, value in fields.items():
        spec = rtype.fields.get(name)
        if spec is not None and spec.format in LEADING:
            if isinstance(value, list):
                found[name] = [led(str(v), spec) for v in value]
            else:
                found[name] = led(str(value), spec)
    return found


def _note(catalogue: Catalogue, shared: Shared) -> None:
    """The number is taken: the next release follows it and names it."""
    catalogue.releases.add(
        OwnRelease(*shared.version, shared.digest, shared.issued_at, leaves=dict(shared.leaves))
    )


def _from_copy(draft: Path, copy: Copy, sources: Sources, log: KeyLog, *, at: datetime) -> Recovered:
    """All that the copy has, and what a newer release says otherwise."""
    shutil.copyfile(copy.path, draft)
    journal = Path(f"{copy.path}-wal")
    if journal.exists():
        shutil.copyfile(journal, f"{draft}-wal")
    try:
        opened = Catalogue.open(draft)
    except NewerCatalogue as error:
        raise NewerCatalogue(copy.path, error.version) from error  # the draft is nobody's business
    with opened as made:
        made.set_keylog(log.to_bytes())
        updated: list[Key] = []
        home: list[Key] = []
        if sources.catching_up and sources.shared is not None:
            updated, home = _catch_up(made, sources.shared, at=at)
            _note(made, sources.shared)
        counts = {name: n for name in made.schema.types if (n := made.count(name))}
        counts = {name: n for name, n in counts.items() if name not in (PROFILE, WITHDRAWAL)}
    return Recovered(sum(counts.values()), tuple(updated), tuple(home), counts=counts)


def _catch_up(catalogue: Catalogue, shared: Shared, *, at: datetime) -> tuple[list[Key], list[Key]]:
    """Bring in what a release says that is newer than the catalogue."""
    shown = build.preview(catalogue, at=at)
    last = catalogue.releases.latest
    was_shared = frozenset(last.leaves) if last is not None else frozenset()
    updated, home = [], []
    with catalogue.act("restore", note=shared.name, at=at) as act:
        for key, fields in shared.records.items():
            if shown.leaves.get(key) != shared.leaves.get(key) and key[0] in catalogue.schema.types:
                merged = _merged(catalogue, key, fields, shown.records.get(key, {}))
                act.restore(*key, State(merged, _drafts(catalogue, key, fields)))
                if key[0] != WITHDRAWAL:
                    updated.append(key)
        for key in sorted(was_shared - shared.records.keys()):
            if key[0] != WITHDRAWAL and _keep_home(catalogue, act, key):
                home.append(key)
        for record in list(catalogue.records()):
            if act.is_withdrawn(record.type, record.id):
                act.remove(record.type, record.id)
    return updated, home


def _merged(
    catalogue: Catalogue, key: Key, fields: Mapping[str, Value], would_leave: Mapping[str, Value]
) -> dict[str, Value]:
    """The release's word over the copy's; what never left, and still does not, stays as the copy has it."""
    rtype = catalogue.schema.types[key[0]]
    stored = catalogue.get(*key)
    at_home = dict(stored.fields) if stored is not None else {}
    for name in would_leave.keys() | {"audience"}:
        at_home.pop(name, None)
    member = catalogue.member_id
    return {**at_home, **led_home(rtype, fields, member, member)}


def _drafts(catalogue: Catalogue, key: Key, fields: Mapping[str, Value]) -> dict[str, str]:
    """What still waits: drafts of fields that the release says nothing about."""
    stored = catalogue.get(*key)
    waiting = stored.drafts if stored is not None else {}
    return {name: text for name, text in waiting.items() if name not in fields}


def _keep_home(catalogue: Catalogue, act: Act, key: Key) -> bool:
    """What had been shared and is not any more: removed or made private, nobody can tell which."""
    stored = catalogue.get(*key)
    if stored is None or stored.private or "audience" not in catalogue.schema.types[key[0]].fields:
        return False
    if not act.is_withdrawn(*key):
        act.put(*key, {**stored.fields, "audience": "private"}, drafts=stored.drafts)
        return True
    return False
