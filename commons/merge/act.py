"""A lock and the releases that it names → one pool. Pure in them: no clock, no network, no memory.

The same lock gives the same root everywhere. First every claim is put in as an entity of its own, by
stretches that children prepare (`stretch`); then linking decides what belongs together; at last the entities
that it changed are made anew (`regroup`). Nothing in memory grows with the pool but one digest per entity,
and what shares an identifier.

If a release cannot be read here, the merge stops: to leave a member out would give a root of one's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

from commons.errors import CommonsError
from commons.federation.lock import Lock, instant
from commons.format.manifest import Manifest
from commons.intake.gate import Intake, UnreadableHere
from commons.link.judged import changed_a_lot
from commons.link.judgements import Judgement, Verdicts, weigh
from commons.merge import linking, receipts, regroup, stretch, succession
from commons.merge.claims import HIDDEN, fields_of
from commons.merge.fuse import Context, Said, Vouch, is_subject, standing, subject_claims, vouched_members
from commons.merge.receipts import MemberTally, Receipt
from commons.merge.regroup import Groups, Regrouped
from commons.merge.root import Leaves, Root
from commons.merge.stretch import Made, Stretch
from commons.merge.workers import WORTH_CHILDREN, children_for, done
from commons.messages import N_
from commons.pool.contract import quoted
from commons.pool.rows import Cell
from commons.pool.write import Writer, writing
from commons.schema import territory as territories

# While every claim is an entity of its own, its number is its alias's.
_BY_ADDRESS = (
    "SELECT c.number, c.type, c.json FROM alias a JOIN claim c ON c.number = a.entity WHERE a.address = ?"
)
_WHEN_JUDGED = ("left_title", "left_digest", "right_title", "right_digest")
_SAID = {
    "judgement": ("left", "right", "verdict", *_WHEN_JUDGED),
    "vouch": ("about", "kind", "digest", "expires_at"),
}
STRETCH = 300  # records that are prepared at one go
SMALLEST_BLOCK = 64  # numbers
Progress = Callable[[str, int], None]


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
    lapsed: set[str] = field(default_factory=set)
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
    links: Path | None = None,
) -> Result:
    """Write the pool of a lock to `out`, whole or not at all.

    Args:
        releases: exactly those that the lock names, in order of their members' ids; read once.
        children: processes beside this one; None: as many as are worth it.
        progress: told what is being done and how many claims more it is done for.
        links: the file in which linking remembers what it compared; changes nothing but the time it takes.
    Raises:
        UnreadableHere, LockedReleaseRefused: a release cannot be merged here. Nothing is written.
    """
    with writing(out, canonical=canonical) as writer:
        merge = _Merge(lock, writer, progress, links)
        with closing(merge.leaves), closing(merge.keys):
            return merge.run(releases, children, out)


class _Merge:
    """One merge: its lock, its writer, and what the passes hand on."""

    def __init__(self, lock: Lock, writer: Writer, progress: Progress, links: Path | None = None) -> None:
        self.lock, self.writer, self.progress = lock, writer, progress
        self.as_of = instant(lock.as_of)
        self.root = Root()
        self.leaves = Leaves()
        self.far: list[tuple[int, str, str, str]] = []  # references that lead to other releases
        self.gone: list[int] = []  # numbers that no claim has, though its release has the record
        self.absorbed: dict[int, str] = {}  # claims by number that are part of an entity that another names
        self.speaking: list[tuple[str, int]] = []  # (member, number) of claims that are a word about itself
        self.places = _places(lock)
        self.successors = lock.policy.successors
        self.keys = linking.Keys(writer.connection, self.successors, links)
        writer.connection.execute("CREATE TEMP TABLE listed (number INTEGER, target TEXT)")
        self.gathered = _Gathered()

    def run(self, releases: Iterable[Release], children: int | None, out: Path) -> Result:
        first, records = _worth(releases) if children is None else (releases, 0)
        beside = children_for(records) if children is None else children
        setting = stretch.Setting(self.lock, self.places)
        stretches = self._stretches(first)
        for data in done(_batched(stretches), stretch.worker, setting, children=beside):
            for made in stretch.read(data):
                self._take(made)
        self.writer.flush()
        succession.stand_in(self.writer.connection, self.lock)
        self.writer.lead(self.far)
        self.writer.unlead(self.gone)
        verdicts = self._verdicts()
        groups, linked, context = self._link(verdicts)
        succession.follow(self.writer.connection, self.lock)
        self._regroup(groups, context, beside)
        root = self.root.finish(self._rest(verdicts))
        dangling = self.writer.settle_references()
        counts = self._write_rest(root, verdicts, linked, dangling)
        return Result(root, out, counts, self._receipts(linked, dangling))

    # first, every claim as an entity of its own

    def _stretches(self, releases: Iterable[Release]) -> Iterator[Stretch]:
        """The releases' records, some at a time; notes each release on the way."""
        base = 0
        for release in releases:
            said, intake = release.said, release.intake
            if intake.unreadable_here:
                raise UnreadableHere(intake.release)
            if not intake.taken:
                raise LockedReleaseRefused(said.member, intake.release, intake.code or "")
            self._note(release)
            hidden = frozenset(h.place for h in intake.hidden)
            size = sum(intake.counts.values())
            for at in range(0, size, STRETCH):
                yield Stretch(
                    intake, said.version, said.licence, said.language, said.schema, base, hidden, at,
                    min(STRETCH, size - at), said.member in self.gathered.lapsed,
                )  # fmt: skip
            base += _block(size + len(hidden))

    def _note(self, release: Release) -> None:
        said, intake = release.said, release.intake
        self.gathered.languages[said.member] = said.language
        if said.valid_until <= self.as_of:
            self.gathered.lapsed.add(said.member)
        self.gathered.tallies[said.member] = MemberTally(said, intake, release.keylog)
        self.writer.add(
            "release",
            (
                intake.release, said.member, said.epoch, said.number, intake.form, release.manifest,
                release.signature, release.keylog,
            ),
        )  # fmt: skip
        for hidden in intake.hidden:
            self.writer.add("leaf", (said.member, "", hidden.hash, hidden.place, hidden.leaf, HIDDEN))

    def _take(self, made: Made) -> None:
        """Insert a stretch."""
        writer, gathered = self.writer, self.gathered
        for table, rows in made.rows.items():
            writer.many(table, rows)
        for type_name, by_columns in made.filled.items():
            for columns, cells in by_columns.items():
                writer.fill_alike(type_name, columns, cells, numbered=True)
        self.keys.take(made.keys)
        writer.connection.executemany("INSERT INTO listed VALUES (?, ?)", made.listed)
        self.far += made.far
        self.gone += made.gone
        self.root.claims(made.claim_leaves)
        self.leaves.put(made.numbers, made.entity_leaves, made.fused_leaves)
        gathered.tallies[made.member].add(made.tally)
        gathered.claims += len(made.rows["claim"])
        gathered.entity_claims += len(made.rows["entity"])
        for type_name, address, text in made.said:
            if type_name == "catalogue":
                gathered.catalogues[made.member] = fields_of(text)
            else:
                self._list(type_name, address, text, made.member)
        self.progress("claims", len(made.rows["claim"]))

    def _list(self, type_name: str, address: str, text: str, member: str) -> None:
        """A judgement, a vouch or a relation: not a thing, but about things."""
        fields = fields_of(text)
        if type_name == "relation":
            self._fill_list("relation", address, fields, 1)
            return
        self.gathered.lists.append((type_name, address, text))
        said = [fields.get(name) for name in _SAID[type_name]]
        if type_name == "judgement":
            left, right, *rest = (str(v or "") for v in said)
            left, right = (succession.heir(a, self.successors) for a in (left, right))
            if left != right:
                self.gathered.judgements.append(Judgement(address, member, left, right, *rest))
        elif type_name == "vouch":
            about, kind, digest, expires_at = said
            self.gathered.vouches.append(Vouch(member, str(about), str(kind), digest, expires_at))

    # then, what belongs together

    def _verdicts(self) -> Verdicts:
        """Whose word is in force, by the federation's rules and what the judged records are today."""
        said, policy = self.gathered.judgements, self.lock.policy

        def fields(address: str) -> dict[str, Any] | None:
            text = self._json_of(address)
            return None if text is None else fields_of(text)

        changed = changed_a_lot(said, fields)
        return weigh(said, judges=policy.judges, quorum=policy.quorum, changed=changed)

    def _link(self, verdicts: Verdicts) -> tuple[Groups, linking.Linked, Context]:
        """What belongs together, by number; what linking said; what fusing needs to know."""
        said, own = self.gathered.judgements, self.lock.policy.link
        first, later = linking.first_round(self.keys, said, verdicts, own)
        subjects = self._subjects()
        former = {old: today for today in subjects for old in self._formerly(today)}
        self.speaking = list(self._speaking(subjects))
        groups: dict[int, tuple[int, ...]] = {}
        renamed: dict[str, str] = {}
        self._gather(first.clusters, subjects, former, groups, renamed)
        second = linking.second_round(self.keys, later, verdicts)
        self._gather(second.clusters, subjects, former, groups, renamed)
        self.keys.drop()
        vouched = vouched_members(self.gathered.vouches, self.as_of)
        context = Context(self.as_of, subjects, vouched, renamed, frozenset(self.gathered.lapsed), former)
        return groups, linking.together(first, second), context

    def _subjects(self) -> frozenset[str]:
        """The organization claims that speak for themselves, by their addresses of today.

        The federation's own word follows its member to whoever takes its place; vouches do not.
        """
        policy = self.lock.policy
        own = {t for m in policy.members for a in m.subject_of if (t := self._today(a)) is not None}
        named = {*own, *(v.about for v in self.gathered.vouches if "/organization/" in v.about)}
        today = sorted(a for a in named if self._today(a) == a)
        found = {a: fields_of(text) for a in today if (text := self._json_of(a)) is not None}
        vouches = self.gathered.vouches
        return subject_claims(vouches, found, own, needed=policy.subject_vouches, as_of=self.as_of)

    def _today(self, address: str) -> str | None:
        """The address of the claim that an address leads to. Only while every claim is its own entity."""
        sql = "SELECT c.address FROM alias a JOIN claim c ON c.number = a.entity WHERE a.address = ?"
        row = self.writer.connection.execute(sql, (address,)).fetchone()
        return row[0] if row else None

    def _formerly(self, today: str) -> Iterator[str]:
        """The addresses of before that lead to a claim."""
        for old in self.successors:
            former = old + today[len(old) :]
            if self._today(former) == today:
                yield former

    def _json_of(self, address: str) -> str | None:
        row = self.writer.connection.execute(_BY_ADDRESS, (address,)).fetchone()
        return row[2] if row else None

    def _gather(
        self,
        clusters: Iterable[tuple[str, ...]],
        subjects: frozenset[str],
        former: Mapping[str, str],
        groups: dict[int, tuple[int, ...]],
        renamed: dict[str, str],
    ) -> None:
        """Give the claims of each cluster to the one that names it."""
        run = self.writer.connection.execute
        for cluster in clusters:
            rows = {address: run(_BY_ADDRESS, (address,)).fetchone() for address in cluster}
            speaking = [
                a
                for a in cluster
                if subjects and is_subject(Said(a, fields_of(rows[a][2])), subjects, former)
            ]
            name = min(speaking, default=min(cluster))
            number = rows[name][0]
            for address in cluster:
                if address != name:
                    renamed[address] = name
                    self.absorbed[rows[address][0]] = address
                    groups[rows[address][0]] = ()
                    run("UPDATE alias SET entity = ? WHERE address = ?", (number, address))
                    run("UPDATE claim SET entity = ? WHERE number = ?", (number, rows[address][0]))
            groups[number] = tuple(sorted(rows[address][0] for address in cluster))

    # at last, the entities that they are

    def _regroup(self, groups: Groups, context: Context, children: int) -> None:
        """Make anew what linking changed, mark who speaks for itself, and hash the entities in order."""
        writer, connection = self.writer, self.writer.connection
        changed = regroup.referring(connection, writer.schema, self.absorbed)
        tasks = regroup.tasks(connection, groups, changed)
        setting = regroup.Setting(context, self.gathered.languages, self.places)
        many = len(groups) + len(changed)
        anew: dict[int, tuple[bytes, bytes] | None] = dict.fromkeys(n for n, c in groups.items() if not c)
        for data in done(tasks, regroup.worker, setting, children=min(children, children_for(many))):
            made = Regrouped.from_bytes(data)
            regroup.put(writer, made)
            anew.update(made.leaves)
            self.progress("entities", len(made.leaves))
        sql = "UPDATE entity SET subject = ? WHERE id = ? AND claims = 1"
        connection.executemany(sql, self.speaking)
        for entity_leaves, fused_leaves in self.leaves.with_changes(anew):
            self.root.entities(entity_leaves, fused_leaves)

    def _speaking(self, subjects: Iterable[str]) -> Iterator[tuple[str, int]]:
        """(member, number) of the claims that are their member's word about itself, or about what it runs.

        To be called while every claim is still an entity of its own.
        """
        read = self.writer.connection.execute
        for address in sorted(subjects):
            member = address.partition("/")[0]
            row = read("SELECT entity FROM alias WHERE address = ?", (address,)).fetchone()
            if row is None:
                continue
            yield member, row[0]
            for table in self.writer.referring_by("organization"):
                sql = f"SELECT entity FROM {quoted(table)} WHERE organization = ? AND address BETWEEN ? AND ?"
                for (number,) in read(sql, (row[0], f"{member}/", f"{member}0")):
                    yield member, number

    def _rest(self, verdicts: Verdicts) -> Iterator[tuple[object, ...]]:
        """The leaves of the root that are neither claims nor entities."""
        for address in verdicts.counted:
            yield "judgement", address
        for member, locked in self.lock.members.items():
            for stone in locked.tombstones:
                yield "withdrawal", stone.hash, member, stone.kind, stone.epoch, stone.number
        for hold in self.lock.holds:
            yield "hold", hold.hash, hold.field or "", instant(hold.until)
        yield from succession.leaves(self.lock)

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
        for k in sorted(linked.links):
            add("link", (k.a, k.b, k.score, k.reason, receipts.as_json(dict(k.evidence))))
        for r in sorted(linked.related):
            add("related", (r.a, r.b, r.kind, r.reason, receipts.as_json(dict(r.evidence))))
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
            said = self.gathered.catalogues.get(member_id, {})
            shown = standing(said) if member_id in self.gathered.lapsed else said
            row = receipts.member_row(tally, locked, policy, shown)
            tally.findings[:0] = receipts.unconfirmed(policy, said)
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


def _places(lock: Lock) -> dict[str, str]:
    """District → name, from the federation's territory."""
    if lock.territory is None:
        return {}
    return {d.code: d.name for d in territories.load(lock.territory.name).districts.values()}


def _worth(releases: Iterable[Release]) -> tuple[Iterable[Release], int]:
    """The releases, and how many records they have, counted until children are worth starting."""
    waiting, rest = iter(releases), []
    records = 0
    for release in waiting:
        rest.append(release)
        records += sum(release.intake.counts.values())
        if records >= WORTH_CHILDREN:
            break
    return chain(rest, waiting), records


def _batched(stretches: Iterable[Stretch]) -> Iterator[list[Stretch]]:
    """Short stretches together, so that each way to a child is worth it."""
    batch: list[Stretch] = []
    for one in stretches:
        if batch and sum(s.count for s in batch) + one.count > STRETCH:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _block(records: int) -> int:
    """How many numbers a release with so many records gets: some to spare, so that the numbers of the
    releases after it seldom change when it grows."""
    return max(SMALLEST_BLOCK, 1 << records.bit_length())
