"""Looks into a pool that a stranger made, in a child process with little time and memory. Believes nothing.

What comes back are releases in files, each as hostile as one that came by chat: whoever merges them proves
and examines them like any other. Knows no merging: that is the bridge's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

from commons.errors import InputError
from commons.format import container
from commons.format.limits import LIMITS
from commons.messages import N_, translate
from commons.pool.contract import CONTRACT
from commons.pool.differences import Difference
from commons.pool.examiner import FRAME
from commons.pool.opening import NoPool, NotAPool, OtherContract

_MOST = {b"M": 128 * 1024 * 1024, b"R": LIMITS.pruned_container_bytes}
_MOST_OTHERS = 64 * 1024
_REASONS = {
    "E_WALMODE": N_("it was copied while a program was writing to it"),
    "E_SIZE": N_("it was cut short on its way, or something was appended"),
    "E_ENCODING": N_("its texts are not UTF-8"),
    "E_UTF8": N_("its texts are not UTF-8"),
    "E_SCHEMA": N_("it has other tables than a pool has"),
    "E_INTEGRITY": N_("the file contradicts itself"),
    "E_SQLITE": N_("the file is damaged"),
    "E_TOOBIG": N_("it holds a value that is longer than any may be"),
    "E_PROOF": N_("its tables do not belong together"),
    "E_HERE": N_("looking at it takes more time or memory than this machine lends"),
}


@dataclass(eq=False)
class PoolRefused(InputError):
    """A file that says it is a pool cannot be checked."""

    path: str
    code: str
    detail: str = ""
    template: ClassVar[str] = N_("The pool {path} cannot be checked: {reason} ({code}).")
    hint_template: ClassVar[str] = N_("Fetch it again from where it is published; never repair it yourself.")

    def _details(self) -> dict[str, object]:
        reason = translate(_REASONS.get(self.code, _REASONS["E_SQLITE"]))
        if self.code == "E_SCHEMA" and self.detail:
            reason += f" («{self.detail}»)"
        return {**super()._details(), "reason": reason}


@dataclass(frozen=True, slots=True)
class Lent:
    """What the child may use for one pool: a constant, and more for a long one."""

    memory_bytes: int = 1024 * 1024 * 1024
    seconds: float = 60.0
    seconds_per_mib: float = 1.0

    def seconds_for(self, path: Path) -> float:
        return self.seconds + self.seconds_per_mib * path.stat().st_size / (1024 * 1024)


@dataclass(frozen=True, slots=True)
class HeldRelease:
    """A release that a pool holds, in its pruned form, and what it says of the rest.

    `form`: what the pool was merged of. `left_out`: how many records it holds only the digest of, by status;
    `held`: how many it shows in part.
    """

    path: Path
    form: str
    left_out: Mapping[str, int]
    held: int


@dataclass(frozen=True, slots=True)
class Held:
    """A pool's proof: what `meta` says, and its releases in order of members' ids.

    `altered`: where the tables cannot be led back to what was signed.
    """

    meta: Mapping[str, str]
    releases: tuple[HeldRelease, ...]
    altered: tuple[Difference, ...]


def held(pool: Path, scratch: Path, lent: Lent | None = None) -> Held:
    """The releases that a pool was merged of, rebuilt into files below `scratch`.

    Raises NoPool, NotAPool, OtherContract, PoolRefused.
    """
    meta: dict[str, str] = {}
    releases: list[HeldRelease] = []
    altered: list[Difference] = []
    told: dict[str, Any] = {}
    try:
        for tag, data in _frames(pool, "releases", {}, lent or Lent()):
            if tag == b"M":
                meta = {str(k): str(v) for k, v in json.loads(data).items()}
            elif tag == b"D":
                altered.append(Difference.from_json(json.loads(data)))
            elif tag == b"L":
                told = json.loads(data)
            elif tag == b"R":
                path = scratch / f"{len(releases):06}{container.SUFFIX}"
                path.write_bytes(data)
                left_out = {str(status): int(n) for status, n in told["left_out"].items()}
                releases.append(HeldRelease(path, str(told["form"]), left_out, int(told["held"])))
    except (ValueError, TypeError, KeyError, AttributeError) as error:  # a child that was taken over
        raise PoolRefused(pool.name, "E_PROOF") from error
    return Held(meta, tuple(releases), tuple(altered))


def differences(pool: Path, merged: Path, *, whole: bool, lent: Lent | None = None) -> Iterator[Difference]:
    """Where a pool differs from `merged`, which was made of its proof; `whole` as in `differences.compare`.

    Raises as `held`.
    """
    job = {"merged": str(merged.resolve()), "whole": whole}
    try:
        for tag, data in _frames(pool, "compare", job, lent or Lent()):
            if tag == b"D":
                yield Difference.from_json(json.loads(data))
    except (ValueError, TypeError, AttributeError) as error:
        raise PoolRefused(pool.name, "E_PROOF") from error


def _frames(pool: Path, what: str, job: Mapping[str, Any], lent: Lent) -> Iterator[tuple[bytes, bytes]]:
    """What the child says, until it has said all of it."""
    if not pool.is_file():
        raise NoPool(str(pool))
    seconds = lent.seconds_for(pool)
    said = {**job, "path": str(pool.resolve()), "seconds": seconds, "memory_bytes": lent.memory_bytes}
    with _child([what, json.dumps(said)], most_s=4 * seconds) as out:
        while True:
            head = out.read(FRAME.size)
            if len(head) != FRAME.size:
                raise PoolRefused(pool.name, "E_HERE")
            tag, length = FRAME.unpack(head)
            if length > _MOST.get(tag, _MOST_OTHERS):
                raise PoolRefused(pool.name, "E_TOOBIG")
            data = out.read(length)
            if len(data) != length:
                raise PoolRefused(pool.name, "E_HERE")
            if tag == b"Z":
                return
            if tag == b"E":
                raise _refusal(pool, data)
            yield tag, data


def _refusal(pool: Path, data: bytes) -> InputError:
    said = json.loads(data)
    code, detail = str(said["code"]), str(said["detail"])
    if code in ("E_NOTSQLITE", "E_NOTAPOOL"):
        return NotAPool(str(pool))
    if code == "E_CONTRACT":
        return OtherContract(str(pool), detail, CONTRACT)
    return PoolRefused(pool.name, code, detail)


@contextmanager
def _child(arguments: list[str], *, most_s: float) -> Iterator[IO[bytes]]:
    """The child's answers; it ends with the block, or when `most_s` seconds are over."""
    child = subprocess.Popen(
        [sys.executable, "-m", "commons.pool.examiner", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    over = threading.Timer(most_s, child.kill)
    over.daemon = True
    over.start()
    assert child.stdout is not None
    try:
        yield child.stdout
    finally:
        over.cancel()
        child.kill()
        child.stdout.close()
        child.wait()
