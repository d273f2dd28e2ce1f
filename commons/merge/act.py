"""A lock and the releases that it names → one pool. Pure in them: no clock, no network, no memory.

The same lock gives the same root everywhere. Two passes over the claims: the first takes them up and gathers
what they can be linked by, the second makes entities of them. Between the two, linking decides. Nothing in
memory grows with the pool but one digest per entity, and what shares an identifier.

If a release cannot be read here, the merge stops: to leave a member out would give a root of one's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from commons.addresses import tombstone
from commons.errors import CommonsError
from commons.federation.lock import Lock, instant
from commons.format.manifest import Manifest
from commons.intake.gate import Intake, UnreadableHere
from commons.link.judgements import Judgement, Verdicts, weigh
from commons.merge import linking, receipts
from commons.merge.claims import HIDDEN, TAKEN, WITHDRAWN, Admission, Taken, fields_of
from commons.merge.entities import Group, Setting
from commons.merge.fuse import Context, Said, Vouch, is_subject, subject_claims, vouched_members
from commons.merge.receipts import MemberTally, Receipt
from commons.merge.root import Root, claim_leaf
from commons.merge.workers import children_for, made
from commons.messages import N_
from commons.pool.contract import LISTS, entity_types
from commons.pool.write import Cell, Writer, writing
from commons.schema import territory as territories

# While every claim is an entity of its own, its number is its alias's.
_BY_ADDRESS = (
    "SELECT c.number, c.type, c.json FROM alias a JOIN claim c ON c.number = a.entity WHERE a.address = ?"
)
_SAID = {"judgement": ("left", "right", "verdict"), "vouch": ("about", "kind", "digest", "expires_at")}
_ENTITY_CLAIMS = "SELECT number, type, address, json FROM claim WHERE entity IS NOT NULL ORDER BY number"
STRETCH = 1_000  # claims that are made into entities at one go
Progress = Callable[[str, int], None]
Groups = dict[int, tuple[int, ...]]  # number of an entity's naming claim → its claims'; () for the others


@dataclass(eq=False)
class LockedReleaseRefused(CommonsError):
    """A release that the lock names is not accepted by this program, or no longer what it was."""

    member: str
    release: str
    code: str
    template: ClassVar[str] = N_("The release {release} of {member} that the lock names is refused: {code}.")
    hint_template: ClassVar[str] = N_(
        "Use the version of commons that made the lock, or merge without --locked."
    )


@dataclass(frozen=True, slots=True)
class Release:
    """One release, proven and taken in: its parts but the catalogue, and its verified rows."""

    manifest: bytes
    signature: bytes
    keylog: bytes
    intake: Intake

    @property
    def said(self) -> Manifest:
        return Manifest.parse(self.manifest)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it. `receipts`: member → receipt, in order of members."""

    root: str
    path: Path
    counts: Mapping[str, int]
    receipts: Mapping[str, Receipt]


@dataclass(slots=True)
class _Gathered:
    """What the first pass keeps of all claims: only lists that a merge needs whole."""

    claims: int = 0
    entity_claims: int = 0
    judgements: list[Judgement] = field(default_factory=list)
    vouches: list[Vouch] = field(default_factory=list)
    catalogues: dict[str, dict[str, Any]] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    lists: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # judgements, vouches: (type, address, JSON)
    tallies: dict[str, MemberTally] = field(default_factory=dict)


def act(
    lock: Lock,
    releases: Iterable[Release],
    out: Path,
    *,
    canonical: bool = False,
    children: int | None = None,
    progress: Progress = lambda what, n: None,
) -> Result:
    """Write the pool of a lock to `out`, whole or not at all.

    Args:
        releases: exactly those that the lock names, in order of their members' ids; read once.
        children: processes beside this one; None: as many as are worth it.
        progress: told what is being done and how many claims more it is done for.
    Raises:
        UnreadableHere, LockedReleaseRefused: a release cannot be merged here. Nothing is written.
    """
    with writing(out, canonical=canonical) as writer:
        return _Merge(lock, writer, progress).run(releases, children, out)


