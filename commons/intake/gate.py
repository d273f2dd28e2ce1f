"""The gate: releases in, verified rows or a refusal out. Never touches a member's file in this process.

What intake yields depends on the release's bytes and this program's rules only, so it is kept beside the
release, by digest and rules: the seam for incremental merging. Whoever reads it gets the same with or without
what was kept. A limit of this machine is never a verdict on a release: `unreadable` is not kept.
Signatures and the choice among releases are `federation.trust`'s.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

from commons.errors import CommonsError
from commons.federation.lock import Tombstone
from commons.findings import KINDS, Finding
from commons.format.container import AnyFiles, PrunedFiles
from commons.format.limits import LIMITS
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
            Damaged: what was kept is not whole; delete it and examine the release again.
        """
        if self.taken:
            with self.path.open("rb") as file:
                yield from frames.read_rows(file, first)

    def ids(self) -> Iterator[tuple[str, list[str], list[str]]]:
        """(type, ids, codes) of records in the order of `rows`; codes are empty where all are taken up.

        Raises:
            Damaged: as `rows`.
        """
        if self.taken:
            with self.path.open("rb") as file:
                yield from frames.read_ids(file)


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

    def take_in(self, files: AnyFiles) -> Intake:
        """One release; what was kept of it is used."""
        return next(self.take_all([files]))

    def take_all(self, offered: Iterable[AnyFiles]) -> Iterator[Intake]:
        """Many releases, in the order given; at most a few are in memory at one time."""
        queue: list[_Waiting] = []
        for files in offered:
            queue.append(self._begin(files))
            while len(queue) > self._at_once:
                yield self._end(queue.pop(0))
        while queue:
            yield self._end(queue.pop(0))

    def kept(self, release: str, form: str = "full") -> Intake | None:
        """What was kept of a release, without its bytes; None where there is nothing whole."""
        if self._kept is None and self._temporary is None:
            return None
        path = self._path(release, form)
        try:
            with path.open("rb") as file:
                return _intake(frames.read_summary(file), path)
        except (OSError, Damaged):
            return None

    def _folder(self) -> Path:
        if self._kept is not None:
            self._kept.mkdir(parents=True, exist_ok=True)
            return self._kept
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="commons-intake-")
        return Path(self._temporary.name)

    def _path(self, release: str, form: str) -> Path:
        """The full and the pruned form of one release differ in what they may show."""
        return self._folder() / f"{release}-{form}-{rules()}"

    def _begin(self, files: AnyFiles) -> _Waiting:
        form = "pruned" if isinstance(files, PrunedFiles) else "full"
        kept = self.kept(files.digest, form)
        if kept is not None:
            return _Waiting(kept)
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
            return _Waiting(_without_rows(job, "refused", "E_TOOMANY"))
        data = pruned.pack(files) if isinstance(files, PrunedFiles) else files.catalogue
        if self._processes is None:
            self._processes = (Forked if self._fork else Spawned)(self._lent)
        descriptor, name = tempfile.mkstemp(dir=self._folder(), prefix=".new-")
        number = self._processes.start((pack_job(job, self._lent), data), os.fdopen(descriptor, "wb"))
        return _Waiting(None, job, number, Path(name))

    def _end(self, waiting: _Waiting) -> Intake:
        if waiting.intake is not None:
            return waiting.intake
        job, written = waiting.job, waiting.written
        assert job is not None and written is not None and self._processes is not None
        self._processes.wait(waiting.number)
        try:
            with written.open("rb") as file:
                summary = frames.read_summary(file)
            intake = _intake(summary, written)
            if (intake.release, intake.member, intake.form) != (job.release, job.member, job.form):
                raise Damaged
        except Damaged:
            written.unlink()
            detail = self._processes.how_it_ended(waiting.number)
            return _without_rows(job, "unreadable", "E_HERE", detail)
        if intake.unreadable_here:
            written.unlink()
            return intake
        path = self._path(job.release, job.form)
        written.replace(path)
        return replace(intake, path=path)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A release on its way: its result if known, else its job and the file that the answer goes to."""

    intake: Intake | None
    job: Job | None = None
    number: int = 0
    written: Path | None = None


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
