"""From a catalogue to a release: first exactly what would leave, then the signed files.

    shown = preview(catalogue, at=now)
    files = share(catalogue, key, shown, at=now, stage=lambda files: container.staged_file(path, files))

Law: nothing leaves that the preview did not show. Does not print or ask; where the files go is the caller's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from commons.addresses import Address, slug, tombstone
from commons.catalogue.act import Act
from commons.catalogue.ids import instant
from commons.catalogue.own_releases import OwnRelease
from commons.catalogue.record import StoredRecord
from commons.catalogue.store import Catalogue
from commons.commands import word
from commons.errors import CommonsError, InputError
from commons.findings import Finding
from commons.format import canonical, merkle, sshsig
from commons.format.container import ReleaseFiles
from commons.format.errors import TooBig
from commons.format.keylog import KeyLog
from commons.format.keys import PrivateKey
from commons.format.limits import LIMITS
from commons.format.manifest import FileEntry, Manifest
from commons.messages import N_, in_language
from commons.model import Value
from commons.release import database, known, outgoing
from commons.release.outgoing import PROFILE, WITHDRAWAL, Key, Question
from commons.schema.spec import load_schema

VALID_FOR = timedelta(days=400)
RENEW_BEFORE = timedelta(days=90)
OURS = "release.ours"  # the setting that remembers the answers "that is the organisation's"
_ROUTINE = {"location-reserved"}  # listed, but nothing that waits for a person
Stage = Callable[[ReleaseFiles], AbstractContextManager[Callable[[], None]]]
Sort = Literal["new", "changed", "unchanged", "removed", "withdrawn"]


@dataclass(eq=False)
class ProfileIncomplete(InputError):
    """The catalogue does not say who it is, so it cannot speak."""

    fields: str
    template: ClassVar[str] = N_("The catalogue's own record lacks what every release needs: {labels}.")
    hint_template: ClassVar[str] = N_("Complete it: commons edit catalogue/catalogue {assignments}")

    def _details(self) -> dict[str, object]:
        """The fields as people know them, and how they are written."""
        known = load_schema().types[PROFILE].fields
        names = self.fields.split(", ")
        labels = [in_language(known[name].title) if name in known else name for name in names]
        assignments = " ".join(word(f"{label}=…") for label in labels)
        return {**super()._details(), "labels": ", ".join(labels), "assignments": assignments}


@dataclass(eq=False)
class ChangedMeanwhile(CommonsError):
    """Somebody changed the catalogue between showing and sharing."""

    template: ClassVar[str] = N_("The catalogue was changed while you were looking; nothing was shared.")
    hint_template: ClassVar[str] = N_("Call commons release again and look at what would leave now.")


@dataclass(frozen=True, slots=True)
class Change:
    """What the next release says of one record, compared with the last one."""

    type: str
    id: str
    title: str
    sort: Sort


@dataclass(frozen=True, slots=True)
class Preview:
    """Exactly what would leave. `records` in canonical order, withdrawals included."""

    member: str
    name: str  # of the organisation, for file names and sentences; of those for whom the catalogue is kept
    epoch: int
    number: int
    previous: tuple[str, ...]
    records: Mapping[Key, Mapping[str, Value]]
    leaves: Mapping[Key, str]  # hexadecimal
    content_root: str
    held: tuple[Finding, ...]
    questions: tuple[Question, ...]
    private: Mapping[str, int]  # type → records that are "only here"
    changes: tuple[Change, ...]
    last: OwnRelease | None
    earlier: tuple[Change, ...] = ()  # records that stay, and whose earlier words this release takes down
    step: int = 0  # the history's newest step when this was made
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def waiting(self) -> tuple[Finding, ...]:
        """What a person should look at; a reserved place is as it should be."""
        return tuple(f for f in self.held if f.code not in _ROUTINE)

    def sorts(self) -> Counter[Sort]:
        """How many records are new, changed … ; withdrawal rows and the like are not counted."""
        return Counter(change.sort for change in self.changes)

    @property
    def is_news(self) -> bool:
        """Whether anything differs from the last release."""
        return self.last is None or dict(self.leaves) != dict(self.last.leaves)

    def is_due(self, at: datetime) -> bool:
        """Whether a release is needed even without news: the last one is old, the key is new, or two copies
        were joined and only their common successor tells everybody."""
        if self.last is None or self.last.epoch != self.epoch or len(self.previous) > 1:
            return True
        return at > datetime.fromisoformat(self.last.issued_at) + VALID_FOR - RENEW_BEFORE

    @property
    def file_name(self) -> str:
        """`comedor-la-paz-12.entrega`; the number keeps it clear of names that Windows reserves."""
        return f"{slug(self.name, longest=40) or 'catalogo'}-{self.number}.entrega"


def answers(catalogue: Catalogue) -> list[str]:
    """What was answered to be the organisation's own; keys as `scan` makes them."""
    found = catalogue.settings.get(OURS, [])
    return [str(key) for key in found] if isinstance(found, list) else []