class _Merge:
    """One merge: its lock, its writer, and what the passes hand on."""

    def __init__(self, lock: Lock, writer: Writer, progress: Progress) -> None:
        self.lock, self.writer, self.progress = lock, writer, progress
        self.as_of = instant(lock.as_of)
        self.admission = Admission(lock)
        self.root = Root()
        self.keys = linking.Keys(writer.connection)
        # A type that only an older draft has is kept as claims and understood no further.
        self.things = frozenset(t.name for t in entity_types(writer.schema))
        self.gathered = _Gathered()

    def run(self, releases: Iterable[Release], children: int | None, out: Path) -> Result:
        for release in releases:
            self._take_up(release)
        self.writer.flush()
        gathered = self.gathered
        verdicts = weigh(gathered.judgements)
        groups, linked, context = self._link(verdicts)
        setting = Setting(context, gathered.languages, self._places())
        beside = children_for(gathered.entity_claims) if children is None else children
        for rows in made(self._stretches(groups), setting, children=beside):
            self.root.entities(rows.entity_leaves, rows.fused_leaves)
            for table, values in rows.rows.items():
                self.writer.many(table, values)
            for table, filled in rows.filled.items():
                self.writer.fill(table, filled)
            self.progress("entities", len(rows.rows["entity"]))
        root = self.root.finish(self._rest(verdicts))
        dangling = self.writer.settle_references()
        counts = self._write_rest(root, verdicts, linked, dangling)
        return Result(root, out, counts, self._receipts(linked, dangling))

    # first pass

    def _take_up(self, release: Release) -> None:
        """One release's rows into leaves, claims and aliases."""
        said, intake = release.said, release.intake
        if intake.unreadable_here:
            raise UnreadableHere(intake.release)
        if not intake.taken:
            raise LockedReleaseRefused(said.member, intake.release, intake.code or "")
        self.gathered.languages[said.member] = said.language
        tally = self.gathered.tallies[said.member] = MemberTally(said, intake, release.keylog)
        self.writer.add(
            "release",
            (
                intake.release, said.member, said.epoch, said.number, intake.form, release.manifest,
                release.signature, release.keylog,
            ),
        )  # fmt: skip
        rows = self.admission.rows(said.member, said.version, said.licence, intake.rows())
        missing = {h.place for h in intake.hidden}
        for hidden in intake.hidden:
            self.writer.add("leaf", (said.member, "", hidden.hash, hidden.place, hidden.leaf, HIDDEN))
        for place, row in zip((n for n in count() if n not in missing), rows, strict=False):
            tally.count(row)
            type_name, id = ("", tombstone(row.address)) if row.code == WITHDRAWN else (row.type, row.id)
            self.writer.add("leaf", (said.member, type_name, id, place, row.leaf, row.code or TAKEN))
            if row.code is None:
                self._claim(row, said)
        self.progress("claims", tally.taken)

    def _claim(self, row: Taken, said: Manifest) -> None:
        gathered, writer = self.gathered, self.writer
        gathered.claims = number = gathered.claims + 1
        has_entity = row.type in self.things
        held = '["' + '","'.join(row.held) + '"]' if row.held else None
        writer.add(
            "claim",
            (
                number, row.address, number if has_entity else None, said.member, row.type, row.id,
                said.schema, row.json, held,
            ),
        )  # fmt: skip
        self.root.claim(claim_leaf(row.address, row.leaf, row.held))
        if has_entity:
            gathered.entity_claims += 1
            writer.add("alias", (row.address, number, row.short))
            self.keys.note(number, row.address, row.type, row.json)
        elif row.type in LISTS:
            self._list(row, said.member)
        elif row.type == "catalogue":
            gathered.catalogues[said.member] = fields_of(row.json)

    def _list(self, row: Taken, member: str) -> None:
        """A judgement, a vouch or a relation: not a thing, but about things."""
        fields = fields_of(row.json)
        if row.type == "relation":
            self._fill_list("relation", row.address, fields, 1)
            return
        self.gathered.lists.append((row.type, row.address, row.json))
        said = [fields.get(name) for name in _SAID[row.type]]
        if row.type == "judgement":
            self.gathered.judgements.append(Judgement(row.address, member, *map(str, said)))
        elif row.type == "vouch":
            about, kind, digest, expires_at = said
            self.gathered.vouches.append(Vouch(member, str(about), str(kind), digest, expires_at))

    # between the passes

    def _link(self, verdicts: Verdicts) -> tuple[Groups, linking.Linked, Context]:
        """What belongs together, by number; what linking said; what fusing needs to know."""
        first, later = linking.first_round(self.keys, self.gathered.judgements, verdicts)
        subjects = self._subjects()
        groups: Groups = {}
        renamed: dict[str, str] = {}
        self._gather(first.clusters, subjects, groups, renamed)
        second = linking.second_round(self.keys, later, verdicts)
        self._gather(second.clusters, subjects, groups, renamed)
        self.keys.drop()
        vouched = vouched_members(self.gathered.vouches, self.as_of)
        context = Context(self.as_of, subjects, vouched, renamed)
        return groups, linking.together(first, second), context

    def _subjects(self) -> frozenset[str]:
        """The organization claims that speak for themselves."""
        policy = self.lock.policy
        own = [a for m in policy.members for a in m.subject_of]
        named = {*own, *(v.about for v in self.gathered.vouches if "/organization/" in v.about)}
        found = {a: fields_of(text) for a in sorted(named) if (text := self._json_of(a)) is not None}
        vouches = self.gathered.vouches
        return subject_claims(vouches, found, own, needed=policy.subject_vouches, as_of=self.as_of)

    def _json_of(self, address: str) -> str | None:
        row = self.writer.connection.execute(_BY_ADDRESS, (address,)).fetchone()
        return row[2] if row else None

    def _gather(
        self,
        clusters: Iterable[tuple[str, ...]],
        subjects: frozenset[str],
        groups: Groups,
        renamed: dict[str, str],
    ) -> None:
        """Give the claims of each cluster to the one that names it."""
        run = self.writer.connection.execute
        for cluster in clusters:
            rows = {address: run(_BY_ADDRESS, (address,)).fetchone() for address in cluster}
            speaking = [
                a for a in cluster if subjects and is_subject(Said(a, fields_of(rows[a][2])), subjects)
            ]
            name = min(speaking, default=min(cluster))
            number = rows[name][0]
            for address in cluster:
                if address != name:
                    renamed[address] = name
                    groups[rows[address][0]] = ()
                    run("UPDATE alias SET entity = ? WHERE address = ?", (number, address))
                    run("UPDATE claim SET entity = ? WHERE number = ?", (number, rows[address][0]))
            groups[number] = tuple(sorted(rows[address][0] for address in cluster))

    # second pass

    def _stretches(self, groups: Groups) -> Iterator[list[Group]]:
        """All entities in order of their numbers, some at a time."""
        read = self.writer.connection.execute
        cursor = read(
            "SELECT number, type, address, json FROM claim WHERE entity IS NOT NULL ORDER BY number"
        )
        while rows := cursor.fetchmany(STRETCH):
            stretch = []
            for number, type_name, address, text in rows:
                numbers = groups.get(number)
                if numbers is None:
                    stretch.append(Group(number, type_name, ((address, text),)))
                elif numbers:
                    sql = "SELECT address, json FROM claim WHERE number = ?"
                    claims = [read(sql, (n,)).fetchone() for n in numbers]
                    stretch.append(Group(number, type_name, claims))
            yield stretch

    def _places(self) -> dict[str, str]:
        """District → name, from the federation's territory."""
        if self.lock.territory is None:
            return {}
        return {d.code: d.name for d in territories.load(self.lock.territory.name).districts.values()}

    def _rest(self, verdicts: Verdicts) -> Iterator[tuple[object, ...]]:
        """The leaves of the root that are neither claims nor entities."""
        for address in verdicts.counted:
            yield "judgement", address
        for member, locked in self.lock.members.items():
            for stone in locked.tombstones:
                yield "withdrawal", stone.hash, member, stone.kind, stone.epoch, stone.number
        for hold in self.lock.holds:
            yield "hold", hold.hash, hold.field or "", instant(hold.until)

    # what stands beside the entities

    def _write_rest(
        self, root: str, verdicts: Verdicts, linked: linking.Linked, dangling: list[tuple[str, str, str]]
    ) -> dict[str, int]:
        add = self.writer.add
        for type_name, address, text in self.gathered.lists:
            counts = int(
                address in verdicts.counted or (type_name == "vouch" and self._vouch_counts(address, text))
            )
            self._fill_list(type_name, address, fields_of(text), counts)
        for c in linked.candidates:
            add("candidate", (c.a, c.b, c.score, c.reason, receipts.as_json(dict(c.evidence))))
        stones = [
            (s.hash, m, s.kind, s.epoch, s.number) for m, k in self.lock.members.items() for s in k.tombstones
        ]
        for stone in sorted(stones):
            add("withdrawal", stone)
        for hold in sorted({(h.hash, h.field or "", instant(h.until)) for h in self.lock.holds}):
            add("hold", hold)
        self._write_members()
        self.writer.flush()
        sql = "SELECT type, count(*) FROM entity GROUP BY type ORDER BY type"
        counts_by_type: dict[str, int] = dict(self.writer.connection.execute(sql).fetchall())
        self._write_meta(root, counts_by_type)
        return counts_by_type

    def _fill_list(self, type_name: str, address: str, fields: Mapping[str, Any], counts: int) -> None:
        first: dict[str, Cell] = {"address": address, "member": address.partition("/")[0], "counts": counts}
        self.writer.fill(type_name, [self.writer.shaper.filled(type_name, first, fields)])

    def _vouch_counts(self, address: str, text: str) -> bool:
        """A word for oneself does not count, nor one that has run out."""
        fields = fields_of(text)
        own = str(fields["about"]).partition("/")[0] == address.partition("/")[0]
        return not own and str(fields.get("expires_at", "9")) > self.as_of

    def _write_members(self) -> None:
        names = {m.id: m for m in self.lock.policy.members}
        for member_id, tally in self.gathered.tallies.items():
            locked, policy = self.lock.members[member_id], names.get(member_id)
            row = receipts.member_row(tally, locked, policy, self.gathered.catalogues.get(member_id, {}))
            self.writer.add("member", row)

    def _write_meta(self, root: str, counts: Mapping[str, int]) -> None:
        lock = self.lock
        self.writer.meta(
            {
                "protocol": str(lock.protocol),
                "linker": lock.linker,
                "root": root,
                "as_of": self.as_of,
                "lock": lock.to_bytes().decode(),
                "federation": {**lock.policy.to_json(), "site": lock.policy.site},
                "counts": {**counts, "members": len(self.gathered.tallies), "claims": self.gathered.claims},
            }
        )

    def _receipts(self, linked: linking.Linked, dangling: list[tuple[str, str, str]]) -> dict[str, Receipt]:
        found = receipts.write(
            self.lock, self.writer, self.gathered.tallies, linked, dangling, as_of=self.as_of
        )
        self.writer.flush()
        return found
