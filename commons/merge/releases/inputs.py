"""The releases that a lock names, out of the store and through the gate. Decides nothing.

Each is proven again when it is read, unless its file is byte for byte what was proven before; a few are under
way at one time, so that several processors have work and memory does not grow with the federation.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from commons.federation.lock import Lock
from commons.federation.store.folder import Store, form_at, is_pruned
from commons.federation.store.proven import Proven, Reader
from commons.format import container
from commons.format.container import AnyFiles
from commons.intake.gate import Gate, Intake, Line
from commons.merge.act import Release

NOTHING: Mapping[str, str] = MappingProxyType({})


class Form(NamedTuple):
    """A form of a release that lies beside the store's releases, proven and examined."""

    path: Path
    intake: Intake


NO_FORMS: Mapping[str, Form] = MappingProxyType({})


def locked_releases(
    lock: Lock,
    store: Store,
    gate: Gate,
    known: Mapping[str, str] = NOTHING,
    instead: Mapping[str, Form] = NO_FORMS,
) -> Iterator[Release]:
    """What `act` wants: in order of members' ids.

    Args:
        known: release → the SHA-256 that its file had when it was proven; if it has it still, it need not be
            proven again.
        instead: release → the form to be used, not the store's.
    Raises:
        NotInStore.
    """
    line, proven = Line(gate), Reader(store)
    heads: deque[tuple[bytes, bytes, bytes, str]] = deque()

    def ready(done: Iterable[Intake]) -> Iterator[Release]:
        for intake in done:
            manifest, signature, keylog, file_sum = heads.popleft()
            yield Release(manifest, signature, keylog, intake, file_sum)

    for digest in [m.release for _id, m in sorted(lock.members.items()) if m.release is not None]:
        form = instead.get(digest)
        fuller = form_at(form.path, digest) if form is not None else None
        again = _again(digest, known.get(digest, ""), proven, gate) if fuller is None else None
        if form is not None and fuller is not None:
            heads.append((fuller.manifest, fuller.signature, fuller.keylog, container.sum_of(fuller)))
            yield from ready(line.pass_by(form.intake))
        elif again is not None:
            found, intake = again
            heads.append((found.manifest, found.signature, found.keylog, known[digest]))
            yield from ready(line.pass_by(intake))
        else:
            files = store.read(digest)
            heads.append((files.manifest, files.signature, files.keylog, container.sum_of(files)))
            yield from ready(line.add(files))
    yield from ready(line.end())


def _again(digest: str, file_sum: str, proven: Reader, gate: Gate) -> tuple[Proven, Intake] | None:
    """A release that was proven and examined before; None where either has to be done."""
    found = proven.read(digest, file_sum) if file_sum else None
    if found is None:
        return None
    intake = gate.kept(digest, "pruned" if found.is_pruned else "full")
    return None if intake is None else (found, intake)


def take_in(digest: str, store: Store, gate: Gate) -> Intake:
    """One release of the store; what was kept of it is used. Raises NotInStore."""
    kept = _kept(digest, store, gate)
    return kept if kept is not None else gate.take_in(store.read(digest))


def _kept(digest: str, store: Store, gate: Gate) -> Intake | None:
    """What was kept of the form of a release that lies in the store."""
    kept = gate.kept(digest)
    if kept is None and is_pruned(store.release_path(digest)):
        kept = gate.kept(digest, "pruned")
    return kept


class Ahead:
    """Takes in many releases at once, so that whoever asks for them one by one need not wait."""

    def __init__(self, store: Store, gate: Gate) -> None:
        self._store, self._gate = store, gate
        self._line = Line(gate)
        self._begun: set[str] = set()

    def soon(self, digest: str, files: AnyFiles | None = None) -> None:
        """Have a release examined beside whatever else is done. Raises NotInStore.

        Args:
            files: the release itself, proven, where it is at hand; None: it is read from the store.
        """
        if digest not in self._begun and _kept(digest, self._store, self._gate) is None:
            self._begun.add(digest)
            _forget(self._line.add(files or self._store.read(digest)))

    def listen(self) -> None:
        """Let them go on whom nobody has heard for a while: each has its time, and waits to say more."""
        self._gate.hear()

    def all(self, digests: Iterable[str]) -> None:
        """Have these examined too, and wait for all. Raises NotInStore."""
        for digest in digests:
            self.soon(digest)
        _forget(self._line.end())


def _forget(done: Iterable[Intake]) -> None:
    """They are kept on the disk."""
    for _intake in done:
        pass