def remember(catalogue: Catalogue, ours: Iterable[str]) -> None:
    """Keep more answers, so that nobody is asked twice."""
    known_answers = answers(catalogue)
    more = sorted({*known_answers, *ours})
    if more != known_answers:
        catalogue.settings[OURS] = list(more)


def preview(catalogue: Catalogue, *, at: datetime, ours: Iterable[str] = ()) -> Preview:
    """What the next release would hold, and what stays home and why.

    `ours`: answers besides those that the catalogue remembers.

    Raises:
        ProfileIncomplete.
    """
    log = KeyLog.parse(catalogue.keylog)
    last = catalogue.releases.latest
    epoch, number = log.epoch, (last.number if last else 0) + 1
    records = list(catalogue.records())
    withdrawals = _withdrawals(records, epoch, number)
    rules = rules_for(catalogue, records, ours)
    leaving = outgoing.select(records, rules)
    _refuse_without_profile(catalogue, leaving)
    everything = dict(sorted({**leaving.records, **withdrawals}.items()))
    tree, leaves = merkle.Tree(), {}
    for key, fields in everything.items():
        leaf = canonical.leaf(canonical.canonical_bytes(*key, fields))
        tree.add(leaf)
        leaves[key] = leaf.hex()
    return Preview(
        member=log.member_id,
        name=str(catalogue.profile.fields.get("on_behalf_of") or catalogue.profile.title),
        epoch=epoch,
        number=number,
        previous=_previous(catalogue),
        records=everything,
        leaves=leaves,
        content_root=tree.root().hex(),
        held=tuple(leaving.held),
        questions=tuple(leaving.questions),
        private=leaving.private,
        changes=tuple(_changes(everything, leaves, last, log.member_id)),
        last=last,
        earlier=tuple(_taken_down(records, withdrawals, log.member_id)),
        step=_newest_step(catalogue),
        counts=dict(Counter(type_name for type_name, _ in everything)),
    )


def rules_for(
    catalogue: Catalogue, records: Sequence[StoredRecord], ours: Iterable[str] = ()
) -> outgoing.Rules:
    """What every decision about these records, all of the catalogue's, depends on."""
    return outgoing.Rules(
        schema=catalogue.schema,
        member=KeyLog.parse(catalogue.keylog).member_id,
        consented=catalogue.consents.active(),
        scanner=known.scanner(catalogue.schema, records, (*answers(catalogue), *ours)),
        language=str(catalogue.profile.fields.get("language", "es")),
        tombstones=frozenset(
            r.id for r in records if r.type == WITHDRAWAL and r.fields.get("kind") == "record"
        ),
    )


def _withdrawals(records: Iterable[StoredRecord], epoch: int, number: int) -> dict[Key, dict[str, Value]]:
    """The cumulative withdrawals; those that no release has said yet are said by this one."""
    found: dict[Key, dict[str, Value]] = {}
    for record in records:
        if record.type == WITHDRAWAL:
            new = "number" not in record.fields
            fields = {n: record.fields[n] for n in ("kind", "epoch", "number") if n in record.fields}
            found[record.type, record.id] = {**fields, "epoch": epoch, "number": number} if new else fields
    return found


def _refuse_without_profile(catalogue: Catalogue, leaving: outgoing.Leaving) -> None:
    if any(type_name == PROFILE for type_name, _ in leaving.records):
        return
    rtype = catalogue.schema.types[PROFILE]
    missing = [n for n, f in rtype.released.items() if f.required and n not in catalogue.profile.fields]
    raise ProfileIncomplete(", ".join(missing) or "audience")


def _previous(catalogue: Catalogue) -> tuple[str, ...]:
    """The last release; several where two copies of the catalogue each made some: that heals the fork."""
    return catalogue.releases.heads[: LIMITS.previous_digests]


def _newest_step(catalogue: Catalogue) -> int:
    return next((step.n for step in catalogue.history()), 0)


