"""The gate: releases in, verified rows or a refusal out. Never touches a member's file in this process.

What intake yields depends on the release's bytes and this program's rules only, so it is kept beside the
release, by digest and rules: the seam for incremental merging. Whoever reads it gets the same with or without
what was kept. A limit of this machine is never a verdict on a release: `unreadable` is not kept.
Signatures and the choice among releases are `federation.trust`'s.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, ClassVar

from commons.errors import CommonsError
from commons.federation.lock import Tombstone
from commons.findings import KINDS, Finding
from commons.format import canonical
from commons.format.container import AnyFiles, PrunedFiles
from commons.format.limits import LIMITS
from commons.format.merkle import Tree
from commons.format.pruned import Hidden
from commons.intake import frames, pruned
from commons.intake.catalogue import Job
from commons.intake.frames import Damaged, Row
from commons.intake.limits import Lent
from commons.intake.processes import Forked, Processes, Spawned, can_fork
from commons.intake.server import pack_job
from commons.intake.tables import rules
from commons.messages import N_

MOST_AT_ONCE = 4
FIRST, TOGETHER, TOGETHER_BYTES = 3, 32, 8 * 1024 * 1024  # releases of one child


@dataclass(eq=False)
class UnreadableHere(CommonsError):
    """A release that a lock names needs more time or memory than this machine lends."""

    release: str
    template: ClassVar[str] = N_(
        "The release {release} cannot be read on this machine: too little time or memory."
    )
    hint_template: ClassVar[str] = N_("Close other programs or use another computer; nothing was left out.")


@dataclass(frozen=True, slots=True)
class Intake:
    """What one release holds. Rows are read from a file, again each time; nothing large stays in memory.

    `code`: None, or the finding's code for which the whole release is not taken up (E_HERE: only here).
    `hidden`: records of a pruned release that may not be shown; `rows` leaves them out.
    """

    release: str
    member: str
    form: str
    code: str | None
    detail: str
    counts: Mapping[str, int]
    refused: Mapping[str, int]
    findings: tuple[Finding, ...]
    withdrawals: tuple[Tombstone, ...]
    hidden: tuple[Hidden, ...]
    path: Path

    @property
    def taken(self) -> bool:
        return self.code is None

    @property
    def unreadable_here(self) -> bool:
        return self.code == "E_HERE"

    def rows(self, first: int = 0) -> Iterator[Row]:
        """Every record in order of (type, id), those that are not taken up included, with their codes.

        Args:
            first: how many records to leave out, which costs next to nothing.
        Raises:
            Damaged: what was kept is not whole. It is deleted, so that the release is examined again.
        """
        if self.taken:
            with self._reading() as file:
                yield from frames.read_rows(file, first)

    def ids(self) -> Iterator[tuple[str, list[str], list[str]]]:
        """(type, ids, codes) of records in the order of `rows`; codes are empty where all are taken up.

        Raises:
            Damaged: as `rows`.
        """
        if self.taken:
            with self._reading() as file:
                yield from frames.read_ids(file)

    @contextmanager
    def _reading(self) -> Iterator[BinaryIO]:
        try:
            with self.path.open("rb") as file:
                yield file
        except Damaged:  # else every merge would stop at it
            self.path.unlink(missing_ok=True)
            raise


class Gate:
    """Examines releases in child processes, several at once; a context manager.

    Args:
        kept: the folder for results (`Store.intake`); None: a temporary one, gone at the end.
        at_once: children at one time; None: as many as there are processors, at most four.
        fork: whether to fork a warm server; None: where the system can.
    """

    def __init__(
        self,
        kept: Path | None = None,
        *,
        at_once: int | None = None,
        fork: bool | None = None,
        lent: Lent | None = None,
    ) -> None:
        self._kept = kept
        self._at_once = at_once or max(1, min(MOST_AT_ONCE, os.cpu_count() or 1))
        self._fork = can_fork() if fork is None else fork
        self._lent = lent or Lent()
        self._read: dict[tuple[str, str], tuple[_Mark, Intake]] = {}  # by release and form
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._processes: Processes | None = None

    def __enter__(self) -> Gate:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._processes is not None:
            self._processes.close()
            self._processes = None
        if self._temporary is not None:
            self._temporary.cleanup()
            self._temporary = None

    def get_ready(self) -> None:
        """Start the server now, so that it is warm when the first release comes."""
        if self._processes is None:
            self._processes = (Forked if self._fork else Spawned)(self._lent)

    def take_in(self, files: AnyFiles) -> Intake:
        """One release; what was kept of it is used."""
        return next(self.take_all([files]))

    def take_all(self, offered: Iterable[AnyFiles]) -> Iterator[Intake]:
        """Many releases, in the order given; at most a few children and their releases are under way."""
        line = Line(self)
        for files in offered:
            yield from line.add(files)
        yield from line.end()

    def kept(self, release: str, form: str = "full") -> Intake | None:
        """What was kept of a release, without its bytes; None where there is nothing whole."""
        if self._kept is None and self._temporary is None:
            return None
        key = (release, form)
        before = self._read.get(key)
        try:  # a merge asks three times for everybody's
            if before is not None and before[0] == _mark(before[1].path.stat()):
                return before[1]
            path = self._path(release, form)
            with path.open("rb") as file:
                mark = _mark(os.fstat(file.fileno()))
                intake = _intake(frames.read_summary(file), path)
        except (OSError, Damaged):
            return None
        self._read[key] = mark, intake
        return intake

    def _folder(self) -> Path:
        if self._kept is not None:
            return self._kept
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="commons-intake-")
        return Path(self._temporary.name)

    def _path(self, release: str, form: str) -> Path:
        """The full and the pruned form of one release differ in what they may show."""
        return self._folder() / f"{release}-{form}-{rules()}"

    def _look_at(self, files: AnyFiles) -> Intake | _Asked:
        """What is known of a release without a child, else what to ask one."""
        form = "pruned" if isinstance(files, PrunedFiles) else "full"
        kept = self.kept(files.digest, form)
        if kept is not None:
            return kept
        said = files.parsed_manifest
        job = Job(
            release=files.digest,
            member=said.member,
            form=form,
            schema=said.schema,
            epoch=said.epoch,
            number=said.number,
            content_root=said.content_root,
            counts=dict(said.counts),
        )
        if sum(said.counts.values()) > LIMITS.records:
            return _without_rows(job, "refused", "E_TOOMANY")
        return _Asked(job, pruned.pack(files) if isinstance(files, PrunedFiles) else files.catalogue)

    def hear(self) -> None:
        """Let children go on that have said more than a pipe holds."""
        if self._processes is not None:
            self._processes.hear()

    def _begin(self, batch: _Batch) -> _Batch:
        """Start the child that examines what is not known."""
        asked = batch.asked
        if asked:
            self.get_ready()
            assert self._processes is not None
            folder = self._folder()
            folder.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=folder, prefix=".new-")
            parts = [part for one in asked for part in pack_job(one.job, one.data, self._lent)]
            batch.number = self._processes.start(parts, os.fdopen(descriptor, "wb"))
            batch.written = Path(name)
        return batch

    def _end(self, batch: _Batch) -> Iterator[Intake]:
        """The releases of a batch, when its child has said what it will say."""
        answers = iter(self._answers(batch))
        for one in batch.releases:
            yield one if isinstance(one, Intake) else next(answers)

    def _answers(self, batch: _Batch) -> list[Intake]:
        """What the child found, release by release.

        What one does to a child is nobody else's misfortune. Of a shared child only what proves itself is
        believed (`_proven`); every other release, and whatever it left undone, gets a child of its own.
        """
        if batch.written is None or self._processes is None:
            return []
        asked, found = batch.asked, dict[int, Intake]()
        self._processes.wait(batch.number)
        try:
            if len(asked) == 1:
                return [self._keep(asked[0].job, batch.written) or self._lost(batch)]
            with batch.written.open("rb") as file:
                for n, (one, part) in enumerate(zip(asked, frames.answers(file), strict=False)):
                    intake = self._keep(one.job, part) if _proven(one.job, part) else None
                    if intake is not None:
                        found[n] = intake
        finally:
            batch.written.unlink(missing_ok=True)
        return [found.get(n) or self._alone(one) for n, one in enumerate(asked)]

    def _lost(self, batch: _Batch) -> Intake:
        assert self._processes is not None
        detail = self._processes.how_it_ended(batch.number)
        return _without_rows(batch.asked[0].job, "unreadable", "E_HERE", detail)

    def _alone(self, one: _Asked) -> Intake:
        batch = _Batch()
        batch.add(one)
        return self._answers(self._begin(batch))[0]

    def _keep(self, job: Job, answer: bytes | Path) -> Intake | None:
        """Put one release's answer in its place; None where it is no answer to what was asked.

        A file that holds nothing else is moved, perhaps being large: closed first, since Windows moves no
        open one.
        """
        try:
            with answer.open("rb") if isinstance(answer, Path) else BytesIO(answer) as file:
                intake = _intake(frames.read_summary(file), Path(os.devnull))
        except Damaged:
            return None
        if (intake.release, intake.member, intake.form) != (job.release, job.member, job.form):
            return None
        if intake.unreadable_here:
            return intake
        path = self._path(job.release, job.form)
        if isinstance(answer, Path):
            answer.replace(path)
        else:
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as fresh:
                fresh.write(answer)
            Path(fresh.name).replace(path)
        return replace(intake, path=path)


class Line:
    """Releases on their way through a gate. Whoever has other things to do adds them one by one, and children
    examine them meanwhile."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._queue: list[_Batch] = []
        self._batch = _Batch(FIRST)
        self._asked = 0

    def add(self, files: AnyFiles) -> Iterator[Intake]:
        """The next release; gives those before it that are done, in their order, when the line is long."""
        release = self._gate._look_at(files)
        if isinstance(release, _Asked):
            self._asked += 1
            if not release.shares and self._batch.asked:
                self._begin()
        yield from self._next(release)

    def pass_by(self, intake: Intake) -> Iterator[Intake]:
        """The next release, of which all is known: it waits for its turn only."""
        yield from self._next(intake)

    def _next(self, release: Intake | _Asked) -> Iterator[Intake]:
        self._batch.add(release)
        if self._batch.is_full:
            self._begin()
        self._gate.hear()
        while len(self._queue) > self._gate._at_once:
            yield from self._gate._end(self._queue.pop(0))

    def end(self) -> Iterator[Intake]:
        """All that are still on their way."""
        self._begin()
        while self._queue:
            yield from self._gate._end(self._queue.pop(0))

    def _begin(self) -> None:
        """Send a batch off. The first are small, so that all children have work soon, and when it ends."""
        self._queue.append(self._gate._begin(self._batch))
        self._batch = _Batch(min(TOGETHER, FIRST + self._asked // 6))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A release that a child is to examine."""

    job: Job
    data: bytes

    @property
    def shares(self) -> bool:
        """Whether its answer could prove itself, and a child may serve others, too."""
        return self.job.form == "full" and "withdrawal" not in self.job.counts


@dataclass(slots=True)
class _Batch:
    """Releases that follow each other; what is small and plain goes to one child together, since a fork costs
    more than to examine it. What is known already waits with them for its turn.
    """

    most: int = 1
    releases: list[Intake | _Asked] = field(default_factory=list)
    number: int = 0
    written: Path | None = None

    def add(self, release: Intake | _Asked) -> None:
        self.releases.append(release)

    @property
    def asked(self) -> list[_Asked]:
        return [one for one in self.releases if isinstance(one, _Asked)]

    @property
    def is_full(self) -> bool:
        asked = self.asked
        return (
            not (asked and asked[-1].shares)
            or len(asked) >= self.most
            or sum(len(one.data) for one in asked) >= TOGETHER_BYTES
        )


_Mark = tuple[int, int, int]


def _mark(state: os.stat_result) -> _Mark:
    """Tells whether a file is still the one that was read."""
    return state.st_ino, state.st_mtime_ns, state.st_size


def _proven(job: Job, answer: bytes) -> bool:
    """Whether an answer of a shared child takes every record up and is what its member signed.

    A child that one member's file has taken over could say anything of another's; so nothing that would be
    its word alone counts: no refusal, no withdrawal.
    """
    tree, counts = Tree(), Counter[str]()
    try:
        summary = frames.read_summary(BytesIO(answer))
        if any(summary.get(name) for name in ("refused", "findings", "withdrawals", "hidden")):
            return False
        for batch in frames.read_batches(BytesIO(answer)):
            begun = [f'["{batch.type}","{id}",'.encode() for id in batch.ids]
            if batch.codes or not all(map(bytes.startswith, batch.data, begun)):
                return False
            leaves = b"".join(map(canonical.leaf, batch.data))
            if leaves != batch.leaves:
                return False
            tree.add_all(leaves)
            counts[batch.type] += len(batch.ids)
    except Damaged:
        return False
    said_taken = summary.get("outcome") == "taken" and summary.get("counts") == job.counts
    return said_taken and counts == job.counts and tree.root().hex() == job.content_root


def _without_rows(job: Job, outcome: str, code: str, detail: str = "") -> Intake:
    said = {"outcome": outcome, "code": code, "detail": detail}
    return _intake({**said, "release": job.release, "member": job.member, "form": job.form}, Path(os.devnull))


def _intake(summary: Mapping[str, Any], path: Path) -> Intake:
    """A summary as a value. Raises Damaged where it is not one."""
    try:
        taken = summary["outcome"] == "taken"
        return Intake(
            release=str(summary["release"]),
            member=str(summary["member"]),
            form=str(summary["form"]),
            code=None if taken else str(summary["code"]),
            detail=str(summary.get("detail", "")),
            counts={str(k): int(v) for k, v in summary.get("counts", {}).items()},
            refused={str(k): int(v) for k, v in summary.get("refused", {}).items()},
            findings=tuple(_finding(f) for f in summary.get("findings", ())),
            withdrawals=tuple(
                Tombstone(str(h), str(k), int(e), int(n)) for h, k, e, n in summary.get("withdrawals", ())
            ),
            hidden=tuple(
                Hidden(int(n), str(h), bytes.fromhex(leaf), str(o))
                for n, h, leaf, o in summary.get("hidden", ())
            ),
            path=path,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Damaged from error


def _finding(said: Mapping[str, Any]) -> Finding:
    if said["code"] not in KINDS:
        raise ValueError(said["code"])
    return Finding(
        said["code"],
        type=said.get("type"),
        record=said.get("record"),
        field=said.get("field"),
        value=said.get("value"),
    )
