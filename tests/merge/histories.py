"""Histories of a federation for laws: members release again, people judge, hold and withdraw, time goes by.

Nothing is signed and no gate stands before it (see `unsigned`); locks are made of what is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from hypothesis import strategies as st

from commons.addresses import tombstone
from commons.federation.lock import LEFT, Lock, LockedHold, LockedMember, Tombstone
from commons.federation.policy.file import Member as Accepted
from commons.federation.policy.file import Policy
from commons.federation.policy.rules import Succession
from commons.format.instants import instant
from commons.link.model import LINKER
from commons.merge.act import Release
from commons.merge.plan import vocabularies_digest
from commons.model import Record
from commons.schema.spec import load_schema
from tests.hostile.making import Member, salt
from tests.merge.unsigned import IDS, taken_in
from tests.merge.world import AS_OF

PLACES, TITLES = ("dos", "tres", "uno"), ("Comedor La Paz", "Comedor Paz", "Casa Norte", "Casa Sur")
OLD = Member("old").id  # whose place somebody takes: it lost key and sheet
EVERYBODY = [*IDS.values(), OLD]
TARGETS = [f"{m}/place/{p}" for m in EVERYBODY for p in PLACES]
CASAS = [f"{m}/organization/casa" for m in EVERYBODY]
SERVICES = [f"{m}/service/taller" for m in EVERYBODY]
DATES = ("2026-09-01T00:00:00Z", instant(AS_OF + timedelta(days=1)), instant(AS_OF + timedelta(days=3)))
DISTRICTS = ("09002", "09003")


def record(type_name: str, id: str, **fields: object) -> Record:
    """Without the fields that are None."""
    said = {name: value for name, value in fields.items() if value is not None}
    return Record(type_name, id, {"salt": salt(f"{type_name} {id}"), **said})  # type: ignore[dict-item]


def maybe(values: Sequence[object]) -> st.SearchStrategy[object]:
    return st.sampled_from([None, None, *values])


common = {
    "title": st.sampled_from(TITLES),
    "summary": maybe(("Comida caliente", "Café y pan")),
    "confirmed_at": maybe(DATES),
    "modified_at": maybe(DATES),
    "copied_from": maybe(TARGETS),
    "licence": st.sampled_from([None, None, None, "CC-BY-NC-4.0"]),
    "organization": maybe(CASAS),
}
places = st.builds(
    record, st.just("place"), st.sampled_from(PLACES), district=maybe(DISTRICTS), same_as=maybe(TARGETS),
    identifiers=maybe((["X-ID:10020"], ["X-ID:10021"])), phones=maybe(([{"number": "+525555550001"}],)),
    **common,
)  # fmt: skip
services = st.builds(record, st.just("service"), st.just("taller"), place=maybe(TARGETS), **common)
organizations = st.builds(
    record, st.just("organization"), st.just("casa"), title=st.sampled_from(TITLES),
    identifiers=maybe((["X-ID:777"],)), parent_organization=maybe(CASAS), expires_at=maybe(DATES),
)  # fmt: skip
at_places = st.builds(
    record, st.just("service_at_place"), st.just("aqui"), service=st.sampled_from(SERVICES),
    place=st.sampled_from(TARGETS),
)  # fmt: skip
projects = st.builds(
    record, st.just("project"), st.just("proyecto"), title=st.just("Huertos"), place=maybe(TARGETS),
    partners=maybe((CASAS, CASAS[:1])),
)  # fmt: skip
events = st.builds(
    record, st.just("event"), st.just("fiesta"), title=st.just("Fiesta"), place=maybe(TARGETS),
    service=maybe(SERVICES),
)  # fmt: skip
relations = st.builds(
    record, st.just("relation"), st.just("r"), subject=st.sampled_from(CASAS), kind=st.just("funds"),
    object=st.sampled_from(TARGETS),
)  # fmt: skip
judgements = st.builds(
    lambda a, b, verdict: record(
        "judgement", f"j-{TARGETS.index(a)}", left=min(a, b), right=max(a, b), verdict=verdict
    ),
    st.sampled_from(TARGETS), st.sampled_from(TARGETS), st.sampled_from(["same", "different"]),
)  # fmt: skip
vouches = st.builds(
    lambda about, expires: record("vouch", "v", about=about, kind="knows", expires_at=expires),
    st.sampled_from([*CASAS, *IDS.values()]), maybe(DATES),
)  # fmt: skip
says = st.lists(
    st.one_of(
        places, places, places, services, organizations, at_places, projects, events, relations, judgements,
        vouches,
    ),
    max_size=7,
    unique_by=lambda r: (r.type, r.id),
)  # fmt: skip
stones = st.tuples(st.sampled_from(TARGETS), st.sampled_from(["record", "earlier"]))
holds = st.tuples(st.sampled_from([*TARGETS, *CASAS]), st.sampled_from([None, "title", "phones"]))


@dataclass
class Step:
    """What changes from one merge to the next. `says`: the members that release again, and what."""

    says: Mapping[str, Sequence[Record]]
    days: int = 0
    stone: tuple[str, str] | None = None
    hold: tuple[str, str | None] | None = None
    lift: bool = False
    withheld: str | None = None
    runs_out: str | None = None  # who releases for a day only
    subject: str | None = None
    judge: str | None = None
    heir: str | None = None  # who takes the place of `OLD` from now on


names = st.sampled_from(sorted(IDS))
first = st.fixed_dictionaries(dict.fromkeys(sorted(IDS), says))
steps = st.builds(
    Step,
    says=st.dictionaries(names, says, max_size=2),
    days=st.sampled_from([0, 0, 0, 2, 4]),
    stone=st.none() | stones,
    hold=st.none() | holds,
    lift=st.booleans(),
    withheld=st.sampled_from([None, None, None, *TARGETS]),
    runs_out=st.none() | names,
    subject=st.none() | st.sampled_from(CASAS),
    judge=st.none() | names,
    heir=st.sampled_from([None, None, None, *sorted(IDS)]),
)
histories = st.tuples(first, st.lists(steps, min_size=1, max_size=4))


@dataclass
class History:
    """A federation on its way; `step` goes on, `lock` and `releases` are those of today."""

    folder: Path
    lock: Lock
    says: dict[str, Release] = field(default_factory=dict)
    number: int = 0

    @classmethod
    def begin(cls, folder: Path, said: Mapping[str, Sequence[Record]]) -> History:
        accepted = tuple(Accepted(id, name) for name, id in sorted(IDS.items()))
        policy = Policy({"es": "Prueba"}, accepted, licences=("CC-BY-4.0",))
        schema = load_schema()
        history = cls(folder, Lock(schema.version, LINKER, AS_OF, policy, {}, vocabularies_digest(schema)))
        history.step(Step(said))
        return history

    @property
    def releases(self) -> list[Release]:
        return sorted(self.says.values(), key=lambda r: r.intake.member)

    def step(self, step: Step) -> None:
        self.number += 1
        for name, records in step.says.items():
            ends = {"valid_until": instant(AS_OF + timedelta(days=1))} if name == step.runs_out else {}
            self.says[name] = taken_in(self.folder, name, records, number=self.number, **ends)
        self._rules(step)
        locked = {r.intake.member: self._locked(r, step) for r in self.releases}
        if self.lock.policy.successors:
            locked[OLD] = LockedMember(LEFT, tombstones=self._stones(OLD, step))
        self.lock = replace(self.lock, members=locked)

    def _rules(self, step: Step) -> None:
        as_of = self.lock.as_of + timedelta(days=step.days)
        held = () if step.lift else self.lock.holds
        if step.hold is not None:
            address, name = step.hold
            held = (*held, LockedHold(tombstone(address), name, as_of + timedelta(days=3)))
        accepted = tuple(self._accepted(m, step) for m in self.lock.policy.members)
        judges = (IDS[step.judge],) if step.judge else self.lock.policy.judges
        policy = replace(self.lock.policy, members=accepted, judges=judges)
        self.lock = replace(self.lock, as_of=as_of, holds=tuple(dict.fromkeys(held)), policy=policy)

    def _accepted(self, member: Accepted, step: Step) -> Accepted:
        """Who speaks for itself, also under the address of whose place it takes, and who takes it."""
        if step.heir is not None:
            member = replace(member, succeeds=Succession(OLD) if member.id == IDS[step.heir] else None)
        theirs = [member.id] + [OLD] * (member.succeeds is not None)
        if step.subject is not None and step.subject[:26] in theirs:
            member = replace(member, subject_of=(step.subject,))
        return member

    def _stones(self, member: str, step: Step) -> tuple[Tombstone, ...]:
        before = self.lock.members.get(member, LockedMember("current"))
        found = {(s.hash, s.kind): s for s in before.tombstones}
        if step.stone is not None and step.stone[0].startswith(member):
            stone = Tombstone(tombstone(step.stone[0]), step.stone[1], 0, self.number + 1)
            found.setdefault((stone.hash, stone.kind), stone)
        return tuple(sorted(found.values()))

    def _locked(self, release: Release, step: Step) -> LockedMember:
        said = release.said
        before = self.lock.members.get(said.member, LockedMember("current"))
        withheld = before.withheld
        if step.withheld is not None and step.withheld.startswith(said.member):
            withheld = tuple(sorted({*withheld, tombstone(step.withheld)}))
        return LockedMember(
            "current",
            release.intake.release,
            0,
            said.number,
            tombstones=self._stones(said.member, step),
            withheld=withheld,
        )