def _changes(
    records: Mapping[Key, Mapping[str, Value]],
    leaves: Mapping[Key, str],
    last: OwnRelease | None,
    member: str,
) -> list[Change]:
    before = last.leaves if last else {}
    found = []
    for key, fields in records.items():
        if key[0] == WITHDRAWAL:
            continue
        sort: Sort = "new" if key not in before else "unchanged" if before[key] == leaves[key] else "changed"
        found.append(Change(*key, title=str(fields.get("title", key[1])), sort=sort))
    for key in sorted(before.keys() - records.keys()):
        if key[0] != WITHDRAWAL:
            stone = records.get((WITHDRAWAL, tombstone(str(Address(member, *key)))), {})
            gone: Sort = "withdrawn" if stone.get("kind") == "record" else "removed"
            found.append(Change(*key, title=key[1], sort=gone))
    return found


def _taken_down(
    records: Iterable[StoredRecord], withdrawals: Mapping[Key, Mapping[str, Value]], member: str
) -> Iterator[Change]:
    """The records whose earlier words this release is the first to take down."""
    unsaid = {r.id for r in records if r.type == WITHDRAWAL and "number" not in r.fields}
    stones = {id for (_, id), fields in withdrawals.items() if id in unsaid and fields["kind"] == "earlier"}
    for record in records if stones else ():
        if tombstone(str(Address(member, record.type, record.id))) in stones:
            yield Change(record.type, record.id, record.title, "unchanged")


def make(
    catalogue: Catalogue, key: PrivateKey, at: datetime, *, shown: Preview | None = None
) -> ReleaseFiles:
    """The signed files of the next release; notes nothing in the catalogue (that is `share`).

    Raises:
        ProfileIncomplete, TooBig, RowRefused.
    """
    shown = shown or preview(catalogue, at=at)
    _refuse_too_big("records", len(shown.records), LIMITS.records)
    data = database.build(catalogue.schema, ((t, i, f) for (t, i), f in shown.records.items()))
    _refuse_too_big("catalogue.db", len(data), LIMITS.catalogue_bytes)
    log = KeyLog.parse(catalogue.keylog)
    profile = shown.records[PROFILE, PROFILE]
    manifest = Manifest(
        member=shown.member,
        keylog_head=log.head,
        epoch=shown.epoch,
        number=shown.number,
        previous=shown.previous,
        schema=catalogue.schema.version,
        licence=str(profile["licence"]),
        language=str(profile["language"]),
        issued_at=instant(at),
        valid_until=instant(at + VALID_FOR),
        content_root=shown.content_root,
        files={"catalogue.db": FileEntry.of(data), "keylog.jsonl": FileEntry.of(catalogue.keylog)},
        counts=shown.counts,
    ).to_bytes()
    signature = sshsig.sign(key, manifest)
    sshsig.verify(signature, manifest, sshsig.RELEASE_NAMESPACE, log.current)  # the right key, and in order
    return ReleaseFiles(manifest, signature, catalogue.keylog, data)


def _refuse_too_big(what: str, size: int, most: int) -> None:
    if size > most:
        raise TooBig(what, size, most)


def share(
    catalogue: Catalogue, key: PrivateKey, shown: Preview, *, at: datetime, stage: Stage
) -> ReleaseFiles:
    """Make the release that was shown, note it in the catalogue, and put its files in their place.

    The files are written under another name first (`stage`), then the number is noted, then they get their
    name: whatever fails or is killed, no number is ever used for two releases, and no torn file is found.

    Raises:
        ChangedMeanwhile: the catalogue is no longer what was shown.
        and what `make` and `stage` raise.
    """
    files = make(catalogue, key, at, shown=shown)
    with stage(files) as put_in_place:
        with catalogue.act("release", note=str(shown.number), at=at) as act:
            if _newest_step(catalogue) != shown.step or catalogue.releases.latest != shown.last:
                raise ChangedMeanwhile()
            _say_withdrawals(catalogue, act, shown)
            catalogue.releases.add(
                OwnRelease(shown.epoch, shown.number, files.digest, instant(at), leaves=dict(shown.leaves))
            )
        put_in_place()
    return files


def _say_withdrawals(catalogue: Catalogue, act: Act, shown: Preview) -> None:
    """Write into the catalogue which release said each withdrawal first."""
    for (type_name, record_id), fields in shown.records.items():
        if type_name == WITHDRAWAL:
            known_fields = catalogue.get(type_name, record_id)
            if known_fields is None or "number" not in known_fields.fields:
                act.put(type_name, record_id, dict(fields))
