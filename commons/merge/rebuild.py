"""Any lock again: the pool of its releases, if they are still in the store and this program has its rules.

What comes of a lock depends on nothing else, so the folder's own lock and pool are neither read nor changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from commons.errors import CommonsError, InputError
from commons.federation import lock as locks
from commons.federation.lock import Lock, LockedTerritory
from commons.federation.policy.file import Policy
from commons.federation.store.folder import Store
from commons.intake.gate import Gate
from commons.link.model import LINKER
from commons.merge.act import Release, Result, act
from commons.merge.claims import Admission
from commons.merge.plan import territory_digest, vocabularies_digest
from commons.merge.planning.undone import unexplained
from commons.merge.releases.inputs import NO_FORMS, NOTHING, Form, locked_releases
from commons.messages import N_
from commons.schema import territory as territories
from commons.schema.spec import load_schema


@dataclass(eq=False)
class OtherRules(InputError):
    """The lock was made by a program with another schema, linker or territory."""

    what: str
    locked: str
    here: str
    template: ClassVar[str] = N_("This lock needs {what} {locked}; this program has {here}.")
    hint_template: ClassVar[str] = N_(
        "Install the version of commons that made it, or merge without --locked."
    )


@dataclass(eq=False)
class WithdrawnSince(CommonsError):
    """A release that the lock names was pruned of records which the lock still shows, or shows in part."""

    member: str
    release: str
    template: ClassVar[str] = N_(
        "This lock cannot be rebuilt: records of {member} were withdrawn or held since."
    )
    hint_template: ClassVar[str] = N_("Merge without --locked; the new lock knows of the withdrawal.")


def whole(
    lock: Lock,
    store: Store,
    gate: Gate,
    instead: Mapping[str, Form] = NO_FORMS,
    known: Mapping[str, str] = NOTHING,
) -> Iterator[Release]:
    """The lock's releases; `known` and `instead` as in `locked_releases`. Raises WithdrawnSince where one is
    pruned of more than this lock leaves out."""
    admission = Admission(lock)
    for release in locked_releases(lock, store, gate, known, instead):
        said, intake, version = release.said, release.intake, release.said.version
        locked = lock.members[said.member]
        if (locked.epoch, locked.number, locked.content_root, locked.keylog_head) != (
            *version,
            said.content_root,
            said.keylog_head,
        ):
            raise locks.LockRefused(
                locks.FILE_NAME, N_("what it says of a release is not what the release says")
            )
        if unexplained(admission, intake, version):
            raise WithdrawnSince(intake.member, intake.release)
        yield release


def rebuild(lock: Lock, store: Store, out: Path, *, canonical: bool = True) -> Result:
    """The pool of any lock whose releases are in the store; touches neither lock nor pool of the folder."""
    check_rules(lock)
    with Gate(store.root / "intake") as gate:
        return act(lock, whole(lock, store, gate), out, canonical=canonical)


def check_rules(lock: Lock) -> None:
    """Raises OtherRules where this program would make another pool of the lock."""
    schema = load_schema()
    if lock.schema != schema.version:
        raise OtherRules("schema", lock.schema, schema.version)
    if lock.linker != LINKER:
        raise OtherRules("linker", lock.linker, LINKER)
    if lock.vocabularies != vocabularies_digest(schema):
        raise OtherRules("vocabularies", lock.vocabularies[:12], vocabularies_digest(schema)[:12])
    here = territory_of(lock.policy)
    if lock.territory != here:
        locked = lock.territory.digest if lock.territory else "—"
        raise OtherRules("territory", locked[:12], here.digest[:12] if here else "—")


def territory_of(policy: Policy) -> LockedTerritory | None:
    """The policy's territory with its digest. Raises NoTerritory."""
    if policy.territory is None:
        return None
    return LockedTerritory(policy.territory, territory_digest(territories.content(policy.territory)))
