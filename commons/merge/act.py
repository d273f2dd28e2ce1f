"""A lock and the releases that it names → one pool. Pure in them: no clock, no network, no memory.

The same lock gives the same root everywhere. First every claim is put in as an entity of its own, by
stretches that children prepare (`stretch`); then linking decides what belongs together; at last the entities
that it changed are made anew (`regroup`). Nothing in memory grows with the pool but one digest per entity,
and what shares an identifier. With the last pool as `ground` only the stretches of members that changed are
made, and only the entities that this touches; all that decides, and all that makes a row, is the same.

If a release cannot be read here, the merge stops: to leave a member out would give a root of one's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any, ClassVar

from commons.errors import CommonsError
from commons.federation.lock import Lock
from commons.format.instants import instant
from commons.format.manifest import Manifest
from commons.intake.gate import Intake, UnreadableHere
from commons.link.judged import changed_a_lot
from commons.link.judgements import Verdicts, weigh
from commons.merge import succession
from commons.merge.claims import HIDDEN, fields_of
from commons.merge.difference.ground import Ground, Stand
from commons.merge.fuse import Context, Said, is_subject, subject_claims, vouched_members
from commons.merge.linking import rounds as linking
from commons.merge.pooling import memory, regroup, stretch
from commons.merge.pooling.beside import Beside, Gathered, last_receipts
from commons.merge.pooling.disagreements import Watch
from commons.merge.pooling.memory import Noted, Notes, TakenFrom, block_of, cut, mark_of
from commons.merge.pooling.receipts import MemberTally, Receipt
from commons.merge.pooling.regroup import Groups, Regrouped
from commons.merge.pooling.root import Root
from commons.merge.pooling.stretch import Made, Stretch
from commons.merge.workers import WORTH_CHILDREN, Crew, children_for, give_back
from commons.messages import N_
from commons.pool import write as database
from commons.pool.contract import quoted
from commons.pool.write import Writer, writing
from commons.schema import territory as territories

# While every claim is an entity of its own, its number is its alias's.
_BY_ADDRESS = (
    "SELECT c.number, c.type, c.json FROM alias a JOIN claim c ON c.number = a.entity WHERE a.address = ?"
)
STRETCH = 300  # records that are prepared at one go
MANY = 150_000  # claims: beyond, linking needs the memory that children hold who wait for what comes after it
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
    """One release, proven and taken in: its parts but the catalogue, and its verified rows.

    `file_sum`: the SHA-256 of the file that it was proven from, "" where it is not known.
    """

    manifest: bytes
    signature: bytes
    keylog: bytes
    intake: Intake
    file_sum: str = ""

    @property
    def said(self) -> Manifest:
        return Manifest.parse(self.manifest)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it. `receipts`: member → receipt, in order of members. `lock`: its text.

    `sums`: the SHA-256 of the pool and of its notes, where nobody else looked; "" where no notes stay.
    """

    root: str
    path: Path
    counts: Mapping[str, int]
    receipts: Mapping[str, Receipt]
    lock: bytes
    sums: tuple[str, str] = ("", "")


def act(
    lock: Lock,
    releases: Iterable[Release],
    out: Path,
    *,
    canonical: bool = False,
    children: int | None = None,
    progress: Progress = lambda what, n: None,
    links: Path | None = None,
    notes: Notes | None = None,
    ground: Ground | None = None,
) -> Result:
    """Write the pool of a lock to `out`, whole or not at all.

    Args:
        releases: exactly those that the lock names, in order of their members' ids; read once.
        children: processes beside this one; None: as many as are worth it.
        progress: told what is being done and how many claims more it is done for.
        links: the file in which linking remembers what it compared; changes nothing but the time it takes.
        notes: where this merge's notes stay, so that the next one can start from its pool; None: nowhere.
        ground: the last pool to start from; it changes nothing but the time it takes. None: everything is
            made anew.
    Raises:
        UnreadableHere, LockedReleaseRefused: a release cannot be merged here. Nothing is written.
        NotOnGround: it cannot be started from the last pool. Nothing is written.
    """
    beside = database.Beside(memory.NAME, str(notes.database) if notes else "")
    begin = ground.begin if ground else None
    with writing(out, canonical=canonical, beside=beside, begin=begin, tidy=notes is not None) as writer:
        merge = _Merge(lock, writer, progress, links, notes, ground)
        with closing(merge.keys):
            result = merge.run(releases, children, out)
    return replace(result, sums=writer.sums)


class _Merge:
    """One merge: its lock, its writer, and what the passes hand on."""

    def __init__(
        self,
        lock: Lock,
        writer: Writer,
        progress: Progress,
        links: Path | None,
        notes: Notes | None,
        ground: Ground | None,
    ) -> None:
        self.lock, self.writer, self.progress = lock, writer, progress
        self.as_of = instant(lock.as_of)
        self.far: list[tuple[int, str, str, str]] = []  # references that lead to other releases
        self.gone: list[int] = []  # numbers that no claim has, though its release has the record
        self.taken = 0  # claims that were put in
        self.absorbed: dict[int, str] = {}  # claims by number that are part of an entity that another names
        self.speaking: list[tuple[str, int]] = []  # (member, number) of claims that are a word about itself
        self.proofs: dict[str, str] = {}  # release → the sum of its file
        self.places = _places(lock)
        self.successors = lock.policy.successors
        empty = ground is None
        self.noted = Noted(writer.connection, empty=empty)
        features = notes.features if notes else None
        self.keys = linking.Keys(writer.connection, self.successors, links, features, empty=empty)
        self.gathered = Gathered()
        self.root = Root(self.noted.parts())
        self.watch = Watch(writer.connection, None if ground is None else last_receipts(writer))
        self.standing = ground.standing if ground else frozenset[str]()  # members whose claims stay
        self.stand = (
            Stand(lock, writer, self.noted, self.keys, self.places, self.standing) if ground else None
        )

    def run(self, releases: Iterable[Release], children: int | None, out: Path) -> Result:
        if self.stand is not None:
            self.stand.clear()
        first, records = _worth(releases, self.standing) if children is None else (releases, 0)
        with Crew(children_for(records) if children is None else children) as crew:
            return self._run(first, crew, out)

    def _run(self, releases: Iterable[Release], crew: Crew, out: Path) -> Result:
        setting = stretch.Setting(self.lock, self.places)
        for data in crew.done(_batched(self._stretches(releases)), stretch.worker, setting):
            for made in stretch.read(data):
                self._take(made)
        self.writer.flush()
        if self.taken > MANY:
            crew.close()
            self.writer.lay_down()
            give_back()
        succession.stand_in(self.writer.connection, self.lock)
        self.writer.lead(self.far)
        # What stands leads where it led in the last pool, until it is made anew.
        self.writer.unlead(self.gone, but=self.standing)
        self.gathered.hear(self.noted.said(), self.successors)
        self.noted.count(self.gathered.tallies)
        verdicts = self._verdicts()
        groups, linked, context = self._link(verdicts)
        succession.follow(self.writer.connection, self.lock)
        self._regroup(groups, context, crew)
        crew.close()
        self._hash()
        root = self.root.finish(self._rest(verdicts))
        self.noted.note_parts(self.root.parts)
        self.noted.note_proofs(self.proofs)
        dangling = self.noted.settled(self.writer.settle_references())
        text = self.lock.to_bytes()
        rest = Beside(self.lock, text, self.writer, self.gathered, self.noted)
        counts = rest.write(root, verdicts, linked)
        self.noted.close(context)
        return Result(root, out, counts, rest.receipts(linked, dangling, self.watch), text)

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
            block = block_of(size + len(hidden))
            if said.member in self.standing:
                base += block
                continue
            self._note_new(release, base, block)
            for at in range(0, size, STRETCH):
                yield Stretch(
                    intake, said.version, said.licence, said.language, said.schema, base, hidden, at,
                    min(STRETCH, size - at), said.member in self.gathered.lapsed,
                )  # fmt: skip
            base += block

    def _note(self, release: Release) -> None:
        said, intake = release.said, release.intake
        self.gathered.languages[said.member] = said.language
        if said.valid_until <= self.as_of:
            self.gathered.lapsed.add(said.member)
        self.gathered.tallies[said.member] = MemberTally(said, intake, release.keylog)
        if release.file_sum:
            self.proofs[intake.release] = release.file_sum

    def _note_new(self, release: Release, base: int, block: int) -> None:
        """What stands of a release beside its records."""
        said, intake = release.said, release.intake
        lapsed = said.member in self.gathered.lapsed
        self.noted.release(said.member, TakenFrom(intake.release, mark_of(intake), base, block, lapsed))
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
        writer = self.writer
        types, ids, places, digests, codes = made.leaves
        writer.many("leaf", zip(repeat(made.member), types, ids, places, cut(digests), codes, strict=False))
        for table, rows in made.rows.items():
            writer.many(table, rows, lacking=made.lacking.get(table, ()))
        for type_name, by_columns in made.filled.items():
            for columns, cells in by_columns.items():
                writer.fill_alike(type_name, columns, cells, numbered=True)
        self.keys.take(made.keys)
        self.noted.take(made)
        self.far += made.far
        self.gone += made.gone
        self.taken += len(made.rows["claim"])
        self.progress("claims", len(made.rows["claim"]))

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
        if self.stand is not None:
            self.stand.look_at(subjects)
        groups: dict[int, tuple[int, ...]] = {}
        renamed: dict[str, str] = {}
        self._gather(first.clusters, subjects, former, groups, renamed)
        second = linking.second_round(self.keys, later, verdicts)
        self._gather(second.clusters, subjects, former, groups, renamed)
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
                    sql = "UPDATE claim SET entity = ? WHERE number = ? AND entity <> ?"
                    run(sql, (number, rows[address][0], number))
            groups[number] = tuple(sorted(rows[address][0] for address in cluster))

    # at last, the entities that they are

    def _regroup(self, groups: Groups, context: Context, crew: Crew) -> None:
        """Make anew what linking changed, and mark who speaks for itself."""
        writer, connection = self.writer, self.writer.connection
        changed = regroup.referring(connection, writer.schema, self.absorbed, self.absorbed.values())
        if self.stand is None:
            steps, last = regroup.anew(groups, changed), None
        else:
            steps, last = self.stand.steps(groups, changed, context), self.stand.last
        setting = regroup.Setting(context, self.gathered.languages, self.places, last)
        anew = children_for(len(steps)) if self.taken > MANY else 0
        with Crew(anew, fresh=True) as others:
            for data in (others if anew else crew).done(
                regroup.tasks(connection, steps), regroup.worker, setting
            ):
                made = Regrouped.from_bytes(data)
                regroup.put(writer, made)
                self.noted.change((number for number, _type in made.gone), made.leaves)
                self.progress("entities", len(made.leaves))
        sql = "UPDATE entity SET subject = ? WHERE id = ? AND claims = 1"
        connection.executemany(sql, self.speaking)

    def _hash(self) -> None:
        """Claims and entities in order, into the root."""
        for leaves in self.noted.claim_leaves():
            self.root.claims(leaves)
        for entity_leaves, fused_leaves in self.noted.thing_leaves():
            self.root.entities(entity_leaves, fused_leaves)

    def _speaking(self, subjects: Iterable[str]) -> Iterator[tuple[str, int]]:
        """(member, number) of the claims that are their member's word about itself, or about what it runs.

        To be called while every claim is still an entity of its own.
        """
        read = self.writer.connection.execute
        for address in sorted(subjects):
            member = address.partition("/")[0]
            if member in self.standing:  # whoever spoke in the last pool speaks in this one
                continue
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


def _places(lock: Lock) -> dict[str, str]:
    """District → name, from the federation's territory."""
    if lock.territory is None:
        return {}
    return {d.code: d.name for d in territories.load(lock.territory.name).districts.values()}


def _worth(releases: Iterable[Release], standing: Collection[str]) -> tuple[Iterable[Release], int]:
    """The releases, and how many records there are to prepare, counted until children are worth starting."""
    waiting, rest = iter(releases), []
    records = 0
    for release in waiting:
        rest.append(release)
        if release.intake.member not in standing:
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
